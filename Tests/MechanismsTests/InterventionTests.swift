import EngineTesting
import Foundation
import Mechanisms
import Testing
import Traces

@Suite struct InterventionTests {
    private let small = SmallSparse()

    private func run(
        _ interventions: [Intervention], form: LatentAttention.Form = .expanded, paths: [SparseAttention.Path] = [.masked]
    ) throws -> Trace {
        var sparse = try small.make()
        sparse.interventions = interventions
        return try small.run(sparse, small.tokens(7), chunks: [6, 1], form: form, paths: paths)
    }

    /// The softmax of each row of `scores`, written out.
    private func softmaxed(_ scores: Tensor, times factor: Double) -> [Double] {
        let width = scores.shape.lengths[2]
        return stride(from: 0, to: scores.values.count, by: width).flatMap { start in
            let powers = scores.values[start..<start + width].map { $0 == -.infinity ? 0 : exp($0 * factor) }
            return powers.map { $0 / powers.reduce(0, +) }
        }
    }

    @Test(arguments: LatentAttention.Form.allCases) func `a temperature divides the scores of every attention, and masks stay`(
        form: LatentAttention.Form
    ) throws {
        let paths: [SparseAttention.Path] = [.masked, .gathered]
        let (right, warm) = (try run([], form: form, paths: paths), try run([.temperature(4)], form: form, paths: paths))
        for branch in ["p0.attention", "p0.dense", "p0.gathered", "p1.attention", "p1.dense", "p1.gathered"] {
            let expected = softmaxed(try right.step(StepID(branch + ".scores")).output, times: 0.25)
            try expectClose(warm.step(StepID(branch + ".weights")).output.values, expected)
        }
        #expect(warm.steps.map { $0.id.text } == right.steps.map { $0.id.text })
    }

    @Test func `the mask after the softmax keeps the weights of plain softmax where a key is selected, and 0 elsewhere`() throws {
        let (right, late) = (try run([]), try run([.maskAfterSoftmax]))
        let bare = try late.step("p0.attention.scores").output
        #expect(bare.values.allSatisfy { $0.isFinite })
        let (masked, found) = (try right.step("p0.attention.weights").output, try late.step("p0.attention.weights").output)
        let all = softmaxed(bare, times: 1)
        let expected = zip(masked.values, all).map { $0 == 0 ? 0 : $1 }
        expectClose(found.values, expected)
        for id in ["p0.dense.scores", "p0.dense.weights", "p0.selected"] as [StepID] {
            #expect(try late.step(id).output == right.step(id).output)
        }
        #expect(try late.step("p0.attention.weights").inputs == ["p0.attention.scores", "p0.selected"])
    }

    @Test func `the gathered path has no mask to move, and keeps its numbers beside the mistake`() throws {
        let paths: [SparseAttention.Path] = [.masked, .gathered]
        let (right, late) = (try run([], form: .absorbed, paths: paths), try run([.maskAfterSoftmax], form: .absorbed, paths: paths))
        #expect(try late.step("p1.gathered.weights").output == right.step("p1.gathered.weights").output)
        #expect(try late.step("p1.attention.weights").output != right.step("p1.attention.weights").output)
    }

    @Test func `two interventions at one role do both, in either order`() throws {
        let one = try run([.temperature(2), .maskAfterSoftmax, .heads([0, 2])])
        let other = try run([.heads([0, 2]), .maskAfterSoftmax, .temperature(2)])
        let scores = try one.step("p0.attention.scores").output
        let bare = try run([.maskAfterSoftmax]).step("p0.attention.scores").output
        expectClose(scores.values, bare.values.map { $0 / 2 })
        for step in one.steps {
            let twin = try other.step(step.id)
            #expect(twin.output == step.output && twin.title == step.title && twin.formula == step.formula, "\(step.id)")
        }
        #expect(try one.step("p0.attention.heads").output.slice(.h, at: 1).values.allSatisfy { $0 == 0 })
    }

    @Test func `a mistake's step keeps its id and axes, and says that it is one`() throws {
        let (right, wrong) = (try run([]), try run([.noReLU, .noHeadWeights, .maskAfterSoftmax]))
        for role in ["indexer.votes", "indexer.weights_projected", "attention.scores", "attention.weights"] {
            let (before, after) = (try right.step(StepID("p0." + role)), try wrong.step(StepID("p0." + role)))
            #expect(after.source == "a deviation, shown on purpose" && before.source != after.source)
            #expect(after.output.shape == before.output.shape && after.title != before.title)
        }
        #expect(!wrong.contains("weight.indexer.weights_proj"))
    }

    @Test func `keys that are not turned have no step of their turning`() throws {
        let wrong = try run([.hadamardQueryOnly])
        #expect(wrong.contains("p0.indexer.q_rotated") && !wrong.contains("p0.indexer.k_rotated"))
        #expect(try wrong.step("p0.indexer.k").formula.latex == #"k^I = \mathrm{e4m3}(k / \sigma^k)"#)
        #expect(try wrong.step("p0.indexer.q").formula.latex == #"q^I = \mathrm{e4m3}(H q / \sigma^q)"#)
    }

    @Test func `an intervention that finds nothing to change is an error`() throws {
        let none = Intervention(
            "none-such", on: "a loss",
            .at(.loss) { equation, right, trace throws(EngineError) in (equation, try right(&trace)) })
        let error = #expect(throws: EngineError.self) { try run([none]) }
        #expect(error?.description == "switch none-such: expected an attention with a loss, found none here")
    }
}
