// What the figure `pathway` reads of a trace: one query's row, and what leads to it and away from it. Cells only; where a strip would have more cells
// than it has room for, neighbours share one, which shows the largest in size.

import Records
import Traces

/// One query's way through one attention.
final class PathwayRun {
    /// A row of numbers with the step that holds them.
    struct Strip {
        let step: Step
        /// The index of the cell at a place.
        let index: (Int) -> [Int]
        let values: [Double]
        /// How many cells one place stands for.
        let block: Int
    }

    let row: AttentionRow
    let parts: [PathwayPart]
    /// The model in whose stack a layer like this one stands, or nil.
    let model: ModelDimensions?
    /// How many layers the trace's own model has, where that is said.
    private let layerCount: Int?
    /// The tokens that are named: the heaviest keys and the query, in order of position.
    let tokens: [Int]
    /// The position of the query among the keys.
    let position: Int

    /// Throws where there is no attention, or the lit part is not on its way.
    init(_ data: FigureData, _ options: FigureOptions) throws(FigureError) {
        guard let trace = data.traces.first?.trace else {
            throw FigureError("pathway needs a trace with attention weights, found no trace")
        }
        let row = try AttentionRow(trace, options, figure: "pathway")
        guard row.view.query != nil else { throw FigureError("pathway needs the queries beside \(row.view.weights), found none") }
        self.row = row
        parts = row.view.isDense ? PathwayPart.dense : PathwayPart.sparse
        if let part = options.part, !parts.contains(part) {
            throw FigureError("pathway: part \(part.rawValue): expected one of \(parts.map { $0.rawValue }.joined(separator: ", "))")
        }
        if case .model(let dimensions)? = data.numbers { model = dimensions } else { model = nil }
        layerCount = data.layerCount
        position = row.query + row.slice.columns - row.slice.rows
        let heavy = row.byWeight.filter { [position] in $0 != position }.prefix(3)
        tokens = (heavy + [position]).sorted()
    }

    /// The key that the row rests on most.
    var top: Int { row.byWeight[0] }
    var columns: Int { row.slice.columns }
    private var trace: Trace { row.trace }
    private var place: [Scope] { row.view.place }

    // MARK: The layer

    /// The layer's number, where the trace has layers, and how many there are: of that the layers of a trace that was cut tell nothing, only what comes
    /// after the last of all.
    var layer: (number: Int, count: Int?)? {
        guard let number = row.view.weights.layer else { return nil }
        let after = trace.steps.first { $0.id.layer == nil && $0.inputs.contains { $0.layer != nil } }
        return (number, layerCount ?? after?.inputs.compactMap { $0.layer }.max().map { $0 + 1 })
    }

    // MARK: Strips

    /// A token's vector, as it enters the attention; nil where it is not in this pass.
    func vector(_ token: Int, most: Int) -> Strip? {
        guard let step = vectors, let rows = step.output.shape.lengths.first else { return nil }
        let own = token - (columns - rows)
        return own >= 0 ? strip(step, most) { [own, $0] } : nil
    }

    /// The vectors from which queries are made: the first step up from them with a row of features for each token.
    private var vectors: Step? {
        var id = row.view.query
        while let next = id, let step = try? trace.step(next) {
            if step.output.shape.axes == [.t, .c] { return step }
            id = step.inputs.first { $0.role != .parameter }
        }
        return nil
    }

    /// The query, the key that it rests on most, and that key's value.
    var projected: [(name: String, paint: Paint, strip: Strip)] {
        let (view, query) = (row.view, position - columns)
        var all: [(name: String, paint: Paint, strip: Strip)] = []
        for (name, paint, id, token) in [("q", Paint.query, view.query, query), ("k", .key, view.key, top), ("v", .value, view.value, top)]
        {
            if let id, let strip = headed(id, token) { all.append((name, paint, strip)) }
        }
        return all
    }

    /// What the indexer compares, beside what attention does.
    var indexed: [(name: String, paint: Paint, strip: Strip)] {
        var all: [(name: String, paint: Paint, strip: Strip)] = []
        if let latent = (trace.first(.latentCache, in: place) ?? trace.first(.latent, in: place))?.id, let strip = headed(latent, top) {
            all.append(("c", .value, strip))
        } else {
            all = projected
        }
        if let key = trace.first(.indexKey, in: place)?.id, let strip = headed(key, top) { all.append(("k^I", .indexer, strip)) }
        return all
    }

    /// A token's row of a step, in this row's head if the step has heads; a token below 0 is counted from the end.
    private func headed(_ id: StepID, _ token: Int) -> Strip? {
        guard let step = try? trace.step(id), let first = step.output.shape.axes.first, first == .t || first == .s,
            let length = step.output.shape[first]
        else { return nil }
        let own = token < 0 ? length + token : token
        guard (0..<length).contains(own) else { return nil }
        return strip(step, 8) { [row] in row.index(step, token: own, feature: $0) }
    }

    /// One query's row of attention scores.
    var scores: Strip? { row.view.scores.flatMap { try? trace.step($0) }.map { pairs($0) } }

    /// One query's row of index scores, or of what else was ranked.
    var indexScores: Strip? {
        guard let selected = row.view.selection.flatMap({ try? trace.step($0) }), let ranked = selected.inputs.first,
            let step = try? trace.step(ranked), step.output.shape.axes == [.t, .s]
        else { return nil }
        return pairs(step)
    }

    /// What the query keeps.
    var kept: (step: Step, keys: [Int])? {
        guard let selected = row.view.selection.flatMap({ try? trace.step($0) }) else { return nil }
        let ranks = selected.output.shape[.k] ?? 0
        return (selected, (0..<ranks).map { Int(selected.output[row.query, $0]) }.filter { $0 >= 0 })
    }

    /// One query's row of shares.
    var shares: Strip { pairs(row.slice.step) }

    /// The head's output.
    var sum: Strip? {
        let scopes = row.slice.step.id.scopes
        guard let step = trace.first(.heads, in: scopes) else { return nil }
        return strip(step, 8) { [row] in row.index(step, token: row.query, feature: $0) }
    }

    /// What the attention hands on.
    var output: Strip? {
        guard let step = row.view.output.flatMap({ try? trace.step($0) }), step.output.shape.axes == [.t, .c] else { return nil }
        return strip(step, 8) { [row] in [row.query, $0] }
    }

    /// The answer that the read-out finds nearest, where there is one and the last query is followed.
    var answer: (step: Step, index: Int, word: String)? {
        let scopes = row.view.isDense ? place : place + [.branch(row.view.branch)]
        guard row.query == row.slice.rows - 1, let step = trace.first(.answer, in: scopes), let names = step.labels[.n] else { return nil }
        let values = step.output.values
        let best = values.indices.max { (values[$0], -$0) < (values[$1], -$1) } ?? 0
        guard values.count(where: { $0 == values[best] }) == 1 else { return nil }
        return (step, best, TokenText.visible(names[best]))
    }

    private func pairs(_ step: Step) -> Strip {
        strip(step, 48) { [row] key in step.output.shape.axes.map { $0 == .s ? key : $0 == .t ? row.query : row.head ?? 0 } }
    }

    /// The cells of a step along its last axis, at most `most` places.
    private func strip(_ step: Step, _ most: Int, _ index: @escaping (Int) -> [Int]) -> Strip {
        let count = step.output.shape.lengths.last ?? 0
        let block = max(1, (count + most - 1) / most)
        let cells = (0..<count).map { step.output[index($0)] }
        var (values, places): ([Double], [Int]) = ([], [])
        for start in stride(from: 0, to: count, by: block) {
            let best = (start..<min(start + block, count)).max { Self.size(cells[$0]) < Self.size(cells[$1]) } ?? start
            values.append(cells[best])
            places.append(best)
        }
        return Strip(step: step, index: { index(places[$0]) }, values: values, block: block)
    }

    /// What is masked is smaller than any number.
    private static func size(_ value: Double) -> Double { value.isFinite ? abs(value) : -1 }
}
