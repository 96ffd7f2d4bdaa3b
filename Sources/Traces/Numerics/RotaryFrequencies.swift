// The angles of rotary embedding: pair i turns by θ^(-2i/d) radians a position (RoFormer, Su et al. 2021, section 3.2.2).

/// An angle's cosine and sine, times a magnitude.
struct Angle {
    let cosine: Double
    let sine: Double

    init(_ radians: Double, magnitude: Double = 1) {
        let (sine, cosine) = Double.sineAndCosine(radians)
        (self.cosine, self.sine) = (cosine * magnitude, sine * magnitude)
    }
}

/// Frequencies of rotary embedding, one for each pair of features.
public enum RotaryFrequencies {
    /// Throws unless `dimension` is even and positive and `theta` is positive and finite: asked before any table is made.
    public static func check(dimension: Int, theta: Double) throws(EngineError) {
        guard dimension > 0, dimension % 2 == 0 else {
            throw EngineError(.shape, "rotary embedding", expected: "an even, positive number of features", found: "\(dimension)")
        }
        guard theta > 0, theta.isFinite else {
            throw EngineError(.value, "rotary embedding", expected: "a positive base θ", found: "\(theta)")
        }
    }

    /// `theta^(-2i/dimension)` for i = 0 ..< dimension/2; `dimension` must be even.
    public static func plain(dimension: Int, theta: Double) throws(EngineError) -> [Double] {
        try check(dimension: dimension, theta: theta)
        return (0..<dimension / 2).map { 1 / Double.pow(theta, Double(2 * $0) / Double(dimension)) }
    }

    /// YaRN (Peng et al. 2023), as DeepSeek's code applies it when the cache is longer than the length trained on: slow pairs turn `factor` times
    /// slower, fast ones as before, and those between are blended.
    public struct YaRN: Hashable, Sendable {
        /// How many times longer the context became.
        public let factor: Double
        /// Pairs that turn at least this often over the original length keep their frequency.
        public let betaFast: Double
        /// Pairs that turn at most this often are slowed by the full factor.
        public let betaSlow: Double
        /// The length trained on.
        public let originalLength: Int
        /// Whether the blend begins and ends at whole pairs.
        public let isRounded: Bool

        /// YaRN's parameters.
        public init(factor: Double, betaFast: Double, betaSlow: Double, originalLength: Int, isRounded: Bool = true) {
            self.factor = factor
            self.betaFast = betaFast
            self.betaSlow = betaSlow
            self.originalLength = originalLength
            self.isRounded = isRounded
        }

        /// The attention scale grows by the square of this: 0.1 · mscale · ln(factor) + 1.
        public func magnitude(mscale: Double = 1) -> Double { factor <= 1 ? 1 : 0.1 * mscale * Double.log(factor) + 1 }
    }

    /// The plain frequencies of `dimension` features, changed by YaRN; `dimension` must be even.
    public static func yarn(dimension: Int, theta: Double, _ yarn: YaRN) throws(EngineError) -> [Double] {
        let frequencies = try plain(dimension: dimension, theta: theta)
        let settings = [
            ("rope_factor", yarn.factor), ("beta_fast", yarn.betaFast), ("beta_slow", yarn.betaSlow),
            ("original_seq_len", Double(yarn.originalLength)),
        ]
        for (name, value) in settings where !(value > 0 && value.isFinite) {
            throw EngineError(.value, name, expected: "more than 0", found: NumberText.exact(value))
        }
        guard theta != 1 else { throw EngineError(.value, "rope_theta", expected: "a base other than 1 for YaRN", found: "1") }
        /// The pair (not rounded) that turns `turns` times over the original length.
        func pair(turning turns: Double) -> Double {
            Double(dimension) * Double.log(Double(yarn.originalLength) / (turns * 2 * .pi)) / (2 * Double.log(theta))
        }
        let (fast, slow) = (pair(turning: yarn.betaFast), pair(turning: yarn.betaSlow))
        let low = max(yarn.isRounded ? fast.rounded(.down) : fast, 0)
        var high = min(yarn.isRounded ? slow.rounded(.up) : slow, Double(dimension - 1))
        if high == low { high += 0.001 }
        return frequencies.enumerated().map { i, frequency in
            let slowed = min(max((Double(i) - low) / (high - low), 0), 1)
            return frequency / yarn.factor * slowed + frequency * (1 - slowed)
        }
    }

    /// Llama 3.1's scaling: pairs that turn seldom over the length trained on turn `factor` times slower, those that turn often as before, and those
    /// between are blended.
    public struct Llama3: Hashable, Sendable {
        /// How many times slower slow pairs turn.
        public let factor: Double
        /// Pairs that turn less often than this over the original length are slowed by the full factor.
        public let lowFrequency: Double
        /// Pairs that turn more often than this keep their frequency.
        public let highFrequency: Double
        /// The length trained on.
        public let originalLength: Int

        /// Llama 3.1's parameters.
        public init(factor: Double, lowFrequency: Double, highFrequency: Double, originalLength: Int) {
            self.factor = factor
            self.lowFrequency = lowFrequency
            self.highFrequency = highFrequency
            self.originalLength = originalLength
        }
    }

    /// The plain frequencies of `dimension` features, changed as Llama 3.1 does; `dimension` must be even.
    public static func llama3(dimension: Int, theta: Double, _ llama3: Llama3) throws(EngineError) -> [Double] {
        try plain(dimension: dimension, theta: theta).map { frequency in
            let turns = Double(llama3.originalLength) * frequency / (2 * .pi)
            if turns > llama3.highFrequency { return frequency }
            if turns < llama3.lowFrequency { return frequency / llama3.factor }
            let kept = (turns - llama3.lowFrequency) / (llama3.highFrequency - llama3.lowFrequency)
            return (1 - kept) * frequency / llama3.factor + kept * frequency
        }
    }

    /// The base that stretches rotation over `length` positions where `originalLength` were trained on (bloc97 2023, Dynamically Scaled RoPE).
    /// `dimension` must be above 2.
    public static func dynamicBase(theta: Double, dimension: Int, factor: Double, length: Int, originalLength: Int) throws(EngineError)
        -> Double
    {
        guard dimension > 2 else {
            throw EngineError(.shape, "dynamic rotary embedding", expected: "more than 2 features", found: "\(dimension)")
        }
        guard length > originalLength else { return theta }
        let stretch = factor * Double(length) / Double(originalLength) - (factor - 1)
        return theta * Double.pow(stretch, Double(dimension) / Double(dimension - 2))
    }
}
