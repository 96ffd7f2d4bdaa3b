// The figure `selection-map`: all layers of a model over all tokens of a text, coloured by how many of the queries that stand far away select a token, and
// beside each layer how much of its choices the layer before has made too. The selection is the best there is: the heaviest keys of dense attention.

import Records
import Traces

extension Figure {
    /// Which tokens each layer selects from afar.
    public static let selectionMap = Figure(
        name: "selection-map",
        summary: Bilingual(
            en: "Which tokens the layers of a model select from afar, and what two layers share", zh: "模型各层从远处选中哪些词元，相邻两层有多少相同"),
        takes: [.phase, .topK]
    ) { data, options, text throws(FigureError) in
        let (map, isTie) = try map(data, options)
        var figure = try SelectionMapFigure(map, isTie: isTie, data.provenance, options, text)
        return figure.scene()
    }

    /// The map that was recorded, or that of the dense attentions of a trace.
    private static func map(_ data: FigureData, _ options: FigureOptions) throws(FigureError) -> (map: SelectionMap, isTie: Bool) {
        let name = "selection-map"
        if case .selections(let map) = data.numbers {
            guard options.topK ?? map.topK == map.topK else {
                throw FigureError("\(name): top-k \(options.topK!): expected \(map.topK), of which this map was recorded")
            }
            return (map, false)
        }
        guard let trace = data.traces.first?.trace else {
            throw FigureError("\(name) needs a trace with attention weights, found no trace")
        }
        let weights = try trace.denseWeights(options, figure: name)
        let reach = weights.reduce(0) { max($0, Self.reach($1)) }
        let map = try computing { () throws(EngineError) in
            try SelectionMap(
                model: data.provenance.name, topK: options.topK ?? usualTopK(reach), tokens: trace.tokens, heaviestOf: weights)
        }
        guard map.layers.contains(where: { $0.asked.contains { $0 > 0 } }) else {
            let tokens = weights[0].output.shape[.s] ?? 0
            throw FigureError(
                "\(name): top-k \(map.topK): expected "
                    + (reach < tokens
                        ? "less than the widest window, \(Words.counted(reach, "token"))" : "more tokens than that, found \(tokens)"))
        }
        return (map, weights.allSatisfy(isEven))
    }

    /// How many keys the query that sees farthest has from the farthest to itself.
    private static func reach(_ weights: Step) -> Int {
        let visible = weights.visible ?? Mask(apparentIn: weights.output)
        let past = visible.columns - visible.rows
        return (0..<visible.rows).reduce(0) { most, row in
            let keys = visible.visibleKeys(of: row)
            return max(most, [keys.first, keys.last].compactMap { $0 }.map { abs(past + row - $0) + 1 }.max() ?? 0)
        }
    }

    /// Whether every query gives all keys that it sees the same weight, so that order alone chooses.
    private static func isEven(_ weights: Step) -> Bool {
        let visible = weights.visible ?? Mask(apparentIn: weights.output)
        guard let heads = weights.output.shape[.h].map({ Array(0..<$0) }) else {
            return isEven(weights.output.transposed(to: [.t, .s]).values[...], visible)
        }
        let all = weights.output.transposed(to: [.h, .t, .s]).values
        let size = visible.rows * visible.columns
        return heads.allSatisfy { isEven(all[$0 * size..<($0 + 1) * size], visible) }
    }

    private static func isEven(_ values: ArraySlice<Double>, _ visible: Mask) -> Bool {
        (0..<visible.rows).allSatisfy { row in
            let own = visible.visibleKeys(of: row).map { values[values.startIndex + row * visible.columns + $0] }
            return own.allSatisfy { abs($0 - own[0]) <= 1e-12 }
        }
    }

    /// A power of two: an eighth of what a query sees of a text, from 1 to 64.
    private static func usualTopK(_ tokens: Int) -> Int {
        var k = 1
        while k < 64, 16 * k <= tokens { k *= 2 }
        return k
    }
}

struct SelectionMapFigure {
    private let map: SelectionMap
    private let options: FigureOptions
    private let words: SelectionMapWords
    private let provenance: Provenance
    private var frame: PictureFrame

    init(_ map: SelectionMap, isTie: Bool, _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        (self.map, self.provenance, self.options) = (map, provenance, options)
        words = SelectionMapWords(map: map, isTie: isTie, provenance: provenance)
        frame = try PictureFrame(options, text)
    }

    private var hasBars: Bool { map.layers.contains { $0.common != nil } }
    private var isNamed: Bool { map.layers[0].number != nil }

    mutating func scene() -> Scene {
        var said = words.words
        frame.head(said.title[frame.language], said.subtitle[frame.language])
        let body = frame.items.count
        frame.y += frame.type.body * 0.8
        frame.legend(legend)
        // Above the map stand the names of the tokens that are selected most.
        frame.y += frame.type.label * 2.6
        let area = place(above: said.source)
        let keys = map.layers[0].asked.count
        if let several = words.aggregation(keys.blocks(of: Int(area.width))) { said.source = said.source + several }
        draw(in: area)
        frame.y = area.maxY + frame.type.label * 2.9
        frame.add(
            Words.tokens[frame.language], frame.style(frame.type.label, .muted, .medium), at: Point(area.midX, frame.y), .middle)
        frame.y += frame.type.label * 0.5
        return frame.scene("selection-map", body: body, options, said, provenance)
    }

    private var legend: [LegendEntry] {
        let share = Bilingual(en: "selected by far queries", zh: "远处选它的比例")[frame.language]
        let ramp = LegendEntry.ramp(.sequential, name: share, low: "0%", high: "100%", ofPixels: true)
        let blank = Bilingual(en: "too few far queries", zh: "远处的查询太少")[frame.language]
        let entries = [ramp] + (words.hasBlanks ? [.box(frame.hatching, nil, blank)] : [])
        guard let common = words.common else { return entries }
        let bar = Bilingual(en: "as in the layer before: \(common)", zh: "与上一层相同：平均 \(common)")
        return entries + [.box(.solid(.bar), nil, bar[frame.language])]
    }

    /// The cells: layers as high as the page allows, tokens as wide as is left beside the layers' numbers and bars.
    private func place(above source: Bilingual) -> Rect {
        let numbers = frame.widest(map.layers.compactMap { $0.number }, frame.labelStyle)
        let left = frame.type.margin + (isNamed ? frame.type.label * 1.6 + numbers + 8 : 0)
        let right = frame.width - frame.type.margin - (hasBars ? bar + gap : 0)
        let usual = frame.width < 500 ? 10.0 : 14
        var row = min(40, max(usual, 120 / Double(map.layers.count)))
        if let proportion = options.preset.proportion {
            let rest = frame.type.label * 3.4 + frame.footHeight(source)
            row = min(row * 1.2, (frame.width * proportion - frame.y - rest) / Double(map.layers.count))
        }
        let x = left.rounded()
        return Rect(x, frame.y.rounded(), (right - x).rounded(), (max(row, 3) * Double(map.layers.count)).rounded())
    }

    private var bar: Double { min(max(frame.contentWidth * 0.14, 44), 130) }
    private var gap: Double { frame.type.label * 0.9 }

    private mutating func draw(in area: Rect) {
        let keys = map.layers[0].asked.count
        let values = map.layers.flatMap { layer in (0..<keys).map { words.share($0, in: layer) ?? -.infinity } }
        // What nobody was asked about is hatched: white is what nobody selects.
        let all = Mask(rows: map.layers.count, columns: keys) { _, _ in true }
        let cells = RasterCells(values: values[...], rows: map.layers.count, columns: keys, reach: words.hasBlanks ? all : nil)
        let raster = MatrixRaster(cells, toRows: Int(area.height), toColumns: Int(area.width), by: .mean)
        let panel = RasterPanel(area: area, rows: map.layers.count, columns: keys, query: nil, key: nil)
        frame.raster(raster, .shares, panel, hasRows: false)
        names(panel)
        if isNamed { layers(panel) }
        if hasBars { bars(panel) }
    }

    /// The tokens that are selected most, over their columns; one that would run into another is left out.
    private mutating func names(_ panel: RasterPanel) {
        let style = frame.style(frame.type.label, .ink, .semibold)
        var taken: [ClosedRange<Double>] = []
        for key in words.hubs.prefix(6) {
            let text = TokenText.shortened(words.name(key)[frame.language], to: 110) { frame.width($0, style) }
            let (x, width) = (panel.columnMiddle(key), frame.width(text, style))
            // A name over an edge of the map leans inwards.
            let left = min(max(x - width / 2, panel.area.x), panel.area.maxX - width)
            let own = left - 5...left + width + 5
            if taken.contains(where: { $0.overlaps(own) }) { continue }
            taken.append(own)
            frame.items.append(.path([.move(Point(x, panel.area.y - 6)), .line(Point(x, panel.area.y - 1))], stroke: Stroke(.ink)))
            frame.add(text, style, at: Point(left, panel.area.y - 9))
        }
    }

    private mutating func layers(_ panel: RasterPanel) {
        let style = frame.labelStyle
        for row in frame.rowPositions(panel.area, panel.rows) {
            let number = "\(map.layers[row].number ?? row)"
            frame.add(number, style, at: Point(panel.area.x - 6, panel.rowMiddle(row) + style.size * 0.36), .end)
        }
        let side = Point(frame.type.margin + style.size * 0.8, panel.area.midY)
        frame.add(Words.layer[frame.language], style, at: side, .middle, rotation: -90)
    }

    private mutating func bars(_ panel: RasterPanel) {
        let (x, height) = (panel.area.maxX + gap, panel.area.height / Double(panel.rows))
        let inset = height > 8 ? 1.5 : 0.5
        for (row, layer) in map.layers.enumerated() {
            guard let common = layer.common else { continue }
            let top = panel.rowMiddle(row) - height / 2 + inset
            frame.items.append(.rect(Rect(x, top, bar, height - 2 * inset), fill: .solid(Paint.rule.mixed(0.45))))
            frame.items.append(.rect(Rect(x, top, bar * common, height - 2 * inset), fill: .solid(.bar)))
        }
        let baseline = panel.area.maxY + 5 + frame.type.label * 1.05
        frame.add("0", frame.labelStyle, at: Point(x, baseline))
        frame.add("100%", frame.labelStyle, at: Point(x + bar, baseline), .end)
    }
}

extension MatrixScale {
    /// Shares of a whole.
    fileprivate static var shares: MatrixScale { MatrixScale(shares: 1) }
}

extension Words {
    fileprivate static let tokens = Bilingual(en: "token, by position", zh: "词元（按位置）")
}
