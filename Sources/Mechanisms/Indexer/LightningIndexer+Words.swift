// The words of the lightning indexer. Sources name where the Report (DeepSeek-V3.2-Exp, DeepSeek-AI 2025) and the Code (its published
// inference/model.py and kernel.py) differ.

import Traces

private let report = Bilingual(en: "DeepSeek-V3.2-Exp report (2025), Eq. 1", zh: "DeepSeek-V3.2-Exp 报告（2025），式 1")
private let code = "DeepSeek-V3.2-Exp inference/model.py, Indexer"

private let ropeNote = Bilingual(
    en: "\(code): [rope | nope], half layout since the correction of 2025-11-17; MLA's is interleaved and split the other way round",
    zh: "\(code)：[rope | nope]，2025-11-17 更正后为前后半布局；MLA 是相邻交错布局，切分次序也相反")
private let hadamardNote = Bilingual(en: "\(code), rotate_activation; not in the report", zh: "\(code)，rotate_activation；报告未提")
private let float8Note = Bilingual(
    en: "DeepSeek-V3.2-Exp inference/kernel.py, act_quant; the report says FP8 only",
    zh: "DeepSeek-V3.2-Exp inference/kernel.py，act_quant；报告只说 FP8")

extension Equation {
    /// Index queries before anything turns them: from the query latents in the code, from the tokens in Eq. 1.
    static func indexQueryProjected(fromLatents: Bool) -> Equation {
        Equation(
            .indexQueryProjected, symbol: "q^I'", Bilingual(en: "Index queries, one a head", zh: "索引查询，每个头一个"),
            fromLatents ? #"q'^I_t = W^{IUQ} c^Q_t"# : #"q^I_t = W^{IQ} h_t"#,
            source: fromLatents
                ? Bilingual(
                    en: "\(code); Report Figure 1. The report's Eq. 1 derives them from h_t, the code from q_lora",
                    zh: "\(code)；报告图 1。报告的式 1 由 h_t 得出查询，代码由 q_lora 得出")
                : report, axes: [.t, .j, .d])
    }
    static let indexQueryRope = Equation(
        .indexQueryRope, symbol: "q^I°", Bilingual(en: "Index queries with their positions", zh: "带上位置的索引查询"),
        #"q^{I\circ}_t = [\mathrm{RoPE}(q'_{rope}); q'_{nope}]"#, source: ropeNote, axes: [.t, .j, .d])
    static let indexQueryRotated = Equation(
        .indexQueryRotated, symbol: "Hq^I", Bilingual(en: "Index queries after the Hadamard rotation", zh: "哈达玛旋转后的索引查询"),
        #"H q^I / \sqrt{n}"#, source: hadamardNote, axes: [.t, .j, .d])
    static func indexQueryScale(_ format: ScaleFormat?) -> Equation {
        Equation(
            .indexQueryScale, symbol: "σ^q", Bilingual(en: "FP8 scale of each index query", zh: "每个索引查询的 FP8 缩放"),
            (format ?? .powerOfTwo).formula(of: "q"), source: float8Note, axes: [.t, .j])
    }
    static func indexQuery(isRotated: Bool) -> Equation {
        Equation(
            .indexQuery, symbol: "q^I", Bilingual(en: "Index queries in FP8", zh: "FP8 的索引查询"),
            isRotated ? #"q^I = \mathrm{e4m3}(H q / \sigma^q)"# : #"q^I = \mathrm{e4m3}(q / \sigma^q)"#, source: float8Note,
            axes: [.t, .j, .d])
    }
    static let indexKeyProjected = Equation(
        .indexKeyProjected, symbol: "k^I'", Bilingual(en: "Index key: one for all heads", zh: "索引键：所有头共用一个"), #"k'^I_s = W^{IK} h_s"#,
        source: code, axes: [.s, .d])
    static let indexKeyNormalised = Equation(
        .indexKeyNormalised, symbol: "k^I*", Bilingual(en: "Index keys after LayerNorm", zh: "层归一化后的索引键"),
        #"\mathrm{LayerNorm}(k'^I_s)"#,
        source: Bilingual(en: "\(code), k_norm; not in the report", zh: "\(code)，k_norm；报告未提"), axes: [.s, .d])
    static let indexKeyRope = Equation(
        .indexKeyRope, symbol: "k^I°", Bilingual(en: "Index keys with their positions", zh: "带上位置的索引键"),
        #"k^{I\circ}_s = [\mathrm{RoPE}(k'_{rope}); k'_{nope}]"#, source: ropeNote, axes: [.s, .d])
    static let indexKeyRotated = Equation(
        .indexKeyRotated, symbol: "Hk^I", Bilingual(en: "Index keys after the Hadamard rotation", zh: "哈达玛旋转后的索引键"),
        #"H k^I / \sqrt{n}"#, source: hadamardNote, axes: [.s, .d])
    static func indexKeyScale(_ format: ScaleFormat?) -> Equation {
        Equation(
            .indexKeyScale, symbol: "σ^k", Bilingual(en: "FP8 scale of each index key", zh: "每个索引键的 FP8 缩放"),
            (format ?? .powerOfTwo).formula(of: "k"), source: float8Note, axes: [.s])
    }
    static func indexKey(isRotated: Bool) -> Equation {
        Equation(
            .indexKey, symbol: "k^I", Bilingual(en: "Index keys in FP8", zh: "FP8 的索引键"),
            isRotated ? #"k^I = \mathrm{e4m3}(H k / \sigma^k)"# : #"k^I = \mathrm{e4m3}(k / \sigma^k)"#, source: float8Note, axes: [.s, .d])
    }
    static let indexKeyCache = Equation(
        .indexKey, symbol: "k^I", Bilingual(en: "Index keys: the cache and the new ones", zh: "索引键：缓存加上新的"), #"[k^I_{cache}; k^I_{new}]"#,
        source: code, axes: [.s, .d])
    static let indexKeyScaleCache = Equation(
        .indexKeyScale, symbol: "σ^k", Bilingual(en: "Scales of the index keys: the cache and the new ones", zh: "索引键的缩放：缓存加上新的"),
        #"[\sigma^k_{cache}; \sigma^k_{new}]"#,
        source: code, axes: [.s])
    static let indexWeightsProjected = Equation(
        .indexWeightsProjected, symbol: "w'", Bilingual(en: "How much each index head counts, before scales", zh: "每个索引头的分量（未乘缩放）"),
        #"w'_t = W^w h_t"#,
        source: "\(code), weights_proj", axes: [.t, .j])
    static let indexWeights = Equation(
        .indexWeights, symbol: "w^I",
        Bilingual(en: "How much each index head counts, every scale folded in", zh: "每个索引头的分量（已含各项缩放）"),
        #"w^I = w' J^{-1/2} \sigma^q d^{-1/2}"#,
        source: Bilingual(
            en: "\(code); the report's Eq. 1 has no constants: they change no ranking", zh: "\(code)；报告的式 1 没有这些常数：它们不改变排名"),
        axes: [.t, .j])
    static let indexWeightsPlain = Equation(
        .indexWeights, symbol: "w^I", Bilingual(en: "How much each index head counts", zh: "每个索引头的分量"), #"w^I_t = W^w h_t"#,
        source: report, axes: [.t, .j])
    static let indexDot = Equation(
        .indexDot, symbol: "a", Bilingual(en: "Every index query against every index key", zh: "每个索引查询与每个索引键的点积"),
        #"a_{t,j,s} = q^I_{t,j} \cdot k^I_s"#,
        source: report, axes: [.t, .j, .s])
    static let indexVotes = Equation(
        .indexVotes, symbol: "v^I", Bilingual(en: "Votes: what is below zero does not count", zh: "投票：负的一律记成零"),
        #"v^I_{t,j,s} = \mathrm{ReLU}(q^I_{t,j} \cdot k^I_s)"#,
        source: report, axes: [.t, .j, .s])
    static func indexScore(isScaled: Bool) -> Equation {
        Equation(
            .indexScore, symbol: "I", Bilingual(en: "Index scores: weighted votes added up", zh: "索引得分：加权票数之和"),
            #"I_{t,s} = \#(isScaled ? #"\sigma^k_s "# : "")\sum_{j} w^I_{t,j} \mathrm{ReLU}(q^I_{t,j} \cdot k^I_s)"#,
            source: isScaled ? report + Bilingual(en: "; the code multiplies by the key's FP8 scale", zh: "；代码再乘上键的 FP8 缩放") : report,
            axes: [.t, .s])
    }
    static let selected = Equation(
        .selected, symbol: "sel", Bilingual(en: "The keys that each query keeps", zh: "每个查询留下的键"), #"\mathrm{top-k}(I_{t,1..t})"#,
        source: Bilingual(
            en: "DeepSeek-V3.2-Exp report (2025), Eq. 2. Nothing is forced in; where scores tie, the lower position wins",
            zh: "DeepSeek-V3.2-Exp 报告（2025），式 2。没有谁必须入选；得分并列时，位置靠前的入选"), axes: [.t, .k])
}
