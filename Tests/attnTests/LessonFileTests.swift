// Lesson files with mistakes, as somebody who writes lessons meets them: each is named with its place, and the other lessons still run.

import Foundation
import Testing

@Suite struct LessonFileTests {
    /// A mistake: what is changed in a lesson's file (nil: the file is not there), and what is said of it.
    struct Mistake {
        var lesson: String
        var file: String
        var change: (old: String, new: String)?
        var message: String
    }

    static let mistakes = [
        Mistake(
            lesson: "attention-step-by-step", file: "en.md", change: ("explain attention.dot[", "explain attention.dott["),
            message: "attention.dott: there is no step of this name; did you mean attention.dot"),
        Mistake(
            lesson: "quadratic-growth", file: "lesson.yaml", change: ("name: growth", "name: growht"),
            message: "there is no figure of this name; did you mean growth?"),
        Mistake(
            lesson: "highlighting", file: "en.md", change: ("{{count.top_k}}", "{{count.top}}"), message: "expected one of "),
        Mistake(lesson: "lightning-indexer", file: "en.md", change: ("}}", "}"), message: "{{ is not closed"),
        Mistake(lesson: "what-it-costs", file: "lesson.yaml", change: ("title:", "title: ["), message: "not YAML: "),
        Mistake(
            lesson: "does-it-hurt", file: "zh.md", change: nil, message: "expected the lesson's words in zh, found no such file"),
        Mistake(
            lesson: "break-it", file: "zh.md", change: ("{#goal}", "{#gaol}"), message: "the step \"goal\" is not in zh.md"),
    ]

    /// A folder with the lessons and assets of the repository, and all mistakes in them.
    private func home() throws -> URL {
        let home = try Place.temporary()
        let files = FileManager.default
        try files.copyItem(at: Place.repository.appending(path: "lessons"), to: home.appending(path: "lessons"))
        try files.createSymbolicLink(at: home.appending(path: "assets"), withDestinationURL: Place.repository.appending(path: "assets"))
        for mistake in Self.mistakes {
            let file = home.appending(path: "lessons/\(mistake.lesson)/\(mistake.file)")
            guard let (old, new) = mistake.change else {
                try files.removeItem(at: file)
                continue
            }
            var text = try String(contentsOf: file, encoding: .utf8)
            text.replaceSubrange(try #require(text.range(of: old), "\(old) is not in \(mistake.file)"), with: new)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        return home
    }

    @Test func `every mistake is named with file, line and column, and the other lessons still run`() throws {
        let home = try home()
        defer { try? FileManager.default.removeItem(at: home) }
        let run = try attn("lesson", "run", "--all", "--home", home.path, "--lang", "en")
        #expect(run.status == 65)
        let lines = run.error.split(separator: "\n")
        #expect(lines.count == Self.mistakes.count, "\(run.error)")
        for mistake in Self.mistakes {
            let own = try #require(lines.first { $0.contains("/\(mistake.lesson)/") }, "\(mistake.lesson): \(run.error)")
            #expect(own.contains(mistake.message) && own.firstMatch(of: #/\.(md|yaml):\d+:\d+: /#) != nil, "\(own)")
        }
        let list = try attn("lesson", "list", "--lang", "en")
        let shown = Set(run.output.split(separator: "\n"))
        for line in list.output.split(separator: "\n") {
            // Number, name, title.
            let fields = try #require(line.firstMatch(of: #/^\d+\s+(\S+)\s+(.+)$/#))
            #expect(shown.contains(fields.2) == !Self.mistakes.contains { $0.lesson == fields.1 }, "\(line)")
        }
    }

    @Test(arguments: mistakes.map(\.lesson)) func `a lesson with a mistake that is asked for alone says what it is`(_ lesson: String) throws
    {
        let home = try home()
        defer { try? FileManager.default.removeItem(at: home) }
        let run = try attn("lesson", "run", lesson, "--home", home.path, "--lang", "en")
        let mistake = Self.mistakes.first { $0.lesson == lesson }!
        #expect(run.status == 65 && run.output.isEmpty, "\(run)")
        #expect(run.error.contains(mistake.message) && run.error.split(separator: "\n").count == 1, "\(run.error)")
    }
}
