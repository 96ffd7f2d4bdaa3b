// The lightning indexer of DeepSeek-V3.2-Exp: a small scorer that ranks every earlier token for each query.
// Report (DeepSeek-AI 2025), Eq. 1: I[t,s] = Σ_j w[t,j] · ReLU(q[t,j] · k[s]). The published code (inference/model.py) adds, around Eq. 1,
// queries from q_lora, a LayerNorm on the key, rotary embedding, a Hadamard rotation, FP8 and constant scales; each is a choice here, so
// that Eq. 1 alone can be run too. What is left out: training (Report, section 2.1).

public import Traces

/// The scorer that decides which keys sparse attention attends to.
public struct LightningIndexer: Sendable {
    /// LayerNorm of the key.
    public struct KeyNorm: Sendable {
        /// Weight of each feature [d].
        public let weight: NamedTensor
        /// Bias of each feature [d].
        public let bias: NamedTensor
        /// ε, under the root.
        public let epsilon: Double

        /// A LayerNorm.
        public init(weight: NamedTensor, bias: NamedTensor, epsilon: Double) {
            self.weight = weight
            self.bias = bias
            self.epsilon = epsilon
        }
    }

    /// Rotary embedding of the first features of each head, [rope | nope].
    public struct Rotary: Sendable {
        /// Which features turn together: a required choice, for implementations go wrong here.
        public var layout: RotaryLayout
        /// One frequency for each pair; twice as many features turn.
        public let frequencies: [Double]

        /// A rotary embedding of 2 · frequencies.count features.
        public init(layout: RotaryLayout, frequencies: [Double]) {
            self.layout = layout
            self.frequencies = frequencies
        }
    }

    /// Heads.
    public let heads: Int
    /// Features of a head and of the key.
    public let dimension: Int
    /// How many keys a query keeps.
    public var topK: Int
    /// From the query's input to heads · dimension features [o, l] or [o, c].
    public let query: NamedTensor
    /// From the token to the key [o, c].
    public let key: NamedTensor
    /// From the token to one weight a head [o, c].
    public let headWeights: NamedTensor
    /// LayerNorm of the key, or nil.
    public var keyNorm: KeyNorm?
    /// Rotary embedding, or nil.
    public var rotary: Rotary?
    /// Whether the Hadamard rotation turns queries and keys: scores do not change, but FP8 loses less.
    public var hadamard: Bool
    /// FP8 with scales of this format, or nil. The block is the whole key: one scale a position.
    public var float8: ScaleFormat?
    /// Whether the head weights carry the code's constants heads^-0.5 · dimension^-0.5.
    public let scalesWeights: Bool

    /// An indexer of checked dimensions. By default Eq. 1 alone.
    public init(
        heads: Int, dimension: Int, topK: Int, query: NamedTensor, key: NamedTensor, headWeights: NamedTensor, keyNorm: KeyNorm? = nil,
        rotary: Rotary? = nil, hadamard: Bool = false, float8: ScaleFormat? = nil, scalesWeights: Bool = false
    ) throws(EngineError) {
        for (name, count) in [("indexer heads", heads), ("index_head_dim", dimension), ("index_topk", topK)] where count < 1 {
            throw EngineError(.shape, name, expected: "at least 1", found: "\(count)")
        }
        if let keyNorm, !(keyNorm.epsilon > 0 && keyNorm.epsilon.isFinite) {
            throw EngineError(.value, "norm_eps", expected: "a positive number", found: NumberText.exact(keyNorm.epsilon))
        }
        if let rotary, 2 * rotary.frequencies.count > dimension {
            throw EngineError(
                .shape, "indexer rotary embedding", expected: "at most \(dimension) features", found: "\(2 * rotary.frequencies.count)")
        }
        if hadamard, dimension & (dimension - 1) != 0 {
            throw EngineError(.shape, "index_head_dim", expected: "a power of two for the Hadamard rotation", found: "\(dimension)")
        }
        self.heads = heads
        self.dimension = dimension
        self.topK = topK
        self.query = query
        self.key = key
        self.headWeights = headWeights
        self.keyNorm = keyNorm
        self.rotary = rotary
        self.hadamard = hadamard
        self.float8 = float8
        self.scalesWeights = scalesWeights
    }

    /// Index keys of earlier tokens, as recorded, with their scales.
    public struct Cache: Sendable {
        /// Keys [s, d] after every step, FP8 values if there is FP8.
        public let keys: Expression
        /// Their scales [s], or nil without FP8 scales.
        public let scales: Expression?
    }

    /// Records the scores I [t, s] of `x` [t, c], before any mask.
    /// - Parameters:
    ///   - queryInput: what queries are made from, with its feature axis: q_lora [t, l] in the code, `x` in Eq. 1.
    ///   - cache: index keys of the tokens before these; nil starts from position 0.
    public func score(
        _ x: Expression, queryInput: (Expression, Axis), cache: Cache? = nil, on trace: inout Recorder
    ) throws(EngineError) -> (scores: Expression, cache: Cache) {
        let past = cache?.keys.shape[.s] ?? 0
        let length = x.shape[.t] ?? 0
        try check(input: x, queryInput)
        let positions = Array(past..<past + length)

        let (q, qScale) = try queries(queryInput, positions, on: &trace)
        let (newKeys, newScales) = try keys(x.renaming(.t, to: .s), positions, isExtending: cache != nil, on: &trace)
        let (k, kScale) = try extend(cache, newKeys, newScales, on: &trace)
        let w = try weights(x, qScale, on: &trace)

        let visible = Mask.causal(rows: length, columns: past + length, offset: past)
        let I = try Self.scores(queries: q, keys: k, weights: w, scales: kScale, visible: visible, on: &trace)
        return (I, Cache(keys: k, scales: kScale))
    }

    /// Records the scores I [t, s] of the last tokens of `x` [s, c] over all of them, before any mask: a query for each row of `queryInput`.
    /// - Returns: also which keys each query may see.
    package func scoreLast(_ queryInput: (Expression, Axis), of x: Expression, on trace: inout Recorder) throws(EngineError) -> (
        scores: Expression, visible: Mask
    ) {
        let (length, count) = (queryInput.0.shape[.t] ?? 0, x.shape[.s] ?? 0)
        guard length <= count else {
            throw EngineError(.shape, "input.x", expected: "at least as many tokens as queries, \(length)", found: "\(count)")
        }
        let past = count - length
        let last = try x.slicing(.s, past..<count).renaming(.s, to: .t)
        try check(input: last, queryInput)

        let (q, qScale) = try queries(queryInput, Array(past..<count), on: &trace)
        let (newKeys, newScales) = try keys(x, Array(0..<count), isExtending: false, on: &trace)
        let (k, kScale) = try extend(nil, newKeys, newScales, on: &trace)
        let w = try weights(last, qScale, on: &trace)

        let visible = Mask.causal(rows: length, columns: count, offset: past)
        return (try Self.scores(queries: q, keys: k, weights: w, scales: kScale, visible: visible, on: &trace), visible)
    }

    /// Records the scores I [t, s] of queries [t, j, d] and keys [s, d], with the weights of the heads [t, j] and the keys' scales [s], if they have any;
    /// before any mask.
    package static func scores(
        queries q: Expression, keys k: Expression, weights w: Expression, scales: Expression?, visible: Mask, on trace: inout Recorder
    ) throws(EngineError) -> Expression {
        let D = try trace.record(.indexDot, dot(q, k), visible: visible)  // [t, j, s]
        let V = try trace.record(.indexVotes, relu(D), visible: visible)
        let vote = try sum(w * V.spelledOut, over: .j)  // Eq. 1
        let scored = try scales.map { scale throws(EngineError) in try scale * vote } ?? vote
        return try trace.record(.indexScore(isScaled: scales != nil), scored, visible: visible)
    }

    private func queries(_ input: (Expression, Axis), _ positions: [Int], on trace: inout Recorder) throws(EngineError) -> (
        Expression, Expression?
    ) {
        let W = try trace.weight(query, "W^IUQ", [.o, input.1])
        let projected = try linear(input.0, W, over: input.1).splitting(.o, into: [(.j, heads), (.d, dimension)])
        var chain = Chain(projected, .indexQueryProjected(fromLatents: input.1 == .l))
        if let rotary {
            try chain.then(.indexQueryRope, on: &trace) { x throws(EngineError) in try rotated(x, rotary, positions, token: .t) }
        }
        if hadamard { try chain.then(.indexQueryRotated, on: &trace) { x throws(EngineError) in try Traces.hadamard(x) } }
        let rounded = Equation.indexQuery(isRotated: chain.role == .indexQueryRotated)
        return try finish(chain, scale: .indexQueryScale(float8), rounded: rounded, as: .indexQuery, on: &trace)
    }

    private func keys(_ x: Expression, _ positions: [Int], isExtending: Bool, on trace: inout Recorder) throws(EngineError) -> (
        Expression, Expression?
    ) {
        let W = try trace.weight(key, "W^IK", [.o, .c])
        var chain = Chain(try linear(x, W).renaming(.o, to: .d), .indexKeyProjected)
        if let keyNorm {
            let weight = try trace.weight(keyNorm.weight, "γ", [.d])
            let bias = try trace.weight(keyNorm.bias, "β", [.d])
            try chain.then(.indexKeyNormalised, on: &trace) { x throws(EngineError) in
                try layerNorm(x, weight, bias, epsilon: keyNorm.epsilon)
            }
        }
        if let rotary {
            try chain.then(.indexKeyRope, on: &trace) { x throws(EngineError) in try rotated(x, rotary, positions, token: .s) }
        }
        if hadamard { try chain.then(.indexKeyRotated, on: &trace) { x throws(EngineError) in try Traces.hadamard(x) } }
        let scale = Equation.indexKeyScale(float8).called(isExtending ? .indexKeyScaleNew : .indexKeyScale)
        let rounded = Equation.indexKey(isRotated: chain.role == .indexKeyRotated)
        return try finish(chain, scale: scale, rounded: rounded, as: isExtending ? .indexKeyNew : .indexKey, on: &trace)
    }

    /// Rounds to FP8 if asked; the last step takes the role `role`.
    private func finish(_ chain: Chain, scale: Equation, rounded: Equation, as role: Role, on trace: inout Recorder) throws(EngineError)
        -> (
            Expression, Expression?
        )
    {
        guard let float8 else { return (try chain.record(called: role, on: &trace), nil) }
        let x = try chain.record(on: &trace)
        let s = try trace.record(scale, blockScale(x, float8, block: dimension), bytesPerValue: 4)
        return (try trace.record(rounded.called(role), Traces.float8(x, scale: s, block: dimension), bytesPerValue: 1), s)
    }

    private func extend(_ cache: Cache?, _ keys: Expression, _ scales: Expression?, on trace: inout Recorder) throws(EngineError) -> (
        Expression, Expression?
    ) {
        let k =
            try cache.map { cache throws(EngineError) in
                try trace.record(.indexKeyCache, concatenated([cache.keys, keys], along: .s), bytesPerValue: float8 == nil ? 8 : 1)
            }
            ?? keys
        if float8 == nil, scalesWeights { return (k, try unitScales(k.shape[.s]!, on: &trace)) }
        guard let scales, let cached = cache?.scales else { return (k, scales) }
        return (k, try trace.record(.indexKeyScaleCache, concatenated([cached, scales], along: .s), bytesPerValue: 4))
    }

    /// The code's form without FP8: every key has the scale 1.
    private func unitScales(_ count: Int, on trace: inout Recorder) throws(EngineError) -> Expression {
        let title = Bilingual(en: "Nothing is rounded: every scale is 1", zh: "没有舍入：缩放都是 1")
        return try trace.input(
            trace.id(.indexKeyScale), "σ^k", Tensor([.s], [count], [Double](repeating: 1, count: count)), title: title)
    }

    private func weights(_ x: Expression, _ qScale: Expression?, on trace: inout Recorder) throws(EngineError) -> Expression {
        let hasFactors = scalesWeights || qScale != nil
        var w = try trace.record(hasFactors ? .indexWeightsProjected : .indexWeightsPlain) { trace throws(EngineError) in
            try linear(x, trace.weight(headWeights, "W^w", [.o, .c])).renaming(.o, to: .j)
        }
        guard hasFactors else { return w }
        if scalesWeights { w = w * Constant(1 / Double(heads).squareRoot(), "\(heads)^-½") }
        if let qScale { w = try w * qScale }
        if scalesWeights { w = w * Constant(1 / Double(dimension).squareRoot(), "\(dimension)^-½") }
        return try trace.record(.indexWeights, w)
    }

    /// [rope | nope]: the first features turn, the others do not.
    private func rotated(_ x: Expression, _ rotary: Rotary, _ positions: [Int], token: Axis) throws(EngineError) -> Expression {
        let turning = 2 * rotary.frequencies.count
        let rope = try Traces.rotary(
            x.slicing(.d, 0..<turning), rotary.layout, positions: positions, frequencies: rotary.frequencies, token: token)
        return turning == dimension ? rope : try concatenated([rope, x.slicing(.d, turning..<dimension)], along: .d)
    }

    private func check(input x: Expression, _ queryInput: (Expression, Axis)) throws(EngineError) {
        guard let width = x.shape[.c], let length = x.shape[.t], length > 0 else {
            throw EngineError(.shape, "input.x", expected: "[t, c] with at least one token", found: "\(x.shape)")
        }
        let queryWidth = queryInput.0.shape[queryInput.1] ?? 0
        for (weight, lengths) in [(query, [heads * dimension, queryWidth]), (key, [dimension, width]), (headWeights, [heads, width])] {
            try weight.check(lengths)
        }
        for weight in [keyNorm?.weight, keyNorm?.bias].compactMap({ $0 }) { try weight.check([dimension]) }
    }
}

/// Optional steps in a row: each is recorded when the next one comes, and the last may take another role.
struct Chain {
    private var pending: Expression
    private var equation: Equation
    /// What the last step is.
    var role: Role { equation.role }

    init(_ expression: Expression, _ equation: Equation) {
        pending = expression
        self.equation = equation
    }

    mutating func then(_ next: Equation, on trace: inout Recorder, _ change: (Expression) throws(EngineError) -> Expression)
        throws(EngineError)
    {
        guard !trace.leavesOut(next.role) else { return }
        pending = try change(trace.record(equation, pending))
        equation = next
    }

    func record(called role: Role? = nil, on trace: inout Recorder) throws(EngineError) -> Expression {
        try trace.record(role.map(equation.called) ?? equation, pending)
    }
}
