// Dense attention (Vaswani et al. 2017, section 3.2), multi-head, grouped-query (Ainslie et al. 2023) or multi-query (Shazeer 2019):
// every query is compared with every key it may see. Rows are queries, columns are keys.

public import Traces

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
        if let rotary { try RotaryFrequencies.check(dimension: headDimension, theta: rotary.theta) }
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.valueDimension = valueDimension
        self.isCausal = isCausal
        self.rotary = rotary
    }

    /// The four projections, each [o, c] (outputs, inputs), applied as `x W^T`; biases [o] where a model has them.
    public struct Weights: Sendable {
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

    /// Queries [t, h, d], keys and values [s, g, d] of one pass, recorded.
    public struct Projected: Sendable {
        /// What each token looks for [t, h, d].
        public let queries: Expression
        /// What each token can be found by [s, g, d], cached ones first.
        public let keys: Expression
        /// What each token hands over [s, g, d], cached ones first.
        public let values: Expression
        /// How many tokens were cached before this pass.
        public let past: Int

        /// Keys and values as a cache for the next pass.
        public var cache: Cache { Cache(keys: keys.tensor, values: values.tensor) }
    }

    /// Records the attention of `x` [t, c]: q, k, v, dot, scaled, scores, weights, heads, output.
    /// - Parameter cache: keys and values of the tokens before these; nil starts from position 0.
    /// - Returns: the output [t, c], and the cache extended by these tokens.
    public func record(_ x: Expression, _ weights: Weights, cache: Cache? = nil, on trace: inout Recorder) throws(EngineError) -> (
        output: Expression, cache: Cache
    ) {
        let projected = try project(x, weights, cache: cache, on: &trace)
        return (try attend(projected, weights, on: &trace), projected.cache)
    }

    /// Records q, k and v of `x` [t, c].
    public func project(_ x: Expression, _ weights: Weights, cache: Cache? = nil, on trace: inout Recorder) throws(EngineError) -> Projected
    {
        guard let length = x.shape[.t], let width = x.shape[.c], length > 0 else {
            throw EngineError(.shape, "input.x", expected: "[t, c] with at least one token", found: "\(x.shape)")
        }
        try check(weights, width: width)
        let past = cache?.length ?? 0
        let positions = Array(past..<past + length)
        let y = x.renaming(.t, to: .s)  // the same tokens, seen as keys

        func projection(
            _ x: Expression, _ symbol: String, _ weight: NamedTensor, _ bias: NamedTensor?, _ heads: (Axis, Int), _ dimension: Int
        ) throws(EngineError) -> Expression {
            var projected = try linear(x, trace.weight(weight, "W_\(symbol)", [.o, .c]))
            if let bias { projected = try projected + trace.weight(bias, "b_\(symbol)", [.o]) }
            return try projected.splitting(.o, into: [heads, (.d, dimension)])
        }
        func rotated(_ x: Expression, before equation: Equation, token: Axis) throws(EngineError) -> Expression {
            guard let rotary else { return x }
            let frequencies = try RotaryFrequencies.plain(dimension: headDimension, theta: rotary.theta)
            return try Traces.rotary(
                trace.record(equation, x), rotary.layout, positions: positions, frequencies: frequencies, token: token)
        }
        func following(_ cached: Tensor?, _ name: String, _ new: Expression) throws(EngineError) -> Expression {
            guard let cached else { return new }
            let title = Bilingual(en: "Cache of earlier tokens", zh: "先前词元的缓存")
            return try concatenated(
                [trace.input(trace.inputID("cache.\(name)"), "\(name)^cache", cached, title: title), new], along: .s)
        }

        let q = try rotated(
            projection(x, "Q", weights.query, weights.biases?.query, (.h, heads), headDimension), before: .queryBeforeRotation, token: .t)
        let k = try rotated(
            projection(y, "K", weights.key, weights.biases?.key, (.g, keyValueHeads), headDimension), before: .keyBeforeRotation, token: .s)
        let v = try projection(y, "V", weights.value, weights.biases?.value, (.g, keyValueHeads), valueDimension)
        return Projected(
            queries: try trace.record(rotary == nil ? .query : .rotatedQuery, q),  // [t, h, d]
            keys: try trace.record(rotary == nil ? .key : .rotatedKey, following(cache?.keys, "k", k)),  // [s, g, d]
            values: try trace.record(.value, following(cache?.values, "v", v)),  // [s, g, d]
            past: past)
    }

    /// Records the attention of projected tokens: dot, scaled, scores, weights, heads, output.
    /// - Parameter selected: the recorded selection [t, k] of keys that each query attends to, of those it may see; nil for all of them.
    /// - Returns: the output [t, c].
    public func attend(
        _ projected: Projected, _ weights: Weights, selected: Expression? = nil, on trace: inout Recorder
    ) throws(EngineError) -> Expression {
        let visible = selected.map { visibility(projected).selecting($0.tensor) } ?? visibility(projected)
        let group = heads / keyValueHeads
        let (q, k, v) = (
            projected.queries, projected.keys.sharing(.g, as: .h, times: group), projected.values.sharing(.g, as: .h, times: group)
        )
        let W_O = try trace.weight(weights.output, "W_O", [.o, .c])

        let D = try trace.record(.dot, dot(q, k), visible: visible)  // [h, t, s]
        let Z = try trace.record(.scaled, D.spelledOut / .root(headDimension))
        let S = try trace.record(.scores, masked(Z.spelledOut, visible, selection: selected), visible: visible)
        let A = try trace.record(.weights, softmax(S, over: .s))
        let O = try trace.record(.heads, sum(A * v, over: .s))  // [t, h, d]
        var y = try linear(O.merging([.h, .d], into: .c), W_O).renaming(.o, to: .c)
        if let bias = weights.outputBias { y = try y + trace.weight(bias, "b_O", [.c]) }
        return try trace.record(.output, y)
    }

    /// The pairs that this attention's own mask lets through.
    public func visibility(_ projected: Projected) -> Mask {
        let (rows, columns) = (projected.queries.shape[.t]!, projected.keys.shape[.s]!)
        return isCausal ? .causal(rows: rows, columns: columns, offset: projected.past) : .bidirectional(rows: rows, columns: columns)
    }

    private func check(_ weights: Weights, width: Int) throws(EngineError) {
        let expected: [(NamedTensor, [Int]?)] = [
            (weights.query, [heads * headDimension, width]), (weights.key, [keyValueHeads * headDimension, width]),
            (weights.value, [keyValueHeads * valueDimension, width]), (weights.output, [width, heads * valueDimension]),
            (weights.outputBias ?? weights.output, weights.outputBias.map { _ in [width] }),
            (weights.biases?.query ?? weights.query, weights.biases.map { _ in [heads * headDimension] }),
            (weights.biases?.key ?? weights.key, weights.biases.map { _ in [keyValueHeads * headDimension] }),
            (weights.biases?.value ?? weights.value, weights.biases.map { _ in [keyValueHeads * valueDimension] }),
        ]
        for case (let weight, let lengths?) in expected { try weight.check(lengths) }
    }
}
