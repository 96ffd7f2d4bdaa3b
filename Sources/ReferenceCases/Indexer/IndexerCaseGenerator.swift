// A generator of indexer cases at real shapes. Values are seeded noise shaped like trained activations: keys gather around a few topics,
// magnitudes vary from token to token, a few features are outliers; then Hadamard rotation and FP8 as the published code does it. Head
// weights are mostly positive, some negative. What it is not: activations of a trained model.
// Noise alone lets wrong kernels pass, so some keys are planted: strong ones about the causal boundary of a few queries, on both sides of it; a copy of the
// key at one query's cut; and in one row weights that put the cut at 0, where keys of zeros, negative scores and ties decide. Then every known mistake is
// tried on the case.

import ModelFiles
import Mechanisms
public import Traces

/// Makes indexer cases.
public struct IndexerCaseGenerator: Sendable {
    /// Number of queries, the last ones of the sequence.
    public var queries: Int
    /// Number of keys.
    public var keys: Int
    /// Indexer heads.
    public var heads: Int
    /// Features of a head, a power of two.
    public var dimension: Int
    /// How many keys a query keeps.
    public var topK: Int
    /// The seed: the same seed gives the same case everywhere.
    public var seed: UInt64
    /// Whether q and k are FP8; if not, they are 32-bit floats with scales of 1.
    public var isFloat8 = true
    /// Several sequences, keys in blocks, ranges.
    public var serving = ServingShape()

    private static let topics = 16
    private static let outlierFeatures = 3

    /// A generator; throws if a count is not positive, there are fewer keys than queries, or the dimension is no power of two.
    public init(queries: Int, keys: Int, heads: Int, dimension: Int, topK: Int, seed: UInt64) throws(EngineError) {
        for (name, count) in [("queries", queries), ("keys", keys), ("heads", heads), ("dim", dimension), ("top-k", topK)] where count < 1 {
            throw EngineError(.value, name, expected: "at least 1", found: "\(count)")
        }
        guard dimension & (dimension - 1) == 0 else {
            throw EngineError(.value, "dim", expected: "a power of two for the Hadamard rotation", found: "\(dimension)")
        }
        guard queries <= keys else {
            throw EngineError(.value, "keys", expected: "at least as many as queries, \(queries)", found: "\(keys)")
        }
        try Self.checkSize("keys × dim", [keys, dimension])
        try Self.checkSize("queries × heads × dim", [queries, heads, dimension])
        try IndexerCase.check(queries: queries, heads: heads, keys: keys, dimension: dimension)
        self.queries = queries
        self.keys = keys
        self.heads = heads
        self.dimension = dimension
        self.topK = topK
        self.seed = seed
    }

    /// Throws for more values than a case may have.
    private static func checkSize(_ name: String, _ lengths: [Int]) throws(EngineError) {
        var (count, overflows) = (1, false)
        for length in lengths where !overflows { (count, overflows) = count.multipliedReportingOverflow(by: length) }
        guard !overflows, count <= 1 << 26 else {
            throw EngineError(.value, name, expected: "at most 2^26 values", found: overflows ? "an overflow" : "\(count)")
        }
    }

    /// Where keys lie; throws if the sequences are too many, or what a file says of them is not right.
    private func layout() throws(EngineError) -> KeyLayout {
        let count = serving.batch ?? 1
        guard count > 0 else { throw EngineError(.value, "batch", expected: "at least 1", found: "\(count)") }
        if let size = serving.blockSize {
            guard size > 0 else { throw EngineError(.value, "block-size", expected: "at least 1", found: "\(size)") }
            try Self.checkSize("block-size × dim", [size, dimension])
        }
        guard serving.blockSize == nil || isFloat8 else {
            throw EngineError(.value, "block-size", expected: "q and k in FP8: a cache holds bytes", found: "floats")
        }
        try Self.checkSize("batch × keys × dim", [count, keys, dimension])
        try Self.checkSize("batch × queries × heads × dim", [count, queries, heads, dimension])
        let layout = try serving.layout(queries: queries, keys: keys)
        try Self.checkSize("blocks × block-size × dim", [layout.blocks, layout.blockSize, dimension])
        try IndexerCase.check(queries: layout.visible.count, heads: heads, keys: keys, dimension: dimension)
        // What a reader takes no more of.
        let scores = serving.includesScores ? layout.visible.count * keys : 0
        let values = layout.slotCount * (dimension + 1) + layout.visible.count * (heads * (dimension + 1) + 2 * min(topK, keys)) + scores
        guard values <= CaseParts.mostValues else {
            let hint = serving.includesScores ? ", or without its scores" : ""
            throw EngineError(.value, "the case", expected: "at most \(CaseParts.mostValues) values\(hint)", found: "\(values)")
        }
        return layout
    }

    /// Makes the case and writes it, with expected scores and selection.
    /// - Returns: the mistakes that the case tells from a right kernel by the selection alone, and those that no selection of a case of this shape can tell.
    @discardableResult public func write(to path: String) throws -> (told: [IndexerMistake], untold: [IndexerMistake]) {
        let (indexer, codes, distinguished) = try make()
        let (layout, scores) = (indexer.layout, serving.includesScores)
        let (score, selected) = indexer.compute()
        var file = SafetensorsWriter(metadata: ["kind": "indexer", "config": config(indexer), "source": Self.source])
        file.add("input.q", layout.queryLengths + [heads, dimension], indexer.q.values, codes?.q)
        if let blockSize = serving.blockSize, let codes {
            let bytes = KeyCache.packed(codes: codes.k, scales: indexer.kScale.values, size: blockSize)
            file.add("input.cache", shape: [layout.blocks, bytes.count / layout.blocks], bytes: bytes)
            file.add("input.block_table", shape: [layout.sequences, layout.table[0].count], int32: layout.table.flatMap(\.self))
        } else {
            let lengths = (layout.hasBatch ? [layout.sequences] : []) + [keys]
            file.add("input.k", lengths + [dimension], indexer.k.values, codes?.k)
            file.add("input.k_scale", shape: lengths, floats: indexer.kScale.values.map(Float.init))
        }
        file.add("input.weights", shape: layout.queryLengths + [heads], floats: indexer.weights.values.map(Float.init))
        if layout.causalOffset == nil {
            file.add("input.starts", shape: layout.queryLengths, int32: layout.visible.map(\.lowerBound))
            file.add("input.ends", shape: layout.queryLengths, int32: layout.visible.map(\.upperBound))
        }
        if layout.hasBatch { file.add("input.lengths", shape: [layout.sequences], int32: layout.lengths) }
        if scores { file.add("expected.score", shape: layout.queryLengths + [keys], doubles: score.values) }
        let ranks = layout.queryLengths + [selected.shape.lengths[1]]
        file.add("expected.selected", shape: ranks, integers: selected.values.map { Int($0) })
        if layout.isPaged { file.add("expected.slots", shape: ranks, integers: indexer.slots(selected).values.map { Int($0) }) }
        try file.write(to: path)
        return (distinguished, IndexerMistake.all.filter { $0 != .scaled && $0.mayShow(in: layout) && !distinguished.contains($0) })
    }

    private static let source =
        "Attention Steps, attn case make; score[t,s] = k_scale[s] * sum_j weights[t,j] * relu(q[t,j] . k[s]) in float64, before the mask; ties: the lower position wins"

    private func config(_ indexer: IndexerCase) -> String {
        let rows = IndexerRows.usual(of: indexer.queries).map(String.init).joined(separator: ", ")
        var fields = indexer.layout.hasBatch ? ["\"batch\": \(indexer.layout.sequences)"] : []
        fields += ["\"queries\": \(queries)", "\"keys\": \(keys)"]
        if let size = serving.blockSize { fields.append("\"block_size\": \(size)") }
        fields += ["\"index_n_heads\": \(heads)", "\"index_head_dim\": \(dimension)", "\"index_topk\": \(topK)"]
        if let offset = indexer.layout.causalOffset { fields.append("\"causal_offset\": \(offset)") }
        fields += ["\"judged_rows\": [\(rows)]", "\"seed\": \(seed)"]
        if let ragged = serving.ragged { fields.append("\"ragged\": \(ragged)") }
        return "{\(fields.joined(separator: ", "))}"
    }

    /// Queries about whose boundaries strong keys are planted.
    private static let mostBoundaries = 4
    /// How often noise is drawn anew where it happens to hide a mistake.
    private static let mostDraws = 8
    /// Keys of zeros, which score 0 for every query.
    private static let zeroKeys = 4

    typealias Codes = (q: [UInt8], k: [UInt8])

    /// The case, the FP8 codes of q and k, and what it tells apart: the first draw that tells all that can be told, or the best of a few.
    func make() throws(EngineError) -> (IndexerCase, codes: Codes?, distinguished: [IndexerMistake]) {
        let layout = try layout()
        var best: (IndexerCase, codes: Codes?, distinguished: [IndexerMistake])?
        for draw in 0..<Self.mostDraws {
            let (indexer, codes) = try self.draw(draw, layout)
            let told = IndexerRows(indexer, rows: IndexerRows.usual(of: indexer.queries)).distinguished
            if told.count > best?.distinguished.count ?? -1 { best = (indexer, codes, told) }
            if tellable(layout).isSubset(of: told) { break }
        }
        return best!
    }

    /// The mistakes that a case of these sizes may tell: one query has no other to change places with, and scales of 1 hide what is done to scales.
    private func tellable(_ layout: KeyLayout) -> Set<IndexerMistake> {
        var all = Set(IndexerMistake.all.filter { $0 != .scaled && $0.mayShow(in: layout) })
        if layout.visible.count < 2 { all.remove(.rowsSwapped) }
        if !isFloat8 { all.subtract([.noKeyScale, .neighbourScale]) }
        return all
    }

    /// One draw of noise with what is planted in it. Every value is exact in the type that it is written in.
    private func draw(_ number: Int, _ layout: KeyLayout) throws(EngineError) -> (IndexerCase, Codes?) {
        var seed = seed
        for _ in 0..<number {
            var source = SplitMix64(seed: seed)
            seed = source.next()
        }
        var noise = NormalNoise(seed: seed)
        let topics = (0..<Self.topics).map { _ in (0..<dimension).map { _ in noise.next() } }
        let outliers = (0..<Self.outlierFeatures).map { _ in Int(noise.uniform() * Double(dimension)) }
        /// One vector near a topic, with outliers, of a magnitude of its own, rotated.
        func vector(_ noise: inout NormalNoise) -> [Double] {
            let topic = topics[Int(noise.uniform() * Double(Self.topics))]
            let (strength, magnitude) = (abs(noise.next()), Double.exp(0.5 * noise.next()))
            var x = topic.map { magnitude * (strength * $0 + noise.next()) }
            for feature in outliers { x[feature] *= 6 }
            Hadamard.transform(&x)
            return x
        }
        let count = layout.visible.count
        var keyVectors = (0..<layout.slotCount).map { _ in vector(&noise) }
        let queryVectors = (0..<count * heads).map { _ in vector(&noise) }
        // A head without weight would hide its own absence.
        var shares = queryVectors.indices.map { _ in
            let share = 0.5 + noise.next()
            return abs(share) < 0.25 ? (share < 0 ? -0.25 : 0.25) : share
        }
        let zeros = plantZeros(&keyVectors, &noise, layout)
        let strong = plantBoundaries(&keyVectors, queryVectors, shares, layout, sparing: zeros)
        var k = quantised(keyVectors)
        let q = quantised(queryVectors)
        func indexer() throws(EngineError) -> IndexerCase {
            let constant = 1 / (Double(heads) * Double(dimension)).squareRoot()
            let weights = zip(shares, q.scales).map { Double(Float($0 * $1 * constant)) }
            return try IndexerCase(
                q: Tensor([.t, .j, .d], [count, heads, dimension], q.values),
                k: Tensor([.s, .d], [layout.slotCount, dimension], k.values), kScale: Tensor([.s], [layout.slotCount], k.scales),
                weights: Tensor([.t, .j], [count, heads], weights), layout: layout, topK: topK, isFloat8: isFloat8)
        }
        plantTie(&k, try indexer(), sparing: strong.union(zeros))
        if !zeros.isEmpty { putCutAtZero(&shares, q.values, q.scales, k.values, layout) }
        return (try indexer(), isFloat8 ? (q.codes, k.codes) : nil)
    }

    /// Makes a key that one query leaves out a copy of the key at its cut: of two equal scores one is kept.
    private func plantTie(_ k: inout Quantised, _ indexer: IndexerCase, sparing others: Set<Int>) {
        // The middle query, or the next whose cut is above 0 and who leaves keys out.
        let count = indexer.queries
        for row in IndexerRows.usual(of: count) {
            let place = (row + count / 2) % count
            let sequence = indexer.layout.sequence(of: place)
            let looked = IndexerRows(indexer, rows: [place])
            let free = looked.right.visible[0].filter {
                !looked.kept[0].contains($0) && !others.contains(indexer.layout.slot(sequence, $0))
            }
            guard let original = looked.cuts[0], looked.right.scores[0][original] > 0, let copy = free.dropFirst(free.count / 2).first
            else {
                continue
            }
            return copyKey(indexer.layout.slot(sequence, original), to: indexer.layout.slot(sequence, copy), &k)
        }
    }

    private func copyKey(_ original: Int, to copy: Int, _ k: inout Quantised) {
        for d in 0..<dimension {
            k.values[copy * dimension + d] = k.values[original * dimension + d]
            if isFloat8 { k.codes[copy * dimension + d] = k.codes[original * dimension + d] }
        }
        k.scales[copy] = k.scales[original]
    }

    /// Makes keys of zeros where there are queries to spare: one row is then given weights under which the cut falls among them.
    /// - Returns: where they lie.
    private func plantZeros(_ keyVectors: inout [[Double]], _ noise: inout NormalNoise, _ layout: KeyLayout) -> Set<Int> {
        let (row, range) = (layout.visible.count - 1, layout.visible[layout.visible.count - 1])
        let room = range.count - layout.queriesPerSequence - 4
        guard row > 2, room > 8 * Self.zeroKeys, topK > Self.zeroKeys, topK < room - Self.zeroKeys else { return [] }
        var places: Set<Int> = []
        while places.count < Self.zeroKeys {
            places.insert(layout.slot(layout.sequence(of: row), range.lowerBound + Int(noise.uniform() * Double(room))))
        }
        for place in places { keyVectors[place] = [Double](repeating: 0, count: dimension) }
        return places
    }

    /// Makes the last query's weights such that two keys fewer than it keeps score above 0: the rest are chosen among zeros, by their positions.
    private func putCutAtZero(
        _ shares: inout [Double], _ q: [Double], _ qScales: [Double], _ k: [Double], _ layout: KeyLayout
    ) {
        let row = layout.visible.count - 1
        let slots = layout.slots(of: layout.sequence(of: row))
        // score = a - c·b: the sum over heads, and the same without weights.
        let ratios = layout.visible[row].compactMap { position -> Double? in
            let s = slots[position]
            var (a, b) = (0.0, 0.0)
            for j in 0..<heads {
                let head = row * heads + j
                var product = 0.0
                for d in 0..<dimension { product += q[head * dimension + d] * k[s * dimension + d] }
                a += shares[head] * qScales[head] * max(0, product)
                b += qScales[head] * max(0, product)
            }
            return b > 0 ? a / b : nil
        }.sorted(by: >)
        guard ratios.count > topK, topK > 2 else { return }
        let c = (ratios[topK - 3] + ratios[topK - 2]) / 2
        for j in 0..<heads { shares[row * heads + j] -= c }
    }

    /// Makes the keys about the boundaries of a few queries strong for them: the last two that each sees, and two beyond.
    /// - Returns: where they lie.
    private func plantBoundaries(
        _ keyVectors: inout [[Double]], _ queryVectors: [[Double]], _ shares: [Double], _ layout: KeyLayout, sparing zeros: Set<Int>
    ) -> Set<Int> {
        let rows = layout.visible.count - (zeros.isEmpty ? 0 : 1)
        // Of many rows those that are looked at when mistakes are recomputed.
        let looked = IndexerRows.usual(of: layout.visible.count).filter { $0 < rows }
        let chosen =
            looked.count <= Self.mostBoundaries
            ? looked : (0..<Self.mostBoundaries).map { looked[looked.count * (2 * $0 + 1) / (2 * Self.mostBoundaries)] }
        func length(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        let usual = keyVectors.map(length).sorted()[keyVectors.count / 2]
        var planted: [Int: [Double]] = [:]
        for row in chosen {
            var direction = [Double](repeating: 0, count: dimension)
            for j in 0..<heads where shares[row * heads + j] > 0 {
                for d in 0..<dimension { direction[d] += shares[row * heads + j] * queryVectors[row * heads + j][d] }
            }
            let size = length(direction)
            guard size > 0 else { continue }
            let (sequence, end) = (layout.sequence(of: row), layout.visible[row].upperBound)
            guard end > 0 else { continue }
            for position in max(0, end - 2)...min(keys - 1, end + 1) {
                let place = layout.slot(sequence, position)
                guard !zeros.contains(place) else { continue }
                let old = planted[place] ?? [Double](repeating: 0, count: dimension)
                planted[place] = zip(old, direction).map { $0 + 6 * usual * $1 / size }
            }
        }
        for (place, vector) in planted { keyVectors[place] = zip(keyVectors[place], vector).map { $0 + $1 } }
        return Set(planted.keys)
    }

    private typealias Quantised = (values: [Double], codes: [UInt8], scales: [Double])

    private func quantised(_ rows: [[Double]]) -> Quantised {
        guard isFloat8 else { return (rows.flatMap { $0.map { Double(Float($0)) } }, [], rows.map { _ in 1 }) }
        let scales = rows.map { row in ScaleFormat.powerOfTwo.scale(largestMagnitude: row.reduce(0) { max($0, abs($1)) }) }
        let codes = zip(rows, scales).flatMap { row, scale in row.map { Float8.encode($0 / scale) } }
        return (codes.map(Float8.decode), codes, scales)
    }
}

extension SafetensorsWriter {
    /// Adds values as FP8 where their codes are given, as F32 if not.
    fileprivate mutating func add(_ name: String, _ shape: [Int], _ values: [Double], _ codes: [UInt8]?) {
        if let codes { add(name, shape: shape, float8Codes: codes) } else { add(name, shape: shape, floats: values.map(Float.init)) }
    }
}
