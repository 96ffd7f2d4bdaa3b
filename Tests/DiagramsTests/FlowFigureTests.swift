// The figures that follow a computation, `pipeline`, `pipeline-detail` and `indexer`, where layout carries the meaning: boxes and straight lines, names that stay
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

    // MARK: pipeline-detail

    @Test func `the flow stands in the middle of the picture`() throws {
        let scene = try draw(.pipelineDetail)
        let boxes = scene.hotSpots.map(\.area)
        let (left, right) = (boxes.map(\.x).min()!, boxes.map(\.maxX).max()!)
        #expect(abs((left + right) / 2 - scene.size.width / 2) < 20, "from \(left) to \(right)")
    }

    @Test(arguments: [600.0, 1200]) func `a line that passes other steps runs straight between its bends`(width: Double) throws {
        let scene = try draw(.pipelineDetail) { $0.width = width }
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
            let scene = try draw(.pipelineDetail) { $0.language = language }
            let texts = scene.words.joined(separator: " ")
            #expect(texts.contains(language == .en ? "Index scores" : "索引得分"))
            // The legend's word begins small; “Values” names v alone, not the output, whose name is longer.
            #expect(scene.words.count { $0 == "Values" } == (language == .en ? 1 : 0))
        }
    }

    @Test func `a given box that is no cache is not called one`() throws {
        let scene = try draw(.pipelineDetail)
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
        let scene = try Figure.pipelineDetail.draw(data, FigureOptions(), fixedText)
        #expect(scene.words.joined(separator: " ").contains("caches") == isCache)
    }

    @Test(arguments: [Preset.cover, .slide]) func `wide, low pictures flow from left to right`(preset: Preset) throws {
        let scene = try draw(.pipelineDetail) { $0.preset = preset }
        let place = Dictionary(scene.hotSpots.map { ($0.step, $0.area) }) { first, _ in first }
        let (input, output) = (try #require(place["input.x"]), try #require(place["sparse.output"]))
        #expect(input.maxX < output.x)
        #expect(place.values.allSatisfy { $0.maxY < scene.size.height })
    }

    // MARK: pipeline

    /// Widths of the lines in `color` that run to the right or down.
    private func widths(_ scene: Scene, _ color: Paint) -> [Double] {
        scene.flat.compactMap { item in
            if case .path(let path, nil, let stroke?) = item, stroke.color == color, path.count == 2 { stroke.width } else { nil }
        }
    }

    @Test func `eight boxes stand in three lanes, with the bytes that one query needs`() throws {
        let scene = try draw(.pipeline)
        #expect(scene.title.en == "The indexer skims all 18 keys, attention reads 4 of them in full")
        let boxes = ["Index keys", "Index scores", "The top 4", "Keys", "Values", "Query", "Weights", "Output"]
        for name in boxes + ["Indexer", "Selection", "Attention", "gather"] { #expect(scene.words.contains(name)) }
        // By hand: index keys of 4 numbers, keys of 2 heads x 4, values the same, at 8 bytes a number.
        for note in ["18 × 32 B", "18 × 8 B", "4 × 8 B", "18 × 64 B", "64 B"] { #expect(scene.words.contains(note)) }
        #expect(scene.words.joined(separator: " ").contains("576 B and 512 B; dense attention would read 2,304 B"))
        #expect(
            scene.hotSpots.map(\.step) == [
                "indexer.k", "indexer.score", "selected", "attention.q", "attention.k", "sparse.weights", "attention.v", "sparse.output",
            ])
    }

    @Test func `arrows are as thick as their bytes, and a line goes through the funnels for each kept key and value`() throws {
        let scene = try draw(.pipeline)
        let violet = widths(scene, .indexer)
        // Index keys 576 bytes, index scores 144; the positions, 32 bytes, take the least width.
        #expect(violet.count == 4 && abs(violet[0] / violet[1] - 4) < 1e-9 && violet[2] >= 1 && violet[3] == violet[2])
        for color in [Paint.key, .value] {
            let kept = scene.flat.count { item in
                if case .path(let path, nil, let stroke?) = item { stroke.color == color && path.count == 3 } else { false }
            }
            #expect(kept == 4, "\(color)")
        }
    }

    @Test func `pipeline follows the query that is asked for, and dense attention has one lane`() throws {
        let third = try draw(.pipeline) { $0.query = 2 }
        #expect(third.title.en == "So short a text is read in full: all 3 keys stay")
        let data = FigureData(traces: [("diary", try Diary.trace("trip", .en))], provenance: Provenance(name: "diary"))
        let dense = try Figure.pipeline.draw(data, FigureOptions(), fixedText)
        #expect(dense.title.en == "Dense attention reads every key: all 18, in full")
        #expect(!dense.words.contains("Indexer") && !dense.words.contains("gather") && dense.words.contains("Attention"))
    }

    // MARK: indexer

    @Test func `kept keys are named where rows are too low for names`() throws {
        for width in [300.0, 560] {
            let scene = try draw(.indexer) { ($0.preset, $0.width) = (.cover, width) }
            let bold = scene.texts.filter { $0.style.weight == .semibold && $0.style.size < 13 }.map(\.text)
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
            let weights = try draw(.indexer) { $0.width = width }.words.filter {
                $0.hasPrefix("w") && $0.hasSuffix(".0") || $0.hasSuffix("t 0.5") || $0 == "w 0.5"
            }
            #expect(weights.isEmpty || weights == ["weight 1.0", "weight 0.5"] || weights == ["w 1.0", "w 0.5"], "\(width): \(weights)")
        }
    }
}
