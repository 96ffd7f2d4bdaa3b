// What-if switches: honest variants of sparse attention, each different from the right one in one thing, to see what that thing is for. A switch sets
// a parameter, or turns on an intervention.

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

    /// Those without a value, as the command line lists them.
    private static let plain: [Switch] = [
        .indexerRopeInterleaved, .hadamardQueryOnly, .noReLU, .noHeadWeights, .noFloat8, .maskAfterSoftmax,
    ]

    /// The names, as the command line knows them.
    public static let names = plain.map { $0.description } + ["top-k=N", "select=random|recent|oracle|window+sinks"]

    /// The switch of that name; throws with the list of names, or with what a value should be.
    public init(parsing text: String) throws(EngineError) {
        if let plain = Self.plain.first(where: { $0.description == text }) {
            self = plain
        } else if text.hasPrefix("top-k=") {
            guard let k = Int(text.dropFirst("top-k=".count)), k > 0 else {
                throw EngineError(.value, text, expected: "top-k=N with N of at least 1", found: String(text.dropFirst("top-k=".count)))
            }
            self = .topK(k)
        } else if text.hasPrefix("select="), let rule = SelectionRule(rawValue: String(text.dropFirst("select=".count))), rule != .indexer {
            self = .select(rule)
        } else {
            throw EngineError(.value, "switch \(text)", expected: "one of \(Self.names.joined(separator: ", "))", found: text)
        }
    }

    /// The name on the command line and in traces.
    public var description: String {
        switch effect {
        case .intervention(let intervention): intervention.name
        case .parameter(let name, _): name
        }
    }

    /// What a switch turns on or sets.
    enum Effect {
        case intervention(Intervention)
        case parameter(String, (inout SwitchedParts) throws(EngineError) -> Void)
    }

    var effect: Effect {
        switch self {
        case .hadamardQueryOnly: .intervention(.hadamardQueryOnly)
        case .noReLU: .intervention(.noReLU)
        case .noHeadWeights: .intervention(.noHeadWeights)
        case .maskAfterSoftmax: .intervention(.maskAfterSoftmax)
        case .indexerRopeInterleaved:
            .parameter("indexer-rope-interleaved") { parts throws(EngineError) in
                try require(parts.indexer.rotary?.layout == .half, "rotary embedding of the half layout in its indexer")
                parts.indexer.rotary?.layout = .interleaved
            }
        case .noFloat8:
            .parameter("no-fp8") { parts throws(EngineError) in
                try require(parts.indexer.float8 != nil || parts.latentFloat8 != nil, "FP8")
                (parts.indexer.float8, parts.latentFloat8) = (nil, nil)
            }
        case .topK(let k): .parameter("top-k=\(k)") { parts throws(EngineError) in parts.indexer.topK = k }
        case .select(let rule): .parameter("select=\(rule.rawValue)") { parts throws(EngineError) in parts.rule = rule }
        }
    }

    private func require(_ isThere: Bool, _ thing: String) throws(EngineError) {
        guard isThere else { throw EngineError(.value, "switch \(self)", expected: "an attention with \(thing)", found: "none here") }
    }
}

/// The parts of a sparse attention that switches change, with latents or without.
struct SwitchedParts {
    var indexer: LightningIndexer
    var rule: SelectionRule
    var latentFloat8: (format: ScaleFormat, block: Int)?
    var interventions: [Intervention]

    /// Turns the switches on, in order; throws if one of them has nothing to change here.
    mutating func turn(on changes: [Switch]) throws(EngineError) {
        for change in changes {
            switch change.effect {
            case .parameter(_, let set): try set(&self)
            case .intervention(let new): if !interventions.contains(where: { $0.name == new.name }) { interventions.append(new) }
            }
        }
    }
}

extension SparseAttention {
    /// This attention with the switches on; throws for a parameter that it does not have. A mistake that finds nothing to change throws when it is
    /// recorded.
    public func switching(_ changes: [Switch]) throws(EngineError) -> SparseAttention {
        var parts = SwitchedParts(
            indexer: indexer, rule: rule, latentFloat8: attention.latentFloat8, interventions: interventions)
        try parts.turn(on: changes)
        var sparse = self
        (sparse.indexer, sparse.rule, sparse.interventions) = (parts.indexer, parts.rule, parts.interventions)
        sparse.attention.latentFloat8 = parts.latentFloat8
        return sparse
    }
}

extension SelectiveAttention {
    /// This attention with the switches on; throws for a parameter that it does not have. A mistake that finds nothing to change throws when it is
    /// recorded.
    public func switching(_ changes: [Switch]) throws(EngineError) -> SelectiveAttention {
        var parts = SwitchedParts(indexer: indexer, rule: rule, latentFloat8: nil, interventions: interventions)
        try parts.turn(on: changes)
        var selective = self
        (selective.indexer, selective.rule, selective.interventions) = (parts.indexer, parts.rule, parts.interventions)
        return selective
    }
}
