// From tokens back to text. A kind that is not here is an error with its name; nothing is skipped silently.

import Traces

/// A step from tokens back to text.
enum Decoder: Sendable {
    case replace(Divider, with: String)
    case byteFallback
    case byteLevel
    case fuse
    case strip(Unicode.Scalar, start: Int, stop: Int)
    case metaspace(Metaspace)
    case wordPiece(prefix: String, cleansUp: Bool)

    static func list(_ settings: Settings?) throws(FileError) -> [Decoder] {
        guard let settings else { return [] }
        switch try settings.text("type") {
        case "Sequence":
            var all: [Decoder] = []
            for part in try settings.objects("decoders") { all += try list(part) }
            return all
        case "Replace": return [.replace(try settings.divider(), with: try settings.text("content"))]
        case "ByteFallback": return [.byteFallback]
        case "ByteLevel": return [.byteLevel]
        case "Fuse": return [.fuse]
        case "Strip":
            let scalar = try settings.scalar("content")
            return [.strip(scalar, start: try settings.integer("start", atLeast: 0), stop: try settings.integer("stop", atLeast: 0))]
        case "Metaspace": return [.metaspace(try Metaspace(settings))]
        case "WordPiece":
            return [.wordPiece(prefix: try settings.text("prefix", default: "##"), cleansUp: try settings.bool("cleanup", default: true))]
        default:
            throw settings.failure(
                "type",
                expected: "a supported decoder (Sequence, Replace, ByteFallback, ByteLevel, Fuse, Strip, Metaspace, WordPiece)")
        }
    }

    func callAsFunction(_ tokens: [String]) -> [String] {
        switch self {
        case .replace(let divider, let content): tokens.map { $0.replacing(divider, with: content) }
        case .byteFallback: Self.joiningBytes(tokens)
        case .byteLevel: [String(decoding: tokens.flatMap { ByteAlphabet.bytes(of: $0) ?? Array($0.utf8) }, as: UTF8.self)]
        case .fuse: [tokens.joined()]
        case .strip(let scalar, let start, let stop): tokens.map { Self.stripped($0, scalar, start, stop) }
        case .metaspace(let space):
            tokens.enumerated().map { i, token in
                token.replacingExactly(space.replacement, with: i == 0 && space.prepending != .never ? "" : " ")
            }
        case .wordPiece(let prefix, let cleansUp):
            tokens.enumerated().map { i, token in
                let joined =
                    i == 0
                    ? token
                    : token.startsExactly(with: prefix) ? String(token.unicodeScalars.dropFirst(prefix.unicodeScalars.count)) : " " + token
                return cleansUp ? Self.cleanups.reduce(joined) { $0.replacingExactly($1.0, with: $1.1) } : joined
            }
        }
    }

    /// How many times as long, in bytes, it can make a text.
    var growth: Int {
        switch self {
        case .replace(let divider, let content): divider.growth(replacedBy: content)
        // A byte that is no character becomes three, a space goes before each token.
        case .byteFallback, .byteLevel, .fuse, .strip, .metaspace, .wordPiece: 1
        }
    }

    /// Spaces that a writer would not set.
    private static let cleanups = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"),
        (" 've", "'ve"), (" 're", "'re"),
    ]

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
        return String(scalars: scalars[leading..<scalars.count - trailing])
    }
}
