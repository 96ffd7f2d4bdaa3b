// The words of dense attention: title, symbol, formula and source of each step.

import Traces

private let vaswani = Bilingual(
    en: "Vaswani et al. 2017, Attention Is All You Need, section 3.2", zh: "Vaswani 等 2017，Attention Is All You Need，3.2 节")
private let roformer = Bilingual(en: "Su et al. 2021, RoFormer, section 3.2.2", zh: "Su 等 2021，RoFormer，3.2.2 节")

extension Equation {
    static let queryBeforeRotation = Equation(
        .queryBeforeRotation, symbol: "q'", Bilingual(en: "Queries before rotation", zh: "旋转前的查询"), #"q'_t = W_Q x_t"#, source: vaswani,
        axes: [.t, .h, .d])
    static let keyBeforeRotation = Equation(
        .keyBeforeRotation, symbol: "k'", Bilingual(en: "Keys before rotation", zh: "旋转前的键"), #"k'_s = W_K x_s"#, source: vaswani,
        axes: [.s, .g, .d])
    static let query = Equation(
        .query, symbol: "q", Bilingual(en: "Queries: what each token looks for", zh: "查询：每个词元在找什么"), #"q_t = W_Q x_t"#, source: vaswani,
        axes: [.t, .h, .d])
    static let key = Equation(
        .key, symbol: "k", Bilingual(en: "Keys: what each token can be found by", zh: "键：每个词元凭什么被找到"), #"k_s = W_K x_s"#, source: vaswani,
        axes: [.s, .g, .d])
    static let value = Equation(
        .value, symbol: "v", Bilingual(en: "Values: what each token hands over", zh: "值：每个词元交出什么"), #"v_s = W_V x_s"#, source: vaswani,
        axes: [.s, .g, .d])
    static let rotatedQuery = Equation(
        .query, symbol: "q", Bilingual(en: "Queries, turned by their positions", zh: "查询，已按位置旋转"), #"q_t = \mathrm{RoPE}_t(q'_t)"#,
        source: roformer, axes: [.t, .h, .d])
    static let rotatedKey = Equation(
        .key, symbol: "k", Bilingual(en: "Keys, turned by their positions", zh: "键，已按位置旋转"), #"k_s = \mathrm{RoPE}_s(k'_s)"#,
        source: roformer, axes: [.s, .g, .d])
    static let dot = Equation(
        .dot, symbol: "D", Bilingual(en: "Every query against every key", zh: "每个查询与每个键的点积"), #"D_{t,s} = q_t \cdot k_s"#, source: vaswani,
        axes: [.h, .t, .s])
    static let scaled = Equation(
        .scaled, symbol: "Z", Bilingual(en: "Scaled dot products", zh: "缩放后的点积"), #"Z_{t,s} = \frac{q_t \cdot k_s}{\sqrt{d}}"#,
        source: vaswani, axes: [.h, .t, .s])
    static let scaledOtherwise = Equation(
        .scaled, symbol: "Z", Bilingual(en: "Scaled dot products, by a divisor of this model's own", zh: "缩放后的点积（除数由这个模型自定）"),
        #"Z_{t,s} = \frac{q_t \cdot k_s}{\sigma}"#, source: vaswani, axes: [.h, .t, .s])
    /// The scaling by `divisor`, where the root of `features` is the usual one.
    static func scaled(by divisor: Constant, usual features: Int) -> Equation {
        divisor.value == Constant.root(features).value ? scaled : scaledOtherwise
    }
    static let scores = Equation(
        .scores, symbol: "S", Bilingual(en: "Scores, the future masked", zh: "分数：未来已掩住"),
        #"S_{t,s} = \frac{q_t \cdot k_s}{\sqrt{d}} + M_{t,s}"#, source: vaswani, axes: [.h, .t, .s])
    static let scoresWithinWindow = Equation(
        .scores, symbol: "S", Bilingual(en: "Scores: the future masked, and what lies before the window", zh: "分数：未来和窗口之前的都已掩住"),
        #"S_{t,s} = \frac{q_t \cdot k_s}{\sqrt{d}} + M_{t,s}"#,
        source: Bilingual(
            en: "Jiang et al. 2023, Mistral 7B, section 2, figure 1", zh: "Jiang 等 2023，Mistral 7B，2 节，图 1"), axes: [.h, .t, .s])
    static let scoresOfAllKeys = Equation(
        .scores, symbol: "S", Bilingual(en: "Scores: every query sees every key", zh: "分数：每个查询都看得到每个键"),
        #"S_{t,s} = \frac{q_t \cdot k_s}{\sqrt{d}}"#, source: vaswani, axes: [.h, .t, .s])
    /// The same scores of dot products that a model has changed before the mask.
    var ofChangedScores: Equation { Equation(role, symbol: symbol, title, #"S_{t,s} = C_{t,s} + M_{t,s}"#, source: sourceNote, axes: axes) }
    static let weights = Equation(
        .weights, symbol: "A", Bilingual(en: "Attention weights", zh: "注意力权重"),
        #"A_{t,s} = \frac{\exp(S_{t,s})}{\sum_{r} \exp(S_{t,r})}"#, source: vaswani, axes: [.h, .t, .s])
    static let heads = Equation(
        .heads, symbol: "O", Bilingual(en: "Values, weighted and summed, in each head", zh: "每个头里按权重加起来的值"),
        #"O_t = \sum_{s} A_{t,s} v_s"#, source: vaswani, axes: [.t, .h, .d])
    static let output = Equation(
        .output, symbol: "y", Bilingual(en: "Output: the heads put together", zh: "输出：把各个头合起来"), #"y_t = W_O [O_{t,1}; \ldots; O_{t,H}]"#,
        source: vaswani, axes: [.t, .c])
}
