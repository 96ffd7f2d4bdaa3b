// Beside the matrix: the story's row in order, with its strongest keys as bars.

import Traces

/// One entry of a ranking.
struct RankedBar {
    let name: String
    let number: String
    /// How much of the track is filled, 0 to 1.
    let share: Double
    let color: Paint
}

extension PictureFrame {
    /// Entries one below the other, each a name and a number over a bar, the first in bold; gives the lower edge.
    mutating func ranked(_ entries: [RankedBar], at corner: Point, width limit: Double) -> Double {
        let plain = style(type.body, .ink)
        let numbers = entries.map { width($0.number, plain) }.max() ?? 0
        var y = corner.y
        for (place, entry) in entries.enumerated() {
            let name = TokenText.shortened(entry.name, to: limit - numbers - 12) { width($0, plain) }
            let style = style(type.body, .ink, place == 0 ? .semibold : .regular)
            y += type.body * 1.35
            add(name, style, at: Point(corner.x, y))
            add(entry.number, style, at: Point(corner.x + limit, y), .end)
            y += 7
            items.append(.rect(Rect(corner.x, y, limit, 5), radius: 2.5, fill: .solid(.rule)))
            let length = limit * min(entry.share, 1)
            if length >= 1 { items.append(.rect(Rect(corner.x, y, length, 5), radius: 2.5, fill: .solid(entry.color))) }
            y += 9
        }
        return y
    }
}

extension MatrixFigure {
    /// The story's row in order: its strongest keys with their digits; gives the lower edge.
    mutating func ranking(_ words: MatrixWords, at corner: Point, width sideWidth: Double) -> Double {
        guard let query else { return corner.y }
        let best = Array(words.ranking.prefix(6))
        let x = corner.x
        var y = corner.y + frame.type.panel
        let name =
            slice.rowLabels == nil
            ? Bilingual(en: "\(query)", zh: "行 \(query)") : Words.quoted(slice.rowName(query)) + Bilingual(en: "", zh: "这一行")
        let heading = Bilingual(en: "Row \(name.en), in order", zh: "\(name.zh)，从高到低")
        frame.add(heading[frame.language], frame.style(frame.type.panel, .ink, .semibold), at: Point(x, y))
        y += frame.type.panel * 0.9
        let bar = slice.part == .indexer ? Paint.indexer : .bar
        let most = max(best.map { abs($0.value) }.max() ?? 1, 1e-300)
        let entries = best.map { entry in
            RankedBar(
                name: keyName(entry.column), number: number(entry.value),
                share: scale.kind == .weights ? entry.value : abs(entry.value) / most, color: entry.value < 0 ? .muted : bar)
        }
        y = frame.ranked(entries, at: Point(x, y), width: sideWidth)
        guard let remark = remark(words, shown: best.count) else { return y }
        y += frame.type.body * 1.2
        frame.add(remark[frame.language], frame.style(frame.type.label, .muted), at: Point(x, y))
        return y + frame.type.label * 0.5
    }

    private func keyName(_ key: Int) -> String {
        slice.columnLabels == nil ? "\(slice.axisName(slice.columnAxis)[frame.language]) \(key)" : slice.columnName(key)
    }

    /// What the other keys hold together: nothing is left unsaid.
    private func remark(_ words: MatrixWords, shown: Int) -> Bilingual? {
        let rest = words.ranking.dropFirst(shown)
        guard scale.kind == .weights, !rest.isEmpty else { return nil }
        let sum = NumberText.share(rest.reduce(0) { $0 + $1.value })
        return Bilingual(en: "The other \(rest.count) keys share \(sum).", zh: "其余 \(rest.count) 个键共占 \(sum)。")
    }

    private func number(_ value: Double) -> String {
        scale.kind == .weights
            ? NumberText.share(value) : MatrixScale.typographic(NumberText.fixed(value, decimals: max(scale.decimals, 2)))
    }
}
