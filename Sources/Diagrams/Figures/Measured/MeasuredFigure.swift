// The figure `measured`: times of dense and sparse attention against length, measured on one machine: median as dot, spread as bar, fitted growth and
// speed-up in words. One chart for each phase that was measured.

import Records
import Traces

extension Figure {
    /// Measured times against length.
    public static let measured = Figure(
        name: "measured", summary: Bilingual(en: "Measured time against length: dense and sparse", zh: "实测时间随长度的变化：稠密与稀疏"),
        needs: .measurements
    ) { data, options, text throws(FigureError) in
        guard case .measurements(let series) = data.numbers else { throw data.missing("measured", .measurements) }
        var figure = try MeasuredFigure(series, data.provenance, options, PictureFrame(options, text))
        return figure.scene()
    }
}

struct MeasuredFigure {
    private let series: [MeasuredSeries]
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame

    init(_ series: [MeasuredSeries], _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(FigureError) {
        (self.series, self.provenance, self.options, self.frame) = (series, provenance, options, frame)
        guard !series.isEmpty else { throw FigureError("measured: expected a measurement, found none") }
        for one in series {
            let times = one.rows.flatMap { [$0.dense, $0.sparse] }.flatMap { [$0.least, $0.median, $0.most] }
            guard one.rows.count >= 2, zip(one.rows, one.rows.dropFirst()).allSatisfy({ $0.length < $1.length }), one.rows[0].length > 0,
                times.allSatisfy({ $0 > 0 && $0.isFinite })
            else { throw FigureError("measured: \(one.phase.rawValue): expected two or more ascending lengths with times above 0") }
            guard times.allSatisfy(MeasuredTime.plausible.contains) else {
                throw FigureError("measured: \(one.phase.rawValue): expected times from a nanosecond to 10^9 seconds")
            }
        }
    }

    mutating func scene() -> Scene {
        let words = words
        frame.head(words.title[frame.language], words.subtitle[frame.language])
        frame.y += frame.type.body * 1.2
        let isWide = frame.width >= 860 && series.count > 1
        let gap = 36.0
        let part = isWide ? (frame.contentWidth - gap) / 2 : min(frame.contentWidth, 860)
        let rows = Double(isWide ? (series.count + 1) / 2 : series.count)
        let height = frame.chartHeight(
            isWide ? 360 : min(part * 0.75, 420), below: frame.below(words.source, parts: Int(rows)), options: options, parts: Int(rows))
        var top = frame.y
        for (i, one) in series.enumerated() {
            if isWide, i % 2 == 1 { frame.y = top } else { top = frame.y }
            draw(one, x: frame.type.margin + (isWide && i % 2 == 1 ? part + gap : 0), width: part, height: height)
            if !isWide, i < series.count - 1 { frame.y += frame.type.body }
        }
        frame.y += frame.type.small * 0.6
        frame.foot(words.source[frame.language])
        return frame.scene("measured", options, words, provenance)
    }

    private mutating func draw(_ one: MeasuredSeries, x left: Double, width: Double, height: Double) {
        let (title, line) = heading(one)
        frame.heading(title[frame.language], line[frame.language], x: left, width: width)
        let lengths = one.rows.map { $0.length }
        let x = AxisScale.doublings(
            from: Self.power(lengths[0], up: false), to: Self.power(lengths[lengths.count - 1], up: true), count: width < 420 ? 4 : 8)
        let times = one.rows.flatMap { [$0.dense.least, $0.dense.most, $0.sparse.least, $0.sparse.most] }
        let y = AxisScale.decades(from: times.min() ?? 1e-3, to: times.max() ?? 1, label: Self.time)
        let gutter = Plot.gutter(y, frame)
        let lines = lines(one)
        let nameWidth = Plot.nameWidth(lines.map { $0.name }, width * 0.2, frame)
        let area = Rect(left + gutter, frame.headingBottom + frame.type.label * 2.5, width - gutter - nameWidth - 12, height)
        let plot = Plot(area: area, x: x, y: y)
        plot.axes(
            Bilingual(en: "positions (log)", zh: "位置数（对数）")[frame.language],
            one.phase == .decode
                ? Bilingual(en: "time of one query (log)", zh: "一个查询的时间（对数）")[frame.language]
                : Bilingual(en: "time of the sequence (log)", zh: "整个序列的时间（对数）")[frame.language], on: &frame)
        for line in lines { plot.draw(line, on: &frame) }
        for row in one.rows {
            for (time, color) in [(row.dense, lines[0].color), (row.sparse, lines[1].color)] { point(row.length, time, color, plot) }
        }
        plot.names(lines, width: nameWidth, on: &frame)
        frame.y = area.maxY + Plot.footHeight(frame)
    }

    private func lines(_ one: MeasuredSeries) -> [PlotLine] {
        func name(_ words: Bilingual, _ exponent: Double?) -> String {
            guard let exponent else { return words[frame.language] }
            let power = NumberText.fixed(exponent, decimals: 2)
            return (words + Bilingual(en: "\nexponent \(power)", zh: "\n指数 \(power)"))[frame.language]
        }
        return [
            PlotLine(
                name: name(Bilingual(en: "Dense", zh: "稠密"), one.denseExponent), color: .ink,
                points: one.rows.map { (Double($0.length), $0.dense.median) }),
            PlotLine(
                name: name(Bilingual(en: "DSA", zh: "DSA"), one.sparseExponent), color: .bar,
                points: one.rows.map { (Double($0.length), $0.sparse.median) }),
        ]
    }

    /// The median as a dot on its spread.
    private mutating func point(_ length: Int, _ time: MeasuredTime, _ color: Paint, _ plot: Plot) {
        let (low, high) = (plot.point(Double(length), time.least), plot.point(Double(length), time.most))
        var bar: [PathElement] = [.move(low), .line(high)]
        for end in [low, high] { bar += [.move(Point(end.x - 4, end.y)), .line(Point(end.x + 4, end.y))] }
        frame.items.append(.path(bar, stroke: Stroke(color, width: 1.2)))
        plot.dot(Double(length), time.median, color, on: &frame)
    }

    /// The power of two at or under (or at or over) `length`.
    private static func power(_ length: Int, up: Bool) -> Int {
        var power = 1
        while power * 2 <= length { power *= 2 }
        return up && power < length ? power * 2 : power
    }

    /// A time in the unit that suits it.
    static func time(_ seconds: Double) -> String {
        for (unit, size) in [("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)] where seconds >= size * 0.9995 {
            return NumberText.significant(seconds / size, digits: 3) + " " + unit
        }
        return NumberText.significant(seconds * 1e9, digits: 3) + " ns"
    }

    private func speedup(_ one: MeasuredSeries) -> (factor: String, at: String) {
        let last = one.rows[one.rows.count - 1]
        return (NumberText.fixed(last.dense.median / last.sparse.median, decimals: 1), AxisScale.tokens(last.length))
    }

    private func heading(_ one: MeasuredSeries) -> (Bilingual, Bilingual) {
        let (factor, at) = speedup(one)
        let line = Bilingual(en: "At \(at), DSA is \(factor)× as fast as dense.", zh: "在 \(at) 处，DSA 的速度是稠密的 \(factor) 倍。")
        return one.phase == .decode
            ? (Bilingual(en: "Decode: one query, one layer", zh: "解码：一个查询，一层"), line)
            : (Bilingual(en: "Prefill: a causal sequence", zh: "预填充：一个因果序列"), line)
    }

    /// Of how many runs the medians are.
    private var runs: Bilingual {
        let (fewest, most) = (series.map { $0.runs.lowerBound }.min() ?? 1, series.map { $0.runs.upperBound }.max() ?? 1)
        guard fewest < most else { return Bilingual(en: "\(most) \(most == 1 ? "run" : "runs")", zh: "\(most) 次") }
        return Bilingual(en: "\(fewest) to \(most) runs", zh: "\(fewest) 到 \(most) 次")
    }

    /// One digit times a power of ten: 7×10⁻⁷.
    static func powerOfTen(_ value: Double) -> String {
        let parts = NumberText.significant(value, digits: 1).split(separator: "e")
        guard parts.count == 2, let power = Int(parts[1]) else { return String(parts[0]) }
        let raised = String(String(power).map { $0 == "-" ? "⁻" : Array("⁰¹²³⁴⁵⁶⁷⁸⁹")[$0.wholeNumberValue ?? 0] })
        return "\(parts[0])×10\(raised)"
    }

    /// How well the results agree with Double, as the measurement found.
    private var checked: Bilingual {
        let errors = series.compactMap { $0.error }
        guard errors.count == series.count, let largest = errors.max() else { return Bilingual(en: ", not all checked", zh: "，结果未全部核对") }
        let text = Self.powerOfTen(largest)
        return Bilingual(en: ", within \(text) of the same in Double", zh: "，与双精度结果相差不超过 \(text)")
    }

    /// A processor's name without (R) and (TM).
    private static func plain(_ name: String) -> String {
        var (plain, rest) = ("", name[...])
        while let first = rest.first {
            let mark = ["(R)", "(TM)", "®", "™"].first { rest.hasPrefix($0) }
            if mark == nil { plain.append(first) }
            rest = rest.dropFirst(mark?.count ?? 1)
        }
        return plain
    }

    private var words: FigureWords {
        let (factor, at) = speedup(series[0])
        let machines = series.map { $0.machine }.reduce(into: [Bilingual]()) { if !$0.contains($1) { $0.append($1) } }
        // A speed is one machine's: it stands beside the number, without the marks of trade that say nothing of it.
        let place = Bilingual(en: Self.plain(series[0].processor.en), zh: Self.plain(series[0].processor.zh))
        let machine = Bilingual(en: machines.map { $0.en }.joined(separator: "; "), zh: machines.map { $0.zh }.joined(separator: "；"))
        let list = series.map { one in
            let (factor, at) = speedup(one)
            let last = one.rows[one.rows.count - 1]
            let (dense, sparse) = (Self.time(last.dense.median), Self.time(last.sparse.median))
            let growth = one.denseExponent.map { NumberText.fixed($0, decimals: 2) }
            return Bilingual(
                en:
                    "\(one.phase.rawValue) at \(at): dense \(dense), DSA \(sparse), \(factor) times as fast\(growth.map { ", dense grows as length^\($0)" } ?? "")",
                zh:
                    "\(one.phase == .decode ? "解码" : "预填充")在 \(at) 处：稠密 \(dense)，DSA \(sparse)，速度是稠密的 \(factor) 倍\(growth.map { "，稠密按长度的 \($0) 次方增长" } ?? "")"
            )
        }
        return FigureWords(
            title: Bilingual(
                en: "At \(at) positions DSA is \(factor)× as fast, measured on \(place.en)",
                zh: "\(at) 个位置时，DSA 的速度是稠密的 \(factor) 倍（\(place.zh)实测）"),
            subtitle: Bilingual(
                en:
                    "Dots are medians of \(runs.en), bars their spread. Both axes are logarithmic: a straight line is a power of the length, and the exponent is its slope.",
                zh: "点为 \(runs.zh)运行的中位数，竖线为最小到最大。两轴都是对数：直线即长度的幂，指数就是斜率。"),
            alt: Bilingual(
                en:
                    "Charts of measured time against length, dense and DSA. \(list.map { $0.en }.joined(separator: "; ")). Machine: \(machine.en).",
                zh: "实测时间随长度变化的图：稠密与 DSA。\(list.map { $0.zh }.joined(separator: "；"))。机器：\(machine.zh)。"),
            caption: Bilingual(
                en: "Measured time of dense attention and DSA against length (\(machine.en)).", zh: "稠密注意力与 DSA 的实测时间随长度的变化（\(machine.zh)）。"
            ),
            source: Bilingual(
                en:
                    "\(machine.en). Float32 kernels over a BLAS\(checked.en). DSA is indexer, top-k and sparse attention together. Data: \(provenance.name)",
                zh: "\(machine.zh)。基于 BLAS 的 Float32 内核\(checked.zh)。DSA 含索引器、top-k 与稀疏注意力。数据：\(provenance.name)"))
    }
}
