// What is kept to explain a cell of a model, or for a lesson, says the same as everything would.

import Lessons
import Mechanisms
import ModelFiles
import Testing
import Traces

@Suite struct ModelReadingTests {
    private static let ids = [1, 5, 5, 0, 3]
    private static let tokens = ids.map { "w\($0)" }

    private static func model() throws -> LanguageModel {
        let folder = "\(lessonsFolder)/../Tests/ModelFilesTests/Fixtures/llama-tiny"
        return try ModelFolder(path: folder).model()
    }

    @Test func `every step is explained from what is kept for it as from everything`() throws {
        let model = try Self.model()
        let all = try model.record(tokenIDs: Self.ids, tokens: Self.tokens)
        let outline = try model.outline(tokenIDs: Self.ids)
        for step in all.steps {
            let kept = KeptSteps.explaining(step.id, in: outline)
            let trace = try model.record(tokenIDs: Self.ids, tokens: Self.tokens, keeping: kept)
            let cell = step.output.shape.lengths.map { $0 - 1 }
            #expect(try trace.step(step.id).explain(cell, allTerms: true) == step.explain(cell, allTerms: true), "\(step.id)")
            let own = trace.steps.filter { $0.id != step.id && !step.inputs.contains($0.id) }
            #expect(own.allSatisfy { $0.id.scopes == step.id.scopes && $0.id.role != .parameter }, "\(step.id): \(own.map(\.id))")
        }
    }

    @Test func `a trace that lacks what its steps are made from is not exported`() throws {
        let trace = try Self.model().record(tokenIDs: Self.ids, tokens: Self.tokens, keeping: KeptSteps([.weights]))
        #expect(
            throws: EngineError(
                .value, "layer.0.attention.weights", expected: "a trace that holds what it is made from",
                found: "layer.0.attention.scores left out of the trace")
        ) { try NumPyScript(trace, name: "kept") }
    }

    @Test func `a lesson keeps the last layer and what stands in none`() throws {
        let model = try Self.model()
        let kept = KeptSteps.lesson(in: try model.outline(tokenIDs: Self.ids))
        let trace = try model.record(tokenIDs: Self.ids, tokens: Self.tokens, keeping: kept)
        #expect(trace.contains("layer.1.attention.weights") && trace.contains("mean_loss") && trace.contains("logits"))
        #expect(trace.steps.allSatisfy { $0.id.layer != 0 && $0.id.role != .parameter })
    }
}
