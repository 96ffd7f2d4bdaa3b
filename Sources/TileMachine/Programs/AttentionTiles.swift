// Causal attention with an online softmax: a block for each tile of queries and each head, which walks over tiles of keys up to the last that its
// queries may see. Tiles wholly in the future are skipped, the one on the diagonal is masked; whole tiles are loaded, so E_i keys of block i are
// rounded up to tiles (FACTS: min(L, bn⌈E_i/bn⌉)).

public import Traces

/// Causal attention of queries [t, h, d] to keys [s, h, d] and values [s, h, e]; query t stands at position keys - queries + t.
public struct AttentionTiles: Hashable, Sendable {
    /// Queries: the last of the positions.
    public let queries: Int
    /// Keys, one for each position.
    public let keys: Int
    /// Heads, each with keys of its own.
    public let heads: Int
    /// Features of a query or key.
    public let dimension: Int
    /// Features of a value.
    public let valueDimension: Int

    /// Checked sizes; throws too if there are more queries than keys.
    public init(queries: Int, keys: Int, heads: Int, dimension: Int, valueDimension: Int) throws(EngineError) {
        try Sizes.check([
            ("queries", queries), ("keys", keys), ("heads", heads), ("dim", dimension), ("value-dim", valueDimension),
        ])
        guard queries <= keys else {
            throw EngineError(.value, "queries", expected: "at most as many as keys, \(keys)", found: "\(queries)")
        }
        (self.queries, self.keys, self.heads) = (queries, keys, heads)
        (self.dimension, self.valueDimension) = (dimension, valueDimension)
    }

    /// The program; a tile has rows of queries and columns of keys, and all features.
    public func program(_ choice: TileChoice) -> TileProgram {
        var T = TileBuilder()
        let (queries, keys, heads) = (T.constant("queries", queries), T.constant("keys", keys), T.constant("heads", heads))
        let (dim, value_dim) = (T.constant("dim", dimension), T.constant("value_dim", valueDimension))
        let (block_M, block_N) = (T.constant("block_M", choice.shape.rows), T.constant("block_N", choice.shape.columns))
        let (t, s, h) = (T.axis("t", queries), T.axis("s", keys), T.axis("h", heads))
        let (d, e) = (T.axis("d", dim), T.axis("e", value_dim))
        let q = T.global("q", [t, h, d])
        let k = T.global("k", [s, h, d])
        let v = T.global("v", [s, h, e])
        let out = T.global("out", [t, h, e])

        let by = T.block("by", .tiles(queries, of: block_M))
        let head = T.block("head", heads)
        let ko = T.loopVariable("ko")
        let rows = T.part(of: t, from: by * block_M, block_M)
        let columns = T.part(of: s, from: .variable(ko) * block_N, block_N)

        let Q_shared = T.allocShared("Q_shared", rows, d)
        let K_shared = T.allocShared("K_shared", columns, d)
        let V_shared = T.allocShared("V_shared", columns, e)
        let softmax = OnlineSoftmaxTiles(&T, rows: rows, columns: columns, features: e)
        T.copy(q[.position(rows), head, .position(d)], to: Q_shared)
        softmax.begin(&T)
        let last = Index.smaller(keys, keys - queries + (by + 1) * block_M)
        T.pipelined(ko, .tiles(last, of: block_N), stages: choice.stages) { T in
            T.copy(k[.position(columns), head, .position(d)], to: K_shared)
            T.copy(v[.position(columns), head, .position(e)], to: V_shared)
            softmax.absorb(
                &T, queries: Q_shared, keys: K_shared, values: V_shared, scale: .inverseRoot(dimension),
                if: Condition(.position(columns), .atMost, keys - queries + .position(rows)))
        }
        softmax.end(&T, to: out[.position(rows), head, .position(e)])
        return T.program(TileProgramName.attention.rawValue)
    }

    /// The same by the engine's own equations.
    /// - Parameter inputs: q [t, h, d], k [s, h, d], v [s, h, e].
    func reference(_ inputs: [Expression]) throws(EngineError) -> Expression {
        let scores = try dot(inputs[0], inputs[1]) * Constant.inverseRoot(dimension)
        let weights = try softmax(masked(scores, .causal(rows: queries, columns: keys, offset: keys - queries)), over: .s)
        return try sum(weights * inputs[2], over: .s)
    }
}
