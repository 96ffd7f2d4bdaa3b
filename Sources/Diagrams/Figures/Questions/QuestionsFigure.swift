// The figure `questions`: one text, several questions, and what each of them rests on. A panel for each trace: the tokens with a highlighter on
// those that were kept, arcs from the asking token by sparse weight, and below them the index scores with the cut. Selection is per query: not
// picked is not forgotten. Where the tokens need several lines the arcs are left out, and each line has its own scores.

import Traces

extension Figure {
    /// One text, several questions, several highlights.
    public static let questions = Figure(
        name: "questions",
        summary: Bilingual(en: "One diary, two questions, two highlights: selection is per query", zh: "同一篇日记，两个问题，两处重点：每次提问都重新挑选"),
        takes: [.head, .query, .phase]
    ) { data, options, text throws(FigureError) in
        guard !data.traces.isEmpty else { throw FigureError("questions needs a trace for each question, found none") }
        let views = try data.traces.prefix(3).map { named throws(FigureError) in
            try SelectionView(named.trace, options, figure: "questions")
        }
        var squeeze = 0.0
        while true {
            var figure = try QuestionsFigure(views, data.provenance, options, text)
            figure.squeeze = squeeze
            let scene = figure.scene()
            // Where the use fixes the height, bars and arcs give way, as far as they can.
            let excess = options.preset.proportion.map { scene.size.height - (scene.size.width * $0).rounded() } ?? 0
            if excess <= 0 || squeeze > 400 { return scene }
            squeeze += excess / Double(views.count) + 1
        }
    }
}

private struct QuestionsFigure {
    let views: [SelectionView]
    let queries: [Int]
    let words: QuestionsWords
    let provenance: Provenance
    let options: FigureOptions
    var frame: PictureFrame
    /// All scores shown, and zero: the bars of every question stand on one scale.
    private let range: ClosedRange<Double>
    /// How much lower each panel must be than it would like.
    var squeeze = 0.0

    init(_ views: [SelectionView], _ provenance: Provenance, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) {
        for view in views where view.columns > MatrixRaster.cellLimit {
            throw .tooLong("questions", view.columns, instead: "compare")
        }
        self.views = views
        self.provenance = provenance
        self.options = options
        queries = try views.map { view throws(FigureError) in try view.query(options, figure: "questions") }
        var (low, high) = (0.0, 0.0)
        for (view, query) in zip(views, queries) {
            guard let score = view.score else { continue }
            for key in 0..<view.columns where view.isVisible(query, key) {
                (low, high) = (min(low, score.value(query, key)), max(high, score.value(query, key)))
            }
        }
        range = low...high
        words = QuestionsWords(views: views, queries: queries, isDiary: provenance.name.hasPrefix("diary"))
        frame = try PictureFrame(options, text)
    }

    mutating func scene() -> Scene {
        let language = options.language
        frame.head(words.title[language], words.subtitle[language])
        let body = frame.items.count
        for (place, view) in views.enumerated() {
            if place > 0 { rule() } else { frame.y += frame.type.body * (isTight ? 0.7 : 1.6) }
            panel(view, queries[place])
        }
        frame.y += frame.type.small * 0.8
        return frame.scene(
            body: body, source: words.source(provenance), options, title: words.title, alt: words.alt, caption: words.caption,
            provenance: options.provenance(figure: "questions", step: nil, data: provenance))
    }

    private var isTight: Bool { options.preset.proportion != nil && views.count > 1 }

    private mutating func rule() {
        frame.y += frame.type.body * (isTight ? 0.5 : 1.1)
        let (left, right) = (frame.type.margin, frame.width - frame.type.margin)
        frame.items.append(.path([.move(Point(left, frame.y)), .line(Point(right, frame.y))], stroke: Stroke(.rule)))
        frame.y += frame.type.body * (isTight ? 0.3 : 0.7)
    }

    // MARK: A panel

    private mutating func panel(_ view: SelectionView, _ query: Int) {
        heading(view, query)
        let lines = TokenLines(view, among: views, frame)
        let ideal = lines.isSingle ? frame.type.body * 5.4 : frame.type.body * 2.6
        let barHeight = max(14, ideal - squeeze * 0.6)
        if lines.isSingle { frame.y += arcHeight } else { frame.y += frame.type.label * 0.9 }
        let cut = view.cut(query)
        for (number, line) in lines.lines.enumerated() {
            if number > 0 { frame.y += frame.type.label * 1.1 }
            let top = frame.y
            chips(line, view, query, top, lines.height)
            if lines.isSingle { arcs(line, view, query, top) }
            let hasShares = line.contains { view.kept[query].contains($0.token) }
            frame.y = top + lines.height + frame.type.label * (hasShares ? 1.5 : 0.2)
            if let score = view.score, let cut {
                scores(line, view, score, query, cut, height: barHeight, isFirst: number == 0, isSingle: lines.isSingle)
            }
        }
    }

    private var arcHeight: Double { max(24, min(100, frame.contentWidth * 0.085) - squeeze * 0.4) }

    /// The question, and at the right, or below it, what the selection keeps of it.
    private mutating func heading(_ view: SelectionView, _ query: Int) {
        let language = options.language
        let (asked, kept) = (words.asked(view, query)[language], words.kept(view, query)[language])
        let (bold, grey) = (
            frame.style(frame.type.panel, .ink, .semibold), frame.style(frame.type.body, .muted)
        )
        let isOneLine = frame.width(asked, bold) + frame.width(kept, grey) + 24 <= frame.contentWidth
        frame.paragraph(asked, bold, leading: 1.35)
        if isOneLine {
            frame.add(kept, grey, at: Point(frame.width - frame.type.margin, frame.y - frame.type.panel * 0.22), .end)
        } else {
            frame.paragraph(kept, grey, leading: 1.4)
        }
    }

    private mutating func chips(_ line: [TokenChip], _ view: SelectionView, _ query: Int, _ top: Double, _ height: Double) {
        let kept = Set(view.kept[query])
        let most = max(kept.map { view.sparse.value(query, $0) }.max() ?? 1, 1e-300)
        for chip in line {
            let area = Rect(chip.x, top, chip.width, height)
            let weight = view.sparse.value(query, chip.token)
            let (fill, stroke, color, face) = looks(chip.token, view, query, kept, weight / most)
            frame.items.append(.rect(area, radius: 5, fill: fill, stroke: stroke))
            let style = TextStyle(size: chip.size, weight: face, color: color)
            frame.add(chip.text, style, at: Point(area.midX + chip.lean, area.midY + chip.size * 0.36), .middle)
            if kept.contains(chip.token) {
                let share = frame.style(frame.type.label, .ink, .medium)
                let text = NumberText.share(weight, decimals: 0)
                frame.add(text, share, at: Point(area.midX, area.maxY + frame.type.label * 1.2), .middle)
            }
            let label = words.label(view, query, chip.token)
            frame.items.append(
                .hotSpot(HotSpot(area, step: view.sparse.step.id.text, index: view.sparse.index(query, chip.token), label: label)))
        }
    }

    private func looks(_ token: Int, _ view: SelectionView, _ query: Int, _ kept: Set<Int>, _ share: Double)
        -> (Fill?, Stroke?, Paint, TextStyle.Weight)
    {
        let isAsking = token == view.position(of: query)
        let asking = isAsking ? Stroke(.query, width: 2) : nil
        if kept.contains(token) { return (.solid(frame.highlighter(share)), asking, frame.onHighlighter(share), .semibold) }
        if isAsking { return (.solid(.paper), asking, .ink, .semibold) }
        guard view.isVisible(query, token) else { return (nil, nil, .muted, .regular) }
        return (frame.hatching, nil, .muted, .regular)
    }

    /// Arcs nest: the farthest key leaves from the outer end of the asking token.
    private mutating func arcs(_ line: [TokenChip], _ view: SelectionView, _ query: Int, _ top: Double) {
        let position = view.position(of: query)
        guard let asking = line.first(where: { $0.token == position }) else { return }
        let others = view.kept[query].filter { $0 != position }
        let spread = min(asking.width * 0.6, 7 * Double(max(others.count - 1, 0)))
        for (place, key) in others.enumerated() {
            guard let chip = line.first(where: { $0.token == key }) else { continue }
            let share = others.count > 1 ? Double(place) / Double(others.count - 1) : 0.5
            let isBefore = key < position
            let from = asking.midX + spread * (isBefore ? 0.5 - share : share - 0.5)
            let weight = view.sparse.value(query, key)
            let reach = abs(from - chip.midX) / frame.contentWidth
            // A cubic rises like its height over the root of its span: with this height, farther arcs stay outside nearer ones.
            let height = arcHeight * reach.squareRoot() * 1.24
            let (start, end) = (Point(from, top - 3), Point(chip.midX, top - 3))
            let lean = min(abs(from - chip.midX) * 0.16, 60) * (isBefore ? -1 : 1)
            let path: [PathElement] = [
                .move(start), .curve(Point(start.x, top - height), Point(end.x - lean, top - height), to: end),
            ]
            let color = Paint.query.mixed(0.42 + 0.58 * min(1, weight / 0.5))
            frame.items.append(.path(path, stroke: Stroke(color, width: 1 + 8 * weight)))
        }
    }

    // MARK: Scores

    private mutating func scores(
        _ line: [TokenChip], _ view: SelectionView, _ score: MatrixSlice, _ query: Int, _ cut: Selection.Cut, height: Double, isFirst: Bool,
        isSingle: Bool
    ) {
        let all = (0..<view.columns).filter { view.isVisible(query, $0) }.map { score.value(query, $0) }
        let unit = height / max(range.upperBound - range.lowerBound, 1e-300)
        let small = frame.style(frame.type.small, .muted)
        let violet = frame.style(frame.type.small, .indexer, .medium)
        let cutName = words.cutName(cut, view.kept[query].count, all)[options.language]
        let name = view.isIndexer ? words.scoreName[options.language] : words.ruleName[options.language]
        // A line is as high as its own bars and the cut need, above zero and below.
        let own = line.filter { view.isVisible(query, $0.token) }.map { score.value(query, $0.token) } + [cut.line]
        let room = (own.reduce(0, max) - cut.line) * unit
        let noteEnd =
            isFirst
            ? clearing(line, frame.width(cutName, violet), above: cut.line * unit) { token in
                view.isVisible(query, token) ? score.value(query, token) * unit : 0
            }.flatMap { end in
                // Above the line there must be room under the name of the bars, or beside it.
                let isBeside = end - frame.width(cutName, violet) > frame.type.margin + frame.width(name, small) + 12
                return isBeside || room >= frame.type.small ? end : nil
            } : nil
        if isFirst {
            frame.y += frame.type.small * 1.3
            frame.add(name, small, at: Point(frame.type.margin, frame.y))
            let place = frame.width - frame.type.margin
            if noteEnd != nil {
                // It stands at its line.
            } else if frame.type.margin + frame.width(name, small) + 16 + frame.width(cutName, violet) > place {
                frame.paragraph(cutName, violet, leading: 1.4)
            } else {
                frame.add(cutName, violet, at: Point(place, frame.y), .end)
            }
            frame.y += frame.type.small * (isSingle ? 0.6 : 0.9)
        } else if view.kept[query].contains(where: { key in line.contains { $0.token == key } }) {
            frame.y += frame.type.small * 0.5
        }
        let base = frame.y + own.reduce(0, max) * unit
        let bottom = base - own.reduce(0, min) * unit
        let kept = Set(view.kept[query])
        let decimals = words.decimals(all)
        for chip in line where view.isVisible(query, chip.token) {
            let value = score.value(query, chip.token)
            bar(chip, length: value * unit, base, isKept: kept.contains(chip.token))
            let style = kept.contains(chip.token) ? frame.style(frame.type.small, .ink, .medium) : small
            // Where there is no room for all digits, fewer.
            let text = Self.numbers(value, decimals).first { frame.width($0, style) <= chip.slot }
            if let text { frame.add(text, style, at: Point(chip.midX, bottom + frame.type.small * 1.3), .middle) }
            let area = Rect(chip.x, frame.y, chip.width, bottom - frame.y)
            let label = words.scoreLabel(view, query, chip.token, value)
            frame.items.append(.hotSpot(HotSpot(area, step: score.step.id.text, index: score.index(query, chip.token), label: label)))
        }
        let (left, right) = (line[0].x - 2, isSingle ? frame.width - frame.type.margin : line.last!.x + line.last!.width + 2)
        frame.items.append(.path([.move(Point(left, base)), .line(Point(right, base))], stroke: Stroke(.rule)))
        let y = base - cut.line * unit
        frame.items.append(
            .path([.move(Point(left, y)), .line(Point(right, y))], stroke: Stroke(.indexer, width: 1.2, dash: [5, 4])))
        if let noteEnd { frame.add(cutName, violet, at: Point(noteEnd, y - 4), .end) }
        frame.y = bottom + frame.type.small * 1.7
    }

    /// Where a note of that width ends if it stands on the line at `height` and no bar runs into it: as far to the right as may be.
    private func clearing(_ line: [TokenChip], _ width: Double, above height: Double, _ bar: (Int) -> Double) -> Double? {
        guard height >= 0 else { return nil }
        var end = frame.width - frame.type.margin
        for chip in line.reversed() where bar(chip.token) > height + 3 {
            let half = Self.barWidth(chip) / 2 + 6
            if end - (chip.midX + half) >= width { return end }
            end = chip.midX - half
        }
        return end - frame.type.margin >= width ? end : nil
    }

    private static func barWidth(_ chip: TokenChip) -> Double { min(chip.width * 0.6, 28) }

    /// A score with all its digits first. Zero is a 0 alone: what rounding would make one keeps the digit that tells it from zero.
    private static func numbers(_ value: Double, _ decimals: Int) -> [String] {
        if value == 0 { return ["0"] }
        let rounded = (min(1, decimals)...decimals).reversed().map { NumberText.fixed(value, decimals: $0) }
        let isTold = rounded.filter { text in text.contains { ("1"..."9").contains($0) } }
        return (isTold.isEmpty ? [NumberText.significant(value, digits: 1)] : isTold).map(MatrixScale.typographic)
    }

    /// A bar from the line of zero upwards, or down for a score below zero.
    private mutating func bar(_ chip: TokenChip, length: Double, _ base: Double, isKept: Bool) {
        guard abs(length) > 0.2 else { return }
        let width = Self.barWidth(chip)
        let area = Rect(chip.midX - width / 2, base - max(length, 0), width, abs(length))
        if isKept {
            frame.items.append(.rect(area, fill: .solid(.indexer)))
        } else {
            let lines = Paint.indexer.mixed(0.45)
            frame.items.append(
                .rect(
                    area.insetBy(min(0.5, area.height / 3)), fill: .hatch(lines: lines, background: nil, spacing: 3.2, width: 0.7),
                    stroke: Stroke(lines)))
        }
    }
}
