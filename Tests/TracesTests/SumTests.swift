import Testing
import Traces

@Suite struct SumTests {
    @Test func `a plain sum names only recorded steps as its inputs`() throws {
        var recorder = Recorder()
        let x = try recorder.input("input.x", "x", Tensor([.t, .c], [2, 3], [1, 2, 3, 4, 5, 6]), title: Bilingual(same: "x"))
        _ = try recorder.record(
            Equation(named: "total", symbol: "T", Bilingual(same: "T"), "", source: Bilingual(same: ""), axes: [.t]), sum(x, over: .c))
        let step = try recorder.trace.step("total")
        #expect(step.output.values == [6, 15])
        #expect(step.inputs == ["input.x"])
        #expect(step.cost.bytesRead == 48)
        #expect(try step.explain([1]).operands.map(\.step) == ["input.x"])
    }
}
