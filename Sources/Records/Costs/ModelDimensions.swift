// The dimensions of a model on which its attention's cost depends. Names in comments are those of the published configurations.
// Feed-forward layers and experts are left out: attention is what changes with length.

public import Traces

/// What a model's attention is made of.
public struct ModelDimensions: Hashable, Sendable {
    /// Multi-head attention or one of its groupings: keys and values of their own for each key-value head.
    public struct Grouped: Hashable, Sendable {
        /// Key-value heads (`num_key_value_heads`).
        public let keyValueHeads: Int
        /// Features of a query, key and value in one head (`head_dim`).
        public let headDimension: Int
        /// The window of some or all layers, nil if every query sees all earlier keys.
        public let window: Window?

        /// A grouped attention.
        public init(keyValueHeads: Int, headDimension: Int, window: Window? = nil) {
            self.keyValueHeads = keyValueHeads
            self.headDimension = headDimension
            self.window = window
        }
    }

    /// A window: the latest keys, beyond which a query of some layers sees nothing.
    public struct Window: Hashable, Sendable {
        /// How many keys a query sees, itself the last (`sliding_window`).
        public let keys: Int
        /// In how many layers; in the others it sees all.
        public let layers: Int

        /// A window of so many keys in so many layers.
        public init(keys: Int, layers: Int) {
            self.keys = keys
            self.layers = layers
        }
    }

    /// Multi-head latent attention: one compressed vector a token, shared by all heads.
    public struct Latent: Hashable, Sendable {
        /// Features of a query's compressed vector (`q_lora_rank`), nil if queries are projected directly.
        public let queryRank: Int?
        /// Features of the cached latent (`kv_lora_rank`).
        public let latentRank: Int
        /// Features of a head without position (`qk_nope_head_dim`).
        public let nopeDimension: Int
        /// Features of a head that rotate (`qk_rope_head_dim`).
        public let ropeDimension: Int
        /// Features of a value in one head (`v_head_dim`).
        public let valueDimension: Int

        /// A latent attention.
        public init(queryRank: Int?, latentRank: Int, nopeDimension: Int, ropeDimension: Int, valueDimension: Int) {
            self.queryRank = queryRank
            self.latentRank = latentRank
            self.nopeDimension = nopeDimension
            self.ropeDimension = ropeDimension
            self.valueDimension = valueDimension
        }
    }

    /// The lightning indexer of DeepSeek Sparse Attention.
    public struct Indexer: Hashable, Sendable {
        /// Index heads (`index_n_heads`).
        public let heads: Int
        /// Features of an index head (`index_head_dim`).
        public let headDimension: Int
        /// Keys that are kept for a query (`index_topk`).
        public let topK: Int

        /// An indexer.
        public init(heads: Int, headDimension: Int, topK: Int) {
            self.heads = heads
            self.headDimension = headDimension
            self.topK = topK
        }
    }

    /// The kind of attention.
    public enum Attention: Hashable, Sendable {
        /// MHA, GQA or MQA.
        case grouped(Grouped)
        /// MLA.
        case latent(Latent)
    }

    /// The model's name, for tables.
    public let name: String
    /// Features of a token (`hidden_size`, `dim`).
    public let width: Int
    /// Layers (`num_hidden_layers`).
    public let layers: Int
    /// Query heads (`num_attention_heads`).
    public let heads: Int
    /// The kind of attention.
    public let attention: Attention
    /// The lightning indexer, if the attention is sparse.
    public let indexer: Indexer?

    /// The largest dimension that is believed: 2^24. Larger ones are mistakes in a file.
    public static let largestDimension = 1 << 24

    /// Checked dimensions; throws, naming the field, unless each is between 1 and `largestDimension`, key-value heads divide heads, no more
    /// layers have a window than there are, and an indexer stands on latent attention with compressed queries, which it reads.
    public init(name: String, width: Int, layers: Int, heads: Int, attention: Attention, indexer: Indexer? = nil) throws(EngineError) {
        var fields = [("hidden_size", width), ("num_hidden_layers", layers), ("num_attention_heads", heads)]
        switch attention {
        case .grouped(let grouped):
            fields += [("num_key_value_heads", grouped.keyValueHeads), ("head_dim", grouped.headDimension)]
            if let window = grouped.window { fields += [("sliding_window", window.keys), ("layers with a window", window.layers)] }
        case .latent(let latent):
            fields += [
                ("kv_lora_rank", latent.latentRank), ("qk_nope_head_dim", latent.nopeDimension), ("qk_rope_head_dim", latent.ropeDimension),
                ("v_head_dim", latent.valueDimension),
            ]
            if let rank = latent.queryRank { fields.append(("q_lora_rank", rank)) }
        }
        if let indexer {
            fields += [("index_n_heads", indexer.heads), ("index_head_dim", indexer.headDimension), ("index_topk", indexer.topK)]
        }
        for (field, value) in fields {
            guard (1...Self.largestDimension).contains(value) else {
                throw EngineError(.value, field, expected: "a whole number from 1 to \(Self.largestDimension)", found: "\(value)")
            }
        }
        if case .grouped(let grouped) = attention, heads % grouped.keyValueHeads != 0 {
            throw EngineError(.value, "num_key_value_heads", expected: "a divisor of \(heads) heads", found: "\(grouped.keyValueHeads)")
        }
        if case .grouped(let grouped) = attention, let window = grouped.window, window.layers > layers {
            throw EngineError(.value, "layers with a window", expected: "at most \(layers), all of them", found: "\(window.layers)")
        }
        if indexer != nil {
            guard case .latent(let latent) = attention, latent.queryRank != nil else {
                throw EngineError(
                    .value, "index_n_heads", expected: "latent attention with q_lora_rank for the indexer to read", found: "none")
            }
        }
        self.name = name
        self.width = width
        self.layers = layers
        self.heads = heads
        self.attention = attention
        self.indexer = indexer
    }
}
