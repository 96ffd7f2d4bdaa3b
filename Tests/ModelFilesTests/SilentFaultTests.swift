// Model folders that used to be read wrongly without a word: the base of the rotation in another place, FP8 codes without their scale, an output
// layer that differs from the embedding. The right answer is that of the same model written down the plain way.

import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct SilentFaultTests {
    let folder: TemporaryFolder
    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write("tokenizer.json", #"{"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}"#)
        _ = try folder.write("config.json", Self.config)
    }

    static let config = #"""
        {"model_type":"llama","hidden_size":8,"intermediate_size":6,"num_hidden_layers":1,"num_attention_heads":4,"num_key_value_heads":2,
        "vocab_size":3,"max_position_embeddings":16,"rms_norm_eps":1e-5,"rope_theta":100,"tie_word_embeddings":false}
        """#

    static let shapes = ModelFolderTests.shapes.filter { !$0.0.hasSuffix("bias") }

    /// Weights that are all FP8 numbers times 1/8, so that they can be stored either way. Rows of `changed` are replaced.
    private func write(float8 names: Set<String> = [], scale: [Float]? = [0.125], extra: [String] = [], lmHead: Float = 1) throws {
        var writer = SafetensorsWriter()
        for (name, shape) in Self.shapes {
            let count = shape.reduce(1, *)
            let codes = (0..<count).map { UInt8($0 * 5 % 120) }
            let factor = name == "lm_head.weight" ? lmHead : 1
            if names.contains(name) {
                writer.add(name, shape: shape, float8Codes: codes)
                if let scale { writer.add(name + "_scale", shape: [scale.count], floats: scale) }
            } else {
                writer.add(name, shape: shape, floats: codes.map { factor * Float(Float8.decode($0)) * 0.125 })
            }
        }
        for name in extra { writer.add(name, shape: [1], floats: [1]) }
        try writer.write(to: folder.path + "/model.safetensors")
    }

    private func logits() throws -> [Double] {
        let model = try ModelFolder(path: folder.path).model()
        return try model.record(tokenIDs: [0, 2, 1], tokens: ["a", "ab", "b"]).step("logits").output.values
    }

    @Test(arguments: [
        #""rope_theta":500000"#, #""rope_parameters":{"rope_type":"default","rope_theta":500000}"#,
        #""rope_theta":500000,"rope_parameters":{"rope_type":"default"}"#, #""rope_scaling":{"rope_type":"default","rope_theta":500000}"#,
        #""rope_theta":5e5,"rope_scaling":{"type":"default","rope_theta":500000}"#,
    ]) func `the base of the rotation is found wherever a configuration says it`(setting: String) throws {
        try write()
        _ = try folder.write("config.json", Self.config.replacing(#""rope_theta":100"#, with: setting))
        #expect(try Llama.decoder(folder.settings("config.json")).rope == RotaryScaling(theta: 500_000))
    }

    @Test func `two places that disagree about the base are refused`() throws {
        let setting = #""rope_theta":100,"rope_scaling":{"type":"default","rope_theta":200}"#
        _ = try folder.write("config.json", Self.config.replacing(#""rope_theta":100"#, with: setting))
        #expect(
            problem { try ModelFolder(path: folder.path) }
                == "badData: rope_scaling.rope_theta: expected 100.0 as rope_theta says, found 200.0")
    }

    @Test func `FP8 weights are multiplied by the scale beside them, one for all or one a row`() throws {
        let name = "model.layers.0.mlp.up_proj.weight"
        try write()
        let plain = try logits()
        try write(float8: [name])
        #expect(try logits() == plain)
        try write(float8: [name], scale: [Float](repeating: 0.125, count: 6))
        #expect(try logits() == plain)
        try write(float8: [name], scale: [1])
        #expect(try logits() != plain)
    }

    @Test func `FP8 codes without a scale, and scales of another shape, are refused`() throws {
        let name = "model.layers.0.mlp.up_proj.weight"
        try write(float8: [name], scale: nil)
        #expect(
            problem(logits)
                == "badData: \(name): expected a scale \(name)_scale beside FP8 codes, found none: they cannot be read without")
        try write(float8: [name], scale: [1, 1])
        #expect(problem(logits) == "badData: \(name)_scale: expected one scale, or one for each of 6 rows, found the shape [2]")
    }

    @Test func `a scale that nobody asked for is refused, other tensors are named once`() throws {
        try write(extra: ["model.layers.0.mlp.up_proj.weight_scale_inv"])
        #expect(
            problem(logits)
                == "badData: tensor model.layers.0.mlp.up_proj.weight_scale_inv: this quantisation or adapter is not understood")
        try write(extra: ["rotary.inv_freq"])
        let loaded = try ModelFolder(path: folder.path).load()
        #expect(loaded.warnings == ["\(folder.path): tensors that were not used: rotary.inv_freq"])
        #expect(loaded.weightPaths == [folder.path + "/model.safetensors"])
    }

    @Test func `a head of the file's own is used where the configuration ties it to the embedding, with a warning`() throws {
        try write(lmHead: 3)
        let untied = try logits()
        _ = try folder.write("config.json", Self.config.replacing(#""tie_word_embeddings":false"#, with: #""tie_word_embeddings":true"#))
        #expect(try logits() == untied)
        #expect(try ModelFolder(path: folder.path).load().warnings.count == 1)
        try write()
        #expect(try ModelFolder(path: folder.path).load().warnings.isEmpty)
    }

    @Test(arguments: [
        (
            #""auto_map":{"AutoModel":"x.Y"}"#,
            "auto_map: expected none: this model runs code of its own, which is not known here, found an object"
        ),
        (#""architectures":["MyForCausalLM"]"#, "architectures: expected LlamaForCausalLM or LlamaModel, found [\"MyForCausalLM\"]"),
        (
            #""quantization_config":{"quant_method":"gptq"}"#,
            "quantization_config.quant_method: expected compressed-tensors with the format float-quantized, the only one understood, found \"gptq\""
        ),
        (#""sliding_window":4"#, "sliding_window: expected none: attention within a window is not computed, found 4"),
        (
            #""layer_types":["full_attention","sliding_attention"]"#,
            "layer_types: expected full_attention in every layer; sliding_attention is not computed, found [\"full_attention\", \"sliding_attention\"]"
        ),
    ]) func `what the engine would compute differently is refused by name`(setting: String, line: String) throws {
        _ = try folder.write("config.json", Self.config.replacing(#""vocab_size":3"#, with: setting + #","vocab_size":3"#))
        #expect(problem { try ModelFolder(path: folder.path) } == "badData: " + line)
    }

    @Test func `a head dimension of 2 to the 30th is compared with the weights before any table is made`() throws {
        try write()
        _ = try folder.write("config.json", Self.config.replacing(#""vocab_size":3"#, with: #""head_dim":1073741824,"vocab_size":3"#))
        #expect(problem(logits).hasPrefix("badData: model.layers.0.self_attn.q_proj.weight: expected [4294967296, 8], found [8, 8]"))
    }

    @Test(arguments: [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of Git LFS"),
        ("<!DOCTYPE html><html>404</html>", "a web page"),
        ("PK\u{3}\u{4}archive of tensors", "a zip archive"), ("GGUF\u{3}\u{0}\u{0}\u{0}and more", "a GGUF file"),
    ]) func `a file that is something else is named as what it is`(content: String, found: String) throws {
        _ = try folder.write("model.safetensors", content)
        #expect(problem(logits).hasPrefix("badData: expected a safetensors file, found \(found)"))
    }

    @Test(arguments: [("pytorch_model.bin", "found only pytorch_model.bin, a pickle"), ("snapshots", "found the root of a download cache")])
    func `a folder without weights says what is there instead`(file: String, found: String) throws {
        _ = try folder.write(file, "x")
        #expect(problem(logits).hasPrefix("noInput: expected model.safetensors, \(found)"))
    }

    @Test(arguments: ["adapter_config.json", "adapter_model.safetensors"]) func `an adapter beside a model is not passed over`(file: String)
        throws
    {
        _ = try folder.write(file, "{}")
        #expect(problem(logits).hasPrefix("badData: expected a model alone, found an adapter beside it"))
    }

    @Test func `one file of a folder is refused with what to name instead`() throws {
        let path = try folder.write("model.safetensors", "x")
        #expect(problem { try ModelFolder(path: path) }.hasSuffix("found one file of a folder: name the folder"))
        #expect(problem { try ModelFolder(path: "") } == "noInput: expected a folder or a GGUF file, found an empty name")
    }

    @Test func `a pipe where a file should be does not wait for a writer`() throws {
        #expect(mkfifo(folder.path + "/model.safetensors", 0o600) == 0)
        #expect(problem(logits) == "noInput: expected a file, found a device or pipe")
    }
}
