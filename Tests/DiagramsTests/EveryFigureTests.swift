// What holds of every figure drawn from a trace, in every language, theme, preset and at the widths that a reader uses: no text runs into another,
// nothing leaves the picture, nothing is smaller than 11 points, and all words are there in both languages.

import Diagrams
import Records
import Testing
import Traces

@Suite struct EveryFigureTests {
    static let names = Figures.all.filter { $0.needs == .traces }.map(\.name)

    private static let data: [Language: FigureData] = {
        var data: [Language: FigureData] = [:]
        for language in Language.allCases { data[language] = try? Diary.questions(language) }
        return data
    }()

    /// Every preset, and three widths more; the other themes once, for they change colours alone.
    private func scenes(_ name: String, _ language: Language, _ given: FigureData? = nil) throws -> [(String, Scene)] {
        let (figure, data) = (try Figures.named(name), try #require(given ?? Self.data[language]))
        let uses =
            Preset.allCases.map { (Theme.light, $0, Double?.none) } + [figure.leastWidth, 375, 600, 900].map { (.light, .article, $0) }
        return try (uses + [(.dark, .article, nil), (.print, .article, nil)]).map { theme, preset, width in
            var options = FigureOptions()
            (options.language, options.preset, options.width) = (language, preset, width)
            return ("\(theme) \(preset) \(width ?? 0)", try figure.draw(data, options, fixedText).shown(in: theme))
        }
    }

    @Test(arguments: names, Language.allCases) func `no text runs into another, leaves the picture or is under 11 points`(
        name: String, language: Language
    ) throws {
        for (place, scene) in try scenes(name, language) { expectLegible(scene, language, "\(name) \(place)") }
    }

    @Test(arguments: names, Language.allCases) func `pictures of more than 64 tokens keep to the same rules, or are refused by name`(
        name: String, language: Language
    ) throws {
        let data = FigureData(traces: [("large", LargeTrace.selective(100))], provenance: Provenance(name: "diary"))
        if let refusal = Self.refusals[name] {
            #expect(throws: FigureError(refusal)) { try scenes(name, language, data) }
            return
        }
        for (place, scene) in try scenes(name, language, data) {
            expectLegible(scene, language, "\(name) \(place)")
            for shape in scene.rects { expectInside(shape.rect, scene, "\(name) \(place)") }
        }
    }

    @Test(arguments: Language.allCases)
    func `a map of many layers keeps to the same rules, and says where a pixel stands for several tokens`(
        language: Language
    ) throws {
        let asked = (0..<178).map { max(0, 162 - $0) }
        let layers = (0..<30).map { number in
            SelectionMap.Layer(
                number: number, asked: asked, kept: asked.enumerated().map { $0 % 9 == number % 9 ? $1 : $1 / 8 },
                common: number == 0 ? nil : 0.725)
        }
        let map = SelectionMap(model: "Large", topK: 16, tokens: (0..<178).map { "w\($0)" }, layers: layers)
        for (place, scene) in try scenes("selection-map", language, FigureData(.selections(map), provenance: Provenance(name: "map.json")))
        {
            expectLegible(scene, language, place)
            for shape in scene.rects { expectInside(shape.rect, scene, place) }
            let words = scene.words.joined(separator: language == .en ? " " : "")
            let several = language == .en ? "the mean of up to 2 tokens" : "至多 2 个词元的平均"
            #expect(words.contains(several) == (scene.size.width == Figure.selectionMap.leastWidth), "\(place)")
        }
    }

    /// Why a figure does not draw the large trace; those that are not named here do.
    private static let refusals = [
        "questions": "questions takes up to 64 tokens, found 100: try compare",
        "arcs": "arcs takes up to 64 tokens, found 100: try matrix",
        "indexer": "indexer needs the step indexer.dot, found none",
        "next-token": "next-token takes up to 64 tokens, found 100: try matrix",
        "difference": "difference needs two runs of the same, found one",
        "weighted-sum": "weighted-sum needs the output of the heads beside attention.weights, found none",
        "pipeline": "pipeline needs the queries, keys, values and output of sparse.weights, found not all of them",
        "pipeline-detail":
            "pipeline-detail needs a trace with an output: expected prefill.output, sparse.output, attention.output, found none; name a step",
    ]

    @Test(arguments: names) func `a figure that is too small for a text names one that draws it`(name: String) throws {
        let data = FigureData(traces: [("large", LargeTrace.selective(100))], provenance: Provenance(name: "diary"))
        guard let refusal = Self.refusals[name], let other = refusal.firstMatch(of: /tokens, found 100: try (\S+)/)?.1 else { return }
        _ = try Figures.named(String(other)).draw(data, FigureOptions(), fixedText)
    }

    @Test(arguments: names, Theme.allCases) func `no word about brightness is false in its theme`(name: String, theme: Theme) throws {
        let (figure, data) = (try Figures.named(name), try #require(Self.data[.en]))
        for step in [nil, "attention.dot", "attention.scores"] where step == nil || figure.takes.contains(.step) {
            for language in Language.allCases {
                var options = FigureOptions()
                (options.step, options.language) = (step, language)
                guard let scene = try? figure.draw(data, options, fixedText) else { continue }
                let words = scene.shown(in: theme).words.joined(separator: " ").lowercased()
                let told = theme == .dark ? ["darker", "paler", "颜色越深", "浅色"] : ["brighter", "越亮"]
                for word in told { #expect(!words.contains(word), "\(language) \(step ?? ""): \(word)") }
            }
        }
    }

    private func expectLegible(_ scene: Scene, _ language: Language, _ place: String) {
        var boxes: [(Rect, String)] = []
        for run in scene.texts {
            #expect(run.style.size >= 11, "\(place): \(run.text)")
            let corners = corners(run, language)
            let isInside = corners.allSatisfy {
                $0.x >= -0.5 && $0.x <= scene.size.width + 0.5 && $0.y >= 0 && $0.y <= scene.size.height
            }
            #expect(isInside, "\(place) \(language): \(run.text) leaves the picture")
            guard run.rotation == 0 else { continue }
            let box = Rect(corners[0].x, corners[0].y, corners[2].x - corners[0].x, corners[2].y - corners[0].y).insetBy(0.4)
            for (other, text) in boxes {
                let overlaps = box.x < other.maxX && other.x < box.maxX && box.y < other.maxY && other.y < box.maxY
                #expect(!overlaps, "\(place) \(language): “\(run.text)” on “\(text)”")
            }
            boxes.append((box, run.text))
        }
    }

    private func expectInside(_ rect: Rect, _ scene: Scene, _ place: String) {
        #expect(rect.x >= 0 && rect.maxX <= scene.size.width && rect.y >= 0 && rect.maxY <= scene.size.height, "\(place): \(rect)")
        #expect(rect.width >= 0 && rect.height >= 0)
    }

    @Test(arguments: names, Language.allCases) func `shapes stay inside the picture`(name: String, language: Language) throws {
        for (place, scene) in try scenes(name, language) {
            for shape in scene.rects { expectInside(shape.rect, scene, "\(name) \(language) \(place)") }
        }
    }

    @Test(arguments: names) func `title, alt text and caption are there in both languages, with numbers in the alt text`(name: String)
        throws
    {
        for language in Language.allCases {
            let scene = try #require(try scenes(name, language).first).1
            for text in [scene.title, scene.alt, scene.caption] {
                #expect(!text.en.isEmpty && !text.zh.isEmpty && text.en != text.zh)
                #expect(text.zh.contains { LineBreaker.isIdeographic($0) })
                let isFullWidth = language == .en || !text.zh.contains { ",;:?!".contains($0) }
                #expect(isFullWidth, "Chinese takes marks of full width: \(text.zh)")
            }
            #expect(scene.alt.en.contains { $0.isNumber } && scene.alt.zh.contains { $0.isNumber })
            #expect(scene.provenance["figure"] == name && scene.provenance["data"] == "diary")
        }
    }

    @Test(arguments: names) func `covers and slides are 16 to 9, and the source stands on every picture`(name: String) throws {
        for (place, scene) in try scenes(name, .en) {
            if place.contains("cover") || place.contains("slide") {
                #expect(abs(scene.size.height - (scene.size.width * 9 / 16).rounded()) <= 1, "\(name) \(place): \(scene.size)")
            }
            #expect(scene.words.joined(separator: " ").contains("data: diary"))
        }
    }

    @Test(arguments: names) func `the same data and options give the same scene`(name: String) throws {
        let (figure, data) = (try Figures.named(name), try #require(Self.data[.zh]))
        let (a, b) = (try figure.draw(data, FigureOptions(), fixedText), try figure.draw(data, FigureOptions(), fixedText))
        #expect(a == b)
    }

    @Test(arguments: names) func `a figure without its traces says what it needs`(name: String) throws {
        let (figure, none) = (try Figures.named(name), FigureData(traces: [], provenance: Provenance(name: "none")))
        let error = #expect(throws: FigureError.self) { try figure.draw(none, FigureOptions(), fixedText) }
        #expect(error?.description == Self.needs[name], "\(name)")
    }

    private static let needs = [
        "matrix": "matrix: no trace to draw from", "questions": "questions needs a trace for each question, found none",
        "compare": "compare needs a trace with a selection, found no trace",
        "heads": "heads needs a trace with attention weights, found no trace",
        "head-kinds": "head-kinds needs a trace with attention weights, found no trace",
        "arcs": "arcs needs a trace with attention weights, found no trace",
        "triangles": "triangles needs a trace with attention weights, found no trace",
        "next-token": "next-token needs a trace with attention weights, found no trace",
        "difference": "difference needs two runs of the same, found none",
        "indexer": "indexer needs a trace with an indexer, found no trace", "pipeline": "pipeline needs a trace, found none",
        "pipeline-detail": "pipeline-detail needs a trace, found none",
        "softmax": "softmax needs a trace with attention weights, found no trace",
        "weighted-sum": "weighted-sum needs a trace with attention weights, found no trace",
        "pathway": "pathway needs a trace with attention weights, found no trace",
        "selection-map": "selection-map needs a trace with attention weights, found no trace",
    ]

    @Test(arguments: names) func `widths outside its least to 10,000 are refused`(name: String) throws {
        for width in [0, 1e9, -3, .nan, 200] as [Double] {
            var options = FigureOptions()
            options.width = width
            let (figure, data) = (try Figures.named(name), try #require(Self.data[.en]))
            let found = FigureError("width \(width): expected \(Int(figure.leastWidth)) to 10,000 points")
            #expect(throws: found) { try figure.draw(data, options, fixedText) }
        }
    }

    /// The corners of a run: top left, top right, bottom right, bottom left, turned with it.
    private func corners(_ run: TextRun, _ language: Language) -> [Point] {
        let width = fixedText.measure(run.text, run.style, language).width
        let left = run.anchor == .start ? 0 : run.anchor == .middle ? -width / 2 : -width
        let (top, bottom) = (-run.style.size * 0.72, run.style.size * 0.13)
        // Only the angles that figures use: none, a right angle, and 60 degrees.
        let (cosine, sine): (Double, Double) = run.rotation == 0 ? (1, 0) : run.rotation == -90 ? (0, -1) : (0.5, 0.75.squareRoot())
        return [(left, top), (left + width, top), (left + width, bottom), (left, bottom)].map { x, y in
            Point(run.position.x + x * cosine - y * sine, run.position.y + x * sine + y * cosine)
        }
    }
}

@Suite struct FigureChoiceTests {
    /// What a scene shows, without the lines that say which options were given.
    private func shown(_ name: String, _ data: FigureData, _ options: FigureOptions) throws -> [Item] {
        try Figures.named(name).draw(data, options, fixedText).items
    }

    private static func options(_ choice: FigureChoice) -> FigureOptions {
        var options = FigureOptions()
        switch choice {
        case .step: options.step = "attention.scores"
        case .head: options.head = .one(0)
        case .query: options.query = 3
        case .key: options.key = 3
        case .aggregate: options.aggregate = .mean
        case .phase: options.phase = "decode.0"
        case .moment: options.moment = 1
        case .stage: options.stage = .exponentials
        case .part: options.part = .scores
        case .topK: options.topK = 3
        }
        return options
    }

    /// A choice that a figure does not take changes nothing that it shows, so the command refuses it.
    @Test(arguments: Figures.all.filter { $0.needs == .traces }.map(\.name))
    func `a choice that a figure does not take would change nothing`(
        name: String
    ) throws {
        let (figure, data) = (try Figures.named(name), try Diary.questions(.en))
        let plain = try shown(name, data, FigureOptions())
        for choice in FigureChoice.allCases where !figure.takes.contains(choice) {
            #expect(try shown(name, data, Self.options(choice)) == plain, "\(choice)")
        }
        for choice in figure.takes.subtracting([.phase, .aggregate]) where !(name == "heads" && choice == .query) {
            let changed = try? shown(name, data, Self.options(choice))
            #expect(changed != plain, "\(choice)")
        }
    }

    @Test func `figures that draw no trace take no choice of one`() {
        for figure in Figures.all where figure.needs != .traces {
            #expect(figure.takes == (figure.name == "tiles" ? [.moment] : []), "\(figure.name)")
        }
    }
}
