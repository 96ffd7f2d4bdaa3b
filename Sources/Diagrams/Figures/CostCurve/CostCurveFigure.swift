// The figure `cost-curve`: Figure 3 of the DeepSeek-V3.2-Exp report, published and fitted together. Rings are published, lines are closed-form
// FLOPs at fixed shares of an accelerator's peak plus a constant per token, both fitted to the rings. That the curves behave so is an inference of this project.

import Records
import Traces

extension Figure {
    /// Published cost against position, and the closed form fitted to it.
    public static let costCurve = Figure(
        name: "cost-curve",
        summary: Bilingual(en: "Dollars per million tokens against position: published, and fitted", zh: "每百万词元成本随位置的变化：公布值与拟合值"),
        needs: .costs
    ) { data, options, text throws(FigureError) in
        let (costs, frame) = (try data.costs("cost-curve"), try PictureFrame(options, text))
        return try computing { () throws(EngineError) in
            var figure = try CostCurveFigure(costs, data.provenance, options, frame)
            return try figure.scene()
        }
    }
}

struct CostCurveFigure {
    private let data: CostData
    private let dense: ServingCost
    private let sparse: ServingCost
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    private let words: CostCurveWords

    init(_ data: CostData, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(EngineError) {
        (self.data, self.provenance, self.options, self.frame) = (data, provenance, options, frame)
        (dense, sparse) = try data.serving()
        words = try CostCurveWords(data)
    }

    mutating func scene() throws(EngineError) -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 0.8
        legend()
        frame.y += frame.type.body * 0.4
        let isWide = frame.width >= 860
        let gap = 36.0
        let part = isWide ? (frame.contentWidth - gap) / 2 : frame.contentWidth
        let height = frame.chartHeight(
            isWide ? 380 : part * 0.78, below: frame.below(text.source, parts: isWide ? 1 : 2), options: options, parts: isWide ? 1 : 2)
        let top = frame.y
        for (i, panel) in ServingPanel.allCases.enumerated() {
            if i > 0 { frame.y = isWide ? top : frame.y + frame.type.body }
            try draw(panel, x: frame.type.margin + (isWide ? Double(i) * (part + gap) : 0), width: part, height: height)
        }
        frame.y += frame.type.small * 0.6
        frame.foot(text.source[frame.language])
        return frame.scene("cost-curve", options, text, provenance)
    }

    private func color(_ cost: ServingCost) -> Paint { cost.costs.model.indexer == nil ? .ink : .bar }

    private mutating func legend() {
        guard words.isPublishedHere else { return }
        let style = frame.labelStyle
        let size = frame.type.label
        var x = frame.type.margin
        let y = frame.y + size
        frame.items.append(Plot.disc(Point(x + 5, y - size * 0.35), 4.5, fill: nil, stroke: Stroke(.muted, width: 1.6)))
        let published = Bilingual(en: "published (report, Figure 3)", zh: "公布值（报告图 3）")[frame.language]
        frame.add(published, style, at: Point(x + 16, y))
        x += 16 + frame.width(published, style) + 24
        let name = Bilingual(en: "fitted", zh: "拟合值")[frame.language]
        if x + 34 + frame.width(name, style) > frame.width - frame.type.margin { x = frame.type.margin }
        frame.items.append(
            .path(
                [.move(Point(x, y - size * 0.35)), .line(Point(x + 26, y - size * 0.35))], stroke: Stroke(.muted, width: 2.4)))
        frame.add(name, style, at: Point(x + 34, y))
        frame.y = y + size * 0.6
    }

    private mutating func draw(_ panel: ServingPanel, x left: Double, width: Double, height: Double) throws(EngineError) {
        let (title, line) = words.heading(panel)
        frame.heading(title[frame.language], line[frame.language], x: left, width: width)
        let lengths = AxisScale.lengths(to: 131_072)
        let most =
            try [dense, sparse].map { cost throws(EngineError) in
                try cost.dollarsPerMillionTokens(panel, position: lengths.high)
            }.max() ?? 1
        let y = Self.dollars(to: most)
        let gutter = Plot.gutter(y, frame)
        let nameWidth = Plot.nameWidth([dense, sparse].map { CostCurveWords.short($0.costs.model.name) }, width * 0.2, frame)
        let area = Rect(left + gutter, frame.headingBottom + frame.type.label * 2.5, width - gutter - nameWidth - 12, height)
        let plot = Plot(area: area, x: lengths, y: y)
        dearer(panel, plot)
        plot.axes(
            Bilingual(en: "position in the context (tokens)", zh: "在上下文中的位置（词元）")[frame.language],
            Bilingual(en: "$ per million tokens", zh: "美元／百万词元")[frame.language], on: &frame)
        let lines = try [dense, sparse].map { cost throws(EngineError) in
            let points = try PlotLine.sampled(lengths, count: 64, knees: [cost.knee(panel)].compactMap { $0 }) {
                position throws(EngineError) in
                try cost.dollarsPerMillionTokens(panel, position: position)
            }
            return PlotLine(name: CostCurveWords.short(cost.costs.model.name), color: color(cost), points: points)
        }
        for line in lines { plot.draw(line, on: &frame) }
        if words.isPublishedHere { try published(panel, plot) }
        try marks(panel, plot)
        plot.names(lines, width: nameWidth, on: &frame)
        frame.y = area.maxY + Plot.footHeight(frame)
    }

    /// From 0 to a round price, as many decimals at each tick as the finest needs.
    private static func dollars(to most: Double) -> AxisScale {
        let plain = AxisScale.linear(to: most, count: 5) { NumberText.significant($0, digits: 3) }
        let decimals = plain.ticks.map { $0.label.split(separator: ".").dropFirst().first?.count ?? 0 }.max() ?? 0
        return AxisScale.linear(to: most, count: 5) { "$" + NumberText.fixed($0, decimals: decimals) }
    }

    /// The positions at which the sparse model is the dearer one.
    private mutating func dearer(_ panel: ServingPanel, _ plot: Plot) {
        guard let crossing = words.crossings[panel] else { return }
        let x = plot.point(crossing, 0).x
        let band = Rect(plot.area.x, plot.area.y, x - plot.area.x, plot.area.height)
        frame.items.append(.rect(band, fill: .solid(Paint.bar.mixed(0.1))))
    }

    private mutating func published(_ panel: ServingPanel, _ plot: Plot) throws(EngineError) {
        for curve in data.published where curve.panel == panel {
            let color = curve.model == data.dense.name ? Paint.ink : .bar
            let end = curve.points.last?.position ?? 0
            var positions = stride(from: curve.points[0].position, through: end, by: 16_384).map { $0 }
            positions += curve.points.filter { $0.isKnee || $0.position == end }.map { $0.position }
            for position in positions { plot.ring(position, try curve.dollars(at: position), color, on: &frame) }
        }
    }

    /// The share of peak on the dense line; where the sparse model stops being the dearer one.
    private mutating func marks(_ panel: ServingPanel, _ plot: Plot) throws(EngineError) {
        let position = 131_072 * 0.56
        let dollars = try dense.dollarsPerMillionTokens(panel, position: position)
        let at = plot.point(position, dollars)
        frame.note(words.peak(panel)[frame.language], at: Point(at.x + 16, at.y + frame.type.label * 1.6), .start, color: .ink)
        guard let crossing = words.crossings[panel] else { return }
        let x = max(plot.point(crossing, 0).x + 12, plot.area.x + 24)
        let name = CostCurveWords.short(data.sparse.name)
        let text = Bilingual(
            en: "\(name) is dearer\nup to \(NumberText.grouped(Int(crossing))) tokens",
            zh: "\(NumberText.grouped(Int(crossing))) 词元以内\n\(name) 更贵")
        frame.note(text[frame.language], at: Point(x, plot.area.y + frame.type.label * 1.1), .start, color: .bar)
        let top = plot.area.y + frame.type.label * 2.9
        // Above the dense line there is room for it in every preset.
        try start(panel, in: Rect(x, top, max(plot.area.width * 0.36, 78), plot.area.height * 0.27))
    }

    /// The first 16K positions, larger.
    private mutating func start(_ panel: ServingPanel, in area: Rect) throws(EngineError) {
        let end = 16_384.0
        let high = try dense.dollarsPerMillionTokens(panel, position: end)
        let scale = AxisScale(
            low: 0, high: end, isLogarithmic: false,
            ticks: [0, 8192, 16_384].map { AxisScale.Tick(value: $0, label: AxisScale.tokens(Int($0))) })
        let zoom = Plot(area: area, x: scale, y: AxisScale(low: 0, high: high, isLogarithmic: false, ticks: []))
        frame.items.append(.rect(area.insetBy(-1), fill: .solid(.paper), stroke: Stroke(.rule)))
        if let crossing = words.crossings[panel] {
            let width = zoom.point(crossing, 0).x - area.x
            frame.items.append(
                .rect(Rect(area.x, area.y, width, area.height), fill: .solid(Paint.bar.mixed(0.1))))
        }
        for cost in [dense, sparse] {
            let points = try PlotLine.sampled(scale, count: 16, knees: [cost.knee(panel)].compactMap { $0 }) {
                position throws(EngineError) in
                try cost.dollarsPerMillionTokens(panel, position: position)
            }
            zoom.draw(PlotLine(name: "", color: color(cost), points: points, width: 2), on: &frame)
        }
        let enlarged = Bilingual(en: "enlarged", zh: "放大")[frame.language]
        frame.add(enlarged, frame.style(frame.type.label, .ink), at: Point(area.maxX - 6, area.maxY - 7), .end)
        for tick in scale.ticks {
            let x = zoom.point(tick.value, 0).x
            frame.note(tick.label, at: Point(x, area.maxY + frame.type.label * 1.15), .middle)
        }
    }
}

struct CostCurveWords {
    private let data: CostData
    private let dense: ServingCost
    private let sparse: ServingCost
    /// Whether the published lines are for this hardware.
    let isPublishedHere: Bool
    /// Positions at which the lines cross: the published ones where they are drawn, else those of the closed forms.
    let crossings: [ServingPanel: Double]
    private let largestError: Double

    init(_ data: CostData) throws(EngineError) {
        let serving = try data.serving()
        let isPublished = !data.published.isEmpty && data.profile.describes(data.hardware)
        var (crossings, error) = ([ServingPanel: Double](), 0.0)
        for panel in ServingPanel.allCases {
            let lines = [data.dense, data.sparse].map { model in data.published.first { $0.panel == panel && $0.model == model.name } }
            crossings[panel] = try Self.crossing { position throws(EngineError) in
                if isPublished, let a = lines[0], let b = lines[1] { return try b.dollars(at: position) - a.dollars(at: position) }
                return try serving.sparse.seconds(panel, position: position) - serving.dense.seconds(panel, position: position)
            }
        }
        if isPublished {
            for curve in data.published {
                let rows = try curve.compared(with: curve.model == data.dense.name ? serving.dense : serving.sparse)
                error = rows.reduce(error) { max($0, abs($1.relativeError)) }
            }
        }
        self.data = data
        (dense, sparse) = serving
        isPublishedHere = isPublished
        (self.crossings, largestError) = (crossings, error)
    }

    /// Where the dense line passes the sparse one, by bisection: the excess of the sparse one is above zero before it and below after.
    private static func crossing(_ excess: (Double) throws(EngineError) -> Double) throws(EngineError) -> Double? {
        var (low, high) = (0.0, 131_071.0)
        guard try excess(low) > 0, try excess(high) < 0 else { return nil }
        while high - low > 0.01 {
            let middle = (low + high) / 2
            if try excess(middle) > 0 { low = middle } else { high = middle }
        }
        return low.rounded()
    }

    /// A model's name without its maker: V3.1-Terminus.
    static func short(_ name: String) -> String { name.hasPrefix("DeepSeek-") ? String(name.dropFirst(9)) : name }

    private func ratio(_ panel: ServingPanel) -> Double {
        let end = 131_071.0
        guard let a = try? dense.seconds(panel, position: end), let b = try? sparse.seconds(panel, position: end) else { return 1 }
        return a / b
    }

    func heading(_ panel: ServingPanel) -> (Bilingual, Bilingual) {
        let factor = NumberText.fixed(ratio(panel), decimals: 1)
        let line = Bilingual(en: "\(factor)× cheaper at 128K", zh: "128K 处降到 1/\(factor)")
        return panel == .prefill
            ? (Bilingual(en: "Prefill: reading the prompt", zh: "预填充：读入提示词"), line)
            : (Bilingual(en: "Decode: writing the answer", zh: "解码：写出回答"), line)
    }

    /// What the slope of the dense line means.
    func peak(_ panel: ServingPanel) -> Bilingual {
        let share = panel == .prefill ? data.profile.denseMHA : data.profile.denseMQA
        let text = NumberText.percent(share, decimals: 0)
        let name = hardwareName
        return Bilingual(en: "slope: \(text) of\n\(Self.article(name)) \(name)’s peak", zh: "斜率：\(name)\n峰值的 \(text)")
    }

    /// “a” or “an” before `name`: names in capitals are spelled out (an H800, a B200), others are read (an Ascend).
    static func article(_ name: String) -> String {
        let start = Array(name.prefix(2))
        guard let first = start.first else { return "a" }
        let isRead = start.count > 1 && start[1].isLowercase
        return (isRead ? "AEIOUaeiou" : "AEFHILMNORSX8").contains(first) ? "an" : "a"
    }

    private var hardwareName: String { Self.chip(data.hardware.name) }

    /// An accelerator's name in a sentence: H800 for NVIDIA H800 SXM5, others in full.
    static func chip(_ name: String) -> String {
        name.hasPrefix("NVIDIA") ? name.split(separator: " ").map(String.init).first { $0 != "NVIDIA" } ?? name : name
    }

    var words: FigureWords {
        let (prefill, decode) = (NumberText.fixed(ratio(.prefill), decimals: 1), NumberText.fixed(ratio(.decode), decimals: 1))
        let error = NumberText.significant((largestError * 1000).rounded(.up) / 10, digits: 2) + "%"
        let (p, d) = (
            crossings[.prefill].map { NumberText.grouped(Int($0)) } ?? "–", crossings[.decode].map { NumberText.grouped(Int($0)) } ?? "–"
        )
        let agreement =
            isPublishedHere
            ? Bilingual(
                en: " Shares and constants are fitted to the rings; what is left differs by at most \(error).",
                zh: "比例与固定成本由公布值拟合而来，拟合之后最多还差 \(error)。")
            : Bilingual(en: "", zh: "")
        let (old, new) = (Self.short(data.dense.name), Self.short(data.sparse.name))
        let dearer = crossings.isEmpty ? Bilingual(en: "", zh: "") : Bilingual(en: "; short prompts cost more", zh: "；短提示反而更贵")
        return FigureWords(
            title: Bilingual(
                en: "At 128K, \(new) decodes \(decode)× cheaper\(dearer.en)", zh: "128K 处，\(new) 解码成本降到 1/\(decode)\(dearer.zh)"),
            subtitle: Bilingual(
                en:
                    "Closed-form FLOPs at a fixed share of \(Self.article(hardwareName)) \(hardwareName)’s peak, plus a constant per token.\(agreement.en)",
                zh: "按闭式 FLOPs 和 \(hardwareName) 峰值的固定比例折算，再加每个词元的固定成本。\(agreement.zh)"),
            alt: Bilingual(
                en:
                    "Two line charts of dollars per million tokens against position up to 128K, prefill and decode, \(old) and \(new). At 128K \(new) is \(prefill) times cheaper in prefill and \(decode) times in decode. It is dearer up to \(p) tokens in prefill and \(d) in decode.\(agreement.en)",
                zh:
                    "两张折线图：每百万词元美元成本随位置（至 128K）的变化，分预填充与解码，比较 \(old) 与 \(new)。128K 处，\(new) 的预填充成本为 1/\(prefill)，解码为 1/\(decode)。预填充在 \(p) 词元以内、解码在 \(d) 词元以内它更贵。\(agreement.zh)"
            ),
            caption: Bilingual(
                en:
                    "Cost per million tokens against position, as published (DeepSeek-V3.2-Exp report, Figure 3) and as closed forms fitted to it.",
                zh: "每百万词元成本随位置的变化：公布值（DeepSeek-V3.2-Exp 报告图 3）与据此拟合的闭式。"),
            source: source)
    }

    /// The accelerator and its price; whose inference the shares are, or, for another accelerator, all that is assumed.
    private var source: Bilingual {
        let price = "$" + NumberText.significant(data.hardware.dollarsPerHour, digits: 4)
        let hardware = Bilingual(en: "\(data.hardware.name) at \(price) per hour.", zh: "\(data.hardware.name)，每小时 \(price)。")
        guard isPublishedHere else {
            return ServingCost.assumptions(dense: dense, sparse: sparse).reduce(hardware) {
                Bilingual(en: "\($0.en) \($1.en)", zh: "\($0.zh)\($1.zh)")
            }
        }
        return hardware
            + Bilingual(
                en:
                    " The shares of peak are this project’s inference from the published slopes; the report says “estimated from benchmarking the actual service”.",
                zh: "峰值比例是本项目由公布的斜率反推的；报告只说“根据实际服务的基准测试估计”。")
    }
}
