// A case of kind `deepseek-sparse-attention`: DeepSeek's argument names and weight names, and the passes that it runs (prefill, then one token at a
// time). Left out: where settings and tensors are read from, and the values that a file expects.

public import Traces

/// DeepSeek Sparse Attention with weights and inputs of its own.
public struct SparseCase: Sendable {
    /// The mechanism with the case's weights.
    public var mechanism: SparseAttention
    /// All tokens [t, c], prefill first.
    public let x: Tensor
    /// The passes in order, with their numbers of tokens.
    public let passes: [(pass: Pass, length: Int)]

    /// What such a case consists of.
    package static let parts = CaseParts(
        "deepseek-sparse-attention",
        settings: [
            "max_seq_len", "dim", "n_heads", "q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim",
            "original_seq_len", "index_n_heads", "index_head_dim", "index_topk", "rope_theta", "rope_factor", "beta_fast", "beta_slow",
            "mscale",
            "prefill_length", "decode_length", "indexer_rope", "indexer_fp8", "kv_fp8", "quant_block", "quant_scale", "norm_eps",
            "q_norm_eps", "kv_norm_eps", "index_k_norm_eps",
        ],
        tensors: [
            "input.x", "weight.wq_a.weight", "weight.q_norm.weight", "weight.wq_b.weight", "weight.wkv_a.weight", "weight.kv_norm.weight",
            "weight.wkv_b.weight", "weight.wo.weight", "weight.indexer.wq_b.weight", "weight.indexer.wk.weight",
            "weight.indexer.weights_proj.weight", "weight.indexer.k_norm.weight", "weight.indexer.k_norm.bias",
        ])

    /// The case of these settings and tensors; throws if one is missing, does not fit, or is not known.
    package init(_ config: Settings, _ tensors: some CaseTensors) throws(FileError) {
        try Self.parts.check(config, tensors)
        let reader = SparseCaseReader(config: config, tensors: tensors)
        (mechanism, x, passes) = try reader.read()
    }

    /// Records all passes: prefill expanded (the code's MHA mode), decoding absorbed (its MQA mode), dense attention beside each.
    public func trace(paths: [SparseAttention.Path] = [.masked], switches: [Switch] = []) throws(EngineError) -> Trace {
        let mechanism = try mechanism.switching(switches)
        let count = x.shape.lengths[0]
        var recorder = Recorder(tokens: (0..<count).map { String($0) }, switches: switches.map { $0.description })
        let all = try recorder.input("input.x", "h", x, title: Bilingual(en: "Token vectors", zh: "词元向量"))
        var cache: SparseAttention.Cache?
        var start = 0
        for (pass, length) in passes {
            // Later passes count their rows from 0 again; their names are positions in the text.
            if start > 0 {
                let names = (start..<start + length).map { String($0) }
                recorder.labels = [.t: names, .s: names]
            }
            let part = try all.slicing(.t, start..<start + length)
            let form: LatentAttention.Form = start == 0 ? .expanded : .absorbed
            cache = try recorder.within(.pass(pass)) { [cache] recorder throws(EngineError) in
                try mechanism.record(part, cache: cache, form: form, paths: paths, on: &recorder).cache
            }
            start += length
        }
        return recorder.trace
    }
}

/// Reads a mechanism and its inputs.
private struct SparseCaseReader<Tensors: CaseTensors> {
    let config: Settings
    let tensors: Tensors

    func read() throws(FileError) -> (SparseAttention, Tensor, [(pass: Pass, length: Int)]) {
        let passes = try passes()
        let d = try dimensions()
        let length = passes.reduce(0) { $0 + $1.length }
        try CaseParts.checkScores(heads: max(d.heads, size("index_n_heads")), length: length, file: tensors.path)
        // Before a table of the rotation is made, the weights must have its features.
        let rows = try tensors.lengths("weight.wkv_a.weight")
        guard rows == [d.keyValueLatent + d.rope, d.model] else {
            throw FileError(.badData, tensors.path, "weight.wkv_a.weight: expected \([d.keyValueLatent + d.rope, d.model]), found \(rows)")
        }
        let rotary = try rotary(dimension: d.rope)
        let mechanism = SparseAttention(attention: try latentAttention(d, rotary), indexer: try lightningIndexer(d, rotary.frequencies))
        return (mechanism, try tensors.tensor("input.x", Shape([(.t, length), (.c, d.model)])), passes)
    }

    private func passes() throws(FileError) -> [(pass: Pass, length: Int)] {
        let prefill = try size("prefill_length")
        let decode = try config.integer("decode_length", atLeast: 0)
        let rows = try tensors.lengths("input.x").first ?? 0
        guard prefill + decode == rows else {
            throw config.failure("prefill_length", expected: "with decode_length \(decode) the \(rows) rows of input.x")
        }
        guard try size("max_seq_len") >= rows else {
            throw config.failure("max_seq_len", expected: "at least \(rows), the tokens of this case")
        }
        return [(.prefill, prefill)] + (0..<decode).map { (.decode($0), 1) }
    }

    private func dimensions() throws(FileError) -> LatentAttention.Dimensions {
        LatentAttention.Dimensions(
            model: try size("dim"), heads: try size("n_heads"), queryLatent: try size("q_lora_rank"),
            keyValueLatent: try size("kv_lora_rank"),
            nope: try size("qk_nope_head_dim"), rope: try size("qk_rope_head_dim"), value: try size("v_head_dim"))
    }

    private struct Rotary {
        let frequencies: [Double]
        /// The factor that YaRN puts on the softmax scale, squared there.
        let magnitude: Double
    }

    /// YaRN applies when the cache is longer than the length trained on.
    private func rotary(dimension: Int) throws(FileError) -> Rotary {
        let theta = try config.number("rope_theta")
        let original = try size("original_seq_len")
        guard try size("max_seq_len") > original else {
            return Rotary(
                frequencies: try checked { () throws(EngineError) in try RotaryFrequencies.plain(dimension: dimension, theta: theta) },
                magnitude: 1)
        }
        let yarn = RotaryFrequencies.YaRN(
            factor: try config.number("rope_factor"), betaFast: try config.number("beta_fast"), betaSlow: try config.number("beta_slow"),
            originalLength: original)
        let frequencies = try checked { () throws(EngineError) in try RotaryFrequencies.yarn(dimension: dimension, theta: theta, yarn) }
        return Rotary(frequencies: frequencies, magnitude: yarn.magnitude(mscale: try config.number("mscale", default: 1)))
    }

    private func latentAttention(_ d: LatentAttention.Dimensions, _ rotary: Rotary) throws(FileError) -> LatentAttention {
        let weights = LatentAttention.Weights(
            queryDown: try weight("wq_a.weight", [d.queryLatent, d.model]), queryNorm: try weight("q_norm.weight", [d.queryLatent]),
            queryUp: try weight("wq_b.weight", [d.heads * (d.nope + d.rope), d.queryLatent]),
            keyValueDown: try weight("wkv_a.weight", [d.keyValueLatent + d.rope, d.model]),
            keyValueNorm: try weight("kv_norm.weight", [d.keyValueLatent]),
            keyValueUp: try weight("wkv_b.weight", [d.heads * (d.nope + d.value), d.keyValueLatent]),
            output: try weight("wo.weight", [d.model, d.heads * d.value]))
        let scale = 1 / Double(d.nope + d.rope).squareRoot() * rotary.magnitude * rotary.magnitude
        let float8 = try config.bool("kv_fp8") ? (format: try config.scaleFormat(), block: try size("quant_block")) : nil
        let (query, keyValue) = (try epsilon("q_norm_eps"), try epsilon("kv_norm_eps"))
        return try checked { () throws(EngineError) in
            try LatentAttention(
                dimensions: d, weights: weights, softmaxScale: Constant(scale), frequencies: rotary.frequencies, epsilon: query,
                keyValueEpsilon: keyValue, latentFloat8: float8)
        }
    }

    private func lightningIndexer(_ d: LatentAttention.Dimensions, _ frequencies: [Double]) throws(FileError) -> LightningIndexer {
        let (heads, dimension, topK) = (try size("index_n_heads"), try size("index_head_dim"), try size("index_topk"))
        guard let layout = RotaryLayout(rawValue: try config.text("indexer_rope")) else {
            throw config.failure("indexer_rope", expected: "half or interleaved")
        }
        let float8 = try config.bool("indexer_fp8") ? try config.scaleFormat() : nil
        if float8 != nil, try size("quant_block") != dimension {
            throw config.failure("quant_block", expected: "index_head_dim, \(dimension), for the indexer has one scale a position")
        }
        let query = try weight("indexer.wq_b.weight", [heads * dimension, d.queryLatent])
        let key = try weight("indexer.wk.weight", [dimension, d.model])
        let headWeights = try weight("indexer.weights_proj.weight", [heads, d.model])
        let norm = LightningIndexer.KeyNorm(
            weight: try weight("indexer.k_norm.weight", [dimension]), bias: try weight("indexer.k_norm.bias", [dimension]),
            epsilon: try epsilon("index_k_norm_eps"))
        return try checked { () throws(EngineError) in
            try LightningIndexer(
                heads: heads, dimension: dimension, topK: topK, query: query, key: key, headWeights: headWeights, keyNorm: norm,
                rotary: .init(layout: layout, frequencies: frequencies), hadamard: true, float8: float8, scalesWeights: true)
        }
    }

    /// The ε of one norm, or the one of all.
    private func epsilon(_ name: String) throws(FileError) -> Double { try config.number(config.has(name) ? name : "norm_eps") }

    private func size(_ name: String) throws(FileError) -> Int { try config.integer(name, atLeast: 1) }

    private func weight(_ name: String, _ lengths: [Int]) throws(FileError) -> NamedTensor {
        let axes: [Axis] = lengths.count == 1 ? [.o] : [.o, .c]
        return NamedTensor(name, try tensors.tensor("weight.\(name)", Shape(axes, lengths)))
    }

    /// What the engine says about a case, with the file's name.
    private func checked<T>(_ make: () throws(EngineError) -> T) throws(FileError) -> T {
        do throws(EngineError) { return try make() } catch { throw FileError(.badData, tensors.path, "\(error)") }
    }
}
