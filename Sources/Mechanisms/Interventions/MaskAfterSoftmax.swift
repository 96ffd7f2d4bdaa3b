// A selection put on in the wrong place: on the weights instead of the scores. What the other keys took in the softmax is lost, and rows no longer add
// up to 1. Dense attention beside, and the path that reads the selected entries alone, have no selection for a mask and stay as they are.

public import Traces

extension Intervention {
    /// Scores are left unmasked, and weights of keys that were not selected become 0.
    public static let maskAfterSoftmax = Intervention(
        "mask-after-softmax", on: "a selection that masks its scores",
        .at(.scores) { words, right, trace throws(EngineError) in
            let scores = try right(&trace)
            guard try trace.selection(behind: scores.visible) != nil else { return nil }
            var changed = ScoreWords(words, isInParts: trace.trace.contains(trace.id(.dotRope, in: words.branch)))
            changed.isUnmasked = true
            return (changed.equation, scores.unmasked)
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
    fileprivate static let lateMaskedWeights = Equation(
        .weights, symbol: "A",
        Bilingual(en: "Attention weights, masked only now: rows no longer add up to 1", zh: "注意力权重，到这里才掩码：各行之和不再是 1"),
        #"A_{t,s} = m_{t,s} \frac{\exp(S_{t,s})}{\sum_{r} \exp(S_{t,r})}"#, source: .deviation, axes: [.h, .t, .s])
}
