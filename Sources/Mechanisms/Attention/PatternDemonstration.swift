// All patterns on the same few tokens, small enough to count by eye. Sizes are scaled down from the published ones; the patterns that choose by
// content (MoBA, NSA, DSA) rank one set of seeded token vectors: a few topics that come in runs, and noise. No trained weights.

public import Traces

/// One pattern on the demonstration's tokens.
public struct PatternDemonstration: Sendable {
    /// The patterns of the comparison, in its order.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// Every earlier key.
        case causal
        /// Mistral 7B.
        case slidingWindow
        /// StreamingLLM.
        case sinksAndWindow
        /// Longformer.
        case longformer
        /// BigBird.
        case bigBird
        /// MoBA.
        case moba
        /// NSA's compressed branch.
        case nsaCompressed
        /// NSA's selected branch.
        case nsaSelected
        /// NSA's sliding window.
        case nsaWindow
        /// DeepSeek Sparse Attention.
        case dsa
    }

    /// Which pattern.
    public let kind: Kind
    /// The cells that attention computes: queries by keys, or by compressed keys.
    public let cells: Mask
    /// Scores that decide what is chosen, beside the attention itself: MoBA's gates, the lightning indexer's scores; 0 for fixed patterns. NSA's
    /// selection reuses the weights of its compressed branch.
    public let selectorScores: Int

    /// How many tokens the demonstration has.
    public static let tokens = 32
    /// Seed of the token vectors, and of BigBird's random blocks.
    public static let seed: UInt64 = 7
    /// Sizes of the demonstration.
    public enum Size {
        /// Sliding window.
        public static let window = 8
        /// StreamingLLM's sinks.
        public static let sinks = 2
        /// StreamingLLM's recent tokens.
        public static let recent = 6
        /// Longformer's window, half of it on each side.
        public static let longformer = 10
        /// Longformer's global tokens.
        public static let global = [0, 13]
        /// Tokens in a block of BigBird, MoBA and NSA's selection.
        public static let block = 4
        /// BigBird's global, window and random blocks.
        public static let bigBird = (global: 1, window: 3, random: 1)
        /// Blocks that MoBA attends to, its own among them.
        public static let mobaBlocks = 3
        /// Tokens that a compressed key of NSA stands for, and from one to the next.
        public static let compressed = (length: 4, stride: 2)
        /// Blocks that NSA selects, with the initial and local ones among them.
        public static let nsa = (count: 4, initial: 1, local: 2)
        /// NSA's window.
        public static let nsaWindow = 5
        /// Keys that DSA selects.
        public static let topK = 8
    }

    /// Every pattern on the same tokens.
    public static func all() throws(EngineError) -> [PatternDemonstration] {
        let fixed = try fixedPatterns()
        return try fixed + chosenPatterns()
    }

    private static func fixedPatterns() throws(EngineError) -> [PatternDemonstration] {
        let (n, bird) = (tokens, Size.bigBird)
        return [
            .init(kind: .causal, cells: .causal(rows: n, columns: n), selectorScores: 0),
            .init(kind: .slidingWindow, cells: try AttentionPatterns.slidingWindow(n, window: Size.window), selectorScores: 0),
            .init(
                kind: .sinksAndWindow, cells: try AttentionPatterns.sinksAndWindow(n, sinks: Size.sinks, recent: Size.recent),
                selectorScores: 0),
            .init(
                kind: .longformer, cells: try AttentionPatterns.longformer(n, window: Size.longformer, global: Size.global),
                selectorScores: 0),
            .init(
                kind: .bigBird,
                cells: try AttentionPatterns.bigBird(
                    n, block: Size.block, global: bird.global, window: bird.window, random: bird.random, seed: seed), selectorScores: 0),
        ]
    }

    private static func chosenPatterns() throws(EngineError) -> [PatternDemonstration] {
        let n = tokens
        var recorder = Recorder()
        let x = try recorder.input(
            "input.x", "x", vectors(), title: Bilingual(en: "Seeded token vectors", zh: "定种子的词元向量"),
            source: Bilingual(en: "SplitMix64, seed \(seed)", zh: "SplitMix64，种子 \(seed)"))
        let gates = try scores(of: x, against: AttentionPatterns.blockMeans(x.tensor, block: Size.block), "input.block_means", &recorder)
        // A gate is scored for every earlier block; the query's own needs none.
        let gateCount = (0..<n).reduce(0) { $0 + $1 / Size.block }
        let compressed = try AttentionPatterns.compressed(n, length: Size.compressed.length, stride: Size.compressed.stride)
        return [
            .init(
                kind: .moba, cells: try AttentionPatterns.moba(gates: gates.tensor, block: Size.block, topK: Size.mobaBlocks),
                selectorScores: gateCount),
            .init(kind: .nsaCompressed, cells: compressed, selectorScores: 0),
            .init(kind: .nsaSelected, cells: try nsaSelection(x, compressed, &recorder), selectorScores: 0),
            .init(kind: .nsaWindow, cells: try AttentionPatterns.slidingWindow(n, window: Size.nsaWindow), selectorScores: 0),
            .init(
                kind: .dsa, cells: try dsaSelection(x, &recorder), selectorScores: Mask.causal(rows: n, columns: n).visibleCount),
        ]
    }

    /// Token vectors [t, c]: runs of 3 to 6 tokens on one of four topics, noise on all, and a last feature that is always 1.
    static func vectors() -> Tensor {
        var generator = SplitMix64(seed: seed)
        var topics: [Int] = []
        while topics.count < tokens {
            let topic = Int.random(in: 0..<4, using: &generator)
            let length = Int.random(in: 3...6, using: &generator)
            topics += [Int](repeating: topic, count: length)
        }
        var values: [Double] = []
        for topic in topics.prefix(tokens) {
            for feature in 0..<features - 1 { values.append((topic == feature ? 1 : 0) + 1.1 * (generator.uniform() - 0.5)) }
            values.append(1)
        }
        return Tensor([.t, .c], [tokens, features], values)
    }

    private static let features = 9

    /// Queries times the vectors `means` [b, c], as [t, b].
    private static func scores(of x: Expression, against means: Tensor, _ id: StepID, _ recorder: inout Recorder) throws(EngineError)
        -> Expression
    {
        let keys = try recorder.input(
            id, "k", means, title: Bilingual(en: "Mean of each block", zh: "每块的均值"),
            source: Bilingual(en: "mean of input.x", zh: "input.x 的均值"))
        return try dot(x, keys, over: .c)
    }

    /// NSA's chosen blocks, ranked by the weights of its compressed keys; those are means here, where NSA learns them. Queries that see no
    /// compressed key yet have weights of zero: they take the initial and local blocks.
    private static func nsaSelection(_ x: Expression, _ visible: Mask, _ recorder: inout Recorder) throws(EngineError) -> Mask {
        let (length, stride) = Size.compressed
        let means = AttentionPatterns.blockMeans(x.tensor, block: length, stride: stride, count: visible.columns)
        let scores = try scores(of: x, against: means, "input.compressed_means", &recorder)
        let weights = try softmax(masked(scores, visible), over: "b").tensor.transposed(to: [.t, "b"])
        let importance = try AttentionPatterns.importance(compressedWeights: weights, length: length, stride: stride, block: Size.block)
        let size = Size.nsa
        return try AttentionPatterns.selectedBlocks(
            importance: importance, block: Size.block, count: size.count, initial: size.initial, local: size.local)
    }

    /// DSA's keys: the engine's own indexer (Eq. 1) with two heads that read the topics, and its own top-k.
    private static func dsaSelection(_ x: Expression, _ recorder: inout Recorder) throws(EngineError) -> Mask {
        let (heads, dimension) = (2, features - 1)
        // Head 0 reads the first half of the features, head 1 all of them.
        let query = Tensor(Shape([.o, .c], [heads * dimension, features])) { index in
            let (head, feature) = (index[0] / dimension, index[0] % dimension)
            return feature == index[1] && (head == 1 || feature < dimension / 2) ? 1 : 0
        }
        let key = Tensor(Shape([.o, .c], [dimension, features])) { $0[0] == $0[1] ? 1 : 0 }
        let headWeights = Tensor(Shape([.o, .c], [heads, features])) { $0[1] == features - 1 ? 1 : 0 }
        let indexer = try LightningIndexer(
            heads: heads, dimension: dimension, topK: Size.topK, query: NamedTensor("demonstration.q", query),
            key: NamedTensor("demonstration.k", key), headWeights: NamedTensor("demonstration.w", headWeights))
        let scores = try indexer.score(x, queryInput: (x, .c), on: &recorder).scores
        let visible = Mask.causal(rows: tokens, columns: tokens)
        return try visible.selecting(topK(scores, Size.topK, visible: visible).tensor)
    }
}
