// A generator of sparse MLA. Entries gather around a few topics. What is planted are rows in which kernels go wrong: of six in a row one has strong entries
// twice, one is padded at its end, one counts half of its ranks only, one has gaps, one no entry at all, one a length of 0. Entries stand out beyond the
// lengths and at both ends of the cache, where -1 may be read. Sinks are about as large as a row's sum. Every number is exact in bf16.

import Mechanisms
import ModelFiles
import Traces

/// Makes cases of kind sparse-mla.
public struct SparseMLACaseGenerator: Sendable {
    /// Number of queries.
    public var queries = 12
    /// Number of cache entries.
    public var entries = 128
    /// Heads.
    public var heads = 4
    /// Columns of an entry, the rotary part included.
    public var dimension = 72
    /// Columns of an entry's value.
    public var valueDimension = 64
    /// Ranks of a row.
    public var ranks = 24
    /// Whether rows have lengths.
    public var hasLengths = true
    /// Whether heads have sinks.
    public var hasSinks = true
    /// The factor of the dot products; nil for one that suits a head of a third of an entry's columns, as DeepSeek's 192 of 576.
    public var softmaxScale: Double?
    /// The seed: the same seed gives the same case everywhere.
    public var seed: UInt64 = 0

    /// A generator with the usual sizes.
    public init() {}

    /// Makes the case and writes it, with `expected.out` and `expected.lse`.
    /// - Returns: the mistakes that it tells from a right kernel by more than rounding, and those that it does not.
    @discardableResult public func write(to path: String) throws -> (told: [SparseMLAMistake], untold: [SparseMLAMistake]) {
        let sparse = try make()
        let right = sparse.answer()
        var file = SafetensorsWriter(metadata: [
            "kind": ReferenceCase.Kind.sparseMLA.rawValue,
            "config": "{\"softmax_scale\": \(sparse.softmaxScale), \"d_v\": \(valueDimension), \"seed\": \(seed)}",
            "source":
                "Attention Steps, attn case make; conventions of FlashMLA's tests/ref.py, in float64: the sink in the denominator of out alone, lse a natural logarithm without it, +inf where a query has no entry",
        ])
        file.add("input.q", shape: sparse.q.shape.lengths, floats: sparse.q.values.map(Float.init))
        file.add("input.kv", shape: sparse.kv.shape.lengths, floats: sparse.kv.values.map(Float.init))
        file.add("input.indices", shape: [queries, ranks], int32: sparse.indices.flatMap(\.self))
        if let lengths = sparse.lengths { file.add("input.lengths", shape: [queries], int32: lengths) }
        if let sinks = sparse.sinks { file.add("input.sinks", shape: [heads], floats: sinks.map(Float.init)) }
        file.add("expected.out", right.out)
        file.add("expected.lse", right.lse)
        try file.write(to: path)
        return SparseMLACheck.told(sparse)
    }

    /// Throws for sizes that make no case.
    private func check() throws(EngineError) {
        let sizes = [
            ("queries", queries), ("keys", entries), ("heads", heads), ("dim", dimension), ("value-dim", valueDimension), ("top-k", ranks),
        ]
        for (name, count) in sizes where count < 1 { throw EngineError(.value, name, expected: "at least 1", found: "\(count)") }
        guard ranks <= entries else {
            throw EngineError(.value, "top-k", expected: "at most as many as keys, \(entries)", found: "\(ranks)")
        }
        guard valueDimension <= dimension else {
            throw EngineError(.value, "value-dim", expected: "at most --dim, \(dimension)", found: "\(valueDimension)")
        }
        // Queries are made as large as the scale is small, and are bf16.
        if let softmaxScale, !(softmaxScale >= 1e-30 && softmaxScale <= 1e30) {
            throw EngineError(.value, "softmax-scale", expected: "a number from 1e-30 to 1e30", found: NumberText.exact(softmaxScale))
        }
        let (values, overflows) = entries.multipliedReportingOverflow(by: dimension)
        guard !overflows, values <= 1 << 26 else {
            throw EngineError(.value, "keys × dim", expected: "at most 2^26 values", found: "\(entries) × \(dimension)")
        }
        try SparseMLACase.check(queries: queries, heads: heads, ranks: ranks, features: dimension)
    }

    private static let topics = 8

    private func make() throws(EngineError) -> SparseMLACase {
        try check()
        var noise = NormalNoise(seed: seed)
        let scale = softmaxScale ?? 1 / (Double(dimension) / 3).squareRoot()
        let topics = (0..<Self.topics).map { _ in noise.vector(dimension) }
        let common = noise.vector(dimension)
        var kv = (0..<entries).map { _ in
            let (topic, strength) = (topics[noise.index(below: Self.topics)], 0.5 * abs(noise.next()))
            return (0..<dimension).map { strength * topic[$0] + 0.6 * noise.next() }
        }
        // Logits spread by about 1.5, and what is strong stands out by 3.
        let size = 1.5 / (scale * Double(dimension).squareRoot() * 0.75)
        let q = (0..<queries * heads).map { _ in noise.vector(dimension).enumerated().map { size * ($1 + 0.5 * common[$0]) } }
        let square = common.reduce(0) { $0 + $1 * $1 }
        let strength = 3 / (scale * size * 0.5 * square)
        func strengthen(_ key: Int) {
            kv[key] = zip(kv[key], common).map { $0 + strength * $1 }
        }
        for key in Set([0, entries - 1] + (0..<entries).filter { $0 % 5 == 2 }) { strengthen(key) }
        let strong = (1..<max(entries - 1, 1)).filter { $0 % 5 == 2 }
        var (indices, lengths) = ([[Int]](), [Int]())
        for row in 0..<queries {
            let (ranked, length) = self.row(row, strong, &noise)
            indices.append(ranked)
            lengths.append(length)
        }
        let rounded = { (rows: [[Double]]) in rows.flatMap { $0.map(\.roundedToBFloat16) } }
        func sparse(_ sinks: [Double]?) -> SparseMLACase {
            SparseMLACase(
                q: Tensor([.t, .h, .d], [queries, heads, dimension], rounded(q)),
                kv: Tensor([.s, .d], [entries, dimension], rounded(kv)),
                indices: indices, lengths: hasLengths ? lengths : nil, sinks: sinks, softmaxScale: scale, valueDimension: valueDimension)
        }
        guard hasSinks else { return sparse(nil) }
        let sums = sparse(nil).answer().lse.values.filter(\.isFinite).sorted()
        let usual = sums.isEmpty ? 0 : sums[sums.count / 2]
        return sparse((0..<heads).map { _ in (usual + 0.5 * noise.next()).roundedToBFloat16 })
    }

    /// The ranks of a row, and how many of them count.
    private func row(_ row: Int, _ strong: [Int], _ noise: inout NormalNoise) -> (ranks: [Int], length: Int) {
        // Neither end of the cache, for -1 may be read as one of them.
        var free = entries > ranks + 2 ? Array(1..<entries - 1) : Array(0..<entries)
        for place in 0..<ranks { free.swapAt(place, place + noise.index(below: free.count - place)) }
        var all = Array(free.prefix(ranks))
        /// A strong entry instead of others.
        func fill(_ places: some Sequence<Int>) {
            guard let entry = strong.isEmpty ? all.first : strong[noise.index(below: strong.count)] else { return }
            for place in places where all.indices.contains(place) { all[place] = entry }
        }
        // Often enough to weigh among many ranks.
        let often = max(1, min(8, ranks / 3))
        switch row % 6 {
        case 1: for place in ranks * 2 / 3..<ranks { all[place] = -1 }
        case 2 where hasLengths:
            fill(ranks / 2..<ranks)
            return (all, ranks / 2)
        case 3:
            fill(stride(from: 0, to: ranks, by: often))
            for place in stride(from: 1, to: ranks, by: 3) { all[place] = -1 }
        case 4: return ([Int](repeating: -1, count: ranks), ranks)
        case 5 where hasLengths: return (all, 0)
        default: fill(stride(from: 0, to: ranks, by: often))
        }
        return (all, ranks)
    }
}
