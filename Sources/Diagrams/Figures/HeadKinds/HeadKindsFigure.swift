// The figure `head-kinds`: all heads of a model on one page, a cell each, marked by where most of the head's weight lies: on the first token, the token
// before, the token itself, near by or farther off. Beside each layer stand the mean shares of its heads. Layers run along the page, or down it where
// they would be too small for letters.

import Mechanisms
import Traces

extension Figure {
    /// What every head rests on.
    public static let headKinds = Figure(
        name: "head-kinds",
        summary: Bilingual(en: "What every head of a model rests on: sinks, neighbours, itself", zh: "模型的每个头看重什么：汇点、邻居、自己"), takes: [.phase]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else {
            throw FigureError("head-kinds needs a trace with attention weights, found no trace")
        }
        var figure = try HeadKindsFigure(HeadKinds(trace, options), data.provenance, options, text)
        return figure.scene()
    }
}

struct HeadKindsFigure {
    private let kinds: HeadKinds
    private let options: FigureOptions
    private let words: HeadKindsWords
    private let provenance: Provenance
    private var frame: PictureFrame
    /// Whether layers run along the page.
    private var isAlong = true
    /// The extent of a cell along the page and down it.
    private var cell = Size(0, 0)
    /// The length of a layer's bar.
    private var bar = 0.0
    private var origin = Point(0, 0)

    init(_ kinds: HeadKinds, _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        (self.kinds, self.provenance, self.options) = (kinds, provenance, options)
        frame = try PictureFrame(options, text)
        words = HeadKindsWords(kinds: kinds, provenance: provenance)
    }

    private var layers: Int { kinds.layers.count }
    private var heads: Int { kinds.layers.reduce(0) { max($0, $1.heads.count) } }
    private var hasNumbers: Bool { min(cell.width, cell.height) >= 32 }
    private var gutter: Double {
        let numbers = kinds.layers.compactMap { $0.number } + [heads - 1]
        return frame.type.label * 1.6 + frame.widest(numbers, frame.style(frame.type.label, .muted)) + 8
    }
    /// Between the grid and the bars.
    private var gap: Double { frame.type.label * 0.9 }

    mutating func scene() -> Scene {
        layOut()
        frame.head(words.title[frame.language], words.subtitle(hasNumbers: hasNumbers)[frame.language])
        let body = frame.items.count
        frame.y += frame.type.body * 0.6
        frame.legend(legend)
        frame.y += frame.type.label * (isAlong ? 1.6 : 3.4)
        origin = Point((frame.type.margin + gutter).rounded(), frame.y.rounded())
        grid()
        for layer in 0..<layers { shares(of: layer) }
        names()
        let along = isAlong ? Double(heads) * cell.height + gap + bar + frame.type.label * 2.6 : Double(layers) * cell.height
        frame.y = origin.y + along + frame.type.label * 1.2
        frame.paragraph(words.clearest[frame.language], frame.style(frame.type.label, .ink), leading: 1.5)
        frame.y += frame.type.small * 0.4
        return frame.scene(
            body: body, source: words.source, options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(
                figure: "head-kinds", step: layers == 1 ? kinds.steps.first.id.text : nil, data: provenance))
    }

    // MARK: Room

    /// The cells as large as the page allows: layers along it, unless that leaves no room for letters, or much of the page empty.
    private mutating func layOut() {
        let room = frame.contentWidth - gutter
        let height = options.preset.proportion.map { frame.width * $0 - frame.type.margin - frame.type.title * 3.2 - frame.type.body * 13 }
        func fitted(_ columns: Int, _ rows: Int, bars: (across: Double, down: Double)) -> Size {
            let wide = min((room - bars.across) / Double(columns), 110)
            let most = height.map { ($0 - bars.down) / Double(rows) } ?? 40
            return Size(wide, max(min(wide, 40, most), 3))
        }
        let down = 92.0
        let across = min(max(room * 0.3, 90), 260)
        let along = fitted(layers, heads, bars: (0, down + gap))
        let below = fitted(heads, layers, bars: (across + gap, 0))
        let (side, other) = (min(along.width, along.height), min(below.width, below.height))
        let fills = Double(layers) * along.width >= room * 0.75
        isAlong = layers > 1 && fills && (side >= other || side >= 26)
        cell = isAlong ? along : below
        bar = isAlong ? down : room - gap - Double(heads) * cell.width
    }

    private func area(_ layer: Int, _ head: Int) -> Rect {
        let (column, row) = isAlong ? (layer, head) : (head, layer)
        return Rect(
            origin.x + Double(column) * cell.width, origin.y + Double(row) * cell.height, cell.width, cell.height)
    }

    // MARK: Marks

    /// What a place is marked with, and the paint of letters on it. Three are filled, each of a lightness of its own, and two are framed, so that a grey
    /// copy tells all five.
    private struct Look {
        let fill: Paint?
        let stroke: Stroke?
        let text: Paint

        init(_ place: HeadKinds.Place, side: Double) {
            switch place {
            case .first: self.init(.highlight)
            case .previous: self.init(.bar)
            case .near: self.init(Paint.bar.mixed(0.6))
            case .itself: self.init(Stroke(.ink, width: min(2, side * 0.2)), .ink)
            case .elsewhere: self.init(Stroke(.muted, width: min(0.75, side * 0.1)), .muted)
            }
        }

        private init(_ paint: Paint) { (fill, stroke, text) = (paint, nil, .text(on: paint)) }
        private init(_ stroke: Stroke, _ text: Paint) { (fill, self.stroke, self.text) = (nil, stroke, text) }

        /// The mark, its frame inside `area`.
        func item(in area: Rect, radius: Double = 0) -> Item {
            .rect(area.insetBy((stroke?.width ?? 0) / 2), radius: radius, fill: fill.map { .solid($0) }, stroke: stroke)
        }
    }

    private var legend: [LegendEntry] {
        let places = HeadKinds.Place.allCases.map { place in
            let look = Look(place, side: 10)
            return LegendEntry.box(look.fill.map { .solid($0) }, look.stroke, words.entry(place)[frame.language])
        }
        let none = LegendEntry.box(nil, Stroke(.rule), Words.noWeight[frame.language])
        return places + (kinds.broken > 0 ? [.broken(frame.language)] : []) + (kinds.empty > 0 ? [none] : [])
    }

    private mutating func grid() {
        let inset = min(cell.width, cell.height) > 8 ? 0.75 : 0.25
        for (layer, row) in kinds.layers.enumerated() {
            for (number, head) in row.heads.enumerated() {
                let area = area(layer, number).insetBy(inset)
                if let kind = head.kind {
                    mark(kind, head.shares[kind.rawValue], in: area)
                } else if head.isEmpty {
                    frame.items.append(.rect(area.insetBy(0.5), stroke: Stroke(.rule)))
                } else {
                    frame.items += MatrixPanel.crossed(area)
                }
            }
        }
    }

    private mutating func mark(_ kind: HeadKinds.Place, _ share: Double, in area: Rect) {
        let side = min(area.width, area.height)
        let look = Look(kind, side: side)
        frame.items.append(look.item(in: area, radius: side >= 12 ? 2 : 0))
        guard side >= 12 else { return }
        let style = frame.style(max(11, min(frame.type.label, side * 0.62)), look.text, .semibold)
        let sign = HeadKindsWords.sign(kind)[frame.language]
        guard hasNumbers else {
            return frame.add(sign, style, at: Point(area.midX, area.midY + style.size * 0.36), .middle)
        }
        frame.add(sign, style, at: Point(area.midX, area.midY - 2), .middle)
        let number = String(NumberText.share(share, decimals: 0).dropLast())
        frame.add(number, frame.style(frame.type.small, look.text), at: Point(area.midX, area.midY + frame.type.small), .middle)
    }

    /// The mean shares of a layer's heads, end to end.
    private mutating func shares(of layer: Int) {
        let mean = HeadKinds.mean(kinds.layers[layer].heads)
        let first = area(layer, 0)
        var filled = barStart
        for place in HeadKinds.Place.allCases {
            let length = bar * mean[place.rawValue]
            let part =
                isAlong
                ? Rect(first.x + inset, filled, cell.width - 2 * inset, length)
                : Rect(filled, first.y + inset, length, cell.height - 2 * inset)
            if length > 0 { frame.items.append(Look(place, side: min(part.width, part.height)).item(in: part)) }
            filled += length
        }
    }

    private var inset: Double { min(cell.width, cell.height) > 8 ? 1.5 : 0.25 }

    /// Where bars begin: below the grid and the numbers of layers, or beside it.
    private var barStart: Double {
        isAlong
            ? origin.y + Double(heads) * cell.height + gap + frame.type.label * 1.2 : origin.x + Double(heads) * cell.width + gap
    }

    // MARK: Names

    private mutating func names() {
        let style = frame.style(max(11, frame.type.label - 1), .muted)
        let end = Double(isAlong ? layers : heads) * cell.width
        let bottom = origin.y + Double(isAlong ? heads : layers) * cell.height
        let (layer, head) = (Words.layer, Words.axis(.h, isPair: false))
        numbers(isAlong ? layers : heads, style, baseline: isAlong ? bottom + style.size * 1.2 : origin.y - style.size * 0.5)
        // Down the left side: heads, or layers.
        let count = isAlong ? heads : layers
        for n in frame.spaced(count, by: cell.height, needing: style.size * 1.15) {
            let number = isAlong ? n : kinds.layers[n].number ?? n
            let y = origin.y + (Double(n) + 0.5) * cell.height + style.size * 0.36
            if isAlong || kinds.layers[n].number != nil { frame.add("\(number)", style, at: Point(origin.x - 6, y), .end) }
        }
        let side = Point(frame.type.margin + style.size * 0.8, (origin.y + bottom) / 2)
        let isLayered = kinds.layers[0].number != nil
        if isAlong || isLayered {
            frame.add((isAlong ? head : layer)[frame.language], style, at: side, .middle, rotation: -90)
        }
        let top = Point(origin.x + end / 2, isAlong ? bottom + style.size * 1.2 : origin.y - style.size * 1.8)
        if isAlong {
            if kinds.hasKinds {
                frame.add(
                    Words.shares[frame.language], style, at: Point(frame.type.margin + style.size * 0.8, barStart + bar / 2), .middle,
                    rotation: -90)
            }
            frame.add(
                layer[frame.language], style, at: Point(origin.x + end / 2, barStart + bar + style.size * 1.4), .middle)
        } else {
            frame.add(head[frame.language], style, at: top, .middle)
            guard kinds.hasKinds else { return }
            frame.add(Words.shares[frame.language], style, at: Point(barStart + bar / 2, origin.y - style.size * 0.5), .middle)
        }
    }

    /// Numbers in a row, as many as stand beside each other.
    private mutating func numbers(_ count: Int, _ style: TextStyle, baseline: Double) {
        let numbers = (0..<count).map { isAlong ? kinds.layers[$0].number ?? $0 : $0 }
        for n in frame.spaced(count, by: cell.width, needing: frame.widest(numbers, style) + 5) {
            frame.add("\(numbers[n])", style, at: Point(origin.x + (Double(n) + 0.5) * cell.width, baseline), .middle)
        }
    }
}

extension Words {
    static let layer = Bilingual(en: "layer", zh: "层")
    fileprivate static let noWeight = Bilingual(en: "all weights 0", zh: "权重全为 0")
    fileprivate static let shares = Bilingual(en: "shares", zh: "份额")
}
