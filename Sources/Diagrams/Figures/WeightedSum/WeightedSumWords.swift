// What the figure `weighted-sum` says, made from one row's values and shares.

import Traces

struct WeightedSumWords {
    let sum: WeightedSum
    /// Digits after the point of products and sums.
    var decimals = 2

    init(sum: WeightedSum) { self.sum = sum }

    private var isLatent: Bool { sum.values.id.role.isLatent }
    private var query: Bilingual { Words.position(sum.row.queryName, Bilingual(en: "query", zh: "查询")) }
    private func key(_ key: Int) -> Bilingual { Words.position(sum.row.name(key), Bilingual(en: "key", zh: "键")) }
    private var value: Bilingual { isLatent ? Bilingual(en: "latent", zh: "潜向量") : Bilingual(en: "value", zh: "值") }

    func text(_ value: Double) -> String {
        let size = abs(value)
        return value == 0 ? "0" : MatrixScale.typographic(NumberText.fixed(value, decimals: size >= 100 ? 0 : size >= 10 ? 1 : decimals))
    }

    /// A cell of a value: with as few digits as tell the values apart where tenths suffice.
    func valueText(_ value: Double) -> String {
        let all = sum.terms.flatMap { $0.values ?? [] }
        if all.allSatisfy({ $0 == $0.rounded() && abs($0) < 1e6 }) { return MatrixScale.typographic(NumberText.fixed(value, decimals: 0)) }
        return NumberText.areTenths(all) ? MatrixScale.typographic(NumberText.fixed(value, decimals: 1)) : text(value)
    }

    func shareText(_ share: Double) -> String { NumberText.share(share) }

    /// The key of a row, or how many stand together.
    func name(_ place: Int) -> Bilingual {
        let term = sum.terms[place]
        guard let key = term.key else { return Bilingual(en: "\(term.count) others", zh: "其余 \(term.count) 个") }
        let name = sum.row.name(key)
        return !Words.isPosition(name) ? Bilingual(same: name) : self.key(key)
    }

    private var heaviest: (name: Bilingual, share: Bilingual) {
        let term = sum.terms[sum.heaviest]
        return (key(term.key ?? 0), Words.share(term.share))
    }

    var title: Bilingual {
        let (name, share) = heaviest
        return Bilingual(
            en: "\(Words.capitalised(name.en)) speaks loudest: its \(value.en) counts with a share of \(share.en)",
            zh: "\(name.zh)声音最大：它的\(value.zh)按\(share.zh)的份额计入")
    }

    var subtitle: Bilingual {
        let head = sum.row.slice.headName.map { Bilingual(en: ", \($0.en)", zh: "，\($0.zh)") } ?? Bilingual(same: "")
        let some =
            sum.features.count < sum.width
            ? Bilingual(
                en: " Shown are the \(sum.features.count) of \(sum.width) features whose sums are largest.",
                zh: "共 \(sum.width) 个特征，只画其中和最大的 \(sum.features.count) 个。") : Bilingual(same: "")
        return Bilingual(
            en:
                "What \(query.en) receives\(head.en): each key’s \(value.en), a bar a feature; the same, times the key’s share; all of them stacked. Down is negative; the line marks the sum.",
            zh: "\(query.zh)收到的东西\(head.zh)：每个键的\(value.zh)，一个特征一根条；乘上份额；再叠起来。向下为负，横线处是总和。") + some
    }

    /// The names of the columns, the longest first.
    var columnNames: [[Bilingual]] {
        let short = isLatent ? Bilingual(en: "Latents", zh: "潜向量") : Bilingual(en: "Values", zh: "值")
        return [
            [Bilingual(en: "Share", zh: "份额"), Bilingual(same: "")], [short],
            [Bilingual(en: "× share", zh: "× 份额"), Bilingual(same: "×")],
            [Bilingual(en: "Stacked: the head’s output", zh: "叠起来：这个头的输出"), Bilingual(en: "Stacked", zh: "叠起来"), Bilingual(same: "Σ")],
        ]
    }

    func source(_ provenance: Provenance) -> Bilingual {
        let steps = [sum.row.slice.step.id, sum.values.id, sum.output.id].map { Bilingual(same: $0.text) }
        let features = Bilingual(en: "0, 1, …: features", zh: "0、1……：特征")
        let products = Bilingual(en: "products and partial sums of these cells", zh: "乘积与部分和由这些格算出")
        return Words.source([sum.row.slice.headName, Words.list(steps), products, features].compactMap { $0 }, provenance)
    }

    var caption: Bilingual {
        Bilingual(
            en: "\(title.en). Values, the same scaled by their shares, and stacked to the output of one head.",
            zh: "\(title.zh)。每个键的\(value.zh)乘上份额，叠起来就是一个头的输出。")
    }

    var alt: Bilingual {
        let terms = Words.list(
            sum.terms.indices.map { place in
                let (name, share) = (name(place), shareText(sum.terms[place].share))
                let quoted = sum.terms[place].key.map { key($0) } ?? name
                return Bilingual(en: "\(quoted.en) (\(share))", zh: "\(quoted.zh)（\(share)）")
            })
        let sums = Words.list(zip(sum.features, sum.sums).map { Bilingual(en: "\($0): \(text($1))", zh: "\($0)：\(text($1))") })
        return Bilingual(
            en:
                "Bars of the \(value.en)s that \(query.en) collects, each scaled by its key’s share and stacked: \(terms.en). The stacks end at, feature by feature, \(sums.en).",
            zh: "\(query.zh)收集的各个\(value.zh)，按份额缩小后叠起来：\(terms.zh)。各特征之和：\(sums.zh)。")
    }

    // MARK: Cells

    private func place(_ key: Int) -> Bilingual {
        Bilingual(en: "query \(sum.row.queryName), key \(sum.row.name(key)): ", zh: "查询“\(sum.row.queryName)”，键“\(sum.row.name(key))”：")
    }

    func shareLabel(_ key: Int) -> CellLabel {
        let share = sum.row.weight(key)
        return CellLabel(place(key), Remark(en: "share \(percent: share)", zh: "份额 \(percent: share)"))
    }

    func valueLabel(_ key: Int, _ place: Int, _ value: Double) -> CellLabel {
        let (name, feature) = (sum.row.name(key), sum.features[place])
        return CellLabel(Bilingual(en: "key \(name), feature \(feature): ", zh: "键“\(name)”，特征 \(feature)："), Remark(number: value))
    }

    func sumLabel(_ place: Int) -> CellLabel {
        let (name, feature) = (sum.row.queryName, sum.features[place])
        return CellLabel(
            Bilingual(en: "output of \(name), feature \(feature): ", zh: "“\(name)”的输出，特征 \(feature)："), Remark(number: sum.sums[place]))
    }
}
