// Whole tensors are computed by blocks, side by side and with zeros left out; each cell must have the bits of its own plain sum, which the path of
// explanations computes term by term.

import EngineTesting
import Testing
import Traces

private let words = Bilingual(same: "")

/// Records `make(inputs)` as the step `result` on `axes` and returns it.
private func recorded(
    _ inputs: [Tensor], _ axes: [Axis], _ make: ([Expression]) throws(EngineError) -> Expression
) throws(EngineError) -> Step {
    var recorder = Recorder()
    var leaves: [Expression] = []
    for (i, input) in inputs.enumerated() { leaves.append(try recorder.input(StepID("input.\(i)"), "x", input, title: words)) }
    let result = Equation(named: "result", symbol: "R", words, "", source: words, axes: axes)
    _ = try recorder.record(result, make(leaves))
    return try recorder.trace.step("result")
}

/// Expects every cell to have the bits that the cell's own path gives it.
private func expectExact(_ step: Step, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    let differing = step.output.values.indices.filter { at in
        step.recomputed(step.output.shape.index(ofOffset: at)).bitPattern != step.output.values[at].bitPattern
    }
    #expect(differing.isEmpty, comment, sourceLocation: sourceLocation)
}

@Suite struct EvaluationTests {
    /// Rows, columns and terms around the blocks of four, in both orders of storage; the last has more columns than are laid out at once.
    static let products = [
        (1, 1, 1), (1, 9, 5), (3, 4, 7), (4, 4, 8), (5, 3, 2), (5, 13, 17), (8, 16, 33), (9, 22, 64), (12, 6, 40), (5, 75, 4096),
    ]

    @Test(arguments: products, [[Axis.s, .d], [.d, .s]])
    func `a product of matrices has the bits of sums taken term by term`(sizes: (Int, Int, Int), axes: [Axis]) throws {
        var noise = Noise(seed: 3)
        let (rows, columns, terms) = sizes
        let lengths = axes == [.s, .d] ? [columns, terms] : [terms, columns]
        let factors = [noise.tensor([.t, .d], [rows, terms]), noise.tensor(axes, lengths)]
        expectExact(try recorded(factors, [.t, .s]) { x throws(EngineError) in try dot(x[0], x[1]) })
        // Rows that do not lie side by side, and a head that both factors have.
        let heads = [noise.tensor([.t, .h, .d], [rows, 2, terms]), noise.tensor([.h] + axes, [2] + lengths)]
        expectExact(try recorded(heads, [.h, .t, .s]) { x throws(EngineError) in try dot(x[0], x[1]) })
    }

    @Test(arguments: [5, 16, 20, 31, 2631]) func `zeros among the weights are left out without a trace`(columns: Int) throws {
        var noise = Noise(seed: 4)
        // Rows with no, few, half and all terms zero, some of them -0.
        let weights = Tensor(Shape([.t, .s], [12, 50])) { at in
            let isZero = at[0] % 4 == 0 ? at[1] != at[0] : at[0] % 4 == 1 ? at[1] > 24 : at[0] % 4 == 2 ? true : false
            return isZero ? (at[1] % 2 == 0 ? 0 : -0.0) : noise.next()
        }
        let step = try recorded([weights, noise.tensor([.s, .d], [50, columns])], [.t, .d]) { x throws(EngineError) in
            try sum(x[0] * x[1], over: .s)
        }
        expectExact(step)
        #expect(step.output.values[2 * columns..<3 * columns].allSatisfy { $0.bitPattern == 0 })
    }

    @Test func `zero times infinity is not left out`() throws {
        let (zeros, values) = (
            Tensor([.t, .s], [8, 40], [Double](repeating: 0, count: 320)), Tensor([.s, .d], [40, 4], .init(repeating: 1, count: 160))
        )
        let hidden = Mask(.s, .d, rows: 40, columns: 4) { row, column in row != 39 || column != 2 }
        let error = EngineError(.value, "result[0,2]", expected: "a number", found: "NaN: these inputs cannot be computed with")
        #expect(throws: error) {
            try recorded([zeros, values], [.t, .d]) { x throws(EngineError) in try dot(x[0], masked(x[1], hidden), over: .s) }
        }
    }

    @Test(arguments: [[Axis.t, .s], [.s, .t]]) func `a chain of cell-by-cell operations has the bits of each cell alone`(axes: [Axis])
        throws
    {
        var noise = Noise(seed: 5)
        let inputs = [
            noise.tensor([.h, .t, .s], [3, 40, 37]), noise.tensor(axes, axes == [.t, .s] ? [40, 37] : [37, 40]), noise.tensor([.t], [40]),
        ]
        let mask = Mask.causal(rows: 40, columns: 37)
        let step = try recorded(inputs, [.h, .t, .s]) { x throws(EngineError) in
            let scaled = try (x[0] + x[1]) * Constant(0.3, "0.3")
            return try softmax(masked(relu(scaled) * x[2] / .root(7), mask), over: .s)
        }
        expectExact(step)
        #expect(step.output[1, 5, 6] == 0 && step.output[1, 5, 5] > 0)
        // Keys that do not lie side by side are masked and divided all the same.
        expectExact(
            try recorded(inputs, [.s, .h, .t]) { x throws(EngineError) in try softmax(masked(x[1] * x[2], mask), over: .t) * x[0] })
    }

    @Test func `the axes of a broadcast result do not depend on which operand comes first`() throws {
        var noise = Noise(seed: 6)
        let inputs = [noise.tensor([.s], [5]), noise.tensor([.t, .s], [3, 5])]
        let (before, after) = (
            try recorded(inputs, [.t, .s]) { x throws(EngineError) in try x[0] * x[1] },
            try recorded(inputs, [.t, .s]) { x throws(EngineError) in try x[1] * x[0] }
        )
        #expect(before.output == after.output)
        expectExact(before)
    }

    @Test(arguments: [0, 63, 64, 130, 199]) func `a result that is no number is found wherever it stands`(place: Int) {
        // Infinity where the mask hides the key, then times zero.
        let mask = Mask(.t, .s, rows: 2, columns: 100) { row, column in row * 100 + column != place }
        let ones = Tensor([.t, .s], [2, 100], [Double](repeating: 1, count: 200))
        let error = EngineError(
            .value, "result[\(place / 100),\(place % 100)]", expected: "a number", found: "NaN: these inputs cannot be computed with")
        #expect(throws: error) {
            try recorded([ones], [.t, .s]) { x throws(EngineError) in try masked(x[0], mask) * Constant(0, "0") }
        }
    }

    @Test(arguments: [0, 7, 64, 199]) func `an input that is not finite is refused wherever it stands`(place: Int) {
        for value in [Double.infinity, -.infinity, .nan] {
            var values = [Double](repeating: 1, count: 200)
            values[place] = value
            let error = EngineError(.value, "input.0[\(place)]", expected: "a finite number", found: NumberText.exact(value))
            #expect(throws: error) { try recorded([Tensor([.t], [200], values)], [.t]) { x in x[0] } }
        }
    }

    @Test func `half and interleaved rotation have the bits of each cell alone, wherever the features stand`() throws {
        var noise = Noise(seed: 7)
        let input = noise.tensor([.t, .d, .h], [5, 6, 3])
        for layout in RotaryLayout.allCases {
            let step = try recorded([input], [.h, .t, .d]) { x throws(EngineError) in
                try rotary(x[0], layout, positions: [0, 1, 2, 9, 4], frequencies: [1, 0.5, 0.1], token: .t)
            }
            for at in step.output.values.indices {
                let index = step.output.shape.index(ofOffset: at)
                #expect(abs(step.recomputed(index) - step.output.values[at]) < 1e-15)
            }
        }
    }
}

@Suite struct TopKSelectionTests {
    @Test(arguments: [0, 1, 2, 5, 16, 39, 40, 50]) func `the best k are the first k of a stable order`(k: Int) {
        var noise = Noise(seed: 8)
        for round in 0..<20 {
            // Few distinct scores: ties everywhere, zeros of both signs among them.
            let scores = (0..<40).map { _ in round < 10 ? (noise.next() * 3).rounded() : noise.next() }
            let candidates = (0..<40).filter { _ in round % 3 != 0 || noise.next() > -0.5 }
            let ordered = candidates.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
            #expect(TopK.select(scores, among: candidates, k) == ordered.prefix(k).sorted())
        }
    }
}

@Suite struct MaskTests {
    @Test(arguments: [(4, 4, 0), (3, 7, 4), (5, 3, 0), (3, 3, -2)]) func `a mask by rule is the mask cell by cell`(sizes: (Int, Int, Int)) {
        let (rows, columns, offset) = sizes
        let rule = Mask.causal(rows: rows, columns: columns, offset: offset)
        let cells = Mask(rows: rows, columns: columns) { row, column in column <= offset + row }
        #expect(rule == cells && rule.hashValue == cells.hashValue && rule.visibleCount == cells.visibleCount)
        for row in 0..<rows { #expect(rule.visibleKeys(of: row) == cells.visibleKeys(of: row)) }
        #expect(rule != Mask(rows: rows, columns: columns) { row, column in column > offset + row })
        #expect(Mask.bidirectional(rows: rows, columns: columns).visibleCount == rows * columns)
    }

    @Test func `a selection leaves visible what it keeps of the visible, and says of the rest why it is hidden`() {
        let selection = Tensor([.t, .k], [3, 2], [0, 2, 1, -1, 0, 1])
        let mask = Mask.causal(rows: 3, columns: 3).selecting(selection)
        let expected: [[Mask.Visibility]] = [
            [.visible, .hidden, .hidden], [.notSelected, .visible, .hidden], [.visible, .visible, .notSelected],
        ]
        for row in 0..<3 { for column in 0..<3 { #expect(mask.visibility(row, column) == expected[row][column]) } }
        #expect(mask.visibleCount == 4)
        // What was not selected before is not selected again.
        #expect(mask.selecting(Tensor([.t, .k], [3, 1], [0, 0, 2])).visibility(2, 2) == .notSelected)
        let other = Mask(rows: 3, columns: 3) { _, column in column == 0 }
        #expect(mask.selecting(other).visibility(1, 1) == .notSelected && mask.selecting(nil) == mask)
    }
}
