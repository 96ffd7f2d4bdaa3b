// What a predicted cost assumes, in words, for figures and tables to say: above all what was inferred from one accelerator and is carried over to another.

public import Traces

extension ServingCost {
    /// What is assumed: shares of peak, the constant per token, and that memory keeps up.
    public var assumptions: [Bilingual] { [shares, constantTime, memory] }

    /// What a comparison of two models assumes, each sentence once: all of `sparse`, and whether memory keeps up with `dense` too.
    public static func assumptions(dense: ServingCost, sparse: ServingCost) -> [Bilingual] {
        [sparse.shares, sparse.constantTime, dense.memory, sparse.memory]
    }

    private var shares: Bilingual {
        func percent(_ share: Double) -> String {
            NumberText.significant((share * 1000).rounded() / 10, digits: 3) + "%"
        }
        let p = profile
        var (en, zh) = ("dense attention \(percent(p.denseMHA))", "稠密注意力 \(percent(p.denseMHA))")
        if p.denseMQA != p.denseMHA {
            (en, zh) = (en + " (prefill) and \(percent(p.denseMQA)) (decode)", zh + "（预填充）和 \(percent(p.denseMQA))（解码）")
        }
        if costs.model.indexer != nil {
            en += """
                , masked \(percent(p.maskedMHA)), sparse \(percent(p.sparsePrefill)) (prefill) and \(percent(p.sparseDecode)) (decode), the indexer \
                \(percent(p.indexerPrefill)) and \(percent(p.indexerDecode)) of FP8
                """
            zh += """
                ，掩码 \(percent(p.maskedMHA))，稀疏 \(percent(p.sparsePrefill))（预填充）和 \(percent(p.sparseDecode))（解码），索引器占 FP8 峰值的 \
                \(percent(p.indexerPrefill)) 和 \(percent(p.indexerDecode))
                """
        }
        return Bilingual(
            en: "Assumed: work runs at fixed shares of peak: \(en). The shares are inferred from Figure 3; the report does not state them.",
            zh: "假定运算总以峰值的固定比例进行：\(zh)。这些比例由图 3 反推，报告并未给出。")
    }

    private var constantTime: Bilingual {
        let ratio = profile.referencePeak / hardware.bf16
        guard ratio != 1 else {
            return Bilingual(en: "Everything else costs a constant time per token.", zh: "其余部分每个词元耗时固定。")
        }
        let text = NumberText.significant(ratio, digits: 3)
        return Bilingual(
            en: "Everything else costs a constant time per token: the H800’s, times \(text) (ratio of bf16 peaks).",
            zh: "其余部分每个词元耗时固定：H800 的时间乘以 \(text)（bf16 峰值之比）。")
    }

    /// Whether reading the cache as fast as decode computes is within the memory's bandwidth.
    private var memory: Bilingual {
        func tera(_ bytes: Double) -> String { NumberText.significant(bytes / 1e12, digits: 3) }
        let (needed, had) = (tera(impliedDecodeBandwidth()), tera(hardware.bandwidth))
        let isDense = costs.model.indexer == nil
        let what = isDense ? Bilingual(en: "dense latents (bf16)", zh: "稠密潜向量（bf16）") : Bilingual(en: "index keys", zh: "索引键")
        return impliedDecodeBandwidth() <= hardware.bandwidth
            ? Bilingual(
                en: "Memory keeps up: decode reads \(what.en) at \(needed) TB/s of \(had).",
                zh: "内存跟得上：解码读取\(what.zh)需 \(needed) TB/s，可用 \(had)。")
            : Bilingual(
                en: "One read must serve several queries: decode one at a time would read \(what.en) at \(needed) TB/s, of \(had).",
                zh: "一次读取须供多个查询共用：逐个解码时，读取\(what.zh)需 \(needed) TB/s，只有 \(had)。")
    }
}
