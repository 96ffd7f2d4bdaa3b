// Reads a live value: sums of products of atoms, where an atom is a request with a path and an index, a call, or parentheses.

/// Reads the part of a live value before its formats.
struct LiveValueReader {
    /// The whole text between the braces, for messages.
    let text: String
    let place: LessonError.Place

    private static let words: [(String, LiveValue.Request)] = [
        ("sum", .sum), ("name", .name), ("explain", .explain), ("formula", .formula), ("title", .title), ("source", .source),
        ("fact", .fact), ("whatif", .whatIf), ("visible", .visible), ("flops", .flops), ("contractions", .contractions),
        ("length", .length), ("listing", .listing),
    ]

    func value(_ body: String) throws(LessonError) -> LiveValue {
        for operators in [[LiveValue.Operator.plus, .minus], [.times, .over]] {
            if let (left, sign, right) = split(body, operators) {
                return LiveValue(.arithmetic(try operand(left), sign, try operand(right)), path: "", at: place)
            }
        }
        if body.hasPrefix("("), body.hasSuffix(")"), depths(body).dropLast().allSatisfy({ $0 > 0 }) {
            return try value(LiveValue.trimmed(body.dropFirst().dropLast()))
        }
        return try atom(body)
    }

    /// A value or, beside another one, a plain number: `1 - fact …`.
    private func operand(_ body: String) throws(LessonError) -> LiveValue {
        guard let number = Double(body), number.isFinite else { return try value(body) }
        return LiveValue(.literal(number), path: body, at: place)
    }

    /// How many brackets are open after each character.
    private func depths(_ body: String) -> [Int] {
        var depth = 0
        return body.map { character in
            if "([".contains(character) { depth += 1 } else if ")]".contains(character) { depth -= 1 }
            return depth
        }
    }

    /// The last operator outside of brackets, with what stands around it.
    private func split(_ body: String, _ operators: [LiveValue.Operator]) -> (String, LiveValue.Operator, String)? {
        let characters = Array(body)
        let depths = depths(body)
        guard characters.count > 2 else { return nil }
        for i in (1..<characters.count - 1).reversed() where depths[i] == 0 && characters[i - 1] == " " && characters[i + 1] == " " {
            guard let sign = operators.first(where: { $0.rawValue == String(characters[i]) }) else { continue }
            return (LiveValue.trimmed(String(characters[..<i])), sign, LiveValue.trimmed(String(characters[(i + 1)...])))
        }
        return nil
    }

    private func atom(_ body: String) throws(LessonError) -> LiveValue {
        for source in ["cost", "data", "measured", "tilelang", "tiles"] where body.hasPrefix(source + " ") {
            return try call(source, LiveValue.trimmed(body.dropFirst(source.count)))
        }
        if let rest = after("names", body) { return try listed(rest, LiveValue.Request.names) }
        if let rest = after("count", body) { return try listed(rest, LiveValue.Request.count) }
        if let rest = after("name", body).flatMap({ after("fact", $0) }) { return try looked(up: .nameOfFact, rest) }
        for (word, request) in Self.words { if let rest = after(word, body) { return try looked(up: request, rest) } }
        return try looked(up: .cell, body)
    }

    private func after(_ word: String, _ body: String) -> String? {
        body.hasPrefix(word + " ") ? LiveValue.trimmed(body.dropFirst(word.count)) : nil
    }

    /// What `names` and `count` list: the keys of a selection, rows of a fact, keys that a what-if lost or gained.
    private func listed(_ body: String, _ wrapped: (LiveValue.Request) -> LiveValue.Request) throws(LessonError) -> LiveValue {
        var value = try atom(body)
        guard [.cell, .fact, .whatIf].contains(value.request) else {
            throw fail("expected a selection, a fact or a whatif after names or count")
        }
        value.request = wrapped(value.request)
        return value
    }

    private func call(_ source: String, _ body: String) throws(LessonError) -> LiveValue {
        guard let open = body.firstIndex(of: "(") else { return try called(source, body, []) }
        guard body.last == ")" else { throw fail("expected ) at the end of the arguments") }
        let inside = body[body.index(after: open)...].dropLast()
        let arguments = inside.split(separator: ",", omittingEmptySubsequences: false).map { LiveValue.trimmed($0) }
        return try called(source, LiveValue.trimmed(body[..<open]), arguments)
    }

    private func called(_ source: String, _ name: String, _ arguments: [String]) throws(LessonError) -> LiveValue {
        try check(name)
        return LiveValue(.call(source: source, arguments: arguments), path: name, at: place)
    }

    private func looked(up request: LiveValue.Request, _ text: String) throws(LessonError) -> LiveValue {
        var (body, experiment) = (text, String?.none)
        if let colon = body.firstIndex(of: ":") {
            experiment = String(body[..<colon])
            body = LiveValue.trimmed(body[body.index(after: colon)...])
        }
        var index: [LiveValue.Position] = []
        if let open = body.firstIndex(of: "[") {
            guard body.last == "]" else { throw fail("expected ] at the end of the index") }
            let inside = body[body.index(after: open)...].dropLast()
            index = inside.split(separator: ",", omittingEmptySubsequences: false).map { part in
                let name = LiveValue.trimmed(part)
                return Int(name).map(LiveValue.Position.number) ?? .name(name)
            }
            if index.contains(.name("")) { throw fail("expected a number or a role between the commas of the index") }
            body = LiveValue.trimmed(body[..<open])
        }
        try check(body)
        var value = LiveValue(request, experiment: experiment, path: body, index: index, at: place)
        if body == "figure" {
            value.request = .figure
        } else if body == "code" {
            value.request = .code
        } else if ["token.", "position.", "count."].contains(where: body.hasPrefix) || ["text", "layer", "head"].contains(body) {
            value.request = .word
        }
        return value
    }

    private func check(_ path: String) throws(LessonError) {
        guard !path.isEmpty, path.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }) else {
            throw fail("expected the name of a step or value, found \"\(path)\"")
        }
    }

    private func fail(_ problem: String) -> LessonError { LessonError(.badFile, at: place, "{{\(text)}}: \(problem)") }
}
