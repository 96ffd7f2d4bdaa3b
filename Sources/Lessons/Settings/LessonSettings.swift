// What a reader changes of a lesson's run: the question, how many keys are kept, and the switches of `attn what-if`, by their names. The switches'
// own parser says what they may be; one that is added there can be set here.

package import Mechanisms
internal import Traces

/// A reader's settings: what differs from the lesson's own values.
public struct LessonSettings: Hashable, Sendable {
    /// A switch by its name, and what its value may be; nil where it is on or off.
    struct Name: Hashable {
        let name: String
        let values: String?
    }

    /// All switches, the number of kept keys first.
    static let names = Switch.names.map { text in
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        return Name(name: parts[0], values: parts.count > 1 ? parts[1] : nil)
    }.sorted { $0.name == "top-k" && $1.name != "top-k" }
    /// What readers call the number of kept keys.
    private static let shortNames = ["k": "top-k"]

    /// The question asked of the diary; nil for the lesson's own.
    private(set) var question: String?
    private var chosen: [String: Switch] = [:]

    /// The lesson's own values.
    public init() {}

    /// The switches, in the order of their list.
    package var switches: [Switch] { Self.names.compactMap { chosen[$0.name] } }

    /// What differs, as it can be typed: `question=mei k=2 no-relu`; empty for the lesson's own values.
    public var text: String {
        let asked = question.map { ["question=\($0)"] } ?? []
        return (asked + switches.map { Self.short($0.description) }).joined(separator: " ")
    }

    /// The value of a switch, `on` for one without; nil if it is off.
    func value(of name: Name) -> String? {
        chosen[name.name].map { one in name.values == nil ? "on" : String(one.description.dropFirst(name.name.count + 1)) }
    }

    /// The name as readers type it.
    static func short(_ text: String) -> String {
        for (short, name) in shortNames where text == name || text.hasPrefix(name + "=") { return short + text.dropFirst(name.count) }
        return text
    }

    // MARK: Changes

    /// Sets what a line says: `k=2 no-relu`, `select=recent`, `no-relu off`, `question mei`, `reset`. Nothing is changed if a word of it is refused.
    /// - Parameter questions: the questions that can be asked; none where the run is not the built-in diary.
    package mutating func set(_ line: String, questions: [String]) throws(TerminalRefusal) {
        var new = self
        var words = line.split(whereSeparator: \.isWhitespace).map(String.init)[...]
        while let word = words.popFirst() {
            guard !word.contains("="), let next = words.first, Self.takes(word, next) else {
                try new.set(one: word, questions)
                continue
            }
            try new.set(one: "\(word)=\(words.removeFirst())", questions)
        }
        self = new
    }

    /// Whether `next` is the value of `word`: `k 2`, `no-relu off`.
    private static func takes(_ word: String, _ next: String) -> Bool {
        if word == "question" { return true }
        guard let name = names.first(where: { $0.name == shortNames[word] ?? word }) else { return false }
        return name.values != nil || ["on", "off"].contains(next)
    }

    private mutating func set(one word: String, _ questions: [String]) throws(TerminalRefusal) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let (key, value) = (parts[0], parts.count > 1 ? parts[1] : nil)
        if word == "reset" {
            self = LessonSettings()
        } else if key == "question" {
            question = try Self.question(value, questions)
        } else if let name = Self.names.first(where: { $0.name == Self.shortNames[key] ?? key }) {
            try set(name, value)
        } else {
            throw Self.unknown(key)
        }
    }

    private static func question(_ value: String?, _ questions: [String]) throws(TerminalRefusal) -> String? {
        guard !questions.isEmpty else {
            throw TerminalRefusal(
                en: "question: this run is not the built-in diary, nothing else can be asked of it", zh: "question：这次运行用的不是自带的日记，不能换问题")
        }
        if value == "off" { return nil }
        if let value, questions.contains(value) { return value }
        let found = value.map(TerminalRefusal.shown) ?? ""
        throw TerminalRefusal(
            en: "question: expected one of \(questions.joined(separator: ", ")), found “\(found)”",
            zh: "question：应为 \(questions.joined(separator: "、")) 之一，读到的是“\(found)”")
    }

    private mutating func set(_ name: Name, _ value: String?) throws(TerminalRefusal) {
        // The indexer is the rule that no switch has to name.
        if value == "off" || name.name == "select" && value == SelectionRule.indexer.rawValue {
            chosen[name.name] = nil
            return
        }
        let text: String
        switch (name.values, value) {
        case (nil, nil), (nil, "on"): text = name.name
        case (nil, let value?):
            throw TerminalRefusal(
                en: "\(name.name): expected on or off, found “\(TerminalRefusal.shown(value))”",
                zh: "\(name.name)：应为 on 或 off，读到的是“\(TerminalRefusal.shown(value))”")
        case (let values?, nil):
            throw TerminalRefusal(
                en: "\(Self.short(name.name)): expected a value, \(Self.short(name.name))=\(values)",
                zh: "\(Self.short(name.name))：要写出值，\(Self.short(name.name))=\(values)")
        case (_, let value?): text = "\(name.name)=\(value)"
        }
        do { chosen[name.name] = try Switch(parsing: text) } catch { throw Self.refused(name, value ?? "", error) }
    }

    /// The parser's words, but for a choice of several, where it lists all switches.
    private static func refused(_ name: Name, _ value: String, _ error: EngineError) -> TerminalRefusal {
        let (short, values, found) = (short(name.name), name.values ?? "on|off", TerminalRefusal.shown(value))
        let en = values.contains("|") ? "expected \(short)=\(values), found “\(found)”" : TerminalText.sanitized(error.problem)
        return TerminalRefusal(en: "\(short): \(en)", zh: "\(short)：应为 \(short)=\(values)，读到的是“\(found)”")
    }

    private static func unknown(_ word: String) -> TerminalRefusal {
        let known = names.map { short($0.name) } + ["question", "reset"]
        let near = NearWords.of(word, in: known)
        let (list, found) = (near.isEmpty ? known : near, TerminalRefusal.shown(word))
        return TerminalRefusal(
            en: "there is no setting “\(found)”; " + (near.isEmpty ? "expected one of " : "did you mean ") + list.joined(separator: ", ")
                + (near.isEmpty ? "" : "?"),
            zh: "没有“\(found)”这个设置；" + (near.isEmpty ? "应为 \(list.joined(separator: "、")) 之一" : "是不是 \(list.joined(separator: "、"))？"))
    }
}
