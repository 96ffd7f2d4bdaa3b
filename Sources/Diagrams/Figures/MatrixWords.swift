// What the matrix figure says: the finding, how to read it, the source and the alt text, all made from the slice.

import AttentionEngine

struct MatrixWords {
    let slice: MatrixSlice
    let scale: MatrixScale
    let theme: Theme
    /// The query that the picture follows.
    let query: Int?
    /// Cells along each side of the block that one pixel stands for; 1 where every cell is shown.
    let block: Int

    private var subject: Bilingual { slice.step.title }

    /// The keys of the followed query from the strongest down, without masked and broken ones.
    var ranking: [(column: Int, value: Double)] {
        guard let query, slice.isPair, scale.kind != .choice else { return [] }
        return (0..<slice.columns)
            .filter { !slice.isMasked(query, $0) && slice.value(query, $0).isFinite }
            .map { ($0, slice.value(query, $0)) }
            .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
    }

    /// The finding in one line.
    var title: Bilingual {
        if let keeping { return keeping }
        guard let query, let first = ranking.first, slice.rowLabels != nil else { return subject }
        let (row, column) = (slice.rowName(query), slice.columnName(first.column))
        switch scale.kind {
        case .weights:
            let share = NumberText.percent(first.value, decimals: 0)
            return Bilingual(en: "“\(row)” rests \(share) of its attention on “\(column)”", zh: "“\(row)”把 \(share) 的注意力放在“\(column)”上")
        case .signed, .magnitudes:
            return Bilingual(en: "“\(row)” scores highest with “\(column)”", zh: "“\(row)”与“\(column)”的得分最高")
        case .choice: return subject
        }
    }

    /// How many keys a selection keeps for the followed query.
    private var keeping: Bilingual? {
        guard slice.isSelection, let query else { return nil }
        let visible = (0..<slice.columns).filter { !slice.isMasked(query, $0) }
        let kept = visible.count { slice.value(query, $0) == 1 }
        let name = slice.rowLabels == nil ? Bilingual(en: "Query \(query)", zh: "第 \(query) 个查询") : Words.quoted(slice.rowName(query))
        return Bilingual(en: "\(name.en) keeps \(kept) of \(visible.count) keys", zh: "\(name.zh)从 \(visible.count) 个键中留下 \(kept) 个")
    }

    /// How to read the picture.
    var subtitle: Bilingual {
        var parts = [Bilingual(en: "\(subject.en).", zh: "\(subject.zh)。")]
        if title == subject { parts = [] }
        parts.append(slice.isPair ? pairReading : axesReading)
        parts.append(colorReading)
        if block > 1 {
            parts.append(
                Bilingual(
                    en: "One pixel shows the largest of up to \(block) × \(block) cells.", zh: "每个像素显示至多 \(block) × \(block) 个格子中的最大值。"))
        }
        return Bilingual(en: parts.map(\.en).joined(separator: " "), zh: parts.map(\.zh).joined())
    }

    private var isRaster: Bool { max(slice.rows, slice.columns) > MatrixRaster.cellLimit }

    private var pairReading: Bilingual {
        Bilingual(en: "Each row is a query, asking which keys matter to it.", zh: "每一行是一个查询，在问哪些键与它有关。")
    }

    private var axesReading: Bilingual {
        let (row, column) = (Words.axis(slice.rowAxis, isPair: false), Words.axis(slice.columnAxis, isPair: false))
        return Bilingual(en: "One row for each \(row.en), one column for each \(column.en).", zh: "每行一个\(row.zh)，每列一个\(column.zh)。")
    }

    private var colorReading: Bilingual {
        switch scale.kind {
        case .weights:
            theme == .dark
                ? Bilingual(en: "Brighter: more weight; a row adds up to 1.", zh: "越亮，权重越大；每行之和为 1。")
                : Bilingual(en: "Darker: more weight; a row adds up to 1.", zh: "颜色越深，权重越大；每行之和为 1。")
        case .choice:
            slice.isSelection
                ? Bilingual(en: "Filled: kept; hatched: visible, not kept.", zh: "填色：留下；斜线：看得见，未留下。")
                : Bilingual(en: "Filled: yes.", zh: "填色表示“是”。")
        case .magnitudes:
            theme == .dark ? Bilingual(en: "Brighter: larger.", zh: "越亮，数值越大。") : Bilingual(en: "Darker: larger.", zh: "颜色越深，数值越大。")
        case .signed:
            theme == .print
                ? Bilingual(
                    en: "Darker: larger in size\(isRaster ? ", of either sign" : "; a dash: negative").",
                    zh: "颜色越深，绝对值越大\(isRaster ? "，不分正负" : "；横线表示负数")。")
                : Bilingual(en: "Blue: negative; orange: positive.", zh: "蓝色为负，橙色为正。")
        }
    }

    /// Which head is shown; nil where there is none.
    var head: Bilingual? {
        guard let head = slice.head, let axis = slice.headAxis, let count = slice.step.output.shape[axis] else { return nil }
        let name = Words.axis(axis, isPair: false)
        switch head {
        case .mean: return Bilingual(en: "mean of \(count) \(name.en)s", zh: "\(count) 个\(name.zh)的平均")
        case .one(let n): return Bilingual(en: "\(name.en) \(n)", zh: "\(name.zh) \(n)")
        }
    }

    /// The last line: head, step, where the equation and the data come from.
    func source(_ provenance: Provenance) -> Bilingual {
        var parts = [head, Bilingual(same: slice.step.id)].compactMap { $0 }
        if !slice.step.source.isEmpty { parts.append(Bilingual(same: slice.step.source)) }
        parts.append(Bilingual(en: "data: \(provenance.name)", zh: "数据：\(provenance.name)"))
        if let note = provenance.note { parts.append(note) }
        return Bilingual(en: parts.map(\.en).joined(separator: " · "), zh: parts.map(\.zh).joined(separator: " · "))
    }

    /// The picture in words, with its numbers.
    var alt: Bilingual {
        let (row, column) = (Words.axis(slice.rowAxis, isPair: slice.isPair), Words.axis(slice.columnAxis, isPair: slice.isPair))
        var text = Bilingual(
            en:
                "\(subject.en)\(head.map { ", " + $0.en } ?? ""): a matrix of \(slice.rows) rows (\(row.en)) by \(slice.columns) columns (\(column.en)), coloured from \(scale.ends.low) to \(scale.ends.high).",
            zh:
                "\(subject.zh)\(head.map { "（" + $0.zh + "）" } ?? "")：矩阵共 \(slice.rows) 行（\(row.zh)）、\(slice.columns) 列（\(column.zh)），颜色从 \(scale.ends.low) 到 \(scale.ends.high)。"
        )
        if let query, let best = strongest(3) {
            let name = slice.rowName(query)
            text = text + Bilingual(en: " Row \(query), “\(name)”: highest at \(best.en).", zh: "第 \(query) 行“\(name)”：最高的是\(best.zh)。")
        }
        if let keeping { text = text + Bilingual(en: " Row \(query ?? 0): \(keeping.en).", zh: "第 \(query ?? 0) 行：\(keeping.zh)。") }
        if hasMasked { text = text + Bilingual(en: " Masked cells are blank.", zh: "掩住的格子留白。") }
        if let broken { text = text + broken }
        return text
    }

    /// A line to copy under the picture.
    var caption: Bilingual {
        Bilingual(
            en: "\(subject.en)\(head.map { " (\($0.en))" } ?? ""). \(slice.step.id)",
            zh: "\(subject.zh)\(head.map { "（\($0.zh)）" } ?? "")。\(slice.step.id)")
    }

    private func strongest(_ count: Int) -> Bilingual? {
        let best = ranking.prefix(count)
        guard !best.isEmpty else { return nil }
        return Words.list(
            best.map { place in
                let (name, value) = (slice.columnName(place.column), NumberText.significant(place.value, digits: 3))
                return Bilingual(en: "“\(name)” (\(value))", zh: "“\(name)”（\(value)）")
            })
    }

    /// Whether a cell is masked; large matrices answer by their first row, which a causal mask leaves one cell of.
    var hasMasked: Bool {
        let rows = slice.rows <= MatrixRaster.cellLimit ? slice.rows : 1
        return (0..<rows).contains { row in (0..<slice.columns).contains { slice.isMasked(row, $0) } }
    }

    private var broken: Bilingual? {
        let count = scale.brokenCount
        return count == 0
            ? nil : Bilingual(en: " \(count) cells hold no finite number and are crossed out.", zh: "有 \(count) 个格子不是有限数，已打叉。")
    }

    /// What a pointer shows over a cell.
    func label(_ row: Int, _ column: Int, _ language: Language) -> String {
        let value =
            slice.isMasked(row, column)
            ? Bilingual(en: "masked", zh: "已掩住")[language] : NumberText.significant(slice.value(row, column), digits: 4)
        let names = (
            Words.axis(slice.rowAxis, isPair: slice.isPair)[language], Words.axis(slice.columnAxis, isPair: slice.isPair)[language]
        )
        let (r, c) = (slice.rowName(row), slice.columnName(column))
        return language == .en ? "\(names.0) \(r), \(names.1) \(c): \(value)" : "\(names.0)“\(r)”，\(names.1)“\(c)”：\(value)"
    }

    /// What the colours measure, for the legend.
    var quantity: Bilingual {
        switch scale.kind {
        case .weights: Bilingual(en: "weight", zh: "权重")
        case .choice: slice.isSelection ? Bilingual(en: "not kept, kept", zh: "未留下、留下") : Bilingual(en: "no, yes", zh: "否、是")
        case .magnitudes, .signed:
            slice.isPair ? Bilingual(en: "score", zh: "得分") : Bilingual(en: "value", zh: "数值")
        }
    }
}
