import Testing
import Traces

@Suite struct SoftmaxTests {
    @Test func `softmax of equal scores is uniform`() throws {
        var recorder = Recorder()
        let scores = try recorder.input("input.s", "S", Tensor([.t, .s], [1, 4], [7, 7, 7, 7]), title: Bilingual(same: "S"))
        let weights = try softmax(scores, over: .s).tensor
        #expect(weights.values == [0.25, 0.25, 0.25, 0.25])
    }
}
