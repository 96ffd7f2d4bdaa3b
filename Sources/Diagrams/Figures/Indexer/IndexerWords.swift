// What the figure `indexer` says, made from one query's products, votes and scores.

import Traces

struct IndexerWords {
    let way: IndexerWay

    private var kept: [Int] { way.view.kept[way.query].sorted { (way.score($0), $1) > (way.score($1), $0) } }
    private var queryName: String { way.view.dense.rowName(way.query) }

    var title: Bilingual {
        let best = kept.prefix(4).map(way.name)
        let names = Words.names(best)
        let more = kept.count - best.count
        guard way.view.dense.columnLabels != nil else {
            return Bilingual(
                en: "The indexer keeps \(kept.count) of \(way.keys.count) keys for query \(queryName)",
                zh: "索引器为查询 \(queryName) 从 \(way.keys.count) 个键中留下 \(kept.count) 个")
        }
        return Bilingual(
            en: "For “\(queryName)”, the indexer keeps \(names.en)\(more > 0 ? " and \(more) more" : "")",
            zh: "索引器为“\(queryName)”留下\(names.zh)\(more > 0 ? "等 \(kept.count) 个" : "")")
    }

    /// Whether negative products are cut: a vote below zero is one that was not.
    var isCut: Bool { !way.keys.contains { key in (0..<way.heads).contains { way.vote($0, key) < 0 } } }

    var subtitle: Bilingual {
        let scale = way.isScaled ? Bilingual(en: ", times the key’s FP8 scale", zh: "，再乘键的 FP8 缩放") : Bilingual(same: "")
        let negative =
            isCut
            ? Bilingual(en: "negative products are cut to 0", zh: "负的点积截为 0")
            : Bilingual(en: "without ReLU a negative product counts against the key", zh: "没有 ReLU，负的点积照样扣分")
        let reading = Bilingual(
            en:
                "Each index head compares the query with every key; \(negative.en); the votes, weighted, add up to the score\(scale.en); \(kept.count == 1 ? "the highest stays" : "the \(kept.count) highest stay").",
            zh: "每个索引头把查询与每个键相比；\(negative.zh)；票数加权相加得到得分\(scale.zh)；最高的 \(kept.count) 个留下。")
        guard let cut = way.view.cut(way.query), let first = cut.bestDropped, let score = cut.bestDroppedScore else { return reading }
        let text = MatrixScale.typographic(NumberText.fixed(score, decimals: decimals(way.keys.map(way.score))))
        let next = Bilingual(
            en: cut.isTie
                ? " \(keyName(first).en) ties at \(text) and comes too late." : " First below the cut: \(keyName(first).en), \(text).",
            zh: cut.isTie ? "\(keyName(first).zh)同为 \(text)，但位置靠后，落选。" : "线下第一个：\(keyName(first).zh)，\(text)。")
        return reading + next
    }

    /// A token in quotation marks; where a trace has no tokens, the key's position.
    private func keyName(_ key: Int) -> Bilingual {
        let name = way.name(key)
        guard way.view.dense.columnLabels == nil else { return Bilingual(same: "“\(name)”") }
        return Bilingual(en: "key \(name)", zh: "键 \(name)")
    }

    /// The weights of all heads, with all their digits first: as many as tell the smallest from zero.
    var weights: [[Bilingual]] {
        let values = (0..<way.heads).map(way.weight)
        let digits = decimals(values)
        let long = values.map { MatrixScale.typographic(NumberText.fixed($0, decimals: digits)) }
        return [long.map { Bilingual(en: "weight \($0)", zh: "权重 \($0)") }, long.map { Bilingual(en: "w \($0)", zh: "权 \($0)") }]
    }

    /// Names of the columns, the longest first.
    var dotNames: [Bilingual] {
        [Bilingual(en: "1  Products q · k", zh: "1  点积 q · k"), Bilingual(same: "1  q · k"), Bilingual(same: "q·k")]
    }
    var voteNames: [Bilingual] {
        guard isCut else { return [Bilingual(en: "2  No ReLU", zh: "2  没有 ReLU")] }
        return [Bilingual(en: "2  Votes: ReLU", zh: "2  票：ReLU"), Bilingual(same: "2  ReLU"), Bilingual(same: "ReLU")]
    }
    var scoreNames: [Bilingual] {
        [
            Bilingual(
                en: way.isScaled ? "3  Score: votes × weights, added, × key scale" : "3  Score: votes × weights, added",
                zh: way.isScaled ? "3  得分：票 × 权重，相加，再 × 键缩放" : "3  得分：票 × 权重，相加"),
            Bilingual(en: "3  Score: votes × weights", zh: "3  得分：票 × 权重"),
            Bilingual(en: "3  Score", zh: "3  得分"),
        ]
    }
    var keptNames: [Bilingual] {
        [
            Bilingual(en: "4  The top \(kept.count)", zh: "4  前 \(kept.count) 名"),
            Bilingual(en: "4  Top \(kept.count)", zh: "4  前 \(kept.count)"), Bilingual(same: "4"),
        ]
    }

    func cutName(_ cut: Selection.Cut, decimals: Int) -> [Bilingual] {
        let short = Bilingual(en: "cut: top \(kept.count)", zh: "入选线：前 \(kept.count) 名")
        guard cut.bestDropped != nil else {
            return [Bilingual(en: "every visible key stays", zh: "可见的键全部入选"), Bilingual(en: "all stay", zh: "全部入选")]
        }
        guard cut.isTie else { return [short] }
        let score = NumberText.fixed(cut.score, decimals: decimals)
        return [
            Bilingual(en: "cut: top \(kept.count); at \(score) the earlier wins", zh: "入选线：前 \(kept.count) 名；同为 \(score) 时靠前者入选"), short,
        ]
    }

    /// As many digits after the point as tell tenths apart, or two; three where all are small.
    func decimals(_ values: [Double]) -> Int {
        let most = values.reduce(0) { max($0, abs($1)) }
        if most >= 100 { return 0 }
        if NumberText.areTenths(values) { return 1 }
        return most >= 10 ? 1 : most < 0.05 ? most < 0.005 ? 5 : 3 : 2
    }

    func source(_ provenance: Provenance) -> Bilingual {
        let steps = [way.dot.id, way.votes.id, way.weights.id, way.score.step.id].map { Bilingual(same: $0.text) }
        let report = Bilingual(en: "DeepSeek-V3.2-Exp report (2025), Eq. 1", zh: "DeepSeek-V3.2-Exp 报告（2025），式 1")
        return Words.source([Words.list(steps), report], provenance)
    }

    var caption: Bilingual {
        Bilingual(en: "\(title.en): products, ReLU, weights, score, top-k.", zh: "\(title.zh)：点积、ReLU、权重、得分、前 k 名。")
    }

    var alt: Bilingual {
        let weights = Words.list(
            (0..<min(way.heads, 8)).map { head in
                let weight = NumberText.significant(way.weight(head), digits: 3)
                return Bilingual(en: "head \(head): \(weight)", zh: "头 \(head)：\(weight)")
            })
        let scores = Words.list(
            kept.prefix(8).map { key in
                let (name, score) = (keyName(key), NumberText.significant(way.score(key), digits: 3))
                return Bilingual(en: "\(name.en) (\(score))", zh: "\(name.zh)（\(score)）")
            })
        let cut = way.keys.reduce(0) { sum, key in
            sum + (0..<way.heads).count { way.product($0, key) < 0 && way.vote($0, key) == 0 }
        }
        let negative =
            isCut
            ? Bilingual(en: cut == 1 ? "1 negative product is cut to 0" : "\(cut) negative products are cut to 0", zh: "\(cut) 个负的点积截为 0")
            : Bilingual(en: "negative products count, without ReLU", zh: "没有 ReLU，负的点积照样算")
        let name = way.view.queryName(way.query)
        let mass = NumberText.share(way.view.massKept(way.query))
        return Bilingual(
            en:
                "\(name.en) through the lightning indexer of \(way.heads) heads (weights \(weights.en)) over \(way.keys.count) visible keys; \(negative.en). It keeps \(kept.count) of \(way.keys.count) keys by score: \(scores.en), holding \(mass) of the dense weight.",
            zh:
                "\(name.zh)穿过 \(way.heads) 个头的闪电索引器（权重 \(weights.zh)），共 \(way.keys.count) 个可见的键；\(negative.zh)。按得分留下 \(kept.count) 个：\(scores.zh)，保住 \(mass) 的稠密权重。"
        )
    }

    func scoreLabel(_ key: Int) -> CellLabel {
        let score = way.score(key)
        return CellLabel(
            Bilingual(en: "\(way.name(key)): ", zh: "\(way.name(key))："),
            way.kept.contains(key)
                ? Remark(en: "score \(score, digits: 4), kept", zh: "得分 \(score, digits: 4)，选中")
                : Remark(en: "score \(score, digits: 4), not kept", zh: "得分 \(score, digits: 4)，未选中"))
    }
}
