// Models small enough to fuzz, one of each family: their configurations, weights made at random for whatever these ask for, and one tokenizer.

import Foundation
import Mechanisms
import ModelFiles
import Traces

enum Models {
    /// A configuration of each family, with what only some of them say: windows, caps, and each way of stretching rotation.
    static let configurations = [
        decoder(
            "llama", #""hidden_act": "silu", "attention_bias": true, "mlp_bias": true, "bos_token_id": 1, "torch_dtype": "float32""#,
            """
            {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
            """),
        decoder("mistral", #""sliding_window": 3"#, #"{"type": "linear", "factor": 2.0}"#),
        decoder(
            "qwen2", #""use_sliding_window": true, "sliding_window": 3, "max_window_layers": 1"#,
            #"{"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 32, "mscale": 0.7, "truncate": true}"#),
        decoder(
            "qwen3", #""use_sliding_window": true, "sliding_window": 3, "layer_types": ["full_attention", "sliding_attention"]"#,
            #"{"rope_type": "dynamic", "factor": 2.0}"#),
        decoder(
            "gemma2",
            """
            "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 3, "query_pre_attn_scalar": 9, "attn_logit_softcapping": 2.0,
             "final_logit_softcapping": 3.0
            """, "null"),
        """
        {"model_type": "gpt2", "n_embd": 8, "n_head": 4, "n_layer": 2, "n_positions": 32, "n_inner": 12, "vocab_size": 64,
         "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "scale_attn_by_inverse_layer_idx": true, "eos_token_id": 2}
        """,
        """
        {"model_type": "bert", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 64,
         "max_position_embeddings": 32, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu"}
        """,
    ].map { Array($0.utf8) }

    private static func decoder(_ type: String, _ own: String, _ scaling: String) -> String {
        """
        {"model_type": "\(type)", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 4, "vocab_size": 64, "max_position_embeddings": 32, "rms_norm_eps": 1e-05,
         "rope_theta": 10000.0, "tie_word_embeddings": true, "eos_token_id": [2, 3], \(own),
         "rope_scaling": \(scaling)}
        """
    }

    /// A vocabulary of 64 pieces: three special ones, a few letters, the bytes that other letters fall back to.
    static let tokenizer: [UInt8] = {
        let letters = ["▁", "a", "b", "c", "o", "n", "e", "▁a", "on", "▁on"]
        let pieces = ["<unk>", "<s>", "</s>"] + letters + (0..<51).map { "<0x\(String($0 + 16, radix: 16, uppercase: true))>" }
        let vocabulary = pieces.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        return Array(
            """
            {"added_tokens": [{"id": 1, "content": "<s>", "special": true}], "normalizer": null, "pre_tokenizer": null,
             "post_processor": null, "decoder": null,
             "model": {"type": "BPE", "unk_token": "<unk>", "byte_fallback": true, "vocab": {\(vocabulary)}, "merges": ["▁ a", "o n", "▁ on"]}}
            """.utf8)
    }()

    /// A model before anything is damaged: what its files hold.
    struct Whole: Sendable {
        let configuration: [UInt8]
        let weights: [UInt8]
        let names: Set<Substring>

        init(_ configuration: [UInt8]) throws {
            self.configuration = configuration
            let parameters = try Models.withFolder(configuration, weights: []) { path in
                try ModelFolder(path: path).architecture.parameters.filter {
                    if case .sharing = $0.presence { false } else { true }
                }
            }
            var noise = SplitMix64(seed: 5)
            var writer = SafetensorsWriter()
            for parameter in parameters {
                let values = (0..<parameter.shape.count).map { _ in Float(noise.uniform() - 0.5) }
                writer.add(parameter.name, shape: parameter.shape.lengths, floats: values)
            }
            weights = try Answers.withFile("seed.safetensors", []) { path in
                try writer.write(to: path)
                return try WholeFile.read(path)
            }
            names = Set(parameters.map { Substring($0.name) })
        }
    }

    /// The models of all families; a family that has none here is a mistake.
    static func all() throws -> [Whole] {
        let said = Set(configurations.flatMap { words(of: $0) })
        let missing = ModelFamilies.names.filter { !said.contains(Substring($0)) }
        precondition(missing.isEmpty, "expected a configuration of each family, found none of \(missing)")
        return try configurations.map { try Whole($0) }
    }

    /// Mutants of these configurations, each with the weights of the model whose configuration it was.
    static func configured(_ models: [Whole]) -> @Sendable ([UInt8], inout Mutator) throws -> Void {
        { input, choice in
            let own = nearest(models, input) { Set(words(of: $0.configuration)) }
            try run(configuration: input, weights: own.weights, &choice)
        }
    }

    /// Mutants of these weights, each with the configuration of a model whose tensors it has.
    static func weighted(_ models: [Whole]) -> @Sendable ([UInt8], inout Mutator) throws -> Void {
        { input, choice in
            let own = nearest(models, input) { $0.names }
            try run(configuration: own.configuration, weights: input, &choice)
        }
    }

    /// Of several models the one whose words a file has, more of them than it lacks; the first where some have as many.
    private static func nearest(_ models: [Whole], _ file: [UInt8], words own: (Whole) -> Set<Substring>) -> Whole {
        let found = Set(words(of: file.prefix(20_000)))
        let likeness = models.map { model in
            let own = own(model)
            return own.intersection(found).count - own.subtracting(found).count
        }
        return models[likeness.firstIndex(of: likeness.max()!)!]
    }

    /// What stands between quotation marks, colons and commas.
    private static func words(of bytes: some Sequence<UInt8>) -> [Substring] {
        String(decoding: Array(bytes), as: UTF8.self).split { "\":,{} \n".contains($0) }
    }

    private static func withFolder<Result>(_ configuration: [UInt8], weights: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        try Answers.withFile("config.json", configuration) { path in
            let folder = URL(filePath: path).deletingLastPathComponent()
            try Data(tokenizer).write(to: folder.appending(path: "tokenizer.json"))
            try Data(weights).write(to: folder.appending(path: "model.safetensors"))
            return try body(folder.path)
        }
    }

    private static func run(configuration: [UInt8], weights: [UInt8], _ choice: inout Mutator) throws {
        try withFolder(configuration, weights: weights) { path in
            let model = try ModelFolder(path: path)
            let ids = model.tokenizer.encode("a on a bean")
            try Answers.of(model.model().record(tokenIDs: ids, tokens: ids.map { model.tokenizer.token($0) ?? "?" }), &choice)
        }
    }

    // MARK: GGUF

    /// The models of the fixtures whose families are known.
    static func ggufs(in fixtures: String) throws -> [[UInt8]] {
        try ["llama", "qwen2", "qwen3", "gpt2"].filter(ModelFamilies.names.contains).map {
            try WholeFile.read("\(fixtures)/gguf-\($0).gguf")
        }
    }

    static let gguf: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try Answers.withFile("model.gguf", input) { path in
            let file = try GGUFFile(path: path)
            let name = choice.pick(file.names.isEmpty ? [""] : file.names)
            _ = try file.tensor(name, Shape(try file.info(name).shape.enumerated().map { (Axis("\($0)"), $1) }))
            let model = try ModelFolder(path: path)
            let ids = model.tokenizer.encode("the rain </s> é")
            _ = model.tokenizer.decode(ids)
            try Answers.of(model.model().record(tokenIDs: ids, tokens: ids.map { model.tokenizer.token($0) ?? "?" }), &choice)
        }
    }
}
