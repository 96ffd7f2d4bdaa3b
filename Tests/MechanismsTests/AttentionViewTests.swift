// Which attentions a trace has, what they are made of, and which of them is dense.

import EngineTesting
import Mechanisms
import Testing
import Traces

@Suite struct AttentionViewTests {
    private static let x = SmallSparse().tokens(10)

    private func trace(_ paths: [SparseAttention.Path] = [.masked, .gathered]) throws -> Trace {
        let small = SmallSparse()
        return try small.run(small.make(), Self.x, chunks: [9, 1], form: .expanded, paths: paths)
    }

    @Test func `a pass of sparse attention has a dense one beside it, and each knows its steps`() throws {
        let trace = try trace()
        let views = trace.attentions
        #expect(
            views.map { $0.weights.text } == ["p0", "p1"].flatMap { p in ["dense", "attention", "gathered"].map { "\(p).\($0).weights" } })
        let (dense, sparse, gathered) = (views[0], views[1], views[2])
        #expect(dense.isDense && dense.selection == nil && dense.dense == nil)
        #expect(!sparse.isDense && sparse.selection == "p0.selected" && sparse.dense?.weights == dense.weights)
        #expect(!gathered.isDense && gathered.selection == "p0.selected" && gathered.dense?.weights == dense.weights)
        #expect((dense.scores, sparse.scores) == ("p0.dense.scores", "p0.attention.scores"))
        #expect((dense.output, sparse.output, gathered.output) == ("p0.dense.output", "p0.output", "p0.gathered.output"))
        // All of them read the queries, and the keys and values that were made from the latents.
        for view in [dense, sparse] {
            #expect((view.query, view.key, view.value) == ("p0.attention.q", "p0.attention.k_nope", "p0.attention.v"))
        }
        #expect(views[3].key == "p1.attention.k_nope")
    }

    @Test func `an attention alone is dense, whatever its branch is called`() throws {
        let small = SmallSparse()
        let whole = try small.run(small.make(), Self.x, chunks: [10], form: .expanded)
        let steps = whole.steps.filter { $0.id.role != .selected && $0.id.branch != .dense }
        let view = try #require(Trace(steps: steps).attentions.first)
        #expect(view.isDense && view.weights == "p0.attention.weights" && view.dense == nil)
    }

    @Test func `sparse attention without a dense one beside it keeps to its selection, and nothing is said of the mass`() throws {
        let whole = try trace([.masked])
        let trace = Trace(steps: whole.steps.filter { $0.id.branch != .dense }.map(Self.asFromFile))
        let view = try #require(trace.attentions.first)
        #expect(!view.isDense && view.selection == "p0.selected" && view.dense == nil)
        let rows = try trace.selection("p0.selected").rows
        #expect(rows.allSatisfy { $0.massKept == nil && $0.recall == nil && $0.cut != nil })
        #expect(throws: EngineError(.unknownStep, "what-if", expected: "dense attention beside the selection", found: "none")) {
            try WhatIf(right: trace, variant: trace)
        }
    }

    @Test func `a step knows its attention and the selection around it`() throws {
        let trace = try trace()
        #expect(trace.attention(of: "p0.dense.dot_pe")?.weights == "p0.dense.weights")
        #expect(trace.attention(of: "p0.indexer.score") == nil)
        #expect(trace.selection(around: "p1.attention.heads")?.id == "p1.selected")
        #expect(trace.selection(around: "p1.indexer.dot")?.id == "p1.selected")
        #expect(trace.selection(around: "input.x0") == nil)
    }

    @Test func `the selection of a file is the one that was recorded`() throws {
        let recorded = try trace([.masked])
        let read = Trace(tokens: recorded.tokens, steps: recorded.steps.map(Self.asFromFile))
        for id: StepID in ["p0.selected", "p1.selected"] {
            let selection = try recorded.selection(id)
            #expect(try read.selection(id) == selection)
            #expect(try recorded.step(id).facts == selection.facts)
        }
    }

    @Test func `one head's mass is that head's own`() throws {
        let trace = try trace([.masked])
        let weights = try trace.step("p0.dense.weights").output
        for head in 0..<3 {
            let rows = try trace.selection("p0.selected", head: head).rows
            for (t, row) in rows.enumerated() where row.kept.count <= t {
                #expect(abs(row.massKept! - row.kept.reduce(0) { $0 + weights[head, t, $1] }) < 1e-15)
            }
        }
        #expect(throws: EngineError(.index, "p0.dense.weights: head 3", expected: "0 to 2", found: "3")) {
            try trace.selection("p0.selected", head: 3)
        }
    }

    /// The step as a file would hand it over: values without masks and arithmetic.
    private static func asFromFile(_ step: Step) -> Step {
        Step(
            id: StepID(step.id.text), title: step.title, formula: step.formula, source: step.source,
            inputs: step.inputs.map { StepID($0.text) }, symbol: step.symbol, output: step.output, labels: step.labels, facts: step.facts,
            cost: step.cost)
    }
}
