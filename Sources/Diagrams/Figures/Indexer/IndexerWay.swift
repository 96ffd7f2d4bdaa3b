// What the lightning indexer recorded for one query: products, votes, weights and scores by head and key.

import Traces

/// What the indexer computed for one query.
final class IndexerWay {
    let view: SelectionView
    let query: Int
    let dot: Step
    let votes: Step
    let weights: Step
    let keyScale: Step?
    let score: MatrixSlice
    /// The visible keys in order of position.
    let keys: [Int]
    let heads: Int

    init(_ trace: Trace, _ options: FigureOptions) throws(FigureError) {
        view = try SelectionView(trace, options, figure: "indexer")
        let place = view.selected.id.scopes
        func step(_ role: Role, _ axes: [Axis]) throws(FigureError) -> Step {
            guard let step = trace.first(role, in: place) else {
                throw FigureError("indexer needs the step \(StepID(place, role)), found none")
            }
            guard step.output.shape.axes == axes else {
                throw FigureError("indexer: \(step.id): expected the axes \(axes), found \(step.output.shape)")
            }
            return step
        }
        dot = try step(.indexDot, [.t, .j, .s])
        votes = try step(.indexVotes, [.t, .j, .s])
        weights = try step(.indexWeights, [.t, .j])
        keyScale = trace.first(.indexKeyScale, in: place) == nil ? nil : try step(.indexKeyScale, [.s])
        score = try MatrixSlice(step(.indexScore, [.t, .s]), of: trace, head: nil)
        guard view.isIndexer else {
            throw FigureError(
                "indexer: \(view.selected.id): expected keys chosen by \(score.step.id), found \(view.selected.inputs.map { $0.text }.joined(separator: ", "))"
            )
        }
        query = try view.query(options, figure: "indexer")
        let (view, query) = (view, query)
        keys = (0..<view.columns).filter { view.isVisible(query, $0) }
        heads = dot.output.shape[.j] ?? 0
        guard keys.count <= 256 else { throw .tooLong("indexer", keys.count, limit: 256, instead: "compare") }
    }

    func product(_ head: Int, _ key: Int) -> Double { dot.output[query, head, key] }
    func vote(_ head: Int, _ key: Int) -> Double { votes.output[query, head, key] }
    func weight(_ head: Int) -> Double { weights.output[query, head] }
    func score(_ key: Int) -> Double { score.value(query, key) }
    func scale(_ key: Int) -> Double { keyScale.map { $0.output[key] } ?? 1 }
    /// Whether key scales change anything.
    var isScaled: Bool { keys.contains { scale($0) != 1 } }
    var kept: Set<Int> { Set(view.kept[query]) }
    func name(_ key: Int) -> String { view.dense.columnName(key) }
}
