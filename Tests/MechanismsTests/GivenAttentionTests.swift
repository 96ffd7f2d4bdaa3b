// Attention that was computed elsewhere: recorded as it is, with a selection laid over that is counted on the given weights.

import Mechanisms
import Testing
import Traces

@Suite struct GivenAttentionTests {
    private static let source = Bilingual(en: "given", zh: "给定")

    /// Two heads over four tokens, causal, rows of halves and quarters: head 0 rests on the first keys, head 1 on the last.
    private static let causal = Tensor(Shape([.h, .t, .s], [2, 4, 4])) { index in
        let (t, s) = (index[1], index[0] == 0 ? index[2] : index[1] - index[2])
        return s < 0 || s > t
            ? 0 : s < t ? Double(sign: .plus, exponent: -s - 1, significand: 1) : Double(sign: .plus, exponent: -t, significand: 1)
    }

    private func trace(_ weights: Tensor = causal, _ kept: String? = nil, layer: Int? = nil, tokens: [String] = []) throws -> Trace {
        try GivenAttention.trace(
            [.init(number: layer, weights: weights)], tokens: tokens, keeping: kept.map { try KeptKeys(parsing: $0) }, source: Self.source)
    }

    @Test func `weights are recorded as they are, causal where they show it, and nothing else is said`() throws {
        let trace = try trace(tokens: ["a", "b", "c", "d"])
        #expect(trace.steps.map(\.id) == ["attention.weights"])
        let step = trace.steps[0]
        #expect(step.output == Self.causal && step.visible == .causal(rows: 4, columns: 4))
        #expect(step.labels == [.t: ["a", "b", "c", "d"], .s: ["a", "b", "c", "d"]] && trace.tokens == ["a", "b", "c", "d"])
        #expect(step.sourceNote.en == "given; no weight after a query: causal" && step.sourceNote.zh == "给定；查询之后没有权重：因果")
        let view = try #require(trace.attentions.first)
        #expect(view.isDense && view.query == nil && view.scores == nil)
    }

    @Test func `the heaviest keys are ranked by the sum over heads, ties to the earlier, and hold their part of the given weight`() throws {
        let trace = try trace(Self.causal, "topk:2")
        #expect(
            trace.steps.map(\.id.text) == ["attention.weights", "oracle.score", "selected", "kept.weights", "sparse.weights"])
        // Row 3: sums 1/2+1/8, 1/4+1/8, 1/8+1/4, 1/8+1/2: the first and the last. Row 2: 3/4, 1/2, 3/4.
        let selected = try trace.step("selected").output
        #expect(selected.values == [0, -1, 0, 1, 0, 2, 0, 3])
        let rows = try trace.selection("selected").rows
        #expect(rows.map(\.massKept) == [1, 1, 0.75, 0.625])
        // Of the sums only row 1 ties: 1/2+1/2 twice, and both are kept.
        #expect(rows.map { $0.cut?.isTie } == [false, false, false, false])
        let kept = try trace.step("kept.weights").output
        let sparse = try trace.step("sparse.weights").output
        for (h, shares) in [(0, [0.5, 0.125]), (1, [0.125, 0.5])] {
            #expect([kept[h, 3, 0], kept[h, 3, 1], kept[h, 3, 2], kept[h, 3, 3]] == [shares[0], 0, 0, shares[1]])
            #expect([sparse[h, 3, 0], sparse[h, 3, 3]] == [shares[0] / 0.625, shares[1] / 0.625])
        }
        #expect(trace.switches == ["select=oracle", "top-k=2"])
        let explained = try trace.step("sparse.weights").explain([0, 3, 0])
        #expect(explained.value == 0.8)
        #expect(explained.numeric?.contains("0.5/(0.5") == true)
    }

    @Test func `a tie goes to the earlier key`() throws {
        let even = Tensor([.t, .s], [1, 4], [0.25, 0.25, 0.25, 0.25])
        let trace = try trace(even, "topk:2")
        #expect(try trace.step("selected").output.values == [0, 1])
        #expect(try trace.selection("selected").rows[0].massKept == 0.5)
        // Without heads there is nothing to sum.
        #expect(!trace.contains("oracle.score"))
    }

    @Test func `windows are the latest keys, with the first ones beside`() throws {
        #expect(try trace(Self.causal, "recent:2").step("selected").output.values == [0, -1, 0, 1, 1, 2, 2, 3])
        let sinks = try trace(Self.causal, "window:1+sinks:1")
        #expect(try sinks.step("selected").output.values == [0, -1, 0, 1, 0, 2, 0, 3])
        #expect(sinks.switches == ["select=window+sinks", "top-k=2"])
        // Two sinks of three keys are not the rule of that name, which takes one.
        #expect(try trace(Self.causal, "window:1+sinks:2").switches == ["select=window:1+sinks:2", "top-k=3"])
        // k beyond the text keeps everything.
        #expect(try trace(Self.causal, "recent:64").selection("selected").rows.map(\.massKept) == [1, 1, 1, 1])
    }

    @Test func `each layer has its own selection`() throws {
        let layers = [3, 7].map { GivenAttention.Layer(number: $0, weights: Self.causal) }
        let trace = try GivenAttention.trace(layers, tokens: [], keeping: .heaviest(1), source: Self.source)
        #expect(
            trace.attentions.map(\.weights.text) == [3, 7].flatMap { ["layer.\($0).attention.weights", "layer.\($0).sparse.weights"] })
        #expect(trace.contains(GivenAttention.overlay(inLayer: 7)) && GivenAttention.overlay(inLayer: nil) == "kept.weights")
    }

    @Test func `rows that do not sum to one keep a share of their own`() throws {
        let half = Tensor([.t, .s], [1, 4], [0.25, 0.125, 0.0625, 0.0625])
        #expect(try trace(half, "topk:1").selection("selected").rows[0].massKept == 0.5)
    }

    @Test func `NaN stays in the trace, and no selection ranks it`() throws {
        let broken = Tensor([.t, .s], [2, 2], [1, 0, .nan, .nan])
        let plain = try trace(broken)
        #expect(plain.steps[0].output.values[2].isNaN && plain.steps[0].visible == .causal(rows: 2, columns: 2))
        #expect(
            throws: EngineError(.value, "select topk:1: attention.weights[1,0]", expected: "a weight of at least 0", found: "NaN")
        ) { try trace(broken, "topk:1") }
        #expect(throws: EngineError.self) { try trace(Tensor([.t, .s], [1, 2], [1.5, -0.5]), "recent:1") }
    }

    @Test func `the latest keys are refused where later ones have weight`() throws {
        let both = Tensor([.t, .s], [2, 2], [0.5, 0.5, 0.5, 0.5])
        #expect(try trace(both).steps[0].visible == .bidirectional(rows: 2, columns: 2))
        #expect(throws: EngineError.self) { try trace(both, "recent:1") }
        #expect(throws: EngineError.self) { try trace(both, "window:1+sinks:1") }
        #expect(try trace(both, "topk:1").step("selected").output.values == [0, 0])
    }

    @Test func `zeros that may be a window's are counted as seen, and that is said`() throws {
        // Five queries that see themselves and one key before: 1 + 2 · 4 of 15 pairs.
        let window = Tensor([.t, .s], [5, 5], (0..<25).map { [$0 / 5, max($0 / 5 - 1, 0)].contains($0 % 5) ? $0 == 0 ? 1 : 0.5 : 0 })
        let pairs = try #require(GivenAttention.Layer(number: nil, weights: window).unweighted)
        #expect(pairs.count == 6 && pairs.seen == 15 && pairs.reach == 2)
        let step = try trace(window).steps[0]
        #expect(step.visible == .causal(rows: 5, columns: 5))
        #expect(
            step.sourceNote.en
                == "given; no weight after a query: causal; no head has weight in 6 of 15 pairs (no head looks further back than 2 keys): hidden or exactly 0, they count as seen"
        )
        #expect(step.sourceNote.zh.hasSuffix("；15 对中有 6 对在每个头里都没有权重（没有哪个头往回看超过 2 个键）：可能被遮住，也可能就是 0，都按可见计"))
        // What one head sees is seen; a hole is no window; a column that nobody sees, as padding is, counts in attention to both sides.
        let heads = Tensor([.h, .t, .s], [2, 2, 2], [1, 0, 0, 1, 1, 0, 1, 0])
        #expect(GivenAttention.Layer(number: nil, weights: heads).unweighted == nil)
        let hole = GivenAttention.Layer(number: nil, weights: Tensor([.t, .s], [3, 3], [1, 0, 0, 0.5, 0.5, 0, 0.5, 0, 0.5])).unweighted
        #expect(hole?.count == 1 && hole?.seen == 6 && hole?.reach == nil)
        let padded = GivenAttention.Layer(
            number: nil, weights: Tensor([.t, .s], [3, 3], (0..<9).map { $0 % 3 == 2 ? 0 : 0.5 })
        ).unweighted
        #expect(padded?.count == 3 && padded?.seen == 9 && padded?.reach == nil)
        let broken = GivenAttention.Layer(number: nil, weights: Tensor([.t, .s], [2, 2], [1, 0, .nan, 1])).unweighted
        #expect(broken == nil)
    }

    @Test(arguments: [
        "", "topk", "topk:", "topk:0", "topk:-1", "topk:01", "topk:2+sinks:1", "recent:1.5", "window:4", "sinks:4", "window:4+window:2",
        "window:4+sinks:0", "topk:99999999999999999999", "oracle", "topk:1:2", "TOPK:1",
    ]) func `what spells no rule is refused`(text: String) {
        #expect(throws: EngineError.self) { try KeptKeys(parsing: text) }
    }

    @Test func `a rule is written as it is read`() throws {
        for text in ["topk:16", "recent:64", "window:64+sinks:4"] { #expect(try KeptKeys(parsing: text).description == text) }
        #expect(try KeptKeys(parsing: "sinks:4+window:64") == .window(64, sinks: 4))
    }

    @Test func `fewer queries than keys are the latest ones, more are no causal pass`() {
        let late = Tensor([.t, .s], [2, 4], [0.5, 0.25, 0.25, 0, 0.25, 0.25, 0.25, 0.25])
        #expect(Mask(apparentIn: late) == .causal(rows: 2, columns: 4, offset: 2))
        let many = Tensor([.t, .s], [3, 2], [1, 0, 1, 0, 0.5, 0.5])
        #expect(Mask(apparentIn: many) == .bidirectional(rows: 3, columns: 2) && !Mask(apparentIn: many).isCausal)
    }
}
