// What stands beside a selection for a reader: which keys the last query keeps, how many it may see, how much dense weight they hold, and what the read-out
// after sparse attention answers. Read off the steps of a trace; nothing is computed anew.

public import Traces

/// The last query's selection, and what became of it.
public struct SelectionReadout: Sendable {
    /// The last row: the keys kept, the dense weight on them (mean over heads) and the share of the heaviest keys among them.
    public let row: Selection.Row
    /// How many keys that query may see.
    public let visible: Int
    /// The products of the read-out after sparse attention; nil without one.
    public let answer: (step: Step, readOut: ReadOut)?

    /// The words that answer, as the trace labels them: several in a tie, none without a read-out.
    public var answers: [String] {
        answer.map { answer in answer.readOut.winners.map { answer.step.labels[.n]?[$0] ?? String($0) } } ?? []
    }

    /// The read-out of the selection at `place`; nil where there is none.
    public init?(_ trace: Trace, at place: [Scope]) throws(EngineError) {
        guard let selected = trace.first(.selected, in: place), let row = try trace.selection(selected.id).rows.last else { return nil }
        self.row = row
        visible = selected.visible.map { $0.visibleKeys(of: $0.rows - 1).count } ?? row.kept.count
        answer = trace.first(.answer, in: [.branch(.sparse)]).map { ($0, ReadOut($0.output.values)) }
    }
}
