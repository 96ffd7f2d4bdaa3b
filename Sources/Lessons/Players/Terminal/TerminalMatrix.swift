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
    private let figure: PageFigure
    private let focus: (step: String, index: [Int])?
    private let language: Language
    private let player: TerminalPlayer
    private let lessons: PageFigure?
    private var columns: Int { player.columns }
    private var color: TerminalColor { player.color }

    /// - Parameters:
    ///   - focus: the cell that the figure's step is about: what does not fit is left out far from it.
    ///   - lessons: the same figure with the lesson's own values: of a selection, what came and what went is marked.
    init(
        _ figure: PageFigure, focus: (step: String, index: [Int])?, _ language: Language, on player: TerminalPlayer,
        against lessons: PageFigure? = nil
    ) {
        (self.figure, self.focus, self.language, self.player, self.lessons) = (figure, focus, language, player, lessons)
    }

    /// The lines; none for a step that is no matrix.
    func lines() -> [String] {
        guard let matrix = TerminalSlice(figure) else { return [] }
        let before = lessons.flatMap(TerminalSlice.init).flatMap { matrix.isComparable(with: $0) ? $0 : nil }
        let labels = matrix.rowLabels(language)
        let labelWidth = min(labels.map(TerminalText.width).max() ?? 0, 16) + 2
        let width = cellWidth(matrix, columns - labelWidth)
        let point = matrix.point(focus, figure)
        let shownColumns = matrix.window(of: min(matrix.columns, max((columns - labelWidth) / width, 1)), around: point.column)
        let title = wrapped(matrix.title(language, marksChanges: before != nil))
        let shownRows = rows(matrix, point.row ?? matrix.highlight, title.count, shownColumns)
        var lines = title
        lines.append(String(repeating: " ", count: labelWidth) + header(matrix, width, shownColumns, point.column))
        for row in shownRows {
            let mark = row == matrix.highlight ? "▶ " : "  "
            let cells = shownColumns.map { column in
                cell(matrix.value(row, column), width, matrix, before: before?.value(row, column))
            }
            lines.append(TerminalText.padded(mark + labels[row], to: labelWidth) + cells.joined())
        }
        return lines + notes(matrix, shownRows, shownColumns)
    }

    /// As many rows as one screen has beside title, header, notes and a prompt; what is left out is far from `point`.
    private func rows(_ matrix: TerminalSlice, _ point: Int?, _ title: Int, _ columns: Range<Int>) -> Range<Int> {
        func around(_ count: Int) -> Range<Int> {
            let start = max(0, min((point ?? 0) - count / 2, matrix.rows - count))
            return start..<min(start + count, matrix.rows)
        }
        guard let screen = player.rows else { return around(32) }
        let room = max(screen - 2 - title, 4)
        let all = around(matrix.rows)
        if all.count + notes(matrix, all, columns).count <= room { return all }
        let some = around(max(room, 1))
        return around(min(max(room - notes(matrix, some, columns).count, 3), matrix.rows))
    }

    /// All columns, narrow if need be, where they fit; otherwise fewer, wide enough to be read.
    private func cellWidth(_ matrix: TerminalSlice, _ room: Int) -> Int {
        let widest = room / max(matrix.columns, 1)
        // Narrower, a share of 0.6 would stand there as 1.
        let least = matrix.isSelection ? 2 : color == .none ? 4 : 3
        if widest >= least { return min(widest, 7) }
        return matrix.isSelection ? 2 : color == .none ? 5 : 3
    }

    /// The numbers or names of columns; that of the step's cell stands out.
    private func header(_ matrix: TerminalSlice, _ width: Int, _ shown: Range<Int>, _ point: Int?) -> String {
        shown.map { column in
            let text = TerminalText.padded(matrix.columnLabel(column, width - 1), to: width, right: true)
            return color == .none || column != point ? text : "\u{1B}[1m\(text)\u{1B}[0m"
        }.joined()
    }

    /// Which rows and columns stand here, and what the followed row has outside them.
    private func notes(_ matrix: TerminalSlice, _ rows: Range<Int>, _ columns: Range<Int>) -> [String] {
        guard rows.count < matrix.rows || columns.count < matrix.columns else { return [] }
        let (down, across) = (Self.part(rows, of: matrix.rows, matrix.rowKind), Self.part(columns, of: matrix.columns, matrix.columnKind))
        let shown = Bilingual(en: "  shown: \(down.en), \(across.en)", zh: "  只显示：\(down.zh)，\(across.zh)")
        return [shown, matrix.outside(columns)].compactMap { $0?[language] }.flatMap(wrapped)
    }

    /// `keys 8–17 of 24`.
    private static func part(_ shown: Range<Int>, of count: Int, _ kind: Bilingual) -> Bilingual {
        // Letters that stand for an axis, the same in both languages, have no plural.
        let one = kind.en
        let many = one == kind.zh ? one : ["query", "entry"].contains { one.hasSuffix($0) } ? "\(one.dropLast())ies" : one + "s"
        if shown.count == count {
            return Bilingual(en: count == 1 ? "the only \(one)" : "all \(count) \(many)", zh: "全部 \(count) 个\(kind.zh)")
        }
        let (first, last) = (shown.lowerBound, shown.upperBound - 1)
        let numbers = first == last ? "\(first)" : "\(first)–\(last)"
        return Bilingual(en: "\(first == last ? one : many) \(numbers) of \(count)", zh: "\(kind.zh) \(numbers)（共 \(count) 个）")
    }

    private func wrapped(_ text: String) -> [String] {
        TerminalText.wrapped([Styled(text)], columns: columns).map { $0.map(\.text).joined() }
    }

    private func cell(_ value: Double, _ width: Int, _ matrix: TerminalSlice, before: Double?) -> String {
        if matrix.isSelection {
            let mark = value == 1 ? (before == 0 ? "+" : "■") : value == 0 ? (before == 1 ? "-" : "·") : " "
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
