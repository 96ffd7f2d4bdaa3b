// Texts that keep their structure: arithmetic with its brackets and terms, remarks with their quantities.

import Testing
import Traces

@Suite struct SpelledTextTests {
    private func equation(_ name: String, _ axes: [Axis]) -> Equation {
        Equation(named: name, symbol: "A", Bilingual(same: "A"), "", source: Bilingual(same: ""), axes: axes)
    }

    @Test func `pieces are cut at the outermost brackets alone, and make the text again`() {
        let inner: SpelledText = "1 + exp\(bracketed: "2 - 3")"
        let text: SpelledText = "x·\(bracketed: inner)/\(bracketed: "é") + 4"
        #expect(text.text == "x·(1 + exp(2 - 3))/(é) + 4")
        #expect(text.pieces.map { String($0.text) } == ["x·", "(1 + exp(2 - 3))", "/", "(é)", " + 4"])
        #expect(text.pieces.map(\.isBracketed) == [false, true, false, true, false])
        #expect(SpelledText("(as it is)").pieces.map(\.isBracketed) == [false], "brackets of a name are no brackets of arithmetic")
    }

    @Test func `a softmax's row sum is one piece of each of its cells`() throws {
        var recorder = Recorder()
        let z = try recorder.input("z", "z", Tensor([.t, .s], [1, 3], [1, 2, 3]), title: Bilingual(same: "z"))
        _ = try recorder.record(equation("a", [.t, .s]), softmax(z, over: .s))
        let pieces = try (0..<3).map { s in
            try recorder.trace.step("a").explain([0, s]).chain[2].pieces.filter(\.isBracketed).map { String($0.text) }
        }
        #expect(pieces.allSatisfy { $0.last == "(exp(1 - 3) + exp(2 - 3) + exp(3 - 3))" })
        #expect(pieces.map { $0[0] } == ["(1 - 3)", "(2 - 3)", "(3 - 3)"])
    }

    @Test func `a sum written out is known by its terms`() throws {
        var recorder = Recorder()
        let x = try recorder.input("x", "x", Tensor([.t, .c], [1, 12], (1...12).map { Double($0) }), title: Bilingual(same: "x"))
        _ = try recorder.record(equation("total", [.t]), sum(x, over: .c))
        let step = try recorder.trace.step("total")
        #expect(try step.explain([0], allTerms: true).chain[2].terms.map { String($0) } == ["= 1"] + (2...12).map(String.init))
        #expect(try step.explain([0]).chain[2].terms.map { String($0) } == ["= 1", "2", "3", "4", "…(5)…", "10", "11", "12"])
        #expect(try step.explain([0]).chain[0].terms == ["A[0]"])
        #expect(SpelledText("a + b").terms == ["a + b"], "a plus sign in a name is no sum")
    }
}

@Suite struct RemarkTests {
    @Test func `a sentence keeps its quantities, and reads as it was written`() {
        let remark = Remark(
            en: "\(3) keys hold \(percent: 0.25), at \(2.0 / 3, digits: 3), exactly \(exact: 0.1) on \(name: "s").",
            zh: "\(name: "s") 上 \(3) 个键")
        #expect(remark.en == "3 keys hold 25.0%, at 0.667, exactly 0.1 on s.")
        #expect(remark[.zh] == "s 上 3 个键")
        let quantities = remark.sentence(.en).parts.compactMap { if case .quantity(let quantity) = $0 { quantity } else { nil } }
        #expect(quantities == [.whole(3), .percent(0.25), .significant(2.0 / 3, digits: 3), .exact(0.1), .name("s")])
    }

    @Test func `digits in words are words`() {
        #expect(Remark(en: "at least 1e-4", zh: "1e-4").sentence(.en).parts == [.words("at least 1e-4")])
    }
}
