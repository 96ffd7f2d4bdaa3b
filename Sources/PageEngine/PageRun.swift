// One run as a page asks for it, and what became of it.

import Diagrams
import Mechanisms
import Traces

/// One run in one language, with switches.
struct PageRun: Hashable {
    /// What is run.
    enum Subject: Hashable {
        /// The built-in diary with this question.
        case question(String)
        /// A diary of the reader's own.
        case text(String)
        /// A reference case that the page has brought, along these paths.
        case referenceCase(String, [SparseAttention.Path])
    }
    let language: Language
    let subject: Subject
    /// Words of the reader's own, for a text.
    let words: [NewWord]
    let switches: [String]

    /// The question, where the built-in diary is asked: pictures of several runs call them by it.
    var question: String? { if case .question(let name) = subject { name } else { nil } }

    init(_ run: Settings) throws(FileError) {
        try run.allow(["language", "question", "text", "case", "paths", "words", "switches"])
        language = try run.choice("language", Language.self) ?? .en
        switches = try run.texts("switches")
        let named = ["question", "text", "case"].filter(run.has)
        guard named.count == 1 else {
            throw FileError(
                .badData, run.file,
                "\(run.path)expected exactly one of question, text and case, found \(named.isEmpty ? "none" : named.joined(separator: " and "))"
            )
        }
        let name = try run.text(named[0])
        switch named[0] {
        case "question": subject = .question(name)
        case "text": subject = .text(name)
        default: subject = .referenceCase(name, try Self.paths(run))
        }
        words = try run.objects("words").map { word throws(FileError) in try NewWord(word) }
        for (field, owner) in [("paths", "case"), ("words", "text")] where run.has(field) && named[0] != owner {
            throw run.failure(field, expected: "it with \(owner) alone")
        }
    }

    private static func paths(_ run: Settings) throws(FileError) -> [SparseAttention.Path] {
        var paths: [SparseAttention.Path] = []
        for name in try run.texts("paths") {
            guard let path = SparseAttention.Path(rawValue: name), !paths.contains(path) else {
                throw run.failure("paths", expected: "masked, gathered or both, each once")
            }
            paths.append(path)
        }
        return paths.isEmpty ? [.masked] : paths
    }
}

extension NewWord {
    /// A word from `{"text": "Paris", "kind": "place", "story": "trip" or null}`.
    fileprivate init(_ word: Settings) throws(FileError) {
        try word.allow(["text", "kind", "story"])
        guard let kind = try word.choice("kind", Kind.self) else {
            throw word.failure("kind", expected: "one of " + Kind.allCases.map { $0.rawValue }.joined(separator: ", "))
        }
        self.init(try word.text("text"), kind, story: word.has("story") ? try word.text("story") : nil)
    }
}

/// A run that was computed.
struct FinishedRun {
    let trace: Trace
    /// The text as it was read; nil for a case.
    let reading: DiaryReading?
    /// Where its data came from.
    let provenance: Provenance
    /// How many numbers the trace holds.
    let size: Int

    init(_ trace: Trace, _ reading: DiaryReading?, _ provenance: Provenance) {
        (self.trace, self.reading, self.provenance) = (trace, reading, provenance)
        size = trace.steps.reduce(0) { $0 + $1.output.shape.count }
    }
}
