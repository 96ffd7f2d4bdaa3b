// Arithmetic as text that knows its outermost brackets and the terms of its outermost sum. What stands in brackets, the sum under a softmax for one, is
// often the same for a whole row of cells, and a page keeps it once; a long sum is broken before its terms. Nobody need read the text to find them.

/// A piece of arithmetic as text.
public struct SpelledText: Hashable, Sendable, ExpressibleByStringInterpolation {
    /// The characters.
    public private(set) var text: String
    /// Where the outermost brackets stand, brackets included: offsets in UTF-8, in order.
    private var brackets: [Range<Int>] = []
    /// Where the outermost plus signs stand, with the spaces around them: offsets in UTF-8, in order.
    private var pluses: [Int] = []
    private static let plus = " + "

    /// Arithmetic without brackets.
    public init(_ text: String) { self.text = text }

    /// Arithmetic without brackets.
    public init(stringLiteral text: String) { self.text = text }

    /// Arithmetic made of parts.
    public init(stringInterpolation: Interpolation) { self = stringInterpolation.result }

    /// The text in brackets.
    public var bracketed: SpelledText {
        var result = SpelledText("(" + text + ")")
        result.brackets = [0..<result.text.utf8.count]
        return result
    }

    /// The text cut before and after each of its outermost brackets.
    public var pieces: [(text: Substring, isBracketed: Bool)] {
        var pieces: [(text: Substring, isBracketed: Bool)] = []
        var start = text.startIndex
        var offset = 0
        for range in brackets {
            let open = text.utf8.index(start, offsetBy: range.lowerBound - offset)
            let close = text.utf8.index(open, offsetBy: range.count)
            if start < open { pieces.append((text[start..<open], false)) }
            pieces.append((text[open..<close], true))
            (start, offset) = (close, range.upperBound)
        }
        if start < text.endIndex { pieces.append((text[start...], false)) }
        return pieces
    }

    /// The terms of the outermost sum, without the plus signs between them; what leads to the first stands before it. One if there is no sum.
    public var terms: [Substring] {
        var terms: [Substring] = []
        var (start, offset) = (text.startIndex, 0)
        for plus in pluses {
            let end = text.utf8.index(start, offsetBy: plus - offset)
            terms.append(text[start..<end])
            start = text.utf8.index(end, offsetBy: Self.plus.utf8.count)
            offset = plus + Self.plus.utf8.count
        }
        return terms + [text[start...]]
    }

    /// The sum of `terms`.
    static func sum(_ terms: [SpelledText]) -> SpelledText {
        var result = SpelledText("")
        for (i, term) in terms.enumerated() {
            if i > 0 {
                result.pluses.append(result.text.utf8.count)
                result.text += plus
            }
            result.append(term)
        }
        return result
    }

    /// Adds `other` at the end.
    public mutating func append(_ other: SpelledText) {
        let offset = text.utf8.count
        text += other.text
        for plus in other.pluses { pluses.append(plus + offset) }
        for range in other.brackets { brackets.append(range.lowerBound + offset..<range.upperBound + offset) }
    }

    /// `parts` one after the other.
    static func joined(_ parts: [SpelledText], separator: String) -> SpelledText {
        var result = SpelledText("")
        for (i, part) in parts.enumerated() {
            if i > 0 { result.text += separator }
            result.append(part)
        }
        return result
    }

    /// Collects the parts of arithmetic.
    public struct Interpolation: StringInterpolationProtocol {
        fileprivate var result = SpelledText("")

        /// Nothing yet.
        public init(literalCapacity: Int, interpolationCount: Int) {
            result.text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        /// Signs between operands.
        public mutating func appendLiteral(_ text: String) { result.text += text }

        /// A number or a name.
        public mutating func appendInterpolation(_ text: String) { result.text += text }

        /// A whole number.
        public mutating func appendInterpolation(_ number: Int) { result.text += String(number) }

        /// The name of an axis.
        public mutating func appendInterpolation(_ axis: Axis) { result.text += axis.name }

        /// Arithmetic.
        public mutating func appendInterpolation(_ part: SpelledText) { result.append(part) }

        /// Arithmetic in brackets.
        public mutating func appendInterpolation(bracketed part: SpelledText) { result.append(part.bracketed) }
    }
}
