// The figure `heads`: every head of a layer, or layers by heads of a model, as small matrices on one scale. Few large ones name their tokens;
// many small ones are rasters. Under each stands what the followed query rests on most.

import Traces

extension Figure {
    /// All heads as small multiples.
    public static let heads = Figure(
        name: "heads",
        summary: Bilingual(en: "All heads of a layer, or of every layer, as small multiples", zh: "一层的各个头，或各层的各个头，小图并列"),
        takes: [.step, .query, .aggregate, .phase]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else { throw FigureError("heads needs a trace with attention weights, found no trace") }
        var figure = try HeadsFigure(HeadsFigure.layers(trace, options), data.provenance, options, text)
        return try figure.scene()
    }
}

struct HeadsFigure {
    /// The heads of one step of weights [h, t, s].
    struct Layer {
        let step: Step
        let heads: [MatrixSlice]
    }

    let layers: [Layer]
    let query: Int
    let provenance: Provenance
    let options: FigureOptions
    var scale: MatrixScale
    var frame: PictureFrame

    init(_ layers: [Layer], _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        self.layers = layers
        self.provenance = provenance
        self.options = options
        frame = try PictureFrame(options, text)
        let first = layers[0].heads[0]
        query = options.query ?? first.rows - 1
        guard (0..<first.rows).contains(query) else {
            throw FigureError("heads: query \(query): expected 0 to \(first.rows - 1) of the axis t")
        }
        scale = MatrixScale(weights: layers.flatMap { $0.heads })
        guard slices.contains(where: { !strongest($0).weight.isNaN }) else {
            throw FigureError(
                "heads: query \(query): expected a finite number in its row of some head, found none; name another with --query")
        }
    }

    /// The step that the options name, or every `layer.N.attention.weights`, or the phase's weights; each with an axis of heads.
    static func layers(_ trace: Trace, _ options: FigureOptions) throws(FigureError) -> [Layer] {
        var steps: [Step] = []
        if let id = options.step {
            steps = [try trace.recorded(StepID(id))]
        } else {
            try trace.checkPhase(options, figure: "heads")
            let attentions = trace.attentions(options)
            let layers = attentions.filter { $0.branch == .attention && $0.weights.layer != nil }
            // Of one pass the dense attention, which has all keys to tell its heads apart.
            let here = trace.pass(options) ?? []
            let alone = attentions.first { $0.place == here && $0.isDense } ?? attentions.first { $0.place == here }
            let shown = layers.isEmpty ? [alone].compactMap { $0 } : layers
            steps = try shown.map { view throws(FigureError) in try trace.recorded(view.weights) }
        }
        guard let first = steps.first else {
            throw FigureError("heads needs attention weights: expected layer.N.attention.weights or attention.weights, found none")
        }
        return try steps.map { step throws(FigureError) in
            guard let count = step.output.shape[.h], step.output.shape.rank == 3, step.output.shape.contains(.t),
                step.output.shape.contains(.s)
            else { throw FigureError("heads: \(step.id): expected the axes h, t and s, found \(step.output.shape)") }
            guard step.output.shape == first.output.shape else {
                throw FigureError("heads: \(step.id): expected \(first.output.shape) as in \(first.id), found \(step.output.shape)")
            }
            return Layer(
                step: step,
                heads: try (0..<count).map { head throws(FigureError) in try MatrixSlice(step, of: trace, head: .one(head)) })
        }
    }

    var slices: [MatrixSlice] { layers.flatMap { $0.heads } }
    var isModel: Bool { layers.count > 1 }

    mutating func scene() throws(FigureError) -> Scene {
        let language = options.language
        let grid = try fittedGrid()
        let rasters = grid.isNamed ? nil : rasters(grid)
        if let rasters { scale = rasters.scale }
        try options.checkAggregation("heads", block: rasters?.block ?? 1)
        frame.head(title[language], subtitle(block: rasters?.block ?? 1, hasOrder: grid.sideWidth > 0)[language])
        let body = frame.items.count
        frame.y += frame.type.body * 1.5
        for (place, slice) in slices.enumerated() {
            let (own, other) = place.quotientAndRemainder(dividingBy: grid.isAlong ? layers[0].heads.count : grid.columns)
            let (row, column) = grid.isAlong ? (other, own) : (own, other)
            let corner = Point(
                frame.type.margin + grid.gutter + Double(column) * (grid.side + grid.gap), frame.y + Double(row) * grid.pitch)
            thumbnail(slice, place, at: corner, grid, isFirst: column == 0, rasters?.heads[place])
        }
        if grid.isNumbered { numbers(grid, at: Point(frame.type.margin + grid.gutter, frame.y)) }
        frame.y += Double((slices.count + grid.columns - 1) / grid.columns) * grid.pitch + frame.type.small * 0.3
        if grid.isNumbered { frame.y += frame.type.label * 2.7 }
        frame.legend(legend(hasDropped: rasters?.heads.contains(where: { $0.hasDropped }) ?? slices.contains(where: Self.hasDropped)))
        frame.y += frame.type.small * 0.9
        return frame.scene(
            body: body, source: source, options, title: title, alt: alt, caption: caption,
            provenance: options.provenance(figure: "heads", step: isModel ? nil : layers[0].step.id.text, data: provenance))
    }

    private static func hasDropped(_ slice: MatrixSlice) -> Bool { MatrixWords.Marks(slice).dropped }

    private func legend(hasDropped: Bool) -> [LegendEntry] {
        let (language, ends) = (options.language, scale.ends)
        var entries: [LegendEntry] = [
            .ramp(scale.map, name: Bilingual(en: "weight", zh: "权重")[language], low: ends.low, high: ends.high),
            .words(Bilingual(en: "rows: queries; columns: keys", zh: "行：查询；列：键")[language]),
            .line(Stroke(.query, width: 2), Bilingual(en: "the followed query", zh: "跟踪的查询")[language]),
        ]
        if scale.brokenCount > 0 { entries.append(.broken(language)) }
        if hasDropped {
            entries.append(.box(frame.hatching, nil, Bilingual(en: "visible, not selected", zh: "看得见，未选中")[language]))
            if MatrixWords.Marks(slices[0]).masked { entries.append(.words(Bilingual(en: "blank: masked", zh: "空白：已掩住")[language])) }
        }
        return entries
    }

    // MARK: One head

    private mutating func thumbnail(
        _ slice: MatrixSlice, _ place: Int, at corner: Point, _ grid: Grid, isFirst: Bool, _ raster: MatrixRaster?
    ) {
        if !grid.isNumbered {
            let heading = headingStyle
            let name = TokenText.shortened(headName(place)[options.language], to: grid.side + grid.gap * 0.6) { frame.width($0, heading) }
            frame.add(name, heading, at: Point(corner.x, corner.y + frame.type.label))
        }
        let origin = Point(corner.x, corner.y + (grid.isNumbered ? 0 : headingHeight))
        let bottom = raster.map { draw($0, slice, origin, grid, isFirst: isFirst) } ?? named(slice, origin, grid, isFirst: isFirst)
        if grid.sideWidth > 0 {
            inOrder(slice, at: Point(origin.x + grid.side + 24, origin.y), width: grid.sideWidth)
        } else if !isCompact {
            frame.add(caption(slice, width: grid.side + grid.gap * 0.6), small, at: Point(corner.x, bottom + frame.type.label * 1.2))
        }
    }

    /// What the followed query rests on most: without the query, and with a shorter key, where there is little room.
    private func caption(_ slice: MatrixSlice, width: Double) -> String {
        let best = strongest(slice)
        let (key, share) = (slice.columnName(best.key), share(best.weight))
        let name = Words.position(slice.rowName(query), Bilingual(en: "query", zh: "查询"))
        let onto = slice.key(best.key, of: query)
        let full = Bilingual(en: "\(name.en) → \(onto.en): \(share)", zh: "\(name.zh) → \(onto.zh)：\(share)")[options.language]
        if frame.width(full, small) <= width { return full }
        let room = width - frame.width(" \(share)", small)
        return "\(TokenText.shortened(key, to: room) { frame.width($0, small) }) \(share)"
    }

    /// The keys of the followed query, the strongest first.
    private mutating func inOrder(_ slice: MatrixSlice, at corner: Point, width: Double) {
        let heading = frame.style(frame.type.body, .ink, .semibold)
        let name = Words.position(slice.rowName(query), Bilingual(en: "Query", zh: "查询"))
        let words = Words.spaced(Bilingual(en: "\(name.en) rests on", zh: "\(name.zh)最看重的"))
        frame.add(
            TokenText.shortened(words[options.language], to: width) { frame.width($0, heading) }, heading,
            at: Point(corner.x, corner.y + frame.type.body))
        let keys = (0..<slice.columns)
            .filter { !slice.isMasked(query, $0) && !slice.isBeyond(query, $0) && slice.value(query, $0).isFinite }
            .sorted { (slice.value(query, $0), $1) > (slice.value(query, $1), $0) }
        let entries = keys.prefix(4).map { key in
            RankedBar(
                name: slice.columnName(key), number: NumberText.share(slice.value(query, key)), share: slice.value(query, key),
                color: .bar)
        }
        _ = frame.ranked(entries, at: Point(corner.x, corner.y + frame.type.body * 1.6), width: width)
    }

    private mutating func named(_ slice: MatrixSlice, _ origin: Point, _ grid: Grid, isFirst: Bool) -> Double {
        let panel = panel(slice, origin, cell: grid.side / Double(slice.columns))
        let cells = panel.cells(scale, digits: nil) { slice.mark($0, $1) }
        frame.items.append(.group("head", cells))
        if isFirst { frame.items.append(.group("rows", panel.rowNames(highlighted: query))) }
        frame.items.append(.group("columns", panel.columnNames(highlighted: strongest(slice).key)))
        frame.items.append(panel.rowFrame(query, .query))
        for row in 0..<slice.rows {
            for column in 0..<slice.columns where !slice.isMasked(row, column) {
                frame.items.append(.hotSpot(spot(slice, row, column, panel.frame(row, column))))
            }
        }
        return panel.area.maxY + panel.labelHeight
    }

    private func spot(_ slice: MatrixSlice, _ row: Int, _ column: Int, _ area: Rect) -> HotSpot {
        let place = Bilingual(
            en: "query \(slice.rowName(row)), key \(slice.columnName(column)): ",
            zh: "查询“\(slice.rowName(row))”，键“\(slice.columnName(column))”：")
        let label = CellLabel(place, Remark(number: slice.value(row, column)))
        return HotSpot(area, step: slice.step.id.text, index: slice.index(row, column), label: label)
    }
}
