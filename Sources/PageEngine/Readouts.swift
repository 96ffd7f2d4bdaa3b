// What stands beside a panel: how many pairs the last token's row of sparse attention computes, how much weight and which of the heaviest keys it keeps,
// and what the read-out answers. Read off the selection and the steps of the trace; nothing is computed anew.

import Mechanisms
import Traces

/// The read-outs of a run: of its prefill, where there are passes.
struct Readouts {
    let run: FinishedRun
    let selection: SelectionReadout

    init(_ run: FinishedRun) throws(EngineError) {
        self.run = run
        guard let selection = try SelectionReadout(run.trace, at: run.trace.passes.isEmpty ? [] : [.pass(.prefill)]) else {
            throw EngineError(.unknownStep, "read-outs", "expected a run with a selection, found none")
        }
        self.selection = selection
    }

    /// Positions of the words in the vocabulary that answer; several in a tie.
    var answering: [Int] {
        guard let answer = selection.answer, let diary = run.reading?.diary else { return [] }
        return answer.readOut.winners.map { diary.answers[$0] }
    }

    /// The share of the dense weight that the row keeps; throws without dense attention beside.
    func kept() throws(EngineError) -> Double { try beside(selection.row.massKept) }

    private func beside(_ value: Double?) throws(EngineError) -> Double {
        if let value { return value }
        throw EngineError(.unknownStep, "read-outs", "expected dense attention beside the selection, found none")
    }

    /// All of it, and whether a goal was met, if there was one.
    func json(_ met: Bool?) throws(EngineError) -> JSONText {
        func pair(_ text: String, _ exact: String) -> JSONText { .object([("text", .string(text)), ("exact", .string(exact))]) }
        let (kept, recall) = (try kept(), try beside(selection.row.recall))
        var fields: [(String, JSONText)] = [
            ("tokens", .strings(run.trace.tokens)), ("newWords", .array((run.reading?.newWords ?? []).map { $0.json })),
            ("visible", .integer(selection.visible)), ("pairs", pair(String(selection.row.kept.count), String(selection.row.kept.count))),
            ("kept", pair(NumberText.percent(kept), NumberText.exact(kept * 100))),
            ("recall", pair(NumberText.fixed(recall, decimals: 2), NumberText.exact(recall))),
        ]
        if let answer = selection.answer {
            fields.append(("answer", pair(selection.answers.joined(separator: " = "), NumberText.exact(answer.readOut.largest))))
        } else {
            fields.append(("answer", .null))
        }
        if let met { fields.append(("met", .bool(met))) }
        return .object(fields)
    }
}
