// A decoder of the Llama family (Touvron et al. 2023, LLaMA, section 2.2): pre-normalised layers of causal attention with rotary
// embedding (halves layout, as in the Hugging Face weights) and a SwiGLU feed-forward part. One forward pass, every step recorded.

public import Traces

/// A Llama-style language model with its weights.
public struct LlamaModel: Sendable {
    /// The model's dimensions and constants.
    public struct Configuration: Hashable, Sendable {
        /// Features of a model vector.
        public let width: Int
        /// Hidden units of a feed-forward part.
        public let hiddenWidth: Int
        /// Layers.
        public let layers: Int
        /// Entries of the vocabulary.
        public let vocabulary: Int
        /// The most tokens that the model can see at once.
        public let contextLength: Int
        /// ε of RMSNorm.
        public let epsilon: Double
        /// The attention of every layer.
        public let attention: DenseAttention

        /// A checked configuration; throws if a count is not positive, key-value heads do not divide heads, or a head has an odd number
        /// of features.
        public init(
            width: Int, hiddenWidth: Int, layers: Int, heads: Int, keyValueHeads: Int, headDimension: Int, vocabulary: Int,
            contextLength: Int, epsilon: Double, ropeTheta: Double
        ) throws(EngineError) {
            let counts = [
                ("model width", width), ("hidden width", hiddenWidth), ("layers", layers), ("vocabulary", vocabulary),
                ("context length", contextLength),
            ]
            for (name, count) in counts where count < 1 { throw EngineError(.shape, name, expected: "at least 1", found: "\(count)") }
            guard epsilon >= 0, epsilon.isFinite else {
                throw EngineError(.value, "ε of RMSNorm", expected: "a number from 0", found: "\(epsilon)")
            }
            self.width = width
            self.hiddenWidth = hiddenWidth
            self.layers = layers
            self.vocabulary = vocabulary
            self.contextLength = contextLength
            self.epsilon = epsilon
            attention = try DenseAttention(
                heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension, valueDimension: headDimension, isCausal: true,
                rotary: DenseAttention.Rotary(layout: .half, theta: ropeTheta))
        }
    }

    /// The weights of one layer.
    public struct Layer: Sendable {
        /// Scale of the norm before attention [c].
        public var attentionNorm: NamedTensor
        /// The projections of attention.
        public var attention: DenseAttention.Weights
        /// Scale of the norm before the feed-forward part [c].
        public var feedForwardNorm: NamedTensor
        /// The gate [f, c].
        public var gate: NamedTensor
        /// The other factor [f, c].
        public var up: NamedTensor
        /// Back to the model's width [c, f].
        public var down: NamedTensor

        /// The weights of one layer.
        public init(
            attentionNorm: NamedTensor, attention: DenseAttention.Weights, feedForwardNorm: NamedTensor, gate: NamedTensor, up: NamedTensor,
            down: NamedTensor
        ) {
            self.attentionNorm = attentionNorm
            self.attention = attention
            self.feedForwardNorm = feedForwardNorm
            self.gate = gate
            self.up = up
            self.down = down
        }
    }

    /// Dimensions and constants.
    public let configuration: Configuration
    private let embedding: NamedTensor
    private let layers: [Layer]
    private let norm: NamedTensor
    private let head: NamedTensor

    /// A model whose weights fit its configuration; throws naming the first that does not.
    /// - Parameters:
    ///   - embedding: a vector for each entry of the vocabulary [n, c].
    ///   - norm: the scale of the last norm [c].
    ///   - head: the projection to the vocabulary [n, c]; nil if the embedding serves for both.
    public init(_ configuration: Configuration, embedding: NamedTensor, layers: [Layer], norm: NamedTensor, head: NamedTensor?)
        throws(EngineError)
    {
        self.configuration = configuration
        self.embedding = embedding
        self.layers = layers
        self.norm = norm
        self.head = head ?? embedding
        guard layers.count == configuration.layers else {
            throw EngineError(.shape, "model", expected: "\(configuration.layers) layers", found: "\(layers.count)")
        }
        try check()
    }

    private func check() throws(EngineError) {
        let (c, f, n) = (configuration.width, configuration.hiddenWidth, configuration.vocabulary)
        var expected = [(embedding, Shape([(.n, n), (.c, c)])), (norm, Shape([(.c, c)])), (head, Shape([(.n, n), (.c, c)]))]
        for layer in layers {
            expected += [(layer.attentionNorm, Shape([(.c, c)])), (layer.feedForwardNorm, Shape([(.c, c)]))]
            expected += [
                (layer.gate, Shape([(.f, f), (.c, c)])), (layer.up, Shape([(.f, f), (.c, c)])), (layer.down, Shape([(.c, c), (.f, f)])),
            ]
        }
        for (weight, shape) in expected where weight.tensor.shape != shape {
            throw EngineError(.shape, "weight.\(weight.name)", expected: "\(shape)", found: "\(weight.tensor.shape)")
        }
    }

    /// Keys and values of earlier tokens, one cache a layer.
    public typealias Cache = [DenseAttention.Cache]

    /// Records the forward pass over a text: `embedding`, `layer.N.…` for each layer, `norm`, `logits` [t, n]; with two tokens or more also
    /// how well each next token was foretold: `loss` [t], and their mean `mean_loss`.
    /// - Parameters:
    ///   - tokens: a label for each token, shown along the axes t and s.
    ///   - selection: which keys each layer attends to; nil for all of them.
    public func record(tokenIDs: [Int], tokens: [String], selection: LayerSelection? = nil) throws(EngineError) -> Trace {
        guard tokens.count == tokenIDs.count else {
            throw EngineError(.shape, "tokens", expected: "a label for each of \(tokenIDs.count) ids", found: "\(tokens.count)")
        }
        var recorder = Recorder(
            tokens: tokens, tokenIDs: tokenIDs, switches: selection?.switches ?? [], labels: [.t: tokens, .s: tokens])
        _ = try record(tokenIDs, cache: nil, selection: selection, on: &recorder)
        try Self.recordLoss(of: tokenIDs, tokens, on: &recorder)
        return recorder.trace
    }

    /// The likeliest continuation: after the prompt, always the token with the largest logit (the lower id where two tie). Keys and
    /// values of earlier tokens are kept, so each new token costs one row.
    /// - Parameter endID: the token that ends a text: it is included, and nothing follows; nil for none.
    /// - Returns: the prompt and at most `count` tokens more, fewer where the context ends.
    public func greedyContinuation(of prompt: [Int], count: Int, endID: Int?) throws(EngineError) -> [Int] {
        var weights = Recorder()
        try recordWeights(on: &weights)
        var ids = prompt
        var fresh = prompt
        var cache: Cache?
        while ids.count < min(prompt.count + count, configuration.contextLength) {
            var recorder = weights
            let (logits, kept) = try record(fresh, cache: cache, on: &recorder)
            let last = logits.slice(.t, at: fresh.count - 1).values
            let next = last.indices.reduce(0) { last[$1] > last[$0] ? $1 : $0 }
            ids.append(next)
            fresh = [next]
            cache = kept
            if next == endID { break }
        }
        return ids
    }

    /// Records `tokenIDs`, which follow the cached ones.
    /// - Parameter selection: which keys each layer attends to; nil for all of them.
    /// - Returns: the logits [t, n], and the cache extended by these tokens.
    public func record(_ tokenIDs: [Int], cache: Cache?, selection: LayerSelection? = nil, on trace: inout Recorder) throws(EngineError)
        -> (
            logits: Tensor, cache: Cache
        )
    {
        try check(tokenIDs, after: cache?.first?.length ?? 0)
        let E = try trace.weight(embedding.name, "E", embedding.tensor)
        var x = try trace.record(.tokenEmbedding, gathered(E, .n, at: tokenIDs, as: .t))  // [t, c]
        var kept: Cache = []
        for (n, layer) in layers.enumerated() {
            let own: DenseAttention.Cache
            (x, own) = try trace.within(.layer(n)) { [x] trace throws(EngineError) in
                try record(layer, x, cache: cache?[n], selection, on: &trace)
            }
            kept.append(own)
        }
        let z = try trace.record(.finalNorm, rmsNorm(x, trace.weight(norm.name, "g", norm.tensor), epsilon: configuration.epsilon))
        let logits = try trace.record(.logits, linear(z, trace.weight(head.name, "W", head.tensor)))  // [t, n]
        return (logits.tensor, kept)
    }

    private func record(
        _ layer: Layer, _ x: Expression, cache: DenseAttention.Cache?, _ selection: LayerSelection?,
        on trace: inout Recorder
    ) throws(EngineError) -> (output: Expression, cache: DenseAttention.Cache) {
        let epsilon = configuration.epsilon
        let z = try trace.record(
            .attentionNorm, rmsNorm(x, trace.weight(layer.attentionNorm.name, "g", layer.attentionNorm.tensor), epsilon: epsilon))
        let attention = configuration.attention
        let projected = try trace.within(.branch(.attention)) { trace throws(EngineError) in
            try attention.project(z, layer.attention, cache: cache, on: &trace)
        }
        var y = try trace.within(.branch(.attention)) { trace throws(EngineError) in
            try attention.attend(projected, layer.attention, on: &trace)
        }
        if let selection { y = try selection.attend(attention, projected, layer.attention, on: &trace) }
        let r = try trace.record(.residual, x + y)  // [t, c]
        let u = try trace.record(
            .feedForwardNorm, rmsNorm(r, trace.weight(layer.feedForwardNorm.name, "g", layer.feedForwardNorm.tensor), epsilon: epsilon))
        let gate = try trace.record(.gate, linear(u, trace.weight(layer.gate.name, "W_G", layer.gate.tensor)))  // [t, f]
        let up = try trace.record(.up, linear(u, trace.weight(layer.up.name, "W_U", layer.up.tensor)))  // [t, f]
        let hidden = try trace.record(.hidden, silu(gate) * up)  // [t, f]
        let m = try trace.record(.feedForward, linear(hidden, trace.weight(layer.down.name, "W_D", layer.down.tensor), over: .f))
        return (try trace.record(.layerOutput, r + m), projected.cache)
    }

    private func recordWeights(on trace: inout Recorder) throws(EngineError) {
        _ = try trace.weight(embedding.name, "E", embedding.tensor)
        for layer in layers {
            _ = try trace.weight(layer.attentionNorm.name, "g", layer.attentionNorm.tensor)
            _ = try trace.weight(layer.attention.query.name, "W_Q", layer.attention.query.tensor)
            _ = try trace.weight(layer.attention.key.name, "W_K", layer.attention.key.tensor)
            _ = try trace.weight(layer.attention.value.name, "W_V", layer.attention.value.tensor)
            _ = try trace.weight(layer.attention.output.name, "W_O", layer.attention.output.tensor)
            _ = try trace.weight(layer.feedForwardNorm.name, "g", layer.feedForwardNorm.tensor)
            _ = try trace.weight(layer.gate.name, "W_G", layer.gate.tensor)
            _ = try trace.weight(layer.up.name, "W_U", layer.up.tensor)
            _ = try trace.weight(layer.down.name, "W_D", layer.down.tensor)
        }
        _ = try trace.weight(norm.name, "g", norm.tensor)
        _ = try trace.weight(head.name, "W", head.tensor)
    }

    private func check(_ ids: [Int], after past: Int) throws(EngineError) {
        guard !ids.isEmpty else { throw EngineError(.value, "text", expected: "at least one token", found: "none") }
        guard past + ids.count <= configuration.contextLength else {
            throw EngineError(
                .value, "text", expected: "at most \(configuration.contextLength) tokens, the model's context", found: "\(past + ids.count)"
            )
        }
        if let bad = ids.first(where: { !(0..<configuration.vocabulary).contains($0) }) {
            throw EngineError(.index, "token id", expected: "0 to \(configuration.vocabulary - 1), the model's vocabulary", found: "\(bad)")
        }
    }
}
