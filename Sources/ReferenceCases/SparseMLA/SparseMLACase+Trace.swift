// The steps of sparse MLA from its inputs to out: for whoever wants to know where a number comes from. lse is no step of it.

import Mechanisms
public import Traces

extension SparseMLACase {
    /// Records the entries that are read [t, k, d], logits [h, t, k], with sinks a column more, weights [h, t, k], and out [t, h, d_v].
    public func trace() throws(EngineError) -> Trace {
        try IndexerCase.check(
            "queries × ranks × dim", [queries, indices[0].count, features], most: 1 << 26, of: "values to be traced")
        var recorder = Recorder(tokens: (0..<kv.shape.lengths[0]).map(String.init))
        let q = try recorder.input("input.q", "q", q, title: Bilingual(en: "Queries", zh: "查询"))
        let kv = try recorder.input("input.kv", "c", kv, title: Bilingual(en: "Cache entries", zh: "缓存条目"))
        let ranks = indices[0].count
        let read = indices.indices.flatMap { row in
            (0..<ranks).map { rank in rank < lengths?[row] ?? ranks ? Double(indices[row][rank]) : -1 }
        }
        let chosen = Tensor([.t, .k], [queries, ranks], read)
        let selected = try recorder.input(
            "input.indices", "sel", chosen,
            title: Bilingual(en: "The entries that each query reads, within its length", zh: "每个查询读取的条目（长度以内）"))
        let filled = Mask(.t, .k, rows: queries, columns: ranks) { chosen[$0, $1] >= 0 }

        let entries = try recorder.record(.mlaEntries, gathered(kv, selected: selected))
        let S = try recorder.record(.mlaLogits, masked(dot(q, entries) * Constant(softmaxScale), filled), visible: filled)
        let A = try weights(S, on: &recorder)
        _ = try recorder.record(.mlaOut, sum(A * entries.slicing(.d, 0..<valueDimension), over: .k))
        return recorder.trace
    }

    /// The softmax of logits, the sinks in its denominator.
    private func weights(_ S: Expression, on recorder: inout Recorder) throws(EngineError) -> Expression {
        guard let sinks else { return try recorder.record(.mlaWeights, softmax(S, over: .k)) }
        let column = Tensor(Shape([(.h, heads), (.t, queries), (.k, 1)])) { sinks[$0[0]] }
        let sink = try recorder.input(
            "input.sinks", "b", column, title: Bilingual(en: "The sink of each head, the same for all queries", zh: "每个头的 sink，对所有查询都一样"))
        let all = try recorder.record(.mlaLogitsWithSink, concatenated([S, sink], along: .k))
        return try recorder.record(.mlaWeights, softmax(all, over: .k).slicing(.k, 0..<S.shape[.k]!))
    }
}

private let reference = Bilingual(en: "FlashMLA, tests/ref.py", zh: "FlashMLA 的 tests/ref.py")

extension Equation {
    fileprivate static let mlaEntries = Equation(
        named: "entries", symbol: "c^sel", Bilingual(en: "The entries read for each query", zh: "为每个查询读取的条目"),
        #"c^{sel}_{t,k} = c_{sel_{t,k}}"#, source: reference, axes: [.t, .k, .d])
    fileprivate static let mlaLogits = Equation(
        named: "logits", symbol: "S", Bilingual(en: "Logits; -inf where there is no entry", zh: "logit；没有条目处为 -inf"),
        #"S_{t,k} = q_t \cdot c^{sel}_{t,k} \cdot \mathrm{scale}"#, source: reference, axes: [.h, .t, .k])
    fileprivate static let mlaLogitsWithSink = Equation(
        named: "logits_with_sink", symbol: "S^+", Bilingual(en: "Logits, and the sink behind them", zh: "logit，末尾加上 sink"),
        #"[S_t; b]"#, source: reference, axes: [.h, .t, .k])
    fileprivate static let mlaWeights = Equation(
        named: "attention_weights", symbol: "A", Bilingual(en: "Weights; with a sink they add up to less than 1", zh: "权重；有 sink 时加起来不到 1"),
        #"A_t = \mathrm{softmax}(S_t)"#, source: reference, axes: [.h, .t, .k])
    fileprivate static let mlaOut = Equation(
        named: "out", symbol: "O", Bilingual(en: "Values, weighted and summed", zh: "按权重相加的值"),
        #"O_t = \sum_{k} A_{t,k} c^{sel}_{t,k}"#, source: reference, axes: [.t, .h, .d])
}
