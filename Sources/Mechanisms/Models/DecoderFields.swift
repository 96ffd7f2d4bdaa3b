// What the families of gated decoders have in common in their config.json, as Hugging Face writes it.

import Traces

extension FieldRules {
    /// Rules of a family whose configuration says a gated decoder; `name` is what its authors' classes begin with.
    static func decoder(_ modelType: String, _ name: String, reads own: [String] = [], ignores: [String] = []) -> FieldRules {
        FieldRules(
            modelType, architectures: ["\(name)ForCausalLM", "\(name)Model"],
            reads: [
                "head_dim", "hidden_act", "hidden_activation", "hidden_size", "intermediate_size", "layer_types", "max_position_embeddings",
                "num_attention_heads", "num_hidden_layers", "num_key_value_heads", "original_max_position_embeddings",
                "partial_rotary_factor", "position_embedding_type", "rms_norm_eps", "rope_parameters", "rope_scaling", "rope_theta",
            ] + own, ignores: ignores)
    }
}

extension Decoder {
    /// The dimensions that a config.json says, with a family's own defaults where the file is silent: of its attention, the activation, and whether the
    /// embedding is the output too.
    init(
        _ name: String, _ config: Settings, _ rules: FieldRules, _ attention: AttentionFields, activation field: String = "hidden_act",
        usualActivation: String = "silu", isUsuallyTied: Bool = false
    ) throws(FileError) {
        try rules.check(config)
        try config.refuseOtherLayers()
        let activation = try Activation(config, field, default: usualActivation)
        if field == "hidden_act", config.has("hidden_activation"),
            try Activation(config, "hidden_activation", default: usualActivation) != activation
        {
            throw config.failure("hidden_activation", expected: "what hidden_act says, or \"\(usualActivation)\"")
        }
        let positions = ["rope", "rotary"]
        if config.has("position_embedding_type"), !positions.contains(try config.text("position_embedding_type")) {
            throw config.failure("position_embedding_type", expected: "\"rope\"")
        }
        let width = try config.integer("hidden_size", atLeast: 1)
        let heads = try attention.heads(config, width: width)
        let hidden = try config.integer("intermediate_size", atLeast: 1)
        let (layers, vocabulary) = (try config.integer("num_hidden_layers", atLeast: 1), try config.integer("vocab_size", atLeast: 1))
        let positionsTrained = try config.integer("max_position_embeddings", atLeast: 1)
        let rope = try RotaryScaling(config, length: positionsTrained)
        let epsilon = try config.number("rms_norm_eps", default: 1e-6)
        let isTied = try config.bool("tie_word_embeddings", default: isUsuallyTied)
        do throws(EngineError) {
            try self.init(
                name, width: width, hiddenWidth: hidden, layers: layers, heads: heads.count,
                keyValueHeads: heads.keyValue, headDimension: heads.dimension, vocabulary: vocabulary,
                contextLength: rope.contextLength(trained: positionsTrained), epsilon: epsilon, rope: rope,
                isTied: isTied)
        } catch {
            throw FileError(.badData, config.file, error.description)
        }
        self.activation = activation
        window = try attention.window(config)
    }
}
