// Attention over noise, for timing and for large pictures: seeded scores, masked and normalised by the engine like any others.

public import AttentionEngine

/// Makes traces of seeded noise.
public enum RandomAttention {
    /// The most tokens: 4096 rows and columns hold 128 MiB of weights.
    public static let limit = 8192

    /// A causal trace over `tokens` tokens with the steps `input.noise`, `attention.scores` and `attention.weights`, each [t, s].
    /// - Throws: `FigureError` for a count outside 1 to `limit`.
    public static func trace(tokens: Int, seed: UInt64 = 1) throws -> Trace {
        guard (1...limit).contains(tokens) else { throw FigureError("random \(tokens): expected 1 to \(limit) tokens") }
        var generator = SplitMix64(seed: seed)
        // The sum of four uniform numbers, centred: close to normal, and the same bits on every machine.
        let noise = (0..<tokens * tokens).map { _ in 3 * ((0..<4).reduce(0) { sum, _ in sum + generator.unit() } - 2) }
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
        "attention.scores", symbol: "S", Bilingual(en: "Random scores, the future masked", zh: "随机分数：未来已掩住"),
        #"S_{t,s} = N_{t,s} + M_{t,s}"#,
        source: Bilingual(en: "seeded noise", zh: "定种子的噪声"), axes: [.t, .s])
    fileprivate static let noiseWeights = Equation(
        "attention.weights", symbol: "A", Bilingual(en: "Attention weights of random scores", zh: "随机分数的注意力权重"),
        #"A_{t,s} = \frac{\exp(S_{t,s})}{\sum_{r} \exp(S_{t,r})}"#, source: Bilingual(en: "seeded noise", zh: "定种子的噪声"), axes: [.t, .s])
}

/// Steele, Lea and Flood 2014: a small generator whose numbers are the same everywhere.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 up to 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
