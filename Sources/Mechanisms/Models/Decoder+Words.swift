// The words of language models: title, symbol, formula and source of each step of a decoder or an encoder. Attention has its own catalogue.

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

private let ba = Bilingual(
    en: "Ba, Kiros and Hinton 2016, Layer Normalization, section 3", zh: "Ba、Kiros 与 Hinton 2016，Layer Normalization，3 节")
private let hendrycks = Bilingual(
    en: "Hendrycks and Gimpel 2016, Gaussian Error Linear Units, section 2", zh: "Hendrycks 与 Gimpel 2016，Gaussian Error Linear Units，2 节")
private let gemma = Bilingual(
    en: "Gemma Team 2024, Gemma 2, section 2, and the authors' code", zh: "Gemma Team 2024，Gemma 2，2 节，以及作者的代码")
private let qwen = Bilingual(en: "Yang et al. 2025, Qwen3 Technical Report, section 2", zh: "Yang 等 2025，Qwen3 Technical Report，2 节")
private let radford = Bilingual(
    en: "Radford et al. 2019, Language Models are Unsupervised Multitask Learners, section 2.3",
    zh: "Radford 等 2019，Language Models are Unsupervised Multitask Learners，2.3 节")
private let devlin = Bilingual(en: "Devlin et al. 2018, BERT, section 3", zh: "Devlin 等 2018，BERT，3 节")

/// LayerNorm of `x` as `z`, in the LaTeX subset of formulas.
private func layerNormFormula(_ z: String, _ x: String) -> String {
    #"\#(z)_t = \frac{\#(x)_t - \mu_t}{\sqrt{\sigma_t^2 + \epsilon}} \cdot g + b"#
}

extension Equation {
    static let scaledEmbedding = Equation(
        .embedding, symbol: "x", Bilingual(en: "Tokens to vectors, as long as layers want them", zh: "词元变成向量，并放大到各层需要的长度"),
        #"x_t = E_{id(t)} \sqrt{n}"#, source: gemma, axes: [.t, .c])
    static let queryNorm = Equation(
        .queryNormalised, symbol: "q''", Bilingual(en: "Queries, normalised in each head", zh: "每个头里归一化的查询"),
        #"q''_t = \frac{q'_t}{\sqrt{\frac{1}{d} \sum_{i} q'_{t,i}^2 + \epsilon}} \cdot g_Q"#, source: qwen, axes: [.t, .h, .d])
    static let keyNorm = Equation(
        .keyNormalised, symbol: "k''", Bilingual(en: "Keys, normalised in each head", zh: "每个头里归一化的键"),
        #"k''_s = \frac{k'_s}{\sqrt{\frac{1}{d} \sum_{i} k'_{s,i}^2 + \epsilon}} \cdot g_K"#, source: qwen, axes: [.s, .g, .d])
    static let cappedScores = Equation(
        .capped, symbol: "C", Bilingual(en: "Scaled dot products within a soft cap", zh: "软上限之内的缩放点积"),
        #"C_{t,s} = c \cdot \mathrm{tanh}(\frac{Z_{t,s}}{c})"#, source: gemma, axes: [.h, .t, .s])
    static let attentionOutputNorm = Equation(
        .attentionOutputNorm, symbol: "y'", Bilingual(en: "Attention's output, normalised before it is added", zh: "注意力的输出，相加之前归一化"),
        #"y'_t = \frac{y_t}{\sqrt{\frac{1}{n} \sum_{c} y_{t,c}^2 + \epsilon}} \cdot g"#, source: zhang, axes: [.t, .c])
    static let feedForwardOutputNorm = Equation(
        .feedForwardOutputNorm, symbol: "m'",
        Bilingual(en: "The feed-forward part's output, normalised before it is added", zh: "前馈部分的输出，相加之前归一化"),
        #"m'_t = \frac{m_t}{\sqrt{\frac{1}{n} \sum_{c} m_{t,c}^2 + \epsilon}} \cdot g"#, source: zhang, axes: [.t, .c])
    static let residualOfNormalised = Equation(
        .residual, symbol: "r", residual.title, #"r_t = x_t + y'_t"#, source: gemma, axes: [.t, .c])
    static let layerOutputOfNormalised = Equation(
        .output, symbol: "x", layerOutput.title, #"x_t = r_t + m'_t"#, source: gemma, axes: [.t, .c])
    static let logitsBeforeCap = Equation(
        .logitsBeforeCap, symbol: "L'", Bilingual(en: "Logits before their soft cap", zh: "加软上限之前的对数几率"), #"L'_t = W z_t"#,
        source: vaswani, axes: [.t, .n])
    static let cappedLogits = Equation(
        .logits, symbol: "L", logits.title, #"L_{t,n} = c \cdot \mathrm{tanh}(\frac{L'_{t,n}}{c})"#, source: gemma, axes: [.t, .n])
    /// What a model hands on where nothing makes logits of it; `z` is the symbol of the step before.
    static func hiddenStates(_ z: String) -> Equation {
        Equation(
            .hiddenStates, symbol: "H", Bilingual(en: "Hidden states: what the model makes of each token", zh: "隐藏状态：模型把每个词元变成了什么"),
            "H_t = \(z)_t", source: devlin, axes: [.t, .c])
    }

    /// The same norm where weights are stored as what they have beyond 1.
    var beyondOne: Equation {
        // Every norm's formula ends with its weight.
        Equation(role, symbol: symbol, title, formula.latex.dropLast() + "(1 + g)", source: gemma, axes: axes)
    }

    static func gate(_ activation: Activation) -> Equation {
        if activation == .silu { return gate }
        let name = activation.name
        return Equation(
            .gate, symbol: "a", Bilingual(en: "Gate, before its \(name)", zh: "门控（\(name) 之前）"), #"a_t = W_G u_t"#, source: shazeer,
            axes: [.t, .f])
    }
    static func hidden(_ activation: Activation) -> Equation {
        if activation == .silu { return hidden }
        return Equation(
            .hidden, symbol: "f", hidden.title, "f_t = " + activation.formula("a_t") + #" \cdot b_t"#, source: shazeer, axes: [.t, .f])
    }

    // MARK: GPT-2 and BERT

    static let embeddingWithPosition = Equation(
        .embedding, symbol: "x", Bilingual(en: "Tokens to vectors, each with its position", zh: "词元变成向量，各加上自己的位置"),
        #"x_t = E_{id(t)} + P_t"#, source: radford, axes: [.t, .c])
    static let embeddingWithPositionAndType = Equation(
        .embedding, symbol: "e", Bilingual(en: "Tokens to vectors, each with its position and its segment", zh: "词元变成向量，各加上位置和所在的段"),
        #"e_t = E_{id(t)} + T_0 + P_t"#, source: devlin, axes: [.t, .c])
    static let embeddingNorm = Equation(
        .norm, symbol: "x", Bilingual(en: "Normalised before the first layer", zh: "第一层之前的归一化"), layerNormFormula("x", "e"), source: ba,
        axes: [.t, .c])
    static let attentionLayerNorm = Equation(
        .norm, symbol: "z", attentionNorm.title, layerNormFormula("z", "x"), source: ba, axes: [.t, .c])
    static let feedForwardLayerNorm = Equation(
        .feedForwardNorm, symbol: "u", feedForwardNorm.title, layerNormFormula("u", "r"), source: ba, axes: [.t, .c])
    static let finalLayerNorm = Equation(
        .norm, symbol: "z", finalNorm.title, layerNormFormula("z", "x"), source: ba, axes: [.t, .c])
    static let residualLayerNorm = Equation(
        .norm, symbol: "u", Bilingual(en: "Normalised after attention", zh: "注意力之后的归一化"), layerNormFormula("u", "r"), source: ba,
        axes: [.t, .c])
    static let layerOutputNorm = Equation(
        .output, symbol: "x", Bilingual(en: "Output of the layer, normalised", zh: "这一层归一化的输出"), layerNormFormula("x", "s"), source: ba,
        axes: [.t, .c])
    static let hiddenSums = Equation(
        .up, symbol: "b", Bilingual(en: "Hidden units, before their activation", zh: "隐藏单元（激活之前）"), #"b_t = W_1 u_t + b_1"#,
        source: vaswani, axes: [.t, .f])
    static func hiddenUnits(_ activation: Activation) -> Equation {
        Equation(
            .hidden, symbol: "f", Bilingual(en: "Hidden units", zh: "隐藏单元"), "f_t = " + activation.formula("b_t"), source: hendrycks,
            axes: [.t, .f])
    }
    static let feedForwardSum = Equation(
        .feedForward, symbol: "m", feedForward.title, #"m_t = W_2 f_t + b_2"#, source: vaswani, axes: [.t, .c])
    static let feedForwardResidual = Equation(
        .feedForwardResidual, symbol: "s", Bilingual(en: "The feed-forward part added to what was there", zh: "前馈部分的结果加回原向量"),
        #"s_t = u_t + m_t"#, source: vaswani, axes: [.t, .c])

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
