// Runs of one vector at every position: what rotary embedding does to it, worked out by hand with cosines.

import Foundation
import Lessons
import Testing
import Traces

private let stripes = """
    question: trip
    runs:
      halves: {repeated: {vector: [1, 1, 0, 0], times: 24, layout: half}}
      neighbours: {repeated: {vector: [1, 1, 0, 0], times: 24, layout: interleaved}}
    """

@Suite struct RotationRunTests {
    @Test func `a product of turned copies feels the distance alone, and the layout decides how`() throws {
        // Pairs (0, 2) and (1, 3) turn by 1 and 0.01 radians a position; pairs (0, 1) and (2, 3) likewise.
        let half = String(format: "%.9f", cos(3.0) + cos(0.03))
        let interleaved = String(format: "%.9f", 2 * cos(3.0))
        #expect(try probe(stripes, "{{halves:attention.dot[0,10,7]|9}} {{halves:attention.dot[0,20,17]|9}}") == "\(half) \(half)")
        #expect(
            try probe(stripes, "{{neighbours:attention.dot[0,10,7]|9}} {{neighbours:attention.dot[0,4,7]|9}}")
                == "\(interleaved) \(interleaved)")
        #expect(
            try probe(stripes, "{{halves:input.x[first]}} {{length halves:attention.dot[s]}} {{halves:token.7}}") == "(1, 1, 0, 0) 24 7")
    }

    @Test(arguments: [
        ("{repeated: {vector: [1, 2, 3], times: 4, layout: half}}", "expected an even number of numbers, found 3"),
        ("{repeated: {vector: [1, 2], times: 1, layout: half}}", "expected 2 to 512, found 1"),
        ("{repeated: {vector: [1, 2], times: 4, layout: thirds}}", "expected half or interleaved, found \"thirds\""),
        ("{repeated: {vector: [1, 2], times: 4}}", "layout"),
        ("{repeated: {vector: [1, 2], times: 4, layout: half}, case: dsa-tiny-exact}", "expected nothing beside it in its run"),
    ])
    func `a wrong rotation is named with its place`(_ run: String, _ message: String) {
        let error = #expect(throws: LessonError.self) { try probe("question: trip\nruns: {x: \(run)}", "words") }
        #expect(error?.description.contains("probe/lesson.yaml:7:") ?? false, "\(error?.description ?? "")")
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
    }

    @Test func `decoded tokens of a case are called by their positions`() throws {
        let library = try probeLibrary("main: {case: dsa-tiny-exact}\nsteps:\n  - id: a", "{{name decode.1.output[0]}}")
        if let problem = library.problems.first { throw problem }
        let page = try library.lesson("probe").run(language: .en)
        let trace = try #require(page.experiments.first).trace
        #expect(try trace.step("decode.1.output").labels[.t] == ["25"])
        #expect(try trace.step("decode.1.indexer.k_new").labels[.s] == ["25"])
        #expect(try trace.step("prefill.output").labels[.t] == nil)
    }
}
