// The figure `parity`: a benchmark table as paired dots, one row a benchmark, with the differences in digits; wins, losses and ties counted. Results
// in percent share one axis; a rating has its own, named in its row.

import Records
import Traces

extension Figure {
    /// A benchmark table of two models.
    public static let parity = Figure(
        name: "parity", summary: Bilingual(en: "Benchmarks of two models as paired dots", zh: "两个模型的评测结果：成对的点"), needs: .benchmarks
    ) { data, options, text throws(FigureError) in
        guard case .benchmarks(let rows) = data.numbers else { throw data.missing("parity", .benchmarks) }
        guard !rows.isEmpty else { throw FigureError("parity: expected benchmarks, found none") }
        var figure = try ParityFigure(rows, data.provenance, options, PictureFrame(options, text))
        return figure.scene()
    }
}

struct ParityFigure {
    private let rows: [BenchmarkResult]
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    private let isNarrow: Bool
    /// The height of a row; set once the head stands.
    private var step = 0.0

    init(_ rows: [BenchmarkResult], _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.rows, self.provenance, self.options, self.frame) = (rows, provenance, options, frame)
        isNarrow = frame.width < 700
    }

    mutating func scene() -> Scene {
        let words = ParityWords(rows: rows, provenance: provenance)
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body
        legend()
        frame.y += frame.type.label * 1.2
        step = stepHeight(text.source[frame.language])
        let area = plotArea
        ticks(area)
        var category = ""
        for row in rows {
            if row.category != category { begin(row.category, isFirst: category.isEmpty) }
            category = row.category
            draw(row, area)
        }
        frame.y += frame.type.body * 0.8
        frame.foot(text.source[frame.language])
        return frame.scene("parity", options, text, provenance)
    }

    /// What the proportions of a use leave for each row, or a comfortable height.
    private func stepHeight(_ source: String) -> Double {
        guard let proportion = options.preset.proportion else { return frame.type.body * (isNarrow ? 2 : 1.75) }
        let small = frame.style(frame.type.small, .muted)
        let lines = LineBreaker.lines(source, width: frame.contentWidth) { frame.width($0, small) }.count
        let foot = Double(lines) * small.size * 1.5 + max(16, frame.type.margin * 0.55)
        let used = frame.y + frame.type.label * 1.2 + frame.type.body * 0.8 + foot + Double(groups) * groupHeight
        return max(frame.type.label * 1.12, (frame.width * proportion - used) / Double(rows.count))
    }

    private var groups: Int { Set(rows.map { $0.category }).count }

    private var nameStyle: TextStyle {
        frame.style(isNarrow || step < frame.type.body * 1.3 ? frame.type.label : frame.type.body, .ink)
    }

    private var deltaWidth: Double {
        let style = frame.style(nameStyle.size, .ink, .semibold)
        return rows.map { frame.width(ParityWords.delta($0)[frame.language], style) }.max() ?? 0
    }

    private var valueWidth: Double { rows.map { frame.width(ParityWords.values($0), frame.labelStyle) }.max() ?? 0 }

    /// Where the dots stand: right of the names, left of the differences.
    private var plotArea: Rect {
        let names = rows.map { frame.width(ParityWords.name($0)[frame.language], nameStyle) }.max() ?? 0
        let left = isNarrow ? frame.type.margin : frame.type.margin + names + 22
        let right = isNarrow ? frame.type.margin + 10 : frame.type.margin + 84 + valueWidth + 26
        return Rect(left + 8, frame.y, frame.width - left - right - (isNarrow ? 10 : 0) - 8, 0)
    }

    private mutating func legend() {
        let style = frame.labelStyle
        let y = frame.y + style.size
        var x = frame.type.margin
        for (isAfter, name) in [(false, "DeepSeek-V3.1-Terminus"), (true, "DeepSeek-V3.2-Exp")] {
            let mark = Point(x + 6, y - style.size * 0.35)
            frame.items.append(isAfter ? after(mark, .bar) : before(mark))
            frame.add(name, style, at: Point(x + 18, y))
            x += 18 + frame.width(name, style) + 22
        }
        frame.y = y + style.size * 0.4
    }

    /// The ring is wider than the dot, so that both are seen where they coincide.
    private func before(_ point: Point) -> Item {
        Plot.disc(point, 6, fill: .paper, stroke: Stroke(.muted, width: 1.8))
    }
    private func after(_ point: Point, _ color: Paint) -> Item {
        Plot.disc(point, 3.8, fill: color, stroke: nil)
    }

    private func x(_ value: Double, _ row: BenchmarkResult, _ area: Rect) -> Double {
        area.x + area.width * value / (ParityWords.isRating(row) ? ParityWords.ratingScale : 100)
    }

    private mutating func ticks(_ area: Rect) {
        let height = (step + (isNarrow ? frame.type.label * 1.5 : 0)) * Double(rows.count) + Double(groups) * groupHeight
        frame.y += frame.type.label * 1.2
        for tick in stride(from: 0.0, through: 100, by: isNarrow ? 25 : 20) {
            let x = area.x + area.width * tick / 100
            frame.items.append(
                .path([.move(Point(x, frame.y + 4)), .line(Point(x, frame.y + height))], stroke: Stroke(.rule)))
            frame.add(NumberText.significant(tick) + (tick == 100 ? " %" : ""), frame.labelStyle, at: Point(x, frame.y - 3), .middle)
        }
    }

    private var groupHeight: Double { frame.type.label * (options.preset.proportion == nil ? 2.2 : 1.75) }

    private mutating func begin(_ category: String, isFirst: Bool) {
        frame.y += groupHeight
        let name = ParityWords.category(category)[frame.language]
        frame.note(name, at: Point(frame.type.margin, frame.y - frame.type.label * 0.35), .start, weight: .semibold)
    }

    private mutating func draw(_ row: BenchmarkResult, _ area: Rect) {
        let change = row.after - row.before
        let color = change > 0 ? Paint.bar : .ink
        let name = ParityWords.name(row)[frame.language]
        let delta = ParityWords.delta(row)[frame.language]
        let deltaStyle = frame.style(nameStyle.size, color, .semibold)
        if isNarrow {
            frame.y += frame.type.label * 1.5
            frame.note(name, at: Point(frame.type.margin, frame.y), .start, color: .ink)
            frame.add(delta, deltaStyle, at: Point(frame.width - frame.type.margin, frame.y), .end)
            let (values, end) = (ParityWords.values(row), frame.width - frame.type.margin - deltaWidth - 10)
            if frame.width(name, frame.labelStyle) + frame.width(values, frame.labelStyle) + 12 <= end - frame.type.margin {
                frame.note(values, at: Point(end, frame.y), .end)
            }
        }
        frame.y += step
        let y = frame.y - step * 0.5
        if !isNarrow {
            frame.add(name, nameStyle, at: Point(frame.type.margin, y + nameStyle.size * 0.36))
            frame.add(delta, deltaStyle, at: Point(frame.width - frame.type.margin, y + nameStyle.size * 0.36), .end)
            let values = ParityWords.values(row)
            frame.add(values, frame.labelStyle, at: Point(frame.width - frame.type.margin - 84, y + frame.type.label * 0.36), .end)
        }
        let (a, b) = (Point(x(row.before, row, area), y), Point(x(row.after, row, area), y))
        frame.items.append(.path([.move(a), .line(b)], stroke: Stroke(.bar, width: 3)))
        frame.items.append(before(a))
        frame.items.append(after(b, .bar))
    }
}

struct ParityWords {
    let rows: [BenchmarkResult]
    let provenance: Provenance

    /// Where the axis of a rating ends.
    static let ratingScale = 3000.0

    static func isRating(_ row: BenchmarkResult) -> Bool { max(row.before, row.after) > 100 }

    static func name(_ row: BenchmarkResult) -> Bilingual {
        let name = row.name
        guard isRating(row) else { return Bilingual(same: name) }
        let end = NumberText.grouped(Int(ratingScale))
        return Bilingual(en: "\(name) (rating, 0 to \(end))", zh: "\(name)（等级分 0–\(end)）")
    }

    static func category(_ name: String) -> Bilingual {
        let chinese = ["General": "通用", "Search Agent": "搜索智能体", "Code": "代码", "Code Agent": "代码智能体", "Math": "数学"]
        return Bilingual(en: name, zh: chinese[name] ?? name)
    }

    private static func number(_ value: Double, _ row: BenchmarkResult) -> String {
        isRating(row) ? NumberText.grouped(Int(value.rounded())) : NumberText.fixed(value, decimals: 1)
    }

    static func values(_ row: BenchmarkResult) -> String { "\(number(row.before, row)) → \(number(row.after, row))" }

    /// The difference with a sign that is not colour alone.
    static func delta(_ row: BenchmarkResult) -> Bilingual {
        let change = row.after - row.before
        if change == 0 { return Bilingual(en: "= tie", zh: "= 持平") }
        return Bilingual(same: (change > 0 ? "▲ +" : "▼ −") + number(abs(change), row))
    }

    private var wins: Int { rows.count { $0.after > $0.before } }
    private var losses: Int { rows.count { $0.after < $0.before } }
    private var ties: Int { rows.count { $0.after == $0.before } }

    var words: FigureWords {
        let largest = rows.filter { !Self.isRating($0) }.map { abs($0.after - $0.before) }.max() ?? 0
        let most = NumberText.fixed(largest, decimals: 1)
        let list = rows.map { "\($0.name) \(Self.values($0))" }
        let loss = losses == 1 ? "1 loss" : "\(losses) losses"
        let win = wins == 1 ? "1 win" : "\(wins) wins"
        let tie = Bilingual(en: ties == 1 ? "1 tie" : "\(ties) ties", zh: "\(ties) 平")
        return FigureWords(
            title: Bilingual(
                en: "On a par: \(win), \(loss), \(tie.en) on \(rows.count) benchmarks",
                zh: "旗鼓相当：\(rows.count) 项评测，\(wins) 胜 \(losses) 负 \(tie.zh)"),
            subtitle: Bilingual(
                en:
                    "Sparse attention against dense, the same model otherwise. Wins and losses are V3.2-Exp’s; no score in percent moves by more than \(most) points.",
                zh: "同一模型，稀疏注意力对稠密注意力。胜负以 V3.2-Exp 计；百分制的分数变化都不超过 \(most) 分。"),
            alt: Bilingual(
                en:
                    "Paired dots of \(rows.count) benchmarks, DeepSeek-V3.1-Terminus and V3.2-Exp: \(win), \(loss), \(tie.en) for V3.2-Exp. \(list.joined(separator: "; ")).",
                zh:
                    "\(rows.count) 项评测的成对点图：DeepSeek-V3.1-Terminus 与 V3.2-Exp，后者 \(wins) 胜 \(losses) 负 \(tie.zh)。\(list.joined(separator: "；"))。"
            ),
            caption: Bilingual(
                en: "Benchmarks of DeepSeek-V3.1-Terminus (dense) and V3.2-Exp (sparse). Data: report, Table 1.",
                zh: "DeepSeek-V3.1-Terminus（稠密）与 V3.2-Exp（稀疏）的评测。数据：报告表 1。"),
            source: Bilingual(
                en:
                    "DeepSeek-V3.2-Exp report, Table 1. GPQA, HLE and HMMT are lower because V3.2-Exp writes fewer reasoning tokens (the report’s own note). No spread is published, so small differences may be noise. Data: \(provenance.name)",
                zh: "DeepSeek-V3.2-Exp 报告表 1。GPQA、HLE、HMMT 较低，是因为 V3.2-Exp 写的推理词元更少（报告自注）。未公布误差范围，小差别可能只是噪声。数据：\(provenance.name)"
            ))
    }
}
