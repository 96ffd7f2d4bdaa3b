// A case of kind `whole-indexer`: the lightning indexer from token vectors and query latents to its selection, for those whose mistakes lie before the
// kernel: in a projection, the norm, the rotary embedding, the Hadamard rotation or FP8. It is what the published code's Indexer.forward(x, qr, …) computes.

public import Mechanisms
public import Traces

/// What a whole indexer is given. Its queries are the last of the tokens, one for each row of query latents.
public struct WholeIndexerCase: Sendable {
    /// The indexer with its weights.
    public let indexer: LightningIndexer
    /// All tokens [s, c].
    public let x: Tensor
    /// What queries are made from [t, l]: the published code's `qr`, after its norm.
    public let queryLatents: Tensor
    /// The frequencies that the indexer would have without YaRN; nil where there is none.
    let plainFrequencies: [Double]?

    /// The most dot products of a case, one for each query, head and key.
    static let mostProducts = 1 << 23

    /// Throws for more products than fit.
    static func check(queries: Int, heads: Int, keys: Int) throws(EngineError) {
        let (pairs, overflows) = queries.multipliedReportingOverflow(by: heads)
        let (products, overflow) = pairs.multipliedReportingOverflow(by: keys)
        guard !overflows, !overflow, products <= mostProducts else {
            throw EngineError(
                .value, "queries × heads × keys", expected: "a whole indexer of at most \(mostProducts) products",
                found: "\(queries) × \(heads) × \(keys)")
        }
    }

    /// How many queries there are.
    var queries: Int { queryLatents.shape.lengths[0] }
    /// How many keys there are.
    var keys: Int { x.shape.lengths[0] }
    /// Which keys each query may see.
    public var visible: Mask { .causal(rows: queries, columns: keys, offset: keys - queries) }

    /// All steps, from `indexer.q_projected` to `selected`.
    public func trace(switches: [Switch] = []) throws(EngineError) -> Trace {
        let changed = try indexer.switching(switches)
        return try record(changed.indexer, changed.rule, changed.interventions, switches: switches.map(\.description))
    }

    /// The steps of another indexer on the same tokens.
    func record(
        _ indexer: LightningIndexer, _ rule: SelectionRule = .indexer, _ interventions: [Intervention] = [], switches: [String] = []
    ) throws(EngineError) -> Trace {
        var recorder = Recorder(tokens: (0..<keys).map(String.init), switches: switches)
        recorder.labels = [.t: (keys - queries..<keys).map(String.init), .s: (0..<keys).map(String.init)]
        let x = try recorder.input("input.x", "h", x, title: Bilingual(en: "Token vectors", zh: "词元向量"))
        let latents = try recorder.input(
            "input.q_lora", "c^Q", queryLatents, title: Bilingual(en: "Query latents of the last tokens", zh: "最后几个词元的查询潜向量"))
        try recorder.under(interventions) { recorder throws(EngineError) in
            let (I, visible) = try indexer.scoreLast((latents, .l), of: x, on: &recorder)
            _ = try recorder.recordSelection(scores: I, topK: indexer.topK, rule: rule, visible: visible, denseWeights: nil)
        }
        return recorder.trace
    }
}
