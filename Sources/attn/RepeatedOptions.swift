// An option that stands twice on a command line and is read once: the parser takes the last and says nothing of the first.

internal import ArgumentParser
internal import ModelFiles
internal import Traces

enum RepeatedOptions {
    /// Throws for an option among `arguments` that stands more than once where `command` reads one.
    static func check(_ arguments: ArraySlice<String>, of command: any ParsableCommand.Type) throws {
        let words = Array(arguments.prefix { $0 != "--" })
        // Most command lines repeat nothing, and abbreviate nothing; for the others it is looked up what each word is.
        let names = words.filter { $0.hasPrefix("-") }.map { $0.prefix { $0 != "=" } }
        guard Set(names).count < names.count || names.contains(where: { $0.count == 2 }) else { return }
        let options = try self.options(of: command)
        var given: [String: Int] = [:]
        var at = 0
        while at < words.count {
            let parts = words[at].split(separator: "=", maxSplits: 1)
            at += 1
            guard let option = options[String(parts.first ?? "")] else { continue }
            // The next word is its value, whatever it looks like.
            if parts.count == 1 { at += 1 }
            given[option.name, default: 0] += 1
            guard option.isRepeating || given[option.name] == 1 else {
                throw UsageError("\(option.name): expected once, found it again")
            }
        }
    }

    /// The options of a command that have a value, by each of their spellings.
    private static func options(of command: any ParsableCommand.Type) throws -> [String: (name: String, isRepeating: Bool)] {
        let dump = Array(command._dumpHelp().utf8)
        let help = try dump.withUnsafeBytes { bytes in
            Result { () throws(FileError) in
                try JSONReader.read(bytes, file: "help") { reader throws(FileError) in try Settings(file: "help", reader: &reader) }
            }
        }.get()
        var options: [String: (name: String, isRepeating: Bool)] = [:]
        for argument in try help.object("command")?.objects("arguments") ?? [] where try argument.text("kind") == "option" {
            let spellings = try argument.objects("names").map { name throws(FileError) in
                try (name.text("kind") == "short" ? "-" : "--") + name.text("name")
            }
            guard let name = spellings.max(by: { $0.count < $1.count }) else { continue }
            for spelling in spellings { options[spelling] = (name, try argument.bool("isRepeating")) }
        }
        return options
    }
}
