// The lightning indexer's scores (report, Eq. 1): I[t,s] = Σ_j w[t,j] ReLU(q[t,j]·k[s]), every query with every key. A tile of keys stays while the
// heads pass by. Left out: the mask and the top-k that follow, FP8, and the scales that go with it.

public import Traces

/// The scores of queries [t, j, d] with weights [t, j] against keys [s, d].
public struct IndexerScores: Hashable, Sendable {
    /// Queries.
    public let queries: Int
    /// Keys.
    public let keys: Int
    /// Heads of the indexer.
    public let heads: Int
    /// Features of a query or key.
    public let dimension: Int

    /// Checked sizes.
    public init(queries: Int, keys: Int, heads: Int, dimension: Int) throws(EngineError) {
        try Sizes.check([("queries", queries), ("keys", keys), ("heads", heads), ("dim", dimension)])
        (self.queries, self.keys, self.heads, self.dimension) = (queries, keys, heads, dimension)
    }

    /// The program; a tile has rows of queries and columns of keys, and all features.
    public func program(_ choice: TileChoice) -> TileProgram {
        var T = TileBuilder()
        let (queries, keys) = (T.constant("queries", queries), T.constant("keys", keys))
        let (heads, dim) = (T.constant("heads", heads), T.constant("dim", dimension))
        let (block_Q, block_K) = (T.constant("block_Q", choice.shape.rows), T.constant("block_K", choice.shape.columns))
        let (t, s, j, d) = (T.axis("t", queries), T.axis("s", keys), T.axis("j", heads), T.axis("d", dim))
        let q = T.global("q", [t, j, d])
        let k = T.global("k", [s, d])
        let w = T.global("w", [t, j])
        let out = T.global("out", [t, s])

        let bx = T.block("bx", .tiles(keys, of: block_K))
        let by = T.block("by", .tiles(queries, of: block_Q))
        let head = T.loopVariable("head")
        let rows = T.part(of: t, from: by * block_Q, block_Q)
        let columns = T.part(of: s, from: bx * block_K, block_K)

        let k_shared = T.allocShared("k_shared", columns, d)
        let q_shared = T.allocShared("q_shared", rows, d)
        let w_local = T.allocFragment("w_local", rows)
        let dots = T.allocFragment("dots", rows, columns)
        let scores = T.allocFragment("scores", rows, columns)
        T.copy(k[columns, d], to: k_shared)
        T.clear(scores)
        T.pipelined(head, heads, stages: choice.stages) { T in
            T.copy(q[.position(rows), .variable(head), .position(d)], to: q_shared)
            T.copy(w[.position(rows), .variable(head)], to: w_local)
            T.clear(dots)
            T.gemm(q_shared, k_shared, into: dots)
            T.parallel(scores, scores.cell + .positivePart(dots.cell) * w_local.cell)
        }
        T.copy(scores, to: out[rows, columns])
        return T.program(TileProgramName.indexer.rawValue)
    }

    /// The same by the engine's own equation.
    /// - Parameter inputs: q [t, j, d], k [s, d], w [t, j].
    static func reference(_ inputs: [Expression]) throws(EngineError) -> Expression {
        try sum(inputs[2] * relu(dot(inputs[0], inputs[1])), over: .j)
    }
}
