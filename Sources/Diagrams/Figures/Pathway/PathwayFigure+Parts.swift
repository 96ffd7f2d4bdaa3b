// The parts of the figure `pathway`, each in its room: strips of cells, bars, words. What is quiet is paler, and its cells are not asked.

import Traces

extension PathwayFigure {
    /// Whether the part is the one spoken of, or none is.
    private func isLit(_ part: PathwayPart) -> Bool { options.part == nil || options.part == part }

    /// A paint as loud as its part is.
    private func tone(_ paint: Paint, _ part: PathwayPart) -> Paint { isLit(part) ? paint : paint.mixed(0.4) }

    /// A part with its arrow and its name.
    mutating func draw(_ place: Place) {
        if let x = place.arrow { arrow(Point(x, place.area.midY)) }
        let area = place.area
        switch place.part {
        case .words: words(area)
        case .vectors: vectors(area)
        case .qkv: strips(run.projected, area, place.part)
        case .indexKeys: strips(run.indexed, area, place.part)
        case .scores: if let scores = run.scores { row(scores, area, place.part) }
        case .indexScores: if let scores = run.indexScores { row(scores, area, place.part) }
        case .kept: kept(area)
        case .shares: shares(area)
        case .sum:
            if let sum = run.sum { strip(sum, Rect(area.midX - cell * 3, area.midY - cell * 1.25, cell * 6, cell * 2.5), .sum, .value) }
        case .answer: answer(area)
        }
        name(place)
    }

    private mutating func arrow(_ center: Point) {
        let half = 4.5 * unit
        let path: [PathElement] = [
            .move(Point(center.x - half, center.y)), .line(Point(center.x + half, center.y)),
            .move(Point(center.x + half * 0.25, center.y - half * 0.7)), .line(Point(center.x + half, center.y)),
            .line(Point(center.x + half * 0.25, center.y + half * 0.7)),
        ]
        frame.items.append(.path(path, stroke: Stroke(.muted, width: 1)))
    }

    /// The name under a part, on the highlighter where the part is lit.
    private mutating func name(_ place: Place) {
        let isOnly = options.part == place.part
        let lines = nameLines(place.part)
        let style = isOnly ? frame.style(label.size, frame.onHighlighter(1), .semibold) : label
        let first = place.area.maxY + label.size * (lines.count > 1 ? 0.95 : 1.35)
        if isOnly {
            let width = lines.map { frame.width($0, style) }.max() ?? 0
            let height = label.size * (1.1 * Double(lines.count - 1) + 1.45)
            frame.items.append(
                .rect(
                    Rect(place.area.midX - width / 2 - 5, first - label.size * 1.05, width + 10, height), radius: 4,
                    fill: .solid(frame.highlighter(1))))
        }
        for (number, line) in lines.enumerated() {
            frame.add(line, style, at: Point(place.area.midX, first + label.size * 1.1 * Double(number)), .middle)
        }
    }

    // MARK: Words and vectors

    private func middle(_ number: Int, _ area: Rect) -> Double { area.y + (Double(number) + 0.5) * area.height / Double(run.tokens.count) }

    private mutating func words(_ area: Rect) {
        for (number, token) in run.tokens.enumerated() {
            let isStrong = token == run.top || token == run.position
            let color: Paint = isLit(.words) && isStrong ? .ink : .muted
            let style = frame.style(label.size, color, isLit(.words) && isStrong ? .semibold : .regular)
            frame.add(word(token), style, at: Point(area.midX, middle(number, area) + label.size * 0.36), .middle)
        }
    }

    private mutating func vectors(_ area: Rect) {
        let strips = run.tokens.map { run.vector($0, most: 8) }
        let limit = strips.flatMap { $0?.values ?? [] }.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
        for (number, strip) in strips.enumerated() {
            guard let strip else { continue }
            let width = cell * Double(strip.values.count)
            let height = min(cell * 1.9, area.height / Double(run.tokens.count) - 3)
            cells(strip, Rect(area.midX - width / 2, middle(number, area) - height / 2, width, height), .vectors, limit: limit)
        }
    }

    // MARK: Strips

    /// Strips one below the other, each with its letter.
    private mutating func strips(_ strips: [(name: String, paint: Paint, strip: PathwayRun.Strip)], _ area: Rect, _ part: PathwayPart) {
        let pitch = area.height / Double(max(strips.count, 1))
        let width = letterWidth + cell * 6
        for (number, entry) in strips.enumerated() {
            let y = area.y + (Double(number) + 0.5) * pitch
            let style = frame.style(label.size, isLit(part) ? entry.paint : .muted, .semibold)
            frame.symbol(entry.name, style, center: Point(area.midX - width / 2 + letterWidth * 0.4, y))
            let height = min(cell * 2, pitch - 4)
            strip(entry.strip, Rect(area.midX - width / 2 + letterWidth, y - height / 2, cell * 6, height), part, entry.paint)
        }
    }

    /// A strip in the colour of its role: the larger a number, the stronger; negative ones carry a line below.
    private mutating func strip(_ strip: PathwayRun.Strip, _ area: Rect, _ part: PathwayPart, _ paint: Paint) {
        let limit = max(strip.values.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }, 1e-300)
        let width = area.width / Double(max(strip.values.count, 1))
        frame.items.append(.rect(area.insetBy(0.5), fill: .solid(tone(paint.mixed(0.08), part))))
        for (place, value) in strip.values.enumerated() where value.isFinite {
            let box = Rect(area.x + Double(place) * width, area.y, width, area.height)
            if value != 0 {
                frame.items.append(.rect(box.insetBy(0.5), fill: .solid(tone(paint.mixed(0.15 + 0.75 * abs(value) / limit), part))))
            }
            if value < 0 {
                let line: [PathElement] = [.move(Point(box.x + 1, box.maxY + 1)), .line(Point(box.maxX - 1, box.maxY + 1))]
                frame.items.append(.path(line, stroke: Stroke(tone(.ink, part), width: 1)))
            }
            spot(strip, place, box, part)
        }
    }

    /// Signed numbers as cells on the diverging map.
    private mutating func cells(_ strip: PathwayRun.Strip, _ area: Rect, _ part: PathwayPart, limit: Double) {
        let width = area.width / Double(max(strip.values.count, 1))
        for (place, value) in strip.values.enumerated() where value.isFinite {
            let box = Rect(area.x + Double(place) * width, area.y, width, area.height)
            let paint = ColorScale.diverging.paint(at: limit > 0 ? (value / limit + 1) / 2 : 0.5)
            // Zero is paper.
            if value != 0 { frame.items.append(.rect(box.insetBy(min(0.5, width * 0.1)), fill: .solid(tone(paint, part)))) }
            spot(strip, place, box, part)
        }
        frame.items.append(.rect(area.insetBy(-0.5), stroke: Stroke(.rule, width: 0.75)))
    }

    private mutating func spot(_ strip: PathwayRun.Strip, _ place: Int, _ area: Rect, _ part: PathwayPart) {
        guard isLit(part) else { return }
        frame.items.append(.hotSpot(HotSpot(area, step: strip.step.id.text, index: strip.index(place), label: words.label(strip, place))))
    }

    // MARK: Rows of keys

    /// A row of scores as cells, the key that the row comes to rest on named over its cell.
    private mutating func row(_ strip: PathwayRun.Strip, _ area: Rect, _ part: PathwayPart) {
        let limit = strip.values.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
        let height = min(22 * unit, area.height / 3)
        let box = Rect(area.midX - rowWidth / 2, area.midY - height / 2, rowWidth, height)
        cells(strip, box, part, limit: limit)
        caption(strip, box, part, word(run.top), over: box.y - 4)
    }

    /// Words over the place of the key that the row rests on most, inside the part's room.
    private mutating func caption(_ strip: PathwayRun.Strip, _ box: Rect, _ part: PathwayPart, _ text: String, over y: Double) {
        let style = frame.style(label.size, isLit(part) ? .ink : .muted, isLit(part) ? .semibold : .regular)
        let x = box.x + (Double(run.top / strip.block) + 0.5) * box.width / Double(strip.values.count)
        let half = frame.width(text, style) / 2
        frame.add(text, style, at: Point(min(max(x, box.x + half), box.maxX - half), y), .middle)
    }

    private mutating func kept(_ area: Rect) {
        guard let (step, keys) = run.kept else { return }
        let height = min(22 * unit, area.height / 3)
        let box = Rect(area.midX - rowWidth / 2, area.midY - height / 2, rowWidth, height)
        let width = box.width / Double(run.columns)
        frame.items.append(.rect(box.insetBy(-0.5), stroke: Stroke(.rule, width: 0.75)))
        for (rank, key) in keys.enumerated() {
            let mark = Rect(box.x + Double(key) * width, box.y, max(width, 1.5), box.height)
            frame.items.append(.rect(mark.insetBy(min(0.5, width * 0.1)), fill: .solid(tone(.highlight, .kept))))
            guard isLit(.kept) else { continue }
            let label = CellLabel(
                Bilingual(en: "\(run.row.name(key)): ", zh: "\(run.row.name(key))："), Remark(en: "kept", zh: "留下"))
            frame.items.append(.hotSpot(HotSpot(mark, step: step.id.text, index: [run.row.query, rank], label: label)))
        }
        let style = frame.style(label.size, isLit(.kept) ? .ink : .muted)
        frame.add("\(keys.count) / \(run.columns)", style, at: Point(box.midX, box.y - 4), .middle)
    }

    private mutating func shares(_ area: Rect) {
        let strip = run.shares
        let base = area.midY + 26 * unit
        let full = 46 * unit
        let most = max(strip.values.max() ?? 1, 1e-300)
        let box = Rect(area.midX - rowWidth / 2, base - full, rowWidth, full)
        let width = box.width / Double(strip.values.count)
        for (place, value) in strip.values.enumerated() {
            let length = value / most * full
            let bar = Rect(box.x + Double(place) * width, base - length, width, length)
            if length > 0.4 {
                frame.items.append(.rect(Rect(bar.x + width * 0.12, bar.y, width * 0.76, length), fill: .solid(tone(.bar, .shares))))
            }
            spot(strip, place, Rect(bar.x, box.y, width, full), .shares)
        }
        frame.items.append(.path([.move(Point(box.x, base)), .line(Point(box.maxX, base))], stroke: Stroke(.rule)))
        caption(strip, box, .shares, NumberText.share(run.row.weight(run.top), decimals: 0), over: box.y - 4)
    }

    // MARK: The end

    private mutating func answer(_ area: Rect) {
        guard let (step, index, word) = run.answer else {
            if let output = run.output {
                strip(output, Rect(area.midX - cell * 3, area.midY - cell * 1.25, cell * 6, cell * 2.5), .answer, .ink)
            }
            return
        }
        let style = answerStyle
        let width = frame.width(word, style) + 14
        let box = Rect(area.midX - width / 2, area.midY - style.size, width, style.size * 2)
        frame.items.append(.rect(box, radius: 5, stroke: Stroke(tone(.ink, .answer), width: 1.2)))
        let color: Paint = isLit(.answer) ? .ink : .muted
        frame.add(word, frame.style(style.size, color, .semibold), at: Point(box.midX, box.midY + style.size * 0.36), .middle)
        guard isLit(.answer) else { return }
        let label = CellLabel(Bilingual(en: "answer \(word): ", zh: "答案“\(word)”："), Remark(number: step.output.values[index]))
        frame.items.append(.hotSpot(HotSpot(box, step: step.id.text, index: [index], label: label)))
    }
}
