// The key s: a reader's settings. The menu says what can be set and what the lesson has; one line sets it. What comes out stands under each step, beside
// the lesson's values: the last query's selection, and the step's figure once more.

internal import Diagrams
internal import Mechanisms
internal import Traces

extension TerminalPlay {
    /// How questions why call the run with the reader's settings.
    static let readersRun = "yours"

    /// Shows the menu and reads a line; a move if the page was told anew or the reader wants to leave.
    mutating func set(at step: PageStep) throws -> Move? {
        guard lesson.subject(at: step) != nil else {
            try write(player.prose([Styled(LessonPlay.nothing.words[language])]))
            return nil
        }
        if let move = try read([menu(at: step)]) { return move }
        while true {
            switch try console.line(typed) {
            case .interrupt: return .interrupt
            case .left: return nil
            case .text(let text):
                let line = text.filter { !$0.isWhitespace }.isEmpty ? "" : text
                if line.isEmpty || line == "q" || line == "b" { return nil }
                if line != typed.last { typed.append(line) }
                do {
                    let (old, isNew) = (page, try change(to: line, at: step))
                    if isNew { return .step(lesson.step(like: step, of: old).id) }
                    guard let comparison = try lesson.comparison(at: step) else {
                        return try read([player.prose([Styled(Self.unchanged[language])]) + [""]])
                    }
                    return try read([summary(comparison)] + redrawn(comparison, step))
                } catch let error as TerminalRefusal { try write(player.prose([Styled(error.words[language])])) }
            }
        }
    }

    private static let unchanged = Bilingual(en: "All settings are the lesson's own.", zh: "所有设置都是这一课自己的值。")

    private mutating func change(to line: String, at step: PageStep) throws -> Bool {
        var new = lesson.settings
        try new.set(named(line, entries(at: step)), questions: lesson.questions)
        return try lesson.change(to: new, at: step)
    }

    // MARK: The menu

    /// A line of the menu.
    private struct Entry {
        /// What is typed, before any `=`.
        let name: String
        /// What may follow `=`; nil for what is on or off.
        let values: String?
        /// What the lesson has; nil where that is for the run to say.
        let own: String?
        /// What the reader chose.
        let chosen: String?
    }

    private func entries(at step: PageStep) -> [Entry] {
        let selected = lesson.subject(at: step).flatMap { $0.trace.steps.last { $0.id.role == .selected } }
        let keys = selected?.output.shape[.k].map(String.init)
        let question = lesson.ownQuestion.map {
            Entry(name: "question", values: lesson.questions.joined(separator: "|"), own: $0, chosen: lesson.settings.question)
        }
        let switches = LessonSettings.names.map { name in
            let own = name.values == nil ? "off" : name.name == "top-k" ? keys : name.name == "select" ? "indexer" : nil
            return Entry(name: LessonSettings.short(name.name), values: name.values, own: own, chosen: lesson.settings.value(of: name))
        }
        return (question.map { [$0] } ?? []) + switches
    }

    /// The line with names instead of the menu's numbers: `2 3` is `k 3`, and the number of what is on or off turns it over.
    private func named(_ line: String, _ entries: [Entry]) -> String {
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let first = words.first, let number = Int(first), entries.indices.contains(number - 1) else { return line }
        let entry = entries[number - 1]
        if words.count == 1, entry.values == nil { return "\(entry.name)=\(entry.chosen == nil ? "on" : "off")" }
        return ([entry.name] + words.dropFirst()).joined(separator: " ")
    }

    private func menu(at step: PageStep) -> [String] {
        let rows = entries(at: step).enumerated().flatMap { number, entry in
            let form = entry.name + (entry.values.map { "=\($0)" } ?? "")
            var value = entry.chosen ?? entry.own ?? Bilingual(en: "as in the lesson", zh: "同本课")[language]
            if entry.chosen != nil, let own = entry.own { value += Bilingual(en: " (lesson: \(own))", zh: "（本课：\(own)）")[language] }
            let style: Styled.Style = entry.chosen == nil ? .plain : .value
            let pieces = [Styled(form + Bilingual(en: ": ", zh: "：")[language], .muted), Styled(value, style)]
            let lines = TerminalText.wrapped(pieces, columns: player.columns - 6).map(player.painted)
            return player.indented(
                lines, first: TerminalText.padded("\(number + 1)", to: 4, right: true) + "  ", rest: String(repeating: " ", count: 6))
        }
        let title = player.prose([Styled(Bilingual(en: "Settings", zh: "设置")[language], .title)])
        return title + player.prose([Styled(scope[language])]) + rows + player.prose([Styled(Self.howTo[language])])
    }

    /// What settings reach in this lesson.
    private var scope: Bilingual {
        let keep = Bilingual(
            en: "The sentences keep to the lesson's own values; what a setting changes is shown under each step.",
            zh: "课文讲的始终是本课自己的数值；设置带来的变化列在每一步下面。")
        if lesson.isToldAnew {
            return Bilingual(en: "For another question the lesson is told anew. For all else: ", zh: "换一个问题，这一课会重讲一遍。其余设置：") + keep
        }
        if lesson.questions.isEmpty { return Bilingual(en: "The text stays as it is, and its question. ", zh: "这里的文本和问题不变。") + keep }
        return Bilingual(en: "This lesson speaks of runs of its own. ", zh: "这一课讲的是它自己的几次运行。") + keep
    }

    private static let howTo = Bilingual(
        en:
            "Type a line such as: k=2 no-relu; or: no-relu off. A number stands for its name. reset: the lesson's own values. Enter alone: back.",
        zh: "写一行，例如 k=2 no-relu，或 no-relu off；写编号等于写名字。reset：恢复本课的值。直接回车：返回。")

    // MARK: What changes

    /// The run of this step with the reader's settings, called as questions call it; nil without settings, or where there is none.
    func changed(at step: PageStep) -> Experiment? { (try? lesson.comparison(at: step))?.map { $0.changed.called(Self.readersRun) } }

    /// What stands under a step: nothing without settings, nor where a step has no figure of its run.
    func changes(at step: PageStep) -> [[String]] {
        do {
            guard let comparison = try lesson.comparison(at: step) else { return [] }
            let figures = redrawn(comparison, step)
            return figures.isEmpty ? [] : [summary(comparison)] + figures
        } catch let error as TerminalRefusal { return [player.prose([Styled(error.words[language], .muted)]) + [""]] } catch { return [] }
    }

    /// The step's figures with the reader's settings.
    private func redrawn(_ comparison: LessonComparison, _ step: PageStep) -> [[String]] {
        comparison.figures.compactMap { redrawn($0, step) }
    }

    private func summary(_ comparison: LessonComparison) -> [String] {
        let heading = Bilingual(
            en: "With your settings, \(lesson.settings.text) (the text above speaks of the lesson's values):",
            zh: "换成你的设置 \(lesson.settings.text)（上面的课文讲的是本课的值）：")
        let rows = rows(comparison)
        let width = (rows.map { TerminalText.width($0.name[language]) }.max() ?? 0) + 4
        let lines = rows.flatMap { name, values in
            player.indented(
                TerminalText.wrapped([Styled(values[language], .value)], columns: player.columns - width).map(player.painted),
                first: TerminalText.padded("  " + name[language], to: width), rest: String(repeating: " ", count: width))
        }
        return player.prose([Styled(heading[language], .question)]) + lines + [""]
    }

    /// The read-out of the last query, with the lesson's values and the reader's.
    private func rows(_ comparison: LessonComparison) -> [(name: Bilingual, values: Bilingual)] {
        guard let a = comparison.right.readout, let b = comparison.changed.readout else {
            return []
        }
        let keys =
            a.visible == b.visible
            ? Bilingual(
                en: "\(a.row.kept.count) → \(b.row.kept.count) of \(a.visible) keys",
                zh: "\(a.row.kept.count) → \(b.row.kept.count)（共 \(a.visible) 个键）")
            : Bilingual(same: "\(a.row.kept.count)/\(a.visible) → \(b.row.kept.count)/\(b.visible)")
        func both(_ text: (SelectionReadout) -> String) -> Bilingual { Bilingual(same: "\(text(a)) → \(text(b))") }
        func percent(_ share: Double?) -> String { share.map { NumberText.percent($0) } ?? "–" }
        var rows = [
            (Bilingual(en: "last token keeps", zh: "末词元留下"), keys),
            (Bilingual(en: "dense weight kept", zh: "保住的稠密权重"), both { percent($0.row.massKept) }),
            (Bilingual(en: "recall", zh: "召回率"), both { percent($0.row.recall) }),
        ]
        if !a.answers.isEmpty, !b.answers.isEmpty {
            rows.append((Bilingual(en: "answer", zh: "答案"), both { $0.answers.joined(separator: " = ") }))
        }
        if let differing = comparison.differing {
            let count = Bilingual(en: "\(differing.count) of \(differing.of)", zh: "\(differing.count)（共 \(differing.of) 个）")
            rows.append((Bilingual(en: "queries that choose otherwise", zh: "选择有变的查询"), count))
        }
        return rows
    }

    /// The step's figure with the reader's settings; one line where it stays as it is.
    private func redrawn(_ figures: (lesson: PageFigure, reader: PageFigure), _ step: PageStep) -> [String]? {
        guard figures.reader.name == "matrix" else {
            // A map of steps says nothing of values.
            guard figures.reader.name != "pipeline-detail", let words = player.describe(figures.reader),
                words != player.describe(figures.lesson)
            else {
                return nil
            }
            return player.words(of: figures.reader, language) + [""]
        }
        guard let before = TerminalSlice(figures.lesson), let after = TerminalSlice(figures.reader) else { return nil }
        if before.isEqual(to: after) {
            let same = Bilingual(en: "Unchanged: \(after.name.en).", zh: "没有变化：\(after.name.zh)。")
            return player.prose([Styled(same[language])]) + [""]
        }
        return TerminalMatrix(figures.reader, focus: step.focus, language, on: player, against: figures.lesson).lines() + [""]
    }
}
