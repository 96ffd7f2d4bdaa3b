// The figure `matrix`: any two axes of a step as a picture. Up to 64 x 64 as cells, with digits where they fit; larger as one raster
// (MatrixFigure+Raster.swift).

import Traces

extension Figure {
    /// Any 2-D slice of a step: scores, mask, weights, selection, or what else has two axes.
    public static let matrix = Figure(
        name: "matrix",
        summary: Bilingual(en: "One step as a matrix: scores, mask, weights, or any other two axes", zh: "把一个步骤画成矩阵：分数、掩码、权重，或任意两个轴"),
        takes: [.step, .head, .query, .key, .aggregate, .phase]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else { throw FigureError("matrix: no trace to draw from") }
        let step = try MatrixFigure.step(of: trace, options)
        let slice = try MatrixSlice(step, of: trace, head: options.head)
        var figure = try MatrixFigure(slice, data.provenance, MatrixFigure.fitted(options, to: slice), text)
        return try figure.scene()
    }
}

struct MatrixFigure {
    let slice: MatrixSlice
    var scale: MatrixScale
    let query: Int?
    let key: Int?
    let isRaster: Bool
    var frame: PictureFrame
    private let provenance: Provenance
    let options: FigureOptions

    init(_ slice: MatrixSlice, _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        self.slice = slice
        self.provenance = provenance
        self.options = options
        frame = try PictureFrame(options, text)
        scale = MatrixScale(slice)
        isRaster = max(slice.rows, slice.columns) > MatrixRaster.cellLimit
        if let query = options.query {
            guard [.t, .s].contains(slice.rowAxis), (0..<slice.rows).contains(query) else {
                throw FigureError(
                    "\(slice.step.id): query \(query): expected rows of tokens, 0 to \(slice.rows - 1), found \(slice.step.output.shape)")
            }
        }
        if let key = options.key {
            guard [.t, .s].contains(slice.columnAxis), (0..<slice.columns).contains(key) else {
                let tokens = [.t, .s].contains(slice.columnAxis) ? ", 0 to \(slice.columns - 1)" : ""
                throw FigureError("\(slice.step.id): key \(key): expected columns of tokens\(tokens), found \(slice.step.output.shape)")
            }
        }
        if scale.kind == .choice, options.aggregate == .mean {
            throw FigureError("\(slice.step.id): aggregate mean: a matrix of yes and no shows whether any cell is filled; expected max")
        }
        key = options.key
        let isFollowed = slice.isPair || slice.rowAxis == .t || slice.rowAxis == .s
        // A wide page has room beside a large matrix for the order of one row.
        let isWide = options.preset.proportion != nil && slice.isPair
        query = options.query ?? (isFollowed && (!isRaster || isWide) ? slice.rows - 1 : nil)
    }

    /// The step that the options name (in the phase, if it is not there as it stands), or the first attention weights of the phase, or the first of all.
    static func step(of trace: Trace, _ options: FigureOptions) throws(FigureError) -> Step {
        if let id = options.step.map({ StepID($0) }) {
            guard !trace.contains(id), let inPhase = trace.pass(options).map(id.inside), trace.contains(inPhase) else {
                return try trace.recorded(id)
            }
            return try trace.recorded(inPhase)
        }
        try trace.checkPhase(options, figure: "matrix")
        let main = trace.attentions(options).filter { $0.branch == .attention }
        if let found = main.first(where: { $0.place == trace.pass(options) }) ?? main.first { return try trace.recorded(found.weights) }
        throw FigureError(
            "matrix: no step ends in attention.weights; name one of \(trace.steps.map { $0.id.text }.prefix(8).joined(separator: ", "))")
    }

    /// A few columns of features do not need the width of an article.
    static func fitted(_ options: FigureOptions, to slice: MatrixSlice) -> FigureOptions {
        guard !slice.isPair, slice.columns <= 10, options.width == nil, options.preset == .article else { return options }
        var options = options
        options.width = 720
        return options
    }

    mutating func scene() throws(FigureError) -> Scene {
        let raster = isRaster ? fittedRaster() : nil
        if let raster { scale = raster.scale }
        try options.checkAggregation("matrix", block: raster?.block ?? 1)
        let words = words(block: raster?.block ?? 1)
        let language = options.language
        frame.head(words.title[language]) { words.subtitle($0)[language] }
        let body = frame.items.count
        frame.y += frame.type.body * 1.6
        if let raster { draw(raster, words) } else { drawCells(words) }
        legend(words)
        frame.y += frame.type.small * 0.9
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "matrix", step: slice.step.id.text, data: provenance))
    }

    func words(block: Int) -> MatrixWords {
        MatrixWords(
            slice: slice, scale: scale, query: query, key: key, block: block, aggregation: options.aggregate ?? .max)
    }

    // MARK: Cells

    var labelStyle: TextStyle { frame.style(frame.type.label, .muted) }

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
        let (cell, height, hasSide) = cellSize(gutter, columns.map { frame.width($0, labelStyle) })
        let text = frame.text
        let language = frame.language
        let measure = { (name: String, style: TextStyle) in text.measure(name, style, language).width }
        let panel = MatrixPanel(
            rows: rows, columns: columns, cell: cell, rowHeight: height, origin: origin, style: frame.nameStyle(cell: min(cell, height)),
            measure: measure)
        let slice = slice
        let cells = panel.cells(scale, digits: digits(cell, height)) { slice.mark($0, $1) }
        frame.items.append(.group("cells", cells))
        frame.items.append(.group("rows", panel.rowNames(highlighted: query)))
        frame.items.append(.group("columns", panel.columnNames(highlighted: key ?? words.ranking.first?.column)))
        if let query { frame.items.append(panel.rowFrame(query, slice.paint)) }
        if let key { frame.items.append(panel.columnFrame(key, .key)) }
        axisNames(panel.area, panel.labelHeight)
        hotSpots(panel, words)
        frame.y = panel.area.maxY + panel.labelHeight + frame.type.label * 1.9
        // A matrix of few rows is lower than the ranking beside it.
        if hasSide { frame.y = max(frame.y, ranking(words, beside: panel.area) - frame.type.label) }
    }

    /// Whole points a cell, so that all gaps look the same; and whether the ranking has a place at the right.
    private func cellSize(_ gutter: Double, _ names: [Double]) -> (cell: Double, height: Double, hasSide: Bool) {
        let side = hasRanking ? Self.sideWidth + 44 : 0
        let free = frame.contentWidth - gutter
        func fitted(_ width: Double) -> Double {
            var cell = min(width / Double(slice.columns), 46)
            if let proportion = options.preset.proportion {
                let longest = (names.max() ?? 0) * 1.12 + frame.type.label * 0.6
                let below = longest + frame.type.label * 2.8 + frame.type.small * 4 + max(16, frame.type.margin * 0.55)
                cell = min(cell, max(8, (frame.width * proportion - frame.y - below) / Double(slice.rows)))
            }
            return cell >= 8 ? cell.rounded(.down) : max(cell, 2)
        }
        let beside = fitted(free - side)
        if frame.width >= 900, side > 0, beside >= 22 || isFixed { return (beside, beside, true) }
        let alone = fitted(free)
        if Self.isNarrow(slice), options.preset.proportion == nil {
            // A table of few columns: rows as low as their digits allow, columns as wide as the page has room.
            let height = min(max((Self.tableHeight / Double(slice.rows)).rounded(.down), frame.type.label * 1.5), alone)
            return (min(free / Double(slice.columns), 120).rounded(.down), height, false)
        }
        // Turned names may reach into the margin, not beyond it.
        let isTurned = (names.max() ?? 0) > alone - 3
        let overhang = isTurned ? max(0, MatrixPanel.overhang(names, cell: alone) - frame.type.margin) : 0
        let square = overhang > 0 ? fitted(free - overhang) : alone
        return (square, square, false)
    }

    /// Few columns beside many rows.
    private static func isNarrow(_ slice: MatrixSlice) -> Bool { !slice.isPair && slice.columns <= 10 && slice.rows > slice.columns }
    private static let tableHeight = 378.0

    /// Whether there is a row to put in order.
    var hasRanking: Bool { query != nil && slice.isPair && scale.kind != .choice }
    /// Whether the use fixes the height.
    var isFixed: Bool { options.preset.proportion != nil }
    private static let sideWidth = 236.0

    /// The ranking at the right margin, on a wide page over most of what the matrix leaves free; gives its lower edge.
    mutating func ranking(_ words: MatrixWords, beside area: Rect) -> Double {
        let right = frame.width - frame.type.margin
        let width = isFixed ? min(right - area.maxX - 64, 480) : Self.sideWidth
        return ranking(words, at: Point(right - width, area.y), width: width)
    }

    /// The style of digits if the widest number fits into a cell at 11 points or more.
    private func digits(_ cell: Double, _ height: Double) -> TextStyle? {
        if slice.isSelection { return nil }
        let texts = Set(slice.values.filter { $0.isFinite }.map(scale.text))
        for size in [frame.type.small, 11] {
            let style = frame.style(size, .ink)
            if texts.allSatisfy({ frame.width($0, style) <= cell - 4 }), size <= height - 4 { return style }
        }
        return nil
    }

    mutating func axisNames(_ area: Rect, _ labelHeight: Double) {
        let style = frame.style(frame.type.label, .muted, .medium)
        let (row, column) = (slice.axisName(slice.rowAxis), slice.axisName(slice.columnAxis))
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
                frame.items.append(hotSpot(row, column, panel.frame(row, column), words))
            }
        }
    }

    func hotSpot(_ row: Int, _ column: Int, _ place: Rect, _ words: MatrixWords) -> Item {
        .hotSpot(HotSpot(place, step: slice.step.id.text, index: slice.index(row, column), label: words.label(row, column)))
    }
}

extension FigureOptions {
    /// What a file says of the figure and its data: never a path.
    func provenance(figure: String, step: String?, data: Provenance) -> [String: String] {
        var facts = [
            "figure": figure, "language": language.rawValue, "preset": preset.rawValue, "data": data.name,
        ]
        facts["sha256"] = data.sha256
        facts["step"] = step
        facts["width"] = width.map { NumberText.significant($0) }
        facts["query"] = query.map(String.init)
        facts["key"] = key.map(String.init)
        facts["aggregate"] = aggregate?.rawValue
        facts["moment"] = moment.map(String.init)
        facts["stage"] = stage?.rawValue
        facts["part"] = part?.rawValue
        switch head {
        case .mean: facts["head"] = "mean"
        case .one(let n): facts["head"] = String(n)
        case nil: break
        }
        if phase != FigureOptions().phase { facts["phase"] = phase }
        return facts
    }
}
