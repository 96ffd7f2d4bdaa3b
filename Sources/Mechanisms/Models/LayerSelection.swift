// What becomes of a model trained with dense attention when each layer may read only a few keys: a rule chooses them, and the loss on the next
// token says what that did. No indexer takes part: the model has none. Dense attention is computed beside, in each layer, on the same vectors:
// the oracle needs its weights, and so do the facts about what was kept.

public import Traces

/// Which keys every layer of a model attends to: the top-k of a rule, chosen for each query, in each layer anew or in every n-th for those after it too.
public struct LayerSelection: Hashable, Sendable {
    /// Who chooses. The oracle ranks the weights that dense attention has in that layer, given what the layers before it have made of the text;
    /// `random` takes the same keys in every layer.
    public let rule: SelectionRule
    /// How many keys a query keeps.
    public let topK: Int
    /// How many layers in a row use one choice: the first of them makes it, from its own attention.
    public let layersPerChoice: Int
    /// The one layer that selects, for itself; nil for every layer.
    public var layer: Int?

    /// A selection; throws for the indexer, which dense weights do not have, and for a k or a number of layers below 1.
    public init(_ rule: SelectionRule, topK: Int, layersPerChoice: Int = 1) throws(EngineError) {
        guard rule != .indexer else {
            let rules = SelectionRule.allCases.filter { $0 != .indexer }.map { $0.rawValue }.joined(separator: ", ")
            throw EngineError(.value, "select", expected: "one of \(rules): this model has no indexer", found: rule.rawValue)
        }
        guard topK > 0 else { throw EngineError(.value, "top-k", expected: "k of at least 1", found: "\(topK)") }
        guard layersPerChoice > 0 else {
            throw EngineError(.value, "layers per choice", expected: "1 or more", found: "\(layersPerChoice)")
        }
        (self.rule, self.topK, self.layersPerChoice) = (rule, topK, layersPerChoice)
    }

    /// The selection that a recorded run names by its `chooser`: a rule, or `oracle/2` where two layers in a row use one choice. Throws for any other text.
    public init(chooser: String, topK: Int) throws(EngineError) {
        let parts = chooser.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let layers = parts.count == 1 ? 1 : Int(parts[1]) ?? 0
        guard let rule = SelectionRule(rawValue: String(parts[0])), parts.count == 1 || layers > 1 && String(layers) == parts[1] else {
            throw EngineError(.value, "chooser", expected: "a rule like oracle, or oracle/2 where 2 layers share a choice", found: chooser)
        }
        try self.init(rule, topK: topK, layersPerChoice: layers)
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

    /// As recorded runs name it, but for its k.
    public var chooser: String { layersPerChoice == 1 ? rule.rawValue : "\(rule.rawValue)/\(layersPerChoice)" }

    /// As switches in a trace.
    var switches: [String] {
        [Switch.select(rule).description, Switch.topK(topK).description]
            + (layersPerChoice == 1 ? [] : ["layers-per-choice=\(layersPerChoice)"])
    }

    /// Records the choice of one layer, `selected`, and attention to it alone, `sparse.…`.
    func attend(
        _ attention: DenseAttention, _ projected: DenseAttention.Projected, _ weights: DenseAttention.Weights,
        on trace: inout Recorder
    ) throws(EngineError) -> Expression {
        let selected = try choose(visible: attention.visibility(projected), on: &trace)
        return try trace.within(.branch(.sparse)) { trace throws(EngineError) in
            try attention.attend(projected, weights, selected: selected, on: &trace)
        }
    }

    /// Records which keys the queries of a layer keep: its own choice, or that of the layer before it which chooses.
    private func choose(visible: Mask, on trace: inout Recorder) throws(EngineError) -> Expression {
        let (id, dense) = (trace.id(.selected), trace.id(.weights, in: .attention))
        if let number = id.layer, case let first = number - number % layersPerChoice, first < number, layer == nil {
            let choice = try trace.recorded(id.inLayer(first))
            let weights = try trace.recorded(dense).tensor
            return try trace.record(.choice(of: first, usedBy: number), choice) { selected throws(EngineError) in
                guard visible.selecting(selected).visibleCount == selected.values.count(where: { $0 >= 0 }) else {
                    throw EngineError(
                        .value, id.text, expected: "layers that see the same keys, to share a choice",
                        found: "keys of layer \(first) that this one does not see")
                }
                return try Selection(selected, scores: nil, dense: weights, visible: visible)
            }
        }
        // Rules other than the indexer rank something of their own; the scores given are not read.
        return try trace.recordSelection(
            scores: trace.recorded(dense), topK: topK, rule: rule, visible: visible, denseWeights: dense)
    }
}

extension StepID {
    /// The same step of another layer.
    fileprivate func inLayer(_ number: Int) -> StepID {
        StepID(scopes.map { if case .layer = $0 { .layer(number) } else { $0 } }, role)
    }
}

extension Equation {
    fileprivate static func choice(of first: Int, usedBy layer: Int) -> Equation {
        Equation(
            .selected, symbol: "sel",
            Bilingual(en: "The keys that each query keeps: those of layer \(first)", zh: "每个查询留下的键：沿用第 \(first) 层的选择"),
            "\\mathrm{sel}^{(\(layer))}_t = \\mathrm{sel}^{(\(first))}_t",
            source: Bilingual(
                en: "choices shared across layers, as in GLM-5 (IndexShare) and IndexCache (arXiv 2603.12201)",
                zh: "跨层共用选择，如 GLM-5（IndexShare）和 IndexCache（arXiv 2603.12201）"), axes: [.t, .k])
    }
}
