// Divisions of normalised text into words that are encoded apart. A kind that is not here is an error with its name; nothing is skipped silently.

import Traces

/// A piece of a text; `isFirst` if nothing of the text stands before it.
struct Word: Sendable {
    var text: String
    let isFirst: Bool
}

/// What becomes of what a divider found.
enum SplitBehavior: String, Sendable, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    /// The pieces that `parts`, found or not, become.
    func pieces(_ parts: [(range: Range<Int>, isFound: Bool)]) -> [Range<Int>] {
        switch self {
        case .removed: return parts.filter { !$0.isFound }.map(\.range)
        case .isolated: return parts.map(\.range)
        case .mergedWithPrevious, .contiguous: return merged(parts)
        case .mergedWithNext: return merged(parts.reversed()).reversed()
        }
    }

    /// In the order of `parts`, some of them joined to the piece before.
    private func merged(_ parts: [(range: Range<Int>, isFound: Bool)]) -> [Range<Int>] {
        var (pieces, wasFound) = ([Range<Int>](), false)
        for (range, isFound) in parts {
            let joins = self == .contiguous ? isFound == wasFound : isFound && !wasFound
            if joins, let last = pieces.popLast() {
                pieces.append(min(last.lowerBound, range.lowerBound)..<max(last.upperBound, range.upperBound))
            } else {
                pieces.append(range)
            }
            wasFound = isFound
        }
        return pieces
    }
}

/// What a text is divided at.
enum Divider: Sendable {
    case pattern(Pattern)
    case text([Unicode.Scalar])
    case scalar(Unicode.Scalar)
    case number, whitespace, punctuation, wordPart

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .scalar(let one): scalar == one
        case .number: scalar.isNumber
        case .whitespace: scalar.properties.isWhitespace
        case .punctuation: scalar.isPublishedPunctuation
        case .wordPart: scalar.isWordPart
        case .pattern, .text: false
        }
    }

    func matches(in scalars: [Unicode.Scalar]) -> [Range<Int>] {
        switch self {
        case .pattern(let pattern): pattern.matches(in: scalars)
        case .text(let text): Self.places(of: text, in: scalars)
        default: scalars.indices.filter { holds(scalars[$0]) }.map { $0..<$0 + 1 }
        }
    }

    /// How many times as long, in bytes, a text can become whose matches become `content`.
    func growth(replacedBy content: String) -> Int {
        let shortest = if case .text(let text) = self { String(scalars: text).utf8.count } else { 1 }
        return max((content.utf8.count + shortest - 1) / shortest, 1)
    }

    private static func places(of text: [Unicode.Scalar], in scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var (found, at) = ([Range<Int>](), 0)
        while at + text.count <= scalars.count {
            if scalars[at] == text[0], scalars[at...].starts(with: text) {
                found.append(at..<at + text.count)
                at += text.count
            } else {
                at += 1
            }
        }
        return found
    }
}

/// One stage of the division.
enum PreTokenizer: Sendable {
    case metaspace(Metaspace)
    case split(Divider, SplitBehavior, isInverted: Bool)
    /// Puts a space before a word that has none.
    case spacing
    /// Writes bytes as characters.
    case bytes

    private static let known = [
        "BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Digits", "Metaspace", "Punctuation", "Sequence", "Split", "Whitespace",
        "WhitespaceSplit",
    ]

    static func list(_ settings: Settings?) throws(FileError) -> [PreTokenizer] {
        guard let settings else { return [] }
        switch try settings.text("type") {
        case "Sequence":
            var all: [PreTokenizer] = []
            for part in try settings.objects("pretokenizers") { all += try list(part) }
            return all
        case "Metaspace": return [.metaspace(try Metaspace(settings))]
        case "ByteLevel": return try byteLevel(settings)
        case "Split":
            let isInverted = try settings.bool("invert", default: false)
            return [.split(try settings.divider(), try settings.behavior(), isInverted: isInverted)]
        case "Digits":
            let areSingle = try settings.bool("individual_digits", default: false)
            return [.split(.number, areSingle ? .isolated : .contiguous, isInverted: false)]
        case "Punctuation": return [.split(.punctuation, try settings.behavior(default: .isolated), isInverted: false)]
        case "WhitespaceSplit": return [.split(.whitespace, .removed, isInverted: false)]
        case "Whitespace": return [.split(.whitespace, .removed, isInverted: false), .split(.wordPart, .contiguous, isInverted: false)]
        case "BertPreTokenizer":
            return [.split(.whitespace, .removed, isInverted: false), .split(.punctuation, .isolated, isInverted: false)]
        case "CharDelimiterSplit": return [.split(.scalar(try settings.scalar("delimiter")), .removed, isInverted: false)]
        default: throw settings.failure("type", expected: "a supported pre-tokenizer (none, \(known.joined(separator: ", ")))")
        }
    }

    /// GPT-2's pattern, which a file of this kind need not spell out.
    static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    private static func byteLevel(_ settings: Settings) throws(FileError) -> [PreTokenizer] {
        var stages: [PreTokenizer] = []
        if try settings.bool("add_prefix_space", default: true) { stages.append(.spacing) }
        if try settings.bool("use_regex", default: true) {
            let pattern = try Pattern(gpt2) { settings.failure("use_regex", expected: $0) }
            stages.append(.split(.pattern(pattern), .isolated, isInverted: false))
        }
        return stages + [.bytes]
    }

    var writesBytes: Bool { if case .bytes = self { true } else { false } }

    func callAsFunction(_ words: [Word]) -> [Word] {
        switch self {
        case .metaspace(let space): words.flatMap { space($0) }
        case .split(let divider, let behavior, let isInverted): words.flatMap { Self.divided($0, divider, behavior, isInverted) }
        case .spacing: words.map { Word(text: $0.text.startsExactly(with: " ") ? $0.text : " " + $0.text, isFirst: $0.isFirst) }
        case .bytes: words.map { Word(text: ByteAlphabet.encode($0.text), isFirst: $0.isFirst) }
        }
    }

    private static func divided(_ word: Word, _ divider: Divider, _ behavior: SplitBehavior, _ isInverted: Bool) -> [Word] {
        let scalars = Array(word.text.unicodeScalars)
        var parts: [(range: Range<Int>, isFound: Bool)] = []
        var done = 0
        for match in divider.matches(in: scalars) {
            if done < match.lowerBound { parts.append((done..<match.lowerBound, isInverted)) }
            parts.append((match, !isInverted))
            done = match.upperBound
        }
        if done < scalars.count { parts.append((done..<scalars.count, isInverted)) }
        return behavior.pieces(parts).map { Word(text: String(scalars: scalars[$0]), isFirst: word.isFirst && $0.lowerBound == 0) }
    }
}

/// Spaces as ▁, which begins a word.
struct Metaspace: Sendable {
    enum Prepending: String {
        case always, first, never
    }
    let replacement: String
    let prepending: Prepending
    let splits: Bool

    init(_ settings: Settings) throws(FileError) {
        replacement = String(try settings.scalar("replacement"))
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

    /// The words of `word`, each beginning with the replacement character.
    func callAsFunction(_ word: Word) -> [Word] {
        var text = word.text.replacingExactly(" ", with: replacement)
        let prepends = prepending == .always || (prepending == .first && word.isFirst)
        if prepends, !text.isEmpty, !text.startsExactly(with: replacement) { text = replacement + text }
        guard splits else { return text.isEmpty ? [] : [Word(text: text, isFirst: word.isFirst)] }
        var words: [Word] = []
        let beginning = replacement.unicodeScalars.first
        for scalar in text.unicodeScalars {
            if words.isEmpty || scalar == beginning { words.append(Word(text: "", isFirst: word.isFirst && words.isEmpty)) }
            words[words.count - 1].text.unicodeScalars.append(scalar)
        }
        return words
    }
}

extension Settings {
    /// A text of one character.
    func scalar(_ name: String) throws(FileError) -> Unicode.Scalar {
        let scalars = try text(name).unicodeScalars
        guard let scalar = scalars.first, scalars.count == 1 else { throw failure(name, expected: "one character") }
        return scalar
    }

    /// What a Replace or a Split looks for: `{"String": …}` or `{"Regex": …}`.
    func divider() throws(FileError) -> Divider {
        guard let pattern = try object("pattern") else { throw failure("pattern", expected: "{\"String\": …} or {\"Regex\": …}") }
        if pattern.has("Regex") {
            return .pattern(try Pattern(try pattern.text("Regex")) { pattern.failure("Regex", expected: $0) })
        }
        let text = try pattern.text("String")
        guard !text.isEmpty else { throw pattern.failure("String", expected: "at least one character") }
        return .text(Array(text.unicodeScalars))
    }

    fileprivate func behavior(default standard: SplitBehavior? = nil) throws(FileError) -> SplitBehavior {
        if let standard, !has("behavior") { return standard }
        guard let behavior = SplitBehavior(rawValue: try text("behavior")) else {
            throw failure("behavior", expected: SplitBehavior.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return behavior
    }
}
