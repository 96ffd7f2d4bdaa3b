// What a switch changes in an indexer that no attention follows: which keys are kept, and their scores.

public import Traces

/// The comparison of an indexer with a variant of it.
public struct SelectionWhatIf: Sendable, Hashable {
    /// One query.
    public struct Row: Sendable, Hashable {
        /// The query's row.
        public let row: Int
        /// The keys that the right one keeps.
        public let right: [Int]
        /// The keys that the variant keeps.
        public let variant: [Int]
        /// The keys that one keeps and the other does not.
        public let differing: Int
        /// ‖variant - right‖ / ‖right‖ of the scores of the keys that the query sees (the norm of the difference alone where the right ones are 0).
        public let scoreError: Double
    }

    /// Names of the switches.
    public let switches: [String]
    /// All queries.
    public let rows: [Row]

    /// Rows whose selections differ.
    public var rowsThatDiffer: Int { rows.count { $0.differing > 0 } }
    /// The largest error of a row's scores.
    public var largestScoreError: Double { rows.map { $0.scoreError }.max() ?? 0 }

    /// Compares two traces of one pass of an indexer; throws where one has no scores or no selection.
    public init(right: Trace, variant: Trace) throws(EngineError) {
        let (selected, score) = (StepID([], .selected), StepID([], .indexScore))
        let (before, after) = (try right.selection(selected), try variant.selection(selected))
        let (scores, others) = (try right.step(score), try variant.step(score).output)
        guard let visible = scores.visible, before.rows.count == after.rows.count, others.shape == scores.output.shape else {
            throw EngineError(.shape, "what-if", expected: "two runs of the same tokens", found: "others")
        }
        switches = variant.switches
        rows = before.rows.indices.map { row in
            var (errors, squares) = (0.0, 0.0)
            for key in visible.visibleKeys(of: row) {
                let (a, b) = (scores.output[row, key], others[row, key])
                (errors, squares) = (errors + (b - a) * (b - a), squares + a * a)
            }
            let (a, b) = (before.rows[row].kept, after.rows[row].kept)
            return Row(
                row: row, right: a, variant: b, differing: Set(a).symmetricDifference(b).count,
                scoreError: squares > 0 ? (errors / squares).squareRoot() : errors.squareRoot())
        }
    }
}
