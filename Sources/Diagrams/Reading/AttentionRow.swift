// One query's row of one head, as figures that follow a single row read it: which attention, which head, which keys are attended to. Nothing is
// computed here; the head by default is the one that gives most to the key that the row rests on.

package import Traces

/// One row of an attention's weights, in one head.
package final class AttentionRow {
    let trace: Trace
    let view: AttentionView
    /// The weights of the head, rows by keys.
    let slice: MatrixSlice
    let query: Int
    /// The head's number; nil where the attention has one head alone and no axis for it.
    let head: Int?
    /// The keys that are attended to, in order of position.
    package let keys: [Int]

    /// The row that the options ask for: by default of the main attention, the surest head, the last query. Throws where the trace has no attention,
    /// the step is not the weights of one, or there is no such head or query.
    package init(_ trace: Trace, _ options: FigureOptions, figure: String) throws(FigureError) {
        self.trace = trace
        view = try Self.attention(trace, options, figure)
        let weights = try trace.recorded(view.weights)
        let shape = weights.output.shape
        guard shape.contains(.t), shape.contains(.s), shape.rank == (shape.contains(.h) ? 3 : 2) else {
            throw FigureError("\(figure): \(weights.id): expected weights on the axes t and s, and h for heads, found \(shape)")
        }
        let rows = shape[.t]!
        let query = options.query ?? rows - 1
        guard (0..<rows).contains(query) else { throw FigureError("\(figure): query \(query): expected 0 to \(rows - 1) of the axis t") }
        switch options.head {
        case .mean: throw FigureError("\(figure): expected one head, found mean: shares are dealt out in each head by itself")
        case .one(let n): head = n
        case nil: head = shape.contains(.h) ? Self.surestHead(of: weights.output, query: query) : nil
        }
        self.query = query
        let slice = try MatrixSlice(weights, of: trace, head: head.map { HeadChoice.one($0) })
        self.slice = slice
        keys = (0..<slice.columns).filter { !slice.isMasked(query, $0) }
        guard !keys.isEmpty, keys.allSatisfy({ slice.value(query, $0).isFinite && slice.value(query, $0) >= 0 }) else {
            throw FigureError("\(figure): \(weights.id): query \(query): expected finite weights of at least 0, found none or others")
        }
    }

    /// The attention of the weights that the options name, or the main one of the phase.
    private static func attention(_ trace: Trace, _ options: FigureOptions, _ figure: String) throws(FigureError) -> AttentionView {
        if let id = options.step {
            let step = try trace.recorded(StepID(id))
            guard step.id.role == .weights, let view = trace.attention(of: step.id), view.weights == step.id else {
                throw FigureError("\(figure): \(id): expected the weights of an attention, found \(step.title.en)")
            }
            return view
        }
        try trace.checkPhase(options, figure: figure)
        let main = trace.attentions(options).filter { $0.branch == .attention }
        guard let view = main.first(where: { $0.place == trace.pass(options) }) ?? main.first else {
            throw FigureError("\(figure) needs a trace with attention weights, found none")
        }
        return view
    }

    /// The head that gives most to the key on which a query rests most in the mean of all heads.
    /// - Parameter weights: on the axes h, t and s.
    package static func surestHead(of weights: Tensor, query: Int) -> Int {
        let weights = weights.transposed(to: [.h, .t, .s])
        let (heads, keys) = (weights.shape.lengths[0], weights.shape.lengths[2])
        func mean(_ key: Int) -> Double { (0..<heads).reduce(0) { $0 + weights[$1, query, key] } / Double(heads) }
        let means = (0..<keys).map(mean)
        let top = means.indices.max { (means[$0], -$0) < (means[$1], -$1) } ?? 0
        return (0..<heads).max { weights[$0, query, top] < weights[$1, query, top] } ?? 0
    }

    /// The row's weight on `key`.
    func weight(_ key: Int) -> Double { slice.value(query, key) }

    /// The key as a reader sees it, or its number.
    func name(_ key: Int) -> String { slice.columnName(key) }

    /// The query as a reader sees it, or its number.
    var queryName: String { slice.rowName(query) }

    /// The attended keys, the heaviest first; of equals the earlier.
    var byWeight: [Int] { keys.sorted { (weight($0), $1) > (weight($1), $0) } }

    /// The position in `step` of this row's head, its token and a feature: queries and outputs by query heads, keys and values by their groups.
    func index(_ step: Step, token: Int, feature: Int) -> [Int] {
        let axes = step.output.shape.axes
        return axes.map { axis in
            switch axis {
            case .t, .s: token
            case .h: head ?? 0
            case .g: group(step)
            default: feature
            }
        }
    }

    /// Which key-value head this row's head reads.
    private func group(_ step: Step) -> Int {
        let heads = slice.step.output.shape[.h] ?? 1
        return (head ?? 0) * (step.output.shape[.g] ?? 1) / heads
    }
}
