// What a whole indexer computes, right or with a mistake, and how far somebody's scores and selections are from it.

import Traces

/// What an indexer computes, stage by stage.
struct WholeIndexerAnswer: Sendable {
    /// The stages of the case that it has.
    let values: [WholeIndexerStage: Tensor]
    /// How large each score is before heads cancel [t, s], row by row.
    let magnitude: [Double]
    let visible: Mask
    /// The keys that each query keeps, ascending.
    let kept: [[Int]]

    init(values: [WholeIndexerStage: Tensor], magnitude: [Double], visible: Mask, topK: Int) {
        (self.values, self.magnitude, self.visible) = (values, magnitude, visible)
        let (scores, keys) = (values[.score]!.values, visible.columns)
        kept = (0..<visible.rows).map { row in
            TopK.select(Array(scores[row * keys..<(row + 1) * keys]), among: visible.visibleKeys(of: row), topK)
        }
    }

    /// The score of a key for a query.
    func score(_ row: Int, _ key: Int) -> Double { values[.score]!.values[row * visible.columns + key] }

    /// Of a query, the kept key of the lowest score: the last where several have it.
    func cut(_ row: Int) -> Int? { kept[row].min { (score(row, $0), $1) < (score(row, $1), $0) } }

    /// How a query's selection differs from the right one; nil where it does not.
    /// - Parameter tolerance: how far a key may stand from the cut, over the magnitudes of both.
    func difference(_ row: Int, _ selected: Set<Int>, _ tolerance: Double) -> WholeIndexerCheck.Row? {
        let right = Set(kept[row])
        guard right != selected else { return nil }
        func margin(_ key: Int) -> (margin: Double, isWrong: Bool) {
            guard visible[row, key], let cut = cut(row) else { return (.infinity, true) }
            let margin = abs(score(row, key) - score(row, cut))
            let start = row * visible.columns
            return (margin, !(margin <= tolerance * (magnitude[start + key] + magnitude[start + cut])))
        }
        let (missing, extra) = (right.subtracting(selected).sorted(), selected.subtracting(right).sorted())
        let (lost, gained) = (missing.map(margin), extra.map(margin))
        return WholeIndexerCheck.Row(
            row: row, selected: right.count, missing: zip(missing, lost).map { .init(key: $0, margin: $1.margin) },
            extra: zip(extra, gained).map { .init(key: $0, margin: $1.margin) },
            wrongKeys: max(lost.count(where: \.isWrong), gained.count(where: \.isWrong), abs(missing.count - extra.count)))
    }

    /// How many keys of the rows' selections are wrong, each counted once: selected in place of another, or left out.
    func wrongKeys(_ selected: [Set<Int>], _ tolerance: Double) -> Int {
        selected.indices.reduce(0) { $0 + (difference($1, selected[$1], tolerance)?.wrongKeys ?? 0) }
    }

    /// The root of the squared errors of a stage over that of the squared values; of scores, where they are visible. What a scale at the edge decides is
    /// taken with the power of two that suits it best: codes a vector at a time, scales and weights each.
    func distance(_ stage: WholeIndexerStage, _ theirs: Tensor) -> Double {
        guard let own = values[stage] else { return .infinity }
        let isCodes = [.query, .key].contains(stage) && values[.keyScale] != nil
        let width = isCodes ? own.shape.lengths.last ?? 1 : 1
        let factors = values[.keyScale] != nil && (stage.isFloat8 || stage == .weights) ? [0.5, 1, 2] : [1]
        var (errors, squares) = (0.0, 0.0)
        for start in stride(from: 0, to: own.values.count, by: width) {
            if stage == .score, !visible[start / visible.columns, start % visible.columns] { continue }
            let (a, b) = (own.values[start..<start + width], theirs.values[start..<start + width])
            let sums = factors.map { factor in zip(a, b).reduce(0) { $0 + ($1.0 - factor * $1.1) * ($1.0 - factor * $1.1) } }
            errors += sums.min() ?? 0
            squares += a.reduce(0) { $0 + $1 * $1 }
        }
        return squares > 0 ? (errors / squares).squareRoot() : errors > 0 ? .infinity : 0
    }
}
