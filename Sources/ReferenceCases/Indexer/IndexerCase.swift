// A case of kind `indexer`: the lightning indexer from its FP8 inputs to its selection, at real shapes, for those who write a kernel.
// score[t,s] = k_scale[s] · Σ_j weights[t,j] · ReLU(q[t,j] · k[s]). Which keys a query sees, and where they lie, its layout says.

public import Traces

/// What the indexer is given, and what it should keep.
public struct IndexerCase: Sendable {
    /// Queries [t, j, d], sequence by sequence: FP8 values before scaling, or floats.
    public let q: Tensor
    /// Keys [s, d], as they lie in the cache.
    public let k: Tensor
    /// Scales of the keys [s].
    public let kScale: Tensor
    /// Head weights [t, j] with the queries' scales folded in.
    public let weights: Tensor
    /// Which keys a query sees, and where they lie.
    public let layout: KeyLayout
    /// How many keys a query keeps.
    public let topK: Int
    /// Whether q and k are FP8: rounding them to bf16 changes nothing.
    public let isFloat8: Bool

    /// How many queries there are, of all sequences.
    public var queries: Int { q.shape.lengths[0] }
    /// How many indexer heads.
    public var heads: Int { q.shape.lengths[1] }
    /// How many features a head has.
    public var dimension: Int { q.shape.lengths[2] }
    /// How many positions a sequence may have: the columns of the scores.
    public var columns: Int { layout.columns }

    /// The most dot products of a case: a few minutes.
    private static let mostProducts = 1 << 33
    /// The most numbers of one kind that are held at once: 1 GB.
    private static let mostHeld = 1 << 27
    /// Throws for more products, one for each query, head and key, than a case has, and for more scores, features or products of the queries on which mistakes
    /// are recomputed than fit.
    static func check(queries: Int, heads: Int, keys: Int, dimension: Int) throws(EngineError) {
        try check("queries × heads × keys", [queries, heads, keys], most: mostProducts, of: "products")
        try check("queries × keys", [queries, keys], most: mostHeld, of: "scores")
        try check("keys × dim", [keys, dimension], most: mostHeld, of: "features")
        try check("recomputed queries × heads × keys", [min(queries, IndexerRows.most), heads, keys], most: mostHeld, of: "products")
    }

    /// Throws where the product of `lengths` is larger than `most`.
    static func check(_ name: String, _ lengths: [Int], most: Int, of things: String) throws(EngineError) {
        var (count, overflows) = (1, false)
        for length in lengths where !overflows { (count, overflows) = count.multipliedReportingOverflow(by: length) }
        guard !overflows, count <= most else {
            throw EngineError(
                .value, name, expected: "a case of at most \(most) \(things)",
                found: lengths.map(String.init).joined(separator: " × "))
        }
    }

    /// A case of one sequence, in which query t sees the keys 0 … `causalOffset` + t.
    public init(q: Tensor, k: Tensor, kScale: Tensor, weights: Tensor, causalOffset: Int, topK: Int, isFloat8: Bool = false)
        throws(EngineError)
    {
        guard causalOffset >= 0 else { throw EngineError(.value, "causal_offset", expected: "at least 0", found: "\(causalOffset)") }
        try self.init(
            q: q, k: k, kScale: kScale, weights: weights,
            layout: .causal(queries: q.shape.lengths[0], keys: k.shape.lengths[0], offset: causalOffset), topK: topK, isFloat8: isFloat8)
    }

    /// A case of checked shapes.
    public init(q: Tensor, k: Tensor, kScale: Tensor, weights: Tensor, layout: KeyLayout, topK: Int, isFloat8: Bool = false)
        throws(EngineError)
    {
        let (queries, heads) = (q.shape.lengths[0], q.shape.lengths[1])
        try Self.check(queries: queries, heads: heads, keys: layout.columns, dimension: q.shape.lengths[2])
        guard k.shape.lengths[0] == layout.slotCount else {
            throw EngineError(
                .shape, "input.k", expected: "\(layout.slotCount) keys, as many as the layout has room for", found: "\(k.shape.lengths[0])")
        }
        for (name, tensor, lengths) in [("input.k_scale", kScale, [k.shape.lengths[0]]), ("input.weights", weights, [queries, heads])] {
            guard tensor.shape.lengths == lengths else {
                throw EngineError(.shape, name, expected: "\(lengths)", found: "\(tensor.shape.lengths)")
            }
        }
        guard k.shape.lengths[1] == q.shape.lengths[2] else {
            throw EngineError(.shape, "input.k", expected: "\(q.shape.lengths[2]) features", found: "\(k.shape.lengths[1])")
        }
        guard layout.visible.count == queries else {
            throw EngineError(.shape, "ends", expected: "\(queries), one a query", found: "\(layout.visible.count)")
        }
        guard topK > 0 else { throw EngineError(.value, "index_topk", expected: "at least 1", found: "\(topK)") }
        for (name, tensor) in [("input.q", q), ("input.k", k), ("input.k_scale", kScale), ("input.weights", weights)] {
            if let bad = tensor.firstNonFiniteIndex {
                throw EngineError(.value, "\(name)\(bad)", expected: "a finite number", found: "\(tensor[bad])")
            }
        }
        self.q = q
        self.k = k
        self.kScale = kScale
        self.weights = weights
        self.layout = layout
        self.topK = topK
        self.isFloat8 = isFloat8
    }

    /// Which keys each query may see.
    public var visible: Mask { layout.mask }

    /// What the score of the key at `position` for query `row` may be rounded by, but for a factor: the heads' |w|·ReLU(q·k), added up, times the scale; and where q and k
    /// are rounded too, the root of the squares that q·k is the sum of with each ReLU(q·k).
    func magnitude(_ row: Int, _ position: Int) -> Double {
        let (heads, d) = (heads, dimension)
        let key = layout.slot(layout.sequence(of: row), position)
        return q.values.withUnsafeBufferPointer { q in
            k.values.withUnsafeBufferPointer { k in
                let vector = k.baseAddress! + key * d
                var sum = 0.0
                for j in 0..<heads {
                    let query = q.baseAddress! + (row * heads + j) * d
                    var part = max(0, Self.product(query, vector, d))
                    if !isFloat8 {
                        var squares = 0.0
                        for i in 0..<d { squares += query[i] * query[i] * vector[i] * vector[i] }
                        part += squares.squareRoot()
                    }
                    sum += abs(weights[row, j]) * part
                }
                return sum * abs(kScale.values[key])
            }
        }
    }

    /// The dot product of two vectors of `count` features, in eight sums.
    static func product(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int) -> Double {
        var (sum, i) = (SIMD8<Double>.zero, 0)
        while i + 8 <= count {
            let (x, y) = (UnsafeRawPointer(a + i), UnsafeRawPointer(b + i))
            sum += x.loadUnaligned(as: SIMD8<Double>.self) * y.loadUnaligned(as: SIMD8<Double>.self)
            i += 8
        }
        var total = sum.sum()
        while i < count {
            total += a[i] * b[i]
            i += 1
        }
        return total
    }
}
