// Dense attention (Vaswani et al. 2017, section 3.2), multi-head, grouped-query (Ainslie et al. 2023) or multi-query (Shazeer 2019):
// every query is compared with every key it may see. Rows are queries, columns are keys.

/// Multi-head attention in which every visible key is attended to.
public struct DenseAttention: Hashable, Sendable {
    /// Rotary position embedding of queries and keys.
    public struct Rotary: Hashable, Sendable {
        /// Which features turn together.
        public let layout: RotaryLayout
        /// The base of the frequencies.
        public let theta: Double

        /// A rotary embedding; the layout is always said.
        public init(layout: RotaryLayout, theta: Double) {
            self.layout = layout
            self.theta = theta
        }
    }

    /// Query heads.
    public let heads: Int
    /// Key-value heads; they divide `heads`. As many as heads: multi-head; one: multi-query.
    public let keyValueHeads: Int
    /// Features of a query or key in one head.
    public let headDimension: Int
    /// Features of a value in one head.
    public let valueDimension: Int
    /// Whether a query sees only its own position and earlier ones.
    public let isCausal: Bool
    /// Rotary embedding, or nil for none.
    public let rotary: Rotary?

    /// An attention of checked dimensions; throws if a count is not positive, key-value heads do not divide heads, or rotary features are odd.
    public init(heads: Int, keyValueHeads: Int, headDimension: Int, valueDimension: Int, isCausal: Bool, rotary: Rotary?)
        throws(EngineError)
    {
        for (name, count) in [
            ("heads", heads), ("key-value heads", keyValueHeads), ("head dimension", headDimension), ("value dimension", valueDimension),
        ] {
            guard count > 0 else { throw EngineError(.shape, name, expected: "at least 1", found: "\(count)") }
        }
        guard heads % keyValueHeads == 0 else {
            throw EngineError(.shape, "key-value heads", expected: "a divisor of \(heads) heads", found: "\(keyValueHeads)")
        }
        if let rotary { _ = try RotaryFrequencies.plain(dimension: headDimension, theta: rotary.theta) }
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.valueDimension = valueDimension
        self.isCausal = isCausal
        self.rotary = rotary
    }

    /// A weight with its name in the file that it came from.
    public struct NamedTensor: Hashable, Sendable {
        /// The name: `wq`, `model.layers.0.self_attn.q_proj.weight`.
        public let name: String
        /// The values.
        public let tensor: Tensor

        /// A named tensor.
        public init(_ name: String, _ tensor: Tensor) {
            self.name = name
            self.tensor = tensor
        }
    }

    /// The four projections, each [o, c] (outputs, inputs), applied as `x W^T`; biases [o] where a model has them.
    public struct Weights: Hashable, Sendable {
        /// Queries: heads · headDimension outputs.
        public var query: NamedTensor
        /// Keys: keyValueHeads · headDimension outputs.
        public var key: NamedTensor
        /// Values: keyValueHeads · valueDimension outputs.
        public var value: NamedTensor
        /// Output: from heads · valueDimension inputs.
        public var output: NamedTensor
        /// Biases of query, key and value, or nil.
        public var biases: (query: NamedTensor, key: NamedTensor, value: NamedTensor)?
        /// Bias of the output [c], or nil.
        public var outputBias: NamedTensor?

        /// The projections of one layer.
        public init(query: NamedTensor, key: NamedTensor, value: NamedTensor, output: NamedTensor) {
            self.query = query
            self.key = key
            self.value = value
            self.output = output
        }

        /// Equal when the four projections are.
        public static func == (a: Weights, b: Weights) -> Bool {
            a.query == b.query && a.key == b.key && a.value == b.value && a.output == b.output
        }
        /// Hashes the names.
        public func hash(into hasher: inout Hasher) { hasher.combine(query.name) }
    }

    /// Keys and values of earlier tokens: what a decoder keeps instead of computing them again.
    public struct Cache: Hashable, Sendable {
        /// Keys after rotary embedding [s, g, d].
        public var keys: Tensor
        /// Values [s, g, d].
        public var values: Tensor
        /// How many tokens are cached.
        public var length: Int { keys.shape[.s] ?? 0 }
    }

    /// Records the attention of `x` [t, c]: q, k, v, dot, scaled, scores, weights, heads, output.
    /// - Parameter cache: keys and values of the tokens before these, extended by these on return; nil starts from position 0.
    /// - Returns: the output [t, c].
    public func record(_ x: Expression, _ weights: Weights, cache: Cache? = nil, on trace: inout Recorder) throws(EngineError) -> (
        output: Expression, cache: Cache
    ) {
        guard let length = x.shape[.t], let width = x.shape[.c], length > 0 else {
            throw EngineError(.shape, "input.x", expected: "[t, c] with at least one token", found: "\(x.shape)")
        }
        try check(weights, width: width)
        let past = cache?.length ?? 0
        let W_Q = try trace.weight(weights.query.name, "W_Q", weights.query.tensor)
        let W_K = try trace.weight(weights.key.name, "W_K", weights.key.tensor)
        let W_V = try trace.weight(weights.value.name, "W_V", weights.value.tensor)
        let W_O = try trace.weight(weights.output.name, "W_O", weights.output.tensor)
        let b = try weights.biases.map { biases throws(EngineError) in
            (
                q: try trace.weight(biases.query.name, "b_Q", biases.query.tensor),
                k: try trace.weight(biases.key.name, "b_K", biases.key.tensor),
                v: try trace.weight(biases.value.name, "b_V", biases.value.tensor)
            )
        }
        let asKeys = x.renaming(.t, to: .s)  // the same tokens, seen as keys
        let positions = Array(past..<past + length)

        func project(_ x: Expression, _ W: Expression, _ bias: Expression?, heads: Axis, _ count: Int, _ dimension: Int) throws(EngineError)
            -> Expression
        {
            let projected = try linear(x, W)
            return try (bias.map { bias throws(EngineError) in try projected + bias } ?? projected).splitting(
                .o, into: [(heads, count), (.d, dimension)])
        }

        var q = try project(x, W_Q, b?.q, heads: .h, heads, headDimension)
        var k = try project(asKeys, W_K, b?.k, heads: .g, keyValueHeads, headDimension)
        if let rotary {
            let frequencies = try RotaryFrequencies.plain(dimension: headDimension, theta: rotary.theta)
            q = try AttentionEngine.rotary(
                trace.record(.queryBeforeRotation, q), rotary.layout, positions: positions, frequencies: frequencies, token: .t)
            k = try AttentionEngine.rotary(
                trace.record(.keyBeforeRotation, k), rotary.layout, positions: positions, frequencies: frequencies, token: .s)
        }
        var v = try project(asKeys, W_V, b?.v, heads: .g, keyValueHeads, valueDimension)
        if let cache {
            let title = Bilingual(en: "Cache of earlier tokens", zh: "先前词元的缓存")
            k = try concatenated([trace.input("input.\(trace.prefix)cache.k", "K", cache.keys, title: title), k], along: .s)
            v = try concatenated([trace.input("input.\(trace.prefix)cache.v", "V", cache.values, title: title), v], along: .s)
        }
        q = try trace.record(.query, q)  // [t, h, d]
        k = try trace.record(.key, k)  // [s, g, d]
        v = try trace.record(.value, v)  // [s, g, d]
        let kept = Cache(keys: k.tensor, values: v.tensor)

        let total = past + length
        let visible: Mask = isCausal ? .causal(rows: length, columns: total, offset: past) : .bidirectional(rows: length, columns: total)
        let group = heads / keyValueHeads
        let keys = k.sharing(.g, as: .h, times: group)
        let values = v.sharing(.g, as: .h, times: group)

        let D = try trace.record(.dot, dot(q, keys), visible: visible)  // [h, t, s]
        let Z = try trace.record(.scaled, D.spelledOut / .root(headDimension))
        let S = try trace.record(.scores, masked(Z.spelledOut, visible))
        let A = try trace.record(.weights, softmax(S, over: .s))
        let H = try trace.record(.heads, sum(A * values, over: .s))  // [t, h, d]
        var y = try linear(H.merging([.h, .d], into: .c), W_O).renaming(.o, to: .c)
        if let bias = weights.outputBias { y = try y + trace.weight(bias.name, "b_O", bias.tensor) }
        return (try trace.record(.output, y), kept)
    }

    private func check(_ weights: Weights, width: Int) throws(EngineError) {
        let expected: [(NamedTensor, [Int]?)] = [
            (weights.query, [heads * headDimension, width]), (weights.key, [keyValueHeads * headDimension, width]),
            (weights.value, [keyValueHeads * valueDimension, width]), (weights.output, [width, heads * valueDimension]),
            (weights.biases?.query ?? weights.query, weights.biases.map { _ in [heads * headDimension] }),
            (weights.biases?.key ?? weights.key, weights.biases.map { _ in [keyValueHeads * headDimension] }),
            (weights.biases?.value ?? weights.value, weights.biases.map { _ in [keyValueHeads * valueDimension] }),
            (weights.outputBias ?? weights.output, weights.outputBias.map { _ in [width] }),
        ]
        for case (let weight, let lengths?) in expected where weight.tensor.shape.lengths != lengths {
            throw EngineError(.shape, "weight.\(weight.name)", expected: "\(lengths)", found: "\(weight.tensor.shape.lengths)")
        }
    }
}
