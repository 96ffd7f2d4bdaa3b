// Queries and keys for the clinic's cases, before and after they are turned. Numbers are seeded noise between -1 and 1, with what a case needs planted in it.

import Traces

/// Seeded noise, evenly between -1 and 1.
struct ClinicNoise {
    private var source: SplitMix64

    init(seed: UInt64) { source = SplitMix64(seed: seed) }

    mutating func next() -> Double { 2 * source.uniform() - 1 }
    mutating func vector(_ count: Int, times factor: Double = 1) -> [Double] { (0..<count).map { _ in factor * next() } }
    mutating func vectors(_ rows: Int, _ count: Int, times factor: Double = 1) -> [[Double]] {
        (0..<rows).map { _ in vector(count, times: factor) }
    }
}

/// Queries [t][j][d], keys [s][d] and weights [t][j] of a case in the making.
struct ClinicVectors {
    var q: [[[Double]]]
    var k: [[Double]]
    var weights: [[Double]]

    /// Noise; the queries are the last of as many tokens as there are keys.
    init(queries: Int, keys: Int, heads: Int, dimension: Int, _ noise: inout ClinicNoise) {
        q = (0..<queries).map { _ in noise.vectors(heads, dimension) }
        k = noise.vectors(keys, dimension)
        weights = (0..<queries).map { _ in (0..<heads).map { _ in 0.5 + 0.25 * noise.next() } }
    }

    private var offset: Int { k.count - q.count }

    /// Both with the features `range` turned by their positions.
    func turned(_ range: Range<Int>, _ layout: RotaryLayout, _ frequencies: [Double]) throws(EngineError) -> ClinicVectors {
        var all = self
        let heads = q[0].count
        let rows = try Self.turned(
            q.flatMap { $0 }, at: q.indices.flatMap { [Int](repeating: offset + $0, count: heads) }, range, layout, frequencies)
        all.q = q.indices.map { Array(rows[$0 * heads..<($0 + 1) * heads]) }
        all.k = try Self.turned(k, at: Array(k.indices), range, layout, frequencies)
        return all
    }

    private static func turned(
        _ vectors: [[Double]], at positions: [Int], _ range: Range<Int>, _ layout: RotaryLayout, _ frequencies: [Double]
    ) throws(EngineError) -> [[Double]] {
        var recorder = Recorder()
        let x = try recorder.input(
            "input.x", "x", Tensor([.t, .d], [vectors.count, range.count], vectors.flatMap { $0[range] }), title: Bilingual(same: "x"))
        let values = try rotary(x, layout, positions: positions, frequencies: frequencies, token: .t).tensor.values
        return vectors.indices.map { row in
            var vector = vectors[row]
            vector.replaceSubrange(range, with: values[row * range.count..<(row + 1) * range.count])
            return vector
        }
    }

    /// The case; numbers become what 32-bit floats can hold, as they stand in a file.
    func indexer(topK: Int, scales: [Double]? = nil) throws(EngineError) -> IndexerCase {
        let (heads, dimension) = (q[0].count, k[0].count)
        func single(_ values: [Double]) -> [Double] { values.map { Double(Float($0)) } }
        return try IndexerCase(
            q: Tensor([.t, .j, .d], [q.count, heads, dimension], single(q.flatMap { $0.flatMap { $0 } })),
            k: Tensor([.s, .d], [k.count, dimension], single(k.flatMap { $0 })),
            kScale: Tensor([.s], [k.count], single(scales ?? [Double](repeating: 1, count: k.count))),
            weights: Tensor([.t, .j], [q.count, heads], single(weights.flatMap { $0 })), causalOffset: offset, topK: topK)
    }

    /// What all heads of a query look for together.
    func wish(of row: Int) -> [Double] {
        q[row].indices.reduce([Double](repeating: 0, count: k[0].count)) { sum, head in
            zip(sum, q[row][head]).map { $0 + weights[row][head] * $1 }
        }
    }
}
