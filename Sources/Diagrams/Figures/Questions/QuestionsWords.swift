// What the figure `questions` says, made from the selections.

import Traces

struct QuestionsWords {
    let views: [SelectionView]
    let queries: [Int]
    /// Whether the text is the running example.
    let isDiary: Bool

    var title: Bilingual {
        let count = Words.count(views.count)
        let thing = isDiary ? Bilingual(en: "One diary", zh: "同一篇日记") : Bilingual(en: "One text", zh: "同一段文字")
        guard views.count > 1 else {
            let (view, query) = (views[0], queries[0])
            let name = Words.position(view.dense.rowName(query), Bilingual(en: "Query", zh: "查询"))
            return Bilingual(
                en: "\(name.en) keeps \(view.kept[query].count) of \(view.visibleCount(query)) keys",
                zh: "\(name.zh)从 \(view.visibleCount(query)) 个键中留下 \(view.kept[query].count) 个")
        }
        return thing + Bilingual(en: ", \(count.en) questions, \(count.en) highlights", zh: "，\(count.zh)个问题，\(count.zh)处重点")
    }

    var subtitle: Bilingual {
        Bilingual(
            en:
                "Not picked is not forgotten: every question picks again. Stronger highlighter: more attention. Hatched: not picked this time.",
            zh: "没被选中 ≠ 被忘掉：每次提问都重新挑选。荧光笔越浓，注意力权重越大；斜线表示这一次没有选中。")
    }

    /// The question: the tokens from the last full stop before the query.
    func question(_ view: SelectionView, _ query: Int) -> String {
        let names = (0...view.position(of: query)).map(view.dense.columnName)
        let start = names.dropLast().lastIndex { ["。", ".", "！", "!", "↵"].contains($0) }.map { $0 + 1 } ?? 0
        let tokens = view.trace.tokens.count == view.columns ? view.trace.tokens : names
        let asked = Array(tokens[start..<names.count])
        return asked.count <= 12 ? TokenText.sentence(asked) : view.dense.rowName(query)
    }

    func asked(_ view: SelectionView, _ query: Int) -> Bilingual {
        let text = question(view, query)
        if Int(text) != nil { return Bilingual(en: "Query \(text)", zh: "查询 \(text)") }
        return Bilingual(en: "Asking “\(text)”", zh: "问“\(text)”")
    }

    func kept(_ view: SelectionView, _ query: Int) -> Bilingual {
        let (kept, all, mass) = (view.kept[query].count, view.visibleCount(query), NumberText.share(view.massKept(query)))
        return Bilingual(en: "keeps \(kept) of \(all) keys, \(mass) of the dense attention", zh: "选中 \(kept) / \(all) 个键，保住 \(mass) 的稠密注意力")
    }

    var scoreName: Bilingual { Bilingual(en: "index score (lightning indexer)", zh: "索引得分（闪电索引器）") }
    var ruleName: Bilingual { Bilingual(en: "score of the rule that chose", zh: "选择规则给出的得分") }

    func cutName(_ cut: Selection.Cut, _ count: Int, _ scores: [Double]) -> Bilingual {
        guard cut.isTie else { return Bilingual(en: "cut: the top \(count) stay", zh: "入选线：前 \(count) 名") }
        let score = NumberText.fixed(cut.score, decimals: decimals(scores))
        return Bilingual(en: "cut: the top \(count) stay; at \(score) the earlier token wins", zh: "入选线：前 \(count) 名；同为 \(score) 时靠前者入选")
    }

    /// One digit after the point where that tells all scores apart from their rounding, else two; three where even the highest are small.
    func decimals(_ values: [Double]) -> Int {
        let most = values.reduce(0) { max($0, abs($1)) }
        if most >= 100 { return 0 }
        if NumberText.areTenths(values) { return 1 }
        let high = values.max() ?? 0
        return (high > 0 ? high : most) < 0.05 ? 3 : 2
    }

    func source(_ provenance: Provenance) -> Bilingual {
        let view = views[0]
        let steps = [view.sparse.step.id, view.score?.step.id].compactMap { $0 }
        return Words.source([Words.head(view.sparse), Words.list(steps.map { Bilingual(same: $0.text) })].compactMap { $0 }, provenance)
    }

    var caption: Bilingual {
        Bilingual(
            en: "\(title.en). Selection is per query: what one question leaves out, the next one finds.",
            zh: "\(title.zh)。选择是逐个查询做出的：这一问没选中的，下一问仍能找到。")
    }

    var alt: Bilingual {
        zip(views, queries).map(sentence).reduce(Bilingual(en: "\(title.en).", zh: "\(title.zh)。")) { $0 + $1 }
    }

    private func sentence(_ view: SelectionView, _ query: Int) -> Bilingual {
        let name = view.queryName(query)
        let best = view.kept[query].sorted { view.sparse.value(query, $0) > view.sparse.value(query, $1) }
        let weights = best.prefix(8).map { key in
            let (key, weight) = (view.dense.columnName(key), NumberText.share(view.sparse.value(query, key), decimals: 0))
            return Bilingual(en: "“\(key)” (\(weight))", zh: "“\(key)”（\(weight)）")
        }
        let list = Words.list(weights)
        let mass = NumberText.share(view.massKept(query))
        return Bilingual(
            en:
                " Asking “\(question(view, query))”: \(name.en) keeps \(view.kept[query].count) of \(view.visibleCount(query)) keys, holding \(mass) of the dense weight: \(list.en).",
            zh:
                "问“\(question(view, query))”：\(name.zh)从 \(view.visibleCount(query)) 个键中选中 \(view.kept[query].count) 个，保住 \(mass) 的稠密权重：\(list.zh)。"
        )
    }

    func label(_ view: SelectionView, _ query: Int, _ key: Int) -> CellLabel {
        let weight = view.sparse.value(query, key)
        return CellLabel(
            place(view, key),
            !view.isVisible(query, key)
                ? Remark(en: "not visible yet", zh: "还看不见")
                : view.kept[query].contains(key)
                    ? Remark(en: "weight \(percent: weight)", zh: "权重 \(percent: weight)") : Remark(en: "not selected", zh: "未选中"))
    }

    private func place(_ view: SelectionView, _ key: Int) -> Bilingual {
        let name = view.dense.columnName(key)
        return Bilingual(en: "\(name): ", zh: "\(name)：")
    }

    func scoreLabel(_ view: SelectionView, _ query: Int, _ key: Int, _ value: Double) -> CellLabel {
        CellLabel(place(view, key), Remark(en: "index score \(value, digits: 4)", zh: "索引得分 \(value, digits: 4)"))
    }
}
