// Decode: one query at the end of a long context, one layer. Dense: absorbed MLA over every cached latent (MQA mode). Sparse (DSA): index scores
// of every position, top-k, the selected latents gathered, MLA over those. Projections are left out: they do not depend on the length.
// Sources: DeepSeek-V3.2-Exp report, Eq. 1; code `model.py` for the absorbed order of operations. Float32 throughout, no FP8.

public import Traces

/// The dimensions of one decoded token in one layer.
public struct DecodeDimensions: Hashable, Sendable {
    /// Query heads.
    public let heads: Int
    /// Features of the cached latent.
    public let latent: Int
    /// Rotated features of the cached key.
    public let rope: Int
    /// Index heads.
    public let indexHeads: Int
    /// Features of an index key.
    public let indexWidth: Int
    /// Keys kept.
    public let topK: Int
    /// What scores are multiplied with before softmax.
    public let softmaxScale: Float

    /// Checked: throws unless every count is from 1 to 2^20 and the scale is a positive number.
    public init(heads: Int, latent: Int, rope: Int, indexHeads: Int, indexWidth: Int, topK: Int, softmaxScale: Float) throws(EngineError) {
        let counts = [
            ("heads", heads), ("latent", latent), ("rope", rope), ("index heads", indexHeads), ("index width", indexWidth), ("top-k", topK),
        ]
        for (name, count) in counts where !(1...1 << 20).contains(count) {
            throw EngineError(.value, name, expected: "1 to \(1 << 20)", found: "\(count)")
        }
        guard softmaxScale > 0, softmaxScale.isFinite else {
            throw EngineError(.value, "softmax scale", expected: "a number above 0", found: "\(softmaxScale)")
        }
        self.heads = heads
        self.latent = latent
        self.rope = rope
        self.indexHeads = indexHeads
        self.indexWidth = indexWidth
        self.topK = topK
        self.softmaxScale = softmaxScale
    }

    private init() {
        (heads, latent, rope, indexHeads, indexWidth, topK) = (128, 512, 64, 64, 128, 2048)
        softmaxScale = 0.13523
    }

    /// One layer of DeepSeek-V3.2-Exp.
    public static let deepSeekV32 = DecodeDimensions()

    /// Features of a cached key.
    public var key: Int { latent + rope }
}

/// What one decoded token reads.
public struct DecodeInput: Sendable {
    /// Absorbed queries [heads, latent + rope].
    public let query: FloatBuffer
    /// Cached latents with rotated keys [length, latent + rope].
    public let cache: FloatBuffer
    /// Index queries [indexHeads, indexWidth].
    public let indexQuery: FloatBuffer
    /// Index keys [length, indexWidth].
    public let indexKeys: FloatBuffer
    /// Head weights [indexHeads]; they may be negative.
    public let indexWeights: FloatBuffer
    /// The index keys as the kernel's cache holds them: panels of `panel` positions, in each panel [indexWidth, panel], the last one filled up with 0.
    /// A matrix product reads them a third faster than rows, which it would have to turn round first.
    let indexPanels: FloatBuffer
    static let panel = 1024

    /// Given values, whose index keys are copied into panels here: later changes to them are not seen. `DecodeKernel` checks the counts.
    public init(query: FloatBuffer, cache: FloatBuffer, indexQuery: FloatBuffer, indexKeys: FloatBuffer, indexWeights: FloatBuffer) {
        indexPanels = Self.panels(indexKeys, width: indexWeights.count == 0 ? 0 : indexQuery.count / indexWeights.count)
        self.query = query
        self.cache = cache
        self.indexQuery = indexQuery
        self.indexKeys = indexKeys
        self.indexWeights = indexWeights
    }

    private static func panels(_ keys: FloatBuffer, width: Int) -> FloatBuffer {
        let length = width == 0 ? 0 : keys.count / width
        let count = (length + panel - 1) / panel
        let panels = FloatBuffer(count: count * width * panel)
        Threads.split(count, into: Threads.count) { _, range in
            for i in range {
                let source = keys.pointer + i * panel * width
                let target = panels.pointer + i * panel * width
                for s in 0..<min(panel, length - i * panel) {
                    for d in 0..<width { target[d * panel + s] = source[s * width + d] }
                }
            }
        }
        return panels
    }

    /// Seeded numbers for `length` positions: seeds 1 to 5 in the order of the fields.
    public static func seeded(_ dimensions: DecodeDimensions, length: Int) -> DecodeInput {
        DecodeInput(
            query: .seeded(1, count: dimensions.heads * dimensions.key), cache: .seeded(2, count: length * dimensions.key),
            indexQuery: .seeded(3, count: dimensions.indexHeads * dimensions.indexWidth),
            indexKeys: .seeded(4, count: length * dimensions.indexWidth), indexWeights: .seeded(5, count: dimensions.indexHeads))
    }
}

/// One decoded token's attention, dense and sparse.
public final class DecodeKernel {
    /// The dimensions.
    public let dimensions: DecodeDimensions
    /// Positions that may be attended to.
    public let capacity: Int

    static let block = 512
    /// Scores of one block of positions, of attention or of the indexer, whichever is larger: a tile that stays in the second-level cache.
    static func scratch(_ d: DecodeDimensions) -> Int { max(d.heads * block, d.indexHeads * DecodeInput.panel) }
    private let states: [OnlineSoftmaxState]
    private let scratch: [FloatBuffer]
    private let indexScores: FloatBuffer
    private let gathered: FloatBuffer

    /// Working memory for up to `capacity` positions. Throws unless that is 1 to 2^31 - 1.
    public init(_ dimensions: DecodeDimensions, capacity: Int) throws(EngineError) {
        guard (1...Int(Int32.max)).contains(capacity) else {
            throw EngineError(.value, "length", expected: "1 to \(Int32.max)", found: "\(capacity)")
        }
        _ = BLAS.isPrepared
        self.dimensions = dimensions
        self.capacity = capacity
        states = (0..<Threads.count).map { _ in OnlineSoftmaxState(rows: dimensions.heads, width: dimensions.latent) }
        scratch = (0..<Threads.count).map { _ in FloatBuffer(count: Self.scratch(dimensions)) }
        indexScores = FloatBuffer(count: capacity)
        gathered = FloatBuffer(count: min(dimensions.topK, capacity) * dimensions.key)
    }

    /// Weighted latents [heads, latent] of the first `length` positions, every one attended to. Throws on a NaN.
    public func dense(_ input: DecodeInput, length: Int) throws(EngineError) -> [Float] {
        try check(input, length)
        return try attend(input.query, input.cache, length)
    }

    /// Index scores [length] of the first `length` positions: Σ_j w_j ReLU(q_j · k_s).
    public func scores(_ input: DecodeInput, length: Int) throws(EngineError) -> [Float] {
        try check(input, length)
        computeScores(input, length)
        return Array(UnsafeBufferPointer(start: indexScores.pointer, count: length))
    }

    /// Indexer, top-k and attention over the selected positions: weighted latents [heads, latent], and the positions, ascending. Throws on a NaN.
    public func sparse(_ input: DecodeInput, length: Int) throws(EngineError) -> (output: [Float], selected: [Int32]) {
        try check(input, length)
        computeScores(input, length)
        let selected = try TopK.positions(of: UnsafeBufferPointer(start: indexScores.pointer, count: length), k: dimensions.topK)
        let (width, gathered) = (dimensions.key, gathered)
        Threads.split(selected.count, into: Threads.count) { _, rows in
            for row in rows {
                (gathered.pointer + row * width).update(from: input.cache.pointer + Int(selected[row]) * width, count: width)
            }
        }
        return (try attend(input.query, gathered, selected.count), selected)
    }

    private func computeScores(_ input: DecodeInput, _ length: Int) {
        let (heads, width, scores, scratch, panel) = (
            dimensions.indexHeads, dimensions.indexWidth, indexScores, scratch, DecodeInput.panel
        )
        Threads.split(length, into: Threads.count) { part, range in
            let products = scratch[part].pointer
            var start = range.lowerBound
            while start < range.upperBound {
                let column = start % panel
                let n = min(panel - column, range.upperBound - start)
                BLAS.multiply(
                    m: heads, n: n, k: width, input.indexQuery.pointer, width,
                    input.indexPanels.pointer + (start - column) * width + column, panel, transposed: false, into: products, panel)
                VectorMath.sumRectified(
                    products, stride: panel, heads: heads, weights: input.indexWeights.pointer, into: scores.pointer + start, n)
                start += n
            }
        }
    }

    private func attend(_ query: FloatBuffer, _ cache: FloatBuffer, _ length: Int) throws(EngineError) -> [Float] {
        let (d, scratch) = (dimensions, scratch)
        nonisolated(unsafe) let states = states  // one state a part, touched by that part alone
        Threads.split(length, into: Threads.count) { part, range in
            let scores = scratch[part].pointer
            let state = states[part]
            state.reset()
            for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.block) {
                let n = min(Self.block, range.upperBound - start)
                let keys = cache.pointer + start * d.key
                BLAS.multiply(m: d.heads, n: n, k: d.key, query.pointer, d.key, keys, d.key, transposed: true, into: scores, Self.block)
                state.absorb(scores, keys: n, stride: Self.block, scale: d.softmaxScale)
                BLAS.multiply(
                    m: d.heads, n: d.latent, k: n, scores, Self.block, keys, d.key, transposed: false, adding: true,
                    into: state.output.pointer, d.latent)
            }
        }
        let result = FloatBuffer(count: d.heads * d.latent)
        states[0].finish(with: Array(states.dropFirst()), into: result.pointer)
        let output = result.array
        if let bad = output.firstIndex(where: { !$0.isFinite }) {
            throw EngineError(.value, "output[\(bad / d.latent),\(bad % d.latent)]", expected: "a finite number", found: "\(output[bad])")
        }
        return output
    }

    private func check(_ input: DecodeInput, _ length: Int) throws(EngineError) {
        guard (1...capacity).contains(length) else { throw EngineError(.value, "length", expected: "1 to \(capacity)", found: "\(length)") }
        let counts = [
            ("query", input.query.count, dimensions.heads * dimensions.key),
            ("index query", input.indexQuery.count, dimensions.indexHeads * dimensions.indexWidth),
            ("index weights", input.indexWeights.count, dimensions.indexHeads),
        ]
        for (name, found, expected) in counts where found != expected {
            throw EngineError(.shape, name, expected: "\(expected) values", found: "\(found)")
        }
        for (name, found, least) in [
            ("cache", input.cache.count, length * dimensions.key), ("index keys", input.indexKeys.count, length * dimensions.indexWidth),
        ]
        where found < least {
            throw EngineError(.shape, name, expected: "\(least) values or more", found: "\(found)")
        }
    }
}
