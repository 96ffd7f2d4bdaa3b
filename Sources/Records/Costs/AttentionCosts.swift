// Closed forms of what attention costs: multiply-adds (2 FLOPs each) of matrix products over visible pairs, as `contractionFlops` counts them.
// One query that sees t keys, in one layer, then whole sequences. Softmax, norms and rotations are left out: they are small and not contractions.
// Sources: DeepSeek-V2 (2405.04434) for latent attention, DeepSeek-V3.2-Exp report and code for the indexer.

public import Traces

/// One way of attending, or one part of it.
public enum AttentionWork: String, CaseIterable, Hashable, Sendable {
    /// Every visible key, with keys and values of each head laid out (MHA mode; for MLA after expansion). Where layers differ, in one that sees all;
    /// where all have a window, within it.
    case denseMHA
    /// The same in a layer with a window, of which only the latest keys are visible.
    case windowMHA
    /// Every visible key, in the latent space that all heads share (MQA mode of MLA, after absorption).
    case denseMQA
    /// Index scores of every visible key.
    case indexer
    /// The selected keys only, in the latent space.
    case sparse
    /// Indexer and sparse attention together.
    case dsa
    /// Indexer and dense MHA with the unselected keys masked: V3.2-Exp's mode for short prefills.
    case maskedMHA
}

/// The closed forms for one model.
public struct AttentionCosts: Hashable, Sendable {
    /// The model.
    public let model: ModelDimensions

    /// The costs of `model`'s attention.
    public init(_ model: ModelDimensions) { self.model = model }

    /// The kinds of work that this model can do.
    public var works: [AttentionWork] {
        guard case .latent = model.attention else { return window == nil ? [.denseMHA] : [.denseMHA, .windowMHA] }
        return model.indexer == nil ? [.denseMHA, .denseMQA] : [.denseMHA, .denseMQA, .indexer, .sparse, .dsa, .maskedMHA]
    }

    /// The window of some or all layers.
    public var window: ModelDimensions.Window? {
        if case .grouped(let grouped) = model.attention { grouped.window } else { nil }
    }

    /// The most keys that a query sees in a layer that does such work; nil without end. Throws for `windowMHA` of a model without a window.
    func reach(_ work: AttentionWork) throws(EngineError) -> ExactCount? {
        if work == .windowMHA, window == nil { throw lacks(work) }
        guard let window, work == .windowMHA || window.layers == model.layers else { return nil }
        return ExactCount(window.keys)
    }

    /// FLOPs of one query for each key that it reads: 81,920, 278,528 and 16,384 for V3.2-Exp. `sparse` is `denseMQA` on fewer keys.
    /// Throws if the model has no such work, or if the work is a sum of two.
    public func flopsPerKey(_ work: AttentionWork) throws(EngineError) -> ExactCount {
        switch (work, model.attention, model.indexer) {
        case (.windowMHA, .grouped(let grouped), _) where grouped.window != nil, (.denseMHA, .grouped(let grouped), _):
            return try perKey(model.heads, grouped.headDimension, grouped.headDimension)
        case (.denseMHA, .latent(let mla), _): return try perKey(model.heads, mla.nopeDimension + mla.ropeDimension, mla.valueDimension)
        case (.denseMQA, .latent(let mla), _), (.sparse, .latent(let mla), .some):
            return try perKey(model.heads, mla.latentRank + mla.ropeDimension, mla.latentRank)
        case (.indexer, _, let indexer?): return try perKey(indexer.heads, indexer.headDimension, 0)
        default: throw lacks(work)
        }
    }

    /// FLOPs of one query that sees `visible` keys, in one layer. Throws for a negative number, or work that the model does not do.
    public func flops(_ work: AttentionWork, visible: Int) throws(EngineError) -> ExactCount {
        let t = try Exactly.length(visible, "visible keys")
        switch work {
        case .denseMHA, .denseMQA, .windowMHA, .indexer:
            return try Exactly.product("flops", flopsPerKey(work), reach(work).map { min(t, $0) } ?? t)
        case .sparse: return try Exactly.product("flops", flopsPerKey(.sparse), min(t, topK()))
        case .dsa: return try Exactly.sum("flops", flops(.indexer, visible: visible), flops(.sparse, visible: visible))
        case .maskedMHA: return try Exactly.sum("flops", flops(.indexer, visible: visible), flops(.denseMHA, visible: visible))
        }
    }

    /// FLOPs of a causal sequence in one layer: the query at position p = 0 … length - 1 sees p + 1 keys.
    public func sequenceFlops(_ work: AttentionWork, length: Int) throws(EngineError) -> ExactCount {
        let n = try Exactly.length(length)
        switch work {
        case .denseMHA, .denseMQA, .windowMHA, .indexer:
            return try Exactly.product("flops", flopsPerKey(work), Self.pairs(n, past: 0, atMost: reach(work)))
        case .sparse: return try Exactly.product("flops", flopsPerKey(.sparse), Self.pairs(n, past: 0, atMost: topK()))
        case .dsa: return try Exactly.sum("flops", sequenceFlops(.indexer, length: length), sequenceFlops(.sparse, length: length))
        case .maskedMHA: return try Exactly.sum("flops", sequenceFlops(.indexer, length: length), sequenceFlops(.denseMHA, length: length))
        }
    }

    /// Query-key pairs of `new` tokens after `past` cached ones, of which each query sees the keys up to itself, and of these no more than `most`.
    static func pairs(_ new: ExactCount, past: ExactCount, atMost most: ExactCount?) throws(EngineError) -> ExactCount {
        // The queries that see all: those at positions below `most`.
        let full = most.map { min(max($0 - past, 0), new) } ?? new
        let growing = try Exactly.sum("pairs", Exactly.product("pairs", full, past), Exactly.triangle("pairs", full))
        return try Exactly.sum("pairs", growing, Exactly.product("pairs", new - full, most ?? 0))
    }

    /// FLOPs that one token costs in one layer whatever the length.
    public struct PerToken: Hashable, Sendable {
        /// Into queries, keys and values, and out again; for MLA q_a, q_b, kv_a and the output.
        public let projections: ExactCount
        /// MLA: from the latent to keys and values of each head (prefill), or the same matrices absorbed into query and output (decode). Otherwise 0.
        public let expansion: ExactCount
        /// The indexer's queries, key and head weights; 0 without an indexer.
        public let indexer: ExactCount
    }

    /// FLOPs that one token costs in one layer whatever the length: 340.7 M, 33.6 M and 27.9 M for V3.2-Exp.
    public func perToken() throws(EngineError) -> PerToken {
        let weights = try parameters()
        return PerToken(projections: 2 * weights.projections, expansion: 2 * weights.expansion, indexer: 2 * weights.indexerMatrices)
    }

    /// Parameters of one layer's attention.
    public struct Parameters: Hashable, Sendable {
        /// Matrices of the projections.
        public let projections: ExactCount
        /// MLA's up-projection from the latent (`kv_b`), otherwise 0.
        public let expansion: ExactCount
        /// The indexer's matrices, otherwise 0.
        public let indexerMatrices: ExactCount
        /// The indexer's LayerNorm, weight and bias, otherwise 0.
        public let indexerNorm: ExactCount
        /// Scales of the RMSNorms on MLA's compressed vectors, otherwise 0.
        public let norms: ExactCount

        /// The whole indexer: 13,959,424 for V3.2-Exp.
        public var indexer: ExactCount { indexerMatrices + indexerNorm }
        /// All of them.
        public var total: ExactCount { projections + expansion + indexer + norms }
    }

    /// Parameters of one layer's attention, without biases.
    public func parameters() throws(EngineError) -> Parameters {
        let (c, h) = (ExactCount(model.width), ExactCount(model.heads))
        switch model.attention {
        case .grouped(let grouped):
            let outputs = ExactCount(grouped.headDimension) * (2 * h + 2 * ExactCount(grouped.keyValueHeads))
            return Parameters(
                projections: try Exactly.product("parameters", c, outputs), expansion: 0, indexerMatrices: 0, indexerNorm: 0, norms: 0)
        case .latent(let mla):
            let query = h * ExactCount(mla.nopeDimension + mla.ropeDimension)
            let rank = mla.queryRank.map { ExactCount($0) }
            let latent = ExactCount(mla.latentRank)
            let projections = try Exactly.sum(
                "parameters", rank.map { ($0 * c) + ($0 * query) } ?? c * query, c * (latent + ExactCount(mla.ropeDimension)),
                h * ExactCount(mla.valueDimension) * c)
            let index = model.indexer.map { indexer in
                (rank ?? 0) * ExactCount(indexer.heads) * ExactCount(indexer.headDimension) + c
                    * ExactCount(indexer.headDimension + indexer.heads)
            }
            return Parameters(
                projections: projections, expansion: latent * h * ExactCount(mla.nopeDimension + mla.valueDimension),
                indexerMatrices: index ?? 0,
                indexerNorm: model.indexer.map { 2 * ExactCount($0.headDimension) } ?? 0, norms: latent + (rank ?? 0))
        }
    }

    /// How many keys a query keeps.
    func topK() throws(EngineError) -> ExactCount {
        guard let indexer = model.indexer else { throw lacks(.sparse) }
        return ExactCount(indexer.topK)
    }

    private func lacks(_ work: AttentionWork) -> EngineError {
        EngineError(.value, "\(model.name): \(work.rawValue)", "the model has no such work of its own")
    }

    private func perKey(_ heads: Int, _ score: Int, _ value: Int) throws(EngineError) -> ExactCount {
        try Exactly.product("flops", 2, ExactCount(heads), ExactCount(score) + ExactCount(value))
    }
}
