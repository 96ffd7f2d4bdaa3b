// BERT (Devlin et al. 2018, section 3) and encoders built like it, MiniLM among them: every token sees every other, positions and segments are learned,
// and LayerNorm comes after each part of a layer. There are no logits: what an encoder makes of a text is its last hidden states. The pooler and
// heads for one task or another, if a file has them, are not part of that.

package import Traces

/// A BERT encoder's dimensions and its forward pass.
package struct BERT: Sendable {
    /// What becomes of the fields of its config.json.
    package static let rules = FieldRules(
        "bert",
        architectures: [
            "BertModel", "BertForPreTraining", "BertForMaskedLM", "BertForNextSentencePrediction", "BertForSequenceClassification",
            "BertForMultipleChoice", "BertForTokenClassification", "BertForQuestionAnswering",
        ],
        reads: [
            "hidden_act", "hidden_size", "intermediate_size", "layer_norm_eps", "max_position_embeddings", "num_attention_heads",
            "num_hidden_layers", "position_embedding_type", "type_vocab_size",
        ],
        ignores: [
            "attention_probs_dropout_prob", "classifier_dropout", "directionality", "gradient_checkpointing", "hidden_dropout_prob",
            "num_key_value_heads", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head",
            "pooler_type",
        ], refuses: ["is_decoder", "rope_theta", "rope_scaling", "rope_parameters", "head_dim", "embedding_size"])

    private let width: Int
    private let hiddenWidth: Int
    private let epsilon: Double
    private let segments: Int
    private let facts: Architecture.Facts
    private let activation: Activation
    private let attention: DenseAttention

    /// The dimensions that a config.json says; throws for whatever would be computed differently from its authors.
    package init(_ config: Settings) throws(FileError) {
        try Self.rules.check(config)
        try config.refuseOtherThanFullAttention()
        guard try config.text("position_embedding_type", default: "absolute") == "absolute" else {
            throw config.failure("position_embedding_type", expected: "\"absolute\"")
        }
        let width = try config.integer("hidden_size", atLeast: 1)
        let heads = try config.integer("num_attention_heads", atLeast: 1)
        guard width % heads == 0 else { throw config.failure("num_attention_heads", expected: "a divisor of hidden_size \(width)") }
        self.width = width
        hiddenWidth = try config.integer("intermediate_size", atLeast: 1)
        epsilon = try config.number("layer_norm_eps", default: 1e-12)
        guard epsilon >= 0, epsilon.isFinite else { throw config.failure("layer_norm_eps", expected: "a number from 0") }
        segments = try config.integer("type_vocab_size", atLeast: 1, default: 2)
        activation = try Activation(config, "hidden_act", default: "gelu")
        let (layers, vocabulary) = (try config.integer("num_hidden_layers", atLeast: 1), try config.integer("vocab_size", atLeast: 1))
        let positions = try config.integer("max_position_embeddings", atLeast: 1)
        do throws(EngineError) {
            facts = try Architecture.Facts(
                layers: layers, heads: heads, keyValueHeads: heads, vocabulary: vocabulary, contextLength: positions)
            attention = try DenseAttention(
                heads: heads, keyValueHeads: heads, headDimension: width / heads, valueDimension: width / heads, isCausal: false,
                rotary: nil)
        } catch {
            throw FileError(.badData, config.file, error.description)
        }
    }

    /// What a model of these dimensions is, but for its weights.
    package var architecture: Architecture {
        let (c, name) = (width, "bert.embeddings.")
        return Architecture(
            "BERT", facts, prefix: "bert.", longestCached: 0,
            embedding: .init(
                [
                    .init(name + "word_embeddings.weight", "E", [(.n, facts.vocabulary), (.c, c)]),
                    .init(name + "token_type_embeddings.weight", "T", [(.p, segments), (.c, c)]),
                    .init(name + "position_embeddings.weight", "P", [(.p, facts.contextLength), (.c, c)]),
                    .init(name + "LayerNorm.weight", "g", [(.c, c)]), .init(name + "LayerNorm.bias", "b", [(.c, c)]),
                ], record: embed),
            layer: .init(parameters, record: record),
            unembedding: .init([], head: nil) { (x, _, trace) throws(EngineError) in try trace.record(.hiddenStates("x"), x) })
    }

    private func parameters(ofLayer n: Int) -> [Architecture.Parameter] {
        let (c, f, name) = (width, hiddenWidth, "bert.encoder.layer.\(n).")
        var all: [Architecture.Parameter] = []
        func add(_ part: String, _ weight: (String, [(Axis, Int)]), _ bias: (String, Axis, Int)) {
            all.append(.init(name + part + ".weight", weight.0, weight.1))
            all.append(.init(name + part + ".bias", bias.0, [(bias.1, bias.2)]))
        }
        for (part, symbol) in [("query", "Q"), ("key", "K"), ("value", "V")] {
            add("attention.self." + part, ("W_" + symbol, [(.o, c), (.c, c)]), ("b_" + symbol, .o, c))
        }
        add("attention.output.dense", ("W_O", [(.o, c), (.c, c)]), ("b_O", .c, c))
        add("attention.output.LayerNorm", ("g", [(.c, c)]), ("b", .c, c))
        add("intermediate.dense", ("W_1", [(.f, f), (.c, c)]), ("b_1", .f, f))
        add("output.dense", ("W_2", [(.c, c), (.f, f)]), ("b_2", .c, c))
        add("output.LayerNorm", ("g", [(.c, c)]), ("b", .c, c))
        return all
    }

    private func embed(_ pass: ForwardPass, _ trace: inout Recorder) throws(EngineError) -> Expression {
        let w = pass.weights.within("bert.embeddings.")
        let (ids, count) = (pass.tokenIDs, pass.tokenIDs.count)
        let E = try w.record("word_embeddings.weight", on: &trace)
        // One text is one segment, the first.
        let T = try w.record("token_type_embeddings.weight", on: &trace)
        let P = try w.record("position_embeddings.weight", on: &trace)
        let e = try trace.record(
            .embeddingWithPositionAndType,
            gathered(E, .n, at: ids, as: .t) + gathered(T, .p, at: [Int](repeating: 0, count: count), as: .t)
                + gathered(P, .p, at: Array(0..<count), as: .t))  // [t, c]
        return try w.recordLayerNorm(.embeddingNorm, e, "LayerNorm", epsilon: epsilon, on: &trace)
    }

    private func record(_ n: Int, _ x: Expression, _ cache: LayerCache?, _ pass: ForwardPass, _ trace: inout Recorder)
        throws(EngineError) -> (output: Expression, cache: LayerCache)
    {
        let w = pass.weights.within("bert.encoder.layer.\(n).")
        func map(_ name: String) throws(EngineError) -> DenseAttention.Projection {
            .init(try w[name + ".weight"], bias: try w[name + ".bias"])
        }
        let maps = DenseAttention.Weights(
            query: try map("attention.self.query"), key: try map("attention.self.key"), value: try map("attention.self.value"),
            output: try map("attention.output.dense"))
        let (y, kept) = try pass.attend(x, attention, maps, cache: cache, on: &trace)
        let r = try trace.record(.residual, x + y)  // [t, c]
        let u = try w.recordLayerNorm(.residualLayerNorm, r, "attention.output.LayerNorm", epsilon: epsilon, on: &trace)
        let b = try trace.record(.hiddenSums, w.recordMap(u, "intermediate.dense", on: &trace))  // [t, f]
        let f = try trace.record(.hiddenUnits(activation), activation(b))
        let m = try trace.record(.feedForwardSum, w.recordMap(f, "output.dense", over: .f, on: &trace))
        let s = try trace.record(.feedForwardResidual, u + m)
        return (try w.recordLayerNorm(.layerOutputNorm, s, "output.LayerNorm", epsilon: epsilon, on: &trace), kept)
    }
}
