// What a matrix needs from its trace's other steps: which keys a query could see before a selection, and a selection's ranks as pairs.

import Mechanisms
import Traces

/// Which pairs the causal mask lets through, whatever a selection makes of them.
enum Reach {
    /// The mask for a step that comes after a selection, or for scores that the mask has not met yet; nil for all others.
    static func mask(of step: Step, _ trace: Trace, _ rows: Int, _ columns: Int) -> Mask? {
        guard let selected = trace.selection(around: step.id) else {
            return step.id.role.isIndexer ? fitting(step.visible, rows, columns) : nil
        }
        let dense = trace.attentions(at: selected.id.scopes).first { $0.isDense }
        if let dense, step.id.branch == dense.branch, step.id.place == dense.place { return nil }
        let scores = selected.inputs.first.flatMap { try? trace.step($0) }
        if let mask = fitting(step.id.role == .indexScore ? step.visible : scores?.visible, rows, columns) { return mask }
        guard let dense, let weights = try? MatrixSlice(trace.recorded(dense.weights), of: trace, head: nil), weights.isPair,
            weights.rows == rows, weights.columns == columns
        else { return nil }
        return Mask(rows: rows, columns: columns) { !weights.isMasked($0, $1) }
    }

    /// The pairs that a mask left after the softmax, where a switch puts it there: their scores do not know it.
    static func lateMask(of step: Step, _ trace: Trace, _ rows: Int, _ columns: Int) -> Mask? {
        guard trace.switches.contains(Switch.maskAfterSoftmax.description), step.id.role == .weights,
            let pairs = trace.selection(around: step.id).flatMap({ SelectionPairs($0, trace) }), pairs.rows == rows,
            pairs.columns == columns
        else { return nil }
        return Mask(rows: rows, columns: columns) { pairs.ranks[$0][$1] != nil }
    }

    private static func fitting(_ mask: Mask?, _ rows: Int, _ columns: Int) -> Mask? {
        mask.flatMap { $0.rows == rows && $0.columns == columns ? $0 : nil }
    }
}

/// A selection [t, k] as a yes or no for each pair.
struct SelectionPairs {
    let rows: Int
    let columns: Int
    let values: [Double]
    /// A file may name any key: more pairs than this are drawn as the numbers that they are.
    private static let mostPairs = 1 << 26
    /// The rank of each kept key in its row.
    let ranks: [[Int: Int]]

    /// Nil if the step is no selection: whole positions, padded with -1.
    init?(_ step: Step, _ trace: Trace) {
        guard step.id.role == .selected, Set(step.output.shape.axes) == [.t, .k] else { return nil }
        let chosen = step.output.transposed(to: [.t, .k])
        let (count, k) = (chosen.shape[.t]!, chosen.shape[.k]!)
        let keys = step.inputs.lazy.compactMap { try? trace.step($0).output.shape[.s] }.first
        guard count > 0, k > 0, (try? Selection.kept(chosen, columns: Self.mostPairs / count)) != nil else { return nil }
        let width = max(keys ?? trace.tokens.count, Int(chosen.values.max() ?? -1) + 1, 1)
        rows = count
        columns = width
        ranks = (0..<count).map { row -> [Int: Int] in
            (0..<k).reduce(into: [:]) { ranks, rank in
                let key = Int(chosen[row, rank])
                if key >= 0, ranks[key] == nil { ranks[key] = rank }
            }
        }
        values = ranks.flatMap { kept in (0..<width).map { kept[$0] == nil ? 0 : 1 } }
    }
}
