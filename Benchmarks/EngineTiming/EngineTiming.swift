// The Swift side of engine_vs_pytorch.py: one tiny layer of DeepSeek Sparse Attention over seeded weights. For each number of tokens that it reads
// it records one pass, every step and no dense attention beside, and answers with milliseconds on the processor, a weighted sum of the output (so that both sides
// can be seen to compute the same), steps recorded, megabytes of their values, and queries whose selection a tie decided.
// Arguments: dim n_heads q_lora_rank kv_lora_rank qk_nope_head_dim qk_rope_head_dim v_head_dim index_n_heads index_head_dim index_topk.

import Mechanisms
import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@main
struct EngineTiming {
    static func main() throws {
        let sizes = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        guard sizes.count == 10 else {
            print("usage: EngineTiming SIZE×10, then a number of tokens a line")
            return
        }
        let layer = try layer(sizes)
        while let line = readLine() {
            guard let tokens = Int(line), tokens > 0 else { continue }
            let x = seeded(100, [.t, .c], [tokens, sizes[0]], scale: 1)
            let start = processorMilliseconds
            var recorder = Recorder()
            let input = try recorder.input("input.x", "h", x, title: Bilingual(en: "Token vectors", zh: "词元向量"))
            _ = try layer.record(input, form: .expanded, on: &recorder)
            let time = processorMilliseconds - start
            let trace = recorder.trace
            let output = try trace.step("output").output.values
            // Weights that differ from place to place: outputs in another order would not have the same sum.
            let sum = output.enumerated().reduce(0.0) { $0 + abs($1.element) * Double($1.offset % 97 + 1) }
            let values = trace.steps.reduce(0) { $0 + $1.output.values.count }
            var ties = 0
            if case .integers(let rows) = try trace.step("selected").facts["rowsDecidedByTie"] { ties = rows.count }
            print("\(time) \(sum) \(trace.steps.count) \(Double(values) * 8 / 1e6) \(ties)")
            fflush(nil)
        }
    }

    /// The time that this thread has had on a processor: what other programs do meanwhile does not count.
    private static var processorMilliseconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }

    /// The layer: MLA and its indexer as transformers' DeepseekV32Attention has them (no Hadamard rotation, no FP8), weights seeded by their number.
    private static func layer(_ sizes: [Int]) throws -> SparseAttention {
        let d = LatentAttention.Dimensions(
            model: sizes[0], heads: sizes[1], queryLatent: sizes[2], keyValueLatent: sizes[3], nope: sizes[4], rope: sizes[5],
            value: sizes[6])
        let (indexHeads, indexDimension) = (sizes[7], sizes[8])
        func matrix(_ seed: Int, _ name: String, _ rows: Int, _ columns: Int) -> NamedTensor {
            NamedTensor(name, seeded(seed, [.o, .c], [rows, columns], scale: 1 / Double(columns).squareRoot()))
        }
        func constant(_ name: String, _ count: Int, _ value: Double) -> NamedTensor {
            NamedTensor(name, Tensor([.o], [count], [Double](repeating: value, count: count)))
        }
        let frequencies = try RotaryFrequencies.plain(dimension: d.rope, theta: 10000)
        let attention = try LatentAttention(
            dimensions: d,
            weights: .init(
                queryDown: matrix(1, "wq_a", d.queryLatent, d.model), queryNorm: constant("q_norm", d.queryLatent, 1),
                queryUp: matrix(2, "wq_b", d.heads * (d.nope + d.rope), d.queryLatent),
                keyValueDown: matrix(3, "wkv_a", d.keyValueLatent + d.rope, d.model),
                keyValueNorm: constant("kv_norm", d.keyValueLatent, 1),
                keyValueUp: matrix(4, "wkv_b", d.heads * (d.nope + d.value), d.keyValueLatent),
                output: matrix(5, "wo", d.model, d.heads * d.value)),
            softmaxScale: Constant(1 / Double(d.nope + d.rope).squareRoot()), frequencies: frequencies, epsilon: 1e-6)
        let indexer = try LightningIndexer(
            heads: indexHeads, dimension: indexDimension, topK: sizes[9],
            query: matrix(6, "indexer.wq_b", indexHeads * indexDimension, d.queryLatent),
            key: matrix(7, "indexer.wk", indexDimension, d.model), headWeights: matrix(8, "indexer.weights_proj", indexHeads, d.model),
            keyNorm: .init(
                weight: constant("indexer.k_norm.weight", indexDimension, 1), bias: constant("indexer.k_norm.bias", indexDimension, 0),
                epsilon: 1e-6),
            rotary: .init(layout: .half, frequencies: frequencies), scalesWeights: true)
        var sparse = SparseAttention(attention: attention, indexer: indexer)
        sparse.comparesWithDense = false
        return sparse
    }

    /// Uniform in ±√3 · scale, so that the variance is scale²: number i is the first of SplitMix64 seeded with seed · 2^32 + i. engine_vs_pytorch.py
    /// makes the same.
    private static func seeded(_ seed: Int, _ axes: [Axis], _ lengths: [Int], scale: Double) -> Tensor {
        let values = (0..<lengths.reduce(1, *)).map { i in
            (2 * SplitMix64.uniform(UInt64(seed) << 32 | UInt64(i)) - 1) * (3.0.squareRoot() * scale)
        }
        return Tensor(axes, lengths, values)
    }
}
