// A case of kind `indexer`: the lightning indexer from its FP8 inputs to its selection, at real shapes, for those who write a kernel.
// score[t,s] = k_scale[s] · Σ_j weights[t,j] · ReLU(q[t,j] · k[s]); query t sees the keys 0 … causal_offset + t.

import Mechanisms
import ModelFiles
public import Traces

/// What the indexer is given, and what it should keep.
public struct IndexerCase: Sendable {
    /// Queries [t, j, d]: FP8 values before scaling, or floats.
    public let q: Tensor
    /// Keys [s, d].
    public let k: Tensor
    /// Scales of the keys [s].
    public let kScale: Tensor
    /// Head weights [t, j] with the queries' scales folded in.
    public let weights: Tensor
    /// Query t stands at this position plus t.
    public let causalOffset: Int
    /// How many keys a query keeps.
    public let topK: Int
    /// Whether q and k are FP8: rounding them to bf16 changes nothing.
    public let isFloat8: Bool

    /// The most dot products that are held at once, 16 bytes each: 1 GB.
    static let mostProducts = 1 << 26

    /// Throws for more products, one for each query, head and key, than fit.
    static func check(queries: Int, heads: Int, keys: Int) throws(EngineError) {
        let (pairs, overflows) = queries.multipliedReportingOverflow(by: heads)
        let (products, overflow) = pairs.multipliedReportingOverflow(by: keys)
        guard !overflows, !overflow, products <= mostProducts else {
            throw EngineError(
                .value, "queries × heads × keys", expected: "a case of at most \(mostProducts) products",
                found: "\(queries) × \(heads) × \(keys)")
        }
    }

    /// A case of checked shapes.
    public init(q: Tensor, k: Tensor, kScale: Tensor, weights: Tensor, causalOffset: Int, topK: Int, isFloat8: Bool = false)
        throws(EngineError)
    {
        let (queries, heads) = (q.shape.lengths[0], q.shape.lengths[1])
        try Self.check(queries: queries, heads: heads, keys: k.shape.lengths[0])
        for (name, tensor, lengths) in [("input.k_scale", kScale, [k.shape.lengths[0]]), ("input.weights", weights, [queries, heads])] {
            guard tensor.shape.lengths == lengths else {
                throw EngineError(.shape, name, expected: "\(lengths)", found: "\(tensor.shape.lengths)")
            }
        }
        guard k.shape.lengths[1] == q.shape.lengths[2] else {
            throw EngineError(.shape, "input.k", expected: "\(q.shape.lengths[2]) features", found: "\(k.shape.lengths[1])")
        }
        guard topK > 0 else { throw EngineError(.value, "index_topk", expected: "at least 1", found: "\(topK)") }
        guard causalOffset >= 0 else { throw EngineError(.value, "causal_offset", expected: "at least 0", found: "\(causalOffset)") }
        for (name, tensor) in [("input.q", q), ("input.k", k), ("input.k_scale", kScale), ("input.weights", weights)] {
            if let bad = tensor.firstNonFiniteIndex {
                throw EngineError(.value, "\(name)\(bad)", expected: "a finite number", found: "\(tensor[bad])")
            }
        }
        self.q = q
        self.k = k
        self.kScale = kScale
        self.weights = weights
        self.causalOffset = causalOffset
        self.topK = topK
        self.isFloat8 = isFloat8
    }

    /// Which keys each query may see.
    public var visible: Mask { .causal(rows: q.shape.lengths[0], columns: k.shape.lengths[0], offset: causalOffset) }

    /// What the score of `key` for query `row` may be rounded by, but for a factor: the heads' |w|·ReLU(q·k), added up, times the scale; and where q and k
    /// are rounded too, the root of the squares that q·k is the sum of with each ReLU(q·k).
    func magnitude(_ row: Int, _ key: Int) -> Double {
        let (heads, d) = (q.shape.lengths[1], q.shape.lengths[2])
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

    /// The steps from inputs to selection: dot products and votes [t, j, s], scores [t, s] before the mask, the selection [t, k].
    public func trace() throws(EngineError) -> Trace {
        let (queries, keys) = (q.shape.lengths[0], k.shape.lengths[0])
        var recorder = Recorder(tokens: (0..<keys).map(String.init))
        recorder.labels = [.t: (0..<queries).map { "\(causalOffset + $0)" }, .s: (0..<keys).map(String.init)]
        let q = try recorder.input("input.q", "q^I", q, title: Bilingual(en: "Index queries", zh: "索引查询"))
        let k = try recorder.input("input.k", "k^I", k, title: Bilingual(en: "Index keys", zh: "索引键"))
        let scale = try recorder.input("input.k_scale", "σ^k", kScale, title: Bilingual(en: "Scale of each index key", zh: "每个索引键的缩放"))
        let w = try recorder.input(
            "input.weights", "w^I", weights,
            title: Bilingual(en: "How much each index head counts, every scale folded in", zh: "每个索引头的分量（已含各项缩放）"))
        let I = try LightningIndexer.scores(queries: q, keys: k, weights: w, scales: scale, visible: visible, on: &recorder)
        _ = try recorder.recordSelection(scores: I, topK: topK, visible: visible, denseWeights: nil)
        return recorder.trace
    }

    /// The scores [t, s] before the mask, and the selection [t, k].
    public func compute() throws(EngineError) -> (score: Tensor, selected: Tensor) {
        var trace = Recorder()
        func input(_ id: String, _ tensor: Tensor) throws(EngineError) -> Expression {
            try trace.input(StepID("input.\(id)"), id, tensor, title: Bilingual(same: id))
        }
        let (q, k, scale, w) = (try input("q", q), try input("k", k), try input("k_scale", kScale), try input("weights", weights))
        let score = try scale * sum(w * relu(dot(q, k)), over: .j)  // Report, Eq. 1, and the key's scale
        let recorded = try input("score", score.tensor.transposed(to: [.t, .s]))
        return (recorded.tensor, try Traces.topK(recorded, topK, visible: visible).tensor)
    }
}

extension ReferenceCase {
    /// The queries on which mistakes are recomputed, as the case says them; nil if it does not. Throws unless they are a few of its queries, ascending.
    func judgedRows(of count: Int) throws(FileError) -> [Int]? {
        guard config.has("judged_rows") else { return nil }
        let rows = try config.integers("judged_rows")
        let isAscending = zip(rows, rows.dropFirst()).allSatisfy(<)
        guard isAscending, rows.count <= IndexerRows.most, let first = rows.first, let last = rows.last, first >= 0, last < count else {
            throw config.failure("judged_rows", expected: "1 to \(IndexerRows.most) of \(count) queries, ascending")
        }
        return rows
    }

    /// Reads a case of kind `indexer`.
    public func indexer() throws(FileError) -> IndexerCase {
        guard kind == .indexer else { throw FileError(.badData, file.path, "kind: expected indexer, found \(kind.rawValue)") }
        try checkNothingIsUnknown()
        let shape = try file.info("input.q").shape
        guard shape.count == 3 else { throw FileError(.badData, file.path, "input.q: expected the shape [t, j, d], found \(shape)") }
        let keys = try file.info("input.k").shape.first ?? 0
        for (name, length) in [("queries", shape[0]), ("keys", keys), ("index_n_heads", shape[1]), ("index_head_dim", shape[2])]
        where config.has(name) {
            guard try config.integer(name) == length else { throw config.failure(name, expected: "\(length) as the tensors have") }
        }
        _ = try judgedRows(of: shape[0])
        let q = try file.tensor("input.q", axes: [.t, .j, .d])
        let k = try file.tensor("input.k", axes: [.s, .d])
        let scale = try file.tensor("input.k_scale", axes: [.s])
        let weights = try file.tensor("input.weights", axes: [.t, .j])
        let topK = try config.integer("index_topk", atLeast: 1)
        guard config.has("causal_offset") || k.shape.lengths[0] >= shape[0] else {
            throw FileError(
                .badData, file.path,
                "input.k: expected at least as many keys as queries, \(shape[0]), found \(k.shape.lengths[0]); or give config.causal_offset"
            )
        }
        let types = [try file.info("input.q").dataType, try file.info("input.k").dataType]
        let offset = try config.integer("causal_offset", atLeast: 0, default: k.shape.lengths[0] - shape[0])
        do throws(EngineError) {
            return try IndexerCase(
                q: q, k: k, kScale: scale, weights: weights, causalOffset: offset, topK: topK, isFloat8: types == [.f8E4M3, .f8E4M3])
        } catch { throw FileError(.badData, file.path, "\(error)") }
    }
}
