// A recorded experiment of lesson 6 as `loss-curves` and `selection-loss` draw it: the runs by who chose the keys, and how each chooser looks.

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
    /// The model, by name.
    var model: String { dense.model }
    /// From the best with the fewest keys to the worst.
    let curves: [Curve]

    /// Throws unless there is one dense run, and choosers with two or more numbers of keys each.
    init(_ runs: [SelectionLoss], figure: String) throws(FigureError) {
        let levels = runs.filter { $0.chooser == "dense" }
        guard let dense = levels.first, levels.count == 1 else {
            throw FigureError("\(figure): expected one dense run, found \(levels.count)")
        }
        if let other = runs.first(where: { $0.model != dense.model }) {
            throw FigureError("\(figure): expected runs of one model, found \(dense.model) and \(other.model)")
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

    /// Whoever chooses, by name: `oracle/2` is the oracle whose choice serves two layers.
    static func name(_ chooser: String) -> Bilingual {
        let parts = chooser.split(separator: "/").map { String($0) }
        if parts.count == 2 {
            let rule = name(parts[0])
            // Where the name must be broken, then after the comma.
            return Bilingual(en: "\(rule.en), shared\u{A0}by\u{A0}\(parts[1])", zh: "\(rule.zh)，\(parts[1]) 层共用")
        }
        return switch chooser {
        case "oracle": Bilingual(en: "oracle", zh: "先知")
        case "recent": Bilingual(en: "recency", zh: "就近")
        case "random": Bilingual(en: "chance", zh: "抽签")
        case "window+sinks": Bilingual(en: "window and sinks", zh: "窗口加开头")
        default: Bilingual(same: chooser)
        }
    }

    /// Whether one choice serves several layers.
    static func isShared(_ chooser: String) -> Bool { rule(chooser) != chooser }

    private static func rule(_ chooser: String) -> String { chooser.split(separator: "/").first.map { String($0) } ?? chooser }

    static func color(_ chooser: String) -> Paint {
        switch rule(chooser) {
        case "oracle": chooser == "oracle" ? .ink : chooser == "oracle/2" ? .indexer : .value
        case "recent": .bar
        case "window+sinks": .key
        default: .muted
        }
    }

    /// Each chooser has a mark of its own, so that a grey copy tells them apart: a disc, a ring, a diamond, a hollow square
    /// or triangle, a filled square.
    static func mark(_ chooser: String, at x: Double, _ y: Double, _ plot: Plot, on frame: inout PictureFrame) {
        let (at, paint) = (plot.point(x, y), color(chooser))
        func square(_ half: Double, _ fill: Paint, _ stroke: Stroke) {
            frame.items.append(.rect(Rect(at.x - half, at.y - half, 2 * half, 2 * half), fill: .solid(fill), stroke: stroke))
        }
        func outline(_ corners: [(Double, Double)], _ fill: Paint, _ stroke: Stroke) {
            let points = corners.map { Point(at.x + $0.0, at.y + $0.1) }
            let path = [PathElement.move(points[0])] + points.dropFirst().map { .line($0) } + [.close]
            frame.items.append(.path(path, fill: .solid(fill), stroke: stroke))
        }
        switch chooser {
        case "oracle": plot.dot(x, y, paint, on: &frame)
        case "recent": plot.ring(x, y, paint, on: &frame)
        case "window+sinks": outline([(0, -6), (6, 0), (0, 6), (-6, 0)], paint, Stroke(.paper, width: 1.2))
        case "oracle/2": square(3.6, .paper, Stroke(paint, width: 1.6))
        case _ where rule(chooser) == "oracle": outline([(0, -5.2), (5, 3.6), (-5, 3.6)], .paper, Stroke(paint, width: 1.6))
        default: square(4, paint, Stroke(.paper, width: 1.2))
        }
    }
}
