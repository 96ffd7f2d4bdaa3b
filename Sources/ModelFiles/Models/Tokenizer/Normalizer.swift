// Changes of the raw text before it is divided. A kind that is not here is an error with its name; nothing is skipped silently.

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

    /// `content` in place of all that `divider` finds.
    func replacing(_ divider: Divider, with content: String) -> String {
        let scalars = Array(unicodeScalars)
        var (result, done) = (String.UnicodeScalarView(), 0)
        for match in divider.matches(in: scalars) {
            result.append(contentsOf: scalars[done..<match.lowerBound])
            result.append(contentsOf: content.unicodeScalars)
            done = match.upperBound
        }
        result.append(contentsOf: scalars[done...])
        return String(result)
    }
}

/// A change of the raw text.
enum Normalizer: Sendable {
    case prepend(String)
    case replace(Divider, with: String)
    case form(UnicodeForm)
    case lowercase
    /// Marks go, wherever they stand.
    case stripAccents
    case strip(left: Bool, right: Bool)
    /// SentencePiece's: controls go, odd spaces become spaces.
    case nmt
    /// Controls go, white space becomes spaces.
    case bertCleaning
    /// Spaces around each ideograph.
    case bertIdeographs
    /// Marks that take no room go.
    case bertAccents
    case bytes

    private static let known = [
        "BertNormalizer", "ByteLevel", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Prepend", "Replace", "Sequence", "Strip",
        "StripAccents",
    ]

    static func list(_ settings: Settings?) throws(FileError) -> [Normalizer] {
        guard let settings else { return [] }
        let type = try settings.text("type")
        if let form = UnicodeForm(rawValue: type) { return [.form(form)] }
        switch type {
        case "Sequence":
            var all: [Normalizer] = []
            for part in try settings.objects("normalizers") { all += try list(part) }
            return all
        case "Prepend": return [.prepend(try settings.text("prepend"))]
        case "Replace": return [.replace(try settings.divider(), with: try settings.text("content"))]
        case "Lowercase": return [.lowercase]
        case "StripAccents": return [.stripAccents]
        case "Strip":
            return [.strip(left: try settings.bool("strip_left", default: true), right: try settings.bool("strip_right", default: true))]
        case "Nmt": return [.nmt]
        case "ByteLevel": return [.bytes]
        case "BertNormalizer": return try bert(settings)
        default: throw settings.failure("type", expected: "a supported normalizer (\(known.joined(separator: ", ")))")
        }
    }

    private static func bert(_ settings: Settings) throws(FileError) -> [Normalizer] {
        let lowers = try settings.bool("lowercase", default: true)
        var stages: [Normalizer] = []
        if try settings.bool("clean_text", default: true) { stages.append(.bertCleaning) }
        if try settings.bool("handle_chinese_chars", default: true) { stages.append(.bertIdeographs) }
        if try settings.bool("strip_accents", default: lowers) { stages += [.form(.nfd), .bertAccents] }
        return lowers ? stages + [.lowercase] : stages
    }

    var writesBytes: Bool { if case .bytes = self { true } else { false } }

    func callAsFunction(_ text: String) -> String {
        switch self {
        case .prepend(let prefix): text.isEmpty ? text : prefix + text
        case .replace(let divider, let content): text.replacing(divider, with: content)
        case .form(let form): form(text)
        // Character by character: a final sigma is as any other.
        case .lowercase: text.unicodeScalars.map(\.properties.lowercaseMapping).joined()
        case .stripAccents: String(scalars: text.unicodeScalars.filter { !$0.isPublishedMark })
        case .strip(let left, let right): Self.stripped(text, left, right)
        case .nmt: String(scalars: text.unicodeScalars.compactMap(Self.nmt))
        case .bertCleaning: String(scalars: text.unicodeScalars.compactMap(Self.cleaned))
        case .bertIdeographs: String(scalars: text.unicodeScalars.flatMap { $0.isPublishedIdeograph ? [" ", $0, " "] : [$0] })
        case .bertAccents: String(scalars: text.unicodeScalars.filter { !$0.isPublishedAccent })
        case .bytes: ByteAlphabet.encode(text)
        }
    }

    /// The word changed. What is left of a text whose first character goes does not begin it any more.
    func callAsFunction(_ word: Word) -> Word {
        Word(text: self(word.text), isFirst: word.isFirst && keepsStart(of: word.text))
    }

    private func keepsStart(of text: String) -> Bool {
        guard let first = text.unicodeScalars.first else { return true }
        switch self {
        case .replace(let divider, let content):
            // What stands in for several characters stands where the last of them stood.
            guard let match = divider.matches(in: Array(text.unicodeScalars)).first, match.lowerBound == 0 else { return true }
            return !content.isEmpty && match.count == 1
        case .stripAccents: return !first.isPublishedMark
        case .strip(let left, _): return !left || !first.properties.isWhitespace
        case .nmt: return Self.nmt(first) != nil
        case .bertCleaning: return Self.cleaned(first) != nil
        case .bertAccents: return !first.isPublishedAccent
        case .prepend, .form, .lowercase, .bertIdeographs, .bytes: return true
        }
    }

    /// How many times as long, in bytes, it can make a text.
    var growth: Int {
        switch self {
        case .replace(let divider, let content): divider.growth(replacedBy: content)
        // U+FDFA is eighteen letters; U+0390 is three.
        case .form(let form): form == .nfkc || form == .nfkd ? 11 : 3
        case .lowercase, .bytes, .bertIdeographs: 2
        case .prepend, .stripAccents, .strip, .nmt, .bertCleaning, .bertAccents: 1
        }
    }

    private static func stripped(_ text: String, _ left: Bool, _ right: Bool) -> String {
        var rest = text.unicodeScalars[...]
        if left { rest = rest.drop { $0.properties.isWhitespace } }
        if right { while let last = rest.last, last.properties.isWhitespace { rest.removeLast() } }
        return String(scalars: rest)
    }

    private static func cleaned(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        if scalar == "\t" || scalar == "\n" || scalar == "\r" { return " " }
        if scalar.value == 0 || scalar.value == 0xFFFD || scalar.isPublishedControl { return nil }
        return scalar.properties.isWhitespace ? " " : scalar
    }

    private static func nmt(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar.value {
        case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: " "
        case 0x01...0x1F, 0x7F, 0x8F, 0x9F: nil
        default: scalar
        }
    }
}
