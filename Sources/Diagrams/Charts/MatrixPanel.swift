// One matrix on paper: square cells with hairline gaps, row names at the left, column names along the bottom, the story's row framed. Used by
// every figure that shows a matrix, so that all of them look alike.

import Traces

/// What stands in one cell.
enum CellMark {
    /// A number.
    case value(Double)
    /// Hidden by the mask: blank.
    case masked
    /// Visible, but not selected: hatched.
    case dropped
    /// A number that a mask is still to hide: pale.
    case beyond(Double)
}

/// Where the parts of a matrix go.
struct MatrixPanel {
    /// How the column names stand: level, or where they do not fit, Chinese ones upright and others turned.
    enum ColumnLabels: Hashable { case level, apart }

    let rows: Int
    let columns: Int
    /// The width of a cell.
    let cell: Double
    /// The height of a cell: as its width, but for tables of few columns.
    let rowHeight: Double
    let origin: Point
    let rowLabels: [String]
    let columnLabels: [String]
    let columnMode: ColumnLabels
    /// The space that the column names need below the matrix.
    let labelHeight: Double
    let rowStep: Int
    let columnStep: Int
    let style: TextStyle

    /// The area of the cells.
    var area: Rect { Rect(origin.x, origin.y, cell * Double(columns), rowHeight * Double(rows)) }

    func frame(_ row: Int, _ column: Int) -> Rect {
        Rect(origin.x + cell * Double(column), origin.y + rowHeight * Double(row), cell, rowHeight)
    }

    init(
        rows: [String], columns: [String], cell: Double, rowHeight: Double? = nil, origin: Point, style: TextStyle,
        measure: (String, TextStyle) -> Double
    ) {
        self.rowHeight = rowHeight ?? cell
        (self.rows, self.columns, self.cell, self.origin, self.style) = (rows.count, columns.count, cell, origin, style)
        (rowLabels, columnLabels) = (rows, columns)
        rowStep = Self.step(style, self.rowHeight)
        let widest = columns.map { measure($0, style) }.max() ?? 0
        if widest <= cell - 3 {
            columnMode = .level
            columnStep = 1
            labelHeight = style.size * 1.95
        } else {
            columnMode = .apart
            let upright = columns.filter(TokenText.isIdeographic)
            let longest = upright.map { $0.count }.max() ?? 0
            columnStep = Self.step(style, cell, longest > 1 ? Self.stackedPitch : Self.namePitch)
            let turned =
                columns.filter { !TokenText.isIdeographic($0) }.map { measure($0, style) * Self.sine + style.size * 0.9 }.max() ?? 0
            labelHeight = max(turned, longest > 0 ? style.size * (Self.stackedLeading * Double(longest) + 0.5) : 0)
        }
    }

    /// The least distance of names, in their size.
    static let namePitch = 1.08
    /// The least distance of names that are read downwards: wider apart than their own characters, or they would be read across.
    private static let stackedPitch = 1.25
    private static let stackedLeading = 1.05

    /// Turned names fall to the right at 60 degrees.
    private static let sine = 0.8660254
    private static let angle = 60.0

    /// Every how many cells have a name.
    private static func step(_ style: TextStyle, _ cell: Double, _ pitch: Double = namePitch) -> Int {
        max(1, Int((style.size * pitch / cell - 1e-9).rounded(.up)))
    }

    /// The cells, with numbers where `digits` gives a text.
    func cells(_ scale: MatrixScale, digits: TextStyle?, mark: (Int, Int) -> CellMark) -> [Item] {
        var items: [Item] = []
        for row in 0..<rows {
            for column in 0..<columns {
                let area = frame(row, column).insetBy(min(cell, rowHeight) > 6 ? 0.5 : min(cell, rowHeight) * 0.06)
                switch mark(row, column) {
                case .masked: break
                case .dropped: items.append(.rect(area, fill: .hatch(lines: .hatch, background: nil, spacing: 3.2, width: 0.6)))
                case .value(let value) where value.isFinite: items += number(value, area, scale, digits)
                case .beyond(let value) where value.isFinite:
                    items.append(.rect(area, fill: .solid(scale.paint(value).pale)))
                case .value(let value), .beyond(let value): items += broken(value, area)
                }
            }
        }
        return items
    }

    private func number(_ value: Double, _ area: Rect, _ scale: MatrixScale, _ digits: TextStyle?) -> [Item] {
        let paint = scale.paint(value)
        var items: [Item] = [.cell(area, paint)]
        if let digits {
            let style = TextStyle(size: digits.size, weight: digits.weight, color: .text(on: paint))
            let text = scale.text(value)
            if !text.isEmpty {
                items.append(.text(TextRun(text, style, at: Point(area.midX, area.midY + digits.size * 0.36), anchor: .middle)))
            }
        } else if value < 0, scale.kind == .signed, cell >= 5 {
            items.append(.only(Theme.grey, [Self.minus(in: area, .text(on: paint))]))
        }
        return items
    }

    /// The sign of a negative number where grey says only its size and there is no room for digits.
    static func minus(in area: Rect, _ color: Paint) -> Item {
        let half = min(area.width, area.height) * 0.22
        return .path(
            [.move(Point(area.midX - half, area.midY)), .line(Point(area.midX + half, area.midY))], stroke: Stroke(color, width: 1))
    }

    /// NaN and infinity are shown, not hidden: a crossed cell, or one with their name where it fits.
    private func broken(_ value: Double, _ area: Rect) -> [Item] {
        guard cell >= 30 else { return Self.crossed(area) }
        let style = TextStyle(size: 11, weight: .semibold, color: .ink)
        let name = TextRun(value.isNaN ? "NaN" : "∞", style, at: Point(area.midX, area.midY + 4), anchor: .middle)
        return [Self.alarmed(area), .text(name)]
    }

    /// A cell without a finite number.
    static func crossed(_ area: Rect) -> [Item] {
        let inner = area.insetBy(0.6)
        let cross: [PathElement] = [
            .move(Point(inner.x, inner.y)), .line(Point(inner.maxX, inner.maxY)), .move(Point(inner.maxX, inner.y)),
            .line(Point(inner.x, inner.maxY)),
        ]
        return [alarmed(area), .path(cross, stroke: alarm)]
    }

    private static func alarmed(_ area: Rect) -> Item {
        .rect(area.insetBy(0.6), fill: .solid(Paint.alarm.mixed(0.12)), stroke: alarm)
    }

    private static let alarm = Stroke(.alarm, width: 1.2)

    /// Row names, the highlighted one in bold.
    func rowNames(highlighted: Int?) -> [Item] {
        (0..<rows).filter { isShown($0, rowStep, highlighted, rows) }.map { row in
            .text(
                TextRun(
                    rowLabels[row], named(row == highlighted), at: Point(origin.x - 8, frame(row, 0).midY + style.size * 0.36),
                    anchor: .end))
        }
    }

    /// Column names below the matrix.
    func columnNames(highlighted: Int?) -> [Item] {
        var items: [Item] = []
        for column in 0..<columns where isShown(column, columnStep, highlighted, columns) {
            let (x, y) = (frame(0, column).midX, area.maxY)
            let name = columnLabels[column]
            let style = named(column == highlighted)
            switch columnMode {
            case .level: items.append(.text(TextRun(name, style, at: Point(x, y + style.size * 1.35), anchor: .middle)))
            case .apart where TokenText.isIdeographic(name):
                for (i, character) in name.enumerated() {
                    items.append(
                        .text(
                            TextRun(
                                String(character), style, at: Point(x, y + style.size * (1.3 + Self.stackedLeading * Double(i))),
                                anchor: .middle)))
                }
            case .apart:
                items.append(.text(TextRun(name, style, at: Point(x - style.size * 0.18, y + style.size * 0.75), rotation: Self.angle)))
            }
        }
        return items
    }

    /// How far turned names of the given widths reach beyond the last column.
    static func overhang(_ widths: [Double], cell: Double) -> Double {
        widths.enumerated().reduce(0) { max($0, $1.element / 2 + 6 - (Double(widths.count - $1.offset) - 0.5) * cell) }
    }

    /// The frame around the story's row.
    func rowFrame(_ row: Int, _ color: Paint) -> Item {
        .rect(Rect(area.x, frame(row, 0).y, area.width, rowHeight).insetBy(-1), stroke: Stroke(color, width: 2))
    }

    /// The frame around the story's column.
    func columnFrame(_ column: Int, _ color: Paint) -> Item {
        .rect(Rect(frame(0, column).x, area.y, cell, area.height).insetBy(-1), stroke: Stroke(color, width: 2))
    }

    private func named(_ isHighlighted: Bool) -> TextStyle {
        TextStyle(size: style.size, weight: isHighlighted ? .bold : .regular, color: isHighlighted ? .ink : .muted)
    }

    /// Where there is no room for every name, the first and every n-th; the highlighted one always, without its close neighbours.
    private func isShown(_ position: Int, _ step: Int, _ highlighted: Int?, _ count: Int) -> Bool {
        if position == highlighted || step == 1 { return true }
        if let highlighted, abs(position - highlighted) < step { return false }
        return position % step == 0
    }
}
