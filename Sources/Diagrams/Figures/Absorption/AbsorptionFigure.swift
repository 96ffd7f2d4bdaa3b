// The figure `absorption`: (Wᵀ q) · c = q · (W c) with tables of 2 by 2 numbers, both ways of bracketing side by side; and below, the same with a
// rotation by position between query and table, at two distances: the table that a moved bracket would need is another one each time. All numbers are
// cells of the engine's own demonstration. Left out: scaling, softmax, and the companion for position that latent attention has instead.

import Mechanisms
import Traces

extension Figure {
    /// What moving a bracket does, and what a rotation in between forbids.
    public static let absorption = Figure(
        name: "absorption",
        summary: Bilingual(
            en: "(Wᵀq)·c = q·(Wc) with 2 x 2 numbers, then with a rotation between", zh: "用 2 x 2 的数看 (Wᵀq)·c = q·(Wc)，再看中间隔着旋转会怎样"),
        needs: .nothing
    ) { data, options, text throws(FigureError) in
        let trace = try computing { () throws(EngineError) in try AbsorptionDemonstration.trace() }
        var figure = try AbsorptionFigure(trace, data.provenance, options, try PictureFrame(options.inArticleType, text))
        return figure.scene()
    }
}

struct AbsorptionFigure {
    private let numbers: AbsorptionNumbers
    private let words: AbsorptionWords
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    /// How much larger than labels the arithmetic is.
    private var zoom = 1.0

    init(_ trace: Trace, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(FigureError) {
        (self.provenance, self.options, self.frame) = (provenance, options, frame)
        numbers = try AbsorptionNumbers(trace)
        words = AbsorptionWords(numbers)
    }

    mutating func scene() -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        let body = frame.items.count
        zoom = stride(from: 1.8, to: 1, by: -0.1).first(where: fits) ?? 1
        arithmetic()
        return frame.scene("absorption", body: body, options, text, provenance)
    }

    private mutating func arithmetic() {
        frame.y += frame.type.body * 0.8
        row(words.plainHeading, plain)
        row(words.turnedHeading, turned)
        frame.y += frame.type.small * 0.4
    }

    private var plain: [(heading: Bilingual, lines: [AbsorptionLine])] {
        [(words.keyFirst, numbers.keyFirst), (words.queryFirst, numbers.queryFirst)]
    }

    private var turned: [(heading: Bilingual, lines: [AbsorptionLine])] {
        numbers.distances.map { (words.atDistance($0), numbers.turned($0, language: frame.language)) }
    }

    /// Whether no line runs over its column at this size, nor the whole over the foot of a low picture.
    private func fits(_ zoom: Double) -> Bool {
        var trial = self
        trial.zoom = zoom
        let rows = plain.map { $0.lines } + turned.flatMap { $0.lines.map { [$0] } }
        let widest = rows.map { trial.oneRow($0, at: Point(0, 0)) }.max() ?? 0
        guard widest <= panelWidth else { return false }
        guard let proportion = options.preset.proportion else { return true }
        trial.arithmetic()
        return trial.frame.y + trial.frame.footHeight(words.words.source) <= trial.frame.width * proportion
    }

    // MARK: Layout

    private var label: Double { frame.type.label * zoom }
    private var cell: Double { (label * 2.1).rounded() }
    private var columns: Int { frame.width >= 700 ? 2 : 1 }
    private var gap: Double { max(28, frame.contentWidth * 0.05) }
    private var panelWidth: Double { (frame.contentWidth - gap * Double(columns - 1)) / Double(columns) }

    /// A heading from margin to margin, and under it its panels side by side, or one below the other.
    private mutating func row(_ heading: Bilingual, _ panels: [(heading: Bilingual, lines: [AbsorptionLine])]) {
        frame.y += frame.type.panel * 0.6
        frame.paragraph(heading[frame.language], frame.style(frame.type.panel, .ink, .semibold), leading: 1.3)
        frame.y += frame.type.body * 0.25
        let rule: [PathElement] = [.move(Point(frame.type.margin, frame.y)), .line(Point(frame.width - frame.type.margin, frame.y))]
        frame.items.append(.path(rule, stroke: Stroke(.rule)))
        var (top, bottom) = (frame.y, frame.y)
        // Side by side, panels begin their arithmetic on one line.
        let most = columns > 1 ? panels.map { headingLines($0.heading).count }.max() ?? 1 : 1
        for (place, panel) in panels.enumerated() {
            let column = place % columns
            if column == 0 { top = bottom }
            let left = frame.type.margin + Double(column) * (panelWidth + gap)
            bottom = max(bottom, draw(panel.heading, panel.lines, x: left, top: top, headingLines: most))
        }
        frame.y = bottom
    }

    private func headingLines(_ heading: Bilingual) -> [String] {
        let style = frame.style(frame.type.body, .muted)
        return LineBreaker.lines(heading[frame.language], width: panelWidth) { frame.width($0, style) }
    }

    /// One panel; gives where it ends.
    private mutating func draw(
        _ heading: Bilingual, _ lines: [AbsorptionLine], x left: Double, top: Double, headingLines least: Int
    ) -> Double {
        let words = headingLines(heading)
        let start = top + frame.type.body * 0.5
        for (place, line) in words.enumerated() {
            frame.add(line, frame.style(frame.type.body, .muted), at: Point(left, start + frame.type.body * 1.35 * Double(place + 1)))
        }
        var y = start + frame.type.body * 1.35 * Double(max(least, words.count))
        if isOneRow(lines) {
            y += label * 2.1
            _ = oneRow(lines, at: Point(left, y))
            return y + cell * 2 + frame.type.body * 0.9
        }
        for line in lines {
            if let note = line.note {
                y += frame.type.label * 2
                frame.add(note[frame.language], frame.labelStyle, at: Point(left, y))
            }
            y += label * 2.1
            var x = left
            for part in line.parts { x = draw(part, at: Point(x, y)) }
            y += cell * 2
        }
        return y + frame.type.body * 0.9
    }

    /// Whether lines stand side by side: those that need no words in between, where they fit.
    private func isOneRow(_ lines: [AbsorptionLine]) -> Bool {
        guard lines.allSatisfy({ $0.note == nil }) else { return false }
        var trial = self
        return trial.oneRow(lines, at: Point(0, 0)) <= panelWidth
    }

    /// Lines one beside the other; gives where they end.
    private mutating func oneRow(_ lines: [AbsorptionLine], at corner: Point) -> Double {
        var x = corner.x
        for (place, line) in lines.enumerated() {
            if place > 0 { x += cell * 1.5 }
            for part in line.parts { x = draw(part, at: Point(x, corner.y)) }
        }
        return x
    }

    /// A table, a sign or a result; gives where the next part begins.
    private mutating func draw(_ part: AbsorptionLine.Part, at corner: Point) -> Double {
        let middle = corner.y + cell
        switch part {
        case .sign(let sign):
            let style = frame.style(frame.type.body * zoom, .muted)
            let width = frame.width(sign, style) + cell * 0.5
            frame.add(sign, style, at: Point(corner.x + width / 2, middle + style.size * 0.36), .middle)
            return corner.x + width
        case .table(let table): return draw(table, at: corner)
        case .result(let cell):
            let style = frame.style(frame.type.panel * zoom, frame.onHighlighter(1), .bold)
            let text = words.text(cell.value)
            let area = Rect(corner.x + 2, middle - style.size * 0.85, frame.width(text, style) + style.size, style.size * 1.7)
            frame.items.append(.rect(area, radius: 5, fill: .solid(frame.highlighter(1))))
            frame.add(text, style, at: Point(area.midX, middle + style.size * 0.36), .middle)
            spot(cell, area)
            return area.maxX + 4
        }
    }

    private mutating func draw(_ table: AbsorptionTable, at corner: Point) -> Double {
        let width = cell * Double(table.columns)
        let digits = frame.style(label, .ink, .medium)
        frame.symbol(
            table.symbol, frame.style(label, table.paint, .semibold),
            center: Point(corner.x + width / 2, corner.y - label * 0.75))
        for (place, value) in table.cells.enumerated() {
            let area = Rect(
                corner.x + cell * Double(place % table.columns), corner.y + cell * Double(place / table.columns), cell, cell)
            let inner = area.insetBy(0.75)
            frame.items.append(.rect(inner, fill: .solid(table.paint.mixed(0.1)), stroke: Stroke(table.paint.mixed(0.55), width: 1)))
            frame.add(words.text(value.value), digits, at: Point(area.midX, area.midY + digits.size * 0.36), .middle)
            spot(value, area)
        }
        return corner.x + width + 7
    }

    private mutating func spot(_ cell: AbsorptionCell, _ area: Rect) {
        frame.items.append(.hotSpot(HotSpot(area, step: cell.step.id.text, index: cell.index, label: words.label(cell))))
    }
}
