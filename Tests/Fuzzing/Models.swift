// A model small enough to fuzz: its configuration, its weights, and the tokenizer of the fixtures.

import Foundation
import Mechanisms
import ModelFiles
import Traces

enum Models {
    static let configuration = """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 2, "vocab_size": 64, "max_position_embeddings": 32,
         "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": true, "attention_bias": false,
         "mlp_bias": false, "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "float32"}
        """

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

    static func weights() throws -> [UInt8] {
        var noise = SplitMix64(seed: 5)
        var writer = SafetensorsWriter()
        func add(_ name: String, _ shape: [Int]) {
            writer.add(name, shape: shape, floats: (0..<shape.reduce(1, *)).map { _ in Float(noise.uniform() - 0.5) })
        }
        add("model.embed_tokens.weight", [64, 8])
        for layer in 0..<2 {
            let name = "model.layers.\(layer)."
            add(name + "input_layernorm.weight", [8])
            add(name + "post_attention_layernorm.weight", [8])
            for (projection, shape) in [("q", [8, 8]), ("k", [4, 8]), ("v", [4, 8]), ("o", [8, 8])] {
                add(name + "self_attn.\(projection)_proj.weight", shape)
            }
            add(name + "mlp.gate_proj.weight", [12, 8])
            add(name + "mlp.up_proj.weight", [12, 8])
            add(name + "mlp.down_proj.weight", [8, 12])
        }
        add("model.norm.weight", [8])
        return try Answers.withFile("seed.safetensors", []) { path in
            try writer.write(to: path)
            return try WholeFile.read(path)
        }
    }

    static let configured: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try run(configuration: input, weights: weights(), &choice)
    }

    static let weighted: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try run(configuration: Array(configuration.utf8), weights: input, &choice)
    }

    private static func run(configuration: [UInt8], weights: [UInt8], _ choice: inout Mutator) throws {
        try Answers.withFile("config.json", configuration) { path in
            let folder = URL(filePath: path).deletingLastPathComponent()
            try Data(tokenizer).write(to: folder.appending(path: "tokenizer.json"))
            try Data(weights).write(to: folder.appending(path: "model.safetensors"))
            let model = try ModelFolder(path: folder.path)
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
