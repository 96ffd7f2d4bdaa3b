// Live values: what stands between {{ and }} in a lesson's text. The syntax is described in lessons/README.md; this file only reads it.

/// A parsed live value with its place in the file.
struct LiveValue: Hashable, Sendable {
    /// One index inside brackets: a number, or a role or name that is looked up in the experiment.
    enum Position: Hashable, Sendable {
        case number(Int)
        case name(String)
    }

    /// What is asked for.
    enum Request: Hashable, Sendable {
        /// `attention.scores[0,17,4]`: a cell, or with fewer indices the row, written out.
        case cell
        /// `sum attention.weights[1,query]`: the cells left open, added up.
        case sum
        /// `name answer[best]`: the label at the last index.
        case name
        /// `explain attention.scores[0,17,4]`: a block with the chain of equalities; `|all` for every term of its sums.
        case explain
        /// `formula attention.scores`, `title …`, `source …`.
        case formula, title, source
        /// `figure`: where the step's figure stands.
        case figure
        /// `token.query`, `position.top`, `count.tokens`, `text`: about the text.
        case word
    }

    /// How a number is written.
    enum Format: Hashable, Sendable {
        case significant
        case decimals(Int)
        case percent(Int)
    }

    var request: Request
    var experiment: String?
    /// A step id, or a word such as `token.query`.
    var path: String
    var index: [Position]
    var format: Format
    /// Whether an explanation writes out every term of a long sum.
    var allTerms = false
    var place: LessonError.Place

    /// Reads the text between the braces.
    init(_ text: String, at place: LessonError.Place) throws(LessonError) {
        self.place = place
        func fail(_ problem: String) -> LessonError { LessonError(.badFile, at: place, "{{\(text)}}: \(problem)") }
        var parts = text.split(separator: "|", omittingEmptySubsequences: false).map { Self.trimmed($0) }
        var body = parts.removeFirst()
        request = .cell
        for (word, kind) in [
            ("sum", Request.sum), ("name", .name), ("explain", .explain), ("formula", .formula), ("title", .title), ("source", .source),
        ] where body.hasPrefix(word + " ") {
            request = kind
            body = Self.trimmed(body.dropFirst(word.count))
        }
        experiment = nil
        if let colon = body.firstIndex(of: ":") {
            experiment = String(body[..<colon])
            body = Self.trimmed(body[body.index(after: colon)...])
        }
        index = []
        if let open = body.firstIndex(of: "[") {
            guard body.last == "]" else { throw fail("expected ] at the end of the index") }
            let inside = body[body.index(after: open)...].dropLast()
            index = inside.split(separator: ",", omittingEmptySubsequences: false).map { part in
                let name = Self.trimmed(part)
                return Int(name).map(Position.number) ?? .name(name)
            }
            if index.contains(.name("")) { throw fail("expected a number or a role between the commas of the index") }
            body = Self.trimmed(body[..<open])
        }
        path = body
        guard !path.isEmpty, path.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }) else {
            throw fail("expected the name of a step or value, found \"\(path)\"")
        }
        format = .significant
        for part in parts {
            if let decimals = Int(part), (0...12).contains(decimals) {
                format = .decimals(decimals)
            } else if part == "percent" {
                format = .percent(1)
            } else if part == "percent0" {
                format = .percent(0)
            } else if part == "all", request == .explain {
                allTerms = true
            } else {
                throw fail("expected the format to be a number of decimals, percent or percent0, or all after explain, found \"\(part)\"")
            }
        }
        if path == "figure" {
            request = .figure
        } else if ["token.", "position.", "count."].contains(where: path.hasPrefix) || ["text", "layer", "head"].contains(path) {
            request = .word
        }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var text = Substring(text)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
