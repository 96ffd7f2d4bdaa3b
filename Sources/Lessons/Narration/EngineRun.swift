// What a page asks its engine for, to make a run of the lesson again: the question, text or case, and the switches. Runs that the engine in a page cannot
// make (a model's, a trace from a file, tiles, a rotation alone) have none; pages show what was recorded of them.

internal import Mechanisms
internal import Traces

/// A run that the engine in a page can make.
package struct EngineRun: Hashable, Sendable {
    enum Subject: Hashable, Sendable {
        /// The built-in diary with one of its questions.
        case question(String)
        /// A diary of other words.
        case text(String, words: [NewWord])
        /// A reference case by its base name.
        case referenceCase(String, paths: [SparseAttention.Path])
    }

    let subject: Subject
    let switches: [Switch]

    /// A run of so many tokens. A k of more than there are is all of them, which is how a page says it.
    init(_ subject: Subject, _ switches: [Switch], tokens: Int) {
        self.subject = subject
        self.switches = switches.map { if case .topK(let k) = $0 { .topK(min(k, tokens)) } else { $0 } }
    }

    /// More words of the diary than this an engine in a page refuses.
    static let longest = 256

    /// The run as a request has it, but for the language, which is the reader's.
    var json: JSONText {
        let asked: [(String, JSONText)] =
            switch subject {
            case .question(let name): [("question", .string(name))]
            case .text(let text, let words): [("text", .string(text)), ("words", .array(words.map(\.json)))]
            case .referenceCase(let name, let paths): [("case", .string(name)), ("paths", .strings(paths.map(\.rawValue)))]
            }
        return .object(asked + [("switches", .strings(switches.map(\.description)))])
    }

    /// The case that must be in the page, if it is one.
    var caseName: String? { if case .referenceCase(let name, _) = subject { name } else { nil } }
}
