// The recorded experiment of lesson 6 as `loss-curves` and `selection-loss` draw it: the runs by who chose the keys, and how each chooser looks.

import Records
import Traces

struct LossRuns {
    /// One way of choosing, its runs by ascending number of keys.
    struct Curve {
        let chooser: String
        let runs: [SelectionLoss]
        /// The loss with the fewest keys.
        var first: Double { runs[0].meanLoss }
        var most: Double { runs.reduce(0) { max($0, $1.meanLoss) } }
    }

    let dense: SelectionLoss
    /// From the best with the fewest keys to the worst.
    let curves: [Curve]

    /// Throws unless there is one dense run, and choosers with two or more numbers of keys each.
    init(_ runs: [SelectionLoss], figure: String) throws(FigureError) {
        let levels = runs.filter { $0.chooser == "dense" }
        guard let dense = levels.first, levels.count == 1 else {
            throw FigureError("\(figure): expected one dense run, found \(levels.count)")
        }
        var names: [String] = []
        for run in runs where run.chooser != "dense" && !names.contains(run.chooser) { names.append(run.chooser) }
        let all = names.map { name in
            Curve(chooser: name, runs: runs.filter { $0.chooser == name }.sorted { $0.keys < $1.keys })
        }
        guard !all.isEmpty, all.allSatisfy({ Self.isDrawable($0.runs) }), dense.meanLoss > 0, dense.meanLoss < 1e6 else {
            throw FigureError(
                "\(figure): expected for each chooser two or more numbers of keys, each once, and losses above 0 and below 10^6")
        }
        self.dense = dense
        curves = all.sorted { $0.first != $1.first ? $0.first < $1.first : $0.chooser < $1.chooser }
    }

    private static func isDrawable(_ runs: [SelectionLoss]) -> Bool {
        runs.count > 1 && zip(runs, runs.dropFirst()).allSatisfy { $0.keys < $1.keys } && runs[0].keys > 0
            && runs[runs.count - 1].keys <= 1 << 40 && runs.allSatisfy { $0.meanLoss > 0 && $0.meanLoss < 1e6 }
    }

    /// By how much a loss lies above the dense one, as a share of it.
    func rise(_ run: SelectionLoss) -> Double { (run.meanLoss - dense.meanLoss) / dense.meanLoss }

    /// The numbers of keys that were run are the ticks.
    var keys: AxisScale {
        let all = Set(curves.flatMap { $0.runs.map { $0.keys } }).sorted()
        let step = (all.count + 7) / 8
        let shown = all.indices.filter { (all.count - 1 - $0) % step == 0 }
        return AxisScale(
            low: Double(all[0]), high: Double(all[all.count - 1]), isLogarithmic: true,
            ticks: shown.map { .init(value: Double(all[$0]), label: NumberText.grouped(all[$0])) })
    }

    static let keysName = Bilingual(en: "keys kept for each query (log)", zh: "每个查询留下的键（对数）")

    /// Whoever chooses, by name.
    static func name(_ chooser: String) -> Bilingual {
        switch chooser {
        case "oracle": Bilingual(en: "oracle", zh: "先知")
        case "recent": Bilingual(en: "recency", zh: "就近")
        case "random": Bilingual(en: "chance", zh: "抽签")
        default: Bilingual(same: chooser)
        }
    }

    static func color(_ chooser: String) -> Paint {
        switch chooser {
        case "oracle": .ink
        case "recent": .bar
        default: .muted
        }
    }

    /// Each chooser has a mark of its own, so that a grey copy tells them apart.
    static func mark(_ chooser: String, at x: Double, _ y: Double, _ plot: Plot, on frame: inout PictureFrame) {
        switch chooser {
        case "oracle": plot.dot(x, y, color(chooser), on: &frame)
        case "recent": plot.ring(x, y, color(chooser), on: &frame)
        default:
            let at = plot.point(x, y)
            frame.items.append(.rect(Rect(at.x - 4, at.y - 4, 8, 8), fill: .solid(color(chooser)), stroke: Stroke(.paper, width: 1.2)))
        }
    }
}
