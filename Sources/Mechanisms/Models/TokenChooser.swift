// The next token: the likeliest, or one drawn by chance, each as often as the model says at a temperature. Chance is a seeded generator and our own
// exponential, so that a seed draws the same text everywhere.

public import Traces

/// Chooses the next token by its logits.
public struct TokenChooser: Sendable {
    private let temperature: Double?
    private var chance = SplitMix64(seed: 0)

    /// Always the token with the largest logit; the lower id where two tie.
    public static let likeliest = TokenChooser()

    private init() { temperature = nil }

    /// Draws in proportion to e^(L/temperature): at 1 as the model says, below it likely tokens are drawn more often. Throws unless it is above 0.
    public init(temperature: Double, seed: UInt64) throws(EngineError) {
        guard temperature > 0, temperature.isFinite else {
            throw EngineError(.value, "temperature", expected: "a number above 0", found: NumberText.exact(temperature))
        }
        self.temperature = temperature
        chance = SplitMix64(seed: seed)
    }

    /// The token chosen, out of at least one.
    public mutating func choose(_ logits: [Double]) -> Int {
        let likeliest = logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }
        guard let temperature else { return likeliest }
        let shares = logits.map { Double.exp(($0 - logits[likeliest]) / temperature) }
        // The first token at which the shares so far, added in the order of ids, exceed a random part of all.
        var left = chance.uniform() * shares.reduce(0, +)
        for (token, share) in shares.enumerated() {
            left -= share
            if left < 0 { return token }
        }
        return likeliest
    }
}
