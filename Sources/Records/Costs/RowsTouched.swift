// What is read for each new token, in one layer: rows of the weights' products, rows of the caches, and their bytes. A prompt that is read at once shares
// each reading among all of its tokens; a token that is written has all of it to itself. At the least: a kernel that cannot hold a whole prompt reads
// the cache once for each of its tiles of queries. Feed-forward networks are left out.

public import Traces

/// Readings for each new token of one pass, in one layer.
public struct RowsTouched: Hashable, Sendable {
    /// A part of what is read.
    public struct Part: Hashable, Sendable {
        /// Rows that are read, each once; 1 for all weights together.
        public let rows: ExactCount
        /// Rows that stay unread.
        public let skipped: ExactCount
        /// Bytes of a row.
        public let width: ExactCount
        /// New tokens that share the reading.
        public let sharing: ExactCount

        /// Bytes that are read, for all that share them.
        public var bytes: ExactCount { rows * width }
        /// Rows for each new token.
        public var rowsPerToken: Double { Double(rows) / Double(sharing) }
        /// Bytes for each new token.
        public var bytesPerToken: Double { Double(bytes) / Double(sharing) }
    }

    /// Attention's weights, in bf16, the indexer's among them.
    public let weights: Part
    /// Keys and values, or the latents that stand for them.
    public let cache: Part
    /// Index keys; nil for a model without indexer.
    public let index: Part?

    /// Bytes for each new token.
    public var bytesPerToken: Double { weights.bytesPerToken + cache.bytesPerToken + (index?.bytesPerToken ?? 0) }

    /// A prompt of `length` tokens read at once by `costs`' model. Throws for a length below 1, or one whose bytes cannot be counted.
    public static func prefill(_ costs: AttentionCosts, length: Int, format: AttentionCosts.CacheFormat = .bf16) throws(EngineError)
        -> RowsTouched
    {
        try RowsTouched(costs, rows: length, kept: length, sharing: length, format)
    }

    /// One token written after it sees `visible` keys. A model with indexer reads top-k rows of its cache, and all index keys. Throws as `prefill`.
    public static func decode(_ costs: AttentionCosts, visible: Int, format: AttentionCosts.CacheFormat = .bf16) throws(EngineError)
        -> RowsTouched
    {
        let kept = costs.model.indexer.map { min($0.topK, visible) } ?? visible
        return try RowsTouched(costs, rows: visible, kept: kept, sharing: 1, format)
    }

    private init(_ costs: AttentionCosts, rows: Int, kept: Int, sharing: Int, _ format: AttentionCosts.CacheFormat) throws(EngineError) {
        guard rows > 0 else { throw EngineError(.value, "length", expected: "1 or more tokens", found: "\(rows)") }
        let (bytes, sharing) = (costs.cachePerToken, ExactCount(sharing))
        func part(_ all: Int, _ read: Int, _ width: Int) throws(EngineError) -> Part {
            _ = try Exactly.product("bytes", ExactCount(read), ExactCount(width))
            return Part(rows: ExactCount(read), skipped: ExactCount(all - read), width: ExactCount(width), sharing: sharing)
        }
        weights = Part(rows: 1, skipped: 0, width: try Exactly.product("bytes", 2, costs.parameters().total), sharing: sharing)
        cache = try part(rows, kept, format == .bf16 ? bytes.bf16 : bytes.fp8)
        index = bytes.index > 0 ? try part(rows, rows, bytes.index) : nil
    }
}
