// "Twice the chat, four times the work" is the limit of a long conversation, not the rule: what everything else costs per token keeps short ones near 2.

public import Traces

/// By what factor cost rises when the length doubles.
public struct Doubling: Hashable, Sendable {
    /// The token at the end, or all tokens of a conversation.
    public enum Scope: String, CaseIterable, Hashable, Sendable {
        /// The token at the last position. Its cost rises by 1 (short) to 2 (in the limit).
        case perToken
        /// All tokens up to there. Their cost rises by 2 (short) to 4 (in the limit).
        case perConversation
    }

    /// The serving cost.
    public let cost: ServingCost

    /// Doublings of `cost`.
    public init(_ cost: ServingCost) { self.cost = cost }

    /// cost(2 · length) / cost(length); throws for a length below 1 or above 2^61.
    public func factor(_ panel: ServingPanel, _ scope: Scope, length: Int) throws(EngineError) -> Double {
        guard (1...1 << 61).contains(length) else { throw EngineError(.value, "length", expected: "1 to 2^61 tokens", found: "\(length)") }
        switch scope {
        case .perToken: return try cost.seconds(panel, position: Double(2 * length)) / cost.seconds(panel, position: Double(length))
        case .perConversation:
            return try cost.conversationSeconds(panel, length: 2 * length) / cost.conversationSeconds(panel, length: length)
        }
    }

    /// The shortest length at which the factor reaches `factor`, found by bisection; nil if it does not up to `limit`. For a dense model, whose
    /// factor only rises. Throws for a model with indexer, whose factor rises and falls.
    public func length(_ panel: ServingPanel, _ scope: Scope, reaching factor: Double, limit: Int = 1 << 40) throws(EngineError) -> Int? {
        guard cost.knee(panel) == nil else {
            throw EngineError(.value, cost.costs.model.name, expected: "a dense model", found: "one whose factor rises and falls")
        }
        guard try self.factor(panel, scope, length: limit) >= factor else { return nil }
        var (low, high) = (0, limit)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if try self.factor(panel, scope, length: middle) >= factor { high = middle } else { low = middle }
        }
        return high
    }
}
