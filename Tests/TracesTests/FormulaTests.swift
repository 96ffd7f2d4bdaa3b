import Testing
import Traces

@Suite struct FormulaTests {
    @Test(arguments: [
        (#"S_{t,s} = \frac{q_t \cdot k_s}{\sqrt{d}} + M_{t,s}"#, "Sₜ,ₛ = (qₜ · kₛ)/√d + Mₜ,ₛ"),
        (#"A_{t,s} = \frac{\exp(S_{t,s})}{\sum_{r} \exp(S_{t,r})}"#, "Aₜ,ₛ = exp(Sₜ,ₛ)/(Σᵣ exp(Sₜ,ᵣ))"),
        (#"q_t = W_Q x_t"#, "qₜ = W_Q xₜ"),
        (#"x^2"#, "x²"),
    ]) func `formulas read as plain Unicode`(latex: String, text: String) {
        #expect(Formula(latex).text == text)
    }

    @Test func `formulas become MathML`() {
        #expect(
            Formula(#"\frac{q_t}{\sqrt{d}}"#).mathML()
                == "<math xmlns=\"http://www.w3.org/1998/Math/MathML\"><mfrac><msub><mi>q</mi><mi>t</mi></msub><msqrt><mi>d</mi></msqrt></mfrac></math>"
        )
    }

    @Test func `formulas become Pango markup with subscripts and escaped signs`() {
        #expect(Formula(#"a_{t} < b"#).pangoMarkup == "<i>a</i><sub><i>t</i></sub>&lt;<i>b</i>")
    }

    @Test(arguments: [
        (#"\frac{a}{b"#, 11, "expected }, found the end"), (#"\foo"#, 5, #"expected a command of the subset, found \foo"#),
        ("a_b_c", 5, "expected one subscript, found a second one"), ("a}", 2, "expected no closing brace here, found }"),
    ]) func `a formula outside the subset is an error that says where`(latex: String, character: Int, problem: String) {
        #expect(throws: EngineError(.value, "formula \"\(latex)\" at character \(character)", problem)) { try Formula(parsing: latex) }
    }
}
