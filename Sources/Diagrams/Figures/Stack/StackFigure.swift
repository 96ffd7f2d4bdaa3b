// The figure `stack`: two towers of software side by side, from the framework to the silicon, layer by layer, with what stands beside them, and the
// language that reaches both as a bridge at the layer where kernels are written. Names and places are data; the pairing is this project's and said so.

import Records
import Traces

extension Figure {
    /// Two stacks of software and the bridge between them.
    public static let stack = Figure(
        name: "stack", summary: Bilingual(en: "Two towers: NVIDIA's and Ascend's software, layer by layer", zh: "两座塔：NVIDIA 与昇腾的软件栈，逐层对照"),
        needs: .stacks
    ) { data, options, text throws(FigureError) in
        guard case .stacks(let stacks) = data.numbers else { throw data.missing("stack", .stacks) }
        var figure = try StackFigure(stacks, data.provenance, options, PictureFrame(options, text))
        return figure.scene()
    }
}

struct StackFigure {
    private let stacks: SoftwareStacks
    private let words: StackWords
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    private let columns: Columns

    /// Where the towers stand, and what is between and beside them.
    private struct Columns {
        let towers: [Rect]
        let middle: Rect
        /// The width of the texts beside each tower: 0 where they stand under the towers or there are none.
        let sides: [Double]
    }

    init(_ stacks: SoftwareStacks, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.stacks, self.provenance, self.options, self.frame) = (stacks, provenance, options, frame)
        words = StackWords(stacks, provenance)
        columns = Self.columns(stacks, frame)
    }

    /// What joins a side text to its tower.
    private static let tick = 22.0

    private static func columns(_ stacks: SoftwareStacks, _ frame: PictureFrame) -> Columns {
        let isWide = frame.width >= 860
        let style = frame.style(frame.type.label, .ink, .semibold)
        let sides = stacks.towers.indices.map { tower in
            let parts = isWide ? stacks.beside.filter { $0.tower == tower }.map { $0.part } : []
            let texts = parts.flatMap { [$0.name, $0.note ?? Bilingual(same: "")] }
            return texts.map { min(frame.width($0[frame.language], style), 150) }.max() ?? 0
        }
        let spare = sides.map { $0 > 0 ? $0 + tick : 0 }
        let room = frame.contentWidth - spare[0] - spare[1]
        let middle = room * (isWide ? 0.25 : 0.27)
        let tower = (room - middle) / 2
        let left = frame.type.margin + spare[0]
        return Columns(
            towers: [Rect(left, 0, tower, 0), Rect(left + tower + middle, 0, tower, 0)], middle: Rect(left + tower, 0, middle, 0),
            sides: sides)
    }

    mutating func scene() -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body
        let body = frame.items.count
        names()
        let pad = padding(below: text.source)
        for layer in stacks.layers.indices {
            if layer > 0 { descend() }
            draw(layer, height: height(layer) + pad)
        }
        if columns.sides.allSatisfy({ $0 == 0 }) { besideBelow() }
        frame.y += frame.type.body * 0.6
        return frame.scene("stack", body: body, options, text, provenance)
    }

    // MARK: Sizes

    private var partStyle: TextStyle { frame.style(frame.type.body, .ink, .semibold) }
    private var nameStyle: TextStyle { frame.style(frame.type.label, .ink, .semibold) }
    private var step: Double { frame.type.label * 1.3 }
    /// From one box to the next.
    private var gap: Double { frame.type.body * 1.1 }
    private var bridgeHeight: Double { frame.type.body * 2 }

    /// What a tower has in a layer, over as many lines as its box needs.
    private func parts(_ layer: Int, _ tower: Int) -> [String] {
        words.lines(stacks.layers[layer].parts[tower], frame.language) { frame.width($0, partStyle) <= columns.towers[tower].width - 16 }
    }

    /// The layer's name and what it is for.
    private func middle(_ layer: Int) -> (name: [String], role: [String]) {
        func lines(_ text: Bilingual, _ style: TextStyle) -> [String] {
            LineBreaker.full(text[frame.language], width: columns.middle.width - 12) { frame.width($0, style) }
        }
        return (lines(stacks.layers[layer].name, nameStyle), lines(stacks.layers[layer].role, frame.labelStyle))
    }

    private func height(_ layer: Int) -> Double {
        let (name, role) = middle(layer)
        let lines = stacks.towers.indices.map { parts(layer, $0).count }.max() ?? 1
        let side = stacks.towers.indices.map { sideLines(layer, $0).count }.max() ?? 0
        let bridge = layer == stacks.bridge.layer ? bridgeHeight + frame.type.label * 0.6 : 0
        return max(
            Double(lines) * frame.type.body * 1.35 + frame.type.body,
            Double(name.count + role.count) * step + frame.type.label * 0.7 + bridge,
            Double(side) * step)
    }

    /// What the proportions of a use leave for every layer above its own height, or a little air.
    private func padding(below source: Bilingual) -> Double {
        let count = Double(stacks.layers.count)
        guard let proportion = options.preset.proportion else { return frame.width >= 860 ? 12 : 4 }
        let used = frame.y + frame.type.body * 0.6 + frame.footHeight(source) + gap * (count - 1)
        let rows = stacks.layers.indices.reduce(0) { $0 + height($1) }
        return min(max((frame.width * proportion - used - rows) / count, 0), frame.type.body * 1.6)
    }

    // MARK: Drawing

    private mutating func names() {
        frame.y += frame.type.panel
        for (tower, column) in zip(stacks.towers, columns.towers) {
            frame.add(tower.name[frame.language], frame.style(frame.type.panel, .ink, .bold), at: Point(column.midX, frame.y), .middle)
        }
        frame.add(StackWords.paired[frame.language], frame.labelStyle, at: Point(columns.middle.midX, frame.y), .middle)
        frame.y += frame.type.panel * 0.6
    }

    /// From a layer to the one under it.
    private mutating func descend() {
        for column in columns.towers { arrow(Point(column.midX, frame.y + 2), Point(column.midX, frame.y + gap - 2), .muted) }
        frame.y += gap
    }

    private mutating func arrow(_ start: Point, _ end: Point, _ color: Paint) {
        frame.items.append(.path([.move(start), .line(end)], stroke: Stroke(color, width: 1.6)))
        let (dx, dy) = (end.x == start.x ? 0 : end.x > start.x ? 5.0 : -5, end.y == start.y ? 0 : end.y > start.y ? 5.0 : -5)
        // The two barbs lie across the direction.
        let (a, b) = (Point(end.x - dx - dy * 0.7, end.y - dy - dx * 0.7), Point(end.x - dx + dy * 0.7, end.y - dy + dx * 0.7))
        frame.items.append(.path([.move(a), .line(end), .line(b)], stroke: Stroke(color, width: 1.6)))
    }

    private mutating func draw(_ layer: Int, height: Double) {
        let isLast = layer == stacks.layers.count - 1
        let top = frame.y
        for (tower, column) in columns.towers.enumerated() {
            let box = Rect(column.x, top, column.width, height)
            let isEmitted = layer == stacks.bridge.layer
            frame.items.append(
                .rect(
                    box, radius: 4, fill: .solid(isLast ? Paint.ink.mixed(0.1) : .paper),
                    stroke: Stroke(isEmitted ? .ink : .muted, width: isEmitted ? 1.8 : 1)))
            lines(parts(layer, tower), partStyle, leading: frame.type.body * 1.35, center: Point(box.midX, box.midY))
            beside(layer, tower, box)
        }
        between(layer, top: top, height: height)
        frame.y = top + height
    }

    /// Lines of text centred on a point.
    private mutating func lines(_ texts: [String], _ style: TextStyle, leading: Double, center: Point) {
        var y = center.y - Double(texts.count - 1) * leading / 2 + style.size * 0.36
        for text in texts {
            frame.add(text, style, at: Point(center.x, y), .middle)
            y += leading
        }
    }

    /// The layer's name and purpose between its boxes, joined to both; on the bridge's layer the bridge under them.
    private mutating func between(_ layer: Int, top: Double, height: Double) {
        let (name, role) = middle(layer)
        let hasBridge = layer == stacks.bridge.layer
        let room = height - (hasBridge ? bridgeHeight + frame.type.label * 0.6 : 0)
        let block = Double(name.count + role.count) * step
        let (x, middle) = (columns.middle.midX, top + room / 2)
        let widest = (name.map { frame.width($0, nameStyle) } + role.map { frame.width($0, frame.labelStyle) }).max() ?? 0
        if !hasBridge, frame.width >= 860 {
            for (edge, end) in [(columns.middle.x, x - widest / 2 - 8), (columns.middle.maxX, x + widest / 2 + 8)]
            where abs(edge - end) > 8 && (edge < x) == (edge < end) {
                frame.items.append(.path([.move(Point(edge, middle)), .line(Point(end, middle))], stroke: Stroke(.rule, width: 1.2)))
            }
        }
        let first = middle - block / 2 + Double(name.count) * step / 2
        lines(name, nameStyle, leading: step, center: Point(x, first))
        lines(role, frame.labelStyle, leading: step, center: Point(x, middle + block / 2 - Double(role.count) * step / 2))
        if hasBridge { bridge(bottom: top + height - frame.type.label * 0.3) }
    }

    private mutating func bridge(bottom: Double) {
        let style = frame.style(frame.type.panel * 0.95, .onHighlight, .bold)
        let name = stacks.bridge.part.name[frame.language]
        let reach = min(columns.middle.width * 0.18, 34)
        let box = Rect(columns.middle.x + reach, bottom - bridgeHeight, columns.middle.width - 2 * reach, bridgeHeight)
        frame.items.append(.rect(box, radius: 4, fill: .solid(.highlight)))
        let fitting = frame.width(name, style) <= box.width - 4 ? style : frame.style(11, .onHighlight, .bold)
        lines([name], fitting, leading: 0, center: Point(box.midX, box.midY))
        arrow(Point(box.x - 1, box.midY), Point(columns.middle.x + 2, box.midY), .ink)
        arrow(Point(box.maxX + 1, box.midY), Point(columns.middle.maxX - 2, box.midY), .ink)
    }

    // MARK: Beside

    /// Names of what stands beside a layer, each with its note under it; names without notes follow one another in a list.
    private func sideLines(_ layer: Int, _ tower: Int) -> [(text: String, style: TextStyle)] {
        guard columns.sides[tower] > 0 else { return [] }
        let parts = stacks.beside.filter { $0.tower == tower && $0.layer == layer }.map { $0.part }
        var texts: [(String, TextStyle)] = []
        for (place, part) in parts.enumerated() {
            let name = part.name[frame.language]
            if place > 0, parts[place - 1].note == nil {
                texts[texts.count - 1].0 += " · " + name
            } else {
                texts.append((name, nameStyle))
            }
            if let note = part.note { texts.append((note[frame.language], frame.labelStyle)) }
        }
        return texts.flatMap { text, style in
            LineBreaker.lines(text, width: columns.sides[tower]) { frame.width($0, style) }.map { ($0, style) }
        }
    }

    private mutating func beside(_ layer: Int, _ tower: Int, _ box: Rect) {
        let lines = sideLines(layer, tower)
        guard !lines.isEmpty else { return }
        let isRight = tower == 1
        let edge = isRight ? box.maxX : box.x
        let outer = edge + (isRight ? Self.tick - 8 : 8 - Self.tick)
        frame.items.append(.path([.move(Point(edge, box.midY)), .line(Point(outer, box.midY))], stroke: Stroke(.muted)))
        var y = box.midY - Double(lines.count - 1) * step / 2 + frame.type.label * 0.36
        for (text, style) in lines {
            frame.add(text, style, at: Point(outer + (isRight ? 8 : -8), y), isRight ? .start : .end)
            y += step
        }
    }

    /// Where there is no room beside the towers, the same in a sentence under them.
    private mutating func besideBelow() {
        frame.y += frame.type.label * 0.6
        for text in words.beside {
            frame.paragraph(Words.spaced(text)[frame.language], frame.labelStyle, leading: 1.4)
        }
    }
}
