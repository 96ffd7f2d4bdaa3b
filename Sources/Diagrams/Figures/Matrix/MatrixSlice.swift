// From a step of any rank to the rows and columns of one matrix: which axes stand where, which head is shown, which cells are masked.

public import Traces

/// Two axes of a step, with whatever else it has fixed or averaged.
public final class MatrixSlice: Sendable {
    /// What the numbers are, which decides their colours.
    public enum Kind: Hashable, Sendable {
        /// Shares that add up to 1 in each row.
        case weights
        /// Numbers of one sign.
        case magnitudes
        /// Numbers of both signs.
        case signed
        /// Yes or no: a mask or a selection.
        case choice
    }

    /// The step.
    public let step: Step
    /// What the step is called in pictures: its title, which says what is dense beside a sparse attention.
    public let title: Bilingual
    /// Whether the step belongs to a dense attention that stands beside a sparse one for comparison.
    let isBeside: Bool
    /// The axis down the left.
    public let rowAxis: Axis
    /// The axis along the bottom.
    public let columnAxis: Axis
    /// The axis of heads, if the step has one beside rows and columns.
    public let headAxis: Axis?
    /// The head shown; nil where there is none to choose.
    public let head: HeadChoice?
    /// How many rows.
    public let rows: Int
    /// How many columns.
    public let columns: Int
    /// Row by row.
    public let values: ArraySlice<Double>
    /// Names of rows; nil where they only have numbers.
    public let rowLabels: [String]?
    /// Names of columns; nil where they only have numbers.
    public let columnLabels: [String]?
    /// The queries beside keys and values: they know which heads share a key-value head.
    let queryHeads: Step?
    /// The pairs that the causal mask lets through, where a selection or an unmasked score needs them; else nil.
    let reach: Mask?
    /// For a selection [t, k] drawn as pairs: which keys each query keeps, by rank.
    private let ranks: [[Int: Int]]?
    private let maskedScores: ArraySlice<Double>?
    /// The pairs that a mask left after the softmax; nil where masks come before it.
    private let lateMask: Mask?

    /// The slice of `step` that the options ask for. A selection [t, k] whose scores are in the trace becomes [t, s].
    /// - Throws: `FigureError` if two axes do not remain, or there is no such head.
    public init(_ step: Step, of trace: Trace, head wanted: HeadChoice?) throws(FigureError) {
        self.step = step
        title = trace.shownTitle(of: step)
        isBeside = trace.isBeside(step)
        if wanted == nil, let selection = SelectionPairs(step, trace) {
            (rowAxis, columnAxis, headAxis, head) = (.t, .s, nil, nil)
            (rows, columns, values, ranks) = (selection.rows, selection.columns, selection.values[...], selection.ranks)
            rowLabels = Self.labels(.t, step, rows, trace)
            columnLabels = Self.labels(.s, step, columns, trace)
            reach = Reach.mask(of: step, trace, rows, columns) ?? .causal(rows: rows, columns: columns, offset: columns - rows)
            (queryHeads, maskedScores, lateMask) = (nil, nil, nil)
            return
        }
        let choice = try SliceChoice(step, of: trace, head: wanted)
        (rowAxis, columnAxis, headAxis, head) = (choice.row, choice.column, choice.headAxis, choice.head)
        let shape = step.output.shape
        (rows, columns) = (shape[choice.row]!, shape[choice.column]!)
        guard rows > 0, columns > 0 else { throw FigureError("\(step.id): \(shape) holds nothing to draw") }
        values = choice.values(of: step.output)
        rowLabels = Self.labels(choice.row, step, rows, trace)
        columnLabels = Self.labels(choice.column, step, columns, trace)
        ranks = nil
        queryHeads = choice.headAxis == .g ? Self.queries(beside: step, trace) : nil
        reach = choice.row == .t && choice.column == .s ? Reach.mask(of: step, trace, rows, columns) : nil
        maskedScores = Self.scores(beside: step, trace).map { choice.values(of: $0.output) }
        lateMask = reach == nil ? nil : Reach.lateMask(of: step, trace, rows, columns)
    }

    /// The value in `row` and `column`.
    public func value(_ row: Int, _ column: Int) -> Double { values[values.startIndex + row * columns + column] }

    /// What stands in a cell.
    func mark(_ row: Int, _ column: Int) -> CellMark {
        if isMasked(row, column) { return isDropped(row, column) ? .dropped : .masked }
        return isBeyond(row, column) ? .beyond(value(row, column)) : .value(value(row, column))
    }

    /// Whether the slice shows which keys a selection keeps.
    var isSelection: Bool { ranks != nil }

    /// Whether the query could see the key, but the selection left it out.
    public func isDropped(_ row: Int, _ column: Int) -> Bool { reach?[row, column] == true && isMasked(row, column) }

    /// Whether the cell holds a number that the mask is still to hide.
    func isBeyond(_ row: Int, _ column: Int) -> Bool { reach?[row, column] == false && !isMasked(row, column) }

    /// Whether nothing is attended to here: minus infinity, or a weight that is zero because a mask or selection hides it.
    public func isMasked(_ row: Int, _ column: Int) -> Bool {
        let value = value(row, column)
        if isSelection { return value == 0 }
        if value == -.infinity { return true }
        guard value == 0, isPair else { return false }
        if let lateMask { return !lateMask[row, column] }
        if let maskedScores { return maskedScores[maskedScores.startIndex + row * columns + column] == -.infinity }
        guard let visible = step.visible, visible.rows == rows, visible.columns == columns, step.id.role.isWeights else {
            return false
        }
        return !visible[row, column]
    }

    /// Whether rows are queries and columns keys.
    public var isPair: Bool { rowAxis == .t && columnAxis == .s }

    /// The index of a cell in the step's output; -1 along an axis that was averaged over.
    public func index(_ row: Int, _ column: Int) -> [Int] {
        step.output.shape.axes.map { axis in
            if axis == .k, let ranks { return ranks[row][column] ?? -1 }
            if axis == rowAxis { return row }
            if axis == columnAxis { return column }
            if case .one(let head) = head, axis == headAxis { return head }
            return -1
        }
    }

    /// The name of a row as a reader sees it, or its number.
    public func rowName(_ row: Int) -> String { rowLabels?[row] ?? NumberText.grouped(row) }
    /// The name of a column as a reader sees it, or its number.
    public func columnName(_ column: Int) -> String { columnLabels?[column] ?? NumberText.grouped(column) }

    private static func labels(_ axis: Axis, _ step: Step, _ count: Int, _ trace: Trace) -> [String]? {
        let isText = axis == .t || axis == .s
        if let own = step.labels[axis], own.count == count { return isText ? TokenText.visible(own) : own.map { TokenText.visible($0) } }
        return isText && trace.tokens.count == count ? TokenText.visible(trace.tokens) : nil
    }

    /// The masked scores that weights were computed from: they know which zeros are masked.
    private static func scores(beside step: Step, _ trace: Trace) -> Step? {
        guard step.id.role == .weights, let scores = trace.first(.scores, in: step.id.scopes) else { return nil }
        return scores.output.shape == step.output.shape ? scores : nil
    }

    /// The queries recorded beside keys or values, or what else tells their heads.
    private static func queries(beside step: Step, _ trace: Trace) -> Step? {
        for role in [Role.query, .queryBeforeRotation, .weights] {
            if let found = trace.first(role, in: step.id.scopes) { return found }
        }
        return nil
    }
}

/// Which axis goes where.
private struct SliceChoice {
    let row: Axis
    let column: Axis
    var headAxis: Axis?
    var head: HeadChoice?

    init(_ step: Step, of trace: Trace, head wanted: HeadChoice?) throws(FigureError) {
        let axes = step.output.shape.axes
        let isPair = axes.contains(.t) && axes.contains(.s)
        let headAxis = isPair || axes.count > 2 ? axes.first { Self.heads.contains($0) } : nil
        let others = axes.filter { $0 != headAxis }
        let plain = isPair ? [.t, .s] : others
        let left = others.filter { !plain.contains($0) }
        self.headAxis = headAxis
        guard plain.count == 2, left.isEmpty else {
            throw FigureError("\(step.id): a matrix needs two axes and at most one axis of heads (h, g or j), found \(step.output.shape)")
        }
        row = plain[0]
        column = plain[1]
        guard let headAxis else {
            guard let wanted else { return }
            let choice = if case .one(let n) = wanted { "head \(n)" } else { "the mean" }
            throw FigureError("\(step.id) has no axis of heads to choose \(choice) from: \(step.output.shape)")
        }
        head = wanted ?? (isPair ? .mean : .one(0))
        let count = step.output.shape[headAxis]!
        if headAxis == .g, case .one(let n) = wanted, let heads = Self.queryHeads(of: step, trace), heads > count, heads % count == 0 {
            // Query heads in groups share one key-value head.
            guard (0..<heads).contains(n) else { throw FigureError("\(step.id): head \(n): expected 0 to \(heads - 1)") }
            head = .one(n / (heads / count))
            return
        }
        if case .one(let n) = head, !(0..<count).contains(n) { throw FigureError("\(step.id): head \(n): expected 0 to \(count - 1)") }
        if count == 1 { head = .one(0) }
    }

    /// How many query heads the attention has that `step` belongs to.
    private static func queryHeads(of step: Step, _ trace: Trace) -> Int? {
        trace.steps.first { $0.id.scopes.starts(with: step.id.scopes) && $0.output.shape.contains(.h) }?.output.shape[.h]
    }

    private static let heads: [Axis] = [.h, .j, .g]

    /// The values row by row, without a copy where they already stand so.
    func values(of tensor: Tensor) -> ArraySlice<Double> {
        guard let headAxis, let head else { return tensor.transposed(to: [row, column]).values[...] }
        let count = tensor.shape[headAxis]!
        let size = tensor.shape.count / max(count, 1)
        let ordered = tensor.transposed(to: [headAxis, row, column]).values
        if case .one(let n) = head { return ordered[n * size..<(n + 1) * size] }
        var mean = Array(ordered[..<size])
        for n in 1..<max(count, 1) {
            for i in 0..<size { mean[i] += ordered[n * size + i] }
        }
        return mean.map { $0 / Double(count) }[...]
    }
}
