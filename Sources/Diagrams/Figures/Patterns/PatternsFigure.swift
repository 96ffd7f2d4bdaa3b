// The figure `patterns`: sparse attention patterns on the same tokens, as small multiples, each with its count of computed cells. Block patterns
// are drawn as runs without gaps, token patterns as single cells, so that the difference is seen before it is read.

import Mechanisms
import Traces

extension Figure {
    /// Which cells each sparse attention computes.
    public static let patterns = Figure(
        name: "patterns",
        summary: Bilingual(
            en: "Sparse attention patterns on the same tokens, with their counts of computed cells", zh: "在同一批词元上比较各种稀疏注意力的图样与计算格数"),
        needs: .nothing, leastWidth: leastWidth
    ) { data, options, text throws(FigureError) in
        let patterns = try computing { () throws(EngineError) in try PatternDemonstration.all() }
        var figure = PatternsFigure(patterns, data.provenance, options, try PictureFrame(options, text))
        return figure.scene()
    }
}

struct PatternsFigure {
    private let patterns: [PatternDemonstration]
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    private let columns: Int
    private let tokens = PatternDemonstration.tokens
    /// The side of a cell; set once head and legend stand.
    private var cell = 0.0

    init(_ patterns: [PatternDemonstration], _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.patterns, self.provenance, self.options, self.frame) = (patterns, provenance, options, frame)
        columns = frame.width >= 900 ? 5 : frame.width >= 520 ? 3 : 2
    }

    mutating func scene() -> Scene {
        let words = PatternsWords(patterns: patterns, showsSizes: !isLow).words
        frame.head(words.title[frame.language], words.subtitle[frame.language])
        frame.y += frame.type.body
        legend()
        cell = side(words.source[frame.language])
        let (fixed, chosen) = (patterns.filter { !$0.kind.isChosen }, patterns.filter { $0.kind.isChosen })
        section(Bilingual(en: "Fixed in advance", zh: "图样事先固定"), fixed)
        section(Bilingual(en: "Chosen for each query by content (NSA adds two fixed branches)", zh: "按内容为每个查询挑选（NSA 另有两个固定分支）"), chosen)
        frame.y += frame.type.small * 0.6
        frame.foot(words.source[frame.language])
        return frame.scene("patterns", options, words, provenance)
    }

    /// Whether the picture is wide and low: counts then stand in the blank corner of each matrix.
    private var isLow: Bool { options.preset.proportion != nil }
    private var gap: Double { frame.width >= 900 ? 26 : 20 }
    private var panelWidth: Double { ((frame.contentWidth - gap * Double(columns - 1)) / Double(columns)).rounded(.down) }

    /// What stands under a matrix; nothing on wide, low pictures, which have no room for it.
    private func lines(_ pattern: PatternDemonstration) -> [String] {
        if isLow { return [] }
        let style = frame.labelStyle
        return LineBreaker.lines(PatternsWords.sizes(pattern.kind)[frame.language], width: panelWidth) { frame.width($0, style) }
    }

    /// The space over a matrix (name, count) and under it (sizes).
    private var above: Double { frame.type.body * 1.3 + frame.type.label * (isLow ? 0.4 : 1.75) }
    private func below(_ patterns: [PatternDemonstration]) -> Double {
        Double(patterns.map { lines($0).count }.max() ?? 0) * frame.type.label * 1.35 + frame.type.label * (isLow ? 0.5 : 1.5)
    }

    private var headingHeight: Double { frame.type.panel * 2.25 + frame.type.body * 0.5 }

    /// A cell as large as the panel, or as what the proportions of a use leave for two rows of panels.
    private func side(_ source: String) -> Double {
        var side = panelWidth
        if let proportion = options.preset.proportion {
            let small = frame.style(frame.type.small, .muted)
            let lines = LineBreaker.lines(source, width: frame.contentWidth) { frame.width($0, small) }.count
            let foot = small.size * (0.6 + 1.5 * Double(lines)) + max(16, frame.type.margin * 0.55)
            side = min(side, (frame.width * proportion - frame.y - foot) / 2 - headingHeight - above - below([]))
        }
        return max((side / Double(tokens) * 4).rounded(.down) / 4, 2.75)
    }

    private mutating func section(_ title: Bilingual, _ members: [PatternDemonstration]) {
        frame.y += frame.type.panel * 0.9
        let style = frame.style(frame.type.panel, .ink, .semibold)
        let lines = LineBreaker.lines(title[frame.language], width: frame.contentWidth) { frame.width($0, style) }
        for (i, line) in lines.enumerated() {
            if i > 0 { frame.y += style.size * 1.3 }
            frame.add(line, style, at: Point(frame.type.margin, frame.y + style.size))
        }
        frame.y += frame.type.panel * 1.35
        let rule: [PathElement] = [.move(Point(frame.type.margin, frame.y)), .line(Point(frame.width - frame.type.margin, frame.y))]
        frame.items.append(.path(rule, stroke: Stroke(.rule)))
        frame.y += frame.type.body * 0.5
        for start in stride(from: 0, to: members.count, by: columns) {
            let row = Array(members[start..<min(start + columns, members.count)])
            for (i, pattern) in row.enumerated() { panel(pattern, x: frame.type.margin + Double(i) * (panelWidth + gap)) }
            frame.y += above + cell * Double(tokens) + below(row)
        }
    }

    private mutating func panel(_ pattern: PatternDemonstration, x: Double) {
        var y = frame.y + frame.type.body * 1.15
        frame.add(
            PatternsWords.name(pattern.kind)[frame.language], frame.style(frame.type.body, .ink, .semibold), at: Point(x, y))
        y += frame.type.label * 1.45
        let count = PatternsWords.count(pattern)[frame.language]
        let style = frame.style(frame.type.label, pattern.kind == .dsa ? .indexer : .muted)
        let left = isLow ? x + cell * Double(tokens) * 0.4 : x
        for line in counted(count, style, x + panelWidth - left) {
            frame.add(line, style, at: Point(left, y))
            y += frame.type.label * 1.3
        }
        let area = Rect(x, frame.y + above, cell * Double(tokens), cell * Double(tokens))
        frame.items.append(.group(pattern.kind.rawValue, cells(pattern, area)))
        y = area.maxY + frame.type.label * 0.35
        for line in lines(pattern) {
            y += frame.type.label * 1.35
            frame.add(line, frame.labelStyle, at: Point(x, y))
        }
    }

    /// A count in one line, or broken before what the selector costs.
    private func counted(_ count: String, _ style: TextStyle, _ room: Double) -> [String] {
        guard frame.width(count, style) > room, let plus = count.firstIndex(of: "+") else { return [count] }
        return [String(count[..<plus].dropLast()), String(count[plus...])]
    }

    /// The causal triangle hatched, and on it the cells that are computed.
    private func cells(_ pattern: PatternDemonstration, _ area: Rect) -> [Item] {
        var stairs: [PathElement] = [.move(Point(area.x, area.y))]
        for i in 0..<tokens {
            let (x, y) = (area.x + cell * Double(i + 1), area.y + cell * Double(i))
            stairs += [.line(Point(x, y)), .line(Point(x, y + cell))]
        }
        stairs += [.line(Point(area.x, area.maxY)), .close]
        let hatch = Fill.hatch(lines: .hatch, background: nil, spacing: 3.4, width: 0.6)
        var boxes: [PathElement] = []
        for run in runs(pattern) {
            let (x, y) = (area.x + cell * run.start, area.y + cell * Double(run.row))
            let box = Rect(x, y, cell * run.length, cell).insetBy(cell >= 5 ? 0.5 : 0.35)
            boxes += [
                .move(Point(box.x, box.y)), .line(Point(box.maxX, box.y)), .line(Point(box.maxX, box.maxY)), .line(Point(box.x, box.maxY)),
                .close,
            ]
        }
        return [
            .path(stairs, fill: hatch), .path(boxes, fill: .solid(.bar), stroke: Stroke(.paper, width: 0.01)),
        ]
    }

    /// Boxes in units of cells: one a token, or one for the tokens of a block that stand together; a compressed key in the middle of its block.
    private func runs(_ pattern: PatternDemonstration) -> [(row: Int, start: Double, length: Double)] {
        let (mask, size) = (pattern.cells, PatternDemonstration.Size.self)
        var runs: [(row: Int, start: Double, length: Double)] = []
        for row in 0..<mask.rows {
            for key in mask.visibleKeys(of: row) {
                if pattern.kind == .nsaCompressed {
                    let (length, stride) = size.compressed
                    runs.append((row, Double(key * stride) + Double(length - stride) / 2, Double(stride)))
                } else if pattern.kind.isBlockwise, let last = runs.last, last.row == row, key % size.block != 0,
                    last.start + last.length == Double(key)
                {
                    runs[runs.count - 1].length += 1
                } else {
                    runs.append((row, Double(key), 1))
                }
            }
        }
        return runs
    }

    private mutating func legend() {
        let style = frame.labelStyle
        var x = frame.type.margin
        let size = frame.type.label
        let entries: [(Fill?, Bilingual)] = [
            (.solid(.bar), Bilingual(en: "computed", zh: "计算")),
            (
                .hatch(lines: .hatch, background: nil, spacing: 3.4, width: 0.6),
                Bilingual(en: "visible, not computed", zh: "可见，不计算")
            ),
            (nil, Bilingual(en: "blank: the future, masked", zh: "空白：未来，已掩住")),
            (nil, Bilingual(en: "rows: queries; columns: keys", zh: "行为查询，列为键")),
        ]
        frame.y += size * 0.4
        for (fill, name) in entries {
            let length = frame.width(name[frame.language], style) + (fill == nil ? 0 : size + 6)
            if x + length > frame.width - frame.type.margin {
                x = frame.type.margin
                frame.y += size * 1.6
            }
            if let fill {
                frame.items.append(.rect(Rect(x, frame.y, size, size), fill: fill, stroke: Stroke(.rule, width: 0.5)))
                x += size + 6
            }
            frame.add(name[frame.language], style, at: Point(x, frame.y + size * 0.88))
            x += frame.width(name[frame.language], style) + 22
        }
        frame.y += size * 1.2
    }
}

extension PatternDemonstration.Kind {
    /// Whether the pattern depends on what the tokens say.
    var isChosen: Bool { [.moba, .nsaCompressed, .nsaSelected, .nsaWindow, .dsa].contains(self) }
    /// Whether whole blocks are taken.
    var isBlockwise: Bool { [.bigBird, .moba, .nsaSelected].contains(self) }
}
