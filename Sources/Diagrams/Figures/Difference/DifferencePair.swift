// Two runs of one case, the same step in both: what each cell holds in the first and in the second, and what lies between them.

import Traces

/// The same slice of two runs.
struct DifferencePair {
    /// What a cell shows.
    enum Cell: Hashable {
        /// Nothing to compare: a future that is masked, or that a mask is still to hide.
        case masked
        /// Left out by both.
        case dropped
        /// Kept by both, where the step is a selection.
        case both
        /// There in the first run alone.
        case lost
        /// There in the second run alone.
        case gained
        /// The second run's number less the first's.
        case number(Double)
    }

    let first: MatrixSlice
    let second: MatrixSlice
    /// How the runs are called.
    let names: (String, String)
    /// Switches of the second run that the first does not have, and the other way round.
    let switches: (added: [String], missing: [String])

    /// The step that the options name in both runs, or the weights that a selection leaves, or else the main weights. Throws unless there are two
    /// runs, both have the step, and it has the same axes and lengths in both.
    init(_ data: FigureData, _ options: FigureOptions) throws(FigureError) {
        if options.step == nil { try data.traces.first?.trace.checkPhase(options, figure: "difference") }
        guard data.traces.count > 1 else {
            throw FigureError("difference needs two runs of the same, found \(data.traces.isEmpty ? "none" : "one")")
        }
        let (a, b) = (data.traces[0], data.traces[1])
        let step = try Self.step(of: a.trace, options)
        guard b.trace.contains(step.id) else {
            throw FigureError("difference: \(step.id): expected in both runs, found in the first alone")
        }
        first = try MatrixSlice(step, of: a.trace, head: options.head)
        second = try MatrixSlice(b.trace.recorded(step.id), of: b.trace, head: options.head)
        names = (a.name, b.name)
        switches = (
            b.trace.switches.filter { !a.trace.switches.contains($0) }, a.trace.switches.filter { !b.trace.switches.contains($0) }
        )
        guard first.rows == second.rows, first.columns == second.columns, first.rowAxis == second.rowAxis,
            first.columnAxis == second.columnAxis
        else {
            throw FigureError("difference: \(step.id): expected \(first.step.output.shape) in both runs, found \(second.step.output.shape)")
        }
        let limit = MatrixRaster.cellLimit
        guard max(first.rows, first.columns) <= limit else {
            throw FigureError(
                "difference: \(step.id): takes up to \(limit) rows and columns, found \(first.rows) by \(first.columns): try matrix with each run"
            )
        }
    }

    private static func step(of trace: Trace, _ options: FigureOptions) throws(FigureError) -> Step {
        guard options.step == nil else { return try MatrixFigure.step(of: trace, options) }
        let views = trace.attentions(at: trace.pass(options) ?? [])
        guard let sparse = views.first(where: { !$0.isDense }) else { return try MatrixFigure.step(of: trace, options) }
        return try trace.recorded(sparse.weights)
    }

    var rows: Int { first.rows }
    var columns: Int { first.columns }
    var isSelection: Bool { first.isSelection }

    subscript(row: Int, column: Int) -> Cell {
        let (a, b) = (mark(first, row, column), mark(second, row, column))
        switch (a, b) {
        case (nil, nil): return first.isDropped(row, column) || second.isDropped(row, column) ? .dropped : .masked
        case (let a?, let b?): return isSelection ? .both : .number(b - a)
        case (let a?, nil): return isSelection || second.value(row, column) == -.infinity ? .lost : .number(-a)
        case (nil, let b?): return isSelection || first.value(row, column) == -.infinity ? .gained : .number(b)
        }
    }

    /// Whether only the second run has a number here; false where only the first has one, nil where both do or none.
    func isGained(_ row: Int, _ column: Int) -> Bool? {
        let (a, b) = (mark(first, row, column), mark(second, row, column))
        return (a == nil) == (b == nil) ? nil : a == nil
    }

    /// The number of a cell that a run attends to; nil where it is masked or left out.
    private func mark(_ slice: MatrixSlice, _ row: Int, _ column: Int) -> Double? {
        slice.isMasked(row, column) || slice.isBeyond(row, column) ? nil : slice.value(row, column)
    }

    /// What each run has in a cell; nil where it is masked or left out.
    func values(_ row: Int, _ column: Int) -> (first: Double?, second: Double?) { (mark(first, row, column), mark(second, row, column)) }

    /// The cells of a row that differ, the largest difference first; of equal ones the earlier.
    func differing(_ row: Int) -> [Int] {
        let sizes = (0..<columns).map { size(self[row, $0]) }
        return (0..<columns).filter { sizes[$0] > 0 }.sorted { (sizes[$0], $1) > (sizes[$1], $0) }
    }

    private func size(_ cell: Cell) -> Double {
        switch cell {
        case .lost, .gained: 1
        case .number(let difference): difference.isFinite ? abs(difference) : 1
        case .masked, .dropped, .both: 0
        }
    }

    /// The finite differences of a row in size, added up; a key that is in one run alone counts one.
    func distance(_ row: Int) -> Double {
        (0..<columns).reduce(0) { $0 + size(self[row, $1]) }
    }

    /// How many keys of a row are in the first run alone, and how many in the second alone.
    func changes(_ row: Int) -> (lost: Int, gained: Int) {
        let cells = (0..<columns).map { self[row, $0] }
        return (cells.count { $0 == .lost }, cells.count { $0 == .gained })
    }

    /// A row's name; both where the runs read different tokens.
    func rowName(_ row: Int) -> String { Self.name(first.rowName(row), second.rowName(row)) }
    /// A column's name; both where the runs read different tokens.
    func columnName(_ column: Int) -> String { Self.name(first.columnName(column), second.columnName(column)) }

    private static func name(_ a: String, _ b: String) -> String { a == b ? a : "\(a)/\(b)" }
}
