// The figure `pipeline`: how one query comes to its answer, in three lanes. The indexer skims every key; the selection says which are kept; attention
// gathers those and reads them in full: keys for the weights, values for the output. Arrows are as thick as the bytes that they carry, as recorded;
// through each funnel goes a line for each kept position. Dense attention is the third lane alone. Every single step is in `pipeline-detail`.

import Mechanisms
import Records
import Traces

extension Figure {
    /// The lanes of a mechanism, and what one query reads in them.
    public static let pipeline = Figure(
        name: "pipeline",
        summary: Bilingual(en: "Indexer, selection, attention: what one query reads, in bytes", zh: "索引器、选择、注意力：一个查询读多少字节"),
        takes: [.query, .phase]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else { throw FigureError("pipeline needs a trace, found none") }
        let run = try PipelineRun(trace, options)
        var figure = PipelineFigure(run, data.provenance, options, try PictureFrame(options, text))
        return figure.scene()
    }
}

struct PipelineFigure {
    private let run: PipelineRun
    private let words: PipelineWords
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame

    init(_ run: PipelineRun, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.run, self.provenance, self.options, self.frame) = (run, provenance, options, frame)
        words = PipelineWords(run: run)
    }

    mutating func scene() -> Scene {
        let language = frame.language
        frame.head(words.title[language], words.subtitle[language])
        frame.y += frame.type.body * 1.2
        let body = frame.items.count
        let places = places()
        for (box, area) in places.boxes { draw(run.parts[box]!, box, area) }
        arrows(places.boxes, places.scale)
        frame.y += frame.type.body * 0.6
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "pipeline", step: run.parts[.output]!.step.id.text, data: provenance))
    }

    // MARK: Layout

    private var nameStyle: TextStyle { frame.style(max(12, frame.type.label), .ink, .semibold) }
    private var noteStyle: TextStyle { frame.style(max(11, frame.type.small), .muted) }

    private func lines(_ part: PipelineRun.Part, _ width: Double) -> [String] {
        LineBreaker.lines(part.name[frame.language], width: width - 8) { frame.width($0, nameStyle) }
    }

    /// Draws the lanes, and gives where the boxes stand and how many points a byte is.
    private mutating func places() -> (boxes: [(PipelineRun.Box, Rect)], scale: Double) {
        let isWide = frame.width >= 860
        let laneStyle = frame.style(frame.type.label, .muted, .semibold)
        let named = words.lanes.map { frame.width($0[frame.language], laneStyle) }.max() ?? 0
        let left = frame.type.margin + (isWide ? named + 40 : 10)
        let right = frame.width - frame.type.margin - (isWide ? 20 : 10)
        let columns = isWide ? 4.0 : 3
        let width = min(isWide ? 190 : 150, (right - left) / (columns + (isWide ? 0.8 : 0.7)))
        let pitch = (right - left - width) / (columns - 1)
        let height =
            nameStyle.size * 1.3 * Double(run.parts.values.map { lines($0, width).count }.max() ?? 1) + noteStyle.size * 1.3
            + (isWide && options.preset != .cover ? 34 : 20)
        let (head, pad, gap) = (isWide ? 0 : frame.type.label * 1.7, 14.0, 30.0)
        let hasIndexer = run.selection != nil
        // The query stands beside the weights, or above them.
        let rows = isWide ? 2.0 : 3
        var spare = 0.0
        if let proportion = options.preset.proportion {
            let used = (hasIndexer ? 2 * (height + 2 * pad + head) + 16 : 0) + rows * height + (rows - 1) * gap + 2 * pad + head
            spare = frame.width * proportion - frame.y - used - frame.type.body * 0.6 - frame.footHeight(words.source(provenance))
        }
        let lift = min(max(spare / 8, 0), 22)
        var boxes: [(PipelineRun.Box, Rect)] = []
        func place(_ box: PipelineRun.Box, _ column: Double, _ y: Double, rows: Double = 1) {
            guard run.parts[box] != nil else { return }
            boxes.append((box, Rect(left + column * pitch, y, width, rows * height + (rows - 1) * gap)))
        }
        for lane in hasIndexer ? [0, 1, 2] : [2] {
            let tall = lane == 2 ? rows * height + (rows - 1) * gap : height
            let band = Rect(frame.type.margin, frame.y, frame.contentWidth, tall + 2 * (pad + lift) + head)
            let tint = lane == 2 ? Paint.rule.mixed(0.3) : Paint.indexer.mixed(lane == 0 ? 0.1 : 0.05)
            frame.items.append(.rect(band, radius: 6, fill: .solid(tint)))
            let name = frame.style(laneStyle.size, lane == 2 ? .ink : .indexer, .semibold)
            let baseline = isWide ? band.y + pad + lift + height / 2 + name.size * 0.36 : band.y + name.size * 1.5
            frame.add(words.lanes[lane][frame.language], name, at: Point(band.x + (isWide ? 16 : 10), baseline))
            let top = band.y + pad + lift + head
            switch lane {
            case 0:
                place(.indexKeys, 0, top)
                place(.scores, 1, top)
            case 1: place(.kept, 1, top)
            default:
                let first = isWide ? top : top + height + gap
                place(.query, isWide ? 3 : 2, top)
                place(.keys, 0, first, rows: run.isLatent ? 2 : 1)
                place(.weights, 2, first)
                place(.values, 0, first + height + gap)
                place(.output, 2, first + height + gap)
            }
            if isWide {
                let deed = frame.style(frame.type.label, .ink)
                let middle = lane == 2 ? top + height * 1.5 + gap : top + height / 2
                let lines = LineBreaker.lines(
                    words.deed(lane)[frame.language], width: lane == 2 ? width : pitch + width, measure: { frame.width($0, deed) })
                for (i, line) in lines.enumerated() {
                    let y = middle + deed.size * (0.36 + 1.35 * (Double(i) - Double(lines.count - 1) / 2))
                    frame.add(line, deed, at: Point(left + (lane == 2 ? 3 : 2) * pitch, y))
                }
            }
            frame.y = band.maxY + (lane == 2 ? 0 : 8)
        }
        let most = run.parts.values.map { $0.bytes }.max() ?? 1
        return (boxes, height * 0.86 / Double(max(most, 1)))
    }

    // MARK: Boxes

    private func color(_ box: PipelineRun.Box) -> Paint {
        switch box {
        case .indexKeys, .scores, .kept: .indexer
        case .keys: .key
        case .values: .value
        case .query: .query
        case .weights, .output: .ink
        }
    }

    private mutating func draw(_ part: PipelineRun.Part, _ box: PipelineRun.Box, _ area: Rect) {
        frame.items.append(.rect(area, radius: 5, fill: .solid(.paper), stroke: Stroke(color(box), width: 1.5)))
        let names = lines(part, area.width)
        var y = area.midY - (Double(names.count) * nameStyle.size * 1.3 + noteStyle.size * 1.3) / 2
        for name in names {
            y += nameStyle.size * 1.3
            frame.add(name, nameStyle, at: Point(area.midX, y - nameStyle.size * 0.28), .middle)
        }
        frame.add(part.note[frame.language], noteStyle, at: Point(area.midX, y + noteStyle.size), .middle)
        let label = CellLabel(part.name + Bilingual(en: ": ", zh: "："), Remark(en: "\(name: part.note.en)", zh: "\(name: part.note.zh)"))
        frame.items.append(.hotSpot(HotSpot(area, step: part.step.id.text, index: [], label: label)))
    }

    // MARK: Arrows

    private mutating func arrows(_ boxes: [(PipelineRun.Box, Rect)], _ scale: Double) {
        func area(_ box: PipelineRun.Box) -> Rect? { boxes.first { $0.0 == box }?.1 }
        guard let keys = area(.keys), let weights = area(.weights), let query = area(.query), let output = area(.output) else { return }
        func line(_ bytes: Int) -> Double { max(Double(bytes) * scale, 1) }
        func thickness(_ box: PipelineRun.Box) -> Double { line(run.parts[box]?.bytes ?? 0) }
        let flows = [(each: run.keyBytes, to: weights, color: Paint.key), (each: run.valueBytes, to: output, color: .value)]
        if let index = area(.indexKeys), let scores = area(.scores) {
            arrow(Point(index.maxX, index.midY), Point(scores.x, scores.midY), thickness(.indexKeys), .indexer)
        }
        if let kept = area(.kept), let scores = area(.scores) {
            arrow(Point(scores.midX, scores.maxY), Point(kept.midX, kept.y), thickness(.scores), .indexer)
        }
        // The rows that the selection kept are taken of the keys, and the same rows of the values.
        var above = area(.kept).map { Point($0.midX, $0.maxY) }
        for flow in flows {
            let (start, end) = (Point(keys.maxX, flow.to.midY), Point(flow.to.x, flow.to.midY))
            let neck = line(run.kept.count * flow.each)
            guard let from = above else {
                arrow(start, end, neck, flow.color.mixed(0.6))
                continue
            }
            funnel(start, end, mouth: line(run.visible * flow.each), neck: neck, at: from.x, flow.color)
            arrow(from, Point(from.x, end.y - neck / 2), thickness(.kept), .indexer)
            above = Point(from.x, end.y + neck / 2)
        }
        let isBeside = query.x > weights.x
        arrow(
            isBeside ? Point(query.x, query.midY) : Point(query.midX, query.maxY),
            isBeside ? Point(weights.maxX, weights.midY) : Point(weights.midX, weights.y), thickness(.query), .query)
        arrow(Point(weights.midX, weights.maxY), Point(output.midX, output.y), thickness(.weights), .ink)
    }

    /// A straight line as thick as what it carries, level or upright, with a tip that touches the box.
    private mutating func arrow(_ from: Point, _ to: Point, _ width: Double, _ color: Paint) {
        let (along, across) = (Point(to.x - from.x, to.y - from.y), max(4, width / 2 + 3))
        let length = max(abs(along.x), abs(along.y))
        guard length > 0 else { return }
        let (x, y) = (along.x / length, along.y / length)
        let tip = min(max(6, width * 0.45), length)
        let stop = Point(to.x - x * tip, to.y - y * tip)
        // The shaft reaches into its tip: no seam is left between them.
        frame.items.append(.path([.move(from), .line(Point(stop.x + x, stop.y + y))], stroke: Stroke(color, width: width)))
        let sides = [Point(stop.x - y * across, stop.y + x * across), Point(stop.x + y * across, stop.y - x * across)]
        frame.items.append(.path([.move(to), .line(sides[0]), .line(sides[1]), .close], fill: .solid(color)))
    }

    /// All keys enter, hatched; a line for each kept one goes through the neck at `place` and on.
    private mutating func funnel(_ from: Point, _ to: Point, mouth: Double, neck: Double, at place: Double, _ color: Paint) {
        let middle = (from.x + place) / 2
        func y(_ share: Double, _ height: Double) -> Double { from.y + (share - 0.5) * height }
        frame.items.append(
            .path(
                [
                    .move(Point(from.x, y(0, mouth))),
                    .curve(Point(middle, y(0, mouth)), Point(middle, y(0, neck)), to: Point(place, y(0, neck))),
                    .line(Point(place, y(1, neck))),
                    .curve(Point(middle, y(1, neck)), Point(middle, y(1, mouth)), to: Point(from.x, y(1, mouth))),
                    .close,
                ], fill: frame.hatching, stroke: Stroke(.hatch, width: 0.8)))
        let count = Double(run.kept.count)
        let each = neck / max(count, 1)
        let end = to.x - max(6, neck * 0.45)
        for (rank, key) in run.kept.enumerated() {
            let (a, b) = (y((Double(key) + 0.5) / Double(run.visible), mouth), y((Double(rank) + 0.5) / count, neck))
            frame.items.append(
                .path(
                    [.move(Point(from.x, a)), .curve(Point(middle, a), Point(middle, b), to: Point(place, b)), .line(Point(end, b))],
                    stroke: Stroke(color, width: max(each * (each > 3 ? 0.8 : 1), 0.6))))
        }
        frame.add(
            PipelineWords.gather[frame.language], frame.style(frame.type.label, .muted),
            at: Point(place + 10, to.y - neck / 2 - frame.type.label * 0.7))
        let half = max(4, neck / 2 + 3)
        frame.items.append(
            .path([.move(to), .line(Point(end, to.y - half)), .line(Point(end, to.y + half)), .close], fill: .solid(color)))
    }
}
