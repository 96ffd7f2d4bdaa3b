// The Float32 engine against the exact one: every kind of operation on noise, whole models of every family, and what it leaves to the exact engine.

import AttentionKernels
import EngineTesting
import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

@Suite struct FloatEngineTests {
    /// Noise as leaves.
    private struct Leaves {
        var noise = Noise(seed: 5)
        var recorder = Recorder()

        mutating func callAsFunction(_ name: String, _ axes: [Axis], _ lengths: [Int]) throws -> Expression {
            try recorder.input(StepID("input." + name), name, noise.tensor(axes, lengths), title: Bilingual(same: name))
        }
    }

    private func expectSame(_ expression: Expression, _ engine: FloatEngine = FloatEngine(), _ what: String) throws {
        for axes in [expression.shape.axes, expression.shape.axes.reversed()] {
            let exact = expression.tensor.transposed(to: axes)
            let result = try #require(try engine.computing("x", "x", expression, axes), "\(what) was not computed")
            let fast = result.tensor
            try #require(fast.shape == exact.shape, "\(what)")
            let largest = exact.values.map { $0.isFinite ? abs($0) : 0 }.max() ?? 0
            let differ = zip(exact.values, fast.values).first { $0 != $1 && !(abs($0 - $1) <= 4e-6 * max(largest, 1e-3)) }
            #expect(differ == nil, "\(what) along \(axes): \(differ!)")
        }
    }

    /// One expression, or several, of each kind.
    private func expressions() throws -> [(String, Expression)] {
        var leaf = Leaves()
        let (x, y) = (try leaf("x", [.t, .c], [5, 12]), try leaf("y", [.c, .t], [12, 5]))
        let (b, w, v) = (try leaf("b", [.c], [12]), try leaf("w", [.o, .c], [7, 12]), try leaf("v", [.c, .o], [12, 7]))
        let (q, k) = (try leaf("q", [.t, .h, .d], [5, 6, 4]), try leaf("k", [.s, .g, .d], [9, 3, 4]))
        let (one, wide) = (try leaf("one", [.t, .c], [1, 12]), try leaf("wide", [.t, .n], [5, 40]) * Constant(30))
        let (scores, row) = (try leaf("scores", [.h, .t, .s], [6, 5, 9]), try leaf("row", [.s], [9]))
        let (causal, window) = (Mask.causal(rows: 5, columns: 9, offset: 4), Mask.causal(rows: 5, columns: 9, offset: 2, window: 3))
        let none = Mask(rows: 5, columns: 9) { _, column in column > 20 }
        let heads = k.sharing(.g, as: .h, times: 2)
        let angles = try RotaryFrequencies.plain(dimension: 4, theta: 100)
        let positions = [3, 4, 5, 900, 7]
        return [
            ("sum", try x + y), ("sum with a bias", try x + b), ("bias first", try b + x), ("sum with less", try scores + row),
            ("product", try x * y), ("product of a row", try scores * row), ("quotient", try x / (y * y + filled(1, Shape([.t], [5])))),
            ("larger", try maximum(x, y)), ("scaled", x * Constant(-3)), ("divided", x / .root(7)), ("ReLU", relu(x)),
            ("SiLU", silu(wide)), ("GELU", gelu(wide, .exact)), ("GELU by tanh", gelu(wide, .approximate)),
            ("GELU near 0", gelu(x, .approximate)),
            ("soft cap", softCapped(wide, at: 20)), ("soft cap near 0", softCapped(x, at: 50)),
            ("filled", filled(2.5, Shape([.t, .c], [2, 3]))),
            ("masked", try masked(scores, causal)), ("masked by a window", try masked(scores, window)),
            ("zeroed", try zeroed(scores, causal)),
            ("linear", try linear(x, w)), ("linear, transposed", try linear(x, v)), ("linear of a turned", try linear(y, w)),
            ("one row", try linear(one, w)), ("one row, transposed", try linear(one, v)), ("one column", try dot(x, b, over: .c)),
            ("a product of vectors", try dot(b, b, over: .c)), ("a batch alone", try dot(x, y, over: .c)),
            ("shared heads", try dot(q, heads)),
            ("votes", try sum(softmax(scores, over: .s) * heads, over: .s)), ("a shared head alone", heads),
            ("total", try sum(scores, over: .t)), ("maximum", try maximum(scores, over: .t)), ("softmax", try softmax(scores, over: .s)),
            ("softmax of an outer axis", try softmax(scores, over: .h)),
            ("softmax of masked", try softmax(masked(scores, causal), over: .s)),
            ("softmax of nothing", try softmax(masked(scores, none), over: .s)), ("softmax of large", try softmax(wide, over: .n)),
            ("RMSNorm", try rmsNorm(x, b, epsilon: 1e-5, over: .c)),
            ("RMSNorm beyond 1", try rmsNorm(y, b, epsilon: 1e-5, over: .c, weightsAreBeyondOne: true)),
            ("LayerNorm", try layerNorm(x, b, b * Constant(2), epsilon: 1e-5, over: .c)),
            ("RoPE of halves", try rotary(q, .half, positions: positions, frequencies: angles, magnitude: 1.2, token: .t)),
            ("RoPE of neighbours", try rotary(q, .interleaved, positions: positions, frequencies: angles, token: .t)),
            (
                "RoPE by head",
                try rotary(scores.renaming(.h, to: .d).slicing(.d, 0..<4), .half, positions: positions, frequencies: angles, token: .t)
            ),
            ("cross-entropy", try crossEntropy(wide, next: [3, 0, 39])), ("gathered", try gathered(w, .o, at: [6, 0, 6], as: .t)),
            ("gathered columns", try gathered(w, .c, at: [11, 2], as: .t)),
            ("concatenated", try concatenated([k, k.slicing(.s, 2..<4)], along: .s)),
            ("concatenated features", try concatenated([q, q], along: .d)), ("renamed", x.renaming(.t, to: .s)),
            ("split", try x.splitting(.c, into: [(.h, 3), (.d, 4)])), ("merged", try q.merging([.h, .d], into: .c)),
            ("merged in another order", try q.merging([.d, .h], into: .c)), ("sliced", try scores.slicing(.s, 2..<7)),
            ("sliced and split", try w.slicing(.c, 4..<12).splitting(.c, into: [(.h, 2), (.d, 4)])),
        ]
    }

    @Test func `every kind equals the exact engine on noise`() throws {
        for (what, expression) in try expressions() { try expectSame(expression, what) }
    }

    @Test func `what is rounded or chosen is left to the exact engine`() throws {
        var leaf = Leaves()
        let (scores, x) = (try leaf("scores", [.t, .s], [3, 3]), try leaf("x", [.t, .d], [3, 4]))
        let engine = FloatEngine()
        let scale = try blockScale(x, .float32, block: 2)
        for left in [
            try topK(scores, 2, visible: .causal(rows: 3, columns: 3)), try hadamard(x), scale, float8(x, scale: scale, block: 2),
            try exponential(x, minus: x), try picked(x, [0, 1], as: Shape([.d], [2])), x * Constant(1e300) * Constant(1e-300),
        ] {
            #expect(try engine.computing("x", "x", left, left.shape.axes) == nil)
        }
    }

    @Test(arguments: [(Double.nan, "found nan"), (.infinity, "found inf"), (1e60, "within the range of Float32, found 1e+60")])
    func `a weight that is no Float32 is named`(value: Double, problem: String) throws {
        let weight = NamedTensor("wrong", Shape([.o, .c], [1, 2])) { Tensor([.o, .c], [1, 2], [1, value]) }
        var recorder = Recorder()
        recorder.keeping = Keeping({ _ in false }, others: FloatEngine().computing)
        let x = try recorder.input("input.x", "x", Tensor([.t, .c], [1, 2], [1, 1]), title: Bilingual(same: "x"))
        let w = try recorder.weight(weight, "W", [.o, .c])
        let error = #expect(throws: EngineError.self) { _ = try FloatEngine().computing("y", "y", linear(x, w), [.t, .o]) }
        #expect(error.map { $0.subject.hasPrefix("weight.wrong") && $0.problem.hasSuffix(problem) } == true, "\(error!)")
    }

    static let families = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "ModelFilesTests/Fixtures/families")
    static let names = [
        "gemma2", "gpt2", "llama-3.2", "llama-linear-rope", "llama-mlp-bias", "mistral-window-4", "qwen2", "qwen3", "smollm",
    ]

    /// The model of a folder, and the ids of its text.
    private func load(_ name: String) throws -> (LanguageModel, [Int]) {
        let room = FileManager.default.temporaryDirectory.appending(path: "attn-\(UUID())")
        try FileManager.default.copyItem(at: Self.families.appending(path: name), to: room)
        try Data(#"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}"#.utf8).write(to: room.appending(path: "tokenizer.json"))
        struct Expected: Decodable { let tokenIDs: [Int] }
        let ids = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: room.appending(path: "expected.json"))).tokenIDs
        return (try ModelFolder(path: room.path).load().model, ids)
    }

    @Test(arguments: names) func `logits of a model are those of the exact engine, in one pass and from a cache`(name: String) throws {
        let (model, ids) = try load(name)
        var exact = Recorder()
        let logits = try model.record(ids, cache: nil, on: &exact).logits.tensor
        let largest = logits.values.map { abs($0) }.max()!
        let engine = FloatEngine()
        func recorder() -> Recorder {
            var recorder = Recorder()
            recorder.keeping = Keeping({ _ in false }, others: engine.computing)
            return recorder
        }
        var (cache, start) = (LanguageModel.Cache?.none, 0)
        for count in [ids.count - 3, 1, 2] {
            var fast = recorder()
            let (found, kept) = try model.record(Array(ids[start..<start + count]), cache: cache, on: &fast)
            #expect(fast.trace.steps.isEmpty && !fast.trace.omitted.isEmpty)
            for t in 0..<count {
                let pairs = zip(found.tensor.slice(.t, at: t).values, logits.slice(.t, at: start + t).values)
                #expect(pairs.allSatisfy { abs($0 - $1) <= 1e-4 * largest }, "\(name), token \(start + t)")
            }
            (cache, start) = (kept, start + count)
        }
    }

    @Test(arguments: ["gpt2", "qwen3"]) func `a layer that is asked about is exact, whatever the others are`(name: String) throws {
        let (model, ids) = try load(name)
        var recorder = Recorder()
        recorder.keeping = Keeping({ $0.layer == 1 && $0.role == .weights }, others: FloatEngine().computing(outside: [1]))
        _ = try model.record(ids, cache: nil, on: &recorder)
        let trace = recorder.trace
        #expect(trace.steps.map(\.id.text) == ["layer.1.attention.weights"])
        // Rows of exact weights add up to 1 within Double's rounding, rows of Float32 do not.
        let weights = trace.steps[0].output
        let rows = weights.shape[.h]! * weights.shape[.t]!
        let sums = (0..<rows).map { row in weights.values[row * ids.count..<(row + 1) * ids.count].reduce(0, +) }
        #expect(sums.allSatisfy { abs($0 - 1) < 1e-14 })
    }
}
