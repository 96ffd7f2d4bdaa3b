// A model's trace that follows its text: what stands in no pass is `prefill`, and each further token has a pass of its own. A figure draws the one that
// is asked for, and no other in its place.

import Diagrams
import Mechanisms
import Testing
import Traces

@Suite struct PhaseTests {
    private static let followed = Result {
        let model = try KeepingTests.model()
        let text = try Continuation(of: [3, 1, 4, 1, 5], by: model, endIDs: [])
        return try model.record(text, following: 2, label: { "w\($0)" }).trace
    }

    private func draw(_ name: String, _ phase: String?, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        if let phase { options.phase = phase }
        change(&options)
        let data = FigureData(traces: [("", try Self.followed.get())], provenance: Provenance(name: "model"))
        return try Figures.named(name).draw(data, options, fixedText)
    }

    @Test(arguments: ["matrix", "heads", "head-kinds", "arcs", "softmax", "weighted-sum"])
    func `each pass is drawn by its own name, the text by that of none`(name: String) throws {
        func sources(_ phase: String?) throws -> String { try draw(name, phase).words.joined(separator: " ") }
        let text = try sources(nil)
        #expect(text.contains("layer.0.attention.weights") && !text.contains("decode."))
        #expect(try sources("prefill") == text)
        #expect(try sources("decode.1").contains("decode.1.layer.0.attention.weights"))
        let error = #expect(throws: FigureError.self) { try sources("decode.2") }
        #expect(error?.description.hasSuffix(": phase decode.2: expected one of prefill, decode.0, decode.1") == true)
    }

    @Test func `layers go by their own numbers where a trace has some of them`() throws {
        let kept = KeptSteps { $0.layer.map { $0 > 0 } ?? false && $0.role == .weights }
        let trace = try KeepingTests.model().record(tokenIDs: [3, 1, 4, 1], tokens: ["a", "b", "c", "d"], keeping: kept)
        let data = FigureData(traces: [("", trace)], provenance: Provenance(name: "model"))
        let heads = try Figure.heads.draw(data, FigureOptions(), fixedText)
        let words = heads.words.joined(separator: " ").lowercased()
        #expect(words.contains("layer 1, head") && words.contains("layer 2, head") && !words.contains("layer 0, head"))
        let kinds = try Figure.headKinds.draw(data, FigureOptions(), fixedText)
        #expect(kinds.alt.en.contains("2 layers by 4 heads") && !kinds.alt.en.contains("layer 0,"))
    }

    @Test func `heads are those of one pass, not of all`() throws {
        // Three layers of four heads.
        for phase in ["prefill", "decode.0", "decode.1"] {
            let kinds = try draw("head-kinds", phase)
            #expect(kinds.title.en.contains(" 12 heads"), "\(phase): \(kinds.title.en)")
            #expect(kinds.alt.en.contains("3 layers by 4 heads"))
            #expect(try draw("heads", phase).caption.en.contains("12 heads"))
        }
    }
}
