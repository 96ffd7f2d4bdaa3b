import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

@Suite struct ModelFolderTests {
    let folder: TemporaryFolder
    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write("tokenizer.json", #"{"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}"#)
    }

    static let config = #"""
        {"model_type":"llama","hidden_size":8,"intermediate_size":6,"num_hidden_layers":1,"num_attention_heads":4,"num_key_value_heads":2,
        "vocab_size":3,"max_position_embeddings":16,"rms_norm_eps":1e-5,"rope_theta":100,"tie_word_embeddings":false,"attention_bias":true,
        "eos_token_id":2,"rope_scaling":null}
        """#

    static let shapes: [(String, [Int])] = [
        ("lm_head.weight", [3, 8]), ("model.embed_tokens.weight", [3, 8]), ("model.layers.0.input_layernorm.weight", [8]),
        ("model.layers.0.mlp.down_proj.weight", [8, 6]), ("model.layers.0.mlp.gate_proj.weight", [6, 8]),
        ("model.layers.0.mlp.up_proj.weight", [6, 8]),
        ("model.layers.0.post_attention_layernorm.weight", [8]), ("model.layers.0.self_attn.k_proj.bias", [4]),
        ("model.layers.0.self_attn.k_proj.weight", [4, 8]), ("model.layers.0.self_attn.o_proj.bias", [8]),
        ("model.layers.0.self_attn.o_proj.weight", [8, 8]), ("model.layers.0.self_attn.q_proj.bias", [8]),
        ("model.layers.0.self_attn.q_proj.weight", [8, 8]), ("model.layers.0.self_attn.v_proj.bias", [4]),
        ("model.layers.0.self_attn.v_proj.weight", [4, 8]), ("model.norm.weight", [8]),
    ]

    private func write(_ file: String, _ shapes: some Sequence<(String, [Int])>, value: Float = 0.5) throws {
        var writer = SafetensorsWriter()
        for (name, shape) in shapes {
            let count = shape.reduce(1, *)
            writer.add(name, shape: shape, floats: (0..<count).map { value * Float($0 % 7 - 3) + 0.25 })
        }
        try writer.write(to: folder.path + "/" + file)
    }

    private func logits() throws -> [Double] {
        let model = try ModelFolder(path: folder.path).model()
        return try model.record(tokenIDs: [0, 2], tokens: ["a", "ab"]).step("logits").output.values
    }

    @Test func `weights in one file or in several give the same model`() throws {
        _ = try folder.write("config.json", Self.config)
        try write("model.safetensors", Self.shapes)
        let whole = try logits()
        try FileManager.default.removeItem(atPath: folder.path + "/model.safetensors")
        try write("model-00001-of-00002.safetensors", Self.shapes.prefix(5))
        try write("model-00002-of-00002.safetensors", Self.shapes.dropFirst(5))
        let map = Self.shapes.enumerated().map { "\"\($1.0)\":\"model-0000\($0 < 5 ? 1 : 2)-of-00002.safetensors\"" }
        _ = try folder.write("model.safetensors.index.json", "{\"metadata\":{},\"weight_map\":{\(map.joined(separator: ","))}}")
        #expect(try logits() == whole)
        #expect(whole.count == 6 && Set(whole).count > 1)
        let opened = try ModelFolder(path: folder.path + "/")
        #expect(opened.endIDs == [2] && opened.tokenizer.encode("ab") == [2] && opened.architecture.facts.heads == 4)
        _ = try folder.write("model.safetensors.index.json", "{\"weight_map\":{\(map.dropFirst().joined(separator: ","))}}")
        #expect(problem(logits) == "badData: tensor lm_head.weight is missing")
        _ = try folder.write("model.safetensors.index.json", #"{"weight_map":{"lm_head.weight":"../x"}}"#)
        #expect(problem(logits) == "badData: weight_map.lm_head.weight: expected the name of a file in the same folder, found \"../x\"")
    }

    @Test func `a missing file is told by name`() throws {
        let path = folder.path
        #expect(problem { try ModelFolder(path: path) } == "noInput: cannot be opened: No such file or directory")
        _ = try folder.write("config.json", Self.config)
        #expect(problem(logits) == "noInput: there is no such file")
        _ = try folder.write("model.safetensors", "short")
        #expect(problem(logits) == "badData: expected a safetensors file of at least 8 bytes, found 5")
        try FileManager.default.removeItem(atPath: path + "/tokenizer.json")
        do {
            _ = try ModelFolder(path: path)
            Issue.record("no error")
        } catch {
            #expect(error.file == path + "/tokenizer.json" && error.kind == .noInput)
        }
    }

    @Test func `a missing tensor and a wrong shape are told by name`() throws {
        _ = try folder.write("config.json", Self.config)
        try write("model.safetensors", Self.shapes.dropLast())
        #expect(problem(logits) == "badData: tensor model.norm.weight is missing")
        try write("model.safetensors", Self.shapes.dropLast() + [("model.norm.weight", [7])])
        #expect(problem(logits) == "badData: model.norm.weight: expected [8], found [7]")
        try write("model.safetensors", Self.shapes, value: .nan)
        #expect(problem(logits) == "weight.model.embed_tokens.weight[0,0]: expected a finite number, found NaN")
    }

    @Test(arguments: [
        (
            #""llama""#, #""mamba""#,
            "model_type: expected one of the model types that are known, llama, mistral, qwen2, qwen3, gemma2, gpt2, bert, found \"mamba\""
        ),
        (#""num_attention_heads":4"#, #""num_attention_heads":0"#, "num_attention_heads: expected a whole number of at least 1, found 0"),
        (
            #""num_attention_heads":4"#, #""num_attention_heads":3"#,
            "num_attention_heads: expected a divisor of hidden_size 8, as head_dim is not given, found 3"
        ),
        (#""num_key_value_heads":2"#, #""num_key_value_heads":3"#, "num_key_value_heads: expected a divisor of 4 attention heads, found 3"),
        (
            #""vocab_size":3"#, #""hidden_act":"mish","vocab_size":3"#,
            "hidden_act: expected one of \"silu\", \"swish\", \"gelu\", \"gelu_new\", \"gelu_pytorch_tanh\", \"relu\", found \"mish\""
        ),
        (#""vocab_size":3"#, #""head_dim":3,"vocab_size":3"#, "rotary embedding: expected an even, positive number of features, found 3"),
        (#""vocab_size":3,"#, "", "vocab_size is missing: expected a whole number of at least 1"),
        (
            #""rope_scaling":null"#, #""rope_scaling":{"rope_type":"llama3"}"#,
            "rope_scaling.low_freq_factor is missing: expected a number"
        ),
        (
            #""rope_scaling":null"#, #""rope_scaling":{"type":"longrope"}"#,
            "rope_scaling: expected none or one of default, linear, dynamic, llama3, yarn, found \"longrope\""
        ),
        (#""rope_theta":100"#, #""rope_theta":-1"#, "rotary embedding: expected a positive base θ, found -1.0"),
        (#""rms_norm_eps":1e-5"#, #""rms_norm_eps":-1"#, "ε of RMSNorm: expected a number from 0, found -1.0"),
        (#""hidden_size":8"#, #""hidden_size":8.5"#, "hidden_size: expected a whole number of at least 1, found 8.5"),
    ])
    func `a configuration that is not supported or not right is told by name`(old: String, new: String, expected: String) throws {
        _ = try folder.write("config.json", Self.config.replacing(old, with: new))
        #expect(problem { try ModelFolder(path: folder.path) } == "badData: " + expected)
    }

    @Test func `what config json leaves out has the usual values`() throws {
        _ = try folder.write(
            "config.json",
            #"""
            {"model_type":"llama","hidden_size":8,"intermediate_size":6,"num_hidden_layers":1,"num_attention_heads":4,"vocab_size":3,
            "max_position_embeddings":16,"rope_parameters":{"rope_type":"default","rope_theta":500}}
            """#)
        #expect(try ModelFolder(path: folder.path).architecture.facts.keyValueHeads == 4)
        let llama = try Llama.decoder(folder.settings("config.json"))
        let attention = try llama.attention(ofLayer: 0, length: 1)
        #expect(attention.keyValueHeads == 4 && attention.headDimension == 2 && !llama.isTied && llama.attentionBiases == .none)
        #expect(attention.rotary == DenseAttention.Rotary(layout: .half, theta: 500) && llama.epsilon == 1e-6)
    }
}
