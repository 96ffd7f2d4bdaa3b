// One element of an SVG, and the numbers, data and texts in it.

import Diagrams
import Traces

/// A name with attributes and classes, in the order in which they are given.
struct SVGElement {
    private let name: String
    private var attributes = ""
    private var classes: [String] = []

    init(_ name: String) { self.name = name }

    /// Adds an attribute; the value is escaped already.
    mutating func set(_ attribute: String, _ value: String) { attributes += " \(attribute)=\"\(value)\"" }

    /// Adds a class.
    mutating func add(class name: String) { classes.append(name) }

    /// Adds the place of a rectangle.
    mutating func place(_ rect: Rect) {
        set("x", PathText.number(rect.x))
        set("y", PathText.number(rect.y))
    }

    /// Adds the width and height of a rectangle.
    mutating func size(_ rect: Rect) {
        set("width", PathText.number(rect.width))
        set("height", PathText.number(rect.height))
    }

    /// `<name class="…" …`, without its end.
    private var start: String { "<\(name)" + (classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\"") + attributes }
    /// The element with nothing inside.
    var alone: String { start + "/>" }
    /// The element's beginning.
    var opening: String { start + ">" }
}

extension Color {
    /// `#rrggbb`, without its opacity.
    var hex: String {
        let digits = String(Color(red: red, green: green, blue: blue).premultiplied & 0xFF_FFFF, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }
}

/// Base 64 (RFC 4648), so that Foundation is not needed.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 4 / 3 + 4)
        for i in stride(from: 0, to: bytes.count, by: 3) {
            let left = min(3, bytes.count - i)
            var word = 0
            for k in 0..<3 { word = word << 8 | (k < left ? Int(bytes[i + k]) : 0) }
            for k in 0..<4 { text.append(k <= left ? alphabet[word >> (18 - 6 * k) & 63] : UInt8(ascii: "=")) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A PNG as an address.
    static func dataURL(_ png: [UInt8]) -> String { "data:image/png;base64," + encode(png) }
}

extension UInt8 {
    var isLetter: Bool { (65...90).contains(self) || (97...122).contains(self) }
    var isIDCharacter: Bool { isLetter || (48...57).contains(self) || self == UInt8(ascii: "-") || self == UInt8(ascii: "_") }
}

extension String {
    /// Text for XML: the special characters escaped, characters that XML forbids replaced.
    var xml: String {
        func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar {
            case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": true
            default: false
            }
        }
        guard unicodeScalars.contains(where: isForbidden) else { return markupEscaped }
        return String(String.UnicodeScalarView(unicodeScalars.map { isForbidden($0) ? "\u{FFFD}" : $0 })).markupEscaped
    }

    /// The text with what may not stand in an id replaced.
    var idPart: String { String(decoding: utf8.map { $0.isIDCharacter ? $0 : UInt8(ascii: "-") }, as: UTF8.self) }
}
