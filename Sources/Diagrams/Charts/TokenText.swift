// Tokens as a reader can see them. Spaces, line breaks and characters that would steer the layout become visible signs; bytes of a character are
// told as its parts; long labels are shortened in the middle, where they tell least.

/// Makes token texts fit for a label.
public enum TokenText {
    /// `token` with its invisible characters shown: ␣ space, ↵ line feed, ␍ return, ⇥ tab, ∅ nothing at all, U+202E and the like by number.
    public static func visible(_ token: String) -> String { visible(token, keepsSpaces: false) }

    /// The tokens of a text. Tokens that are bytes of one character are called by it and their place in it (我 1/3), other bytes by their number.
    public static func visible(_ tokens: [String]) -> [String] {
        characters(tokens).flatMap { name, count in count == 1 ? [name] : (1...count).map { "\(name) \($0)/\(count)" } }
    }

    /// The tokens put together as a reader would write them: bytes as characters, spaces where tokens carry them, else between Latin words.
    static func sentence(_ tokens: [String]) -> String {
        let names = characters(tokens).map { $0.name }
        if names.contains(where: { $0.hasPrefix("␣") }) {
            let text = names.joined().map { $0 == "␣" ? " " : $0 }
            return String(text.drop { $0 == " " })
        }
        var text = ""
        for name in names {
            let first = name.first ?? " "
            let isJoined = text.isEmpty || LineBreaker.isIdeographic(first) || ".,:;?!’'".contains(first)
            text += (isJoined ? "" : " ") + name
        }
        return text
    }

    /// The tokens by name, each with how many it stands for: the bytes of one character are one.
    private static func characters(_ tokens: [String]) -> [(name: String, count: Int)] {
        let bytes = tokens.map(byte)
        var names: [(name: String, count: Int)] = []
        var start = 0
        while start < tokens.count {
            let next = bytes[start...].prefix(4).prefix { $0 != nil }.compactMap { $0 }
            if let character = character(next) {
                names.append((visible(character), character.utf8.count))
            } else {
                names.append((next.first.map { "0x" + hexadecimal(UInt32($0), digits: 2) } ?? visible(tokens[start]), 1))
            }
            start += names[names.count - 1].count
        }
        return names
    }

    /// The byte that a token of the form `<0xE6>` stands for.
    private static func byte(_ token: String) -> UInt8? {
        let text = token.utf8
        guard text.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
        return UInt8(token.dropFirst(3).dropLast(), radix: 16)
    }

    /// The character that `bytes` begin with in UTF-8; nil if they begin none, or one that goes on after them.
    private static func character(_ bytes: [UInt8]) -> String? {
        var decoder = UTF8()
        var rest = bytes.makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&rest) else { return nil }
        return String(scalar)
    }

    /// `text` of several words may keep its spaces.
    static func visible(_ token: String, keepsSpaces: Bool) -> String {
        if token.isEmpty { return "∅" }
        var text = ""
        for character in token {
            let scalars = character.unicodeScalars
            if character == "\r\n" {
                text += "␍↵"
            } else if character == " ", keepsSpaces {
                text += " "
            } else if scalars.count == 1, let sign = sign(for: scalars.first!) {
                text += sign
            } else {
                text.unicodeScalars.append(contentsOf: scalars.filter { !steersLayout($0) })
            }
        }
        return text.isEmpty ? "∅" : text
    }

    private static func sign(for scalar: Unicode.Scalar) -> String? {
        switch scalar {
        // Tokenizers write a space as a low bar, which a font may lack or draw like a rule.
        case " ", "\u{2581}": return "␣"
        case "\n": return "↵"
        case "\t": return "⇥"
        case "\r": return "␍"
        case "\u{0}"..."\u{1F}": return String(Unicode.Scalar(0x2400 + scalar.value)!)
        case "\u{7F}": return "␡"
        default:
            let isInvisible = [.format, .control, .lineSeparator, .paragraphSeparator, .spaceSeparator, .privateUse, .unassigned].contains(
                scalar.properties.generalCategory)
            return isInvisible || scalar.properties.isDefaultIgnorableCodePoint ? number(of: scalar) : nil
        }
    }

    private static func number(of scalar: Unicode.Scalar) -> String {
        "U+" + hexadecimal(scalar.value, digits: 4)
    }

    private static func hexadecimal(_ value: UInt32, digits count: Int) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }

    /// Bidirectional marks, embeddings, overrides and isolates: they would turn the rest of a line around.
    private static func steersLayout(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// `text` as it is if it is at most `width` wide, else its beginning and end around an ellipsis.
    public static func shortened(_ text: String, to width: Double, measure: (String) -> Double) -> String {
        if measure(text) <= width { return text }
        let characters = Array(text)
        var (low, high) = (0, characters.count - 1)
        func cut(_ kept: Int) -> String { String(characters.prefix((kept + 1) / 2)) + "…" + String(characters.suffix(kept / 2)) }
        while low < high {
            let middle = (low + high + 1) / 2
            if measure(cut(middle)) <= width { low = middle } else { high = middle - 1 }
        }
        return cut(low)
    }

    /// Whether every character is a Chinese, Japanese or Korean one (or their punctuation): such a label may stand upright, one below the other.
    public static func isIdeographic(_ text: String) -> Bool { !text.isEmpty && text.allSatisfy(LineBreaker.isIdeographic) }
}
