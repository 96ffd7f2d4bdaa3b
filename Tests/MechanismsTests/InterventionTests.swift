import EngineTesting
import Foundation
import Mechanisms
import Testing
import Traces

/// Interventions of a test's own, as a later switch would have them: one small value each.
extension Intervention {
    fileprivate static func temperature(_ t: Double) -> Intervention {
        Intervention(
            "temperature=\(t)", on: "scores",
            .at(.scores) { equation, right, trace throws(EngineError) in
                (equation, try right(&trace).underMask { $0 / Constant(t) })
            })
    }

    fileprivate static func headOff(_ head: Int) -> Intervention {
        Intervention(
            "head-off=\(head)", on: "heads",
            .at(.heads) { equation, right, trace throws(EngineError) in
                let O = try right(&trace)
                let kept = Tensor([.h], [O.shape[.h]!], (0..<O.shape[.h]!).map { $0 == head ? 0 : 1 })
                return (equation, try O * trace.input(trace.inputID("heads"), "on", kept, title: Bilingual(same: "on")))
            })
    }
}

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
        let (right, warm) = (try run([], form: form), try run([.temperature(4)], form: form))
        for branch in ["p0.attention", "p0.dense"] {
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
        let one = try run([.temperature(2), .maskAfterSoftmax, .headOff(1)])
        let other = try run([.headOff(1), .maskAfterSoftmax, .temperature(2)])
        let scores = try one.step("p0.attention.scores").output
        let bare = try run([.maskAfterSoftmax]).step("p0.attention.scores").output
        expectClose(scores.values, bare.values.map { $0 / 2 })
        for step in one.steps { #expect(try other.step(step.id).output == step.output, "\(step.id)") }
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
