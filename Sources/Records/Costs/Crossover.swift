// Where two ways of attending cost the same. Each cost is a line in the number of visible keys t beyond top-k, so the crossing is solved, not searched.

public import Traces

/// A length at which two costs are equal.
public struct Crossover: Hashable, Sendable {
    /// Numerator of the exact length.
    public let numerator: ExactCount
    /// Denominator of the exact length, positive.
    public let denominator: ExactCount
    /// The exact length.
    public var exact: Double { Double(numerator) / Double(denominator) }
    /// The last whole length at or below the crossing: 8,704, 2,176 and 6,963 for V3.2-Exp.
    public var position: ExactCount { numerator / denominator }
}

extension AttentionCosts {
    /// Beyond it DSA costs fewer FLOPs than dense MHA; nil if it never does.
    public func dsaVersusDenseMHA() throws(EngineError) -> Crossover? {
        try beyond(flopsPerKey(.denseMHA), overhead: flopsPerKey(.indexer))
    }
    /// Beyond it DSA costs fewer FLOPs than dense MQA; nil if it never does.
    public func dsaVersusDenseMQA() throws(EngineError) -> Crossover? {
        try beyond(flopsPerKey(.denseMQA), overhead: flopsPerKey(.indexer))
    }
    /// Beyond it sparse MQA costs fewer FLOPs than masked MHA (both need the indexer's scores, which cancel).
    public func maskedMHAVersusSparse() throws(EngineError) -> Crossover? { try beyond(flopsPerKey(.denseMHA), overhead: 0) }

    /// Solves dense · t = overhead · t + sparse · min(t, k). Up to k all are lines through 0: sparse wins from the start or not before k.
    private func beyond(_ dense: ExactCount, overhead: ExactCount) throws(EngineError) -> Crossover? {
        let sparse = try flopsPerKey(.sparse)
        if dense > overhead + sparse { return Crossover(numerator: 0, denominator: 1) }
        guard dense > overhead else { return nil }
        return Crossover(numerator: try Exactly.product("crossover", sparse, topK()), denominator: dense - overhead)
    }
}
