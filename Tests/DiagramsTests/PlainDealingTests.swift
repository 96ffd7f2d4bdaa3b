// What would mislead without a wrong number in it: pictures cut off at the foot, names over positions, two scales for one quantity, a sign that grey
// loses, hatching that means something else.

import Diagrams
import Mechanisms
import Testing
import Traces

@Suite struct PlainDealingTests {
    /// Weights of `rows` queries after `columns - rows` earlier tokens.
    private func weights(_ rows: Int, _ columns: Int) -> Trace {
        var values: [Double] = []
        for row in 0..<rows {
            let seen = row + columns - rows + 1
            values += [Double](repeating: 1 / Double(seen), count: seen) + [Double](repeating: 0, count: columns - seen)
        }
        return trace(values, [.t, .s], [rows, columns])
    }

    @Test(arguments: [(1, 26), (2, 40), (1, 100), (3, 3), (1, 1)], Preset.allCases)
    func `a matrix of few rows is as high as what stands beside it`(size: (rows: Int, columns: Int), preset: Preset) throws {
        let scene = try draw(weights(size.rows, size.columns)) { $0.preset = preset }
        for run in scene.texts { #expect(run.position.y + run.style.size * 0.25 <= scene.size.height, "\(size) \(preset): \(run.text)") }
        for shape in scene.rects { #expect(shape.rect.maxY <= scene.size.height, "\(size) \(preset): \(shape.rect)") }
    }

    @Test(arguments: [(1200, 1200), (32, 512), (70, 3000), (3000, 70), (4, 65)], [375.0, 600, 1200, 1280])
    func `positions along a raster stand clear of each other and of the axis's name`(size: (rows: Int, columns: Int), width: Double) throws
    {
        let values = [Double](repeating: 0.5, count: size.rows * size.columns)
        let scene = try draw(trace(values, [.t, .n], [size.rows, size.columns], id: "logits")) { options in
            options.step = "logits"
            if width == 1280 { options.preset = .slide } else { options.width = width }
        }
        var boxes: [(Rect, String)] = []
        for run in scene.texts {
            let length = fixedText.measure(run.text, run.style, .en).width
            let (up, down) = (run.style.size * 0.72, run.style.size * 0.2)
            let left = run.anchor == .start ? 0 : run.anchor == .middle ? -length / 2 : -length
            let place = run.position
            let box =
                run.rotation == -90
                ? Rect(place.x - up, place.y - left - length, up + down, length) : Rect(place.x + left, place.y - up, length, up + down)
            for (other, text) in boxes {
                let overlaps = box.x < other.maxX && other.x < box.maxX && box.y < other.maxY && other.y < box.maxY
                #expect(!overlaps, "\(size) \(width): “\(run.text)” on “\(text)”")
            }
            boxes.append((box, run.text))
        }
        #expect(boxes.count > 6)
    }

    // MARK: One scale for one quantity

    /// Bars of index scores by the number that stands under each: heights above and below the line of zero.
    private func bars(_ scene: Scene) -> [(score: Double, height: Double)] {
        let bars = scene.rects.filter { shape in
            switch shape.fill {
            case .solid(.indexer): true
            case .hatch(let lines, _, _, _): lines == Paint.indexer.mixed(0.45)
            default: false
            }
        }
        return bars.compactMap { bar in
            let below = scene.texts.filter { run in
                run.anchor == .middle && abs(run.position.x - bar.rect.midX) < 1 && run.position.y > bar.rect.maxY
                    && Double(number(run)) != nil
            }
            guard let score = below.min(by: { $0.position.y < $1.position.y }).flatMap({ Double(number($0)) }) else { return nil }
            // A hatched bar is drawn within its outline.
            return (score, bar.rect.height + (bar.stroke == nil ? 0 : 1))
        }
    }

    private func number(_ run: TextRun) -> String { run.text.replacing("−", with: "-") }

    @Test(arguments: [375.0, 1200]) func `the bars of all questions stand on one scale`(width: Double) throws {
        var options = FigureOptions()
        options.width = width
        let bars = bars(try Figure.questions.draw(try Diary.questions(.en), options, fixedText))
        let units = bars.filter { $0.score >= 1 }.map { $0.height / $0.score }
        #expect(units.count >= 9, "of both questions")
        let (least, most) = (try #require(units.min()), try #require(units.max()))
        #expect(most - least < 0.02 * most, "\(units)")
    }

    @Test func `a score below zero has a bar that goes down, and zero has none`() throws {
        let scene = try draw(Diary.selective("trip", .en, with: [.noReLU]), .questions)
        let low = scene.texts.filter { $0.text.hasPrefix("−") && $0.anchor == .middle }
        #expect(low.count >= 3)
        let zero = try #require(scene.rects.first { $0.fill == .solid(.indexer) }).rect.maxY
        for run in low {
            let bar = scene.rects.first { abs($0.rect.midX - run.position.x) < 1 && abs($0.rect.y - zero) < 1 && $0.rect.height > 1 }
            #expect(bar != nil, "\(run.text)")
            #expect(run.position.y > (bar?.rect.maxY ?? 0))
        }
    }

    @Test func `a question is written as a reader would write it, from pieces of words and bytes too`() throws {
        func asked(_ tokens: [String]) throws -> String? {
            let trace = Trace(tokens: tokens, steps: LargeTrace.selective(tokens.count).steps)
            return try draw(trace, .questions).words.first { $0.hasPrefix("Asking") }
        }
        #expect(try asked(["▁a", ".", "▁O", "nce", "▁", "<0xE6>", "<0x88>", "<0x91>", "?"]) == "Asking “Once 我?”")
        #expect(try asked(["▁a", ".", "▁O", "nce", "▁<0xE6><0x88>", "<0x91>?"]) == "Asking “Once 我?”")
        #expect(try asked(["Holiday", ".", "Trip", "went", "where", "?"]) == "Asking “Trip went where?”")
        #expect(try asked(["国庆", "。", "旅行", "去了", "？"]) == "Asking “旅行去了？”")
    }

    // MARK: Signs in grey

    @Test func `in print the pixels of a number and of its negative differ, and neither is blank`() throws {
        let values = (0..<100).flatMap { row in (0..<100).map { Double(($0 + row) % 3 - 1) * 4 } }
        let whole = try draw(trace(values, [.t, .c], [100, 100], id: "layer.0.hidden")) { $0.step = "layer.0.hidden" }
        for theme in Theme.allCases {
            let scene = whole.shown(in: theme)
            let image = try #require(scene.items.flatMap(\.images).first { $0.width == 100 })
            let palette = Palette.of(theme)
            let colors = image.pixels.prefix(3).map { palette.color(image.palette[Int($0)]) }
            #expect(Set(colors).count == 3, "\(theme): \(colors)")
            if theme == .print { #expect(!colors.contains(palette.paper)) }
            let ramp = try #require(scene.items.flatMap(\.images).first { $0.height == 1 })
            #expect(
                palette.color(ramp.palette[0]) == colors[0] && palette.color(ramp.palette.last!) == colors[2], "the scale shows the same")
        }
    }

    // MARK: Hatching

    @Test(arguments: Figures.all.map(\.name)) func `thin hatching on paper says what was not selected`(name: String) throws {
        let figure = try Figures.named(name)
        var data = try Diary.questions(.en)
        if figure.needs != .traces { data = FigureData(traces: [], provenance: Provenance(name: "test")) }
        if figure.needs != .traces { data.numbers = try Published.numbers(figure.needs) }
        let scene = try figure.draw(data, FigureOptions(), fixedText)
        for shape in scene.rects {
            guard case .hatch(let lines, let background, _, _) = shape.fill, background == nil || background == .paper else { continue }
            #expect(lines == .hatch || lines == Paint.indexer.mixed(0.45), "\(lines)")
        }
    }

    // MARK: Names of columns

    @Test(arguments: [Figure.matrix, .compare, .heads, .difference], [Preset.article, .phone, .slide])
    func `Chinese names of columns stand upright where they do not fit`(figure: Figure, preset: Preset) throws {
        var options = FigureOptions()
        (options.language, options.preset) = (.zh, preset)
        let texts = try figure.draw(try Diary.questions(.zh), options, fixedText).texts
        #expect(texts.contains { TokenText.isIdeographic($0.text) })
        #expect(!texts.contains { TokenText.isIdeographic($0.text) && $0.rotation == 60 })
    }

    @Test func `an aggregation is refused where every cell has its own place`() throws {
        for figure in [Figure.matrix, .compare, .heads] {
            let error = #expect(throws: FigureError.self) { try draw(Diary.selective("trip", .en), figure) { $0.aggregate = .max } }
            #expect(error?.description.hasPrefix("\(figure.name): aggregate max: expected more cells than the picture has pixels") == true)
        }
    }

    @Test func `the mean of heads is refused where there are none`() throws {
        for id in ["selected", "indexer.score"] {
            let error = #expect(throws: FigureError.self) {
                try draw(Diary.selective("trip", .en)) { options in (options.step, options.head) = (id, .mean) }
            }
            #expect(
                error?.description.hasPrefix("\(id) has no axis of heads to choose the mean from") == true, "\(error?.description ?? "")")
        }
    }
}

extension Item {
    fileprivate var images: [PixelImage] {
        switch self {
        case .image(let image, _): [image]
        case .group(_, let items, _), .only(_, let items): items.flatMap(\.images)
        default: []
        }
    }
}
