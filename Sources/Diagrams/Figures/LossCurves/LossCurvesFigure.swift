// The figure `loss-curves`: the mean loss of a small model against the number of keys that each query keeps, a line for each way of choosing them, and
// the dense model's loss as a level. Chance is so much worse that the others share a second chart of their own, enlarged.

import Records
import Traces

extension Figure {
    /// Mean loss against kept keys.
    public static let lossCurves = Figure(
        name: "loss-curves",
        summary: Bilingual(en: "Mean loss against the number of kept keys, by who chooses them", zh: "平均损失随留下的键数变化：看是谁来挑"),
        needs: .losses
    ) { data, options, text throws(FigureError) in
        guard case .losses(let runs) = data.numbers else { throw data.missing("loss-curves", .losses) }
        var figure = try LossCurvesFigure(runs, data.provenance, options, PictureFrame(options, text))
        return figure.scene()
    }
}

struct LossCurvesFigure {
    /// One way of choosing, its runs by ascending number of keys.
    struct Curve {
        let chooser: String
        let runs: [SelectionLoss]
        /// The loss with the fewest keys.
        var first: Double { runs[0].meanLoss }
        var most: Double { runs.reduce(0) { max($0, $1.meanLoss) } }
    }

    private let dense: SelectionLoss
    /// From the best with the fewest keys to the worst.
    private let curves: [Curve]
    private let options: FigureOptions
    private let provenance: Provenance
    private var frame: PictureFrame
    private let words: LossCurvesWords

    /// Throws unless there is one dense run, and choosers with two or more numbers of keys each.
    init(_ runs: [SelectionLoss], _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(FigureError) {
        (self.options, self.provenance, self.frame) = (options, provenance, frame)
        let levels = runs.filter { $0.chooser == "dense" }
        guard let dense = levels.first, levels.count == 1 else {
            throw FigureError("loss-curves: expected one dense run, found \(levels.count)")
        }
        var names: [String] = []
        for run in runs where run.chooser != "dense" && !names.contains(run.chooser) { names.append(run.chooser) }
        let all = names.map { name in
            Curve(chooser: name, runs: runs.filter { $0.chooser == name }.sorted { $0.keys < $1.keys })
        }
        guard !all.isEmpty, all.allSatisfy({ Self.isDrawable($0.runs) }), dense.meanLoss > 0, dense.meanLoss < 1e6 else {
            throw FigureError(
                "loss-curves: expected for each chooser two or more numbers of keys, each once, and losses above 0 and below 10^6")
        }
        self.dense = dense
        curves = all.sorted { $0.first != $1.first ? $0.first < $1.first : $0.chooser < $1.chooser }
        words = LossCurvesWords(dense: dense, curves: curves, provenance: provenance)
    }

    private static func isDrawable(_ runs: [SelectionLoss]) -> Bool {
        runs.count > 1 && zip(runs, runs.dropFirst()).allSatisfy { $0.keys < $1.keys } && runs[0].keys > 0
            && runs[runs.count - 1].keys <= 1 << 40 && runs.allSatisfy { $0.meanLoss > 0 && $0.meanLoss < 1e6 }
    }

    mutating func scene() -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 1.2
        let close = closeCurves
        let parts = close.count < curves.count ? [curves, close] : [curves]
        let isWide = frame.width >= 700 && parts.count > 1
        let gap = 30.0
        let part = isWide ? (frame.contentWidth - gap) / 2 : min(frame.contentWidth, 860)
        let stacked = isWide ? 1 : parts.count
        let height = frame.chartHeight(
            min(part * 0.8, 360), below: frame.below(text.source, parts: stacked), options: options, parts: stacked)
        let top = frame.y
        for (i, curves) in parts.enumerated() {
            if i > 0 { frame.y = isWide ? top : frame.y + frame.type.body }
            draw(curves, isClose: i > 0, x: frame.type.margin + (isWide ? Double(i) * (part + gap) : 0), width: part, height: height)
        }
        frame.y += frame.type.small * 0.6
        frame.foot(text.source[frame.language])
        return frame.scene("loss-curves", options, text, provenance)
    }

    /// The curves that stay within twice the dense loss: where there are others, these are drawn once more on an axis of their own.
    private var closeCurves: [Curve] {
        let close = curves.filter { $0.most < 2 * dense.meanLoss }
        return close.isEmpty ? curves : close
    }

    private mutating func draw(_ shown: [Curve], isClose: Bool, x left: Double, width: Double, height: Double) {
        let (title, line) = words.heading(isClose: isClose)
        frame.heading(title[frame.language], line[frame.language], x: left, width: width)
        let most = shown.reduce(dense.meanLoss) { max($0, $1.most) }
        let y = AxisScale.linear(from: isClose ? dense.meanLoss * 0.96 : 0, to: most, count: 5) { NumberText.significant($0, digits: 3) }
        let lines = shown.map { curve in
            PlotLine(
                name: words.name(curve.chooser)[frame.language], color: Self.color(curve.chooser),
                points: curve.runs.map { (Double($0.keys), $0.meanLoss) })
        }
        let nameWidth = Plot.nameWidth(lines.map { $0.name }, width * 0.24, frame)
        let gutter = Plot.gutter(y, frame)
        let area = Rect(left + gutter, frame.headingBottom + frame.type.label * 2.5, width - gutter - nameWidth - 12, height)
        let plot = Plot(area: area, x: keys, y: y)
        plot.axes(
            Bilingual(en: "keys kept for each query (log)", zh: "每个查询留下的键（对数）")[frame.language],
            Bilingual(en: "mean loss (nats)", zh: "平均损失（奈特）")[frame.language], on: &frame)
        level(plot, isBelow: !isClose)
        for (line, curve) in zip(lines, shown) {
            plot.draw(line, on: &frame)
            for run in curve.runs { mark(curve.chooser, plot, run) }
        }
        plot.names(lines, width: nameWidth, on: &frame)
        frame.y = area.maxY + Plot.footHeight(frame)
    }

    /// The numbers of keys that were run are the ticks.
    private var keys: AxisScale {
        let all = Set(curves.flatMap { $0.runs.map { $0.keys } }).sorted()
        let step = (all.count + 7) / 8
        let shown = all.indices.filter { (all.count - 1 - $0) % step == 0 }
        return AxisScale(
            low: Double(all[0]), high: Double(all[all.count - 1]), isLogarithmic: true,
            ticks: shown.map { .init(value: Double(all[$0]), label: NumberText.grouped(all[$0])) })
    }

    /// The loss of dense attention, from side to side.
    private mutating func level(_ plot: Plot, isBelow: Bool) {
        let y = plot.point(plot.x.low, dense.meanLoss).y
        frame.items.append(
            .path([.move(Point(plot.area.x, y)), .line(Point(plot.area.maxX, y))], stroke: Stroke(.muted, width: 1.2, dash: [5, 4])))
        // Under the level nothing is drawn: there is room for its name.
        let place = Point(plot.area.x + 4, y + frame.type.label * 1.35)
        frame.note(words.level[frame.language], at: place)
    }

    /// Each chooser has a mark of its own, so that a grey copy tells them apart.
    private mutating func mark(_ chooser: String, _ plot: Plot, _ run: SelectionLoss) {
        let (x, y, color) = (Double(run.keys), run.meanLoss, Self.color(chooser))
        switch chooser {
        case "oracle": plot.dot(x, y, color, on: &frame)
        case "recent": plot.ring(x, y, color, on: &frame)
        default:
            let at = plot.point(x, y)
            frame.items.append(
                .rect(Rect(at.x - 4, at.y - 4, 8, 8), fill: .solid(color), stroke: Stroke(.paper, width: 1.2)))
        }
    }

    private static func color(_ chooser: String) -> Paint {
        switch chooser {
        case "oracle": .value
        case "recent": .bar
        case "random": .key
        default: .ink
        }
    }
}

struct LossCurvesWords {
    let dense: SelectionLoss
    let curves: [LossCurvesFigure.Curve]
    let provenance: Provenance

    /// Whoever chooses, by name.
    func name(_ chooser: String) -> Bilingual {
        switch chooser {
        case "oracle": Bilingual(en: "oracle", zh: "先知")
        case "recent": Bilingual(en: "recency", zh: "就近")
        case "random": Bilingual(en: "chance", zh: "抽签")
        default: Bilingual(same: chooser)
        }
    }

    var level: Bilingual {
        let loss = Self.number(dense.meanLoss)
        return Bilingual(en: "dense, all keys: \(loss)", zh: "稠密，全部键：\(loss)")
    }

    static func number(_ loss: Double) -> String { NumberText.fixed(loss, decimals: 3) }

    func heading(isClose: Bool) -> (Bilingual, Bilingual) {
        isClose
            ? (Bilingual(en: "Enlarged", zh: "放大来看"), Bilingual(en: "The same, without the worst.", zh: "同样的数，去掉最差的。"))
            : (Bilingual(en: "All of them", zh: "全部"), Bilingual(en: "The axis begins at zero.", zh: "纵轴从零开始。"))
    }

    /// What the loss rises by, against dense attention.
    private func rise(_ run: SelectionLoss) -> String { NumberText.percent((run.meanLoss - dense.meanLoss) / dense.meanLoss, decimals: 0) }

    var words: FigureWords {
        let (best, worst) = (curves[0], curves[curves.count - 1])
        let (few, many) = (best.runs[0], worst.runs[worst.runs.count - 1])
        let (first, last) = (name(best.chooser), name(worst.chooser))
        let isCrossed = curves.count > 1 && few.meanLoss < many.meanLoss && few.keys < many.keys
        let list = curves.map { curve in
            let (name, runs) = (name(curve.chooser), curve.runs.map { "\($0.keys): \(Self.number($0.meanLoss))" })
            return Bilingual(en: "\(name.en) \(runs.joined(separator: ", "))", zh: "\(name.zh) \(runs.joined(separator: "，"))")
        }
        let all = Bilingual(en: list.map { $0.en }.joined(separator: "; "), zh: list.map { $0.zh }.joined(separator: "；"))
        let (level, keys) = (Self.number(dense.meanLoss), NumberText.grouped(dense.keys))
        let title =
            isCrossed
            ? Bilingual(
                en: "\(few.keys) keys well chosen hurt less than \(many.keys) by \(last.en)",
                zh: "挑得好的 \(few.keys) 个键，胜过\(last.zh)的 \(many.keys) 个")
            : Bilingual(en: "What a model loses by the number of keys that it keeps", zh: "留下多少键，损失多少")
        return FigureWords(
            title: title,
            subtitle: Bilingual(
                en:
                    "Lower is better. With \(few.keys) keys for each query (\(first.en)) the loss rises by \(rise(few)); with \(many.keys) (\(last.en)), by \(rise(many)).",
                zh: "越低越好。每个查询留 \(few.keys) 个键（\(first.zh)），损失增加 \(rise(few))；留 \(many.keys) 个（\(last.zh)），增加 \(rise(many))。"),
            alt: Bilingual(
                en:
                    "Line charts of a small model’s mean loss against the number of keys that each query keeps. Dense attention over \(keys) tokens: \(level). By chooser, keys and loss: \(all.en).",
                zh: "折线图：小模型的平均损失随每个查询留下的键数变化。稠密注意力（\(keys) 个词元）：\(level)。各种挑法的键数与损失：\(all.zh)。"),
            caption: Bilingual(
                en: "Mean loss of a small model against the number of kept keys, by who chooses them.", zh: "小模型的平均损失随留下的键数变化，按挑键的办法分。"),
            source: Bilingual(
                en:
                    "Recorded by this project: stories260K over \(keys) tokens, every layer cut to the chosen keys. The oracle knows the dense weights; chance draws once, from one seed. Data: \(provenance.name)",
                zh: "本项目的记录：stories260K 读 \(keys) 个词元，每层都只留挑中的键。先知知道稠密权重；抽签只抽了一次，用一个固定的种子。数据：\(provenance.name)"
            ))
    }
}
