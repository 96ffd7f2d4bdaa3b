// A generator of indexer cases at real shapes. Values are seeded noise shaped like trained activations: keys gather around a few topics,
// magnitudes vary from token to token, a few features are outliers; then Hadamard rotation and FP8 as the published code does it. Head
// weights are mostly positive, some negative. What it is not: activations of a trained model.

import Records
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
        for (name, product) in [
            ("keys × dim", keys.multipliedReportingOverflow(by: dimension)),
            ("heads × dim", heads.multipliedReportingOverflow(by: dimension)),
        ] {
            guard !product.overflow, product.partialValue <= 1 << 26 else {
                throw EngineError(
                    .value, name, expected: "at most 2^26 values", found: product.overflow ? "an overflow" : "\(product.partialValue)")
            }
        }
        try IndexerCase.check(queries: queries, heads: heads, keys: keys)
        self.queries = queries
        self.keys = keys
        self.heads = heads
        self.dimension = dimension
        self.topK = topK
        self.seed = seed
    }

    /// Makes the case and writes it, with expected scores and selection.
    public func write(to path: String) throws {
        let (indexer, codes) = try make()
        let (score, selected) = try indexer.compute()
        let config =
            "{\"queries\": \(queries), \"keys\": \(keys), \"index_n_heads\": \(heads), \"index_head_dim\": \(dimension), \"index_topk\": \(topK), \"causal_offset\": \(indexer.causalOffset), \"seed\": \(seed)}"
        var file = SafetensorsWriter(metadata: [
            "kind": "indexer", "config": config,
            "source":
                "Attention Steps, attn case make; score[t,s] = k_scale[s] * sum_j weights[t,j] * relu(q[t,j] . k[s]) in float64, before the mask; ties: the lower position wins",
        ])
        if let codes {
            file.add("input.q", shape: indexer.q.shape.lengths, float8Codes: codes.q)
            file.add("input.k", shape: indexer.k.shape.lengths, float8Codes: codes.k)
        } else {
            file.add("input.q", shape: indexer.q.shape.lengths, floats: indexer.q.values.map(Float.init))
            file.add("input.k", shape: indexer.k.shape.lengths, floats: indexer.k.values.map(Float.init))
        }
        file.add("input.k_scale", shape: [keys], floats: indexer.kScale.values.map(Float.init))
        file.add("input.weights", shape: [queries, heads], floats: indexer.weights.values.map(Float.init))
        file.add("expected.score", score)
        file.add("expected.selected", shape: selected.shape.lengths, integers: selected.values.map { Int($0) })
        try file.write(to: path)
    }

    /// The case, and the FP8 codes of q and k. Every value is exact in the type that it is written in.
    func make() throws(EngineError) -> (IndexerCase, codes: (q: [UInt8], k: [UInt8])?) {
        var noise = Gaussian(SplitMix64(seed: seed))
        let topics = (0..<Self.topics).map { _ in (0..<dimension).map { _ in noise.next() } }
        let outliers = (0..<Self.outlierFeatures).map { _ in Int(noise.uniform() * Double(dimension)) }
        /// One vector near a topic, with outliers, of a magnitude of its own, rotated.
        func vector(_ noise: inout Gaussian) -> [Double] {
            let topic = topics[Int(noise.uniform() * Double(Self.topics))]
            let (strength, magnitude) = (abs(noise.next()), Double.exp(0.5 * noise.next()))
            var x = topic.map { magnitude * (strength * $0 + noise.next()) }
            for feature in outliers { x[feature] *= 6 }
            Hadamard.transform(&x)
            return x
        }
        let k = quantised((0..<keys).map { _ in vector(&noise) })
        let q = quantised((0..<queries * heads).map { _ in vector(&noise) })
        let constant = 1 / (Double(heads) * Double(dimension)).squareRoot()
        let weights = q.scales.map { Double(Float((0.5 + noise.next()) * $0 * constant)) }
        let indexer = try IndexerCase(
            q: Tensor([.t, .j, .d], [queries, heads, dimension], q.values), k: Tensor([.s, .d], [keys, dimension], k.values),
            kScale: Tensor([.s], [keys], k.scales), weights: Tensor([.t, .j], [queries, heads], weights), causalOffset: keys - queries,
            topK: topK)
        return (indexer, isFloat8 ? (q.codes, k.codes) : nil)
    }

    private func quantised(_ rows: [[Double]]) -> (values: [Double], codes: [UInt8], scales: [Double]) {
        guard isFloat8 else { return (rows.flatMap { $0.map { Double(Float($0)) } }, [], rows.map { _ in 1 }) }
        let scales = rows.map { row in ScaleFormat.powerOfTwo.scale(largestMagnitude: row.reduce(0) { max($0, abs($1)) }) }
        let codes = zip(rows, scales).flatMap { row, scale in row.map { Float8.encode($0 / scale) } }
        return (codes.map(Float8.decode), codes, scales)
    }
}

/// Normally distributed noise (Box and Muller 1958).
private struct Gaussian {
    private var source: SplitMix64
    private var spare: Double?

    init(_ source: SplitMix64) { self.source = source }

    mutating func uniform() -> Double { source.uniform() }

    mutating func next() -> Double {
        if let value = spare {
            spare = nil
            return value
        }
        let radius = (-2 * Double.log(1 - source.uniform())).squareRoot()
        let angle = 2 * Double.pi * source.uniform()
        spare = radius * Double.sin(angle)
        return radius * Double.cos(angle)
    }
}
