// Arguments of `{{cost name(a, b, model=c)}}`: positions and names, with errors that say what was expected.

internal import Traces

/// The arguments of one call, taken one after the other.
struct CallArguments {
    let call: String
    private var positional: ArraySlice<String>
    private var named: [String: String]

    init(_ call: String, _ arguments: [String], named allowed: [String]) throws(LessonError) {
        self.call = call
        var positional: [String] = []
        named = [:]
        for argument in arguments {
            guard let equals = argument.firstIndex(of: "=") else {
                positional.append(argument)
                continue
            }
            let name = String(argument[..<equals])
            guard allowed.contains(name) else {
                throw LessonError(.badFile, "\(call): expected the named arguments \(allowed.joined(separator: ", ")), found \"\(name)\"")
            }
            guard named[name] == nil else { throw LessonError(.badFile, "\(call): \(name) stands twice") }
            named[name] = String(argument[argument.index(after: equals)...])
        }
        self.positional = positional[...]
    }

    func named(_ name: String, default value: String) -> String { named[name] ?? value }

    /// All named arguments, by name.
    var all: [String: String] { named }

    mutating func text(_ what: String) throws(LessonError) -> String {
        guard let text = positional.popFirst(), !text.isEmpty else { throw LessonError(.badFile, "\(call): expected \(what), found none") }
        return text
    }

    /// A number; `128K` is 128 · 1024.
    mutating func number(_ what: String) throws(LessonError) -> Double {
        let text = try text(what)
        let isThousands = text.hasSuffix("K")
        guard let number = Double(isThousands ? String(text.dropLast()) : text), number.isFinite else {
            throw LessonError(.badFile, "\(call): \(what): expected a number, found \"\(text)\"")
        }
        return isThousands ? number * 1024 : number
    }

    mutating func count(_ what: String) throws(LessonError) -> Int {
        let number = try number(what)
        guard let count = Int(exactly: number) else {
            throw LessonError(.badFile, "\(call): \(what): expected a whole number, found \(number)")
        }
        return count
    }

    mutating func choice<Choice: CaseIterable & RawRepresentable<String>>(_ type: Choice.Type, _ what: String) throws(LessonError) -> Choice
    {
        let text = try text(what)
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw LessonError(.badFile, "\(call): \(what): expected one of \(known), found \"\(text)\"")
        }
        return choice
    }

    /// The entry of `table` that the next argument names.
    mutating func entry<Value>(_ table: [(String, Value)], _ what: String) throws(LessonError) -> Value {
        let text = try text(what)
        guard let value = table.first(where: { $0.0 == text })?.1 else {
            throw LessonError(.badFile, "\(call): \(what): expected one of \(table.map(\.0).joined(separator: ", ")), found \"\(text)\"")
        }
        return value
    }

    /// Throws if an argument is left over.
    func finish() throws(LessonError) {
        if let left = positional.first { throw LessonError(.badFile, "\(call): expected no more arguments, found \"\(left)\"") }
    }
}
