// The figure `compare`: dense and sparse attention side by side on one colour scale. Kept cells are filled, dropped ones hatched, masked ones
// blank, so that a grey copy tells them apart; at the right of the sparse matrix, how much of the dense weight each row has kept. On a narrow
// picture the matrices stand one above the other.

import Traces

extension Figure {
    /// Dense and sparse attention on one scale.
    public static let compare = Figure(
        name: "compare",
        summary: Bilingual(en: "Dense and sparse attention side by side: kept, dropped, masked", zh: "稠密与稀疏注意力并排：保留、舍去、掩住"),
        takes: [.head, .query, .aggregate, .phase]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else { throw FigureError("compare needs a trace with a selection, found no trace") }
        let view = try SelectionView(trace, options, figure: "compare")
        var figure = try CompareFigure(view, data.provenance, options, text)
        return try figure.scene()
    }
}

struct CompareFigure {
    let view: SelectionView
    let query: Int
    let words: CompareWords
    let provenance: Provenance
    let options: FigureOptions
    var scale: MatrixScale
    var frame: PictureFrame
    let isRaster: Bool

    init(_ view: SelectionView, _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        self.view = view
        self.provenance = provenance
        self.options = options
        query = try view.query(options, figure: "compare")
        words = CompareWords(view: view, query: query)
        frame = try PictureFrame(options, text)
        guard (0..<view.rows).contains(where: view.hasWeight) else {
            throw FigureError("compare: \(view.dense.step.id): expected weights other than 0, found none")
        }
        scale = MatrixScale(weights: [view.dense, view.sparse])
        isRaster = max(view.rows, view.columns) > MatrixRaster.cellLimit
    }

    mutating func scene() throws(FigureError) -> Scene {
        let language = options.language
        let layout = fittedLayout()
        let rasters = isRaster ? rasters(layout) : nil
        if let rasters { scale = rasters.scale }
        try options.checkAggregation("compare", block: rasters?.block ?? 1)
        frame.head(words.title[language], subtitle(rasters)[language])
        let body = frame.items.count
        frame.y += frame.type.body * 1.4
        if layout.isStacked {
            draw(view.dense, at: layout.left, layout, isSparse: false, hasRows: true, rasters?.dense)
            frame.y += frame.type.body * 1.2
            draw(view.sparse, at: layout.left, layout, isSparse: true, hasRows: true, rasters?.sparse)
        } else {
            let top = frame.y
            draw(view.dense, at: layout.left, layout, isSparse: false, hasRows: true, rasters?.dense)
            let bottom = frame.y
            frame.y = top
            draw(view.sparse, at: layout.right, layout, isSparse: true, hasRows: false, rasters?.sparse)
            frame.y = max(bottom, frame.y)
        }
        frame.y += frame.type.small * 1.3
        frame.legend(legend)
        frame.y += frame.type.small * 0.9
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "compare", step: view.sparse.step.id.text, data: provenance))
    }

    private var legend: [LegendEntry] {
        let language = options.language
        let ends = scale.ends
        let hidden = (0..<view.rows).contains { view.visibleCount($0) < view.columns }
        return [
            .ramp(scale.map, name: Bilingual(en: "weight", zh: "权重")[language], low: ends.low, high: ends.high),
            .box(frame.hatching, nil, Bilingual(en: "visible, not selected", zh: "看得见，未选中")[language]),
        ] + (hidden ? [.words(Bilingual(en: "blank: the future, masked", zh: "空白：未来，已掩住")[language])] : [])
    }

    private func subtitle(_ rasters: Rasters?) -> Bilingual {
        guard let rasters, let pixel = Words.aggregation(rasters.block, options.aggregate ?? .max) else { return words.subtitle }
        return words.subtitle + Bilingual(en: " ", zh: "") + pixel
    }

    // MARK: Layout

    struct Layout {
        var cell: Double
        var isStacked: Bool
        var left: Double
        var right: Double
        var barWidth: Double
        var numberWidth: Double
        var rows: [String]
        var columns: [String]
    }

    /// The layout below the words at the top, as long as they may be.
    private func fittedLayout() -> Layout {
        var below = self
        let pixel = isRaster ? Words.aggregation(view.columns, options.aggregate ?? .max)! : Bilingual(same: "")
        below.frame.head(words.title[options.language], (words.subtitle + Bilingual(en: " ", zh: "") + pixel)[options.language])
        below.frame.y += frame.type.body * 1.4
        return below.layout()
    }

    var labelStyle: TextStyle { frame.style(frame.type.label, .muted) }

    private func layout() -> Layout {
        let limit = max(62, frame.contentWidth * 0.1)
        func names(_ count: Int, _ name: (Int) -> String) -> [String] {
            (0..<count).map { TokenText.shortened(name($0), to: limit) { frame.width($0, labelStyle) } }
        }
        let rows = isRaster ? [] : names(view.rows, view.dense.rowName)
        let columns = isRaster ? [] : names(view.columns, view.dense.columnName)
        let names = isRaster ? frame.width(NumberText.grouped(view.rows), labelStyle) : rows.map { frame.width($0, labelStyle) }.max() ?? 0
        let isNarrow = frame.width < 500
        let gutter = (isNarrow ? 0 : frame.type.label * 1.9) + names + 10
        let number = frame.width("100%", labelStyle) + 6
        let bar = isNarrow ? 0.0 : frame.width < 900 ? 44 : 78
        let between = frame.width < 900 ? 26.0 : 44
        let free = frame.contentWidth - gutter - bar - number - 14
        let beside = size((free - between) / 2 / Double(view.columns), names: names * 0.87)
        let isStacked = options.preset.proportion == nil && (frame.width < 420 || beside < min(13, 330 / Double(view.columns)))
        let cell = isStacked ? size(free / Double(view.columns), names: names * 0.87) : beside
        let left = frame.type.margin + gutter
        let width = cell * Double(view.columns)
        let spare = max(0, isStacked ? min(free - width, 28) * 4 : free - between - 2 * width)
        return Layout(
            cell: cell, isStacked: isStacked, left: left, right: isStacked ? left : left + width + between + spare * 0.6,
            barWidth: isNarrow ? 0 : bar + spare * (isStacked ? 0.25 : 0.4),
            numberWidth: number, rows: rows, columns: columns)
    }

    /// Whole points a cell where it can be; for slides, within the height.
    private func size(_ cell: Double, names: Double) -> Double {
        var cell = min(cell, 34)
        if let proportion = options.preset.proportion {
            let above = frame.type.panel * 1.25 + frame.type.body * 1.3 + frame.type.label * 2.1
            let below = names + frame.type.label * 3 + frame.type.small * 5.4 + max(16, frame.type.margin * 0.55)
            cell = min(cell, (frame.width * proportion - frame.y - above - below) / Double(view.rows))
        }
        let most = max(cell, 150 / Double(view.columns))
        // Whole points where that costs little room.
        return most >= 8 || most >= 1 && most.rounded(.down) >= 0.8 * most ? most.rounded(.down) : most
    }

    // MARK: A matrix

    private mutating func draw(
        _ slice: MatrixSlice, at x: Double, _ layout: Layout, isSparse: Bool, hasRows: Bool, _ raster: MatrixRaster?
    ) {
        let language = options.language
        let name = isSparse ? words.sparseName : words.denseName
        let count = isSparse ? words.sparseCount : words.denseCount
        let edge = layout.isStacked ? frame.type.margin : x
        frame.add(
            name[language], frame.style(frame.type.panel, .ink, .semibold), at: Point(edge, frame.y + frame.type.panel))
        frame.y += frame.type.panel * 1.25
        let room = (layout.isStacked || isSparse ? frame.width - frame.type.margin : layout.right - 16) - edge
        let grey = frame.style(frame.type.body, .muted)
        for line in LineBreaker.lines(count[language], width: room, measure: { frame.width($0, grey) }) {
            frame.y += frame.type.body * 1.3
            frame.add(line, grey, at: Point(edge, frame.y - frame.type.body * 0.2))
        }
        frame.y += isSparse || !layout.isStacked ? frame.type.label * 2.1 : frame.type.label * 0.9
        let origin = Point(x, frame.y)
        let area: Rect
        if let raster {
            area = draw(raster, of: slice, origin, layout, isSparse: isSparse, hasRows: hasRows)
        } else {
            area = cells(slice, origin, layout, isSparse, hasRows)
        }
        if isSparse { bars(area, layout) }
        frame.y += frame.type.label * 1.5
        axisNames(area, layout, hasRows: hasRows)
    }

    private mutating func cells(_ slice: MatrixSlice, _ origin: Point, _ layout: Layout, _ isSparse: Bool, _ hasRows: Bool) -> Rect {
        let (text, language) = (frame.text, frame.language)
        let panel = MatrixPanel(
            rows: layout.rows, columns: layout.columns, cell: layout.cell, origin: origin, style: frame.nameStyle(cell: layout.cell),
            measure: { text.measure($0, $1, language).width })
        let view = view
        let kept = view.kept.map(Set.init)
        let cells = panel.cells(scale, digits: digits(layout.cell)) { row, column in
            if !view.isVisible(row, column) { return .masked }
            return isSparse && !kept[row].contains(column) ? .dropped : .value(slice.value(row, column))
        }
        frame.items.append(.group(isSparse ? "sparse" : "dense", cells))
        if hasRows { frame.items.append(.group("rows", panel.rowNames(highlighted: query))) }
        frame.items.append(.group("columns", panel.columnNames(highlighted: nil)))
        frame.items.append(panel.rowFrame(query, .query))
        let step = slice.step.id.text
        let label = words.labels(isSparse: isSparse)
        for row in 0..<view.rows {
            for column in 0..<view.columns where view.isVisible(row, column) {
                frame.items.append(
                    .hotSpot(HotSpot(panel.frame(row, column), step: step, index: slice.index(row, column), label: label(row, column))))
            }
        }
        frame.y = panel.area.maxY + panel.labelHeight
        return panel.area
    }

    private func digits(_ cell: Double) -> TextStyle? {
        let style = frame.style(11, .ink)
        let fits = [view.dense, view.sparse].allSatisfy { slice in
            slice.values.allSatisfy { !$0.isFinite || frame.width(scale.text($0), style) <= cell - 4 }
        }
        return fits ? style : nil
    }

    /// The share of the dense weight that each row keeps.
    private mutating func bars(_ area: Rect, _ layout: Layout) {
        let x = area.maxX + 14
        let end = x + layout.barWidth + layout.numberWidth
        frame.add(words.barName[options.language], labelStyle, at: Point(max(end, x), area.y - frame.type.label * 0.7), .end)
        if layout.barWidth > 0 { tracks(Rect(x, area.y, layout.barWidth, area.height)) }
        let style = frame.nameStyle(cell: layout.cell)
        let step = max(1, Int((style.size * MatrixPanel.namePitch / layout.cell - 1e-9).rounded(.up)))
        let marked = isRaster ? frame.rowPositions(area, view.rows) : Array(stride(from: 0, to: view.rows, by: step))
        for row in marked where abs(row - query) >= step { share(row, style, end, area) }
        share(query, frame.style(style.size, .ink, .bold), end, area)
    }

    private mutating func share(_ row: Int, _ style: TextStyle, _ end: Double, _ area: Rect) {
        let y = area.y + (Double(row) + 0.5) * area.height / Double(view.rows)
        frame.add(
            view.hasWeight(row) ? NumberText.share(kept(row), decimals: 0) : "–", style, at: Point(end, y + style.size * 0.36), .end)
    }

    private func kept(_ row: Int) -> Double { view.hasWeight(row) ? min(max(view.massKept(row), 0), 1) : 0 }

    /// A bar a row; where rows are too many for that, a bar a point with the mean of its rows.
    private mutating func tracks(_ area: Rect) {
        let count = min(view.rows, Int(area.height))
        let pitch = area.height / Double(count)
        let height = pitch >= 3 ? min(pitch * 0.5, 12) : pitch
        for place in 0..<count {
            let rows = place * view.rows / count..<(place + 1) * view.rows / count
            let share = rows.reduce(0) { $0 + kept($1) } / Double(rows.count)
            let track = Rect(area.x, area.y + Double(place) * pitch + (pitch - height) / 2, area.width, height)
            frame.items.append(.rect(track, fill: .solid(.rule)))
            frame.items.append(.rect(Rect(track.x, track.y, track.width * share, height), fill: .solid(.bar)))
        }
    }

    private mutating func axisNames(_ area: Rect, _ layout: Layout, hasRows: Bool) {
        let style = frame.style(frame.type.label, .muted, .medium)
        let language = options.language
        let (row, column) = (Bilingual(en: "query (row)", zh: "查询（行）"), Bilingual(en: "key (column)", zh: "键（列）"))
        if frame.width >= 500, area.height > frame.width(row[language], style) + 8 {
            if hasRows {
                frame.add(row[language], style, at: Point(frame.type.margin + frame.type.label, area.midY), .middle, rotation: -90)
            }
            frame.add(column[language], style, at: Point(area.midX, frame.y), .middle)
        } else {
            let both = Bilingual(en: "rows: queries; columns: keys", zh: "行：查询；列：键")
            frame.add(both[language], style, at: Point(area.midX, frame.y), .middle)
        }
    }
}
