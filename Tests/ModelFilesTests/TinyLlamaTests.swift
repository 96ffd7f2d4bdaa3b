// A language model against PyTorch, from what is committed here: a tiny Llama with random weights, and what Hugging Face transformers computed of
// a text, both made by Tests/python/llama_case.py.

import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

private struct Expected: Decodable {
    let text: String
    let token_ids: [Int]
    /// [layer][head][query][key], keys up to the query's own.
    let attention: [[[[Double]]]]
    let last_logits: [Double]
    let greedy_ids: [Int]
}

@Suite struct TinyLlamaTests {
    private static let path = Paths.fixtures + "/llama-tiny"

    /// PyTorch rounds every number to 24 bits, 6e-8 of it at most, and here some dozens of roundings follow one another; the engine has 53 bits.
    /// A wrong layout of the rotary embedding, a wrong head shared, a forgotten norm move these numbers by 1e-2 and more.
    static let tolerance = 4e-6

    private let expected: Expected
    private let folder: ModelFolder
    private let trace: Trace

    init() throws {
        expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: URL(filePath: Self.path + "/expected.json")))
        let folder = try ModelFolder(path: Self.path)
        self.folder = folder
        trace = try folder.model().record(
            tokenIDs: expected.token_ids, tokens: expected.token_ids.map { folder.tokenizer.token($0) ?? "?" })
    }

    @Test func `a text has the ids that the tokenizers library gives it, and they are the text again`() {
        #expect(folder.tokenizer.encode(expected.text) == expected.token_ids)
        #expect(folder.tokenizer.decode(expected.token_ids) == expected.text)
    }

    @Test func `every attention weight is PyTorch's`() throws {
        #expect(expected.attention.count == folder.architecture.facts.layers)
        var largest = 0.0
        for (layer, heads) in expected.attention.enumerated() {
            let weights = try trace.step("layer.\(layer).attention.weights").output
            let count = expected.token_ids.count
            #expect(weights.shape == Shape([(.h, heads.count), (.t, count), (.s, count)]) && heads.count == 4)
            for (h, rows) in heads.enumerated() {
                for (t, row) in rows.enumerated() {
                    try #require(row.count == t + 1)
                    for s in row.indices { largest = max(largest, abs(weights[h, t, s] - row[s])) }
                    #expect((t + 1..<count).allSatisfy { weights[h, t, $0] == 0 })
                }
            }
        }
        #expect(largest <= Self.tolerance)
    }

    @Test func `the last logits are PyTorch's`() throws {
        let logits = try trace.step("logits").output.slice(.t, at: expected.token_ids.count - 1).values
        try #require(logits.count == expected.last_logits.count && logits.count == folder.architecture.facts.vocabulary)
        let largest = expected.last_logits.map(abs).max()!
        for (n, (found, wanted)) in zip(logits, expected.last_logits).enumerated() {
            #expect(abs(found - wanted) <= Self.tolerance * largest, "logit \(n): expected \(wanted), found \(found)")
        }
    }

    @Test func `the greedy continuation is PyTorch's`() throws {
        let (prompt, all) = (expected.token_ids, expected.greedy_ids)
        #expect(try folder.model().greedyContinuation(of: prompt, count: all.count - prompt.count, endIDs: folder.endIDs) == all)
    }
}
