// The figure `poster`: one sheet of paper with the whole story, set from other figures as they are: the way from words to an answer, dense and sparse
// attention side by side, how the sparse one chooses, and what it costs. An A2 sheet (420 x 594 mm) at the usual width; one column where it is narrower;
// title and way alone where a use fixes another form.

import Records
import Traces

extension Figure {
    /// The whole story on one sheet.
    public static let poster = Figure(
        name: "poster",
        summary: Bilingual(
            en: "One A2 sheet: a diary from words to answer, dense and sparse, and the costs", zh: "一张 A2 海报：一篇日记从词到答案，稠密与稀疏，以及成本"),
        needs: .parts
    ) { data, options, text throws(FigureError) in
        guard case .parts(let parts) = data.numbers else { throw data.missing("poster", .parts) }
        guard parts.count == posterParts.count else {
            throw FigureError("poster: expected data for \(posterParts.count) parts, found \(parts.count)")
        }
        guard options.preset.proportion == nil else {
            // A cover or a slide has room for the way alone, which fills it as that figure does.
            var way = try posterParts[0].draw(parts[0], options, text)
            way.provenance["figure"] = "poster"
            return way
        }
        var figure = try PosterFigure(parts, data.provenance, options, text)
        return figure.scene()
    }

    /// The figures on the poster, in the order of its data.
    public static let posterParts: [Figure] = [.pathway, .compare, .pipeline, .doubling, .prices]
}

struct PosterFigure {
    /// A2 in points of 1/72 inch.
    static let sheet = Size(420 / 25.4 * 72, 594 / 25.4 * 72)

    /// The widths of the columns.
    static let (wide, narrow) = (800.0, 362.0)

    private var parts: [Scene] = []
    private let options: FigureOptions
    private let provenance: Provenance
    private var frame: PictureFrame
    private let isSheet: Bool

    init(_ data: [FigureData], _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        (self.options, self.provenance) = (options, provenance)
        frame = try PictureFrame(options, text)
        isSheet = options.preset == .article && options.width == nil
        // The way across the sheet; below it figures in a wide column and in a narrow one, by turns.
        let (wide, narrow) = (Self.wide, Self.narrow)
        let widths: [Double] = isSheet ? [1190, wide, narrow, wide, narrow] : [Double](repeating: frame.width, count: data.count)
        for (place, figure) in Figure.posterParts.enumerated() {
            var own = options
            (own.width, own.preset) = (widths[place], .article)
            parts.append(try figure.draw(data[place], own, text))
        }
    }

    mutating func scene() -> Scene {
        let words = words
        if isSheet { frame.y = frame.type.margin }
        let title = frame.type.title * (isSheet ? 1.5 : 1)
        frame.paragraph(words.title[frame.language], frame.style(title, .ink, .bold), leading: 1.2)
        frame.y += frame.type.body * 0.5
        frame.paragraph(words.subtitle[frame.language], frame.style(frame.type.body * (isSheet ? 1.2 : 1), .muted), leading: 1.45)
        frame.y += frame.type.body * 1.4
        let body = frame.items.count
        put(parts[0], x: 0)
        guard isSheet else {
            for part in parts.dropFirst() {
                rule(frame.type.margin, frame.width - frame.type.margin)
                put(part, x: 0)
            }
            return frame.scene("poster", body: body, options, words, provenance)
        }
        columns(words)
        frame.foot(words.source[frame.language])
        var scene = frame.scene("poster", options, words, provenance)
        scene.size = Size(Self.sheet.width, max(Self.sheet.height, frame.y))
        return scene
    }

    private mutating func put(_ part: Scene, x: Double) {
        frame.items.append(.group(part.provenance["figure"] ?? "part", part.items.map { $0.moved(x, frame.y) }))
        frame.y += part.size.height
    }

    private mutating func rule(_ left: Double, _ right: Double) {
        frame.items.append(.path([.move(Point(left, frame.y)), .line(Point(right, frame.y))], stroke: Stroke(.rule)))
    }

    /// Both columns from one height to another, what is left over divided between their parts. Each figure brings its margin: the outer ones stand on the
    /// sheet's.
    private mutating func columns(_ words: FigureWords) {
        rule(frame.type.margin, frame.width - frame.type.margin)
        let top = frame.y
        let bottom = Self.sheet.height - frame.footHeight(words.source) - frame.type.body
        let margins = [Self.wide, Self.narrow].map { TypeScale(width: $0, preset: .article).margin }
        let left = frame.type.margin - margins[0]
        let right = frame.width - frame.type.margin + margins[1] - Self.narrow
        let sides = [(parts: [parts[1], parts[3]], x: left), (parts: [parts[2], parts[4]], x: right)]
        let first = sides.map { Self.baseline($0.parts[0]) }
        var lowest = bottom
        for (side, own) in zip(sides, first) {
            // The first titles stand on one line.
            let start = top + frame.type.body + (first.max() ?? own) - own
            let spare = max(bottom - start - side.parts.reduce(0) { $0 + $1.size.height }, 0)
            frame.y = start
            for (place, part) in side.parts.enumerated() {
                if place > 0 { frame.y += spare / 2 }
                put(part, x: side.x)
            }
            lowest = max(lowest, frame.y)
        }
        let between = (left + Self.wide - margins[0] + right + margins[1]) / 2
        frame.items.append(.path([.move(Point(between, top + 30)), .line(Point(between, lowest - 30))], stroke: Stroke(.rule)))
        frame.y = lowest + frame.type.body * 0.4
    }

    /// How far down a figure's first line of text stands.
    private static func baseline(_ part: Scene) -> Double {
        for case .text(let run) in part.items { return run.position.y }
        return 0
    }

    private var words: FigureWords {
        let title = parts[0].title
        let all = Bilingual(en: parts.map { $0.alt.en }.joined(separator: " "), zh: parts.map { $0.alt.zh }.joined())
        return FigureWords(
            title: title,
            subtitle: Bilingual(
                en: "A diary, and one question about it. What happens to it, cell by cell, and what the same costs in a large model.",
                zh: "一篇日记问一个问题：一格一格看它怎么得到答案，再看同样的做法在大模型里要花多少。"),
            alt: Bilingual(en: "A poster of \(parts.count) pictures. \(all.en)", zh: "一张有 \(parts.count) 幅图的海报。\(all.zh)"),
            caption: Bilingual(
                en: ([title] + parts.dropFirst().map { $0.title }).map { $0.en + "." }.joined(separator: " "),
                zh: ([title] + parts.dropFirst().map { $0.title }).map { $0.zh + "。" }.joined()),
            source: Bilingual(
                en:
                    "Every number is recorded from a run, published, or counted from published sizes; each picture names its data: \(provenance.name)",
                zh: "每个数都来自运行的记录、已发表的资料，或由已发表的尺寸数出；各图标明自己的数据：\(provenance.name)"))
    }
}
