// The figure `parity`: a benchmark table as differences, a bar from zero for each benchmark, from the largest gain to the largest loss. Results in
// percent share one axis; a rating is another unit and stands apart, on an axis of its own.

import Records
import Traces

extension Figure {
    /// A benchmark table of two models.
    public static let parity = Figure(
        name: "parity", summary: Bilingual(en: "Benchmarks of two models as differences around zero", zh: "两个模型的评测：以零为中心的差值"),
        needs: .benchmarks
    ) { data, options, text throws(FigureError) in
        guard case .benchmarks(let rows) = data.numbers else { throw data.missing("parity", .benchmarks) }
        guard !rows.isEmpty else { throw FigureError("parity: expected benchmarks, found none") }
        var figure = try ParityFigure(rows, data.provenance, options, PictureFrame(options, text))
        return figure.scene()
    }
}

struct ParityFigure {
    /// Benchmarks of one unit, the largest gain first.
    private struct Part {
        let rows: [BenchmarkResult]
        /// Differences, as far to the left of zero as to the right.
        let scale: AxisScale
    }

    private let parts: [Part]
    private let words: ParityWords
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    /// Names in a column of their own, not over their bars.
    private let isWide: Bool
    /// The height of a row; set once the head stands.
    private var step = 0.0

    init(_ rows: [BenchmarkResult], _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.provenance, self.options, self.frame) = (provenance, options, frame)
        words = ParityWords(rows: rows, provenance: provenance)
        isWide = frame.width >= 700
        parts = [false, true].compactMap { isRating in
            let own = rows.filter { ParityWords.isRating($0) == isRating }.sorted { ($0.change, $1.name) > ($1.change, $0.name) }
            guard !own.isEmpty else { return nil }
            let most = own.reduce(0) { max($0, abs($1.change)) }
            let half = AxisScale.linear(to: most > 0 ? most : 1, count: 2) { NumberText.significant($0) }.high
            let scale = AxisScale.linear(from: -half, to: half, count: 6) { ParityWords.signed(NumberText.significant(abs($0)), $0) }
            return Part(rows: own, scale: scale)
        }
    }

    mutating func scene() -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 0.8
        step = stepHeight(text.source)
        for (place, part) in parts.enumerated() { draw(part, isFirst: place == 0) }
        frame.y += frame.type.body * 0.8
        frame.foot(text.source[frame.language])
        return frame.scene("parity", options, text, provenance)
    }

    // MARK: Layout

    /// What the proportions of a use leave for each row, or a comfortable height.
    private func stepHeight(_ source: Bilingual) -> Double {
        guard let proportion = options.preset.proportion else { return isWide ? frame.type.body * 1.7 : frame.type.label * 3.7 }
        let used = frame.y + Double(parts.count) * (headHeight + axisHeight) + frame.type.body * 0.8 + frame.footHeight(source)
        let count = parts.reduce(0) { $0 + $1.rows.count }
        return max(frame.type.label * 1.2, (frame.width * proportion - used) / Double(count))
    }

    private var headHeight: Double { frame.type.label * 1.9 }
    private var axisHeight: Double { frame.type.label * 1.9 }

    private var nameStyle: TextStyle {
        frame.style(frame.width < 860 || step < frame.type.body * 1.25 ? frame.type.label : frame.type.body, .ink)
    }

    private var rows: [BenchmarkResult] { parts.flatMap { $0.rows } }

    private func widest(_ style: TextStyle, _ text: (BenchmarkResult) -> String) -> Double {
        rows.reduce(0) { max($0, frame.width(text($1), style)) }
    }

    private func name(_ row: BenchmarkResult) -> String { words.name(row) }

    /// Right end of the column of results.
    private var resultsEnd: Double {
        let results = max(widest(frame.labelStyle, ParityWords.results), frame.width(words.models, frame.labelStyle))
        let category = hasCategories ? widest(frame.labelStyle) { ParityWords.category($0.category)[frame.language] } + 20 : 0
        return frame.type.margin + widest(nameStyle, name) + 20 + category + results
    }

    private var hasCategories: Bool { frame.width >= 860 }

    private var changeStyle: TextStyle { frame.style(nameStyle.size, .ink, .semibold) }

    /// Where the bars stand; beyond both ends there is room for a difference in digits.
    private var area: Rect {
        let digits = widest(changeStyle) { ParityWords.change($0)[frame.language] } + 8
        let left = (isWide ? resultsEnd + 14 : frame.type.margin) + digits
        return Rect(left, frame.y, frame.width - frame.type.margin - digits - left, 0)
    }

    // MARK: Drawing

    /// A part: what its bars count, its rows, its axis.
    private mutating func draw(_ part: Part, isFirst: Bool) {
        let style = frame.style(frame.type.label, .muted, .semibold)
        let baseline = frame.y + frame.type.label * 1.1
        frame.add(words.unit(part.rows[0])[frame.language], style, at: Point(frame.type.margin, baseline))
        if isFirst {
            frame.add(words.models, frame.labelStyle, at: Point(isWide ? resultsEnd : frame.width - frame.type.margin, baseline), .end)
        }
        frame.y += headHeight
        let area = area
        let bottom = frame.y + step * Double(part.rows.count)
        func x(_ value: Double) -> Double { area.x + part.scale.position(value) * area.width }
        for tick in part.scale.ticks {
            let line: [PathElement] = [.move(Point(x(tick.value), frame.y)), .line(Point(x(tick.value), bottom + 3))]
            let isZero = abs(tick.value) < 1e-9
            frame.items.append(.path(line, stroke: Stroke(isZero ? .ink : .rule, width: isZero ? 1.2 : 1)))
            frame.add(tick.label, frame.labelStyle, at: Point(x(tick.value), bottom + 4 + frame.type.label), .middle)
        }
        for row in part.rows {
            draw(row, from: x(0), to: x(row.change))
            frame.y += step
        }
        frame.y += axisHeight
    }

    private mutating func draw(_ row: BenchmarkResult, from zero: Double, to end: Double) {
        let (left, right) = (frame.type.margin, frame.width - frame.type.margin)
        let middle = isWide ? frame.y + step / 2 : frame.y + step * 0.66
        let baseline = isWide ? middle + nameStyle.size * 0.36 : frame.y + step * 0.37
        if isWide {
            frame.add(name(row), nameStyle, at: Point(left, baseline))
            if hasCategories {
                let category = ParityWords.category(row.category)[frame.language]
                frame.add(category, frame.labelStyle, at: Point(left + widest(nameStyle, name) + 20, baseline))
            }
            frame.add(ParityWords.results(row), frame.labelStyle, at: Point(resultsEnd, baseline), .end)
        } else {
            frame.note(name(row), at: Point(left, baseline), color: .ink)
            frame.note(ParityWords.results(row), at: Point(right, baseline), .end)
        }
        let color: Paint = row.change > 0 ? .bar : .ink
        let height = min(isWide ? step * 0.56 : step * 0.31, frame.type.body * 1.1)
        if row.change == 0 {
            frame.items.append(Plot.disc(Point(zero, middle), 3.5, fill: .ink, stroke: nil))
        } else {
            frame.items.append(.rect(Rect(min(zero, end), middle - height / 2, abs(end - zero), height), fill: .solid(color)))
        }
        let side = row.change < 0 ? -1.0 : 1
        let place = Point(end + side * (row.change == 0 ? 9 : 6), middle + changeStyle.size * 0.36)
        let text = ParityWords.change(row)[frame.language]
        let width = frame.width(text, changeStyle)
        frame.items.append(
            .rect(Rect(side < 0 ? place.x - width - 2 : place.x - 2, middle - height / 2, width + 4, height), fill: .solid(.paper)))
        frame.add(text, frame.style(changeStyle.size, color, .semibold), at: place, side < 0 ? .end : .start)
    }
}

extension BenchmarkResult {
    /// What the later model gained.
    fileprivate var change: Double { after - before }
}

struct ParityWords {
    let rows: [BenchmarkResult]
    let provenance: Provenance

    static func isRating(_ row: BenchmarkResult) -> Bool { max(row.before, row.after) > 100 }

    /// Both models, over the column of their results.
    let models = "V3.1-Terminus → V3.2-Exp"

    /// A dagger at those benchmarks whose loss the report explains.
    func name(_ row: BenchmarkResult) -> String { Self.isExplained(row) ? row.name + " †" : row.name }

    private static func isExplained(_ row: BenchmarkResult) -> Bool {
        ["GPQA", "Humanity", "HMMT"].contains { row.name.hasPrefix($0) } && row.change < 0
    }

    static func category(_ name: String) -> Bilingual {
        let chinese = ["General": "通用", "Search Agent": "搜索智能体", "Code": "代码", "Code Agent": "代码智能体", "Math": "数学"]
        return Bilingual(en: name, zh: chinese[name] ?? name)
    }

    private static func number(_ value: Double, _ row: BenchmarkResult) -> String {
        isRating(row) ? NumberText.grouped(Int(value.rounded())) : NumberText.fixed(value, decimals: 1)
    }

    static func results(_ row: BenchmarkResult) -> String { "\(number(row.before, row)) → \(number(row.after, row))" }

    /// `text` with the sign of `value`.
    static func signed(_ text: String, _ value: Double) -> String { (value > 0 ? "+" : value < 0 ? "−" : "") + text }

    static func change(_ row: BenchmarkResult) -> Bilingual {
        row.change == 0 ? Bilingual(en: "tie", zh: "持平") : Bilingual(same: signed(number(abs(row.change), row), row.change))
    }

    /// What the bars of a part count.
    func unit(_ row: BenchmarkResult) -> Bilingual {
        Self.isRating(row)
            ? Bilingual(en: "Rating points", zh: "等级分")
            : Bilingual(en: "Percentage points", zh: "百分点")
    }

    private var wins: Int { rows.count { $0.change > 0 } }
    private var losses: Int { rows.count { $0.change < 0 } }
    private var ties: Int { rows.count { $0.change == 0 } }

    var words: FigureWords {
        let percent = rows.filter { !Self.isRating($0) }
        let most = NumberText.fixed(percent.reduce(0) { max($0, abs($1.change)) }, decimals: 1)
        let list = rows.map { "\($0.name) \(Self.results($0))" }
        let (win, loss, tie) = (
            wins == 1 ? "1 win" : "\(wins) wins", losses == 1 ? "1 loss" : "\(losses) losses", ties == 1 ? "1 tie" : "\(ties) ties"
        )
        let moved =
            percent.isEmpty
            ? Bilingual(same: "")
            : Bilingual(en: " No score in percent moves by more than \(most) points.", zh: "百分制的分数变化都不超过 \(most) 分。")
        let dagger =
            rows.contains(where: Self.isExplained)
            ? Bilingual(
                en: " † Lower because V3.2-Exp writes fewer reasoning tokens (the report’s own note).",
                zh: "† 较低，因为 V3.2-Exp 写的推理词元更少（报告自注）。")
            : Bilingual(same: "")
        return FigureWords(
            title: Bilingual(
                en: "On a par: \(win), \(loss), \(tie) on \(rows.count) benchmarks",
                zh: "旗鼓相当：\(rows.count) 项评测，\(wins) 胜 \(losses) 负 \(ties) 平"),
            subtitle: Bilingual(
                en:
                    "Sparse attention minus dense, the same model otherwise: bars to the right of zero are V3.2-Exp’s wins.\(moved.en) No error bars are published, so small differences may be noise.",
                zh: "稀疏注意力减去稠密注意力，模型其余部分相同：零右边的条是 V3.2-Exp 占优。\(moved.zh)报告未公布误差范围，小差别可能只是噪声。"),
            alt: Bilingual(
                en:
                    "Bars around zero: what DeepSeek-V3.2-Exp gains or loses against V3.1-Terminus on \(rows.count) benchmarks, sorted: \(win), \(loss), \(tie).\(moved.en) No error bars are published. \(list.joined(separator: "; ")).",
                zh:
                    "以零为中心的条形图：\(rows.count) 项评测中 DeepSeek-V3.2-Exp 相对 V3.1-Terminus 的增减，按大小排列，\(wins) 胜 \(losses) 负 \(ties) 平。\(moved.zh)未公布误差范围。\(list.joined(separator: "；"))。"
            ),
            caption: Bilingual(
                en:
                    "With sparse attention the same model wins \(wins), loses \(losses) and ties \(ties) of \(rows.count) benchmarks; no error bars are published. Data: report, Table 1.",
                zh: "换成稀疏注意力后，同一模型在 \(rows.count) 项评测中 \(wins) 胜 \(losses) 负 \(ties) 平；未公布误差范围。数据：报告表 1。"),
            source: Bilingual(
                en: "DeepSeek-V3.2-Exp report, Table 1, sorted by difference.\(dagger.en) Data: \(provenance.name)",
                zh: "DeepSeek-V3.2-Exp 报告表 1，按差值排列。\(dagger.zh)数据：\(provenance.name)"))
    }
}
