// The last line of a screen: which keys do something now. A narrow window leaves out the less needed ones; `?` says them all.

internal import Traces

/// A line that waits for a key.
struct TerminalPrompt {
    /// A key with what it does; those of low rank stay longest.
    private struct Hint {
        let rank: Int
        let text: Bilingual
    }

    private let hints: [Hint]
    private let keys: Set<Terminal.Key>
    private let takesDigits: Bool

    private init(_ hints: [Hint], _ keys: Set<Terminal.Key>, digits: Bool = false) {
        (self.hints, self.keys, takesDigits) = (hints, keys, digits)
    }

    /// At the end of a step.
    static let next = step(Bilingual(en: "Enter: next", zh: "回车：下一步"))
    /// At a question.
    static let answer = step(Bilingual(en: "Enter: the answer", zh: "回车：看答案"))
    /// At the end of the last step.
    static let end = step(Bilingual(en: "Enter: end", zh: "回车：结束"))
    /// Where a step goes on.
    static let more = step(Bilingual(en: "more · Enter: next page", zh: "未完 · 回车：下一页"), back: Bilingual(en: "b: back", zh: "b：上一页"))
    /// Where another text goes on.
    static let rest = TerminalPrompt(
        [
            Hint(rank: 0, text: Bilingual(en: "more · Enter: next page", zh: "未完 · 回车：下一页")),
            Hint(rank: 1, text: Bilingual(en: "b: back", zh: "b：上一页")), Hint(rank: 2, text: Bilingual(en: "q: enough", zh: "q：不看了")),
        ], [.next, .back, .quit, .interrupt])

    private static func step(_ enter: Bilingual, back: Bilingual = Bilingual(en: "b: back", zh: "b：上一步")) -> TerminalPrompt {
        TerminalPrompt(
            [
                Hint(rank: 0, text: enter), Hint(rank: 1, text: back), Hint(rank: 2, text: Bilingual(en: "q: quit", zh: "q：退出")),
                Hint(rank: 4, text: Bilingual(en: "w: why", zh: "w：问为什么")), Hint(rank: 5, text: Bilingual(en: "s: settings", zh: "s：设置")),
                Hint(rank: 3, text: Bilingual(en: "?: keys", zh: "?：按键")),
            ], [.next, .back, .quit, .interrupt, .why, .settings, .help])
    }

    /// Under an answer to the question why that was made from `count` others; `isLast` if all of it was shown.
    static func operands(_ count: Int, isLast: Bool) -> TerminalPrompt {
        let numbers = count == 1 ? "1" : "1–\(count)"
        let ask = Hint(rank: 0, text: Bilingual(en: "\(numbers): ask on", zh: "\(numbers)：接着问"))
        if !isLast {
            let hints = (count > 0 ? [Hint(rank: 2, text: ask.text)] : []) + rest.hints.filter { $0.rank < 2 }
            return TerminalPrompt(hints, [.next, .back, .quit, .interrupt, .why, .help], digits: true)
        }
        return TerminalPrompt(
            (count > 0 ? [ask] : []) + [
                Hint(rank: 1, text: Bilingual(en: "b: back", zh: "b：退一层")),
                Hint(rank: 3, text: Bilingual(en: "w: another cell", zh: "w：另问一格")),
                Hint(rank: 2, text: Bilingual(en: "Enter: the step", zh: "回车：回到这一步")),
            ], [.next, .back, .quit, .interrupt, .why, .help], digits: true)
    }

    /// In the middle of a number.
    static func number(_ typed: Int, of count: Int) -> TerminalPrompt {
        TerminalPrompt(
            [Hint(rank: 0, text: Bilingual(en: "\(typed)… of 1–\(count) · Enter: \(typed)", zh: "\(typed)…（1–\(count)）· 回车：\(typed)"))],
            [.next, .back, .quit, .interrupt], digits: true)
    }

    /// Whether the key does something here.
    func takes(_ key: Terminal.Key) -> Bool {
        if case .digit = key { return takesDigits }
        return keys.contains(key)
    }

    // MARK: Lines

    /// The prompt with what was set before it; where that does not fit, a line above it has the settings.
    func lines(_ language: Language, _ settings: String, columns: Int) -> (above: [String], line: String) {
        let mark = settings.isEmpty ? "" : "[\(settings)] "
        let room = columns - 1 - TerminalText.width(mark)
        if !settings.isEmpty, Self.isAbove(settings, columns) {
            return (TerminalText.wrapped("[\(settings)]", columns: columns), shown(language, columns - 1))
        }
        return ([], mark + shown(language, room))
    }

    /// How many rows the prompt of a step takes.
    static func rows(_ settings: String, _ columns: Int) -> Int {
        isAbove(settings, columns) ? 1 + TerminalText.wrapped("[\(settings)]", columns: columns).count : 1
    }

    /// Settings stand before the prompt while half of the line is left for it.
    private static func isAbove(_ settings: String, _ columns: Int) -> Bool {
        !settings.isEmpty && TerminalText.width(settings) + 3 > min(columns / 2, columns - 42)
    }

    /// As many hints as `room` has columns for, the needed ones first.
    private func shown(_ language: Language, _ room: Int) -> String {
        var kept = hints
        func line() -> String { kept.map { $0.text[language] }.joined(separator: " · ") }
        while kept.count > 1, TerminalText.width(line()) > room, let least = kept.indices.max(by: { kept[$0].rank < kept[$1].rank }) {
            kept.remove(at: least)
        }
        return TerminalText.width(line()) > room ? TerminalText.padded(line(), to: room) : line()
    }

    // MARK: Help

    /// What the keys do.
    static func help(_ language: Language, _ player: TerminalPlayer) -> [String] {
        table(
            [
                ("Enter", Bilingual(en: "on: the next page, the answer, the next step (also space, n, →)", zh: "往下：下一页、答案、下一步（空格、n、→ 也行）")),
                ("b", Bilingual(en: "back: a page, or a step (also ←)", zh: "往回：上一页，或上一步（← 也行）")),
                ("w", Bilingual(en: "why: ask for any number, then for the numbers that it was made from", zh: "为什么：问任何一个数，再问它是由哪些数算来的")),
                (
                    "s",
                    Bilingual(
                        en: "settings: how many keys are kept, the question, mistakes to try out", zh: "设置：留下几个键，问什么问题，试试哪些错误")
                ), ("q", Bilingual(en: "quit (also Ctrl-D)", zh: "退出（Ctrl-D 也行）")), ("?", Bilingual(en: "this list", zh: "这张表")),
            ], language, player)
    }

    /// What the keys do after a question why.
    static func helpWhy(_ language: Language, _ player: TerminalPlayer) -> [String] {
        table(
            [
                ("1, 2, …", Bilingual(en: "ask on: why that number is what it is", zh: "接着问：那个数又是怎么来的")),
                ("b", Bilingual(en: "back to the number before; from the first one to the step", zh: "退回上一个数；退到头就回到这一步")),
                ("w", Bilingual(en: "ask for another cell", zh: "另问一格")),
                ("Enter", Bilingual(en: "back to the step (also q)", zh: "回到这一步（q 也行）")),
            ], language, player)
    }

    private static func table(_ rows: [(key: String, does: Bilingual)], _ language: Language, _ player: TerminalPlayer) -> [String] {
        let width = (rows.map { $0.key.count }.max() ?? 0) + 4
        return rows.flatMap { row in
            let lines = TerminalText.wrapped(row.does[language], columns: min(player.columns, 92) - width)
            return player.indented(
                lines, first: TerminalText.padded("  " + row.key, to: width), rest: String(repeating: " ", count: width))
        } + [""]
    }
}
