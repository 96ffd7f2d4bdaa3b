// The figure `doubling`: by what factor the cost of reading a prompt rises when its length doubles, at each length, for the dense model and the one with
// an indexer. It lies between 2 (every token costs the same) and 4 (attention's part alone, in the limit). Where the report's Figure 3 ends, the lines
// go on pale: there they are extrapolated.

import Records
import Traces

extension Figure {
    /// The factor of a doubling against length.
    public static let doubling = Figure(
        name: "doubling",
        summary: Bilingual(en: "What a prompt of twice the length costs, at each length", zh: "提示词加长一倍，成本变为几倍：随长度的变化"), needs: .costs
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
    /// Lengths before the doubling: 1K to 512K tokens.
    static let lengths = (1024, 1 << 19)
    /// The last doubling whose end Figure 3 shows: from 64K to 128K.
    static let lastShown = 65_536

    init(_ data: CostData, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(EngineError) {
        (self.data, self.provenance, self.options, self.frame) = (data, provenance, options, frame)
        let (dense, sparse) = try data.serving()
        doublings = [Doubling(dense), Doubling(sparse)]
        words = try DoublingWords(data, doublings)
    }

    mutating func scene() throws(EngineError) -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body
        let x = AxisScale.doublings(from: Self.lengths.0, to: Self.lengths.1, count: frame.width < 600 ? 5 : 10, through: Self.lastShown)
        let y = AxisScale.linear(from: 1.5, to: 4.5, count: 6) { NumberText.significant($0, digits: 3) + "×" }
        let names = words.names.map { $0[frame.language] }
        let nameWidth = Plot.nameWidth(names, frame.contentWidth * 0.2, frame)
        let gutter = Plot.gutter(y, frame)
        let width = frame.contentWidth - gutter - nameWidth - 14
        let height = frame.chartHeight(
            min(max(width * 0.5, 300), 430), below: frame.type.label * 6 + frame.type.small * 0.6 + frame.footHeight(text.source),
            options: options)
        let plot = Plot(area: Rect(frame.type.margin + gutter, frame.y + frame.type.label * 2.5, width, height), x: x, y: y)
        let (two, four) = (plot.point(x.low, 2).y, plot.point(x.low, 4).y)
        frame.items.append(.rect(Rect(plot.area.x, four, width, two - four), fill: .solid(Self.band)))
        plot.axes(
            Bilingual(en: "length before doubling (tokens, log)", zh: "翻倍前的长度（词元，对数）")[frame.language],
            Bilingual(en: "cost after ÷ cost before", zh: "翻倍后成本 ÷ 翻倍前成本")[frame.language], on: &frame)
        for (limit, name) in words.limits {
            plot.threshold(limit, "", on: &frame)
            let baseline = limit > 3 ? four - frame.type.label * 0.5 : two + frame.type.label * 1.35
            frame.note(name[frame.language], at: Point(plot.area.x + 6, baseline))
        }
        let lines = try lines(plot, names)
        for line in lines.pale + lines.full { plot.draw(line, on: &frame) }
        end(plot)
        try knee(plot)
        for (factor, color) in zip(words.atEnd, [Paint.ink, .bar]) { mark(factor, color, plot) }
        plot.names(lines.pale, width: nameWidth, on: &frame)
        frame.y = plot.area.maxY + Plot.footHeight(frame) + frame.type.small * 0.6
        frame.foot(text.source[frame.language])
        return frame.scene("doubling", options, text, provenance)
    }

    /// Dense and sparse prefill: in full colour up to where Figure 3 ends, pale beyond.
    private func lines(_ plot: Plot, _ names: [String]) throws(EngineError) -> (full: [PlotLine], pale: [PlotLine]) {
        var (full, pale) = ([PlotLine](), [PlotLine]())
        for (i, doubling) in doublings.enumerated() {
            let knee = doubling.cost.knee(.prefill).map { [$0, $0 / 2] } ?? []
            let points = try PlotLine.sampled(plot.x, count: 144, knees: knee + [Double(Self.lastShown)]) { length throws(EngineError) in
                try doubling.factor(.prefill, .perConversation, length: Int(length.rounded()))
            }
            let color: Paint = i == 0 ? .ink : .bar
            full.append(PlotLine(name: "", color: color, points: points.filter { $0.x <= Double(Self.lastShown) + 0.5 }, width: 3))
            let rest = points.filter { $0.x >= Double(Self.lastShown) - 0.5 }
            pale.append(PlotLine(name: names[i], color: color, points: rest, width: 1.2))
        }
        return (full, pale)
    }

    /// What lies between two and four.
    private static let band = Paint.rule.mixed(0.35)

    /// A note inside the band, on a halo of its colour.
    private mutating func note(_ text: String, at point: Point, _ color: Paint, _ weight: TextStyle.Weight = .regular) {
        let style = frame.style(frame.type.label, color, weight)
        for (i, line) in text.split(separator: "\n").map(String.init).enumerated() {
            let at = Point(point.x, point.y + Double(i) * style.size * 1.28)
            let halo = Rect(at.x - 2, at.y - style.size * 0.92, frame.width(line, style) + 4, style.size * 1.22)
            frame.items.append(.rect(halo, fill: .solid(Self.band)))
            frame.add(line, style, at: at)
        }
    }

    /// Where the published figure ends: what lies beyond is said to be extrapolated.
    private mutating func end(_ plot: Plot) {
        let ends = [4.0, 2].map { plot.point(Double(Self.lastShown), $0) }
        frame.items.append(.path([.move(ends[0]), .line(ends[1])], stroke: Stroke(.muted, width: 1.2, dash: [5, 4])))
        let text = words.beyond[frame.language]
        let x = min(ends[1].x + 6, frame.width - frame.type.margin - frame.width(text, frame.labelStyle))
        frame.note(text, at: Point(x, plot.area.maxY - frame.type.label * 0.6))
    }

    /// Where the doubled prompt passes the length from which on each query looks at a fixed number of keys.
    private mutating func knee(_ plot: Plot) throws(EngineError) {
        guard let knee = doublings[1].cost.knee(.prefill), (plot.x.low...Double(Self.lastShown)).contains(knee / 2) else { return }
        let factor = try doublings[1].factor(.prefill, .perConversation, length: Int((knee / 2).rounded()))
        let at = plot.point(knee / 2, factor)
        let text = words.knee(knee)[frame.language]
        let lines = Double(text.split(separator: "\n").count)
        let top = plot.point(knee / 2, 3.9).y + frame.type.label
        let bottom = top + (lines - 1) * frame.type.label * 1.28
        frame.items.append(.path([.move(at), .line(Point(at.x, bottom + 4))], stroke: Stroke(.bar, width: 1)))
        // On a narrow chart the note begins further left, so that it ends before the dense line.
        note(text, at: Point(plot.area.width < 300 ? plot.area.x + 6 : at.x - 4, top), .bar)
        plot.ring(knee / 2, factor, .bar, on: &frame)
    }

    private mutating func mark(_ factor: Double, _ color: Paint, _ plot: Plot) {
        let at = plot.point(Double(Self.lastShown), factor)
        note(DoublingWords.text(factor), at: Point(at.x + 9, at.y + frame.type.label * 1.6), color, .semibold)
        plot.dot(Double(Self.lastShown), factor, color, on: &frame)
    }
}

struct DoublingWords {
    private let data: CostData
    /// From 64K to 128K, dense and sparse.
    let atEnd: [Double]
    /// Where the dense model reaches each factor.
    private let reached: [(factor: Double, length: Int)]
    /// Where the sparse model's line bends.
    private let knee: Double?

    init(_ data: CostData, _ doublings: [Doubling]) throws(EngineError) {
        self.data = data
        knee = doublings[1].cost.knee(.prefill)
        atEnd = try doublings.map { doubling throws(EngineError) in
            try doubling.factor(.prefill, .perConversation, length: DoublingFigure.lastShown)
        }
        reached = try [2.3, 3.5, 3.8].map { factor throws(EngineError) in
            (factor: factor, length: try doublings[0].length(.prefill, .perConversation, reaching: factor))
        }.compactMap { mark in mark.length.map { (factor: mark.factor, length: $0) } }
    }

    let limits: [(Double, Bilingual)] = [
        (4, Bilingual(en: "4×: attention’s part alone, in the limit", zh: "4 倍：只算注意力那部分，且是极限")),
        (2, Bilingual(en: "2×: all that is the same for each token", zh: "2 倍：每个词元都一样的那部分")),
    ]

    let beyond = Bilingual(en: "doubled, past 128K: extrapolated", zh: "翻倍后超过 128K：外推")

    func knee(_ knee: Double) -> Bilingual {
        let (length, keys) = (Self.short(Int(knee.rounded())), NumberText.grouped(data.sparse.indexer?.topK ?? 0))
        return Bilingual(
            en: "knee (\(length), doubled):\nfrom there a query\npays for \(keys) keys", zh: "拐点（翻倍后 \(length)）：\n此后每个查询只付\n\(keys) 个键的钱")
    }

    /// Why the knee is not at the number of keys that are kept.
    private var reason: Bilingual {
        guard let knee, let keys = data.sparse.indexer?.topK else { return Bilingual(same: "") }
        let (length, kept) = (Self.short(Int(knee.rounded())), NumberText.grouped(keys))
        return Bilingual(
            en:
                " Before the knee every key is read, under a mask, which is cheaper per key: \(length) of them cost what \(kept) selected do.",
            zh: "拐点之前全部键都读、再掩码，每个键较便宜：这样读 \(length) 个，与选读 \(kept) 个同价。")
    }

    private var models: [String] { [data.dense, data.sparse].map { CostCurveWords.short($0.name) } }

    /// Names of the two lines.
    var names: [Bilingual] {
        [
            Bilingual(en: "\(models[0])\n(dense)", zh: "\(models[0])\n（稠密）"),
            Bilingual(en: "\(models[1])\n(sparse)", zh: "\(models[1])\n（稀疏）"),
        ]
    }

    static func text(_ factor: Double) -> String { NumberText.fixed(factor, decimals: 1) + "×" }

    /// A length in thousands: 7.9K, 95K (K = 1,024).
    static func short(_ length: Int) -> String {
        let thousands = Double(length) / 1024
        return thousands >= 10 ? "\(Int(thousands.rounded()))K" : NumberText.fixed(thousands, decimals: 1) + "K"
    }

    var words: FigureWords {
        let at = Words.list(
            reached.map { mark in
                let (factor, length) = (NumberText.significant(mark.factor, digits: 2), Self.short(mark.length))
                return Bilingual(en: "\(factor)× at \(length)", zh: "\(length) 处 \(factor) 倍")
            })
        let factors = atEnd.map { NumberText.fixed($0, decimals: 1) }
        let hardware = data.hardware.name
        let title =
            atEnd[0] < 3.95
            ? Bilingual(
                en: "Twice the prompt is not four times the bill: \(factors[0])× dense, \(factors[1])× sparse from 64K to 128K",
                zh: "提示词长一倍，账单并不是四倍：从 64K 到 128K，稠密 \(factors[0]) 倍，稀疏 \(factors[1]) 倍")
            : Bilingual(
                en: "Twice the prompt: \(factors[0])× the bill dense, \(factors[1])× sparse from 64K to 128K",
                zh: "提示词长一倍：从 64K 到 128K，账单稠密 \(factors[0]) 倍，稀疏 \(factors[1]) 倍")
        return FigureWords(
            title: title,
            subtitle: Bilingual(
                en:
                    "By what factor the cost of reading a whole prompt rises when it gets twice as long. The factor lies between two and four: the longer the prompt, the more of the bill is attention.",
                zh: "整段提示词加长一倍，读它的成本变为几倍。答案总在两倍与四倍之间：提示词越长，账单里注意力占得越多。"),
            alt: Bilingual(
                en:
                    "Line chart of the factor by which the cost of reading a prompt rises when its length doubles, against the length from 1K to 512K tokens, between a band’s edges of 2 and 4. \(models[0]), dense, reaches \(at.en). From 64K to 128K: \(models[0]) \(factors[0]), \(models[1]) \(factors[1]). Beyond 128K both lines are extrapolated.",
                zh:
                    "折线图：长度翻倍时读提示词的成本变为几倍，横轴为 1K 到 512K 词元，灰带的两边是 2 倍和 4 倍。\(models[0])（稠密）：\(at.zh)。从 64K 到 128K：\(models[0]) \(factors[0]) 倍，\(models[1]) \(factors[1]) 倍。超过 128K 的部分为外推。"
            ),
            caption: Bilingual(
                en:
                    "A prompt that doubles from 64K to 128K tokens costs \(factors[0]) times as much to read with \(models[0]), \(factors[1]) times with \(models[1]).",
                zh: "提示词从 64K 加长到 128K，\(models[0]) 的读入成本变为 \(factors[0]) 倍，\(models[1]) 变为 \(factors[1]) 倍。"),
            source: Bilingual(
                en:
                    "Predicted: closed-form FLOPs at fixed shares of \(CostCurveWords.article(hardware)) \(hardware)’s peak plus a constant per token, fitted to Figure 3 of the DeepSeek-V3.2-Exp report, which ends at 128K.\(reason.en) K = 1,024.",
                zh:
                    "预测值：按闭式 FLOPs 和 \(hardware) 峰值的固定比例折算，加每个词元的固定成本，由 DeepSeek-V3.2-Exp 报告图 3 反推；该图到 128K 为止。\(reason.zh)K = 1,024。"
            ))
    }
}
