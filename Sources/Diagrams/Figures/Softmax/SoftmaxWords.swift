// What the figure `softmax` says, made from one row of scores and weights.

import Traces

struct SoftmaxWords {
    let row: SoftmaxRow

    private var top: Int { row.largest[0] }
    private var isSingle: Bool { row.keys.count == 1 }
    private func key(_ key: Int) -> Bilingual { Words.position(row.name(key), Bilingual(en: "key", zh: "键")) }
    private var query: Bilingual { Words.position(row.row.queryName, Bilingual(en: "query", zh: "查询")) }

    // MARK: Numbers

    func scoreText(_ value: Double) -> String { value == 0 ? "0" : MatrixScale.typographic(NumberText.fixed(value, decimals: decimals)) }

    /// As few digits as tell tenths apart, or two.
    private var decimals: Int {
        let all = row.keys.map(row.score)
        if all.contains(where: { abs($0) >= 100 }) { return 0 }
        return NumberText.areTenths(all) ? 1 : 2
    }

    /// What is too small for its digits is said to be small, not zero.
    func exponentialText(_ value: Double) -> String {
        value == 1 ? "1" : value > 0 && value < 0.0005 ? "<0.001" : NumberText.fixed(value, decimals: 3)
    }

    func shareText(_ value: Double) -> String { NumberText.share(value) }

    func text(_ key: Int, _ stage: SoftmaxStage) -> String { text(row.value(key, stage), stage) }

    private func text(_ value: Double, _ stage: SoftmaxStage) -> String {
        switch stage {
        case .scores: scoreText(value)
        case .exponentials: exponentialText(value)
        case .shares: shareText(value)
        }
    }

    private var total: Double { row.sum(row.keys, .exponentials) }
    var sumText: String { NumberText.fixed(total, decimals: 3) }
    func total(_ stage: SoftmaxStage) -> String { stage == .shares ? NumberText.percent(row.sum(row.keys, .shares), decimals: 0) : sumText }

    // MARK: Sentences

    var title: Bilingual {
        guard !isSingle else {
            return Bilingual(
                en: "\(Words.capitalised(query.en)) sees one key alone and gives it everything", zh: "\(query.zh)只看得到一个键，份额全归它")
        }
        let (first, second) = (key(top), key(row.largest[1]))
        let (lead, ratio) = (row.score(top) - row.score(row.largest[1]), row.share(top) / row.share(row.largest[1]))
        guard ratio >= 1.005, ratio.isFinite else {
            return ratio.isFinite
                ? Bilingual(en: "Equal scores, equal shares: \(first.en) and \(second.en)", zh: "分数相同，份额也相同：\(first.zh)和\(second.zh)")
                : Bilingual(en: "\(Words.capitalised(first.en)) takes the whole row", zh: "\(first.zh)独得整行份额")
        }
        let (more, times) = (NumberText.fixed(lead, decimals: 2), NumberText.significant(ratio, digits: 3))
        return Bilingual(
            en: "\(Words.capitalised(first.en)) leads \(second.en) by \(more); softmax makes that \(times) times the share",
            zh: "\(first.zh)比\(second.zh)高 \(more) 分，softmax 之后份额是它的 \(times) 倍")
    }

    private var place: Bilingual {
        let head = row.row.slice.headName.map { Bilingual(en: ", \($0.en)", zh: "，\($0.zh)") } ?? Bilingual(same: "")
        return Bilingual(en: "The row of \(query.en)\(head.en).", zh: "\(query.zh)的一行\(head.zh)。")
    }

    func subtitle(_ stage: SoftmaxStage?) -> Bilingual {
        let largest = scoreText(row.score(top))
        let text =
            switch stage {
            case .scores: Bilingual(en: " The scores as they are: large, small, negative.", zh: "分数原样：有大有小，有正有负。")
            case .exponentials:
                Bilingual(
                    en: " e to each score, measured from the largest (\(largest)): all positive, and the large ones pull ahead.",
                    zh: "每个分数先减去最大的（\(largest)），再取 e 的幂：全是正数，大的把小的甩开。")
            case .shares:
                Bilingual(
                    en: " Each divided by the sum of the row, \(sumText): shares that add up to 1.", zh: "各除以整行之和 \(sumText)：份额加起来正好是 1。")
            case nil:
                Bilingual(
                    en:
                        " From left to right: the score; e to the score, measured from the largest (\(largest)); that, divided by the sum of the row.",
                    zh: "从左到右：分数；减去最大的分数（\(largest)）后取 e 的幂；再除以整行之和。")
            }
        return place + text
    }

    var insetName: Bilingual {
        row.largest.count < 3
            ? Bilingual(en: "In digits", zh: "用数字算") : Bilingual(en: "The three largest first, in digits", zh: "先用数字看最大的三个")
    }

    /// The sum of the row: the largest by themselves, the others together.
    func sum(_ language: Language) -> [Segment] {
        let rest = row.keys.count - row.largest.count
        let others = Bilingual(en: rest == 1 ? "the other key" : "the other \(rest) keys", zh: "其余 \(rest) 个键")[language]
        let name = Bilingual(en: "Sum of the row: ", zh: "整行之和：")[language]
        var segments: [Segment] = [Segment(name)]
        for (place, key) in row.largest.enumerated() {
            segments.append(Segment((place > 0 ? "+ " : "") + "e", raised: power(key), " "))
        }
        if rest > 0 { segments.append(Segment("+ " + others + " ")) }
        let values = row.largest.map { exponentialText(row.exponential($0)) }
        let sum = row.sum(row.keys.filter { !row.largest.contains($0) }, .exponentials)
        segments.append(Segment("= " + (values + (rest > 0 ? [exponentialText(sum)] : [])).joined(separator: " + ") + " "))
        if values.count + rest > 1 { segments.append(Segment("= \(sumText)")) }
        return segments
    }

    /// One key's share of that sum.
    func share(of key: Int, _ language: Language) -> [Segment] {
        let name = self.key(key)[language] + Bilingual(en: ": ", zh: "：")[language]
        return [
            Segment(name, isStrong: true), Segment("e", raised: power(key), " ÷ \(sumText) "),
            Segment("= \(exponentialText(row.exponential(key))) ÷ \(sumText) "), Segment("= \(shareText(row.share(key)))", isStrong: true),
        ]
    }

    /// The key's score less the largest.
    private func power(_ key: Int) -> String { scoreText(row.score(key) - row.score(top)) }

    /// The name of a column, the longest first.
    func stageNames(_ stage: SoftmaxStage, isAlone: Bool) -> [Bilingual] {
        let largest = scoreText(row.score(top))
        func numbered(_ number: Int, _ name: Bilingual) -> Bilingual { isAlone ? name : Bilingual(same: "\(number)  ") + name }
        switch stage {
        case .scores: return [numbered(1, stage.name)]
        case .exponentials:
            return [
                numbered(2, Bilingual(en: "e to the (score − \(largest))", zh: "e 的（分数 − \(largest)）次方")),
                numbered(2, stage.name), numbered(2, Bilingual(en: "e to it", zh: "取指数")),
            ]
        case .shares:
            return [
                numbered(3, Bilingual(en: "Divided by \(sumText): shares", zh: "除以 \(sumText)：份额")),
                numbered(3, stage.name),
            ]
        }
    }

    func othersName(_ count: Int) -> Bilingual { Bilingual(en: "the other \(count)", zh: "其余 \(count) 个") }

    /// What stands for several keys in a column, the longest first.
    func othersTexts(_ keys: [Int], _ stage: SoftmaxStage) -> [String] {
        guard stage == .scores else { return [text(row.sum(keys, stage), stage)] }
        let all = keys.map(row.score)
        return ["\(scoreText(all.min() ?? 0)) … \(scoreText(all.max() ?? 0))", "≤ \(scoreText(all.max() ?? 0))"]
    }

    var totalName: Bilingual { Bilingual(en: "sum", zh: "合计") }

    func source(_ provenance: Provenance) -> Bilingual {
        let steps = [row.scores.id, row.weights.id].map { Bilingual(same: $0.text) }
        let how = Bilingual(
            en: "e to a score less the largest = a recorded weight ÷ the largest weight", zh: "e 的（分数 − 最大分数）次方 = 记录的权重 ÷ 最大的权重")
        return Words.source([row.row.slice.headName, Words.list(steps), how].compactMap { $0 }, provenance)
    }

    var caption: Bilingual {
        Bilingual(
            en: "\(title.en): scores, e to each measured from the largest (read off the weights: each over the largest), shares.",
            zh: "\(title.zh)：分数；减去最大分数后取 e 的幂（由权重读出：各除以最大的权重）；份额。")
    }

    var alt: Bilingual {
        let list = Words.list(
            row.largest.map { key in
                let (name, score, power, share) = (self.key(key), text(key, .scores), text(key, .exponentials), text(key, .shares))
                return Bilingual(en: "\(name.en): \(score), \(power), \(share)", zh: "\(name.zh)：\(score)，\(power)，\(share)")
            })
        let (count, ends) = (row.keys.count, row.keys.map(row.score))
        let (low, high) = (scoreText(ends.min() ?? 0), scoreText(ends.max() ?? 0))
        return Bilingual(
            en:
                "\(place.en) \(Words.counted(count, "key")) with scores from \(low) to \(high), e to each score less the largest, and shares. The largest (score, exponential, share): \(list.en). The exponentials add up to \(sumText), the shares to \(total(.shares)).",
            zh:
                "\(place.zh)\(count) 个键，分数从 \(low) 到 \(high)；减去最大分数后取 e 的幂；份额。最大的几个（分数，指数，份额）：\(list.zh)。指数合计 \(sumText)，份额合计 \(total(.shares))。"
        )
    }

    // MARK: Cells

    private func place(_ key: Int) -> Bilingual {
        Bilingual(en: "query \(row.row.queryName), key \(row.name(key)): ", zh: "查询“\(row.row.queryName)”，键“\(row.name(key))”：")
    }

    func scoreLabel(_ key: Int) -> CellLabel {
        let score = row.score(key)
        return CellLabel(place(key), Remark(en: "score \(score, digits: 4)", zh: "分数 \(score, digits: 4)"))
    }

    func shareLabel(_ key: Int) -> CellLabel {
        let share = row.share(key)
        return CellLabel(place(key), Remark(en: "share \(percent: share)", zh: "份额 \(percent: share)"))
    }
}
