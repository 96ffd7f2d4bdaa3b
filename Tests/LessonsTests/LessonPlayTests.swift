// Settings of a lesson that is played: what they may be, which run they change, and that no sentence of the lesson changes with them.

import Diagrams
import Foundation
import Lessons
import Mechanisms
import Testing
import Traces

@Suite struct LessonSettingsTests {
    private func set(_ lines: String..., questions: [String] = ["trip", "breakfast", "mei"]) throws -> LessonSettings {
        var settings = LessonSettings()
        for line in lines { try settings.set(line, questions: questions) }
        return settings
    }

    @Test func `every switch of the command can be set by its name, and turned off again`() throws {
        for name in Switch.names {
            let values = ["top-k": "2", "select": "recent", "temperature": "0.5", "heads": "0"]
            let key = name.split(separator: "=").first.map(String.init) ?? name
            let text = name.contains("=") ? "\(key)=\(try #require(values[key], "no value known for \(name)"))" : name
            let settings = try set(text)
            #expect(settings.switches == [try Switch(parsing: text)])
            #expect(try set(text, "\(key)=off").text == "" && set(text, "\(key) off").switches == [] && set(text, "reset").text == "")
        }
    }

    @Test func `several on a line, k for top-k, with or without an equals sign`() throws {
        #expect(try set("no-relu k=2").text == "k=2 no-relu")
        #expect(try set("k 2 question mei select recent no-relu on").text == "question=mei k=2 no-relu select=recent")
        #expect(try set("k=2", "k=3").switches == [.topK(3)] && set("select=recent", "select=indexer").text == "")
    }

    @Test(arguments: [
        ("no-rely", "there is no setting “no-rely”; did you mean no-relu?", "没有“no-rely”这个设置；是不是 no-relu？"),
        ("k=0", "k: expected top-k=N with N of at least 1, found 0", "k：应为 k=N，读到的是“0”"),
        ("k", "k: expected a value, k=N", "k：要写出值，k=N"),
        ("no-relu=2", "no-relu: expected on or off, found “2”", "no-relu：应为 on 或 off，读到的是“2”"),
        (
            "select=best", "select: expected select=random|recent|oracle|window+sinks, found “best”",
            "select：应为 select=random|recent|oracle|window+sinks，读到的是“best”"
        ),
        ("question=why", "question: expected one of trip, breakfast, mei, found “why”", "question：应为 trip、breakfast、mei 之一，读到的是“why”"),
        ("k=2 \u{1B}[31m", "there is no setting “␛[31m”", "没有“␛[31m”这个设置"),
    ]) func `what cannot be set is refused in one line, and nothing is changed`(_ line: String, _ en: String, _ zh: String) throws {
        var settings = try set("k=3")
        let refusal = #expect(throws: TerminalRefusal.self) { try settings.set(line, questions: ["trip", "breakfast", "mei"]) }
        #expect(refusal?.words.en.hasPrefix(en) == true && refusal?.words.zh.hasPrefix(zh) == true, "\(refusal?.words.en ?? "")")
        #expect(settings.text == "k=3")
        #expect(throws: TerminalRefusal.self) { try settings.set("question=mei", questions: []) }
    }
}

@Suite struct LessonPlayTests {
    /// What is shown of a lesson when these lines are typed at its first prompt, and then all keys are Enter.
    private func played(_ name: String, _ lines: [String], language: Language = .en, source: LessonSource = .builtIn(question: nil)) throws
        -> String
    {
        var text = ""
        var keys = lines.map { _ in Terminal.Key.settings }[...]
        var lines = lines[...]
        let console = TerminalConsole(
            key: { keys.popFirst() ?? .next }, line: { _ in lines.popFirst().map(Terminal.Line.text) ?? .left }, write: { text += $0 })
        _ = try TerminalPlayer(columns: 92, color: .none).play(LessonPlay(library.lesson(name), source, language: language), on: console)
        return text
    }

    @Test(arguments: ["3", "4", "9", "10"], Language.allCases) func `settings change no sentence of a lesson: they stand beside it`(
        _ name: String, _ language: Language
    ) throws {
        let page = try library.lesson(name).run(language: language)
        let text = try played(name, ["k=2 no-relu"], language: language)
        var rest = Substring(text)
        for line in TerminalPlayer(columns: 92, color: .none).lines(of: page) where !line.isEmpty {
            let found = try #require(rest.range(of: line), "a line of the lesson is gone: \(line)")
            rest = rest[found.upperBound...]
        }
        #expect(text.contains(language == .en ? "With your settings, k=2 no-relu" : "换成你的设置 k=2 no-relu"))
        #expect(text.contains("[k=2 no-relu] "))
    }

    @Test func `the read-out is that of the run with those switches, beside the lesson's`() throws {
        let right = try library.lesson("3").trace(language: .en).trace
        let changed = try library.lesson("3").trace(language: .en, switches: [.topK(2)]).trace
        func last(_ trace: Trace) throws -> Selection.Row { try #require(try trace.selection("selected").rows.last) }
        let (a, b) = (try last(right), try last(changed))
        let text = try played("3", ["k=2"])
        #expect(text.contains("last token keeps") && text.contains("4 → 2 of 18 keys"))
        #expect(text.contains("\(NumberText.percent(try #require(a.massKept))) → \(NumberText.percent(try #require(b.massKept)))"))
        let report = try WhatIf(right: right, variant: changed)
        #expect(text.contains("\(report.rowsThatDiffer) of \(report.rows.count)"))
    }

    @Test func `a rule that loses Dali says so`() throws {
        // No place is left in a window of four keys: the read-out cannot tell Dali from Shanghai.
        let text = try played("3", ["select=recent"])
        let answer = try #require(text.components(separatedBy: "\n").first { $0.contains("  answer ") })
        #expect(answer.hasSuffix("Dali → Dali = Shanghai"))
    }

    @Test func `a lesson for any question is told anew for another, and goes on at the same step`() throws {
        let text = try played("1", ["question=breakfast"])
        let page = try library.lesson("1").run(.builtIn(question: "breakfast"), language: .en)
        var rest = Substring(text)
        for line in TerminalPlayer(columns: 92, color: .none).lines(of: page).dropFirst(4) where !line.isEmpty {
            let found = try #require(rest.range(of: line), "\(line)")
            rest = rest[found.upperBound...]
        }
        #expect(!text.contains("With your settings"))
    }

    @Test func `where the same step is no more, play goes on at the nearest earlier one`() throws {
        // Without "decoy" and "heads" the diary of noodles alone has fewer steps.
        var lesson = try LessonPlay(library.lesson("1"), .builtIn(question: nil), language: .en)
        let old = lesson.page
        let decoy = try #require(old.steps.first { $0.id == "decoy" })
        var settings = LessonSettings()
        try settings.set("question=breakfast", questions: lesson.questions)
        #expect(try lesson.change(to: settings, at: decoy))
        #expect(!lesson.page.steps.contains { $0.id == "decoy" })
        #expect(lesson.step(like: decoy, of: old).id == "sum")
    }

    @Test func `a switch that finds nothing to change in the step's run is refused, and play goes on`() throws {
        let text = try played("3", ["no-fp8", ""])
        #expect(text.contains("no-fp8: nothing to change in the run that this step speaks of") && !text.contains("[no-fp8]"))
        #expect(try played("9", ["question=mei", ""]).contains("nothing else can be asked of it"))
    }

    @Test func `a matrix of kept keys marks what came and what went`() throws {
        let page = try library.lesson("9").run(language: .en)
        let before = try page.experiments[0].trace.selection("prefill.selected").rows[19].kept
        let changed = try library.lesson("9").trace(language: .en, switches: [.topK(3), .noReLU]).trace
        let after = try changed.selection("prefill.selected").rows[19].kept
        let text = try played("9", ["k=3 no-relu"])
        let marked = text.components(separatedBy: "no more (row").dropFirst().first ?? ""
        let row = try #require(marked.components(separatedBy: "\n").first { $0.hasPrefix("▶ 19") })
        let cells = row.dropFirst(4).filter { "■·+-".contains($0) }
        #expect(cells.count { $0 == "■" } == Set(before).intersection(after).count)
        #expect(cells.count { $0 == "+" } == Set(after).subtracting(before).count)
        #expect(cells.count { $0 == "-" } == Set(before).subtracting(after).count)
    }

    @Test func `the changed run can be asked why, by the name that the question says`() throws {
        var text = ""
        var keys: ArraySlice<Terminal.Key> = [.settings, .why, .quit, .quit]
        var lines: ArraySlice<String> = ["k=2", "yours:selected[17,0]"]
        let console = TerminalConsole(
            key: { keys.popFirst() ?? .quit }, line: { _ in lines.popFirst().map(Terminal.Line.text) ?? .left }, write: { text += $0 })
        _ = try TerminalPlayer(columns: 92, color: .none).play(
            LessonPlay(library.lesson("3"), .builtIn(question: nil), language: .en), on: console)
        #expect(text.contains("yours:selected") && text.contains("= top-2 of I[17,s]"))
    }

    @Test func `a diary of the reader's own is changed too, and a model's trace is what it is`() throws {
        let own = try played("1", ["k=2"], source: .diaryText("Breakfast: noodles. Mei in Shanghai. Mei in where?"))
        #expect(own.contains("With your settings, k=2") && own.contains("Shanghai → Shanghai"))
        let trace = try library.lesson("1").run(language: .en).experiments[0].trace
        let source = LessonSource.trace(trace, text: "x", layer: nil, provenance: Provenance(name: "m"))
        let model = try played("1", ["k=2", ""], source: source)
        #expect(model.contains("nothing to set here"))
    }
}
