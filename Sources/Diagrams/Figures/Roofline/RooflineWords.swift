// What `roofline` counts and says: one query at 128K on the cache of one layer, its FLOPs for each byte, and the share of the peak that this allows.

import Records
import Traces

struct RooflineWords {
    /// One kind of work on the cache.
    struct Work {
        let kind: AttentionWork
        let name: Bilingual
        let precision: Hardware.Precision
        let cache: CacheWork
        let isDense: Bool
        /// Whether what it reads is stored in FP8.
        let isFloat8: Bool
        /// FLOPs a second within reach.
        let rate: Double

        var intensity: Double { cache.intensity }
        /// The least time that arithmetic and memory allow, in seconds.
        var time: Double { Double(cache.flops) / rate }
    }

    /// Works on one place of the chart.
    struct Spot {
        let works: [Work]
        let isMemoryBound: Bool
        var intensity: Double { works[0].intensity }
        var rate: Double { works[0].rate }
        var color: Paint { works[0].kind == .indexer ? .indexer : works.contains { $0.isDense } ? .ink : .bar }

        /// The names of its works with their FLOPs for each byte.
        func name(isShort: Bool) -> Bilingual {
            let number = RooflineWords.number(intensity)
            let isBoth = works.count > 1
            if works[0].kind == .indexer { return Bilingual(en: "Indexer\n\(number)", zh: "索引器\n\(number)") }
            let format = works[0].isFloat8 ? "FP8" : "bf16"
            let who =
                isBoth
                ? Bilingual(en: "Dense and sparse", zh: "稠密与稀疏")
                : works[0].isDense
                    ? Bilingual(en: "Dense", zh: "稠密") : Bilingual(en: "Sparse", zh: "稀疏")
            return isShort
                ? Bilingual(en: "\(who.en)\n\(format)\n\(number)", zh: "\(who.zh)\n\(format)\n\(number)")
                : Bilingual(en: "\(who.en) MLA,\n\(format) cache\n\(number)", zh: "\(who.zh) MLA\n\(format) 缓存\n\(number)")
        }
    }

    let hardware: Hardware
    let works: [Work]
    private let data: CostData
    /// Keys that the query sees.
    static let length = 131_072

    init(_ data: CostData) throws(EngineError) {
        self.data = data
        hardware = data.hardware
        func work(
            _ kind: AttentionWork, _ model: ModelDimensions, _ format: AttentionCosts.CacheFormat, _ precision: Hardware.Precision,
            _ name: Bilingual
        ) throws(EngineError) -> Work {
            let cache = try AttentionCosts(model).cacheWork(kind, visible: Self.length, format: format)
            return Work(
                kind: kind, name: name, precision: precision, cache: cache, isDense: kind == .denseMQA,
                isFloat8: format == .fp8,
                rate: data.hardware.attainable(precision, intensity: cache.intensity))
        }
        works = [
            try work(.denseMQA, data.dense, .bf16, .bf16, Bilingual(en: "Dense MLA, bf16 cache", zh: "稠密 MLA，bf16 缓存")),
            try work(.sparse, data.sparse, .bf16, .bf16, Bilingual(en: "Sparse MLA, bf16 cache", zh: "稀疏 MLA，bf16 缓存")),
            try work(.sparse, data.sparse, .fp8, .bf16, Bilingual(en: "Sparse MLA, FP8 cache", zh: "稀疏 MLA，FP8 缓存")),
            try work(.indexer, data.sparse, .fp8, .fp8, Bilingual(en: "Indexer, FP8 keys", zh: "索引器，FP8 键")),
        ]
    }

    private var dense: Work { works[0] }
    private var sparse: Work { works[1] }
    private var indexer: Work { works[3] }

    /// Works by place: what a reader could not tell apart is one spot.
    var spots: [Spot] {
        var spots: [Spot] = []
        for work in works {
            let isSlow = work.intensity < hardware.ridge(work.precision)
            if let i = spots.firstIndex(where: { abs($0.intensity / work.intensity - 1) < 0.01 && $0.rate == work.rate }) {
                spots[i] = Spot(works: spots[i].works + [work], isMemoryBound: isSlow)
            } else {
                spots.append(Spot(works: [work], isMemoryBound: isSlow))
            }
        }
        return spots
    }

    /// Both precisions, the one whose ridge comes first before the other.
    var precisions: [Hardware.Precision] { hardware.ridge(.fp8) < hardware.ridge(.bf16) ? [.fp8, .bf16] : [.bf16, .fp8] }

    // MARK: Axes

    func intensities(count: Int) -> AxisScale {
        let all = works.map { $0.intensity } + Hardware.Precision.allCases.map { hardware.ridge($0) }
        return .rounds(from: (all.min() ?? 1) / 2.2, to: (all.max() ?? 1) * 2.2, count: count) { Self.number($0) }
    }

    /// From what memory allows at the left end to the highest roof.
    var rates: AxisScale {
        let peaks = Hardware.Precision.allCases.map { hardware.peak($0) }
        let low = min(hardware.bandwidth * intensities(count: 8).low, peaks.min() ?? 1)
        return .rounds(from: low, to: peaks.max() ?? 1, count: 8) { Self.number($0 / 1e12) }
    }

    // MARK: Numbers

    /// Four digits, thousands separated.
    static func number(_ value: Double) -> String {
        value >= 1000 && value < 1e15 ? NumberText.grouped(Int(value.rounded())) : NumberText.significant(value, digits: 4)
    }

    private static func megabytes(_ bytes: ExactCount) -> String {
        let value = Double(bytes) / 1e6
        return value < 10 ? NumberText.fixed(value, decimals: 2) : NumberText.fixed(value, decimals: 1)
    }

    private func share(_ work: Work) -> String { NumberText.percent(work.rate / hardware.peak(work.precision), decimals: 0) }

    private static func microseconds(_ seconds: Double) -> String { NumberText.significant(seconds * 1e6, digits: 3) }

    private func name(_ precision: Hardware.Precision) -> String { precision == .bf16 ? "bf16" : "FP8" }

    func memory(isShort: Bool) -> Bilingual {
        isShort
            ? Bilingual(en: "memory\n\(memoryRate) TB/s", zh: "显存\n\(memoryRate) TB/s")
            : Bilingual(en: "memory: \(memoryRate) TB/s", zh: "显存：\(memoryRate) TB/s")
    }

    func peak(_ precision: Hardware.Precision) -> Bilingual {
        let rate = Self.number(hardware.peak(precision) / 1e12)
        return Bilingual(en: "\(name(precision)): \(rate) TFLOP/s", zh: "\(name(precision))：\(rate) TFLOP/s")
    }

    func ridge(_ precision: Hardware.Precision) -> Bilingual {
        let number = Self.number(hardware.ridge(precision))
        return Bilingual(en: "\(name(precision)) ridge\n\(number)", zh: "\(name(precision)) 脊点\n\(number)")
    }

    /// The work in digits: FLOPs, bytes and their quotient; what the chip makes of it.
    func lines(_ work: Work) -> [Bilingual] {
        let flops = Self.number(Double(work.cache.flops) / 1e6)
        let (bytes, intensity) = (Self.megabytes(work.cache.bytes), Self.number(work.intensity))
        let (share, time, peak) = (share(work), Self.microseconds(work.time), name(work.precision))
        return [
            Bilingual(
                en: "\(flops) MFLOP ÷ \(bytes) MB = \(intensity) FLOP/byte", zh: "\(flops) MFLOP ÷ \(bytes) MB = \(intensity) FLOP/字节"),
            Bilingual(en: "up to \(share) of the \(peak) peak, at least \(time) µs", zh: "最多用到 \(peak) 峰值的 \(share)，至少 \(time) µs"),
        ]
    }

    var heading: (Bilingual, Bilingual) {
        let length = AxisScale.tokens(Self.length)
        return (
            Bilingual(en: "One query at \(length), one layer", zh: "\(length) 处的一个查询，一层"),
            Bilingual(en: "Work, cache read once, and their quotient", zh: "运算量、读一遍的缓存，以及两者之商")
        )
    }

    /// How many queries have to share a read until arithmetic is the limit.
    private func sharers(_ work: Work) -> Int {
        let count = (hardware.ridge(work.precision) / work.intensity).rounded(.up)
        return max(1, Int(min(count, 1e15)))
    }

    var sharing: Bilingual {
        let (d, i) = (NumberText.grouped(sharers(dense)), NumberText.grouped(sharers(indexer)))
        return Bilingual(
            en:
                "Where several queries share a read (drafted tokens, tiles of a prefill), a point moves right by their number: \(d) to a read take dense MLA to its ridge, \(i) the indexer. A sparse selection is its query’s own.",
            zh: "若几个查询共用一次读取（推测解码的草稿词元、预填充的分块），点就右移同样的倍数：每次读取供 \(d) 个查询，稠密 MLA 便到脊点；索引器要 \(i) 个。稀疏选择则各归各的查询。")
    }

    private var chip: String { CostCurveWords.chip(hardware.name) }

    var words: FigureWords {
        let article = CostCurveWords.article(chip)
        let (index, main) = (share(indexer), share(dense))
        let isOne = spots.contains { $0.works.count > 1 && $0.works.contains { $0.isDense } }
        let same =
            isOne
            ? Bilingual(
                en: " Dense and sparse attention stand on one spot: a selection shortens the work and the reading alike.",
                zh: "稠密与稀疏注意力落在同一点：挑选让运算和读取同比减少。") : Bilingual(en: "", zh: "")
        let (bf16, fp8) = (Self.number(hardware.ridge(.bf16)), Self.number(hardware.ridge(.fp8)))
        let list = works.map { work in
            let lines = lines(work)
            return Bilingual(en: "\(work.name.en): \(lines[0].en), \(lines[1].en)", zh: "\(work.name.zh)：\(lines[0].zh)，\(lines[1].zh)")
        }
        let all = Bilingual(en: list.map { $0.en }.joined(separator: "; "), zh: list.map { $0.zh }.joined(separator: "；"))
        let length = AxisScale.tokens(Self.length)
        return FigureWords(
            title: Bilingual(
                en: "On \(article) \(chip), one query lets the indexer use \(index) of peak, bf16 MLA \(main)",
                zh: "\(chip) 上逐个查询解码，索引器最多用上峰值的 \(index)，bf16 的 MLA \(main)"),
            subtitle: Bilingual(
                en:
                    "The slope is what memory delivers, the flat roofs what arithmetic does; left of a ridge, work waits for memory.\(same.en)",
                zh: "斜线是显存供得上的算力，平顶是运算单元的峰值；在脊点左边，运算要等显存。\(same.zh)"),
            alt: Bilingual(
                en:
                    "Roofline of \(hardware.name) on logarithmic axes: memory \(memoryRate) TB/s, ridges at \(bf16) FLOP per byte (bf16) and \(fp8) (FP8). One query at \(length) in one layer. \(all.en). \(sharing.en)",
                zh:
                    "\(hardware.name) 的屋顶线图，对数坐标：显存 \(memoryRate) TB/s，脊点在每字节 \(bf16) FLOP（bf16）与 \(fp8)（FP8）。\(length) 处的一个查询，一层。\(all.zh)。\(sharing.zh)"
            ),
            caption: Bilingual(
                en:
                    "Roofline of \(article) \(chip): FLOPs per byte of cache for dense and sparse MLA and the indexer, decoding at \(length).",
                zh: "\(chip) 的屋顶线：在 \(length) 处解码时，稠密与稀疏 MLA 及索引器每字节缓存的 FLOPs。"),
            source: source)
    }

    private var memoryRate: String { Self.number(hardware.bandwidth / 1e12) }

    private var source: Bilingual {
        Bilingual(
            en:
                "Closed forms of \(data.dense.name) and \(data.sparse.name) in MQA mode; a multiply-add is 2 FLOPs. Convention: one query, its own cache read once and nothing else; a batch cannot share it, for every conversation has its own. MLA is taken to multiply in bf16 from either cache. Prefill in MHA mode expands the cache and is not drawn. Peaks and bandwidth of \(hardware.name). Roofline: Williams, Waterman and Patterson, 2009.",
            zh:
                "由 \(data.dense.name) 与 \(data.sparse.name) 的闭式算出，MQA 模式；一次乘加算 2 FLOPs。约定：一个查询，只计它自己的缓存读一遍；批处理不能共用，因为每段对话的缓存各不相同。两种缓存下 MLA 都按 bf16 相乘计。预填充的 MHA 模式要展开缓存，未画。峰值与带宽取自 \(hardware.name)。屋顶线模型：Williams、Waterman、Patterson，2009。"
        )
    }
}
