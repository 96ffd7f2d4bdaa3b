// Multi-head latent attention (MLA; DeepSeek-V2 2024, section 2.1), as DeepSeek-V3.2-Exp's code runs it. What is cached is one latent a
// token, shared by all heads, and one rotated key. Two ways to attend give the same output: expanded (each head makes its own keys and
// values from the latents; cheaper per pair) and absorbed (queries are carried into the latent space; nothing is expanded, so decoding
// reads the cache as it is). Rows are queries, columns are keys.

public import Traces

/// MLA: attention over a cache of latents.
public struct LatentAttention: Sendable {
    /// Sizes, by the names of DeepSeek's configuration.
    public struct Dimensions: Hashable, Sendable {
        /// Features of a token (`dim`).
        public var model: Int
        /// Heads (`n_heads`).
        public var heads: Int
        /// Features of the query latent (`q_lora_rank`).
        public var queryLatent: Int
        /// Features of the key-value latent (`kv_lora_rank`).
        public var keyValueLatent: Int
        /// Features of a head without position (`qk_nope_head_dim`).
        public var nope: Int
        /// Features of a head with position (`qk_rope_head_dim`), even.
        public var rope: Int
        /// Features of a value in one head (`v_head_dim`).
        public var value: Int

        /// Sizes, all positive.
        public init(model: Int, heads: Int, queryLatent: Int, keyValueLatent: Int, nope: Int, rope: Int, value: Int) {
            self.model = model
            self.heads = heads
            self.queryLatent = queryLatent
            self.keyValueLatent = keyValueLatent
            self.nope = nope
            self.rope = rope
            self.value = value
        }
    }

    /// The projections and norms, [o, in], by the names of DeepSeek's MLA module.
    public struct Weights: Sendable {
        /// From the token to the query latent (`wq_a`).
        public var queryDown: NamedTensor
        /// RMSNorm of the query latent (`q_norm`).
        public var queryNorm: NamedTensor
        /// From the query latent to heads · [nope | rope] (`wq_b`).
        public var queryUp: NamedTensor
        /// From the token to [latent | rope] (`wkv_a`).
        public var keyValueDown: NamedTensor
        /// RMSNorm of the key-value latent (`kv_norm`).
        public var keyValueNorm: NamedTensor
        /// From the latent to heads · [nope | value] (`wkv_b`).
        public var keyValueUp: NamedTensor
        /// From heads · value to the token (`wo`).
        public var output: NamedTensor

        /// The weights of one layer.
        public init(
            queryDown: NamedTensor, queryNorm: NamedTensor, queryUp: NamedTensor, keyValueDown: NamedTensor, keyValueNorm: NamedTensor,
            keyValueUp: NamedTensor, output: NamedTensor
        ) {
            self.queryDown = queryDown
            self.queryNorm = queryNorm
            self.queryUp = queryUp
            self.keyValueDown = keyValueDown
            self.keyValueNorm = keyValueNorm
            self.keyValueUp = keyValueUp
            self.output = output
        }
    }

    /// How the cached latents are attended to.
    public enum Form: String, Hashable, Sendable, CaseIterable {
        /// Each head's keys and values are made from the latents (the code's MHA mode, for prefill).
        case expanded
        /// Queries are carried into the latent space (the code's MQA mode, for decoding).
        case absorbed
    }

    /// Sizes.
    public let dimensions: Dimensions
    /// Projections and norms.
    public let weights: Weights
    /// Factor of the scores.
    public let softmaxScale: Constant
    /// Rotary frequencies, rope/2 of them; MLA's layout is always interleaved.
    public let frequencies: [Double]
    /// ε of the query latents' norm.
    public let epsilon: Double
    /// ε of the key-value latents' norm.
    public let keyValueEpsilon: Double
    /// FP8 of the cached latent: scale format and block, or nil.
    public var latentFloat8: (format: ScaleFormat, block: Int)?

    /// An MLA of checked sizes and weights.
    public init(
        dimensions d: Dimensions, weights w: Weights, softmaxScale: Constant, frequencies: [Double], epsilon: Double,
        keyValueEpsilon: Double? = nil, latentFloat8: (format: ScaleFormat, block: Int)? = nil
    ) throws(EngineError) {
        let sizes = [
            ("dim", d.model), ("n_heads", d.heads), ("q_lora_rank", d.queryLatent), ("kv_lora_rank", d.keyValueLatent),
            ("qk_nope_head_dim", d.nope),
            ("qk_rope_head_dim", d.rope), ("v_head_dim", d.value),
        ]
        for (name, epsilon) in [("norm_eps", epsilon), ("kv_norm_eps", keyValueEpsilon ?? epsilon)] {
            guard epsilon > 0, epsilon.isFinite else {
                throw EngineError(.value, name, expected: "a positive number", found: NumberText.exact(epsilon))
            }
        }
        for (name, size) in sizes where size < 1 { throw EngineError(.shape, name, expected: "at least 1", found: "\(size)") }
        guard d.rope == 2 * frequencies.count else {
            throw EngineError(.shape, "qk_rope_head_dim", expected: "twice the \(frequencies.count) rotary frequencies", found: "\(d.rope)")
        }
        if let latentFloat8, latentFloat8.block < 1 || d.keyValueLatent % latentFloat8.block != 0 {
            throw EngineError(.shape, "kv_lora_rank", expected: "whole FP8 blocks of \(latentFloat8.block)", found: "\(d.keyValueLatent)")
        }
        try w.queryDown.check([d.queryLatent, d.model])
        try w.queryNorm.check([d.queryLatent])
        try w.queryUp.check([d.heads * (d.nope + d.rope), d.queryLatent])
        try w.keyValueDown.check([d.keyValueLatent + d.rope, d.model])
        try w.keyValueNorm.check([d.keyValueLatent])
        try w.keyValueUp.check([d.heads * (d.nope + d.value), d.keyValueLatent])
        try w.output.check([d.model, d.heads * d.value])
        dimensions = d
        weights = w
        self.softmaxScale = softmaxScale
        self.frequencies = frequencies
        self.epsilon = epsilon
        self.keyValueEpsilon = keyValueEpsilon ?? epsilon
        self.latentFloat8 = latentFloat8
    }

    /// Latents and rotated keys of all tokens so far, as recorded.
    public struct Cache: Sendable {
        /// Key-value latents [s, r].
        public let latents: Expression
        /// Rotated keys, shared by all heads [s, e].
        public let rotatedKeys: Expression
        /// How many tokens are cached.
        public var length: Int { latents.shape[.s] ?? 0 }
    }

    /// What one pass makes from its tokens before it attends.
    public struct Projected: Sendable {
        /// Query latents [t, l]; the indexer's queries are made from them too.
        public let queryLatents: Expression
        /// Queries without position [t, h, d].
        public let queries: Expression
        /// Queries with position [t, h, e].
        public let rotatedQueries: Expression
        /// The cache, these tokens included.
        public let cache: Cache
        /// How many tokens were cached before.
        public let past: Int
    }

    /// Records q_lora, kv_latent and what is made from them, of `x` [t, c].
    public func project(_ x: Expression, cache: Cache? = nil, on trace: inout Recorder) throws(EngineError) -> Projected {
        guard let length = x.shape[.t], length > 0, x.shape[.c] == dimensions.model else {
            throw EngineError(.shape, "input.x", expected: "[t, \(dimensions.model)] with at least one token", found: "\(x.shape.lengths)")
        }
        let past = cache?.length ?? 0
        let positions = Array(past..<past + length)
        let (d, w) = (dimensions, weights)

        let q_a = try linear(x, trace.weight(w.queryDown, "W^DQ", [.o, .c])).renaming(.o, to: .l)
        let gamma_q = try trace.weight(w.queryNorm, "γ^Q", [.l])
        let c_Q = try trace.record(.queryLatent, rmsNorm(trace.record(.queryLatentProjected, q_a), gamma_q, epsilon: epsilon, over: .l))
        let W_UQ = try trace.weight(w.queryUp, "W^UQ", [.o, .l])
        let q = try trace.record(.latentQuery, linear(c_Q, W_UQ, over: .l).splitting(.o, into: [(.h, d.heads), (.d, d.nope + d.rope)]))
        let q_C = try trace.record(.latentQueryNope, q.slicing(.d, 0..<d.nope))
        let q_R = try trace.record(
            .latentQueryRope,
            rotary(
                q.slicing(.d, d.nope..<d.nope + d.rope).renaming(.d, to: .e), .interleaved, positions: positions, frequencies: frequencies,
                token: .t, over: .e))

        let kv_a = try linear(x.renaming(.t, to: .s), trace.weight(w.keyValueDown, "W^DKV", [.o, .c]))
        let kv = try trace.record(.latentProjected, kv_a)
        let c_KV = try latent(kv.slicing(.o, 0..<d.keyValueLatent).renaming(.o, to: .r), on: &trace)
        let k_R = try trace.record(
            .latentKeyRope,
            rotary(
                kv.slicing(.o, d.keyValueLatent..<d.keyValueLatent + d.rope).renaming(.o, to: .e), .interleaved, positions: positions,
                frequencies: frequencies, token: .s, over: .e))
        return Projected(
            queryLatents: c_Q, queries: q_C, rotatedQueries: q_R, cache: try extend(cache, c_KV, k_R, on: &trace), past: past)
    }

    /// RMSNorm, and FP8 if the cache is FP8; the result is recorded as kv_latent [s, r].
    private func latent(_ projected: Expression, on trace: inout Recorder) throws(EngineError) -> Expression {
        let gamma = try trace.weight(weights.keyValueNorm, "γ^KV", [.r])
        let normalised = try rmsNorm(projected, gamma, epsilon: keyValueEpsilon, over: .r)
        guard let (format, block) = latentFloat8 else { return try trace.record(.latent, normalised) }
        let c = try trace.record(.latentNormalised, normalised)
        let blocks = try blockScale(c, format, block: block, over: .r)
        let scale = try trace.record(.latentScale(format, hasBlocks: blocks.shape.contains("b")), blocks, bytesPerValue: 4)
        let rounded = try trace.record(.latentRounded, float8(c, scale: scale, block: block, over: .r), bytesPerValue: 1)
        return try trace.record(.latentFromFloat8, dequantised(rounded, scale: scale, block: block, over: .r))
    }

    private func extend(_ cache: Cache?, _ latents: Expression, _ rotatedKeys: Expression, on trace: inout Recorder) throws(EngineError)
        -> Cache
    {
        guard let cache else { return Cache(latents: latents, rotatedKeys: rotatedKeys) }
        return Cache(
            latents: try trace.record(.latentCache, concatenated([cache.latents, latents], along: .s)),
            rotatedKeys: try trace.record(.latentKeyRopeCache, concatenated([cache.rotatedKeys, rotatedKeys], along: .s)))
    }

    /// What queries are compared with and what is weighed: every position's keys and values, or what stands for them.
    public struct Entries: Sendable {
        /// Whether keys and values were made from the latents, or queries carried to them.
        public let form: Form
        /// Queries [t, h, d]; absorbed [t, h, r].
        let queries: Expression
        /// Keys [s, h, d]; absorbed the latents [s, r], and of gathered entries [t, k, r].
        let keys: Expression
        /// Queries with position [t, h, e].
        let rotatedQueries: Expression
        /// Keys with position [s, e]; of gathered entries [t, k, e].
        let rotatedKeys: Expression
        /// Values [s, h, d]; absorbed the latents, as keys.
        let values: Expression
        /// What makes values of weighted latents [h, d, r].
        let W_UV: Expression
    }

    /// Records what the queries of a pass are compared with: expanded, keys and values of each head; absorbed, the queries carried into the latent
    /// space: (W_UK)ᵀ q.
    public func entries(_ projected: Projected, _ form: Form, on trace: inout Recorder) throws(EngineError) -> Entries {
        let (d, c_KV) = (dimensions, projected.cache.latents)
        let W = try trace.weight(weights.keyValueUp, "W^UKV", [.o, .r]).splitting(.o, into: [(.h, d.heads), (.d, d.nope + d.value)])
        let (W_UK, W_UV) = (try W.slicing(.d, 0..<d.nope), try W.slicing(.d, d.nope..<d.nope + d.value))
        let queries: Expression
        var (keys, values) = (c_KV, c_KV)
        switch form {
        case .expanded:
            queries = projected.queries
            keys = try trace.record(.expandedKey, dot(c_KV, W_UK, over: .r))
            values = try trace.record(.expandedValue, dot(c_KV, W_UV, over: .r))
        case .absorbed: queries = try trace.record(.absorbedQuery, dot(projected.queries, W_UK))
        }
        return Entries(
            form: form, queries: queries, keys: keys, rotatedQueries: projected.rotatedQueries, rotatedKeys: projected.cache.rotatedKeys,
            values: values, W_UV: W_UV)
    }

    /// Records the selected latents and rotated keys alone, for each query those that it reads.
    /// - Parameter all: absorbed entries of all positions.
    /// - Returns: them, and which of their places [t, k] are filled.
    public func gather(_ all: Entries, selected: Expression, on trace: inout Recorder) throws(EngineError) -> (Entries, filled: Mask) {
        let latents = try trace.record(.gatheredLatents, gathered(all.keys, selected: selected))
        let rotated = try trace.record(.gatheredKeys, gathered(all.rotatedKeys, selected: selected))
        let chosen = selected.tensor.transposed(to: [.t, .k])
        let entries = Entries(
            form: all.form, queries: all.queries, keys: latents, rotatedQueries: all.rotatedQueries, rotatedKeys: rotated, values: latents,
            W_UV: all.W_UV)
        let (rows, ranks) = (selected.shape[.t]!, selected.shape[.k]!)
        return (entries, Mask(.t, .k, rows: rows, columns: ranks) { chosen[$0, $1] >= 0 })
    }

    /// Records scores, weights, heads and the output [t, c] over the pairs that `visible` lets through.
    /// - Parameter selected: the recorded selection [t, k] that `visible` was made from, if it was.
    public func attend(_ entries: Entries, visible: Mask, selected: Expression? = nil, as words: Words, on trace: inout Recorder)
        throws(EngineError) -> Expression
    {
        let (q, k, v) = (entries.queries, entries.keys, entries.values)
        let (q_R, k_R) = (entries.rotatedQueries, entries.rotatedKeys)
        let isAbsorbed = entries.form == .absorbed
        let s = visible.key  // gathered entries are counted by rank k

        let C = try trace.record(words.content(entries.form), dot(q, k, over: isAbsorbed ? .r : .d), visible: visible)  // [h, t, s]
        let R = try trace.record(words.position, dot(q_R, k_R, over: .e), visible: visible)
        let S = try trace.record(
            words.scores, masked((C.spelledOut + R.spelledOut) * softmaxScale, visible, selection: selected), visible: visible)
        let A = try trace.record(words.weights, softmax(S, over: s))
        var O = try sum(A * v, over: s)
        if isAbsorbed { O = try dot(trace.record(words.weightedLatents, O), entries.W_UV, over: .r) }
        O = try trace.record(words.heads(entries.form), O)  // [t, h, d]
        let W_O = try trace.weight(weights.output, "W^O", [.o, .c])
        return try trace.record(words.output, linear(O.merging([.h, .d], into: .c), W_O).renaming(.o, to: .c))
    }
}
