// The figure `matrix`: any two axes of a step as a picture. Up to 64 x 64 as cells, with digits where they fit; larger as one raster; larger than
// the picture, the strongest of several cells a pixel, and the picture says so.

import AttentionEngine

extension Figure {
    /// Any 2-D slice of a step: scores, mask, weights, selection, or what else has two axes.
    public static let matrix = Figure(
        name: "matrix",
        summary: Bilingual(en: "One step as a matrix: scores, mask, weights, or any other two axes", zh: "把一个步骤画成矩阵：分数、掩码、权重，或任意两个轴")
    ) { data, options, text in
        guard let trace = data.traces.first?.trace else { throw FigureError("matrix: no trace to draw from") }
        let step = try MatrixFigure.step(of: trace, options)
        let slice = try MatrixSlice(step, of: trace, head: options.head)
        var figure = try MatrixFigure(slice, data.provenance, MatrixFigure.fitted(options, to: slice), text)
        return try figure.scene()
    }
}

struct MatrixFigure {
    let slice: MatrixSlice
    private let provenance: Provenance
    private let options: FigureOptions
    let scale: MatrixScale
    private let query: Int?
    private let isRaster: Bool
    var frame: PictureFrame

    init(_ slice: MatrixSlice, _ provenance: Provenance, _ options: FigureOptions, _ text: any TextMeasuring) throws(FigureError) {
        self.slice = slice
        self.provenance = provenance
        self.options = options
        frame = try PictureFrame(options, text)
        scale = MatrixScale(slice, frame.palette)
        isRaster = max(slice.rows, slice.columns) > MatrixRaster.cellLimit
        if let query = options.query {
            guard [.t, .s].contains(slice.rowAxis), (0..<slice.rows).contains(query) else {
                throw FigureError(
                    "\(slice.step.id): query \(query): expected rows of tokens, 0 to \(slice.rows - 1), found \(slice.step.output.shape)")
            }
        }
        query = slice.isPair ? options.query ?? (isRaster ? nil : slice.rows - 1) : options.query
    }

    /// The step that the options name, or the first attention weights of the phase, or the first of all.
    static func step(of trace: Trace, _ options: FigureOptions) throws -> Step {
        if let id = options.step { return try trace.step(id) }
        let weights = trace.steps.filter { $0.id.hasSuffix("attention.weights") }
        if let found = weights.first(where: { $0.id.hasPrefix(options.phase + ".") }) ?? weights.first { return found }
        throw FigureError(
            "matrix: no step ends in attention.weights; name one of \(trace.steps.map(\.id).prefix(8).joined(separator: ", "))")
    }

    /// A few columns of features do not need the width of an article.
    static func fitted(_ options: FigureOptions, to slice: MatrixSlice) -> FigureOptions {
        guard !slice.isPair, slice.columns <= 10, options.width == nil, options.preset == .article else { return options }
        var options = options
        options.width = 720
        return options
    }

    mutating func scene() throws -> Scene {
        let block = isRaster ? Int((Double(max(slice.rows, slice.columns)) / Double(rasterSide)).rounded(.up)) : 1
        let words = MatrixWords(slice: slice, scale: scale, theme: options.theme, query: query, block: block)
        let language = options.language
        frame.head(words.title[language], words.subtitle[language])
        frame.y += frame.type.body * 1.6
        if isRaster { drawRaster() } else { drawCells(words) }
        legend(words)
        frame.y += frame.type.small * 0.9
        frame.foot(words.source(provenance)[language])
        let height = options.preset.proportion.map { max(frame.y, (frame.width * $0).rounded()) } ?? frame.y.rounded(.up)
        return Scene(
            size: Size(frame.width, height), background: frame.palette.paper, items: frame.items, title: words.title, alt: words.alt,
            caption: words.caption,
            language: language, provenance: options.provenance(figure: "matrix", step: slice.step.id, data: provenance))
    }

    // MARK: Cells

    private var labelStyle: TextStyle { frame.style(frame.type.label, frame.palette.muted) }

    private func shortened(_ names: [String]) -> [String] {
        let limit = max(62, frame.contentWidth * 0.13)
        return names.map { name in TokenText.shortened(name, to: limit) { frame.width($0, labelStyle) } }
    }

    private func names(_ labels: [String]?, _ count: Int) -> [String] { shortened(labels ?? (0..<count).map(String.init)) }

    private mutating func drawCells(_ words: MatrixWords) {
        let rows = names(slice.rowLabels, slice.rows)
        let columns = names(slice.columnLabels, slice.columns)
        let gutter = frame.type.label * 2.1 + (rows.map { frame.width($0, labelStyle) }.max() ?? 0) + 10
        let origin = Point(frame.type.margin + gutter, frame.y)
        let (cell, hasSide) = cellSize(gutter, columns.map { frame.width($0, labelStyle) })
        let text = frame.text
        let language = frame.language
        let measure = { (name: String, style: TextStyle) in text.measure(name, style, language).width }
        let panel = MatrixPanel(rows: rows, columns: columns, cell: cell, origin: origin, style: labelStyle, measure: measure)
        let slice = slice
        let cells = panel.cells(scale, frame.palette, digits: digits(cell)) { row, column in
            if slice.isMasked(row, column) { return .masked }
            return slice.isSelection && slice.value(row, column) == 0 ? .dropped : .value(slice.value(row, column))
        }
        frame.items.append(.group("cells", cells))
        frame.items.append(.group("rows", panel.rowNames(highlighted: query, frame.palette)))
        frame.items.append(.group("columns", panel.columnNames(highlighted: words.ranking.first?.column, frame.palette)))
        if let query { frame.items.append(panel.rowFrame(query, frame.palette)) }
        axisNames(panel.area, panel.labelHeight)
        if hasSide { ranking(words, besides: panel) }
        hotSpots(panel, words)
        frame.y = panel.area.maxY + panel.labelHeight + frame.type.label * 1.9
    }

    /// Whole points a cell, so that all gaps look the same; and whether the ranking has a place at the right.
    private func cellSize(_ gutter: Double, _ names: [Double]) -> (cell: Double, hasSide: Bool) {
        let side = query != nil && slice.isPair && scale.kind != .choice ? sideWidth + 44 : 0
        let free = frame.contentWidth - gutter
        func fitted(_ width: Double) -> Double {
            var cell = min(width / Double(slice.columns), 46)
            if let proportion = options.preset.proportion {
                let below = frame.type.label * 10 + frame.type.small * 5
                cell = min(cell, max(8, (frame.width * proportion - frame.y - below) / Double(slice.rows)))
            }
            return cell >= 8 ? cell.rounded(.down) : max(cell, 2)
        }
        let beside = fitted(free - side)
        if frame.width >= 900, side > 0, beside >= 22 { return (beside, true) }
        // Turned names may reach into the margin, not beyond it.
        let alone = fitted(free)
        let isTurned = (names.max() ?? 0) > alone - 3
        let overhang = isTurned ? max(0, MatrixPanel.overhang(names, cell: alone) - frame.type.margin) : 0
        return (overhang > 0 ? fitted(free - overhang) : alone, false)
    }

    private var sideWidth: Double { 236 }

    /// The style of digits if the widest number fits into a cell at 11 points or more.
    private func digits(_ cell: Double) -> TextStyle? {
        if slice.isSelection { return nil }
        let texts = Set(slice.values.filter(\.isFinite).map(scale.text))
        for size in [frame.type.small, 11] {
            let style = frame.style(size, frame.palette.ink)
            if texts.allSatisfy({ frame.width($0, style) <= cell - 4 }), size <= cell - 4 { return style }
        }
        return nil
    }

    private mutating func axisNames(_ area: Rect, _ labelHeight: Double) {
        let style = frame.style(frame.type.label, frame.palette.muted, .medium)
        let (row, column) = (Words.axis(slice.rowAxis, isPair: slice.isPair), Words.axis(slice.columnAxis, isPair: slice.isPair))
        let place = Bilingual(en: "\(row.en) (row)", zh: "\(row.zh)（行）")
        let across = Bilingual(en: "\(column.en) (column)", zh: "\(column.zh)（列）")
        let middle = Point(frame.type.margin + frame.type.label, area.midY)
        // A matrix of one or two rows is lower than its axis's name: the subtitle says what rows are.
        if frame.width(place[frame.language], style) < area.height + 16 {
            frame.add(place[frame.language], style, at: middle, .middle, rotation: -90)
        }
        frame.add(across[frame.language], style, at: Point(area.midX, area.maxY + labelHeight + frame.type.label * 1.3), .middle)
    }

    private mutating func hotSpots(_ panel: MatrixPanel, _ words: MatrixWords) {
        for row in 0..<slice.rows {
            for column in 0..<slice.columns {
                let spot = HotSpot(
                    panel.frame(row, column), step: slice.step.id, index: slice.index(row, column),
                    label: words.label(row, column, frame.language))
                frame.items.append(.hotSpot(spot))
            }
        }
    }

    /// The story's row in order: its strongest keys with their digits.
    private mutating func ranking(_ words: MatrixWords, besides panel: MatrixPanel) {
        guard let query else { return }
        let best = Array(words.ranking.prefix(6))
        let x = frame.width - frame.type.margin - sideWidth
        var y = panel.origin.y + frame.type.panel
        let heading = Bilingual(en: "Row “\(slice.rowName(query))”, in order", zh: "“\(slice.rowName(query))”这一行，从高到低")
        frame.add(heading[frame.language], frame.style(frame.type.panel, frame.palette.ink, .semibold), at: Point(x, y))
        y += frame.type.panel * 0.9
        let nameStyle = frame.style(frame.type.body, frame.palette.ink)
        let most = max(best.map { abs($0.value) }.max() ?? 1, 1e-300)
        let numberWidth = best.map { frame.width(number($0.value), nameStyle) }.max() ?? 0
        for (place, entry) in best.enumerated() {
            let name = TokenText.shortened(slice.columnName(entry.column), to: sideWidth - numberWidth - 12) { frame.width($0, nameStyle) }
            y += frame.type.body * 1.35
            let weight: TextStyle.Weight = place == 0 ? .semibold : .regular
            frame.add(name, frame.style(frame.type.body, frame.palette.ink, weight), at: Point(x, y))
            frame.add(number(entry.value), frame.style(frame.type.body, frame.palette.ink, weight), at: Point(x + sideWidth, y), .end)
            y += 7
            frame.items.append(.rect(Rect(x, y, sideWidth, 5), radius: 2.5, fill: .solid(frame.palette.rule)))
            let length = scale.kind == .weights ? entry.value : abs(entry.value) / most
            let fill: Fill = .solid(entry.value < 0 ? frame.palette.muted : frame.palette.bar)
            if length * sideWidth >= 1 { frame.items.append(.rect(Rect(x, y, sideWidth * min(length, 1), 5), radius: 2.5, fill: fill)) }
            y += 9
        }
        remark(words, shown: best.count, at: Point(x, y + frame.type.body * 1.2))
    }

    /// What the other keys hold together: nothing is left unsaid.
    private mutating func remark(_ words: MatrixWords, shown: Int, at point: Point) {
        let rest = words.ranking.dropFirst(shown)
        guard scale.kind == .weights, !rest.isEmpty else { return }
        let sum = NumberText.percent(rest.reduce(0) { $0 + $1.value })
        let text = Bilingual(en: "The other \(rest.count) keys share \(sum).", zh: "其余 \(rest.count) 个键共占 \(sum)。")
        frame.add(text[frame.language], frame.style(frame.type.label, frame.palette.muted), at: point)
    }

    private func number(_ value: Double) -> String {
        scale.kind == .weights
            ? NumberText.percent(value) : MatrixScale.typographic(NumberText.fixed(value, decimals: max(scale.decimals, 2)))
    }

    // MARK: Raster

    /// The most pixels along a side of a raster: what is left beside the axis.
    private var rasterSide: Int { Int(frame.contentWidth - frame.type.label * 4.6) }

    private mutating func drawRaster() {
        let longest = max(slice.rows, slice.columns)
        let side = min(rasterSide, options.preset.proportion.map { Int(frame.width * $0 - frame.y - 150) } ?? rasterSide)
        // Whole points a cell where that fills most of the place, so that all cells are alike.
        let whole = side / longest
        let scaled = whole >= 1 && Double(whole * longest) >= 0.8 * Double(side) ? Double(whole) : Double(side) / Double(longest)
        let (width, height) = ((Double(slice.columns) * scaled).rounded(), (Double(slice.rows) * scaled).rounded())
        let toRows = min(slice.rows, max(1, Int(height)))
        let toColumns = min(slice.columns, max(1, Int(width)))
        let values = MatrixRaster.strongest(slice.values, rows: slice.rows, columns: slice.columns, toRows: toRows, toColumns: toColumns)
        let image = MatrixRaster.image(values, rows: toRows, columns: toColumns, scale, frame.palette)
        let area = Rect((frame.type.margin + frame.type.label * 4.4).rounded(), frame.y.rounded(), max(width, 1), max(height, 1))
        frame.items.append(.rect(area.insetBy(-0.5), stroke: Stroke(frame.palette.rule)))
        frame.items.append(.image(image, in: area))
        ticks(area)
        if let query {
            let y = area.y + (Double(query) + 0.5) * height / Double(slice.rows)
            frame.items.append(
                .path([.move(Point(area.x - 7, y)), .line(Point(area.maxX, y))], stroke: Stroke(frame.palette.query, width: 1.2)))
        }
        axisNames(area, frame.type.label * 1.5)
        frame.y = area.maxY + frame.type.label * 3.4
    }

    private mutating func ticks(_ area: Rect) {
        let stroke = Stroke(frame.palette.muted)
        for position in Self.ticks(slice.rows) {
            let y = area.y + (Double(position) + 0.5) * area.height / Double(slice.rows)
            frame.items.append(.path([.move(Point(area.x - 5, y)), .line(Point(area.x, y))], stroke: stroke))
            frame.add(NumberText.grouped(position), labelStyle, at: Point(area.x - 8, y + frame.type.label * 0.36), .end)
        }
        for position in Self.ticks(slice.columns) {
            let x = area.x + (Double(position) + 0.5) * area.width / Double(slice.columns)
            frame.items.append(.path([.move(Point(x, area.maxY)), .line(Point(x, area.maxY + 5))], stroke: stroke))
            frame.add(NumberText.grouped(position), labelStyle, at: Point(x, area.maxY + 5 + frame.type.label * 1.05), .middle)
        }
    }

    /// About five round positions, from 0.
    static func ticks(_ count: Int) -> [Int] {
        var step = 1
        while count / step > 6 { step = [2, 5, 10].map { $0 * power(step) }.first { $0 > step } ?? step * 2 }
        return Array(stride(from: 0, to: count, by: step))
    }

    private static func power(_ step: Int) -> Int {
        var power = 1
        while power * 10 <= step { power *= 10 }
        return power
    }
}

extension FigureOptions {
    /// What a file says of the figure and its data: never a path.
    func provenance(figure: String, step: String?, data: Provenance) -> [String: String] {
        var facts = [
            "figure": figure, "language": language.rawValue, "theme": theme.rawValue, "preset": preset.rawValue, "data": data.name,
        ]
        facts["sha256"] = data.sha256
        facts["step"] = step
        facts["width"] = width.map { NumberText.significant($0) }
        facts["query"] = query.map(String.init)
        switch head {
        case .mean: facts["head"] = "mean"
        case .one(let n): facts["head"] = String(n)
        case nil: break
        }
        if phase != FigureOptions().phase { facts["phase"] = phase }
        return facts
    }
}
