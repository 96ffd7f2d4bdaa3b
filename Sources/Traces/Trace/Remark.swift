// What the engine remarks about a cell: a sentence in each language whose quantities stay quantities, so that whoever shows it can set, link or
// share them without reading the sentence.

/// A quantity in a sentence.
public enum Quantity: Hashable, Sendable {
    /// A count or a position.
    case whole(Int)
    /// A number, shown at that many significant digits.
    case significant(Double, digits: Int)
    /// A number, shown so that it reads back exactly.
    case exact(Double)
    /// A share of 1, shown as a percentage.
    case percent(Double)
    /// A name or a spelling: an axis, a code's bits, a formula.
    case name(String)

    /// The quantity as it is shown.
    public var text: String {
        switch self {
        case .whole(let count): String(count)
        case .significant(let value, let digits): NumberText.significant(value, digits: digits)
        case .exact(let value): NumberText.exact(value)
        case .percent(let share): NumberText.percent(share)
        case .name(let name): name
        }
    }
}

/// A sentence of one language. Written as a text with interpolations, it keeps what is interpolated.
public struct Sentence: Hashable, Sendable, ExpressibleByStringInterpolation {
    /// A piece of a sentence.
    public enum Part: Hashable, Sendable {
        /// Words of the language.
        case words(String)
        /// What stands between words.
        case quantity(Quantity)
    }

    /// The pieces in order.
    public private(set) var parts: [Part]

    /// A sentence without quantities.
    public init(stringLiteral words: String) { parts = [.words(words)] }

    /// A sentence with quantities.
    public init(stringInterpolation: Interpolation) { parts = stringInterpolation.parts }

    /// Sentences one after the other.
    init(_ sentences: [Sentence], separator: String) {
        parts = []
        for (i, sentence) in sentences.enumerated() { parts += (i > 0 ? [.words(separator)] : []) + sentence.parts }
    }

    /// The sentence as it is shown.
    public var text: String {
        var text = ""
        for part in parts {
            switch part {
            case .words(let words): text += words
            case .quantity(let quantity): text += quantity.text
            }
        }
        return text
    }

    /// Collects words and quantities.
    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var parts: [Part] = []

        /// An empty sentence.
        public init(literalCapacity: Int, interpolationCount: Int) { parts.reserveCapacity(interpolationCount * 2 + 1) }

        /// Words.
        public mutating func appendLiteral(_ words: String) { if !words.isEmpty { parts.append(.words(words)) } }

        /// A count or a position.
        public mutating func appendInterpolation(_ count: Int) { parts.append(.quantity(.whole(count))) }

        /// A number at `digits` significant digits.
        public mutating func appendInterpolation(_ value: Double, digits: Int = 6) {
            parts.append(.quantity(.significant(value, digits: digits)))
        }

        /// A number that reads back exactly.
        public mutating func appendInterpolation(exact value: Double) { parts.append(.quantity(.exact(value))) }

        /// A share of 1 as a percentage.
        public mutating func appendInterpolation(percent share: Double) { parts.append(.quantity(.percent(share))) }

        /// A name or a spelling.
        public mutating func appendInterpolation(name: String) { parts.append(.quantity(.name(name))) }

        /// A part of the sentence, with its own quantities.
        public mutating func appendInterpolation(_ sentence: Sentence) { parts += sentence.parts }
    }
}

/// One remark in both languages.
public struct Remark: Hashable, Sendable {
    private let english: Sentence
    private let chinese: Sentence

    /// A remark in both languages.
    public init(en: Sentence, zh: Sentence) { (english, chinese) = (en, zh) }

    /// A number alone.
    public init(number: Double, digits: Int = 4) {
        let number: Sentence = "\(number, digits: digits)"
        self.init(en: number, zh: number)
    }

    /// The sentence of one language.
    public func sentence(_ language: Language) -> Sentence { language == .en ? english : chinese }

    /// The text in one language.
    public subscript(language: Language) -> String { sentence(language).text }

    /// The English text.
    public var en: String { english.text }
    /// The Chinese text.
    public var zh: String { chinese.text }
}
