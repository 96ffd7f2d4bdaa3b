// Tokens as a reader can see them. Spaces, line breaks and characters that would steer the layout become visible signs; bytes of a character are
// told as its parts; long labels are shortened in the middle, where they tell least.

/// Makes token texts fit for a label.
public enum TokenText {
    /// `token` with its invisible characters shown: ␣ space, ↵ line feed, ␍ return, ⇥ tab, ∅ nothing at all, U+202E and the like by number.
    public static func visible(_ token: String) -> String { visible(token, keepsSpaces: false) }

    /// The tokens of a text. Tokens that are bytes of one character, or begin or end with some, call it and their place in it (我 1/3, ␣我 1–2/3),
    /// other bytes are called by their number.
    public static func visible(_ tokens: [String]) -> [String] {
        var labels = [String](repeating: "", count: tokens.count)
        // The token whose label ends with a place or a number, after which text keeps away.
        var ended = -1
        for part in parts(tokens) {
            var start = 0
            while start < part.tokens.count {
                let token = part.tokens[start]
                var end = start + 1
                while end < part.tokens.count, part.tokens[end] == token { end += 1 }
                labels[token] += (ended == token ? " " : "") + part.name
                let isWhole = end - start == part.tokens.count
                if !isWhole { labels[token] += " \(start + 1)\(end - start > 1 ? "–\(end)" : "")/\(part.tokens.count)" }
                ended = isWhole && !part.isNumber ? -1 : token
                start = end
            }
        }
        return labels.map(bounded)
    }

    /// A label as it is, or the beginning and end of one that no label has room for: what measures it must not read a whole file.
    private static func bounded(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard text.utf8.count > 600 else { return text }
        return String(String.UnicodeScalarView(scalars.prefix(120))) + "…" + String(String.UnicodeScalarView(scalars.suffix(60)))
    }

    /// The tokens put together as a reader would write them: bytes as characters, spaces where tokens carry them, else between Latin words.
    static func sentence(_ tokens: [String]) -> String {
        var (text, carriesSpaces, last) = ("", false, -1)
        for part in parts(tokens) {
            let name = part.name
            let first = name.first ?? " "
            if first == "␣" { carriesSpaces = true }
            let isJoined =
                carriesSpaces || text.isEmpty || part.tokens[0] == last || LineBreaker.isIdeographic(first) || ".,:;?!’'".contains(first)
            if !isJoined { text += " " }
            for character in name where character != "␣" || !text.isEmpty { text.append(character == "␣" ? " " : character) }
            last = part.tokens[part.tokens.count - 1]
        }
        return text
    }

    /// A piece of a text that tokens make: text of one token, or a character whose bytes stand in several.
    private struct Part {
        let name: String
        /// The token of each byte, or the one that has the text.
        let tokens: [Int]
        /// Whether it is a byte that belongs to no character.
        var isNumber = false
    }

    private static func parts(_ tokens: [String]) -> [Part] {
        let units = units(tokens)
        var parts: [Part] = []
        var at = 0
        while at < units.count {
            guard units[at].byte != nil else {
                parts.append(Part(name: units[at].text, tokens: [units[at].token]))
                at += 1
                continue
            }
            var bytes: [UInt8] = []
            while bytes.count < 4, at + bytes.count < units.count, let byte = units[at + bytes.count].byte { bytes.append(byte) }
            if let (scalar, count) = scalar(bytes) {
                parts.append(Part(name: visible(String(scalar)), tokens: units[at..<at + count].map { $0.token }))
                at += count
            } else {
                parts.append(Part(name: "0x" + hexadecimal(UInt32(bytes[0]), digits: 2), tokens: [units[at].token], isNumber: true))
                at += 1
            }
        }
        return parts
    }

    /// The bytes that tokens spell (`<0xE6>`), and the visible text between them. Within a longer token only what is no whole character is spelled so.
    private static func units(_ tokens: [String]) -> [(token: Int, byte: UInt8?, text: String)] {
        var units: [(token: Int, byte: UInt8?, text: String)] = []
        for token in tokens.indices {
            let text = Array(tokens[token].utf8)
            var (start, at) = (0, 0)
            while at < text.count {
                guard let byte = byte(text, at), byte >= 0x80 || text.count == 6 else {
                    at += 1
                    continue
                }
                if start < at { units.append((token, nil, visible(String(decoding: text[start..<at], as: UTF8.self)))) }
                units.append((token, byte, ""))
                at += 6
                start = at
            }
            if start < at || text.isEmpty { units.append((token, nil, visible(String(decoding: text[start...], as: UTF8.self)))) }
        }
        return units
    }

    /// The byte that stands at `start`, spelled like `<0xE6>`.
    private static func byte(_ text: [UInt8], _ start: Int) -> UInt8? {
        func digit(_ i: Int) -> UInt8? {
            switch text[start + i] {
            case 0x30...0x39: text[start + i] - 0x30
            case 0x41...0x46: text[start + i] - 0x41 + 10
            default: nil
            }
        }
        guard start + 6 <= text.count, text[start] == 0x3C, text[start + 1] == 0x30, text[start + 2] == 0x78, text[start + 5] == 0x3E,
            let high = digit(3), let low = digit(4)
        else { return nil }
        return high << 4 | low
    }

    /// The character that `bytes` begin with in UTF-8, and how many of them it takes; nil if they begin none, or one that goes on after them.
    private static func scalar(_ bytes: [UInt8]) -> (Unicode.Scalar, count: Int)? {
        guard let first = bytes.first else { return nil }
        let count = first < 0x80 ? 1 : first < 0xC2 ? 5 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 5
        guard bytes.count >= count else { return nil }
        var value = count == 1 ? UInt32(first) : UInt32(first) & (0x7F >> UInt32(count))
        for i in 1..<max(count, 1) {
            guard bytes[i] & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(bytes[i] & 0x3F)
        }
        // Longer than it need be, it would be another spelling of a character.
        guard count < 3 || value >= (count == 3 ? 0x800 : 0x10000) else { return nil }
        return Unicode.Scalar(value).map { ($0, count) }
    }

    /// `text` of several words may keep its spaces.
    static func visible(_ token: String, keepsSpaces: Bool) -> String {
        if token.isEmpty { return "∅" }
        let token = bounded(token)
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
