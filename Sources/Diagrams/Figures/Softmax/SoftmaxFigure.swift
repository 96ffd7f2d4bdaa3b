// The figure `softmax`: how one row of scores becomes shares. The three largest keys first, in digits; then the whole row in three columns of bars,
// read from left to right: scores around zero, e to each of them measured from the largest, and shares that add up to 1. Nothing is computed again:
// e to a score less the largest is the key's recorded weight over the largest weight. Left out: how a machine keeps the sum from overflowing.

public import Traces

/// One of the three columns.
public enum SoftmaxStage: String, CaseIterable, Hashable, Sendable {
    /// What the softmax is taken of.
    case scores
    /// e to each score, measured from the largest.
    case exponentials
    /// What is left of each after dividing by their sum.
    case shares

    /// What the column is called.
    public var name: Bilingual {
        switch self {
        case .scores: Bilingual(en: "Scores", zh: "分数")
        case .exponentials: Bilingual(en: "Exponentials", zh: "取指数")
        case .shares: Bilingual(en: "Shares", zh: "份额")
        }
    }
}

extension Figure {
    /// One row of scores, becoming shares.
    public static let softmax = Figure(
        name: "softmax",
        summary: Bilingual(
            en: "One row of scores becoming shares: three keys in digits, then all as bars", zh: "一行分数怎样变成份额：先用数字看三个键，再用条形看整行"),
        takes: [.step, .head, .query, .phase, .stage]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else {
            throw FigureError("softmax needs a trace with attention weights, found no trace")
        }
        let row = try SoftmaxRow(AttentionRow(trace, options, figure: "softmax"))
        var figure = SoftmaxFigure(row, data.provenance, options, try PictureFrame(options, text))
        return figure.scene()
    }
}

struct SoftmaxFigure {
    let row: SoftmaxRow
    let words: SoftmaxWords
    let provenance: Provenance
    let options: FigureOptions
    let stages: [SoftmaxStage]
    var frame: PictureFrame

    init(_ row: SoftmaxRow, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.row, self.provenance, self.options, self.frame) = (row, provenance, options, frame)
        words = SoftmaxWords(row: row)
        stages = options.stage.map { [$0] } ?? SoftmaxStage.allCases
    }

    mutating func scene() -> Scene {
        let language = options.language
        frame.head(words.title[language], words.subtitle(options.stage)[language])
        let body = frame.items.count
        frame.y += frame.type.body * 0.9
        // Stills and low pictures show the row alone.
        if options.stage == nil, options.preset.proportion == nil { inset() }
        let columns = columns()
        heads(columns)
        let top = frame.y
        for (place, key) in columns.keys.enumerated() { draw(key, top + Double(place) * columns.pitch, columns) }
        frame.y = top + Double(columns.keys.count) * columns.pitch
        others(columns)
        sums(columns)
        frame.y += frame.type.small * 0.5
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "softmax", step: row.row.slice.step.id.text, data: provenance))
    }

    // MARK: The three largest, in digits

    private mutating func inset() {
        let language = options.language
        let style = frame.style(frame.type.body, .ink)
        frame.y += frame.type.panel
        frame.add(words.insetName[language], frame.style(frame.type.panel, .ink, .semibold), at: Point(frame.type.margin, frame.y))
        frame.y += frame.type.body * 0.35
        frame.flow(words.sum(language), style, leading: 1.75)
        for key in row.largest {
            frame.y += frame.type.body * 0.1
            let from = frame.y
            frame.flow(words.share(of: key, language), style, leading: 1.75)
            let area = Rect(frame.type.margin, from, frame.contentWidth, frame.y - from)
            frame.items.append(.hotSpot(HotSpot(area, step: row.weights.id.text, index: row.index(key), label: words.shareLabel(key))))
        }
        frame.y += frame.type.body * 0.9
        let (left, right) = (frame.type.margin, frame.width - frame.type.margin)
        frame.items.append(.path([.move(Point(left, frame.y)), .line(Point(right, frame.y))], stroke: Stroke(.rule)))
        frame.y += frame.type.body * 0.9
    }

    // MARK: Layout

    struct Columns {
        /// The keys that have a row of their own, in order of position.
        var keys: [Int] = []
        var pitch = 0.0
        var name = 0.0
        /// Where each stage's column begins.
        var left: [Double] = []
        var width = 0.0
        /// The right part of a column that its numbers take.
        var number = 0.0
        var gap = 0.0
        var bar: Double { width - number }
    }

    private var label: TextStyle { frame.style(frame.type.label, .muted) }
    private var bold: TextStyle { frame.style(frame.type.label, .ink, .semibold) }

    private func columns() -> Columns {
        var columns = Columns()
        let least = frame.type.label * 1.25
        var most = 32
        columns.pitch = frame.type.label * 1.62
        if let proportion = options.preset.proportion {
            let free =
                frame.width * proportion - frame.y - frame.type.body * 3 - frame.type.label * 4 - frame.footHeight(words.source(provenance))
            most = max(4, min(most, Int(free / least) - 1))
            columns.pitch = max(least, min(columns.pitch, free / Double(min(row.keys.count, most) + 1)))
        }
        columns.keys = row.shown(most)
        let names =
            columns.keys.map { frame.width(row.name($0), bold) } + [frame.width(words.othersName(row.keys.count)[options.language], label)]
        columns.name = min(names.max() ?? 0, frame.contentWidth * 0.22) + 14
        columns.gap = frame.width < 500 ? 10 : max(24, frame.contentWidth * 0.035)
        let count = Double(stages.count)
        columns.width = (frame.contentWidth - columns.name - columns.gap * (count - 1)) / count
        let numbers = stages.flatMap { stage in columns.keys.map { frame.width(words.text($0, stage), bold) } }
        columns.number = min(max(numbers.max() ?? 0, frame.width(words.sumText, bold)) + 8, columns.width * 0.6)
        columns.left = stages.indices.map { frame.type.margin + columns.name + Double($0) * (columns.width + columns.gap) }
        return columns
    }

    private mutating func heads(_ columns: Columns) {
        let style = frame.style(frame.type.body, .ink, .semibold)
        let room = columns.width + columns.gap * 0.5
        frame.y += frame.type.body
        for (left, stage) in zip(columns.left, stages) {
            let names = words.stageNames(stage, isAlone: stages.count == 1)
            let name = names.first { frame.width($0[options.language], style) <= room } ?? names[names.count - 1]
            frame.add(name[options.language], style, at: Point(left, frame.y))
        }
        frame.y += frame.type.body * 0.55
    }

    // MARK: Rows

    private mutating func draw(_ key: Int, _ y: Double, _ columns: Columns) {
        let rank = row.largest.firstIndex(of: key)
        let baseline = y + columns.pitch / 2 + frame.type.label * 0.36
        var style = rank == nil ? label : bold
        let name = TokenText.shortened(row.name(key), to: columns.name - 8) { frame.width($0, style) }
        if rank == 0 {
            let area = Rect(frame.type.margin - 5, y + 1, frame.width(name, style) + 10, columns.pitch - 2)
            frame.items.append(.rect(area, radius: 3, fill: .solid(frame.highlighter(1))))
            style.color = frame.onHighlighter(1)
        }
        frame.add(name, style, at: Point(frame.type.margin, baseline))
        for (place, stage) in stages.enumerated() {
            let left = columns.left[place]
            if place > 0 { connector(left, y, columns, isStrong: rank != nil) }
            bar(row.value(key, stage), stage, left, y, columns, name: "\(key)")
            frame.add(words.text(key, stage), rank == nil ? label : bold, at: Point(left + columns.width, baseline), .end)
            spot(key, stage, Rect(left, y, columns.width, columns.pitch))
        }
    }

    /// A thin line from a number to the bar that it becomes.
    private mutating func connector(_ left: Double, _ y: Double, _ columns: Columns, isStrong: Bool) {
        let middle = y + columns.pitch / 2
        let line: [PathElement] = [.move(Point(left - columns.gap + 4, middle)), .line(Point(left - 2, middle))]
        frame.items.append(.path(line, stroke: Stroke(isStrong ? .muted : .rule, width: 0.75)))
    }

    private func position(_ value: Double, _ stage: SoftmaxStage, _ left: Double, _ columns: Columns) -> Double {
        guard stage == .scores else { return left + value * columns.bar }
        let (low, high) = row.scoreEnds
        return left + (high > low ? (value - low) / (high - low) : 0) * columns.bar
    }

    /// A bar, in a group by the names of its stage and its key: a page that goes on to the next stage knows it again.
    private mutating func bar(
        _ value: Double, _ stage: SoftmaxStage, _ left: Double, _ y: Double, _ columns: Columns, name: String, isMerged: Bool = false
    ) {
        let (zero, end) = (position(0, stage, left, columns), position(value, stage, left, columns))
        let height = columns.pitch * 0.56
        let area = Rect(min(zero, end), y + (columns.pitch - height) / 2, abs(end - zero), height)
        let axis: [PathElement] = [.move(Point(zero, y)), .line(Point(zero, y + columns.pitch))]
        frame.items.append(.path(axis, stroke: Stroke(.rule)))
        guard area.width > 0.3 else { return }
        let paint = Self.paint(stage)
        // Negative scores are empty, and so is what stands for several keys, in dashes: outline and direction say it in grey.
        let isEmpty = value < 0 || isMerged
        let filled: Item =
            isEmpty
            ? .rect(area.insetBy(min(0.6, area.width / 3)), stroke: Stroke(paint, width: 1.2, dash: isMerged ? [4, 2.5] : []))
            : .rect(area, fill: .solid(paint))
        frame.items.append(.group("\(stage.rawValue) \(name)", [filled]))
    }

    /// One hue, the stronger the nearer to shares.
    private static func paint(_ stage: SoftmaxStage) -> Paint {
        switch stage {
        case .scores: Paint.bar.mixed(0.5)
        case .exponentials: Paint.bar.mixed(0.75)
        case .shares: .bar
        }
    }

    private mutating func spot(_ key: Int, _ stage: SoftmaxStage, _ area: Rect) {
        switch stage {
        case .scores:
            frame.items.append(.hotSpot(HotSpot(area, step: row.scores.id.text, index: row.index(key), label: words.scoreLabel(key))))
        case .shares:
            frame.items.append(.hotSpot(HotSpot(area, step: row.weights.id.text, index: row.index(key), label: words.shareLabel(key))))
        case .exponentials: break  // no cell of a step: two weights, one over the other
        }
    }

    /// Keys without a row of their own: the span of their scores, the sums of the rest.
    private mutating func others(_ columns: Columns) {
        let rest = row.keys.filter { !columns.keys.contains($0) }
        guard !rest.isEmpty else { return }
        let y = frame.y
        let baseline = y + columns.pitch / 2 + frame.type.label * 0.36
        let name = TokenText.shortened(words.othersName(rest.count)[options.language], to: columns.name - 6) { frame.width($0, label) }
        frame.add(name, label, at: Point(frame.type.margin, baseline))
        for (left, stage) in zip(columns.left, stages) {
            // Exponentials of many keys may add up to more than the column's scale, which ends at the largest.
            if stage == .shares { bar(row.sum(rest, stage), stage, left, y, columns, name: "others", isMerged: true) }
            let all = words.othersTexts(rest, stage)
            let text = all.first { frame.width($0, label) <= columns.width } ?? ""
            frame.add(text, label, at: Point(left + columns.width, baseline), .end)
        }
        frame.y += columns.pitch
    }

    /// Under the columns that add up: to what.
    private mutating func sums(_ columns: Columns) {
        guard stages.contains(where: { $0 != .scores }) else { return }
        let y = frame.y + 2
        for (left, stage) in zip(columns.left, stages) where stage != .scores {
            let line: [PathElement] = [.move(Point(left, y)), .line(Point(left + columns.width, y))]
            frame.items.append(.path(line, stroke: Stroke(.muted)))
            let text = words.total(stage)
            let baseline = y + frame.type.label * 1.4
            frame.add(text, bold, at: Point(left + columns.width, baseline), .end)
            let name = words.totalName[options.language]
            if frame.width(name, label) + frame.width(text, bold) + 10 <= columns.width {
                frame.add(name, label, at: Point(left, baseline))
            }
        }
        frame.y = y + frame.type.label * 1.9
    }
}
