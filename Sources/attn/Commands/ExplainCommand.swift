// attn explain: the arithmetic of one cell.

internal import ArgumentParser
internal import Mechanisms
internal import Traces

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show the arithmetic behind one number, down to its operands.",
        discussion: """
            Examples:
              attn explain --lesson attention-step-by-step 'attention.scores[1,17,4]'
              attn explain --case Tests/ModelFilesTests/Fixtures/dsa-tiny-fp8.safetensors 'prefill.indexer.q[7,0,3]'
            A trace read from a file holds values but not the arithmetic: --trace answers with the formula and the inputs.
            """)

    @OptionGroup var source: SourceOptions
    @OptionGroup var language: LanguageOption

    @Option(
        name: .customLong("with"), parsing: .singleValue,
        help: ArgumentHelp("A what-if switch to turn on; may be repeated.", valueName: "switch"))
    var switches: [String] = []

    @Flag(help: "Write out long sums instead of shortening them in the middle.")
    var allTerms = false

    @Argument(help: ArgumentHelp("The step and the cell: 'step.id[i,j,…]'.", valueName: "step[i,j,…]"))
    var cell: String

    func run() throws {
        let reference: StepReference
        do { reference = try StepReference(parsing: cell) } catch { throw UsageError("\(error)") }
        let trace = try source.load(language.value, switches: switches.map { try Switch(parsing: $0) }).trace
        let step = try trace.step(reference.id)
        try Output.print(ExplanationText(step, try step.explain(reference.index, allTerms: allTerms), language.value).lines)
    }
}

/// An explanation laid out for a terminal or a file.
struct ExplanationText {
    let lines: [String]

    init(_ step: Step, _ explanation: Explanation, _ language: Language) {
        func said(_ en: String, _ zh: String) -> String { Bilingual(en: en, zh: zh)[language] }
        var lines = ["\(step.id)  \(step.title[language])"]
        if !step.formula.latex.isEmpty { lines.append("  \(step.formula.text)") }
        let place = explanation.place.map { axis, position, label in
            "\(axis) = \(position)" + (label.map { said(" “\($0)”", "“\($0)”") } ?? "")
        }
        if !place.isEmpty { lines.append("  \(place.joined(separator: said(", ", "，")))") }
        lines.append("")
        lines += explanation.lines(language)
        if !explanation.notes.isEmpty {
            lines.append("")
            lines += explanation.notes.map { $0[language] }
        }
        let operands = explanation.operands.map { operand in
            "\(operand.symbol): \(operand.step)\(operand.index.isEmpty ? "" : "[" + operand.index.map { $0.map(String.init) ?? ":" }.joined(separator: ",") + "]")"
        }
        if !operands.isEmpty {
            lines.append("")
            lines.append(said("From", "来自"))
            lines += operands.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.map { "  \($0)" }
        }
        lines.append("")
        lines.append(said("Source: ", "出处：") + step.sourceNote[language])
        self.lines = lines
    }
}
