// The figure `rows-touched`: what is read for each new token of one layer, when a prompt is read at once and when a token is written: weights, cached
// keys and values, index keys. Bars of bytes on one scale; solid is what the token has to itself, pale what it shares, hatched what is left unread.

import Records
import Traces

extension Figure {
    /// Rows and bytes that are read for each new token.
    public static let rowsTouched = Figure(
        name: "rows-touched",
        summary: Bilingual(en: "What is read for each new token: prefill against decode", zh: "每个新词元要读多少：预填充与解码的对照"), needs: .work
    ) { data, options, text throws(FigureError) in
        let (costs, frame) = (try data.costs("rows-touched"), try PictureFrame(options, text))
        return try computing { () throws(EngineError) in
            var figure = try RowsTouchedFigure(costs, data.provenance, options, frame)
            return figure.scene()
        }
    }
}

struct RowsTouchedFigure {
    /// One way of reading.
    struct Way {
        let model: String
        let isPrefill: Bool
        let reads: RowsTouched
        /// Each part with what it is.
        var parts: [(kind: Kind, part: RowsTouched.Part)] {
            [(.weights, reads.weights), (.cache, reads.cache)] + (reads.index.map { [(.index, $0)] } ?? [])
        }
    }

    /// What is read.
    enum Kind { case weights, cache, index }

    private let ways: [Way]
    private let data: CostData
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    private let words: RowsTouchedWords
    /// Tokens of the prompt, and before the token that is written.
    static let length = 131_072

    init(_ data: CostData, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(EngineError) {
        (self.data, self.provenance, self.options, self.frame) = (data, provenance, options, frame)
        let (dense, sparse) = (AttentionCosts(data.dense), AttentionCosts(data.sparse))
        let (old, new) = (CostCurveWords.short(data.dense.name), CostCurveWords.short(data.sparse.name))
        ways = [
            Way(model: old, isPrefill: true, reads: try .prefill(dense, length: Self.length)),
            Way(model: old, isPrefill: false, reads: try .decode(dense, visible: Self.length)),
            Way(model: new, isPrefill: false, reads: try .decode(sparse, visible: Self.length)),
        ]
        words = RowsTouchedWords(ways: ways)
    }

    mutating func scene() -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 1.1
        let body = frame.items.count
        frame.legend(legend)
        let height = barHeight(text.source)
        for way in ways { draw(way, height) }
        frame.y += frame.type.body * 1.1
        return frame.scene("rows-touched", body: body, options, text, provenance)
    }

    private var legend: [LegendEntry] {
        let language = frame.language
        return [
            .box(.solid(.ink), nil, Bilingual(en: "read for this token alone", zh: "只为这一个词元而读")[language]),
            .box(
                .solid(Paint.ink.mixed(0.25)), nil, Bilingual(en: "read once for all tokens of the prompt", zh: "读一次，提示词里的词元共用")[language]),
            .box(frame.hatching, Stroke(.rule, width: 0.75), Bilingual(en: "left unread this time", zh: "这一次没有读")[language]),
        ]
    }

    /// The height of a bar: where the preset fixes the height of all, what the words leave.
    private func barHeight(_ source: Bilingual) -> Double {
        guard let proportion = options.preset.proportion else { return frame.type.body * 1.05 }
        let bars = Double(ways.reduce(0) { $0 + $1.parts.count })
        let heads = Double(ways.count) * (frame.type.panel * 1.25 + frame.type.body * 1.1)
        let free = frame.width * proportion - frame.y - frame.footHeight(source) - frame.type.body * 1.1 - heads - bars * labelHeight
        return min(max(free / bars, 5), frame.type.body * 2)
    }

    private var labelHeight: Double { frame.type.label * 1.75 }
    private var most: Double {
        ways.flatMap { $0.parts.map { Double(($0.part.rows + $0.part.skipped) * $0.part.width) } }.reduce(1) { max($0, $1) }
    }

    private mutating func draw(_ way: Way, _ height: Double) {
        frame.y += frame.type.body * 1.1
        let (name, sum) = (words.name(way)[frame.language], words.sum(way)[frame.language])
        let (bold, plain) = (frame.style(frame.type.panel, .ink, .semibold), frame.style(frame.type.body, .muted))
        frame.y += frame.type.panel
        frame.add(name, bold, at: Point(frame.type.margin, frame.y))
        if frame.width(name, bold) + frame.width(sum, plain) + 20 <= frame.contentWidth {
            frame.add(sum, plain, at: Point(frame.width - frame.type.margin, frame.y), .end)
        } else {
            frame.y += frame.type.body * 1.4
            frame.add(sum, plain, at: Point(frame.type.margin, frame.y))
        }
        frame.y += frame.type.panel * 0.25
        for (kind, part) in way.parts { bar(kind, part, height) }
    }

    /// What is read in words, and its bytes below as a bar: the token's own share, what others share, what is left unread.
    private mutating func bar(_ kind: Kind, _ part: RowsTouched.Part, _ height: Double) {
        let left = frame.type.margin
        frame.y += labelHeight
        let baseline = frame.y - frame.type.label * 0.45
        let (name, label) = (frame.style(frame.type.label, .ink, .medium), frame.labelStyle)
        let (first, rest) = (words.kind(kind)[frame.language], words.reading(kind, part)[frame.language])
        frame.add(first, name, at: Point(left, baseline))
        let x = left + frame.width(first, name) + 10
        if x + frame.width(rest, label) <= frame.width - frame.type.margin {
            frame.add(rest, label, at: Point(x, baseline))
        } else {
            for line in LineBreaker.lines(rest, width: frame.contentWidth, measure: { frame.width($0, label) }) {
                frame.y += frame.type.label * 1.35
                frame.add(line, label, at: Point(left, frame.y - frame.type.label * 0.45))
            }
        }
        let unit = frame.contentWidth / most
        let (own, read) = (part.bytesPerToken, Double(part.bytes))
        let skipped = Double(part.skipped * part.width)
        let area = Rect(left, frame.y, 0, height)
        func piece(_ from: Double, _ bytes: Double, _ fill: Fill, _ stroke: Stroke? = nil, least: Double = 0) {
            let width = max(bytes * unit, least)
            if width > 0 { frame.items.append(.rect(Rect(area.x + from * unit, area.y, width, area.height), fill: fill, stroke: stroke)) }
        }
        piece(0, read, .solid(Self.paint(kind).mixed(0.28)))
        if skipped > 0 { piece(read, skipped, frame.hatching, Stroke(.rule, width: 0.75)) }
        piece(0, own, .solid(Self.paint(kind)), least: 1.5)
        frame.y += height
    }

    private static func paint(_ kind: Kind) -> Paint {
        switch kind {
        case .weights: .ink
        case .cache: .value
        case .index: .indexer
        }
    }
}
