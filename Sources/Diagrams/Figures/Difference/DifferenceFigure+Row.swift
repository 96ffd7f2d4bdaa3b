// The framed row of the figure `difference`, beside its matrix: what it is in the first run and in the second, key by key.

import Traces

extension DifferenceFigure {
    /// The cells of a row that differ, the largest difference first, as many as there is room for.
    mutating func row(_ row: Int, in area: Rect) {
        let all = pair.differing(row)
        var y = area.y + frame.type.panel
        frame.add(fitted(words.rowHeading(row), headingStyle, area.width), headingStyle, at: Point(area.x, y))
        y += frame.type.label * 0.6
        for (kind, line) in words.rowKeys.enumerated() {
            y += frame.type.label * 1.6
            if !pair.isSelection {
                frame.items.append(bar(Rect(area.x, y - swatch.height, swatch.width, swatch.height), isSecond: kind == 1))
            }
            let left = area.x + (pair.isSelection ? 0 : swatch.width + 8)
            frame.add(fitted(line, labelStyle, area.maxX - left), labelStyle, at: Point(left, y))
        }
        y += frame.type.body * 1.1
        let least = frame.type.label * 2.5
        let room = max(1, Int((area.maxY - y) / least))
        let shown = all.prefix(all.count > room ? max(1, room - 1) : room)
        let pitch = min(max((area.maxY - y) / Double(max(shown.count, 1)), least), frame.type.label * 4.4)
        let names = shown.map { pair.columnName($0) }
        let style = frame.style(frame.type.body, .ink)
        let nameWidth = min(names.reduce(0) { max($0, frame.width($1, style)) }, area.width * 0.3)
        for (place, column) in shown.enumerated() {
            let line = Rect(area.x, y + Double(place) * pitch, area.width, pitch)
            let name = TokenText.shortened(names[place], to: nameWidth) { frame.width($0, style) }
            if pair.isSelection {
                let box = Rect(line.x, line.midY - style.size * 0.6, style.size * 1.2, style.size * 1.2)
                let isPlus = pair[row, column] == .gained
                frame.items += sign(box, isPlus ? Self.gained : Self.lost, isPlus: isPlus)
                frame.add(name, style, at: Point(box.maxX + 10, line.midY + style.size * 0.36))
            } else {
                frame.add(name, style, at: Point(line.x + nameWidth, line.midY + style.size * 0.36), .end)
                bars(row, column, Rect(line.x + nameWidth + 12, line.y, line.width - nameWidth - 12, pitch), scale(row, shown))
            }
        }
        y += Double(shown.count) * pitch
        if all.count > shown.count {
            frame.add(words.more(all.count - shown.count)[frame.language], labelStyle, at: Point(area.x, y + frame.type.label * 1.4))
        }
    }

    private var headingStyle: TextStyle { frame.style(frame.type.panel, .ink, .semibold) }
    private var swatch: Size { Size(frame.type.label * 1.6, frame.type.label * 0.75) }

    private func fitted(_ line: Bilingual, _ style: TextStyle, _ width: Double) -> String {
        TokenText.shortened(Words.spaced(line)[frame.language], to: width) { frame.width($0, style) }
    }

    /// A bar of the first run is an outline, one of the second is full: told apart without a colour.
    private func bar(_ area: Rect, isSecond: Bool) -> Item {
        isSecond ? .rect(area, fill: .solid(.bar)) : .rect(area.insetBy(0.5), fill: .solid(.paper), stroke: Stroke(.bar, width: 1))
    }

    /// The least and the largest number of the cells in both runs, and zero.
    private func scale(_ row: Int, _ columns: ArraySlice<Int>) -> (low: Double, high: Double) {
        let all = columns.flatMap { [pair.values(row, $0).first, pair.values(row, $0).second] }.compactMap { $0 }.filter { $0.isFinite }
        return (min(0, all.min() ?? 0), max(0, all.max() ?? 0))
    }

    /// A key's number in both runs, one bar over the other, with its digits.
    private mutating func bars(_ row: Int, _ column: Int, _ area: Rect, _ scale: (low: Double, high: Double)) {
        let (first, second) = pair.values(row, column)
        let texts = [first, second].map { words.value($0)[frame.language] }
        let digits = texts.reduce(0) { max($0, frame.width($1, labelStyle)) }
        let room = area.width - max(digits, frame.width("−0.0000", labelStyle)) - 8
        let unit = scale.high > scale.low ? room / (scale.high - scale.low) : 0
        let height = min(area.height * 0.4, frame.type.label * 1.5)
        for (place, value) in [first, second].enumerated() {
            let y = area.midY + (place == 0 ? -height - 0.5 : 0.5)
            var end = area.x - scale.low * unit
            if let value, value.isFinite, value != 0 {
                let span = Rect(area.x + (min(value, 0) - scale.low) * unit, y, max(abs(value) * unit, 1.5), height)
                frame.items.append(bar(span, isSecond: place == 1))
                end = max(end, span.maxX)
            }
            frame.add(texts[place], labelStyle, at: Point(end + 6, y + height / 2 + labelStyle.size * 0.36))
        }
    }
}
