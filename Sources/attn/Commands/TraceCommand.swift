// attn trace: the whole record as JSON.

internal import ArgumentParser
internal import Mechanisms
internal import ModelFiles
internal import Traces

struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Write every step of a computation as JSON.",
        discussion: """
            Examples:
              attn trace --lesson attention-step-by-step --output trace.json
              attn trace --case Tests/ModelFilesTests/Fixtures/dsa-tiny-fp8.safetensors --path both --output dsa.json
              attn trace --model DIR --text "Once upon a time" --layers 2-3 --keep attention --output trace.json
              attn trace --model DIR --text "Once upon a time" --layers 3 --fast --output trace.json
              attn trace --model DIR --text "Once upon a time" --follow 3 --output trace.json
            --follow traces tokens that the model adds too, each in a pass of its own (steps decode.0.…), which reads the cache that the text left.
            --path gathered runs the path that reads the selected cache entries alone (steps gathered.…); both runs it beside the masked one.
            """)

    @OptionGroup var source: SourceOptions
    @OptionGroup var speed: FastOption
    @OptionGroup var language: LanguageOption

    @Option(help: ArgumentHelp("Paths of sparse attention to run: masked, gathered or both.", valueName: "path"))
    var path = PathChoice.masked

    @Option(
        name: .customLong("with"), parsing: .singleValue,
        help: ArgumentHelp("A what-if switch to turn on; may be repeated.", valueName: "switch"))
    var switches: [String] = []

    @Option(help: ArgumentHelp("Of a model, the layers whose steps stay; by default all.", valueName: "n|a-b"))
    var layers: String?

    @Option(
        help: ArgumentHelp(
            "Of a model, the parts that stay, with commas between them: \(KeepOptions.names). The others are named under omitted.",
            valueName: "parts"))
    var keep: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Of a model, trace this many tokens more, its likeliest.", valueName: "n"))
    var follow: Int?

    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write; by default standard output.", valueName: "file.json"))
    var output: String?

    enum PathChoice: String, ExpressibleByArgument, CaseIterable {
        case masked, gathered, both
        var paths: [SparseAttention.Path] {
            switch self {
            case .masked: [.masked]
            case .gathered: [.gathered]
            case .both: [.masked, .gathered]
            }
        }
    }

    func run() throws {
        if let output { try OutputPath.check(file: output, inputs: source.inputs) }
        if let idle = [("layers", layers), ("keep", keep)].first(where: { $0.1 != nil }), source.reader.model == nil {
            throw UsageError("--\(idle.0): expected with --model")
        }
        try speed.check(source)
        let kept = try KeepOptions.choice(layers: layers, keep: keep)
        let trace =
            try follow.map { try followed($0, kept) }
            ?? source.load(
                language.value, paths: path.paths, switches: switches.map { try Switch(parsing: $0) }, isFast: speed.fast,
                advice: "--layers keeps fewer layers, --keep attention less of each", keeping: kept
            ).trace
        if let output { return try TraceJSON.write(trace, to: output) }
        var stream = ByteStream.standardOutput()
        try TraceJSON.write(trace, to: &stream)
        try stream.finish()
    }

    private func followed(_ count: Int, _ kept: ModelRun.Choice) throws -> Trace {
        guard path == .masked, switches.isEmpty else { throw UsageError("--follow: expected without --path and --with") }
        return try FollowedText.trace(source, count, language.value, keeping: kept, isFast: speed.fast)
    }
}
