// The figure `cache`: what one token takes in the cache of one layer, what a whole context takes in all layers, and how many such conversations fit
// into the memory of one accelerator beside nothing else; format by format, so that the two models stand one over the other. Closed forms; weights and
// working memory are left out, and the figure says so.

import Records
import Traces

extension Figure {
    /// Memory per token and per context.
    public static let cache = Figure(
        name: "cache",
        summary: Bilingual(en: "Cache memory per token and per context; conversations that fit", zh: "每个词元与每段上下文的缓存占用，以及能放下几段对话"),
        needs: .costs
    ) { data, options, text throws(FigureError) in
        let (costs, frame) = (try data.costs("cache"), try PictureFrame(options, text))
        return try computing { () throws(EngineError) in
            var figure = try CacheFigure(costs, data.provenance, options, frame)
            return try figure.scene()
        }
    }
}

struct CacheFigure {
    /// One model in one format.
    struct Row {
        let model: String
        let format: AttentionCosts.CacheFormat
        /// Bytes per token and layer.
        let main: Int
        let index: Int
        /// Bytes of a whole context.
        let context: Double
        let conversations: Int
    }

    private let rows: [Row]
    private let data: CostData
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame
    /// Tokens of the context.
    static let length = 131_072

    init(_ data: CostData, _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(EngineError) {
        (self.data, self.provenance, self.options, self.frame) = (data, provenance, options, frame)
        let memory = Int(min(data.hardware.memory, 1e18))
        rows = try AttentionCosts.CacheFormat.allCases.flatMap { format in [data.dense, data.sparse].map { (format, $0) } }.map {
            format, model throws(EngineError) in
            let costs = AttentionCosts(model)
            return Row(
                model: CostCurveWords.short(model.name), format: format,
                main: format == .bf16 ? costs.cachePerToken.bf16 : costs.cachePerToken.fp8, index: costs.cachePerToken.index,
                context: Double(try costs.cache(length: Self.length, format: format)),
                conversations: try costs.conversations(ofLength: Self.length, in: memory, format: format))
        }
    }

    mutating func scene() throws(EngineError) -> Scene {
        let words = words
        frame.head(words.title[frame.language], words.subtitle[frame.language])
        frame.y += frame.type.body * 1.2
        let body = frame.items.count
        legend()
        frame.y += frame.type.body * 0.9
        let isWide = frame.width >= 860
        if isWide { columnNames(x: frame.width * 0.56 + 34, baseline: frame.y + frame.type.body * 1.1) }
        for (place, row) in rows.enumerated() {
            if place > 0, row.format != rows[place - 1].format { frame.y += frame.type.body * 0.9 * stretch }
            draw(row, isWide: isWide)
        }
        frame.y += frame.type.body * 0.5
        return frame.scene("cache", body: body, options, words, provenance)
    }

    /// How much taller everything may be where the preset fixes the height.
    private var stretch: Double {
        guard let proportion = options.preset.proportion, frame.width >= 860 else { return 1 }
        // The natural height is about 36 lines of body text, of which 11.7 can grow.
        return min(max(1 + (frame.width * proportion / frame.type.body - 36) / 11.7, 1), 2.3)
    }

    /// The memory in the unit of the contexts, so that a reader can divide.
    private var binaryMemory: String { NumberText.fixed(data.hardware.memory / 1_073_741_824, decimals: 1) + " GiB" }

    private var memory: String { NumberText.significant(data.hardware.memory / 1e9, digits: 4) + " GB" }

    /// Over the columns of contexts and of conversations that fit.
    private mutating func columnNames(x: Double, baseline: Double) {
        let size = Bilingual(en: "\(AxisScale.tokens(Self.length)) chat", zh: "\(AxisScale.tokens(Self.length)) 对话")[frame.language]
        let count = Bilingual(en: "fit into \(memory) (\(binaryMemory))", zh: "\(memory)（\(binaryMemory)）放得下")[frame.language]
        frame.add(size, frame.labelStyle, at: Point(x, baseline))
        let next = x + frame.width("00.00 GiB", frame.style(frame.type.body, .ink)) + 22
        frame.add(count, frame.labelStyle, at: Point(next + frame.type.body * 0.9, baseline))
    }

    /// Pale, because on a grey copy the two colours would be one grey; hatching is for what is not selected.
    private var indexFill: Fill { .solid(Paint.indexer.mixed(0.4)) }

    private mutating func legend() {
        let size = frame.type.label
        var x = frame.type.margin
        frame.y += size
        let entries = [
            (Fill.solid(.value), Bilingual(en: "keys and values (compressed latent and rotated key)", zh: "键与值（压缩的潜向量和旋转键）")),
            (indexFill, Bilingual(en: "index key", zh: "索引键")),
        ]
        for (fill, name) in entries {
            let length = frame.width(name[frame.language], frame.labelStyle) + size + 6
            if x + length > frame.width - frame.type.margin {
                x = frame.type.margin
                frame.y += size * 1.6
            }
            frame.items.append(.rect(Rect(x, frame.y - size * 0.88, size, size), fill: fill))
            frame.add(name[frame.language], frame.labelStyle, at: Point(x + size + 6, frame.y))
            x += length + 22
        }
    }

    /// Name, bar of bytes per token, context size and a square for each conversation.
    private mutating func draw(_ row: Row, isWide: Bool) {
        let left = frame.type.margin
        let name = "\(row.model), \(row.format == .bf16 ? "bf16" : "FP8")"
        let style = frame.style(frame.type.body, .ink, .semibold)
        frame.y += frame.type.body * 1.2 * stretch
        frame.add(name, style, at: Point(left, frame.y))
        frame.y += frame.type.body * 0.5
        let top = frame.y
        let height = frame.type.body * 1.5 * stretch
        let right = isWide ? frame.width * 0.56 : frame.width - frame.type.margin
        let most = rows.map { Double($0.main + $0.index) }.max() ?? 1
        let text = "\(NumberText.grouped(row.main + row.index)) B"
        let added = row.index > 0 ? "(+\(row.index))" : ""
        let room = right - left - frame.width("0,000 B (+000)", style) - 10
        let (main, index) = (room * Double(row.main) / most, room * Double(row.index) / most)
        frame.items.append(.rect(Rect(left, top, main, height), fill: .solid(.value)))
        if row.index > 0 {
            frame.items.append(
                .rect(Rect(left + main + 2, top + 0.5, max(index - 2, 1), height - 1), fill: indexFill, stroke: Stroke(.indexer)))
        }
        frame.add(
            text, frame.style(frame.type.body, .ink),
            at: Point(left + main + index + 8, top + height / 2 + frame.type.body * 0.36))
        frame.add(
            added, frame.style(frame.type.body, .indexer, .semibold),
            at: Point(
                left + main + index + 8 + frame.width(text + " ", frame.style(frame.type.body, .ink)),
                top + height / 2 + frame.type.body * 0.36))
        let x = isWide ? right + 34 : left
        if !isWide {
            frame.y += height + frame.type.label * 0.4
            if row.model == rows[0].model, row.format == rows[0].format {
                columnNames(x: left, baseline: frame.y + frame.type.label)
                frame.y += frame.type.label * 1.3
            }
        }
        context(row, at: Point(x, isWide ? top + height / 2 : frame.y + frame.type.body), isWide: isWide)
        frame.y = (isWide ? top + height : frame.y + frame.type.body * 2.1) + frame.type.body * 0.55
    }

    private mutating func context(_ row: Row, at point: Point, isWide: Bool) {
        let style = frame.style(frame.type.body, .ink)
        let size = Self.gibibytes(row.context)
        frame.add(size, style, at: Point(point.x, point.y + style.size * 0.36))
        var x = point.x + frame.width("00.00 GiB", style) + 22
        let side = frame.type.body * 0.95
        let count = "\(row.conversations)"
        frame.add(
            count, frame.style(frame.type.panel, .ink, .bold), at: Point(x + side * 1.9, point.y + frame.type.panel * 0.36),
            .end)
        x += side * 1.9 + 10
        let room = frame.width - frame.type.margin - x
        let step = min(side + 4, room / Double(max(row.conversations, 1)))
        for i in 0..<min(row.conversations, 60) {
            let box = Rect(x + Double(i) * step, point.y - side / 2, min(side, step - 2), side)
            frame.items.append(.rect(box, radius: 2, fill: .solid(.bar)))
        }
    }

    static func gibibytes(_ bytes: Double) -> String { NumberText.fixed(bytes / 1_073_741_824, decimals: 2) + " GiB" }

    private var words: FigureWords {
        let length = AxisScale.tokens(Self.length)
        let (first, last) = (rows[0], rows[rows.count - 1])
        let list = rows.map { row in
            let format = row.format == .bf16 ? "bf16" : "FP8"
            return Bilingual(
                en:
                    "\(row.model) \(format): \(NumberText.grouped(row.main + row.index)) bytes, \(Self.gibibytes(row.context)), \(row.conversations) conversations",
                zh:
                    "\(row.model) \(format)：\(NumberText.grouped(row.main + row.index)) 字节，\(Self.gibibytes(row.context))，\(row.conversations) 段对话"
            )
        }
        let all = Bilingual(en: list.map { $0.en }.joined(separator: "; "), zh: list.map { $0.zh }.joined(separator: "；"))
        let index = last.index
        let fp8 = rows.first { $0.format == .fp8 }.map { rows[0].main - $0.main } ?? 0
        let saving =
            fp8 > 0
            ? Bilingual(en: " FP8 takes \(fp8) off.", zh: "改用 FP8 则省下 \(fp8) 字节。") : Bilingual(same: "")
        return FigureWords(
            title: Bilingual(
                en: "The cache does not shrink: the index adds \(index) bytes a token and layer",
                zh: "缓存并没有变小：每层每个词元，索引多占 \(index) 字节"),
            subtitle: Bilingual(
                en:
                    "Bars: bytes of cache per token in one layer. Squares: conversations of \(length) in all \(data.sparse.layers) layers that fit if memory holds nothing but cache.\(saving.en)",
                zh: "条形：一层中每个词元的缓存字节数。方格：只放缓存时能容纳的 \(length) 对话（全部 \(data.sparse.layers) 层），一格一段。\(saving.zh)"),
            alt: Bilingual(
                en: "Bars of cache bytes per token and layer, the size of a \(length) context, and how many fit into \(memory). \(all.en).",
                zh: "条形图：每层每个词元的缓存字节、\(length) 上下文的占用、\(memory) 能容纳的段数。\(all.zh)。"),
            caption: Bilingual(
                en:
                    "The index of \(last.model) adds \(index) bytes a token and layer to the cache of \(first.model); conversations of \(length) that fit into \(memory).",
                zh: "\(last.model) 的索引让 \(first.model) 的缓存每层每个词元多 \(index) 字节；\(memory) 能容纳几段 \(length) 对话。"),
            source: Bilingual(
                en:
                    "Closed forms from the models’ configurations; FP8 layout after FlashMLA (codes, a scale for every \(AttentionCosts.scaleBlock), rotated part in bf16). Sparse attention does not shrink the cache: every token stays, to be picked by a later query. Weights and working memory are left out. Memory of \(data.hardware.name).",
                zh:
                    "由模型配置闭式算出；FP8 布局依 FlashMLA（编码、每 \(AttentionCosts.scaleBlock) 个一个缩放、旋转部分为 bf16）。稀疏注意力并不缩小缓存：每个词元都留着，等后面的查询来挑。未计权重与运行内存。显存取自 \(data.hardware.name)。"
            ))
    }
}
