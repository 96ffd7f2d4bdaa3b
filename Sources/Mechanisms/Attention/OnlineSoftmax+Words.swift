// The words of the online softmax: title, symbol, formula and source of each step.

import Traces

private let dao = Bilingual(
    en: "Dao et al. 2022, FlashAttention (2205.14135), section 3.1; Milakov and Gimelshein 2018 (1805.02867)",
    zh: "Dao 等 2022，FlashAttention（2205.14135），3.1 节；Milakov 与 Gimelshein 2018（1805.02867）")

extension Equation {
    static let blockScores = Equation(
        .scores, symbol: "S^b", Bilingual(en: "Scores of this block of keys", zh: "这一块键的分数"), #"S^{(b)}_{t,s} = S_{t,s}, s \in b"#,
        source: dao, axes: [.h, .t, .s])
    static let runningMaximum = Equation(
        .runningMaximum, symbol: "m^b", Bilingual(en: "Largest score so far", zh: "到目前为止的最大分数"),
        #"m^{(b)}_t = \max(m^{(b-1)}_t, \max_{s} S^{(b)}_{t,s})"#, source: dao, axes: [.h, .t])
    static let blockNumerators = Equation(
        .numerators, symbol: "P^b", Bilingual(en: "Exponentials, measured from the largest so far", zh: "以目前最大值为基准的指数"),
        #"P^{(b)}_{t,s} = \exp(S^{(b)}_{t,s} - m^{(b)}_t)"#, source: dao, axes: [.h, .t, .s])
    static let rescaling = Equation(
        .rescaling, symbol: "α^b",
        Bilingual(en: "By what earlier blocks shrink, now that the largest is known better", zh: "最大值更新后，先前各块要缩小的倍数"),
        #"\alpha^{(b)}_t = \exp(m^{(b-1)}_t - m^{(b)}_t)"#, source: dao, axes: [.h, .t])
    static let runningSum = Equation(
        .runningSum, symbol: "l^b", Bilingual(en: "Sum of exponentials so far", zh: "到目前为止的指数之和"),
        #"l^{(b)}_t = \alpha^{(b)}_t l^{(b-1)}_t + \sum_{s} P^{(b)}_{t,s}"#, source: dao, axes: [.h, .t])
    static let runningOutput = Equation(
        .output, symbol: "O^b", Bilingual(en: "Weighted values so far, not yet divided", zh: "到目前为止的加权值，尚未归一"),
        #"O^{(b)}_t = \alpha^{(b)}_t O^{(b-1)}_t + \sum_{s} P^{(b)}_{t,s} v_s"#, source: dao, axes: [.t, .h, .d])
    static let onlineHeads = Equation(
        .heads, symbol: "O", Bilingual(en: "Divided by the sum, once, at the end", zh: "最后只除一次总和"), #"O_t = \frac{O^{(B)}_t}{l^{(B)}_t}"#,
        source: dao, axes: [.t, .h, .d])
}
