// The steps of an indexer case, right or with a switch turned on; of several sequences those of one.

public import Mechanisms
public import Traces

extension IndexerCase {
    /// The most dot products of a trace, which holds them: 16 bytes each, 1 GB.
    private static let mostTraced = 1 << 26

    /// The steps from inputs to selection: dot products and votes [t, j, s], scores [t, s] before the mask, the selection [t, k].
    /// - Parameters:
    ///   - sequence: which sequence, of several; nil where there is one.
    ///   - switches: `no-relu`, `hadamard-query-only`, `top-k` or `select`: a case begins behind all else that a switch could change.
    /// - Throws: `EngineError` for a sequence that there is not, a switch that changes nothing here, and more products than a trace holds.
    public func trace(sequence: Int? = nil, switches: [Switch] = []) throws(EngineError) -> Trace {
        let (variant, rule, interventions) = try self.sequence(sequence).switching(switches)
        return try variant.record(rule, interventions, switches.map(\.description))
    }

    /// One sequence of a case as a case of its own, its keys in the order of its positions.
    private func sequence(_ number: Int?) throws(EngineError) -> IndexerCase {
        guard let number = number ?? (layout.sequences == 1 ? 0 : nil), (0..<layout.sequences).contains(number) else {
            throw EngineError(
                .value, "the sequence of an indexer case", expected: "one of 0 to \(layout.sequences - 1)",
                found: number.map { "\($0)" } ?? "none")
        }
        if layout.causalOffset != nil { return self }
        let (rows, slots, d) = (layout.queriesPerSequence, layout.slots(of: number), dimension)
        func own(_ tensor: Tensor) -> [Double] {
            let width = tensor.values.count / queries
            return Array(tensor.values[number * rows * width..<(number + 1) * rows * width])
        }
        let visible = layout.visible[number * rows..<(number + 1) * rows]
        return try IndexerCase(
            q: Tensor([.t, .j, .d], [rows, heads, d], own(q)),
            k: Tensor([.s, .d], [slots.count, d], slots.flatMap { k.values[$0 * d..<($0 + 1) * d] }),
            kScale: Tensor([.s], [slots.count], slots.map { kScale.values[$0] }), weights: Tensor([.t, .j], [rows, heads], own(weights)),
            layout: KeyLayout(columns: columns, starts: visible.map(\.lowerBound), ends: visible.map(\.upperBound), sequences: nil),
            topK: topK,
            isFloat8: isFloat8)
    }

    private func switching(_ switches: [Switch]) throws(EngineError) -> (IndexerCase, SelectionRule, [Intervention]) {
        var (topK, k, rule, interventions) = (topK, k, SelectionRule.indexer, [Intervention]())
        for (place, change) in switches.enumerated() {
            if let other = switches[..<place].first(where: { $0.subject == change.subject }) {
                if other == change { continue }
                throw EngineError(.value, "switch \(change)", expected: "one \(change.subject)", found: "\(other) too")
            }
            switch change {
            case .topK(let count): topK = count
            case .select(let other): rule = other
            case .noReLU: interventions.append(.noReLU)
            case .hadamardQueryOnly where dimension & (dimension - 1) == 0:
                // Rotated once more, keys are as they were before.
                var values = k.values
                for start in stride(from: 0, to: values.count, by: dimension) { Hadamard.transform(&values[start..<start + dimension]) }
                k = Tensor([.s, .d], k.shape.lengths, values)
            default:
                throw EngineError(
                    .value, "switch \(change)",
                    expected: "no-relu, hadamard-query-only, top-k=N or select=RULE: the rest lies before this case",
                    found: "\(change)")
            }
        }
        let variant = try IndexerCase(
            q: q, k: k, kScale: kScale, weights: weights, layout: layout, topK: topK, isFloat8: isFloat8 && k == self.k)
        return (variant, rule, interventions)
    }

    private func record(_ rule: SelectionRule, _ interventions: [Intervention], _ switches: [String]) throws(EngineError) -> Trace {
        try Self.check("queries × heads × keys", [queries, heads, columns], most: Self.mostTraced, of: "products to be traced")
        var recorder = Recorder(tokens: (0..<columns).map(String.init), switches: switches)
        // A query stands at the last position that it sees.
        let places = layout.causalOffset.map { offset in (0..<queries).map { offset + $0 } } ?? layout.visible.map { $0.upperBound - 1 }
        recorder.labels = [.t: places.map(String.init), .s: (0..<columns).map(String.init)]
        let q = try recorder.input("input.q", "q^I", q, title: Bilingual(en: "Index queries", zh: "索引查询"))
        let k = try recorder.input("input.k", "k^I", k, title: Bilingual(en: "Index keys", zh: "索引键"))
        let scale = try recorder.input("input.k_scale", "σ^k", kScale, title: Bilingual(en: "Scale of each index key", zh: "每个索引键的缩放"))
        let w = try recorder.input(
            "input.weights", "w^I", weights,
            title: Bilingual(en: "How much each index head counts, every scale folded in", zh: "每个索引头的分量（已含各项缩放）"))
        try recorder.under(interventions) { recorder throws(EngineError) in
            let I = try LightningIndexer.scores(queries: q, keys: k, weights: w, scales: scale, visible: visible, on: &recorder)
            _ = try recorder.recordSelection(scores: I, topK: topK, rule: rule, visible: visible, denseWeights: nil)
        }
        return recorder.trace
    }
}
