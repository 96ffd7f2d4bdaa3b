// The counts of a selection map, against choices that were counted by hand.

import Records
import Testing
import Traces

@Suite struct SelectionMapTests {
    /// Weights in which each query puts most on these keys, the more the earlier they are named.
    private static func weights(_ chosen: [[Int]], columns: Int, layer: Int) -> Step {
        let values = chosen.enumerated().flatMap { row, keys in
            (0..<columns).map { s in s > row + columns - chosen.count ? 0 : keys.firstIndex(of: s).map { 8.0 - Double($0) } ?? 0.5 }
        }
        return Step(
            id: StepID([.layer(layer), .branch(.attention)], .weights), title: Bilingual(same: "A"), formula: Formula(""), source: "test",
            inputs: [], symbol: "A", output: Tensor(Shape([.t, .s], [chosen.count, columns]), values))
    }

    /// Five queries that keep two keys each, of five.
    private let first = weights([[0], [0, 1], [0, 2], [1, 3], [0, 4]], columns: 5, layer: 0)
    private let second = weights([[0], [0, 1], [1, 2], [1, 3], [1, 2]], columns: 5, layer: 1)

    @Test func `a query counts where the latest k keys do not reach`() throws {
        let map = try SelectionMap(model: "m", topK: 2, tokens: ["a", "b", "c", "d", "e"], heaviestOf: [first, second])
        #expect(map.layers.map(\.number) == [0, 1] && map.topK == 2)
        // Two or more away from key 0 stand queries 2, 3 and 4; from key 2 query 4 alone.
        #expect(map.layers.allSatisfy { $0.asked == [3, 2, 1, 0, 0] })
        #expect(map.layers.map(\.kept) == [[2, 1, 0, 0, 0], [0, 2, 1, 0, 0]])
        #expect(map.layers[0].share(0) == 2.0 / 3 && map.layers[0].share(3) == nil)
        #expect(map.meanShare(0) == 1.0 / 3 && map.meanShare(1) == 0.75 && map.meanShare(4) == nil)
    }

    @Test func `what two layers have in common is counted where a key had to be left out`() throws {
        let map = try SelectionMap(model: "m", topK: 2, tokens: [], heaviestOf: [first, second, second])
        // Queries 2, 3 and 4 had to leave some out: of two keys they share one, both and none.
        #expect(map.layers.map(\.common) == [nil, 0.5, 1] && map.meanCommon == 0.75)
        let everything = try SelectionMap(model: "m", topK: 5, tokens: [], heaviestOf: [first, second])
        #expect(everything.layers.map(\.common) == [nil, nil] && everything.meanCommon == nil)
        #expect(everything.layers[0].asked == [0, 0, 0, 0, 0])
    }

    @Test func `queries after cached keys stand at the last of them`() throws {
        let last = Self.weights([[0, 4]], columns: 5, layer: 0)
        let map = try SelectionMap(model: "m", topK: 2, tokens: [], heaviestOf: [last])
        #expect(map.layers[0].asked == [1, 1, 1, 0, 0] && map.layers[0].kept == [1, 0, 0, 0, 0])
    }

    @Test func `weights that are no numbers cannot be ranked`() {
        let broken = Step(
            id: "attention.weights", title: Bilingual(same: "A"), formula: Formula(""), source: "test", inputs: [], symbol: "A",
            output: Tensor([.t, .s], [1, 1], [.nan]))
        let error = #expect(throws: EngineError.self) { try SelectionMap(model: "m", topK: 1, tokens: [], heaviestOf: [broken]) }
        #expect(error?.description == "attention.weights[0,0]: expected a finite number, found NaN")
    }
}
