// What-if switches: honest variants of sparse attention, each different from the right one in one thing, to see what that thing is for. A switch sets
// a parameter, or turns on an intervention.

public import Traces

/// One deviation from DeepSeek Sparse Attention.
public enum Switch: Hashable, Sendable, CustomStringConvertible {
    /// The indexer's rotary embedding pairs neighbours instead of halves: the bug that shipped in several runtimes in 2025.
    case indexerRopeInterleaved
    /// The same mistake where neighbours are right, as in GLM's indexer: halves are paired instead.
    case indexerRopeHalf
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
    /// Scores are divided by this before every softmax.
    case temperature(Double)
    /// These attention heads alone are on, ascending.
    case heads([Int])

    /// Those without a value, as the command line lists them.
    private static let plain: [Switch] = [
        .indexerRopeInterleaved, .indexerRopeHalf, .hadamardQueryOnly, .noReLU, .noHeadWeights, .noFloat8, .maskAfterSoftmax,
    ]

    /// The names, as the command line knows them.
    public static let names =
        plain.map { $0.description } + ["top-k=N", "select=random|recent|oracle|window+sinks", "temperature=T", "heads=0,1,…"]

    /// The switch of that name; throws with the list of names, or with what a value should be.
    public init(parsing text: String) throws(EngineError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? String(parts[1]) : nil
        if let plain = Self.plain.first(where: { $0.description == text }) {
            self = plain
        } else if let value, parts[0] == "top-k" {
            guard let k = Int(value), k > 0 else {
                throw EngineError(.value, text, expected: "top-k=N with N of at least 1", found: value)
            }
            self = .topK(k)
        } else if let value, parts[0] == "select", let rule = SelectionRule(rawValue: value), rule != .indexer {
            self = .select(rule)
        } else if let value, parts[0] == "temperature" {
            self = .temperature(try Self.temperature(value))
        } else if let value, parts[0] == "heads" {
            self = .heads(try Self.heads(value))
        } else {
            throw EngineError(.value, "switch \(text)", expected: "one of \(Self.names.joined(separator: ", "))", found: text)
        }
    }

    private static func temperature(_ text: String) throws(EngineError) -> Double {
        guard text.utf8.allSatisfy({ "0123456789.eE+-".utf8.contains($0) }), let t = Double(text), t > 0, t.isFinite else {
            throw EngineError(.value, "temperature=\(text)", expected: "temperature=T with a number T above 0", found: text)
        }
        return t
    }

    private static func heads(_ text: String) throws(EngineError) -> [Int] {
        func refused(_ found: String) -> EngineError {
            EngineError(
                .value, "heads=\(text)", expected: "heads=A,B,… with the numbers of the heads that are on, from 0, each once", found: found)
        }
        var heads: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard part.utf8.allSatisfy({ (48...57).contains($0) }), let head = Int(part), !heads.contains(head) else {
                throw refused(part.isEmpty ? "nothing" : String(part))
            }
            heads.append(head)
        }
        return heads.sorted()
    }

    /// What it sets, whatever to: two switches that set one thing to two values cannot both be on.
    public var subject: String { description.split(separator: "=").first.map { String($0) } ?? description }

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
        case .temperature(let t): .intervention(.temperature(t))
        case .heads(let heads): .intervention(.heads(heads))
        case .indexerRopeInterleaved:
            .parameter("indexer-rope-interleaved") { parts throws(EngineError) in
                try reverse(&parts.indexer.rotary, .half, reversedBy: .indexerRopeHalf)
            }
        case .indexerRopeHalf:
            .parameter("indexer-rope-half") { parts throws(EngineError) in
                try reverse(&parts.indexer.rotary, .interleaved, reversedBy: .indexerRopeInterleaved)
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

    /// Pairs features the other way; throws, naming the switch that does it, where the layout is that other one already.
    private func reverse(_ rotary: inout LightningIndexer.Rotary?, _ layout: RotaryLayout, reversedBy other: Switch) throws(EngineError) {
        let found = rotary == nil ? "none here" : "the other one, which \(other) reverses"
        try require(rotary?.layout == layout, "rotary embedding of the \(layout.rawValue) layout in its indexer", found: found)
        rotary?.layout = layout == .half ? .interleaved : .half
    }

    private func require(_ isThere: Bool, _ thing: String, found: String = "none here") throws(EngineError) {
        guard isThere else { throw EngineError(.value, "switch \(self)", expected: "an attention with \(thing)", found: found) }
    }
}

/// The parts of a sparse attention that switches change, with latents or without.
struct SwitchedParts {
    var indexer: LightningIndexer
    var rule: SelectionRule
    var latentFloat8: (format: ScaleFormat, block: Int)?
    var interventions: [Intervention]

    /// Turns the switches on, in order; throws if one of them has nothing to change here, or two set one thing to two values.
    mutating func turn(on changes: [Switch]) throws(EngineError) {
        for (position, change) in changes.enumerated() {
            if let other = changes[..<position].first(where: { $0 != change && $0.subject == change.subject }) {
                throw EngineError(.value, "switch \(change)", expected: "one \(change.subject)", found: "\(other) too")
            }
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

extension LightningIndexer {
    /// This indexer with the switches on, who chooses the keys, and the mistakes to record under; throws for a parameter that it does not have.
    package func switching(_ changes: [Switch]) throws(EngineError) -> (
        indexer: LightningIndexer, rule: SelectionRule, interventions: [Intervention]
    ) {
        var parts = SwitchedParts(indexer: self, rule: .indexer, latentFloat8: nil, interventions: [])
        try parts.turn(on: changes)
        return (parts.indexer, parts.rule, parts.interventions)
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
