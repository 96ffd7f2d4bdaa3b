// The figure `difference`: two runs of the same, and one step of the second less the same step of the first. Numbers on a scale that diverges from zero;
// a selection as keys that both keep, and keys that one of them keeps alone, told apart by a sign and not by colour alone.

import Traces

extension Figure {
    /// One step of two runs, subtracted.
    public static let difference = Figure(
        name: "difference",
        summary: Bilingual(en: "Two runs of the same: one step of the second less that of the first", zh: "同一算例跑两次：同一步骤，后一次减前一次"),
        takes: [.step, .head, .query, .phase], leastWidth: leastChartWidth
    ) { data, options, text throws(FigureError) in
        let pair = try DifferencePair(data, options)
        var figure = try DifferenceFigure(pair, data.provenance, options, text)
        return figure.scene()
    }
}

struct DifferenceFigure {
    let pair: DifferencePair
    private let query: Int?
    let words: DifferenceWords
    private let provenance: Provenance
    private let options: FigureOptions
    private let scale: MatrixScale
    var frame: PictureFrame

    init(_ pair: DifferencePair, _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        (self.pair, self.provenance) = (pair, provenance)
        self.options = MatrixFigure.fitted(options, to: pair.first)
        frame = try PictureFrame(self.options, text)
        if let query = options.query {
            guard [.t, .s].contains(pair.first.rowAxis), (0..<pair.rows).contains(query) else {
                throw FigureError(
                    "difference: query \(query): expected rows of tokens, 0 to \(pair.rows - 1), found \(pair.first.step.output.shape)")
            }
        }
        // Where no row is named, the one that differs most.
        let distances = (0..<pair.rows).map(pair.distance)
        let most = distances.max() ?? 0
        query = options.query ?? (most > 0 ? distances.firstIndex(of: most) : nil)
        words = DifferenceWords(pair: pair, query: query)
        scale = MatrixScale(signed: words.largest.map { abs($0.value) } ?? 1)
    }

    mutating func scene() -> Scene {
        let (words, language) = (words, frame.language)
        frame.head(words.title[language]) { words.subtitle($0)[language] }
        let body = frame.items.count
        frame.y += frame.type.body * 1.4
        matrix()
        frame.y += frame.type.label * 0.9
        frame.legend(legend)
        frame.y += frame.type.small * 0.9
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "difference", step: pair.first.step.id.text, data: provenance))
    }

    var labelStyle: TextStyle { frame.style(frame.type.label, .muted) }

    private func names(_ count: Int, _ name: (Int) -> String) -> [String] {
        let limit = max(62, frame.contentWidth * 0.13)
        return (0..<count).map { TokenText.shortened(name($0), to: limit) { frame.width($0, labelStyle) } }
    }

    // MARK: The matrix

    private mutating func matrix() {
        let (rows, columns) = (names(pair.rows, pair.rowName), names(pair.columns, pair.columnName))
        let gutter = frame.type.label * 2.1 + (rows.map { frame.width($0, labelStyle) }.max() ?? 0) + 10
        let side = pair.isSelection ? frame.width("−00 +00", labelStyle) + 12 : 0
        if side > 0 { frame.y += frame.type.label * 1.3 }
        let widths = columns.map { frame.width($0, labelStyle) }
        // Beside the matrix, where there is room, its framed row in full.
        let isBeside = query != nil && frame.contentWidth >= 700
        let cell = cellSize(frame.contentWidth * (isBeside ? 0.56 : 1) - gutter - side, widths)
        let (text, language) = (frame.text, frame.language)
        let panel = MatrixPanel(
            rows: rows, columns: columns, cell: cell, origin: Point((frame.type.margin + gutter).rounded(), frame.y.rounded()),
            style: frame.nameStyle(cell: cell), measure: { text.measure($0, $1, language).width })
        cells(panel)
        frame.items.append(.group("rows", panel.rowNames(highlighted: query)))
        frame.items.append(.group("columns", panel.columnNames(highlighted: nil)))
        if let query { frame.items.append(panel.rowFrame(query, .query)) }
        if side > 0 { counts(panel) }
        axisNames(panel)
        if isBeside, let query {
            let gap = side + max(40, frame.type.label * 4)
            let left = panel.area.maxX + gap
            row(
                query,
                in: Rect(
                    left, panel.area.y, frame.width - frame.type.margin - left, panel.area.height + panel.labelHeight + frame.type.label))
        }
        frame.y = panel.area.maxY + panel.labelHeight + frame.type.label * 1.9
    }

    private func cellSize(_ width: Double, _ names: [Double]) -> Double {
        var cell = min(width / Double(pair.columns), 30)
        if let proportion = options.preset.proportion {
            let below = (names.max() ?? 0) + frame.type.label * 3.8 + frame.type.small * 6 + max(16, frame.type.margin * 0.55)
            cell = min(cell, max(8, (frame.width * proportion - frame.y - below) / Double(pair.rows)))
        }
        return cell >= 8 ? cell.rounded(.down) : max(cell, 2)
    }

    private mutating func cells(_ panel: MatrixPanel) {
        let digits = digits(panel.cell)
        var items: [Item] = []
        for row in 0..<pair.rows {
            for column in 0..<pair.columns {
                let place = panel.frame(row, column)
                let cell = pair[row, column]
                items += self.items(cell, isAlone: pair.isGained(row, column), place, digits)
                guard cell != .masked else { continue }
                items.append(
                    .hotSpot(
                        HotSpot(place, step: pair.first.step.id.text, index: pair.first.index(row, column), label: words.label(row, column))
                    ))
            }
        }
        frame.items.append(.group("cells", items))
    }

    /// What a cell shows; a number of one run alone has a sign, where there is no room for its digits.
    private func items(_ cell: DifferencePair.Cell, isAlone: Bool?, _ place: Rect, _ digits: TextStyle?) -> [Item] {
        let area = place.insetBy(place.width > 6 ? 0.5 : place.width * 0.06)
        switch cell {
        case .masked: return []
        case .dropped: return [.rect(area, fill: frame.hatching)]
        case .both: return [.rect(area, fill: .solid(Self.kept))]
        case .lost: return sign(area, Self.lost, isPlus: false)
        case .gained: return sign(area, Self.gained, isPlus: true)
        case .number(let value) where value.isFinite:
            let paint = scale.paint(value)
            if let digits {
                guard value != 0 else { return [.cell(area, paint)] }
                let style = frame.style(digits.size, .text(on: paint))
                let number = TextRun(words.text(value), style, at: Point(area.midX, area.midY + digits.size * 0.36), anchor: .middle)
                return [.cell(area, paint), .text(number)]
            }
            if let isGained = isAlone { return sign(area, paint, isPlus: isGained) }
            let minus = value < 0 && area.width >= 5 ? [Item.only(Theme.grey, [MatrixPanel.minus(in: area, .text(on: paint))])] : []
            return [.cell(area, paint)] + minus
        case .number: return [.rect(area.insetBy(0.6), fill: .solid(Paint.alarm.mixed(0.12)), stroke: Stroke(.alarm, width: 1.2))]
        }
    }

    private static let kept = Paint.muted.mixed(0.35)
    /// The ends of the scale, short of their darkest.
    static let lost = ColorScale.diverging.paint(at: 0.12)
    static let gained = ColorScale.diverging.paint(at: 0.88)

    /// A cell with a minus or a plus.
    func sign(_ area: Rect, _ paint: Paint, isPlus: Bool) -> [Item] {
        let half = min(area.width, area.height) * 0.28
        let color = Paint.text(on: paint)
        var path: [PathElement] = [.move(Point(area.midX - half, area.midY)), .line(Point(area.midX + half, area.midY))]
        if isPlus { path += [.move(Point(area.midX, area.midY - half)), .line(Point(area.midX, area.midY + half))] }
        return [.rect(area, fill: .solid(paint)), .path(path, stroke: Stroke(color, width: max(1, min(2.2, area.width * 0.11))))]
    }

    /// The style of digits if every difference fits into a cell.
    private func digits(_ cell: Double) -> TextStyle? {
        guard !pair.isSelection else { return nil }
        let style = frame.style(11, .ink)
        for row in 0..<pair.rows {
            for column in 0..<pair.columns {
                if case .number(let value) = pair[row, column], frame.width(words.text(value), style) > cell - 3 { return nil }
            }
        }
        return style
    }

    /// Right of each row that differs, how many keys it lost and gained.
    private mutating func counts(_ panel: MatrixPanel) {
        let x = panel.area.maxX + 10
        for row in 0..<pair.rows {
            let (lost, gained) = pair.changes(row)
            // Where rows are too low for a number each, the framed one has its own.
            guard lost + gained > 0, panel.cell >= 11 * MatrixPanel.namePitch || row == query else { continue }
            let style = frame.style(max(11, min(frame.type.label, panel.cell)), .ink, row == query ? .bold : .medium)
            frame.add("−\(lost) +\(gained)", style, at: Point(x, panel.frame(row, 0).midY + style.size * 0.36))
        }
    }

    private mutating func axisNames(_ panel: MatrixPanel) {
        let style = frame.style(frame.type.label, .muted, .medium)
        let (row, column) = (pair.first.axisName(pair.first.rowAxis), pair.first.axisName(pair.first.columnAxis))
        let place = Bilingual(en: "\(row.en) (row)", zh: "\(row.zh)（行）")
        let across = Bilingual(en: "\(column.en) (column)", zh: "\(column.zh)（列）")
        if frame.width(place[frame.language], style) < panel.area.height + 16 {
            frame.add(
                place[frame.language], style, at: Point(frame.type.margin + frame.type.label, panel.area.midY), .middle, rotation: -90)
        }
        let below = panel.area.maxY + panel.labelHeight + frame.type.label * 1.3
        frame.add(across[frame.language], style, at: Point(panel.area.midX, below), .middle)
    }

    // MARK: Legend

    private var legend: [LegendEntry] {
        let language = frame.language
        let kinds = words.kinds
        var entries: [LegendEntry] = []
        if words.hasNumbers {
            let ends = scale.ends
            entries.append(.ramp(scale.map, name: words.quantity[language], low: ends.low, high: ends.high))
        }
        if kinds.contains(.both) { entries.append(.box(.solid(Self.kept), nil, Bilingual(en: "kept by both", zh: "两次都留下")[language])) }
        let isSigned = words.hasNumbers
        if kinds.contains(.lost) {
            entries.append(isSigned ? .words(words.lost[language]) : .box(.solid(Self.lost), nil, words.lost[language]))
        }
        if kinds.contains(.gained) {
            entries.append(isSigned ? .words(words.gained[language]) : .box(.solid(Self.gained), nil, words.gained[language]))
        }
        if kinds.contains(.dropped) {
            entries.append(.box(frame.hatching, Stroke(.rule, width: 0.75), Bilingual(en: "left out by both", zh: "两次都没选")[language]))
        }
        if kinds.contains(.masked) { entries.append(.words(Bilingual(en: "blank: future keys", zh: "空白：未来的键")[language])) }
        return entries
    }
}
