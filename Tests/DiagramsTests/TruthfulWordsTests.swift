// Words of figures that must not say more than the numbers do: percentages that are not whole, tokens that ask themselves, positions in thousands.

import Diagrams
import Mechanisms
import Testing
import Traces

@Suite struct TruthfulWordsTests {
    private func given(_ rows: [[Double]], tokens: [String] = []) throws -> Trace {
        let size = rows.count
        let weights = Tensor(Shape([.h, .t, .s], [1, size, size]), rows.flatMap { $0 })
        return try GivenAttention.trace([.init(number: nil, weights: weights)], tokens: tokens, source: Bilingual(same: "given"))
    }

    @Test func `a hundred per cent is said of all alone, in every figure that follows a row`() throws {
        let almost = try given([[1, 0], [0.9996, 0.0004]], tokens: ["a", "b"])
        let whole = try given([[1, 0], [1, 0]], tokens: ["a", "b"])
        for figure in [Figure.matrix, .heads, .arcs] {
            let title = try draw(almost, figure).title
            #expect(title.en.contains("over 99%") && title.zh.contains("超过 99%") && !title.zh.contains("把 超"), "\(title)")
            #expect(try draw(whole, figure).title.en.contains("100%"))
        }
    }

    @Test func `a token that rests on itself rests on no other of the same text`() throws {
        let rows = [[1.0, 0, 0], [0.2, 0.8, 0], [0.3, 0.1, 0.6]]
        let own = try given(rows, tokens: ["is", "b", "is"])
        let twin = try given([rows[0], rows[1], [0.6, 0.1, 0.3]], tokens: ["is", "b", "is"])
        for figure in [Figure.matrix, .heads, .arcs] {
            let scene = try draw(own, figure)
            #expect(scene.title.en.contains("itself") && scene.title.zh.contains("自身"), "\(scene.title)")
            #expect(scene.alt.en.contains("itself (") && scene.alt.zh.contains("自身（"), "\(scene.alt)")
            let other = try draw(twin, figure)
            #expect(other.title.en.contains("“is” (0)") && other.title.zh.contains("“is”（0 号）"), "\(other.title)")
        }
    }

    @Test func `positions in thousands are grouped, in titles as along axes`() {
        let count = 1500
        let weights = Tensor(Shape([.t, .s], [count, count])) { $0[1] == $0[0] / 2 ? 1 : 0 }
        let step = Step(
            id: "attention.weights", title: Bilingual(same: "W"), formula: Formula(""), source: "", inputs: [], symbol: "A", output: weights
        )
        let scene = try? draw(Trace(tokens: [], steps: [step])) { $0.query = 1499 }
        #expect(scene?.title.en == "Query 1,499 rests 100% of its attention on key 749")
    }

    @Test func `what is kept of nothing is not a share, and nothing but nothing is refused`() throws {
        let padded = try trace([[0, 0, 0], [0.5, 0.5, 0], [0.2, 0.5, 0.3]])
        let scene = try draw(padded, .compare)
        #expect(scene.words.contains("–") && scene.title.en == "83% of the cells keep 90% of the attention")
        let none = try trace([[0, 0, 0], [0, 0, 0], [0, 0, 0]])
        let error = #expect(throws: FigureError.self) { try draw(none, .compare) }
        #expect(error?.description.hasSuffix("expected weights other than 0, found none") == true)
    }

    private func trace(_ rows: [[Double]]) throws -> Trace {
        let weights = Tensor(Shape([.h, .t, .s], [1, 3, 3]), rows.flatMap { $0 })
        return try GivenAttention.trace(
            [.init(number: nil, weights: weights)], tokens: [], keeping: .heaviest(2), source: Bilingual(same: "given"))
    }

    @Test func `a token of a megabyte is told by its ends`() throws {
        let long = String(repeating: "ab", count: 500_000)
        let scene = try draw(given([[1, 0], [0.5, 0.5]], tokens: [long, "b"]), .matrix)
        #expect(scene.words.allSatisfy { $0.count < 300 })
        let bytes = TokenText.visible([String(repeating: "<0xE6>", count: 10_000), "x"])
        #expect(bytes[0].count < 300 && bytes[1] == "x")
    }

    @Test func `Chinese names down a side stand upright`() throws {
        let scene = try draw(given([[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]])) { $0.language = .zh }
        let turned = scene.texts.filter { $0.rotation != 0 }
        #expect(turned.allSatisfy { "（）：".contains($0.text) })
        let name = ["查", "询"].compactMap { sign in scene.texts.first { $0.text == sign } }
        #expect(name.count == 2 && name[0].position.x == name[1].position.x && name[0].position.y < name[1].position.y)
        let triangles = try draw(given([[1, 0], [0.5, 0.5]]), .triangles) { $0.language = .zh }
        #expect(triangles.texts.allSatisfy { $0.rotation == 0 || "（）：".contains($0.text) })
    }
}
