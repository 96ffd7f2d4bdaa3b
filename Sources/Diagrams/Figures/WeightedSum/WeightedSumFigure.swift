// The figure `weighted-sum`: what attention collects for one query in one head. Each key's value as small bars, a bar a feature; the same scaled by
// the key's share; and at the right all of them stacked, which is the head's output. Keys of next to no share stand together, so that the stack is
// whole. Negative parts stack downwards; the line marks the sum.

import Mechanisms
import Traces

extension Figure {
    /// Values, scaled by their shares and stacked.
    public static let weightedSum = Figure(
        name: "weighted-sum",
        summary: Bilingual(en: "Values scaled by their shares and stacked: the weighted sum of one head", zh: "值按份额缩小再叠起来：一个头的加权和"),
        takes: [.step, .head, .query, .phase]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else {
            throw FigureError("weighted-sum needs a trace with attention weights, found no trace")
        }
        let frame = try PictureFrame(options, text)
        let sum = try WeightedSum(AttentionRow(trace, options, figure: "weighted-sum"), features: frame.width < 500 ? 4 : 6)
        var figure = WeightedSumFigure(sum, data.provenance, options, frame)
        return figure.scene()
    }
}

struct WeightedSumFigure {
    let sum: WeightedSum
    var words: WeightedSumWords
    let provenance: Provenance
    let options: FigureOptions
    var frame: PictureFrame

    init(_ sum: WeightedSum, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.sum, self.provenance, self.options, self.frame) = (sum, provenance, options, frame)
        words = WeightedSumWords(sum: sum)
    }

    mutating func scene() -> Scene {
        let language = options.language
        frame.head(words.title[language], words.subtitle[language])
        let body = frame.items.count
        frame.y += frame.type.body * 1.1
        let layout = fitted()
        heads(layout)
        let top = frame.y
        for (place, row) in layout.rows.enumerated() { draw(place, top, row, layout) }
        stack(top, layout)
        frame.y = top + layout.height + frame.type.label * 1.2
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "weighted-sum", step: sum.output.id.text, data: provenance))
    }

    // MARK: Layout

    /// Where a row stands below the first, and in it the line of zero.
    struct Row {
        let top: Double
        let height: Double
        let zero: Double
    }

    struct Layout {
        var rows: [Row] = []
        /// How high the rows together, and so the stack beside them, are.
        var height = 0.0
        var name = 0.0
        var share = 0.0
        var values = 0.0
        var scaled = 0.0
        var stack = 0.0
        /// From one feature's bar to the next: of a row, of the stack.
        var step = 0.0
        var stackStep = 0.0
        /// Points of a value of 1.
        var unit = 0.0
        /// The zero line of the stack below the first row's top.
        var stackZero = 0.0
        /// The style of digits under a row's bars, where they fit.
        var digits: TextStyle?
    }

    private var label: TextStyle { frame.style(frame.type.label, .muted) }
    private var bold: TextStyle { frame.style(frame.type.label, .ink, .semibold) }
    private var small: TextStyle { frame.style(frame.type.small, .muted) }
    private var isNarrow: Bool { frame.width < 500 }

    /// Three digits after the point where they fit, so that rounded terms add up; else two.
    private mutating func fitted() -> Layout {
        words.decimals = 3
        let layout = layout()
        if layout.digits != nil || isNarrow && widestSum <= layout.stackStep - 2 { return layout }
        words.decimals = 2
        return self.layout()
    }

    private var widestSum: Double { sum.sums.map { frame.width(words.text($0), sumStyle) }.max() ?? 0 }
    private var sumStyle: TextStyle { isNarrow ? frame.style(frame.type.small, .ink) : bold }

    private func layout() -> Layout {
        var layout = Layout()
        let names = sum.terms.indices.map { place in frame.width(words.name(place)[options.language], bold) }
        // On narrow pictures the share stands under the name.
        let number = frame.width("100.0%", bold) + 2
        layout.name = min(max(names.max() ?? 0, isNarrow ? number : 0), frame.contentWidth * (isNarrow ? 0.2 : 0.18)) + 10
        layout.share = isNarrow ? 0 : number + 10
        let gap = isNarrow ? 12.0 : max(28, frame.contentWidth * 0.05)
        let count = Double(sum.features.count)
        let free = frame.contentWidth - layout.name - layout.share - 2 * gap
        layout.step = min(free * (isNarrow ? 0.27 : 0.33) / count, 64)
        layout.stackStep = min((free - 2 * layout.step * count) / count, 90)
        layout.values = frame.type.margin + layout.name + layout.share
        layout.scaled = layout.values + layout.step * count + gap
        layout.stack = frame.width - frame.type.margin - layout.stackStep * count
        let numbers = sum.terms.flatMap { ($0.values ?? []).map(words.valueText) + $0.parts.map(words.text) }
        if (numbers.map { frame.width($0, small) }.max() ?? 0) + 2 <= layout.step { layout.digits = small }
        vertical(&layout)
        return layout
    }

    /// One scale for all bars: each row is as high as its own bars need, and the stack fits beside them all.
    private func vertical(_ layout: inout Layout) {
        let least = layout.digits == nil ? frame.type.label * (isNarrow ? 3 : 1.5) : frame.type.label * 1.1 + frame.type.small * 1.5
        let ends = sum.terms.indices.map { sum.ends(of: $0) }
        let stack = sum.stackEnds
        let span = max(ends.map { $0.high - $0.low }.max() ?? 0, stack.high - stack.low, 1e-300)
        // Numbers stand over and under the stack.
        let spare = frame.type.label * 3.6
        var unit = frame.type.label * 7.5 / span
        if let proportion = options.preset.proportion {
            let room = frame.width * proportion - frame.y - frame.type.label * 6 - frame.footHeight(words.source(provenance))
            let all = ends.reduce(0) { $0 + $1.high - $1.low }
            unit = min(unit, max(room - Double(ends.count) * least, 24) / max(all, 1e-300), max(room - spare, 24) / span)
        }
        var top = 0.0
        for (low, high) in ends {
            let row = Row(top: top, height: unit * (high - low) + least, zero: unit * high + frame.type.label * 0.7)
            layout.rows.append(row)
            top += row.height
        }
        let needed = unit * (stack.high - stack.low) + spare
        layout.height = max(top, needed)
        layout.unit = unit
        layout.stackZero = (layout.height - needed) / 2 + spare / 2 + unit * stack.high
    }

    private mutating func heads(_ layout: Layout) {
        let style = frame.style(frame.type.body, .ink, .semibold)
        let ends = [layout.values, layout.scaled - 6, layout.stack - 6, frame.width - frame.type.margin + 6]
        let lefts = [frame.type.margin, layout.values, layout.scaled, layout.stack]
        frame.y += frame.type.body
        for (place, names) in words.columnNames.enumerated() {
            let name = names.first { frame.width($0[options.language], style) <= ends[place] - lefts[place] } ?? Bilingual(same: "")
            frame.add(name[options.language], style, at: Point(lefts[place], frame.y))
        }
        frame.y += frame.type.label * 1.6
        for (start, step) in [(layout.values, layout.step), (layout.scaled, layout.step), (layout.stack, layout.stackStep)] {
            for (place, feature) in sum.features.enumerated() {
                frame.add("\(feature)", small, at: Point(start + (Double(place) + 0.5) * step, frame.y), .middle)
            }
        }
        frame.y += frame.type.label * 0.6
    }

    // MARK: Rows

    private mutating func draw(_ place: Int, _ start: Double, _ row: Row, _ layout: Layout) {
        let (term, y) = (sum.terms[place], start + row.top)
        let zero = y + row.zero
        name(place, zero + frame.type.label * 0.36, layout)
        if let key = term.key {
            let area = Rect(layout.values - 10 - frame.width("100.0%", bold), y, frame.width("100.0%", bold), row.height)
            frame.items.append(
                .hotSpot(HotSpot(area, step: sum.row.slice.step.id.text, index: sum.weightIndex(key), label: words.shareLabel(key))))
        }
        axis(layout.values, layout.step, zero)
        axis(layout.scaled, layout.step, zero)
        if let values = term.values { self.values(values, term, Rect(layout.values, y, 0, row.height), zero, layout) }
        for (feature, part) in term.parts.enumerated() {
            let x = layout.scaled + (Double(feature) + 0.5) * layout.step
            bar(part, x, zero, min(layout.step * 0.6, 18), layout.unit, fill(place))
            digits(words.text(part), x, y + row.height, layout)
        }
    }

    private mutating func name(_ place: Int, _ baseline: Double, _ layout: Layout) {
        var style = place == sum.heaviest ? bold : label
        let name = TokenText.shortened(words.name(place)[options.language], to: layout.name - 6) { frame.width($0, style) }
        let share = isNarrow ? Point(frame.type.margin, baseline + style.size * 1.35) : Point(layout.values - 10, baseline)
        frame.add(words.shareText(sum.terms[place].share), style, at: share, isNarrow ? .start : .end)
        if place == sum.heaviest {
            let area = Rect(frame.type.margin - 5, baseline - style.size * 1.15, frame.width(name, style) + 10, style.size * 1.6)
            frame.items.append(.rect(area, radius: 3, fill: .solid(frame.highlighter(1))))
            style.color = frame.onHighlighter(1)
        }
        frame.add(name, style, at: Point(frame.type.margin, baseline))
    }

    private mutating func values(_ values: [Double], _ term: WeightedSum.Term, _ area: Rect, _ zero: Double, _ layout: Layout) {
        for (place, value) in values.enumerated() {
            let x = layout.values + (Double(place) + 0.5) * layout.step
            bar(value, x, zero, min(layout.step * 0.6, 18), layout.unit, .solid(.value))
            digits(words.valueText(value), x, area.maxY, layout)
            guard let key = term.key else { continue }
            let spot = Rect(x - layout.step / 2, area.y, layout.step, area.height)
            let index = sum.valueIndex(key, sum.features[place])
            frame.items.append(.hotSpot(HotSpot(spot, step: sum.values.id.text, index: index, label: words.valueLabel(key, place, value))))
        }
    }

    /// A number at the foot of a row, where digits fit.
    private mutating func digits(_ text: String, _ x: Double, _ bottom: Double, _ layout: Layout) {
        guard let style = layout.digits else { return }
        frame.add(text, style, at: Point(x, bottom - style.size * 0.45), .middle)
    }

    private mutating func axis(_ left: Double, _ step: Double, _ y: Double) {
        let right = left + step * Double(sum.features.count)
        frame.items.append(.path([.move(Point(left, y)), .line(Point(right, y))], stroke: Stroke(.rule)))
    }

    /// A bar from the zero line up, or down for a negative value.
    private mutating func bar(_ value: Double, _ x: Double, _ zero: Double, _ width: Double, _ unit: Double, _ fill: Fill) {
        let length = abs(value) * unit
        guard length > 0.25 else { return }
        piece(Rect(x - width / 2, value > 0 ? zero - length : zero, width, length), fill)
    }

    private mutating func piece(_ area: Rect, _ fill: Fill) {
        if fill == Self.rest {
            frame.items.append(.rect(area.insetBy(min(0.5, area.height / 3)), fill: fill, stroke: Stroke(Paint.value.mixed(0.6))))
        } else {
            frame.items.append(.rect(area, fill: fill))
        }
    }

    /// What stands for several keys: outlined.
    private static let rest = Fill.solid(Paint.value.mixed(0.1))

    /// The heaviest key in full colour, the others paler by rank.
    private func fill(_ place: Int) -> Fill {
        guard let rank = sum.rank(place) else { return Self.rest }
        return .solid(Paint.value.mixed(max(0.25, 1 - 0.22 * Double(rank))))
    }

    // MARK: The stack

    private mutating func stack(_ top: Double, _ layout: Layout) {
        let zero = top + layout.stackZero
        let width = min(layout.stackStep * 0.62, 34)
        axis(layout.stack, layout.stackStep, zero)
        for (place, feature) in sum.features.enumerated() {
            let x = layout.stack + (Double(place) + 0.5) * layout.stackStep
            var (up, down) = (zero, zero)
            for term in sum.stackOrder {
                let part = sum.terms[term].parts[place]
                let length = abs(part) * layout.unit
                guard length > 0.05 else { continue }
                if part > 0 { up -= length }
                let area = Rect(x - width / 2, part > 0 ? up : down, width, length)
                if part < 0 { down += length }
                piece(area, fill(term))
                if length > 2 {
                    let edge = part > 0 ? area.y : area.maxY
                    let line: [PathElement] = [.move(Point(area.x, edge)), .line(Point(area.maxX, edge))]
                    frame.items.append(.path(line, stroke: Stroke(.paper, width: 1)))
                }
            }
            mark(place, feature, x, (zero, up, down), width, layout)
        }
    }

    /// The line at the sum, and its number beyond the end of the stack on the sum's side.
    private mutating func mark(
        _ place: Int, _ feature: Int, _ x: Double, _ ends: (zero: Double, up: Double, down: Double), _ width: Double, _ layout: Layout
    ) {
        let value = sum.sums[place]
        let y = ends.zero - value * layout.unit
        let line: [PathElement] = [.move(Point(x - width / 2 - 3, y)), .line(Point(x + width / 2 + 3, y))]
        frame.items.append(.path(line, stroke: Stroke(.ink, width: 2)))
        let baseline = value * layout.unit < -2 ? max(ends.down, y) + sumStyle.size * 1.25 : min(ends.up, y) - sumStyle.size * 0.5
        frame.add(words.text(value), sumStyle, at: Point(x, baseline), .middle)
        let area = Rect(x - layout.stackStep / 2, min(ends.up, y) - sumStyle.size * 1.4, layout.stackStep, 0)
        let height = max(ends.down, y) + sumStyle.size * 1.5 - area.y
        frame.items.append(
            .hotSpot(
                HotSpot(
                    Rect(area.x, area.y, area.width, height), step: sum.output.id.text, index: sum.outputIndex(feature),
                    label: words.sumLabel(place))))
    }
}
