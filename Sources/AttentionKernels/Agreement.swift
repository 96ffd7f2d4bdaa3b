// The kernels' results against the same equations in Double, term by term in one fixed order. At long lengths one head in 64 is compared (all index
// scores always are), because Double without a BLAS is slow; a prefill is compared at its first, middle and last query.

internal import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How well Float32 agrees with Double.
public struct Agreement: Hashable, Sendable {
    /// Largest difference of the dense output, over the largest magnitude.
    public var dense = 0.0
    /// The same of the sparse output, over the kernel's own selection.
    public var sparse = 0.0
    /// Selected positions that Double would not select.
    public var selectionDifferences = 0
    /// Of these, the ones whose score lies further from the cut than Float32 resolves.
    public var unresolvedDifferences = 0

    /// One query's data, as pointers into a larger input.
    struct Query {
        let d: DecodeDimensions
        let query, cache, indexQuery, indexKeys, indexWeights: UnsafePointer<Float>
        let length: Int

        /// Σ_j w_j ReLU(q_j · k_s), and Σ_j |w_j| Σ|q_j k_s|: what its rounding error is measured by.
        func score(_ s: Int) -> (value: Double, magnitude: Double) {
            var (value, magnitude) = (0.0, 0.0)
            for j in 0..<d.indexHeads {
                var (dot, size) = (0.0, 0.0)
                for i in 0..<d.indexWidth {
                    let term = Double(indexQuery[j * d.indexWidth + i]) * Double(indexKeys[s * d.indexWidth + i])
                    dot += term
                    size += abs(term)
                }
                let weight = Double(indexWeights[j])
                value += weight * max(dot, 0)
                magnitude += abs(weight) * size
            }
            return (value, magnitude)
        }

        /// Weighted latents [latent] of one head over the given positions.
        func attend(_ head: Int, _ positions: some Collection<Int>) -> [Double] {
            let scores = positions.map { s in
                (0..<d.key).reduce(0.0) { $0 + Double(query[head * d.key + $1]) * Double(cache[s * d.key + $1]) } * Double(d.softmaxScale)
            }
            let largest = scores.max() ?? 0
            var output = [Double](repeating: 0, count: d.latent)
            var total = 0.0
            for (s, score) in zip(positions, scores) {
                let weight = exp(score - largest)
                total += weight
                for i in 0..<d.latent { output[i] += weight * Double(cache[s * d.key + i]) }
            }
            return output.map { $0 / total }
        }
    }

    static func of(_ kernel: DecodeKernel, _ input: DecodeInput, length: Int) throws(EngineError) -> Agreement {
        let query = Query(
            d: kernel.dimensions, query: input.query.pointer, cache: input.cache.pointer, indexQuery: input.indexQuery.pointer,
            indexKeys: input.indexKeys.pointer, indexWeights: input.indexWeights.pointer, length: length)
        let sparse = try kernel.sparse(input, length: length)
        var agreement = Agreement()
        agreement.compare(query, dense: try kernel.dense(input, length: length), sparse: sparse.output, selected: sparse.selected)
        return agreement
    }

    static func of(_ kernel: PrefillKernel, _ input: PrefillInput, length: Int) throws(EngineError) -> Agreement {
        let d = kernel.dimensions
        let dense = try kernel.dense(input, length: length)
        let sparse = try kernel.sparse(input, length: length)
        var agreement = Agreement()
        for t in Set([0, length / 2, length - 1]) {
            let query = Query(
                d: d, query: input.query.pointer + t * d.heads * d.key, cache: input.cache.pointer,
                indexQuery: input.indexQuery.pointer + t * d.indexHeads * d.indexWidth, indexKeys: input.indexKeys.pointer,
                indexWeights: input.indexWeights.pointer + t * d.indexHeads, length: t + 1)
            let range = t * d.heads * d.latent..<(t + 1) * d.heads * d.latent
            agreement.compare(query, dense: Array(dense[range]), sparse: Array(sparse.output[range]), selected: sparse.selected[t])
        }
        return agreement
    }

    private mutating func compare(_ query: Query, dense: [Float], sparse: [Float], selected: [Int32]) {
        let d = query.d
        let positions = selected.map { Int($0) }
        for head in stride(from: 0, to: d.heads, by: query.length > 4096 ? 64 : max(1, d.heads / 4)) {
            let range = head * d.latent..<(head + 1) * d.latent
            self.dense = max(self.dense, Self.difference(dense[range], query.attend(head, 0..<query.length)))
            self.sparse = max(self.sparse, Self.difference(sparse[range], query.attend(head, positions)))
        }
        guard query.length > d.topK else { return }
        let scores = (0..<query.length).map(query.score)
        let order = (0..<query.length).sorted { (-scores[$0].value, $0) < (-scores[$1].value, $1) }
        let expected = Set(order.prefix(d.topK))
        let cut = scores[order[d.topK - 1]].value
        for s in positions where !expected.contains(s) {
            selectionDifferences += 1
            // Sums of n terms in Float32 err by about √n units in the last place of what was summed; both sides of the cut do.
            let resolution = 2 * Double(Float.ulpOfOne) * scores[s].magnitude
            if abs(scores[s].value - cut) > resolution { unresolvedDifferences += 1 }
        }
    }

    private static func difference(_ found: ArraySlice<Float>, _ expected: [Double]) -> Double {
        let largest = expected.reduce(0) { max($0, abs($1)) }
        let error = zip(found, expected).reduce(0.0) { max($0, abs(Double($1.0) - $1.1)) }
        return largest == 0 ? error : error / largest
    }
}
