// What attention over tiles of keys has in common, dense or gathered: FlashAttention's recurrence (Dao et al. 2022). The product with the values is
// accumulated apart and added afterwards: on some chips the accumulator of the matrix unit cannot be rescaled in place.

import Traces

/// The tiles in which one block of rows keeps its softmax so far.
struct OnlineSoftmaxTiles {
    private let rows: Span
    private let columns: Span
    private let S_local: Buffer
    private let P_local: Buffer
    private let PV_local: Buffer
    private let O_local: Buffer
    private let m_local: Buffer
    private let m_previous: Buffer
    private let alpha: Buffer
    private let row_sum: Buffer
    private let l_local: Buffer

    /// Allocates them: `rows` of queries, tiles of `columns` keys, `features` of a value.
    init(_ T: inout TileBuilder, rows: Span, columns: Span, features: Span) {
        (self.rows, self.columns) = (rows, columns)
        S_local = T.allocFragment("S_local", rows, columns)
        P_local = T.allocFragment("P_local", rows, columns)
        PV_local = T.allocFragment("PV_local", rows, features)
        O_local = T.allocFragment("O_local", rows, features)
        m_local = T.allocFragment("m_local", rows)
        m_previous = T.allocFragment("m_previous", rows)
        alpha = T.allocFragment("alpha", rows)
        row_sum = T.allocFragment("row_sum", rows)
        l_local = T.allocFragment("l_local", rows)
    }

    /// Nothing seen yet.
    func begin(_ T: inout TileBuilder) {
        T.clear(O_local)
        T.fill(m_local, -.infinity)
        T.clear(l_local)
    }

    /// Takes in one tile of keys and values; keys for which `condition` does not hold are not seen.
    func absorb(_ T: inout TileBuilder, queries: Buffer, keys: Buffer, values: Buffer, scale: Constant, if condition: Condition) {
        T.clear(S_local)
        T.gemm(queries, keys, into: S_local)
        T.parallel(S_local, .visible(S_local.cell * .constant(scale), if: condition))
        T.parallel(m_previous, m_local.cell)
        T.reduceMaximum(S_local, over: columns, into: m_local)
        T.parallel(alpha, .exponentialOfDifference(m_previous.cell, m_local.cell))
        T.parallel(P_local, .exponentialOfDifference(S_local.cell, m_local.cell))
        T.reduceSum(P_local, over: columns, into: row_sum)
        T.parallel(l_local, l_local.cell * alpha.cell + row_sum.cell)
        T.clear(PV_local)
        T.gemm(P_local, values, into: PV_local)
        T.parallel(O_local, O_local.cell * alpha.cell + PV_local.cell)
    }

    /// Divides by what the weights add up to, and writes the rows.
    func end(_ T: inout TileBuilder, to target: Access) {
        T.parallel(O_local, O_local.cell / l_local.cell)
        T.copy(O_local, to: target)
    }
}

extension Constant {
    /// 1/√n.
    static func inverseRoot(_ n: Int) -> Constant { Constant(1 / Double(n).squareRoot(), "√(1/\(n))") }
}
