// What the figure `next-token` says: what is new, read and computed for each of two tokens, counted.

import Traces

struct NextTokenWords {
    let rows: [NextTokenRow]

    private var last: NextTokenRow { rows[1] }

    var title: Bilingual {
        let read = last.position
        return Bilingual(
            en: "The next token makes one key and one value; \(read) of each are read again", zh: "下一个词元只新算一个键、一个值，另外 \(read) 对从缓存里读")
    }

    var subtitle: Bilingual {
        let all = last.position + 1
        return Bilingual(
            en:
                "One column for each token. Keys and values are kept; queries and scores are used once and thrown away. Without a cache, all \(all) keys and \(all) values would be made anew.",
            zh: "每列一个词元。键和值留下来；查询和分数用过就丢。要是没有缓存，\(all) 个键、\(all) 个值全得重算。")
    }

    func heading(_ row: NextTokenRow) -> Bilingual {
        !Words.isPosition(row.name)
            ? Bilingual(en: "Token \(row.position), “\(row.name)”", zh: "\(row.position) 号词元“\(row.name)”")
            : Bilingual(en: "Token \(row.position)", zh: "\(row.position) 号词元")
    }

    func counts(_ row: NextTokenRow) -> Bilingual {
        let (read, scores) = (row.position, Words.counted(row.position + 1, quantity.en))
        return Bilingual(
            en:
                "New: a query, a key, a value. Read from the cache: \(Words.counted(read, "key")), \(Words.counted(read, "value")). Computed: \(scores).",
            zh: "新的：一个查询、一个键、一个值。从缓存里读：\(read) 个键、\(read) 个值。算出：\(row.position + 1) 个\(quantity.zh)。")
    }

    /// What the row of pairs holds.
    private var quantity: Bilingual {
        last.slice.step.id.role.isWeights ? Bilingual(en: "weight", zh: "权重") : Bilingual(en: "score", zh: "分数")
    }

    func line(_ line: NextTokenFigure.Line) -> Bilingual {
        switch line {
        case .query: Bilingual(en: "query", zh: "查询")
        case .key: Bilingual(en: "keys", zh: "键")
        case .value: Bilingual(en: "values", zh: "值")
        case .score: Bilingual(en: quantity.en + "s", zh: quantity.zh)
        }
    }

    var kept: Bilingual { Bilingual(en: "its key and value stay", zh: "它的键和值留下") }

    func label(_ row: NextTokenRow, _ column: Int) -> CellLabel {
        let (q, k) = (row.slice.rowName(row.row), row.slice.columnName(column))
        return CellLabel(
            Bilingual(en: "query \(q), key \(k): ", zh: "查询“\(q)”，键“\(k)”："), Remark(number: row.slice.value(row.row, column)))
    }

    func source(_ provenance: Provenance) -> Bilingual {
        let ids = rows[0].slice.step.id == last.slice.step.id ? [last.slice.step.id] : rows.map { $0.slice.step.id }
        return Words.source([Words.head(last.slice), Words.list(ids.map { Bilingual(same: $0.text) })].compactMap { $0 }, provenance)
    }

    var caption: Bilingual { Bilingual(en: "\(title.en).", zh: "\(title.zh)。") }

    var alt: Bilingual {
        rows.map { row in
            let (heading, counts) = (heading(row), counts(row))
            return Bilingual(en: " \(heading.en). \(counts.en)", zh: "\(heading.zh)。\(counts.zh)")
        }.reduce(
            Bilingual(
                en: "Two tokens in a row, a column for each token, lines for query, keys, values and \(quantity.en)s.",
                zh: "接连两个词元，每列一个词元，各行是查询、键、值和\(quantity.zh)。")
        ) { $0 + $1 }
    }
}
