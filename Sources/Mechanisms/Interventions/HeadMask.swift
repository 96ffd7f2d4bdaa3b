// Heads switched off: what they have gathered is multiplied by 0 before the heads are put together, the others' by 1. Weights and selections stay.
// Source: Michel et al. 2019, "Are Sixteen Heads Really Better than One?" (1905.10650), the mask variables ξ.

public import Traces

extension Intervention {
    /// The attention heads `heads` alone reach the output.
    public static func heads(_ heads: [Int]) -> Intervention {
        let name = "heads=" + heads.map { String($0) }.joined(separator: ",")
        return Intervention(
            name, on: "heads",
            .at(.heads) { words, right, trace throws(EngineError) in
                let O = try right(&trace)
                let count = O.shape[.h] ?? 1
                if let absent = heads.first(where: { $0 >= count }) {
                    throw EngineError(.value, "switch \(name)", expected: "heads from 0 to \(count - 1)", found: "\(absent)")
                }
                let on = Tensor([.h], [count], (0..<count).map { heads.contains($0) ? 1 : 0 })
                let xi = try trace.input(
                    "input.heads", "ξ", on, title: Bilingual(en: "Which heads are on: 1, and which off: 0", zh: "哪些头开着：1；哪些关着：0"))
                let isAbsorbed = trace.trace.contains(trace.id(.weightedLatents, in: words.branch))
                return (.maskedHeads(isAbsorbed: isAbsorbed), try O * xi)
            })
    }
}

extension Equation {
    fileprivate static func maskedHeads(isAbsorbed: Bool) -> Equation {
        Equation(
            .heads, symbol: "O",
            Bilingual(en: "What each head has gathered, the heads that are off times 0 (switch heads)", zh: "各头收集到的值，关掉的头乘以 0（开关 heads）"),
            isAbsorbed ? #"O_{t,h} = \xi_h \cdot W^{UV}_h L_{t,h}"# : #"O_{t,h} = \xi_h \cdot \sum_{s} A_{h,t,s} v_{s,h}"#,
            source: .deviation
                + Bilingual(en: "; the mask of heads: Michel et al. 2019 (1905.10650)", zh: "；头的掩码出自 Michel 等 2019（1905.10650）"),
            axes: [.t, .h, .d])
    }
}
