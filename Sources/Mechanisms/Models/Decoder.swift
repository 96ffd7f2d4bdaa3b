// A pre-normalised decoder with a gated feed-forward part (Touvron et al. 2023, LLaMA, section 2.2), as most families of language models are: causal
// attention with rotary embedding (halves layout, as in the Hugging Face weights), RMSNorm, and a SwiGLU or GeGLU. What a family has besides is said
// here as a fact; its forward pass is the same, every step recorded.

public import Traces

/// A decoder's dimensions, constants and facts.
public struct Decoder: Sendable {
    /// Which maps of attention have a bias.
    public enum AttentionBiases: Hashable, Sendable {
        /// None.
        case none
        /// Queries, keys and values.
        case inputs
        /// Those, and the output if the file has one.
        case all
    }

    /// The family as people call it.
    public let name: String
    /// Features of a model vector.
    public let width: Int
    /// Hidden units of a feed-forward part.
    public let hiddenWidth: Int
    /// Features of a head.
    public let headDimension: Int
    /// ε of RMSNorm.
    public let epsilon: Double
    /// How positions turn queries and keys.
    public let rope: RotaryScaling
    /// Whether the embedding serves as the projection to the vocabulary too.
    public let isTied: Bool
    private let facts: Architecture.Facts

    /// Which maps of attention have a bias.
    public var attentionBiases = AttentionBiases.none
    /// Whether the maps of the feed-forward part have a bias.
    public var hasFeedForwardBiases = false
    /// How many keys a query of layer n sees; nil for all up to itself.
    public var window: @Sendable (_ n: Int) -> Int? = { _ in nil }
    /// What dot products are divided by; nil for the root of a head's features.
    public var scoreDivisor: Constant?
    /// The soft cap of scores.
    public var scoreCap: Double?
    /// The soft cap of logits.
    public var logitCap: Double?
    /// Whether queries and keys of each head are normalised before they turn (Qwen3).
    public var normalisesHeads = false
    /// Whether weights of norms are stored as what they have beyond 1 (Gemma).
    public var normWeightsAreBeyondOne = false
    /// Whether the outputs of attention and of the feed-forward part are normalised before they are added (Gemma 2).
    public var normalisesOutputs = false
    /// Whether embeddings are multiplied by the root of the width (Gemma).
    public var scalesEmbedding = false
    /// The activation of the gate.
    public var activation = Activation.silu

    /// Checked dimensions; throws if a count is not positive, key-value heads do not divide heads, or a head has an odd number of features.
    public init(
        _ name: String, width: Int, hiddenWidth: Int, layers: Int, heads: Int, keyValueHeads: Int, headDimension: Int, vocabulary: Int,
        contextLength: Int, epsilon: Double, rope: RotaryScaling, isTied: Bool
    ) throws(EngineError) {
        for (name, count) in [("model width", width), ("hidden width", hiddenWidth)] where count < 1 {
            throw EngineError(.shape, name, expected: "at least 1", found: "\(count)")
        }
        guard epsilon >= 0, epsilon.isFinite else {
            throw EngineError(.value, "ε of RMSNorm", expected: "a number from 0", found: "\(epsilon)")
        }
        facts = try Architecture.Facts(
            layers: layers, heads: heads, keyValueHeads: keyValueHeads, vocabulary: vocabulary, contextLength: contextLength)
        self.name = name
        self.width = width
        self.hiddenWidth = hiddenWidth
        self.headDimension = headDimension
        self.epsilon = epsilon
        self.rope = rope
        self.isTied = isTied
        _ = try DenseAttention(
            heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension, valueDimension: headDimension, isCausal: true,
            rotary: .init(layout: .half, theta: rope.theta))
    }

    /// The attention of layer `n` in a text of `length` tokens.
    public func attention(ofLayer n: Int, length: Int) throws(EngineError) -> DenseAttention {
        try DenseAttention(
            heads: facts.heads, keyValueHeads: facts.keyValueHeads, headDimension: headDimension, valueDimension: headDimension,
            isCausal: true, rotary: try rope.rotary(dimension: headDimension, length: length), window: window(n), divisor: scoreDivisor)
    }

    /// What a model of these facts is, but for its weights.
    public var architecture: Architecture {
        let (c, n) = (width, facts.vocabulary)
        return Architecture(
            name, facts, prefix: "model.", longestCached: rope.longestCached,
            embedding: .init([.init("model.embed_tokens.weight", "E", [(.n, n), (.c, c)])], record: embed),
            layer: .init(parameters, record: record),
            unembedding: .init(
                [
                    .init("model.norm.weight", "g", [(.c, c)]),
                    .init("lm_head.weight", "W", [(.n, n), (.c, c)], isTied ? .sharing("model.embed_tokens.weight") : .head),
                ], head: "lm_head.weight", record: unembed))
    }

    private func parameters(ofLayer n: Int) -> [Architecture.Parameter] {
        let (c, f) = (width, hiddenWidth)
        let queries = facts.heads * headDimension
        let keys = facts.keyValueHeads * headDimension
        let name = "model.layers.\(n)."
        let own = name + "self_attn."
        var all: [Architecture.Parameter] = [
            .init(name + "input_layernorm.weight", "g", [(.c, c)]),
            .init(own + "q_proj.weight", "W_Q", [(.o, queries), (.c, c)]),
            .init(own + "k_proj.weight", "W_K", [(.o, keys), (.c, c)]),
            .init(own + "v_proj.weight", "W_V", [(.o, keys), (.c, c)]),
            .init(own + "o_proj.weight", "W_O", [(.o, c), (.c, queries)]),
            .init(name + "post_attention_layernorm.weight", "g", [(.c, c)]),
            .init(name + "mlp.gate_proj.weight", "W_G", [(.f, f), (.c, c)]),
            .init(name + "mlp.up_proj.weight", "W_U", [(.f, f), (.c, c)]),
            .init(name + "mlp.down_proj.weight", "W_D", [(.c, c), (.f, f)]),
        ]
        if attentionBiases != .none {
            all += [
                .init(own + "q_proj.bias", "b_Q", [(.o, queries)]), .init(own + "k_proj.bias", "b_K", [(.o, keys)]),
                .init(own + "v_proj.bias", "b_V", [(.o, keys)]),
            ]
        }
        if attentionBiases == .all { all.append(.init(own + "o_proj.bias", "b_O", [(.c, c)], .optional)) }
        if normalisesHeads {
            all += [.init(own + "q_norm.weight", "g_Q", [(.d, headDimension)]), .init(own + "k_norm.weight", "g_K", [(.d, headDimension)])]
        }
        if normalisesOutputs {
            all += [
                .init(name + "pre_feedforward_layernorm.weight", "g", [(.c, c)]),
                .init(name + "post_feedforward_layernorm.weight", "g", [(.c, c)]),
            ]
        }
        if hasFeedForwardBiases {
            all += [
                .init(name + "mlp.gate_proj.bias", "b_G", [(.f, f)]), .init(name + "mlp.up_proj.bias", "b_U", [(.f, f)]),
                .init(name + "mlp.down_proj.bias", "b_D", [(.c, c)]),
            ]
        }
        return all
    }

    private func embed(_ pass: ForwardPass, _ trace: inout Recorder) throws(EngineError) -> Expression {
        let E = try pass.weights.record("model.embed_tokens.weight", on: &trace)
        let e = try gathered(E, .n, at: pass.tokenIDs, as: .t)
        guard scalesEmbedding else { return try trace.record(.tokenEmbedding, e) }  // [t, c]
        return try trace.record(.scaledEmbedding, e * Constant.root(width))  // [t, c]
    }

    private func record(_ n: Int, _ x: Expression, _ cache: LayerCache?, _ pass: ForwardPass, _ trace: inout Recorder)
        throws(EngineError) -> (output: Expression, cache: LayerCache)
    {
        let w = pass.weights.within("model.layers.\(n).")
        let attention = try attention(ofLayer: n, length: pass.past + pass.tokenIDs.count)
        let z = try norm(.attentionNorm, x, w, "input_layernorm", &trace)
        var (y, kept) = try pass.attend(z, attention, projections(w.within("self_attn.")), cache: cache, on: &trace)
        if normalisesOutputs { y = try norm(.attentionOutputNorm, y, w, "post_attention_layernorm", &trace) }
        let r = try trace.record(normalisesOutputs ? .residualOfNormalised : .residual, x + y)  // [t, c]
        let before = normalisesOutputs ? "pre_feedforward_layernorm" : "post_attention_layernorm"
        let u = try norm(.feedForwardNorm, r, w, before, &trace)
        let gate = try trace.record(.gate(activation), map(u, w, "mlp.gate_proj", &trace))  // [t, f]
        let up = try trace.record(.up, map(u, w, "mlp.up_proj", &trace))  // [t, f]
        let hidden = try trace.record(.hidden(activation), activation(gate) * up)  // [t, f]
        var m = try trace.record(.feedForward, map(hidden, w, "mlp.down_proj", over: .f, &trace))
        if normalisesOutputs { m = try norm(.feedForwardOutputNorm, m, w, "post_feedforward_layernorm", &trace) }
        return (try trace.record(normalisesOutputs ? .layerOutputOfNormalised : .layerOutput, r + m), kept)
    }

    /// RMSNorm as the family stores it.
    private func norm(_ equation: Equation, _ x: Expression, _ w: ModelWeights, _ name: String, _ trace: inout Recorder)
        throws(EngineError) -> Expression
    {
        let g = try w.record(name + ".weight", on: &trace)
        let axis = g.shape.axes[0]
        return try trace.record(
            normWeightsAreBeyondOne ? equation.beyondOne : equation,
            rmsNorm(x, g, epsilon: epsilon, over: axis, weightsAreBeyondOne: normWeightsAreBeyondOne))
    }

    /// A map of the feed-forward part, with its bias where the family has one.
    private func map(_ x: Expression, _ w: ModelWeights, _ name: String, over axis: Axis = .c, _ trace: inout Recorder) throws(EngineError)
        -> Expression
    {
        let y = try linear(x, w.record(name + ".weight", on: &trace), over: axis)
        return try hasFeedForwardBiases ? y + w.record(name + ".bias", on: &trace) : y
    }

    private func projections(_ w: ModelWeights) throws(EngineError) -> DenseAttention.Weights {
        func projection(_ name: String) throws(EngineError) -> DenseAttention.Projection {
            let bias = name + ".bias"
            return .init(try w[name + ".weight"], bias: w.contain(bias) ? try w[bias] : nil)
        }
        var weights = DenseAttention.Weights(
            query: try projection("q_proj"), key: try projection("k_proj"), value: try projection("v_proj"),
            output: try projection("o_proj"))
        if normalisesHeads {
            weights.changeOfQueries = { (q, trace) throws(EngineError) in try norm(.queryNorm, q, w, "q_norm", &trace) }
            weights.changeOfKeys = { (k, trace) throws(EngineError) in try norm(.keyNorm, k, w, "k_norm", &trace) }
        }
        if let scoreCap {
            weights.changeOfScores = { (Z, trace) throws(EngineError) in
                try trace.record(.cappedScores, softCapped(Z.spelledOut, at: scoreCap))
            }
        }
        return weights
    }

    private func unembed(_ x: Expression, _ pass: ForwardPass, _ trace: inout Recorder) throws(EngineError) -> Expression {
        let z = try norm(.finalNorm, x, pass.weights, "model.norm", &trace)
        guard pass.weights.contain("lm_head.weight") else { return try trace.record(.hiddenStates("z"), z) }
        let L = try linear(z, pass.weights.record("lm_head.weight", on: &trace))  // [t, n]
        guard let logitCap else { return try trace.record(.logits, L) }
        return try trace.record(.cappedLogits, softCapped(trace.record(.logitsBeforeCap, L), at: logitCap))
    }
}
