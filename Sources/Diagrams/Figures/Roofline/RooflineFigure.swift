// The figure `roofline`: FLOPs a second within reach against FLOPs for each byte, on logarithmic axes, with what one decoded query does on its cache:
// dense and sparse latent attention, and the indexer. Roofs and ridges are the accelerator's, points come from closed forms. Prefill in MHA mode reads
// keys and values that are not cached as they are read, and has no point here.

import Records
import Traces

extension Figure {
    /// What memory and arithmetic allow for attention on the cache.
    public static let roofline = Figure(
        name: "roofline",
        summary: Bilingual(en: "Roofline: FLOPs per byte of cache against what the chip can do", zh: "屋顶线：每字节缓存的 FLOPs 与芯片所能达到的算力"),
        needs: .costs
    ) { data, options, text throws(FigureError) in
        let (costs, frame) = (try data.costs("roofline"), try PictureFrame(options, text))
        return try computing { () throws(EngineError) in
            var figure = RooflineFigure(try RooflineWords(costs), data.provenance, options, frame)
            return figure.scene()
        }
    }
}

struct RooflineFigure {
    private let words: RooflineWords
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame

    init(_ words: RooflineWords, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.words, self.provenance, self.options, self.frame) = (words, provenance, options, frame)
    }

    private var isWide: Bool { frame.width >= 860 }
    private var hardware: Hardware { words.hardware }

    mutating func scene() -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body
        let gap = 40.0
        let list = isWide ? frame.contentWidth * 0.33 : frame.contentWidth
        let chart = isWide ? frame.contentWidth - list - gap : frame.contentWidth
        let top = frame.y
        let foot = frame.type.small * 0.4 + frame.footHeight(text.source)
        let height = frame.chartHeight(430, below: Plot.footHeight(frame) + headRoom + foot, options: options)
        draw(width: chart, height: isWide ? height : chart * 0.8)
        let bottom = frame.y
        if isWide { frame.y = top } else { frame.y += frame.type.body * 0.6 }
        let end = options.preset.proportion.map { frame.width * $0 - foot } ?? .infinity
        works(x: isWide ? frame.width - frame.type.margin - list : frame.type.margin, width: list, end: end)
        frame.y = max(frame.y, bottom) + frame.type.small * 0.4
        frame.foot(text.source[frame.language])
        return frame.scene("roofline", options, text, provenance)
    }

    // MARK: The chart

    /// Over the chart, for the names of its axis and its highest roof.
    private var headRoom: Double { frame.type.label * 3.2 }

    private mutating func draw(width: Double, height: Double) {
        let (x, y) = (words.intensities(count: isWide ? 8 : 6), words.rates)
        let gutter = Plot.gutter(y, frame)
        let overhang = frame.width(x.ticks.last?.label ?? "", frame.labelStyle) / 2
        let area = Rect(frame.type.margin + gutter, frame.y + headRoom, width - gutter - overhang, height)
        let plot = Plot(area: area, x: x, y: y)
        plot.axes(
            Bilingual(en: "FLOPs per byte of cache read (log)", zh: "每读一字节缓存的 FLOPs（对数）")[frame.language],
            Bilingual(en: "TFLOP/s within reach (log)", zh: "可达 TFLOP/s（对数）")[frame.language], on: &frame)
        for precision in words.precisions { ridge(precision, plot) }
        for precision in words.precisions.reversed() { roof(precision, plot) }
        memory(plot)
        for precision in Hardware.Precision.allCases { roofName(precision, plot) }
        for spot in words.spots { label(spot, plot) }
        for work in words.works { mark(work, plot) }
        frame.y = area.maxY + Plot.footHeight(frame)
    }

    private func color(_ precision: Hardware.Precision) -> Paint { precision == .bf16 ? .ink : .indexer }

    /// What memory bounds up to the ridge, and the flat part from there on. The lower roof is drawn last: their slope is one.
    private mutating func roof(_ precision: Hardware.Precision, _ plot: Plot) {
        let ridge = min(max(hardware.ridge(precision), plot.x.low), plot.x.high)
        let points = [plot.x.low, ridge, plot.x.high].map { (x: $0, y: hardware.attainable(precision, intensity: $0)) }
        plot.draw(PlotLine(name: "", color: color(precision), points: points), on: &frame)
    }

    /// The bandwidth, under the slope near its beginning.
    private mutating func memory(_ plot: Plot) {
        let at = plot.x.value(at: isWide ? 0.1 : 0.06)
        let place = plot.point(at, at * hardware.bandwidth)
        frame.note(
            words.memory(isShort: !isWide)[frame.language], at: Point(place.x + 12, place.y + frame.type.label * 0.9), .start, color: .ink,
            weight: .semibold)
    }

    /// A dashed line from the roof's corner down to the axis, with its number.
    private mutating func ridge(_ precision: Hardware.Precision, _ plot: Plot) {
        let ridge = hardware.ridge(precision)
        let (top, bottom) = (plot.point(ridge, hardware.peak(precision)), plot.point(ridge, plot.y.low))
        let stroke = Stroke(.muted, width: 1.2, dash: [5, 4])
        frame.items.append(.path([.move(top), .line(bottom)], stroke: stroke))
        let isFirst = precision == words.precisions[0]
        let lines = words.ridge(precision)[frame.language]
        let y = bottom.y - frame.type.label * 1.9
        frame.note(lines, at: Point(bottom.x + (isFirst ? -7 : 7), y), isFirst ? .end : .start)
    }

    private mutating func roofName(_ precision: Hardware.Precision, _ plot: Plot) {
        let y = plot.point(plot.x.high, hardware.peak(precision)).y
        frame.note(
            words.peak(precision)[frame.language], at: Point(plot.area.maxX, y - frame.type.label * 0.6), .end, color: color(precision),
            weight: .semibold)
    }

    /// A ring for dense attention, a dot inside it for what stands on the same spot.
    private mutating func mark(_ work: RooflineWords.Work, _ plot: Plot) {
        let place = plot.point(work.intensity, work.rate)
        frame.items.append(symbol(work, at: place))
    }

    private func symbol(_ work: RooflineWords.Work, at place: Point) -> Item {
        if work.isDense { return Plot.disc(place, 7.5, fill: .paper, stroke: Stroke(.ink, width: 1.8)) }
        guard work.isFloat8 else { return Plot.disc(place, 4.8, fill: color(work), stroke: nil) }
        return .rect(Rect(place.x - 4.8, place.y - 4.8, 9.6, 9.6), radius: 1, fill: .solid(color(work)))
    }

    private func color(_ work: RooflineWords.Work) -> Paint { work.kind == .indexer ? .indexer : work.isDense ? .ink : .bar }

    /// Left of the slope where memory is the limit, else under the roof, between the ridges if it fits there.
    private mutating func label(_ spot: RooflineWords.Spot, _ plot: Plot) {
        let place = plot.point(spot.intensity, spot.rate)
        let text = spot.name(isShort: frame.width < 500)[frame.language]
        let (lines, size) = (text.split(separator: "\n").map(String.init), frame.type.label)
        if spot.isMemoryBound {
            let top = place.y - size * (1.28 * Double(lines.count) - 0.6)
            frame.note(text, at: Point(place.x - 14, top), .end, color: spot.color, weight: .semibold)
            return
        }
        let style = frame.style(size, .ink, .semibold)
        let half = (lines.map { frame.width($0, style) }.max() ?? 0) / 2 + 5
        let edges = words.precisions.map { plot.point(hardware.ridge($0), plot.y.low).x } + [plot.area.maxX + 7]
        let (left, right) = (edges.last { $0 <= place.x } ?? plot.area.x, edges.first { $0 > place.x } ?? plot.area.maxX)
        let x = right - left >= 2 * half ? min(max(place.x, left + half), right - half) : place.x
        frame.note(text, at: Point(x, place.y + size * 2), .middle, color: spot.color, weight: .semibold)
    }

    // MARK: The works in digits

    /// Each work with its symbol; what sharing a read does follows where there is room for it above `end`.
    private mutating func works(x left: Double, width: Double, end: Double) {
        let (title, line) = words.heading
        frame.headingBottom = 0
        frame.heading(title[frame.language], line[frame.language], x: left, width: width)
        frame.y = frame.headingBottom
        let (name, small) = (frame.style(frame.type.body, .ink, .semibold), frame.labelStyle)
        for work in words.works {
            frame.y += frame.type.body * 1.55
            frame.items.append(symbol(work, at: Point(left + 8, frame.y - name.size * 0.36)))
            frame.add(work.name[frame.language], name, at: Point(left + 24, frame.y))
            for text in words.lines(work) {
                for line in LineBreaker.lines(text[frame.language], width: width - 24, measure: { frame.width($0, small) }) {
                    frame.y += frame.type.label * 1.38
                    frame.add(line, small, at: Point(left + 24, frame.y))
                }
            }
        }
        let sharing = LineBreaker.lines(words.sharing[frame.language], width: width) { frame.width($0, small) }
        let step = frame.type.label * 1.38
        if frame.y + frame.type.body * 0.6 + Double(sharing.count) * step + frame.type.label * 0.6 <= end {
            frame.y += frame.type.body * 0.6
            for line in sharing {
                frame.y += step
                frame.add(line, small, at: Point(left, frame.y))
            }
        }
        frame.y += frame.type.label * 0.6
    }
}
