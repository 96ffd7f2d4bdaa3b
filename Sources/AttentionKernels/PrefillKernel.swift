// Causal prefill of a whole sequence in one layer: dense over every earlier key, and sparse over the top-k that the indexer selects. Queries go in
// tiles, keys in blocks, so that memory stays bounded by a tile's scores. Keys and values share one latent as in MLA's MQA mode.

public import Traces

/// What a prefill reads, each row one position.
public struct PrefillInput: Sendable {
    /// Queries [length, heads, latent + rope].
    public let query: FloatBuffer
    /// Latents with rotated keys [length, latent + rope].
    public let cache: FloatBuffer
    /// Index queries [length, indexHeads, indexWidth].
    public let indexQuery: FloatBuffer
    /// Index keys [length, indexWidth].
    public let indexKeys: FloatBuffer
    /// Head weights [length, indexHeads].
    public let indexWeights: FloatBuffer

    /// Seeded numbers for `length` positions: seeds 11 to 15 in the order of the fields.
    public static func seeded(_ d: DecodeDimensions, length: Int) -> PrefillInput {
        PrefillInput(
            query: .seeded(11, count: length * d.heads * d.key), cache: .seeded(12, count: length * d.key),
            indexQuery: .seeded(13, count: length * d.indexHeads * d.indexWidth), indexKeys: .seeded(14, count: length * d.indexWidth),
            indexWeights: .seeded(15, count: length * d.indexHeads))
    }
}

/// Causal attention of a sequence, dense and sparse.
public struct PrefillKernel: Sendable {
    /// The dimensions.
    public let dimensions: DecodeDimensions
    static let tile = 32
    static let block = 256

    /// The width at which prefill is timed: 16 heads over latents of 64 + 16, 4 index heads of 32, top-256.
    public static let timedDimensions: DecodeDimensions = {
        do {
            return try DecodeDimensions(heads: 16, latent: 64, rope: 16, indexHeads: 4, indexWidth: 32, topK: 256, softmaxScale: 0.11)
        } catch { preconditionFailure("\(error)") }
    }()

    /// A kernel of these dimensions.
    public init(_ dimensions: DecodeDimensions) {
        _ = BLAS.isPrepared
        self.dimensions = dimensions
    }

    /// Weighted latents [length, heads, latent], every earlier key attended to. Throws on a NaN or for inputs that are too short.
    public func dense(_ input: PrefillInput, length: Int) throws(EngineError) -> [Float] {
        try check(input, length)
        let d = dimensions
        let result = FloatBuffer(count: length * d.heads * d.latent)
        onTiles(length) { tiles in
            let state = OnlineSoftmaxState(rows: Self.tile * d.heads, width: d.latent)
            let scores = FloatBuffer(count: Self.tile * d.heads * Self.block)
            for tile in tiles {
                state.reset()
                let rows = tile.count * d.heads
                let query = input.query.pointer + tile.lowerBound * d.heads * d.key
                for start in stride(from: 0, to: tile.upperBound, by: Self.block) {
                    let n = min(Self.block, tile.upperBound - start)
                    let keys = input.cache.pointer + start * d.key
                    BLAS.multiply(m: rows, n: n, k: d.key, query, d.key, keys, d.key, transposed: true, into: scores.pointer, Self.block)
                    for t in tile where t + 1 < start + n {
                        for h in 0..<d.heads {
                            let line = scores.pointer + ((t - tile.lowerBound) * d.heads + h) * Self.block
                            for s in max(0, t + 1 - start)..<n { line[s] = -.infinity }
                        }
                    }
                    state.absorb(scores.pointer, keys: n, stride: Self.block, scale: d.softmaxScale, rows: rows)
                    BLAS.multiply(
                        m: rows, n: d.latent, k: n, scores.pointer, Self.block, keys, d.key, transposed: false, adding: true,
                        into: state.output.pointer, d.latent)
                }
                state.finish(with: [], into: result.pointer + tile.lowerBound * d.heads * d.latent, rows: rows)
            }
        }
        return try finite(result)
    }

    /// Indexer, top-k and attention over the selected keys for every query: weighted latents [length, heads, latent], and the selections.
    public func sparse(_ input: PrefillInput, length: Int) throws(EngineError) -> (output: [Float], selected: [[Int32]]) {
        try check(input, length)
        let d = dimensions
        let result = FloatBuffer(count: length * d.heads * d.latent)
        let selections = Selections(count: length)
        onTiles(length) { tiles in
            let work = SparseTile(d, length: length)
            for tile in tiles {
                work.score(input, tile)
                for t in tile {
                    let scores = UnsafeBufferPointer(start: work.scores.pointer + (t - tile.lowerBound) * length, count: t + 1)
                    // A NaN leaves the selection empty, which is seen below.
                    guard let selected = try? TopK.positions(of: scores, k: d.topK) else { continue }
                    selections.pointer[t] = selected
                    work.attend(input, t, selected, into: result.pointer + t * d.heads * d.latent)
                }
            }
        }
        if let bad = (0..<length).first(where: { selections.pointer[$0].isEmpty }) {
            throw EngineError(.value, "index scores of query \(bad)", expected: "numbers", found: "NaN")
        }
        return (try finite(result), Array(UnsafeBufferPointer(start: selections.pointer, count: length)))
    }

    /// Tiles are dealt out in turn, so that each core gets as many long rows as short ones.
    private func onTiles(_ length: Int, _ body: @Sendable ([Range<Int>]) -> Void) {
        let tiles = stride(from: 0, to: length, by: Self.tile).map { $0..<min($0 + Self.tile, length) }
        let parts = min(Threads.count, tiles.count)
        Threads.split(parts, into: parts) { part, _ in body(stride(from: part, to: tiles.count, by: parts).map { tiles[$0] }) }
    }

    private func finite(_ result: FloatBuffer) throws(EngineError) -> [Float] {
        let output = result.array
        if let bad = output.firstIndex(where: { !$0.isFinite }) {
            throw EngineError(.value, "output[\(bad)]", expected: "a finite number", found: "\(output[bad])")
        }
        return output
    }

    private func check(_ input: PrefillInput, _ length: Int) throws(EngineError) {
        guard length > 0, length <= 1 << 24 else { throw EngineError(.value, "length", expected: "1 to \(1 << 24)", found: "\(length)") }
        let d = dimensions
        let counts = [
            ("query", input.query.count, d.heads * d.key), ("cache", input.cache.count, d.key),
            ("index query", input.indexQuery.count, d.indexHeads * d.indexWidth),
            ("index keys", input.indexKeys.count, d.indexWidth), ("index weights", input.indexWeights.count, d.indexHeads),
        ]
        for (name, found, width) in counts where found < length * width {
            throw EngineError(.shape, name, expected: "\(length * width) values or more", found: "\(found)")
        }
    }
}

/// One selection a query, written by the thread that owns the query.
private final class Selections: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<[Int32]>
    let count: Int

    init(count: Int) {
        self.count = count
        pointer = .allocate(capacity: count)
        pointer.initialize(repeating: [], count: count)
    }

    deinit {
        pointer.deinitialize(count: count)
        pointer.deallocate()
    }
}

/// Working memory of one thread in sparse prefill.
private final class SparseTile {
    private let d: DecodeDimensions
    private let length: Int
    private let products, gathered, weights: FloatBuffer
    private let state: OnlineSoftmaxState
    /// Index scores [tile, length].
    let scores: FloatBuffer

    init(_ d: DecodeDimensions, length: Int) {
        self.d = d
        self.length = length
        products = FloatBuffer(count: PrefillKernel.tile * d.indexHeads * PrefillKernel.block)
        scores = FloatBuffer(count: PrefillKernel.tile * length)
        let kept = min(d.topK, length)
        gathered = FloatBuffer(count: kept * d.key)
        weights = FloatBuffer(count: d.heads * kept)
        state = OnlineSoftmaxState(rows: d.heads, width: d.latent)
    }

    func score(_ input: PrefillInput, _ tile: Range<Int>) {
        let block = PrefillKernel.block
        for start in stride(from: 0, to: tile.upperBound, by: block) {
            let n = min(block, tile.upperBound - start)
            BLAS.multiply(
                m: tile.count * d.indexHeads, n: n, k: d.indexWidth,
                input.indexQuery.pointer + tile.lowerBound * d.indexHeads * d.indexWidth,
                d.indexWidth, input.indexKeys.pointer + start * d.indexWidth, d.indexWidth, transposed: true, into: products.pointer, block)
            for t in tile {
                let row = t - tile.lowerBound
                VectorMath.sumRectified(
                    products.pointer + row * d.indexHeads * block, stride: block, heads: d.indexHeads,
                    weights: input.indexWeights.pointer + t * d.indexHeads, into: scores.pointer + row * length + start, n)
            }
        }
    }

    func attend(_ input: PrefillInput, _ t: Int, _ selected: [Int32], into result: UnsafeMutablePointer<Float>) {
        for (row, s) in selected.enumerated() {
            (gathered.pointer + row * d.key).update(from: input.cache.pointer + Int(s) * d.key, count: d.key)
        }
        let n = selected.count
        state.reset()
        BLAS.multiply(
            m: d.heads, n: n, k: d.key, input.query.pointer + t * d.heads * d.key, d.key, gathered.pointer, d.key, transposed: true,
            into: weights.pointer, n)
        state.absorb(weights.pointer, keys: n, stride: n, scale: d.softmaxScale)
        BLAS.multiply(
            m: d.heads, n: d.latent, k: n, weights.pointer, n, gathered.pointer, d.key, transposed: false, adding: true,
            into: state.output.pointer,
            d.latent)
        state.finish(with: [], into: result)
    }
}
