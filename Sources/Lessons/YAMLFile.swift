// A YAML file whose every complaint names file, line and column. A thin layer over Yams' nodes.

internal import Foundation
internal import Traces
internal import Yams

/// A node of a YAML file with the file's name.
struct YAMLNode {
    let node: Node
    let file: String

    /// The root of `text`.
    init(parsing text: String, file: String) throws(LessonError) {
        self.file = file
        do {
            guard let root = try Yams.compose(yaml: text) else {
                throw LessonError(.badFile, at: .init(file: file, line: 1, column: 1), "the file is empty")
            }
            node = root
        } catch let error as LessonError {
            throw error
        } catch let error as YamlError {
            throw Self.translated(error, file: file)
        } catch {
            throw LessonError(.badFile, at: .init(file: file, line: 1, column: 1), "\(error)")
        }
    }

    private init(_ node: Node, file: String) {
        self.node = node
        self.file = file
    }

    private static func translated(_ error: YamlError, file: String) -> LessonError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            LessonError(.badFile, at: .init(file: file, line: mark.line, column: mark.column), "not YAML: \(problem)")
        default: LessonError(.badFile, at: .init(file: file, line: 1, column: 1), "not YAML: \(error)")
        }
    }

    var place: LessonError.Place { .init(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1) }

    func error(_ problem: String) -> LessonError { LessonError(.badFile, at: place, problem) }

    /// Whether it is a mapping.
    var isMapping: Bool { if case .mapping = node { true } else { false } }

    /// `true` or `false`.
    func bool(_ what: String) throws(LessonError) -> Bool {
        guard case .scalar(let scalar) = node, let value = Bool(scalar.string) else {
            throw error("\(what): expected true or false, found \(found)")
        }
        return value
    }

    /// What the node is, for messages.
    var found: String {
        switch node {
        case .scalar(let scalar): "\"\(scalar.string)\""
        case .mapping: "a mapping"
        case .sequence: "a list"
        default: "an alias"
        }
    }

    /// The entries of a mapping, in order; a key that stands twice is an error.
    func entries(_ what: String) throws(LessonError) -> [(key: String, keyPlace: LessonError.Place, value: YAMLNode)] {
        guard case .mapping(let mapping) = node else { throw error("\(what): expected a mapping, found \(found)") }
        var seen: Set<String> = []
        var entries: [(key: String, keyPlace: LessonError.Place, value: YAMLNode)] = []
        for (key, value) in mapping {
            let name = key.scalar?.string ?? ""
            let key = YAMLNode(key, file: file)
            guard seen.insert(name).inserted else { throw key.error("\(what): \"\(name)\" stands twice") }
            entries.append((name, key.place, YAMLNode(value, file: file)))
        }
        return entries
    }

    /// The value of `key`, or nil.
    func optional(_ key: String) -> YAMLNode? {
        guard case .mapping(let mapping) = node else { return nil }
        return mapping.first { $0.key.scalar?.string == key }.map { YAMLNode($0.value, file: file) }
    }

    /// The value of `key`.
    func required(_ key: String) throws(LessonError) -> YAMLNode {
        guard let value = optional(key) else { throw error("expected the key \"\(key)\", found none") }
        return value
    }

    /// Throws on a key that is none of `keys`.
    func allow(_ keys: [String], in what: String) throws(LessonError) {
        for entry in try entries(what) where !keys.contains(entry.key) {
            throw LessonError(
                .badFile, at: entry.keyPlace, "\(what): expected one of \(keys.joined(separator: ", ")), found \"\(entry.key)\"")
        }
    }

    /// The items of a list.
    func items(_ what: String) throws(LessonError) -> [YAMLNode] {
        guard case .sequence(let sequence) = node else { throw error("\(what): expected a list, found \(found)") }
        return sequence.map { YAMLNode($0, file: file) }
    }

    /// Text that is not empty.
    func string(_ what: String) throws(LessonError) -> String {
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty else { throw error("\(what): expected text, found \(found)") }
        return scalar.string
    }

    /// A finite number.
    func number(_ what: String) throws(LessonError) -> Double {
        guard case .scalar(let scalar) = node, let value = Double(scalar.string), value.isFinite else {
            throw error("\(what): expected a number, found \(found)")
        }
        return value
    }

    /// A whole number that is not negative.
    func count(_ what: String) throws(LessonError) -> Int {
        guard case .scalar(let scalar) = node, let value = Int(scalar.string), value >= 0 else {
            throw error("\(what): expected a whole number, found \(found)")
        }
        return value
    }

    /// A text in both languages: `{en: …, zh: …}`.
    func bilingual(_ what: String) throws(LessonError) -> Bilingual {
        Bilingual(en: try required("en").string("\(what).en"), zh: try required("zh").string("\(what).zh"))
    }
}

/// Reads a whole text file; the message names it.
func readText(_ path: String) throws(LessonError) -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw LessonError(.noInput, "\(path): no such file, or it may not be read")
    }
    guard let text = String(bytes: data, encoding: .utf8) else {
        throw LessonError(.badFile, at: .init(file: path, line: 1, column: 1), "expected UTF-8 text")
    }
    return text
}
