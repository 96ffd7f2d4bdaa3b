// Beside the matrix: the story's row in order, with its strongest keys as bars.

import AttentionEngine

extension MatrixFigure {
    /// The story's row in order: its strongest keys with their digits.
    mutating func ranking(_ words: MatrixWords, at corner: Point, width sideWidth: Double) {
        guard let query else { return }
        let best = Array(words.ranking.prefix(6))
        let x = corner.x
        var y = corner.y + frame.type.panel
        let name =
            slice.rowLabels == nil
            ? Bilingual(en: "\(query)", zh: "第 \(query) 行") : Words.quoted(slice.rowName(query)) + Bilingual(en: "", zh: "这一行")
        let heading = Bilingual(en: "Row \(name.en), in order", zh: "\(name.zh)，从高到低")
        frame.add(heading[frame.language], frame.style(frame.type.panel, frame.palette.ink, .semibold), at: Point(x, y))
        y += frame.type.panel * 0.9
        let nameStyle = frame.style(frame.type.body, frame.palette.ink)
        let bar = slice.role == .indexer ? frame.palette.indexer : frame.palette.bar
        let most = max(best.map { abs($0.value) }.max() ?? 1, 1e-300)
        let numberWidth = best.map { frame.width(number($0.value), nameStyle) }.max() ?? 0
        for (place, entry) in best.enumerated() {
            let name = TokenText.shortened(keyName(entry.column), to: sideWidth - numberWidth - 12) { frame.width($0, nameStyle) }
            y += frame.type.body * 1.35
            let weight: TextStyle.Weight = place == 0 ? .semibold : .regular
            frame.add(name, frame.style(frame.type.body, frame.palette.ink, weight), at: Point(x, y))
            frame.add(number(entry.value), frame.style(frame.type.body, frame.palette.ink, weight), at: Point(x + sideWidth, y), .end)
            y += 7
            frame.items.append(.rect(Rect(x, y, sideWidth, 5), radius: 2.5, fill: .solid(frame.palette.rule)))
            let length = scale.kind == .weights ? entry.value : abs(entry.value) / most
            let fill: Fill = .solid(entry.value < 0 ? frame.palette.muted : bar)
            if length * sideWidth >= 1 { frame.items.append(.rect(Rect(x, y, sideWidth * min(length, 1), 5), radius: 2.5, fill: fill)) }
            y += 9
        }
        remark(words, shown: best.count, at: Point(x, y + frame.type.body * 1.2))
    }

    private func keyName(_ key: Int) -> String {
        slice.columnLabels == nil ? "\(slice.axisName(slice.columnAxis)[frame.language]) \(key)" : slice.columnName(key)
    }

    /// What the other keys hold together: nothing is left unsaid.
    private mutating func remark(_ words: MatrixWords, shown: Int, at point: Point) {
        let rest = words.ranking.dropFirst(shown)
        guard scale.kind == .weights, !rest.isEmpty else { return }
        let sum = NumberText.percent(rest.reduce(0) { $0 + $1.value })
        let text = Bilingual(en: "The other \(rest.count) keys share \(sum).", zh: "其余 \(rest.count) 个键共占 \(sum)。")
        frame.add(text[frame.language], frame.style(frame.type.label, frame.palette.muted), at: point)
    }

    private func number(_ value: Double) -> String {
        scale.kind == .weights
            ? NumberText.percent(value) : MatrixScale.typographic(NumberText.fixed(value, decimals: max(scale.decimals, 2)))
    }
}
