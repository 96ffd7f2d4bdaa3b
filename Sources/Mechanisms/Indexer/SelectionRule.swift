// Rules that choose keys: the indexer, and those that it is compared with.

internal import Traces

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
        let score: (Int, Int) -> Double
        switch self {
        case .indexer, .oracle: return nil
        case .recent: return Self.latest(visible: visible, after: 0)
        case .windowAndSinks: return Self.latest(visible: visible, after: Self.sinks(of: k))
        case .random: score = { t, s in SplitMix64.uniform(UInt64(t) << 32 | UInt64(s)) }
        }
        return Tensor(Shape([.t, .s], [visible.rows, visible.columns])) { score($0[0], $0[1]) }
    }

    /// Scores [t, s] that put the first `sinks` keys first, then the latest.
    static func latest(visible: Mask, after sinks: Int) -> Tensor {
        Tensor(Shape([.t, .s], [visible.rows, visible.columns])) { index in
            Double(index[1] < sinks ? visible.columns + sinks - index[1] : index[1])
        }
    }
}
