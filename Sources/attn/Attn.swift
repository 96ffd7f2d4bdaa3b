// The entry: parses the command line, runs the command, and turns every error into one line on standard error and the right exit code.

import Mechanisms
internal import ArgumentParser
internal import CairoRenderer
internal import Diagrams
internal import Lessons
internal import ModelFiles
internal import Records
internal import Traces

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

@main
struct Attn: ParsableCommand {
    /// What `attn --version` prints; CHANGELOG.md says what each brought.
    static let version = "0.12.0"

    static let configuration = CommandConfiguration(
        commandName: "attn",
        abstract: "Attention, step by step: every number computed, recorded, explained and drawn.",
        discussion: """
            Examples:
              attn lesson run 1
              attn figure matrix --lesson attention-step-by-step --output weights.png
              attn explain --lesson attention-step-by-step 'attention.scores[1,17,4]'
              attn verify Tests/ModelFilesTests/Fixtures/attention-plain.safetensors

            SOURCE is one of: --lesson NAME | --case FILE.safetensors | --trace FILE.json | --model MODEL --text TEXT
            """,
        version: version,
        subcommands: [
            LessonCommand.self, FigureCommand.self, TraceCommand.self, GenerateCommand.self, ExportCommand.self, ExplainCommand.self,
            VerifyCommand.self,
            WhatIfCommand.self,
            CaseCommand.self, CostCommand.self, TilesCommand.self, MeasureCommand.self,
        ])

    static func main() {
        signal(SIGPIPE, SIG_IGN)
        let interruption = Interruption()
        defer { interruption.end() }
        do {
            try checkArguments()
            var command = try parseAsRoot()
            try RepeatedOptions.check(CommandLine.arguments.dropFirst(), of: type(of: command))
            try command.run()
        } catch {
            ExitStatus.leave(with: error)
        }
    }
}

extension Attn {
    /// Throws for an argument that is not UTF-8: read as text it would be another one, with marks in the place of bytes.
    private static func checkArguments() throws {
        for i in 1..<max(Int(CommandLine.argc), 1) {
            guard let bytes = CommandLine.unsafeArgv[i], String(validatingCString: bytes) == nil else { continue }
            throw UsageError("argument \(i): expected text in UTF-8, found other bytes: \(String(cString: bytes))")
        }
    }
}

/// Exit codes of the contract.
enum ExitStatus: Int32 {
    case done = 0
    case checkFailed = 1
    case usage = 64
    case badData = 65
    case noInput = 66
    case cannotWrite = 73
    case interrupted = 130

    /// Exits with one line about `error` on standard error, or quietly if a pipe was closed, or with the help that was asked for.
    static func leave(with error: any Error) -> Never {
        if let code = error as? ExitCode { exit(code.rawValue) }
        if let (status, message) = known(error) {
            if status != .done { Output.complain(message) }
            exit(status.rawValue)
        }
        let code = Attn.exitCode(for: error)
        if code == .success { leaveWithHelp(Attn.fullMessage(for: error)) }
        Output.complain("\(UsageError.plain(Attn.message(for: error))); see attn --help")
        exit(code == .validationFailure ? usage.rawValue : code.rawValue)
    }

    /// Prints what was asked for (help, the version, completions) to standard output, checked.
    private static func leaveWithHelp(_ text: String) -> Never {
        do { try Output.write([text]) } catch {
            let (status, message) = known(error) ?? (.cannotWrite, "\(error)")
            if status != .done { Output.complain(message) }
            exit(status.rawValue)
        }
        exit(done.rawValue)
    }

    /// The exit code and the message of one of our own errors; nil for those of the argument parser.
    static func known(_ error: any Error) -> (ExitStatus, String)? {
        switch error {
        case let error as FileError:
            switch error.kind {
            case .noInput: (.noInput, "\(error)")
            case .badData: (.badData, "\(error)")
            case .cannotWrite: (.cannotWrite, "\(error)")
            case .closedPipe: (.done, "")
            }
        case let error as EngineError: (.badData, "\(error)")
        case let error as DiaryError: (.badData, "\(error)")
        case let error as FigureError: (.badData, "\(error)")
        case let error as RendererError: (.badData, "\(error)")
        case let error as LessonError: (error.kind == .noInput ? .noInput : .badData, "\(error)")
        case let error as UsageError: (.usage, error.description)
        default: nil
        }
    }
}

/// A wrong use of the command line that the argument parser cannot know of.
struct UsageError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }

    /// What the argument parser says, as this program says such things: the option, what it expects, what was found.
    static func plain(_ message: String) -> String {
        if let found = message.wholeMatch(of: /Missing value for '(-\S+) (<.+>)'/) { return "\(found.1): expected \(found.2) after it" }
        if let found = message.wholeMatch(of: /The value '(.*)' is invalid for '(-\S+) (<.+>)'/.dotMatchesNewlines()) {
            return "\(found.2): expected \(found.3), found \"\(found.1)\""
        }
        return message.hasSuffix(".") ? String(message.dropLast()) : message
    }
}
