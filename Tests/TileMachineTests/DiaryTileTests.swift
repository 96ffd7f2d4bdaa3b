// The programs on the diary: its own recorded queries, keys, weights and values, in tiles that divide nothing.

import Lessons
import Mechanisms
import Testing
import TileMachine
import Traces

@Suite struct DiaryTileTests {
    private static func trace() throws -> Trace {
        let diary = try Diary(file: repository + "/lessons/diary.yaml")
        return try diary.trace(of: diary.tokens(of: diary.text(question: "trip", language: .en)), language: .en)
    }

    private static func step(_ id: String) throws -> Tensor { try trace().step(id).output }

    @Test func `the indexer's scores`() throws {
        let inputs = [try Self.step("indexer.q"), try Self.step("indexer.k"), try Self.step("indexer.weights")]
        let task = try IndexerScores(queries: 18, keys: 18, heads: 2, dimension: 4)
        #expect(largestDifference(try TileRun(task.program(.of(5, 7, stages: 2)), inputs).output, try Self.step("indexer.score")) <= 1e-12)
    }

    @Test func `attention with an online softmax`() throws {
        let inputs = [
            try Self.step("attention.q"), try Self.step("attention.k").on([.s, .h, .d]), try Self.step("attention.v").on([.s, .h, .e]),
        ]
        let task = try AttentionTiles(queries: 18, keys: 18, heads: 2, dimension: 4, valueDimension: 4)
        let run = try TileRun(task.program(.of(5, 7, stages: 3)), inputs)
        #expect(largestDifference(run.output, try Self.step("attention.heads").on([.t, .h, .e])) <= 1e-12)
    }

    @Test(arguments: [0, 1]) func `gathered attention to the selection, head by head`(head: Int) throws {
        func part(_ id: String, _ axes: [Axis], _ own: Axis) throws -> Tensor { try Self.step(id).slice(own, at: head).on(axes) }
        let selected = try Self.step("selected").on([.t, "r"])
        let q = try part("attention.q", [.t, .d], .h)
        let inputs = [
            Tensor([.t, .h, .d], [18, 1, 4], q.values), try part("attention.k", [.s, .d], .g), try part("attention.v", [.s, .e], .g),
            selected,
        ]
        let task = try SparseAttentionTiles(queries: 18, keys: 18, heads: 1, dimension: 4, valueDimension: 4, topK: 4)
        let run = try TileRun(task.program(.of(1, 3, stages: 2)), inputs)
        let expected = try part("sparse.heads", [.t, .e], .h)
        #expect(largestDifference(run.output.slice(.h, at: 0), expected) <= 1e-12)
    }

    @Test func `a projection, and a convolution along the sentence`() throws {
        let x = try Self.step("embedding")
        let weight = try Self.step("weight.wq")
        let product = try Matmul(m: 18, n: weight.shape.lengths[0], k: 8)
        let turned = weight.transposed(to: [.c, .o]).on(["k", "j"])
        let run = try TileRun(product.program(.of(5, 3, 3, stages: 2)), [x.on(["i", "k"]), turned]).output
        let q = try Self.step("attention.q")
        for t in 0..<18 { for o in 0..<8 { #expect(abs(run[t, o] - q[t, o / 4, o % 4]) <= 1e-12) } }

        // One image of 18 words by 8 features, one number each; two filters of 3 by 3.
        let task = TileTask.convolution(try Convolution(height: 18, width: 8, channels: 1, filters: 2, kernel: 3, padding: 1))
        let image = Tensor(["n", "h", "w", "c"], [1, 18, 8, 1], x.values)
        let filters = Tensor(["k", "j"], [9, 2], (0..<18).map { Double($0 % 5) - 2 })
        let tiled = try TileRun(task.program(.of(7, 2, 4, stages: 3)), [image, filters]).output
        #expect(largestDifference(tiled, try task.reference([image, filters])) <= 1e-12)
        // The middle of the second word, by hand: the sum over its neighbours.
        let byHand = (0..<3).reduce(0.0) { sum, a in sum + (0..<3).reduce(0.0) { $0 + x[a, 3 + $1 - 1] * filters[a * 3 + $1, 0] } }
        #expect(abs(tiled[8 + 3, 0] - byHand) <= 1e-12)
    }
}
