// The Llama family (Touvron et al. 2023, LLaMA, section 2.2): pre-normalised layers of causal attention with rotary embedding (halves layout, as in the
// Hugging Face weights) and a SwiGLU feed-forward part. Its configuration, its weights by name, and its forward pass, every step recorded.

public import Traces

/// A Llama-style model's dimensions and constants.
public struct Llama: Hashable, Sendable {
    /// Features of a model vector.
    public let width: Int
    /// Hidden units of a feed-forward part.
    public let hiddenWidth: Int
    /// ε of RMSNorm.
    public let epsilon: Double
    /// The attention of every layer.
    public let attention: DenseAttention
    /// Whether the embedding serves as the projection to the vocabulary too.
    public let isTied: Bool
    /// Whether queries, keys and values have a bias, and the output may have one.
    public let hasAttentionBiases: Bool
    private let facts: Architecture.Facts

    /// Checked dimensions; throws if a count is not positive, key-value heads do not divide heads, or a head has an odd number of features.
    public init(
        width: Int, hiddenWidth: Int, layers: Int, heads: Int, keyValueHeads: Int, headDimension: Int, vocabulary: Int, contextLength: Int,
        epsilon: Double, ropeTheta: Double, isTied: Bool, hasAttentionBiases: Bool
    ) throws(EngineError) {
        for (name, count) in [("model width", width), ("hidden width", hiddenWidth)] where count < 1 {
            throw EngineError(.shape, name, expected: "at least 1", found: "\(count)")
        }
        guard epsilon >= 0, epsilon.isFinite else {
            throw EngineError(.value, "ε of RMSNorm", expected: "a number from 0", found: "\(epsilon)")
        }
        attention = try DenseAttention(
            heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension, valueDimension: headDimension, isCausal: true,
            rotary: DenseAttention.Rotary(layout: .half, theta: ropeTheta))
        facts = try Architecture.Facts(
            layers: layers, heads: heads, keyValueHeads: keyValueHeads, vocabulary: vocabulary, contextLength: contextLength)
        self.width = width
        self.hiddenWidth = hiddenWidth
        self.epsilon = epsilon
        self.isTied = isTied
        self.hasAttentionBiases = hasAttentionBiases
    }

    /// The dimensions that a config.json with `"model_type": "llama"` says; throws for whatever would be computed differently from its authors.
    public init(_ config: Settings) throws(FileError) {
        guard try config.text("hidden_act", default: "silu") == "silu" else { throw config.failure("hidden_act", expected: "\"silu\"") }
        guard try !config.bool("mlp_bias", default: false) else { throw config.failure("mlp_bias", expected: "false") }
        for name in try config.texts("architectures") where name != "LlamaForCausalLM" {
            throw config.failure("architectures", expected: "LlamaForCausalLM")
        }
        try config.refuseOtherThanFullAttention()
        try config.refuseOtherThanLlama()
        guard try config.number("partial_rotary_factor", default: 1) == 1 else {
            throw config.failure("partial_rotary_factor", expected: "1")
        }
        let width = try config.integer("hidden_size", atLeast: 1)
        let heads = try config.integer("num_attention_heads", atLeast: 1)
        if !config.has("head_dim"), width % heads != 0 {
            throw config.failure("num_attention_heads", expected: "a divisor of hidden_size \(width), as head_dim is not given")
        }
        let keyValueHeads = try config.integer("num_key_value_heads", atLeast: 1, default: heads)
        guard heads % keyValueHeads == 0 else {
            throw config.failure("num_key_value_heads", expected: "a divisor of \(heads) attention heads")
        }
        let head = try config.integer("head_dim", atLeast: 1, default: width / heads)
        let hidden = try config.integer("intermediate_size", atLeast: 1)
        let (layers, vocabulary) = (try config.integer("num_hidden_layers", atLeast: 1), try config.integer("vocab_size", atLeast: 1))
        let context = try config.integer("max_position_embeddings", atLeast: 1)
        let epsilon = try config.number("rms_norm_eps", default: 1e-6)
        let theta = try RotarySettings(config).theta
        let isTied = try config.bool("tie_word_embeddings", default: false)
        let hasBiases = try config.bool("attention_bias", default: false)
        do throws(EngineError) {
            try self.init(
                width: width, hiddenWidth: hidden, layers: layers, heads: heads, keyValueHeads: keyValueHeads, headDimension: head,
                vocabulary: vocabulary, contextLength: context, epsilon: epsilon, ropeTheta: theta, isTied: isTied,
                hasAttentionBiases: hasBiases)
        } catch {
            throw FileError(.badData, config.file, error.description)
        }
    }

    /// What a model of these dimensions is, but for its weights.
    public var architecture: Architecture {
        let (c, n) = (width, facts.vocabulary)
        return Architecture(
            "Llama", facts,
            embedding: .init([.init("model.embed_tokens.weight", "E", [(.n, n), (.c, c)])], record: embed),
            layer: .init(parameters, record: record),
            unembedding: .init(
                [
                    .init("model.norm.weight", "g", [(.c, c)]),
                    .init("lm_head.weight", "W", [(.n, n), (.c, c)], isTied ? .sharing("model.embed_tokens.weight") : .required),
                ], record: unembed))
    }

    private func parameters(ofLayer n: Int) -> [Architecture.Parameter] {
        let (c, f) = (width, hiddenWidth)
        let queries = attention.heads * attention.headDimension
        let keys = attention.keyValueHeads * attention.headDimension
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
        if hasAttentionBiases {
            all += [
                .init(own + "q_proj.bias", "b_Q", [(.o, queries)]), .init(own + "k_proj.bias", "b_K", [(.o, keys)]),
                .init(own + "v_proj.bias", "b_V", [(.o, keys)]), .init(own + "o_proj.bias", "b_O", [(.c, c)], .optional),
            ]
        }
        return all
    }

    private func embed(_ pass: ForwardPass, _ trace: inout Recorder) throws(EngineError) -> Expression {
        let E = try pass.weights.record("model.embed_tokens.weight", on: &trace)
        return try trace.record(.tokenEmbedding, gathered(E, .n, at: pass.tokenIDs, as: .t))  // [t, c]
    }

    private func record(_ n: Int, _ x: Expression, _ cache: LayerCache?, _ pass: ForwardPass, _ trace: inout Recorder)
        throws(EngineError) -> (output: Expression, cache: LayerCache)
    {
        let w = pass.weights.within("model.layers.\(n).")
        let g_A = try w.record("input_layernorm.weight", on: &trace)
        let z = try trace.record(.attentionNorm, rmsNorm(x, g_A, epsilon: epsilon))
        let (y, kept) = try pass.attend(z, attention, projections(w.within("self_attn.")), cache: cache, on: &trace)
        let r = try trace.record(.residual, x + y)  // [t, c]
        let g_F = try w.record("post_attention_layernorm.weight", on: &trace)
        let u = try trace.record(.feedForwardNorm, rmsNorm(r, g_F, epsilon: epsilon))
        let gate = try trace.record(.gate, linear(u, w.record("mlp.gate_proj.weight", on: &trace)))  // [t, f]
        let up = try trace.record(.up, linear(u, w.record("mlp.up_proj.weight", on: &trace)))  // [t, f]
        let hidden = try trace.record(.hidden, silu(gate) * up)  // [t, f]
        let m = try trace.record(.feedForward, linear(hidden, w.record("mlp.down_proj.weight", on: &trace), over: .f))
        return (try trace.record(.layerOutput, r + m), kept)
    }

    private func projections(_ w: ModelWeights) throws(EngineError) -> DenseAttention.Weights {
        func projection(_ name: String) throws(EngineError) -> DenseAttention.Projection {
            let bias = name + ".bias"
            return .init(try w[name + ".weight"], bias: hasAttentionBiases && w.contain(bias) ? try w[bias] : nil)
        }
        return DenseAttention.Weights(
            query: try projection("q_proj"), key: try projection("k_proj"), value: try projection("v_proj"),
            output: try projection("o_proj"))
    }

    private func unembed(_ x: Expression, _ pass: ForwardPass, _ trace: inout Recorder) throws(EngineError) -> Expression {
        let g = try pass.weights.record("model.norm.weight", on: &trace)
        let z = try trace.record(.finalNorm, rmsNorm(x, g, epsilon: epsilon))
        return try trace.record(.logits, linear(z, pass.weights.record("lm_head.weight", on: &trace)))  // [t, n]
    }
}
