// A language model: an architecture and its weights. What all families share stands here: the pass over the layers, the cache of earlier tokens,
// the likeliest continuation, and how badly a text was foretold.

public import Traces

/// A language model with its weights.
public struct LanguageModel: Sendable {
    /// What the model is but for its weights.
    public let architecture: Architecture
    let weights: ModelWeights

    /// A model with the weights that its architecture wants; throws naming the first that is missing, does not fit, comes twice or has no place.
    public init(_ architecture: Architecture, weights: [NamedTensor]) throws(EngineError) {
        self.architecture = architecture
        self.weights = try ModelWeights(of: architecture, weights)
    }

    /// Whether the model foretells tokens: encoders and checkpoints without a head have hidden states instead.
    public var isPredictive: Bool { architecture.unembedding.head.map(weights.contain) ?? false }

    /// Throws for a model that foretells no token, naming what it is.
    public func checkPredictive() throws(EngineError) {
        guard !isPredictive else { return }
        throw EngineError(
            .value, "model", expected: "one that foretells tokens",
            found: architecture.isEncoder ? "the encoder \(architecture.name)" : "a checkpoint without a head")
    }

    /// What later tokens need of earlier ones. A layer with a window keeps all of them, though it attends to the latest alone: a pass over later tokens then
    /// has a column for every token, at its own position, as a pass over the whole text has, in steps, labels and selections. What must be kept is less;
    /// `AttentionCosts` counts that.
    public struct Cache: Hashable, Sendable {
        /// How many tokens are cached.
        public let length: Int
        /// Named tensors, one set a layer.
        public let layers: [LayerCache]
    }

    /// Records the forward pass over a text: `embedding`, `layer.N.…` for each layer, `norm`, `logits` [t, n]; with two tokens or more also
    /// how well each next token was foretold: `loss` [t], and their mean `mean_loss`. A model that foretells none has `hidden` [t, c] instead.
    /// - Parameters:
    ///   - tokens: a label for each token, shown along the axes t and s.
    ///   - selection: which keys each layer attends to; nil for all of them.
    public func record(tokenIDs: [Int], tokens: [String], selection: LayerSelection? = nil) throws(EngineError) -> Trace {
        try record(tokenIDs, tokens, selection) { _ in }.trace
    }

    /// The same on a recorder that `prepare` has seen.
    /// - Parameter progress: called before each layer with its number.
    func record(
        _ tokenIDs: [Int], _ tokens: [String], _ selection: LayerSelection?, progress: (Int) -> Void = { _ in },
        prepare: (inout Recorder) -> Void
    ) throws(EngineError) -> Recorder {
        guard tokens.count == tokenIDs.count else {
            throw EngineError(.shape, "tokens", expected: "a label for each of \(tokenIDs.count) ids", found: "\(tokens.count)")
        }
        var recorder = Recorder(
            tokens: tokens, tokenIDs: tokenIDs, switches: selection?.switches ?? [], labels: [.t: tokens, .s: tokens])
        prepare(&recorder)
        let logits = try record(tokenIDs, cache: nil, selection: selection, on: &recorder, progress: progress).logits
        if isPredictive { try recordLoss(logits, of: tokenIDs, tokens, on: &recorder) }
        return recorder
    }

    /// Records `tokenIDs`, which follow the cached ones.
    /// - Parameters:
    ///   - selection: which keys each layer attends to; nil for all of them. Throws if the architecture does not select.
    ///   - progress: called before each layer with its number.
    /// - Returns: the logits [t, n], or the hidden states [t, c] of a model that foretells none, and the cache extended by these tokens.
    public func record(
        _ tokenIDs: [Int], cache: Cache?, selection: LayerSelection? = nil, on trace: inout Recorder, progress: (Int) -> Void = { _ in }
    ) throws(EngineError) -> (logits: Expression, cache: Cache) {
        let past = cache?.length ?? 0
        try check(tokenIDs, after: past)
        if let cache, cache.layers.count != architecture.facts.layers {
            throw EngineError(.shape, "cache", expected: "\(architecture.facts.layers) layers", found: "\(cache.layers.count)")
        }
        guard cache == nil || past + tokenIDs.count <= architecture.longestCached else {
            throw EngineError(
                .value, "cache",
                expected: "none: \(architecture.isEncoder ? "earlier tokens see later ones" : "keys turn otherwise in a text this long")",
                found: "\(past) tokens")
        }
        let pass = ForwardPass(tokenIDs: tokenIDs, past: past, selection: nil, weights: weights)
        let cut = ForwardPass(tokenIDs: tokenIDs, past: past, selection: selection, weights: weights)
        var x = try architecture.embedding.record(pass, &trace)  // [t, c]
        var kept: [LayerCache] = []
        for n in 0..<architecture.facts.layers {
            progress(n)
            let own: LayerCache
            let isCut = selection != nil && (selection?.layer ?? n) == n
            (x, own) = try trace.within(.layer(n)) { [x] trace throws(EngineError) in
                let made = try architecture.layer.record(n, x, cache?.layers[n], isCut ? cut : pass, &trace)
                guard !isCut || trace.hasRecorded(trace.id(.selected)) else {
                    throw EngineError(
                        .value, "select", expected: "a layer that can attend to fewer keys", found: "none in \(architecture.name)")
                }
                return made
            }
            kept.append(own)
            trace.endLayer()
        }
        return (try architecture.unembedding.record(x, pass, &trace), Cache(length: past + tokenIDs.count, layers: kept))
    }

    /// Records every weight that the model has, as `weight.NAME`, once.
    public func recordWeights(on trace: inout Recorder) throws(EngineError) {
        for parameter in architecture.parameters where weights.contain(parameter.name) {
            _ = try weights.record(parameter.name, on: &trace)
        }
    }

    /// Records how well each token was foretold by those before it; nothing for a text of one token.
    func recordLoss(_ logits: Expression, of ids: [Int], _ tokens: [String], on trace: inout Recorder) throws(EngineError) {
        guard ids.count > 1 else { return }
        let labels: [Axis: [String]] = [.t: Array(tokens.dropLast())]
        let loss = try trace.record(.loss, crossEntropy(logits, next: Array(ids.dropFirst())), labels: labels)  // [t]
        _ = try trace.record(.meanLoss, sum(loss, over: .t) / Constant(Double(ids.count - 1)))
    }

    func check(_ ids: [Int], after past: Int) throws(EngineError) {
        let (context, vocabulary) = (architecture.facts.contextLength, architecture.facts.vocabulary)
        guard !ids.isEmpty else { throw EngineError(.value, "text", expected: "at least one token", found: "none") }
        guard past + ids.count <= context else {
            throw EngineError(
                .value, "text", expected: "at most \(context) tokens, the model's context", found: "\(past + ids.count)")
        }
        if let bad = ids.first(where: { !(0..<vocabulary).contains($0) }) {
            throw EngineError(.index, "token id", expected: "0 to \(vocabulary - 1), the model's vocabulary", found: "\(bad)")
        }
    }
}
