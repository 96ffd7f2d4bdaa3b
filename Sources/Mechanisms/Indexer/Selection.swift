// What is said about a selection: where the cut fell, which rows a tie decided, how much of the dense weight it holds, and how many of the
// truly heaviest keys it found. These are facts of the `selected` step.

public import Traces

/// Facts about a selection, row by row.
public struct SelectionFacts: Hashable, Sendable {
    /// The score of the last key that got in, for each query.
    public let cut: [Double]
    /// Queries whose cut fell between two keys of the same score.
    public let rowsDecidedByTie: [Int]
    /// Dense weight on the selected keys, mean over heads, for each query.
    public let massKept: [Double]
    /// For each query, how many of the selected keys are among as many keys of the largest head-summed dense weight, and how many were selected.
    public let found: [(hits: Int, selected: Int)]

    /// The share of the heaviest keys that was selected, over all queries.
    public var recall: Double {
        let selected = found.reduce(0) { $0 + $1.selected }
        return selected == 0 ? 1 : Double(found.reduce(0) { $0 + $1.hits }) / Double(selected)
    }

    /// Facts about `selection` [t, k].
    /// - Parameters:
    ///   - scores: the scores that were ranked [t, s].
    ///   - denseWeights: dense attention's weights [h, t, s].
    ///   - visible: which keys each query may see.
    public init(selection: Tensor, scores: Tensor, denseWeights: Tensor, visible: Mask) {
        let (scores, weights) = (scores.transposed(to: [.t, .s]), denseWeights.transposed(to: [.t, .s, .h]))
        let heads = denseWeights.shape[.h]!
        var cut: [Double] = []
        var ties: [Int] = []
        var mass: [Double] = []
        var found: [(hits: Int, selected: Int)] = []
        for row in 0..<visible.rows {
            let chosen = selection.slice(.t, at: row).values.filter { $0 >= 0 }.map { Int($0) }
            let rest = Set(visible.visibleKeys(of: row)).subtracting(chosen)
            let lowest = chosen.map { scores[row, $0] }.min() ?? 0
            cut.append(lowest)
            if rest.contains(where: { scores[row, $0] == lowest }) { ties.append(row) }
            let total = (0..<visible.columns).map { s in (0..<heads).reduce(0) { $0 + weights[row, s, $1] } }
            // What keeps everything keeps all of it, whatever the rounding of the sum.
            mass.append(rest.isEmpty ? 1 : chosen.reduce(0) { $0 + total[$1] } / Double(heads))
            let heaviest = TopK.select(total, among: visible.visibleKeys(of: row), chosen.count)
            found.append((hits: Set(heaviest).intersection(chosen).count, selected: chosen.count))
        }
        self.cut = cut
        rowsDecidedByTie = ties
        massKept = mass
        self.found = found
    }

    /// The facts as a step carries them: cut, rowsDecidedByTie, massKept, recall (a row each), and recallAllRows.
    public var asFacts: [String: Fact] {
        [
            "cut": .numbers(cut), "rowsDecidedByTie": .integers(rowsDecidedByTie), "massKept": .numbers(massKept),
            "recall": .numbers(found.map { $0.selected == 0 ? 1 : Double($0.hits) / Double($0.selected) }),
            "recallAllRows": .number(recall),
        ]
    }

    /// Equal when all facts are.
    public static func == (a: SelectionFacts, b: SelectionFacts) -> Bool { a.asFacts == b.asFacts }
    /// Hashes the cuts.
    public func hash(into hasher: inout Hasher) { hasher.combine(cut) }
}

/// Who chooses the keys: the indexer, or a rule to compare it with.
public enum SelectionRule: String, Hashable, Sendable, CaseIterable {
    /// The lightning indexer.
    case indexer
    /// Keys at random (seeded by query and key: the same every time).
    case random
    /// The latest keys: a sliding window.
    case recent
    /// The keys of the largest head-summed dense weight: the best any selector could do, at the full price.
    case oracle
    /// The first keys and the latest ones (StreamingLLM, Xiao et al. 2023): min(4, k/2) sinks, the rest recent.
    case windowAndSinks = "window+sinks"

    /// How many of `k` keys the rule of window and sinks takes from the beginning.
    public static func sinks(of k: Int) -> Int { min(4, k / 2) }

    /// Scores [t, s] whose top-k is this rule's choice; nil for the rules that rank something recorded (indexer, oracle).
    func scores(visible: Mask, k: Int) -> Tensor? {
        let sinks = Self.sinks(of: k)
        let score: (Int, Int) -> Double
        switch self {
        case .indexer, .oracle: return nil
        case .recent: score = { _, s in Double(s) }
        case .windowAndSinks: score = { _, s in s < sinks ? Double(visible.columns + sinks - s) : Double(s) }
        case .random: score = { t, s in SplitMix64.uniform(UInt64(t) << 32 | UInt64(s)) }
        }
        return Tensor(Shape([.t, .s], [visible.rows, visible.columns])) { score($0[0], $0[1]) }
    }
}
