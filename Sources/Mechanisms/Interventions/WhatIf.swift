// What a switch changes: the same input computed right and with the switch, compared row by row.

public import Traces

/// The comparison of a sparse attention with a variant of it.
public struct WhatIf: Sendable, Hashable {
    /// One query of one pass.
    public struct Row: Sendable, Hashable {
        /// The pass: `prefill`, `decode.0`; empty where there is only one.
        public let phase: String
        /// The query's row in the pass.
        public let row: Int
        /// The keys that the right one keeps.
        public let right: [Int]
        /// The keys that the variant keeps.
        public let variant: [Int]
        /// The keys that one keeps and the other does not.
        public let differing: Int
        /// ‖variant - right‖ / ‖right‖ of the output (the norm of the difference alone where the right output is 0).
        public let outputError: Double
        /// Dense weight on the kept keys, mean over heads: right.
        public let massKeptRight: Double
        /// Dense weight on the kept keys, mean over heads: variant.
        public let massKeptVariant: Double
        /// The share of the heaviest keys that was kept: right.
        public let recallRight: Double
        /// The share of the heaviest keys that was kept: variant.
        public let recallVariant: Double
    }

    /// Names of the switches.
    public let switches: [String]
    /// All queries of all passes.
    public let rows: [Row]

    /// Rows whose selections differ.
    public var rowsThatDiffer: Int { rows.count { $0.differing > 0 } }
    /// The largest output error.
    public var largestOutputError: Double { rows.map { $0.outputError }.max() ?? 0 }

    /// Compares two traces of the same passes.
    public init(right: Trace, variant: Trace) throws(EngineError) {
        switches = variant.switches
        let selections = right.steps.filter { $0.id.role == .selected }
        guard !selections.isEmpty else { throw EngineError(.unknownStep, "what-if", "expected a trace with a selection, found none") }
        var rows: [Row] = []
        for a in selections {
            let place = a.id.scopes
            let (before, after) = (try right.selection(a.id), try variant.selection(a.id))
            guard before.rows.count == after.rows.count else {
                throw EngineError(.shape, a.id.text, expected: "\(before.rows.count) rows", found: "\(after.rows.count)")
            }
            guard let output = right.attentions(at: place).first(where: { !$0.isDense })?.output else {
                throw EngineError(.unknownStep, "what-if", "expected the output of the attention that keeps to \(a.id.text), found none")
            }
            let (y, z) = (try right.step(output).output, try variant.step(output).output)
            let phase = place.map { $0.description }.joined(separator: ".")
            for row in before.rows.indices {
                rows.append(try Self.row(phase, row, before.rows[row], after.rows[row], y.slice(.t, at: row), z.slice(.t, at: row)))
            }
        }
        self.rows = rows
    }

    private static func row(_ phase: String, _ row: Int, _ a: Selection.Row, _ b: Selection.Row, _ y: Tensor, _ z: Tensor)
        throws(EngineError) -> Row
    {
        func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        func known(_ value: Double?) throws(EngineError) -> Double {
            guard let value else { throw EngineError(.unknownStep, "what-if", "expected dense attention beside the selection, found none") }
            return value
        }
        let size = norm(y.values)
        let error = norm(zip(y.values, z.values).map { $1 - $0 })
        return Row(
            phase: phase, row: row, right: a.kept, variant: b.kept, differing: Set(a.kept).symmetricDifference(b.kept).count,
            outputError: size > 0 ? error / size : error, massKeptRight: try known(a.massKept), massKeptVariant: try known(b.massKept),
            recallRight: try known(a.recall), recallVariant: try known(b.recall))
    }

    /// Mean over rows.
    public func mean(_ value: (Row) -> Double) -> Double { rows.isEmpty ? 0 : rows.reduce(0) { $0 + value($1) } / Double(rows.count) }
}
