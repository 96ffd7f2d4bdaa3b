// A lesson's text in one language, cut into steps, conditional blocks and questions, before any Markdown is parsed.
// Every line keeps its number, so that a wrong value is named with its place.

/// One line of a lesson's text.
struct NarrationLine: Hashable, Sendable {
    var text: String
    var number: Int
}

/// A part of a step.
indirect enum NarrationNode: Hashable, Sendable {
    /// Markdown with live values.
    case text([NarrationLine])
    /// Shown only where the condition holds; `place` is where it stands.
    case condition(NarrationCondition, [NarrationNode])
    /// A question, and the answer that comes after it.
    case predict([NarrationNode], answer: [NarrationNode])
}

/// `diary`, `!model`, `diary+decoy`: all parts must hold.
struct NarrationCondition: Hashable, Sendable {
    static let known = [
        "builtin", "own", "diary", "model", "case", "decoy", "nodecoy", "multihead", "many", "answered", "tied", "spaced", "cells",
        "itself", "nextitself", "sink", "twin", "rotary", "capped", "head0", "head1",
    ]
    var parts: [String]

    init(_ text: String) { parts = text.split(separator: "+").map(String.init) }

    func holds(_ flags: Set<String>) -> Bool {
        parts.allSatisfy { $0.hasPrefix("!") ? !flags.contains(String($0.dropFirst())) : flags.contains($0) }
    }
    /// Names that are no flag at all; questions of the diary are flags too.
    func unknown(questions: [String]) -> [String] {
        parts.map { $0.hasPrefix("!") ? String($0.dropFirst()) : $0 }.filter { !(Self.known + questions).contains($0) }
    }
}

/// The steps of one language.
struct Narration: Sendable {
    struct Section: Sendable {
        var id: String
        var title: NarrationLine
        var nodes: [NarrationNode]
    }

    let file: String
    var sections: [Section] = []

    /// Reads the text; throws for a heading without id, text before the first heading, and blocks that do not close.
    init(parsing text: String, file: String) throws(LessonError) {
        self.file = file
        var lines: [NarrationLine] = []
        for (offset, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = NarrationLine(text: line.last == "\r" ? String(line.dropLast()) : String(line), number: offset + 1)
            if line.text.hasPrefix("## ") {
                try finish(lines)
                lines = []
                try open(line)
            } else {
                lines.append(line)
            }
        }
        try finish(lines)
    }

    private func place(_ line: Int, _ column: Int = 1) -> LessonError.Place { .init(file: file, line: line, column: column) }

    private mutating func open(_ line: NarrationLine) throws(LessonError) {
        guard let mark = line.text.range(ofLast: "{#"), line.text.hasSuffix("}") else {
            throw LessonError(
                .badFile, at: place(line.number), "expected a step's id at the end of its heading, such as \"## Title {#dot}\"")
        }
        let id = String(line.text[line.text.index(mark, offsetBy: 2)...].dropLast())
        guard !id.isEmpty, id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
            throw LessonError(.badFile, at: place(line.number), "expected a step's id of letters, digits and -, found \"\(id)\"")
        }
        if let twice = sections.first(where: { $0.id == id }) {
            throw LessonError(
                .badFile, at: place(line.number), "the step \"\(id)\" stands twice; the first is in line \(twice.title.number)")
        }
        var title = String(line.text[..<mark].dropFirst(3))
        while title.last == " " { title.removeLast() }
        sections.append(Section(id: id, title: NarrationLine(text: title, number: line.number), nodes: []))
    }

    private mutating func finish(_ lines: [NarrationLine]) throws(LessonError) {
        guard !sections.isEmpty else {
            if let line = lines.first(where: { !$0.text.allSatisfy(\.isWhitespace) }) {
                throw LessonError(
                    .badFile, at: place(line.number), "expected a heading with an id before any text, such as \"## Title {#dot}\"")
            }
            return
        }
        var reader = BlockReader(lines: lines[...], file: file)
        sections[sections.count - 1].nodes = try reader.nodes(inside: nil)
    }
}

/// Reads `:::` blocks, which may stand inside each other.
private struct BlockReader {
    var lines: ArraySlice<NarrationLine>
    let file: String
    /// Whether the last block read by `nodes` ended at `:::reveal`.
    private var endedAtReveal = false

    init(lines: ArraySlice<NarrationLine>, file: String) {
        self.lines = lines
        self.file = file
    }

    mutating func nodes(inside opener: NarrationLine?) throws(LessonError) -> [NarrationNode] {
        var nodes: [NarrationNode] = []
        var text: [NarrationLine] = []
        var isFenced = false
        func flushed() -> [NarrationNode] { text.allSatisfy { $0.text.allSatisfy(\.isWhitespace) } ? nodes : nodes + [.text(text)] }
        while let line = lines.popFirst() {
            if line.text.hasPrefix("```") { isFenced.toggle() }
            guard !isFenced, line.text.hasPrefix(":::") else {
                text.append(line)
                continue
            }
            nodes = flushed()
            text = []
            let name = String(line.text.dropFirst(3)).filter { $0 != " " }
            switch name {
            case "", "reveal":
                guard opener != nil else { throw error(line, ":::\(name) closes nothing") }
                endedAtReveal = name == "reveal"
                return nodes
            case "predict": nodes.append(try predict(line))
            default:
                let inner = try self.nodes(inside: line)
                guard !endedAtReveal else { throw error(line, "expected ::: to close :::\(name), found :::reveal") }
                nodes.append(.condition(NarrationCondition(name), inner))
            }
        }
        if let opener { throw error(opener, "\(opener.text) is not closed: expected a line with ::: below") }
        return flushed()
    }

    private mutating func predict(_ line: NarrationLine) throws(LessonError) -> NarrationNode {
        let question = try nodes(inside: line)
        guard endedAtReveal else { throw error(line, ":::predict: expected a line with :::reveal and an answer before :::") }
        let answer = try nodes(inside: line)
        guard !endedAtReveal else { throw error(line, ":::predict: expected one :::reveal, found two") }
        guard !question.isEmpty, !answer.isEmpty else { throw error(line, ":::predict: expected a question and an answer") }
        return .predict(question, answer: answer)
    }

    private func error(_ line: NarrationLine, _ problem: String) -> LessonError {
        LessonError(.badFile, at: .init(file: file, line: line.number, column: 1), problem)
    }
}

extension String {
    /// Where `part` begins for the last time.
    func range(ofLast part: String) -> String.Index? {
        var found: String.Index?
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(part) { found = at }
            at = index(after: at)
        }
        return found
    }
}
