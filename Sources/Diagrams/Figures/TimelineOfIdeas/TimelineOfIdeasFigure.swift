// The figure `timeline-of-ideas`: published ways of reading less, in their order: when, what a query chooses among, how, and who says so. From left to
// right where columns are wide enough for sentences, else from top to bottom. Distances mean no time: some dates are known by their order alone.

import Records
import Traces

extension Figure {
    /// Sparse attention's ideas in their order.
    public static let timelineOfIdeas = Figure(
        name: "timeline-of-ideas",
        summary: Bilingual(en: "What attention chose among: NSA, MoBA, V3.1, V3.2-Exp, V4", zh: "注意力在什么中间挑选：NSA、MoBA、V3.1、V3.2-Exp、V4"),
        needs: .ideas
    ) { data, options, text throws(FigureError) in
        guard case .ideas(let ideas) = data.numbers else { throw data.missing("timeline-of-ideas", .ideas) }
        guard ideas.count > 1 else { throw FigureError("timeline-of-ideas: expected two or more entries, found \(ideas.count)") }
        var figure = TimelineOfIdeasFigure(ideas, data.provenance, options, try PictureFrame(options, text))
        return figure.scene()
    }
}

struct TimelineOfIdeasFigure {
    private let ideas: [SparseIdea]
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame

    init(_ ideas: [SparseIdea], _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) {
        (self.ideas, self.provenance, self.options, self.frame) = (ideas, provenance, options, frame)
    }

    mutating func scene() -> Scene {
        let words = words
        frame.head(words.title[frame.language], words.subtitle[frame.language])
        frame.y += frame.type.body * 1.8
        let body = frame.items.count
        if frame.contentWidth / Double(ideas.count) >= 170 { columns() } else { rows() }
        frame.y += frame.type.body * 1.2
        return frame.scene("timeline-of-ideas", body: body, options, words, provenance)
    }

    /// The lines of an entry, each with its style and the space from the line before.
    private func lines(_ idea: SparseIdea, _ width: Double) -> [(text: String, style: TextStyle, step: Double)] {
        let language = frame.language
        // The longest name stands on one line of its column; where the use fixes the height there is room for larger sentences.
        let widest = ideas.reduce(1) { max($0, frame.width($1.name[language], frame.style(frame.type.body, .ink, .bold))) }
        let name = max(11, frame.type.body * min(1, width / widest))
        let sentence = options.preset.proportion == nil ? frame.type.label : frame.type.body
        let blocks: [(String, TextStyle, Double)] = [
            (idea.when[language], frame.style(frame.type.label, .muted), 1.35),
            (idea.name[language], frame.style(name, .ink, .bold), 1.5),
            (idea.chooses[language], frame.style(frame.type.body, .bar, .semibold), 1.35),
            (idea.line[language], frame.style(sentence, .ink), 1.45),
            (idea.source[language], frame.style(frame.type.small, .muted), 1.45),
        ]
        var all: [(text: String, style: TextStyle, step: Double)] = []
        for (place, block) in blocks.enumerated() {
            let text = language == .zh ? Words.spaced(block.0) : block.0
            for (number, line) in LineBreaker.lines(text, width: width, measure: { frame.width($0, block.1) }).enumerated() {
                // A breath before the sentence and before its source.
                let breath = number == 0 && place > 2 ? block.1.size * 0.45 : 0
                all.append((line, block.1, block.1.size * block.2 + breath))
            }
        }
        return all
    }

    private mutating func write(_ idea: SparseIdea, x: Double, y: Double, width: Double) -> Double {
        var y = y
        for line in lines(idea, width) {
            y += line.step
            frame.add(line.text, line.style, at: Point(x, y))
        }
        return y
    }

    /// The mark of an entry on the rail.
    private mutating func node(_ at: Point) {
        frame.items.append(Plot.disc(at, 6, fill: .bar, stroke: Stroke(.paper, width: 2)))
    }

    private mutating func rail(_ from: Point, _ to: Point) {
        frame.items.append(.path([.move(from), .line(to)], stroke: Stroke(.rule, width: 2)))
    }

    private mutating func columns() {
        let gap = 22.0
        let width = (frame.contentWidth - gap * Double(ideas.count - 1)) / Double(ideas.count)
        let y = frame.y + 6
        rail(Point(frame.type.margin, y), Point(frame.width - frame.type.margin, y))
        var bottom = y
        for (place, idea) in ideas.enumerated() {
            let x = frame.type.margin + Double(place) * (width + gap)
            node(Point(x + 6, y))
            bottom = max(bottom, write(idea, x: x, y: y + frame.type.body * 0.7, width: width))
        }
        frame.y = bottom
    }

    private mutating func rows() {
        let x = frame.type.margin + 6
        let left = x + 20
        let start = frame.items.count
        var nodes: [Point] = []
        for idea in ideas {
            nodes.append(Point(x, frame.y + frame.type.label * 0.9))
            frame.y = write(idea, x: left, y: frame.y, width: frame.width - frame.type.margin - left) + frame.type.body * 1.3
        }
        let written = frame.items[start...]
        frame.items.removeSubrange(start...)
        rail(nodes[0], nodes[nodes.count - 1])
        for node in nodes { self.node(node) }
        frame.items += written
        frame.y -= frame.type.body * 1.3
    }

    private var words: FigureWords {
        let (first, last) = (ideas[0], ideas[ideas.count - 1])
        let list = ideas.map { idea in
            Bilingual(
                en: "\(idea.name.en) (\(idea.when.en)): \(idea.chooses.en). \(idea.line.en)",
                zh: "\(idea.name.zh)（\(idea.when.zh)）：\(idea.chooses.zh)。\(idea.line.zh)")
        }
        let between = ideas.count > 2 ? ideas[ideas.count - 2].chooses : nil
        let middle = between.map { Bilingual(en: " and \($0.en)", zh: "、\($0.zh)") } ?? Bilingual(same: "")
        let title = Bilingual(
            en: "What a query chooses among: from \(first.chooses.en)\(middle.en) to \(last.chooses.en)",
            zh: "查询在什么中间挑选：从\(first.chooses.zh)\(middle.zh)到\(last.chooses.zh)")
        return FigureWords(
            title: title,
            subtitle: Bilingual(
                en:
                    "\(Words.counted(ideas.count, "published design")) in order; distances mean no time. The second line names the unit that is chosen.",
                zh: "\(ideas.count) 种已发表的设计，按先后排列，间距不代表时间。第二行是挑选的单位。"),
            alt: Bilingual(
                en: "A timeline of \(ideas.count) designs. \(list.map { $0.en }.joined(separator: " "))",
                zh: "\(ideas.count) 种设计的时间线。\(list.map { $0.zh }.joined())"),
            caption: Bilingual(
                en: "\(title.en): \(Words.list(ideas.map { $0.name }).en).", zh: "\(title.zh)：\(Words.list(ideas.map { $0.name }).zh)。"),
            source: Bilingual(
                en: "Sizes and dates as published, each with its source above. Data: \(provenance.name)",
                zh: "尺寸与日期按已发表的资料，各自的出处见上。数据：\(provenance.name)"))
    }
}
