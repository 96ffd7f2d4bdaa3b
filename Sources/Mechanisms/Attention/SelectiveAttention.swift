// Sparse attention without latents: plain multi-head attention over the keys that the report's Eq. 1 picks. The smallest whole form of the
// idea, for examples that a reader can follow by hand.

public import Traces

/// Dense attention and, beside it, attention to the indexer's choice alone.
public struct SelectiveAttention: Sendable {
    /// The attention.
    public var attention: DenseAttention
    /// Its projections.
    public var weights: DenseAttention.Weights
    /// The scorer; its queries are made from the tokens themselves (Eq. 1).
    public var indexer: LightningIndexer
    /// Who chooses the keys.
    public var rule = SelectionRule.indexer
    /// Mistakes to look at.
    public var interventions: [Intervention] = []

    /// Selective attention from its parts.
    public init(attention: DenseAttention, weights: DenseAttention.Weights, indexer: LightningIndexer) {
        self.attention = attention
        self.weights = weights
        self.indexer = indexer
    }

    /// Records dense attention of `x` [t, c] as `attention.…`, the indexer as `indexer.…` and `selected`, and sparse attention as `sparse.…`.
    /// - Returns: both outputs [t, c].
    public func record(_ x: Expression, on trace: inout Recorder) throws(EngineError) -> (dense: Expression, sparse: Expression) {
        try trace.under(interventions) { trace throws(EngineError) in try recordEquations(x, on: &trace) }
    }

    private func recordEquations(_ x: Expression, on trace: inout Recorder) throws(EngineError) -> (dense: Expression, sparse: Expression) {
        let projected = try trace.within(.branch(.attention)) { trace throws(EngineError) in try attention.project(x, weights, on: &trace) }
        let dense = try trace.within(.branch(.attention)) { trace throws(EngineError) in
            try attention.attend(projected, weights, on: &trace)
        }
        let scores = try indexer.score(x, queryInput: (x, .c), on: &trace).scores
        let visible = attention.visibility(projected)
        let selected = try trace.recordSelection(
            scores: scores, topK: indexer.topK, rule: rule, visible: visible, denseWeights: trace.id(.weights, in: .attention))
        let sparse = try trace.within(.branch(.sparse)) { trace throws(EngineError) in
            try attention.attend(projected, weights, selected: selected, on: &trace)
        }
        return (dense, sparse)
    }
}
