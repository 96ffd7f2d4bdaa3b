// An explanation as a reader of a terminal or a file gets it: what the step is, where the cell stands, its arithmetic, and what it was made from.

package import Traces

/// The words and lines around one cell's arithmetic.
package struct ExplanationText {
    /// The step's id and title.
    let title: String
    /// The step's equation; empty where it has none.
    let formula: String
    /// Where the cell stands, axis by axis; empty for a step without axes.
    let place: String
    /// The recorded cells and rows that entered, each once.
    let operands: [Explanation.Operand]
    /// Who says so.
    let source: String
    private let chain: [String]
    private let notes: [String]
    private let language: Language

    /// The words for a cell of `step`.
    package init(_ step: Step, _ explanation: Explanation, _ language: Language) {
        func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
        self.language = language
        title = "\(step.id)  \(step.title[language])"
        formula = step.formula.latex.isEmpty ? "" : step.formula.text
        place = explanation.place.map { axis, position, label in
            "\(axis) = \(position)" + (label.map { said(" “\($0)”", "“\($0)”") } ?? "")
        }.joined(separator: said(", ", "，"))
        chain = explanation.lines(language)
        notes = explanation.notes.map { $0[language] }
        operands = explanation.operands.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        source = said("Source: ", "出处：") + step.sourceNote[language]
    }

    /// The whole, as `attn explain` prints it.
    package var lines: [String] {
        var lines = [title] + [formula, place].filter { !$0.isEmpty }.map { "  \($0)" } + [""] + chain
        if !notes.isEmpty { lines += [""] + notes }
        if !operands.isEmpty { lines += ["", Bilingual(en: "From", zh: "来自")[language]] + operands.map { "  \($0.symbol): \($0.cell)" } }
        return lines + ["", source]
    }
}

extension Explanation.Operand {
    /// The recorded cell, or the row of them, by its step: `attention.q[17,1,:]`.
    var cell: String { step + (index.isEmpty ? "" : "[\(index.map { $0.map(String.init) ?? ":" }.joined(separator: ","))]") }
}
