// The figures that follow one row: `softmax`, `weighted-sum`, `pathway`; and `absorption`, which has numbers of its own. Expected numbers are worked out
// here from the scores and values by the C library, or by hand; what a picture shows must be cells, or sums that end at cells.

import Diagrams
import Foundation
import Mechanisms
import Records
import Testing
import Traces

@Suite struct SoftmaxFigureTests {
    private func draw(_ language: Language = .en, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        options.language = language
        change(&options)
        return try Figure.softmax.draw(Diary.questions(language), options, fixedText)
    }

    private func widths(_ scene: Scene, _ share: Double?) -> [Double] {
        let paint = share.map { Paint.bar.mixed($0) } ?? .bar
        return scene.rects.filter { $0.fill == .solid(paint) }.map(\.rect.width)
    }

    @Test func `bars are scores, e to the score less the largest, and shares`() throws {
        let trace = try Diary.selective("trip", .en)
        let scores = try (0..<18).map { try trace.value("attention.scores", [1, 17, $0]) }
        let powers = scores.map { Foundation.exp($0 - scores.max()!) }
        let scene = try draw()
        let exponentials = widths(scene, 0.75)
        let shares = widths(scene, nil)
        #expect(exponentials.count < 18, "what is thinner than a hairline is left to its number")
        let full = try #require(exponentials.max())
        for (width, power) in zip(exponentials, powers.filter { $0 * full > 0.3 }) { #expect(abs(width / full - power) < 1e-9) }
        let sum = powers.reduce(0, +)
        #expect(abs(shares.max()! / full - 1 / sum) < 1e-9, "a share is an exponential, shrunk by the sum of the row")
        let positive = widths(scene, 0.5)
        let highest = scores.max()!
        for (width, score) in zip(positive, scores.filter { $0 > 0 }) { #expect(abs(width / positive.max()! - score / highest) < 1e-9) }
    }

    @Test func `three keys are spelled out in digits, and the others are one number`() throws {
        let words = try draw().words
        for text in ["Sum of the row: ", "e", "−3.20", "+ the other 15 keys ", "= 1 + 0.041 + 0.041 + 0.098 ", "= 1.180", "= 84.8%"] {
            #expect(words.contains(text) || words.contains { $0.hasSuffix(text) }, "\(text)")
        }
        #expect(words.contains("100%") && words.contains("1.180"))
        let single = try draw { $0.query = 0 }
        #expect(single.title.en == "“Holiday” sees one key alone and gives it everything")
        #expect(!single.words.contains { $0.contains("other") })
    }

    @Test func `the finding compares the two heaviest keys, and equal scores are called equal`() throws {
        #expect(try draw().title.en == "“Dali” leads “Shanghai” by 3.20; softmax makes that 24.5 times the share")
        #expect(try draw(.zh).title.zh == "“大理”比“上海”高 3.20 分，softmax 之后份额是它的 24.5 倍")
        #expect(try draw { ($0.head, $0.query) = (.one(0), 5) }.title.en.hasPrefix("“Dali” leads “Holiday”"))
        let large = FigureData(traces: [("large", LargeTrace.selective(100))], provenance: Provenance(name: "diary"))
        let scene = try Figure.softmax.draw(large, FigureOptions(), fixedText)
        #expect(scene.title.en == "Equal scores, equal shares: “w0” and “w1”")
        #expect(scene.words.contains("the other 69"), "at most 32 rows")
    }

    @Test func `every number that is a cell can be asked`() throws {
        let scene = try draw()
        let shown = Set(scene.hotSpots.map { "\($0.step)\($0.index)" })
        for key in 0..<18 {
            #expect(shown.contains("attention.scores[1, 17, \(key)]") && shown.contains("attention.weights[1, 17, \(key)]"))
        }
    }

    @Test func `a stage alone is that column alone`() throws {
        let counts = try SoftmaxStage.allCases.map { stage in
            let scene = try draw { $0.stage = stage }
            return [widths(scene, 0.5).count, widths(scene, 0.75).count, widths(scene, nil).count].map { $0 > 0 }
        }
        #expect(counts == [[true, false, false], [false, true, false], [false, false, true]])
    }

    @Test func `what is no softmax is refused by name`() throws {
        func message(_ weights: [Double], _ scores: [Double], _ options: FigureOptions = FigureOptions()) -> String {
            func step(_ id: StepID, _ values: [Double]) -> Step {
                Step(
                    id: id, title: Bilingual(en: "S", zh: "某物"), formula: Formula(""), source: "test", inputs: [], symbol: "A",
                    output: Tensor([.h, .t, .s], [1, 1, 2], values))
            }
            let trace = Trace(tokens: ["a", "b"], steps: [step("attention.scores", scores), step("attention.weights", weights)])
            do {
                _ = try Figure.softmax.draw(FigureData(traces: [("", trace)], provenance: Provenance(name: "x")), options, fixedText)
                return ""
            } catch { return "\(error)" }
        }
        #expect(message([0.5, 0.5], [1, 1]) == "")
        #expect(message([0.5, 0.4], [1, 1]) == "softmax: attention.weights, query 0: expected shares that add up to 1, found 0.9")
        #expect(message([0.5, 0.5], [1, 2]).contains("expected the softmax of attention.scores, found another share of key"))
        #expect(message([.nan, 0.5], [1, 2]).contains("expected finite weights of at least 0"))
        var mean = FigureOptions()
        mean.head = .mean
        #expect(message([0.5, 0.5], [1, 1], mean).contains("expected one head, found mean"))
        var step = FigureOptions()
        step.step = "attention.scores"
        #expect(message([0.5, 0.5], [1, 1], step) == "softmax: attention.scores: expected the weights of an attention, found S")
    }
}

@Suite struct WeightedSumFigureTests {
    private func sum(_ trace: Trace, _ change: (inout FigureOptions) -> Void = { _ in }, features: Int = 6) throws -> WeightedSum {
        var options = FigureOptions()
        change(&options)
        return try WeightedSum(AttentionRow(trace, options, figure: "weighted-sum"), features: features)
    }

    @Test(arguments: [0, 5, 11, 17], [0, 1]) func `the stack adds up to the recorded cell`(query: Int, head: Int) throws {
        let trace = try Diary.selective("trip", .en)
        for step in ["attention", "sparse"] {
            let sum = try sum(trace) { ($0.query, $0.head, $0.step) = (query, .one(head), "\(step).weights") }
            #expect(sum.terms.reduce(0) { $0 + $1.count } == sum.row.keys.count)
            #expect(abs(sum.terms.reduce(0) { $0 + $1.share } - 1) < 1e-12)
            for (place, feature) in sum.features.enumerated() {
                let recorded = try trace.value(StepID("\(step).heads"), [query, head, feature])
                #expect(abs(sum.terms.reduce(0) { $0 + $1.parts[place] } - recorded) < 1e-12)
            }
        }
    }

    @Test func `keys of next to no share stand together, and one alone does not`() throws {
        let dense = try sum(Diary.selective("trip", .en))
        #expect(dense.terms.map(\.key) == [0, 2, 4, 12, 14, nil] && dense.terms.last?.count == 13)
        let sparse = try sum(Diary.selective("trip", .en)) { $0.step = "sparse.weights" }
        #expect(sparse.terms.map(\.key) == [0, 2, 4, 14])
    }

    @Test func `bars are values, the same times the share, and stacked`() throws {
        let scene = try Figure.weightedSum.draw(Diary.questions(.en), FigureOptions(), fixedText)
        let full = scene.rects.filter { $0.fill == .solid(.value) || $0.fill == .solid(Paint.value.mixed(1)) }.map(\.rect.height)
        let trace = try Diary.selective("trip", .en)
        let share = try trace.value("attention.weights", [1, 17, 4])
        let unit = try #require(full.max()) / 2
        #expect(full.contains { abs($0 - 2 * share * unit) < 1e-9 } && full.contains { abs($0 - share * unit) < 1e-9 })
        #expect(scene.title.en == "“Dali” speaks loudest: its value counts with a share of 85%")
        #expect(scene.alt.en.contains("13 others (3.6%)"))
        let spots = scene.hotSpots.map { "\($0.step)\($0.index)" }
        #expect(spots.contains("attention.heads[17, 1, 0]") && spots.contains("attention.v[4, 1, 0]"))
    }

    @Test func `features of the largest sums are shown where there are many`() throws {
        let sum = try sum(Diary.selective("trip", .en), features: 2)
        #expect(sum.features == [0, 2] && sum.width == 4)
    }

    @Test func `an output that is not the weighted sum of its values is refused`() throws {
        let right = try Diary.selective("trip", .en)
        let steps = right.steps.map { step in
            guard step.id.text == "attention.heads" else { return step }
            let values = step.output.values.map { $0 + 0.25 }
            return Step(
                id: step.id, title: step.title, formula: step.formula, source: "test", inputs: step.inputs, symbol: step.symbol,
                output: Tensor(step.output.shape, values))
        }
        let error = #expect(throws: FigureError.self) { try sum(Trace(tokens: right.tokens, steps: steps)) }
        #expect(error?.description.contains("weighted-sum: attention.heads[17, 1, ") == true)
        #expect(error?.description.contains("expected the sum of its terms") == true)
    }
}

@Suite struct AbsorptionFigureTests {
    @Test(arguments: Language.allCases) func `both brackets end at the same number, and at each distance`(language: Language) throws {
        var options = FigureOptions()
        options.language = language
        let scene = try Figure.absorption.draw(FigureData(traces: [], provenance: Provenance(name: "x")), options, fixedText)
        // 2·5 + 1·1 = 5·1 + 3·2; (−2)·(−1) … by hand in the demonstration's test.
        #expect(scene.words.count { $0 == "11" } == 2 && scene.words.count { $0 == "−3" } >= 2 && scene.words.count { $0 == "−11" } == 2)
        #expect(scene.hotSpots.count == scene.words.count { Int($0.replacingOccurrences(of: "−", with: "-")) != nil })
        #expect(scene.alt[language].contains("11") && scene.alt.en != scene.alt.zh)
    }

    @Test(arguments: Preset.allCases) func `nothing leaves the picture`(preset: Preset) throws {
        var options = FigureOptions()
        options.preset = preset
        let scene = try Figure.absorption.draw(FigureData(traces: [], provenance: Provenance(name: "x")), options, fixedText)
        for shape in scene.rects {
            #expect(shape.rect.x >= 0 && shape.rect.maxX <= scene.size.width && shape.rect.maxY <= scene.size.height)
        }
        #expect(scene.texts.allSatisfy { $0.style.size >= 11 })
    }
}

@Suite struct PathwayFigureTests {
    private func data(_ language: Language = .en, hasModel: Bool = false) throws -> FigureData {
        var data = try Diary.questions(language)
        if hasModel {
            let attention = ModelDimensions.Attention.grouped(.init(keyValueHeads: 2, headDimension: 4))
            data.numbers = .model(try ModelDimensions(name: "M", width: 8, layers: 61, heads: 2, attention: attention))
        }
        return data
    }

    private func draw(_ data: FigureData, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        change(&options)
        return try Figure.pathway.draw(data, options, fixedText)
    }

    @Test func `one part is lit, the others are quiet and cannot be asked`() throws {
        let scene = try draw(data()) { $0.part = .scores }
        #expect(Set(scene.hotSpots.map(\.step)) == ["attention.scores"])
        #expect(scene.rects.count { $0.fill == .solid(Paint.highlight.mixed(1)) } == 1)
        #expect(scene.alt.en.hasSuffix("Lit: scores."))
        let all = try draw(data())
        #expect(
            Set(all.hotSpots.map(\.step)).isSuperset(of: [
                "input.x", "attention.q", "attention.k", "attention.v", "attention.scores", "attention.weights",
            ]))
    }

    @Test func `it says what the run gives: words, share, and the way by an indexer`() throws {
        let dense = try draw(data())
        for text in ["words", "vectors", "q, k, v", "scores", "shares", "Dali", "85%"] { #expect(dense.words.contains(text), "\(text)") }
        let sparse = try draw(data()) { $0.step = "sparse.weights" }
        #expect(sparse.words.contains("4 / 18") && sparse.words.contains("91%") && sparse.words.contains("the kept"))
        #expect(try draw(data(.zh)) { ($0.language, $0.step) = (.zh, "sparse.weights") }.words.contains("索引得分"))
    }

    @Test func `the strip says where the reader is, as far as the data do`() throws {
        #expect(try draw(data()).words.joined(separator: " ").contains("one layer, here alone · data: diary"))
        #expect(try draw(data(hasModel: true)).words.joined(separator: " ").contains("one layer, here alone; M stacks 61"))
    }

    /// One layer out of many, as a run that keeps no more leaves it.
    private func cut(_ number: Int, last: Int? = nil) throws -> FigureData {
        let place = Scope.layer(number)
        func step(_ id: StepID, _ axes: [Axis], _ lengths: [Int], _ inputs: [StepID]) -> Step {
            let count = lengths.reduce(1, *)
            return Step(
                id: id, title: Bilingual(same: "x"), formula: Formula(""), source: "", inputs: inputs, symbol: "x",
                output: Tensor(Shape(axes, lengths), [Double](repeating: 1 / Double(lengths.last!), count: count)))
        }
        let (query, weights) = (StepID([place, .branch(.attention)], .query), StepID([place, .branch(.attention)], .weights))
        var steps = [step(query, [.t, .h, .d], [3, 1, 2], []), step(weights, [.h, .t, .s], [1, 3, 3], [query])]
        if let last { steps.append(step(StepID([], .norm), [.t, .c], [3, 2], [StepID([.layer(last)], .output)])) }
        return FigureData(traces: [("", Trace(tokens: [], steps: steps))], provenance: Provenance(name: "cut"))
    }

    @Test func `a layer out of a cut trace is one of as many as the model has, or of none that are counted`() throws {
        func foot(_ data: FigureData) throws -> String { try draw(data).words.joined(separator: " ") }
        #expect(try foot(cut(5)).contains("layer 5, counted from 0 ·"))
        #expect(try foot(cut(5, last: 29)).contains("layer 5 of 30, counted from 0"))
        var data = try cut(5)
        data.layerCount = 12
        #expect(try foot(data).contains("layer 5 of 12, counted from 0"))
        #expect(try draw(data) { $0.language = .zh }.words.joined().contains("共 12 层，这是第 5 层（从 0 数起）"))
    }

    @Test func `a part that is not on this way is refused with those that are`() throws {
        let error = #expect(throws: FigureError.self) { try draw(data()) { $0.part = .kept } }
        #expect(error?.description == "pathway: part kept: expected one of words, vectors, qkv, scores, shares, sum, answer")
        let sparse = #expect(throws: FigureError.self) { try draw(data()) { ($0.part, $0.step) = (.qkv, "sparse.weights") } }
        #expect(sparse?.description.hasSuffix("index-keys, index-scores, kept, shares, sum, answer") == true)
    }

    @Test func `a strip of more cells than it has room for shows the largest of neighbours`() throws {
        let large = FigureData(traces: [("large", LargeTrace.selective(100))], provenance: Provenance(name: "diary"))
        let scene = try draw(large) { $0.part = .shares }
        #expect(scene.hotSpots.count == 34, "100 keys, three to a place")
    }

    @Test func `it is low in a column of text`() throws {
        for (step, part) in [(nil, PathwayPart.scores), ("sparse.weights", .kept)] as [(String?, PathwayPart)] {
            let scene = try draw(data(hasModel: true)) { ($0.width, $0.step, $0.part) = (760, step, part) }
            #expect(scene.size.height <= 170, "\(scene.size)")
            #expect(scene.texts.allSatisfy { $0.style.size >= 11 })
        }
    }
}
