// Lesson 1 in all its runs, its players, and the mistakes that an author can make.

import Mechanisms
import Diagrams
import Foundation
import Lessons
import Records
import Testing
import Traces

let library = try! LessonLibrary(folder: lessonsFolder, resources: .repository)

/// A renderer that draws nothing: one byte a picture, and an alt text that must be escaped.
func blank(_ figure: String, _ data: FigureData, _ options: FigureOptions) -> DrawnFigure {
    DrawnFigure(bytes: [1], fileExtension: "png", title: figure, alt: "\(options.step ?? "") [x] <y>")
}

/// A copy of the first lesson in which one file has been changed.
func brokenLibrary(_ file: String, _ old: String, _ new: String) throws -> LessonLibrary {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lessons-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for part in ["diary.yaml", "attention-step-by-step"] {
        try FileManager.default.copyItem(atPath: "\(lessonsFolder)/\(part)", toPath: folder.appending(path: part).path)
    }
    let path = folder.appending(path: "attention-step-by-step/\(file)")
    let text = try String(contentsOf: path, encoding: .utf8)
    #expect(text.contains(old))
    try text.replacingOccurrences(of: old, with: new).write(to: path, atomically: true, encoding: .utf8)
    return try LessonLibrary(folder: folder.path, resources: .repository)
}

@Suite struct LessonTests {
    @Test func `all lessons pass the check`() {
        #expect(LessonCheck(library, figures: Figures.all.map(\.name)).problems().map(\.description) == [])
    }

    @Test(arguments: Language.allCases) func `the first page names Dali and its share, as the independent script has them`(
        _ language: Language
    ) throws {
        let text = TerminalPlayer(columns: 200, color: .none).lines(of: try library.lesson("1").run(language: language)).joined(
            separator: "\n")
        let weights = flat(((oracle["runs"] as! [String: Any])["trip"] as! [String: Any])["weights"])
        let mean = (weights[17 * 18 + 4] + weights[18 * 18 + 17 * 18 + 4]) / 2
        #expect(text.contains(language == .en ? "“Dali”" : "“大理”"))
        #expect(text.contains(String(format: "%.1f%%", mean * 100)))
        #expect(text.contains("= 3·2 + 4·1.6 + 0·0 + 0·0"))
        #expect(text.contains(language == .en ? "designed by hand" : "手工设计"))
    }

    @Test func `both languages show the same steps, figures and cells`() throws {
        let pages = try Language.allCases.map { try library.lesson("1").run(language: $0) }
        #expect(pages[0].steps.map(\.id) == pages[1].steps.map(\.id))
        #expect((8...16).contains(pages[0].steps.count))
        for (en, zh) in zip(pages[0].steps, pages[1].steps) {
            #expect(en.blocks.count == zh.blocks.count, "\(en.id)")
            #expect(en.focus?.index == zh.focus?.index)
        }
    }

    @Test(arguments: ["1", "2", "3", "4", "5", "10", "11", "12"], Language.allCases)
    func `a lesson has 8 to 16 steps, asks twice before it tells, and ends with what was simplified and sources`(
        _ number: String, _ language: Language
    ) throws {
        let page = try library.lesson(number).run(language: language)
        #expect((8...16).contains(page.steps.count))
        let questions = page.steps.flatMap(\.blocks).count { if case .predict = $0 { true } else { false } }
        #expect(questions >= 2)
        let last = try #require(page.steps.last)
        #expect(last.id == "simplified")
        guard case .paragraph(let sources)? = last.blocks.last else { throw LessonError(.badFile, "expected sources at the end") }
        #expect(Inline.plain(sources).hasPrefix(language == .en ? "Sources: " : "出处："))
    }

    @Test func `another question swaps the highlight and the decoy`() throws {
        let page = try library.lesson("attention-step-by-step").run(.builtIn(question: "mei"), language: .en)
        let text = TerminalPlayer(columns: 200, color: .none).lines(of: page).joined(separator: "\n")
        #expect(text.contains("“Dali” is the same sort of word as “Shanghai”"))
        #expect(try !library.lesson("1").run(.builtIn(question: "breakfast"), language: .en).steps.contains { $0.id == "decoy" })
    }

    @Test func `a model's trace leaves out what only the diary has`() throws {
        let tokens = try diary.tokens(of: diary.text.en)
        let whole = try diary.trace(of: tokens, language: .en)
        var recorder = Recorder(tokens: tokens.map(\.text), scopes: [.layer(3), .branch(.attention)])
        _ = try diary.attention().record(
            recorder.input("input.x", "x", whole.step("embedding").output, title: Bilingual(same: "x")), diary.weights, on: &recorder)
        let page = try library.lesson("1").run(
            .trace(recorder.trace, text: "t", layer: nil, provenance: Provenance(name: "m")), language: .en)
        let ids = page.steps.map(\.id)
        #expect(ids.contains("vectors") && !ids.contains("tokens") && !ids.contains("decoy"))
        #expect(!TerminalPlayer(columns: 100, color: .none).lines(of: page).joined().contains("by hand"))
        #expect(try page.explain("attention.scores", [1, 12, 4]).step == "layer.3.attention.scores")
        #expect(throws: LessonError(.unknownName, "the trace has no attention of layer 7; expected one of 3")) {
            try library.lesson("1").run(.trace(recorder.trace, text: "t", layer: 7, provenance: Provenance(name: "m")), language: .en)
        }
    }

    @Test(arguments: ["Trip", "？"]) func `a text of one token is refused`(_ text: String) {
        #expect(throws: LessonError(.badText, "expected at least two tokens, found one")) {
            try library.lesson("1").run(.diaryText(text), language: .en)
        }
    }

    @Test func `equal answers are not announced as a winner`() throws {
        func text(_ diary: String, _ language: Language) throws -> String {
            TerminalPlayer(columns: 200, color: .none).lines(of: try library.lesson("1").run(.diaryText(diary), language: language))
                .joined(separator: " ")
        }
        let tied = try text("? ?", .en)
        #expect(tied.contains("They are equal: nothing in this text answers.") && !tied.contains("The largest belongs to"))
        #expect(try text("？？", .zh).contains("都一样大：这段文字里没有答案。"))
        let answered = try text("Breakfast: noodles. Breakfast: what?", .en)
        #expect(answered.contains("The largest belongs to “noodles”.") && answered.contains("a largest number is not yet an answer"))
    }

    @Test func `one weighted sum stands there with every term, a few a line`() throws {
        let page = try library.lesson("1").run(language: .en)
        let step = try #require(page.steps.first { $0.id == "sum" })
        let lines = TerminalPlayer(columns: 100, color: .none).parts(of: step, in: page).flatMap(\.lines)
        #expect(!lines.joined().contains(")…"))
        let products = lines.joined(separator: " ").split(separator: " ").filter { $0.contains("·") && !$0.contains("[") }
        #expect(products.count == 18, "\(lines)")
        #expect(lines.allSatisfy { $0.count { $0 == "·" } <= 4 })
    }

    @Test func `a model's page has its own summary and explains the mark of a space`() throws {
        let tokens = ["▁Once", "▁upon", "▁a", "▁time"]
        let x = Tensor(Shape([.t, .c], [4, diary.featureIDs.count])) { Double($0[0] + $0[1]) / 8 }
        var recorder = Recorder(tokens: tokens, scopes: [.layer(0), .branch(.attention)], labels: [.t: tokens, .s: tokens])
        _ = try diary.attention().record(recorder.input("input.x", "x", x, title: Bilingual(same: "x")), diary.weights, on: &recorder)
        for language in Language.allCases {
            let page = try library.lesson("1").run(
                .trace(recorder.trace, text: "Once upon a time", layer: nil, provenance: Provenance(name: "m")), language: language)
            let text = TerminalPlayer(columns: 300, color: .none).lines(of: page).joined(separator: "\n")
            #expect(!page.summary.contains(language == .en ? "diary" : "日记"))
            #expect(text.components(separatedBy: language == .en ? "“␣” marks a space" : "“␣”表示词前有一个空格").count == 2)
            #expect(!text.contains(language == .en ? "with all its terms" : "每一项都写出来"))
        }
    }

    @Test(arguments: [
        ("en.md", "explain attention.dot[", "explain attention.dott[", "did you mean attention.dot"),
        ("en.md", "{#dot}", "{#dott}", "the step \"dot\" is not in en.md"),
        ("zh.md", "{{text}}", "{{text}", "{{ is not closed"),
        ("en.md", "{{token.top}}", "{{token.tip}}", "expected a position or one of before, below, cut, decoy, first"),
        ("en.md", "it is all the linear", "it is 100% of the linear", "attn"),
        (
            "en.md", "## One score, in full {#dot}\n", "## One score, in full {#dot}\n\nSee the left half, and on the right.\n",
            "“left half” is a place in one form"
        ),
        (
            "en.md", "## One score, in full {#dot}\n", "## One score, in full {#dot}\n\nThe sum is on the right.\n",
            "“on the right” is a place in one form"
        ),
        ("zh.md", "{{text}}", "看左边：{{text}}", "“左边” is a place in one form"),
        ("en.md", "{{explain attention.dot[head,query,top]}}", "{{explain attention.dot[head,query]}}", "expected one position for each"),
        ("en.md", "[head,query,top]|percent}}", "[head,query,top]|procent}}", "expected the format"),
        ("en.md", ":::reveal", ":::", "expected a line with :::reveal"),
        ("en.md", ":::model", ":::modle", "expected one of predict"),
        ("lesson.yaml", "name: matrix", "name: matriks", "there is no figure \"matriks\""),
        ("lesson.yaml", "order: 1", "order: one", "order: expected a whole number"),
        ("lesson.yaml", "when: model", "when: modell", "found \"modell\""),
        ("en.md", "best]|all}}", "best]|each}}", "or all after explain"),
        ("lesson.yaml", "part: sum", "part: summ", "part: expected one of words, vectors, qkv, scores, index-keys"),
        ("lesson.yaml", "pathway: {step", "pathway: {stepp", "found \"stepp\""),
        ("lesson.yaml", "pathway: {step: attention.weights, head: head}", "", "part: expected in a lesson with a pathway, found none"),
        ("lesson.yaml", "steps:", "stepz:", "found \"stepz\""),
        ("lesson.yaml", "  other: next", "  others: next", "there is no"),
        ("lesson.yaml", "panel:", "panels:", "found \"panels\""),
        (
            "lesson.yaml", "goal: {answer: Shanghai}", "goal: {won: Shanghai}",
            "a goal: expected one of answer, lost, kept, pairs, found \"won\""
        ),
        ("lesson.yaml", "goal: {answer: Shanghai}", "goal: {kept: below}", "kept: expected above, or atLeast: N, found \"below\""),
        ("lesson.yaml", "goal: {answer: Shanghai}", "goal: {pairs: {atLeast: 1}}", "pairs: expected one of atMost, found \"atLeast\""),
        ("lesson.yaml", "same: [question, rule]", "same: [question, colour]", "same: expected one of question, text, top-k"),
        (
            "lesson.yaml", "figures: [{name: matrix, step: sparse.weights, head: mean}", "figures: [{name: growth}",
            "there is no figure \"growth\" that draws runs"
        ),
        (
            "lesson.yaml", "figures: [{name: matrix, step: sparse.weights, head: mean}", "figures: [{name: matrix, step: sparse.weight}",
            "sparse.weight"
        ),
        ("lesson.yaml", "- id: cost\n", "- id: cost\n    panel: {}\n", "panel: expected a figure in this step"),
        ("lesson.yaml", "title:", "title: [", "not YAML"),
    ])
    func `a mistake in a lesson is named with file, line and column`(_ file: String, _ old: String, _ new: String, _ message: String) throws
    {
        let problems = LessonCheck(try brokenLibrary(file, old, new), figures: ["matrix"]).problems().map(\.description)
        let wanted = message == "attn" ? (file: "en.md", text: "the number 100 is typed") : (file: file, text: message)
        #expect(problems.contains { $0.contains(wanted.text) }, "\(problems)")
        #expect(problems.allSatisfy { $0.firstMatch(of: #/\.(md|yaml):\d+:\d+: /#) != nil }, "\(problems)")
    }

    @Test func `an unknown lesson lists those that there are`() {
        let known = library.lessons.map { "\($0.order) \($0.name)" }.joined(separator: ", ")
        #expect(known.hasPrefix("1 attention-step-by-step, "))
        #expect(throws: LessonError(.unknownName, "there is no lesson \"2x\"; expected one of: \(known)")) { try library.lesson("2x") }
    }

    @Test func `a missing folder is named`() {
        #expect(throws: LessonError(.noInput, "/nowhere/diary.yaml: no such file, or it may not be read")) {
            try LessonLibrary(folder: "/nowhere")
        }
    }
}

@Suite struct PlayerTests {
    @Test(arguments: Language.allCases, [40, 72, 100]) func `no line is wider than the window`(_ language: Language, _ columns: Int) throws
    {
        let lines = TerminalPlayer(columns: columns, color: .none).lines(of: try library.lesson("1").run(language: language))
        #expect(lines.filter { TerminalText.width($0) > columns } == [])
    }

    @Test func `plain output holds no escape, coloured output does`() throws {
        let page = try library.lesson("1").run(language: .zh)
        #expect(!TerminalPlayer(columns: 90, color: .none).lines(of: page).joined(separator: " ").contains("\u{1B}"))
        #expect(TerminalPlayer(columns: 90, color: .full).lines(of: page).joined().contains("48;2;"))
        #expect(TerminalPlayer(columns: 90, color: .indexed).lines(of: page).joined().contains("48;5;"))
    }

    @Test func `Chinese characters take two columns, marks none`() {
        #expect(TerminalText.width("大理") == 4)
        #expect(TerminalText.width("，") == 2)
        #expect(TerminalText.width("e\u{301}") == 1)
        #expect(TerminalText.padded("大理国", to: 4) == "大… ")
    }

    @Test func `a question waits for Enter before its answer`() throws {
        let page = try library.lesson("1").run(language: .en)
        let parts = TerminalPlayer(columns: 90, color: .none).parts(of: page.steps[0], in: page)
        #expect(parts.map(\.asks) == [true, false])
        #expect(!parts[0].lines.joined().contains("Dali”:") && parts[1].lines.joined().contains("“Dali”"))
    }

    @Test func `an article has front matter, pictures named after their steps, and alt texts`() throws {
        let files = try MarkdownWriter(draw: blank).files(of: library.lesson("1").run(language: .en))
        let article = String(decoding: files[0].bytes, as: UTF8.self)
        #expect(files[0].path == "index.md" && files[1].path == "images/01-goal.png")
        #expect(article.hasPrefix("---\ntitle: \"Attention, one step at a time\"\nsummary: "))
        #expect(article.contains("![attention.weights \\[x\\] &lt;y\\>](images/01-goal.png)"))
        for file in files.dropFirst() { #expect(article.contains("](\(file.path))")) }
        #expect(Set(files.map(\.path)).count == files.count)
        #expect(!article.contains("{{") && !article.contains(":::"))
    }

    @Test func `a reader's tokens are never read as markup`() throws {
        let bad = ["<script>", "*a*", "`b`", "[c](d)", "\u{1B}[31m", "]]>\u{202E}"]
        let x = Tensor([.t, .c], [bad.count, diary.featureIDs.count], (0..<bad.count * diary.featureIDs.count).map { Double($0 % 5) })
        var recorder = Recorder(tokens: bad, scopes: [.layer(0), .branch(.attention)], labels: [.t: bad, .s: bad])
        _ = try diary.attention().record(recorder.input("input.x", "x", x, title: Bilingual(same: "x")), diary.weights, on: &recorder)
        let page = try library.lesson("1").run(
            .trace(recorder.trace, text: bad.joined(), layer: nil, provenance: Provenance(name: "m")), language: .en)
        let article = String(decoding: try MarkdownWriter(draw: blank).files(of: page)[0].bytes, as: UTF8.self)
        #expect(!article.contains("<script>") && article.contains("&lt;script\\>\\*a\\*\\`b\\`\\[c\\](d)"))
        let screen = TerminalPlayer(columns: 90, color: .none).lines(of: page).joined()
        #expect(!screen.contains("\u{1B}") && !screen.contains("\u{202E}"))
    }
}
