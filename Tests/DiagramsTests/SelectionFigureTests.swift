// The figures about sparse attention as text: what is hatched, where bars end, what the words say. Expected numbers are those of the diary's
// independent script (diary/expected.json of the project's notes): selections, masses kept, scores.

import Diagrams
import Mechanisms
import Testing
import Traces

@Suite struct SelectionFigureTests {
    private func draw(_ figure: Figure, _ language: Language = .en, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        options.language = language
        change(&options)
        return try figure.draw(Diary.questions(language), options, fixedText)
    }

    private func message(_ figure: Figure, _ trace: Trace, _ change: (inout FigureOptions) -> Void = { _ in }) -> String {
        do {
            var options = FigureOptions()
            change(&options)
            let data = FigureData(traces: [("main", trace)], provenance: Provenance(name: "diary"))
            _ = try figure.draw(data, options, fixedText)
            return ""
        } catch { return "\(error)" }
    }

    private func group(_ name: String, _ scene: Scene) -> [Item] {
        scene.items(in: .light).compactMap { if case .group(name, let items, _) = $0 { items } else { nil } }.flatMap { $0 }
    }

    private func hatched(_ items: [Item]) -> Int {
        items.count { if case .rect(_, _, .hatch?, _) = $0 { true } else { false } }
    }

    // MARK: questions

    @Test func `two questions, two highlights`() throws {
        let scene = try draw(.questions)
        #expect(scene.title.en == "One diary, two questions, two highlights")
        #expect(scene.title.zh == "同一篇日记，两个问题，两处重点")
        #expect(scene.words.contains("Asking “Trip went where?”") && scene.words.contains("Asking “Breakfast: what?”"))
        #expect(scene.words.contains("keeps 4 of 18 keys, 92.5% of the dense attention"))
        #expect(scene.words.contains("keeps 4 of 18 keys, 95.0% of the dense attention"))
        #expect(scene.words.contains { $0.hasPrefix("Not picked is not forgotten") })
        #expect(
            scene.alt.en.contains(
                "Asking “Trip went where?”: Token 17, “?”, keeps 4 of 18 keys, holding 92.5% of the dense weight: “Dali” (65%), “Trip” (16%), “Holiday” (12%), “flew” (7%)."
            ))
        let zh = try draw(.questions, .zh)
        #expect(zh.words.contains("问“旅行去了哪儿？”") && zh.words.contains("选中 4 / 18 个键，保住 92.5% 的稠密注意力"))
        #expect(zh.alt.zh.contains("17 号词元“？”从 18 个键中选中 4 个，保住 92.5% 的稠密权重：“大理”（65%）"))
    }

    @Test func `the kept tokens of each question are bold, the others hatched`() throws {
        let scene = try draw(.questions)
        let names = Set(Diary.trip_en + Diary.breakfast_en)
        let bold = scene.texts.filter { names.contains($0.text) && $0.style.weight == .semibold }.map(\.text)
        #expect(bold == ["Holiday", "flew", "Dali", "Trip", "?", "Breakfast", ":", "noodles", "Breakfast", "?"])
        let tokens = scene.flat.count { if case .rect(_, let radius, .hatch?, nil) = $0 { radius == 5 } else { false } }
        #expect(tokens == 2 * (18 - 4 - 1))
    }

    @Test func `bars stand for index scores, and the cut runs between the last kept and the first dropped`() throws {
        let scene = try draw(.questions)
        let violet = Paint.indexer
        let bars = scene.rects.filter { $0.fill == .solid(violet) }.map(\.rect.height)
        #expect(bars.count == 8)
        let scores = [2.8, 2.4, 5.2, 3.0]
        for (bar, score) in zip(bars, scores) { #expect(abs(bar / bars[2] - score / 5.2) < 1e-9) }
        let cuts = scene.flat.compactMap { item -> Double? in
            guard case .path(let path, _, let stroke?) = item, !stroke.dash.isEmpty, case .move(let start) = path[0] else { return nil }
            return start.y
        }
        #expect(cuts.count == 2)
        let base = try #require(scene.rects.first { $0.fill == .solid(violet) }?.rect.maxY)
        #expect(abs((base - cuts[0]) / bars[2] - 2.2 / 5.2) < 1e-9, "between flew at 2.4 and Shanghai at 2.0")
        #expect(scene.words.contains("cut: the top 4 stay; at 1.0 the earlier token wins"))
    }

    @Test func `arcs leave the asking token for every kept key, as thick as its weight`() throws {
        let arcs = try draw(.questions).flat.compactMap { item -> Double? in
            guard case .path(let path, nil, let stroke?) = item, path.count == 2, case .curve = path[1] else { return nil }
            return stroke.width
        }
        #expect(arcs.count == 8)
        #expect(arcs[2] == arcs.max() && arcs[1] == arcs[..<4].min(), "Dali thickest, flew thinnest")
    }

    @Test func `on a phone the tokens stand in several lines`() throws {
        let scene = try draw(.questions) { $0.preset = .phone }
        let lines = Set(scene.texts.filter { Diary.trip_en.contains($0.text) }.map(\.position.y))
        #expect(lines.count >= 6)
    }

    @Test func `one question alone has its own title, and a query in the middle sees no later token`() throws {
        var options = FigureOptions()
        options.query = 4
        let data = FigureData(traces: [("trip", try Diary.selective("trip", .en))], provenance: Provenance(name: "diary"))
        let scene = try Figure.questions.draw(data, options, fixedText)
        #expect(scene.title.en == "“Dali” keeps 4 of 5 keys")
        #expect(scene.hotSpots.count { $0.label.text(.en).hasSuffix("not visible yet") } == 13)
    }

    // MARK: compare

    @Test func `dropped cells are hatched, masked ones absent, and the counts are said`() throws {
        let scene = try draw(.compare)
        #expect(scene.title.en == "39% of the cells keep 77% of the attention")
        #expect(hatched(group("dense", scene)) == 0 && hatched(group("sparse", scene)) == 105)
        #expect(group("sparse", scene).count { if case .rect(_, _, .solid?, _) = $0 { true } else { false } } == 66)
        #expect(group("dense", scene).count { if case .rect = $0 { true } else { false } } == 171)
        #expect(scene.words.contains("171 cells attended: every visible key"))
        #expect(scene.words.contains("66 cells attended, 171 scored by the indexer"))
        #expect(
            scene.alt.en.contains(
                "Token 17, “?”, keeps 4 of 18 keys, holding 92.5% of the dense weight: “Holiday”, “flew”, “Dali” and “Trip”."))
    }

    @Test func `each row's bar is the dense weight that it kept`() throws {
        let scene = try draw(.compare)
        let tracks = scene.rects.filter { $0.fill == .solid(.rule) }.map(\.rect.width)
        let bars = scene.rects.filter { $0.fill == .solid(.bar) }.map(\.rect.width)
        #expect(bars.count == 18 && tracks.count == 18)
        let expected = [1, 1, 1, 1, 0.9750360949, 0.7585747096, 0.9192011719, 0.5974176240, 0.9416034497]
        for (place, mass) in expected.enumerated() { #expect(abs(bars[place] / tracks[place] - mass) < 1e-8) }
        #expect(abs(bars[17] / tracks[17] - 0.9250563934) < 1e-8)
    }

    @Test func `both matrices have one size and one baseline, and the followed row is framed in each`() throws {
        let frames = try draw(.compare).rects.filter { $0.fill == nil && $0.stroke?.color == .query }.map(\.rect)
        #expect(frames.count == 2)
        #expect(frames[0].y == frames[1].y && frames[0].width == frames[1].width && frames[0].height == frames[1].height)
        let stacked = try draw(.compare) { $0.width = 600 }.rects.filter { $0.fill == nil && $0.stroke?.width == 2 }.map(\.rect)
        #expect(stacked[0].x == stacked[1].x && stacked[0].y < stacked[1].y)
    }

    @Test(
        arguments: [
            (SelectionRule.recent, "Sparse, the latest 4", "稀疏，最近 4 个", "a window of the latest 4 keys"),
            (.random, "Sparse, 4 at random", "稀疏，随机 4 个", "4 keys drawn at random"),
            (.windowAndSinks, "Sparse, first 2 and latest 2", "稀疏，最前 2 个和最近 2 个", "the first 2 and the latest 2 keys"),
            (.oracle, "Sparse, the heaviest 4", "稀疏，权重最大的 4 个", "the 4 keys of the most dense weight"),
        ]
    ) func `a rule that chose instead of the indexer is named over the sparse matrix`(
        rule: SelectionRule, en: String, zh: String, reading: String
    ) throws {
        let trace = try Diary.selective("trip", .en, with: [.select(rule)])
        let scene = try drawn(trace, .compare)
        #expect(scene.words.contains(en) && scene.words.contains("66 cells attended"))
        #expect(scene.words.joined(separator: " ").contains(reading))
        #expect(try drawn(trace, .compare) { $0.language = .zh }.words.contains(zh))
        #expect(message(.indexer, trace).contains("expected keys chosen by indexer.score"))
    }

    @Test func `a rule that the trace does not name is called a rule`() throws {
        let trace = try Diary.selective("trip", .en, with: [.select(.recent)])
        let scene = try drawn(Trace(tokens: trace.tokens, steps: trace.steps), .compare)
        #expect(scene.words.contains("Sparse, 4 by a rule") && scene.words.contains { $0.contains("a rule chose") })
    }

    private func drawn(_ trace: Trace, _ figure: Figure, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        change(&options)
        return try figure.draw(FigureData(traces: [("main", trace)], provenance: Provenance(name: "diary")), options, fixedText)
    }

    // MARK: indexer

    @Test func `products, votes and scores stand in digits`() throws {
        let scene = try draw(.indexer)
        #expect(scene.title.en == "For “?”, the indexer keeps “Dali”, “Trip”, “Holiday” and “flew”")
        #expect(scene.words.contains("w 1.0") && scene.words.contains("w 0.5"), "votes stand before they are multiplied")
        #expect(scene.words.count { $0 == "−4.0" } == 2, "flew and noodles, before the cut")
        #expect(scene.words.contains("5.2") && scene.words.contains("2.4"))
        #expect(scene.words.contains { $0.contains("“Shanghai”, 2.0") })
        #expect(scene.alt.en.contains("“Dali” (5.2), “Trip” (3), “Holiday” (2.8), “flew” (2.4)"))
        #expect(scene.hotSpots.first { $0.index == [17, 1, 2] }?.label.text(.en) == "a[17, 1, 2] = -4")
    }

    @Test func `kept keys have full bars and the others hatched ones, in proportion to their scores`() throws {
        let scene = try draw(.indexer)
        let violet = Paint.indexer
        let bars = scene.rects.filter { $0.fill == .solid(violet) && $0.rect.width > 60 }.map(\.rect.width)
        #expect(bars.count == 4)
        for (bar, score) in zip(bars, [2.8, 2.4, 5.2, 3.0]) { #expect(abs(bar / bars[2] - score / 5.2) < 1e-9) }
    }

    // MARK: heads, arcs

    @Test func `every head has its matrix and its strongest key`() throws {
        let scene = try draw(.heads)
        #expect(scene.title.en == "Of 2 heads, head 1 is the surest: “?” rests 85% on “Dali”")
        #expect(scene.words.contains("head 0") && scene.words.contains("head 1"))
        #expect(scene.words.contains { $0.hasPrefix("“?” → “Dali”") })
        #expect(scene.hotSpots.count == 2 * 171)
    }

    @Test func `layers by heads are one raster each`() throws {
        let values = (0..<2 * 3 * 3).map { _ in 1.0 / 3 }
        let steps = (0..<2).map { layer in
            Step(
                id: StepID([.layer(layer), .branch(.attention)], .weights), title: Bilingual(en: "Weights", zh: "权重"), formula: Formula(""),
                source: "",
                inputs: [], symbol: "A", output: Tensor([.h, .t, .s], [2, 3, 3], values))
        }
        let scene = try Figure.heads.draw(
            FigureData(traces: [("m", Trace(tokens: ["a", "b", "c"], steps: steps))], provenance: Provenance(name: "model")),
            FigureOptions(), fixedText)
        #expect(scene.images.count == 4 + 1, "four heads and the scale")
        #expect(scene.words.contains("layer 1, head 1"))
        #expect(scene.alt.en.hasPrefix("4 small matrices"))
    }

    @Test func `one query is followed in blue, the others stay grey`() throws {
        let scene = try draw(.arcs)
        #expect(scene.title.en == "“?” looks back, and 60% of its attention rests on “Dali”")
        // Four keys from 5% up, and one line for the fourteen others.
        #expect(group("followed", scene).count == 5 && scene.words.contains("14 others"))
        #expect(scene.words.joined(separator: " ").contains("14 keys under 5% share the lowest line"))
        #expect(group("others", scene).count <= 17, "one line a query")
        let shares = scene.words.filter { $0.hasSuffix("%") && !$0.contains(" ") }
        #expect(shares.count == 19, "every key's share stands in digits, and that of the others together")
        #expect(scene.words.contains("60%") && scene.words.contains("15%"))
        let zh = try draw(.arcs, .zh) { $0.query = 4 }
        #expect(group("followed", zh).count <= 5)
        #expect(zh.title.zh == "“大理”把 69% 的注意力放在自身上")
    }

    // MARK: pipeline-detail

    @Test func `the flow has a box for each step that leads to the output, and the selection's edge`() throws {
        let scene = try draw(.pipelineDetail)
        #expect(scene.title.en == "Sparse attention: 16 steps, 7 of them to choose the keys")
        let boxes = scene.hotSpots.map(\.step)
        #expect(Set(boxes).count == 17 && boxes.contains("input.x") && boxes.contains("selected"))
        #expect(!boxes.contains { $0.hasPrefix("weight.") } && !boxes.contains("attention.weights"))
        #expect(scene.alt.en.contains("S (2×18×18) from Z, sel"))
        let thick = scene.flat.count { if case .path(_, _, let stroke?) = $0 { stroke.width == 2.2 } else { false } }
        #expect(thick == 2, "the edge and its entry in the legend")
    }

    @Test func `dense attention flows without an indexer`() throws {
        let scene = try draw(.pipelineDetail) { $0.step = "attention.output" }
        #expect(scene.title.en == "Dense attention: 9 steps from input to output")
        #expect(!scene.words.contains("lightning indexer"))
    }

    @Test func `boxes never touch`() throws {
        for width in [375.0, 600, 1200] {
            let boxes = try draw(.pipelineDetail) { $0.width = width }.hotSpots.map(\.area)
            for (place, a) in boxes.enumerated() {
                for b in boxes[(place + 1)...] {
                    #expect(a.maxX <= b.x || b.maxX <= a.x || a.maxY <= b.y || b.maxY <= a.y)
                }
            }
        }
    }

    // MARK: Refusals

    @Test func `a trace without a selection, a phase, a query or a step that is not there is named`() throws {
        let dense = try Diary.trace("trip", .en)
        for figure in [Figure.questions, .compare, .indexer] {
            #expect(message(figure, dense) == "\(figure.name) needs a trace with a selection: expected a step called selected, found none")
        }
        let sparse = try Diary.selective("trip", .en)
        for figure in [Figure.questions, .compare, .indexer, .heads, .arcs, .pipeline] {
            #expect(message(figure, sparse) { $0.query = 18 } == "\(figure.name): query 18: expected 0 to 17 of the axis t")
            #expect(message(figure, sparse) { $0.query = -1 } == "\(figure.name): query -1: expected 0 to 17 of the axis t")
        }
        for figure in [Figure.compare, .questions, .arcs] {
            #expect(message(figure, sparse) { $0.head = .one(2) }.contains("head 2: expected 0 to 1"))
        }
        #expect(
            message(.heads, Trace()) == "heads needs attention weights: expected layer.N.attention.weights or attention.weights, found none"
        )
        #expect(message(.heads, sparse) { $0.step = "selected" } == "heads: selected: expected the axes h, t and s, found [t: 18, k: 4]")
        #expect(message(.arcs, sparse) { $0.step = "attention.scores" }.hasPrefix("arcs: attention.scores: expected weights from 0 to 1"))
        #expect(try message(.arcs, RandomAttention.trace(tokens: 65)) == "arcs takes up to 64 tokens, found 65: try matrix")
        #expect(message(.pipeline, Trace()) == "pipeline needs a trace with attention weights, found none")
        #expect(message(.pipelineDetail, Trace()).hasPrefix("pipeline-detail needs a trace with an output"))
        #expect(
            message(.pipelineDetail, sparse) { $0.step = "input.x" }
                == "pipeline-detail: input.x: expected steps that lead to it, found none")
    }

    @Test func `a phase that is not there names those that are`() throws {
        let step = Step(
            id: "decode.3.selected", title: Bilingual(en: "Selected", zh: "选中"), formula: Formula(""), source: "", inputs: [],
            symbol: "sel",
            output: Tensor([.t, .k], [1, 1], [0]))
        for figure in Figures.all where figure.needs == .traces {
            // Arcs are drawn from the matrix's own slice of the step.
            let name = figure.name == "arcs" ? "matrix" : figure.name
            #expect(message(figure, Trace(steps: [step])) == "\(name): phase prefill: expected one of decode.3")
        }
    }

    @Test func `a selection of keys that are not there is refused`() throws {
        let good = try Diary.selective("trip", .en)
        let bad = good.steps.map { step in
            guard step.id == "selected" else { return step }
            return Step(
                id: step.id, title: step.title, formula: step.formula, source: step.source, inputs: step.inputs, symbol: step.symbol,
                output: Tensor([.t, .k], [18, 4], step.output.values.map { $0 == 4 ? 18 : $0 }))
        }
        #expect(message(.compare, Trace(tokens: good.tokens, steps: bad)) == "selected, row 4: expected keys from 0 to 17, or -1, found 18")
    }
}
