// The words of a decoder: title, symbol, formula and source of each step that families share. Attention has its own catalogue, and a family writes what
// it does otherwise beside its equations.

import Traces

private let touvron = Bilingual(en: "Touvron et al. 2023, LLaMA, section 2.2", zh: "Touvron 等 2023，LLaMA，2.2 节")
private let zhang = Bilingual(
    en: "Zhang and Sennrich 2019, Root Mean Square Layer Normalization, equation 4",
    zh: "Zhang 与 Sennrich 2019，Root Mean Square Layer Normalization，式 4")
private let shazeer = Bilingual(
    en: "Shazeer 2020, GLU Variants Improve Transformer, equation 6", zh: "Shazeer 2020，GLU Variants Improve Transformer，式 6")
private let bengio = Bilingual(
    en: "Bengio et al. 2003, A Neural Probabilistic Language Model, section 2",
    zh: "Bengio 等 2003，A Neural Probabilistic Language Model，2 节")
private let vaswani = Bilingual(
    en: "Vaswani et al. 2017, Attention Is All You Need, section 3.4", zh: "Vaswani 等 2017，Attention Is All You Need，3.4 节")

extension Equation {
    static let tokenEmbedding = Equation(
        .embedding, symbol: "x", Bilingual(en: "Tokens to vectors", zh: "词元变成向量"), #"x_t = E_{id(t)}"#, source: vaswani, axes: [.t, .c])
    static let attentionNorm = Equation(
        .norm, symbol: "z", Bilingual(en: "Normalised before attention", zh: "注意力之前的归一化"),
        #"z_t = \frac{x_t}{\sqrt{\frac{1}{n} \sum_{c} x_{t,c}^2 + \epsilon}} \cdot g"#, source: zhang, axes: [.t, .c])
    static let residual = Equation(
        .residual, symbol: "r", Bilingual(en: "Attention added to what was there", zh: "注意力的结果加回原向量"), #"r_t = x_t + y_t"#,
        source: touvron, axes: [.t, .c])
    static let feedForwardNorm = Equation(
        .feedForwardNorm, symbol: "u", Bilingual(en: "Normalised before the feed-forward part", zh: "前馈部分之前的归一化"),
        #"u_t = \frac{r_t}{\sqrt{\frac{1}{n} \sum_{c} r_{t,c}^2 + \epsilon}} \cdot g"#, source: zhang, axes: [.t, .c])
    static let gate = Equation(
        .gate, symbol: "a", Bilingual(en: "Gate, before its SiLU", zh: "门控（SiLU 之前）"), #"a_t = W_G u_t"#, source: shazeer,
        axes: [.t, .f])
    static let up = Equation(
        .up, symbol: "b", Bilingual(en: "What the gate lets through", zh: "门控放行的内容"), #"b_t = W_U u_t"#, source: shazeer,
        axes: [.t, .f])
    static let hidden = Equation(
        .hidden, symbol: "f", Bilingual(en: "Hidden units: gate times content", zh: "隐藏单元：门控乘以内容"),
        #"f_t = \frac{a_t}{1 + \exp(-a_t)} \cdot b_t"#, source: shazeer, axes: [.t, .f])
    static let feedForward = Equation(
        .feedForward, symbol: "m", Bilingual(en: "Output of the feed-forward part", zh: "前馈部分的输出"), #"m_t = W_D f_t"#, source: shazeer,
        axes: [.t, .c])
    static let layerOutput = Equation(
        .output, symbol: "x", Bilingual(en: "Output of the layer", zh: "这一层的输出"), #"x_t = r_t + m_t"#, source: touvron, axes: [.t, .c])
    static let finalNorm = Equation(
        .norm, symbol: "z", Bilingual(en: "Normalised after the last layer", zh: "最后一层之后的归一化"),
        #"z_t = \frac{x_t}{\sqrt{\frac{1}{n} \sum_{c} x_{t,c}^2 + \epsilon}} \cdot g"#, source: zhang, axes: [.t, .c])
    static let logits = Equation(
        .logits, symbol: "L", Bilingual(en: "Logits: a score for every token that could come next", zh: "对数几率：给每个可能的下一个词元打分"),
        #"L_t = W z_t"#, source: vaswani, axes: [.t, .n])
    static let loss = Equation(
        .loss, symbol: "loss", Bilingual(en: "Loss: how badly the next token was foretold, in nats", zh: "损失：下一个词元猜得有多差（单位：奈特）"),
        #"\mathrm{loss}_t = \log \sum_{n} \exp(L_{t,n}) - L_{t,\mathrm{next}(t)}"#, source: bengio, axes: [.t])
    static let meanLoss = Equation(
        .meanLoss, symbol: "loss", Bilingual(en: "Mean loss over the text", zh: "整段文字的平均损失"),
        #"\mathrm{loss} = \frac{1}{T - 1} \sum_{t} \mathrm{loss}_t"#, source: bengio, axes: [])
}
