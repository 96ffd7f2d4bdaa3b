// The figure `selection-loss`: against the number of kept keys, how much of the dense attention's weight they hold, and by how much the loss rises. Two
// choosers that hold the same weight need not cost the same: such a pair is circled in both charts.

import Records
import Traces

extension Figure {
    /// Kept weight and added loss against kept keys.
    public static let selectionLoss = Figure(
        name: "selection-loss",
        summary: Bilingual(en: "Weight kept and loss added against the number of kept keys", zh: "留下的权重与增加的损失随留下的键数变化"), needs: .losses
    ) { data, options, text throws(FigureError) in
        guard case .losses(let runs) = data.numbers else { throw data.missing("selection-loss", .losses) }
        let drawn = try LossRuns(runs, figure: "selection-loss")
        var figure = SelectionLossFigure(drawn, data.provenance, options, try PictureFrame(options, text))
        return figure.scene()
    }
}

struct SelectionLossFigure {
    private let runs: LossRuns
    private let options: FigureOptions
    private let provenance: Provenance
    private var frame: PictureFrame
    private let words: SelectionLossWords

    init(_ runs: LossRuns, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.runs, self.options, self.provenance, self.frame) = (runs, options, provenance, frame)
        words = SelectionLossWords(runs: runs, provenance: provenance)
    }

    mutating func scene() -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 1.2
        let isWide = frame.width >= 700
        let gap = 30.0
        let part = isWide ? (frame.contentWidth - gap) / 2 : min(frame.contentWidth, 860)
        let height = frame.chartHeight(
            min(part * 0.8, 360), below: frame.below(text.source, parts: isWide ? 1 : 2), options: options, parts: isWide ? 1 : 2)
        let top = frame.y
        weight(x: frame.type.margin, width: part, height: height)
        frame.y = isWide ? top : frame.y + frame.type.body
        loss(x: frame.type.margin + (isWide ? part + gap : 0), width: part, height: height)
        frame.y += frame.type.small * 0.6
        frame.foot(text.source[frame.language])
        return frame.scene("selection-loss", options, text, provenance)
    }

    /// A chart with a line for each chooser, named at its end.
    private mutating func draw(
        _ heading: (Bilingual, Bilingual), _ name: Bilingual, _ y: AxisScale, _ curves: [LossRuns.Curve],
        _ value: (SelectionLoss) -> Double,
        x left: Double, width: Double, height: Double
    ) -> Plot {
        frame.heading(heading.0[frame.language], heading.1[frame.language], x: left, width: width)
        let lines = curves.map { line($0, value) }
        let nameWidth = Plot.nameWidth(lines.map { $0.name }, width * 0.24, frame)
        let gutter = Plot.gutter(y, frame)
        let area = Rect(left + gutter, frame.headingBottom + frame.type.label * 2.5, width - gutter - nameWidth - 12, height)
        let plot = Plot(area: area, x: runs.keys, y: y)
        plot.axes(LossRuns.keysName[frame.language], name[frame.language], on: &frame)
        for (line, curve) in zip(lines, curves) {
            plot.draw(line, on: &frame)
            for run in curve.runs { LossRuns.mark(curve.chooser, at: Double(run.keys), value(run), plot, on: &frame) }
        }
        plot.names(lines, width: nameWidth, on: &frame)
        frame.y = area.maxY + Plot.footHeight(frame)
        return plot
    }

    private func line(_ curve: LossRuns.Curve, _ y: (SelectionLoss) -> Double) -> PlotLine {
        PlotLine(
            name: LossRuns.name(curve.chooser)[frame.language], color: LossRuns.color(curve.chooser),
            points: curve.runs.map { (Double($0.keys), y($0)) })
    }

    /// The weight that each chooser keeps in the last layer.
    private mutating func weight(x: Double, width: Double, height: Double) {
        let y = AxisScale.linear(to: 1, count: 5) { NumberText.percent($0, decimals: 0) }
        let plot = draw(
            words.weightHeading, Bilingual(en: "weight kept", zh: "留下的权重"), y, runs.curves, { $0.massKeptLast }, x: x, width: width,
            height: height)
        for (place, run) in words.pair.enumerated() {
            circle(run, run.massKeptLast, NumberText.share(run.massKeptLast), isBelow: place == 1, plot)
        }
    }

    /// What each chooser adds to the loss; those that more than double it are named in the last line instead.
    private mutating func loss(x: Double, width: Double, height: Double) {
        let shown = words.close
        let most = shown.flatMap { $0.runs }.reduce(0) { max($0, runs.rise($1)) }
        let y = AxisScale.linear(to: max(most, 0.001), count: 5) { NumberText.percent($0, decimals: most < 0.05 ? 1 : 0) }
        let plot = draw(
            words.lossHeading, Bilingual(en: "loss added", zh: "增加的损失"), y, shown, runs.rise, x: x, width: width, height: height)
        for run in words.pair { circle(run, runs.rise(run), "+" + NumberText.percent(runs.rise(run)), isBelow: false, plot) }
    }

    /// A circle around the mark of one run, and its number.
    private mutating func circle(_ run: SelectionLoss, _ value: Double, _ number: String, isBelow: Bool, _ plot: Plot) {
        let at = plot.point(Double(run.keys), value)
        frame.items.append(Plot.disc(at, 9, fill: nil, stroke: Stroke(.ink, width: 1.4)))
        let isLast = Double(run.keys) == plot.x.high
        let place = Point(isLast ? at.x + 4 : at.x, isBelow ? at.y + 12 + frame.type.label : at.y - 14)
        frame.note(number, at: place, isLast ? .end : .middle, color: .ink, weight: .semibold)
    }
}

struct SelectionLossWords {
    let runs: LossRuns
    let provenance: Provenance

    /// The choosers that never double the loss; all where none is so good.
    var close: [LossRuns.Curve] {
        let close = runs.curves.filter { $0.runs.allSatisfy { runs.rise($0) < 1 } }
        return close.isEmpty ? runs.curves : close
    }

    /// Two runs of different choosers: the second keeps at least as much weight in both layers, and adds most for it. Empty where there are none.
    var pair: [SelectionLoss] {
        var (best, most) = ([SelectionLoss](), 1.0)
        for a in close.flatMap({ $0.runs }) where runs.rise(a) > 0 {
            for b in close.flatMap({ $0.runs })
            where b.chooser != a.chooser && b.massKeptFirst >= a.massKeptFirst && b.massKeptLast >= a.massKeptLast {
                let ratio = runs.rise(b) / runs.rise(a)
                if ratio > most { (best, most) = ([a, b], ratio) }
            }
        }
        return best
    }

    var weightHeading: (Bilingual, Bilingual) {
        let first = pair.map { NumberText.percent($0.massKeptFirst, decimals: 0) }
        let line =
            first.count == 2
            ? Bilingual(
                en: "In the last layer. In the first the pair holds \(first[0]) and \(first[1]).",
                zh: "末层的情况。首层里，这一对各占 \(first[0]) 与 \(first[1])。")
            : Bilingual(en: "In the last layer.", zh: "末层的情况。")
        return (Bilingual(en: "The weight they hold", zh: "它们占的权重"), line)
    }

    let lossHeading = (
        Bilingual(en: "The loss they add", zh: "它们增加的损失"),
        Bilingual(en: "Against dense attention, every layer cut.", zh: "与稠密注意力相比，每层都只留这些键。")
    )

    private func percent(_ share: Double) -> String { NumberText.percent(share) }

    private func run(_ run: SelectionLoss) -> Bilingual {
        let (first, last, rise) = (percent(run.massKeptFirst), percent(run.massKeptLast), percent(runs.rise(run)))
        return Bilingual(en: "\(run.keys) keys hold \(first) and \(last), +\(rise)", zh: "\(run.keys) 个键占 \(first) 与 \(last)，+\(rise)")
    }

    var words: FigureWords {
        let list = runs.curves.map { curve in
            let (name, all) = (LossRuns.name(curve.chooser), curve.runs.map(run))
            return Bilingual(
                en: "\(name.en): \(all.map { $0.en }.joined(separator: "; "))", zh: "\(name.zh)：\(all.map { $0.zh }.joined(separator: "；"))"
            )
        }
        let off = runs.curves.filter { curve in !close.contains { $0.chooser == curve.chooser } }.map { curve in
            let (name, rises) = (LossRuns.name(curve.chooser), curve.runs.map(runs.rise).sorted())
            let ends = [rises[0], rises[rises.count - 1]].map { NumberText.percent(max($0, 0), decimals: 0) }
            return Bilingual(en: "\(name.en), +\(ends[0]) to +\(ends[1])", zh: "\(name.zh)（+\(ends[0]) 到 +\(ends[1])）")
        }
        let absent =
            off.isEmpty
            ? Bilingual(same: "")
            : Bilingual(
                en: " Off the chart of losses: \(off.map { $0.en }.joined(separator: "; ")).",
                zh: "损失图里没有画\(off.map { $0.zh }.joined(separator: "、"))。")
        let (title, pair) = (title, pair)
        let ringed =
            pair.isEmpty ? Bilingual(same: "") : Bilingual(en: " Circled: the pair that the title compares.", zh: "圈出的是标题里比较的两个。")
        return FigureWords(
            title: title,
            subtitle: Bilingual(
                en: "\(runs.model), every layer cut to the keys that somebody chose for each query.\(ringed.en)",
                zh: "\(runs.model)：每层的每个查询只留某种办法挑中的键。\(ringed.zh)"),
            alt: Bilingual(
                en:
                    "Two charts against the number of kept keys: the dense weight that they hold in the first and the last layer, and the loss that is added. \(list.map { $0.en }.joined(separator: ". ")).",
                zh: "两张图，横轴都是留下的键数：首层与末层里它们占的稠密权重，以及增加的损失。\(list.map { $0.zh }.joined(separator: "。"))。"),
            caption: Bilingual(en: "\(title.en).", zh: "\(title.zh)。"),
            source: Bilingual(
                en:
                    "Recorded by this project: \(runs.model) over \(NumberText.grouped(runs.dense.keys)) tokens. The oracle knows the dense weights.\(absent.en) Data: \(provenance.name)",
                zh:
                    "本项目的记录：\(runs.model) 读 \(NumberText.grouped(runs.dense.keys)) 个词元。先知知道稠密权重。\(absent.zh)数据：\(provenance.name)"
            ))
    }

    private var title: Bilingual {
        let pair = pair
        guard pair.count == 2 else {
            let best = runs.curves[0].runs[0]
            return Bilingual(
                en: "\(best.keys) keys add \(percent(runs.rise(best))) to the loss, if the best are kept",
                zh: "只留最好的 \(best.keys) 个键，损失增加 \(percent(runs.rise(best)))")
        }
        let ratio = NumberText.significant((runs.rise(pair[1]) / runs.rise(pair[0])).rounded(), digits: 2)
        let names = pair.map { LossRuns.name($0.chooser) }
        return Bilingual(
            en:
                "\(pair[1].keys) keys by \(names[1].en) hold as much weight as \(pair[0].keys) by the \(names[0].en), and add about \(ratio) times the loss",
            zh: "\(names[1].zh)的 \(pair[1].keys) 个键与\(names[0].zh)的 \(pair[0].keys) 个占的权重相当，增加的损失却约为 \(ratio) 倍")
    }
}
