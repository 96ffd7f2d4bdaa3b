// The figure `arcs`: query tokens down the left, keys down the right. One query is followed in blue: a line for each key with a share worth a line, one
// for all others together, which a row at the foot counts. Of each other query the strongest line alone stands grey behind.

import Records
import Traces

extension Figure {
    /// Queries left, keys right, lines by weight.
    public static let arcs = Figure(
        name: "arcs",
        summary: Bilingual(en: "Queries left, keys right, lines by weight; one query followed", zh: "左边查询，右边键，线越粗权重越大；突出一个查询"),
        takes: [.step, .head, .query, .phase]
    ) { data, options, text throws(FigureError) in
        guard let trace = data.traces.first?.trace else { throw FigureError("arcs needs a trace with attention weights, found no trace") }
        let slice = try MatrixSlice(MatrixFigure.step(of: trace, options), of: trace, head: options.head)
        var figure = try ArcsFigure(slice, data.provenance, options, text)
        return figure.scene()
    }
}

private struct ArcsFigure {
    let slice: MatrixSlice
    let query: Int
    let provenance: Provenance
    let options: FigureOptions
    var frame: PictureFrame

    /// More tokens than this would stand too close to read.
    static let limit = 64
    /// Keys of a smaller share have a line together.
    static let least = 0.05

    init(_ slice: MatrixSlice, _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        guard slice.isPair else {
            throw FigureError("arcs: \(slice.step.id): expected weights on the axes t and s, found \(slice.step.output.shape)")
        }
        if let other = slice.values.first(where: { $0 < 0 || $0 > 1 + 1e-9 }) {
            throw FigureError("arcs: \(slice.step.id): expected weights from 0 to 1, found \(NumberText.significant(other))")
        }
        guard max(slice.rows, slice.columns) <= Self.limit else {
            throw .tooLong("arcs", max(slice.rows, slice.columns), limit: Self.limit)
        }
        self.slice = slice
        self.provenance = provenance
        query = options.query ?? slice.rows - 1
        guard (0..<slice.rows).contains(query) else {
            throw FigureError("arcs: query \(query): expected 0 to \(slice.rows - 1) of the axis t")
        }
        var options = options
        if options.width == nil, options.preset == .article { options.width = 840 }
        self.options = options
        frame = try PictureFrame(options, text)
    }

    mutating func scene() -> Scene {
        let language = options.language
        frame.head(title[language], subtitle[language])
        let body = frame.items.count
        frame.y += frame.type.body * 1.3
        let columns = columns()
        heads(columns)
        let top = frame.y
        lines(columns, top)
        tokens(columns, top)
        frame.y = top + columns.pitch * Double(lineCount) + frame.type.body * 0.8
        return frame.scene(
            body: body, source: source, options, title: title, alt: alt, caption: caption,
            provenance: options.provenance(figure: "arcs", step: slice.step.id.text, data: provenance))
    }

    // MARK: Layout

    private struct Columns {
        let pitch: Double
        let size: Double
        /// Where queries end and lines begin.
        let left: Double
        /// Where lines end and keys begin.
        let right: Double
        let keyWidth: Double
        let barWidth: Double
    }

    private func columns() -> Columns {
        let count = Double(lineCount)
        var pitch = frame.type.body * 1.75
        if let proportion = options.preset.proportion {
            pitch = min(pitch, (frame.width * proportion - frame.y - frame.type.label * 7) / count)
        }
        pitch = max(pitch, 14)
        let size = min(frame.type.body, pitch * 0.78)
        let style = frame.style(max(11, size), .ink, .semibold)
        func widest(_ count: Int, _ name: (Int) -> String) -> Double {
            min((0..<count).map { frame.width(name($0), style) }.max() ?? 0, frame.contentWidth * 0.24)
        }
        let queryWidth = widest(slice.rows, slice.rowName) + 14
        let keyWidth =
            max(widest(slice.columns, slice.columnName), bundled.isEmpty ? 0 : frame.width(restName[options.language], style)) + 14
        let bar = frame.width < 500 ? 0 : min(150, frame.contentWidth * 0.16)
        let number = frame.width("100%", style) + 10
        return Columns(
            pitch: pitch, size: max(11, size), left: frame.type.margin + queryWidth,
            right: frame.width - frame.type.margin - keyWidth - bar - number - (bar > 0 ? 8 : 0), keyWidth: keyWidth, barWidth: bar)
    }

    private mutating func heads(_ columns: Columns) {
        let language = options.language
        let style = frame.style(frame.type.label, .query, .semibold)
        let keys = frame.style(frame.type.label, .key, .semibold)
        frame.y += frame.type.label
        let queries = Bilingual(en: slice.rows == 1 ? "query" : "queries", zh: "查询")[language]
        let end = max(columns.left - 7, frame.type.margin + frame.width(queries, style))
        frame.add(queries, style, at: Point(end, frame.y), .end)
        frame.add(Bilingual(en: "keys", zh: "键")[language], keys, at: Point(columns.right + 7, frame.y))
        let grey = frame.style(frame.type.label, .muted)
        frame.add(Bilingual(en: "weight", zh: "权重")[language], grey, at: Point(frame.width - frame.type.margin, frame.y), .end)
        frame.y += frame.type.label * 0.7
    }

    private func middle(_ row: Int, _ top: Double, _ columns: Columns) -> Double { top + (Double(row) + 0.5) * columns.pitch }

    /// Keys of earlier passes: a query stands beside its own token.
    private var earlier: Int { max(slice.columns - slice.rows, 0) }

    /// Tokens, and a line for what is bundled.
    private var lineCount: Int { max(slice.rows, slice.columns) + (bundled.isEmpty ? 0 : 1) }

    // MARK: Lines

    private var visible: [Int] { (0..<slice.columns).filter { !slice.isMasked(query, $0) } }

    /// The keys that have a line together: those under the least share, if they are several.
    private var bundled: [Int] {
        let small = visible.filter { slice.value(query, $0) < Self.least }
        return small.count > 1 ? small : []
    }

    /// What the bundled keys have together.
    private var restShare: Double { bundled.reduce(0) { $0 + slice.value(query, $1) } }

    private var restName: Bilingual { Bilingual(en: "\(bundled.count) others", zh: "其余 \(bundled.count) 个") }

    private mutating func lines(_ columns: Columns, _ top: Double) {
        var others: [Item] = []
        let grey = Paint.muted
        for row in 0..<slice.rows where row != query {
            guard let key = strongest(row) else { continue }
            let weight = slice.value(row, key)
            others.append(line(row, key, columns, top, Stroke(grey.mixed(0.12 + 0.3 * weight), width: 0.5 + 3 * weight)))
        }
        frame.items.append(.group("others", others))
        let ends = visible.filter { slice.value(query, $0) > 0 && !bundled.contains($0) }.map { ($0, slice.value(query, $0)) }
        let rest = restShare > 0 ? [(max(slice.rows, slice.columns), restShare)] : []
        let followed = (ends + rest).sorted { $0.1 < $1.1 }.map { key, weight in
            line(query, key, columns, top, Stroke(Paint.query.mixed(0.35 + 0.65 * min(1, weight * 2)), width: 0.6 + 9 * weight))
        }
        frame.items.append(.group("followed", followed))
    }

    /// The key on which a query rests most, if that is a share worth a line.
    private func strongest(_ row: Int) -> Int? {
        let keys = (0..<slice.columns).filter { !slice.isMasked(row, $0) && slice.value(row, $0) >= Self.least }
        return keys.max { (slice.value(row, $0), -$0) < (slice.value(row, $1), -$1) }
    }

    private func line(_ row: Int, _ key: Int, _ columns: Columns, _ top: Double, _ stroke: Stroke) -> Item {
        let (from, to) = (Point(columns.left, middle(row + earlier, top, columns)), Point(columns.right, middle(key, top, columns)))
        let bend = (to.x - from.x) * 0.45
        return .path([.move(from), .curve(Point(from.x + bend, from.y), Point(to.x - bend, to.y), to: to)], stroke: stroke)
    }

    // MARK: Tokens

    private mutating func tokens(_ columns: Columns, _ top: Double) {
        let inset = max(0.5, columns.pitch * 0.07)
        for row in 0..<slice.rows {
            let isFollowed = row == query
            let style = frame.style(
                columns.size, isFollowed ? .ink : .muted, isFollowed ? .semibold : .regular)
            let y = middle(row + earlier, top, columns)
            let name = TokenText.shortened(slice.rowName(row), to: columns.left - frame.type.margin - 10) { frame.width($0, style) }
            if isFollowed {
                let width = frame.width(name, style) + 12
                let box = Rect(columns.left - width - 1, y - columns.pitch / 2 + inset, width, columns.pitch - 2 * inset)
                frame.items.append(.rect(box, radius: 4, fill: .solid(.paper), stroke: Stroke(.query, width: 2)))
            }
            frame.add(name, style, at: Point(columns.left - 7, y + columns.size * 0.36), .end)
        }
        for key in 0..<slice.columns { self.key(key, columns, middle(key, top, columns), inset) }
        guard !bundled.isEmpty else { return }
        let y = middle(max(slice.rows, slice.columns), top, columns)
        let style = frame.style(columns.size, .muted)
        frame.add(restName[options.language], style, at: Point(columns.right + 7, y + columns.size * 0.36))
        share(restShare, columns, y, isStrong: false)
    }

    /// A share as a bar and in digits.
    private mutating func share(_ weight: Double, _ columns: Columns, _ y: Double, isStrong: Bool) {
        let number = frame.style(columns.size, isStrong ? .ink : .muted, isStrong ? .semibold : .regular)
        frame.add(share(weight), number, at: Point(frame.width - frame.type.margin, y + columns.size * 0.36), .end)
        guard columns.barWidth > 0 else { return }
        let height = min(columns.pitch * 0.34, 9)
        let x = columns.right + columns.keyWidth + 8
        frame.items.append(.rect(Rect(x, y - height / 2, max(columns.barWidth * weight, 0.5), height), fill: .solid(.bar)))
    }

    private mutating func key(_ key: Int, _ columns: Columns, _ y: Double, _ inset: Double) {
        let isVisible = !slice.isMasked(query, key)
        let weight = isVisible ? slice.value(query, key) : 0
        let most = max(ranking.first.map { slice.value(query, $0) } ?? 1, 1e-300)
        let isStrong = weight >= Self.least
        let color = isStrong ? frame.onHighlighter(weight / most) : .muted
        let style = frame.style(columns.size, color, isStrong ? .semibold : .regular)
        let name = TokenText.shortened(slice.columnName(key), to: columns.keyWidth - 10) { frame.width($0, style) }
        let area = Rect(columns.right + 1, y - columns.pitch / 2 + inset, frame.width(name, style) + 12, columns.pitch - 2 * inset)
        if isStrong { frame.items.append(.rect(area, radius: 4, fill: .solid(frame.highlighter(weight / most)))) }
        frame.add(name, style, at: Point(columns.right + 7, y + columns.size * 0.36))
        let label = CellLabel(
            Bilingual(en: "\(slice.columnName(key)): ", zh: "\(slice.columnName(key))："),
            Remark(en: "\(percent: weight)", zh: "\(percent: weight)"))
        frame.items.append(.hotSpot(HotSpot(area, step: slice.step.id.text, index: slice.index(query, key), label: label)))
        guard isVisible else { return }
        if weight.isNaN {
            let style = frame.style(columns.size, .alarm, .semibold)
            return frame.add("NaN", style, at: Point(frame.width - frame.type.margin, y + columns.size * 0.36), .end)
        }
        share(weight, columns, y, isStrong: isStrong)
    }

    /// A share in digits; one under the least is told from it even where it rounds to the same.
    private func share(_ weight: Double) -> String {
        let (text, least) = (NumberText.share(weight, decimals: 0), NumberText.share(Self.least, decimals: 0))
        return weight < Self.least && text == least ? "<\(least)" : text
    }

    // MARK: Words

    private var ranking: [Int] {
        visible.filter { !slice.value(query, $0).isNaN }.sorted { (slice.value(query, $0), $1) > (slice.value(query, $1), $0) }
    }

    private var title: Bilingual { slice.isBeside ? Words.dense + Words.continued(finding) : finding }

    private var finding: Bilingual {
        guard let first = ranking.first else { return slice.step.title }
        let share = Words.share(slice.value(query, first))
        let q = Words.position(slice.rowName(query), Bilingual(en: "Query", zh: "查询"))
        let k = slice.key(first, of: query)
        if first == query + earlier {
            return Bilingual(en: "\(q.en) rests \(share.en) of its attention on itself", zh: "\(q.zh)把\(share.zh)的注意力放在自身上")
        }
        let way = first > query + earlier ? Bilingual(en: "ahead", zh: "向后看") : Bilingual(en: "back", zh: "回头看")
        return Bilingual(
            en: "\(q.en) looks \(way.en), and \(share.en) of its attention rests on \(k.en)",
            zh: "\(q.zh)\(way.zh)，\(share.zh)的注意力落在\(k.zh)上")
    }

    private var subtitle: Bilingual {
        let (least, rest) = (NumberText.percent(Self.least, decimals: 0), NumberText.share(restShare, decimals: 0))
        let bundle =
            bundled.isEmpty
            ? Bilingual(same: "")
            : Bilingual(
                en: " \(bundled.count) keys under \(least) share the lowest line: \(rest) together.",
                zh: "不到 \(least) 的 \(bundled.count) 个键合成最下面一条线，共 \(rest)。")
        let thickness = Bilingual(en: "Thicker line: more weight.", zh: "线越粗，权重越大。")
        if slice.rows == 1 { return thickness + bundle }
        return Bilingual(en: "Followed: the query in bold; the thicker its line, the more weight.", zh: "跟踪的是粗体的查询，它的线越粗，权重越大。") + bundle
            + Bilingual(en: " Faint: each other query’s strongest line alone.", zh: "淡线是其余查询，各只画最粗的一条。")
    }

    private var source: Bilingual {
        Words.source([Words.head(slice), Bilingual(same: slice.step.id.text)].compactMap { $0 }, provenance)
    }

    private var caption: Bilingual { Words.caption(title, of: slice) }

    private var alt: Bilingual {
        let best = Words.list(
            ranking.prefix(4).map { key in
                let (name, share) = (slice.key(key, of: query), NumberText.share(slice.value(query, key)))
                return Bilingual(en: "\(name.en) (\(share))", zh: "\(name.zh)（\(share)）")
            })
        let (name, least) = (slice.rowName(query), NumberText.percent(Self.least, decimals: 0))
        // Tokens without words are called by their positions.
        let who =
            !Words.isPosition(name)
            ? Bilingual(en: "Query \(query), “\(name)”,", zh: "\(query) 号查询“\(name)”") : Bilingual(en: "Query \(name)", zh: "查询 \(name)")
        let dense = slice.isBeside ? Words.dense : Bilingual(same: "")
        return dense
            + Bilingual(
                en:
                    "\(Words.counted(slice.rows, "query", "queries")) at the left, \(Words.counted(slice.columns, "key")) at the right, joined by lines as thick as the weight: every key from \(least) up, the others together, and the strongest line of each other query. \(who.en) looks most at \(best.en).",
                zh: "左边 \(slice.rows) 个查询，右边 \(slice.columns) 个键，连线越粗权重越大：\(least) 以上的键各一条，其余合为一条；别的查询各只画最粗的一条。\(who.zh)最看重\(best.zh)。")
    }
}
