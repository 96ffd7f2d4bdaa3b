// DeepSeek Sparse Attention (DeepSeek-V3.2-Exp report 2025, section 1): the lightning indexer picks keys for each query, MLA attends to those
// alone. Prefill takes all tokens at once (expanded form, selection as a mask, as the published demo code does); decoding takes one token at
// a time with the caches (absorbed form). Dense attention is run beside unless told otherwise, so that what the selection keeps can be said.

public import Traces

/// One layer of DeepSeek Sparse Attention.
public struct SparseAttention: Sendable {
    /// The attention over latents.
    public var attention: LatentAttention
    /// The scorer.
    public var indexer: LightningIndexer
    /// Who chooses the keys.
    public var rule = SelectionRule.indexer
    /// Mistakes to look at.
    public var interventions: [Intervention] = []
    /// Whether dense attention is recorded beside. Without it nothing is known of the mass kept and of recall, and the rule `oracle` cannot choose.
    public var comparesWithDense = true

    /// Sparse attention from its two parts.
    public init(attention: LatentAttention, indexer: LightningIndexer) {
        self.attention = attention
        self.indexer = indexer
    }

    /// Both caches after a pass.
    public struct Cache: Sendable {
        /// MLA's latents and rotated keys.
        public let latents: LatentAttention.Cache
        /// The indexer's keys.
        public let index: LightningIndexer.Cache
    }

    /// How the selected entries are attended to.
    public enum Path: String, Hashable, Sendable, CaseIterable {
        /// All pairs are computed and the selection is a mask: what the published demo does; it saves nothing.
        case masked
        /// Only the selected cache entries are read: what the kernels do, and what sparse attention really costs.
        case gathered
    }

    /// Records one pass over `x` [t, c] in the recorder's pass.
    /// - Parameters:
    ///   - cache: both caches of the tokens before these; nil starts from position 0.
    ///   - form: how latents are attended to on the masked path; the gathered path is always absorbed.
    ///   - paths: which paths to run; the masked one is called `attention.…` and `output`, the gathered one `gathered.…`.
    /// - Returns: the output [t, c] of the first path, and the caches with these tokens.
    public func record(
        _ x: Expression, cache: Cache? = nil, form: LatentAttention.Form, paths: [Path] = [.masked], on trace: inout Recorder
    ) throws(EngineError) -> (output: Expression, cache: Cache) {
        try trace.under(interventions) { trace throws(EngineError) in
            try recordEquations(x, cache, form, paths, on: &trace)
        }
    }

    private func recordEquations(_ x: Expression, _ cache: Cache?, _ form: LatentAttention.Form, _ paths: [Path], on trace: inout Recorder)
        throws(EngineError) -> (output: Expression, cache: Cache)
    {
        let projected = try attention.project(x, cache: cache?.latents, on: &trace)
        let (I, index) = try indexer.score(x, queryInput: (projected.queryLatents, .l), cache: cache?.index, on: &trace)
        let causal = Mask.causal(rows: x.shape[.t]!, columns: projected.cache.length, offset: projected.past)
        let all = try attention.entries(projected, form, on: &trace)
        let isSecond = form != .absorbed && paths.contains(.gathered)
        let absorbed = isSecond ? try attention.entries(projected, .absorbed, on: &trace) : all

        if comparesWithDense { _ = try attention.attend(all, visible: causal, as: .dense, on: &trace) }
        let selected = try select(I, causal, on: &trace)
        var outputs: [Expression] = []
        for path in paths {
            switch path {
            case .masked:
                let visible = causal.selecting(selected.tensor)
                outputs.append(try attention.attend(all, visible: visible, selected: selected, as: .sparse, on: &trace))
            case .gathered:
                let (read, filled) = try attention.gather(absorbed, selected: selected, on: &trace)
                outputs.append(try attention.attend(read, visible: filled, as: .gathered, on: &trace))
            }
        }
        return (outputs[0], Cache(latents: projected.cache, index: index))
    }

    private func select(_ I: Expression, _ causal: Mask, on trace: inout Recorder) throws(EngineError) -> Expression {
        try trace.recordSelection(
            scores: I, topK: indexer.topK, rule: rule, visible: causal,
            denseWeights: comparesWithDense ? trace.id(.weights, in: .dense) : nil)
    }
}

extension Recorder {
    /// Records which keys each query keeps, with the facts of the selection, as `selected` [t, k].
    /// - Parameters:
    ///   - scores: index scores [t, s].
    ///   - denseWeights: id of the step with dense attention's weights [h, t, s]; nil where dense attention does not run, which the rule `oracle`
    ///     refuses.
    public mutating func recordSelection(
        scores: Expression, topK count: Int, rule: SelectionRule = .indexer, visible: Mask, denseWeights: StepID?
    ) throws(EngineError) -> Expression {
        let dense = try denseWeights.map { id throws(EngineError) in try recorded(id) }
        let ranked: Expression
        switch rule {
        case .indexer: ranked = scores
        case .oracle:
            guard let dense else {
                throw EngineError(.value, "the rule oracle", expected: "dense attention's weights to rank by", found: "no dense attention")
            }
            ranked = try record(.oracleScore, sum(dense, over: .h))
        default:
            let title = Bilingual(en: "The order in which the rule \(rule.rawValue) prefers keys", zh: "规则 \(rule.rawValue) 对键的偏好次序")
            ranked = try input(inputID("rule"), "R", rule.scores(visible: visible, k: count)!, title: title)
        }
        let choice = try topK(ranked, count, visible: visible)
        return try record(.selected, choice) { selected throws(EngineError) in
            try Selection(selected, scores: ranked.tensor, dense: dense?.tensor, visible: visible)
        }
    }
}

extension Equation {
    static let oracleScore = Equation(
        .oracleScore, symbol: "P", Bilingual(en: "Dense weights summed over heads", zh: "各头稠密权重之和"), #"P_{t,s} = \sum_{h} A_{h,t,s}"#,
        source: Bilingual(
            en: "DeepSeek-V3.2-Exp report (2025), section 2.1: what the indexer is trained to match",
            zh: "DeepSeek-V3.2-Exp 报告（2025），2.1 节：索引器训练时要对齐的目标"), axes: [.t, .s])
}
