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
        #expect(explanation.numeric == "1·1 + 1·2 + 1·3 + 1·4 + … 57 more … + 1·62 + 1·63 + 1·64")
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

    @Test func `one key-value head for all query heads equals that head repeated`() throws {
        let single = try smallAttention(keyValueHeads: 1)
        let keys = try single.trace.step("attention.k").output
        #expect(keys.shape == Shape([(.s, 5), (.g, 1), (.d, 4)]))
        let weights = try single.trace.step("attention.weights").output
        for row in 0..<5 { for head in 0..<4 { #expect(abs((0..<5).reduce(0) { $0 + weights[head, row, $1] } - 1) < 1e-15) } }
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

    @Test(arguments: [(0, 1, 4, 4), (4, 3, 4, 4), (4, 0, 4, 4), (4, 2, 0, 4), (4, 2, 3, 4), (4, 2, 4, 0)])
    func `impossible dimensions are named`(heads: Int, keyValueHeads: Int, headDimension: Int, valueDimension: Int) {
        #expect(throws: EngineError.self) {
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
        let error = #expect(throws: EngineError.self) { try attention.record(x, weights, on: &recorder) }
        #expect(error?.description == "weight.wq: expected [2, 2], found [2, 1]")
    }

    @Test func `NaN in an input and overflow in a step are errors that say where`() throws {
        var recorder = Recorder()
        let error = #expect(throws: EngineError.self) {
            try recorder.input("weight.w", "W", Tensor([.o, .c], [1, 2], [1, .nan]), title: Bilingual(same: "w"))
        }
        #expect(error?.description == "weight.w[0,1]: expected a finite number, found nan")
        let huge = try recorder.input("input.x", "x", Tensor([.t, .s], [1, 2], [1e200, -1e200]), title: Bilingual(same: "x"))
        let equation = Equation(.weights, symbol: "A", Bilingual(same: "A"), "A", source: "test", axes: [.t, .s])
        let overflow = #expect(throws: EngineError.self) { try recorder.record(equation, softmax(huge * huge * huge, over: .s)) }
        #expect(overflow?.kind == .value)
    }
}
