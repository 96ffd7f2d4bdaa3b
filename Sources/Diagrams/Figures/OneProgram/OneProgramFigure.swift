// The figure `one-program`: the lines of one tile program at the left, and what TileLang made of them at the right, machine by machine: how many lines,
// which families of instructions that nobody wrote, a line as it came out, or the error in the compiler's words. That source came out does not say that
// it compiles or runs there; only the C text was run.

import Records
import TileMachine
import Traces

extension Figure {
    /// One program, several machines.
    public static let oneProgram = Figure(
        name: "one-program",
        summary: Bilingual(en: "One tile program, and what it became on each machine", zh: "一个分块程序，在各种机器上变成了什么"), needs: .lowerings
    ) { data, options, text throws(FigureError) in
        let (lowered, frame) = (try data.lowerings("one-program"), try PictureFrame(options, text))
        var figure = OneProgramFigure(lowered, data.provenance, options, frame)
        return figure.scene()
    }
}

struct OneProgramFigure {
    private let data: LoweringData
    private let listing: Listing
    private let words: OneProgramWords
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame

    init(_ data: LoweringData, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.data, self.provenance, self.options, self.frame) = (data, provenance, options, frame)
        listing = Listing(data.program)
        words = OneProgramWords(data: data, lines: listing.lines.count, provenance: provenance)
    }

    private var isWide: Bool { frame.width >= 860 }
    private var isLow: Bool { options.preset.proportion != nil }
    private var mono: TextStyle { TextStyle(size: isLow ? 11 : frame.type.small, color: .ink, face: .mono) }
    private var left: Double { frame.type.margin }

    mutating func scene() -> Scene {
        let text = words.words
        frame.head(text.title[frame.language], text.subtitle[frame.language])
        frame.y += frame.type.body * 1.1
        let body = frame.items.count
        let top = frame.y
        let gap = 40.0
        let leftWidth = isWide ? (frame.contentWidth - gap) * 0.5 : frame.contentWidth
        program(width: leftWidth)
        let bottom = frame.y
        if isWide { frame.y = top } else { frame.y += frame.type.body * 1.4 }
        machines(x: isWide ? left + leftWidth + gap : left, width: isWide ? frame.contentWidth - gap - leftWidth : frame.contentWidth)
        frame.y = max(frame.y, isWide ? bottom : 0) + frame.type.small * 1.4
        return frame.scene("one-program", body: body, options, text, provenance)
    }

    private mutating func heading(_ text: Bilingual, x: Double) {
        frame.y += frame.type.panel
        frame.add(text[frame.language], frame.style(frame.type.panel, .ink, .semibold), at: Point(x, frame.y))
        frame.y += frame.type.label * 0.7
    }

    // MARK: The program

    private mutating func program(width: Double) {
        heading(words.programName, x: left)
        let style = mono
        let indent = isWide ? frame.width("    ", style) : 9
        let number = frame.style(style.size, .muted)
        let gutter = frame.width("00", number) + 10
        for (i, line) in listing.lines.enumerated() {
            let x = left + gutter + indent * Double(line.depth)
            for (part, text) in wrapped(line.text, width: left + width - x, style).enumerated() {
                frame.y += style.size * (part == 0 ? 1.62 : 1.3)
                if part == 0 { frame.add("\(i + 1)", number, at: Point(left + gutter - 10, frame.y), .end) }
                frame.add(text, style, at: Point(part == 0 ? x : x + 12, frame.y))
            }
        }
        frame.y += style.size * 0.5
    }

    /// Code in lines of `width`, broken after commas and blanks, or anywhere if need be.
    private func wrapped(_ text: String, width: Double, _ style: TextStyle) -> [String] {
        guard frame.width(text, style) > width else { return [text] }
        var lines: [String] = []
        var line = ""
        for character in text {
            let limit = lines.isEmpty ? width : width - 12
            if frame.width(line + String(character), style) > limit {
                let cut = line.lastIndex { " ,(".contains($0) }.map { line.index(after: $0) } ?? line.endIndex
                let from = line.distance(from: line.startIndex, to: cut) > line.count / 3 ? cut : line.endIndex
                lines.append(LineBreaker.trimmed(String(line[..<from])))
                line = String(line[from...])
            }
            line.append(character)
        }
        return lines + [line]
    }

    // MARK: The machines

    private mutating func machines(x: Double, width: Double) {
        heading(OneProgramWords.machines, x: x)
        let most =
            data.lowered.targets.map { target in
                if case .source(let lines, _, _) = target.result { lines } else { 0 }
            }.max() ?? 1
        let all = max(most, data.lowered.run.lines, 1)
        card(words.processor, lines: data.lowered.run.lines, of: all, x: x, width: width)
        small(words.run, x: x, width: width)
        for target in data.lowered.targets {
            frame.y += frame.type.label * (isLow ? 0.35 : 0.8)
            switch target.result {
            case .source(let lines, let families, let excerpt):
                card(OneProgramWords.machine(target.name), lines: lines, of: all, x: x, width: width)
                small(OneProgramWords.families(families), x: x, width: width, .ink)
                if !isLow, let quoted = excerpt.first { quote(quoted, x: x, width: width) }
            case .error(let words):
                card(OneProgramWords.machine(target.name), lines: nil, of: all, x: x, width: width)
                quote(words, x: x, width: width, rows: 2, .alarm)
            }
        }
    }

    /// A machine's name, how many lines, and a bar as long as they are many.
    private mutating func card(_ name: Bilingual, lines: Int?, of most: Int, x: Double, width: Double) {
        frame.y += frame.type.label * (isLow ? 1.35 : 1.5)
        let style = frame.style(frame.type.label, .ink, .semibold)
        let count = lines.map(OneProgramWords.count) ?? OneProgramWords.error
        frame.add(name[frame.language], style, at: Point(x, frame.y))
        frame.add(
            count[frame.language], frame.style(frame.type.label, lines == nil ? .alarm : .ink, .semibold), at: Point(x + width, frame.y),
            .end)
        frame.y += 5
        frame.items.append(.rect(Rect(x, frame.y, width, 4), radius: 2, fill: .solid(.rule)))
        if let lines {
            frame.items.append(.rect(Rect(x, frame.y, width * Double(lines) / Double(most), 4), radius: 2, fill: .solid(.bar)))
        }
        frame.y += 4
    }

    private mutating func small(_ text: Bilingual, x: Double, width: Double, _ paint: Paint = .muted) {
        let style = frame.style(frame.type.label, paint)
        for line in LineBreaker.lines(text[frame.language], width: width, measure: { frame.width($0, style) }) {
            frame.y += frame.type.label * 1.35
            frame.add(line, style, at: Point(x, frame.y))
        }
    }

    /// A line as it came out, cut off where the picture ends.
    private mutating func quote(_ text: String, x: Double, width: Double, rows: Int = 1, _ paint: Paint = .muted) {
        var style = mono
        style.color = paint
        var lines = wrapped(text, width: width, style)
        if lines.count > rows {
            lines = Array(lines.prefix(rows))
            var last = Substring(lines[rows - 1])
            while !last.isEmpty, frame.width(last + " …", style) > width - 12 { last.removeLast() }
            lines[rows - 1] = last + " …"
        }
        for line in lines {
            frame.y += style.size * 1.4
            frame.add(line, style, at: Point(x, frame.y))
        }
    }
}
