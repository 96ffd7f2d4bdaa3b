// What the matrix figure says: the finding, how to read it, the source and the alt text, all made from the slice.

import Traces

struct MatrixWords {
    let slice: MatrixSlice
    let scale: MatrixScale
    /// The query that the picture follows.
    let query: Int?
    /// The key whose column is framed.
    let key: Int?
    /// Cells along each side of the block that one pixel stands for; 1 where every cell is shown.
    let block: Int
    /// What a pixel shows of a block.
    let aggregation: Aggregation
    /// Which marks other than numbers stand in cells.
    let marks: Marks

    init(slice: MatrixSlice, scale: MatrixScale, query: Int?, key: Int?, block: Int, aggregation: Aggregation) {
        (self.slice, self.scale, self.query, self.key) = (slice, scale, query, key)
        (self.block, self.aggregation) = (block, aggregation)
        marks = Marks(slice)
    }

    var subject: Bilingual { slice.title }
    private var head: Bilingual? { slice.headName }

    /// The keys of the followed query from the strongest down, without masked, future and broken ones.
    var ranking: [(column: Int, value: Double)] {
        guard let query, slice.isPair, scale.kind != .choice else { return [] }
        return (0..<slice.columns)
            .filter { !slice.isMasked(query, $0) && !slice.isBeyond(query, $0) && slice.value(query, $0).isFinite }
            .map { ($0, slice.value(query, $0)) }
            .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
    }

    /// How to read the picture in that theme.
    func subtitle(_ theme: Theme) -> Bilingual {
        var parts = [Bilingual(en: "\(subject.en).", zh: "\(subject.zh)。")]
        if title == subject { parts = [] }
        parts.append(slice.isPair ? pairReading : axesReading)
        parts.append(colorReading(theme))
        if marks.beyond { parts.append(Bilingual(en: "Before the mask.", zh: "这是掩码之前。")) }
        if let pixel = Words.aggregation(block, aggregation, isChoice: scale.kind == .choice) { parts.append(pixel) }
        if let framed { parts.append(framed) }
        return Bilingual(en: parts.map { $0.en }.joined(separator: " "), zh: parts.map { $0.zh }.joined())
    }

    private var isRaster: Bool { max(slice.rows, slice.columns) > MatrixRaster.cellLimit }

    private var pairReading: Bilingual {
        Bilingual(en: "Each row is a query, asking which keys matter to it.", zh: "每一行是一个查询，在问哪些键与它有关。")
    }

    private var axesReading: Bilingual {
        let (row, column) = (slice.axisName(slice.rowAxis), slice.axisName(slice.columnAxis))
        return Bilingual(en: "One row for each \(row.en), one column for each \(column.en).", zh: "每行一个\(row.zh)，每列一个\(column.zh)。")
    }

    private func colorReading(_ theme: Theme) -> Bilingual {
        switch scale.kind {
        case .weights:
            (theme == .dark ? Bilingual(en: "Brighter: more weight", zh: "越亮，权重越大") : Bilingual(en: "Darker: more weight", zh: "颜色越深，权重越大"))
                + (scale.rowsSumToOne ? Bilingual(en: "; a row adds up to 1.", zh: "；每行之和为 1。") : Bilingual(en: ".", zh: "。"))
        case .choice:
            slice.isSelection ? Bilingual(en: "Filled: kept.", zh: "填色的键被选中。") : Bilingual(en: "Filled: yes.", zh: "填色表示“是”。")
        case .magnitudes:
            theme == .dark ? Bilingual(en: "Brighter: larger.", zh: "越亮，数值越大。") : Bilingual(en: "Darker: larger.", zh: "颜色越深，数值越大。")
        case .signed:
            theme == .print
                ? isRaster
                    ? Bilingual(en: "Dark: negative; light: positive; middle grey: 0.", zh: "深灰为负，浅灰为正，中灰为 0。")
                    : Bilingual(en: "Darker: larger in size; a dash: negative.", zh: "颜色越深，绝对值越大；横线表示负数。")
                : Bilingual(en: "Blue: negative; orange: positive.", zh: "蓝色为负，橙色为正。")
        }
    }

    /// The last line: head, step, where the equation and the data come from.
    func source(_ provenance: Provenance) -> Bilingual {
        var parts = [head, Bilingual(same: slice.step.id.text)].compactMap { $0 }
        if !slice.step.source.isEmpty { parts.append(slice.step.sourceNote) }
        parts.append(Bilingual(en: "data: \(provenance.name)", zh: "数据：\(provenance.name)"))
        if let note = provenance.note { parts.append(note) }
        return Bilingual(en: parts.map { $0.en }.joined(separator: " · "), zh: parts.map { $0.zh }.joined(separator: " · "))
    }

    /// The picture in words, with its numbers.
    var alt: Bilingual {
        let (row, column) = (slice.axisName(slice.rowAxis), slice.axisName(slice.columnAxis))
        var text = Bilingual(
            en:
                "\(subject.en)\(head.map { ", " + $0.en } ?? ""): a matrix of \(Words.counted(slice.rows, "row")) (\(row.en)) by \(Words.counted(slice.columns, "column")) (\(column.en)), coloured from \(scale.ends.low) to \(scale.ends.high).",
            zh:
                "\(subject.zh)\(head.map { "（" + $0.zh + "）" } ?? "")：矩阵共 \(NumberText.grouped(slice.rows)) 行（\(row.zh)）、\(NumberText.grouped(slice.columns)) 列（\(column.zh)），颜色从 \(scale.ends.low) 到 \(scale.ends.high)。"
        )
        if let query, let best = strongest(3) {
            let name = slice.rowName(query)
            text = text + Bilingual(en: " Row \(query), “\(name)”: highest at \(best.en).", zh: "行 \(query)“\(name)”：最高的是\(best.zh)。")
        } else if let query, let row = rowText(query) {
            text =
                text
                + Bilingual(
                    en: " Row \(query), “\(slice.rowName(query))”: \(row.en).", zh: "行 \(query)“\(slice.rowName(query))”：\(row.zh)。")
        }
        if let column = columnText { text = text + column }
        if title != subject { text = title + Bilingual(en: ". ", zh: "。") + text }
        if marks.dropped { text = text + Bilingual(en: " Hatched cells are visible, but not selected.", zh: "画斜线的格子看得见，但未选中。") }
        if marks.beyond { text = text + Bilingual(en: " Faint cells are future keys, before the mask.", zh: "淡色的格子是未来的键，还没有掩住。") }
        if marks.masked { text = text + Bilingual(en: " Masked cells are blank.", zh: "掩住的格子留白。") }
        if let broken { text = text + broken }
        return text
    }

    /// A sentence to copy under the picture.
    var caption: Bilingual {
        title == subject
            ? Bilingual(en: "\(subject.en)\(head.map { " (\($0.en))" } ?? "").", zh: "\(subject.zh)\(head.map { "（\($0.zh)）" } ?? "")。")
            : Words.caption(title, of: slice)
    }

    private func strongest(_ count: Int) -> Bilingual? {
        let best = ranking.prefix(count)
        guard !best.isEmpty, scale.kind != .choice else { return nil }
        return list(best.map { (slice.key($0.column, of: query), $0.value) })
    }

    private func list(_ places: [(name: Bilingual, value: Double)]) -> Bilingual {
        Words.list(
            places.map { place in
                let value = NumberText.significant(place.value, digits: 3)
                return Bilingual(en: "\(place.name.en) (\(value))", zh: "\(place.name.zh)（\(value)）")
            })
    }

    /// What a number of a pair is called: a score only from the scaling and the mask on.
    private var pairQuantity: Bilingual? {
        guard slice.isPair else { return nil }
        let role = slice.step.id.role
        if role.isDot { return Bilingual(en: "dot product", zh: "点积") }
        switch role {
        case .scaled: return Bilingual(en: "scaled dot product", zh: "缩放后的点积")
        case .indexVotes: return Bilingual(en: "vote", zh: "票")
        default: return Bilingual(en: "score", zh: "得分")
        }
    }

    // MARK: The framed column

    /// Which row and column stand in frames; nil without a column.
    private var framed: Bilingual? {
        guard let key else { return nil }
        let column = Words.place(key, slice.columnLabels)
        guard let query else { return Bilingual(en: "Framed: column \(column.en).", zh: "框出\(column.zh)列。") }
        let row = Words.place(query, slice.rowLabels)
        return Bilingual(en: "Framed: row \(row.en), column \(column.en).", zh: "框出\(row.zh)行和\(column.zh)列。")
    }

    /// The framed column in words: who rests on the key most.
    private var columnText: Bilingual? {
        guard let key else { return nil }
        let rows = rows(seeing: key)
        let name = slice.columnName(key)
        if scale.kind == .choice {
            let count = rows.count { slice.value($0, key) == 1 }
            return Bilingual(en: " Column \(key), “\(name)”: filled in \(count) rows.", zh: "列 \(key)“\(name)”：\(count) 行填色。")
        }
        let best = rows.sorted { (slice.value($0, key), $1) > (slice.value($1, key), $0) }.prefix(3)
        guard !best.isEmpty else { return Bilingual(en: " Column \(key), “\(name)”: all masked.", zh: "列 \(key)“\(name)”：全部掩住。") }
        let rest = list(best.map { (Words.quoted(slice.rowName($0)), slice.value($0, key)) })
        return Bilingual(en: " Column \(key), “\(name)”: highest at \(rest.en).", zh: "列 \(key)“\(name)”：最高的是\(rest.zh)。")
    }

    /// The queries whose number for `key` stands after the mask.
    func rows(seeing key: Int) -> [Int] {
        (0..<slice.rows).filter { !slice.isMasked($0, key) && !slice.isBeyond($0, key) && slice.value($0, key).isFinite }
    }

    /// A short row in full.
    private func rowText(_ query: Int) -> Bilingual? {
        guard !slice.isPair, slice.columns <= 12 else { return nil }
        return Words.list(
            (0..<slice.columns).map { column in
                let value = NumberText.significant(slice.value(query, column), digits: 3)
                return Bilingual(same: slice.columnLabels.map { "\($0[column]) \(value)" } ?? value)
            })
    }

    private var broken: Bilingual? {
        let count = scale.brokenCount
        return count == 0
            ? nil : Bilingual(en: " \(count) cells hold no finite number and are crossed out.", zh: "有 \(count) 个格子不是有限数，已打叉。")
    }

    /// What a pointer shows over a cell.
    func label(_ row: Int, _ column: Int) -> CellLabel {
        let (first, second) = (slice.axisName(slice.rowAxis), slice.axisName(slice.columnAxis))
        let (r, c) = (slice.rowName(row), slice.columnName(column))
        return CellLabel(
            Bilingual(en: "\(first.en) \(r), \(second.en) \(c): ", zh: "\(first.zh)“\(r)”，\(second.zh)“\(c)”："), reading(row, column))
    }

    private func reading(_ row: Int, _ column: Int) -> Remark {
        if slice.isDropped(row, column) { return Remark(en: "visible, not selected", zh: "看得见，未选中") }
        if slice.isMasked(row, column) { return Remark(en: "masked", zh: "已掩住") }
        return slice.isSelection ? Remark(en: "selected", zh: "选中") : Remark(number: slice.value(row, column))
    }

    /// What the colours measure, for the legend.
    var quantity: Bilingual {
        switch scale.kind {
        case .weights: Bilingual(en: "weight", zh: "权重")
        case .choice: Bilingual(en: "no, yes", zh: "否、是")
        case .magnitudes, .signed:
            pairQuantity ?? Bilingual(en: "value", zh: "数值")
        }
    }
}
