// A text that a model continues. Each pass leaves keys and values behind, so the next one is about a single token; what is chosen from its logits is the
// token of the pass after it.

public import Traces

#if !hasFeature(Embedded)
    /// A text under way.
    public struct Continuation: Sendable {
        /// Why nothing follows.
        public enum End: Hashable, Sendable {
            /// The last token ends a text.
            case endToken
            /// The model sees no more tokens at once.
            case contextLength
        }

        /// All tokens so far, the prompt's first.
        public private(set) var tokenIDs: [Int]
        /// Why nothing follows; nil while something may.
        public private(set) var end: End?
        private let model: LanguageModel
        private let endIDs: [Int]
        private var chooser: TokenChooser
        /// How many tokens passes have been recorded of, and what they left behind.
        private var cache: LanguageModel.Cache?

        /// A text that begins with `prompt`. Throws for a model that foretells no token, and for a prompt that it cannot take.
        /// - Parameter endIDs: the tokens that end a text: one is included, and nothing follows.
        public init(of prompt: [Int], by model: LanguageModel, choosing chooser: TokenChooser = .likeliest, endIDs: [Int])
            throws(EngineError)
        {
            try model.checkPredictive()
            try model.check(prompt, after: 0)
            tokenIDs = prompt
            self.model = model
            self.chooser = chooser
            self.endIDs = endIDs
        }

        /// How many tokens the next pass is about: all of them at first, and where positions turn otherwise in a longer text.
        public var freshCount: Int {
            tokenIDs.count > model.architecture.longestCached ? tokenIDs.count : tokenIDs.count - (cache?.length ?? 0)
        }

        /// Records the pass over the tokens that no pass was about.
        /// - Returns: the logits [t, n].
        public mutating func pass(on trace: inout Recorder) throws(EngineError) -> Expression {
            let fresh = Array(tokenIDs.suffix(freshCount))
            let (logits, kept) = try model.record(fresh, cache: fresh.count == tokenIDs.count ? nil : cache, on: &trace)
            cache = kept
            return logits
        }

        /// Chooses the token after the last pass, of which these are the logits; nil, and `end` says why, if none follows.
        public mutating func choose(_ logits: Expression) -> Int? {
            guard goesOn() else { return nil }
            let chosen = chooser.choose(logits.slice(.t, at: logits.shape[.t]! - 1).values)
            tokenIDs.append(chosen)
            if endIDs.contains(chosen) { end = .endToken }
            return chosen
        }

        /// The next token, by a pass of which nothing is kept; nil, and `end` says why, if none follows.
        /// - Parameter weights: what `recorder(computing:)` of the model gave.
        public mutating func next(on weights: Recorder) throws(EngineError) -> Int? {
            guard goesOn() else { return nil }
            var recorder = weights
            return choose(try pass(on: &recorder))
        }

        private mutating func goesOn() -> Bool {
            if end == nil, tokenIDs.count >= model.architecture.facts.contextLength { end = .contextLength }
            return end == nil
        }
    }

    extension LanguageModel {
        /// A recorder for passes of which nothing is kept. It holds the weights that passes read, so that none is read from its file at each of them.
        /// - Parameter compute: what computes; nil for the exact engine.
        public func recorder(computing compute: Keeping.Computing?) throws(EngineError) -> Recorder {
            var recorder = Recorder()
            recorder.keeping = compute.map { Keeping({ _ in false }, others: $0) } ?? Keeping { $0.role == .parameter }
            try recordWeights(on: &recorder)
            return recorder
        }

        /// The likeliest continuation: the prompt and at most `count` tokens more, fewer where the text ends.
        public func greedyContinuation(of prompt: [Int], count: Int, endIDs: [Int]) throws(EngineError) -> [Int] {
            var text = try Continuation(of: prompt, by: self, endIDs: endIDs)
            let weights = try recorder(computing: nil)
            for _ in 0..<count { guard try text.next(on: weights) != nil else { break } }
            return text.tokenIDs
        }

        /// Records the forward pass over a text, and over `count` tokens more that the model itself adds, fewer where the text ends. What is recorded of
        /// the text stands as in `record(tokenIDs:tokens:)`; each further token has a pass of its own, `decode.N.…`, which reads the keys and values of
        /// those before from a cache, `input.decode.N.layer.M.attention.cache.k`.
        /// - Parameters:
        ///   - label: a token's label.
        ///   - keeping: which steps stay, and what computes the others; nil for all, exactly.
        public func record(_ text: Continuation, following count: Int, label: (Int) -> String, keeping: Keeping? = nil) throws(EngineError)
            -> (trace: Trace, text: Continuation)
        {
            var (text, tokens) = (text, text.tokenIDs.map(label))
            let prompt = tokens
            var recorder = Recorder(tokens: tokens, tokenIDs: text.tokenIDs, labels: [.t: tokens, .s: tokens])
            recorder.keeping = keeping
            var logits = try text.pass(on: &recorder)
            try recordLoss(logits, of: text.tokenIDs, prompt, on: &recorder)
            for number in 0..<count {
                guard let chosen = text.choose(logits) else { break }
                tokens.append(label(chosen))
                recorder.labels = [.t: Array(tokens.suffix(text.freshCount)), .s: tokens]
                logits = try recorder.within(.pass(.decode(number))) { recorder throws(EngineError) in try text.pass(on: &recorder) }
            }
            var trace = recorder.trace
            (trace.tokens, trace.tokenIDs) = (tokens, text.tokenIDs)
            return (trace, text)
        }
    }
#endif
