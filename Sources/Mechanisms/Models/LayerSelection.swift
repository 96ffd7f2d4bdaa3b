// What becomes of a model trained with dense attention when each layer may read only a few keys: a rule chooses them, and the loss on the next
// token says what that did. No indexer takes part: the model has none. Dense attention is computed beside, in each layer, on the same vectors:
// the oracle needs its weights, and so do the facts about what was kept.

public import Traces

/// Which keys every layer of a model attends to: the top-k of a rule, chosen for each query and in each layer anew.
public struct LayerSelection: Hashable, Sendable {
    /// Who chooses. The oracle ranks the weights that dense attention has in that layer, given what the layers before it have made of the text;
    /// `random` takes the same keys in every layer.
    public let rule: SelectionRule
    /// How many keys a query keeps.
    public let topK: Int
    /// The one layer that selects; nil for every layer.
    public var layer: Int?

    /// A selection; throws for the indexer, which dense weights do not have, and for a k below 1.
    public init(_ rule: SelectionRule, topK: Int) throws(EngineError) {
        guard rule != .indexer else {
            let rules = SelectionRule.allCases.filter { $0 != .indexer }.map { $0.rawValue }.joined(separator: ", ")
            throw EngineError(.value, "select", expected: "one of \(rules): this model has no indexer", found: rule.rawValue)
        }
        guard topK > 0 else { throw EngineError(.value, "top-k", expected: "k of at least 1", found: "\(topK)") }
        self.rule = rule
        self.topK = topK
    }

    /// The selection that what-if switches ask for; throws unless they are one `select=` and one `top-k=`.
    public init(_ switches: [Switch]) throws(EngineError) {
        var (rule, topK) = (SelectionRule?.none, Int?.none)
        for change in switches {
            switch change {
            case .select(let chosen) where rule == nil: rule = chosen
            case .topK(let k) where topK == nil: topK = k
            default: throw EngineError(.value, "switch \(change)", expected: "one select= and one top-k= for a model", found: "\(change)")
            }
        }
        guard let rule, let topK else {
            throw EngineError(
                .value, "switches", expected: "select= and top-k= for a model",
                found: switches.isEmpty ? "none" : switches.map { $0.description }.joined(separator: ", "))
        }
        try self.init(rule, topK: topK)
    }

    /// As switches in a trace.
    var switches: [String] { [Switch.select(rule).description, Switch.topK(topK).description] }

    /// Records the choice of one layer, `selected`, and attention to it alone, `sparse.…`.
    func attend(
        _ attention: DenseAttention, _ projected: DenseAttention.Projected, _ weights: DenseAttention.Weights,
        on trace: inout Recorder
    ) throws(EngineError) -> Expression {
        let visible = attention.visibility(projected)
        let dense = trace.id(.weights, in: .attention)
        // Rules other than the indexer rank something of their own; the scores given are not read.
        let selected = try trace.recordSelection(
            scores: trace.recorded(dense), topK: topK, rule: rule, visible: visible, denseWeights: dense)
        return try trace.within(.branch(.sparse)) { trace throws(EngineError) in
            try attention.attend(projected, weights, selected: selected, on: &trace)
        }
    }
}
