// GPT-2 (Radford et al. 2019, Language Models are Unsupervised Multitask Learners, section 2.3): pre-normalised layers with LayerNorm and learned
// positions, maps stored with inputs in rows, and queries, keys and values in one of them. Every step is recorded.

package import Traces

/// GPT-2's dimensions and its forward pass.
package struct GPT2: Sendable {
    /// What becomes of the fields of its config.json. The authors' code reads no `intermediate_size` and no `num_key_value_heads`, and `n_ctx` no more.
    package static let rules = FieldRules(
        "gpt2", architectures: ["GPT2LMHeadModel", "GPT2Model", "GPT2DoubleHeadsModel"],
        reads: names.flatMap { [$0.own, $0.other] } + [
            "activation_function", "layer_norm_epsilon", "n_inner", "scale_attn_by_inverse_layer_idx", "scale_attn_weights",
        ],
        ignores: [
            "intermediate_size", "n_ctx", "num_key_value_heads", "reorder_and_upcast_attn", "summary_activation", "summary_first_dropout",
            "summary_proj_to_labels", "summary_type", "summary_use_proj",
        ], refuses: ["rope_theta", "rope_scaling", "rope_parameters", "head_dim"])

    /// GPT-2's names of sizes, and what other families call them: its authors' code reads both.
    private static let names: [(own: String, other: String)] = [
        ("n_embd", "hidden_size"), ("n_head", "num_attention_heads"), ("n_layer", "num_hidden_layers"),
        ("n_positions", "max_position_embeddings"),
    ]

    private let width: Int
    private let hiddenWidth: Int
    private let epsilon: Double
    private let facts: Architecture.Facts
    private let activation: Activation
    private let isTied: Bool
    /// Whether dot products are divided by the root of a head's features.
    private let isScaled: Bool
    /// Whether they are divided by the number of the layer, from 1, too.
    private let isScaledByLayer: Bool

    /// Features of a token, heads and layers, by either name, each at least 1; throws, naming the field, unless heads divide the features.
    package static func sizes(_ config: Settings) throws(FileError) -> (width: Int, heads: Int, layers: Int) {
        let (width, heads) = (try size("n_embd", config), try size("n_head", config))
        guard width % heads == 0 else { throw config.failure("n_head", expected: "a divisor of n_embd \(width)") }
        return (width, heads, try size("n_layer", config))
    }

    private static func size(_ own: String, _ config: Settings) throws(FileError) -> Int {
        let other = names.first { $0.own == own }!.other
        guard config.has(own), config.has(other) else { return try config.integer(config.has(other) ? other : own, atLeast: 1) }
        let size = try config.integer(own, atLeast: 1)
        guard try config.integer(other) == size else { throw config.failure(other, expected: "\(size), as \(own) says") }
        return size
    }

    /// The dimensions that a config.json says; throws for whatever would be computed differently from its authors.
    package init(_ config: Settings) throws(FileError) {
        try Self.rules.check(config)
        try config.refuseOtherThanFullAttention()
        let (heads, layers): (Int, Int)
        (width, heads, layers) = try Self.sizes(config)
        hiddenWidth = try config.integer("n_inner", atLeast: 1, default: 4 * width)
        epsilon = try config.number("layer_norm_epsilon", default: 1e-5)
        guard epsilon >= 0, epsilon.isFinite else { throw config.failure("layer_norm_epsilon", expected: "a number from 0") }
        activation = try Activation(config, "activation_function", default: "gelu_new")
        isTied = try config.bool("tie_word_embeddings", default: true)
        isScaled = try config.bool("scale_attn_weights", default: true)
        isScaledByLayer = try config.bool("scale_attn_by_inverse_layer_idx", default: false)
        let vocabulary = try config.integer("vocab_size", atLeast: 1)
        let positions = try Self.size("n_positions", config)
        do throws(EngineError) {
            facts = try Architecture.Facts(
                layers: layers, heads: heads, keyValueHeads: heads, vocabulary: vocabulary, contextLength: positions)
        } catch {
            throw FileError(.badData, config.file, error.description)
        }
    }

    /// What a model of these dimensions is, but for its weights.
    package var architecture: Architecture {
        let (c, n) = (width, facts.vocabulary)
        return Architecture(
            "GPT-2", facts, prefix: "transformer.",
            embedding: .init(
                [
                    .init("transformer.wte.weight", "E", [(.n, n), (.c, c)]),
                    .init("transformer.wpe.weight", "P", [(.p, facts.contextLength), (.c, c)]),
                ], record: embed),
            layer: .init(parameters, record: record),
            unembedding: .init(
                [
                    .init("transformer.ln_f.weight", "g", [(.c, c)]), .init("transformer.ln_f.bias", "b", [(.c, c)]),
                    .init("lm_head.weight", "W", [(.n, n), (.c, c)], isTied ? .sharing("transformer.wte.weight") : .head),
                ], head: "lm_head.weight", record: unembed))
    }

    private func parameters(ofLayer n: Int) -> [Architecture.Parameter] {
        let (c, f, name) = (width, hiddenWidth, "transformer.h.\(n).")
        return [
            .init(name + "ln_1.weight", "g", [(.c, c)]), .init(name + "ln_1.bias", "b", [(.c, c)]),
            .init(name + "attn.c_attn.weight", "W_QKV", [(.c, c), (.o, 3 * c)]), .init(name + "attn.c_attn.bias", "b_QKV", [(.o, 3 * c)]),
            .init(name + "attn.c_proj.weight", "W_O", [(.c, c), (.o, c)]), .init(name + "attn.c_proj.bias", "b_O", [(.c, c)]),
            .init(name + "ln_2.weight", "g", [(.c, c)]), .init(name + "ln_2.bias", "b", [(.c, c)]),
            .init(name + "mlp.c_fc.weight", "W_1", [(.c, c), (.f, f)]), .init(name + "mlp.c_fc.bias", "b_1", [(.f, f)]),
            .init(name + "mlp.c_proj.weight", "W_2", [(.f, f), (.c, c)]), .init(name + "mlp.c_proj.bias", "b_2", [(.c, c)]),
        ]
    }

    private func attention(ofLayer n: Int) throws(EngineError) -> DenseAttention {
        let d = width / facts.heads
        let root = isScaled ? Constant.root(d) : Constant(1)
        return try DenseAttention(
            heads: facts.heads, keyValueHeads: facts.heads, headDimension: d, valueDimension: d, isCausal: true, rotary: nil,
            divisor: isScaledByLayer ? Constant(root.value * Double(n + 1), "(\(root.text)·\(n + 1))") : root)
    }

    private func embed(_ pass: ForwardPass, _ trace: inout Recorder) throws(EngineError) -> Expression {
        let E = try pass.weights.record("transformer.wte.weight", on: &trace)
        let P = try pass.weights.record("transformer.wpe.weight", on: &trace)
        let positions = Array(pass.past..<pass.past + pass.tokenIDs.count)
        return try trace.record(
            .embeddingWithPosition, gathered(E, .n, at: pass.tokenIDs, as: .t) + gathered(P, .p, at: positions, as: .t))  // [t, c]
    }

    private func record(_ n: Int, _ x: Expression, _ cache: LayerCache?, _ pass: ForwardPass, _ trace: inout Recorder)
        throws(EngineError) -> (output: Expression, cache: LayerCache)
    {
        let w = pass.weights.within("transformer.h.\(n).")
        let z = try w.recordLayerNorm(.attentionLayerNorm, x, "ln_1", epsilon: epsilon, on: &trace)
        let (fused, bias) = (try w["attn.c_attn.weight"], try w["attn.c_attn.bias"])
        func part(_ i: Int) -> DenseAttention.Projection {
            .init(transposed: fused, bias: bias, outputs: i * width..<(i + 1) * width, symbol: "QKV")
        }
        let maps = DenseAttention.Weights(
            query: part(0), key: part(1), value: part(2),
            output: .init(transposed: try w["attn.c_proj.weight"], bias: try w["attn.c_proj.bias"]))
        let (y, kept) = try pass.attend(z, attention(ofLayer: n), maps, cache: cache, on: &trace)
        let r = try trace.record(.residual, x + y)  // [t, c]
        let u = try w.recordLayerNorm(.feedForwardLayerNorm, r, "ln_2", epsilon: epsilon, on: &trace)
        let b = try trace.record(.hiddenSums, w.recordMap(u, "mlp.c_fc", on: &trace))  // [t, f]
        let f = try trace.record(.hiddenUnits(activation), activation(b))
        let m = try trace.record(.feedForwardSum, w.recordMap(f, "mlp.c_proj", over: .f, on: &trace))
        return (try trace.record(.layerOutput, r + m), kept)
    }

    private func unembed(_ x: Expression, _ pass: ForwardPass, _ trace: inout Recorder) throws(EngineError) -> Expression {
        let w = pass.weights
        let z = try w.recordLayerNorm(.finalLayerNorm, x, "transformer.ln_f", epsilon: epsilon, on: &trace)
        guard w.contain("lm_head.weight") else { return try trace.record(.hiddenStates("z"), z) }
        return try trace.record(.logits, linear(z, w.record("lm_head.weight", on: &trace)))  // [t, n]
    }
}

extension ModelWeights {
    /// Records LayerNorm of `x` with the weight and the bias called `name`.
    func recordLayerNorm(_ equation: Equation, _ x: Expression, _ name: String, epsilon: Double, on trace: inout Recorder)
        throws(EngineError) -> Expression
    {
        let (g, b) = (try record(name + ".weight", on: &trace), try record(name + ".bias", on: &trace))
        return try trace.record(equation, layerNorm(x, g, b, epsilon: epsilon, over: .c))
    }

    /// `x` through the map called `name`, its weight and its bias recorded.
    func recordMap(_ x: Expression, _ name: String, over axis: Axis = .c, on trace: inout Recorder) throws(EngineError) -> Expression {
        let y = try linear(x, record(name + ".weight", on: &trace), over: axis)
        return try y + record(name + ".bias", on: &trace)
    }
}
