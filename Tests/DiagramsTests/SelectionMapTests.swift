// The figure `selection-map`: what it finds in weights whose selections are known, and what it draws of a recorded map.

import Diagrams
import Mechanisms
import Records
import Testing
import Traces

@Suite struct SelectionMapFigureTests {
    /// Twenty queries that put most on some keys; two keys are selected.
    private func trace(_ layers: [[Int]], tokens: Int = 20) throws -> Trace {
        let given = layers.enumerated().map { number, keys in
            let weights = Tensor(Shape([.h, .t, .s], [2, tokens, tokens])) { index in
                index[2] > index[1] ? 0 : keys.contains(index[2]) ? 0.4 : 0.1 / Double(index[1] + 1)
            }
            return GivenAttention.Layer(number: number, weights: weights)
        }
        return try GivenAttention.trace(given, tokens: (0..<tokens).map { "w\($0)" }, source: Bilingual(same: "given"))
    }

    private func draw(_ trace: Trace, _ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        change(&options)
        return try Figure.selectionMap.draw(
            FigureData(traces: [(name: "", trace: trace)], provenance: Provenance(name: "test")), options, fixedText)
    }

    private func picture(_ scene: Scene) throws -> PixelImage {
        try #require(scene.items.lazy.compactMap { if case .image(let image, _) = $0 { image } else { nil } }.first { $0.height > 1 })
    }

    @Test func `the finding says which token nearly all far queries select, and in how many layers`() throws {
        let scene = try draw(trace([[0, 5], [0, 5], [5, 9]]))
        // Key 5 in every layer; key 0 in two of three, and in the third it wins no tie against 5 and 9 but before key 9 came.
        #expect(scene.title.en.hasPrefix("“w5” (5) is selected by nearly all far queries in 3 of 3 layers, a typical token by 0%"))
        #expect(scene.title.zh.contains("3 层里有 3 层"))
        #expect(scene.words.contains("“w5”") && scene.words.contains("“w0”") && scene.words.contains("layer"))
        #expect(scene.words.contains { $0.hasPrefix("as in the layer before: ") })
        let image = try picture(scene)
        // Hatching takes a pixel for every point.
        let full = ColorMap.steps
        func pixel(_ layer: Int, _ key: Int) -> UInt8 {
            image.pixels[(2 * layer + 1) * image.height / 6 * image.width + (2 * key + 1) * image.width / 40]
        }
        #expect((0..<3).allSatisfy { pixel($0, 5) == full } && pixel(0, 0) == full && pixel(1, 0) == full)
        #expect(pixel(0, 3) == 0)
    }

    @Test func `how many keys a query selects can be chosen, and must leave some out`() throws {
        let trace = try trace([[0, 5], [0, 5]])
        #expect(try draw(trace).words.joined(separator: " ").contains("far is 2 tokens or more away"))
        #expect(try draw(trace) { $0.topK = 4 }.words.joined(separator: " ").contains("far is 4 tokens or more away"))
        let error = #expect(throws: FigureError.self) { try draw(trace) { $0.topK = 20 } }
        #expect(error?.description == "selection-map: top-k 20: expected more tokens than that, found 20")
    }

    /// Layers with and without a window of four.
    private func windowed(_ windows: [Bool], tokens: Int = 40) -> Trace {
        let steps = windows.enumerated().map { number, hasWindow in
            let weights = Tensor(Shape([.h, .t, .s], [1, tokens, tokens])) { index in
                let (t, s) = (index[1], index[2])
                return s > t || hasWindow && t - s >= 4 ? 0 : s == 0 ? 0.5 : 0.1 / Double(t - s + 1)
            }
            return Step(
                id: StepID([.layer(number), .branch(.attention)], .weights), title: Bilingual(same: "W"), formula: Formula(""), inputs: [],
                symbol: "A", output: weights, labels: [:], facts: [:], selection: nil,
                visible: .causal(rows: tokens, columns: tokens, window: hasWindow ? 4 : nil), bytesPerValue: 8,
                sourceNote: Bilingual(same: ""), definition: nil)
        }
        return Trace(tokens: [], steps: steps)
    }

    @Test func `a layer whose window does not reach so far has no say of what others select`() throws {
        let scene = try draw(windowed([true, false, false])) { $0.topK = 4 }
        #expect(scene.title.en.hasPrefix("The first token is selected by nearly all far queries in 2 of 2 layers that reach so far"))
        #expect(scene.title.zh.hasPrefix("看得到那么远的 2 层里有 2 层，"))
        #expect(scene.words.contains("too few far queries"))
    }

    @Test func `where all layers have windows, as many keys are selected as leave some of a window out`() throws {
        let trace = windowed([true, true])
        #expect(try draw(trace).words.joined(separator: " ").contains("far is 1 token or more away"))
        let error = #expect(throws: FigureError.self) { try draw(trace) { $0.topK = 8 } }
        #expect(error?.description == "selection-map: top-k 8: expected less than the widest window, 4 tokens")
    }

    @Test func `what nobody was asked about is hatched, what nobody selects is white`() throws {
        let image = try picture(draw(trace([[0, 5], [0, 5], [5, 9]])))
        let (columns, last) = (image.width, image.width - 1)
        let hatch = try #require(image.palette.firstIndex(of: .hatch))
        func column(_ x: Int) -> Set<UInt8> { Set((0..<image.height).map { image.pixels[$0 * columns + x] }) }
        #expect((last - 8...last).contains { column($0).contains(UInt8(hatch)) })
        #expect(column(3 * columns / 20 + 1) == [0], "key 3: asked, and never selected")
    }

    @Test func `weights that are all the same select nothing in particular`() throws {
        let even = Tensor(Shape([.h, .t, .s], [2, 16, 16])) { _ in 1.0 / 16 }
        let trace = try GivenAttention.trace([.init(number: 0, weights: even)], tokens: [], source: Bilingual(same: "given"))
        #expect(try draw(trace).title.en == "All keys weigh the same: of equal ones the earlier are selected")
    }

    @Test func `a recorded map names its model, and is of the keys that it was recorded with`() throws {
        let layers = (0..<2).map {
            SelectionMap.Layer(number: $0, asked: [4, 3, 2, 1, 0], kept: [4, 0, 1, 0, 0], common: $0 == 0 ? nil : 0.5)
        }
        let map = SelectionMap(model: "Large", topK: 1, tokens: ["a", "b", "c", "d", "e"], layers: layers)
        let data = FigureData(.selections(map), provenance: Provenance(name: "map.json"))
        var options = FigureOptions()
        let scene = try Figure.selectionMap.draw(data, options, fixedText)
        #expect(scene.title.en == "The first token is selected by nearly all far queries in 2 of 2 layers, a typical token by 50%")
        #expect(scene.words.joined(separator: " ").contains("recorded by this project: Large over 5 tokens"))
        #expect(scene.alt.en.contains("“a” (0): 100%; “c” (2): 50%") && scene.alt.en.contains("Layers share 50%"))
        options.topK = 2
        let error = #expect(throws: FigureError.self) { try Figure.selectionMap.draw(data, options, fixedText) }
        #expect(error?.description == "selection-map: top-k 2: expected 1, of which this map was recorded")
    }
}
