// A chart with two axes: grid, ticks, lines named at their ends, dots, rings, bands. Figures decide what stands in it; this decides how it looks.

import Mechanisms
import Traces

/// One line of a chart with its name.
struct PlotLine {
    /// The name, written beside the line's end.
    let name: String
    /// The colour of line and name.
    let color: Paint
    /// Points (x, y) in data units, by ascending x.
    let points: [(x: Double, y: Double)]
    var width = 2.4

    /// Samples of `y` at `count` places that are evenly spaced on `scale`, and at `knees`.
    static func sampled(_ scale: AxisScale, count: Int = 128, knees: [Double] = [], _ y: (Double) throws(EngineError) -> Double)
        throws(EngineError) -> [(x: Double, y: Double)]
    {
        let even = (0...count).map { scale.value(at: Double($0) / Double(count)) }
        let xs = (even + knees.filter { $0 > scale.low && $0 < scale.high }).sorted()
        return try xs.map { x throws(EngineError) in (x: x, y: try y(x)) }
    }
}

/// The place of a chart and its axes.
struct Plot {
    let area: Rect
    let x: AxisScale
    let y: AxisScale

    func point(_ x: Double, _ y: Double) -> Point {
        Point(area.x + self.x.position(x) * area.width, area.maxY - self.y.position(y) * area.height)
    }

    /// The width that the labels of the vertical axis need.
    static func gutter(_ y: AxisScale, _ frame: PictureFrame) -> Double {
        (y.ticks.map { frame.width($0.label, frame.labelStyle) }.max() ?? 0) + 10
    }

    /// The height that labels and name of the horizontal axis need.
    static func footHeight(_ frame: PictureFrame) -> Double { frame.type.label * 3.5 }

    /// Grid lines, tick labels, the base line and the names of both axes; the vertical one's name stands over its axis.
    func axes(_ xName: String, _ yName: String, on frame: inout PictureFrame) {
        let style = frame.labelStyle
        for tick in y.ticks {
            let y = point(x.low, tick.value).y
            let isBase = tick == self.y.ticks.first
            frame.items.append(
                .path(
                    [.move(Point(area.x, y)), .line(Point(area.maxX, y))], stroke: Stroke(isBase ? .muted : .rule)
                ))
            frame.add(tick.label, style, at: Point(area.x - 8, y + style.size * 0.36), .end)
        }
        for tick in x.ticks {
            let x = point(tick.value, y.low).x
            frame.items.append(.path([.move(Point(x, area.maxY)), .line(Point(x, area.maxY + 4))], stroke: Stroke(.muted)))
            frame.add(tick.label, style, at: Point(x, area.maxY + 5 + style.size), .middle)
        }
        let named = frame.style(frame.type.label, .muted, .medium)
        frame.add(xName, named, at: Point(area.midX, area.maxY + style.size * 2.9), .middle)
        frame.add(yName, named, at: Point(area.x - Self.gutter(y, frame) + 2, area.y - style.size * 1.2))
    }

    /// The line, clipped to the chart.
    func draw(_ line: PlotLine, on frame: inout PictureFrame) {
        guard let first = line.points.first else { return }
        let path = [PathElement.move(point(first.x, first.y))] + line.points.dropFirst().map { .line(point($0.x, $0.y)) }
        let stroke = Stroke(line.color, width: line.width)
        frame.items.append(.group("line", [.path(path, stroke: stroke)], clip: Rect(area.x, area.y - 4, area.width + 2, area.height + 5)))
    }

    /// The width of the column of names: `limit`, or the longest word.
    static func nameWidth(_ names: [String], _ limit: Double, _ frame: PictureFrame) -> Double {
        let style = frame.style(frame.type.label, .ink, .semibold)
        let all = names.flatMap { broken($0, limit, style, frame) }
        return (all.map { frame.width($0, style) }.max() ?? 0).rounded(.up) + 1
    }

    /// A name over several lines: at its line feeds, and where it is too wide after spaces and full-width colons, never inside a Chinese word.
    private static func broken(_ name: String, _ width: Double, _ style: TextStyle, _ frame: PictureFrame) -> [String] {
        name.split(separator: "\n").flatMap { wrapped(String($0), width, style, frame) }
    }

    private static func wrapped(_ name: String, _ width: Double, _ style: TextStyle, _ frame: PictureFrame) -> [String] {
        var lines: [String] = []
        var line = ""
        for piece in name.split(separator: " ", omittingEmptySubsequences: true).flatMap({ part -> [String] in
            let parts = part.split(separator: "：").map(String.init)
            return parts.dropLast().map { $0 + "：" } + parts.suffix(1).map { $0 + " " }
        }) {
            if !line.isEmpty, frame.width(LineBreaker.trimmed(line + piece), style) > width {
                lines.append(LineBreaker.trimmed(line))
                line = ""
            }
            line += piece
        }
        return lines + [LineBreaker.trimmed(line)]
    }

    /// Names at the right of the lines' ends, broken into lines of `width`, moved apart where they would collide.
    func names(_ lines: [PlotLine], width: Double, on frame: inout PictureFrame) {
        let style = frame.style(frame.type.label, .ink, .semibold)
        let texts = lines.map { Self.broken($0.name, width, style, frame) }
        let leading = style.size * 1.22
        let ends = lines.map { point($0.points.last!.x, $0.points.last!.y) }
        let heights = texts.map { Double($0.count) * leading + style.size * 0.35 }
        let middles = LabelStack.placed(ends.map { $0.y }, heights: heights, low: area.y - style.size, high: area.maxY + style.size * 0.6)
        for (i, line) in lines.enumerated() {
            var own = style
            own.color = line.color
            var y = middles[i] - Double(texts[i].count) * leading / 2 + style.size * 0.95
            if abs(middles[i] - ends[i].y) > style.size * 0.8 {
                let leader: [PathElement] = [.move(Point(ends[i].x + 2, ends[i].y)), .line(Point(ends[i].x + 9, middles[i]))]
                frame.items.append(.path(leader, stroke: Stroke(line.color, width: 1)))
            }
            for text in texts[i] {
                frame.add(text, own, at: Point(ends[i].x + 12, y))
                y += leading
            }
        }
    }

    /// A filled dot.
    func dot(_ x: Double, _ y: Double, _ color: Paint, radius: Double = 4.5, on frame: inout PictureFrame) {
        frame.items.append(Self.disc(point(x, y), radius, fill: color, stroke: Stroke(.paper, width: 1.2)))
    }

    /// A ring with paper inside.
    func ring(_ x: Double, _ y: Double, _ color: Paint, radius: Double = 4.5, on frame: inout PictureFrame) {
        frame.items.append(Self.disc(point(x, y), radius, fill: .paper, stroke: Stroke(color, width: 1.6)))
    }

    static func disc(_ center: Point, _ radius: Double, fill: Paint?, stroke: Stroke?) -> Item {
        .rect(
            Rect(center.x - radius, center.y - radius, 2 * radius, 2 * radius), radius: radius, fill: fill.map(Fill.solid), stroke: stroke)
    }

    /// A dashed threshold from side to side, with its name over its beginning or under its end.
    func threshold(_ value: Double, _ name: String, isAbove: Bool = true, on frame: inout PictureFrame) {
        let y = point(x.low, value).y
        let stroke = Stroke(.muted, width: 1.2, dash: [5, 4])
        frame.items.append(.path([.move(Point(area.x, y)), .line(Point(area.maxX, y))], stroke: stroke))
        let place = isAbove ? Point(area.x + 6, y - frame.type.label * 0.5) : Point(area.maxX - 4, y + frame.type.label * 1.4)
        frame.note(name, at: place, isAbove ? .start : .end)
    }
}

extension PictureFrame {
    /// What headings, axes and the last line take beside `parts` charts one below the other.
    func below(_ source: Bilingual, parts: Int) -> Double {
        let each = type.panel * 1.1 + type.label * 8 + type.body
        return each * Double(parts) - type.body + type.small * 0.6 + footHeight(source)
    }

    /// What the last line takes.
    func footHeight(_ source: Bilingual) -> Double {
        let style = style(type.small, .muted)
        let lines = LineBreaker.lines(source[language], width: contentWidth) { width($0, style) }.count
        return type.small * 1.5 * Double(lines) + max(16, type.margin * 0.55)
    }

    /// Tick labels and notes.
    var labelStyle: TextStyle { style(type.label, .muted) }

    /// A note on a chart, over several lines where it has line feeds, on a halo of paper so that grid lines do not run through it.
    mutating func note(
        _ words: String, at point: Point, _ anchor: TextRun.Anchor = .start, color: Paint? = nil, weight: TextStyle.Weight = .regular
    ) {
        let style = style(type.label, color ?? .muted, weight)
        for (i, line) in words.split(separator: "\n").map(String.init).enumerated() {
            let at = Point(point.x, point.y + Double(i) * style.size * 1.28)
            let length = width(line, style)
            let left = anchor == .start ? at.x : anchor == .middle ? at.x - length / 2 : at.x - length
            items.append(.rect(Rect(left - 2, at.y - style.size * 0.92, length + 4, style.size * 1.22), fill: .solid(.paper)))
            add(line, style, at: at, anchor)
        }
    }

    /// The heading of a part, with a line under it that says what it counts; returns the space that they take.
    mutating func heading(_ title: String, _ line: String, x: Double, width limit: Double) {
        add(title, style(type.panel, .ink, .semibold), at: Point(x, y + type.panel))
        var top = y + type.panel * 1.1
        let small = style(type.label, .muted)
        if !line.isEmpty {
            for text in LineBreaker.lines(line, width: limit, measure: { width($0, small) }) {
                top += type.label * 1.4
                add(text, small, at: Point(x, top))
            }
        }
        headingBottom = max(headingBottom, top + type.label * 0.6)
    }

    /// A picture from what has been collected.
    func scene(_ figure: String, _ options: FigureOptions, _ words: FigureWords, _ data: Provenance) -> Scene {
        let height = options.preset.proportion.map { max(y, (width * $0).rounded()) } ?? y.rounded(.up)
        return Scene(
            size: Size(width, height), background: .paper, items: items, title: Words.spaced(words.title),
            alt: Words.spaced(words.alt), caption: Words.spaced(words.caption), language: language,
            themes: themes, provenance: options.provenance(figure: figure, step: nil, data: data))
    }

    /// The same where `body` counts the items over which spare height is divided; the last line is set here.
    mutating func scene(_ figure: String, body: Int, _ options: FigureOptions, _ words: FigureWords, _ data: Provenance) -> Scene {
        scene(
            body: body, source: words.source, options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: figure, step: nil, data: data))
    }

    /// The height of a chart: `usual`, or what the preset's proportions leave above `below`.
    func chartHeight(_ usual: Double, below: Double, options: FigureOptions, parts: Int = 1) -> Double {
        guard let proportion = options.preset.proportion else { return usual }
        return max(150, (width * proportion - y - below) / Double(parts))
    }
}

/// What a figure says: all of it made from its data.
struct FigureWords {
    /// The finding.
    var title: Bilingual
    /// How to read the picture.
    var subtitle: Bilingual
    /// The picture in words, with its numbers.
    var alt: Bilingual
    /// A line to copy under the picture.
    var caption: Bilingual
    /// What the numbers are and where they come from.
    var source: Bilingual
}
