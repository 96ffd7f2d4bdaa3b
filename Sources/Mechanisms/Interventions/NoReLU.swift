// The indexer without its ReLU: negative dot products are not cut, so heads can vote against a key.

public import Traces

extension Intervention {
    /// Votes are the dot products themselves.
    public static let noReLU = Intervention(
        "no-relu", on: "a ReLU in its indexer",
        .at(.indexVotes) { _, _, trace throws(EngineError) in (.indexVotesUncut, try trace.recorded(trace.id(.indexDot))) },
        .at(.indexScore) { _, right, trace throws(EngineError) in
            (.indexScoreUncut(isScaled: trace.trace.contains(trace.id(.indexKeyScale))), try right(&trace))
        })
}

extension Bilingual {
    /// The source of a step that an intervention made different.
    static let deviation = Bilingual(en: "a deviation, shown on purpose", zh: "故意展示的偏差")
}

extension Equation {
    fileprivate static let indexVotesUncut = Equation(
        .indexVotes, symbol: "v^I",
        Bilingual(
            en: "Dot products, negative ones kept: a head can vote against a key (switch no-relu)", zh: "点积，保留负值：头也能投反对票（开关 no-relu）"),
        #"v^I_{t,j,s} = q^I_{t,j} \cdot k^I_s"#, source: .deviation, axes: [.t, .j, .s])
    fileprivate static func indexScoreUncut(isScaled: Bool) -> Equation {
        Equation(
            .indexScore, symbol: "I", Bilingual(en: "Index scores: weighted votes added up", zh: "索引得分：加权票数之和"),
            #"I_{t,s} = \#(isScaled ? #"\sigma^k_s "# : "")\sum_{j} w^I_{t,j} (q^I_{t,j} \cdot k^I_s)"#, source: .deviation, axes: [.t, .s])
    }
}
