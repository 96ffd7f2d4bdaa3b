// The figure `indexer`: one query's way through the lightning indexer, read from left to right with a row for each visible key. Dot products of
// every index head, cut at zero, weighted and added up to the score, whose highest stay. The digits are the trace's own, where they fit.

import Traces

extension Figure {
    /// One query's way through the lightning indexer.
    public static let indexer = Figure(
        name: "indexer",
        summary: Bilingual(
            en: "One query through the lightning indexer: dot products, ReLU, weights, scores, top-k", zh: "一个查询穿过闪电索引器：点积、ReLU、权重、得分、前 k 名"
        ),
        takes: [.query, .phase]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else { throw FigureError("indexer needs a trace with an indexer, found no trace") }
        let way = try IndexerWay(trace, options)
        var figure = try IndexerFigure(way, data.provenance, options, text)
        return figure.scene()
    }
}

struct IndexerFigure {
    let way: IndexerWay
    let words: IndexerWords
    let provenance: Provenance
    let options: FigureOptions
    let limit: Double
    let decimals: Int
    let scoreDecimals: Int
    var frame: PictureFrame

    init(_ way: IndexerWay, _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        self.way = way
        self.provenance = provenance
        self.options = options
        frame = try PictureFrame(options, text)
        words = IndexerWords(way: way)
        let products = way.keys.flatMap { key in (0..<way.heads).map { way.product($0, key) } }
        limit = MatrixScale.roundUp(products.reduce(0) { max($0, abs($1)) })
        decimals = words.decimals(products)
        scoreDecimals = words.decimals(way.keys.map(way.score))
    }

    mutating func scene() -> Scene {
        let language = options.language
        frame.head(words.title[language], words.subtitle[language])
        let body = frame.items.count
        frame.y += frame.type.body * 1.4
        let columns = columns()
        heads(columns)
        let top = frame.y
        for (row, key) in way.keys.enumerated() { draw(key, top + Double(row) * columns.pitch, columns) }
        frame.y = top + Double(way.keys.count) * columns.pitch
        if !columns.hasNames { nameKept(top, columns) }
        cut(columns, top)
        frame.y += frame.type.small * 1.6
        frame.legend(legend)
        frame.y += frame.type.small * 0.9
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "indexer", step: way.score.step.id.text, data: provenance))
    }

    private var legend: [LegendEntry] {
        let language = options.language
        let end = limit >= 10_000 && limit < 1e15 ? NumberText.grouped(Int(limit)) : NumberText.significant(limit, digits: 3)
        let hatch = Paint.indexer.mixed(0.45)
        return [
            .ramp(.diverging, name: Bilingual(en: "product", zh: "点积")[language], low: "−" + end, high: end),
            .box(.solid(.indexer), nil, Bilingual(en: "kept", zh: "选中")[language]),
            .box(
                .hatch(lines: hatch, background: nil, spacing: 3.2, width: 0.7), Stroke(hatch),
                Bilingual(en: "not kept", zh: "未选中")[language]),
        ]
    }

    // MARK: Layout

    struct Columns {
        var pitch = 0.0
        var cell = 0.0
        var name = 0.0
        var dots = 0.0
        var votes = 0.0
        var bars = 0.0
        var barWidth = 0.0
        var score = 0.0
        var chips: Double?
        var chipWidth = 0.0
        var hasNames = true
        var digits: TextStyle?
    }

    var label: TextStyle { frame.style(frame.type.label, .muted) }
    var isNarrow: Bool { frame.width < 500 }

    private func columns() -> Columns {
        var columns = Columns()
        let count = Double(way.keys.count)
        var pitch = min(frame.type.label * 2, max(4, 760 / count))
        if let proportion = options.preset.proportion {
            pitch = min(pitch, (frame.width * proportion - frame.y - frame.type.label * 12) / count)
        }
        columns.pitch = max(pitch, 3)
        columns.hasNames = columns.pitch >= frame.type.label * 1.05
        let names = way.keys.map { frame.width(way.name($0), frame.style(frame.type.label, .ink, .semibold)) }.max() ?? 0
        columns.name = min(names, frame.contentWidth * 0.2) + (isNarrow ? 12 : 18)
        if !columns.hasNames, !isNarrow { columns.name = 0 }
        let gap = isNarrow ? 12.0 : max(20, frame.contentWidth * 0.04)
        let number = frame.width(scoreText(way.keys.map(way.score).max { abs($0) < abs($1) } ?? 0), label) + 10
        let headStyle = frame.style(frame.type.body, .indexer, .semibold)
        columns.chipWidth = max(
            min(names, frame.contentWidth * 0.2) + (columns.hasNames ? 18 : Self.swatch + 20),
            frame.width(words.keptNames[0][options.language], headStyle))
        let chip = isNarrow ? 0 : columns.chipWidth + gap
        let free = frame.contentWidth - columns.name - chip - number - 3 * gap
        let widest = way.keys.flatMap { key in (0..<way.heads).map { frame.width(text(way.product($0, key)), label) } }.max() ?? 0
        let share = isNarrow ? 0.66 : 0.6
        columns.cell = min(max(free * share / 2 / Double(max(way.heads, 1)), 2), max(widest + 18, min(70, frame.contentWidth * 0.062)))
        for size in [frame.type.label, 11] where columns.digits == nil {
            let style = frame.style(size, .ink)
            if widest * size / frame.type.label <= columns.cell - 5, columns.pitch >= size + 3 { columns.digits = style }
        }
        let width = columns.cell * Double(way.heads)
        columns.dots = frame.type.margin + columns.name + (isNarrow ? 4 : 8)
        columns.votes = columns.dots + width + gap
        columns.bars = columns.votes + width + gap
        columns.score = frame.width - frame.type.margin - chip
        columns.barWidth = columns.score - number - columns.bars
        if !isNarrow { columns.chips = columns.score + gap }
        return columns
    }

    func text(_ value: Double) -> String {
        value == 0 ? "0" : MatrixScale.typographic(NumberText.fixed(value, decimals: decimals))
    }
    func scoreText(_ value: Double) -> String {
        value == 0 ? "0" : MatrixScale.typographic(NumberText.fixed(value, decimals: scoreDecimals))
    }

    // MARK: Above the columns

    private mutating func heads(_ columns: Columns) {
        let language = options.language
        let width = columns.cell * Double(way.heads)
        let style = frame.style(frame.type.body, .indexer, .semibold)
        let scoreWidth = columns.score - columns.bars
        let groups: [(Double, Double, [Bilingual])] = [
            (columns.dots, width, words.dotNames), (columns.votes, width, words.voteNames), (columns.bars, scoreWidth, words.scoreNames),
            (columns.chips ?? 0, columns.chips == nil ? 0 : columns.chipWidth - 8, words.keptNames),
        ]
        frame.y += frame.type.body
        for (x, width, names) in groups where width > 0 {
            let room = width + 8
            if let name = names.first(where: { frame.width($0[language], style) <= room }) {
                frame.add(name[language], style, at: Point(x, frame.y))
            }
        }
        frame.y += frame.type.label * 1.7
        headNumbers(columns)
        frame.y += frame.type.label * 0.7
    }

    /// Under the names: which head a column of products is, and what weight its votes are given in the score.
    private mutating func headNumbers(_ columns: Columns) {
        let language = options.language
        func place(_ text: String, _ x: Double) -> Bool {
            guard frame.width(text, label) <= columns.cell - 3 else { return false }
            frame.add(text, label, at: Point(x + columns.cell / 2, frame.y), .middle)
            return true
        }
        for head in 0..<way.heads {
            let names = [Bilingual(en: "head \(head)", zh: "头 \(head)"), Bilingual(same: "\(head)")]
            _ = names.contains { place($0[language], columns.dots + Double(head) * columns.cell) }
        }
        if let weights = words.weights.first(where: { $0.allSatisfy { frame.width($0[language], label) <= columns.cell - 10 } }) {
            for (head, weight) in weights.enumerated() { _ = place(weight[language], columns.votes + Double(head) * columns.cell) }
        }
        cutName(columns)
    }

    /// The name of the cut, over its line where there is one.
    private mutating func cutName(_ columns: Columns) {
        guard let cut = way.view.cut(way.query) else { return }
        let style = frame.style(frame.type.label, .indexer, .medium)
        let room = columns.score - columns.bars
        guard
            let name = words.cutName(cut, decimals: scoreDecimals).map({ $0[options.language] }).first(where: {
                frame.width($0, style) <= room
            })
        else { return }
        let width = frame.width(name, style)
        let middle = cut.bestDropped == nil ? columns.bars : position(cut.line, columns)
        frame.add(name, style, at: Point(min(max(middle - width / 2, columns.bars), columns.score - width), frame.y))
    }

    // MARK: Scores

    /// Scores run from the least, or zero, to the most.
    func position(_ score: Double, _ columns: Columns) -> Double {
        let scores = way.keys.map(way.score)
        let (low, high) = (min(scores.min() ?? 0, 0), max(scores.max() ?? 0, 0))
        return columns.bars + (score - low) / max(high - low, 1e-300) * columns.barWidth
    }

    private mutating func cut(_ columns: Columns, _ top: Double) {
        let bottom = frame.y
        let zero = position(0, columns)
        frame.items.append(.path([.move(Point(zero, top)), .line(Point(zero, bottom))], stroke: Stroke(.rule)))
        guard let cut = way.view.cut(way.query), cut.bestDropped != nil else { return }
        let x = position(cut.line, columns)
        frame.items.append(
            .path(
                [.move(Point(x, top - 2)), .line(Point(x, bottom + 2))], stroke: Stroke(.indexer, width: 1.2, dash: [5, 4])))
    }
}
