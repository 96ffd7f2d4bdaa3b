// The figure `pipeline-detail`: the flow of a mechanism, drawn from the trace's own graph. A box for each step with its symbol and shape, an arrow for
// each input, the indexer's branch in violet: dense attention, MLA expanded or absorbed, DeepSeek Sparse Attention (compare Figure 1 of the
// V3.2-Exp report). Weights are left out. From left to right where boxes are then wide enough for their names, else from top to bottom.

import Mechanisms
import Records
import Traces

extension Figure {
    /// The steps of a mechanism and how they feed each other.
    public static let pipelineDetail = Figure(
        name: "pipeline-detail",
        summary: Bilingual(en: "Every step of a mechanism, from the trace's own graph", zh: "一种机制的每一步，按记录自身的图来画"),
        takes: [.step, .phase]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else { throw FigureError("pipeline-detail needs a trace, found none") }
        var figure = try PipelineDetailFigure(PipelineGraph(trace, options), data.provenance, options, text)
        return figure.scene()
    }
}

private struct PipelineDetailFigure {
    let graph: PipelineGraph
    let words: PipelineDetailWords
    let provenance: Provenance
    let options: FigureOptions
    var layout: GraphLayout
    var frame: PictureFrame

    init(_ graph: PipelineGraph, _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        self.graph = graph
        self.provenance = provenance
        self.options = options
        words = PipelineDetailWords(graph: graph)
        frame = try PictureFrame(options, text)
        layout = GraphLayout(count: graph.steps.count, edges: graph.edges) { graph.part(of: $0) == .indexer }
    }

    mutating func scene() -> Scene {
        let language = options.language
        frame.head(words.title[language], words.subtitle[language])
        let body = frame.items.count
        frame.y += frame.type.body * 1.5
        let plan = plan()
        layout.place(extent: plan.extent, box: plan.across + plan.gap, pass: plan.pass)
        let top = frame.y
        for (number, edge) in layout.edges.enumerated() { arrow(number, edge, plan, top) }
        for node in layout.nodes where node.box != nil { box(node, plan, top) }
        frame.y = top + (plan.isSideways ? plan.extent : plan.pitch * Double(layout.layers.count - 1) + plan.along) + frame.type.body * 1.2
        frame.legend(legend)
        frame.y += frame.type.small * 0.9
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "pipeline-detail", step: graph.steps.last?.id.text, data: provenance))
    }

    // MARK: Layout

    /// Sizes along the flow and across it.
    private struct Plan {
        let isSideways: Bool
        let along: Double
        let across: Double
        let gap: Double
        let pass: Double
        let pitch: Double
        let extent: Double
        let start: Double
    }

    private var symbolStyle: TextStyle { frame.style(max(14, frame.type.panel * 0.95), .ink, .semibold) }

    private func shape(_ step: Step) -> String { step.output.shape.lengths.map(String.init).joined(separator: "×") }

    /// Long symbols, which are words, are set smaller where their box is narrow.
    private func symbolStyle(_ step: Step, _ width: Double) -> TextStyle {
        var style = symbolStyle
        while style.size > 11, frame.symbolWidth(step.symbol, style) > width - 8 { style.size = max(11, style.size - 0.5) }
        return style
    }

    private func plan() -> Plan {
        let count = Double(max(layout.layers.count, 1))
        let widest = graph.steps.map { frame.symbolWidth($0.symbol, frame.style(11, .ink, .semibold)) }.max() ?? 20
        let pitch = min(frame.contentWidth / count, 150)
        // A wide, low picture has no room for names; elsewhere a flow too long for them runs downwards.
        let least = options.preset.proportion == nil ? Self.leastNamed + 14 : widest + 20
        if pitch >= least { return sidewaysPlan(count, pitch) }
        let shapes = graph.steps.map { frame.width(shape($0), frame.style(11, .muted)) }.max() ?? 0
        return downwardsPlan(least: max(widest + 8, shapes + 4, frame.width < 900 ? 0 : Self.leastNamed))
    }

    private func downwardsPlan(least: Double) -> Plan {
        let (pass, gap) = (frame.contentWidth < 500 ? 10.0 : 14, frame.contentWidth < 500 ? 6.0 : 16)
        var across = frame.type.label * 12
        let dense = layout.largestBox(extent: frame.contentWidth, pass: pass) - gap
        while across > min(least, dense), layout.naturalExtent(box: across + gap, pass: pass) > frame.contentWidth { across -= 1 }
        across = min(across, dense)
        let along = symbolStyle.size * 1.5 + 20 + 14 * Double(nameLines(across))
        return Plan(
            isSideways: false, along: along, across: across, gap: gap, pass: pass, pitch: along + 26, extent: frame.contentWidth,
            start: frame.type.margin)
    }

    private func sidewaysPlan(_ count: Double, _ pitch: Double) -> Plan {
        let pass = 13.0
        let along = min(pitch - 14, 116)
        let across = symbolStyle.size * 1.6 + 20 + 14 * Double(nameLines(along))
        var gap = 18.0
        func extent(_ gap: Double) -> Double { layout.naturalExtent(box: across + gap, pass: pass) }
        var room = extent(gap)
        if let proportion = options.preset.proportion {
            let free =
                frame.width * proportion - frame.y - frame.type.small * 5.4 - frame.type.body * 1.2 - max(16, frame.type.margin * 0.55)
            while extent(gap) > free, gap > 6 { gap -= 1 }
            room = min(extent(gap), free)
        }
        let used = pitch * (count - 1) + along
        return Plan(
            isSideways: true, along: along, across: across, gap: gap, pass: pass, pitch: pitch, extent: room,
            start: frame.type.margin + max(0, (frame.contentWidth - used) / 2))
    }

    /// The narrowest box that carries its step's name.
    private static let leastNamed = 92.0

    /// The most lines that a name takes in boxes of a width.
    private func nameLines(_ width: Double) -> Int { graph.steps.map { nameLines($0, width).count }.max() ?? 0 }

    /// The step's title up to its colon or bracket, in at most three lines of like length; nothing where that does not fit.
    private func nameLines(_ step: Step, _ width: Double) -> [String] {
        guard width >= Self.leastNamed, options.preset.proportion == nil || graph.steps.count <= 12 else { return [] }
        let name = String(step.title[options.language].prefix { !":：（(".contains($0) })
        func lines(_ room: Double) -> [String] { LineBreaker.lines(name, width: room) { frame.width($0, nameStyle) } }
        var room = width - 10
        var best = lines(room)
        guard best.count <= 3, best.allSatisfy({ frame.width($0, nameStyle) <= room }) else { return [] }
        while best.count > 1, case let next = lines(room - 4), next.count == best.count,
            next.allSatisfy({ frame.width($0, nameStyle) <= room - 4 })
        {
            (best, room) = (next, room - 4)
        }
        return best
    }

    private var nameStyle: TextStyle { frame.style(11, .ink) }

    /// A point at `along` the flow from the start of a layer and at `place` across it.
    private func point(_ layer: Int, _ along: Double, _ place: Double, _ plan: Plan, _ top: Double) -> Point {
        let flow = plan.pitch * Double(layer) + along
        return plan.isSideways ? Point(plan.start + flow, top + place) : Point(plan.start + place, top + flow)
    }

    // MARK: Boxes

    private func color(_ part: PipelineGraph.Part) -> Paint {
        switch part {
        case .query: .query
        case .key: .key
        case .value: .value
        case .indexer: .indexer
        case .other: .muted
        }
    }

    /// The outline of a part's boxes; its dashes tell parts apart where hues do not.
    private func outline(_ part: PipelineGraph.Part) -> Stroke {
        let dash: [Double] =
            switch part {
            case .query, .other: []
            case .key: [7, 3]
            case .value: [2.5, 2.5]
            case .indexer: [9, 2.5, 2.5, 2.5]
            }
        return Stroke(color(part), width: part == .other ? 1 : 1.5, dash: dash)
    }

    private mutating func box(_ node: GraphLayout.Node, _ plan: Plan, _ top: Double) {
        guard let number = node.box else { return }
        let step = graph.steps[number]
        let corner = point(node.layer, 0, node.place - plan.across / 2, plan, top)
        let size = plan.isSideways ? Size(plan.along, plan.across) : Size(plan.across, plan.along)
        let area = Rect(corner.x, corner.y, size.width, size.height)
        let part = graph.part(of: number)
        let isEnd = graph.isSource(number) || number == graph.steps.count - 1
        let tint: Paint = isEnd ? Paint.rule.mixed(0.5) : color(part).mixed(0.09)
        frame.items.append(.rect(area, radius: 5, fill: .solid(tint), stroke: outline(part)))
        label(step, area)
        let shape = "\(step.output.shape)"
        let words = Remark(en: "\(name: step.title.en) \(name: shape)", zh: "\(name: step.title.zh) \(name: shape)")
        let label = CellLabel(Bilingual(same: "\(step.symbol): "), words)
        frame.items.append(.hotSpot(HotSpot(area, step: step.id.text, index: [], label: label)))
    }

    private mutating func label(_ step: Step, _ area: Rect) {
        let shape = shape(step)
        let small = [frame.type.small, 11].map { frame.style($0, .ink) }
        let fitting = small.first { frame.width(shape, $0) <= area.width - 3 }
        let names = nameLines(step, area.width)
        let lines = symbolStyle.size * 1.3 + (fitting == nil ? 0 : 14) + 14 * Double(names.count)
        var y = area.midY - lines / 2
        frame.symbol(step.symbol, symbolStyle(step, area.width), center: Point(area.midX, y + symbolStyle.size * 0.68))
        y += symbolStyle.size * 1.3
        for name in names {
            y += 14
            frame.add(name, nameStyle, at: Point(area.midX, y - 3), .middle)
        }
        if let fitting { frame.add(shape, fitting, at: Point(area.midX, y + 11), .middle) }
    }

    // MARK: Arrows

    private mutating func arrow(_ number: Int, _ edge: GraphLayout.Edge, _ plan: Plan, _ top: Double) {
        let nodes = edge.nodes.map { layout.nodes[$0] }
        let isMask = graph.isMask(number)
        let color = graph.part(of: edge.from) == .indexer || isMask ? Paint.indexer : .muted
        var points: [Point] = []
        for (place, node) in nodes.enumerated() {
            let isFirst = place == 0
            let isLast = place == nodes.count - 1
            let shift = isLast ? port(edge, plan) : 0
            if !isFirst { points.append(point(node.layer, isLast ? -5 : 0, node.place + shift, plan, top)) }
            if !isLast { points.append(point(node.layer, plan.along, node.place, plan, top)) }
        }
        var path: [PathElement] = [.move(points[0])]
        for (i, (a, b)) in zip(points, points.dropFirst()).enumerated() {
            path.append(i % 2 == 1 ? .line(b) : bend(a, b, plan))
        }
        let stroke = Stroke(color.mixed(isMask ? 1 : 0.75), width: isMask ? 2.2 : 1.2)
        frame.items.append(.path(path, stroke: stroke))
        frame.items.append(tip(points.last!, stroke.color, plan, isMask ? 6 : 4.5))
    }

    private func bend(_ a: Point, _ b: Point, _ plan: Plan) -> PathElement {
        if plan.isSideways {
            let reach = (b.x - a.x) * 0.5
            return .curve(Point(a.x + reach, a.y), Point(b.x - reach, b.y), to: b)
        }
        let reach = (b.y - a.y) * 0.5
        return .curve(Point(a.x, a.y + reach), Point(b.x, b.y - reach), to: b)
    }

    /// Several inputs arrive side by side, in the order in which they come.
    private func port(_ edge: GraphLayout.Edge, _ plan: Plan) -> Double {
        let others = layout.edges.filter { $0.to == edge.to }
        guard others.count > 1 else { return 0 }
        func before(_ edge: GraphLayout.Edge) -> Double { layout.nodes[edge.nodes[edge.nodes.count - 2]].place }
        let rank = others.sorted { before($0) < before($1) }.firstIndex { $0.from == edge.from } ?? 0
        let spread = min(plan.across * 0.6, 14 * Double(others.count - 1))
        return (Double(rank) / Double(others.count - 1) - 0.5) * spread
    }

    private func tip(_ end: Point, _ color: Paint, _ plan: Plan, _ size: Double) -> Item {
        let corners =
            plan.isSideways
            ? [Point(end.x + 5, end.y), Point(end.x - size * 0.3, end.y - size * 0.75), Point(end.x - size * 0.3, end.y + size * 0.75)]
            : [Point(end.x, end.y + 5), Point(end.x - size * 0.75, end.y - size * 0.3), Point(end.x + size * 0.75, end.y - size * 0.3)]
        return .path([.move(corners[0]), .line(corners[1]), .line(corners[2]), .close], fill: .solid(color))
    }

    private var legend: [LegendEntry] {
        let parts = Set(graph.steps.indices.map(graph.part))
        var entries = PipelineGraph.Part.allCases.filter(parts.contains).compactMap { part -> LegendEntry? in
            guard let name = words.name(part) else { return nil }
            return .box(.solid(color(part).mixed(0.09)), outline(part), name[options.language])
        }
        if graph.mask != nil { entries.append(.line(Stroke(.indexer, width: 2.2), words.maskName[options.language])) }
        if let example = graph.steps.first(where: { $0.output.shape.axes.count == 2 }) { entries.append(.words(sizes(example))) }
        return entries
    }

    /// What the numbers in a box count, by the example of one.
    private func sizes(_ step: Step) -> String {
        let each = zip(step.output.shape.axes, step.output.shape.lengths).map { axis, length in
            let name = axis == .t ? Bilingual(en: "token", zh: "词元") : Words.axis(axis, isPair: false)
            return Bilingual(en: "\(name.en) (\(length))", zh: "\(name.zh)（\(length)）")
        }
        let text = Bilingual(
            en: "\(step.symbol) \(shape(step)): numbers by \(each.map { $0.en }.joined(separator: " and "))",
            zh: "\(step.symbol) \(shape(step))：按\(each.map { $0.zh }.joined(separator: "、"))排列的数")
        return text[options.language]
    }
}
