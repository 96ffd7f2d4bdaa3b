// What the figure `compare` says, made from the selection: counts of cells, shares of weight.

import AttentionEngine

struct CompareWords {
    let view: SelectionView
    let query: Int

    /// Pairs of query and key that the mask lets through.
    private var visible: Int { (0..<view.rows).reduce(0) { $0 + view.visibleCount($1) } }
    /// Pairs that sparse attention attends to.
    private var attended: Int { view.kept.reduce(0) { $0 + $1.count } }
    /// The mean over rows of the dense weight that was kept.
    private var meanMass: Double { (0..<view.rows).reduce(0) { $0 + view.massKept($1) } / Double(max(view.rows, 1)) }

    var title: Bilingual {
        let (cells, mass) = (share(attended, of: visible), NumberText.percent(meanMass, decimals: 0))
        return Bilingual(en: "\(cells) of the cells keep \(mass) of the attention", zh: "\(cells) 的格子，保住 \(mass) 的注意力")
    }

    private func share(_ part: Int, of whole: Int) -> String { NumberText.percent(Double(part) / Double(max(whole, 1)), decimals: 0) }

    var subtitle: Bilingual {
        let reading = Bilingual(en: "Each row is a query, asking which keys matter to it. ", zh: "每一行是一个查询，在问哪些键与它有关。")
        guard view.isIndexer else {
            return reading
                + Bilingual(en: "Sparse attention keeps the \(view.topK) keys that a rule chose.", zh: "稀疏注意力只留下某条规则选出的 \(view.topK) 个键。")
        }
        return reading
            + Bilingual(
                en: "Sparse attention keeps the \(view.topK) keys that the indexer scored highest.", zh: "稀疏注意力只留下索引器打分最高的 \(view.topK) 个键。"
            )
    }

    var denseName: Bilingual { Bilingual(en: "Dense", zh: "稠密") }
    var sparseName: Bilingual { Bilingual(en: "Sparse, top-\(view.topK)", zh: "稀疏，前 \(view.topK) 名") }

    var denseCount: Bilingual {
        let count = NumberText.grouped(visible)
        return Bilingual(en: "\(count) cells attended: every visible key", zh: "注意 \(count) 个格子：看得见的键全在内")
    }

    var sparseCount: Bilingual {
        let (few, all) = (NumberText.grouped(attended), NumberText.grouped(visible))
        guard view.isIndexer else { return Bilingual(en: "\(few) cells attended", zh: "注意 \(few) 个格子") }
        return Bilingual(en: "\(few) cells attended, \(all) scored by the indexer", zh: "注意 \(few) 个格子，索引器打分 \(all) 个")
    }

    var barName: Bilingual { Bilingual(en: "dense weight kept", zh: "保住的稠密权重") }

    func source(_ provenance: Provenance) -> Bilingual {
        let steps = [view.dense.step.id, view.sparse.step.id, view.selected.id].map(Bilingual.init(same:))
        return Words.source([Words.head(view.dense), Words.list(steps)].compactMap { $0 }, provenance)
    }

    var caption: Bilingual {
        Bilingual(
            en: "Dense and sparse attention on one scale: \(title.en).", zh: "稠密与稀疏注意力，同一色标：\(title.zh)。")
    }

    var alt: Bilingual {
        let counts = Bilingual(
            en:
                "Dense and sparse attention side by side, \(view.rows) \(view.rows == 1 ? "query" : "queries") by \(view.columns) keys: \(denseCount.en); \(sparseCount.en). Each query keeps at most \(view.topK) keys; on average they hold \(NumberText.percent(meanMass)) of the dense weight.",
            zh:
                "稠密与稀疏注意力并排，\(view.rows) 个查询、\(view.columns) 个键：\(denseCount.zh)；\(sparseCount.zh)。每个查询至多留下 \(view.topK) 个键，平均保住 \(NumberText.percent(meanMass)) 的稠密权重。"
        )
        let (name, kept, all) = (view.queryName(query), view.kept[query], view.visibleCount(query))
        let mass = NumberText.percent(view.massKept(query))
        let keys =
            Words.names(kept.prefix(8).map(view.dense.columnName))
            + (kept.count > 8 ? Bilingual(en: " and others", zh: "等") : Bilingual(same: ""))
        let row = Bilingual(
            en: " \(name.en) keeps \(kept.count) of \(all) keys, holding \(mass) of the dense weight: \(keys.en).",
            zh: "\(name.zh)从 \(all) 个键中留下 \(kept.count) 个，保住 \(mass) 的稠密权重：\(keys.zh)。")
        return counts + row
    }

    func label(_ row: Int, _ column: Int, isSparse: Bool) -> Bilingual {
        let (q, k) = (view.dense.rowName(row), view.dense.columnName(column))
        let slice = isSparse ? view.sparse : view.dense
        let value = NumberText.significant(slice.value(row, column), digits: 4)
        if isSparse, !view.kept[row].contains(column) {
            return Bilingual(en: "query \(q), key \(k): not selected", zh: "查询“\(q)”，键“\(k)”：未选中")
        }
        return Bilingual(en: "query \(q), key \(k): \(value)", zh: "查询“\(q)”，键“\(k)”：\(value)")
    }
}
