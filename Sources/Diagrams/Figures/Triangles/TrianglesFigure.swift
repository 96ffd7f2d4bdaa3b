// The figure `triangles`: what doubling a text does to its pairs. The pairs of query and key of all tokens, cut at half of the tokens: two triangles,
// each as large as the half's own, and the square in which the later half looks back at the earlier one. Counted cell by cell.

import Traces

extension Figure {
    /// A causal triangle, cut into two triangles and a square.
    public static let triangles = Figure(
        name: "triangles",
        summary: Bilingual(en: "Twice the text: two triangles, which are old, and a square, which is new", zh: "文字翻倍：两个旧三角形，加一个新正方形"),
        takes: [.step, .head, .phase]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else {
            throw FigureError("triangles needs a trace with attention weights, found no trace")
        }
        if options.step == nil { try trace.checkPhase(options, figure: "triangles") }
        let step = try MatrixFigure.step(of: trace, options)
        var figure = try TrianglesFigure(MatrixSlice(step, of: trace, head: options.head), data.provenance, options, text)
        return figure.scene()
    }
}

struct TrianglesFigure {
    private let slice: MatrixSlice
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    private let words: TrianglesWords
    /// Tokens of the earlier half.
    private let half: Int
    private var cell = 0.0
    private var origin = Point(0, 0)

    /// Throws unless the step is a causal triangle: every query sees all keys up to its own and no other.
    init(_ slice: MatrixSlice, _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        (self.slice, self.provenance, self.options) = (slice, provenance, options)
        frame = try PictureFrame(options, text)
        guard slice.isPair, slice.rows == slice.columns, slice.rows > 1 else {
            throw FigureError(
                "triangles: \(slice.step.id): expected as many queries as keys, two or more, found \(slice.step.output.shape)")
        }
        for t in 0..<slice.rows {
            for s in 0..<slice.columns where slice.isMasked(t, s) != (s > t) {
                throw FigureError(
                    "triangles: \(slice.step.id): expected every query to see all keys up to its own, found otherwise at [\(t), \(s)]")
            }
        }
        half = slice.rows / 2
        words = TrianglesWords(slice: slice, half: half)
    }

    mutating func scene() -> Scene {
        frame.head(words.title[frame.language], words.subtitle[frame.language])
        let body = frame.items.count
        frame.y += frame.type.body * 1.6
        let isWide = frame.width >= 600
        let gutter = frame.type.label * 1.9
        let side = isWide ? min(frame.contentWidth * 0.42, 380) : 0
        let most = frame.contentWidth - gutter - side - (isWide ? 36 : 0)
        let below =
            frame.type.label * 3.2 + (isWide ? 0 : barsHeight + frame.type.body) + frame.footHeight(words.source(provenance))
            + frame.type.small
        let size = options.preset.proportion.map { min(most, max(120, frame.width * $0 - frame.y - below)) } ?? min(most, 460)
        cell = size / Double(slice.rows)
        if cell >= 6 { cell = cell.rounded(.down) }
        origin = Point((frame.type.margin + gutter).rounded(), frame.y.rounded())
        matrix()
        let bottom = frame.y
        let left = isWide ? origin.x + area.width + 36 : frame.type.margin
        if isWide { frame.y = area.midY - barsHeight / 2 } else { frame.y += frame.type.body }
        bars(x: left, width: frame.width - frame.type.margin - left)
        frame.y = max(bottom, frame.y) + frame.type.small * 0.8
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "triangles", step: slice.step.id.text, data: provenance))
    }

    private var area: Rect { Rect(origin.x, origin.y, cell * Double(slice.rows), cell * Double(slice.rows)) }

    // MARK: The triangle

    private func looks(_ part: TrianglesWords.Part) -> Paint { part == .across ? .highlight : .bar }

    private mutating func matrix() {
        if slice.rows <= MatrixRaster.cellLimit { cells() } else { outlines() }
        let edge = Double(half) * cell
        let cut = Stroke(.muted, width: 1.2, dash: [5, 4])
        frame.items.append(.path([.move(Point(area.x, area.y + edge)), .line(Point(area.x + edge, area.y + edge))], stroke: cut))
        frame.items.append(.path([.move(Point(area.x + edge, area.y + edge)), .line(Point(area.x + edge, area.maxY))], stroke: cut))
        for part in TrianglesWords.Part.allCases { count(part) }
        axes()
    }

    private mutating func cells() {
        var items: [Item] = []
        for t in 0..<slice.rows {
            for s in 0...t {
                let place = Rect(origin.x + Double(s) * cell, origin.y + Double(t) * cell, cell, cell)
                items.append(.rect(place.insetBy(cell > 6 ? 0.5 : cell * 0.06), fill: .solid(looks(words.part(t, s)))))
                items.append(.hotSpot(HotSpot(place, step: slice.step.id.text, index: slice.index(t, s), label: words.label(t, s))))
            }
        }
        frame.items.append(.group("cells", items))
    }

    /// Too many cells to be told apart: their shapes, stairs and all but drawn straight.
    private mutating func outlines() {
        let (a, b) = (area, Double(half) * cell)
        let corner = Point(a.x + b, a.y + b)
        func triangle(_ from: Point, _ to: Point) -> [PathElement] { [.move(from), .line(to), .line(Point(from.x, to.y)), .close] }
        frame.items.append(.path(triangle(Point(a.x, a.y), corner), fill: .solid(.bar)))
        frame.items.append(.path(triangle(corner, Point(a.maxX, a.maxY)), fill: .solid(.bar)))
        frame.items.append(.rect(Rect(a.x, corner.y, b, a.maxY - corner.y).insetBy(0.5), fill: .solid(.highlight)))
    }

    /// The count of a part, in its middle.
    private mutating func count(_ part: TrianglesWords.Part) {
        let edge = Double(half) * cell
        let rest = area.height - edge
        let center =
            switch part {
            case .earlier: Point(area.x + edge * 0.33, area.y + edge * 0.69)
            case .later: Point(area.x + edge + rest * 0.33, area.y + edge + rest * 0.69)
            case .across: Point(area.x + edge / 2, area.y + edge + rest / 2)
            }
        let text = NumberText.grouped(words.count(part))
        let style = frame.style(max(11, min(frame.type.panel * 1.15, edge * 0.26)), .text(on: looks(part)), .bold)
        let width = frame.width(text, style) + style.size * 0.6
        let height = style.size * 1.35
        frame.items.append(
            .rect(Rect(center.x - width / 2, center.y - height / 2, width, height), radius: 3, fill: .solid(looks(part))))
        frame.add(text, style, at: Point(center.x, center.y + style.size * 0.36), .middle)
    }

    /// Both halves by name along both sides.
    private mutating func axes() {
        let style = frame.style(frame.type.label, .muted, .medium)
        let edge = Double(half) * cell
        for (isFirst, from, length) in [(true, 0, edge), (false, edge, area.height - edge)] {
            let middle = from + length / 2
            let rows = words.side(isFirst, isRows: true).first { frame.width($0[frame.language], style) < length - 4 }
            let columns = words.side(isFirst, isRows: false).first { frame.width($0[frame.language], style) < length - 4 }
            if let rows {
                frame.add(
                    rows[frame.language], style, at: Point(origin.x - frame.type.label * 0.8, origin.y + middle), .middle, rotation: -90)
            }
            if let columns {
                frame.add(columns[frame.language], style, at: Point(origin.x + middle, area.maxY + frame.type.label * 1.5), .middle)
            }
        }
        frame.y = area.maxY + frame.type.label * 2
    }

    // MARK: Before and after

    private var barHeight: Double { frame.type.body * 1.7 }
    /// Names, bars and three lines of sums.
    private var barsHeight: Double {
        2 * (frame.type.body * 1.5 + barHeight + frame.type.body * 0.5) + Double(words.sums.count) * frame.type.body * 1.5 + frame.type.body
    }

    /// The pairs before and after as bars of one scale, and how they are counted.
    private mutating func bars(x: Double, width: Double) {
        let body = frame.style(frame.type.body, .ink, .semibold)
        let unit = width / Double(words.total)
        for (name, parts) in [(words.before, [TrianglesWords.Part.earlier]), (words.after, TrianglesWords.Part.allCases)] {
            frame.y += frame.type.body * 1.5
            frame.add(name[frame.language], body, at: Point(x, frame.y - frame.type.body * 0.4))
            var left = x
            for part in parts {
                let bar = Rect(left, frame.y, unit * Double(words.count(part)), barHeight)
                frame.items.append(.rect(Rect(bar.x, bar.y, max(bar.width - 1.5, 0.5), bar.height), fill: .solid(looks(part))))
                let text = NumberText.grouped(words.count(part))
                let style = frame.style(frame.type.label, .text(on: looks(part)), .semibold)
                if frame.width(text, style) < bar.width - 4 {
                    frame.add(text, style, at: Point(bar.midX, bar.midY + style.size * 0.36), .middle)
                }
                left += bar.width
            }
            frame.y += barHeight + frame.type.body * 0.5
        }
        frame.y += frame.type.body * 0.4
        for (part, sum) in words.sums {
            frame.y += frame.type.body * 1.5
            let size = frame.type.label
            let baseline = frame.y - frame.type.body * 0.3
            if let part { frame.items.append(.rect(Rect(x, baseline - size * 0.85, size, size), radius: 2, fill: .solid(looks(part)))) }
            frame.add(sum[frame.language], frame.style(frame.type.label, .ink), at: Point(x + size + 7, baseline))
        }
        frame.y += frame.type.body * 0.6
    }
}
