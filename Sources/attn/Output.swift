// Where results and remarks go: results to standard output, checked; everything else to standard error.

public import ArgumentParser
internal import ModelFiles
public import Traces

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

enum Output {
    /// Writes lines to standard output, control characters as pictures: they may hold names and texts of files. Throws if they cannot be written.
    static func print(_ lines: String...) throws { try print(lines) }

    /// Writes lines to standard output, control characters as pictures. Throws if they cannot be written.
    static func print(_ lines: [String]) throws { try write(lines.map { $0.withControlsPictured }) }

    /// Writes JSON, which spells control characters itself.
    static func print(_ json: JSONText) throws { try write([json.text()]) }

    /// Writes lines as they are: styled ones, whose words were cleaned before, and help.
    static func write(_ lines: [String]) throws {
        var stream = ByteStream.standardOutput()
        for line in lines { try stream.write(line + "\n") }
        try stream.finish()
    }

    /// Writes one line to standard error, control characters as pictures. If that fails too, there is nobody left to tell.
    static func complain(_ line: String) {
        var stream = ByteStream(descriptor: STDERR_FILENO, name: "standard error")
        let line = line.split(separator: "\n").joined(separator: " ")
        try? stream.write("attn: \(line.withControlsPictured)\n")
        try? stream.finish()
    }

    /// Whether a person is looking at standard output.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// An environment variable that is set and not empty.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}

extension Language: ExpressibleByArgument {
    /// The language of the environment: Chinese if the locale says so, English otherwise.
    static var ofEnvironment: Language {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap(Output.environment).first ?? ""
        return locale.hasPrefix("zh") ? .zh : .en
    }
}

/// The option `--lang`.
struct LanguageOption: ParsableArguments {
    @Option(name: .customLong("lang"), help: "Language: en or zh; by default that of the environment (LANG).")
    var language: Language?

    var value: Language { language ?? .ofEnvironment }
}
