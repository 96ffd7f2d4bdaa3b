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

    /// Reads config.json and tokenizer.json; throws if either is missing or asks for what is not supported.
    public init(path: String) throws(FileError) {
        let folder = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        let config = try JSONReader.read(path: "\(folder)/config.json") { reader throws(FileError) in
            try Settings(file: "\(folder)/config.json", reader: &reader)
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
        for name in ["rope_scaling", "rope_parameters"] {
            guard let rope = try config.object(name) else { continue }
            let kind = try rope.text("rope_type", default: try rope.text("type", default: "default"))
            guard kind == "default" else {
                throw FileError(.badData, config.file, "\(name): expected none or \"default\", found \"\(kind)\"")
            }
        }
        guard try config.number("partial_rotary_factor", default: 1) == 1 else {
            throw config.failure("partial_rotary_factor", expected: "1")
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
        // Newer files keep the base among rope_parameters.
        let theta = try (config.object("rope_parameters") ?? config).number("rope_theta", default: 10000)
        do throws(EngineError) {
            return try LlamaModel.Configuration(
                width: width, hiddenWidth: hidden, layers: layers, heads: heads, keyValueHeads: keyValueHeads, headDimension: head,
                vocabulary: vocabulary, contextLength: context, epsilon: epsilon, ropeTheta: theta)
        } catch {
            throw FileError(.badData, config.file, "\(error)")
        }
    }

    /// Reads the weights; throws if one is missing or does not have the shape that the configuration asks for.
    public func model() throws(FileError) -> LlamaModel {
        let weights = try WeightFiles(folder: path)
        let (c, f, n) = (configuration.width, configuration.hiddenWidth, configuration.vocabulary)
        func weight(_ name: String, _ shape: [(Axis, Int)]) throws(FileError) -> NamedTensor {
            NamedTensor(name, try weights.file(holding: name).tensor(name, Shape(shape)))
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
        let head = isTied ? nil : try weight("lm_head.weight", [(.n, n), (.c, c)])
        do throws(EngineError) {
            return try LlamaModel(configuration, embedding: embedding, layers: layers, norm: norm, head: head)
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

/// The one or several safetensors files of a model, and which tensor is in which.
private struct WeightFiles {
    private let single: Safetensors?
    private var files: [String: Safetensors] = [:]
    private var fileNames: [String: String] = [:]
    private let index: String

    init(folder: String) throws(FileError) {
        index = "\(folder)/model.safetensors.index.json"
        let whole = "\(folder)/model.safetensors"
        do throws(FileError) {
            single = try Safetensors(path: whole)
            return
        } catch  where error.kind != .noInput {
            throw error
        } catch {
            single = nil
        }
        let map: Settings
        do throws(FileError) {
            let index = index
            let settings = try JSONReader.read(path: index) { reader throws(FileError) in try Settings(file: index, reader: &reader) }
            guard let found = try settings.object("weight_map") else { throw settings.failure("weight_map", expected: "an object") }
            map = found
        } catch  where error.kind == .noInput {
            throw FileError(.noInput, whole, "there is no such file, and no model.safetensors.index.json beside it")
        }
        for tensor in map.names {
            let name = try map.text(tensor)
            guard !name.contains("/"), name != ".." else { throw map.failure(tensor, expected: "the name of a file in the same folder") }
            fileNames[tensor] = name
            if files[name] == nil { files[name] = try Safetensors(path: "\(folder)/\(name)") }
        }
    }

    func contain(_ tensor: String) -> Bool { single?.contains(tensor) ?? (fileNames[tensor] != nil) }

    func file(holding tensor: String) throws(FileError) -> Safetensors {
        if let single { return single }
        guard let name = fileNames[tensor], let file = files[name] else {
            throw FileError(.badData, index, "weight_map: tensor \(tensor) is missing")
        }
        return file
    }
}
