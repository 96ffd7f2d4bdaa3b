// The figure `pathway`: the one picture that stays. Words become vectors, these queries, keys and values, these a row of scores, shares, a weighted
// sum, an answer: one query's own run, small, with the part that is spoken of lit and the rest quiet. It opens from a strip of a whole transformer.
// Left out: everything that is not this one row of one head.

import Records
import Traces

extension Figure {
    /// The way from words to an answer, one part of it lit.
    public static let pathway = Figure(
        name: "pathway",
        summary: Bilingual(en: "The whole way in one strip, from words to an answer, one part of it lit", zh: "一条图走完全程：从词到答案，点亮其中一段"),
        takes: [.step, .head, .query, .phase, .part]
    ) { data, options, text throws(FigureError) in
        let run = try PathwayRun(data, options)
        var figure = PathwayFigure(run, data.provenance, options, try PictureFrame(options, text))
        return figure.scene()
    }
}

struct PathwayFigure {
    let run: PathwayRun
    let words: PathwayWords
    let provenance: Provenance
    let options: FigureOptions
    var frame: PictureFrame

    init(_ run: PathwayRun, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.run, self.provenance, self.options, self.frame) = (run, provenance, options, frame)
        words = PathwayWords(run: run, part: options.part)
        unit = min(max(frame.contentWidth / 688, 1), 1.6)
    }

    mutating func scene() -> Scene {
        // In a column of text the words around it say what it shows; a page of its own has its title, and its parts as large as fill it.
        if let proportion = options.preset.proportion {
            frame.head(words.title[frame.language], words.reading[frame.language])
            frame.y += frame.type.body * 1.2
            let room = frame.width * proportion - frame.y - frame.footHeight(words.source(provenance))
            unit = stride(from: 4, to: unit, by: -0.1).first { fits($0, room) } ?? unit
        } else {
            frame.y = 10
        }
        let body = frame.items.count
        for (number, line) in lines().enumerated() {
            if number == 0 { strip(Rect(frame.type.margin, frame.y, stripWidth, height)) }
            for place in line { draw(place) }
            frame.y += height + nameHeight
        }
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "pathway", step: run.row.slice.step.id.text, data: provenance))
    }

    // MARK: Layout

    /// A part with the room that it has.
    struct Place {
        let part: PathwayPart
        let area: Rect
        /// The middle of the arrow that leads here; nil for the first.
        let arrow: Double?
    }

    /// How much larger than in a column of text everything is.
    var unit: Double
    var height: Double { 80 * unit }
    var label: TextStyle {
        frame.style(max(12, frame.type.label * (options.preset.proportion == nil ? 1 : max(1, min(unit / 1.6, 1.6)))), .muted)
    }

    /// Whether all lines stand in a room of that height at this size.
    private func fits(_ unit: Double, _ room: Double) -> Bool {
        var trial = self
        trial.unit = unit
        let lines = trial.lines()
        return Double(lines.count) * (trial.height + trial.nameHeight) <= room
            && lines.allSatisfy { ($0.last?.area.maxX ?? 0) <= frame.width - frame.type.margin + 1 }
    }

    private var stripWidth: Double { 44 * unit }

    /// How wide a part is: its cells, or its name where that is wider.
    private func width(_ part: PathwayPart) -> Double {
        let own: Double =
            switch part {
            case .words: run.tokens.map { frame.width(word($0), label) }.max() ?? 0
            case .vectors: cell * 8
            case .qkv, .indexKeys: letterWidth + cell * 1.5 * 4
            case .scores, .indexScores, .kept, .shares: rowWidth
            case .sum: cell * 1.5 * 4
            case .answer: run.answer.map { frame.width($0.word, answerStyle) + 14 } ?? cell * 1.5 * 4
            }
        return max(own, nameLines(part).map { frame.width($0, bold) }.max() ?? 0)
    }

    var cell: Double { 6 * unit }
    var letterWidth: Double { 17 * unit }
    /// A row of keys: as wide as lets each key be seen.
    var rowWidth: Double { (run.parts.count > 7 ? 78 : 96) * unit }
    var bold: TextStyle { frame.style(label.size, .ink, .semibold) }
    var answerStyle: TextStyle { frame.style(label.size, .ink, .semibold) }

    func word(_ token: Int) -> String {
        TokenText.shortened(run.row.name(token), to: 66 * unit) { frame.width($0, label) }
    }

    /// A name in one line, or in two where it is long: broken before its last part.
    func nameLines(_ part: PathwayPart) -> [String] {
        let name = words.name(part)[frame.language]
        guard frame.width(name, bold) > max(rowWidth * 0.8, 60) else { return [name] }
        let characters = Array(name)
        guard let cut = characters.lastIndex(of: "、") ?? characters.lastIndex(of: ",") ?? characters.lastIndex(of: " ") else {
            return [name]
        }
        return [LineBreaker.trimmed(String(characters[...cut])), LineBreaker.trimmed(String(characters[(cut + 1)...].drop { $0 == " " }))]
    }

    /// The room for names under a line of parts.
    private var nameHeight: Double { label.size * (run.parts.contains { nameLines($0).count > 1 } ? 2.75 : 2.1) }

    /// The parts in lines: one where they fit, with equal gaps between them.
    private func lines() -> [[Place]] {
        let right = frame.width - frame.type.margin
        // As few lines as can be, and those as even as can be: nothing stands alone on the last.
        let least = broken(at: right)
        let even = stride(from: frame.type.margin + stripWidth, to: right, by: 8).lazy.map(broken).first { $0.count == least.count }
        let lines = even ?? least
        var y = frame.y
        return lines.enumerated().map { number, line in
            let start = frame.type.margin + (number == 0 ? stripWidth : 0)
            let free = right - start - line.reduce(0) { $0 + $1.width }
            // Several lines go wider than one, towards the margin.
            let first = min(free / Double(line.count), 34 * unit)
            let others = lines.count > 1 && line.count > 1 ? min((free - first) / Double(line.count - 1), 110 * unit) : first
            var x = start
            let places = line.enumerated().map { place, entry -> Place in
                let gap = place == 0 ? first : others
                let place = Place(
                    part: entry.part, area: Rect(x + gap, y, entry.width, height),
                    arrow: entry.part == run.parts[0] ? nil : x + gap / 2)
                x += gap + entry.width
                return place
            }
            y += height + nameHeight
            return places
        }
    }

    /// The parts in lines that end before `right`, unless one part alone is wider.
    private func broken(at right: Double) -> [[(part: PathwayPart, width: Double)]] {
        let least = 16.0 * unit
        var lines: [[(part: PathwayPart, width: Double)]] = [[]]
        var x = frame.type.margin + stripWidth
        for part in run.parts {
            let width = width(part)
            if x + least + width > right, !lines[lines.count - 1].isEmpty {
                lines.append([])
                x = frame.type.margin
            }
            lines[lines.count - 1].append((part, width))
            x += least + width
        }
        return lines
    }

    // MARK: The strip of a whole transformer

    /// A stack of layers, one of them lit, from which the way opens.
    private mutating func strip(_ area: Rect) {
        let (stack, lit) = stack
        let column = Rect(area.x, area.y + 2, area.width * 0.5, area.height - 4)
        let pitch = column.height / Double(stack)
        let at = column.maxY - (Double(lit) + 0.5) * pitch
        let line = min(pitch * 0.6, 6 * unit)
        // One thick line whose dashes are the layers: a path for each would weigh more than the rest of the picture.
        let layers: [PathElement] = [.move(Point(column.midX, column.y + (pitch - line) / 2)), .line(Point(column.midX, column.maxY))]
        frame.items.append(.path(layers, stroke: Stroke(.rule, width: column.width, dash: [line, pitch - line])))
        let right = area.maxX + 4
        let fan: [PathElement] = [
            .move(Point(column.maxX, at)), .line(Point(right, area.y)), .line(Point(right, area.maxY)), .close,
        ]
        frame.items.append(.path(fan, fill: .solid(Paint.rule.mixed(0.4))))
        let thick = max(3, line)
        frame.items.append(.rect(Rect(column.x, at - thick / 2, column.width, thick), radius: 1, fill: .solid(.ink)))
        frame.add(words.layer[frame.language], label, at: Point(area.x, area.maxY + label.size * 1.35))
    }

    /// How many layers are drawn, and which one is lit; where the layer stands alone, the middle of the model's.
    private var stack: (count: Int, lit: Int) {
        if let layer = run.layer { return layer.count.map { ($0, layer.number) } ?? (1, 0) }
        let count = run.model?.layers ?? 1
        return (count, count / 2)
    }
}
