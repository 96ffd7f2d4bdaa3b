import EngineTesting
import Mechanisms
import Testing
import Traces

/// A trace of a small causal attention over made-up numbers, and the numbers.
func smallAttention(
    heads: Int = 4, keyValueHeads: Int = 2, headDimension: Int = 4, valueDimension: Int = 3, length: Int = 5, isCausal: Bool = true,
    rotary: DenseAttention.Rotary? = .init(layout: .half, theta: 10_000)
) throws -> (trace: Trace, output: Tensor) {
    let attention = try DenseAttention(
        heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension, valueDimension: valueDimension, isCausal: isCausal,
        rotary: rotary)
    let width = 6
    var noise = Noise(seed: 1)
    let weights = DenseAttention.Weights(
        query: .init("wq", noise.tensor([.o, .c], [heads * headDimension, width])),
        key: .init("wk", noise.tensor([.o, .c], [keyValueHeads * headDimension, width])),
        value: .init("wv", noise.tensor([.o, .c], [keyValueHeads * valueDimension, width])),
        output: .init("wo", noise.tensor([.o, .c], [width, heads * valueDimension])))
    var recorder = Recorder(scopes: [.branch(.attention)])
    let x = try recorder.input("input.x", "x", noise.tensor([.t, .c], [length, width]), title: Bilingual(same: "x"))
    let output = try attention.record(x, weights, on: &recorder).output.tensor
    return (recorder.trace, output)
}

@Suite struct DenseAttentionTests {
    @Test func `every cell of every step explains itself with the value that was recorded`() throws {
        let trace = try smallAttention().trace
        for step in trace.steps {
            for offset in 0..<step.output.shape.count {
                let index = step.output.shape.index(ofOffset: offset)
                #expect(step.recomputed(index) == step.output[index], "\(step.id)\(index)")
            }
        }
    }

    @Test func `an explanation shows the arithmetic down to its operands`() throws {
        var recorder = Recorder(scopes: [.branch(.attention)])
        let x = try recorder.input(
            "input.x", "x", Tensor([.t, .c], [2, 4], [0.8, 0, 1.2, 0.1, 1, 0.2, 0.9, 0]), title: Bilingual(same: "x"))
        let identity = Tensor(Shape([(.o, 4), (.c, 4)])) { $0[0] == $0[1] ? 1 : 0 }
        let attention = try DenseAttention(heads: 1, keyValueHeads: 1, headDimension: 4, valueDimension: 4, isCausal: false, rotary: nil)
        let weights = DenseAttention.Weights(
            query: .init("wq", identity), key: .init("wk", identity), value: .init("wv", identity), output: .init("wo", identity))
        _ = try attention.record(x, weights, on: &recorder)
        let explanation = try recorder.trace.step("attention.scores").explain([0, 0, 1])
        #expect(
            explanation.lines(.en) == [
                "S[0,0,1]", "= q[0,0]·k[1,0]/√4", "= (0.8·1 + 0·0.2 + 1.2·0.9 + 0.1·0)/2", "= 0.94", "  in full: 0.9400000000000001",
            ])
        #expect(explanation.operands.map(\.symbol) == ["q[0,0]", "k[1,0]"])
    }

    @Test func `long sums are shortened in the middle, with the count and the exact total`() throws {
        var recorder = Recorder()
        let ones = try recorder.input("input.a", "a", Tensor([.d], [64], [Double](repeating: 1, count: 64)), title: Bilingual(same: "a"))
        let numbers = try recorder.input("input.b", "b", Tensor([.d], [64], (1...64).map(Double.init)), title: Bilingual(same: "b"))
        let equation = Equation(named: "total", symbol: "T", Bilingual(same: "T"), "T = a", source: Bilingual(same: "test"), axes: [])
        _ = try recorder.record(equation, dot(ones, numbers))
        let explanation = try recorder.trace.step("total").explain([])
        #expect(explanation.numeric == "1·1 + 1·2 + 1·3 + 1·4 + …(57)… + 1·62 + 1·63 + 1·64")
        #expect(explanation.value == 2080)
        #expect(explanation.notes.first?.en == "64 terms; the 57 not shown add 1881; the exact total is 2080.")
    }

    @Test(arguments: [1, 2, 3, 5]) func `decoding with a cache, a chunk at a time, equals one pass`(chunk: Int) throws {
        let (_, whole) = try smallAttention()
        let attention = try DenseAttention(
            heads: 4, keyValueHeads: 2, headDimension: 4, valueDimension: 3, isCausal: true, rotary: .init(layout: .half, theta: 10_000))
        var noise = Noise(seed: 1)
        let weights = DenseAttention.Weights(
            query: .init("wq", noise.tensor([.o, .c], [16, 6])), key: .init("wk", noise.tensor([.o, .c], [8, 6])),
            value: .init("wv", noise.tensor([.o, .c], [6, 6])), output: .init("wo", noise.tensor([.o, .c], [6, 12])))
        let x = noise.tensor([.t, .c], [5, 6])
        var cache: DenseAttention.Cache?
        var rows: [Double] = []
        for start in stride(from: 0, to: 5, by: chunk) {
            var recorder = Recorder(scopes: [.branch(.attention)])
            let part = Array(x.values[start * 6..<min(start + chunk, 5) * 6])
            let tokens = try recorder.input("input.x", "x", Tensor([.t, .c], [part.count / 6, 6], part), title: Bilingual(same: "x"))
            let result = try attention.record(tokens, weights, cache: cache, on: &recorder)
            cache = result.cache
            rows += result.output.tensor.values
        }
        for (a, b) in zip(rows, whole.values) { #expect(abs(a - b) < 1e-14) }
    }

    @Test(arguments: [1, 2]) func `a key-value head shared by query heads equals that head repeated`(keyValueHeads: Int) throws {
        let (heads, d, dv, width) = (4, 4, 3, 6)
        var noise = Noise(seed: 5)
        let shared = DenseAttention.Weights(
            query: .init("wq", noise.tensor([.o, .c], [heads * d, width])),
            key: .init("wk", noise.tensor([.o, .c], [keyValueHeads * d, width])),
            value: .init("wv", noise.tensor([.o, .c], [keyValueHeads * dv, width])),
            output: .init("wo", noise.tensor([.o, .c], [width, heads * dv])))
        /// The rows of each key-value head, once for every query head that reads it.
        func repeated(_ projection: DenseAttention.Projection, rows: Int) -> DenseAttention.Projection {
            let (weight, block) = (projection.weight, rows * width)
            let values = (0..<heads).flatMap { head in
                let own = head / (heads / keyValueHeads)
                return weight.tensor.values[own * block..<(own + 1) * block]
            }
            return .init(NamedTensor(weight.name, Tensor([.o, .c], [heads * rows, width], values)))
        }
        var own = shared
        (own.key, own.value) = (repeated(shared.key, rows: d), repeated(shared.value, rows: dv))
        let x = noise.tensor([.t, .c], [5, width])
        func trace(_ keyValueHeads: Int, _ weights: DenseAttention.Weights) throws -> Trace {
            let attention = try DenseAttention(
                heads: heads, keyValueHeads: keyValueHeads, headDimension: d, valueDimension: dv, isCausal: true,
                rotary: .init(layout: .half, theta: 10_000))
            var recorder = Recorder(scopes: [.branch(.attention)])
            _ = try attention.record(recorder.input("input.x", "x", x, title: Bilingual(same: "x")), weights, on: &recorder)
            return recorder.trace
        }
        let (grouped, plain) = try (trace(keyValueHeads, shared), trace(heads, own))
        #expect(try grouped.step("attention.k").output.shape == Shape([(.s, 5), (.g, keyValueHeads), (.d, d)]))
        #expect(try plain.step("attention.k").output.shape == Shape([(.s, 5), (.g, heads), (.d, d)]))
        for id in ["attention.dot", "attention.weights", "attention.heads", "attention.output"] {
            #expect(try grouped.step(id).output == plain.step(id).output, "\(id)")
        }
    }

    @Test func `within a window a query sees the last keys alone, in one pass and with a cache, and they alone count`() throws {
        let attention = try DenseAttention(
            heads: 2, keyValueHeads: 1, headDimension: 4, valueDimension: 3, isCausal: true, rotary: .init(layout: .half, theta: 100),
            window: 3)
        var noise = Noise(seed: 4)
        let weights = DenseAttention.Weights(
            query: .init("wq", noise.tensor([.o, .c], [8, 6])), key: .init("wk", noise.tensor([.o, .c], [4, 6])),
            value: .init("wv", noise.tensor([.o, .c], [3, 6])), output: .init("wo", noise.tensor([.o, .c], [6, 6])))
        let x = noise.tensor([.t, .c], [7, 6])
        func pass(_ rows: Range<Int>, _ cache: DenseAttention.Cache?) throws -> (trace: Trace, output: Tensor, cache: DenseAttention.Cache)
        {
            var recorder = Recorder(scopes: [.branch(.attention)])
            let part = Tensor([.t, .c], [rows.count, 6], Array(x.values[rows.lowerBound * 6..<rows.upperBound * 6]))
            let made = try attention.record(
                recorder.input("input.x", "x", part, title: Bilingual(same: "x")), weights, cache: cache, on: &recorder)
            return (recorder.trace, made.output.tensor, made.cache)
        }
        let whole = try pass(0..<7, nil)
        let seen = try whole.trace.step("attention.weights").output
        for t in 0..<7 {
            for s in 0..<7 { #expect((seen[0, t, s] > 0) == (s <= t && s > t - 3), "\(t), \(s)") }
        }
        #expect(try whole.trace.step("attention.dot").cost.contractionFlops == 2 * 2 * (1 + 2 + 5 * 3) * 4)
        for chunk in [1, 2, 4] {
            var (cache, rows) = (DenseAttention.Cache?.none, [Double]())
            for start in stride(from: 0, to: 7, by: chunk) {
                let made = try pass(start..<min(start + chunk, 7), cache)
                (cache, rows) = (made.cache, rows + made.output.values)
            }
            for (a, b) in zip(rows, whole.output.values) { #expect(abs(a - b) < 1e-14) }
        }
        #expect(throws: EngineError(.value, "window", "expected none where queries see later keys, found 2")) {
            try DenseAttention(heads: 1, keyValueHeads: 1, headDimension: 2, valueDimension: 2, isCausal: false, rotary: nil, window: 2)
        }
    }

    @Test func `projections may be stored transposed, and several as one`() throws {
        let attention = try DenseAttention(
            heads: 2, keyValueHeads: 2, headDimension: 3, valueDimension: 3, isCausal: true, rotary: nil)
        var noise = Noise(seed: 4)
        let (fused, biases, output) = (noise.tensor([.c, .o], [6, 18]), noise.tensor([.o], [18]), noise.tensor([.c, .o], [6, 6]))
        func part(_ i: Int) -> DenseAttention.Projection {
            .init(
                transposed: NamedTensor("qkv", fused), bias: NamedTensor("b", biases), outputs: 6 * i..<6 * i + 6, symbol: "QKV")
        }
        func own(_ i: Int) -> DenseAttention.Projection {
            let rows = Tensor(Shape([(.o, 6), (.c, 6)])) { fused[$0[1], 6 * i + $0[0]] }
            return .init(NamedTensor("w\(i)", rows), bias: NamedTensor("b\(i)", Tensor(Shape([(.o, 6)])) { biases[6 * i + $0[0]] }))
        }
        let x = noise.tensor([.t, .c], [4, 6])
        func trace(_ weights: DenseAttention.Weights) throws -> Trace {
            var recorder = Recorder(scopes: [.branch(.attention)])
            _ = try attention.record(recorder.input("input.x", "x", x, title: Bilingual(same: "x")), weights, on: &recorder)
            return recorder.trace
        }
        let apart = try trace(
            .init(
                query: own(0), key: own(1), value: own(2),
                output: .init(NamedTensor("wo", Tensor(Shape([(.o, 6), (.c, 6)])) { output[$0[1], $0[0]] }))))
        let together = try trace(
            .init(query: part(0), key: part(1), value: part(2), output: .init(transposed: NamedTensor("wo", output), bias: nil)))
        for id in ["attention.q", "attention.k", "attention.v", "attention.output"] {
            #expect(try together.step(id).output == apart.step(id).output, "\(id)")
        }
        #expect(try together.step("attention.k").explain([0, 0, 1]).symbolic == "Σ_c x[0,c]·W_QKV[c,7] + b_QKV[7]")
        for step in together.steps {
            for offset in 0..<step.output.shape.count {
                let index = step.output.shape.index(ofOffset: offset)
                #expect(step.recomputed(index) == step.output[index], "\(step.id)\(index)")
            }
        }
    }

    @Test func `visible pairs alone count as contraction`() throws {
        let trace = try smallAttention(heads: 2, keyValueHeads: 2, headDimension: 4, valueDimension: 3, length: 5).trace
        let visible = 15
        #expect(
            try trace.step("attention.dot").cost
                == Cost(flops: 2 * 2 * 25 * 4, contractionFlops: 2 * 2 * visible * 4, bytesRead: 8 * 80, bytesWritten: 8 * 50))
        #expect(try trace.step("attention.heads").cost.contractionFlops == 2 * 2 * visible * 3)
        #expect(try trace.step("attention.weights").cost.flops == 4 * 50)
    }

    @Test(
        arguments: [
            ((0, 1, 4, 4), "heads", "expected at least 1, found 0"),
            ((4, 3, 4, 4), "key-value heads", "expected a divisor of 4 heads, found 3"),
            ((4, 0, 4, 4), "key-value heads", "expected at least 1, found 0"),
            ((4, 2, 0, 4), "head dimension", "expected at least 1, found 0"),
            ((4, 2, 3, 4), "rotary embedding", "expected an even, positive number of features, found 3"),
            ((4, 2, 4, 0), "value dimension", "expected at least 1, found 0"),
        ] as [((Int, Int, Int, Int), String, String)])
    func `impossible dimensions are named`(dimensions: (Int, Int, Int, Int), subject: String, problem: String) {
        let (heads, keyValueHeads, headDimension, valueDimension) = dimensions
        #expect(throws: EngineError(.shape, subject, problem)) {
            try DenseAttention(
                heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension, valueDimension: valueDimension, isCausal: true,
                rotary: .init(layout: .half, theta: 10_000))
        }
    }

    @Test func `a weight of another shape is named with what was expected and found`() throws {
        let attention = try DenseAttention(heads: 1, keyValueHeads: 1, headDimension: 2, valueDimension: 2, isCausal: true, rotary: nil)
        let good = Tensor([.o, .c], [2, 2], [1, 0, 0, 1])
        let bad = Tensor([.o, .c], [2, 1], [1, 0])
        let weights = DenseAttention.Weights(
            query: .init("wq", bad), key: .init("wk", good), value: .init("wv", good), output: .init("wo", good))
        var recorder = Recorder()
        let x = try recorder.input("input.x", "x", Tensor([.t, .c], [1, 2], [1, 2]), title: Bilingual(same: "x"))
        #expect(throws: EngineError(.shape, "weight.wq", "expected [2, 2], found [2, 1]")) {
            try attention.record(x, weights, on: &recorder)
        }
    }

    @Test func `NaN in an input and overflow in a step are errors that say where`() throws {
        var recorder = Recorder()
        #expect(throws: EngineError(.value, "weight.w[0,1]", "expected a finite number, found NaN")) {
            try recorder.input("weight.w", "W", Tensor([.o, .c], [1, 2], [1, .nan]), title: Bilingual(same: "w"))
        }
        let huge = try recorder.input("input.x", "x", Tensor([.t, .s], [1, 2], [1e200, -1e200]), title: Bilingual(same: "x"))
        let equation = Equation(.weights, symbol: "A", Bilingual(same: "A"), "A", source: "test", axes: [.t, .s])
        #expect(throws: EngineError(.value, "weights[0,0]", "expected a number, found NaN: these inputs cannot be computed with")) {
            try recorder.record(equation, softmax(huge * huge * huge, over: .s))
        }
    }
}
