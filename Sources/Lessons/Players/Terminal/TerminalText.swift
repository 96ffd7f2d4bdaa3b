// Text on a terminal: how many columns it takes, where it may be broken, and what must never reach the screen.
// Widths follow Unicode's East Asian Width (UAX #11): wide and full-width take two columns; ambiguous ones take one.

import Traces

/// Measures, cleans and wraps text for a terminal.
public enum TerminalText {
    /// The text with control characters, escape sequences' ESC among them, as pictures, and without bidirectional controls: what a reader
    /// typed can then neither move the cursor nor reorder the line.
    public static func sanitized(_ text: String) -> String {
        text.withControlsPictured
    }

    /// Columns that `text` takes.
    public static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

    /// Columns that one character takes: 0, 1 or 2.
    public static func width(_ character: Character) -> Int {
        if character.unicodeScalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
        return character.unicodeScalars.reduce(0) { max($0, width($1)) }
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
            0xFE30...0xFE6F,
            0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// `text` filled with spaces to `columns`; cut with … if it is longer.
    public static func padded(_ text: String, to columns: Int, right: Bool = false) -> String {
        var kept = text
        if width(text) > columns {
            kept = ""
            for character in text where width(kept) + width(character) <= columns - 1 { kept.append(character) }
            if columns > 0 { kept += "…" }
        }
        let spaces = String(repeating: " ", count: max(columns - width(kept), 0))
        return right ? spaces + kept : kept + spaces
    }

    /// Text broken into lines of at most `columns`: at spaces and between Chinese characters, as long as no single word is longer.
    public static func wrapped(_ text: String, columns: Int = 80) -> [String] {
        wrapped([Styled(text)], columns: columns).map { line in
            let text = line.map(\.text).joined()
            return String(text.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// Pieces of styled text broken into lines of at most `columns`. Breaks fall at spaces and between Chinese characters, but never before closing
    /// punctuation nor after opening punctuation; what is wider than a line by itself, such as an address, is cut where the line ends.
    static func wrapped(_ pieces: [Styled], columns: Int) -> [[Styled]] {
        var lines: [[Styled]] = [[]]
        var used = 0
        for unit in units(pieces).flatMap({ $0.cut(to: columns) }) {
            if unit.isBreak {
                lines.append([])
                used = 0
                continue
            }
            let size = unit.width
            if used > 0, used + size > columns {
                lines.append([])
                used = 0
            }
            if used == 0, unit.isSpace, lines.count > 1 { continue }
            lines[lines.count - 1].append(contentsOf: unit.pieces)
            used += size
        }
        return lines.map { line in
            guard let last = line.last, last.text.allSatisfy({ $0 == " " }) else { return line }
            return Array(line.dropLast())
        }
    }

    /// What stays together on a line: a word or a Chinese character, with the punctuation that belongs to it.
    private struct Unit {
        var pieces: [Styled] = []
        var isSpace = false
        var isBreak = false
        var width: Int { pieces.reduce(0) { $0 + TerminalText.width($1.text) } }

        /// Itself, or parts that are no wider than a line.
        func cut(to columns: Int) -> [Unit] {
            if width <= columns { return [self] }
            var parts = [Unit()]
            var used = 0
            for piece in pieces {
                for character in piece.text {
                    let size = TerminalText.width(character)
                    if used > 0, used + size > columns {
                        parts.append(Unit())
                        used = 0
                    }
                    parts[parts.count - 1].pieces.append(Styled(String(character), piece.style))
                    used += size
                }
            }
            return parts
        }
    }

    private static let closing = Set<Character>("，。、；：？！）》」』】”’…,.;:?!)]}%")
    private static let opening = Set<Character>("（《「『【“‘([{")

    private static func units(_ pieces: [Styled]) -> [Unit] {
        var units: [Unit] = []
        var previous: Character?
        for piece in pieces {
            for character in piece.text {
                if character == "\n" {
                    units.append(Unit(isBreak: true))
                } else if character == " " {
                    units.append(Unit(pieces: [Styled(" ", piece.style)], isSpace: true))
                } else if let last = units.last, !last.isSpace, !last.isBreak, let previous, staysTogether(previous, character) {
                    units[units.count - 1].pieces.append(Styled(String(character), piece.style))
                } else {
                    units.append(Unit(pieces: [Styled(String(character), piece.style)]))
                }
                previous = character
            }
        }
        return units
    }

    private static func staysTogether(_ a: Character, _ b: Character) -> Bool {
        if closing.contains(b) || opening.contains(a) { return true }
        return width(a) < 2 && width(b) < 2
    }
}

/// A piece of text with its look on a terminal.
struct Styled: Hashable {
    /// Looks; a plain terminal ignores all of them.
    enum Style: Hashable { case plain, bold, italic, value, code, muted, title, question }
    var text: String
    var style: Style

    init(_ text: String, _ style: Style = .plain) {
        self.text = text
        self.style = style
    }
}
