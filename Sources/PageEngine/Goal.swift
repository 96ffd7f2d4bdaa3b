// A goal that a panel sets its reader, as data: what the read-outs must say. All of its parts must hold.

import Mechanisms
import Traces

/// What must hold of a run.
struct Goal {
    /// The word that the read-out must answer with, alone; a tie does not meet it.
    private let answer: String?
    /// A word of the text that the last row must have lost: none of its positions is kept. A text without the word does not meet it.
    private let lost: String?
    /// Bounds of the weight kept, in percent.
    private let kept: Bounds
    /// Bounds of the number of pairs.
    private let pairs: Bounds

    private struct Bounds {
        let least: Double?
        let most: Double?

        init(_ bounds: Settings?) throws(FileError) {
            try bounds?.allow(["atLeast", "atMost"])
            func bound(_ name: String) throws(FileError) -> Double? {
                guard let bounds, bounds.has(name) else { return nil }
                return try bounds.number(name)
            }
            (least, most) = (try bound("atLeast"), try bound("atMost"))
        }

        func hold(_ value: Double) -> Bool { value >= least ?? -.infinity && value <= most ?? .infinity }
    }

    /// A goal from `{"answer": "Shanghai", "lost": "Dali", "kept": {"atLeast": 90}, "pairs": {"atMost": 2}}`, each part optional.
    init(_ goal: Settings) throws(FileError) {
        try goal.allow(["answer", "lost", "kept", "pairs"])
        guard !goal.names.isEmpty else { throw FileError(.badData, goal.file, "goal: expected at least one part, found none") }
        answer = goal.has("answer") ? try goal.text("answer") : nil
        lost = goal.has("lost") ? try goal.text("lost") : nil
        (kept, pairs) = (try Bounds(goal.object("kept")), try Bounds(goal.object("pairs")))
    }

    /// Whether the read-outs meet it; throws for a goal about words where a run has none.
    func isMet(by readouts: Readouts) throws(EngineError) -> Bool {
        guard kept.hold(100 * (try readouts.kept())), pairs.hold(Double(readouts.selection.row.kept.count)) else { return false }
        guard answer != nil || lost != nil else { return true }
        guard let reading = readouts.run.reading else {
            throw EngineError(
                .value, "goal", expected: "kept or pairs for a case, which has no words", found: answer == nil ? "lost" : "answer")
        }
        let words = reading.diary.words
        if let answer {
            guard readouts.answering.count == 1, words[readouts.answering[0]].name.en == answer else { return false }
        }
        guard let lost else { return true }
        let positions = reading.tokens.indices.filter { words[reading.tokens[$0].word].name.en == lost }
        return !positions.isEmpty && !positions.contains { readouts.selection.row.kept.contains($0) }
    }
}
