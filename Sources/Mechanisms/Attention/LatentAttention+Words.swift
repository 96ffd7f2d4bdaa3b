// The words of multi-head latent attention. Symbols follow DeepSeek-V2 (2024), section 2.1: superscripts C for content, R for rotary position.

import Traces

private let code = "DeepSeek-V3.2-Exp inference/model.py, MLA"
private let section = Bilingual(en: "DeepSeek-V2 (2024), section 2.1", zh: "DeepSeek-V2（2024），2.1 节")
private let layout = section + Bilingual(en: "; interleaved layout: ", zh: "；交错布局：") + Bilingual(same: code)
private let equation2 = Bilingual(en: "DeepSeek-V3.2-Exp report (2025), Eq. 2", zh: "DeepSeek-V3.2-Exp 报告（2025），式 2")

extension Equation {
    static let queryLatentProjected = Equation(
        .queryLatentProjected, symbol: "c^Q'", Bilingual(en: "Query latents, before the norm", zh: "查询潜向量（归一化前）"), #"c'^Q_t = W^{DQ} h_t"#,
        source: section, axes: [.t, .l])
    static let queryLatent = Equation(
        .queryLatent, symbol: "c^Q", Bilingual(en: "Query latents", zh: "查询潜向量"), #"c^Q_t = \mathrm{RMSNorm}(W^{DQ} h_t)"#,
        source: section + Bilingual(en: "; norm: ", zh: "；归一化：") + Bilingual(same: code), axes: [.t, .l])
    static let latentQuery = Equation(
        .query, in: .attention, symbol: "q", Bilingual(en: "Queries of each head", zh: "每个头的查询"), #"q_t = W^{UQ} c^Q_t"#,
        source: "\(code): [nope | rope]", axes: [.t, .h, .d])
    static let latentQueryNope = Equation(
        .queryNope, in: .attention, symbol: "q^C", Bilingual(en: "Queries, the part without position", zh: "查询中不带位置的部分"), #"q^C_t"#,
        source: section,
        axes: [.t, .h, .d])
    static let latentQueryRope = Equation(
        .queryRope, in: .attention, symbol: "q^R", Bilingual(en: "Queries, the part with position", zh: "查询中带位置的部分"),
        #"q^R_t = \mathrm{RoPE}(q_{rope})"#,
        source: layout, axes: [.t, .h, .e])
    static let latentProjected = Equation(
        .latentProjected, symbol: "kv", Bilingual(en: "Latent and rotary key, before norm and rotation", zh: "潜向量与位置键（归一化与旋转前）"),
        #"W^{DKV} h_s"#, source: "\(code): [latent | rope]",
        axes: [.s, .o])
    static let latentNormalised = Equation(
        .latentNormalised, symbol: "c^KV'", Bilingual(en: "Key-value latents before FP8", zh: "键值潜向量（FP8 之前）"), #"\mathrm{RMSNorm}(kv)"#,
        source: code, axes: [.s, .r])
    static func latentScale(_ format: ScaleFormat, hasBlocks: Bool) -> Equation {
        Equation(
            .latentScale, symbol: "σ^KV",
            hasBlocks
                ? Bilingual(en: "FP8 scale of each block of a latent", zh: "潜向量每一块的 FP8 缩放")
                : Bilingual(en: "FP8 scale of each latent", zh: "每个潜向量的 FP8 缩放"),
            format.formula(of: "c"), source: "DeepSeek-V3.2-Exp inference/kernel.py, act_quant", axes: hasBlocks ? [.s, "b"] : [.s])
    }
    static let latentRounded = Equation(
        .latentRounded, symbol: "c^8", Bilingual(en: "Key-value latents in FP8", zh: "FP8 的键值潜向量"), #"c^8 = \mathrm{e4m3}(c/\sigma)"#,
        source: "DeepSeek-V3.2-Exp inference/kernel.py, act_quant",
        axes: [.s, .r])
    static let latent = Equation(
        .latent, symbol: "c^KV", Bilingual(en: "Key-value latents: what the cache holds", zh: "键值潜向量：缓存里存的就是它"),
        #"c^{KV}_s = \mathrm{RMSNorm}(W^{DKV} h_s)"#,
        source: section + Bilingual(en: "; norm and FP8: ", zh: "；归一化与 FP8：") + Bilingual(same: code), axes: [.s, .r])
    static let latentFromFloat8 = Equation(
        .latent, symbol: "c^KV", Bilingual(en: "Key-value latents: what the cache holds", zh: "键值潜向量：缓存里存的就是它"),
        #"c^{KV}_s = \sigma^{KV}_s c^8_s"#, source: Bilingual(en: "\(code) (FP8 cache)", zh: "\(code)（FP8 缓存）"), axes: [.s, .r])
    static let latentKeyRope = Equation(
        .keyRope, symbol: "k^R", Bilingual(en: "Keys with position: one for all heads", zh: "带位置的键：所有头共用"),
        #"k^R_s = \mathrm{RoPE}(W^{KR} h_s)"#, source: layout,
        axes: [.s, .e])
    static let latentCache = Equation(
        .latentCache, symbol: "c^KV", Bilingual(en: "Latent cache with the new token", zh: "加入新词元后的潜向量缓存"),
        #"[c^{KV}_{cache}; c^{KV}_{new}]"#, source: code, axes: [.s, .r])
    static let latentKeyRopeCache = Equation(
        .keyRopeCache, symbol: "k^R", Bilingual(en: "Rotary key cache with the new token", zh: "加入新词元后的位置键缓存"),
        #"[k^R_{cache}; k^R_{new}]"#,
        source: code, axes: [.s, .e])
    static let expandedKey = Equation(
        .keyNope, in: .attention, symbol: "k^C", Bilingual(en: "Keys of each head, made from the latents", zh: "由潜向量展开的各头的键"),
        #"k^C_s = W^{UK} c^{KV}_s"#, source: section, axes: [.s, .h, .d])
    static let expandedValue = Equation(
        .value, in: .attention, symbol: "v", Bilingual(en: "Values of each head, made from the latents", zh: "由潜向量展开的各头的值"),
        #"v_s = W^{UV} c^{KV}_s"#, source: section, axes: [.s, .h, .d])
    static let absorbedQuery = Equation(
        .queryAbsorbed, in: .attention, symbol: "q^L", Bilingual(en: "Queries carried into the latent space", zh: "带入潜空间的查询"),
        #"q^L_t = (W^{UK})^{\top} q^C_t"#,
        source: Bilingual(en: "\(code): W^UK absorbed into the query", zh: "\(code)：W^UK 并入查询"), axes: [.t, .h, .r])
    static let gatheredLatents = Equation(
        .latent, in: .gathered, symbol: "c^sel", Bilingual(en: "The selected latents, read for each query", zh: "为每个查询读取的选中潜向量"),
        #"c^{KV}_{sel(t)}"#,
        source: equation2, axes: [.t, .k, .r])
    static let gatheredKeys = Equation(
        .keyRope, in: .gathered, symbol: "k^sel", Bilingual(en: "The selected rotary keys, read for each query", zh: "为每个查询读取的选中位置键"),
        #"k^R_{sel(t)}"#,
        source: equation2, axes: [.t, .k, .e])
}

extension LatentAttention {
    /// The equations of one attention over latents: the sparse one is called `attention.…`, dense attention beside it `dense.…`, and the
    /// path that gathers the selected entries `gathered.…`, on ranks k instead of keys s.
    public struct Words: Sendable {
        let position, scores, weights, weightedLatents, output: Equation
        private let branch: Branch
        private let keys: Axis

        /// Sparse attention, the result of the mechanism.
        public static let sparse = Words(.attention, output: nil, keys: .s)
        /// Dense attention, run beside it for comparison.
        public static let dense = Words(.dense, output: .dense, keys: .s)
        /// The path that reads the selected entries only.
        public static let gathered = Words(.gathered, output: .gathered, keys: .k)

        private init(_ branch: Branch, output outputBranch: Branch?, keys: Axis) {
            let pairs: [Axis] = [.h, .t, keys]
            let i = keys.name  // gathered entries are counted by rank k
            (self.branch, self.keys) = (branch, keys)
            position = Equation(
                .dotRope, in: branch, symbol: "D^R", Bilingual(en: "Position: rotated query against rotated key", zh: "位置：旋转后的查询与键"),
                #"q^R_t \cdot k^R_\#(i)"#, source: section, axes: pairs)
            scores = Equation(
                .scores, in: branch, symbol: "S", Bilingual(en: "Scores: content plus position, scaled and masked", zh: "分数：内容加位置，缩放并掩码"),
                #"S_{t,\#(i)} = (D^C + D^R) \cdot \mathrm{scale} + M_{t,\#(i)}"#,
                source: section
                    + Bilingual(en: "; scale 1/√(nope + rope), times m² under YaRN: ", zh: "；缩放 1/√(nope + rope)，用 YaRN 时再乘 m²：")
                    + Bilingual(same: code), axes: pairs)
            weights = Equation(
                .weights, in: branch, symbol: "A", Bilingual(en: "Attention weights", zh: "注意力权重"),
                #"A_{t,\#(i)} = \frac{\exp(S_{t,\#(i)})}{\sum_{r} \exp(S_{t,r})}"#, source: section, axes: pairs)
            weightedLatents = Equation(
                .weightedLatents, in: branch, symbol: "L", Bilingual(en: "Latents, weighted and summed", zh: "按权重加起来的潜向量"),
                #"L_t = \sum_{\#(i)} A_{t,\#(i)} c^{KV}_\#(i)"#, source: code, axes: [.t, .h, .r])
            output = Equation(
                .output, in: outputBranch, symbol: "u", Bilingual(en: "Output: the heads put together", zh: "输出：把各个头合起来"),
                #"u_t = W^O [O_{t,1}; \ldots; O_{t,H}]"#, source: section, axes: [.t, .c])
        }

        func content(_ form: Form) -> Equation {
            switch form {
            case .expanded:
                Equation(
                    .dotNope, in: branch, symbol: "D^C", Bilingual(en: "Content: query against key, each head", zh: "内容：各头的查询与键"),
                    #"q^C_t \cdot k^C_\#(keys.name)"#, source: section, axes: [.h, .t, keys])
            case .absorbed:
                Equation(
                    .dotLatent, in: branch, symbol: "D^L", Bilingual(en: "Content: query against latent", zh: "内容：查询与潜向量"),
                    #"q^L_t \cdot c^{KV}_\#(keys.name)"#, source: code, axes: [.h, .t, keys])
            }
        }

        func heads(_ form: Form) -> Equation {
            switch form {
            case .expanded:
                Equation(
                    .heads, in: branch, symbol: "O", Bilingual(en: "Values, weighted and summed, in each head", zh: "每个头里按权重加起来的值"),
                    #"O_t = \sum_{\#(keys.name)} A_{t,\#(keys.name)} v_\#(keys.name)"#, source: section, axes: [.t, .h, .d])
            case .absorbed:
                Equation(
                    .heads, in: branch, symbol: "O", Bilingual(en: "Weighted latents made into values", zh: "加权后的潜向量变成值"),
                    #"O_t = W^{UV} L_t"#, source: code, axes: [.t, .h, .d])
            }
        }
    }
}

extension ScaleFormat {
    /// The scale of a block of values called `name`, in LaTeX.
    func formula(of name: String) -> String {
        switch self {
        case .powerOfTwo: #"\sigma = 2^{\lceil \log_2(\max(|\#(name)|, 10^{-4})/448) \rceil}"#
        case .float32: #"\sigma = \max(|\#(name)|, 10^{-4})/448"#
        }
    }
}
