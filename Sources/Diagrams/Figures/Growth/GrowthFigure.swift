// The figure `growth`: what a causal sequence costs in one layer against its length, from the closed forms: dense, indexer, sparse, and indexer and
// sparse together; on linear and on logarithmic axes. Projections, softmax and norms are left out: see the closed forms.

import Records
import Traces

extension Figure {
    /// FLOPs against length.
    public static let growth = Figure(
        name: "growth",
        summary: Bilingual(en: "FLOPs against length: dense, indexer, sparse", zh: "FLOPs 随长度的增长：稠密、索引器、稀疏"), needs: .work
    ) { data, options, text throws(FigureError) in
        let (costs, frame) = (AttentionCosts(try data.costs("growth").sparse), try PictureFrame(options, text))
        return try computing { () throws(EngineError) in
            var figure = try GrowthFigure(costs, data.provenance, options, frame)
            return try figure.scene()
        }
    }
}

struct GrowthFigure {
    private let costs: AttentionCosts
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    private let words: GrowthWords
    /// The longest sequence drawn.
    static let longest = 131_072

    init(_ costs: AttentionCosts, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(EngineError) {
        (self.costs, self.provenance, self.options, self.frame) = (costs, provenance, options, frame)
        words = try GrowthWords(costs)
    }

    mutating func scene() throws(EngineError) -> Scene {
        let text = words.words(provenance)
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 1.2
        let isWide = frame.width >= 860
        let gap = 36.0
        let part = isWide ? (frame.contentWidth - gap) / 2 : frame.contentWidth
        let height = frame.chartHeight(
            isWide ? 380 : part * 0.72, below: frame.below(text.source, parts: isWide ? 1 : 2), options: options, parts: isWide ? 1 : 2)
        let top = frame.y
        try panel(isLogarithmic: false, x: frame.type.margin, width: part, height: height)
        if isWide { frame.y = top } else { frame.y += frame.type.body }
        try panel(isLogarithmic: true, x: isWide ? frame.type.margin + part + gap : frame.type.margin, width: part, height: height)
        frame.y += frame.type.small * 0.6
        frame.foot(text.source[frame.language])
        return frame.scene("growth", options, text, provenance)
    }

    private func lines(_ x: AxisScale) throws(EngineError) -> [PlotLine] {
        let k = Double(costs.model.indexer?.topK ?? 0)
        return try GrowthWords.works.map { work throws(EngineError) in
            let points = try PlotLine.sampled(x, count: 160, knees: [k]) { length throws(EngineError) in
                Double(try costs.sequenceFlops(work, length: max(Int(length.rounded()), 1)))
            }
            return PlotLine(
                name: GrowthWords.name(work)[frame.language], color: color(work), points: points, width: work == .sparse ? 1.8 : 2.6)
        }
    }

    private func color(_ work: AttentionWork) -> Paint {
        switch work {
        case .denseMHA: .ink
        case .indexer: .indexer
        case .sparse: .muted
        default: .bar
        }
    }

    private mutating func panel(isLogarithmic: Bool, x left: Double, width: Double, height: Double) throws(EngineError) {
        let heading =
            isLogarithmic
            ? (
                Bilingual(en: "Logarithmic axes: a slope is a power", zh: "对数坐标：斜率就是幂次"),
                Bilingual(en: "Dense and indexer run parallel: both are quadratic.", zh: "稠密与索引器互相平行：都是平方增长。")
            )
            : (
                Bilingual(en: "Linear axes: the amount of work", zh: "线性坐标：计算量有多大"),
                Bilingual(en: "Twice the tokens: four times the work of attention, and of the indexer.", zh: "词元翻倍，注意力的计算变四倍，索引器也是。")
            )
        frame.heading(heading.0[frame.language], heading.1[frame.language], x: left, width: width)
        let top = frame.headingBottom + frame.type.label * 2.5
        let most = Double(try costs.sequenceFlops(.denseMHA, length: Self.longest))
        let narrow = width < 420
        let y: AxisScale =
            isLogarithmic
            ? .decades(from: Double(try costs.sequenceFlops(.indexer, length: 1024)), to: most, label: GrowthWords.flops)
            : .linear(to: most, count: 5, label: GrowthWords.flops)
        let lengths: AxisScale =
            isLogarithmic ? .doublings(from: 1024, to: Self.longest, count: narrow ? 4 : 8) : .lengths(to: Self.longest)
        let gutter = Plot.gutter(y, frame)
        let nameWidth = Plot.nameWidth(GrowthWords.works.map { GrowthWords.name($0)[frame.language] }, min(126, width * 0.24), frame)
        let area = Rect(left + gutter, top, width - gutter - nameWidth - 12, height)
        let plot = Plot(area: area, x: lengths, y: y)
        plot.axes(
            Bilingual(
                en: isLogarithmic ? "tokens in the sequence (log)" : "tokens in the sequence", zh: isLogarithmic ? "序列的词元数（对数）" : "序列的词元数")[
                    frame.language],
            Bilingual(en: "FLOPs in one layer", zh: "一层的 FLOPs")[frame.language], on: &frame)
        let lines = try lines(lengths)
        for line in lines.reversed() { plot.draw(line, on: &frame) }
        try isLogarithmic ? crossings(plot) : doubling(plot)
        plot.names(lines, width: nameWidth, on: &frame)
        frame.y = area.maxY + Plot.footHeight(frame)
    }

    /// Two dots on the dense line, a doubling apart, with the factor between them.
    private mutating func doubling(_ plot: Plot) throws(EngineError) {
        let (short, long) = (Double(Self.longest / 2), Double(Self.longest))
        let (low, high) = (
            Double(try costs.sequenceFlops(.denseMHA, length: Int(short))), Double(try costs.sequenceFlops(.denseMHA, length: Int(long)))
        )
        let (a, b) = (plot.point(short, low), plot.point(long, high))
        let step: [PathElement] = [.move(a), .line(Point(b.x, a.y)), .line(b)]
        frame.items.append(.path(step, stroke: Stroke(.muted, width: 1)))
        plot.dot(short, low, .ink, on: &frame)
        plot.dot(long, high, .ink, on: &frame)
        let factor = NumberText.significant(high / low, digits: 2)
        let words = Bilingual(
            en: "2× the tokens,\n\(factor)× attention’s work", zh: "词元 2 倍\n注意力计算 \(factor) 倍")[frame.language]
        // Left of the curve, where nothing else stands.
        let middle = low + 0.45 * (high - low)
        let at = plot.point(long * (middle / high).squareRoot(), middle)
        frame.note(words, at: Point(at.x - 20, at.y - frame.type.label * 0.8), .end, color: .ink, weight: .semibold)
    }

    /// Where DSA becomes cheaper than dense attention over the whole sequence, and where its indexer becomes the dearer part of it.
    private mutating func crossings(_ plot: Plot) throws(EngineError) {
        if let length = words.crossing, length < Self.longest {
            let flops = Double(try costs.sequenceFlops(.dsa, length: length))
            plot.ring(Double(length), flops, .ink, on: &frame)
            let at = plot.point(Double(length), flops)
            frame.note(
                GrowthWords.cheaper(length)[frame.language], at: Point(at.x - 10, at.y - frame.type.label * 3), .end,
                color: .ink)
        }
        if let length = words.indexerCrossing, length < Self.longest {
            let flops = Double(try costs.sequenceFlops(.indexer, length: length))
            plot.ring(Double(length), flops, .indexer, on: &frame)
            let at = plot.point(Double(length), flops)
            // Under the indexer's line, which is straight here: as far down as the note's left end needs.
            let note = GrowthWords.indexerLeads(length)[frame.language]
            let style = frame.style(frame.type.label, .indexer)
            let wide = note.split(separator: "\n").map { frame.width(String($0), style) }.max() ?? 0
            let early = plot.point(Double(length) / 16, Double(try costs.sequenceFlops(.indexer, length: length / 16)))
            let slope = (early.y - at.y) / (at.x - early.x)
            let top = at.y + max(0, at.x - (plot.area.maxX - wide - 8)) * slope + 8
            frame.items.append(
                .path([.move(Point(at.x + 2, at.y + 6)), .line(Point(at.x + 2, top))], stroke: Stroke(.indexer, width: 0.75)))
            frame.note(note, at: Point(plot.area.maxX, top + style.size * 1.1), .end, color: .indexer)
        }
    }
}

struct GrowthWords {
    private let costs: AttentionCosts
    /// The shortest sequence over which DSA costs fewer FLOPs than dense MHA; nil if there is none up to 2^24 tokens.
    let crossing: Int?
    /// The shortest sequence over which the indexer costs more FLOPs than the sparse attention that it serves; nil if there is none.
    let indexerCrossing: Int?
    private let most: [AttentionWork: Double]

    static let works: [AttentionWork] = [.denseMHA, .dsa, .indexer, .sparse]

    init(_ costs: AttentionCosts) throws(EngineError) {
        self.costs = costs
        let k = costs.model.indexer?.topK ?? 1
        crossing = try Self.first(from: k) { length throws(EngineError) in
            try costs.sequenceFlops(.dsa, length: length) < costs.sequenceFlops(.denseMHA, length: length)
        }
        indexerCrossing = try Self.first(from: k) { length throws(EngineError) in
            try costs.sequenceFlops(.indexer, length: length) > costs.sequenceFlops(.sparse, length: length)
        }
        most = Dictionary(
            uniqueKeysWithValues: try Self.works.map { work throws(EngineError) in
                (work, Double(try costs.sequenceFlops(work, length: GrowthFigure.longest)))
            })
    }

    /// The first length after `low` from which `holds` is true; nil unless it turns true once, up to 2^24.
    private static func first(from low: Int, _ holds: (Int) throws(EngineError) -> Bool) throws(EngineError) -> Int? {
        var (low, high) = (low, 1 << 24)
        guard try holds(high), try !holds(low) else { return nil }
        while high - low > 1 {
            let middle = (low + high) / 2
            if try holds(middle) { high = middle } else { low = middle }
        }
        return high
    }

    static func cheaper(_ length: Int) -> Bilingual {
        Bilingual(en: "DSA is cheaper\nfrom \(NumberText.grouped(length)) on", zh: "\(NumberText.grouped(length)) 词元起\nDSA 更省")
    }

    static func indexerLeads(_ length: Int) -> Bilingual {
        let count = NumberText.grouped(length)
        return Bilingual(en: "The indexer is the\ndearer part from\n\(count) on", zh: "\(count) 词元起\n索引器成为\n更贵的部分")
    }

    static func name(_ work: AttentionWork) -> Bilingual {
        switch work {
        case .denseMHA: Bilingual(en: "Dense (MHA)", zh: "稠密（MHA）")
        case .indexer: Bilingual(en: "Indexer alone: still quadratic", zh: "仅索引器：仍是平方")
        case .sparse: Bilingual(en: "Sparse attention alone", zh: "仅稀疏注意力")
        default: Bilingual(en: "DSA: indexer\u{A0}+\u{A0}sparse", zh: "DSA：索引器\u{A0}+\u{A0}稀疏")
        }
    }

    /// A count of operations in short: 704 T.
    static func flops(_ count: Double) -> String {
        for (power, letter) in [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")] where count >= power * 0.9999 {
            return NumberText.significant(count / power, digits: 3) + " " + letter
        }
        return NumberText.significant(count, digits: 3)
    }

    func words(_ data: Provenance) -> FigureWords {
        let length = AxisScale.tokens(GrowthFigure.longest)
        let (dense, dsa, indexer) = (most[.denseMHA] ?? 1, most[.dsa] ?? 1, most[.indexer] ?? 1)
        let factor = NumberText.fixed(dense / dsa, decimals: 1)
        let share = NumberText.percent(indexer / dsa, decimals: 0)
        let cells = GrowthFigure.longest * (GrowthFigure.longest + 1) / 2
        let k = costs.model.indexer?.topK ?? 0
        let kept = k * (k + 1) / 2 + (GrowthFigure.longest - k) * k
        let (all, few) = (Self.flops(Double(cells)), Self.flops(Double(kept)))
        let cross = crossing.map(NumberText.grouped) ?? "–"
        let leads = indexerCrossing.map(NumberText.grouped) ?? "–"
        let model = costs.model.name
        return FigureWords(
            title: Bilingual(
                en: "At \(length) tokens DSA does \(factor)× less work, and its indexer is still quadratic",
                zh: "\(length) 词元时 DSA 的计算量少到 1/\(factor)，但索引器仍是平方增长"),
            subtitle: Bilingual(
                en:
                    "FLOPs of attention alone, to read a whole sequence in one layer. At \(length) dense attention and the indexer both visit \(all) cells, the indexer cheaply; sparse attention visits \(few).",
                zh: "一层读完整个序列，只算注意力的 FLOPs。在 \(length) 处，稠密注意力与索引器都要看 \(all) 个格子，索引器每格便宜得多；稀疏注意力只看 \(few) 个。"),
            alt: Bilingual(
                en:
                    "Line charts of FLOPs against sequence length up to \(length), on linear and logarithmic axes. At \(length): dense \(Self.flops(dense)), DSA \(Self.flops(dsa)), of which the indexer is \(share). DSA costs less than dense attention from \(cross) tokens on, and its indexer costs more than its sparse attention from \(leads) on. Doubling the length multiplies dense and indexer by 4.",
                zh:
                    "FLOPs 随序列长度（至 \(length)）变化的折线图，分线性与对数坐标。在 \(length) 处：稠密 \(Self.flops(dense))，DSA \(Self.flops(dsa))，其中索引器占 \(share)。从 \(cross) 个词元起 DSA 比稠密更省，从 \(leads) 个词元起索引器比稀疏注意力更贵。长度翻倍，稠密与索引器都变为 4 倍。"
            ),
            caption: Bilingual(
                en: "FLOPs of attention over a causal sequence in one layer of \(model); closed forms.",
                zh: "\(model) 一层中因果序列的注意力 FLOPs，由闭式算出。"),
            source: Bilingual(
                en:
                    "Closed forms, contractions only (a multiply-add is 2 FLOPs), one layer of \(model): dense in MHA mode, sparse in MQA mode on the top \(NumberText.grouped(k)). The indexer runs in FP8, where a FLOP takes half the time; that is not counted here. The bill for a token also has parts that do not grow, so it rises by less than 4× (figure doubling). G = 10⁹, T = 10¹², P = 10¹⁵.",
                zh:
                    "闭式，仅计矩阵乘（一次乘加算 2 FLOPs），\(model) 的一层：稠密取 MHA 模式，稀疏取 MQA 模式、前 \(NumberText.grouped(k)) 名。索引器用 FP8，同样 FLOPs 只需一半时间，这里未计入。账单里还有不随长度增长的部分，所以长度翻倍时账单涨不到 4 倍（见图 doubling）。G = 10⁹，T = 10¹²，P = 10¹⁵。"
            ))
    }
}
