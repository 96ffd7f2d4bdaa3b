// What the figure `patterns` says. Published sizes are those of the papers: Mistral 7B (2310.06825), StreamingLLM (2309.17453), Longformer
// (2004.05150), BigBird (2007.14062), MoBA (2502.13189), NSA (2502.11089), DeepSeek-V3.2-Exp (report, 2025).

import Mechanisms
import Traces

struct PatternsWords {
    let patterns: [PatternDemonstration]
    /// Whether sizes, drawn and published, stand under each matrix.
    let showsSizes: Bool

    private func cells(_ kind: PatternDemonstration.Kind) -> Int { patterns.first { $0.kind == kind }?.cells.visibleCount ?? 0 }
    private var nsa: Int { cells(.nsaCompressed) + cells(.nsaSelected) + cells(.nsaWindow) }

    var words: FigureWords {
        let (all, dsa, k) = (cells(.causal), cells(.dsa), PatternDemonstration.Size.topK)
        return FigureWords(
            title: Bilingual(
                en: "Most sparse patterns keep blocks or neighbours; DSA picks single tokens", zh: "多数稀疏图样保留的是块或邻居，DSA 挑的是单个词元"),
            subtitle: Bilingual(
                en:
                    "The same \(PatternDemonstration.tokens) tokens under each pattern, all in causal form. Dense attention computes \(all) cells; top-\(k) of DSA computes \(dsa), after its cheaper indexer has scored all \(all).",
                zh:
                    "同样 \(PatternDemonstration.tokens) 个词元，所有图样都取因果形式。稠密注意力计算 \(all) 格；DSA 取前 \(k) 名，只计算 \(dsa) 格，但更便宜的索引器先给全部 \(all) 格打了分。"
            ), alt: alt,
            caption: Bilingual(
                en:
                    "Sparse attention patterns on \(PatternDemonstration.tokens) tokens in causal form, with counts of computed cells. Small demonstration sizes; choices by seeded vectors.",
                zh: "各种稀疏注意力在 \(PatternDemonstration.tokens) 个词元上的因果形式与计算格数。演示用的小尺寸；按内容的挑选基于定种子的向量。"),
            source: Bilingual(
                en:
                    "Masks and scores from the engine. Small sizes for show\(showsSizes ? ", published ones beside them" : ""). Content is seeded noise on four topics (seed \(PatternDemonstration.seed)), not a trained model; NSA and MoBA rank means of blocks. NSA adds its three branches: \(nsa) cells. A compressed key is visible once its block ends at or before the query. FlashAttention is absent: it computes all cells, exactly.",
                zh:
                    "掩码与得分都由引擎算出。尺寸为演示而缩小\(showsSizes ? "，旁边是论文中的值" : "")。内容是四个话题加噪声的定种子向量（种子 \(PatternDemonstration.seed)），不是训练好的模型；NSA 与 MoBA 按块均值排名。NSA 三个分支合计 \(nsa) 格。压缩块在结束位置不晚于查询时才可见。FlashAttention 不在此列：它精确计算所有格子。"
            ))
    }

    private var alt: Bilingual {
        let parts = patterns.map { pattern in
            let (name, count) = (Self.name(pattern.kind), Self.count(pattern))
            return Bilingual(en: "\(name.en): \(count.en)", zh: "\(name.zh)：\(count.zh)")
        }
        let list = Bilingual(en: parts.map { $0.en }.joined(separator: "; "), zh: parts.map { $0.zh }.joined(separator: "；"))
        return Bilingual(
            en:
                "Ten triangular matrices of \(PatternDemonstration.tokens) queries by \(PatternDemonstration.tokens) keys show which cells each sparse attention computes. \(list.en). MoBA, BigBird and NSA's selection take whole blocks of \(PatternDemonstration.Size.block); DSA takes single tokens.",
            zh:
                "十个三角形矩阵，各有 \(PatternDemonstration.tokens) 个查询与 \(PatternDemonstration.tokens) 个键，显示每种稀疏注意力计算哪些格子。\(list.zh)。MoBA、BigBird 与 NSA 的选择分支以 \(PatternDemonstration.Size.block) 个词元的整块为单位；DSA 以单个词元为单位。"
        )
    }

    static func count(_ pattern: PatternDemonstration) -> Bilingual {
        let count = pattern.cells.visibleCount
        switch pattern.kind {
        case .moba:
            return Bilingual(
                en: "\(count) cells + \(pattern.selectorScores) gate scores", zh: "\(count) 格 + \(pattern.selectorScores) 个门控得分")
        case .dsa:
            return Bilingual(
                en: "\(count) cells + \(pattern.selectorScores) index scores", zh: "\(count) 格 + \(pattern.selectorScores) 个索引得分")
        default: return Bilingual(en: "\(count) cells", zh: "\(count) 格")
        }
    }

    static func name(_ kind: PatternDemonstration.Kind) -> Bilingual {
        switch kind {
        case .causal: Bilingual(en: "Causal (dense)", zh: "因果（稠密）")
        case .slidingWindow: Bilingual(en: "Sliding window", zh: "滑动窗口")
        case .sinksAndWindow: Bilingual(en: "Sinks + window", zh: "汇聚词元 + 窗口")
        case .longformer: Bilingual(same: "Longformer")
        case .bigBird: Bilingual(same: "BigBird")
        case .moba: Bilingual(same: "MoBA")
        case .nsaCompressed: Bilingual(en: "NSA, compressed", zh: "NSA：压缩分支")
        case .nsaSelected: Bilingual(en: "NSA, selected", zh: "NSA：选择分支")
        case .nsaWindow: Bilingual(en: "NSA, window", zh: "NSA：窗口分支")
        case .dsa: Bilingual(same: "DSA")
        }
    }

    /// The sizes drawn, then the published ones.
    static func sizes(_ kind: PatternDemonstration.Kind) -> Bilingual {
        let size = PatternDemonstration.Size.self
        switch kind {
        case .causal: return Bilingual(en: "every earlier key", zh: "之前的每个键")
        case .slidingWindow: return Bilingual(en: "last \(size.window); Mistral 7B: 4,096", zh: "最近 \(size.window) 个；Mistral 7B：4,096")
        case .sinksAndWindow:
            return Bilingual(
                en: "first \(size.sinks), last \(size.recent); StreamingLLM: first 4",
                zh: "前 \(size.sinks) 个与最近 \(size.recent) 个；StreamingLLM：前 4 个")
        case .longformer:
            return Bilingual(
                en: "\(size.longformer / 2) back, \(size.global.count) global; paper: 256 back",
                zh: "往前 \(size.longformer / 2) 个，\(size.global.count) 个全局；论文：256 个")
        case .bigBird:
            let b = size.bigBird
            return Bilingual(
                en: "blocks of \(size.block): \(b.global) global, \(b.window) window, \(b.random) random; paper: 64: 2, 3, 3",
                zh: "块长 \(size.block)：全局 \(b.global)、窗口 \(b.window)、随机 \(b.random)；论文：64：2、3、3")
        case .moba:
            return Bilingual(
                en: "blocks of \(size.block), own + best \(size.mobaBlocks - 1); paper: blocks of 512",
                zh: "块长 \(size.block)，本块加最好的 \(size.mobaBlocks - 1) 块；论文：块长 512")
        case .nsaCompressed:
            return Bilingual(
                en: "one key for \(size.compressed.length) tokens, every \(size.compressed.stride); paper: 32, 16",
                zh: "\(size.compressed.length) 个词元压成一个键，步长 \(size.compressed.stride)；论文：32、16")
        case .nsaSelected:
            return Bilingual(
                en:
                    "\(size.nsa.count) blocks of \(size.block): first, last \(size.nsa.local), best \(size.nsa.count - size.nsa.initial - size.nsa.local); paper: 16 of 64",
                zh:
                    "\(size.nsa.count) 块（块长 \(size.block)）：首块、最近 \(size.nsa.local) 块、最好的 \(size.nsa.count - size.nsa.initial - size.nsa.local) 块；论文：16 块，块长 64"
            )
        case .nsaWindow: return Bilingual(en: "last \(size.nsaWindow); paper: 512", zh: "最近 \(size.nsaWindow) 个；论文：512")
        case .dsa: return Bilingual(en: "best \(size.topK) tokens; V3.2-Exp: 2,048", zh: "最好的 \(size.topK) 个词元；V3.2-Exp：2,048")
        }
    }
}
