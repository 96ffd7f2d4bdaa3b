// attn explain: the arithmetic of one cell.

internal import ArgumentParser
internal import Lessons
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
    @OptionGroup var speed: FastOption
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
        try speed.check(source)
        let trace = try source.load(
            language.value, switches: switches.map { try Switch(parsing: $0) }, isFast: speed.fast,
            keeping: { outline, _ in .explaining(StepID(reference.id), in: outline) }
        ).trace
        let step = try trace.step(reference.id)
        let lines = ExplanationText(step, try step.explain(reference.index, allTerms: allTerms), language.value).lines
        try Output.print(lines + (trace.float32Note.map { ["", $0[language.value]] } ?? []))
    }
}
