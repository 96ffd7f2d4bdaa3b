// The stages of a whole indexer that a case gives values of, and what is computed for each: right, or with a step changed or left out.

import Mechanisms
import Traces

/// A stage of the indexer, in the order of computing. The raw value is its tensor's name.
public enum WholeIndexerStage: String, CaseIterable, Sendable {
    /// Queries [t, j, d] out of the projection.
    case queryProjected = "q_projected"
    /// Queries with their positions.
    case queryRope = "q_rope"
    /// Queries after the Hadamard rotation.
    case queryRotated = "q_rotated"
    /// Scales of the FP8 queries [t, j].
    case queryScale = "q_scale"
    /// Queries [t, j, d] as they are multiplied: FP8 values before scaling, if there is FP8.
    case query = "q"
    /// Keys [s, d] out of the projection.
    case keyProjected = "k_projected"
    /// Keys after LayerNorm.
    case keyNormalised = "k_normalised"
    /// Keys with their positions.
    case keyRope = "k_rope"
    /// Keys after the Hadamard rotation.
    case keyRotated = "k_rotated"
    /// Scales of the FP8 keys [s].
    case keyScale = "k_scale"
    /// Keys [s, d] as they are multiplied.
    case key = "k"
    /// Weights of the heads [t, j] out of the projection.
    case weightsProjected = "weights_projected"
    /// Weights of the heads [t, j] with the queries' scales and all constants.
    case weights
    /// Scores [t, s] before the mask.
    case score
    /// The keys that each query keeps [t, k].
    case selected

    /// The part that it plays in a trace.
    var role: Role { Role(rawValue: self == .selected ? rawValue : "indexer.\(rawValue)")! }

    /// Whether its values are few and exact: scales, and codes of FP8.
    var isFloat8: Bool { [.queryScale, .query, .keyScale, .key].contains(self) }
}

/// One side's steps before FP8, of which a mistake may leave some out.
private struct Side {
    let steps: [WholeIndexerStage]
    /// What the last of them is called where nothing is rounded after it.
    let last: WholeIndexerStage
    /// Which steps an indexer takes.
    let takes: @Sendable (LightningIndexer) -> [Bool]

    static let all = [
        Side(steps: [.queryProjected, .queryRope, .queryRotated], last: .query) { [true, $0.rotary != nil, $0.hadamard] },
        Side(steps: [.keyProjected, .keyNormalised, .keyRope, .keyRotated], last: .key) {
            [true, $0.keyNorm != nil, $0.rotary != nil, $0.hadamard]
        },
    ]

    /// What each step is called in an indexer that takes these.
    func names(_ taken: [Bool], isFloat8: Bool) -> [WholeIndexerStage?] {
        let end = taken.lastIndex(of: true)
        return steps.indices.map { taken[$0] ? ($0 == end && !isFloat8 ? last : steps[$0]) : nil }
    }
}

extension WholeIndexerCase {
    /// The stages that it has, in the order of computing.
    var stages: [WholeIndexerStage] {
        var all: Set<WholeIndexerStage> = [.query, .key, .weightsProjected, .weights, .score, .selected]
        if indexer.float8 != nil { all.formUnion([.queryScale, .keyScale]) }
        for side in Side.all { all.formUnion(side.names(side.takes(indexer), isFloat8: indexer.float8 != nil).compactMap(\.self)) }
        return WholeIndexerStage.allCases.filter(all.contains)
    }

    /// What is computed otherwise.
    struct Change {
        var indexer: LightningIndexer
        var interventions: [Intervention] = []
        /// Whether the keys' Hadamard rotation is left out by an intervention.
        var leavesKeysUnturned = false
    }

    /// What an indexer with that change computes, stage by stage; nil for the right one.
    func answer(_ change: Change? = nil) throws(EngineError) -> WholeIndexerAnswer {
        let change = change ?? Change(indexer: indexer)
        let trace = try record(change.indexer, .indexer, change.interventions)
        func value(_ stage: WholeIndexerStage) throws(EngineError) -> Tensor { try trace.step(StepID([], stage.role)).output }
        var values: [WholeIndexerStage: Tensor] = [:]
        for side in Side.all {
            var taken = side.takes(change.indexer)
            if change.leavesKeysUnturned, side.last == .key { taken[taken.count - 1] = false }
            let right = side.names(side.takes(indexer), isFloat8: indexer.float8 != nil)
            let recorded = side.names(taken, isFloat8: change.indexer.float8 != nil)
            // Whoever leaves a step out has for it what goes into it.
            var latest: Tensor?
            for (name, own) in zip(right, recorded) {
                if let own { latest = try value(own) }
                if let name, let latest { values[name] = latest }
            }
        }
        for stage in stages where values[stage] == nil && trace.contains(StepID([], stage.role)) { values[stage] = try value(stage) }
        return WholeIndexerAnswer(
            values: values, magnitude: try Magnitudes(trace, change.indexer).all, visible: visible, topK: change.indexer.topK)
    }
}

/// How large a score is before heads of both signs cancel: Σ |w| · (ReLU(q · k) + |q| |k| / √d), times the key's scale. Rounding makes errors in proportion.
private struct Magnitudes {
    /// [t, s], row by row.
    let all: [Double]

    init(_ trace: Trace, _ indexer: LightningIndexer) throws(EngineError) {
        func values(_ role: Role) throws(EngineError) -> [Double] { try trace.step(StepID([], role)).output.values }
        let (q, k, w) = (try values(.indexQuery), try values(.indexKey), try values(.indexWeights))
        let (votes, scales) = (try values(.indexVotes), try values(.indexKeyScale))
        let (heads, d) = (indexer.heads, indexer.dimension)
        func lengths(_ rows: [Double]) -> [Double] {
            stride(from: 0, to: rows.count, by: d).map { start in rows[start..<start + d].reduce(0) { $0 + $1 * $1 }.squareRoot() }
        }
        let (queryLengths, keyLengths) = (lengths(q), lengths(k))
        let (queries, keys) = (queryLengths.count / heads, keyLengths.count)
        let root = Double(d).squareRoot()
        var all = [Double](repeating: 0, count: queries * keys)
        for head in 0..<queries * heads {
            let weight = abs(w[head])
            for s in 0..<keys {
                let vote = max(0, votes[head * keys + s]) + queryLengths[head] * keyLengths[s] / root
                all[head / heads * keys + s] += weight * vote * scales[s]
            }
        }
        self.all = all
    }
}
