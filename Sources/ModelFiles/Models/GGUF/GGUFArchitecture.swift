// What the key-values of a GGUF file say of the model, written as the config.json that its authors published: the same families read both. A key of the
// architecture that is not known is refused, for it was written because it changes something.
// Source: https://github.com/ggml-org/llama.cpp, gguf-py/gguf/constants.py (keys and tensors), convert_hf_to_gguf.py (what becomes of a config.json).

import Mechanisms
import Traces

/// The architectures of GGUF files that are read: what llama.cpp calls them.
enum GGUFArchitecture: String, CaseIterable {
    case llama, qwen2, qwen3, gpt2

    init(_ file: GGUFFile) throws(FileError) {
        let settings = file.settings
        let type = try settings.text("general.type", default: "model")
        guard type == "model" else { throw settings.failure("general.type", expected: "\"model\"") }
        for key in ["split.count"] where settings.has(key) {
            guard try settings.integer(key) <= 1 else { throw settings.failure(key, expected: "1: a model in several files is not read") }
        }
        let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
        guard let architecture = Self(rawValue: try settings.text("general.architecture")) else {
            throw settings.failure("general.architecture", expected: "one of \(known)")
        }
        self = architecture
        let read = Set(sharedKeys + ownKeys).union(Self.keysWithoutEffect).map { "\(rawValue).\($0)" }
        if let key = settings.names.first(where: { $0.hasPrefix("\(rawValue).") && !read.contains($0) && !settings.saysNothing($0, file) })
        {
            throw settings.failure(key, expected: "none: what it asks of a model of architecture \(rawValue) is not known")
        }
    }

    private var sharedKeys: [String] {
        ["block_count", "context_length", "embedding_length", "feed_forward_length", "attention.head_count", "attention.head_count_kv"]
    }

    private var ownKeys: [String] {
        switch self {
        case .gpt2: ["attention.layer_norm_epsilon"]
        case .llama, .qwen2, .qwen3:
            [
                "attention.key_length", "attention.value_length", "attention.layer_norm_rms_epsilon", "rope.dimension_count",
                "rope.freq_base", "rope.scale_linear", "rope.scaling.type", "rope.scaling.factor", "rope.scaling.original_context_length",
                "rope.scaling.attn_factor",
            ]
        }
    }

    /// `vocab_size` is said better by the vocabulary; the other tells how a model was trained.
    private static let keysWithoutEffect = ["vocab_size", "rope.scaling.finetuned"]

    /// The file's config.json, as it were.
    func config(_ file: GGUFFile) throws(FileError) -> Settings {
        let reader = GGUFConfiguration(file, self)
        return Settings(file: file.path, fields: self == .gpt2 ? try reader.gpt2() : try reader.decoder())
    }
}

extension Settings {
    /// Whether a key is null, false, zero or empty; a list that has elements says something.
    fileprivate func saysNothing(_ key: String, _ file: GGUFFile) -> Bool {
        if let count = file.count(ofList: key) { return count == 0 }
        if case .number(0) = fields[key] { return true }
        return isNeutral(key)
    }
}

/// Reads the key-values of one architecture.
private struct GGUFConfiguration {
    private let file: GGUFFile
    private let architecture: GGUFArchitecture
    private var settings: Settings { file.settings }

    init(_ file: GGUFFile, _ architecture: GGUFArchitecture) {
        self.file = file
        self.architecture = architecture
    }

    private func key(_ name: String) -> String { "\(architecture.rawValue).\(name)" }
    private func count(_ name: String) throws(FileError) -> Int { try settings.integer(key(name), atLeast: 1) }
    private func count(_ name: String, default standard: Int) throws(FileError) -> Int {
        try settings.integer(key(name), atLeast: 1, default: standard)
    }
    private func positive(_ name: String) throws(FileError) -> Double {
        let value = try settings.number(key(name))
        guard value > 0, value.isFinite else { throw settings.failure(key(name), expected: "a number above 0") }
        return value
    }

    /// How many rows the embedding has; each has a token.
    private func vocabulary() throws(FileError) -> Int {
        let rows = try file.info("token_embd.weight").shape[0]
        let tokens = try file.texts("tokenizer.ggml.tokens").count
        guard rows == tokens else {
            throw FileError(
                .badData, file.path, "token_embd.weight: expected \(tokens) rows, one for each of tokenizer.ggml.tokens, found \(rows)")
        }
        guard try count("vocab_size", default: rows) == rows else {
            throw settings.failure(key("vocab_size"), expected: "\(rows), the rows of token_embd.weight")
        }
        return rows
    }

    private func has(tensorsThatEndIn end: String) -> Bool { file.names.contains { $0.hasPrefix("blk.") && $0.hasSuffix(end) } }

    /// GPT-2's config.json.
    func gpt2() throws(FileError) -> [String: JSON] {
        let heads = try count("attention.head_count")
        guard try count("attention.head_count_kv", default: heads) == heads else {
            throw settings.failure(key("attention.head_count_kv"), expected: "\(heads), all heads")
        }
        return [
            "model_type": .string("gpt2"), "n_layer": .integer(try count("block_count")), "n_embd": .integer(try count("embedding_length")),
            "n_head": .integer(heads), "n_inner": .integer(try count("feed_forward_length")),
            "n_positions": .integer(try count("context_length")), "vocab_size": .integer(try vocabulary()),
            "layer_norm_epsilon": .number(try positive("attention.layer_norm_epsilon")), "activation_function": .string("gelu_new"),
            "tie_word_embeddings": .bool(!file.contains("output.weight")),
        ]
    }

    /// The config.json of a decoder of Llama's kind.
    func decoder() throws(FileError) -> [String: JSON] {
        let (width, heads) = (try count("embedding_length"), try count("attention.head_count"))
        var fields: [String: JSON] = [
            "model_type": .string(architecture.rawValue), "num_hidden_layers": .integer(try count("block_count")),
            "hidden_size": .integer(width), "intermediate_size": .integer(try count("feed_forward_length")),
            "num_attention_heads": .integer(heads), "num_key_value_heads": .integer(try count("attention.head_count_kv", default: heads)),
            "head_dim": .integer(try headDimension(width: width, heads: heads)), "vocab_size": .integer(try vocabulary()),
            "max_position_embeddings": .integer(try count("context_length")),
            "rms_norm_eps": .number(try positive("attention.layer_norm_rms_epsilon")), "hidden_act": .string("silu"),
            "rope_theta": .number(settings.has(key("rope.freq_base")) ? try positive("rope.freq_base") : 10000),
            "tie_word_embeddings": .bool(!file.contains("output.weight")),
        ]
        if let scaling = try scaling() { fields["rope_scaling"] = .object(scaling) }
        // What the configurations of the Qwens do not say is so in all of them.
        if architecture == .llama {
            fields["attention_bias"] = .bool(has(tensorsThatEndIn: ".attn_q.bias"))
            fields["mlp_bias"] = .bool(has(tensorsThatEndIn: ".ffn_gate.bias"))
        }
        return fields
    }

    /// Features of a head, of keys as of values, all of which turn.
    private func headDimension(width: Int, heads: Int) throws(FileError) -> Int {
        guard settings.has(key("attention.key_length")) || width % heads == 0 else {
            throw settings.failure(key("attention.head_count"), expected: "a divisor of \(key("embedding_length")) \(width)")
        }
        let dimension = try count("attention.key_length", default: max(width / heads, 1))
        for name in ["attention.value_length", "rope.dimension_count"] {
            guard try count(name, default: dimension) == dimension else {
                throw settings.failure(key(name), expected: "\(dimension), the features of a head")
            }
        }
        return dimension
    }

    /// How rotation is stretched, in the words of a config.json; nil for not.
    private func scaling() throws(FileError) -> [String: JSON]? {
        let (type, factor, original) = (key("rope.scaling.type"), key("rope.scaling.factor"), key("rope.scaling.original_context_length"))
        let kind = try settings.text(type, default: settings.has(key("rope.scale_linear")) ? "linear" : "none")
        if settings.has(key("rope.scaling.attn_factor")) {
            guard try settings.number(key("rope.scaling.attn_factor")) == 1 else {
                throw settings.failure(key("rope.scaling.attn_factor"), expected: "1")
            }
        }
        let factors = try frequencyFactors()
        guard factors == nil || kind == "none" else { throw settings.failure(type, expected: "none beside the tensor rope_freqs.weight") }
        switch kind {
        case "none": return factors.map { ["rope_type": .string("divided"), "factors": .array($0.map { .number($0) })] }
        case "linear":
            return [
                "rope_type": .string("linear"),
                "factor": .number(try positive(settings.has(factor) ? "rope.scaling.factor" : "rope.scale_linear")),
            ]
        case "yarn":
            return [
                "rope_type": .string("yarn"), "factor": .number(try positive("rope.scaling.factor")),
                "original_max_position_embeddings": .integer(try settings.integer(original, atLeast: 1)),
            ]
        default: throw settings.failure(type, expected: "none, linear or yarn")
        }
    }

    /// What each pair's frequency is divided by: how these files say what Llama 3.1 does.
    private func frequencyFactors() throws(FileError) -> [Double]? {
        let name = "rope_freqs.weight"
        guard file.contains(name) else { return nil }
        let count = try headDimension(width: try count("embedding_length"), heads: try count("attention.head_count")) / 2
        let factors = try file.tensor(name, Shape([(.c, max(count, 1))])).values
        if let bad = factors.first(where: { !($0 > 0 && $0.isFinite) }) {
            throw FileError(.badData, file.path, "\(name): expected factors above 0, found \(NumberText.exact(bad))")
        }
        return factors
    }
}
