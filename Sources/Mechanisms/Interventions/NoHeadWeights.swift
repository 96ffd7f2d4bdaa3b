// The indexer with all heads alike: instead of a weight from the token, each counts 1. The constants and FP8 scales that the code folds in stay.

public import Traces

extension Intervention {
    /// Every indexer head counts the same.
    public static let noHeadWeights = Intervention(
        "no-head-weights", on: "weighted heads in its indexer",
        .at(.indexWeightsProjected) { _, _, trace throws(EngineError) in (.indexWeightsEqual, try ones(&trace)) },
        .at(.indexWeights) { _, _, trace throws(EngineError) in
            // Where factors are folded in, the projection before them was changed already.
            trace.trace.contains(trace.id(.indexWeightsProjected)) ? nil : (.indexWeightsEqual, try ones(&trace))
        })

    /// A 1 for each query and head [t, j].
    private static func ones(_ trace: inout Recorder) throws(EngineError) -> Expression {
        let shape = try trace.recorded(trace.id(.indexQuery)).shape
        let (queries, heads) = (shape[.t]!, shape[.j]!)
        let ones = Tensor([.t, .j], [queries, heads], [Double](repeating: 1, count: queries * heads))
        return try trace.input(trace.inputID("indexer.ones"), "1", ones, title: Bilingual(en: "Every head counts 1", zh: "每个头都算 1"))
    }
}

extension Equation {
    fileprivate static let indexWeightsEqual = Equation(
        .indexWeightsProjected, symbol: "w'",
        Bilingual(en: "Every index head counts 1 (switch no-head-weights)", zh: "每个索引头都算 1（开关 no-head-weights）"),
        #"w'_{t,j} = 1"#, source: .deviation, axes: [.t, .j])
}
