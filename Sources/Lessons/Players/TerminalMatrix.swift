// A matrix as coloured cells on a terminal: rows are queries, columns are keys, the figure's query marked. Values are written where
// they fit; without colours they are all there is.

internal import AttentionEngine
internal import Diagrams

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
        let width = max(min((columns - labelWidth) / max(matrix.columns, 1), 7), 2)
        let shownColumns = min(matrix.columns, max((columns - labelWidth) / width, 1))
        let shownRows = Array(max(0, min(matrix.highlight.map { $0 - 31 } ?? 0, matrix.rows - 32))..<matrix.rows).prefix(32)
        var lines = wrapped(matrix.title(step, language))
        lines.append(String(repeating: " ", count: labelWidth) + header(matrix, width, shownColumns))
        for row in shownRows {
            let mark = row == matrix.highlight ? "▶ " : "  "
            let cells = (0..<shownColumns).map { cell(matrix.value(row, $0), width, matrix) }.joined()
            lines.append(TerminalText.padded(mark + labels[row], to: labelWidth) + cells)
        }
        lines += notes(matrix, shownColumns, shownRows.count)
        return lines
    }

    private func header(_ matrix: Slice, _ width: Int, _ count: Int) -> String {
        (0..<count).map { TerminalText.padded(matrix.columnLabel($0, width - 1), to: width, right: true) }.joined()
    }

    private func notes(_ matrix: Slice, _ shownColumns: Int, _ shownRows: Int) -> [String] {
        var notes: [String] = []
        if shownColumns < matrix.columns || shownRows < matrix.rows {
            notes.append(
                Bilingual(
                    en: "  shown: \(shownRows) of \(matrix.rows) rows, the first \(shownColumns) of \(matrix.columns) columns",
                    zh: "  只显示了 \(matrix.rows) 行中的 \(shownRows) 行，\(matrix.columns) 列中的前 \(shownColumns) 列")[language])
        }
        return notes.flatMap(wrapped)
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
    let headNote: Bilingual?
    let highlight: Int?
    let largest: Double
    let runName: String
    /// Whether cells say which keys were kept: 1 kept, 0 not, minus infinity out of sight.
    let isSelection: Bool

    var rows: Int { tensor.shape.lengths[0] }
    var columns: Int { tensor.shape.lengths[1] }

    init?(_ step: Step, _ figure: PageFigure) {
        var tensor = step.output
        var note: Bilingual?
        for axis in [Axis.h, .g, .j] where tensor.shape.contains(axis) && tensor.shape.rank == 3 {
            let count = tensor.shape[axis] ?? 1
            if case .one(let head)? = figure.options.head {
                let own = axis == .g ? head * count / max(count, figure.heads) : head
                guard (0..<count).contains(own) else { return nil }
                tensor = tensor.slice(axis, at: own)
                let name = step.labels[axis]?[own] ?? "\(own)"
                note = axis == .j ? Bilingual(en: "index head \(name)", zh: "索引头 \(name)") : Bilingual(en: "head \(name)", zh: "头 \(name)")
            } else {
                tensor = tensor.mean(over: axis)
                note = Bilingual(en: "mean of \(count) heads", zh: "\(count) 个头的平均")
            }
        }
        guard tensor.shape.rank == 2 else { return nil }
        isSelection = tensor.shape.axes == [.t, .k]
        if isSelection { tensor = Self.choice(step, past: figure.experiment.past(before: step)) }
        self.tensor = tensor
        (rowAxis, columnAxis) = (tensor.shape.axes[0], tensor.shape.axes[1])
        (rowNames, columnNames) = (step.labels[rowAxis], step.labels[columnAxis])
        headNote = note
        highlight = rowAxis == .t || rowAxis == .s ? figure.options.query : nil
        largest = tensor.values.filter(\.isFinite).reduce(0) { max($0, abs($1)) }
        runName = figure.experiment.text
    }

    /// A selection of positions [t, k] as a matrix [t, s].
    private static func choice(_ step: Step, past: Int) -> Tensor {
        let rows = step.output.shape.lengths[0]
        let chosen = Mask(selection: step.output, columns: past + rows)
        return Tensor(Shape([(.t, rows), (.s, past + rows)])) { index in
            chosen[index[0], index[1]] ? 1 : index[1] <= past + index[0] ? 0 : -.infinity
        }
    }

    func value(_ row: Int, _ column: Int) -> Double { tensor[row, column] }

    func rowLabels(_ language: Language) -> [String] {
        (0..<rows).map { row in
            guard let name = rowNames?[row] else { return "\(row)" }
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

    func title(_ step: Step, _ language: Language) -> String {
        let axes: [Axis: Bilingual] = [
            .t: Bilingual(en: "queries", zh: "查询"), .s: Bilingual(en: "keys", zh: "键"), .c: Bilingual(en: "features", zh: "特征"),
            .d: Bilingual(en: "numbers of the head", zh: "这个头里的各个数"),
        ]
        let (row, column) = (axes[rowAxis] ?? Bilingual(same: rowAxis.name), axes[columnAxis] ?? Bilingual(same: columnAxis.name))
        var note = headNote.map { language == .en ? ", \($0.en)" : "，\($0.zh)" } ?? ""
        if isSelection { note += Bilingual(en: ", ■ kept", zh: "，■ 留下")[language] }
        return step.title[language] + note
            + Bilingual(en: " (rows: \(row.en), columns: \(column.en))", zh: "（行：\(row.zh)，列：\(column.zh)）")[language]
    }
}

extension PageFigure {
    fileprivate var heads: Int { (try? experiment.step("attention.weights"))?.output.shape[.h] ?? 1 }
}
