// Some queries of an indexer case, computed right and with each mistake: few enough that all of that is quick.

import ModelFiles
import AttentionKernels
import Traces

/// What a kernel would answer for some queries of a case.
struct IndexerAnswer: Sendable {
    /// The scores of each query, key by key.
    let scores: [[Double]]
    /// The positions that each query sees.
    let visible: [Range<Int>]
    /// How many keys a query keeps.
    let topK: Int

    /// The keys that each query keeps: of equal scores the lower position.
    var selected: [Set<Int>] { zip(scores, visible).map { Set(TopK.select($0, among: Array($1), topK)) } }
}

/// Some queries of a case, right and with each mistake.
struct IndexerRows: Sendable {
    /// The most queries that mistakes are recomputed on.
    static let most = 16

    /// The queries, ascending.
    let rows: [Int]
    /// What is right.
    let right: IndexerAnswer
    /// The keys that each query keeps, where all is right.
    let kept: [Set<Int>]
    /// Of each query the kept key of the lowest score, the last where several have it; nil where nothing is kept.
    let cuts: [Int?]
    let indexer: IndexerCase
    /// Dot products of each row, head by head.
    private let products: [[Double]]
    /// Where the positions of each sequence lie.
    private let slots: [[Int]]

    /// - Parameter rows: the queries, at most `most` of them.
    init(_ indexer: IndexerCase, rows: [Int]) {
        (self.indexer, self.rows) = (indexer, rows)
        let sequences = Set(rows.map { indexer.layout.sequence(of: $0) })
        let slots = (0..<indexer.layout.sequences).map { sequences.contains($0) ? indexer.layout.slots(of: $0) : [] }
        self.slots = slots
        let products = [[Double]](unsafeUninitializedCapacity: rows.count) { out, filled in
            nonisolated(unsafe) let out = out.baseAddress!  // each row is written by one thread alone
            Threads.split(rows.count, into: rows.count) { _, part in
                for i in part {
                    let slots = slots[indexer.layout.sequence(of: rows[i])]
                    (out + i).initialize(to: Self.products(indexer, rows[i], indexer.k.values, slots))
                }
            }
            filled = rows.count
        }
        self.products = products
        let scores = zip(rows, products).map { Self.score(indexer, $0, $1, slots[indexer.layout.sequence(of: $0)]) }
        right = IndexerAnswer(scores: scores, visible: rows.map { indexer.layout.visible[$0] }, topK: indexer.topK)
        let kept = right.selected
        self.kept = kept
        cuts = zip(scores, kept).map { row, keys in keys.min { (row[$0], $1) < (row[$1], $0) } }
    }

    /// The queries of a case on which mistakes are recomputed, where it does not say: the first two, the last, and others at equal distances.
    static func usual(of count: Int) -> [Int] {
        guard count > most else { return Array(0..<count) }
        return [0, 1] + (1..<most - 1).map { 1 + (count - 2) * $0 / (most - 2) }
    }

    /// What a kernel with that mistake answers: several answers where it may be made in several ways, as each head may be the one that is missing.
    func answers(with mistake: IndexerMistake) -> [IndexerAnswer] {
        let boundary = right.visible
        switch mistake {
        case .offset(let keys):
            return [answer(right.scores, rows.map { shifted($0, by: keys) })]
        case .noKeyScale:
            return [answer(rows.indices.map { Self.score(indexer, rows[$0], products[$0], slots($0), scale: { _ in 1 }) }, boundary)]
        case .neighbourScale:
            let last = indexer.columns - 1
            return [1, -1].map { step in
                let moved = rows.indices.map { i in
                    let (slots, scale) = (slots(i), indexer.kScale.values)
                    return Self.score(indexer, rows[i], products[i], slots, scale: { scale[slots[max(0, min($0 + step, last))]] })
                }
                return answer(moved, boundary)
            }
        case .noReLU:
            return [answer(rows.indices.map { Self.score(indexer, rows[$0], products[$0], slots($0), cut: { $0 }) }, boundary)]
        case .hadamardQueryOnly:
            let d = indexer.dimension
            guard d & (d - 1) == 0 else { return [] }
            var keys = indexer.k.values
            for start in stride(from: 0, to: keys.count, by: d) { Hadamard.transform(&keys[start..<start + d]) }
            return [
                answer(
                    rows.indices.map { Self.score(indexer, rows[$0], Self.products(indexer, rows[$0], keys, slots($0)), slots($0)) },
                    boundary)
            ]
        case .featureDropped:
            return [answer(rows.indices.map { Self.score(indexer, rows[$0], withoutLastFeature($0), slots($0)) }, boundary)]
        case .headDropped: return (0..<indexer.heads).map { self.answer(without: $0) }
        case .rowsSwapped:
            guard rows.starts(with: [0, 1]) else { return [] }
            func swapped<Row>(_ all: [Row]) -> [Row] { [all[1], all[0]] + all.dropFirst(2) }
            // What they answer, or what they ask.
            return [
                answer(swapped(right.scores), swapped(boundary)), answer(swapped(right.scores), boundary),
            ]
        case .startsIgnored:
            guard mistake.mayShow(in: indexer.layout) else { return [] }
            return [answer(right.scores, boundary.map { 0..<$0.upperBound })]
        case .oneBoundary:
            guard mistake.mayShow(in: indexer.layout) else { return [] }
            let lengths = indexer.layout.lengths
            return [
                answer(
                    right.scores,
                    zip(rows, boundary).map { row, range in range.lowerBound..<lengths[indexer.layout.sequence(of: row)] })
            ]
        case .tableIgnored:
            guard mistake.mayShow(in: indexer.layout) else { return [] }
            // From the start of the cache, from the first block of the sequence, or as if each sequence had its own stretch.
            let (count, stretch) = (indexer.k.shape.lengths[0], indexer.layout.table[0].count * indexer.layout.blockSize)
            return (0..<3).map { way in
                let scores = rows.indices.map { i in
                    let first = [0, slots(i)[0], indexer.layout.sequence(of: rows[i]) * stretch][way]
                    let run = (0..<indexer.columns).map { min(first + $0, count - 1) }
                    return Self.score(indexer, rows[i], Self.products(indexer, rows[i], indexer.k.values, run), run)
                }
                return answer(scores, boundary)
            }
        case .scaled: return [right]
        }
    }

    /// What a kernel answers that leaves one head out.
    func answer(without head: Int) -> IndexerAnswer { answer(rows.indices.map { minus(head, $0) }, right.visible) }

    /// The head that adds least to all scores.
    var weakestHead: Int {
        let heads = indexer.heads
        let shares = (0..<heads).map { head in
            rows.indices.reduce(0.0) { sum, i in zip(right.scores[i], minus(head, i)).reduce(sum) { $0 + abs($1.0 - $1.1) } }
        }
        return shares.indices.min { shares[$0] < shares[$1] } ?? 0
    }

    /// The scores with q and k rounded to FP8.
    func scores(rounded format: ScaleFormat) -> [[Double]] {
        let d = indexer.dimension
        func rounded(_ values: ArraySlice<Double>) -> [Double] {
            let scale = format.scale(largestMagnitude: values.reduce(0) { max($0, abs($1)) })
            return values.map { Float8.round($0 / scale) * scale }
        }
        let k = stride(from: 0, to: indexer.k.values.count, by: d).flatMap { rounded(indexer.k.values[$0..<$0 + d]) }
        let heads = indexer.heads * d
        return rows.map { row in
            let q = stride(from: row * heads, to: (row + 1) * heads, by: d).flatMap { rounded(indexer.q.values[$0..<$0 + d]) }
            let slots = slots[indexer.layout.sequence(of: row)]
            return Self.score(indexer, row, Self.products(q, k, d, slots), slots)
        }
    }

    // MARK: Arithmetic

    /// Where the positions that row number `i` may see lie.
    private func slots(_ i: Int) -> [Int] { slots[indexer.layout.sequence(of: rows[i])] }

    /// The scores of row number `i` without one head.
    private func minus(_ head: Int, _ i: Int) -> [Double] {
        let (count, slots) = (indexer.columns, slots(i))
        let weight = indexer.weights[rows[i], head]
        return (0..<count).map { s in
            right.scores[i][s] - indexer.kScale.values[slots[s]] * weight * max(0, products[i][head * count + s])
        }
    }

    private func withoutLastFeature(_ i: Int) -> [Double] {
        let (heads, d) = (indexer.heads, indexer.dimension)
        let (count, slots) = (indexer.columns, slots(i))
        var reduced = products[i]
        for j in 0..<heads {
            let q = indexer.q[rows[i], j, d - 1]
            for s in 0..<count { reduced[j * count + s] -= q * indexer.k.values[slots[s] * d + d - 1] }
        }
        return reduced
    }

    private func answer(_ scores: [[Double]], _ visible: [Range<Int>]) -> IndexerAnswer {
        IndexerAnswer(scores: scores, visible: visible, topK: indexer.topK)
    }

    /// What query `row` sees if the boundary stands `shift` keys too far.
    private func shifted(_ row: Int, by shift: Int) -> Range<Int> {
        let (range, columns) = (indexer.layout.visible[row], indexer.columns)
        // Whoever stands well beyond all keys sees them all.
        let boundary = indexer.layout.causalOffset.map { min($0, columns) + row + 1 } ?? range.upperBound
        let end = max(0, min(columns, boundary + shift))
        return min(range.lowerBound, end)..<end
    }

    /// The dot products of vectors of `d` features with the keys at `slots`, one vector after the other.
    private static func products(_ vectors: [Double], _ keys: [Double], _ d: Int, _ slots: [Int]) -> [Double] {
        let (heads, count) = (vectors.count / d, slots.count)
        return [Double](unsafeUninitializedCapacity: heads * count) { out, filled in
            vectors.withUnsafeBufferPointer { q in
                keys.withUnsafeBufferPointer { k in
                    for j in 0..<heads {
                        for s in 0..<count {
                            out[j * count + s] = IndexerCase.product(q.baseAddress! + j * d, k.baseAddress! + slots[s] * d, d)
                        }
                    }
                }
            }
            filled = heads * count
        }
    }

    /// The dot products of query `row` with the keys at `slots`, head by head.
    private static func products(_ indexer: IndexerCase, _ row: Int, _ keys: [Double], _ slots: [Int]) -> [Double] {
        let (heads, d) = (indexer.heads, indexer.dimension)
        return products(Array(indexer.q.values[row * heads * d..<(row + 1) * heads * d]), keys, d, slots)
    }

    /// The scores of query `row` out of its dot products.
    private static func score(
        _ indexer: IndexerCase, _ row: Int, _ products: [Double], _ slots: [Int], cut: (Double) -> Double = { max(0, $0) },
        scale: ((Int) -> Double)? = nil
    ) -> [Double] {
        let (heads, count) = (indexer.heads, slots.count)
        var sums = [Double](repeating: 0, count: count)
        for j in 0..<heads {
            let w = indexer.weights[row, j]
            for s in 0..<count { sums[s] += w * cut(products[j * count + s]) }
        }
        return sums.indices.map { sums[$0] * (scale?($0) ?? indexer.kScale.values[slots[$0]]) }
    }
}

/// By how much scores may be off.
struct IndexerTolerance: Sendable {
    /// The largest error of a score, over the largest magnitude of all that are visible.
    let score: Double
    /// The largest error of a score, over its own magnitude (`IndexerCase.magnitude`): a key may stand as far from the cut as both may be off.
    let cut: Double

    /// What rounding to bf16 may do: 2^-8 each for a product and for the sum.
    static let bf16 = IndexerTolerance(score: 0x1p-7, cut: 0x1p-7)
}

extension IndexerRows {
    /// What rounding q and k to FP8, a scale for each vector, may do: the largest errors that it makes of these rows' scores, by either way to find a scale.
    /// Twice that of the largest score, because other rows may come out worse.
    var float8: IndexerTolerance {
        var (score, cut) = (IndexerTolerance.bf16.score, IndexerTolerance.bf16.cut)
        let largest = right.scores.indices.flatMap { right.scores[$0][right.visible[$0]] }.reduce(0) { max($0, abs($1)) }
        for format in ScaleFormat.allCases {
            for (i, row) in scores(rounded: format).enumerated() {
                for s in right.visible[i] {
                    let (error, magnitude) = (abs(row[s] - right.scores[i][s]), indexer.magnitude(rows[i], s))
                    if largest > 0 { score = max(score, 2 * error / largest) }
                    if magnitude > 0 { cut = max(cut, error / magnitude) }
                }
            }
        }
        return IndexerTolerance(score: score, cut: cut)
    }

    /// The share of visible scores that are further from the right ones than `tolerance` of their magnitudes.
    func strayShare(_ scores: [[Double]], _ tolerance: Double) -> Double {
        var (strays, all) = (0, 0)
        for i in rows.indices {
            let known =
                indexer.isFloat8
                ? IndexerMagnitudes(indexer, rows[i], of: KeyTiles(indexer, of: indexer.layout.sequence(of: rows[i]))) : nil
            for s in right.visible[i] {
                all += 1
                if !(abs(scores[i][s] - right.scores[i][s]) <= tolerance * (known?[s] ?? indexer.magnitude(rows[i], s))) { strays += 1 }
            }
        }
        return all > 0 ? Double(strays) / Double(all) : 0
    }
}
