// All scores of a case, a tile of keys at a time. Products of FP8 values are whole multiples of 2^-18 below 2^18, so that sums of 2^16 of them are exact in
// Double in any order, and a BLAS may do it; those of floats are added from the first feature to the last, as the engine adds them. Either way the bits are the engine's.

import AttentionKernels
public import Traces

extension IndexerCase {
    /// The scores [t, s] before the mask, and the selection [t, k]: of equal scores the lower position, ascending, padded with -1.
    public func compute() -> (score: Tensor, selected: Tensor) {
        let score = scores()
        return (score, selection(score))
    }

    /// The keys that each query keeps of scores [t, s].
    func selection(_ score: Tensor) -> Tensor {
        let (k, columns) = (min(topK, columns), columns)
        let kept = [Double](unsafeUninitializedCapacity: queries * k) { out, filled in
            nonisolated(unsafe) let out = out  // each row is written by one thread alone
            Threads.split(queries, into: Threads.count) { _, rows in
                for row in rows {
                    let own = Array(score.values[row * columns..<(row + 1) * columns])
                    let keys = TopK.select(own, among: Array(layout.visible[row]), k)
                    for rank in 0..<k { out[row * k + rank] = rank < keys.count ? Double(keys[rank]) : -1 }
                }
            }
            filled = queries * k
        }
        return Tensor([.t, .k], [queries, k], kept)
    }

    /// Where the keys of a selection [t, k] lie in the cache; -1 as it stands.
    func slots(_ selected: Tensor) -> Tensor {
        let ranks = selected.shape.lengths[1]
        return Tensor(
            selected.shape,
            selected.values.enumerated().map { cell, key in
                key < 0 ? -1 : Double(layout.slot(layout.sequence(of: cell / ranks), Int(key)))
            })
    }

    /// The scores [t, s].
    private func scores() -> Tensor {
        let (rows, columns) = (layout.queriesPerSequence, columns)
        let values = [Double](unsafeUninitializedCapacity: queries * columns) { out, filled in
            for sequence in 0..<layout.sequences {
                let tiles = KeyTiles(self, of: sequence)
                nonisolated(unsafe) let own = UnsafeMutableBufferPointer(
                    rebasing: out[sequence * rows * columns..<(sequence + 1) * rows * columns])
                // Of one query the tiles are divided, of many the queries.
                if rows < Threads.count {
                    Threads.split(tiles.count, into: min(tiles.count, Threads.count)) { _, part in
                        score(0..<rows, of: sequence, tiles, part, into: own)
                    }
                } else {
                    Threads.split(rows, into: Threads.count) { _, part in
                        score(part, of: sequence, tiles, 0..<tiles.count, into: own)
                    }
                }
            }
            filled = queries * columns
        }
        return Tensor([.t, .s], [queries, columns], values)
    }

    /// Scores some queries of a sequence with some tiles of its keys.
    private func score(
        _ rows: Range<Int>, of sequence: Int, _ tiles: KeyTiles, _ part: Range<Int>, into out: UnsafeMutableBufferPointer<Double>
    ) {
        let (heads, d, first) = (heads, dimension, sequence * layout.queriesPerSequence)
        let scratch = UnsafeMutableBufferPointer<Double>.allocate(capacity: heads * KeyTiles.width)
        defer { scratch.deallocate() }
        let products = scratch.baseAddress!
        q.values.withUnsafeBufferPointer { q in
            weights.values.withUnsafeBufferPointer { weights in
                for tile in part {
                    let (start, count) = (tile * KeyTiles.width, tiles.count(in: tile))
                    for row in rows {
                        let query = q.baseAddress! + (first + row) * heads * d
                        tiles.multiply(query, heads: heads, tile, isExact: isFloat8 && d <= 1 << 16, into: products)
                        let sums = out.baseAddress! + row * columns + start
                        sums.update(repeating: 0, count: count)
                        for j in 0..<heads {
                            let (w, dots) = (weights[(first + row) * heads + j], products + j * count)
                            for s in 0..<count { sums[s] += w * (dots[s] > 0 ? dots[s] : 0) }
                        }
                        for s in 0..<count { sums[s] = tiles.scales[start + s] * sums[s] }
                    }
                }
            }
        }
    }
}

/// The keys of a sequence, in the order of its positions, transposed: of each tile the first feature of all its keys, then the second.
struct KeyTiles: Sendable {
    /// Keys in a tile: its features and the products of 64 heads with it stay in a core's cache.
    static let width = 256

    /// The scale of each position.
    let scales: [Double]
    private let values: [Double]
    private let columns: Int
    private let d: Int

    /// The keys of one sequence.
    init(_ indexer: IndexerCase, of sequence: Int) {
        let slots = indexer.layout.slots(of: sequence)
        let (columns, d) = (slots.count, indexer.dimension)
        (self.columns, self.d) = (columns, d)
        scales = slots.map { indexer.kScale.values[$0] }
        values = [Double](unsafeUninitializedCapacity: columns * d) { out, filled in
            indexer.k.values.withUnsafeBufferPointer { k in
                for start in stride(from: 0, to: columns, by: Self.width) {
                    let count = min(Self.width, columns - start)
                    for s in 0..<count {
                        let key = k.baseAddress! + slots[start + s] * d
                        for i in 0..<d { out[start * d + i * count + s] = key[i] }
                    }
                }
            }
            filled = columns * d
        }
    }

    /// How many tiles there are.
    var count: Int { (columns + Self.width - 1) / Self.width }

    /// How many keys a tile has.
    func count(in tile: Int) -> Int { min(Self.width, columns - tile * Self.width) }

    /// The dot products of `heads` vectors with the keys of a tile [heads, keys].
    func multiply(_ query: UnsafePointer<Double>, heads: Int, _ tile: Int, isExact: Bool, into out: UnsafeMutablePointer<Double>) {
        let count = count(in: tile)
        values.withUnsafeBufferPointer { values in
            let keys = values.baseAddress! + tile * Self.width * d
            if isExact { return BLAS.multiply(m: heads, n: count, k: d, query, keys, into: out) }
            out.update(repeating: 0, count: heads * count)
            for j in 0..<heads {
                let sums = out + j * count
                for i in 0..<d {
                    let (feature, own) = (query[j * d + i], keys + i * count)
                    for s in 0..<count { sums[s] += feature * own[s] }
                }
            }
        }
    }
}

/// Magnitudes of one query's scores (`IndexerCase.magnitude`), all at once; of FP8 alone.
struct IndexerMagnitudes {
    private let values: [Double]

    init(_ indexer: IndexerCase, _ row: Int, of tiles: KeyTiles) {
        let (heads, d) = (indexer.heads, indexer.dimension)
        var sums = [Double](repeating: 0, count: indexer.columns)
        var products = [Double](repeating: 0, count: heads * KeyTiles.width)
        let query = Array(indexer.q.values[row * heads * d..<(row + 1) * heads * d])
        for tile in 0..<tiles.count {
            let (start, count) = (tile * KeyTiles.width, tiles.count(in: tile))
            tiles.multiply(query, heads: heads, tile, isExact: true, into: &products)
            for j in 0..<heads {
                let w = abs(indexer.weights[row, j])
                for s in 0..<count { sums[start + s] += w * max(0, products[j * count + s]) }
            }
            for s in 0..<count { sums[start + s] *= abs(tiles.scales[start + s]) }
        }
        values = sums
    }

    subscript(_ position: Int) -> Double { values[position] }
}
