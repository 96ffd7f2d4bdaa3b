// Text that a page shows and never obeys: escaped for HTML and for JSON inside HTML, its control and bidirectional characters made visible.

internal import Traces

/// Text for HTML and for the data inside a page.
enum HTMLText {
    /// The text for content and for attribute values in either kind of quotes.
    static func escaped(_ text: String) -> String { visible(text).markupEscaped }

    /// The text with characters that nobody could see, or that would turn a line around, made visible: NUL is ␀, U+202E is ⟨U+202E⟩.
    static func visible(_ text: String) -> String {
        guard text.utf8.contains(where: mayBeginHidden), text.unicodeScalars.contains(where: isHidden) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if !isHidden(scalar) {
                result.unicodeScalars.append(scalar)
            } else if scalar.value < 0x20 {
                result.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value)!)
            } else {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "⟨U+" + String(repeating: "0", count: max(4 - digits.count, 0)) + digits + "⟩"
            }
        }
        return result
    }

    /// Whether a hidden character may begin with this byte: most texts have none, which bytes say fastest.
    private static func mayBeginHidden(_ byte: UInt8) -> Bool {
        switch byte {
        case 9, 10, 13: false
        case 0..<0x20, 0x7F, 0xC2, 0xD8, 0xE2, 0xEF: true
        default: false
        }
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 9, 10, 13: false
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFF9...0xFFFB, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    /// A JSON string that can stand in a `script` element: no `<`, `>` or `&` is left in it.
    static func json(_ text: String) -> String {
        var bytes = [UInt8(ascii: "\"")]
        bytes.reserveCapacity(text.utf8.count + 16)
        for byte in visible(text).utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\r"): bytes += "\\r".utf8
            case UInt8(ascii: "\t"): bytes += "\\t".utf8
            case UInt8(ascii: "<"): bytes += "\\u003c".utf8
            case UInt8(ascii: ">"): bytes += "\\u003e".utf8
            case UInt8(ascii: "&"): bytes += "\\u0026".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// JSON that was written by others, so that it can stand in a `script` element: in JSON these signs are found inside strings alone.
    static func inScript(_ json: String) -> String {
        guard json.utf8.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "&") }) else {
            return json
        }
        let signs: [Character: String] = ["<": "\\u003c", ">": "\\u003e", "&": "\\u0026"]
        return json.reduce(into: "") { $0 += signs[$1] ?? String($1) }
    }

    /// Whether a link may be followed: the web, mail, this page, or a file beside it.
    static func isSafe(link: String) -> Bool {
        let scheme = link.prefix { $0 != "/" && $0 != "#" && $0 != "?" }
        guard let colon = scheme.firstIndex(of: ":") else { return !link.isEmpty && !link.unicodeScalars.contains(where: isHidden) }
        return ["http", "https", "mailto"].contains(scheme[..<colon].lowercased())
    }

    /// The language as HTML names it.
    static func tag(_ language: Language) -> String { language == .en ? "en" : "zh-Hans" }
}
