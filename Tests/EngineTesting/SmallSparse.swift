// A sparse attention small enough to test cell by cell, its weights seeded noise.

package import Mechanisms
package import Traces

/// A sparse attention over made-up weights; every size can be chosen.
package struct SmallSparse: Sendable {
    package var heads = 3
    package var indexHeads = 2
    package var indexDimension = 8
    package var rope = 4
    package var nope = 6
    package var value = 5
    package var topK = 4
    package var float8: ScaleFormat? = .powerOfTwo
    package var hadamard = true
    package var layout: RotaryLayout? = .half
    package let width = 10

    package init(
        heads: Int = 3, indexHeads: Int = 2, indexDimension: Int = 8, rope: Int = 4, topK: Int = 4, float8: ScaleFormat? = .powerOfTwo,
        hadamard: Bool = true
    ) {
        (self.heads, self.indexHeads, self.indexDimension, self.rope, self.topK) = (heads, indexHeads, indexDimension, rope, topK)
        (self.float8, self.hadamard) = (float8, hadamard)
    }

    package func make() throws -> SparseAttention {
        var noise = Noise(seed: 9)
        func weight(_ name: String, _ lengths: [Int]) -> NamedTensor {
            NamedTensor(name, noise.tensor([.o, .c].suffix(lengths.count), lengths))
        }
        let d = LatentAttention.Dimensions(
            model: width, heads: heads, queryLatent: 7, keyValueLatent: 8, nope: nope, rope: rope, value: value)
        let frequencies = try RotaryFrequencies.plain(dimension: rope, theta: 100)
        let attention = try LatentAttention(
            dimensions: d,
            weights: .init(
                queryDown: weight("wq_a", [7, width]), queryNorm: weight("q_norm", [7]),
                queryUp: weight("wq_b", [heads * (nope + rope), 7]),
                keyValueDown: weight("wkv_a", [8 + rope, width]), keyValueNorm: weight("kv_norm", [8]),
                keyValueUp: weight("wkv_b", [heads * (nope + value), 8]), output: weight("wo", [width, heads * value])),
            softmaxScale: Constant(1 / Double(nope + rope).squareRoot()), frequencies: frequencies, epsilon: 1e-6,
            latentFloat8: float8.map { ($0, 4) })
        let indexer = try LightningIndexer(
            heads: indexHeads, dimension: indexDimension, topK: topK, query: weight("indexer.wq_b", [indexHeads * indexDimension, 7]),
            key: weight("indexer.wk", [indexDimension, width]), headWeights: weight("indexer.weights_proj", [indexHeads, width]),
            keyNorm: .init(
                weight: weight("indexer.k_norm.weight", [indexDimension]), bias: weight("indexer.k_norm.bias", [indexDimension]),
                epsilon: 1e-6),
            rotary: layout.map { .init(layout: $0, frequencies: frequencies) }, hadamard: hadamard, float8: float8, scalesWeights: true)
        return SparseAttention(attention: attention, indexer: indexer)
    }

    package func tokens(_ count: Int) -> Tensor {
        var noise = Noise(seed: 10)
        return noise.tensor([.t, .c], [count, width])
    }

    /// Runs `sparse` over the tokens in chunks of the given lengths.
    package func run(
        _ sparse: SparseAttention, _ x: Tensor, chunks: [Int], form: LatentAttention.Form, paths: [SparseAttention.Path] = [.masked]
    ) throws -> Trace {
        var recorder = Recorder()
        var cache: SparseAttention.Cache?
        var start = 0
        for (i, length) in chunks.enumerated() {
            let part = Tensor([.t, .c], [length, width], Array(x.values[start * width..<(start + length) * width]))
            let tokens = try recorder.input(StepID("input.x\(i)"), "x", part, title: Bilingual(same: "x"))
            cache = try recorder.within(.named("p\(i)")) { [cache] recorder throws(EngineError) in
                try sparse.record(tokens, cache: cache, form: form, paths: paths, on: &recorder).cache
            }
            start += length
        }
        return recorder.trace
    }
}
