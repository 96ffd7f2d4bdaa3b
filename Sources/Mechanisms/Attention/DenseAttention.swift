// Dense attention (Vaswani et al. 2017, section 3.2), multi-head, grouped-query (Ainslie et al. 2023) or multi-query (Shazeer 2019):
// every query is compared with every key it may see, all earlier ones or those within a window. Rows are queries, columns are keys.

public import Traces

/// Multi-head attention in which every visible key is attended to.
public struct DenseAttention: Hashable, Sendable {
    /// Rotary position embedding of queries and keys.
    public struct Rotary: Hashable, Sendable {
        /// Which features turn together.
        public let layout: RotaryLayout
        /// The base of the frequencies.
        public let theta: Double
        /// The angle for each step of position, one for each pair; nil for what follows from the base alone.
        public let frequencies: [Double]?
        /// By what a pair grows as it turns.
        public let magnitude: Double

        /// A rotary embedding; the layout is always said.
        public init(layout: RotaryLayout, theta: Double, frequencies: [Double]? = nil, magnitude: Double = 1) {
            self.layout = layout
            self.theta = theta
            self.frequencies = frequencies
            self.magnitude = magnitude
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
    public var rotary: Rotary?
    /// How many keys a query sees, itself the last; nil for all up to itself. Of causal attention alone.
    public let window: Int?
    /// What dot products are divided by: the root of a head's features, unless a model says otherwise.
    public let divisor: Constant

    /// An attention of checked dimensions; throws if a count is not positive, key-value heads do not divide heads, rotary features are odd, there is a
    /// window on both sides, or scores cannot be divided.
    public init(
        heads: Int, keyValueHeads: Int, headDimension: Int, valueDimension: Int, isCausal: Bool, rotary: Rotary?, window: Int? = nil,
        divisor: Constant? = nil
    ) throws(EngineError) {
        for (name, count) in [
            ("heads", heads), ("key-value heads", keyValueHeads), ("head dimension", headDimension), ("value dimension", valueDimension),
            ("window", window ?? 1),
        ] {
            guard count > 0 else { throw EngineError(.shape, name, expected: "at least 1", found: "\(count)") }
        }
        guard heads % keyValueHeads == 0 else {
            throw EngineError(.shape, "key-value heads", expected: "a divisor of \(heads) heads", found: "\(keyValueHeads)")
        }
        if let rotary { try RotaryFrequencies.check(dimension: headDimension, theta: rotary.theta) }
        if let window, !isCausal { throw EngineError(.value, "window", expected: "none where queries see later keys", found: "\(window)") }
        self.divisor = divisor ?? .root(headDimension)
        guard self.divisor.value > 0, self.divisor.value.isFinite else {
            throw EngineError(.value, "divisor of scores", expected: "more than 0", found: NumberText.exact(self.divisor.value))
        }
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.valueDimension = valueDimension
        self.isCausal = isCausal
        self.rotary = rotary
        self.window = window
    }

    /// A linear map as it is stored: `x W^T`, and a bias where there is one.
    public struct Projection: Sendable {
        /// The stored weight: [outputs, inputs], or the other way round.
        public let weight: NamedTensor
        /// The stored bias [outputs], or nil.
        public let bias: NamedTensor?
        /// Whether inputs are rows, outputs columns, as GPT-2 stores them.
        let isTransposed: Bool
        /// Which outputs of the stored tensors are this map's: several may be stored as one. nil for all.
        let outputs: Range<Int>?
        /// The tensors' symbol if others share them: `QKV`.
        let symbol: String?

        /// A weight of its own, [outputs, inputs].
        public init(_ weight: NamedTensor, bias: NamedTensor? = nil) {
            self.init(weight, bias: bias, isTransposed: false, outputs: nil, symbol: nil)
        }

        /// A weight [inputs, outputs], or some outputs of it, as which its symbol is `symbol`.
        public init(transposed weight: NamedTensor, bias: NamedTensor?, outputs: Range<Int>? = nil, symbol: String? = nil) {
            self.init(weight, bias: bias, isTransposed: true, outputs: outputs, symbol: symbol)
        }

        private init(_ weight: NamedTensor, bias: NamedTensor?, isTransposed: Bool, outputs: Range<Int>?, symbol: String?) {
            self.weight = weight
            self.bias = bias
            self.isTransposed = isTransposed
            self.outputs = outputs
            self.symbol = symbol
        }

        /// Throws unless the stored tensors map `inputs` features to `count`.
        func check(inputs: Int, outputs count: Int) throws(EngineError) {
            guard let outputs else {
                try weight.check(isTransposed ? [inputs, count] : [count, inputs])
                try bias?.check([count])
                return
            }
            let all = weight.shape.lengths.last ?? 0
            guard outputs.count == count, outputs.upperBound <= all else {
                throw EngineError(.shape, "weight.\(weight.name)", expected: "\(count) outputs from \(outputs.lowerBound)", found: "\(all)")
            }
            try weight.check([inputs, all])
            try bias?.check([all])
        }

        /// The stored weight, recorded, with its own outputs along `o`.
        func recordWeight(_ symbol: String, on trace: inout Recorder) throws(EngineError) -> Expression {
            try part(trace.weight(weight, "W_\(self.symbol ?? symbol)", isTransposed ? [.c, .o] : [.o, .c]), of: .o)
        }

        /// The stored bias, recorded, with its own outputs along `axis`; nil if there is none.
        func recordBias(_ symbol: String, along axis: Axis, on trace: inout Recorder) throws(EngineError) -> Expression? {
            guard let bias else { return nil }
            return try part(trace.weight(bias, "b_\(self.symbol ?? symbol)", [axis]), of: axis)
        }

        private func part(_ whole: Expression, of axis: Axis) throws(EngineError) -> Expression {
            guard let outputs else { return whole }
            return try whole.slicing(axis, outputs)
        }
    }

    /// The four projections, and what a model does besides.
    public struct Weights: Sendable {
        /// What a model does to a result before it goes on, recorded. A function, so that whoever has no such model does not carry its operations.
        public typealias Change = @Sendable (Expression, inout Recorder) throws(EngineError) -> Expression

        /// Queries: heads · headDimension outputs.
        public var query: Projection
        /// Keys: keyValueHeads · headDimension outputs.
        public var key: Projection
        /// Values: keyValueHeads · valueDimension outputs.
        public var value: Projection
        /// Output: from heads · valueDimension inputs.
        public var output: Projection
        /// What becomes of queries [t, h, d] before their positions turn them.
        public var changeOfQueries: Change?
        /// What becomes of keys [s, g, d] before their positions turn them.
        public var changeOfKeys: Change?
        /// What becomes of scaled dot products [h, t, s] before the mask.
        public var changeOfScores: Change?

        /// The projections of one layer.
        public init(query: Projection, key: Projection, value: Projection, output: Projection) {
            self.query = query
            self.key = key
            self.value = value
            self.output = output
        }

        /// Projections without biases, each [outputs, inputs].
        public init(query: NamedTensor, key: NamedTensor, value: NamedTensor, output: NamedTensor) {
            self.init(query: Projection(query), key: Projection(key), value: Projection(value), output: Projection(output))
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

        func projected(_ x: Expression, _ symbol: String, _ map: Projection, _ heads: (Axis, Int), _ dimension: Int) throws(EngineError)
            -> Expression
        {
            var y = try linear(x, map.recordWeight(symbol, on: &trace))
            if let bias = try map.recordBias(symbol, along: .o, on: &trace) { y = try y + bias }
            return try y.splitting(.o, into: [heads, (.d, dimension)])
        }
        /// What was projected, recorded before it is changed and turned; if it is neither, it goes on unrecorded.
        func turned(_ x: Expression, before equation: Equation, _ change: Weights.Change?, token: Axis) throws(EngineError) -> Expression {
            guard rotary != nil || change != nil else { return x }
            var x = try trace.record(equation, x)
            if let change { x = try change(x, &trace) }
            guard let rotary else { return x }
            let given = rotary.frequencies
            let frequencies = try given == nil ? RotaryFrequencies.plain(dimension: headDimension, theta: rotary.theta) : given!
            return try Traces.rotary(
                x, rotary.layout, positions: positions, frequencies: frequencies, magnitude: rotary.magnitude, token: token)
        }
        func following(_ cached: Tensor?, _ name: String, _ new: Expression) throws(EngineError) -> Expression {
            guard let cached else { return new }
            let title = Bilingual(en: "Cache of earlier tokens", zh: "先前词元的缓存")
            return try concatenated(
                [trace.input(trace.inputID("cache.\(name)"), "\(name)^cache", cached, title: title), new], along: .s)
        }

        let q = try turned(
            projected(x, "Q", weights.query, (.h, heads), headDimension), before: .queryBeforeRotation, weights.changeOfQueries, token: .t)
        let k = try turned(
            projected(y, "K", weights.key, (.g, keyValueHeads), headDimension), before: .keyBeforeRotation, weights.changeOfKeys, token: .s)
        let v = try projected(y, "V", weights.value, (.g, keyValueHeads), valueDimension)
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
        let W_O = try weights.output.recordWeight("O", on: &trace)

        let D = try trace.record(.dot, dot(q, k), visible: visible)  // [h, t, s]
        var Z = try trace.record(.scaled(by: divisor, usual: headDimension), D.spelledOut / divisor)
        if let change = weights.changeOfScores { Z = try change(Z, &trace) }
        let S = try trace.record(scoresEquation(weights), masked(Z.spelledOut, visible, selection: selected), visible: visible)
        let A = try trace.record(.weights, softmax(S, over: .s))
        let O = try trace.record(.heads, sum(A * v, over: .s))  // [t, h, d]
        var y = try linear(O.merging([.h, .d], into: .c), W_O).renaming(.o, to: .c)
        if let b_O = try weights.output.recordBias("O", along: .c, on: &trace) { y = try y + b_O }
        return try trace.record(.output, y)
    }

    /// What the scores are called: who is masked, and what the mask is added to.
    private func scoresEquation(_ weights: Weights) -> Equation {
        if !isCausal { return .scoresOfAllKeys }
        let equation = window == nil ? Equation.scores : .scoresWithinWindow
        return weights.changeOfScores == nil ? equation : equation.ofChangedScores
    }

    /// The pairs that this attention's own mask lets through.
    public func visibility(_ projected: Projected) -> Mask {
        let (rows, columns) = (projected.queries.shape[.t]!, projected.keys.shape[.s]!)
        return isCausal
            ? .causal(rows: rows, columns: columns, offset: projected.past, window: window) : .bidirectional(rows: rows, columns: columns)
    }

    private func check(_ weights: Weights, width: Int) throws(EngineError) {
        try weights.query.check(inputs: width, outputs: heads * headDimension)
        try weights.key.check(inputs: width, outputs: keyValueHeads * headDimension)
        try weights.value.check(inputs: width, outputs: keyValueHeads * valueDimension)
        try weights.output.check(inputs: heads * valueDimension, outputs: width)
    }
}
