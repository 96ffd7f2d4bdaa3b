// What the figure `triangles` says: pairs counted in each part, and the factor.

import Traces

struct TrianglesWords {
    /// Where a pair stands: both in the earlier half of the tokens, the query in the later and the key in the earlier, both in the later.
    enum Part: CaseIterable { case earlier, across, later }

    let slice: MatrixSlice
    /// Tokens of the earlier half.
    let half: Int

    private var rest: Int { slice.rows - half }
    private var isEven: Bool { half == rest }

    func part(_ query: Int, _ key: Int) -> Part { query < half ? .earlier : key < half ? .across : .later }

    /// The pairs of a part: the figure has made sure that the mask is causal.
    func count(_ part: Part) -> Int {
        switch part {
        case .earlier: half * (half + 1) / 2
        case .across: half * rest
        case .later: rest * (rest + 1) / 2
        }
    }

    var total: Int { Part.allCases.reduce(0) { $0 + count($1) } }

    private var factor: String { NumberText.fixed(Double(total) / Double(count(.earlier)), decimals: 1) }

    var title: Bilingual {
        isEven
            ? Bilingual(
                en: "Twice the tokens: the old triangle twice, and a square that is new", zh: "词元翻倍：旧三角形变成两个，还多出一个新正方形")
            : Bilingual(en: "More tokens: the old triangle, one more, and a rectangle between them", zh: "词元变多：旧三角形之外，又多一个三角形和一个长方形")
    }

    var subtitle: Bilingual {
        let reading = Bilingual(en: "Each cell is one query (row) looking at one key (column). ", zh: "每一格是一个查询（行）在看一个键（列）。")
        let square =
            isEven ? Bilingual(en: "In the square", zh: "正方形") : Bilingual(en: "In the rectangle", zh: "长方形")
        return reading
            + Bilingual(
                en: "\(square.en), every one of the later \(rest) tokens looks back at every one of the first \(half).",
                zh: "\(square.zh)里，后 \(rest) 个词元个个都要回头看前 \(half) 个词元。")
    }

    /// What a half is called along a side; shorter where there is little room.
    func side(_ isFirst: Bool, isRows: Bool) -> [Bilingual] {
        let count = isFirst ? half : rest
        let kind = isRows ? Bilingual(en: "queries", zh: "查询") : Bilingual(en: "keys", zh: "键")
        let place = isFirst ? Bilingual(en: "first", zh: "前") : Bilingual(en: "later", zh: "后")
        return [
            Bilingual(en: "\(kind.en): \(place.en) \(count)", zh: "\(kind.zh)：\(place.zh) \(count) 个"),
            Bilingual(en: "\(place.en) \(count)", zh: "\(place.zh) \(count) 个"),
        ]
    }

    var before: Bilingual { Bilingual(en: "\(half) tokens", zh: "\(half) 个词元") }
    var after: Bilingual {
        Bilingual(en: "\(slice.rows) tokens: \(factor) times as many pairs", zh: "\(slice.rows) 个词元：格子是原来的 \(factor) 倍")
    }

    /// How the parts are counted, and what they make together.
    var sums: [(Part?, Bilingual)] {
        let (old, new, square) = (
            NumberText.grouped(count(.earlier)), NumberText.grouped(count(.later)), NumberText.grouped(count(.across))
        )
        let all = NumberText.grouped(total)
        let first =
            isEven
            ? [
                (
                    Part?.some(.earlier),
                    Bilingual(en: "old, twice: \(half) × \(half + 1) / 2 = \(old)", zh: "旧的，两份：\(half) × \(half + 1) / 2 = \(old)")
                )
            ]
            : [
                (.earlier, Bilingual(same: "\(half) × \(half + 1) / 2 = \(old)")),
                (.later, Bilingual(same: "\(rest) × \(rest + 1) / 2 = \(new)")),
            ]
        return first + [
            (.across, Bilingual(en: "new: \(rest) × \(half) = \(square)", zh: "新的：\(rest) × \(half) = \(square)")),
            (nil, Bilingual(same: "\(old) + \(square) + \(new) = \(all)")),
        ]
    }

    func label(_ query: Int, _ key: Int) -> CellLabel {
        let (q, k) = (slice.rowName(query), slice.columnName(key))
        return CellLabel(
            Bilingual(en: "query \(q), key \(k): ", zh: "查询“\(q)”，键“\(k)”："), Remark(number: slice.value(query, key)))
    }

    func source(_ provenance: Provenance) -> Bilingual {
        let counted = Bilingual(en: "counted: cells that the causal mask leaves", zh: "所数：因果掩码留下的格子")
        return Words.source([counted, Bilingual(same: slice.step.id.text)], provenance)
    }

    var caption: Bilingual {
        let (old, all) = (NumberText.grouped(count(.earlier)), NumberText.grouped(total))
        return Bilingual(
            en:
                "\(title.en): \(Words.counted(half, "token")) \(half == 1 ? "makes" : "make") \(Words.counted(count(.earlier), "pair")), \(slice.rows) make \(all).",
            zh: "\(title.zh)：\(half) 个词元有 \(old) 对，\(slice.rows) 个词元有 \(all) 对。")
    }

    var alt: Bilingual {
        let (old, new, square) = (
            NumberText.grouped(count(.earlier)), NumberText.grouped(count(.later)), NumberText.grouped(count(.across))
        )
        let (all, shape) = (
            NumberText.grouped(total), isEven ? Bilingual(en: "square", zh: "正方形") : Bilingual(en: "rectangle", zh: "长方形")
        )
        func cells(_ part: Part) -> String { Words.counted(count(part), "cell") }
        return Bilingual(
            en:
                "A triangle of \(all) cells, queries by keys, of \(slice.rows) tokens, cut at token \(half): a triangle of \(cells(.earlier)) among the first \(half), another of \(new) among the later \(rest), and between them a \(shape.en) of \(rest) by \(half), \(cells(.across)). Bars: \(cells(.earlier)) before, \(all) after, \(factor) times as many.",
            zh:
                "\(slice.rows) 个词元的查询与键构成一个三角形，共 \(all) 格，从第 \(half) 个词元处切开：前 \(half) 个之间是一个 \(old) 格的三角形，后 \(rest) 个之间是一个 \(new) 格的三角形，中间是 \(rest) × \(half) 的\(shape.zh)，共 \(square) 格。条形：原来 \(old) 格，现在 \(all) 格，是原来的 \(factor) 倍。"
        )
    }
}
