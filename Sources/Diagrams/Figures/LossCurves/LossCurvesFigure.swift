// The figure `loss-curves`: the mean loss of a model against the number of keys that each query keeps, a line for each way of choosing them, and
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
        let drawn = try LossRuns(runs, figure: "loss-curves")
        var figure = try LossCurvesFigure(drawn, data.provenance, options, PictureFrame(options, text))
        return figure.scene()
    }
}

struct LossCurvesFigure {
    private let runs: LossRuns
    private let options: FigureOptions
    private let provenance: Provenance
    private var frame: PictureFrame
    private let words: LossCurvesWords

    init(_ runs: LossRuns, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.runs, self.options, self.provenance, self.frame) = (runs, options, provenance, frame)
        words = LossCurvesWords(dense: runs.dense, curves: runs.curves, provenance: provenance)
    }

    mutating func scene() -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 1.2
        let close = closeCurves
        let parts = close.count < runs.curves.count ? [runs.curves, close] : [runs.curves]
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
    private var closeCurves: [LossRuns.Curve] {
        let close = runs.curves.filter { $0.most < 2 * runs.dense.meanLoss }
        return close.isEmpty ? runs.curves : close
    }

    private mutating func draw(_ shown: [LossRuns.Curve], isClose: Bool, x left: Double, width: Double, height: Double) {
        let (title, line) = words.heading(isClose: isClose)
        frame.heading(title[frame.language], line[frame.language], x: left, width: width)
        let most = shown.reduce(runs.dense.meanLoss) { max($0, $1.most) }
        let y = AxisScale.linear(from: isClose ? runs.dense.meanLoss * 0.96 : 0, to: most, count: 5) {
            NumberText.significant($0, digits: 3)
        }
        let lines = shown.map { curve in
            PlotLine(
                name: LossRuns.name(curve.chooser)[frame.language], color: LossRuns.color(curve.chooser),
                points: curve.runs.map { (Double($0.keys), $0.meanLoss) })
        }
        let nameWidth = Plot.nameWidth(lines.map { $0.name }, width * 0.24, frame)
        let gutter = Plot.gutter(y, frame)
        let area = Rect(left + gutter, frame.headingBottom + frame.type.label * 2.5, width - gutter - nameWidth - 12, height)
        let plot = Plot(area: area, x: runs.keys, y: y)
        plot.axes(
            LossRuns.keysName[frame.language],
            Bilingual(en: "mean loss (nats)", zh: "平均损失（奈特）")[frame.language], on: &frame)
        level(plot, isBelow: !isClose)
        for (line, curve) in zip(lines, shown) {
            plot.draw(line, on: &frame)
            for run in curve.runs { LossRuns.mark(curve.chooser, at: Double(run.keys), run.meanLoss, plot, on: &frame) }
        }
        plot.names(lines, width: nameWidth, on: &frame)
        frame.y = area.maxY + Plot.footHeight(frame)
    }

    /// The loss of dense attention, from side to side.
    private mutating func level(_ plot: Plot, isBelow: Bool) {
        let y = plot.point(plot.x.low, runs.dense.meanLoss).y
        frame.items.append(
            .path([.move(Point(plot.area.x, y)), .line(Point(plot.area.maxX, y))], stroke: Stroke(.muted, width: 1.2, dash: [5, 4])))
        // Under the level nothing is drawn: there is room for its name.
        let place = Point(plot.area.x + 4, y + frame.type.label * 1.35)
        frame.note(words.level[frame.language], at: place)
    }
}

struct LossCurvesWords {
    let dense: SelectionLoss
    let curves: [LossRuns.Curve]
    let provenance: Provenance

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

    /// What must be known of those who choose.
    private var choosers: Bilingual {
        func has(_ chooser: String) -> Bool { curves.contains { $0.chooser == chooser } }
        let isShared = curves.contains { LossRuns.isShared($0.chooser) }
        let notes: [(Bool, Bilingual)] = [
            (has("oracle"), Bilingual(en: " The oracle knows the dense weights.", zh: "先知知道稠密权重。")),
            (isShared, Bilingual(en: " Shared: the first of so many layers chooses for all.", zh: "几层共用时，由其中第一层替大家挑。")),
            (
                has("window+sinks"),
                Bilingual(
                    en: " Window and sinks: the first 4 keys, of 4 the first 2, and the latest.",
                    zh: "窗口加开头：最前 4 个键（共留 4 个时为 2 个），其余取最近的。")
            ),
            (has("random"), Bilingual(en: " Chance draws once, from one seed.", zh: "抽签只抽了一次，用一个固定的种子。")),
        ]
        return notes.filter { $0.0 }.reduce(Bilingual(same: "")) { $0 + $1.1 }
    }

    /// What the loss rises by, against dense attention.
    private func rise(_ run: SelectionLoss) -> String { NumberText.percent((run.meanLoss - dense.meanLoss) / dense.meanLoss, decimals: 0) }

    var words: FigureWords {
        let (best, worst) = (curves[0], curves[curves.count - 1])
        let many = worst.runs[worst.runs.count - 1]
        // The fewest keys by which the best chooser does better than the worst by the most.
        let few = best.runs.first { $0.meanLoss < many.meanLoss } ?? best.runs[0]
        let (first, last) = (LossRuns.name(best.chooser), LossRuns.name(worst.chooser))
        let isCrossed = curves.count > 1 && few.meanLoss < many.meanLoss && few.keys < many.keys
        let list = curves.map { curve in
            let (name, runs) = (LossRuns.name(curve.chooser), curve.runs.map { "\($0.keys): \(Self.number($0.meanLoss))" })
            // The number of layers is not to be read as one of keys.
            let isShared = LossRuns.isShared(curve.chooser)
            return Bilingual(
                en: "\(name.en)\(isShared ? " layers," : "") \(runs.joined(separator: ", "))",
                zh: "\(name.zh)\(isShared ? "，" : " ")\(runs.joined(separator: "，"))")
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
                    "Line charts of the mean loss of \(dense.model) against the number of keys that each query keeps. Dense attention over \(keys) tokens: \(level). By chooser, keys and loss: \(all.en).",
                zh: "折线图：\(dense.model) 的平均损失随每个查询留下的键数变化。稠密注意力（\(keys) 个词元）：\(level)。各种挑法的键数与损失：\(all.zh)。"),
            caption: Bilingual(
                en: "Mean loss of \(dense.model) against the number of kept keys, by who chooses them.",
                zh: "\(dense.model) 的平均损失随留下的键数变化，按挑键的办法分。"),
            source: Bilingual(
                en:
                    "Recorded by this project: \(dense.model) over \(keys) tokens, every layer cut to the chosen keys.\(choosers.en) Data: \(provenance.name)",
                zh: "本项目的记录：\(dense.model) 读 \(keys) 个词元，每层都只留挑中的键。\(choosers.zh)数据：\(provenance.name)"
            ))
    }
}
