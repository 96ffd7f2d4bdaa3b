// Which keys each query computes, in the sparse patterns of the literature, all in causal form: a key after the query is never seen. Fixed patterns
// take sizes alone; chosen ones rank scores that are given to them. Papers: Mistral 7B (2310.06825), StreamingLLM (2309.17453), Longformer
// (2004.05150), BigBird (2007.14062), MoBA (2502.13189), NSA (2502.11089), DeepSeek-V3.2-Exp. Left out: the arithmetic on the chosen cells.

public import Traces

/// Masks of sparse attention patterns. Rows are queries [t], columns keys [s] or blocks of keys.
public enum AttentionPatterns {
    /// Sliding window: query i sees keys j with 0 <= i - j < `window` (Mistral 7B).
    public static func slidingWindow(_ tokens: Int, window: Int) throws(EngineError) -> Mask {
        try check(tokens, ("window", window, 1))
        return Mask(rows: tokens, columns: tokens) { i, j in (0..<window).contains(i - j) }
    }

    /// The first `sinks` tokens and the last `recent`, the query's own among them (StreamingLLM).
    public static func sinksAndWindow(_ tokens: Int, sinks: Int, recent: Int) throws(EngineError) -> Mask {
        try check(tokens, ("sinks", sinks, 0), ("recent", recent, 1))
        return Mask(rows: tokens, columns: tokens) { i, j in j <= i && (j < sinks || i - j < recent) }
    }

    /// |i - j| <= `window` / 2, and symmetric global tokens: all later queries see them, and they see all earlier keys (Longformer).
    public static func longformer(_ tokens: Int, window: Int, global: [Int]) throws(EngineError) -> Mask {
        try check(tokens, ("window", window, 0))
        try check(positions: global, below: tokens)
        return Mask(rows: tokens, columns: tokens) { i, j in j <= i && (i - j <= window / 2 || global.contains(i) || global.contains(j)) }
    }

    /// Blocks of tokens: the first `global` see and are seen, a window of `window` blocks around the query's (of which the causal form keeps the
    /// earlier half and its own), and `random` earlier blocks a row of blocks, seeded (BigBird).
    public static func bigBird(_ tokens: Int, block: Int, global: Int, window: Int, random: Int, seed: UInt64) throws(EngineError) -> Mask {
        try check(tokens, ("block", block, 1), ("global", global, 0), ("window", window, 1), ("random", random, 0))
        var generator = SplitMix64(seed: seed)
        let chosen = (0..<(tokens + block - 1) / block).map { row -> Set<Int> in
            let near = Set(max(0, row - window / 2)...row).union(0..<global)
            let free = Set(0..<row).subtracting(near).sorted()
            return near.union(generator.shuffled(free).prefix(random))
        }
        return Mask(rows: tokens, columns: tokens) { i, j in j <= i && (i / block < global || chosen[i / block].contains(j / block)) }
    }

    /// The query's own block, always, and the `topK` - 1 earlier blocks of highest gate score; lower block first when equal (MoBA).
    /// - Parameter gates: a score for each query and block [t, b]: the query times the block's mean key.
    public static func moba(gates: Tensor, block: Int, topK: Int) throws(EngineError) -> Mask {
        let tokens = gates.shape.lengths.first ?? 0
        try check(tokens, ("block", block, 1), ("topK", topK, 1))
        try check(blocks: gates, block, tokens)
        let chosen = (0..<tokens).map { i in
            Set(best((0..<i / block).map { gates[i, $0] }, topK - 1)).union([i / block])
        }
        return Mask(rows: tokens, columns: tokens) { i, j in j <= i && chosen[i].contains(j / block) }
    }

    /// Which compressed keys each query sees [t, b]: key b stands for the tokens from b · `stride` on, `length` of them, and is visible once the last
    /// of them is at or before the query (NSA, compressed branch).
    public static func compressed(_ tokens: Int, length: Int, stride: Int) throws(EngineError) -> Mask {
        try check(tokens, ("length", length, 1), ("stride", stride, 1))
        return Mask(.t, "b", rows: tokens, columns: max(0, (tokens - length) / stride + 1)) { i, b in b * stride + length - 1 <= i }
    }

    /// The first `initial` blocks, the last `local`, the query's own among them, and the blocks of highest importance, `count` in all; lower block
    /// first when equal (NSA, selected branch).
    /// - Parameter importance: a number for each query and block [t, b].
    public static func selectedBlocks(importance: Tensor, block: Int, count: Int, initial: Int, local: Int) throws(EngineError) -> Mask {
        let tokens = importance.shape.lengths.first ?? 0
        try check(tokens, ("block", block, 1), ("count", count, 1), ("initial", initial, 0), ("local", local, 1))
        try check(blocks: importance, block, tokens)
        let chosen = (0..<tokens).map { i in
            let own = i / block
            let forced = Set(0..<min(initial, own + 1)).union(max(0, own - local + 1)...own)
            let free = (0...own).filter { !forced.contains($0) }
            return forced.union(best(free.map { importance[i, $0] }, count - forced.count).map { free[$0] })
        }
        return Mask(rows: tokens, columns: tokens) { i, j in j <= i && chosen[i].contains(j / block) }
    }

    /// NSA's importance of selection blocks [t, b], from the weights of compressed keys (its Eq. 9): the sum over m < block / stride, n < length /
    /// stride of the weight of compressed key block / stride · b - m - n, where it exists; indices of the paper shifted so that block b
    /// collects the compressed keys that overlap it.
    public static func importance(compressedWeights: Tensor, length: Int, stride: Int, block: Int) throws(EngineError) -> Tensor {
        let (tokens, keys) = (compressedWeights.shape.lengths.first ?? 0, compressedWeights.shape.lengths.last ?? 0)
        try check(tokens, ("stride", stride, 1))
        guard length % stride == 0, block % stride == 0, length >= stride, block >= stride else {
            throw EngineError(.value, "block and length", expected: "multiples of the stride \(stride)", found: "\(block), \(length)")
        }
        let weights = compressedWeights
        return Tensor(Shape([.t, "b"], [tokens, (tokens + block - 1) / block])) { index in
            var total = 0.0
            for m in 0..<block / stride {
                for n in 0..<length / stride {
                    let key = block / stride * index[1] + m - n
                    if (0..<keys).contains(key) { total += weights[index[0], key] }
                }
            }
            return total
        }
    }

    /// Mean vectors [b, c] of blocks of `tokens` [t, c]: block b holds `block` tokens from b · `stride` on (without a stride, blocks side by side; the
    /// last may be short).
    public static func blockMeans(_ tokens: Tensor, block: Int, stride: Int? = nil, count: Int? = nil) -> Tensor {
        let (length, features) = (tokens.shape.lengths[0], tokens.shape.lengths[1])
        let step = stride ?? block
        return Tensor(Shape(["b", .c], [count ?? (length + step - 1) / step, features])) { index in
            let members = index[0] * step..<min(index[0] * step + block, length)
            return members.reduce(0) { $0 + tokens[$1, index[1]] } / Double(members.count)
        }
    }

    // MARK: Checks

    /// Positions of the `count` largest, the lower first when equal.
    private static func best(_ scores: [Double], _ count: Int) -> [Int] {
        let order = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        return Array(order.prefix(max(0, count)))
    }

    private static func check(_ tokens: Int, _ sizes: (String, Int, Int)...) throws(EngineError) {
        guard (1...1 << 16).contains(tokens) else { throw EngineError(.value, "tokens", expected: "1 to 65,536", found: "\(tokens)") }
        for (name, size, least) in sizes where !(least...1 << 20).contains(size) {
            throw EngineError(.value, name, expected: "\(least) to 1,048,576", found: "\(size)")
        }
    }

    private static func check(positions: [Int], below tokens: Int) throws(EngineError) {
        if let wrong = positions.first(where: { !(0..<tokens).contains($0) }) {
            throw EngineError(.value, "global token", expected: "0 to \(tokens - 1)", found: "\(wrong)")
        }
    }

    private static func check(blocks: Tensor, _ block: Int, _ tokens: Int) throws(EngineError) {
        let expected = [tokens, (tokens + block - 1) / block]
        guard blocks.shape.lengths == expected else {
            throw EngineError(.shape, "block scores", expected: "\(expected[0]) queries by \(expected[1]) blocks", found: "\(blocks.shape)")
        }
    }
}
