// Models in GGUF files: small ones against a float64 pass of numpy over the file's own tensors, what their key-values may say, and SmolLM2 where it is.

import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

private struct Expected: Decodable {
    let text: String
    let ids: [Int]
    let attention: [[[[Double]]]]
    let logits: [Double]

    init(_ name: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(filePath: "\(Paths.fixtures)/gguf-\(name).json")))
    }
}

/// The families of the fixtures that are known.
private let known = ["llama", "qwen2", "qwen3", "gpt2"].filter(ModelFamilies.names.contains)

@Suite struct GGUFModelTests {
    @Test(arguments: known) func `ids, every attention weight and the last logits equal numpy's pass over the same file`(name: String)
        throws
    {
        let expected = try Expected(name)
        let path = "\(Paths.fixtures)/gguf-\(name).gguf"
        let folder = try ModelFolder(path: path)
        #expect(folder.path == path && folder.endIDs == [name == "llama" ? 2 : 0])
        let ids = folder.tokenizer.encode(expected.text)
        #expect(ids == expected.ids)
        #expect(folder.tokenizer.decode(ids) == expected.text)
        let loaded = try folder.load()
        #expect(loaded.weightPaths == [path] && loaded.warnings.isEmpty)
        let trace = try loaded.model.record(tokenIDs: ids, tokens: ids.map { folder.tokenizer.token($0) ?? "?" })
        for (layer, heads) in expected.attention.enumerated() {
            let weights = try trace.step("layer.\(layer).attention.weights").output.values
            let known = heads.flatMap { $0.flatMap { $0 } }
            #expect(weights.count == known.count && zip(weights, known).allSatisfy { abs($0 - $1) <= 1e-9 }, "layer \(layer)")
        }
        let logits = try trace.step("logits").output.slice(.t, at: ids.count - 1).values
        #expect(logits.count == expected.logits.count && zip(logits, expected.logits).allSatisfy { abs($0 - $1) <= 1e-9 })
    }

    @Test func `pieces of SentencePiece are merged by score, the leftmost of equal ones first`() throws {
        let tokenizer = try ModelFolder(path: "\(Paths.fixtures)/gguf-llama.gguf").tokenizer
        func tokens(_ text: String) -> [String] { tokenizer.encode(text).compactMap(tokenizer.token) }
        #expect(tokens("the rain") == ["<s>", "▁the", "▁", "ra", "in"])
        // "▁t" and "he" score the same: neither is merged before the other, and a text that has both has both.
        #expect(tokens("on up") == ["<s>", "▁on", "▁up"])
        #expect(tokens("é三\n") == ["<s>", "▁", "é", "<0xE4>", "<0xB8>", "<0x89>", "<0x0A>"])
        #expect(tokens("") == ["<s>"])
        #expect(tokens("</s>on") == ["<s>", "</s>", "▁on"])
        #expect(tokenizer.decode(tokenizer.encode(" two  spaces, 3")) == " two  spaces, 3")
    }

    @Test(.enabled(if: Paths.hasSmolLM2)) func `SmolLM2 goes on as numpy's pass over the same file does`() throws {
        let folder = try ModelFolder(path: Paths.smolLM2)
        let ids = folder.tokenizer.encode("The capital of Japan is")
        #expect(ids == [504, 3575, 282, 3085, 314])
        #expect(ids.map(folder.tokenizer.token) == ["The", "▁capital", "▁of", "▁Japan", "▁is"])
        let facts = folder.architecture.facts
        #expect(facts.layers == 30 && facts.heads == 9 && facts.keyValueHeads == 3 && facts.contextLength == 8192 && folder.endIDs == [2])
        let loaded = try folder.load()
        #expect(loaded.warnings.isEmpty)
        let trace = try loaded.model.record(tokenIDs: ids, tokens: ids.map { folder.tokenizer.token($0) ?? "?" })
        let logits = try trace.step("logits").output.slice(.t, at: ids.count - 1).values
        // Tests/python/gguf_model.py --logits
        for (id, known) in [(19081, 14.596590081535338), (260, 11.874156050213514), (1541, 11.778286043045412), (442, 11.092581490595085)] {
            #expect(abs(logits[id] - known) <= 1e-9, "\(id): \(logits[id])")
        }
        #expect(logits.max() == logits[19081] && folder.tokenizer.decode([19081]) == " Tokyo")
    }

    // MARK: Key-values

    /// The fixture of Llama's architecture with one key-value of the same length changed, or one more.
    private func changed(_ key: String, to value: [UInt8]? = nil, adding more: [UInt8]? = nil) throws -> String {
        let folder = try TemporaryFolder()
        var bytes = try WholeFile.read("\(Paths.fixtures)/gguf-llama.gguf")
        if let value {
            let name = GGUFBytes.text(key)
            let at = try #require(bytes.indices.first { bytes[$0...].starts(with: name) }) + name.count + 4
            bytes.replaceSubrange(at..<at + value.count, with: value)
        }
        if let more {
            // The data moves by what stands before it, so that it stays aligned.
            let filler = GGUFBytes.value(
                "filler", list: 0, UInt64(32 - (more.count + 30) % 32), [UInt8](repeating: 0, count: 32 - (more.count + 30) % 32))
            let count = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self) }
            bytes.replaceSubrange(16..<24, with: GGUFBytes.bytes(count + 2))
            bytes.insert(contentsOf: more + filler, at: 24)
        }
        let path = try folder.write("m.gguf", bytes)
        return problem { try ModelFolder(path: path).load() }
    }

    @Test func `what key-values ask for and is not understood is refused by name`() throws {
        typealias B = GGUFBytes
        #expect(try changed("", adding: B.value("general.note", "any")) == "no error")
        #expect(
            try changed("", adding: B.value("llama.vocab_size", 302))
                == "badData: llama.vocab_size: expected 303, the rows of token_embd.weight, found 302")
        #expect(try changed("", adding: B.value("llama.expert_count", 0)) == "no error")
        #expect(
            try changed("", adding: B.value("llama.expert_count", 8))
                == "badData: llama.expert_count: expected none: what it asks of a model of architecture llama is not known, found 8")
        #expect(
            try changed("", adding: B.value("tokenizer.ggml.remove_extra_whitespaces", 7, [1]))
                == "badData: tokenizer.ggml.remove_extra_whitespaces: expected none: what it asks of a tokenizer is not known, found true")
        #expect(
            try changed("", adding: B.value("general.type", "adapter")) == "badData: general.type: expected \"model\", found \"adapter\"")
        #expect(
            try changed("", adding: B.value("split.count", 2))
                == "badData: split.count: expected 1: a model in several files is not read, found 2")
        #expect(
            try changed("general.architecture", to: B.text("lamma"))
                == "badData: general.architecture: expected one of llama, qwen2, qwen3, gpt2, found \"lamma\"")
        #expect(
            try changed("llama.rope.dimension_count", to: B.bytes(UInt32(2)))
                == "badData: llama.rope.dimension_count: expected 16, the features of a head, found 2")
        #expect(
            try changed("", adding: B.value("llama.rope.scaling.type", "longrope"))
                == "badData: llama.rope.scaling.type: expected none, linear or yarn, found \"longrope\"")
        #expect(
            try changed("llama.block_count", to: B.bytes(UInt32(0)))
                == "badData: llama.block_count: expected a whole number of at least 1, found 0")
        #expect(
            try changed("llama.block_count", to: B.bytes(UInt32(3)))
                == "badData: tensor blk.2.attn_norm.weight is missing; there is blk.0.attn_norm.weight, blk.1.attn_norm.weight, blk.0.ffn_norm.weight"
        )
        #expect(
            try changed("llama.feed_forward_length", to: B.bytes(UInt32(32)))
                == "badData: blk.0.ffn_gate.weight: expected [32, 32], found [64, 32]")
        #expect(
            try changed("tokenizer.ggml.eos_token_id", to: B.bytes(UInt32(303)))
                == "badData: tokenizer.ggml.eos_token_id: expected the id of one of 303 tokens, found 303")
        #expect(
            try changed("tokenizer.ggml.model", to: B.text("lemma"))
                == "badData: tokenizer.ggml.model: expected gpt2 or llama, found \"lemma\"")
    }

    @Test func `a file of fewer layers than it has tensors names the rest once`() throws {
        let folder = try TemporaryFolder()
        var bytes = try WholeFile.read("\(Paths.fixtures)/gguf-llama.gguf")
        let name = GGUFBytes.text("llama.block_count")
        let at = try #require(bytes.indices.first { bytes[$0...].starts(with: name) }) + name.count + 4
        bytes[at] = 1
        let path = try folder.write("m.gguf", bytes)
        #expect(
            try ModelFolder(path: path).load().warnings == [
                "\(path): tensors that were not used: blk.1.attn_k.weight, blk.1.attn_norm.weight, blk.1.attn_output.weight, blk.1.attn_q.weight and 5 more"
            ])
    }

    @Test func `a file is a GGUF file whatever its name, and must be one`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("model", WholeFile.read("\(Paths.fixtures)/gguf-llama.gguf"))
        #expect(try ModelFolder(path: path).architecture.facts.layers == 2)
        let other = try folder.write("model.bin", [UInt8](repeating: 1, count: 64))
        #expect(
            problem { try ModelFolder(path: other) }
                == "badData: expected a GGUF file, which begins with GGUF, found a file that begins otherwise")
        #expect(problem { try ModelFolder(path: folder.path + "/none.gguf") } == "noInput: cannot be opened: No such file or directory")
    }
}
