// What-if switches: honest variants of sparse attention, each different from the right one in one thing, to see what that thing is for.

public import Traces

/// One deviation from DeepSeek Sparse Attention.
public enum Switch: Hashable, Sendable, CustomStringConvertible {
    /// The indexer's rotary embedding pairs neighbours instead of halves: the bug that shipped in several runtimes in 2025.
    case indexerRopeInterleaved
    /// The Hadamard rotation is applied to queries and forgotten on keys.
    case hadamardQueryOnly
    /// Negative dot products are not cut: heads can vote against a key.
    case noReLU
    /// Every indexer head counts the same.
    case noHeadWeights
    /// Nothing is rounded to FP8.
    case noFloat8
    /// The selection is applied to the weights instead of the scores: what is lost is not made up for.
    case maskAfterSoftmax
    /// Another number of kept keys.
    case topK(Int)
    /// Another rule chooses the keys.
    case select(SelectionRule)

    /// The names without values, as the command line knows them.
    public static let names = [
        "indexer-rope-interleaved", "hadamard-query-only", "no-relu", "no-head-weights", "no-fp8", "mask-after-softmax", "top-k=N",
        "select=random|recent|oracle|window+sinks",
    ]

    /// The switch of that name; throws with the list of names, or with what a value should be.
    public init(parsing text: String) throws(EngineError) {
        switch text {
        case "indexer-rope-interleaved": self = .indexerRopeInterleaved
        case "hadamard-query-only": self = .hadamardQueryOnly
        case "no-relu": self = .noReLU
        case "no-head-weights": self = .noHeadWeights
        case "no-fp8": self = .noFloat8
        case "mask-after-softmax": self = .maskAfterSoftmax
        default:
            if text.hasPrefix("top-k=") {
                guard let k = Int(text.dropFirst("top-k=".count)), k > 0 else {
                    throw EngineError(.value, text, expected: "top-k=N with N of at least 1", found: String(text.dropFirst("top-k=".count)))
                }
                self = .topK(k)
            } else if text.hasPrefix("select="), let rule = SelectionRule(rawValue: String(text.dropFirst("select=".count))),
                rule != .indexer
            {
                self = .select(rule)
            } else {
                throw EngineError(.value, "switch \(text)", expected: "one of \(Self.names.joined(separator: ", "))", found: text)
            }
        }
    }

    /// The name on the command line and in traces.
    public var description: String {
        switch self {
        case .indexerRopeInterleaved: "indexer-rope-interleaved"
        case .hadamardQueryOnly: "hadamard-query-only"
        case .noReLU: "no-relu"
        case .noHeadWeights: "no-head-weights"
        case .noFloat8: "no-fp8"
        case .maskAfterSoftmax: "mask-after-softmax"
        case .topK(let k): "top-k=\(k)"
        case .select(let rule): "select=\(rule.rawValue)"
        }
    }
}

extension Switch {
    /// Changes what this switch changes; throws if there is nothing here that it could.
    func apply(
        to indexer: inout LightningIndexer, _ rule: inout SelectionRule, _ masking: inout DenseAttention.Masking,
        hasOtherFloat8: Bool = false
    ) throws(EngineError) {
        func require(_ isThere: Bool, _ thing: String) throws(EngineError) {
            guard isThere else { throw EngineError(.value, "switch \(self)", expected: "an attention with \(thing)", found: "none here") }
        }
        switch self {
        case .indexerRopeInterleaved:
            try require(indexer.rotary?.layout == .half, "rotary embedding of the half layout in its indexer")
            indexer.rotary?.layout = .interleaved
        case .hadamardQueryOnly:
            try require(indexer.rotation == .both, "a Hadamard rotation of queries and keys")
            indexer.rotation = .queryOnly
        case .noReLU: indexer.cutsNegative = false
        case .noHeadWeights: indexer.weighsHeads = false
        case .noFloat8:
            try require(indexer.float8 != nil || hasOtherFloat8, "FP8")
            indexer.float8 = nil
        case .maskAfterSoftmax: masking = .afterSoftmax
        case .topK(let k): indexer.topK = k
        case .select(let other): rule = other
        }
    }
}

extension SparseAttention {
    /// This attention with the switches on; throws if one of them has nothing to change here.
    public func switching(_ changes: [Switch]) throws(EngineError) -> SparseAttention {
        var sparse = self
        for change in changes {
            try change.apply(to: &sparse.indexer, &sparse.rule, &sparse.masking, hasOtherFloat8: attention.latentFloat8 != nil)
            if change == .noFloat8 { sparse.attention.latentFloat8 = nil }
        }
        return sparse
    }
}
