// The figure `prices`: what is left of each price, as a share of what it was, the deepest cut first; the prices themselves in digits, a currency beside
// the other. Currencies whose cut of a kind differs have a bar each.

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

    /// What is left of the price of one kind, in the currencies in which that is the same share.
    struct Row {
        let name: Bilingual
        let left: Double
        /// `$1.68 → $0.42`, one for each currency.
        let prices: [String]
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
        let before = Bilingual(en: "price before, \(names[0]): 100%", zh: "降价前的价格（\(names[0])）：100%")[frame.language]
        let after = Bilingual(en: "what is left: \(names[1])", zh: "剩下的：\(names[1])")[frame.language]
        frame.legend([.box(.solid(beforeColor), nil, before), .box(.solid(.bar), nil, after)])
        frame.y += frame.type.body * 0.8
        let most = max(rows.reduce(1) { max($0, $1.left) }, 1)
        for row in rows { draw(row, most) }
        frame.y += frame.type.body * 1.2
        return frame.scene("prices", body: body, options, words, provenance)
    }

    /// The deepest cut first.
    private var rows: [Row] {
        var rows: [Row] = []
        for kind in 0..<3 {
            for pair in pairs {
                let item = pair.items[kind]
                let (left, text) = (item.after / max(item.before, 1e-12), "\(price(item.before, pair)) → \(price(item.after, pair))")
                if let same = rows.firstIndex(where: { $0.name == item.name && abs($0.left - left) < 1e-9 }) {
                    rows[same] = Row(name: item.name, left: left, prices: rows[same].prices + [text])
                } else {
                    rows.append(Row(name: item.name, left: left, prices: [text]))
                }
            }
        }
        return rows.enumerated().sorted { ($0.element.left, $0.offset) < ($1.element.left, $1.offset) }.map { $0.element }
    }

    private mutating func draw(_ row: Row, _ most: Double) {
        let (left, isWide) = (frame.type.margin, frame.width >= 860)
        let (name, prices) = (frame.style(frame.type.body, .ink, .semibold), frame.style(frame.type.body, .muted))
        let cutWidth = frame.width("−75%", cutStyle) + 18
        let named =
            isWide
            ? max(frame.contentWidth * 0.3, rows.reduce(0) { max($0, frame.width($1.prices.joined(separator: "   "), prices)) }) + 28 : 0
        let height = frame.type.body * (isWide ? 2.8 : 2.1) * stretch
        frame.y += frame.type.body * (isWide ? 1.2 * stretch : 2.2)
        if isWide {
            frame.add(row.name[frame.language], name, at: Point(left, frame.y + height / 2 - name.size * 0.25))
            frame.add(row.prices.joined(separator: "   "), prices, at: Point(left, frame.y + height / 2 + prices.size * 1.15))
        } else {
            frame.add(row.name[frame.language], name, at: Point(left, frame.y))
            frame.y += frame.type.body * 0.5
        }
        let bar = Rect(left + named, frame.y, frame.contentWidth - named - cutWidth, height)
        frame.items.append(.rect(Rect(bar.x, bar.y, bar.width / most, height), fill: .solid(beforeColor)))
        frame.items.append(.rect(Rect(bar.x, bar.y, max(bar.width * row.left / most, 1), height), fill: .solid(.bar)))
        frame.add(cut(1, row.left), cutStyle, at: Point(frame.width - left, bar.midY + cutStyle.size * 0.36), .end)
        frame.y = bar.maxY
        guard !isWide else { return }
        frame.y += frame.type.body * 1.4
        frame.add(row.prices.joined(separator: "   "), prices, at: Point(left, frame.y))
    }

    /// How much taller everything may be where the preset fixes the height.
    private var stretch: Double {
        guard let proportion = options.preset.proportion, frame.width >= 860 else { return 1 }
        // The natural height is about 17 lines of body text and 4 a row.
        return min(max((frame.width * proportion / frame.type.body - 17) / (4 * Double(rows.count)), 1), 2)
    }

    private var beforeColor: Paint { .rule }

    private var cutStyle: TextStyle { frame.style(frame.type.panel * 1.3, .bar, .bold) }

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
                    "What the API charges for a million tokens, as a share of what it charged. A cache hit is input that the service still holds.",
                zh: "API 每百万词元的收费，按降价前的百分比画出。缓存命中指服务端仍保留着的输入。"),
            alt: Bilingual(
                en:
                    "Bars of what is left of each price per million tokens, \(models[0]) before and \(models[1]) after. \(list.map { $0.en }.joined(separator: "; ")).",
                zh: "条形图：每百万词元的价格还剩多少，\(models[0]) 为降价前，\(models[1]) 为降价后。\(list.map { $0.zh }.joined(separator: "；"))。"),
            caption: Bilingual(
                en: "\(range.en)\(deepest.en): DeepSeek’s API before and after 2025-09-29.",
                zh: "\(range.zh)\(deepest.zh)：DeepSeek API，2025-09-29 前后。"),
            source: Bilingual(
                en:
                    "USD: DeepSeek’s pricing page before and after 2025-09-29. CNY: reported by third parties; the prices after are corroborated by the archived page. Data: \(provenance.name)",
                zh: "USD：DeepSeek 定价页，2025-09-29 前后。CNY：第三方报道，降价后的价格另有存档页面佐证。数据：\(provenance.name)"))
    }
}
