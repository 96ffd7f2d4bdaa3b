// attn export: a trace as a program of another language, which computes it anew.

internal import ArgumentParser
internal import Diagrams
internal import Mechanisms
internal import ModelFiles
internal import Traces

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a computation as a script that recomputes every step with numpy.",
        discussion: """
            The script needs numpy alone, and holds what was given, one equation a line, and what was recorded: python3 steps.py compares.
            Examples:
              attn export --lesson attention-step-by-step --to numpy --output steps.py
              attn export --case Tests/ModelFilesTests/Fixtures/dsa-tiny-fp8.safetensors --path both --to numpy --output steps.py
              attn export --model DIR --text "Once upon a time" --layers 0 --to numpy --output layer.py
            A trace read from a file holds values but not the arithmetic: it cannot be exported.
            """)

    enum Form: String, ExpressibleByArgument, CaseIterable { case numpy }

    @OptionGroup var source: SourceOptions
    @OptionGroup var language: LanguageOption

    @Option(help: ArgumentHelp("What to write: numpy.", valueName: "numpy"))
    var to: Form

    @Option(help: ArgumentHelp("Of a model, these layers alone; what enters them is given.", valueName: "n|a-b"))
    var layers: String?

    @Option(help: ArgumentHelp("Paths of sparse attention to run: masked, gathered or both.", valueName: "path"))
    var path = TraceCommand.PathChoice.masked

    @Option(
        name: .customLong("with"), parsing: .singleValue,
        help: ArgumentHelp("A what-if switch to turn on; may be repeated.", valueName: "switch"))
    var switches: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write; by default standard output.", valueName: "file.py"))
    var output: String?

    func run() throws {
        if let output { try OutputPath.check(file: output, inputs: source.inputs) }
        let layers = try layers.map(KeepOptions.range)
        let loaded = try source.load(
            language.value, paths: path.paths, switches: switches.map { try Switch(parsing: $0) }, keeping: KeepOptions.whole(layers))
        let data = try loaded.provenance()
        let remarks =
            [data.note?[language.value], data.sha256.map { "SHA-256 \($0)" }].compactMap(\.self) + switches.map { "--with \($0)" }
        let script = try NumPyScript(loaded.trace, name: data.name, remarks: remarks, layers: layers, language: language.value)
        if let output { return try script.write(to: output) }
        var stream = ByteStream.standardOutput()
        try script.write(to: &stream)
        try stream.finish()
    }
}
