// What the figure `heads` says, made from the weights of the followed query.

import Traces

extension HeadsFigure {
    /// The key that the followed query rests on most; where no weight of its row is a number, the first and NaN.
    func strongest(_ slice: MatrixSlice) -> (key: Int, weight: Double) {
        let keys = (0..<slice.columns).filter { slice.value(query, $0).isFinite }
        guard let key = keys.max(by: { (slice.value(query, $0), -$0) < (slice.value(query, $1), -$1) }) else { return (0, .nan) }
        return (key, slice.value(query, key))
    }

    /// A share of attention as it is written.
    func share(_ weight: Double, decimals: Int = 0) -> String {
        weight.isNaN ? NumberText.significant(weight) : NumberText.share(weight, decimals: decimals)
    }

    private func address(_ place: Int) -> (layer: Int, head: Int) {
        let (layer, head) = place.quotientAndRemainder(dividingBy: layers[0].heads.count)
        return (number(of: layers[layer]), head)
    }

    func headName(_ place: Int) -> Bilingual {
        let (layer, head) = address(place)
        if isAbbreviated { return Bilingual(same: "L\(layer) · H\(head)") }
        return isCompact && layers[0].step.labels[.h] == nil ? Bilingual(same: "\(head)") : fullName(place)
    }

    func fullName(_ place: Int) -> Bilingual {
        let (layer, head) = address(place)
        if isModel { return Bilingual(en: "layer \(layer), head \(head)", zh: "第 \(layer) 层，头 \(head)") }
        if let label = layers[0].step.labels[.h]?[head] { return Bilingual(same: label) }
        return Bilingual(en: "head \(head)", zh: "头 \(head)")
    }

    /// A head by its letter, where a label says after a colon what it does.
    private func shortName(_ place: Int) -> Bilingual {
        let name = fullName(place)
        func start(_ text: String) -> String { String(text.prefix { $0 != ":" && $0 != "：" }) }
        guard !isModel, layers[0].step.labels[.h] != nil else { return name }
        return Bilingual(en: "head \(start(name.en))", zh: "头 \(start(name.zh))")
    }

    /// The head whose followed query rests most firmly on one key.
    var surest: (place: Int, key: Int, weight: Double) {
        let all = slices.enumerated().map { (place: $0, best: strongest($1)) }.filter { !$0.best.weight.isNaN }
        let best = all.max { ($0.best.weight, -$0.place) < ($1.best.weight, -$1.place) }!
        return (best.place, best.best.key, best.best.weight)
    }

    /// The heads that are as sure as the surest, as far as whole percents tell.
    var surestHeads: [Int] {
        let most = share(surest.weight)
        return slices.indices.filter { share(strongest(slices[$0]).weight) == most }
    }

    /// Whether dense attention is shown that stands beside a sparse one.
    private var isBeside: Bool { slices[0].isBeside }

    var title: Bilingual {
        let surest = surest
        let (name, slice, share) = (shortName(surest.place), slices[surest.place], Words.share(surest.weight))
        let q = Words.position(slice.rowName(query), Bilingual(en: "query", zh: "查询"))
        let k = slice.key(surest.key, of: query)
        let heads = isBeside ? Bilingual(en: "heads of dense attention", zh: "个稠密注意力头") : Bilingual(en: "heads", zh: "个头")
        let count = surestHeads.count
        if count > 1 {
            let keys = Set(surestHeads.map { strongest(slices[$0]).key })
            let onto = keys.count == 1 ? k : Bilingual(en: "one key each", zh: "各自的一个键")
            return count == slices.count
                ? Bilingual(
                    en: "In \(Words.all(count)) \(heads.en), \(q.en) rests \(share.en) on \(onto.en)",
                    zh: "\(count) \(heads.zh)都让\(q.zh)把\(share.zh)放在\(onto.zh)上")
                : Bilingual(
                    en: "In \(count) of \(slices.count) \(heads.en), \(q.en) rests \(share.en) on \(onto.en)",
                    zh: "\(slices.count) \(heads.zh)里有 \(count) 个让\(q.zh)把\(share.zh)放在\(onto.zh)上")
        }
        return Bilingual(
            en: "Of \(slices.count) \(heads.en), \(name.en) is the surest: \(q.en) rests \(share.en) on \(k.en)",
            zh: "\(slices.count) \(heads.zh)里最确定的是\(name.zh)，它让\(q.zh)把\(share.zh)放在\(k.zh)上")
    }

    /// How to read the picture, whose pixels stand for `block` by `block` cells.
    func subtitle(block: Int, hasOrder: Bool = false) -> Bilingual {
        let reading = Bilingual(
            en: "One matrix a head, all on one scale: the same text, read in different ways.", zh: "每个头一个矩阵，同一色标：同一段文字，读法各不相同。")
        let pixel = Words.aggregation(block, options.aggregate ?? .max).map { Bilingual(en: " ", zh: "") + $0 } ?? Bilingual(same: "")
        let letters = isAbbreviated ? Bilingual(en: " L: layer, H: head.", zh: "L 是层，H 是头。") : Bilingual(same: "")
        if isCompact || hasOrder { return reading + letters + pixel }
        let name = Words.position(slices[0].rowName(query), Bilingual(en: "query", zh: "查询"))
        return reading + letters + Bilingual(en: " Below each: the key that \(name.en) rests on most.", zh: "每图下方是\(name.zh)最看重的键。")
            + pixel
    }

    var source: Bilingual {
        let ids = isModel ? "\(layers[0].step.id) … \(layers.last!.step.id)" : layers[0].step.id.text
        let parts = [Bilingual(same: ids), layers[0].step.source.isEmpty ? nil : layers[0].step.sourceNote].compactMap { $0 }
        return Words.source(parts, provenance)
    }

    var caption: Bilingual {
        Bilingual(en: "\(title.en). One scale for all heads.", zh: "\(title.zh)。各头同一色标。")
    }

    var alt: Bilingual {
        let (rows, columns) = (slices[0].rows, slices[0].columns)
        let weights = isBeside ? Bilingual(en: "dense attention weights", zh: "稠密注意力权重") : Bilingual(en: "attention weights", zh: "注意力权重")
        let start = Bilingual(
            en:
                "\(Words.counted(slices.count, "small matrix", "small matrices")) of \(weights.en), \(Words.counted(rows, "query", "queries")) by \(Words.counted(columns, "key")) each, on one scale.",
            zh: "\(slices.count) 个\(weights.zh)小矩阵，每个 \(rows) 个查询、\(columns) 个键，同一色标。")
        let most = slices.indices.prefix(12).map { place in
            let best = strongest(slices[place])
            let (name, key, weight) = (fullName(place), slices[place].key(best.key, of: query), share(best.weight))
            return Bilingual(en: "\(name.en): \(key.en) (\(weight))", zh: "\(name.zh)：\(key.zh)（\(weight)）")
        }
        let rest =
            slices.count > 12 ? Bilingual(en: "; and \(slices.count - 12) more", zh: "；另有 \(slices.count - 12) 个") : Bilingual(same: "")
        return start
            + Bilingual(
                en: " What “\(slices[0].rowName(query))” rests on most: \(most.map { $0.en }.joined(separator: "; "))\(rest.en).",
                zh: "“\(slices[0].rowName(query))”最看重的：\(most.map { $0.zh }.joined(separator: "；"))\(rest.zh)。")
    }
}
