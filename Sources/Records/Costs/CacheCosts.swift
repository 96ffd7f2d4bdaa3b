// Bytes that a decoder keeps and reads: the key-value cache and the index cache, in bf16 and in FP8.
// FP8 latents follow FlashMLA's layout: codes, a 4-byte scale a block of 128, and the rotated part in bf16. FP8 keys and values of grouped
// attention are one byte each, their scales being per tensor and negligible.

public import Traces

/// What one token takes in one layer's caches, in bytes.
public struct CacheBytes: Hashable, Sendable {
    /// Keys and values, or the latent, in bf16: 1,152 for V3.1 and V3.2-Exp.
    public let bf16: Int
    /// The same in FP8: 656.
    public let fp8: Int
    /// Index keys, FP8 with a scale a block of 128: 132; 0 without an indexer.
    public let index: Int
}

extension AttentionCosts {
    /// Values that share one FP8 scale.
    public static let scaleBlock = 128

    /// What one token takes in one layer's caches.
    public var cachePerToken: CacheBytes {
        func blocks(_ n: Int) -> Int { (n + Self.scaleBlock - 1) / Self.scaleBlock }
        let index = model.indexer.map { $0.headDimension + 4 * blocks($0.headDimension) } ?? 0
        switch model.attention {
        case .grouped(let grouped):
            let values = 2 * grouped.keyValueHeads * grouped.headDimension
            return CacheBytes(bf16: 2 * values, fp8: values, index: index)
        case .latent(let mla):
            return CacheBytes(
                bf16: 2 * (mla.latentRank + mla.ropeDimension), fp8: mla.latentRank + 4 * blocks(mla.latentRank) + 2 * mla.ropeDimension,
                index: index)
        }
    }

    /// How the main cache is stored.
    public enum CacheFormat: String, CaseIterable, Hashable, Sendable {
        /// Two bytes a value.
        case bf16
        /// One byte a value with scales.
        case fp8
    }

    private func width(_ format: CacheFormat) -> ExactCount { ExactCount(format == .bf16 ? cachePerToken.bf16 : cachePerToken.fp8) }

    /// Bytes of a whole context in all layers, index cache included. A layer with a window keeps no more tokens than that (Mistral's rolling buffer).
    public func cache(length: Int, format: CacheFormat) throws(EngineError) -> ExactCount {
        let (n, short) = (try Exactly.length(length), ExactCount(window?.layers ?? 0))
        let tokens = try Exactly.sum(
            "cache", Exactly.product("cache", n, ExactCount(model.layers) - short),
            Exactly.product("cache", min(n, ExactCount(window?.keys ?? 0)), short))
        return try Exactly.product("cache", width(format) + ExactCount(cachePerToken.index), tokens)
    }

    /// Bytes of cache that one decoded token reads in one layer: all that it sees when dense, in a layer that sees most; with an indexer all index keys
    /// and the selected latents.
    public func decodeReads(visible: Int, format: CacheFormat) throws(EngineError) -> ExactCount {
        let t = try Exactly.length(visible, "visible keys")
        let most = try model.indexer == nil ? reach(.denseMHA) : topK()
        let main = most.map { min(t, $0) } ?? t
        return try Exactly.sum(
            "reads", Exactly.product("reads", width(format), main), Exactly.product("reads", ExactCount(cachePerToken.index), t))
    }

    /// How many conversations of `length` tokens fit into `bytes` beside nothing else; throws for a length of 0 or less.
    public func conversations(ofLength length: Int, in bytes: Int, format: CacheFormat) throws(EngineError) -> Int {
        guard length > 0, bytes >= 0 else {
            throw EngineError(
                .value, "length", expected: "1 or more tokens, and memory of 0 or more bytes", found: "\(length) tokens, \(bytes) bytes")
        }
        return Int(ExactCount(bytes) / (try cache(length: length, format: format)))
    }
}
