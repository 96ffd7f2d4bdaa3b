// The words of the figure `head-kinds`. The finding is computed: the kind of most heads, and how much of all weight lies there.

import Mechanisms
import Traces

struct HeadKindsWords {
    let kinds: HeadKinds
    let provenance: Provenance

    private var total: Int { kinds.heads.count }

    static func name(_ place: HeadKinds.Place) -> Bilingual {
        switch place {
        case .first: Bilingual(en: "first token", zh: "第一个词元")
        case .previous: Bilingual(en: "token before", zh: "前一个词元")
        case .itself: Bilingual(en: "itself", zh: "自己")
        case .near: Bilingual(en: "2 to \(HeadKinds.reach) away", zh: "相隔 2 至 \(HeadKinds.reach) 个")
        case .elsewhere: Bilingual(en: "farther off", zh: "更远处")
        }
    }

    /// The letter in a cell.
    static func sign(_ place: HeadKinds.Place) -> Bilingual {
        switch place {
        case .first: Bilingual(en: "F", zh: "首")
        case .previous: Bilingual(en: "B", zh: "前")
        case .itself: Bilingual(en: "I", zh: "己")
        case .near: Bilingual(en: "N", zh: "近")
        case .elsewhere: Bilingual(en: "–", zh: "远")
        }
    }

    private func percent(_ share: Double) -> String { NumberText.share(share, decimals: 0) }

    var title: Bilingual {
        let place = kinds.leading
        let (share, count) = (Words.share(HeadKinds.mean(kinds.heads)[place.rawValue]), kinds.count(place))
        if !kinds.hasKinds {
            return kinds.broken > 0
                ? Bilingual(en: "The weights of these heads are no numbers", zh: "这些头的权重不是数")
                : Bilingual(en: "The weights of these heads are all 0", zh: "这些头的权重全为 0")
        }
        let subject =
            switch place {
            case .first: Bilingual(en: "The first token holds \(share.en) of all weight", zh: "第一个词元占全部权重的\(share.zh)")
            case .previous: Bilingual(en: "The token before holds \(share.en) of all weight", zh: "前一个词元占全部权重的\(share.zh)")
            case .itself: Bilingual(en: "Tokens keep \(share.en) of all weight for themselves", zh: "词元把全部权重的\(share.zh)留给自己")
            case .near:
                Bilingual(
                    en: "Tokens 2 to \(HeadKinds.reach) places away together hold \(share.en) of all weight",
                    zh: "相隔 2 至 \(HeadKinds.reach) 个位置的词元合占全部权重的\(share.zh)")
            case .elsewhere:
                Bilingual(
                    en: "\(Words.capitalised(share.en)) of all weight goes farther than \(HeadKinds.reach) tokens",
                    zh: "全部权重的\(share.zh)落在 \(HeadKinds.reach) 个词元以外")
            }
        guard total > 1 else { return subject }
        return subject
            + Bilingual(
                en:
                    ", the most in \(count == total ? Words.all(total) : "\(NumberText.grouped(count)) of \(NumberText.grouped(total))") heads",
                zh: "，\(NumberText.grouped(total)) 个头\(count == total ? "都" : "里有 \(NumberText.grouped(count)) 个")以它为主")
    }

    func subtitle(hasNumbers: Bool) -> Bilingual {
        let numbers =
            hasNumbers
            ? Bilingual(en: " The number is the percentage there.", zh: "数字是那里所占的百分比。") : Bilingual(same: "")
        return Bilingual(
            en:
                "Each cell is a head, marked by the place that holds most of its weight; the bars are means over a layer’s heads.\(numbers.en)",
            zh: "每一格是一个头，标出它权重最多的去处；条形是一层各头的平均。\(numbers.zh)")
    }

    /// A line of the legend.
    func entry(_ place: HeadKinds.Place) -> Bilingual {
        let (name, sign, count) = (Self.name(place), Self.sign(place), kinds.count(place))
        return Bilingual(
            en: "\(sign.en) \(name.en): \(Words.counted(count, "head"))", zh: "\(sign.zh)：\(name.zh)，\(NumberText.grouped(count)) 个头")
    }

    private func address(_ place: (layer: Int?, head: Int, share: Double), _ name: Bilingual) -> Bilingual {
        let layer = place.layer.map { Bilingual(en: "layer \($0), ", zh: "第 \($0) 层") } ?? Bilingual(same: "")
        return Bilingual(
            en: "\(layer.en)head \(place.head) (\(name.en), \(percent(place.share)))",
            zh: "\(layer.zh)头 \(place.head)（\(name.zh)，\(percent(place.share))）")
    }

    /// The clearest head of each kind that there is.
    var clearest: Bilingual {
        let parts = HeadKinds.Place.allCases.compactMap { place -> Bilingual? in
            guard place != .elsewhere, let found = kinds.clearest(place) else { return nil }
            return address(found, Self.name(place))
        }
        guard !parts.isEmpty else { return Bilingual(same: "") }
        return Bilingual(
            en: "Clearest of each kind: \(parts.map { $0.en }.joined(separator: "; ")).",
            zh: "各类中最典型的：\(parts.map { $0.zh }.joined(separator: "；"))。")
    }

    var definitions: Bilingual {
        Bilingual(
            en:
                "Shares of a head’s weight, added up over the queries from the third token on, for which the places are five different ones: the first three are one key each, the others several",
            zh: "从第三个词元的查询起，把一个头的权重按去处相加（从那里起，五个去处才各不相同）；前三个去处各是一个键，后两个各有多个键")
    }

    var source: Bilingual {
        let (first, last) = (kinds.steps.first.id, kinds.steps.last.id)
        return Words.source(
            [definitions, Bilingual(same: kinds.layers.count > 1 ? "\(first) … \(last)" : first.text)], provenance)
    }

    var alt: Bilingual {
        let mean = HeadKinds.mean(kinds.heads)
        let parts = HeadKinds.Place.allCases.map { place -> Bilingual in
            let (entry, share) = (Self.name(place), percent(mean[place.rawValue]))
            let count = NumberText.grouped(kinds.count(place))
            return Bilingual(
                en: "\(entry.en): \(count), \(share) of all weight", zh: "\(entry.zh)：\(count) 个头，占全部权重的 \(share)")
        }
        let layers = kinds.layers.count
        let broken =
            kinds.broken > 0
            ? Bilingual(
                en: " \(Words.counted(kinds.broken, "head")) without finite weights.", zh: "另有 \(kinds.broken) 个头的权重不是有限的数。")
            : Bilingual(same: "")
        let empty =
            kinds.empty > 0
            ? Bilingual(en: " \(Words.counted(kinds.empty, "head")) without any weight.", zh: "另有 \(kinds.empty) 个头的权重全为 0。")
            : Bilingual(same: "")
        return Bilingual(
            en:
                "A grid of \(Words.counted(layers, "layer")) by \(Words.counted(kinds.layers[0].heads.count, "head")), each head by the place that holds most of its weight. Heads of each kind: \(parts.map { $0.en }.joined(separator: "; ")). \(clearest.en)\(broken.en)\(empty.en)",
            zh:
                "\(layers) 层、每层 \(kinds.layers[0].heads.count) 个头的方格，每个头标出权重最多的去处。各种头：\(parts.map { $0.zh }.joined(separator: "；"))。\(clearest.zh)\(broken.zh)\(empty.zh)"
        )
    }

    var caption: Bilingual { Bilingual(en: "\(title.en).", zh: "\(title.zh)。") }
}
