// What a terminal draws of a matrix figure: two axes of a step, their names, and where the step's own cell stands among them.

internal import Diagrams

internal import Traces

/// A 2-D part of a step's output, as the matrix figure slices it.
struct TerminalSlice {
    private let step: Step
    private let tensor: Tensor
    private let rowNames, columnNames: [String]?
    private let rowAxis, columnAxis: Axis
    private let drawnTitle: Bilingual
    private let headNote: Bilingual?
    /// What rows and columns are.
    let rowKind, columnKind: Bilingual
    /// The row that the figure follows.
    let highlight: Int?
    /// The column of the followed query's own token: the last that it sees.
    private let ownColumn: Int?
    /// The largest absolute value.
    let largest: Double
    /// Whether cells say which keys were kept: 1 kept, 0 not, minus infinity out of sight.
    let isSelection: Bool

    var rows: Int { tensor.shape.lengths[0] }
    var columns: Int { tensor.shape.lengths[1] }

    /// What `figure` shows; nil for a step that is no matrix.
    init?(_ figure: PageFigure) {
        guard let id = figure.options.step, let step = try? figure.experiment.step(id),
            let drawn = try? MatrixSlice(step, of: figure.experiment.trace, head: figure.options.head)
        else { return nil }
        self.step = step
        var tensor = step.output
        for axis in [Axis.h, .g, .j] where tensor.shape.contains(axis) && tensor.shape.rank == 3 {
            if case .one(let head)? = drawn.head { tensor = tensor.slice(axis, at: head) } else { tensor = tensor.mean(over: axis) }
        }
        guard tensor.shape.rank == 2 else { return nil }
        isSelection = tensor.shape.axes == [.t, .k]
        let past = figure.experiment.past(before: step)
        if isSelection { tensor = Self.choice(step, past: past) }
        self.tensor = tensor
        (rowAxis, columnAxis) = (tensor.shape.axes[0], tensor.shape.axes[1])
        (rowNames, columnNames) = (step.labels[rowAxis], step.labels[columnAxis])
        drawnTitle = drawn.title
        headNote = drawn.headName
        (rowKind, columnKind) = (drawn.axisName(rowAxis), drawn.axisName(columnAxis))
        highlight = rowAxis == .t || rowAxis == .s ? figure.options.query : nil
        ownColumn = rowAxis == .t && columnAxis == .s ? highlight.map { $0 + past } : nil
        largest = tensor.values.filter(\.isFinite).reduce(0) { max($0, abs($1)) }
    }

    /// A selection of positions [t, k] as a matrix [t, s].
    private static func choice(_ step: Step, past: Int) -> Tensor {
        let rows = step.output.shape.lengths[0]
        let chosen = Mask.causal(rows: rows, columns: past + rows, offset: past).selecting(step.output)
        return Tensor(Shape([(.t, rows), (.s, past + rows)])) { index in
            chosen[index[0], index[1]] ? 1 : index[1] <= past + index[0] ? 0 : -.infinity
        }
    }

    /// The value of a cell.
    func value(_ row: Int, _ column: Int) -> Double { tensor[row, column] }

    /// Whether both say which keys the same queries keep.
    func isComparable(with other: TerminalSlice) -> Bool {
        isSelection && other.isSelection && tensor.shape == other.tensor.shape && rowNames == other.rowNames
    }

    /// Whether both show the same numbers.
    func isEqual(to other: TerminalSlice) -> Bool { tensor == other.tensor && rowNames == other.rowNames }

    /// The row and column of the cell `focus`, as far as it stands in this matrix: it may be a cell of another step about the same tokens.
    func point(_ focus: (step: String, index: [Int])?, _ figure: PageFigure) -> (row: Int?, column: Int?) {
        guard let focus, let asked = try? figure.experiment.step(focus.step), asked.output.shape.contains(index: focus.index),
            asked.id.pass == step.id.pass
        else { return (nil, nil) }
        func position(_ axis: Axis) -> Int? {
            guard asked.id == step.id || axis == .t || axis == .s else { return nil }
            return asked.output.shape.axes.firstIndex(of: axis).map { focus.index[$0] }
        }
        // A cell of a selection is a rank; the key that has it is a column.
        let kept = asked.id == step.id && isSelection ? Int(exactly: asked.output[focus.index]) : nil
        let (row, column) = (position(rowAxis), kept ?? position(columnAxis))
        return (row.flatMap { $0 < rows ? $0 : nil }, column.flatMap { (0..<columns).contains($0) ? $0 : nil })
    }

    /// `count` columns: those around `point`; without one those up to the followed query's own where columns are keys, the first ones otherwise.
    func window(of count: Int, around point: Int?) -> Range<Int> {
        let end = point.map { $0 + (count + 1) / 2 } ?? (ownColumn ?? 0) + 1
        let last = min(max(end, count), columns)
        return last - count..<last
    }

    /// What the followed row has outside `shown`: its largest value, if that stands there, or how many keys it keeps there.
    func outside(_ shown: Range<Int>) -> Bilingual? {
        guard let highlight, ownColumn != nil, highlight < rows else { return nil }
        let hidden = (0..<columns).filter { !shown.contains($0) && value(highlight, $0).isFinite }
        if isSelection {
            let kept = hidden.count { value(highlight, $0) == 1 }
            guard kept > 0 else { return nil }
            return Bilingual(
                en: "  row \(highlight) keeps \(kept) more \(kept == 1 ? "key" : "keys") outside", zh: "  行 \(highlight) 在此之外还留下 \(kept) 个"
            )
        }
        guard let top = hidden.max(by: { value(highlight, $0) < value(highlight, $1) }),
            !shown.contains(where: { value(highlight, $0) >= value(highlight, top) })
        else { return nil }
        let text = NumberText.fixed(value(highlight, top), decimals: 3)
        return Bilingual(
            en: "  the largest value of row \(highlight), \(text), is in column \(top)", zh: "  行 \(highlight) 的最大值 \(text) 在列 \(top)")
    }

    /// The names of rows.
    func rowLabels(_ language: Language) -> [String] {
        (0..<rows).map { row in
            guard let name = rowNames?[row] else { return "\(row)" }
            // Tokens without words are called by their positions.
            if Int(name) != nil { return name }
            return "\(row) \(TerminalText.sanitized(name))"
        }
    }

    /// Features by name; tokens by number, since rows spell them out.
    func columnLabel(_ column: Int, _ width: Int) -> String {
        guard columnAxis != .s, columnAxis != .t, let name = columnNames?[column], TerminalText.width(name) <= width else {
            let text = "\(column)"
            return text.count <= width ? text : String(text.suffix(width))
        }
        return name
    }

    /// What the matrix is, with its head.
    var name: Bilingual { drawnTitle + (headNote.map { Bilingual(en: ", \($0.en)", zh: "，\($0.zh)") } ?? Bilingual(same: "")) }

    /// What the matrix is, what its marks mean, and what rows and columns are.
    func title(_ language: Language, marksChanges: Bool) -> String {
        var note = ""
        if marksChanges {
            note += Bilingual(en: ", ■ kept, + kept now, - no more", zh: "，■ 留下，+ 新留下，- 不再留下")[language]
        } else if isSelection {
            note += Bilingual(en: ", ■ kept", zh: "，■ 留下")[language]
        }
        return name[language] + note
            + Bilingual(en: " (row: \(rowKind.en), column: \(columnKind.en))", zh: "（行：\(rowKind.zh)，列：\(columnKind.zh)）")[language]
    }
}
