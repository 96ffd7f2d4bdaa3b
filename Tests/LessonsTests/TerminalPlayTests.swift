// A lesson played by keys: going on and back, screens of long steps, questions why, settings. The console is scripted; Tests/course plays in a
// pseudo-terminal.

import Foundation
import Lessons
import Mechanisms
import Testing
import Traces

/// Keys and lines that somebody presses and types, and what the screen showed.
private final class Script {
    var keys: ArraySlice<Terminal.Key>
    var lines: ArraySlice<Terminal.Line>
    var window: Terminal.Window
    var text = ""

    init(_ keys: [Terminal.Key], _ lines: [Terminal.Line], _ window: Terminal.Window) {
        (self.keys, self.lines, self.window) = (keys[...], lines[...], window)
    }

    /// Plays a lesson; after the last key the input ends.
    func play(_ lesson: LessonPlay, describe: @escaping FigureDescription = { _ in nil }) throws -> TerminalPlayer.Ending {
        let console = TerminalConsole(
            key: { self.keys.popFirst() ?? .quit }, line: { _ in self.lines.popFirst() ?? .left }, window: { self.window },
            write: { self.text += $0 })
        return try TerminalPlayer(columns: window.columns, color: .none, describe: describe).play(lesson, on: console)
    }
}

/// What a lesson shows while these keys are pressed and these lines typed.
private func screen(
    _ name: String, _ keys: [Terminal.Key], _ lines: [String] = [], language: Language = .en, columns: Int = 92, rows: Int? = nil,
    source: LessonSource = .builtIn(question: nil)
) throws -> String {
    let script = Script(keys, lines.map(Terminal.Line.text), .init(columns: columns, rows: rows))
    _ = try script.play(LessonPlay(library.lesson(name), source, language: language))
    return script.text
}

@Suite struct TerminalPlayTests {
    /// How the first step begins.
    private let first = try! "1/\(library.lesson("1").run(language: .en).steps.count)  "

    private func ending(_ keys: [Terminal.Key], _ lines: [Terminal.Line] = []) throws -> TerminalPlayer.Ending {
        try Script(keys, lines, .init(columns: 90)).play(LessonPlay(library.lesson("1"), .builtIn(question: nil), language: .en))
    }

    @Test func `Enter goes on, b goes back, q quits, Control-C interrupts, other keys do nothing`() throws {
        #expect(try ending(Array(repeating: .next, count: 40)) == .finished)
        #expect(try ending([.next, .next, .other, .digit(3), .quit]) == .quit)
        #expect(try ending([.interrupt]) == .interrupted)
        #expect(try screen("1", [.next, .next, .back, .quit]).components(separatedBy: first).count == 3)
        #expect(try screen("1", [.other, .digit(1), .quit]) == screen("1", [.quit]))
    }

    @Test(arguments: Language.allCases, [40, 80, 200]) func `the question mark lists the keys, and no line of anything is too wide`(
        _ language: Language, _ columns: Int
    ) throws {
        let keys: [Terminal.Key] = [
            .help, .why, .digit(1), .help, .digit(5), .digit(9), .back, .next, .settings, .next, .next, .why, .next,
        ]
        let text = try screen("1", keys, ["", "k=2 no-relu"], language: language, columns: columns, rows: 30)
        #expect(text.contains(language == .en ? "this list" : "这张表"))
        let lines = text.split { $0 == "\n" || $0 == "\r" }
        #expect(lines.filter { TerminalText.width(String($0)) > columns } == [])
    }

    @Test(arguments: [10, 16, 24, 50]) func `a step that is longer than the window comes a screen at a time, and loses nothing`(_ rows: Int)
        throws
    {
        let paged = try screen("2", Array(repeating: .next, count: 400), rows: rows)
        let page = try library.lesson("2").run(language: .en)
        var rest = Substring(paged)
        // Matrices are made for the screen; words are the same, in the same order.
        for line in TerminalPlayer(columns: 92, color: .none).lines(of: page)
        where line.count(where: \.isLetter) > 24 && !line.contains("shown:") {
            let found = try #require(rest.range(of: line), "lost: \(line)")
            rest = rest[found.upperBound...]
        }
        #expect(rows == 50 || paged.contains("more · Enter: next page"))
        for shown in paged.components(separatedBy: "Enter: ") { #expect(shown.count { $0 == "\n" } < rows) }
    }

    @Test func `b goes to the screen before, and from the first one to the step before`() throws {
        let text = try screen("1", [.next, .back, .quit], columns: 60, rows: 17)
        #expect(text.components(separatedBy: first).count == 3 && text.components(separatedBy: "│ Holiday").count == 3)
        #expect(try screen("1", [.next, .back, .back, .quit], columns: 60, rows: 17).components(separatedBy: first).count == 4)
    }

    @Test func `a window that becomes smaller between screens counts from the next one`() throws {
        let script = Script([.next, .next, .next, .quit], [], .init(columns: 90, rows: 40))
        let lesson = try LessonPlay(library.lesson("1"), .builtIn(question: nil), language: .en)
        var count = 0
        let console = TerminalConsole(
            key: {
                count += 1
                if count == 1 { script.window = .init(columns: 40, rows: 12) }
                script.text += "|"
                return script.keys.popFirst() ?? .quit
            }, window: { script.window }, write: { script.text += $0 })
        _ = try TerminalPlayer(columns: 90, color: .none).play(lesson, on: console)
        let screens = script.text.components(separatedBy: "|").dropFirst()
        #expect(screens.allSatisfy { $0.count { $0 == "\n" } < 12 })
        #expect(screens.joined().split { $0 == "\n" || $0 == "\r" }.dropFirst().allSatisfy { TerminalText.width(String($0)) <= 40 })
    }
}

@Suite struct TerminalWhyTests {
    @Test func `a cell's arithmetic is shown as attn explain shows it, with what it was made from numbered`() throws {
        let text = try screen("1", [.why, .quit, .quit], ["attention.scores[1,17,4]"])
        let step = try library.lesson("1").run(language: .en).experiments[0].trace.step("attention.scores")
        for line in ExplanationText(step, try step.explain([1, 17, 4]), .en).lines where line.hasPrefix("=") || line.hasPrefix("Source") {
            #expect(text.contains(line), "\(line)")
        }
        #expect(
            text.contains("= (3·2 + 4·1.6 + 0·0 + 0·0)/2") && text.contains("h = 1 “B: the thing asked for, in that story”, t = 17 “?”"))
        #expect(
            text.contains("  1  q[17,1] (4 numbers): attention.q[17,1,:]") && text.contains("  2  k[4,1] (4 numbers): attention.k[4,1,:]"))
        #expect(text.contains("1–2: ask on"))
    }

    @Test func `operands are followed down to an input, and b goes back one by one`() throws {
        // The score of "Dali": its query, the query's first number, the vector of "?", its first feature, what the word is.
        let down: [Terminal.Key] = [.digit(1), .digit(1), .digit(1), .digit(4), .digit(1)]
        let text = try screen("1", [.why] + down + [.digit(1), .back, .back, .quit, .quit], ["attention.scores[1,17,4]"])
        let titles = text.split { $0 == "\n" || $0 == "\r" }.filter { $0.contains("  ") && $0.first?.isLetter == true }
        let ids = titles.compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(ids.contains("attention.q[17,1,:]") && ids.contains("attention.q") && ids.contains("embedding[17,:]"))
        #expect(ids.contains("embedding") && ids.contains("input.own"))
        #expect(text.contains("An input: here the arithmetic begins.") && text.contains("this is an input"))
        #expect(ids.filter { $0 == "embedding" }.count == 2, "b shows the one before: \(ids)")
    }

    @Test func `Enter alone asks for the step's own cell, an index alone for a cell of its matrix`() throws {
        let own = try screen("1", [.why, .quit, .quit], [""])
        #expect(own.contains("A[1,17,4]") && own.contains("= 0.847698993733"))
        let page = try library.lesson("1").run(language: .en)
        let step = try #require(page.steps.first { $0.id == "all-dots" })
        let question = CellQuestion(step, of: page, changed: nil)
        #expect(try question.cell("17,4").name == "attention.dot[1,17,4]" && question.cell("[ 17 , 4 ]").name == "attention.dot[1,17,4]")
        #expect(try question.cell("［17，4］").name == "attention.dot[1,17,4]" && question.cell("0,3,2").name == "attention.dot[0,3,2]")
        #expect(try question.cell("other:attention.weights[1,17,4]").run.name == "other")
    }

    @Test func `a cell of a case is found without its pass, and a selection by the key that is kept`() throws {
        let page = try library.lesson("9").run(language: .en)
        let step = try #require(page.steps.first { $0.id == "cut" })
        let question = CellQuestion(step, of: page, changed: nil)
        #expect(try question.cell("indexer.score[19,4]").name == "prefill.indexer.score[19,4]")
        let kept = try page.experiments[0].trace.selection("prefill.selected").rows[19].kept
        let cell = try question.cell("19,\(kept[0])")
        #expect(try cell.step.value(at: cell.exact ?? []) == Double(kept[0]))
        let dropped = try #require((0..<20).first { !kept.contains($0) })
        #expect(throws: TerminalRefusal.self) { try question.cell("19,\(dropped)") }
    }

    @Test(arguments: [
        (
            "attention.scroes[1,17,4]", "there is no step “attention.scroes”; did you mean attention.scores",
            "没有叫“attention.scroes”的步骤；是不是 attention.scores"
        ),
        (
            "attention.scores[9,17,4]", "expected attention.scores[h,t,s] with h 0–1, t 0–17, s 0–17",
            "应为 attention.scores[h,t,s]，其中 h 0–1，t 0–17，s 0–17"
        ),
        ("attention.scores", "expected attention.scores[h,t,s]", "应为 attention.scores[h,t,s]"),
        ("attention.scores[1,17", "expected a cell such as attention.weights[1,17,4]", "应写成 attention.weights[1,17,4] 这样"),
        ("-1,2", "there is no step “-1,2”", "没有叫“-1,2”的步骤"), ("18,0", "rows 0–17 and columns 0–17", "0–17 行、0–17 列"),
        ("17,4", "a mean of heads", "各头的平均"), ("1,2,3,4", "no matrix with an index like [1,2,3,4]", "没有能用 [1,2,3,4] 来指的矩阵"),
    ]) func `what is not there is refused in one line, in the reader's language, and asked again`(
        _ typed: String, _ en: String, _ zh: String
    )
        throws
    {
        for (language, words) in [(Language.en, en), (.zh, zh)] {
            let text = try screen("1", [.why, .quit, .quit], [typed, "attention.scores[1,17,4]"], language: language, columns: 300)
            #expect(text.contains(words), "\(language): \(text.suffix(1200))")
            #expect(text.contains("= 6.2"))
        }
    }

    @Test func `leaving the question goes on with the step, Control-C ends the play anywhere`() throws {
        func ending(_ keys: [Terminal.Key], _ lines: [Terminal.Line]) throws -> TerminalPlayer.Ending {
            try Script(keys, lines, .init(columns: 90)).play(LessonPlay(library.lesson("1"), .builtIn(question: nil), language: .en))
        }
        #expect(try ending([.why, .quit], [.left]) == .quit)
        #expect(try ending([.why, .next] + Array(repeating: .next, count: 40), [.text("q")]) == .finished)
        #expect(try ending([.why], [.interrupt]) == .interrupted && ending([.why, .interrupt], [.text("")]) == .interrupted)
        #expect(try ending([.why, .digit(1), .digit(1), .interrupt], [.text("")]) == .interrupted)
        #expect(try ending([.settings], [.interrupt]) == .interrupted)
    }

    @Test func `a number of two digits waits for its second, one that is not there is refused`() throws {
        // A row of weights has eighteen operands.
        let keys: [Terminal.Key] = [.why, .digit(1), .digit(1), .digit(5), .next, .next, .quit]
        let text = try screen("1", keys, ["attention.weights[1,17,4]"])
        #expect(text.contains("attention.scores  Scores") && text.contains("S[1,17,14]"))
        #expect(
            try screen("1", [.why, .digit(1), .digit(1), .digit(9), .quit, .quit], ["attention.weights[1,17,4]"]).contains(
                "19: expected 1 to 18"))
        #expect(try screen("1", [.why, .digit(1), .digit(0), .quit, .quit], ["attention.weights[1,17,4]"]).contains("0: expected 1 to 18"))
    }
}
