// The words of the figure `selection-map`. The finding is computed: how much more often the most selected token is selected than a typical one.

import Records
import Traces

struct SelectionMapWords {
    let map: SelectionMap
    /// Whether all keys weigh the same, so that order alone chooses.
    let isTie: Bool
    let provenance: Provenance
    /// For each key, which part of the far queries select it, mean over the layers; nil where too few queries are so far away to say much.
    private let shares: [Double?]
    private let labels: [String]
    /// Of how many queries it can be said: of k and of a few, or of as many as there are.
    private let enough: Int

    init(map: SelectionMap, isTie: Bool = false, provenance: Provenance) {
        (self.map, self.isTie, self.provenance) = (map, isTie, provenance)
        let most = map.layers.reduce(1) { max($0, $1.asked.max() ?? 0) }
        let enough = min(max(map.topK, min(most / 4, 8)), most)
        self.enough = enough
        // Layers with windows are asked by fewer queries, or by none.
        shares = map.layers[0].asked.indices.map { key in
            let known = map.layers.filter { $0.asked[key] >= enough }.compactMap { $0.share(key) }
            return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
        }
        labels = TokenText.visible(map.tokens)
    }

    /// Whether of some keys, in some layers, nothing is said.
    var hasBlanks: Bool { map.layers.contains { $0.asked.contains { $0 < enough } } }

    /// Keys that are selected from afar, from the most to the least.
    var hubs: [Int] {
        shares.indices.filter { shares[$0] ?? 0 > 0 }.sorted { (shares[$0]!, -$0) > (shares[$1]!, -$1) }
    }

    /// Which part of the far queries select a key in one layer; nil where they are too few.
    func share(_ key: Int, in layer: SelectionMap.Layer) -> Double? { layer.asked[key] >= enough ? layer.share(key) : nil }

    /// A key as a label.
    func name(_ key: Int) -> Bilingual { key < labels.count ? Words.quoted(labels[key]) : Bilingual(same: "\(key)") }

    private func place(_ key: Int) -> Bilingual {
        guard key < labels.count else { return Bilingual(en: "key \(key)", zh: "\(key) 号键") }
        return Bilingual(en: "“\(labels[key])” (\(key))", zh: "“\(labels[key])”（\(key) 号）")
    }

    private func percent(_ share: Double) -> String { NumberText.share(share, decimals: 0) }

    /// The share in the middle.
    private var typical: Double {
        let known = shares.compactMap { $0 }.sorted()
        return known.isEmpty ? 0 : known[known.count / 2]
    }

    /// How much of their choices layers share with those before them, mean over the layers; nil where there is one alone.
    var common: String? { map.meanCommon.map(percent) }

    /// From which share on a layer counts as one in which nearly all queries select a key.
    private static let nearlyAll = 0.9

    private var title: Bilingual {
        guard let key = hubs.first, let most = shares[key] else {
            return Bilingual(en: "No token is selected from afar", zh: "没有哪个词元被远处的查询选中")
        }
        if isTie {
            return Bilingual(en: "All keys weigh the same: of equal ones the earlier are selected", zh: "各键权重都相等：打平时选靠前的")
        }
        let (name, share, rest) = (place(key), Words.share(most), Words.share(typical))
        let subject = key == 0 ? Bilingual(en: "the first token", zh: "第一个词元") : name
        let known = map.layers.compactMap { self.share(key, in: $0) }
        let often = known.count { $0 >= Self.nearlyAll }
        if often > 1 {
            // Layers whose window does not reach so far have no say.
            let far = known.count < map.layers.count ? Bilingual(en: " that reach so far", zh: "看得到那么远的 ") : Bilingual(same: "")
            return Bilingual(
                en:
                    "\(Words.capitalised(subject.en)) is selected by nearly all far queries in \(often) of \(known.count) layers\(far.en), a typical token by \(rest.en)",
                zh: "\(far.zh)\(known.count) 层里有 \(often) 层，远处的查询几乎都选\(subject.zh)；选普通词元的只有\(rest.zh)")
        }
        let queries = map.layers.reduce(0) { max($0, $1.asked[key]) }
        return Bilingual(
            en:
                "From afar, \(share.en) of \(Words.counted(queries, "query", "queries")) select \(subject.en), and \(rest.en) a typical token",
            zh: "远处的 \(NumberText.grouped(queries)) 个查询有\(share.zh)选\(subject.zh)，选普通词元的只有\(rest.zh)")
    }

    var words: FigureWords {
        let k = map.topK
        let far = Bilingual(
            en:
                "A row is a layer, a column a token, and far is \(Words.counted(k, "token")) or more away, where the latest \(k) do not reach.",
            zh: "一行是一层，一列是一个词元。“远处”指相隔至少 \(k) 个词元，最近 \(k) 个键够不着的地方。")
        let rule = Bilingual(
            en: " A query selects the \(Words.counted(k, "key")) of the most weight, added up over heads.",
            zh: "每个查询选各头权重之和最大的 \(k) 个键。")
        let layers = map.layers.count
        let most = hubs.prefix(5).map { key in
            let (place, share) = (place(key), percent(shares[key]!))
            return Bilingual(en: "\(place.en): \(share)", zh: "\(place.zh)：\(share)")
        }
        let shared = common.map {
            Bilingual(en: " Layers share \($0) of their choices with the one before, on average.", zh: "各层平均有 \($0) 的选择与上一层相同。")
        }
        let list = Bilingual(en: most.map { $0.en }.joined(separator: "; "), zh: most.map { $0.zh }.joined(separator: "；"))
        return FigureWords(
            title: title, subtitle: Bilingual(en: far.en + rule.en, zh: far.zh + rule.zh),
            alt: Bilingual(
                en:
                    "A map of \(Words.counted(layers, "layer")) by \(Words.counted(shares.count, "token")), coloured by the part of the queries at least \(k) tokens away that select the token. Nearly all are \(percent(Self.nearlyAll)) or more. Selected most, mean over layers: \(list.en). The median is \(percent(typical)).\(shared?.en ?? "")",
                zh:
                    "\(layers) 层、\(shares.count) 个词元的图，颜色表示相隔至少 \(k) 个词元的查询中选中它的比例。“几乎都选”指 \(percent(Self.nearlyAll)) 以上。被选最多的（各层平均）：\(list.zh)。中位数是 \(percent(typical))。\(shared?.zh ?? "")"
            ),
            caption: Bilingual(en: "\(title.en).", zh: "\(title.zh)。"), source: source)
    }

    /// What is to be said where a pixel stands for up to `block` tokens; nil where each has its own.
    func aggregation(_ block: Int) -> Bilingual? {
        guard block > 1 else { return nil }
        return Bilingual(en: " · one pixel shows the mean of up to \(block) tokens", zh: " · 每个像素是至多 \(block) 个词元的平均")
    }

    private var source: Bilingual {
        let blank = Bilingual(
            en: "the oracle’s choice: nobody without the dense weights could make it", zh: "这是先知的选择，不知道稠密权重就做不出来")
        guard map.model != provenance.name else { return Words.source([blank], provenance) }
        let count = NumberText.grouped(shares.count)
        return Words.source(
            [
                Bilingual(en: "recorded by this project: \(map.model) over \(count) tokens", zh: "本项目的记录：\(map.model) 读 \(count) 个词元"),
                blank,
            ],
            provenance)
    }
}
