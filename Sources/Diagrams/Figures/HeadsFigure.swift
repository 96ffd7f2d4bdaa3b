// The figure `heads`: every head of a layer, or layers by heads of a model, as small matrices on one scale. Few large ones name their tokens;
// many small ones are rasters. Under each stands what the followed query rests on most.

import AttentionEngine

extension Figure {
    /// All heads as small multiples.
    public static let heads = Figure(
        name: "heads",
        summary: Bilingual(en: "All heads of a layer, or of every layer, as small multiples", zh: "一层的各个头，或各层的各个头，小图并列")
    ) { data, options, text in
        guard let trace = data.traces.first?.trace else { throw FigureError("heads needs a trace with attention weights, found no trace") }
        var figure = try HeadsFigure(HeadsFigure.layers(trace, options), data.provenance, options, text)
        return figure.scene()
    }
}

struct HeadsFigure {
    /// The heads of one step of weights [h, t, s].
    struct Layer {
        let step: Step
        let heads: [MatrixSlice]
    }

    private let layers: [Layer]
    private let query: Int
    private let provenance: Provenance
    private let options: FigureOptions
    private let scale: MatrixScale
    private var frame: PictureFrame

    init(_ layers: [Layer], _ provenance: Provenance, _ options: FigureOptions, _ text: any TextMeasuring) throws(FigureError) {
        self.layers = layers
        self.provenance = provenance
        self.options = options
        frame = try PictureFrame(options, text)
        let first = layers[0].heads[0]
        query = options.query ?? first.rows - 1
        guard (0..<first.rows).contains(query) else {
            throw FigureError("heads: query \(query): expected 0 to \(first.rows - 1) of the axis t")
        }
        scale = MatrixScale(weights: layers.flatMap(\.heads), frame.palette)
    }

    /// The step that the options name, or every `layer.N.attention.weights`, or the phase's weights; each with an axis of heads.
    static func layers(_ trace: Trace, _ options: FigureOptions) throws -> [Layer] {
        var steps: [Step] = []
        if let id = options.step {
            steps = [try trace.step(id)]
        } else {
            steps = trace.steps.filter { $0.id.hasPrefix("layer.") && $0.id.hasSuffix("attention.weights") }
            let alone = [options.phase + ".dense.weights", options.phase + ".attention.weights", "attention.weights"].first(
                where: trace.contains)
            if steps.isEmpty, let alone { steps = [try trace.step(alone)] }
        }
        guard let first = steps.first else {
            throw FigureError("heads needs attention weights: expected layer.N.attention.weights or attention.weights, found none")
        }
        return try steps.map { step in
            guard let count = step.output.shape[.h], step.output.shape.rank == 3, step.output.shape.contains(.t), step.output.shape.contains(.s)
            else { throw FigureError("heads: \(step.id): expected the axes h, t and s, found \(step.output.shape)") }
            guard step.output.shape == first.output.shape else {
                throw FigureError("heads: \(step.id): expected \(first.output.shape) as in \(first.id), found \(step.output.shape)")
            }
            return Layer(step: step, heads: try (0..<count).map { try MatrixSlice(step, of: trace, head: .one($0)) })
        }
    }

    private var slices: [MatrixSlice] { layers.flatMap(\.heads) }
    private var isModel: Bool { layers.count > 1 }

    mutating func scene() -> Scene {
        let language = options.language
        frame.head(title[language], subtitle[language])
        let body = frame.items.count
        frame.y += frame.type.body * 1.5
        let grid = grid()
        for (place, slice) in slices.enumerated() {
            let (row, column) = (place / grid.columns, place % grid.columns)
            let corner = Point(
                frame.type.margin + grid.gutter + Double(column) * (grid.side + grid.gap), frame.y + Double(row) * grid.pitch)
            thumbnail(slice, place, at: corner, grid, isFirst: column == 0)
        }
        frame.y += Double((slices.count + grid.columns - 1) / grid.columns) * grid.pitch + frame.type.small * 0.3
        let ends = scale.ends
        var entries: [LegendEntry] = [
            .ramp(scale.map, name: Bilingual(en: "weight", zh: "权重")[language], low: ends.low, high: ends.high),
            .words(Bilingual(en: "rows: queries; columns: keys", zh: "行：查询；列：键")[language]),
        ]
        entries.append(.line(Stroke(frame.palette.query, width: 2), Bilingual(en: "the followed query", zh: "跟踪的查询")[language]))
        frame.legend(entries)
        frame.y += frame.type.small * 0.9
        return frame.scene(
            body: body, source: source, options, title: title, alt: alt, caption: caption,
            provenance: options.provenance(figure: "heads", step: isModel ? nil : layers[0].step.id, data: provenance))
    }

    // MARK: Layout

    private struct Grid {
        let columns: Int
        let side: Double
        let gap: Double
        let gutter: Double
        let pitch: Double
        let isNamed: Bool
    }

    private var small: TextStyle { frame.style(frame.type.small, frame.palette.muted) }
    /// Many heads on one slide go without the words below them.
    private var isCompact: Bool { options.preset.proportion != nil && slices.count > 12 }
    private var captionHeight: Double { frame.type.label * (isCompact ? 0.7 : 2.5) }
    private var headingHeight: Double { frame.type.label * 1.9 }

    private func grid() -> Grid {
        let gap = max(16, frame.type.margin * 0.5)
        let count = layers[0].heads.count
        let height = options.preset.proportion.map { frame.width * $0 - frame.y - frame.type.small * 5.5 - max(16, frame.type.margin * 0.55) }
        let named = namedGrid(gap, height)
        if let named { return named }
        let candidates = isModel && Double(count) * 40 < frame.contentWidth ? [count] : Array(1...max(1, min(slices.count, 12)))
        var best: (columns: Int, side: Double) = (1, 0)
        for columns in candidates {
            let rows = Double((slices.count + columns - 1) / columns)
            var side = min((frame.contentWidth - gap * Double(columns - 1)) / Double(columns), 330)
            if let height { side = min(side, height / rows - headingHeight - captionHeight) }
            // A picture of about golden proportions, unless the use fixes its height.
            if height == nil { side = min(side, max(120, (frame.contentWidth * 0.72) / rows)) }
            if side > best.side + 0.5 { best = (columns, side) }
        }
        let side = max(best.side, 24).rounded(.down)
        return Grid(
            columns: best.columns, side: side, gap: best.columns > 1 ? min((frame.contentWidth - side * Double(best.columns)) / Double(best.columns - 1), gap * 2.2) : gap, gutter: 0,
            pitch: headingHeight + side + captionHeight, isNamed: false)
    }

    /// Up to four heads of few tokens are large enough for the tokens' names.
    private func namedGrid(_ gap: Double, _ height: Double?) -> Grid? {
        let slice = slices[0]
        guard !isModel, slices.count <= 4, slice.columns <= MatrixRaster.cellLimit, slice.rowLabels != nil else { return nil }
        let gutter = names(slice).map { frame.width($0, labelStyle) }.max()! + 10
        for columns in [slices.count, 2, 1] where columns <= slices.count {
            let rows = Double((slices.count + columns - 1) / columns)
            var side = (frame.contentWidth - gutter - gap * Double(columns - 1)) / Double(columns)
            let below = frame.type.label * 5 + captionHeight
            if let height { side = min(side, height / rows - headingHeight - below) }
            let cell = (side / Double(slice.columns)).rounded(.down)
            guard cell >= frame.type.label * 1.12 else { continue }
            return Grid(
                columns: columns, side: min(cell, 30) * Double(slice.columns), gap: gap * 1.5, gutter: gutter,
                pitch: headingHeight + min(cell, 30) * Double(slice.rows) + below, isNamed: true)
        }
        return nil
    }

    private var labelStyle: TextStyle { frame.style(frame.type.label, frame.palette.muted) }

    private func names(_ slice: MatrixSlice) -> [String] {
        (0..<slice.rows).map { TokenText.shortened(slice.rowName($0), to: max(62, frame.contentWidth * 0.1)) { frame.width($0, labelStyle) } }
    }

    // MARK: One head

    private mutating func thumbnail(_ slice: MatrixSlice, _ place: Int, at corner: Point, _ grid: Grid, isFirst: Bool) {
        let heading = frame.style(frame.type.label, frame.palette.ink, .semibold)
        let name = TokenText.shortened(headName(place)[options.language], to: grid.side) { frame.width($0, heading) }
        frame.add(name, heading, at: Point(corner.x, corner.y + frame.type.label))
        let origin = Point(corner.x, corner.y + headingHeight)
        let bottom = grid.isNamed ? named(slice, origin, grid, isFirst: isFirst) : raster(slice, origin, grid)
        if isCompact { return }
        let best = strongest(slice)
        let words = "\(slice.rowName(query)) → \(slice.columnName(best.key)) \(NumberText.percent(best.weight, decimals: 0))"
        let text = TokenText.shortened(words, to: grid.side) { frame.width($0, small) }
        if frame.width(words, small) <= grid.side || grid.side > 60 { frame.add(text, small, at: Point(corner.x, bottom + frame.type.label * 1.2)) }
    }

    private mutating func named(_ slice: MatrixSlice, _ origin: Point, _ grid: Grid, isFirst: Bool) -> Double {
        let (text, language) = (frame.text, frame.language)
        let names = names(slice)
        let panel = MatrixPanel(
            rows: names, columns: names.count == slice.columns ? names : (0..<slice.columns).map(slice.columnName),
            cell: grid.side / Double(slice.columns), origin: origin, style: labelStyle, measure: { text.measure($0, $1, language).width })
        let cells = panel.cells(scale, frame.palette, digits: nil) { row, column in
            slice.isMasked(row, column) ? .masked : .value(slice.value(row, column))
        }
        frame.items.append(.group("head", cells))
        if isFirst { frame.items.append(.group("rows", panel.rowNames(highlighted: query, frame.palette))) }
        frame.items.append(.group("columns", panel.columnNames(highlighted: strongest(slice).key, frame.palette)))
        frame.items.append(panel.rowFrame(query, frame.palette))
        for row in 0..<slice.rows {
            for column in 0..<slice.columns where !slice.isMasked(row, column) {
                frame.items.append(.hotSpot(spot(slice, row, column, panel.frame(row, column))))
            }
        }
        return panel.area.maxY + panel.labelHeight
    }

    private func spot(_ slice: MatrixSlice, _ row: Int, _ column: Int, _ area: Rect) -> HotSpot {
        let value = NumberText.significant(slice.value(row, column), digits: 4)
        let label = Bilingual(
            en: "query \(slice.rowName(row)), key \(slice.columnName(column)): \(value)",
            zh: "查询“\(slice.rowName(row))”，键“\(slice.columnName(column))”：\(value)")
        return HotSpot(area, step: slice.step.id, index: slice.index(row, column), label: label[options.language])
    }

    private mutating func raster(_ slice: MatrixSlice, _ origin: Point, _ grid: Grid) -> Double {
        let tall = grid.side * Double(slice.rows) / Double(slice.columns)
        let area = Rect(origin.x, origin.y, grid.side, min(max(tall, 8), grid.side))
        let (toRows, toColumns) = (min(slice.rows, max(1, Int(area.height))), min(slice.columns, max(1, Int(area.width))))
        let shown = (0..<slice.rows * slice.columns).map { cell in
            let (row, column) = (cell / slice.columns, cell % slice.columns)
            return slice.isMasked(row, column) ? -.infinity : slice.value(row, column)
        }
        let values = MatrixRaster.strongest(shown[...], rows: slice.rows, columns: slice.columns, toRows: toRows, toColumns: toColumns)
        frame.items.append(.image(MatrixRaster.image(values, rows: toRows, columns: toColumns, scale, frame.palette), in: area))
        frame.items.append(.rect(area.insetBy(-0.5), stroke: Stroke(frame.palette.rule)))
        let y = area.y + (Double(query) + 0.5) * area.height / Double(slice.rows)
        frame.items.append(.path([.move(Point(area.x - 6, y)), .line(Point(area.x - 1, y))], stroke: Stroke(frame.palette.query, width: 2)))
        return area.maxY
    }

    // MARK: Words

    private func strongest(_ slice: MatrixSlice) -> (key: Int, weight: Double) {
        let key = (0..<slice.columns).max { (slice.value(query, $0), -$0) < (slice.value(query, $1), -$1) } ?? 0
        return (key, slice.value(query, key))
    }

    private func headName(_ place: Int) -> Bilingual {
        let count = layers[0].heads.count
        let (layer, head) = (place / count, place % count)
        if isModel { return Bilingual(en: "layer \(layer), head \(head)", zh: "第 \(layer) 层，头 \(head)") }
        if let label = layers[0].step.labels[.h]?[head] { return Bilingual(same: label) }
        return Bilingual(en: "head \(head)", zh: "头 \(head)")
    }

    /// The head whose followed query rests most firmly on one key.
    private var surest: (place: Int, key: Int, weight: Double) {
        let all = slices.enumerated().map { (place: $0, best: strongest($1)) }
        let best = all.max { ($0.best.weight, -$0.place) < ($1.best.weight, -$1.place) }!
        return (best.place, best.best.key, best.best.weight)
    }

    private var title: Bilingual {
        let surest = surest
        let (name, slice, share) = (headName(surest.place), slices[surest.place], NumberText.percent(surest.weight, decimals: 0))
        let (q, k) = (slice.rowName(query), slice.columnName(surest.key))
        return Bilingual(
            en: "Of \(slices.count) heads, \(name.en) is the surest: “\(q)” rests \(share) on “\(k)”",
            zh: "\(slices.count) 个头里，\(name.zh) 最确定：“\(q)”把 \(share) 放在“\(k)”上")
    }

    private var subtitle: Bilingual {
        let reading = Bilingual(en: "One matrix a head, all on one scale: the same text, read in different ways.", zh: "每个头一个矩阵，同一色标：同一段文字，读法各不相同。")
        if isCompact { return reading }
        let name = slices[0].rowName(query)
        return reading + Bilingual(en: " Below each: the key that “\(name)” rests on most.", zh: "每图下方是“\(name)”最看重的键。")
    }

    private var source: Bilingual {
        let ids = isModel ? "\(layers[0].step.id) … \(layers.last!.step.id)" : layers[0].step.id
        let parts = [Bilingual(same: ids), layers[0].step.source.isEmpty ? nil : Bilingual(same: layers[0].step.source)].compactMap { $0 }
        return Words.source(parts, provenance)
    }

    private var caption: Bilingual {
        Bilingual(en: "\(title.en). One scale for all heads.", zh: "\(title.zh)。各头同一色标。")
    }

    private var alt: Bilingual {
        let (rows, columns) = (slices[0].rows, slices[0].columns)
        let start = Bilingual(
            en: "\(slices.count) small matrices of attention weights, \(rows) queries by \(columns) keys each, on one scale.",
            zh: "\(slices.count) 个注意力权重小矩阵，每个 \(rows) 个查询、\(columns) 个键，同一色标。")
        let most = slices.indices.prefix(12).map { place in
            let best = strongest(slices[place])
            let (name, key, weight) = (headName(place), slices[place].columnName(best.key), NumberText.percent(best.weight, decimals: 0))
            return Bilingual(en: "\(name.en): “\(key)” (\(weight))", zh: "\(name.zh)：“\(key)”（\(weight)）")
        }
        let rest = slices.count > 12 ? Bilingual(en: "; and \(slices.count - 12) more", zh: "；另有 \(slices.count - 12) 个") : Bilingual(same: "")
        return start
            + Bilingual(
                en: " What “\(slices[0].rowName(query))” rests on most: \(most.map(\.en).joined(separator: "; "))\(rest.en).",
                zh: "“\(slices[0].rowName(query))”最看重的：\(most.map(\.zh).joined(separator: "；"))\(rest.zh)。")
    }
}
