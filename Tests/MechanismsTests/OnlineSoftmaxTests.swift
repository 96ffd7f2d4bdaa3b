// FlashAttention's recurrence against the plain softmax of the engine, and against one row done by hand.

import Mechanisms
import Testing
import Traces

@Suite struct OnlineSoftmaxTests {
    private func input(keys: Int, masked mask: Mask?, _ recorder: inout Recorder) throws -> (S: Expression, v: Expression) {
        let (h, t, d) = (2, 3, 4)
        let scores = Tensor(Shape([(.h, h), (.t, t), (.s, keys)])) { i in Double((i[0] * 31 + i[1] * 17 + i[2] * 29) % 23) * 1.7 - 15 }
        let values = Tensor(Shape([(.s, keys), (.h, h), (.d, d)])) { i in Double((i[0] * 13 + i[1] * 7 + i[2] * 5) % 11) / 3 - 1.5 }
        var S = try recorder.input("input.S", "S", scores, title: Bilingual(same: "S"))
        if let mask { S = try Traces.masked(S, mask) }
        return (S, try recorder.input("input.v", "v", values, title: Bilingual(same: "v")))
    }

    @Test(arguments: [1, 2, 5, 16, 17, 40], [false, true]) func `blocks of any size give the plain softmax`(block: Int, isMasked: Bool)
        throws
    {
        var recorder = Recorder()
        let mask = isMasked ? Mask(rows: 3, columns: 17) { row, column in row > 0 && column % 3 != 0 && column >= 5 * row } : nil
        let (S, v) = try input(keys: 17, masked: mask, &recorder)
        let plain = try sum(softmax(S, over: .s) * v, over: .s).tensor.transposed(to: [.t, .h, .d])
        let online = try OnlineSoftmax(blockSize: block).record(S, values: v, on: &recorder).tensor
        for (a, b) in zip(online.values, plain.values) { #expect(abs(a - b) <= 1e-15 * max(1, abs(b))) }
        if isMasked { #expect(online.values.prefix(8).allSatisfy { $0 == 0 }) }  // the first query sees nothing
    }

    @Test func `every cell of every step explains itself by its own path`() throws {
        var recorder = Recorder()
        let (S, v) = try input(keys: 5, masked: nil, &recorder)
        _ = try OnlineSoftmax(blockSize: 2).record(S, values: v, on: &recorder)
        let steps = recorder.trace.steps.map(\.id.text)
        #expect(
            steps.filter { $0.hasPrefix("block.1.") }
                == ["scores", "maximum", "numerators", "rescaling", "sum", "output"].map { "block.1." + $0 })
        #expect(steps.last == "heads")
        #expect(try recorder.trace.step("block.1.maximum").explain([0, 0]).numeric?.hasPrefix("max(") == true)
        #expect(try recorder.trace.step("block.1.rescaling").explain([0, 0]).symbolic == "exp(m^b[0,0] - m^b[0,0])")
        #expect(try recorder.trace.step("heads").explain([0, 0, 0]).symbolic == "O^b[0,0,0]/l^b[0,0]")
    }

    @Test func `one row by hand`() throws {
        var recorder = Recorder()
        let S = try recorder.input("input.S", "S", Tensor([.h, .t, .s], [1, 1, 3], [0, 1, 3]), title: Bilingual(same: "S"))
        let v = try recorder.input("input.v", "v", Tensor([.s, .h, .d], [3, 1, 1], [1, 1, 1]), title: Bilingual(same: "v"))
        let heads = try OnlineSoftmax(blockSize: 1).record(S, values: v, on: &recorder)
        #expect(heads.tensor.values == [1])
        #expect(try (0..<3).map { try recorder.trace.value(StepID([.block($0)], .runningMaximum), [0, 0]) } == [0, 1, 3])
        #expect(abs(try recorder.trace.value("block.2.rescaling", [0, 0]) - 0.1353352832366127) < 1e-16)
    }

    @Test func `empty blocks and unequal keys are refused`() throws {
        #expect(throws: EngineError(.value, "block size", "expected 1 or more keys, found 0")) { try OnlineSoftmax(blockSize: 0) }
        var recorder = Recorder()
        let (S, _) = try input(keys: 4, masked: nil, &recorder)
        let v = try recorder.input(
            "input.w", "w", Tensor([.s, .h, .d], [3, 2, 1], [Double](repeating: 1, count: 6)), title: Bilingual(same: "w"))
        #expect(
            throws: EngineError(
                .shape, "online softmax",
                "expected scores and values of as many keys, 1 or more, found [h: 2, t: 3, s: 4] and [s: 3, h: 2, d: 1]")
        ) { try OnlineSoftmax(blockSize: 2).record(S, values: v, on: &recorder) }
        #expect(throws: EngineError(.shape, "maximum", "expected an axis z, found [h: 2, t: 3, s: 4]")) { try maximum(S, over: "z") }
    }
}
