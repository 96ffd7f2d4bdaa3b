// The figure `next-token`: two tokens in a row, and what a cache keeps between them. For each: its query, key and value are new, all earlier keys and
// values are read again, and one row of scores is computed. A causal pass has the same rows whether it is computed at once or token by token, so the
// rows of a prefill serve; where a trace was decoded, its own passes do.

import Traces

extension Figure {
    /// Two successive tokens and what is kept between them.
    public static let nextToken = Figure(
        name: "next-token",
        summary: Bilingual(en: "Two tokens in a row: what is new, and what the cache keeps", zh: "接连两个词元：哪些是新算的，哪些留在缓存里"),
        takes: [.head, .query, .phase], leastWidth: leastChartWidth
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else {
            throw FigureError("next-token needs a trace with attention weights, found no trace")
        }
        let rows = try NextTokenRow.pair(of: trace, options)
        var figure = try NextTokenFigure(rows, data.provenance, options, text)
        return figure.scene()
    }
}

/// One row of scores, and where its token stands.
struct NextTokenRow {
    let slice: MatrixSlice
    let row: Int
    /// Where the token stands among the keys.
    var position: Int { row + slice.columns - slice.rows }
    var name: String { slice.columnName(position) }

    /// The row that the options follow, the last if they follow none, and the one before it.
    static func pair(of trace: Trace, _ options: FigureOptions) throws(FigureError) -> [NextTokenRow] {
        // The scores are known by their role; a name that is not there is still a mistake.
        if let id = options.step { _ = try trace.recorded(StepID(id)) }
        try trace.checkPhase(options, figure: "next-token")
        let place = trace.pass(options) ?? []
        let slice = try slice(of: trace, at: place, options)
        guard slice.columns <= MatrixRaster.cellLimit else { throw .tooLong("next-token", slice.columns) }
        let row = options.query ?? slice.rows - 1
        guard (0..<slice.rows).contains(row) else {
            throw FigureError("next-token: query \(row): expected 0 to \(slice.rows - 1) of the axis t")
        }
        let second = NextTokenRow(slice: slice, row: row)
        if row > 0 { return [NextTokenRow(slice: slice, row: row - 1), second] }
        let passes = trace.passes
        guard let own = passes.firstIndex(where: { place == [.pass($0)] }), own > 0 else {
            throw FigureError("next-token: query \(row): expected one with a token before it")
        }
        let before = try self.slice(of: trace, at: [.pass(passes[own - 1])], options)
        let first = NextTokenRow(slice: before, row: before.rows - 1)
        guard first.position + 1 == second.position else {
            throw FigureError("next-token: \(slice.step.id): expected the token after \(first.position), found \(second.position)")
        }
        return [first, second]
    }

    /// The scores of the dense attention, or its weights where the trace has no scores. Throws unless a query sees all keys up to its own.
    private static func slice(of trace: Trace, at place: [Scope], _ options: FigureOptions) throws(FigureError) -> MatrixSlice {
        let found = trace.attentions(at: place).first ?? (place.isEmpty ? trace.attentions.first : nil)
        guard let view = found, view.isDense else { throw FigureError("next-token needs a trace with dense attention, found none") }
        let slice = try MatrixSlice(trace.recorded(view.scores ?? view.weights), of: trace, head: options.head)
        let offset = slice.columns - slice.rows
        guard slice.isPair, offset >= 0 else {
            throw FigureError("next-token: \(slice.step.id): expected queries by keys, found \(slice.step.output.shape)")
        }
        for t in 0..<slice.rows {
            for s in 0..<slice.columns where slice.isMasked(t, s) != (s > t + offset) {
                throw FigureError(
                    "next-token: \(slice.step.id): expected every query to see all keys up to its own, found otherwise at [\(t), \(s)]")
            }
        }
        return slice
    }
}

struct NextTokenFigure {
    /// What stands in a line of the picture.
    enum Line: CaseIterable { case query, key, value, score }

    private let rows: [NextTokenRow]
    private let provenance: Provenance
    private let options: FigureOptions
    private let words: NextTokenWords
    private let scale: MatrixScale
    private var frame: PictureFrame
    /// The width of a cell; its height is no more than a square of 40.
    private var cell = 0.0
    private var height: Double { min(cell, 40) }
    private var origin = Point(0, 0)
    /// The width of a panel, and of the names at its left.
    private var part = 0.0
    private var gutter = 0.0

    init(_ rows: [NextTokenRow], _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        (self.rows, self.provenance, self.options) = (rows, provenance, options)
        frame = try PictureFrame(options, text)
        words = NextTokenWords(rows: rows)
        scale = MatrixScale(rows[1].slice)
    }

    private var columns: Int { rows[1].position + 1 }

    mutating func scene() -> Scene {
        frame.head(words.title[frame.language], words.subtitle[frame.language])
        let body = frame.items.count
        frame.y += frame.type.body * 0.9
        gutter = (Line.allCases.map { frame.width(words.line($0)[frame.language], nameStyle) }.max() ?? 0) + 10
        // A wide, low page has both side by side.
        let isBeside = options.preset.proportion != nil && frame.width >= 900
        let gap = 44.0
        part = isBeside ? (frame.contentWidth - gap) / 2 : frame.contentWidth
        cell = min((part - gutter) / Double(columns), 60)
        if cell >= 8 { cell = cell.rounded(.down) }
        let top = frame.y
        var bottom = top
        for (place, row) in rows.enumerated() {
            if place > 0 { if isBeside { frame.y = top } else { handOver() } }
            panel(row, x: frame.type.margin + (isBeside ? Double(place) * (part + gap) : 0))
            if place == 1 || isBeside { columnNames(row) }
            bottom = max(bottom, frame.y)
        }
        frame.y = bottom
        frame.y += frame.type.label * 1.2
        frame.legend(legend)
        frame.y += frame.type.small * 0.9
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "next-token", step: rows[1].slice.step.id.text, data: provenance))
    }

    private var nameStyle: TextStyle { frame.style(frame.type.label, .ink, .medium) }

    // MARK: One token

    private mutating func panel(_ row: NextTokenRow, x: Double) {
        origin = Point((x + gutter).rounded(), frame.y)
        frame.y += frame.type.panel * 1.15
        frame.add(words.heading(row)[frame.language], frame.style(frame.type.panel, .ink, .semibold), at: Point(x, frame.y))
        frame.y += frame.type.panel * 0.2
        let style = frame.labelStyle
        for line in LineBreaker.lines(words.counts(row)[frame.language], width: part, measure: { frame.width($0, style) }) {
            frame.y += style.size * 1.4
            frame.add(line, style, at: Point(x, frame.y - style.size * 0.22))
        }
        frame.y += frame.type.label * 0.6
        for line in Line.allCases {
            let top = frame.y.rounded()
            let style = nameStyle
            frame.add(words.line(line)[frame.language], style, at: Point(origin.x - 9, top + height / 2 + style.size * 0.36), .end)
            var items: [Item] = []
            for column in 0...row.position {
                items += self.items(line, row, column, Rect(origin.x + Double(column) * cell, top, cell, height))
            }
            frame.items.append(.group("line", items))
            frame.y = top + height + (line == .value ? 3 : 0)
        }
    }

    private func items(_ line: Line, _ row: NextTokenRow, _ column: Int, _ place: Rect) -> [Item] {
        let isNew = column == row.position
        let area = place.insetBy(cell > 6 ? 0.5 : cell * 0.06)
        switch line {
        case .query: return isNew ? [.rect(area, fill: .solid(.query))] + letter("q", area, .query) : []
        case .key: return vector("k", area, .key, isNew: isNew)
        case .value: return vector("v", area, .value, isNew: isNew)
        case .score: return score(row, column, place)
        }
    }

    /// A vector that is new, with its letter; or one that is read from the cache, pale.
    private func vector(_ name: String, _ area: Rect, _ paint: Paint, isNew: Bool) -> [Item] {
        isNew
            ? [.rect(area, fill: .solid(paint))] + letter(name, area, paint)
            : [.rect(area.insetBy(0.375), fill: .solid(paint.mixed(0.16)), stroke: Stroke(paint.mixed(0.55), width: 0.75))]
    }

    private func letter(_ name: String, _ area: Rect, _ paint: Paint) -> [Item] {
        let style = frame.style(max(11, min(frame.type.body, height * 0.6)), .text(on: paint), .semibold)
        guard frame.width(name, style) < area.width - 1, style.size < height + 1 else { return [] }
        return [.text(TextRun(name, style, at: Point(area.midX, area.midY + style.size * 0.32), anchor: .middle))]
    }

    private func score(_ row: NextTokenRow, _ column: Int, _ place: Rect) -> [Item] {
        let value = row.slice.value(row.row, column)
        guard value.isFinite else {
            return [.rect(place.insetBy(1), fill: .solid(Paint.alarm.mixed(0.12)), stroke: Stroke(.alarm, width: 1.2))]
        }
        let paint = scale.paint(value)
        var items: [Item] = [.cell(place.insetBy(cell > 6 ? 0.5 : cell * 0.06), paint)]
        if let digits {
            let style = frame.style(digits.size, .text(on: paint))
            items.append(.text(TextRun(scale.text(value), style, at: Point(place.midX, place.midY + digits.size * 0.36), anchor: .middle)))
        } else if value < 0, scale.kind == .signed, cell >= 5 {
            items.append(.only(Theme.grey, [MatrixPanel.minus(in: place, .text(on: paint))]))
        }
        items.append(
            .hotSpot(
                HotSpot(place, step: row.slice.step.id.text, index: row.slice.index(row.row, column), label: words.label(row, column))))
        return items
    }

    /// The style of digits if the widest score of both rows fits into a cell.
    private var digits: TextStyle? {
        let style = frame.style(11, .ink)
        let values = rows.flatMap { row in (0...row.position).map { row.slice.value(row.row, $0) } }
        return values.allSatisfy { $0.isFinite && frame.width(scale.text($0), style) <= cell - 3 } ? style : nil
    }

    // MARK: Between them

    /// From the first token's key and value down to its place in the cache.
    private mutating func handOver() {
        let x = origin.x + (Double(rows[0].position) + 0.5) * cell
        let (top, bottom) = (frame.y + 5, frame.y + frame.type.body * 1.9)
        let stroke = Stroke(.muted, width: 1.4)
        frame.items.append(.path([.move(Point(x, top)), .line(Point(x, bottom))], stroke: stroke))
        frame.items.append(
            .path([.move(Point(x - 4, bottom - 5)), .line(Point(x, bottom)), .line(Point(x + 4, bottom - 5))], stroke: stroke))
        frame.add(words.kept[frame.language], frame.labelStyle, at: Point(x - 10, (top + bottom) / 2 + frame.type.label * 0.36), .end)
        frame.y = bottom + 2
    }

    private mutating func columnNames(_ row: NextTokenRow) {
        let last = row.slice
        let columns = row.position + 1
        let style = frame.nameStyle(cell: cell)
        let limit = max(62, frame.contentWidth * 0.13)
        let names = (0..<columns).map { TokenText.shortened(last.columnName($0), to: limit) { frame.width($0, style) } }
        let (text, language) = (frame.text, frame.language)
        let panel = MatrixPanel(
            rows: [""], columns: names, cell: cell, rowHeight: height, origin: Point(origin.x, frame.y - height), style: style
        ) { text.measure($0, $1, language).width }
        frame.items.append(.group("columns", panel.columnNames(highlighted: row.position)))
        frame.y += panel.labelHeight
    }

    private var legend: [LegendEntry] {
        let language = frame.language
        let ends = scale.ends
        return [
            .box(.solid(.key), nil, Bilingual(en: "new: computed now", zh: "新的：现在算")[language]),
            .box(
                .solid(Paint.key.mixed(0.16)), Stroke(Paint.key.mixed(0.55), width: 0.75),
                Bilingual(en: "read from the cache", zh: "从缓存里读")[language]),
            .ramp(scale.map, name: words.line(.score)[language], low: ends.low, high: ends.high),
        ]
    }
}
