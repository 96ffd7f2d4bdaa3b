// What pictures say of one step: titles, captions and marks that their data decide.

import Mechanisms
import Diagrams
import Testing
import Traces

@Suite struct FindingTests {
    /// A matrix of one step.
    private func matrix(
        _ values: [Double], _ axes: [Axis], _ lengths: [Int], id: String, tokens: [String] = [],
        _ change: (inout FigureOptions) -> Void = { _ in }
    ) throws -> Scene {
        try draw(trace(values, axes, lengths, id: StepID(id), tokens: tokens)) {
            $0.step = id
            change(&$0)
        }
    }

    @Test func `a Chinese sentence has a space after a number, and none beside marks`() throws {
        let values = (0..<9).map { $0 == 5 ? 2.5 : 0 }
        let scores = try matrix(values, [.t, .s], [3, 3], id: "attention.scores", tokens: ["0", "1", "2"]) {
            $0.language = .zh
            $0.query = 1
        }
        #expect(scene(scores, has: "查询 1 与键 2 的得分最高：2.5"))
        let features = try matrix(values, [.t, .c], [3, 3], id: "attention.output", tokens: ["0", "1", "2"]) {
            $0.language = .zh
            $0.query = 1
        }
        #expect(scene(features, has: "词元 1 这一行是 (0, 0, 2.5)"))
        let named = try matrix(values, [.t, .s], [3, 3], id: "attention.scores", tokens: ["A股", "B股", "C"]) {
            $0.language = .zh
            $0.query = 1
        }
        #expect(scene(named, has: "“B股”与“C”的得分最高：2.5"), "names stay as they are")
    }

    private func scene(_ scene: Scene, has title: String) -> Bool { scene.title.zh == title && scene.words.contains(title) }

    @Test func `keys that tie are all named, and many are counted`() throws {
        func title(_ row: [Double], _ id: String) throws -> Bilingual {
            try matrix(row, [.t, .s], [1, row.count], id: id).title
        }
        let votes = try draw(Diary.selective("trip", .en)) {
            $0.step = "indexer.votes"
            $0.head = .one(1)
        }
        #expect(votes.title.en == "“?” votes most for “Dali” and “Shanghai”: 4 each")
        #expect(votes.title.zh == "“?”给“Dali”和“Shanghai”的票最多：都是 4")
        #expect(try title([-1, 2, 2], "attention.dot").en == "Query 0 fits key 1 and itself best: dot products of 2")
        #expect(try title([-1, 2, 2, 2, 2], "attention.scores").en == "Query 0 scores highest with key 1, key 2 and 2 other keys: 2 each")
        #expect(try title([0.25, 0.25, 0.25, 0.25], "attention.weights").zh == "查询 0 把注意力放在键 0、键 1 等 4 个键上最多，各 25%")
    }

    @Test func `dot products that are equal along stripes are a finding about distance`() throws {
        let waves = (0..<25).map { [2.0, 1, -1, 0.5, 0][abs($0 / 5 - $0 % 5)] }
        let scene = try matrix(waves, [.t, .s], [5, 5], id: "attention.dot")
        #expect(scene.title.en == "Only the distance counts: along a stripe, all dot products are equal")
        #expect(scene.words.contains("dot product") && !scene.words.contains("score"))
        var broken = waves
        broken[7] += 0.1
        #expect(try matrix(broken, [.t, .s], [5, 5], id: "attention.dot").title.en.contains("fits"))
        let flat = try matrix([Double](repeating: 1.5, count: 9), [.t, .s], [3, 3], id: "attention.dot")
        #expect(!flat.title.en.contains("distance"))
    }

    @Test func `weights masked after the softmax hatch what was dropped and leave the future blank`() throws {
        let late = try Diary.selective("trip", .en, with: [.maskAfterSoftmax])
        let scene = try draw(late) {
            $0.step = "sparse.weights"
            $0.head = .one(1)
        }
        #expect(scene.hotSpots.first { $0.index == [1, 17, 0] }?.label.text(.en).contains("not selected") == false)
        #expect(scene.hotSpots.first { $0.index == [1, 17, 12] }?.label.text(.en).contains("visible, not selected") == true)
        #expect(scene.hotSpots.first { $0.index == [1, 0, 12] }?.label.text(.en).contains("masked") == true)
        #expect(scene.words.contains("hatched: visible, not selected") && scene.words.contains("blank: masked"))
        #expect(!scene.words.contains { $0.contains("faint") || $0.contains("Before the mask") })
        let scores = try draw(late) { $0.step = "sparse.scores" }
        #expect(scores.words.contains { $0.contains("Before the mask") })
    }

    @Test func `heads hatch what a selection dropped`() throws {
        func hatched(_ trace: Trace, _ step: String) throws -> Int {
            let scene = try draw(trace, .heads) { $0.step = step }
            return scene.rects.count { if case .hatch = $0.fill { true } else { false } }
        }
        let swatch = 1
        #expect(try hatched(Diary.selective("trip", .en), "attention.weights") == 0)
        #expect(try hatched(Diary.selective("trip", .en), "sparse.weights") == 2 * (171 - 66) + swatch)
        #expect(try hatched(Diary.selective("trip", .en, with: [.maskAfterSoftmax]), "sparse.weights") == 2 * (171 - 66) + swatch)
    }

    @Test func `two heads fill the width of a slide`() throws {
        let scene = try draw(Diary.selective("trip", .en), .heads) { $0.preset = .slide }
        let right = scene.rects.filter { $0.fill != nil }.map(\.rect.maxX).max() ?? 0
        #expect(right > scene.size.width * 0.88 && right < scene.size.width)
        #expect(scene.words.count { $0 == "“?” rests on" } == 2)
    }

    @Test func `a single query has no others`() throws {
        let scene = try draw(trace([0.1, 0.2, 0.7], [.t, .s], [1, 3]), .arcs)
        #expect(scene.words.contains("Thicker line: more weight.") && scene.words.contains("query"))
        #expect(scene.alt.en.hasPrefix("1 query at the left, 3 keys at the right"))
    }

    @Test func `a framed key of a large matrix is the finding`() throws {
        let n = 100
        func values(_ outside: Double) -> [Double] {
            var values = [Double](repeating: outside, count: n * n)
            for t in 0..<n {
                for s in 0...t { values[t * n + s] = 1 / Double(t + 1) }
            }
            for s in 0...40 { values[40 * n + s] = s == 7 ? 0.5 : 0.5 / 40 }
            return values
        }
        func title(_ values: [Double], _ id: String) throws -> Bilingual {
            try matrix(values, [.t, .s], [n, n], id: id) { $0.key = 7 }.title
        }
        #expect(try title(values(0), "attention.weights").en == "Key 7 matters most to query 40: 50% of its attention")
        #expect(try title(values(0), "attention.weights").zh == "最看重键 7 的是查询 40：50% 的注意力")
        #expect(try title(values(-.infinity), "attention.scores").en == "Key 7 scores highest with query 40: 0.5")
        var hidden = [Double](repeating: 1.5, count: n * n)
        for t in 0..<n { hidden[t * n + 7] = -.infinity }
        #expect(try title(hidden, "attention.scores").en == "No query sees key 7")
    }

    @Test func `large counts are grouped`() throws {
        var values = [Double](repeating: -.infinity, count: 36 * 36)
        for t in 0..<36 {
            for s in 0...t { values[t * 36 + s] = Double(s % 7) + 0.5 }
        }
        #expect(try matrix(values, [.t, .s], [36, 36], id: "attention.scores").title.en.contains("666 of 1,296 pairs"))
    }

    @Test func `captions are sentences without ids of steps`() throws {
        for (figure, en, zh) in [
            (
                Figure.matrix, "“?” rests 60% of its attention on “Dali” (attention weights; mean of 2 heads).",
                "“?”把 60% 的注意力放在“Dali”上（注意力权重；2 个头的平均）。"
            ),
            (
                .arcs, "“?” looks back, and 60% of its attention rests on “Dali” (attention weights; mean of 2 heads).",
                "“?”回头看，60% 的注意力落在“Dali”上（注意力权重；2 个头的平均）。"
            ),
        ] {
            let caption = try draw(Diary.selective("trip", .en), figure).caption
            #expect(caption.en == en && caption.zh == zh)
        }
    }

    @Test func `an equation stays on one line`() {
        let lines = LineBreaker.lines("其中 P = 10，T = 5", width: 6) { Double($0.count) }
        #expect(lines.allSatisfy { !$0.hasPrefix("=") && !$0.hasSuffix("=") })
        #expect(lines.contains { $0.contains("P = 10") })
    }
}
