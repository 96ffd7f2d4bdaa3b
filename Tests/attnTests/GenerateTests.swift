// attn generate and attn trace --follow, as a reader runs them on tiny models.

import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

@Suite struct GenerateTests {
    private static let model = Place.fixtures + "/llama-tiny"

    private struct Answer: Decodable, Equatable {
        let text: String
        let tokenIDs: [Int]
        let generated: String
    }
    private struct Expected: Decodable {
        let text: String
        let token_ids, greedy_ids: [Int]
    }

    private let expected: Expected

    init() throws {
        expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: URL(filePath: Self.model + "/expected.json")))
    }

    private func generate(_ arguments: String...) throws -> Answer {
        let run = try attn(["generate", "--model", Self.model, "--text", expected.text, "--json"] + arguments)
        try #require(run.status == 0, "\(run.error)")
        return try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
    }

    /// A file that is as long as such weights would be and takes a few kilobytes on the disk.
    @Test(arguments: [[], ["--fast"]]) func `weights that all together fit in no memory are refused where all are held`(speed: [String])
        throws
    {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let width = 1 << 15
        let layers = 1 + 2 * Int(ProcessInfo.processInfo.physicalMemory) / (8 * 7 * width * width)
        var config = try #require(try json(String(contentsOfFile: Self.model + "/config.json", encoding: .utf8)) as? [String: Any])
        for (name, size) in [
            ("hidden_size", width), ("intermediate_size", width), ("num_hidden_layers", layers), ("num_attention_heads", 256),
            ("num_key_value_heads", 256), ("head_dim", 128),
        ] { config[name] = size }
        try JSONSerialization.data(withJSONObject: config).write(to: folder.appending(path: "config.json"))
        try FileManager.default.copyItem(atPath: Self.model + "/tokenizer.json", toPath: folder.path + "/tokenizer.json")
        let maps = ["self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "mlp.gate", "mlp.up", "mlp.down"].map { "\($0)_proj" }
        let ofLayers = (0..<layers).flatMap { layer in
            maps.map { ("model.layers.\(layer).\($0).weight", [width, width]) }
                + ["input", "post_attention"].map { ("model.layers.\(layer).\($0)_layernorm.weight", [width]) }
        }
        var (end, entries) = (0, [String: Any]())
        for (name, shape) in ofLayers
            + [("model.embed_tokens.weight", [64, width]), ("lm_head.weight", [64, width]), ("model.norm.weight", [width])]
        {
            let begin = end
            end += 2 * shape.reduce(1, *)
            entries[name] = ["dtype": "BF16", "shape": shape, "data_offsets": [begin, end]]
        }
        let header = try JSONSerialization.data(withJSONObject: entries)
        let path = folder.appending(path: "model.safetensors")
        try (withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header).write(to: path)
        let file = try FileHandle(forWritingTo: path)
        try file.truncate(atOffset: UInt64(8 + header.count + end))
        try file.close()

        let run = try attn(["generate", "--model", folder.path, "--text", expected.text, "--tokens", "1"] + speed)
        #expect(run.status == 65 && run.error.contains("all together: expected weights of at most "), "\(run)")
        // It is opened all the same.
        let trace = try attn(["trace", "--model", folder.path, "--text", expected.text, "--layers", "\(layers)"] + speed)
        #expect(trace.status == 65 && trace.error.contains("layers: expected 0 to \(layers - 1)"), "\(trace)")
    }

    @Test(arguments: [[], ["--fast"]]) func `the likeliest tokens follow, exactly and in Float32`(speed: [String]) throws {
        let run = try attn(["generate", "--model", Self.model, "--text", expected.text, "--tokens", "6", "--json"] + speed)
        try #require(run.status == 0, "\(run.error)")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
        #expect(answer.tokenIDs == Array(expected.greedy_ids.prefix(expected.token_ids.count + 6)))
        #expect(answer.text == expected.text + answer.generated)
        #expect(answer.text == (try ModelFolder(path: Self.model)).tokenizer.decode(answer.tokenIDs))
    }

    @Test func `the text alone is printed with the same words`() throws {
        let answer = try generate("--tokens", "5")
        let run = try attn("generate", "--model", Self.model, "--text", expected.text, "--tokens", "5")
        #expect(run.status == 0 && run.error.isEmpty)
        let lines = answer.text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).withControlsPictured }
        #expect(run.output == lines.joined(separator: "\n") + "\n")
    }

    @Test func `a seed draws the same text again, another seed another`() throws {
        let draws = try ["1", "1", "2", "3"].map { try generate("--tokens", "12", "--temperature", "2", "--seed", $0).tokenIDs }
        #expect(draws[0] == draws[1])
        #expect(Set(draws).count > 1)
        // Near 0 there is nothing to draw.
        #expect(try generate("--tokens", "6", "--temperature", "1e-9", "--seed", "5") == generate("--tokens", "6"))
    }

    @Test func `a full context ends the text, and that is said`() throws {
        let run = try attn(
            "generate", "--model", Self.model, "--text", expected.text, "--tokens", "500", "--temperature", "1", "--seed", "4", "--json")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
        let isFull = answer.tokenIDs.count == 48
        #expect(isFull || answer.tokenIDs.last == 2)
        #expect(run.error.contains("the context of the model, 48 tokens, is full") == isFull)
    }

    @Test(arguments: [
        (["--tokens", "0"], "--tokens: expected at least 1, found 0"),
        (["--tokens", "2", "--seed", "1"], "--seed: expected with --temperature"),
        (["--tokens", "2", "--temperature", "0"], "--temperature: expected a number above 0, found 0"),
        (["--tokens", "2", "--temperature", "-1"], "--temperature: expected a number above 0, found -1"),
        (["--tokens", "2", "--temperature", "nan"], "--temperature: expected a number above 0, found "),
        (["--tokens", "2", "--temperature", "inf"], "--temperature: expected a number above 0, found "),
    ]) func `an option that cannot be meant is refused`(arguments: [String], line: String) throws {
        let run = try attn(["generate", "--model", Self.model, "--text", "x"] + arguments)
        #expect(run.status == 64 && run.error.contains(line) && run.output.isEmpty, "\(run.status) \(run.error)")
    }

    @Test func `a text longer than the context is refused`() throws {
        let long = String(repeating: "one ", count: 60)
        let run = try attn("generate", "--model", Self.model, "--text", long, "--tokens", "1")
        #expect(run.status == 65 && run.error.contains("text: expected at most 48 tokens, the model's context"), "\(run)")
    }

    @Test func `caches count once where passes do not stay, and for every pass where they do`() throws {
        let arguments = ["trace", "--model", Self.model, "--text", expected.text, "--follow", "30", "--keep"]
        #expect(try attn(arguments + ["logits", "--memory", "512K"]).status == 0)
        let refused = try attn(arguments + ["steps", "--memory", "512K"])
        #expect(refused.status == 65 && refused.error.contains("expected steps of at most 512 KiB, found 1."), "\(refused)")
    }

    @Test func `caches of layers that nobody asks about do not stay`() throws {
        let run = try attn("trace", "--model", Self.model, "--text", expected.text, "--follow", "1", "--layers", "1", "--keep", "steps")
        let ids = try #require((json(run.output) as? [String: Any])?["steps"] as? [[String: Any]]).compactMap { $0["id"] as? String }
        #expect(ids.contains("input.decode.0.layer.1.attention.cache.k") && !ids.contains { $0.contains("layer.0.") })
    }

    @Test func `an empty text is refused`() throws {
        let run = try attn("generate", "--model", Self.model, "--text", "", "--tokens", "1")
        #expect(run.status == 65 && run.error.contains("--text: expected at least one character"))
    }

    @Test func `followed tokens have passes of their own, which read the cache and equal one pass over all`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path + "/t.json"
        let run = try attn("trace", "--model", Self.model, "--text", expected.text, "--follow", "3", "--output", path)
        try #require(run.status == 0, "\(run.error)")
        let trace = try TraceJSON.read(path)
        let (ids, prompt) = (Array(expected.greedy_ids.prefix(expected.token_ids.count + 3)), expected.token_ids.count)
        #expect(trace.tokenIDs == ids && trace.tokens.count == ids.count)
        #expect(trace.passes == [.decode(0), .decode(1), .decode(2)])
        #expect(try trace.step("layer.0.attention.weights").output.shape[.t] == prompt)
        let whole = try ModelFolder(path: Self.model).model().record(tokenIDs: ids, tokens: ids.map(String.init))
        for number in 0..<3 {
            let own = try trace.step("decode.\(number).layer.1.attention.weights").output
            #expect(own.shape == Shape([.h, .t, .s], [4, 1, prompt + number + 1]))
            let all = try whole.step("layer.1.attention.weights").output
            for h in 0..<4 { for s in 0...prompt + number { #expect(abs(own[h, 0, s] - all[h, prompt + number, s]) < 1e-12) } }
            // The cache is what the pass before had as its keys.
            let before = try trace.step(StepID(number == 0 ? "layer.1.attention.k" : "decode.\(number - 1).layer.1.attention.k")).output
            #expect(try trace.step(StepID("input.decode.\(number).layer.1.attention.cache.k")).output == before)
            let logits = try trace.step(StepID("decode.\(number).logits")).output.values
            let row = try whole.step("logits").output.slice(.t, at: prompt + number).values
            #expect(zip(logits, row).allSatisfy { abs($0 - $1) < 1e-9 })
        }
    }

    @Test(arguments: [
        (["--case", Place.fixtures + "/attention-plain.safetensors", "--follow", "2"], "--follow: expected with --model alone"),
        (["--model", model, "--text", "x", "--follow", "0"], "--follow: expected 1 to 4096 tokens, found 0"),
        (["--model", model, "--text", "x", "--follow", "2", "--path", "both"], "--follow: expected without --path and --with"),
    ]) func `a trace that cannot be followed is refused`(arguments: [String], line: String) throws {
        let run = try attn(["trace"] + arguments)
        #expect(run.status == 64 && run.error.contains(line) && run.output.isEmpty, "\(run.status) \(run.error)")
    }
}
