// A real language model against numbers that an independent program computed. The model is not part of the project: these tests run
// where it is present.

import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

private struct Golden: Decodable {
    let prompt: String
    let prompt_ids: [Int]
    let last_logits: [Double]
    let attention: [String: [[[Double]]]]
    let greedy_ids_from_bos: [Int]
    let greedy_text: String

    static func load() throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Data(contentsOf: URL(filePath: Paths.stories + "/golden.json")))
    }
}

@Suite(.enabled(if: Paths.hasStories)) struct StoriesModelTests {
    @Test func `ids, every attention weight and the last logits equal the independent forward pass`() throws {
        let golden = try Golden.load()
        let folder = try ModelFolder(path: Paths.stories)
        let ids = folder.tokenizer.encode(golden.prompt)
        #expect(ids == golden.prompt_ids)
        let trace = try folder.model().record(tokenIDs: ids, tokens: ids.compactMap(folder.tokenizer.token))
        let logits = try trace.step("logits").output.slice(.t, at: ids.count - 1).values
        #expect(logits.count == golden.last_logits.count)
        #expect(zip(logits, golden.last_logits).allSatisfy { abs($0 - $1) <= 1e-9 })
        #expect(golden.attention.count == 5)
        for (layer, heads) in golden.attention {
            let weights = try trace.step("layer.\(layer.dropFirst()).attention.weights").output
            #expect(weights.shape.lengths == [heads.count, ids.count, ids.count])
            for (h, rows) in heads.enumerated() {
                for (t, row) in rows.enumerated() {
                    #expect(row.count == t + 1)
                    #expect(row.indices.allSatisfy { abs(weights[h, t, $0] - row[$0]) <= 1e-9 }, "layer \(layer), head \(h), query \(t)")
                    #expect((t + 1..<ids.count).allSatisfy { weights[h, t, $0] == 0 })
                }
            }
        }
    }

    @Test func `the greedy continuation equals the independent one`() throws {
        let golden = try Golden.load()
        let folder = try ModelFolder(path: Paths.stories)
        let ids = try folder.model().greedyContinuation(of: [1], count: golden.greedy_ids_from_bos.count - 1, endIDs: folder.endIDs)
        #expect(ids == golden.greedy_ids_from_bos)
        #expect(folder.tokenizer.decode(ids) == golden.greedy_text)
    }

    @Test func `a text longer than the context is an error`() throws {
        let folder = try ModelFolder(path: Paths.stories)
        let ids = folder.tokenizer.encode(String(repeating: "park ", count: 600))
        #expect(throws: EngineError(.value, "text", "expected at most 512 tokens, the model's context, found 1802")) {
            try folder.model().record(tokenIDs: ids, tokens: ids.map(String.init))
        }
    }

    @Test func `a trace written and read back is the same`() throws {
        let folder = try ModelFolder(path: Paths.stories)
        let ids = folder.tokenizer.encode("Once upon a time")
        let trace = try folder.model().record(tokenIDs: ids, tokens: ids.compactMap(folder.tokenizer.token))
        let temporary = try TemporaryFolder()
        try TraceJSON.write(trace, to: temporary.path + "/t.json")
        let read = try TraceJSON.read(temporary.path + "/t.json")
        #expect(read.steps.map(\.id) == trace.steps.map(\.id))
        #expect(zip(read.steps, trace.steps).allSatisfy { $0.output == $1.output && $0.inputs == $1.inputs && $0.cost == $1.cost })
    }
}
