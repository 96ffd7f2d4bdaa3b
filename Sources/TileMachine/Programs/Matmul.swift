// C = A B, tile by tile: each block computes one tile of C and walks along the axis that is summed over.

public import Traces

/// A matrix product [i, k] × [k, j].
public struct Matmul: Hashable, Sendable {
    /// Rows of A and C.
    public let m: Int
    /// Columns of B and C.
    public let n: Int
    /// Columns of A, rows of B.
    public let k: Int

    /// Checked sizes.
    public init(m: Int, n: Int, k: Int) throws(EngineError) {
        try Sizes.check([("m", m), ("n", n), ("k", k)])
        (self.m, self.n, self.k) = (m, n, k)
    }

    /// The program.
    public func program(_ choice: TileChoice) -> TileProgram {
        var T = TileBuilder()
        let (M, N, K) = (T.constant("M", m), T.constant("N", n), T.constant("K", k))
        let (block_M, block_N) = (T.constant("block_M", choice.shape.rows), T.constant("block_N", choice.shape.columns))
        let block_K = T.constant("block_K", choice.shape.depth)
        let (i, j, s) = (T.axis("i", M), T.axis("j", N), T.axis("k", K))
        let A = T.global("A", [i, s])
        let B = T.global("B", [s, j])
        let C = T.global("C", [i, j])

        let bx = T.block("bx", .tiles(N, of: block_N))
        let by = T.block("by", .tiles(M, of: block_M))
        let ko = T.loopVariable("ko")
        let rows = T.part(of: i, from: by * block_M, block_M)
        let columns = T.part(of: j, from: bx * block_N, block_N)
        let depth = T.part(of: s, from: .variable(ko) * block_K, block_K)

        let A_shared = T.allocShared("A_shared", rows, depth)
        let B_shared = T.allocShared("B_shared", depth, columns)
        let C_local = T.allocFragment("C_local", rows, columns)
        T.clear(C_local)
        T.pipelined(ko, .tiles(K, of: block_K), stages: choice.stages) { T in
            T.copy(A[rows, depth], to: A_shared)
            T.copy(B[depth, columns], to: B_shared)
            T.gemm(A_shared, B_shared, into: C_local)
        }
        T.copy(C_local, to: C[rows, columns])
        return T.program(TileProgramName.matmul.rawValue)
    }

    /// The same by the engine's own product.
    /// - Parameter inputs: A [i, k] and B [k, j].
    static func reference(_ inputs: [Expression]) throws(EngineError) -> Expression { try dot(inputs[0], inputs[1], over: "k") }
}
