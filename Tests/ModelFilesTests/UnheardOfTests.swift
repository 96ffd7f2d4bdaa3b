// What a file says and the engine would not have heard: settings of other models, tensors that no equation asks for, codes taken for numbers, an
// index with holes. Each is refused by name, or named once where it may be harmless.

import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import Records
import ReferenceCases
import Testing
import Traces

@Suite struct UnheardOfTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// The folder of a tiny model with `setting` in its configuration; weights in `changed` have another type and bytes.
    private func model(_ setting: String = "", changed: [String: (type: String, bytes: [UInt8])] = [:], extra: [String: [Double]] = [:])
        throws -> ModelFolder
    {
        let config = SilentFaultTests.config.replacing(
            #""vocab_size":3"#, with: (setting.isEmpty ? "" : setting + ",") + #""vocab_size":3"#)
        _ = try folder.write("config.json", config)
        _ = try folder.write("tokenizer.json", #"{"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}"#)
        try write("model.safetensors", SilentFaultTests.shapes.map { ($0.0, $0.1) }, changed, extra)
        return try ModelFolder(path: folder.path)
    }

    private func write(
        _ name: String, _ shapes: [(String, [Int])], _ changed: [String: (type: String, bytes: [UInt8])] = [:],
        _ extra: [String: [Double]] = [:]
    ) throws {
        var (header, data) = ([String](), [UInt8]())
        func add(_ name: String, _ type: String, _ shape: [Int], _ bytes: [UInt8]) {
            header.append(
                #""\#(name)": {"dtype": "\#(type)", "shape": \#(shape), "data_offsets": [\#(data.count), \#(data.count + bytes.count)]}"#)
            data += bytes
        }
        func doubles(_ values: [Double]) -> [UInt8] { values.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) } }
        for (name, shape) in shapes {
            let plain = (type: "F64", bytes: doubles((0..<shape.reduce(1, *)).map { Double($0 % 5) / 8 - 0.25 }))
            let (type, bytes) = changed[name] ?? plain
            add(name, type, shape, bytes)
        }
        for (name, values) in extra.sorted(by: { $0.key < $1.key }) { add(name, "F64", [values.count], doubles(values)) }
        let text = Array("{\(header.joined(separator: ", "))}".utf8)
        _ = try folder.write(name, withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text + data)
    }

    @Test(arguments: [
        (#""final_logit_softcapping":30.0"#, "final_logit_softcapping: expected none in a model of type llama, found 30.0"),
        (#""qk_norm":true"#, "qk_norm: expected none in a model of type llama, found true"),
        (#""num_experts":8"#, "num_experts: expected none in a model of type llama, found 8"),
        (#""logit_scale":2"#, "logit_scale: expected 1, found 2"), (#""is_causal":false"#, "is_causal: expected true, found false"),
        (#""hidden_activation":"gelu""#, "hidden_activation: expected what hidden_act says, or \"silu\", found \"gelu\""),
        (#""position_embedding_type":"alibi""#, "position_embedding_type: expected \"rope\", found \"alibi\""),
        (
            #""rope_parameters":{"full_attention":{"rope_theta":500000}}"#,
            "rope_parameters.full_attention: expected none beside \"default\", found an object"
        ),
        (#""rope_scaling":{"rope_type":"default","mscale":2}"#, "rope_scaling.mscale: expected none beside \"default\", found 2"),
        (
            #""rope_scaling":{"rope_type":"default","type":"yarn"}"#,
            "rope_scaling.type: expected \"default\" as rope_type says, found \"yarn\""
        ),
        (#""architectures":"MyForCausalLM""#, "architectures: expected an array, found \"MyForCausalLM\""),
        (#""layer_types":"sliding_attention""#, "layer_types: expected an array, found \"sliding_attention\""),
        (
            #""num_kv_shared_layers":2"#,
            "num_kv_shared_layers: expected none: this model's layers are not full attention alone, or its attention is described elsewhere, found 2"
        ),
        (
            #""quantization_config":{"quant_method":"compressed-tensors","format":"float-quantized","kv_cache_scheme":{"num_bits":8}}"#,
            "quantization_config.kv_cache_scheme: expected none, found an object"
        ),
        (
            #""quantization_config":{"quant_method":"compressed-tensors","format":"float-quantized","config_groups":{"g":{"weights":{"num_bits":8,"type":"float","strategy":"block"}}}}"#,
            "quantization_config.config_groups.g.weights.strategy: expected tensor or channel, found \"block\""
        ),
    ]) func `a setting of another model's code is refused by name`(setting: String, line: String) {
        #expect(problem { try model(setting) } == "badData: " + line)
    }

    @Test func `settings without effect are passed over, those that nobody knows are named once`() throws {
        let harmless =
            #""use_cache":true,"torch_dtype":"bfloat16","attention_dropout":0.0,"qk_norm":false,"num_experts":0,"sliding_window":null"#
        #expect(try model(harmless).load().warnings.isEmpty)
        let warnings = try model(#""zzz":3,"another":[1],"empty":[]"#).load().warnings
        #expect(warnings == ["\(folder.path): fields of config.json that are not known and were not used: another, zzz"])
    }

    @Test(arguments: ["kv_lora_rank", "num_attention_heads"]) func `costs are not counted for layers that are something else`(
        marker: String
    ) throws {
        let shape =
            #""hidden_size":8,"num_hidden_layers":2,"num_attention_heads":2,"kv_lora_rank":4,"qk_nope_head_dim":2,"qk_rope_head_dim":2,"v_head_dim":2"#
        let config = "{\(marker == "kv_lora_rank" ? shape : #""hidden_size":8,"num_hidden_layers":2,"num_attention_heads":2"#)}"
        #expect(try ModelDimensions(configuration: Array(config.utf8), file: "c.json").layers == 2)
        for field in ["linear_attn_config", "mamba_n_heads", "hybrid_override_pattern", "num_kv_shared_layers", "block_configs"] {
            let with = config.replacing("}", with: #","\#(field)":{"x":1}}"#)
            #expect(
                problem { try ModelDimensions(configuration: Array(with.utf8), file: "c.json") }.hasPrefix(
                    "badData: \(field): expected none: "))
        }
    }

    private static let up = "model.layers.0.mlp.up_proj.weight"

    @Test(arguments: [("U8", 1), ("I32", 4), ("I64", 8)]) func `integers are not taken for weights`(type: String, size: Int) {
        let bytes = [UInt8](repeating: 0, count: 48 * size)
        #expect(
            problem { try model(changed: [Self.up: (type, bytes)]).load() }
                == "badData: \(Self.up): expected real numbers, found \(type): codes of a quantisation that is not understood")
    }

    @Test(arguments: [(0.0, "0"), (-1, "-1"), (.nan, "NaN"), (.infinity, "∞")])
    func `a scale is a positive number`(scale: Double, shown: String) {
        let codes = [UInt8](repeating: 40, count: 48)
        #expect(
            problem { try model(changed: [Self.up: ("F8_E4M3", codes)], extra: [Self.up + "_scale": [scale]]).load() }
                == "badData: \(Self.up)_scale: expected scales above 0, found \(shown)")
    }

    @Test func `a scale is not a code itself`() throws {
        let codes = [UInt8](repeating: 40, count: 48)
        _ = try model()
        try write(
            "model.safetensors", SilentFaultTests.shapes + [(Self.up + "_scale", [1])],
            [Self.up: ("F8_E4M3", codes), Self.up + "_scale": ("F8_E4M3", [64])])
        #expect(
            problem { try ModelFolder(path: folder.path).load() }
                == "badData: \(Self.up)_scale: expected scales of type F64, F32, F16 or BF16, found F8_E4M3")
    }

    /// The first bytes of a header of 640, 896, 1,152 or 1,408 bytes are those of a pickle, too.
    @Test(arguments: [640, 896, 1152, 1408]) func `a header of any length is a header`(length: Int) throws {
        var header = #"{"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}"#
        header += String(repeating: " ", count: length - header.utf8.count)
        #expect(try Safetensors(path: folder.safetensors(header, data: [7])).codes("a") == [7])
    }

    @Test func `an index holds what its files hold, each tensor in one`() throws {
        _ = try model()
        let whole = try ModelFolder(path: folder.path).load().model
        try FileManager.default.removeItem(atPath: folder.path + "/model.safetensors")
        let shapes = SilentFaultTests.shapes
        try write("a.safetensors", Array(shapes.prefix(4)))
        try write("b.safetensors", Array(shapes.dropFirst(4)))
        func index(_ change: (inout [String: String]) -> Void) throws -> String {
            var map: [String: String] = [:]
            for (i, shape) in shapes.enumerated() { map[shape.0] = i < 4 ? "a.safetensors" : "b.safetensors" }
            change(&map)
            _ = try folder.write(
                "model.safetensors.index.json", String(decoding: JSONSerialization.data(withJSONObject: ["weight_map": map]), as: UTF8.self)
            )
            return problem { try ModelFolder(path: folder.path).load() }
        }
        #expect(try index { _ in } == "no error")
        let sharded = try ModelFolder(path: folder.path).load().model
        let (one, other) = (
            try sharded.record(tokenIDs: [0, 2], tokens: ["a", "ab"]), try whole.record(tokenIDs: [0, 2], tokens: ["a", "ab"])
        )
        #expect(try one.step("logits").output == other.step("logits").output)
        let last = shapes[shapes.count - 1].0
        #expect(try index { $0[last] = nil } == "badData: tensor \(last) is missing")
        let tied = SilentFaultTests.config.replacing(#""tie_word_embeddings":false"#, with: #""tie_word_embeddings":true"#)
        _ = try folder.write("config.json", tied)
        #expect(try index { $0["lm_head.weight"] = nil } == "badData: weight_map: expected lm_head.weight, which a.safetensors holds")
        for name in ["", ".", "..", "../b.safetensors", "b.safetensors\u{0}"] {
            #expect(
                try index { $0[last] = name }.hasPrefix(
                    "badData: weight_map.\(last): expected the name of a file in the same folder, found"))
        }
        try write("a.safetensors", Array(shapes.prefix(5)))
        #expect(try index { _ in } == "badData: weight_map.\(shapes[4].0): expected one file, found it in a.safetensors too")
    }

    @Test(arguments: [
        ("softmax_scale", "", "config.softmax_scale: expected no such setting in a case of kind attention, found 3"),
        ("sliding_window", "", "config.sliding_window: expected no such setting in a case of kind attention, found 3"),
        ("", "weight.bq", "weight.bq: a case of kind attention has no such tensor"),
        ("", "input.mask", "input.mask: a case of kind attention has no such tensor"),
    ]) func `a case has no settings and no tensors that its kind does not have`(setting: String, tensor: String, line: String) throws {
        var writer = SafetensorsWriter(metadata: ["kind": "attention"])
        let config = attentionConfig
        writer.metadata["config"] = setting.isEmpty ? config : config.replacing("{", with: #"{"\#(setting)":3,"#)
        writer.add("input.x", Tensor([.t, .c], [2, 4], [Double](repeating: 1, count: 8)))
        for name in ["wq", "wk", "wv", "wo"] { writer.add("weight.\(name)", Tensor([.o, .c], [4, 4], [Double](repeating: 1, count: 16))) }
        if !tensor.isEmpty { writer.add(tensor, Tensor([.t], [1], [1])) }
        try writer.write(to: folder.path + "/c.safetensors")
        #expect(problem { try ReferenceCase(path: folder.path + "/c.safetensors").trace() }.hasPrefix("badData: " + line))
    }

    @Test(arguments: [
        ("saturate", 240.0, "config.saturate: expected 448, found 240.0"),
        ("amax_floor", 1, "config.amax_floor: expected 0.0001, found 1.0"),
    ]) func `what rounding to 8 bits takes as given must be so`(name: String, value: Double, line: String) throws {
        var writer = SafetensorsWriter(metadata: ["kind": "float8-e4m3"])
        writer.metadata["config"] = #"{"quant_block":2,"quant_scale":"ue8m0","\#(name)":\#(value)}"#
        writer.add("input.blocks", Tensor([.t, .d], [1, 2], [1, 2]))
        try writer.write(to: folder.path + "/c.safetensors")
        #expect(problem { try ReferenceCase(path: folder.path + "/c.safetensors") } == "badData: " + line)
    }

    @Test func `an indexer case's counts are those of its tensors`() throws {
        let path = folder.path + "/c.safetensors"
        try IndexerCaseGenerator(queries: 2, keys: 8, heads: 2, dimension: 4, topK: 3, seed: 1).write(to: path)
        #expect(try ReferenceCase(path: path).verify().allSatisfy(\.passed))
        let bytes = try Data(contentsOf: URL(filePath: path))
        let text = Data(#"\"keys\": 8"#.utf8)
        let place = try #require(bytes.range(of: text))
        try bytes.replacing(text, at: place, with: #"\"keys\": 9"#).write(to: URL(filePath: path))
        #expect(problem { try ReferenceCase(path: path).verify() } == "badData: config.keys: expected 8 as the tensors have, found 9")
    }

    @Test func `more scores than fit are refused before they are computed`() throws {
        let path = folder.path + "/c.safetensors"
        let header =
            #"{"__metadata__": {"kind": "attention", "config": "{\"dim\":1,\"n_heads\":1,\"n_kv_heads\":1,\"head_dim\":1,\"v_head_dim\":1,\"length\":30000,\"causal\":true,\"rope\":\"none\",\"rope_theta\":1}"}, "#
            + #""input.x": {"dtype": "U8", "shape": [30000, 1], "data_offsets": [0, 30000]}}"#
        try FileManager.default.moveItem(atPath: folder.safetensors(header, data: [UInt8](repeating: 1, count: 30000)), toPath: path)
        #expect(
            problem { try ReferenceCase(path: path).trace() }
                == "badData: expected at most 33554432 scores, found 1 heads over 30000 tokens")
    }

    /// The file is 8 TB long and takes a few kilobytes on the disk.
    @Test func `weights that no memory holds are refused before they are read`() throws {
        _ = try model()
        let large = SilentFaultTests.config.replacing(#""hidden_size":8"#, with: #""hidden_size":4096"#)
            .replacing(#""vocab_size":3"#, with: #""vocab_size":1073741824"#)
        _ = try folder.write("config.json", large)
        let name = "model.embed_tokens.weight"
        let header = #"{"\#(name)": {"dtype": "BF16", "shape": [1073741824, 4096], "data_offsets": [0, 8796093022208]}}"#
        let path = folder.path + "/model.safetensors"
        _ = try folder.write(
            "model.safetensors", withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8))
        try folder.extend(path, to: 8 + header.utf8.count + (1 << 43))
        let found = problem { try ModelFolder(path: folder.path).load() }
        #expect(found.hasPrefix("badData: \(name): expected weights of at most ") && found.hasSuffix("found 4398046511104"), "\(found)")
    }

    @Test func `a case of more values than fit is refused when it is opened`() throws {
        let header =
            #"{"__metadata__": {"kind": "float8-e4m3", "config": "{\"quant_block\":8,\"quant_scale\":\"ue8m0\"}"}, "#
            + #""input.values": {"dtype": "F64", "shape": [134217729], "data_offsets": [0, 1073741832]}}"#
        let path = try folder.safetensors(header)
        try folder.extend(path, to: 8 + header.utf8.count + 1_073_741_832)
        #expect(problem { try ReferenceCase(path: path) } == "badData: expected a case of at most 134217728 values, found 134217729")
    }

    @Test func `an object whose keys look alike is refused`() throws {
        let text = SilentFaultTests.config.replacing("{", with: #"{"x":{"caf\u00e9":1,"cafe\u0301":2},"#)
        _ = try folder.write("config.json", text)
        #expect(problem { try ModelFolder(path: folder.path) }.hasSuffix("appears twice in one object, spelled in two ways"))
    }

    @Test func `a step that cost more than 2 to the 30th reads back, one that cost less than nothing does not`() throws {
        let cost = Cost(flops: 1 << 40, contractionFlops: 1 << 39, bytesRead: 1 << 31, bytesWritten: 8)
        let step = Step(
            id: "s", title: Bilingual(same: "S"), formula: Formula(""), source: "", inputs: [], symbol: "S", output: Tensor([.s], [1], [1]),
            cost: cost)
        let path = folder.path + "/t.json"
        try TraceJSON.write(Trace(tokens: [], tokenIDs: [], switches: [], steps: [step]), to: path)
        #expect(try TraceJSON.read(path).steps[0].cost == cost)
        _ = try folder.write("t.json", text(path).replacing(#""flops":1099511627776"#, with: #""flops":-1"#))
        #expect(problem { try TraceJSON.read(path) } == "badData: step s: cost.flops: expected a whole number from 0 to 2^53, found -1")
    }

    @Test func `a tolerance without end passes no infinity in a wrong place`() {
        let check = Check(name: "x", shape: [1], expected: [1], computed: Tensor([.t], [1], [.nan]), tolerance: .infinity)
        #expect(!check.passed)
    }
}

extension Data {
    fileprivate func replacing(_ text: Data, at place: Range<Index>, with other: String) -> Data {
        self[..<place.lowerBound] + Data(other.utf8) + self[place.upperBound...]
    }
}
