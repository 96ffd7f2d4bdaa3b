// Arithmetic as text that knows its outermost brackets. What stands inside them, the sum under a softmax for one, is often the same for a whole row
// of cells: a page keeps it once, and need not read the text to find it.

/// A piece of arithmetic as text.
public struct SpelledText: Hashable, Sendable, ExpressibleByStringInterpolation {
    /// The characters.
    public private(set) var text: String
    /// Where the outermost brackets stand, brackets included: offsets in UTF-8, in order.
    private var brackets: [Range<Int>] = []

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

    /// Adds `other` at the end.
    public mutating func append(_ other: SpelledText) {
        let offset = text.utf8.count
        text += other.text
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
