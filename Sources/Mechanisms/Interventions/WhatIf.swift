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
        let phases = right.steps.map { $0.id }.filter { $0 == "selected" || $0.hasSuffix(".selected") }.map {
            String($0.dropLast("selected".count))
        }
        guard !phases.isEmpty else { throw EngineError(.unknownStep, "what-if", "expected a trace with a selection, found none") }
        var rows: [Row] = []
        for phase in phases {
            let (a, b) = (try right.step(phase + "selected"), try variant.step(phase + "selected"))
            let output = phase + (right.contains(phase + "sparse.output") ? "sparse.output" : "output")
            let (y, z) = (try right.step(output).output, try variant.step(output).output)
            for row in 0..<(a.output.shape[.t] ?? 0) { rows.append(Self.row(phase, row, a, b, y, z)) }
        }
        self.rows = rows
    }

    private static func row(_ phase: String, _ row: Int, _ a: Step, _ b: Step, _ y: Tensor, _ z: Tensor) -> Row {
        func keys(_ step: Step) -> [Int] { step.output.slice(.t, at: row).values.filter { $0 >= 0 }.map { Int($0) } }
        func fact(_ step: Step, _ name: String) -> Double { if case .numbers(let rows)? = step.facts[name] { rows[row] } else { 0 } }
        func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        let (right, variant) = (y.slice(.t, at: row).values, z.slice(.t, at: row).values)
        let size = norm(right)
        let error = norm(zip(right, variant).map { $1 - $0 })
        return Row(
            phase: phase.hasSuffix(".") ? String(phase.dropLast()) : phase, row: row, right: keys(a), variant: keys(b),
            differing: Set(keys(a)).symmetricDifference(keys(b)).count, outputError: size > 0 ? error / size : error,
            massKeptRight: fact(a, "massKept"), massKeptVariant: fact(b, "massKept"), recallRight: fact(a, "recall"),
            recallVariant: fact(b, "recall"))
    }

    /// Mean over rows.
    public func mean(_ value: (Row) -> Double) -> Double { rows.isEmpty ? 0 : rows.reduce(0) { $0 + value($1) } / Double(rows.count) }
}
