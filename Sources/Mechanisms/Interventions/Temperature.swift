// Scores divided by a temperature before the softmax: above 1 it spreads the weights, below 1 it sharpens them. The order of the keys stays, and with it
// every selection by an indexer.

public import Traces

extension Intervention {
    /// The softmax of S/T in every attention, T finite and above 0.
    public static func temperature(_ t: Double) -> Intervention {
        let divisor = Constant(t, "T")
        return Intervention(
            "temperature=\(NumberText.exact(t))", on: "scores",
            .at(.scaled) { _, right, trace throws(EngineError) in (.tempered, try right(&trace) / divisor) },
            .at(.scores) { words, right, trace throws(EngineError) in
                var changed = ScoreWords(words, isInParts: trace.trace.contains(trace.id(.dotRope, in: words.branch)))
                changed.isTempered = true
                let scores = try right(&trace)
                // Where scaled dot products are a step of their own, they were divided there.
                let isDivided = trace.trace.contains(trace.id(.scaled, in: words.branch))
                return (changed.equation, isDivided ? scores : try scores.underMask { $0 / divisor })
            })
    }
}

extension Equation {
    fileprivate static let tempered = Equation(
        .scaled, symbol: "Z",
        Bilingual(en: "Scaled dot products, divided by a temperature (switch temperature)", zh: "缩放后的点积，再除以温度（开关 temperature）"),
        #"Z_{t,s} = \frac{q_t \cdot k_s}{T \sqrt{d}}"#,
        source: .deviation
            + Bilingual(
                en: "; the temperature: Hinton et al. 2015 (1503.02531), section 2", zh: "；温度出自 Hinton 等 2015（1503.02531），第 2 节"),
        axes: [.h, .t, .s])
}
