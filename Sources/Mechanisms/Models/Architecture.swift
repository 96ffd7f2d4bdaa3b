// What a family of language models is: its sizes, the weights that it wants by name, and its forward pass in three functions, from tokens to vectors,
// through a layer, and to logits. A family makes one of these (`Decoder`, `GPT2`, `BERT`); the loop over layers, caches, decoding and loss stand once, in
// `LanguageModel`, which knows no family.

public import Traces

/// A language model but for its weights.
public struct Architecture: Sendable {
    /// The family as people call it: `Llama`.
    public let name: String
    /// The sizes that others ask for.
    public let facts: Facts
    /// What the names of all weights but the head's begin with, in a file of the whole model; a file of the model without its head may leave it out.
    public let prefix: String
    /// The longest text of which an earlier part can be taken from a cache: without end unless positions turn otherwise in longer texts, 0 where
    /// tokens see later ones.
    public let longestCached: Int
    /// From tokens to vectors.
    let embedding: Embedding
    /// Every layer.
    let layer: Layer
    /// From vectors to logits.
    let unembedding: Unembedding

    /// A family's description.
    public init(
        _ name: String, _ facts: Facts, prefix: String = "", longestCached: Int = .max, embedding: Embedding, layer: Layer,
        unembedding: Unembedding
    ) {
        self.name = name
        self.facts = facts
        self.prefix = prefix
        self.longestCached = longestCached
        self.embedding = embedding
        self.layer = layer
        self.unembedding = unembedding
    }

    /// Sizes of a model.
    public struct Facts: Hashable, Sendable {
        /// Layers.
        public let layers: Int
        /// Query heads of a layer.
        public let heads: Int
        /// Heads that keys and values have, or one where all heads share a latent.
        public let keyValueHeads: Int
        /// Entries of the vocabulary.
        public let vocabulary: Int
        /// The most tokens that the model can see at once.
        public let contextLength: Int

        /// Sizes, all of at least 1.
        public init(layers: Int, heads: Int, keyValueHeads: Int, vocabulary: Int, contextLength: Int) throws(EngineError) {
            for (name, count) in [
                ("layers", layers), ("heads", heads), ("key-value heads", keyValueHeads), ("vocabulary", vocabulary),
                ("context length", contextLength),
            ] where count < 1 {
                throw EngineError(.shape, name, expected: "at least 1", found: "\(count)")
            }
            self.layers = layers
            self.heads = heads
            self.keyValueHeads = keyValueHeads
            self.vocabulary = vocabulary
            self.contextLength = contextLength
        }
    }

    /// A weight that a model wants.
    public struct Parameter: Hashable, Sendable {
        /// What if a file does not have it.
        public enum Presence: Hashable, Sendable {
            /// The model cannot be.
            case required
            /// It is done without.
            case optional
            /// The parameter of this name, which comes earlier, serves for both.
            case sharing(String)
            /// The model has hidden states and no logits.
            case head
        }

        /// Its name in the published files: `model.norm.weight`.
        public let name: String
        /// Its symbol in equations.
        public let symbol: String
        /// Its axes and their lengths.
        public let shape: Shape
        /// Whether it must be there.
        public let presence: Presence

        /// A parameter of these axes and lengths.
        public init(_ name: String, _ symbol: String, _ axes: [(Axis, Int)], _ presence: Presence = .required) {
            self.name = name
            self.symbol = symbol
            self.shape = Shape(axes)
            self.presence = presence
        }
    }

    /// How tokens become vectors.
    public struct Embedding: Sendable {
        /// Records the vectors [t, c] of the pass's tokens.
        public typealias Record = @Sendable (ForwardPass, _ trace: inout Recorder) throws(EngineError) -> Expression
        let parameters: [Parameter]
        let record: Record

        /// An embedding with the parameters that it reads.
        public init(_ parameters: [Parameter], record: @escaping Record) {
            self.parameters = parameters
            self.record = record
        }
    }

    /// What a layer makes of the vectors.
    public struct Layer: Sendable {
        /// Records layer `n` of `x` [t, c], within its scope; returns its output [t, c], and what later tokens need of these and of earlier ones.
        public typealias Record =
            @Sendable (_ n: Int, _ x: Expression, _ cache: LayerCache?, ForwardPass, _ trace: inout Recorder)
            throws(EngineError) -> (output: Expression, cache: LayerCache)
        let parameters: @Sendable (Int) -> [Parameter]
        let record: Record

        /// Layers with the parameters that each reads, by its number.
        public init(_ parameters: @escaping @Sendable (Int) -> [Parameter], record: @escaping Record) {
            self.parameters = parameters
            self.record = record
        }
    }

    /// How vectors become scores of tokens.
    public struct Unembedding: Sendable {
        /// Records the logits [t, n] of the last layer's output `x` [t, c], or without a head the hidden states [t, c].
        public typealias Record = @Sendable (_ x: Expression, ForwardPass, _ trace: inout Recorder) throws(EngineError) -> Expression
        let parameters: [Parameter]
        /// The parameter that makes logits; nil for an encoder, which has none.
        let head: String?
        let record: Record

        /// A projection to the vocabulary with the parameters that it reads, the head among them; without a head, what stands for one.
        public init(_ parameters: [Parameter], head: String?, record: @escaping Record) {
            self.parameters = parameters
            self.head = head
            self.record = record
        }
    }

    /// The names of the parameters that the embedding reads: a file of such a model has them.
    public var firstParameters: [String] { embedding.parameters.map { $0.name } }

    /// Whether this is an encoder: it has hidden states and foretells no token.
    public var isEncoder: Bool { unembedding.head == nil }

    /// All that the model wants, in the order of the forward pass. Made one layer at a time: a file may ask for more layers than anybody has weights for.
    public var parameters: Parameters { Parameters(of: self) }

    /// The parameters of an architecture, one after the other.
    public struct Parameters: Sequence, IteratorProtocol {
        private let architecture: Architecture
        private var pending: ArraySlice<Parameter>
        private var layer = 0

        init(of architecture: Architecture) {
            self.architecture = architecture
            pending = architecture.embedding.parameters[...]
        }

        /// The next one, or nil after the last.
        public mutating func next() -> Parameter? {
            while pending.isEmpty {
                guard layer <= architecture.facts.layers else { return nil }
                pending =
                    layer < architecture.facts.layers
                    ? architecture.layer.parameters(layer)[...] : architecture.unembedding.parameters[...]
                layer += 1
            }
            return pending.removeFirst()
        }
    }
}
