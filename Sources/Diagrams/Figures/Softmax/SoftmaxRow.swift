// The numbers of the figure `softmax`: recorded scores and weights of one row, and ratios and sums of the recorded weights.

import Traces

/// One row of scores with the weights that a softmax made of them.
final class SoftmaxRow {
    let row: AttentionRow
    let scores: Step
    /// The three heaviest keys, the heaviest first.
    let largest: [Int]

    /// Throws where the attention has no scores, or its weights are not their softmax.
    init(_ row: AttentionRow) throws(FigureError) {
        let weights = row.slice.step
        guard let id = row.view.scores else { throw FigureError("softmax needs the scores that \(weights.id) were made from, found none") }
        let scores = try row.trace.recorded(id)
        guard scores.output.shape == weights.output.shape else {
            throw FigureError("softmax: \(scores.id): expected \(weights.output.shape) as in \(weights.id), found \(scores.output.shape)")
        }
        self.row = row
        self.scores = scores
        largest = Array(row.byWeight.prefix(3))
        try check()
    }

    var keys: [Int] { row.keys }
    var weights: Step { row.slice.step }
    func name(_ key: Int) -> String { row.name(key) }
    func index(_ key: Int) -> [Int] { row.slice.index(row.query, key) }
    func score(_ key: Int) -> Double { scores.output[index(key)] }
    func share(_ key: Int) -> Double { row.weight(key) }
    /// e to the key's score less the largest: its weight over the largest weight.
    func exponential(_ key: Int) -> Double { share(key) / share(largest[0]) }

    func value(_ key: Int, _ stage: SoftmaxStage) -> Double {
        switch stage {
        case .scores: score(key)
        case .exponentials: exponential(key)
        case .shares: share(key)
        }
    }

    func sum(_ keys: [Int], _ stage: SoftmaxStage) -> Double { keys.reduce(0) { $0 + value($1, stage) } }

    /// The scores from the lowest to the highest, zero among them.
    var scoreEnds: (low: Double, high: Double) {
        let all = keys.map(score)
        return (min(all.min() ?? 0, 0), max(all.max() ?? 0, 0))
    }

    /// At most `most` keys in order of position: all, or the heaviest where there are more.
    func shown(_ most: Int) -> [Int] { keys.count <= most ? keys : row.byWeight.prefix(max(most - 1, 1)).sorted() }

    /// Shares that are no softmax of the scores beside them are refused: the picture would say of them what is not true.
    private func check() throws(FigureError) {
        let place = "\(weights.id), query \(row.query)"
        let total = sum(keys, .shares)
        guard abs(total - 1) < Self.slack else {
            throw FigureError("softmax: \(place): expected shares that add up to 1, found \(NumberText.significant(total))")
        }
        for key in keys where abs(Double.exp(score(key) - score(largest[0])) - exponential(key)) > Self.slack {
            throw FigureError("softmax: \(place): expected the softmax of \(scores.id), found another share of key \(key)")
        }
    }

    /// Files may hold shares of single precision.
    private static let slack = 1e-5
}
