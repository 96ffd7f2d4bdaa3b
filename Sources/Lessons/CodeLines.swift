// code.yaml of a lesson: the computation as lines of code, in the order of the published one and in our own words, and beside each line a value of the
// lesson's runs. A step of the lesson lights one of them.

internal import Foundation
internal import Traces

/// The lines of one lesson.
struct CodeLines: Sendable {
    /// One line.
    struct Line: Sendable {
        let id: String
        /// The line as it is shown, the same in both languages.
        let code: String
        /// What it does.
        let note: Bilingual
        /// The value beside it.
        let value: LiveValue
        let place: LessonError.Place
    }

    let lines: [Line]

    /// Reads `code.yaml` in a lesson's folder; nil if the lesson has none.
    init?(folder: String) throws(LessonError) {
        let file = folder + "/code.yaml"
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        let root = try YAMLNode(parsing: readText(file), file: file)
        try root.allow(["lines"], in: "code beside numbers")
        lines = try root.required("lines").items("lines").map { node throws(LessonError) in try Self.line(node) }
        guard !lines.isEmpty else { throw root.error("lines: expected one or more, found none") }
        for (position, line) in lines.enumerated() where lines[..<position].contains(where: { $0.id == line.id }) {
            throw LessonError(.badFile, at: line.place, "the line \"\(line.id)\" stands twice")
        }
    }

    private static func line(_ node: YAMLNode) throws(LessonError) -> Line {
        try node.allow(["id", "code", "note", "value"], in: "a line")
        let (code, value) = (try node.required("code"), try node.required("value"))
        let text = try code.string("code")
        guard !text.contains(where: \.isNewline) else { throw code.error("code: expected one line, found several") }
        return Line(
            id: try node.required("id").string("id"), code: text, note: try node.required("note").bilingual("note"),
            value: try LiveValue(value.string("value"), at: value.place), place: node.place)
    }

    /// Throws unless each step's line is there, and each line is lit in a step.
    func check(_ steps: [Lesson.Step]) throws(LessonError) {
        for step in steps {
            guard let lit = step.line, !lines.contains(where: { $0.id == lit.id }) else { continue }
            let near = NearWords.hint(NearWords.of(lit.id, in: lines.map(\.id)))
            throw LessonError(.badFile, at: lit.place, "line: there is no line \"\(lit.id)\" in code.yaml\(near)")
        }
        for line in lines where !steps.contains(where: { $0.line?.id == line.id }) {
            throw LessonError(.badFile, at: line.place, "the line \"\(line.id)\" is lit in no step of lesson.yaml")
        }
    }

    /// The lines with their values, that of `id` lit. Throws for a value that is not there.
    func block(lit id: String, _ resolver: Resolver) throws(LessonError) -> CodeBeside {
        let shown = try lines.map { line throws(LessonError) in
            CodeBeside.Line(code: line.code, note: line.note[resolver.language], value: try resolver.inline(line.value))
        }
        return CodeBeside(lines: shown, lit: lines.firstIndex { $0.id == id } ?? 0)
    }
}

/// Code beside numbers: lines of code, each with a value, one of them lit.
public struct CodeBeside: Sendable {
    /// One line.
    public struct Line: Sendable {
        /// The line of code.
        public let code: String
        /// What it does, in the page's language.
        public let note: String
        /// The value beside it.
        public let value: ResolvedValue
    }

    /// The lines in order.
    public let lines: [Line]
    /// Which of them is lit.
    public let lit: Int

    /// The mark of the lit line, where there is no colour.
    static let mark = "▸ "

    /// The lines as text, code and values in columns: the lit one is marked, values and notes stand as a comment.
    var text: [String] {
        let width = lines.map { TerminalText.width($0.code) }.max() ?? 0
        let values = lines.map { TerminalText.width($0.value.text) }.max() ?? 0
        return lines.enumerated().map { at, line in
            let (code, value) = (TerminalText.padded(line.code, to: width), TerminalText.padded(line.value.text, to: values, right: true))
            return (at == lit ? Self.mark : "  ") + "\(code)  # \(value)  \(line.note)"
        }
    }
}
