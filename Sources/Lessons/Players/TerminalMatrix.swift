// A matrix as coloured cells on a terminal: rows are queries, columns are keys, the figure's query marked. Values are written where
// they fit; without colours they are all there is.

internal import Diagrams
internal import Records
internal import Traces

/// How much colour a terminal shows.
public enum TerminalColor: Hashable, Sendable {
    /// None: a pipe, or NO_COLOR.
    case none
    /// 256 colours.
    case indexed
    /// 24 bits.
    case full
}

/// Lines of a matrix figure.
struct TerminalMatrix {
    let figure: PageFigure
    let language: Language
    let columns: Int
    let color: TerminalColor

    /// The lines, or a sentence for a figure that a terminal does not draw.
    func lines() -> [String] {
        guard let id = figure.options.step, let step = try? figure.experiment.step(id), let matrix = Slice(step, figure) else { return [] }
        let labels = matrix.rowLabels(language)
        let labelWidth = min(labels.map(TerminalText.width).max() ?? 0, 16) + 2
        let width = cellWidth(matrix, columns - labelWidth)
        let shownColumns = matrix.window(of: min(matrix.columns, max((columns - labelWidth) / width, 1)))
        let firstRow = max(0, min(matrix.highlight.map { $0 - 31 } ?? 0, matrix.rows - 32))
        let shownRows = firstRow..<min(firstRow + 32, matrix.rows)
        var lines = wrapped(matrix.title(language))
        lines.append(String(repeating: " ", count: labelWidth) + header(matrix, width, shownColumns))
        for row in shownRows {
            let mark = row == matrix.highlight ? "▶ " : "  "
            let cells = shownColumns.map { cell(matrix.value(row, $0), width, matrix) }.joined()
            lines.append(TerminalText.padded(mark + labels[row], to: labelWidth) + cells)
        }
        return lines + notes(matrix, shownRows, shownColumns)
    }

    /// All columns, narrow if need be, where they fit; otherwise fewer, wide enough to be read.
    private func cellWidth(_ matrix: Slice, _ room: Int) -> Int {
        let widest = room / max(matrix.columns, 1)
        if widest >= 2 { return min(widest, 7) }
        return matrix.isSelection ? 2 : color == .none ? 5 : 3
    }

    private func header(_ matrix: Slice, _ width: Int, _ shown: Range<Int>) -> String {
        shown.map { TerminalText.padded(matrix.columnLabel($0, width - 1), to: width, right: true) }.joined()
    }

    /// Which rows and columns stand here, and what the followed row has outside them.
    private func notes(_ matrix: Slice, _ rows: Range<Int>, _ columns: Range<Int>) -> [String] {
        guard rows.count < matrix.rows || columns.count < matrix.columns else { return [] }
        let (down, across) = (matrix.rows, matrix.columns)
        let shown = Bilingual(
            en: "  shown: \(Self.range(rows, of: down, "row", "rows")), \(Self.range(columns, of: across, "column", "columns"))",
            zh: "  只显示：\(Self.range(rows, of: down, "行"))，\(Self.range(columns, of: across, "列"))")
        return [shown, matrix.outside(columns)].compactMap { $0?[language] }.flatMap(wrapped)
    }

    private static func range(_ shown: Range<Int>, of count: Int, _ one: String, _ many: String) -> String {
        if shown.count == count { return count == 1 ? "the only \(one)" : "all \(count) \(many)" }
        return shown.count == 1
            ? "\(one) \(shown.lowerBound) of \(count)" : "\(many) \(shown.lowerBound) to \(shown.upperBound - 1) of \(count)"
    }

    private static func range(_ shown: Range<Int>, of count: Int, _ kind: String) -> String {
        if shown.count == count { return "全部 \(count) \(kind)" }
        return "第 \(shown.lowerBound)\(shown.count > 1 ? " 至 \(shown.upperBound - 1)" : "") \(kind)（共 \(count) \(kind)）"
    }

    private func wrapped(_ text: String) -> [String] {
        TerminalText.wrapped([Styled(text)], columns: columns).map { $0.map(\.text).joined() }
    }

    private func cell(_ value: Double, _ width: Int, _ matrix: Slice) -> String {
        if matrix.isSelection {
            let mark = value == 1 ? "■" : value == 0 ? "·" : " "
            return TerminalText.padded(mark, to: width, right: true)
        }
        let text = TerminalText.padded(Self.fitted(value, width - 1), to: width, right: true)
        guard color != .none, value.isFinite else { return text }
        let share = matrix.largest == 0 ? 0 : min(abs(value) / matrix.largest, 1)
        // ART.md: weights run from paper to deep blue; signed values blue or orange from a neutral middle.
        let target: (Double, Double, Double) = value < 0 ? (213, 94, 0) : (0, 114, 178)
        let paper = (246.0, 248.0, 250.0)
        let (r, g, b) = (mix(paper.0, target.0, share), mix(paper.1, target.1, share), mix(paper.2, target.2, share))
        let ink = share > 0.6 ? "97" : "30"
        let ground = color == .full ? "48;2;\(r);\(g);\(b)" : "48;5;\(16 + 36 * (r * 5 / 255) + 6 * (g * 5 / 255) + b * 5 / 255)"
        return "\u{1B}[\(color == .full ? ink : share > 0.6 ? "97" : "30");\(ground)m\(text)\u{1B}[0m"
    }

    private func mix(_ a: Double, _ b: Double, _ share: Double) -> Int { Int((a + (b - a) * share).rounded()) }

    /// The value in at most `width` columns: fewer decimals where they do not fit, nothing for zero's neighbours that round to it.
    static func fitted(_ value: Double, _ width: Int) -> String {
        if value == -.infinity { return width >= 2 ? "-∞" : "·" }
        if value == 0 { return "0" }
        for decimals in stride(from: 3, through: 0, by: -1) {
            var text = NumberText.fixed(value, decimals: decimals)
            if abs(value) < 1, decimals > 0, text.count > width {
                text = text.replacingPrefix("0.", with: ".").replacingPrefix("-0.", with: "-.")
            }
            if text.count <= width { return text }
        }
        return "▪"
    }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String, with other: String) -> String {
        hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
    }
}

/// A 2-D part of a step's output, as the matrix figure slices it.
private struct Slice {
    let tensor: Tensor
    let rowNames, columnNames: [String]?
    let rowAxis, columnAxis: Axis
    let drawnTitle: Bilingual
    let headNote: Bilingual?
    let rowKind, columnKind: Bilingual
    let highlight: Int?
    /// The column of the followed query's own token: the last that it sees.
    private let ownColumn: Int?
    let largest: Double
    let runName: String
    /// Whether cells say which keys were kept: 1 kept, 0 not, minus infinity out of sight.
    let isSelection: Bool

    var rows: Int { tensor.shape.lengths[0] }
    var columns: Int { tensor.shape.lengths[1] }

    init?(_ step: Step, _ figure: PageFigure) {
        guard let drawn = try? MatrixSlice(step, of: figure.experiment.trace, head: figure.options.head) else { return nil }
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
        runName = figure.experiment.text
    }

    /// A selection of positions [t, k] as a matrix [t, s].
    private static func choice(_ step: Step, past: Int) -> Tensor {
        let rows = step.output.shape.lengths[0]
        let chosen = Mask.causal(rows: rows, columns: past + rows, offset: past).selecting(step.output)
        return Tensor(Shape([(.t, rows), (.s, past + rows)])) { index in
            chosen[index[0], index[1]] ? 1 : index[1] <= past + index[0] ? 0 : -.infinity
        }
    }

    func value(_ row: Int, _ column: Int) -> Double { tensor[row, column] }

    /// `count` columns: those up to the followed query's own where columns are keys, the first ones otherwise.
    func window(of count: Int) -> Range<Int> {
        let end = min(max((ownColumn ?? 0) + 1, count), columns)
        return end - count..<end
    }

    /// What the followed row has outside `shown`: its largest value, if that stands there, or how many keys it keeps there.
    func outside(_ shown: Range<Int>) -> Bilingual? {
        guard let highlight, ownColumn != nil, highlight < rows else { return nil }
        let hidden = (0..<columns).filter { !shown.contains($0) && value(highlight, $0).isFinite }
        if isSelection {
            let kept = hidden.count { value(highlight, $0) == 1 }
            guard kept > 0 else { return nil }
            return Bilingual(
                en: "  row \(highlight) keeps \(kept) more \(kept == 1 ? "key" : "keys") outside", zh: "  第 \(highlight) 行在此之外还留下 \(kept) 个"
            )
        }
        guard let top = hidden.max(by: { value(highlight, $0) < value(highlight, $1) }),
            !shown.contains(where: { value(highlight, $0) >= value(highlight, top) })
        else { return nil }
        let text = NumberText.fixed(value(highlight, top), decimals: 3)
        return Bilingual(
            en: "  the largest value of row \(highlight), \(text), is in column \(top)", zh: "  第 \(highlight) 行的最大值 \(text) 在第 \(top) 列")
    }

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

    func title(_ language: Language) -> String {
        var note = headNote.map { language == .en ? ", \($0.en)" : "，\($0.zh)" } ?? ""
        if isSelection { note += Bilingual(en: ", ■ kept", zh: "，■ 留下")[language] }
        return drawnTitle[language] + note
            + Bilingual(en: " (row: \(rowKind.en), column: \(columnKind.en))", zh: "（行：\(rowKind.zh)，列：\(columnKind.zh)）")[language]
    }
}
