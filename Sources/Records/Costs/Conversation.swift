// What one growing chat costs its user. Every turn sends the whole conversation again: that is why the bill grows with the square of its length
// although the model answers only the last message, and what a cache hit is worth.

public import Traces

/// Prices of a million tokens, in one currency.
public struct PriceList: Hashable, Sendable {
    /// The name: a model, a date.
    public let name: String
    /// USD or CNY.
    public let currency: String
    /// Input that the service still has in its cache.
    public let cacheHit: Double
    /// Input that it reads anew.
    public let cacheMiss: Double
    /// Output.
    public let output: Double

    /// Checked: throws, naming the price, unless each is finite and not negative.
    public init(name: String, currency: String, cacheHit: Double, cacheMiss: Double, output: Double) throws(EngineError) {
        for (item, price) in [("input_cache_hit", cacheHit), ("input_cache_miss", cacheMiss), ("output", output)]
        where !(price >= 0 && price.isFinite) {
            throw EngineError(.value, "\(name) \(currency) \(item)", expected: "a price of 0 or more", found: NumberText.significant(price))
        }
        self.name = name
        self.currency = currency
        self.cacheHit = cacheHit
        self.cacheMiss = cacheMiss
        self.output = output
    }
}

/// A chat of `turns` turns. Each adds `inputPerTurn` tokens by the user and `outputPerTurn` by the model, and sends all earlier turns along.
public struct Conversation: Hashable, Sendable {
    /// How often the user writes.
    public let turns: Int
    /// Tokens that the user adds each turn.
    public let inputPerTurn: Int
    /// Tokens that the model answers each turn.
    public let outputPerTurn: Int

    /// A chat; throws unless there is a turn and no number of tokens is negative.
    public init(turns: Int, inputPerTurn: Int, outputPerTurn: Int) throws(EngineError) {
        for (name, value, least) in [
            ("turns", turns, 1), ("input tokens per turn", inputPerTurn, 0), ("output tokens per turn", outputPerTurn, 0),
        ]
        where value < least {
            throw EngineError(.value, name, expected: "\(least) or more", found: "\(value)")
        }
        self.turns = turns
        self.inputPerTurn = inputPerTurn
        self.outputPerTurn = outputPerTurn
    }

    /// A chat with `tokensPerTurn` tokens a turn: half by the user (rounded down), the rest by the model.
    public init(turns: Int, tokensPerTurn: Int) throws(EngineError) {
        guard tokensPerTurn >= 1 else { throw EngineError(.value, "tokens per turn", expected: "1 or more", found: "\(tokensPerTurn)") }
        try self.init(turns: turns, inputPerTurn: tokensPerTurn / 2, outputPerTurn: tokensPerTurn - tokensPerTurn / 2)
    }

    /// Tokens billed.
    public struct Tokens: Hashable, Sendable {
        /// Earlier turns, sent again: hits if the cache still has them.
        public let history: ExactCount
        /// What the user newly wrote: always a miss.
        public let new: ExactCount
        /// What the model answered.
        public let output: ExactCount
    }

    /// Tokens billed over the whole chat: turn i sends i - 1 earlier turns.
    public func tokens() throws(EngineError) -> Tokens {
        let n = ExactCount(turns)
        let perTurn = try Exactly.sum("tokens", ExactCount(inputPerTurn), ExactCount(outputPerTurn))
        return Tokens(
            history: try Exactly.product("tokens", Exactly.triangle("tokens", n - 1), perTurn),
            new: try Exactly.product("tokens", n, ExactCount(inputPerTurn)),
            output: try Exactly.product("tokens", n, ExactCount(outputPerTurn)))
    }

    /// What the chat costs, in the currency of the list. With cache hits the whole history is billed as hits (services round to blocks of 64
    /// tokens; that is left out); without, as misses.
    public func price(_ list: PriceList, withCacheHits: Bool) throws(EngineError) -> Double {
        let tokens = try tokens()
        let history = Double(tokens.history) * (withCacheHits ? list.cacheHit : list.cacheMiss)
        return (history + Double(tokens.new) * list.cacheMiss + Double(tokens.output) * list.output) / 1e6
    }
}
