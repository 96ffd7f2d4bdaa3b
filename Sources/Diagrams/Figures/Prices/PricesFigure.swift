// The figure `prices`: price lists before and after, in each currency, with the cut of each kind in percent.

import Records
import Traces

extension Figure {
    /// Prices before and after.
    public static let prices = Figure(
        name: "prices", summary: Bilingual(en: "Prices before and after, with each cut in percent", zh: "降价前后的价格与各项降幅"), needs: .prices
    ) { data, options, text throws(FigureError) in
        guard case .prices(let lists) = data.numbers else { throw data.missing("prices", .prices) }
        var figure = try PricesFigure(lists, data.provenance, options, PictureFrame(options, text))
        return figure.scene()
    }
}

struct PricesFigure {
    /// A list before and one after, of one currency.
    struct Pair {
        let before: PriceList
        let after: PriceList
        /// Kinds of tokens with both prices.
        var items: [(name: Bilingual, before: Double, after: Double)] {
            [
                (Bilingual(en: "Input, cache hit", zh: "输入（缓存命中）"), before.cacheHit, after.cacheHit),
                (Bilingual(en: "Input, cache miss", zh: "输入（缓存未命中）"), before.cacheMiss, after.cacheMiss),
                (Bilingual(en: "Output", zh: "输出"), before.output, after.output),
            ]
        }
        var sign: String { before.currency == "USD" ? "$" : before.currency == "CNY" ? "¥" : before.currency + " " }
    }

    private let pairs: [Pair]
    private let provenance: Provenance
    private let options: FigureOptions
    private var frame: PictureFrame

    init(_ lists: [PriceList], _ provenance: Provenance, _ options: FigureOptions, _ frame: PictureFrame) throws(FigureError) {
        (self.provenance, self.options, self.frame) = (provenance, options, frame)
        var pairs: [Pair] = []
        for currency in lists.map({ $0.currency }).reduce(into: [String](), { if !$0.contains($1) { $0.append($1) } }) {
            let own = lists.filter { $0.currency == currency }
            guard own.count == 2 else { throw FigureError("prices: \(currency): expected a list before and one after, found \(own.count)") }
            pairs.append(Pair(before: own[0], after: own[1]))
        }
        guard !pairs.isEmpty else { throw FigureError("prices: expected price lists, found none") }
        self.pairs = pairs
    }

    mutating func scene() -> Scene {
        let words = words
        frame.head(words.title[frame.language], words.subtitle[frame.language])
        frame.y += frame.type.body * 0.8
        let body = frame.items.count
        let names = [pairs[0].before.name, pairs[0].after.name].map(CostCurveWords.short)
        let before = Bilingual(en: "before: \(names[0])", zh: "降价前：\(names[0])")[frame.language]
        let after = Bilingual(en: "after: \(names[1]), with the cut at the right", zh: "降价后：\(names[1])，右侧为降幅")[frame.language]
        frame.legend([.box(.solid(beforeColor), nil, before), .box(.solid(.bar), nil, after)])
        frame.y += frame.type.body * 0.8
        let isWide = frame.width >= 860
        let gap = 48.0
        let part = isWide ? (frame.contentWidth - gap * Double(pairs.count - 1)) / Double(pairs.count) : frame.contentWidth
        let top = frame.y
        for (i, pair) in pairs.enumerated() {
            if i > 0 { frame.y = isWide ? top : frame.y + frame.type.body * 1.4 }
            panel(pair, x: frame.type.margin + (isWide ? Double(i) * (part + gap) : 0), width: part)
        }
        frame.y += frame.type.body
        return frame.scene("prices", body: body, options, words, provenance)
    }

    private mutating func panel(_ pair: Pair, x: Double, width: Double) {
        let unit = Bilingual(en: "\(pair.sign) per million tokens", zh: "\(pair.sign) / 百万词元")
        frame.heading(pair.before.currency, unit[frame.language], x: x, width: width)
        var y = frame.headingBottom + frame.type.body * 0.4
        let most = pair.items.map { max($0.before, $0.after) }.max() ?? 1
        let numberWidth =
            pair.items.map { frame.width(price($0.before, pair), frame.style(frame.type.body, .ink, .semibold)) }.max() ?? 40
        // A column for the price after a bar, and one for the cut.
        let room = width - numberWidth - 12 - frame.width("−75%", cutStyle) - 16
        for item in pair.items {
            y += frame.type.body * 1.4 * stretch
            frame.add(item.name[frame.language], frame.style(frame.type.body, .ink, .medium), at: Point(x, y))
            y += frame.type.body * 0.45
            let height = barHeight
            for (i, value) in [item.before, item.after].enumerated() {
                let length = max(room * value / most, 1)
                let fill: Fill = .solid(i == 0 ? beforeColor : .bar)
                frame.items.append(.rect(Rect(x, y, length, height), fill: fill))
                let style = frame.style(frame.type.body, i == 0 ? .muted : .ink, i == 0 ? .regular : .semibold)
                frame.add(price(value, pair), style, at: Point(x + length + 7, y + height * 0.5 + style.size * 0.36))
                y += height + 2
            }
            let middle = y - height - 1 + cutStyle.size * 0.36
            frame.add(cut(item.before, item.after), cutStyle, at: Point(x + width, middle), .end)
            y += frame.type.body * 0.5
        }
        frame.y = y
    }

    /// How much taller everything may be where the preset fixes the height.
    private var stretch: Double {
        guard let proportion = options.preset.proportion, frame.width >= 860 else { return 1 }
        // The natural height is about 35 lines of body text, of which 11.7 can grow.
        return min(max(1 + (frame.width * proportion / frame.type.body - 35) / 11.7, 1), 2.3)
    }
    private var barHeight: Double { frame.type.body * 1.25 * stretch }

    private var beforeColor: Paint { Paint.ink.mixed(0.32) }

    private var cutStyle: TextStyle { frame.style(frame.type.panel * 1.12, .bar, .bold) }

    private func price(_ value: Double, _ pair: Pair) -> String { pair.sign + NumberText.significant(value, digits: 3) }

    private func cut(_ before: Double, _ after: Double) -> String {
        let change = before > 0 ? (after - before) / before : 0
        return (change <= 0 ? "−" : "+") + NumberText.percent(abs(change), decimals: 0)
    }

    /// The kind that fell most, if it is one kind in every currency.
    private var deepest: Bilingual {
        let kinds = [
            Bilingual(en: ", cache hits the most", zh: "，缓存命中降得最多"), Bilingual(en: ", cache misses the most", zh: "，缓存未命中降得最多"),
            Bilingual(en: ", output the most", zh: "，输出降得最多"),
        ]
        let deepest = Set(
            pairs.map { pair -> Int? in
                let left = pair.items.map { $0.after / max($0.before, 1e-12) }
                let least = left.min() ?? 1
                return left.count { $0 == least } == 1 ? left.firstIndex(of: least) : nil
            })
        guard deepest.count == 1, let kind = deepest.first ?? nil else { return Bilingual(en: "", zh: "") }
        return kinds[kind]
    }

    private var words: FigureWords {
        let first = pairs[0]
        let models = [first.before.name, first.after.name].map(CostCurveWords.short)
        let cuts = pairs.flatMap { $0.items }.map { 1 - $0.after / max($0.before, 1e-12) }
        let (least, most) = (NumberText.percent(cuts.min() ?? 0, decimals: 0), NumberText.percent(cuts.max() ?? 0, decimals: 0))
        let range =
            least == most
            ? Bilingual(en: "Prices fell by \(least)", zh: "价格下调 \(least)")
            : Bilingual(en: "Prices fell by \(least) to \(most)", zh: "价格下调 \(least) 到 \(most)")
        let list = pairs.map { pair in
            Words.list(
                pair.items.map { item in
                    let text = "\(price(item.before, pair)) → \(price(item.after, pair)) (\(cut(item.before, item.after)))"
                    return Bilingual(en: "\(item.name.en) \(text)", zh: "\(item.name.zh) \(text)")
                })
        }
        return FigureWords(
            title: (cuts.min() ?? 0) > 0
                ? range + deepest
                : Bilingual(en: "Prices before and after", zh: "调价前后的价格"),
            subtitle: Bilingual(
                en:
                    "What the API charges for a million tokens. A cache hit is input that the service still holds.",
                zh: "API 每百万词元的收费。缓存命中指服务端仍保留着的输入。"),
            alt: Bilingual(
                en:
                    "Bar charts of prices per million tokens, \(models[0]) before and \(models[1]) after. \(list.map { $0.en }.joined(separator: "; ")).",
                zh: "每百万词元价格的条形图：\(models[0]) 为降价前，\(models[1]) 为降价后。\(list.map { $0.zh }.joined(separator: "；"))。"),
            caption: Bilingual(
                en: "DeepSeek’s API prices per million tokens before and after 2025-09-29.", zh: "DeepSeek API 每百万词元价格，2025-09-29 前后。"),
            source: Bilingual(
                en:
                    "USD: DeepSeek’s pricing page before and after 2025-09-29. CNY: reported by third parties; the prices after are corroborated by the archived page. Each currency has its own scale. Data: \(provenance.name)",
                zh: "USD：DeepSeek 定价页，2025-09-29 前后。CNY：第三方报道，降价后的价格另有存档页面佐证。两种货币各用各的刻度。数据：\(provenance.name)"))
    }
}
