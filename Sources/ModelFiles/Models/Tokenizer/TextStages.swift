// What happens to text before and after byte-pair encoding: normalizers, pre-tokenizers and decoders of Llama-2-style files.
// A kind that is not here is an error with its name; nothing is skipped silently.

import Traces

/// Text without characters: matching and replacing go by bytes, as the published tokenizers do, not by what looks the same.
extension String {
    func replacingExactly(_ pattern: String, with content: String) -> String {
        let (bytes, wanted) = (Array(utf8), Array(pattern.utf8))
        guard !wanted.isEmpty else { return self }
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == wanted[0], bytes[at...].starts(with: wanted) {
                result += content.utf8
                at += wanted.count
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    func startsExactly(with prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }
}

/// A change of the raw text.
enum Normalizer: Sendable {
    case prepend(String)
    case replace(String, with: String)

    static func list(_ settings: Settings?) throws(FileError) -> [Normalizer] {
        guard let settings else { return [] }
        switch try settings.text("type") {
        case "Sequence":
            var all: [Normalizer] = []
            for part in try settings.objects("normalizers") { all += try list(part) }
            return all
        case "Prepend": return [.prepend(try settings.text("prepend"))]
        case "Replace": return [.replace(try settings.pattern(), with: try settings.text("content"))]
        default: throw settings.failure("type", expected: "a supported normalizer (Sequence, Prepend, Replace)")
        }
    }

    func callAsFunction(_ text: String) -> String {
        switch self {
        case .prepend(let prefix): text.isEmpty ? text : prefix + text
        case .replace(let pattern, let content): text.replacingExactly(pattern, with: content)
        }
    }
}

/// A division of normalised text into words that are encoded apart.
struct Metaspace: Sendable {
    enum Prepending: String {
        case always, first, never
    }
    let replacement: String
    let prepending: Prepending
    let splits: Bool

    static func list(_ settings: Settings?) throws(FileError) -> [Metaspace] {
        guard let settings else { return [] }
        switch try settings.text("type") {
        case "Sequence":
            var all: [Metaspace] = []
            for part in try settings.objects("pretokenizers") { all += try list(part) }
            return all
        case "Metaspace": return [try Metaspace(settings)]
        default: throw settings.failure("type", expected: "a supported pre-tokenizer (none, Metaspace, Sequence)")
        }
    }

    init(_ settings: Settings) throws(FileError) {
        replacement = try settings.text("replacement")
        guard replacement.unicodeScalars.count == 1 else { throw settings.failure("replacement", expected: "one character") }
        let legacy: Prepending = try settings.bool("add_prefix_space", default: true) ? .always : .never
        guard let prepending = Prepending(rawValue: try settings.text("prepend_scheme", default: legacy.rawValue)) else {
            throw settings.failure("prepend_scheme", expected: "always, first or never")
        }
        if settings.has("add_prefix_space"), legacy == .never, prepending != .never {
            throw settings.failure("prepend_scheme", expected: "never beside add_prefix_space: false")
        }
        self.prepending = prepending
        splits = try settings.bool("split", default: true)
    }

    /// The words of `text`, each beginning with the replacement character; `isFirst` if nothing stands before it.
    func callAsFunction(_ text: String, isFirst: Bool) -> [String] {
        var text = text.replacingExactly(" ", with: replacement)
        let prepends = prepending == .always || (prepending == .first && isFirst)
        if prepends, !text.isEmpty, !text.startsExactly(with: replacement) { text = replacement + text }
        guard splits else { return text.isEmpty ? [] : [text] }
        var words: [String] = []
        let beginning = replacement.unicodeScalars.first
        for scalar in text.unicodeScalars {
            if words.isEmpty || scalar == beginning { words.append("") }
            words[words.count - 1].unicodeScalars.append(scalar)
        }
        return words
    }
}

/// A step from tokens back to text.
enum Decoder: Sendable {
    case replace(String, with: String)
    case byteFallback
    case fuse
    case strip(Unicode.Scalar, start: Int, stop: Int)
    case metaspace(Metaspace)

    static func list(_ settings: Settings?) throws(FileError) -> [Decoder] {
        guard let settings else { return [] }
        switch try settings.text("type") {
        case "Sequence":
            var all: [Decoder] = []
            for part in try settings.objects("decoders") { all += try list(part) }
            return all
        case "Replace": return [.replace(try settings.pattern(), with: try settings.text("content"))]
        case "ByteFallback": return [.byteFallback]
        case "Fuse": return [.fuse]
        case "Strip":
            let content = try settings.text("content").unicodeScalars
            guard let scalar = content.first, content.count == 1 else { throw settings.failure("content", expected: "one character") }
            return [.strip(scalar, start: try settings.integer("start", atLeast: 0), stop: try settings.integer("stop", atLeast: 0))]
        case "Metaspace": return [.metaspace(try Metaspace(settings))]
        default: throw settings.failure("type", expected: "a supported decoder (Sequence, Replace, ByteFallback, Fuse, Strip, Metaspace)")
        }
    }

    func callAsFunction(_ tokens: [String]) -> [String] {
        switch self {
        case .replace(let pattern, let content): tokens.map { $0.replacingExactly(pattern, with: content) }
        case .byteFallback: Self.joiningBytes(tokens)
        case .fuse: [tokens.joined()]
        case .strip(let scalar, let start, let stop): tokens.map { Self.stripped($0, scalar, start, stop) }
        case .metaspace(let space):
            tokens.enumerated().map { i, token in
                token.replacingExactly(space.replacement, with: i == 0 && space.prepending != .never ? "" : " ")
            }
        }
    }

    /// Runs of byte tokens become the text that they encode, or � for each byte if they encode none.
    private static func joiningBytes(_ tokens: [String]) -> [String] {
        var joined: [String] = []
        var bytes: [UInt8] = []
        func flush() {
            if let text = String(validating: bytes, as: UTF8.self) {
                if !bytes.isEmpty { joined.append(text) }
            } else {
                joined += [String](repeating: "\u{FFFD}", count: bytes.count)
            }
            bytes = []
        }
        for token in tokens {
            if let byte = ByteToken.byte(token) {
                bytes.append(byte)
            } else {
                flush()
                joined.append(token)
            }
        }
        flush()
        return joined
    }

    private static func stripped(_ token: String, _ scalar: Unicode.Scalar, _ start: Int, _ stop: Int) -> String {
        let scalars = Array(token.unicodeScalars)
        let leading = scalars.prefix(start).prefix { $0 == scalar }.count
        let trailing = scalars.dropFirst(leading).suffix(stop).reversed().prefix { $0 == scalar }.count
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[leading..<scalars.count - trailing])
        return String(text)
    }
}

extension Settings {
    /// The text that a Replace looks for; regular expressions are not supported.
    fileprivate func pattern() throws(FileError) -> String {
        guard let pattern = try object("pattern") else { throw failure("pattern", expected: "{\"String\": …}") }
        guard pattern.has("String") else { throw failure("pattern", expected: "{\"String\": …}; regular expressions are not supported") }
        let text = try pattern.text("String")
        guard !text.isEmpty else { throw pattern.failure("String", expected: "at least one character") }
        return text
    }
}
