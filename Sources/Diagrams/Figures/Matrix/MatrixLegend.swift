// The legend of the matrix figure: the colour scale with its ends, or the two answers of a choice; and what hatched, pale and blank cells mean.

import Traces

extension MatrixFigure {
    /// What the colours and the other marks of cells mean.
    mutating func legend(_ words: MatrixWords) {
        frame.y += frame.type.label * 0.9
        frame.legend(colorEntries(words) + markEntries(words))
    }

    private func colorEntries(_ words: MatrixWords) -> [LegendEntry] {
        let language = frame.language
        func box(_ value: Double, _ text: Bilingual) -> LegendEntry {
            .box(.solid(scale.paint(value)), Stroke(.rule, width: 0.75), text[language])
        }
        if slice.isSelection { return [box(1, Bilingual(en: "selected", zh: "选中"))] }
        if scale.kind == .choice { return [box(0, Bilingual(en: "no", zh: "否")), box(1, Bilingual(en: "yes", zh: "是"))] }
        return [.ramp(scale.map, name: words.quantity[language], low: scale.ends.low, high: scale.ends.high, ofPixels: isRaster)]
    }

    private func markEntries(_ words: MatrixWords) -> [LegendEntry] {
        let language = frame.language
        let marks = words.marks
        var entries: [LegendEntry] = []
        if marks.dropped {
            let text = Bilingual(en: "hatched: visible, not selected", zh: "斜线：看得见，未选中")
            entries.append(.box(frame.hatching, Stroke(.rule, width: 0.75), text[language]))
        }
        if marks.beyond { entries.append(.words(Bilingual(en: "faint: future keys", zh: "淡色：未来的键")[language])) }
        if scale.brokenCount > 0 { entries.append(.broken(language)) }
        if marks.masked { entries.append(.words(Bilingual(en: "blank: masked", zh: "空白：已掩住")[language])) }
        return entries
    }
}
