// The rows of the figure `indexer`, one for each visible key: its name, its products and votes in every head, the bar of its score, and whether it
// stays.

import Traces

extension IndexerFigure {
    mutating func draw(_ key: Int, _ y: Double, _ columns: Columns) {
        let isKept = way.kept.contains(key)
        let middle = y + columns.pitch / 2
        let baseline = middle + frame.type.label * 0.36
        if columns.hasNames {
            let style = frame.style(
                frame.type.label, isKept ? .ink : .muted, isKept ? .semibold : .regular)
            let name = TokenText.shortened(way.name(key), to: columns.name - 6) { frame.width($0, style) }
            if isNarrow, isKept {
                let area = Rect(frame.type.margin - 5, y + 1, frame.width(name, style) + 10, columns.pitch - 2)
                frame.items.append(.rect(area, radius: 3, fill: .solid(frame.highlighter(0.6))))
            }
            let color = isNarrow && isKept ? frame.onHighlighter(0.6) : style.color
            frame.add(name, TextStyle(size: style.size, weight: style.weight, color: color), at: Point(frame.type.margin, baseline))
        }
        for head in 0..<way.heads {
            let x = Double(head) * columns.cell
            let product = way.product(head, key)
            cell(product, Rect(columns.dots + x, y, columns.cell, columns.pitch), columns, way.dot, [way.query, head, key])
            cell(way.vote(head, key), Rect(columns.votes + x, y, columns.cell, columns.pitch), columns, way.votes, [way.query, head, key])
        }
        bar(key, y, columns, isKept)
        if columns.hasNames {
            let style = frame.style(frame.type.label, isKept ? .ink : .muted, isKept ? .semibold : .regular)
            frame.add(scoreText(way.score(key)), style, at: Point(columns.score, baseline), .end)
        }
        chip(key, y, columns, isKept)
    }

    private mutating func cell(_ value: Double, _ area: Rect, _ columns: Columns, _ step: Step, _ index: [Int]) {
        let inner = area.insetBy(min(area.width, area.height) > 6 ? 0.75 : 0.1)
        let paint = ColorScale.diverging.paint(at: limit > 0 ? (value / limit + 1) / 2 : 0.5)
        frame.items.append(columns.pitch > 6 ? .cell(inner, paint) : .rect(inner, fill: .solid(paint)))
        if let digits = columns.digits {
            let ink = value == 0 ? Paint.muted : .text(on: paint)
            let style = TextStyle(size: digits.size, weight: .regular, color: ink)
            frame.add(text(value), style, at: Point(area.midX, area.midY + digits.size * 0.36), .middle)
        }
        let place = "\(step.symbol)[\(index.map(String.init).joined(separator: ", "))] = "
        let label = CellLabel(Bilingual(same: place), Remark(number: value))
        frame.items.append(.hotSpot(HotSpot(area, step: step.id.text, index: index, label: label)))
    }

    private mutating func bar(_ key: Int, _ y: Double, _ columns: Columns, _ isKept: Bool) {
        let (zero, end) = (position(0, columns), position(way.score(key), columns))
        let height = max(columns.pitch * 0.56, min(columns.pitch, 2))
        let area = Rect(min(zero, end), y + (columns.pitch - height) / 2, abs(end - zero), height)
        let lines = Paint.indexer.mixed(0.45)
        if area.width > 0.3 {
            let thin = height < 5
            frame.items.append(
                isKept
                    ? .rect(area, fill: .solid(.indexer))
                    : thin
                        ? .rect(area, fill: .solid(lines))
                        : .rect(
                            area.insetBy(min(0.5, area.width / 3)), fill: .hatch(lines: lines, background: nil, spacing: 3.2, width: 0.7),
                            stroke: Stroke(lines)))
        }
        let label = words.scoreLabel(key)
        let whole = Rect(columns.bars, y, columns.score - columns.bars, columns.pitch)
        frame.items.append(.hotSpot(HotSpot(whole, step: way.score.step.id.text, index: [way.query, key], label: label)))
    }

    private mutating func chip(_ key: Int, _ y: Double, _ columns: Columns, _ isKept: Bool) {
        guard let x = columns.chips else { return }
        let area = Rect(x, y + 1.5, columns.chipWidth, columns.pitch - 3)
        guard columns.hasNames else {
            if isKept { frame.items.append(.rect(Rect(x, y, Self.swatch, columns.pitch), fill: .solid(.highlight))) }
            return
        }
        frame.items.append(.rect(area, radius: 4, fill: isKept ? .solid(.highlight) : frame.hatching))
        let style = frame.style(
            frame.type.label, isKept ? .onHighlight : .muted, isKept ? .semibold : .regular)
        let name = TokenText.shortened(way.name(key), to: area.width - 8) { frame.width($0, style) }
        frame.add(name, style, at: Point(area.midX, area.midY + frame.type.label * 0.36), .middle)
    }

    /// The width of a mark for a kept key whose row is too low for its name.
    static let swatch = 18.0

    /// The names of kept keys whose rows are too low for them: beside their rows, spread as far as they need, with a line to each.
    mutating func nameKept(_ top: Double, _ columns: Columns) {
        let kept = way.keys.indices.filter { way.kept.contains(way.keys[$0]) }
        let (height, bottom) = (label.size * 1.2, top + Double(way.keys.count) * columns.pitch)
        guard Double(kept.count) * height <= bottom - top + height else { return }
        let rows = kept.map { top + (Double($0) + 0.5) * columns.pitch }
        let middles = LabelStack.placed(rows, heights: rows.map { _ in height }, low: top - height / 2, high: bottom + height / 2)
        let style = frame.style(label.size, .ink, .semibold)
        let (from, to) = columns.chips.map { ($0 + Self.swatch + 2, $0 + Self.swatch + 16) } ?? (columns.dots - 2, columns.dots - 10)
        let room = columns.chips == nil ? to - frame.type.margin : columns.chipWidth - Self.swatch - 20
        for (place, (row, middle)) in zip(kept, zip(rows, middles)) {
            let name = TokenText.shortened(way.name(way.keys[place]), to: room) { frame.width($0, style) }
            let line: [PathElement] = [.move(Point(from, row)), .line(Point(to, middle))]
            frame.items.append(.path(line, stroke: Stroke(.muted, width: 0.75)))
            let shift = from < to ? 4.0 : -3
            frame.add(name, style, at: Point(to + shift, middle + style.size * 0.36), from < to ? .start : .end)
        }
    }
}
