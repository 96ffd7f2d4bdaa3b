// Code beside numbers: lines of code with a recorded value each, one of them lit a step; what a mistake in code.yaml says; and the same in every player.

import Diagrams
import Foundation
import Lessons
import Testing
import Traces

@Suite struct CodeBesideTests {
    private static let yaml = "question: trip\nsteps:\n  - id: a\n    line: dot"
    private static let lines = [
        "lines:", "  - {id: dot, code: \"d = q · k\", note: {en: fits, zh: 对得上}, value: \"attention.dot[0,17,4]\"}",
    ]
    private static let code = lines.joined(separator: "\n")

    private func page(_ text: String, yaml: String = yaml, code: String? = code, _ language: Language = .en) throws -> Page {
        let library = try probeLibrary(yaml, text, code: code)
        if let problem = library.problems.first { throw problem }
        return try library.lesson("probe").run(language: language)
    }

    private func shown(_ page: Page) -> [CodeBeside] {
        page.steps.flatMap(\.blocks).compactMap { if case .codeBeside(let code) = $0 { code } else { nil } }
    }

    @Test(arguments: Language.allCases) func `a lit line brings its code to the head of the step, its value from the trace`(
        _ language: Language
    ) throws {
        let page = try page("Words.", language)
        guard case .codeBeside(let code) = try #require(page.steps[0].blocks.first) else { return #expect(Bool(false), "code comes first") }
        let cell = try page.experiments[0].trace.step("attention.dot").output[0, 17, 4]
        #expect(code.lines.map(\.code) == ["d = q · k"] && code.lit == 0)
        #expect(code.lines[0].value.text == NumberText.significant(cell, digits: 6))
        #expect(code.lines[0].value.cell?.step == "attention.dot" && code.lines[0].value.cell?.index == [0, 17, 4], "it can be asked why")
        #expect(code.lines[0].note == (language == .en ? "fits" : "对得上"))
    }

    @Test func `it stands where the narration says, once`() throws {
        let page = try page("Before.\n\n{{code}}\n\nAfter.")
        #expect(page.steps[0].blocks.count == 3 && shown(page).count == 1)
        guard case .codeBeside = page.steps[0].blocks[1] else { return #expect(Bool(false), "in the middle") }
        #expect(throws: LessonError.self) { try self.page("{{code}}\n\n{{code}}") }
    }

    @Test(
        arguments: [
            (yaml + "s", code, "lesson.yaml:9:11", "line: there is no line \"dots\" in code.yaml; did you mean dot?"),
            (yaml, nil, "lesson.yaml", "line: expected a file code.yaml beside lesson.yaml, found none"),
            (yaml, code + "\n" + lines[1], "code.yaml:3:5", "the line \"dot\" stands twice"),
            (
                yaml, code + "\n" + lines[1].replacing("dot,", with: "dim,"), "code.yaml:3:5",
                "the line \"dim\" is lit in no step of lesson.yaml"
            ),
            (yaml, "lines: []", "code.yaml:1:1", "lines: expected one or more, found none"),
            (yaml, "line: []", "code.yaml:1:1", "expected one of lines, found \"line\""),
            (yaml, code.replacing("note", with: "not"), "code.yaml:2:34", "a line: expected one of id, code, note, value, found \"not\""),
            (yaml, code.replacing(", zh: 对得上", with: ""), "code.yaml", "expected the key \"zh\", found none"),
            (
                yaml, code.replacing(", value: \"attention.dot[0,17,4]\"", with: ""), "code.yaml:2:5",
                "expected the key \"value\", found none"
            ),
            (yaml, code.replacing("q · k", with: "q\\n k"), "code.yaml", "code: expected one line, found several"),
            (yaml, code.replacing("[0,17,4]", with: "[0,17"), "code.yaml", "expected ] at the end of the index"),
        ] as [(String, String?, String, String)])
    func `a mistake in it is named with file, line and column`(yaml: String, code: String?, place: String, message: String) throws {
        let problem = try #require(try probeLibrary(yaml, "Words.", code: code).problems.first)
        #expect(problem.description.contains(place) && problem.description.contains(message), "\(problem)")
    }

    @Test(arguments: [
        (code.replacing("attention.dot[", with: "attention.dott["), "attention.dott"),
        (code.replacing("0,17,4", with: "0,99,4"), "99"), (code.replacing("attention.dot[0,17,4]", with: "figure"), "is a block"),
    ]) func `a value that is not there is named, when the lesson runs`(code: String, message: String) {
        let error = #expect(throws: LessonError.self) { try page("Words.", code: code) }
        #expect(
            error?.description.contains(message) == true && error?.place?.file.hasSuffix("code.yaml") == true,
            "\(String(describing: error))")
    }

    @Test func `a step without a line has no code to place`() {
        let error = #expect(throws: LessonError.self) { try page("{{code}}", yaml: "question: trip\nsteps:\n  - id: a", code: nil) }
        #expect(error?.description.contains("{{code}}: expected a line for this step in lesson.yaml, once, found none left") == true)
    }

    @Test func `a number typed into code or note is found by the check`() throws {
        let code = Self.code.replacing("q · k", with: "q · k / 64")
        let problems = LessonCheck(try probeLibrary(Self.yaml, "Words.", code: code), figures: []).problems()
        #expect(problems.contains { $0.description.contains("code.yaml:2:5: the number 64 is typed") }, "\(problems)")
    }

    @Test(arguments: ["inside-the-indexer", "deepseek-sparse-attention"]) func `the engine room lights one line a step, each of them once`(
        name: String
    ) throws {
        let library = try LessonLibrary(folder: lessonsFolder, resources: .repository)
        let page = try library.lesson(name).run(language: .zh)
        let all = shown(page)
        let lit = all.map(\.lit)
        #expect(Set(lit) == Set(all[0].lines.indices) && lit.count == all[0].lines.count)
        for code in all { #expect(code.lines.allSatisfy { $0.value.cell != nil }, "every value is a cell that can be asked") }
    }

    @Test func `terminals mark the lit line, beside each other or below where the window is narrow`() throws {
        let page = try page("Words.")
        let value = try #require(shown(page).first).lines[0].value.text
        let wide = TerminalPlayer(columns: 80, color: .none).lines(of: page).joined(separator: "\n")
        #expect(wide.contains("▸ d = q · k  # \(value)  fits"))
        let narrow = TerminalPlayer(columns: 20, color: .none).lines(of: page)
        #expect(narrow.contains { $0.contains("▸ d = q · k") && !$0.contains("#") } && narrow.contains { $0.contains("# \(value)") })
    }

    @Test func `articles and pastes mark the lit line, the value as a comment`() throws {
        let page = try page("Words.")
        let value = try #require(shown(page).first).lines[0].value.text
        let nothing: FigureDrawing = { _, _, _ in DrawnFigure(bytes: [], fileExtension: "png", title: "", alt: "") }
        let article = String(decoding: try MarkdownWriter(draw: nothing).files(of: page)[0].bytes, as: UTF8.self)
        #expect(article.contains("```\n▸ d = q · k  # \(value)  fits\n```"))
        let paste = String(decoding: try PasteWriter(draw: nothing).files(of: page)[0].bytes, as: UTF8.self)
        #expect(paste.contains("<strong>▸ d = q · k  # \(value)  fits</strong>"))
    }
}
