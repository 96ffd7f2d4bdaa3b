// What a step is, whatever it is called and wherever it stands: the vocabulary by which figures, lessons and checks find their way. The raw value is
// the name that the recorder prints after a step's scopes, as the published code and the reference files call it.

/// The part that a step plays in its computation.
public enum Role: String, Hashable, Sendable, CaseIterable {
    // MARK: Given

    /// Something that the computation was given, under `input.…`.
    case input = "input."
    /// A model's weight, under `weight.…`.
    case parameter = "weight."

    // MARK: Attention

    /// Queries before their positions turn them.
    case queryBeforeRotation = "q_projected"
    /// Keys before their positions turn them.
    case keyBeforeRotation = "k_projected"
    /// Queries of one length, before their positions turn them.
    case queryNormalised = "q_normalised"
    /// Keys of one length, before their positions turn them.
    case keyNormalised = "k_normalised"
    /// Queries.
    case query = "q"
    /// Keys.
    case key = "k"
    /// Values.
    case value = "v"
    /// Every query against every key.
    case dot
    /// Dot products, scaled.
    case scaled
    /// Scaled dot products within a soft cap.
    case capped
    /// What the softmax is taken of: scaled, and masked where a mask comes first.
    case scores
    /// Attention weights.
    case weights
    /// Values, weighted and summed, in each head.
    case heads
    /// What a mechanism or a layer hands on.
    case output

    // MARK: Attention over latents

    /// Query latents before the norm.
    case queryLatentProjected = "q_lora_projected"
    /// Query latents.
    case queryLatent = "q_lora"
    /// The part of queries without position.
    case queryNope = "q_nope"
    /// The part of queries with position.
    case queryRope = "q_pe"
    /// Queries carried into the latent space.
    case queryAbsorbed = "q_absorbed"
    /// Latent and rotary key before norm and rotation.
    case latentProjected = "kv_projected"
    /// Key-value latents before FP8.
    case latentNormalised = "kv_normalised"
    /// Scales of FP8 latents.
    case latentScale = "kv_scale"
    /// Latents in FP8.
    case latentRounded = "kv_rounded"
    /// Key-value latents.
    case latent = "kv_latent"
    /// Keys with position, one for all heads.
    case keyRope = "k_pe"
    /// Keys of each head without position, made from the latents.
    case keyNope = "k_nope"
    /// The latents of earlier passes and of this one.
    case latentCache = "cache.kv_latent"
    /// The rotary keys of earlier passes and of this one.
    case keyRopeCache = "cache.k_pe"
    /// Dot products of content, head by head.
    case dotNope = "dot_nope"
    /// Dot products with latents.
    case dotLatent = "dot_latent"
    /// Dot products of position.
    case dotRope = "dot_pe"
    /// Latents, weighted and summed.
    case weightedLatents = "latent"

    // MARK: The indexer and its choice

    /// Index queries before anything turns them.
    case indexQueryProjected = "indexer.q_projected"
    /// Index queries with their positions.
    case indexQueryRope = "indexer.q_rope"
    /// Index queries after the Hadamard rotation.
    case indexQueryRotated = "indexer.q_rotated"
    /// Scales of FP8 index queries.
    case indexQueryScale = "indexer.q_scale"
    /// Index queries.
    case indexQuery = "indexer.q"
    /// Index keys before anything turns them.
    case indexKeyProjected = "indexer.k_projected"
    /// Index keys after LayerNorm.
    case indexKeyNormalised = "indexer.k_normalised"
    /// Index keys with their positions.
    case indexKeyRope = "indexer.k_rope"
    /// Index keys after the Hadamard rotation.
    case indexKeyRotated = "indexer.k_rotated"
    /// Scales of the index keys of this pass alone.
    case indexKeyScaleNew = "indexer.k_scale_new"
    /// Scales of index keys.
    case indexKeyScale = "indexer.k_scale"
    /// Index keys of this pass alone.
    case indexKeyNew = "indexer.k_new"
    /// Index keys.
    case indexKey = "indexer.k"
    /// How much each index head counts, before scales.
    case indexWeightsProjected = "indexer.weights_projected"
    /// How much each index head counts.
    case indexWeights = "indexer.weights"
    /// Every index query against every index key.
    case indexDot = "indexer.dot"
    /// What each index head votes.
    case indexVotes = "indexer.votes"
    /// Index scores.
    case indexScore = "indexer.score"
    /// Dense weights summed over heads: what an oracle ranks.
    case oracleScore = "oracle.score"
    /// The keys that each query keeps.
    case selected

    // MARK: Block by block

    /// The largest score so far.
    case runningMaximum = "maximum"
    /// Exponentials, measured from the largest so far.
    case numerators
    /// By what earlier blocks shrink.
    case rescaling
    /// The sum of exponentials so far.
    case runningSum = "sum"

    // MARK: A language model

    /// Tokens as vectors.
    case embedding
    /// Normalised vectors: before attention, or after the last layer.
    case norm
    /// Attention added to what was there.
    case residual
    /// Attention's output, normalised before it is added.
    case attentionOutputNorm = "attention_norm"
    /// Normalised before the feed-forward part.
    case feedForwardNorm = "mlp.norm"
    /// The gate before its activation.
    case gate = "mlp.gate"
    /// What the gate lets through.
    case up = "mlp.up"
    /// Hidden units.
    case hidden = "mlp.hidden"
    /// Output of the feed-forward part.
    case feedForward = "mlp.output"
    /// Output of the feed-forward part, normalised before it is added.
    case feedForwardOutputNorm = "mlp.output_norm"
    /// Output of the feed-forward part added to what was there, before a norm.
    case feedForwardResidual = "mlp.residual"
    /// What an encoder, or a model without a head, makes of a text.
    case hiddenStates = "hidden"
    /// A score for every token that could come next, before a soft cap.
    case logitsBeforeCap = "logits_uncapped"
    /// A score for every token that could come next.
    case logits
    /// How badly each next token was foretold.
    case loss
    /// The mean of that over a text.
    case meanLoss = "mean_loss"

    // MARK: The diary

    /// The story of a word's sentence.
    case story
    /// What a question asks for.
    case asked
    /// The read-out against each answer word.
    case answer
    /// Softmax over all keys, the future included.
    case unmaskedWeights = "unmasked"
    /// What is left in each row of weights.
    case rowSums = "row_sums"

    /// Anything else: a step that only its own name tells apart.
    case other = ""
}

extension Role {
    /// Whose vectors a step holds.
    public enum Side: Hashable, Sendable, CaseIterable {
        /// Queries.
        case query
        /// Keys.
        case key
        /// Values.
        case value
    }

    /// Whose vectors a step of this role holds, the attention's or the indexer's; nil for pairs, for latents, which are keys and values in one, and
    /// for all else.
    public var side: Side? {
        switch self {
        case .query, .queryBeforeRotation, .queryNormalised, .queryLatentProjected, .queryLatent, .queryNope, .queryRope, .queryAbsorbed,
            .indexQueryProjected, .indexQueryRope, .indexQueryRotated, .indexQueryScale, .indexQuery:
            .query
        case .key, .keyBeforeRotation, .keyNormalised, .keyRope, .keyNope, .keyRopeCache, .indexKeyProjected, .indexKeyNormalised,
            .indexKeyRope,
            .indexKeyRotated, .indexKeyScaleNew, .indexKeyScale, .indexKeyNew, .indexKey:
            .key
        case .value: .value
        default: nil
        }
    }

    /// Whether a step of this role holds latents, which stand for keys and values.
    public var isLatent: Bool {
        switch self {
        case .latentProjected, .latentNormalised, .latentScale, .latentRounded, .latent, .latentCache: true
        default: false
        }
    }

    /// Whether the lightning indexer computes a step of this role, from its own queries and keys to its scores.
    public var isIndexer: Bool {
        switch self {
        case .indexQueryProjected, .indexQueryRope, .indexQueryRotated, .indexQueryScale, .indexQuery, .indexKeyProjected,
            .indexKeyNormalised, .indexKeyRope, .indexKeyRotated, .indexKeyScaleNew, .indexKeyScale, .indexKeyNew, .indexKey,
            .indexWeightsProjected, .indexWeights, .indexDot, .indexVotes, .indexScore:
            true
        default: false
        }
    }

    /// Whether a step of this role holds products of vectors, before any scaling.
    public var isDot: Bool { self == .dot || self == .dotNope || self == .dotLatent || self == .dotRope || self == .indexDot }

    /// Whether a step of this role says how much things count: keys for a query, or the heads of an indexer.
    public var isWeights: Bool { self == .weights || self == .indexWeights }
}
