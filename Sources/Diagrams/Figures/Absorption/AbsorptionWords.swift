// What the figure `absorption` says, made from the demonstration's numbers.

import Mechanisms
import Traces

struct AbsorptionWords {
    private let numbers: AbsorptionNumbers

    init(_ numbers: AbsorptionNumbers) { self.numbers = numbers }

    /// Whole numbers as such: what a quarter turn leaves of rounding is not shown.
    func text(_ value: Double) -> String {
        let isWhole = abs(value - value.rounded()) < 1e-9
        return MatrixScale.typographic(NumberText.fixed(value, decimals: isWhole ? 0 : 2))
    }

    let plainHeading = Bilingual(en: "Without position: the bracket may move", zh: "不管位置：括号可以挪")
    let turnedHeading = Bilingual(
        en: "With a turn by position between query and key: it may not", zh: "查询和键各按位置转过：括号就挪不动了")
    let keyFirst = Bilingual(en: "The key first: q · (W c). Each latent is unpacked.", zh: "先造键：q · (W c)。每个潜向量都要展开。")
    let queryFirst = Bilingual(
        en: "The query first: (Wᵀ q) · c. The table goes in once.", zh: "先动查询：(Wᵀ q) · c。表并入查询，只需一次。")
    static let turned = Bilingual(en: "Both turned by their positions:", zh: "两边各按位置转过：")
    static let needed = Bilingual(en: "To get this from c, the table would have to be M:", zh: "想直接用 c 算出它，表得换成 M：")

    func atDistance(_ distance: Int) -> Bilingual {
        let (query, key) = (AbsorptionDemonstration.position, AbsorptionDemonstration.position - distance)
        return Bilingual(
            en: "Query at position \(query), key at \(key): distance \(distance).", zh: "查询在位置 \(query)，键在位置 \(key)：距离 \(distance)。")
    }

    func label(_ cell: AbsorptionCell) -> CellLabel {
        CellLabel(
            Bilingual(same: "\(cell.step.symbol)[\(cell.index.map(String.init).joined(separator: ", "))] = "), Remark(number: cell.value))
    }

    private func listed(_ values: [Double]) -> Bilingual {
        let texts = values.map(text)
        return Bilingual(en: "(\(texts.joined(separator: ", ")))", zh: "（\(texts.joined(separator: "，"))）")
    }
    private func listed(_ id: StepID) -> Bilingual { listed(numbers.values(id)) }

    var words: FigureWords {
        let (first, second) = numbers.plainScores
        let tables = numbers.distances.map { distance -> Bilingual in
            let (turned, own) = numbers.scores(distance)
            let table = listed(StepID("table_\(distance)"))
            return Bilingual(
                en: "at distance \(distance) the score is \(text(turned)), and with the table \(table.en) in the query \(text(own))",
                zh: "距离 \(distance) 处分数为 \(text(turned))，把表\(table.zh)并入查询也得 \(text(own))")
        }
        let (q, W, c) = (listed("input.q"), listed("input.W"), Array(numbers.values("input.c").prefix(2)))
        let carried = listed("absorbed")
        let latent = listed(c)
        return FigureWords(
            title: Bilingual(
                en: "Two brackets, one number; with a turn between, every distance would need its own table",
                zh: "括号挪了，数没变；中间一旋转，每个距离都得另备一张表"),
            subtitle: Bilingual(
                en:
                    "A query q, a table W and a latent c, two features each; the key k is W times c. R turns a vector by a quarter circle for each position.",
                zh: "查询 q、表 W、潜向量 c，各两个特征；键 k 就是 W 乘 c。R 按位置旋转，每往后一位转四分之一圈。"),
            alt: Bilingual(
                en:
                    "Arithmetic with a query \(q.en), a table \(W.en) row by row and a latent \(latent.en). Key first gives \(text(first)); query first, by way of \(carried.en), gives \(text(second)). With both sides turned by their positions, \(tables.map { $0.en }.joined(separator: "; ")).",
                zh:
                    "用查询\(q.zh)、表\(W.zh)（逐行）和潜向量\(latent.zh)演算：先造键得 \(text(first))；先把查询变成\(carried.zh)再算，得 \(text(second))。两边按位置旋转之后：\(tables.map { $0.zh }.joined(separator: "；"))。"
            ),
            caption: Bilingual(
                en: "(Wᵀq)·c and q·(Wc) are one number; a rotation between query and table makes the table depend on the distance.",
                zh: "(Wᵀq)·c 与 q·(Wc) 是同一个数；查询与表之间隔着旋转，要并入的表就随距离而变。"),
            source: Bilingual(
                en:
                    "Small whole numbers, designed for this; every other number is computed by the engine from them. DeepSeek-V2 (2024), sections 2.1.2 and 2.1.3.",
                zh: "输入是为此设计的小整数，其余各数都由引擎算出。DeepSeek-V2（2024），2.1.2 与 2.1.3 节。"))
    }
}
