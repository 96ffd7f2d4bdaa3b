// A trace of more than 64 tokens with a selection, for pictures that are images.

import Diagrams
import Traces

enum LargeTrace {
    /// A causal pass over `count` tokens in which a query keeps itself and key 0, the same in two heads.
    static func selective(_ count: Int) -> Trace {
        func step(_ id: StepID, _ axes: [Axis], _ lengths: [Int], inputs: [StepID] = [], _ value: (Int, Int) -> Double) -> Step {
            let one = (0..<lengths[lengths.count - 2]).flatMap { row in (0..<lengths.last!).map { value(row, $0) } }
            let values = lengths.count == 3 ? (0..<lengths[0]).flatMap { _ in one } : one
            return Step(
                id: id, title: Bilingual(en: "Something", zh: "某物"), formula: Formula(""), source: "test", inputs: inputs, symbol: "A",
                output: Tensor(Shape(axes, lengths), values))
        }
        let (pair, size): ([Axis], [Int]) = ([.t, .s], [count, count])
        let (headed, sizes): ([Axis], [Int]) = ([.h, .t, .s], [2, count, count])
        func isKept(_ t: Int, _ s: Int) -> Bool { s == t || s == 0 }
        return Trace(
            tokens: (0..<count).map { "w\($0)" },
            steps: [
                step("indexer.score", pair, size) { $1 > $0 ? -.infinity : isKept($0, $1) ? 2 : 1 },
                step("selected", [.t, .k], [count, 2], inputs: ["indexer.score"]) { $1 == 0 ? Double($0) : $0 == 0 ? -1 : 0 },
                step("attention.q", [.t, .h, .d], [count, 2, 4]) { Double($0 - $1) },
                step("attention.scores", headed, sizes) { $1 > $0 ? -.infinity : 0 },
                step("attention.weights", headed, sizes) { $1 > $0 ? 0 : 1 / Double($0 + 1) },
                step("sparse.dot", pair, size) { Double($0 == $1 ? 8 : 4) },
                step("sparse.scores", headed, sizes) { isKept($0, $1) ? 0 : -.infinity },
                step("sparse.weights", headed, sizes) { isKept($0, $1) ? ($0 == 0 ? 1 : 0.5) : 0 },
            ])
    }
}
