// What the figure `pathway` says, made from the run.

import Records
import Traces

struct PathwayWords {
    let run: PathwayRun
    let part: PathwayPart?

    private var query: Bilingual { Words.position(run.row.queryName, Bilingual(en: "query", zh: "查询")) }
    private var top: Bilingual { run.row.slice.key(run.top, of: run.row.query) }
    private var share: Bilingual { Words.share(run.row.weight(run.top)) }
    private var hasWords: Bool { !Words.isPosition(run.row.queryName) }

    /// What a part is called.
    func name(_ part: PathwayPart) -> Bilingual {
        switch part {
        case .words: hasWords ? Bilingual(en: "words", zh: "词") : Bilingual(en: "tokens", zh: "词元")
        case .vectors: Bilingual(en: "vectors", zh: "向量")
        case .qkv: Bilingual(en: "q, k, v", zh: "q、k、v")
        case .scores: Bilingual(en: "scores", zh: "分数")
        case .indexKeys:
            run.indexed.first?.name == "c"
                ? Bilingual(en: "latents, index keys", zh: "潜向量、索引键") : Bilingual(en: "q, k, v, index keys", zh: "q、k、v、索引键")
        case .indexScores: Bilingual(en: "index scores", zh: "索引得分")
        case .kept: Bilingual(en: "the kept", zh: "留下的")
        case .shares: Bilingual(en: "shares", zh: "份额")
        case .sum: Bilingual(en: "weighted sum", zh: "加权和")
        case .answer: run.answer == nil ? Bilingual(en: "output", zh: "输出") : Bilingual(en: "answer", zh: "答案")
        }
    }

    /// The layer in a few words, under the strip.
    var layer: Bilingual {
        guard let layer = run.layer else { return Bilingual(en: "one layer", zh: "一层") }
        return Bilingual(en: "layer \(layer.number)", zh: "第 \(layer.number) 层")
    }

    /// Where the reader is in a whole transformer.
    var place: Bilingual {
        if let layer = run.layer {
            let name = self.layer
            guard let count = layer.count else { return name + Bilingual(en: ", counted from 0", zh: "（从 0 数起）") }
            return Bilingual(en: "\(name.en) of \(count), counted from 0", zh: "共 \(count) 层，这是\(name.zh)（从 0 数起）")
        }
        let alone = Bilingual(en: "one layer, here alone", zh: "只有一层，单独拿出来看")
        guard let model = run.model else { return alone }
        return alone + Bilingual(en: "; \(model.name) stacks \(model.layers)", zh: "；\(model.name) 叠了 \(model.layers) 层")
    }

    func source(_ provenance: Provenance) -> Bilingual { Words.source([place], provenance) }

    /// Whose share it is, where there are several heads: without what a head's label explains after a colon.
    private var head: Bilingual {
        guard let name = run.row.slice.headName else { return Bilingual(same: "") }
        func short(_ text: String) -> String { String(text.prefix { $0 != ":" && $0 != "：" }) }
        return Bilingual(en: " (\(short(name.en)))", zh: "（\(short(name.zh))）")
    }

    /// How to read it, where it has a page of its own.
    var reading: Bilingual {
        Bilingual(
            en: "One query’s way through one layer. Cells are numbers, the stronger their colour the larger; bars are its shares.",
            zh: "一个查询走过一层的路。格子是数，颜色越重，数越大；柱子是它分出的份额。")
    }

    var title: Bilingual {
        let end =
            run.answer.map { Bilingual(en: " to the answer “\($0.word)”", zh: "，走到答案“\($0.word)”") }
            ?? Bilingual(en: " to what is handed on", zh: "，走到交出去的结果")
        return Bilingual(
            en: "From words\(end.en): \(query.en) gives \(top.en) \(share.en)\(head.en)",
            zh: "从词出发\(end.zh)：\(query.zh)把\(share.zh)给了\(top.zh)\(head.zh)")
    }

    var caption: Bilingual {
        let names = run.parts.map(name)
        return Bilingual(en: "\(names.map { $0.en }.joined(separator: " → ")).", zh: "\(names.map { $0.zh }.joined(separator: " → "))。")
    }

    var alt: Bilingual {
        let names = Words.list(run.parts.map(name))
        let kept =
            run.kept.map {
                Bilingual(en: " It keeps \($0.keys.count) of \(run.columns) keys.", zh: "它从 \(run.columns) 个键里留下 \($0.keys.count) 个。")
            } ?? Bilingual(same: "")
        let answer = run.answer.map { Bilingual(en: " The answer is “\($0.word)”.", zh: "答案是“\($0.word)”。") } ?? Bilingual(same: "")
        let lit = part.map { Bilingual(en: " Lit: \(name($0).en).", zh: "现在讲到：\(name($0).zh)。") } ?? Bilingual(same: "")
        return Bilingual(
            en:
                "The way of \(query.en)\(head.en): \(names.en). \(Words.capitalised(place.en)).\(kept.en) It gives \(top.en) \(share.en) of its attention.\(answer.en)\(lit.en)",
            zh: "\(query.zh)走过的路\(head.zh)：\(names.zh)。\(place.zh)。\(kept.zh)它把\(share.zh)的注意力给了\(top.zh)。\(answer.zh)\(lit.zh)")
    }

    // MARK: Cells

    func label(_ strip: PathwayRun.Strip, _ place: Int) -> CellLabel {
        let index = strip.index(place).map(String.init).joined(separator: ", ")
        let value = strip.values[place]
        let reading =
            strip.block == 1
            ? Remark(number: value) : Remark(en: "\(value, digits: 4), the largest of its neighbours", zh: "\(value, digits: 4)，相邻几格里最大的")
        return CellLabel(Bilingual(same: "\(strip.step.symbol)[\(index)] = "), reading)
    }
}
