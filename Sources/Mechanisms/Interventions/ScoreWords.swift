// What the step `scores` says of itself where switches have changed it. Two of them change it, in either order: each reads in the words what the other
// has done, and adds its own.

import Traces

/// The equation of scores, and what switches have made of it so far.
struct ScoreWords {
    /// Whether a temperature divides them.
    var isTempered = false
    /// Whether nothing is masked yet.
    var isUnmasked = false
    /// Whether content and position are dot products of their own, as over latents.
    private let isInParts: Bool
    private let axes: [Axis]

    /// The changes that `words` speak of: none where they are the mechanism's own.
    init(_ words: Equation, isInParts: Bool) {
        (self.isInParts, axes) = (isInParts, words.axes)
        for changes in [(true, false), (false, true), (true, true)] {
            (isTempered, isUnmasked) = changes
            if latex == words.formula.latex { return }
        }
        (isTempered, isUnmasked) = (false, false)
    }

    /// The words after all changes.
    var equation: Equation { Equation(.scores, symbol: "S", title, latex, source: .deviation, axes: axes) }

    private var title: Bilingual {
        switch (isTempered, isUnmasked) {
        case (true, true):
            Bilingual(
                en: "Scores divided by a temperature, nothing masked yet (switches temperature, mask-after-softmax)",
                zh: "分数：除以温度，还没有掩码（开关 temperature、mask-after-softmax）")
        case (true, false):
            Bilingual(en: "Scores divided by a temperature, then masked (switch temperature)", zh: "分数：除以温度，再掩码（开关 temperature）")
        default: Bilingual(en: "Scores, nothing masked yet (switch mask-after-softmax)", zh: "分数，还没有掩码（开关 mask-after-softmax）")
        }
    }

    private var latex: String {
        let pair = "_{t,\(axes[axes.count - 1].name)}"
        let right =
            switch (isInParts, isTempered) {
            case (true, true): #"\frac{(D^C + D^R) \cdot \mathrm{scale}}{T}"#
            case (true, false): #"(D^C + D^R) \cdot \mathrm{scale}"#
            case (false, true): #"\frac{q_t \cdot k_s}{T \sqrt{d}}"#
            case (false, false): #"\frac{q_t \cdot k_s}{\sqrt{d}}"#
            }
        return "S\(pair) = \(right)" + (isUnmasked ? "" : " + M\(pair)")
    }
}
