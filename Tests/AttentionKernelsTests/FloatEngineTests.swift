// The Float32 engine against the exact one: every kind of operation on noise, whole models of every family, and what it leaves to the exact engine.

import AttentionKernels
import EngineTesting
import Foundation
import Mechanisms
import ModelFiles
import Testing
import Traces

// Foundation has an Expression of its own.
private typealias Expression = Traces.Expression

@Suite struct FloatEngineTests {
    /// Noise as leaves.
    private struct Leaves {
        var noise = Noise(seed: 5)
        var recorder = Recorder()

        mutating func make(_ name: String, _ axes: [Axis], _ lengths: [Int]) throws -> Expression {
            try recorder.input(StepID("input." + name), name, noise.tensor(axes, lengths), title: Bilingual(same: name))
        }
    }

    private func expectSame(_ expression: Expression, _ what: String) throws {
        for axes in [expression.shape.axes, expression.shape.axes.reversed()] {
            let exact = expression.tensor.transposed(to: axes)
            let result = try #require(try FloatEngine().computing("x", "x", expression, axes), "\(what) was not computed")
            let fast = result.tensor
            try #require(fast.shape == exact.shape, "\(what)")
            let largest = exact.values.map { $0.isFinite ? abs($0) : 0 }.max() ?? 0
            let differ = zip(exact.values, fast.values).first { $0 != $1 && !(abs($0 - $1) <= 4e-6 * max(largest, 1e-3)) }
            #expect(differ == nil, "\(what) along \(axes): \(differ!)")
        }
    }

    /// One expression, or several, of each kind.
    private func expressions() throws -> [(String, Expression)] {
        var leaves = Leaves()
        let x = try leaves.make("x", [.t, .c], [5, 12])
        let y = try leaves.make("y", [.c, .t], [12, 5])
        let b = try leaves.make("b", [.c], [12])
        let w = try leaves.make("w", [.o, .c], [7, 12])
        let v = try leaves.make("v", [.c, .o], [12, 7])
        let q = try leaves.make("q", [.t, .h, .d], [5, 6, 4])
        let k = try leaves.make("k", [.s, .g, .d], [9, 3, 4])
        let one = try leaves.make("one", [.t, .c], [1, 12])
        let wide = try leaves.make("wide", [.t, .n], [5, 40]) * Constant(30)
        let scores = try leaves.make("scores", [.h, .t, .s], [6, 5, 9])
        let row = try leaves.make("row", [.s], [9])
        let (causal, window) = (Mask.causal(rows: 5, columns: 9, offset: 4), Mask.causal(rows: 5, columns: 9, offset: 2, window: 3))
        let none = Mask(rows: 5, columns: 9) { _, column in column > 20 }
        let heads = k.sharing(.g, as: .h, times: 2)
        let angles = try RotaryFrequencies.plain(dimension: 4, theta: 100)
        let positions = [3, 4, 5, 900, 7]
        var all: [(String, Expression)] = []
        func add(_ what: String, _ expression: Expression) { all.append((what, expression)) }
        try add("sum", x + y)
        try add("sum with a bias", x + b)
        try add("bias first", b + x)
        try add("sum with less", scores + row)
        try add("product", x * y)
        try add("product of a row", scores * row)
        try add("quotient", x / (y * y + filled(1, Shape([.t], [5]))))
        try add("larger", maximum(x, y))
        add("scaled", x * Constant(-3))
        add("divided", x / .root(7))
        add("ReLU", relu(x))
        add("SiLU", silu(wide))
        add("GELU", gelu(wide, .exact))
        add("GELU by tanh", gelu(wide, .approximate))
        add("GELU near 0", gelu(x, .approximate))
        add("soft cap", softCapped(wide, at: 20))
        add("soft cap near 0", softCapped(x, at: 50))
        add("filled", filled(2.5, Shape([.t, .c], [2, 3])))
        try add("masked", masked(scores, causal))
        try add("masked by a window", masked(scores, window))
        try add("zeroed", zeroed(scores, causal))
        try add("linear", linear(x, w))
        try add("linear, transposed", linear(x, v))
        try add("linear of a turned", linear(y, w))
        try add("one row", linear(one, w))
        try add("one row, transposed", linear(one, v))
        try add("one column", dot(x, b, over: .c))
        try add("scaled products of heads", dot(q, heads) / .root(4))
        try add("a scaled row", linear(one, w) * Constant(0.5))
        try add("a scaled column", dot(x, b, over: .c) * Constant(0.5))
        try add("a product of vectors", dot(b, b, over: .c))
        try add("a batch alone", dot(x, y, over: .c))
        try add("shared heads", dot(q, heads))
        try add("votes", sum(softmax(scores, over: .s) * heads, over: .s))
        add("a shared head alone", heads)
        try add("total", sum(scores, over: .t))
        try add("maximum", maximum(scores, over: .t))
        try add("softmax", softmax(scores, over: .s))
        try add("softmax of an outer axis", softmax(scores, over: .h))
        try add("softmax of masked", softmax(masked(scores, causal), over: .s))
        try add("softmax of nothing", softmax(masked(scores, none), over: .s))
        try add("softmax of large", softmax(wide, over: .n))
        try add("RMSNorm", rmsNorm(x, b, epsilon: 1e-5, over: .c))
        try add("RMSNorm beyond 1", rmsNorm(y, b, epsilon: 1e-5, over: .c, weightsAreBeyondOne: true))
        try add("LayerNorm", layerNorm(x, b, b * Constant(2), epsilon: 1e-5, over: .c))
        try add("RoPE of halves", rotary(q, .half, positions: positions, frequencies: angles, magnitude: 1.2, token: .t))
        try add("RoPE of neighbours", rotary(q, .interleaved, positions: positions, frequencies: angles, token: .t))
        try add(
            "RoPE by head",
            rotary(scores.renaming(.h, to: .d).slicing(.d, 0..<4), .half, positions: positions, frequencies: angles, token: .t))
        try add("cross-entropy", crossEntropy(wide, next: [3, 0, 39]))
        try add("gathered", gathered(w, .o, at: [6, 0, 6], as: .t))
        try add("gathered columns", gathered(w, .c, at: [11, 2], as: .t))
        try add("concatenated", concatenated([k, k.slicing(.s, 2..<4)], along: .s))
        try add("concatenated features", concatenated([q, q], along: .d))
        add("renamed", x.renaming(.t, to: .s))
        try add("split", x.splitting(.c, into: [(.h, 3), (.d, 4)]))
        try add("merged", q.merging([.h, .d], into: .c))
        try add("merged in another order", q.merging([.d, .h], into: .c))
        try add("sliced", scores.slicing(.s, 2..<7))
        try add("sliced and split", w.slicing(.c, 4..<12).splitting(.c, into: [(.h, 2), (.d, 4)]))
        return all
    }

    @Test func `every kind equals the exact engine on noise`() throws {
        for (what, expression) in try expressions() { try expectSame(expression, what) }
    }

    @Test func `a row of a result is read without the others`() throws {
        var leaves = Leaves()
        let x = try leaves.make("x", [.t, .c], [5, 12])
        let w = try leaves.make("w", [.o, .c], [7, 12])
        let product = try linear(x, w)
        for axes in [[Axis.t, .o], [.o, .t]] {
            let result = try #require(try FloatEngine().computing("y", "y", product, axes))
            for t in 0..<5 { #expect(result.slice(.t, at: t) == result.tensor.slice(.t, at: t)) }
        }
        #expect(product.slice(.o, at: 3) == product.tensor.slice(.o, at: 3))
    }

    @Test func `several threads that compute at once get what one gets`() throws {
        var leaves = Leaves()
        let x = try leaves.make("x", [.t, .c], [96, 80])
        let w = try leaves.make("w", [.o, .c], [112, 80])
        let expression = try silu(linear(x, w) / Constant(3))
        @Sendable func result() throws -> Tensor? { try FloatEngine().computing("y", "y", expression, [.t, .o])?.tensor }
        let alone = try #require(try result())
        DispatchQueue.concurrentPerform(iterations: 40) { _ in
            let isSame = (try? result()).flatMap { $0 } == alone
            #expect(isSame)
        }
    }

    @Test func `what is rounded or chosen is left to the exact engine`() throws {
        var leaves = Leaves()
        let scores = try leaves.make("scores", [.t, .s], [3, 3])
        let x = try leaves.make("x", [.t, .d], [3, 4])
        let engine = FloatEngine()
        let scale = try blockScale(x, .float32, block: 2)
        let left: [Expression] = [
            try topK(scores, 2, visible: Mask.causal(rows: 3, columns: 3)), try hadamard(x), scale, float8(x, scale: scale, block: 2),
            try exponential(x, minus: x), try picked(x, [0, 1], as: Shape([.d], [2])), (x * Constant(1e300)) * Constant(1e-300),
        ]
        for expression in left { #expect(try engine.computing("x", "x", expression, expression.shape.axes) == nil) }
    }

    @Test(arguments: [(Double.nan, "found NaN"), (.infinity, "found ∞"), (1e60, "within the range of Float32, found 1e+60")])
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
        recorder.keeping = Keeping(
            { $0.layer == 1 && $0.role == .weights },
            others: FloatEngine().computing(in: Set(0..<model.architecture.facts.layers).subtracting([1])))
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
