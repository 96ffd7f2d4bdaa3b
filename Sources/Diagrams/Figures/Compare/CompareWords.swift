// What the figure `compare` says, made from the selection: counts of cells, shares of weight.

import Mechanisms
import Traces

struct CompareWords {
    let view: SelectionView
    let query: Int

    /// Pairs of query and key that the mask lets through.
    private var visible: Int { (0..<view.rows).reduce(0) { $0 + view.visibleCount($1) } }
    /// Pairs that sparse attention attends to.
    private var attended: Int { view.kept.reduce(0) { $0 + $1.count } }
    /// The mean of the dense weight that was kept, over the rows that have any.
    private var meanMass: Double {
        let rows = (0..<view.rows).filter(view.hasWeight)
        return rows.reduce(0) { $0 + view.massKept($1) } / Double(max(rows.count, 1))
    }

    var title: Bilingual {
        let (cells, mass) = (Words.share(Double(attended) / Double(max(visible, 1))), Words.share(meanMass))
        return Bilingual(
            en: "\(Words.capitalised(cells.en)) of the cells keep \(mass.en) of the attention", zh: "\(cells.zh)的格子，保住\(mass.zh)的注意力")
    }

    var subtitle: Bilingual {
        let reading = Bilingual(en: "Each row is a query, asking which keys matter to it. ", zh: "每一行是一个查询，在问哪些键与它有关。")
        return reading + Bilingual(en: "Sparse attention keeps \(keys.en).", zh: "稀疏注意力只留下\(keys.zh)。")
    }

    private var sinks: Int { SelectionRule.sinks(of: view.topK) }

    /// The keys that the rule leaves each query.
    private var keys: Bilingual {
        let k = view.topK
        return switch view.rule {
        case .indexer:
            Bilingual(
                en: k == 1 ? "the one key that the indexer scored highest" : "the \(k) keys that the indexer scored highest",
                zh: "索引器打分最高的 \(k) 个键")
        case .recent:
            Bilingual(
                en: k == 1 ? "the latest key, whatever it is" : "a window of the latest \(k) keys, whatever they are",
                zh: "最近的 \(k) 个键（滑动窗口），不管内容是什么")
        case .windowAndSinks:
            Bilingual(
                en: "the first \(sinks) and the latest \(k - sinks) keys, whatever they are", zh: "最前 \(sinks) 个和最近 \(k - sinks) 个键，不管内容是什么"
            )
        case .random: Bilingual(en: k == 1 ? "one key drawn at random" : "\(k) keys drawn at random", zh: "随机抽到的 \(k) 个键")
        case .oracle:
            Bilingual(
                en: k == 1
                    ? "the key of the most dense weight, which only dense attention knows"
                    : "the \(k) keys of the most dense weight, which only dense attention knows", zh: "稠密权重最大的 \(k) 个键，这要先算完稠密注意力才知道")
        case nil: Bilingual(en: "the \(k) keys that a rule chose", zh: "某条规则选出的 \(k) 个键")
        }
    }

    var denseName: Bilingual { Bilingual(en: "Dense", zh: "稠密") }
    /// The heading names the rule: only scores have a top.
    var sparseName: Bilingual {
        let k = view.topK
        return switch view.rule {
        case .indexer: Bilingual(en: "Sparse, top-\(k)", zh: "稀疏，前 \(k) 名")
        case .recent: Bilingual(en: "Sparse, the latest \(k)", zh: "稀疏，最近 \(k) 个")
        case .windowAndSinks: Bilingual(en: "Sparse, first \(sinks) and latest \(k - sinks)", zh: "稀疏，最前 \(sinks) 个和最近 \(k - sinks) 个")
        case .random: Bilingual(en: "Sparse, \(k) at random", zh: "稀疏，随机 \(k) 个")
        case .oracle: Bilingual(en: "Sparse, the heaviest \(k)", zh: "稀疏，权重最大的 \(k) 个")
        case nil: Bilingual(en: "Sparse, \(k) by a rule", zh: "稀疏，按规则留 \(k) 个")
        }
    }

    var denseCount: Bilingual {
        let count = NumberText.grouped(visible)
        return Bilingual(en: "\(count) cells attended: every visible key", zh: "看 \(count) 个格子：看得见的键全在内")
    }

    var sparseCount: Bilingual {
        let (few, all) = (NumberText.grouped(attended), NumberText.grouped(visible))
        guard view.isIndexer else { return Bilingual(en: "\(few) cells attended", zh: "看 \(few) 个格子") }
        return Bilingual(en: "\(few) cells attended, \(all) scored by the indexer", zh: "看 \(few) 个格子，索引器打分 \(all) 个")
    }

    var barName: Bilingual { Bilingual(en: "dense weight kept", zh: "保住的稠密权重") }

    func source(_ provenance: Provenance) -> Bilingual {
        let steps = [view.dense.step.id, view.sparse.step.id, view.selected.id].map { Bilingual(same: $0.text) }
        return Words.source([Words.head(view.dense), Words.list(steps)].compactMap { $0 }, provenance)
    }

    var caption: Bilingual {
        Bilingual(
            en: "Dense and sparse attention on one scale: \(title.en).", zh: "稠密与稀疏注意力，同一色标：\(title.zh)。")
    }

    var alt: Bilingual {
        let counts = Bilingual(
            en:
                "Dense and sparse attention side by side, \(Words.counted(view.rows, "query", "queries")) by \(Words.counted(view.columns, "key")): \(denseCount.en); \(sparseCount.en). Each query keeps at most \(view.topK) keys; on average they hold \(NumberText.share(meanMass)) of the dense weight.",
            zh:
                "稠密与稀疏注意力并排，\(view.rows) 个查询、\(view.columns) 个键：\(denseCount.zh)；\(sparseCount.zh)。每个查询至多留下 \(view.topK) 个键，平均保住 \(NumberText.share(meanMass)) 的稠密权重。"
        )
        let (name, kept, all) = (view.queryName(query), view.kept[query], view.visibleCount(query))
        let mass = NumberText.share(view.massKept(query))
        let keys =
            Words.names(kept.prefix(8).map(view.dense.columnName))
            + (kept.count > 8 ? Bilingual(en: " and others", zh: "等") : Bilingual(same: ""))
        let row = Bilingual(
            en: " \(name.en) keeps \(kept.count) of \(all) keys, holding \(mass) of the dense weight: \(keys.en).",
            zh: "\(name.zh)从 \(all) 个键中留下 \(kept.count) 个，保住 \(mass) 的稠密权重：\(keys.zh)。")
        return counts + row
    }

    /// The labels of one matrix's cells.
    func labels(isSparse: Bool) -> (_ row: Int, _ column: Int) -> CellLabel {
        let slice = isSparse ? view.sparse : view.dense
        let kept = view.kept.map(Set.init)
        let dropped = Remark(en: "not selected", zh: "未选中")
        let queries = (0..<view.rows).map { Bilingual(en: "query \(slice.rowName($0)), ", zh: "查询“\(slice.rowName($0))”，") }
        let keys = (0..<view.columns).map { Bilingual(en: "key \(slice.columnName($0)): ", zh: "键“\(slice.columnName($0))”：") }
        return { row, column in
            let isKept = !isSparse || kept[row].contains(column)
            return CellLabel(row: queries[row], column: keys[column], isKept ? Remark(number: slice.value(row, column)) : dropped)
        }
    }
}
