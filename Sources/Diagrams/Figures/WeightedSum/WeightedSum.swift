// The numbers of the figure `weighted-sum`: recorded values and weights, their products, and how these add up to the recorded output.

import Traces

/// One row's values, scaled by their shares, and their sum.
package final class WeightedSum {
    /// What one key adds, or several keys of next to no share together.
    package struct Term {
        /// The key; nil for several together.
        package let key: Int?
        /// How many keys.
        package let count: Int
        /// The share of the weight.
        package let share: Double
        /// The key's value, a number a feature; nil for several together.
        package let values: [Double]?
        /// What is added, feature by feature: the value times the share, added up for several keys.
        package let parts: [Double]
    }

    /// The row whose weights share out the values.
    package let row: AttentionRow
    let values: Step
    let output: Step
    /// The features shown: all, or those of the largest sums.
    package let features: [Int]
    /// How many features there are.
    package let width: Int
    /// In order of position, several keys together at the end.
    package let terms: [Term]
    /// What the terms add up to, feature by feature: the recorded output.
    let sums: [Double]

    /// At most this many keys stand by themselves,
    static let limit = 7
    /// and none with a smaller share.
    static let least = 0.01

    /// Throws where the attention has no values or no output of its heads, or where the output is not the weighted sum of the values.
    package init(_ row: AttentionRow, features most: Int) throws(FigureError) {
        self.row = row
        let (values, output) = try Self.steps(row)
        (self.values, self.output) = (values, output)
        let width = output.output.shape.lengths[output.output.shape.rank - 1]
        self.width = width
        let sums = (0..<width).map { output.output[row.index(output, token: row.query, feature: $0)] }
        let largest = (0..<width).sorted { (abs(sums[$0]), $1) > (abs(sums[$1]), $0) }.prefix(most).sorted()
        features = largest
        self.sums = largest.map { sums[$0] }
        let alone = Self.alone(row)
        func value(_ key: Int) -> [Double] { largest.map { values.output[row.index(values, token: key, feature: $0)] } }
        var terms = alone.map { key in
            let (own, share) = (value(key), row.weight(key))
            return Term(key: key, count: 1, share: share, values: own, parts: own.map { $0 * share })
        }
        let rest = row.keys.filter { !alone.contains($0) }
        if !rest.isEmpty {
            var parts = largest.map { _ in 0.0 }
            for key in rest { for (place, value) in value(key).enumerated() { parts[place] += value * row.weight(key) } }
            terms.append(Term(key: nil, count: rest.count, share: rest.reduce(0) { $0 + row.weight($1) }, values: nil, parts: parts))
        }
        self.terms = terms
        try check()
    }

    /// The values and what is made of them: latents and their sum where the attention is over latents.
    private static func steps(_ row: AttentionRow) throws(FigureError) -> (values: Step, output: Step) {
        let (trace, view) = (row.trace, row.view)
        let scopes = row.slice.step.id.scopes
        let latents = trace.first(.weightedLatents, in: scopes)
        guard let output = latents ?? trace.first(.heads, in: scopes) else {
            throw FigureError("weighted-sum needs the output of the heads beside \(view.weights), found none")
        }
        // Keys of earlier passes are among the values of the cache alone.
        let found = latents == nil ? view.value : output.inputs.first { $0.role.isLatent } ?? view.value
        guard let id = found else { throw FigureError("weighted-sum needs the values of \(view.weights), found none") }
        let values = try trace.recorded(id)
        let (value, sum) = (values.output.shape, output.output.shape)
        guard value[.s] == row.slice.columns, sum[.t] == row.slice.rows, value.lengths.last == sum.lengths.last, value.axes.first == .s,
            [2, 3].contains(value.rank), sum.rank == 3
        else { throw FigureError("weighted-sum: \(values.id) \(value) does not fit \(output.id) \(sum)") }
        return (values, output)
    }

    /// The keys that stand by themselves: those of the largest shares; a single one that is left over is no longer apart.
    private static func alone(_ row: AttentionRow) -> [Int] {
        let heavy = row.byWeight.prefix(limit).filter { row.weight($0) >= least }
        let some = heavy.isEmpty ? Array(row.byWeight.prefix(1)) : Array(heavy)
        return row.keys.count - some.count == 1 ? row.keys : some.sorted()
    }

    /// What is drawn must be the sum that it says it is.
    private func check() throws(FigureError) {
        // A head that is off gives another sum than that of its terms.
        let switches = row.trace.switches.isEmpty ? "" : " with \(row.trace.switches.joined(separator: ", "))"
        for (place, feature) in features.enumerated() {
            let parts = terms.map { $0.parts[place] }
            let (sum, size) = (parts.reduce(0, +), parts.reduce(1) { max($0, abs($1)) })
            guard abs(sum - sums[place]) <= 1e-5 * size else {
                throw FigureError(
                    "weighted-sum: \(output.id)[\(outputIndex(feature).map(String.init).joined(separator: ", "))]: expected the sum of its terms, \(NumberText.significant(sum)), found \(NumberText.significant(sums[place]))\(switches)"
                )
            }
        }
    }

    func weightIndex(_ key: Int) -> [Int] { row.slice.index(row.query, key) }
    func valueIndex(_ key: Int, _ feature: Int) -> [Int] { row.index(values, token: key, feature: feature) }
    func outputIndex(_ feature: Int) -> [Int] { row.index(output, token: row.query, feature: feature) }

    /// The places of single keys, the heaviest first.
    private var ranked: [Int] {
        terms.indices.filter { terms[$0].key != nil }.sorted { (terms[$0].share, $1) > (terms[$1].share, $0) }
    }

    /// The place of the heaviest key.
    var heaviest: Int { ranked[0] }

    /// A key's place among the single ones by share; nil for several together.
    func rank(_ place: Int) -> Int? { ranked.firstIndex(of: place) }

    /// In which order terms are stacked: the heaviest nearest to zero.
    var stackOrder: [Int] { ranked + terms.indices.filter { terms[$0].key == nil } }

    /// The lowest and highest bar of a row, zero among them.
    func ends(of place: Int) -> (low: Double, high: Double) {
        let all = (terms[place].values ?? []) + terms[place].parts
        return (min(all.min() ?? 0, 0), max(all.max() ?? 0, 0))
    }

    /// How far the stacks reach down and up.
    var stackEnds: (low: Double, high: Double) {
        let ends = features.indices.map { place -> (low: Double, high: Double) in
            let parts = terms.map { $0.parts[place] }
            return (parts.reduce(0) { $0 + min($1, 0) }, parts.reduce(0) { $0 + max($1, 0) })
        }
        return (ends.map { $0.low }.min() ?? 0, ends.map { $0.high }.max() ?? 0)
    }
}
