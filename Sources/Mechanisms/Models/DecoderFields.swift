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
    /// The dimensions that a config.json says, with a family's own defaults where the file is silent: the activation, the features of
    /// a head, the key-value heads, and whether the embedding is the output too.
    init(
        _ name: String, _ config: Settings, _ rules: FieldRules, activation field: String = "hidden_act", usualActivation: String = "silu",
        usualHead: Int? = nil, usualKeyValueHeads: Int? = nil, isUsuallyTied: Bool = false
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
        let heads = try config.integer("num_attention_heads", atLeast: 1)
        if !config.has("head_dim"), usualHead == nil, width % heads != 0 {
            throw config.failure("num_attention_heads", expected: "a divisor of hidden_size \(width), as head_dim is not given")
        }
        // A field that is null means as many as heads, a missing one the authors' default.
        let usual = config.fields["num_key_value_heads"] == nil ? usualKeyValueHeads ?? heads : heads
        let keyValueHeads = try config.integer("num_key_value_heads", atLeast: 1, default: usual)
        guard heads % keyValueHeads == 0 else {
            throw config.failure("num_key_value_heads", expected: "a divisor of \(heads) attention heads")
        }
        let head = try config.integer("head_dim", atLeast: 1, default: usualHead ?? width / heads)
        let hidden = try config.integer("intermediate_size", atLeast: 1)
        let (layers, vocabulary) = (try config.integer("num_hidden_layers", atLeast: 1), try config.integer("vocab_size", atLeast: 1))
        let positionsTrained = try config.integer("max_position_embeddings", atLeast: 1)
        let rope = try RotaryScaling(config, length: positionsTrained)
        let epsilon = try config.number("rms_norm_eps", default: 1e-6)
        let isTied = try config.bool("tie_word_embeddings", default: isUsuallyTied)
        do throws(EngineError) {
            try self.init(
                name, width: width, hiddenWidth: hidden, layers: layers, heads: heads, keyValueHeads: keyValueHeads, headDimension: head,
                vocabulary: vocabulary, contextLength: rope.contextLength(trained: positionsTrained), epsilon: epsilon, rope: rope,
                isTied: isTied)
        } catch {
            throw FileError(.badData, config.file, error.description)
        }
        self.activation = activation
    }

    /// What attention the layers have, by `layer_types`; nil where the file does not say. Throws, naming it, for a kind that is none of both and for
    /// a list of another length.
    static func layersWithWindow(_ config: Settings) throws(FileError) -> [Bool]? {
        guard config.has("layer_types") else { return nil }
        let kinds = try config.texts("layer_types")
        for kind in kinds where kind != "full_attention" && kind != "attention" && kind != "sliding_attention" {
            throw config.failure("layer_types", expected: "full_attention or sliding_attention in every layer; \(kind) is not computed")
        }
        let layers = try config.integer("num_hidden_layers", atLeast: 1)
        guard kinds.count == layers else { throw config.failure("layer_types", expected: "\(layers) kinds, as num_hidden_layers says") }
        return kinds.map { $0 == "sliding_attention" }
    }
}
