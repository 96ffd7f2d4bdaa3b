// Lesson 1 in all its runs, and its players.

import AttentionEngine
import Diagrams
import Foundation
import Lessons
import Testing

let library = try! LessonLibrary(folder: lessonsFolder)

/// A renderer that draws nothing: one byte a picture.
func blank(_ figure: String, _ data: FigureData, _ options: FigureOptions) -> DrawnFigure {
    DrawnFigure(bytes: [1], fileExtension: "png", title: figure, alt: "\(figure) of \(options.step ?? "") [x] <y>")
}

@Suite struct LessonTests {
    @Test func `all lessons pass the check`() {
        #expect(LessonCheck(library, figures: ["matrix"]).problems().map(\.description) == [])
    }

    @Test(arguments: Language.allCases) func `print`(_ language: Language) throws {
        let page = try library.lesson("1").run(language: language)
        let lines = TerminalPlayer(columns: 100, color: .none).lines(of: page)
        try lines.joined(separator: "\n").write(toFile: "/tmp/wt-l-\(language.rawValue).txt", atomically: true, encoding: .utf8)
        let files = try MarkdownWriter(draw: blank).files(of: page)
        try Data(files[0].bytes).write(to: URL(filePath: "/tmp/wt-l-\(language.rawValue).md"))
    }
}
