// A selection put on in the wrong place: on the weights instead of the scores. What the other keys took in the softmax is lost, and rows no longer add
// up to 1. Dense attention beside, and the path that reads the selected entries alone, have no selection for a mask and stay as they are.

public import Traces

extension Intervention {
    /// Scores are left unmasked, and weights of keys that were not selected become 0.
    public static let maskAfterSoftmax = Intervention(
        "mask-after-softmax", on: "a selection that masks its scores",
        .at(.scores) { equation, right, trace throws(EngineError) in
            let scores = try right(&trace)
            guard try trace.selection(behind: scores.visible) != nil else { return nil }
            let isInParts = trace.trace.contains(trace.id(.dotRope, in: equation.branch))
            return (isInParts ? .unmaskedScoresInParts : .unmaskedScores, scores.unmasked)
        },
        .at(.weights) { _, right, trace throws(EngineError) in
            let weights = try right(&trace)
            guard let mask = weights.visible, let selected = try trace.selection(behind: mask) else { return nil }
            return (.lateMaskedWeights, try zeroed(weights, mask, selection: selected))
        })
}

extension Recorder {
    /// The recorded selection around here, if `mask` lets through the very keys that it keeps.
    fileprivate func selection(behind mask: Mask?) throws(EngineError) -> Expression? {
        guard let mask, mask.key == .s, let selected = trace.selection(around: id(.scores)) else { return nil }
        let kept = try trace.selection(selected.id).rows
        guard kept.count == mask.rows, kept.indices.allSatisfy({ kept[$0].kept == mask.visibleKeys(of: $0) }) else { return nil }
        return try recorded(selected.id)
    }
}

extension Equation {
    fileprivate static let unmaskedScores = Equation(
        .scores, symbol: "S",
        Bilingual(en: "Scores, nothing masked yet (switch mask-after-softmax)", zh: "分数，还没有掩码（开关 mask-after-softmax）"),
        #"S_{t,s} = \frac{q_t \cdot k_s}{\sqrt{d}}"#, source: .deviation, axes: [.h, .t, .s])
    /// Where content and position are dot products of their own.
    fileprivate static let unmaskedScoresInParts = Equation(
        .scores, symbol: "S",
        Bilingual(en: "Scores, nothing masked yet (switch mask-after-softmax)", zh: "分数，还没有掩码（开关 mask-after-softmax）"),
        #"S_{t,s} = (D^C + D^R) \cdot \mathrm{scale}"#, source: .deviation, axes: [.h, .t, .s])
    fileprivate static let lateMaskedWeights = Equation(
        .weights, symbol: "A",
        Bilingual(en: "Attention weights, masked only now: rows no longer add up to 1", zh: "注意力权重，到这里才掩码：各行之和不再是 1"),
        #"A_{t,s} = m_{t,s} \frac{\exp(S_{t,s})}{\sum_{r} \exp(S_{t,r})}"#, source: .deviation, axes: [.h, .t, .s])
}
