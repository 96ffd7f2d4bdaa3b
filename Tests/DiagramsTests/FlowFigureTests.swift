// The figures that follow a computation, `pipeline` and `indexer`, where layout carries the meaning: boxes and straight lines, names that stay
// when rows are low.

import Diagrams
import Testing
import Traces

@Suite struct FlowFigureTests {
    private func draw(_ figure: Figure, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        change(&options)
        return try figure.draw(Diary.questions(options.language), options, fixedText)
    }

    private func paths(_ scene: Scene) -> [[PathElement]] {
        scene.flat.compactMap { if case .path(let elements, nil, _?) = $0 { elements } else { nil } }
    }

    // MARK: pipeline

    @Test func `the flow stands in the middle of the picture`() throws {
        let scene = try draw(.pipeline)
        let boxes = scene.hotSpots.map(\.area)
        let (left, right) = (boxes.map(\.x).min()!, boxes.map(\.maxX).max()!)
        #expect(abs((left + right) / 2 - scene.size.width / 2) < 20, "from \(left) to \(right)")
    }

    @Test(arguments: [600.0, 1200]) func `a line that passes other steps runs straight between its bends`(width: Double) throws {
        let scene = try draw(.pipeline) { $0.width = width }
        let place = Dictionary(scene.hotSpots.map { ($0.step, $0.area) }) { first, _ in first }
        let isSideways = try #require(place["input.x"]).maxX < #require(place["sparse.output"]).x
        var passing = 0
        for path in paths(scene) where path.count > 3 {
            let ends = path.dropFirst().dropLast().map { element -> Double in
                switch element {
                case .curve(_, _, to: let end), .line(let end): isSideways ? end.y : end.x
                default: .nan
                }
            }
            #expect(Set(ends).count == 1, "\(ends)")
            passing += 1
        }
        #expect(passing == 4, "q, k, v and the weights come from x past other layers")
    }

    @Test func `boxes name their steps whole, in lines that fit`() throws {
        for language in Language.allCases {
            let scene = try draw(.pipeline) { $0.language = language }
            let texts = scene.words.joined(separator: " ")
            #expect(texts.contains(language == .en ? "Index scores" : "索引得分"))
            // The legend's word begins small; “Values” names v alone, not the output, whose name is longer.
            #expect(scene.words.count { $0 == "Values" } == (language == .en ? 1 : 0))
        }
    }

    @Test func `a given box that is no cache is not called one`() throws {
        let scene = try draw(.pipeline)
        #expect(!scene.words.joined(separator: " ").contains("cache"))
    }

    @Test(arguments: ["layer.0", "prefill"]) func `an earlier pass leaves a cache, an earlier layer does not`(earlier: String) throws {
        let (here, isCache) = (earlier == "prefill" ? "decode.0" : "layer.1", earlier == "prefill")
        func step(_ id: StepID, _ inputs: [StepID]) -> Step {
            Step(
                id: id, title: Bilingual(en: "Something", zh: "某物"), formula: Formula(""), source: "test", inputs: inputs, symbol: "x",
                output: Tensor(Shape([.t, .s], [1, 1]), [1]))
        }
        let (k, z, output) = (StepID(earlier + ".k"), StepID(here + ".z"), StepID(here + ".attention.output"))
        let steps = [step(k, []), step(z, [k]), step(output, [z])]
        let data = FigureData(traces: [("main", Trace(tokens: [], steps: steps))], provenance: Provenance(name: "test"))
        let scene = try Figure.pipeline.draw(data, FigureOptions(), fixedText)
        #expect(scene.words.joined(separator: " ").contains("caches") == isCache)
    }

    @Test(arguments: [Preset.cover, .slide]) func `wide, low pictures flow from left to right`(preset: Preset) throws {
        let scene = try draw(.pipeline) { $0.preset = preset }
        let place = Dictionary(scene.hotSpots.map { ($0.step, $0.area) }) { first, _ in first }
        let (input, output) = (try #require(place["input.x"]), try #require(place["sparse.output"]))
        #expect(input.maxX < output.x)
        #expect(place.values.allSatisfy { $0.maxY < scene.size.height })
    }

    // MARK: indexer

    @Test func `kept keys are named where rows are too low for names`() throws {
        for width in [300.0, 560] {
            let scene = try draw(.indexer) { ($0.preset, $0.width) = (.cover, width) }
            let bold = scene.texts.filter { $0.style.weight == .semibold && $0.style.size < 12 }.map(\.text)
            for name in ["Holiday", "flew", "Dali", "Trip"] { #expect(bold.contains(name), "\(width): \(bold)") }
            #expect(!scene.words.contains("noodles"), "\(width): the rows are low here")
        }
    }

    @Test func `the cut is named over its line`() throws {
        let scene = try draw(.indexer)
        let name = try #require(scene.texts.first { $0.text == "cut: top 4" })
        let dashed = scene.flat.compactMap { item -> Double? in
            if case .path(let path, nil, let stroke?) = item, !stroke.dash.isEmpty, case .move(let start) = path[0] { start.x } else { nil }
        }
        let line = try #require(dashed.first)
        let width = fixedText.measure(name.text, name.style, .en).width
        #expect(abs(name.position.x + width / 2 - line) < 1)
    }

    @Test func `where every visible key stays, no cut is claimed`() throws {
        let scene = try draw(.indexer) { $0.query = 0 }
        #expect(scene.words.contains("every visible key stays") && !scene.words.contains { $0.hasPrefix("cut") })
        #expect(scene.words.joined(separator: " ").contains("the highest stays"))
        let zh = try draw(.indexer) { ($0.query, $0.language) = (0, .zh) }
        #expect(zh.words.contains("可见的键全部入选"))
    }

    @Test func `the weights of all heads are written in one form`() throws {
        for width in [375.0, 420, 600, 1200] {
            let weights = try draw(.indexer) { $0.width = width }.words.filter { $0.hasPrefix("× ") }
            #expect(weights.isEmpty || weights == ["× 1.0", "× 0.5"], "\(width): \(weights)")
        }
    }
}
