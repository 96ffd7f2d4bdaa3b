// Attention over noise, for timing and for large pictures: seeded scores, masked and normalised by the engine like any others.

public import Traces

/// Makes traces of seeded noise.
public enum RandomAttention {
    /// The most tokens: 4096 rows and columns hold 128 MiB of weights.
    public static let limit = 8192

    /// What every picture of it says of its numbers.
    public static let note = Bilingual(en: "seeded noise, no model", zh: "定种子的噪声，不是模型")

    /// A causal trace over `tokens` tokens with the steps `input.noise`, `attention.scores` and `attention.weights`, each [t, s].
    /// - Throws: `EngineError` for a count outside 1 to `limit`.
    public static func trace(tokens: Int, seed: UInt64 = 1) throws(EngineError) -> Trace {
        guard (1...limit).contains(tokens) else { throw EngineError(.value, "random \(tokens)", "expected 1 to \(limit) tokens") }
        var generator = SplitMix64(seed: seed)
        // The sum of four uniform numbers, centred: close to normal, and the same bits on every machine.
        let noise = (0..<tokens * tokens).map { _ in 3 * ((0..<4).reduce(0) { sum, _ in sum + generator.uniform() } - 2) }
        var recorder = Recorder()
        let scores = try recorder.input(
            "input.noise", "N", Tensor([.t, .s], [tokens, tokens], noise), title: Bilingual(en: "Seeded noise", zh: "定种子的噪声"),
            source: Bilingual(en: "SplitMix64, seed \(seed)", zh: "SplitMix64，种子 \(seed)"))
        let visible = Mask.causal(rows: tokens, columns: tokens)
        let masked = try recorder.record(.noiseScores, masked(scores, visible))
        _ = try recorder.record(.noiseWeights, softmax(masked, over: .s))
        return recorder.trace
    }
}

extension Equation {
    fileprivate static let noiseScores = Equation(
        .scores, in: .attention, symbol: "S", Bilingual(en: "Random scores, the future masked", zh: "随机分数：未来已掩住"),
        #"S_{t,s} = N_{t,s} + M_{t,s}"#,
        source: Bilingual(en: "seeded noise", zh: "定种子的噪声"), axes: [.t, .s])
    fileprivate static let noiseWeights = Equation(
        .weights, in: .attention, symbol: "A", Bilingual(en: "Attention weights of random scores", zh: "随机分数的注意力权重"),
        #"A_{t,s} = \frac{\exp(S_{t,s})}{\sum_{r} \exp(S_{t,r})}"#, source: Bilingual(en: "seeded noise", zh: "定种子的噪声"), axes: [.t, .s])
}
