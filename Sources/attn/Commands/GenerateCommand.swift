// attn generate: a model continues a text.

internal import ArgumentParser
internal import AttentionKernels
internal import Mechanisms
internal import ModelFiles
internal import Traces

struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Let a model continue a text.",
        discussion: """
            The likeliest token follows, computed exactly; what a seed draws is the same text everywhere.
            Examples:
              attn generate --model DIR --text "The capital of Japan is" --tokens 8 --json
              attn generate --model FILE.gguf --text "Once upon a time" --tokens 50 --fast --temperature 0.8 --seed 7
            --fast computes in Float32: several times as fast, and where two tokens are almost equally likely the text may differ.
            """)

    @Option(help: ArgumentHelp("A model folder in the Hugging Face layout, or a .gguf file.", valueName: "model"))
    var model: String

    @Option(parsing: .unconditional, help: ArgumentHelp("How the text begins.", valueName: "text"))
    var text: String

    @Option(help: ArgumentHelp("How many tokens to add at most; fewer where the model ends the text.", valueName: "n"))
    var tokens: Int

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Draw tokens by chance, at this temperature: 1 as the model says, below it more often the likely ones.", valueName: "number"))
    var temperature: Double?

    @Option(parsing: .unconditional, help: ArgumentHelp("Which chance; by default 0.", valueName: "n"))
    var seed: UInt64?

    @Flag(help: "Compute in Float32 instead of exactly.")
    var fast = false

    @Flag(help: "Print the text, its token ids and what was added as JSON.")
    var json = false

    func run() throws {
        guard tokens > 0 else { throw UsageError("--tokens: expected at least 1, found \(tokens)") }
        let chooser = try chooser()
        guard !text.isEmpty else { throw FileError(.badData, "--text", "expected at least one character, found an empty text") }
        let folder = try ModelFolder(path: model)
        let loaded = try folder.load()
        loaded.warnings.forEach(Output.complain)
        var story = Story(folder.tokenizer, isShown: !json)
        var continuation = try Continuation(
            of: folder.tokenizer.encode(text), by: loaded.model, choosing: chooser, endIDs: folder.endIDs)
        story.prompt = continuation.tokenIDs
        let count = try loaded.model.outline(tokenIDs: Array(continuation.tokenIDs.prefix(1))).weights.reduce(0) { $0 + $1.bytes / 8 }
        try MachineMemory.check("all together", fast ? (count + 1) / 2 : count, model)
        let weights = try loaded.model.recorder(computing: fast ? FloatEngine().computing : nil)
        for _ in 0..<tokens {
            guard try continuation.next(on: weights) != nil else { break }
            if Output.isTerminal { try story.show(continuation.tokenIDs, isWhole: false) }
        }
        if json {
            let (whole, added) = story.texts(continuation.tokenIDs)
            try Output.print(
                .object([
                    ("text", .string(whole)), ("tokenIDs", .integers(continuation.tokenIDs)), ("generated", .string(added)),
                ]))
        } else {
            try story.show(continuation.tokenIDs, isWhole: true)
        }
        if continuation.end == .contextLength {
            let made = continuation.tokenIDs.count - story.prompt.count
            Output.complain(
                "the context of the model, \(loaded.model.architecture.facts.contextLength) tokens, is full: \(made) of \(tokens) tokens were added"
            )
        }
    }

    private func chooser() throws -> TokenChooser {
        guard let temperature else {
            guard seed == nil else { throw UsageError("--seed: expected with --temperature, which draws tokens by chance") }
            return .likeliest
        }
        do { return try TokenChooser(temperature: temperature, seed: seed ?? 0) } catch { throw UsageError("--\(error)") }
    }
}

/// The text as it grows.
private struct Story {
    private let tokenizer: Tokenizer
    private let isShown: Bool
    /// The tokens that were given.
    var prompt: [Int] = []
    private var shown = ""

    init(_ tokenizer: Tokenizer, isShown: Bool) {
        self.tokenizer = tokenizer
        self.isShown = isShown
    }

    /// The whole text, and what was added to the prompt.
    func texts(_ ids: [Int]) -> (whole: String, added: String) {
        let (whole, given) = (tokenizer.decode(ids), tokenizer.decode(prompt))
        let added = Self.rest(of: whole, after: given) ?? tokenizer.decode(Array(ids.dropFirst(prompt.count)))
        return (whole, added)
    }

    /// Prints what is not yet printed. A text that is not whole may end inside a character, which is then waited for.
    mutating func show(_ ids: [Int], isWhole: Bool) throws {
        guard isShown else { return }
        let text = tokenizer.decode(ids)
        guard isWhole || !text.hasSuffix("\u{FFFD}"), let new = Self.rest(of: text, after: shown) else { return }
        shown = text
        var stream = ByteStream.standardOutput()
        let lines = new.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).withControlsPictured }
        try stream.write(lines.joined(separator: "\n") + (isWhole ? "\n" : ""))
        try stream.finish()
    }

    /// What follows `beginning` in `text`, byte by byte; nil if it does not begin so.
    private static func rest(of text: String, after beginning: String) -> String? {
        text.utf8.starts(with: beginning.utf8) ? String(decoding: text.utf8.dropFirst(beginning.utf8.count), as: UTF8.self) : nil
    }
}
