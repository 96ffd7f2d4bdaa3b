// What memory and arithmetic allow together: with I FLOPs for every byte that is read, an accelerator of peak P and bandwidth B gets at most min(P, I·B)
// FLOPs a second. Source: Williams, Waterman and Patterson, "Roofline", Communications of the ACM 52 (2009). And what one query of decoding reads:
// its layer's cache, once. Left out: weights and activations, writes, and whatever a cache on the chip saves.

public import Traces

/// One query's work on the cache of one layer.
public struct CacheWork: Hashable, Sendable {
    /// FLOPs of its contractions.
    public let flops: ExactCount
    /// Bytes of cache that it reads, each once.
    public let bytes: ExactCount
    /// FLOPs for each byte: 241.8 for DeepSeek's latent attention in bf16, 124.1 for its indexer.
    public var intensity: Double { Double(flops) / Double(bytes) }
}

extension AttentionCosts {
    /// The work of one query that sees `visible` keys and reads them, or those that it selected, from the cache of one layer. The main cache is
    /// stored as `format` says; index keys are FP8. Throws for fewer than one key, for `denseMHA` of latent attention and its sums, which read no cache
    /// as it is stored, and for work that the model does not do.
    public func cacheWork(_ work: AttentionWork, visible: Int, format: CacheFormat) throws(EngineError) -> CacheWork {
        guard visible > 0 else { throw EngineError(.value, "visible keys", expected: "1 or more", found: "\(visible)") }
        let flops = try flops(work, visible: visible)
        let (main, index) = (format == .bf16 ? cachePerToken.bf16 : cachePerToken.fp8, cachePerToken.index)
        let t = ExactCount(visible)
        switch (work, model.attention) {
        case (.denseMQA, _), (.denseMHA, .grouped), (.windowMHA, _):
            return CacheWork(flops: flops, bytes: try Exactly.product("bytes", ExactCount(main), reach(work).map { min(t, $0) } ?? t))
        case (.indexer, _): return CacheWork(flops: flops, bytes: try Exactly.product("bytes", ExactCount(index), t))
        case (.sparse, _): return CacheWork(flops: flops, bytes: try Exactly.product("bytes", ExactCount(main), min(t, topK())))
        case (.dsa, _):
            let (scored, kept) = (
                try cacheWork(.indexer, visible: visible, format: format), try cacheWork(.sparse, visible: visible, format: format)
            )
            return CacheWork(flops: flops, bytes: try Exactly.sum("bytes", scored.bytes, kept.bytes))
        case (.denseMHA, .latent), (.maskedMHA, _):
            throw EngineError(.value, "\(model.name): \(work.rawValue)", "its keys and values are not cached as it reads them")
        }
    }
}

extension Hardware {
    /// The numbers that matrix products are done in.
    public enum Precision: String, CaseIterable, Hashable, Sendable {
        /// Two bytes.
        case bf16
        /// One byte.
        case fp8
    }

    /// Peak of dense matrix products, in FLOPs a second.
    public func peak(_ precision: Precision) -> Double { precision == .bf16 ? bf16 : fp8 }

    /// FLOPs for each byte from which on arithmetic is the limit and no longer memory: 295.4 (bf16) and 590.7 (FP8) for an H800.
    public func ridge(_ precision: Precision) -> Double { peak(precision) / bandwidth }

    /// FLOPs a second within reach of work with `intensity` FLOPs for each byte of memory.
    public func attainable(_ precision: Precision, intensity: Double) -> Double { min(peak(precision), intensity * bandwidth) }
}
