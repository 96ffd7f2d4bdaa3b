// Attention to selected keys alone, as sparse MLA reads its cache: heads share keys [s, d] and values [s, e], a block serves some heads of one query,
// and the rows that the query selected are gathered by position, tile by tile. Positions are four bytes each.

public import Traces

/// Sparse attention of queries [t, h, d] to the keys that positions [t, r] name, the first min(visible, top-k) of each row; then padding, -1.
public struct SparseAttentionTiles: Hashable, Sendable {
    /// Queries: the last of the positions.
    public let queries: Int
    /// Keys, one for each position.
    public let keys: Int
    /// Heads, which share keys and values.
    public let heads: Int
    /// Features of a query or key.
    public let dimension: Int
    /// Features of a value.
    public let valueDimension: Int
    /// Keys that a query keeps, or all that it sees if they are fewer.
    public let topK: Int

    /// Checked sizes; throws too if there are more queries than keys.
    public init(queries: Int, keys: Int, heads: Int, dimension: Int, valueDimension: Int, topK: Int) throws(EngineError) {
        try Sizes.check([
            ("queries", queries), ("keys", keys), ("heads", heads), ("dim", dimension), ("value-dim", valueDimension), ("top-k", topK),
        ])
        guard queries <= keys else {
            throw EngineError(.value, "queries", expected: "at most as many as keys, \(keys)", found: "\(queries)")
        }
        (self.queries, self.keys, self.heads, self.topK) = (queries, keys, heads, topK)
        (self.dimension, self.valueDimension) = (dimension, valueDimension)
    }

    /// The program; a tile has rows of heads and columns of selected keys, and all features.
    public func program(_ choice: TileChoice) -> TileProgram {
        var T = TileBuilder()
        let (queries, keys, heads) = (T.constant("queries", queries), T.constant("keys", keys), T.constant("heads", heads))
        let (dim, value_dim) = (T.constant("dim", dimension), T.constant("value_dim", valueDimension))
        let top_k = T.constant("top_k", topK)
        let (block_H, block_K) = (T.constant("block_H", choice.shape.rows), T.constant("block_K", choice.shape.columns))
        let (t, s, h, r) = (T.axis("t", queries), T.axis("s", keys), T.axis("h", heads), T.axis("r", top_k))
        let (d, e) = (T.axis("d", dim), T.axis("e", value_dim))
        let q = T.global("q", [t, h, d])
        let k = T.global("k", [s, d])
        let v = T.global("v", [s, e])
        let indices = T.global("indices", [t, r], .position)
        let out = T.global("out", [t, h, e])

        let bx = T.block("bx", .tiles(heads, of: block_H))
        let query = T.block("query", queries)
        let ko = T.loopVariable("ko")
        let n_t = Index.bound("n_t", .smaller(keys - queries + query + 1, top_k))
        let rows = T.part(of: h, from: bx * block_H, block_H)
        let ranks = T.part(of: r, from: .variable(ko) * block_K, block_K, end: n_t)

        let Q_shared = T.allocShared("Q_shared", rows, d)
        let index_shared = T.allocShared("index_shared", ranks, element: .position)
        let K_shared = T.allocShared("K_shared", ranks, d)
        let V_shared = T.allocShared("V_shared", ranks, e)
        let softmax = OnlineSoftmaxTiles(&T, rows: rows, columns: ranks, features: e)
        T.copy(q[query, .position(rows), .position(d)], to: Q_shared)
        softmax.begin(&T)
        T.pipelined(ko, .tiles(n_t, of: block_K), stages: choice.stages) { T in
            T.copy(indices[query, .position(ranks)], to: index_shared)
            T.copy(k[.load(index_shared, ranks), .position(d)], to: K_shared)
            T.copy(v[.load(index_shared, ranks), .position(e)], to: V_shared)
            softmax.absorb(
                &T, queries: Q_shared, keys: K_shared, values: V_shared, scale: .inverseRoot(dimension),
                if: Condition(.position(ranks), .below, n_t))
        }
        softmax.end(&T, to: out[query, .position(rows), .position(e)])
        return T.program(TileProgramName.sparseAttention.rawValue)
    }

    /// The same by the engine's own equations: dense scores, and -infinity for what was not selected.
    /// - Parameter inputs: q [t, h, d], k [s, d], v [s, e], indices [t, r].
    func reference(_ inputs: [Expression]) throws(EngineError) -> Expression {
        let selection = inputs[3].tensor.on([.t, .k])
        let visible = Mask.causal(rows: queries, columns: keys, offset: keys - queries).selecting(selection)
        let scores = try dot(inputs[0], inputs[1]) * Constant.inverseRoot(dimension)
        return try sum(softmax(masked(scores, visible), over: .s) * inputs[2], over: .s)
    }
}
