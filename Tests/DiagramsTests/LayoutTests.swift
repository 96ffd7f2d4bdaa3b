// Where the parts of figures about attention stand: names of tokens on small pictures, the ranking on wide ones, heads of whole models.

import Diagrams
import Testing
import Traces

@Suite struct LayoutTests {
    private func draw(_ figure: Figure, _ language: Language = .en, _ change: (inout FigureOptions) -> Void) throws -> Scene {
        var options = FigureOptions()
        options.language = language
        change(&options)
        return try figure.draw(Diary.questions(language), options, fixedText)
    }

    @Test(arguments: Preset.allCases, Language.allCases) func `every token of the diary is named in rows and columns, whatever the use`(
        preset: Preset, language: Language
    ) throws {
        let tokens = try Diary.trace("trip", language).tokens
        for figure in [Figure.matrix, .compare] {
            let scene = try draw(figure, language) { $0.preset = preset }
            let names = ["rows", "columns"].map { name in
                scene.items.flatMap { item in if case .group(name, let items, _) = item { items } else { [Item]() } }
            }
            for items in names { #expect(items.count >= tokens.count, "\(figure.name) \(preset)") }
        }
    }

    @Test(arguments: [Preset.cover, .slide]) func `a wide page shows the order of the row beside the matrix`(preset: Preset) throws {
        #expect(try draw(.matrix) { $0.preset = preset }.words.contains("Row “?”, in order"))
        let data = FigureData(traces: [("large", LargeTrace.selective(100))], provenance: Provenance(name: "test"))
        var options = FigureOptions()
        options.preset = preset
        #expect(try Figure.matrix.draw(data, options, fixedText).words.contains("Row “w99”, in order"))
    }

    @Test func `a phone has no room for bars of mass kept, only for their numbers`() throws {
        let bar = Paint.bar
        func bars(_ preset: Preset) throws -> Int { try draw(.compare) { $0.preset = preset }.rects.count { $0.fill == .solid(bar) } }
        #expect(try bars(.article) == 18)
        #expect(try bars(.phone) == 0)
        #expect(try draw(.compare) { $0.preset = .phone }.words.contains("93%"))
    }

    @Test func `a head is called by its letter in the title, by its whole label above its matrix`() throws {
        let step = Step(
            id: "attention.weights", title: Bilingual(en: "Weights", zh: "权重"), formula: Formula(""), source: "test", inputs: [],
            symbol: "A",
            output: Tensor([.h, .t, .s], [2, 2, 2], [1, 0, 0.6, 0.4, 1, 0, 0.85, 0.15]),
            labels: [.h: ["A: same story", "B: the thing asked for"]])
        let data = FigureData(
            traces: [("diary", Trace(tokens: ["Dali", "?"], steps: [step]))], provenance: Provenance(name: "test"))
        let scene = try Figure.heads.draw(data, FigureOptions(), fixedText)
        #expect(scene.title.en == "Of 2 heads, head B is the surest: “?” rests 85% on “Dali”")
        #expect(scene.title.zh == "2 个头里最确定的是头 B，它让“?”把 85% 放在“Dali”上")
        #expect(scene.words.contains { $0.hasPrefix("B: ") })
    }

    @Test func `heads that tie at 100% are counted, not ranked`() throws {
        let rows: [Double] = [1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0.6, 0.4, 1, 0, 0.998, 0.002]
        let step = Step(
            id: "attention.weights", title: Bilingual(en: "Weights", zh: "权重"), formula: Formula(""), source: "test", inputs: [],
            symbol: "A", output: Tensor([.h, .t, .s], [4, 2, 2], rows))
        let data = FigureData(traces: [("main", Trace(tokens: ["Dali", "?"], steps: [step]))], provenance: Provenance(name: "test"))
        let scene = try Figure.heads.draw(data, FigureOptions(), fixedText)
        #expect(scene.title.en == "In 2 of 4 heads, “?” rests 100% on one key each")
        #expect(scene.title.zh == "4 个头里有 2 个让“?”把 100% 放在各自的一个键上")
    }

    /// Five layers of eight heads over four tokens.
    private static let model: Trace = {
        let row = [1, 0, 0, 0, 0.5, 0.5, 0, 0, 0.2, 0.3, 0.5, 0, 0.1, 0.2, 0.3, 0.4]
        let steps = (0..<5).map { layer in
            Step(
                id: StepID([.layer(layer), .branch(.attention)], .weights), title: Bilingual(en: "Weights", zh: "权重"), formula: Formula(""),
                source: "test",
                inputs: [], symbol: "A", output: Tensor([.h, .t, .s], [8, 4, 4], (0..<8).flatMap { _ in row }))
        }
        return Trace(tokens: ["one", "two", "three", "wonderfully"], steps: steps)
    }()

    @Test(arguments: Preset.allCases) func `heads of a model keep their names and at least 48 points, layer by layer`(preset: Preset) throws
    {
        let data = FigureData(traces: [("model", Self.model)], provenance: Provenance(name: "test"))
        var options = FigureOptions()
        options.preset = preset
        let scene = try Figure.heads.draw(data, options, fixedText)
        switch preset {
        case .article: #expect(scene.words.contains("layer 4, head 7"))
        case .phone: #expect(scene.words.contains("L4 · H7") && scene.words.joined(separator: " ").contains("L: layer, H: head."))
        case .slide, .cover: #expect(scene.words.contains("layer") && scene.words.contains("head") && !scene.words.contains("L4 · H7"))
        }
        let areas = scene.flat.compactMap { item in
            if case .image(let image, let area) = item, image.height > 1 { area } else { Rect?.none }
        }
        #expect(areas.count == 40)
        #expect(areas.allSatisfy { $0.width >= 48 })
        #expect(areas[0].y == areas[1].y && areas[8].y > areas[0].y, "a layer begins a line")
        #expect(!scene.words.contains { $0.hasSuffix("…") }, "a share is never cut off")
    }

    @Test func `a token that is only a number is called by its position`() throws {
        let trace = Trace(tokens: ["0", "1", "2", "3"], steps: Self.model.steps)
        let data = FigureData(traces: [("model", trace)], provenance: Provenance(name: "test"))
        let heads = try Figure.heads.draw(data, FigureOptions(), fixedText)
        #expect(heads.title.en == "In all 40 heads, query 3 rests 40% on itself")
        #expect(heads.title.zh == "40 个头都让查询 3 把 40% 放在自身上")
        #expect(try Figure.arcs.draw(data, FigureOptions(), fixedText).title.zh == "查询 3 把 40% 的注意力放在自身上")
    }

    @Test func `titles of matrices call such tokens by their positions too, in both languages`() throws {
        let weights = trace([1, 0, 0.25, 0.75], [.t, .s], [2, 2], tokens: ["0", "1"])
        let title = try DiagramsTests.draw(weights).title
        #expect(title.en == "Query 1 rests 75% of its attention on itself")
        #expect(title.zh == "查询 1 把 75% 的注意力放在自身上")
        let scores = trace([2, 0, 1, 3.5], [.t, .s], [2, 2], id: "attention.dot", tokens: ["0", "1"])
        #expect(try DiagramsTests.draw(scores) { $0.step = "attention.dot" }.title.zh == "查询 1 和自身最对得上：点积是 3.5")
        let crossing = try DiagramsTests.draw(scores) { options in (options.step, options.key) = ("attention.dot", 0) }.title
        #expect(crossing.en == "Query 1 with key 0: 1" && crossing.zh == "查询 1 与键 0：1")
    }

    /// One step of decoding: the fourth token asks, and keeps keys 1 and 3.
    private static let decoding: Trace = {
        func step(_ id: StepID, _ axes: [Axis], _ lengths: [Int], inputs: [StepID] = [], _ values: [Double]) -> Step {
            Step(
                id: id.inside([.pass(.decode(0))]), title: Bilingual(en: "Something", zh: "某物"), formula: Formula(""), source: "test",
                inputs: inputs,
                symbol: "A", output: Tensor(Shape(axes, lengths), values))
        }
        return Trace(
            tokens: ["one", "two", "three", "four"],
            steps: [
                step("indexer.score", [.t, .s], [1, 4], [-0.5, 0.004, -0.25, 0.01]),
                step("selected", [.t, .k], [1, 2], inputs: ["decode.0.indexer.score"], [3, 1]),
                step("dense.weights", [.t, .s], [1, 4], [0.1, 0.2, 0.3, 0.4]),
                step("attention.weights", [.t, .s], [1, 4], [0, 0.4, 0, 0.6]),
            ])
    }()

    @Test func `in decoding the token that asks is the last, and stands beside itself`() throws {
        let data = FigureData(traces: [("main", Self.decoding)], provenance: Provenance(name: "test"))
        var options = FigureOptions()
        options.phase = "decode.0"
        let scene = try Figure.questions.draw(data, options, fixedText)
        let blue = Paint.query
        let frame = try #require(scene.rects.first { $0.stroke?.color == blue }?.rect)
        let name = try #require(scene.texts.first { $0.text == "four" })
        #expect(abs(frame.midX - name.position.x) < 1e-9)
        let arcs = scene.flat.count { item in
            if case .path(let path, _, _) = item, path.count == 2, case .curve = path[1] { true } else { false }
        }
        #expect(arcs == 1, "an arc to key 1, none to itself")
        #expect(scene.words.contains("0.004") && scene.words.contains("0.010"), "digits that tell small scores apart")
        options.step = "decode.0.dense.weights"
        let drawn = try Figure.arcs.draw(data, options, fixedText)
        let asking = try #require(drawn.rects.first { $0.stroke?.color == blue }?.rect)
        let key = try #require(drawn.texts.last { $0.text == "four" })
        #expect(abs(asking.midY - (key.position.y - key.style.size * 0.36)) < 1e-9)
    }
}
