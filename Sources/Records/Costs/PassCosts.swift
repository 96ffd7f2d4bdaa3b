// Everything that one pass executes, predicted by closed forms as a trace counts it: not only the matrix products over visible pairs (which is
// what is published, and what `AttentionCosts` speaks of), but every addition, multiplication, division, exponential and root, on masked cells too.

public import Traces

/// The arithmetic of one causal pass over `length` new tokens after `past` cached ones, in one layer, part by part.
///
/// A step counts: a multiply-add 2; softmax 4 a cell (subtract, exponential, add, divide); a rotation 3 a feature; RMSNorm 4n + 3 and LayerNorm 8n + 4 a
/// row of n; a Hadamard rotation log2(n) + 1 a feature; FP8 a division a block and one a value. Masks, ReLU, top-k, gathering and caches count 0.
/// Two things are executed that no published count speaks of: the vote over index heads, Σ_j w_j ReLU(…), which is no matrix product (each weight
/// meets one score), and the scales of scores.
public struct PassCosts: Sendable {
    /// What a part costs.
    public struct Count: Hashable, Sendable {
        /// All arithmetic executed.
        public let flops: ExactCount
        /// Multiply-adds (2 each) of matrix products over visible pairs.
        public let contraction: ExactCount

        /// A count.
        public init(flops: ExactCount, contraction: ExactCount) {
            self.flops = flops
            self.contraction = contraction
        }

        /// Both sums; they wrap only beyond 127 bits, which the parts' own checks exclude for two.
        public static func + (a: Count, b: Count) -> Count {
            Count(flops: a.flops &+ b.flops, contraction: a.contraction &+ b.contraction)
        }
    }

    /// Closed forms of the model's attention.
    public let costs: AttentionCosts
    private let new, all: ExactCount

    /// A pass of `length` tokens after `past` cached ones; throws for a negative number.
    public init(_ model: ModelDimensions, length: Int, past: Int = 0) throws(EngineError) {
        costs = AttentionCosts(model)
        new = try Exactly.length(length)
        all = try Exactly.sum("length", new, Exactly.length(past, "cached tokens"))
    }

    /// Query-key pairs that a causal mask leaves visible; `withinWindow` of a layer with a window. Throws for that if the model has none.
    public func visiblePairs(withinWindow: Bool = false) throws(EngineError) -> ExactCount {
        try AttentionCosts.pairs(new, past: all - new, atMost: costs.reach(withinWindow ? .windowMHA : .denseMHA))
    }

    /// Pairs that remain when each query keeps at most top-k of its visible keys. Throws for a model without indexer.
    public func selectedPairs() throws(EngineError) -> ExactCount {
        try AttentionCosts.pairs(new, past: all - new, atMost: costs.topK())
    }

    /// Grouped attention whole: projections, rotation of queries and keys (if the model rotates), scores, softmax, values, output; `withinWindow` in a
    /// layer with a window, whose mask saves no arithmetic here and leaves fewer pairs visible.
    public func grouped(rotates: Bool, withinWindow: Bool = false) throws(EngineError) -> Count {
        guard case .grouped(let grouped) = costs.model.attention else { throw mismatch("grouped attention") }
        let (h, g, d) = (ExactCount(costs.model.heads), ExactCount(grouped.keyValueHeads), ExactCount(grouped.headDimension))
        let projections = try Self.sum([new, costs.perToken().projections])
        let turned = rotates ? try Self.sum([3, new, d, h + g]) : 0
        return Count(
            flops: try Self.sum([1, projections], [1, turned], [4, h, new, all, d], [5, h, new, all]),
            contraction: try Self.sum([1, projections], [costs.flopsPerKey(.denseMHA), visiblePairs(withinWindow: withinWindow)]))
    }

    /// MLA before it attends: projections, norms, rotation; with `float8Block`, the cached latent through FP8 in such blocks.
    public func latentProjections(float8Block: Int? = nil) throws(EngineError) -> Count {
        let mla = try latent()
        let (h, q, r) = (ExactCount(costs.model.heads), ExactCount(mla.queryRank ?? 0), ExactCount(mla.latentRank))
        let products = try Self.sum([new, costs.perToken().projections]) - output()
        let rounding = try float8Block.map { block throws(EngineError) in try Self.sum([new, r / ExactCount(block)], [2, new, r]) } ?? 0
        let turned = try Self.sum([3, new, ExactCount(mla.ropeDimension), h + 1])
        return Count(
            flops: try Self.sum([1, products], [new, 4 * q + 3], [new, 4 * r + 3], [1, turned], [1, rounding]), contraction: products)
    }

    /// The latents of all tokens made into keys and values of each head, for the expanded form.
    public func expansion() throws(EngineError) -> Count {
        let products = try Self.sum([all, costs.perToken().expansion])
        return Count(flops: products, contraction: products)
    }

    /// Queries carried into the latent space, for the absorbed form. (The way back from it is part of `absorbed` and `gathered`.)
    public func absorption() throws(EngineError) -> Count {
        let mla = try latent()
        let products = try Self.sum(
            [2, new, ExactCount(costs.model.heads), ExactCount(mla.nopeDimension), ExactCount(mla.latentRank)])
        return Count(flops: products, contraction: products)
    }

    /// Scores, softmax, values and output of the expanded form; a mask, causal or of a selection, leaves `pairs` visible but saves no arithmetic.
    public func expanded(pairs: ExactCount) throws(EngineError) -> Count { try attend(.denseMHA, cells: all, pairs: pairs, back: 0) }

    /// The same in the absorbed form, with the way back out of the latent space.
    public func absorbed(pairs: ExactCount) throws(EngineError) -> Count { try attend(.denseMQA, cells: all, pairs: pairs, back: way()) }

    /// The absorbed form over gathered latents: each query has as many cells as the longest selection, and only those.
    public func gathered() throws(EngineError) -> Count {
        try attend(.sparse, cells: min(costs.topK(), all), pairs: selectedPairs(), back: way())
    }

    /// The indexer as the published code runs it: projections, LayerNorm, rotation of position, Hadamard rotation, FP8 (or none), scaled head weights,
    /// products, vote, and the scale of each key. Top-k counts 0.
    public func indexer(float8: Bool) throws(EngineError) -> Count {
        guard let indexer = costs.model.indexer else { throw mismatch("an indexer") }
        let (j, d) = (ExactCount(indexer.heads), ExactCount(indexer.headDimension))
        let turning = ExactCount(try latent().ropeDimension)
        let hadamard = ExactCount(indexer.headDimension.trailingZeroBitCount + 1)
        let projections = try Self.sum([new, costs.perToken().indexer])
        let vectors = try Self.sum([new, j + 1])  // a query in each head, and one key
        let prepared = try Self.sum([3, vectors, turning], [vectors, d, hadamard], [new, 8 * d + 4], [2, new, j])
        let rounding = float8 ? try Self.sum([vectors, d + 1], [new, j]) : 0
        return Count(
            flops: try Self.sum([1, projections], [1, prepared], [1, rounding], [2, j, new, all, d + 1], [new, all]),
            contraction: try Self.sum([1, projections], [costs.flopsPerKey(.indexer), visiblePairs()]))
    }

    /// `cells` keys a query are computed, of which `pairs` in all are visible: products, the sum and scale of scores (2 a cell), softmax (4), output.
    private func attend(_ work: AttentionWork, cells: ExactCount, pairs: ExactCount, back: ExactCount) throws(EngineError) -> Count {
        let (perKey, tail) = (try costs.flopsPerKey(work), try Self.sum([1, back], [1, output()]))
        return Count(
            flops: try Self.sum([perKey, new, cells], [6, ExactCount(costs.model.heads), new, cells], [1, tail]),
            contraction: try Self.sum([perKey, pairs], [1, tail]))
    }

    /// From the heads to the token.
    private func output() throws(EngineError) -> ExactCount {
        try Self.sum([2, new, ExactCount(costs.model.heads), ExactCount(latent().valueDimension), ExactCount(costs.model.width)])
    }

    /// From weighted latents to the values of each head.
    private func way() throws(EngineError) -> ExactCount {
        let mla = try latent()
        return try Self.sum([2, new, ExactCount(costs.model.heads), ExactCount(mla.valueDimension), ExactCount(mla.latentRank)])
    }

    private func latent() throws(EngineError) -> ModelDimensions.Latent {
        guard case .latent(let mla) = costs.model.attention, mla.queryRank != nil else {
            throw mismatch("latent attention with compressed queries")
        }
        return mla
    }

    private func mismatch(_ expected: String) -> EngineError {
        EngineError(.value, costs.model.name, expected: "a model of \(expected)", found: "another")
    }

    /// A sum of products.
    private static func sum(_ products: [ExactCount]...) throws(EngineError) -> ExactCount {
        var total: ExactCount = 0
        for factors in products {
            var product: ExactCount = 1
            for factor in factors { product = try Exactly.product("flops", product, factor) }
            total = try Exactly.sum("flops", total, product)
        }
        return total
    }
}
