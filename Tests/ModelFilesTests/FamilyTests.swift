// Every family of language models against Hugging Face transformers, from what is committed here: tiny models with random weights, and what
// transformers computed of a text. Tests/python/families.py holds the same folders, and models of other configurations, to numpy in double precision.

import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

private struct Expected: Decodable {
    let tokenIDs: [Int]
    /// [layer][head][query][key].
    let attention: [[[[Double]]]]
    let last_logits: [Double]
    /// The likeliest next token after each.
    let argmax: [Int]
}

@Suite struct FamilyTests {
    static let folder = Paths.fixtures + "/families"
    static let names = [
        "gemma2", "gpt2", "llama-3.2", "llama-linear-rope", "llama-mlp-bias", "mistral-window-4", "qwen2", "qwen3", "smollm",
    ]

    private func expected(_ name: String) throws -> Expected {
        try JSONDecoder().decode(Expected.self, from: Data(contentsOf: URL(filePath: "\(Self.folder)/\(name)/expected.json")))
    }

    /// The model alone: its tokenizer has tests of its own.
    private func load(_ name: String) throws -> ModelFolder.Loaded {
        let room = try TemporaryFolder()
        for file in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(atPath: "\(Self.folder)/\(name)/\(file)", toPath: "\(room.path)/\(file)")
        }
        _ = try room.write("tokenizer.json", #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}"#)
        return try withExtendedLifetime(room) { try ModelFolder(path: room.path).load() }
    }

    @Test func `every folder is tested`() throws {
        #expect(try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted() == Self.names)
    }

    @Test(arguments: names) func `attention and the last logits are those of transformers`(name: String) throws {
        let expected = try expected(name)
        let loaded = try load(name)
        #expect(loaded.warnings.isEmpty)
        let ids = expected.tokenIDs
        let trace = try loaded.model.record(tokenIDs: ids, tokens: ids.map(String.init))
        #expect(expected.attention.count == loaded.model.architecture.facts.layers)
        var largest = 0.0
        for (layer, heads) in expected.attention.enumerated() {
            let weights = try trace.step(StepID("layer.\(layer).attention.weights")).output
            try #require(weights.shape == Shape([(.h, heads.count), (.t, ids.count), (.s, ids.count)]))
            for (value, known) in zip(weights.values, heads.joined().joined()) { largest = max(largest, abs(value - known)) }
        }
        #expect(largest <= 1e-4)
        let logits = try trace.step("logits").output
        let last = logits.slice(.t, at: ids.count - 1).values
        try #require(last.count == expected.last_logits.count)
        #expect(zip(last, expected.last_logits).allSatisfy { abs($0 - $1) <= 1e-4 })
        let likeliest = ids.indices.map { t in
            let row = logits.slice(.t, at: t).values
            return row.firstIndex(of: row.max()!)
        }
        #expect(likeliest == expected.argmax)
    }

    @Test(arguments: names) func `every step explains itself, and its words can be spelled`(name: String) throws {
        let ids = Array(try expected(name).tokenIDs.prefix(7))
        let trace = try load(name).model.record(tokenIDs: ids, tokens: ids.map(String.init))
        for step in trace.steps where !step.id.text.hasPrefix("weight.") {
            _ = try Formula(parsing: step.formula.latex)
            #expect(!step.title.zh.isEmpty && !step.source.isEmpty, "\(step.id)")
            for offset in stride(from: 0, to: step.output.shape.count, by: 1 + step.output.shape.count / 7) {
                let index = step.output.shape.index(ofOffset: offset)
                let (bulk, alone) = (step.output[index], step.recomputed(index))
                #expect(bulk == alone || abs(bulk - alone) <= 1e-13 * max(1, abs(bulk)), "\(step.id)\(index)")
                #expect(!(try step.explain(index).lines(.en).isEmpty))
            }
        }
    }

    @Test(arguments: names) func `decoding with a cache equals one pass over the whole text`(name: String) throws {
        let ids = Array(try expected(name).tokenIDs.prefix(9))
        let model = try load(name).model
        var whole = Recorder()
        let all = try model.record(ids, cache: nil, on: &whole).logits.tensor
        var (cache, start) = (LanguageModel.Cache?.none, 0)
        for count in [1, 5, 1, 2] {
            var recorder = Recorder()
            let (logits, kept) = try model.record(Array(ids[start..<start + count]), cache: cache, on: &recorder)
            for t in 0..<count {
                let (one, other) = (logits.tensor.slice(.t, at: t).values, all.slice(.t, at: start + t).values)
                #expect(zip(one, other).allSatisfy { abs($0 - $1) <= 1e-12 })
            }
            (cache, start) = (kept, start + count)
        }
    }

    // MARK: What is asked of a configuration

    private func open(_ name: String, _ changes: [String: Any?], removing gone: [String] = []) throws -> ModelFolder {
        let room = try TemporaryFolder()
        let read = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: "\(Self.folder)/\(name)/config.json")))
        var config = try #require(read as? [String: Any])
        for (field, value) in changes { config[field] = value ?? NSNull() }
        for field in gone { config[field] = nil }
        _ = try room.write("config.json", String(decoding: JSONSerialization.data(withJSONObject: config), as: UTF8.self))
        _ = try room.write("tokenizer.json", #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}"#)
        try FileManager.default.copyItem(atPath: "\(Self.folder)/\(name)/model.safetensors", toPath: room.path + "/model.safetensors")
        return try withExtendedLifetime(room) { try ModelFolder(path: room.path) }
    }

    private func refusal(_ name: String, _ changes: [String: Any?]) -> String { problem { try open(name, changes) } }

    @Test func `what a family's authors compute otherwise is refused by name`() {
        let kinds = ["sliding_attention", "full_attention"]
        #expect(
            refusal("mistral-window-4", ["layer_types": kinds])
                == "badData: layer_types: expected sliding_attention in every layer, as sliding_window says, found [\"sliding_attention\", \"full_attention\"]"
        )
        #expect(
            refusal("qwen2", ["layer_types": kinds])
                == "badData: layer_types: expected full_attention in every layer, as no sliding_window is used, found [\"sliding_attention\", \"full_attention\"]"
        )
        #expect(
            refusal("qwen3", ["layer_types": ["full_attention"]])
                == "badData: layer_types: expected 2 kinds, as num_hidden_layers says, found [\"full_attention\"]")
        #expect(
            refusal("qwen3", ["layer_types": ["full_attention", "linear_attention"]])
                == "badData: layer_types: expected full_attention or sliding_attention in every layer; linear_attention is not computed, found [\"full_attention\", \"linear_attention\"]"
        )
        #expect(
            refusal("gemma2", ["use_bidirectional_attention": true])
                == "badData: use_bidirectional_attention: expected none in a model of type gemma2, found true")
        #expect(refusal("gemma2", ["attn_logit_softcapping": -1]) == "badData: attn_logit_softcapping: expected a number above 0, found -1")
        #expect(
            refusal("gemma2", ["sliding_window": nil])
                == "badData: sliding_window: expected a window, as some layers attend within one, found null")
        #expect(
            refusal("gpt2", ["add_cross_attention": true])
                == "badData: add_cross_attention: expected none in a model of type gpt2, found true")
        #expect(refusal("gpt2", ["hidden_size": 33]) == "badData: hidden_size: expected 32, as n_embd says, found 33")
        #expect(refusal("gpt2", ["activation_function": "mish"]).hasPrefix("badData: activation_function: expected one of \"silu\""))
        #expect(
            refusal("smollm", ["architectures": ["LlamaForSequenceClassification"]])
                == "badData: architectures: expected LlamaForCausalLM or LlamaModel, found [\"LlamaForSequenceClassification\"]")
        #expect(refusal("smollm", ["eos_token_id": ["a"]]) == "badData: eos_token_id: expected one token id, or several, found [\"a\"]")
    }

    @Test(
        arguments: [
            (["rope_type": "longrope", "factor": 2], "expected none or one of default, linear, dynamic, llama3, yarn, found \"longrope\""),
            (["rope_type": "linear"], ".factor is missing: expected a number"),
            (["rope_type": "linear", "factor": 0], ".factor: expected a number above 0, found 0"),
            (
                ["rope_type": "llama3", "factor": 2, "low_freq_factor": 4, "high_freq_factor": 4],
                ".high_freq_factor: expected more than low_freq_factor, 4.0, found 4"
            ),
            (["rope_type": "yarn", "factor": 2, "short_factor": 1], ".short_factor: expected none beside \"yarn\", found 1"),
            (
                ["rope_type": "dynamic", "factor": 2, "original_max_position_embeddings": 7],
                ".original_max_position_embeddings: expected 512, as max_position_embeddings says, beside \"dynamic\", found 7"
            ),
        ] as [([String: any Sendable], String)]) func `a scaling of rotation is what is known, whole`(
            rope: [String: any Sendable], line: String
        )
    {
        let found = refusal("smollm", ["rope_parameters": rope as [String: Any]])
        #expect(found == "badData: rope_parameters" + (line.hasPrefix(".") ? "" : ": ") + line)
    }

    @Test func `two scalings that differ are refused, and one twice is one`() throws {
        let linear: [String: Any] = ["rope_type": "linear", "factor": 2]
        #expect(
            refusal("smollm", ["rope_scaling": linear])
                == "badData: rope_scaling: expected what rope_parameters says, found another scaling")
        #expect(try open("smollm", ["rope_scaling": linear, "rope_parameters": linear]).architecture.facts.contextLength == 1024)
    }

    @Test func `tokens that end a text may be several`() throws {
        #expect(try open("smollm", ["eos_token_id": [3, 5]]).endIDs == [3, 5])
        #expect(try open("smollm", ["eos_token_id": nil]).endIDs == [])
    }

    // MARK: Checkpoints without prefix or head

    /// The folder's model with its tensors renamed, those renamed to nil left out.
    private func checkpoint(of name: String, _ changes: [String: Any?] = [:], _ rename: (String) -> String?) throws -> ModelFolder.Loaded {
        let room = try TemporaryFolder()
        let file = try Safetensors(path: "\(Self.folder)/\(name)/model.safetensors")
        var writer = SafetensorsWriter()
        for tensor in file.names {
            guard let other = rename(tensor) else { continue }
            let shape = try file.info(tensor).shape
            let values = try file.tensor(tensor, axes: shape.indices.map { Axis("\($0)") }).values
            writer.add(other, shape: shape, floats: values.map { Float($0) })
        }
        try writer.write(to: room.path + "/model.safetensors")
        let read = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: "\(Self.folder)/\(name)/config.json")))
        var config = try #require(read as? [String: Any])
        for (field, value) in changes { config[field] = value ?? NSNull() }
        _ = try room.write("config.json", String(decoding: JSONSerialization.data(withJSONObject: config), as: UTF8.self))
        _ = try room.write("tokenizer.json", #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}"#)
        return try withExtendedLifetime(room) { try ModelFolder(path: room.path).load() }
    }

    private static func bare(_ name: String) -> String {
        for prefix in ["model.", "transformer."] where name.hasPrefix(prefix) { return String(name.dropFirst(prefix.count)) }
        return name
    }

    @Test(arguments: ["smollm", "gpt2", "gemma2"]) func `names without the prefix are the same model`(name: String) throws {
        let (whole, bare) = (try load(name).model, try checkpoint(of: name) { Self.bare($0) })
        #expect(bare.warnings.isEmpty)
        let ids = [3, 8, 1]
        #expect(
            try bare.model.record(tokenIDs: ids, tokens: ["", "", ""]).step("logits").output
                == whole.record(tokenIDs: ids, tokens: ["", "", ""]).step("logits").output)
    }

    @Test func `a checkpoint without its head ends with hidden states, and says so`() throws {
        let name = "mistral-window-4"
        let loaded = try checkpoint(of: name, ["architectures": ["MistralModel"]]) { $0 == "lm_head.weight" ? nil : $0 }
        #expect(loaded.warnings.count == 1 && loaded.warnings[0].contains("this checkpoint has no lm_head.weight"))
        let trace = try loaded.model.record(tokenIDs: [3, 8], tokens: ["", ""])
        #expect(try trace.step("hidden").output == load(name).model.record(tokenIDs: [3, 8], tokens: ["", ""]).step("norm").output)
        #expect(!trace.contains("logits") && !trace.contains("loss") && !loaded.model.isPredictive)
        #expect(
            problem { try loaded.model.greedyContinuation(of: [1], count: 1, endIDs: []) }
                == "model: expected one that foretells tokens, found a checkpoint without a head")
        // A whole model's file that lacks it is damaged.
        #expect(problem { try checkpoint(of: name) { $0 == "lm_head.weight" ? nil : $0 } } == "badData: tensor lm_head.weight is missing")
        #expect(
            try checkpoint(of: name) { $0 == "lm_head.weight" ? nil : Self.bare($0) }.warnings.count == 1,
            "names without prefix are a base's")
    }

    // MARK: Beyond the length trained on

    @Test func `a base that grows with the text keeps no cache beyond the length trained on`() throws {
        let rope: [String: Any] = ["rope_type": "dynamic", "factor": 2]
        let model = try checkpoint(of: "smollm", ["rope_parameters": rope, "max_position_embeddings": 6]) { $0 }.model
        let ids = try model.greedyContinuation(of: [1, 4], count: 8, endIDs: [])
        #expect(ids.count == 10)
        for t in [3, 6, 7, 9] {
            let before = Array(ids[..<t])
            let logits = try model.record(tokenIDs: before, tokens: before.map(String.init)).step("logits").output.slice(.t, at: t - 1)
                .values
            #expect(logits.firstIndex(of: logits.max()!) == ids[t])
        }
        var recorder = Recorder()
        let cache = try model.record([1, 2, 3, 4], cache: nil, on: &recorder).cache
        #expect(
            problem {
                var other = Recorder()
                return try model.record([5, 6, 7], cache: cache, on: &other).cache
            } == "cache: expected none: keys turn otherwise in a text this long, found 4 tokens")
    }
}
