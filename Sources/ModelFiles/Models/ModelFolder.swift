// A folder in the Hugging Face layout with a model of Llama architecture: config.json, tokenizer.json, and model.safetensors or several
// files named by model.safetensors.index.json. Whatever the engine would compute differently from the model's authors is a named error.

public import Mechanisms
public import Traces

/// A Llama model's folder: configuration and tokenizer are read at once, weights when they are asked for.
public struct ModelFolder: Sendable {
    /// The path as the reader named it.
    public let path: String
    /// Dimensions and constants.
    public let configuration: LlamaModel.Configuration
    /// Text to token ids and back.
    public let tokenizer: Tokenizer
    /// The token that ends a text, if config.json names one.
    public let endID: Int?
    private let isTied: Bool
    private let hasBiases: Bool

    /// The model, the files that its weights came from, and remarks that a reader should see once.
    public struct Loaded: Sendable {
        /// The model with its weights.
        public let model: LlamaModel
        /// Paths of the files that hold the weights, in order.
        public let weightPaths: [String]
        /// What was not as its configuration says: tensors that were not used, an output layer that differs.
        public let warnings: [String]
    }

    /// Reads config.json and tokenizer.json; throws if either is missing or asks for what is not supported.
    public init(path: String) throws(FileError) {
        let folder = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        let config: Settings
        do throws(FileError) {
            config = try JSONReader.read(path: "\(folder)/config.json") { reader throws(FileError) in
                try Settings(file: "\(folder)/config.json", reader: &reader)
            }
        } catch  where error.kind == .noInput {
            guard let found = ForeignFile.instead(of: "config.json", in: folder) else { throw error }
            throw FileError(.noInput, "\(folder)/config.json", found)
        }
        try Self.checkSupported(config)
        self.path = folder
        configuration = try Self.configuration(config)
        isTied = try config.bool("tie_word_embeddings", default: false)
        hasBiases = try config.bool("attention_bias", default: false)
        endID = if case .integer(let id) = config.fields["eos_token_id"] { id } else { nil }
        tokenizer = try Tokenizer(path: "\(folder)/tokenizer.json")
    }

    private static func checkSupported(_ config: Settings) throws(FileError) {
        guard try config.text("model_type") == "llama" else {
            throw config.failure("model_type", expected: "\"llama\", the only architecture supported")
        }
        guard try config.text("hidden_act", default: "silu") == "silu" else { throw config.failure("hidden_act", expected: "\"silu\"") }
        guard try !config.bool("mlp_bias", default: false) else { throw config.failure("mlp_bias", expected: "false") }
        guard !config.has("auto_map") else {
            throw config.failure("auto_map", expected: "none: this model runs code of its own, which is not known here")
        }
        if case .array(let names) = fields(config, "architectures") {
            for case .string(let name) in names where name != "LlamaForCausalLM" {
                throw config.failure("architectures", expected: "LlamaForCausalLM")
            }
        }
        try checkQuantisation(config)
        try config.refuseOtherThanFullAttention()
        guard try config.number("partial_rotary_factor", default: 1) == 1 else {
            throw config.failure("partial_rotary_factor", expected: "1")
        }
    }

    private static func fields(_ config: Settings, _ name: String) -> JSON { config.fields[name] ?? .null }

    /// FP8 weights with a scale beside each are read; any other quantisation is refused by name.
    private static func checkQuantisation(_ config: Settings) throws(FileError) {
        guard let quantisation = try config.object("quantization_config") else { return }
        let method = try quantisation.text("quant_method", default: "")
        guard method == "compressed-tensors", try quantisation.text("format", default: "") == "float-quantized" else {
            throw quantisation.failure(
                "quant_method", expected: "compressed-tensors with the format float-quantized, the only one understood")
        }
        guard let groups = try quantisation.object("config_groups") else { return }
        for name in groups.names {
            guard let group = try groups.object(name) else { continue }
            guard !group.has("input_activations"), !group.has("output_activations") else {
                throw group.failure("input_activations", expected: "none: activations are not rounded here")
            }
            guard let weights = try group.object("weights") else { continue }
            guard try weights.integer("num_bits") == 8, try weights.text("type") == "float" else {
                throw weights.failure("num_bits", expected: "8 bits of type float")
            }
            guard try weights.bool("symmetric", default: true) else { throw weights.failure("symmetric", expected: "true") }
        }
    }

    private static func configuration(_ config: Settings) throws(FileError) -> LlamaModel.Configuration {
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
        do throws(EngineError) {
            return try LlamaModel.Configuration(
                width: width, hiddenWidth: hidden, layers: layers, heads: heads, keyValueHeads: keyValueHeads, headDimension: head,
                vocabulary: vocabulary, contextLength: context, epsilon: epsilon, ropeTheta: theta)
        } catch {
            throw FileError(.badData, config.file, "\(error)")
        }
    }

    /// Reads the weights; throws if one is missing or does not have the shape that the configuration asks for.
    public func model() throws(FileError) -> LlamaModel { try load().model }

    /// Reads the weights, and says what in the files was not as the configuration says; throws as `model()` does, and for tensors that change what
    /// others mean.
    public func load() throws(FileError) -> Loaded {
        let weights = try WeightFiles(folder: path)
        let (c, f, n) = (configuration.width, configuration.hiddenWidth, configuration.vocabulary)
        func weight(_ name: String, _ shape: [(Axis, Int)]) throws(FileError) -> NamedTensor {
            try weights.weight(name, Shape(shape))
        }
        var layers: [LlamaModel.Layer] = []
        for layer in 0..<configuration.layers {
            let name = "model.layers.\(layer)."
            layers.append(
                LlamaModel.Layer(
                    attentionNorm: try weight(name + "input_layernorm.weight", [(.c, c)]),
                    attention: try attention(name + "self_attn.", weights, weight),
                    feedForwardNorm: try weight(name + "post_attention_layernorm.weight", [(.c, c)]),
                    gate: try weight(name + "mlp.gate_proj.weight", [(.f, f), (.c, c)]),
                    up: try weight(name + "mlp.up_proj.weight", [(.f, f), (.c, c)]),
                    down: try weight(name + "mlp.down_proj.weight", [(.c, c), (.f, f)])))
        }
        let embedding = try weight("model.embed_tokens.weight", [(.n, n), (.c, c)])
        let norm = try weight("model.norm.weight", [(.c, c)])
        var warnings: [String] = []
        var head: NamedTensor?
        if !isTied || weights.contain("lm_head.weight") {
            head = try weight("lm_head.weight", [(.n, n), (.c, c)])
            if isTied, head?.tensor == embedding.tensor { head = nil }
            if isTied, head != nil {
                warnings.append("\(path): config.json ties lm_head.weight to the embedding, but the file has another: the file's is used")
            }
        }
        let unused = try weights.unused()
        if !unused.isEmpty {
            let shown = unused.prefix(4).joined(separator: ", ") + (unused.count > 4 ? " and \(unused.count - 4) more" : "")
            warnings.append("\(path): tensors that were not used: \(shown)")
        }
        do throws(EngineError) {
            let model = try LlamaModel(configuration, embedding: embedding, layers: layers, norm: norm, head: head)
            return Loaded(model: model, weightPaths: weights.paths, warnings: warnings)
        } catch {
            throw FileError(.badData, path, "\(error)")
        }
    }

    private func attention(
        _ name: String, _ files: WeightFiles, _ weight: (String, [(Axis, Int)]) throws(FileError) -> NamedTensor
    ) throws(FileError) -> DenseAttention.Weights {
        let (c, attention) = (configuration.width, configuration.attention)
        let queries = attention.heads * attention.headDimension
        let keys = attention.keyValueHeads * attention.headDimension
        var weights = DenseAttention.Weights(
            query: try weight(name + "q_proj.weight", [(.o, queries), (.c, c)]),
            key: try weight(name + "k_proj.weight", [(.o, keys), (.c, c)]),
            value: try weight(name + "v_proj.weight", [(.o, keys), (.c, c)]),
            output: try weight(name + "o_proj.weight", [(.o, c), (.c, queries)]))
        if hasBiases {
            weights.biases = (
                query: try weight(name + "q_proj.bias", [(.o, queries)]), key: try weight(name + "k_proj.bias", [(.o, keys)]),
                value: try weight(name + "v_proj.bias", [(.o, keys)])
            )
            if files.contain(name + "o_proj.bias") { weights.outputBias = try weight(name + "o_proj.bias", [(.c, c)]) }
        }
        return weights
    }
}
