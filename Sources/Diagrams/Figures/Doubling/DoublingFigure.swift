// The figure `doubling`: by what factor cost rises when the length doubles, at each length, for the dense model and the one with an indexer, prefill
// and decode, per token and per conversation. "Twice the chat, four times the work" is the limit of a long conversation, not the rule.

import Records
import Traces

extension Figure {
    /// The factor of a doubling against length.
    public static let doubling = Figure(
        name: "doubling",
        summary: Bilingual(en: "What doubling the length does to the cost, at each length", zh: "长度翻倍时成本变为几倍：随长度的变化"), needs: .costs
    ) { data, options, text throws(FigureError) in
        let (costs, frame) = (try data.costs("doubling"), try PictureFrame(options, text))
        return try computing { () throws(EngineError) in
            var figure = try DoublingFigure(costs, data.provenance, options, frame)
            return try figure.scene()
        }
    }
}

struct DoublingFigure {
    private let data: CostData
    private let doublings: [Doubling]
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    private let words: DoublingWords
    /// Lengths before the doubling: 1K to 1M tokens.
    static let lengths = (1024, 1 << 20)

    init(_ data: CostData, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(EngineError) {
        (self.data, self.provenance, self.options, self.frame) = (data, provenance, options, frame)
        let (dense, sparse) = try data.serving()
        doublings = [Doubling(dense), Doubling(sparse)]
        words = try DoublingWords(data, doublings)
    }

    mutating func scene() throws(EngineError) -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 1.2
        let isWide = frame.width >= 860
        let gap = 36.0
        let part = isWide ? (frame.contentWidth - gap) / 2 : frame.contentWidth
        let height = frame.chartHeight(
            isWide ? 360 : part * 0.78, below: frame.below(text.source, parts: isWide ? 1 : 2), options: options, parts: isWide ? 1 : 2)
        let top = frame.y
        for (i, scope) in [Doubling.Scope.perConversation, .perToken].enumerated() {
            if i > 0 { frame.y = isWide ? top : frame.y + frame.type.body }
            try draw(scope, x: frame.type.margin + (isWide ? Double(i) * (part + gap) : 0), width: part, height: height)
        }
        frame.y += frame.type.small * 0.6
        frame.foot(text.source[frame.language])
        return frame.scene("doubling", options, text, provenance)
    }

    private mutating func draw(_ scope: Doubling.Scope, x left: Double, width: Double, height: Double) throws(EngineError) {
        let (title, line) = words.heading(scope)
        frame.heading(title[frame.language], line[frame.language], x: left, width: width)
        let x = AxisScale.doublings(from: Self.lengths.0, to: Self.lengths.1, count: 5)
        let (low, high) = scope == .perConversation ? (1.5, 4.5) : (0.75, 2.25)
        let y = AxisScale.linear(from: low, to: high, count: 6) { NumberText.significant($0, digits: 3) + "×" }
        let gutter = Plot.gutter(y, frame)
        let names = words.names.map { $0[frame.language] }
        let nameWidth = Plot.nameWidth(names, width * 0.2, frame)
        let area = Rect(left + gutter, frame.headingBottom + frame.type.label * 2.5, width - gutter - nameWidth - 12, height)
        let plot = Plot(area: area, x: x, y: y)
        plot.axes(
            Bilingual(en: "length before doubling (tokens, log)", zh: "翻倍前的长度（词元，对数）")[frame.language],
            Bilingual(en: "cost after ÷ cost before", zh: "翻倍后成本 ÷ 翻倍前成本")[frame.language], on: &frame)
        let limits = scope == .perConversation ? words.conversationLimits : words.tokenLimits
        for (i, (limit, name)) in limits.enumerated() { plot.threshold(limit, name[frame.language], isAbove: i == 0, on: &frame) }
        let lines = try lines(scope, x, names)
        for line in lines { plot.draw(line, on: &frame) }
        if scope == .perConversation { marks(plot) }
        plot.names(lines, width: nameWidth, on: &frame)
        frame.y = area.maxY + Plot.footHeight(frame)
    }

    /// Dense prefill and decode, then sparse prefill and decode; decode is the thin line.
    private func lines(_ scope: Doubling.Scope, _ x: AxisScale, _ names: [String]) throws(EngineError) -> [PlotLine] {
        var lines: [PlotLine] = []
        for (i, doubling) in doublings.enumerated() {
            for (j, panel) in ServingPanel.allCases.enumerated() {
                // Kinks: where the length or its double passes the knee.
                let knee = doubling.cost.knee(panel).map { [$0, $0 / 2] } ?? []
                let points = try PlotLine.sampled(x, count: 120, knees: knee) { length throws(EngineError) in
                    try doubling.factor(panel, scope, length: Int(length.rounded()))
                }
                lines.append(
                    PlotLine(
                        name: names[i * 2 + j], color: i == 0 ? .ink : .bar, points: points,
                        width: j == 0 ? 3 : 1.5))
            }
        }
        return lines
    }

    /// The lengths at which the dense model's prefill reaches the factors that the text speaks of.
    private mutating func marks(_ plot: Plot) {
        for (i, mark) in words.marks.enumerated() {
            let at = plot.point(Double(mark.length), mark.factor)
            let factor = NumberText.significant(mark.factor, digits: 2) + "×"
            // On a narrow chart the lines leave room for the factor alone; the length stands in the sentence above.
            let text = i > 0 && plot.area.width < 260 ? factor : "\(factor): \(DoublingWords.short(mark.length))"
            // The first stands where lines crowd: its label goes down into the free space under them.
            let place = i == 0 ? Point(at.x + 6, plot.area.maxY - frame.type.label * 1.2) : Point(at.x + 9, at.y + frame.type.label * 1.3)
            if i == 0 {
                frame.items.append(.path([.move(at), .line(Point(at.x, place.y + 1))], stroke: Stroke(.ink, width: 1)))
            }
            let style = frame.style(frame.type.label, .ink, .semibold)
            let reaches = place.x + frame.width(text, style) > plot.area.maxX
            frame.add(text, style, at: Point(reaches ? plot.area.maxX : place.x, place.y), reaches ? .end : .start)
            plot.ring(Double(mark.length), mark.factor, .ink, on: &frame)
        }
    }
}

struct DoublingWords {
    private let data: CostData
    /// Where dense prefill of a conversation reaches each factor.
    let marks: [(factor: Double, length: Int)]
    private let atEnd: [Double]

    init(_ data: CostData, _ doublings: [Doubling]) throws(EngineError) {
        self.data = data
        marks = try [2.3, 3.5, 3.8].map { factor throws(EngineError) in
            (factor: factor, length: try doublings[0].length(.prefill, .perConversation, reaching: factor))
        }.compactMap { mark in
            mark.length.flatMap {
                (DoublingFigure.lengths.0...DoublingFigure.lengths.1).contains($0) ? (factor: mark.factor, length: $0) : nil
            }
        }
        // The doubling that ends at 128K.
        atEnd = try doublings.map { doubling throws(EngineError) in
            try ServingPanel.allCases.map { panel throws(EngineError) in try doubling.factor(panel, .perConversation, length: 65_536) }
        }.flatMap { $0 }
    }

    let conversationLimits: [(Double, Bilingual)] = [
        (4, Bilingual(en: "4×: the limit of a quadratic cost", zh: "4 倍：平方成本的极限")),
        (2, Bilingual(en: "2×: each token costs the same", zh: "2 倍：每个词元成本相同")),
    ]
    let tokenLimits: [(Double, Bilingual)] = [
        (2, Bilingual(en: "2×: grows with the length", zh: "2 倍：随长度增长")), (1, Bilingual(en: "1×: does not grow", zh: "1 倍：不增长")),
    ]

    private var models: [String] { [data.dense, data.sparse].map { CostCurveWords.short($0.name) } }

    /// Names of the four lines.
    var names: [Bilingual] {
        models.flatMap { [Bilingual(en: "\($0) prefill", zh: "\($0) 预填充"), Bilingual(en: "\($0) decode", zh: "\($0) 解码")] }
    }

    func heading(_ scope: Doubling.Scope) -> (Bilingual, Bilingual) {
        scope == .perConversation
            ? (
                Bilingual(en: "The whole conversation", zh: "整段对话"),
                Bilingual(en: "All tokens up to the length, from the first on.", zh: "从第一个词元起的全部词元。")
            ) : (Bilingual(en: "The last token", zh: "最后一个词元"), Bilingual(en: "The one token at that position.", zh: "处在该位置的那一个词元。"))
    }

    /// A length in thousands: 7.9K, 95K (K = 1,024).
    static func short(_ length: Int) -> String {
        let thousands = Double(length) / 1024
        return thousands >= 10 ? "\(Int(thousands.rounded()))K" : NumberText.fixed(thousands, decimals: 1) + "K"
    }

    var words: FigureWords {
        let at = marks.map { mark in
            let (factor, length) = (NumberText.significant(mark.factor, digits: 2), Self.short(mark.length))
            return Bilingual(en: "\(factor)× at \(length)", zh: "\(length) 处 \(factor) 倍")
        }
        let factors = atEnd.map { NumberText.fixed($0, decimals: 1) }
        let list = Words.list(at)
        return FigureWords(
            title: Bilingual(en: "“Twice the chat, four times the work” is true only in the limit", zh: "“对话翻倍，计算四倍”只在极限处成立"),
            subtitle: Bilingual(
                en:
                    "By what factor the cost rises when the length doubles. \(models[0]) prefill reaches \(list.en). From 64K to 128K a \(models[0]) conversation costs \(factors[0])× to read and \(factors[1])× to write; \(models[1]) \(factors[2])× and \(factors[3])×.",
                zh:
                    "长度翻倍时成本变为几倍。\(models[0]) 预填充：\(list.zh)。从 64K 到 128K，\(models[0]) 整段对话的读入成本变为 \(factors[0]) 倍，写出成本变为 \(factors[1]) 倍；\(models[1]) 分别为 \(factors[2]) 倍和 \(factors[3]) 倍。"
            ),
            alt: Bilingual(
                en:
                    "Line charts of the factor by which serving cost rises when the length doubles, against the length from 1K to 1M tokens. For a conversation read by \(models[0]) the factor reaches \(list.en). At 64K to 128K: \(models[0]) prefill \(factors[0]), decode \(factors[1]); \(models[1]) prefill \(factors[2]), decode \(factors[3]).",
                zh:
                    "折线图：长度翻倍时服务成本变为几倍，横轴为 1K 到 1M 词元。\(models[0]) 读入整段对话：\(list.zh)。从 64K 到 128K：\(models[0]) 预填充 \(factors[0])，解码 \(factors[1])；\(models[1]) 预填充 \(factors[2])，解码 \(factors[3])。"
            ),
            caption: Bilingual(
                en: "The factor by which serving cost rises when a conversation doubles in length, \(models[0]) and \(models[1]).",
                zh: "对话长度翻倍时服务成本的倍数：\(models[0]) 与 \(models[1])。"),
            source: Bilingual(
                en:
                    "Predicted: closed-form FLOPs at fixed shares of \(CostCurveWords.article(data.hardware.name)) \(data.hardware.name)’s peak plus a constant per token, fitted to Figure 3 of the DeepSeek-V3.2-Exp report. Rings: where \(models[0]) prefill reaches the factor. K = 1,024. Beyond 128K the lines extrapolate.",
                zh:
                    "预测值：按闭式 FLOPs 和 \(data.hardware.name) 峰值的固定比例折算，加每个词元的固定成本，由 DeepSeek-V3.2-Exp 报告图 3 反推。圆圈：\(models[0]) 预填充达到该倍数之处。K = 1,024。超过 128K 为外推。"
            ))
    }
}
