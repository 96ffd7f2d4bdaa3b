// A line while it is typed: its text, where the cursor stands, and how both are drawn without escape codes, so that any terminal shows them.

internal import Traces

/// A line of text that is being typed.
package struct LineEditor {
    package private(set) var before = ""
    package private(set) var after = ""
    /// What was typed before, the newest last, and which of it is shown; all of it where it is the new line.
    private let earlier: [String]
    private var shown: Int
    private var new = ""
    /// How many columns the last drawing took: a shorter one wipes them.
    private var drawn = 0
    /// What stands before the line.
    static let prompt = "> "
    /// More characters than any cell or setting could want.
    package static let longest = 500

    /// A new line; the arrows up and down bring back what was typed `before` it.
    package init(before earlier: [String] = []) {
        self.earlier = earlier
        shown = earlier.count
    }

    /// The whole text.
    package var text: String { before + after }

    /// What a press does to the line; an answer once it is finished, nil before.
    package mutating func take(_ press: Terminal.Press) -> Terminal.Line? {
        switch press {
        case .enter: return finished()
        case .interrupt: return .interrupt
        case .end, .escape: return .left
        case .character(let character): if text.count < Self.longest { before.append(character) }
        case .backspace: _ = before.popLast()
        case .delete: if !after.isEmpty { after.removeFirst() }
        case .left: if let last = before.popLast() { after = String(last) + after }
        case .right: if !after.isEmpty { before.append(after.removeFirst()) }
        case .home: (before, after) = ("", text)
        case .last: (before, after) = (text, "")
        case .cutBefore: before = ""
        case .cutAfter: after = ""
        case .cutWord: before = String(before.reversed().drop { $0 == " " }.drop { $0 != " " }.reversed())
        case .up: show(shown - 1)
        case .down: show(shown + 1)
        case .other: break
        }
        return nil
    }

    private mutating func show(_ number: Int) {
        guard (0...earlier.count).contains(number), number != shown else { return }
        if shown == earlier.count { new = text }
        shown = number
        (before, after) = (number == earlier.count ? new : earlier[number], "")
    }

    private mutating func finished() -> Terminal.Line {
        (before, after) = (text, "")
        return .text(before)
    }

    /// The line as it is to stand, in a window of `columns`, the cursor in its place.
    package mutating func drawn(_ columns: Int) -> String {
        let room = max(columns - 1 - Self.prompt.count, 4)
        let start = Self.tail(before, room - 1)
        let rest = Self.head(after, room - TerminalText.width(start))
        let shown = Self.prompt + start
        let width = TerminalText.width(shown + rest)
        let wiped = String(repeating: " ", count: max(min(drawn, columns - 1) - width, 0))
        drawn = width
        return "\r" + shown + rest + wiped + (rest.isEmpty && wiped.isEmpty ? "" : "\r" + shown)
    }

    /// The end of `text` in at most `columns`; … where it is cut.
    private static func tail(_ text: String, _ columns: Int) -> String {
        if TerminalText.width(text) <= columns { return text }
        var (kept, used) = ([Character](), 1)
        for character in text.reversed() {
            used += TerminalText.width(character)
            if used > columns { break }
            kept.append(character)
        }
        return "…" + String(kept.reversed())
    }

    /// The beginning of `text` in at most `columns`.
    private static func head(_ text: String, _ columns: Int) -> String {
        var (kept, used) = ("", 0)
        for character in text {
            used += TerminalText.width(character)
            if used > columns { break }
            kept.append(character)
        }
        return kept
    }
}
