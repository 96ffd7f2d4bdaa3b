// What rounding may do to a whole indexer. FP8 behind bf16 makes errors that no single bound foretells, so the indexer is computed again with every step
// rounded to bf16, and with FP8 where it has none or without where it has: twice the largest error that comes of it is allowed.

import Mechanisms
import Traces

/// By how much the results of a right indexer may be off.
struct WholeIndexerRounding: Sendable {
    /// The largest error of each stage, over the largest magnitude of the stage.
    private(set) var stages: [WholeIndexerStage: Double] = [:]
    /// The largest error of a score, over its own magnitude: a key may stand as far from the cut as both may be off.
    private(set) var cut: Double
    /// Vectors whose largest number stands so near the edge between two scales that rounding decides: their scales, codes and weights are not judged.
    let (queryEdges, keyEdges): (Set<Int>, Set<Int>)

    /// The least that is allowed.
    private static let least = 0x1p-7

    /// One bound for all.
    init(tolerance: Double, _ whole: WholeIndexerCase) {
        stages = Dictionary(uniqueKeysWithValues: whole.stages.map { ($0, tolerance) })
        (cut, queryEdges, keyEdges) = (tolerance, [], [])
    }

    /// What rounding does to `right`.
    init(_ whole: WholeIndexerCase, _ right: WholeIndexerAnswer) throws(EngineError) {
        queryEdges = Self.edges(right, .query, whole)
        keyEdges = Self.edges(right, .key, whole)
        cut = Self.least
        stages = Dictionary(uniqueKeysWithValues: whole.stages.map { ($0, Self.least) })
        var other = whole.indexer
        other.float8 = other.float8 == nil ? .powerOfTwo : nil
        for indexer in [whole.indexer, other] {
            let rounded = try whole.answer(.init(indexer: indexer, interventions: [.roundingToBFloat16]))
            for stage in whole.stages where stage != .selected && (indexer.float8 == whole.indexer.float8 || stage == .score) {
                stages[stage] = max(stages[stage]!, 2 * error(rounded, right, stage))
            }
            for row in 0..<whole.queries {
                for key in whole.visible.visibleKeys(of: row) {
                    let (error, size) = (abs(rounded.score(row, key) - right.score(row, key)), right.magnitude[row * whole.keys + key])
                    if size > 0 { cut = max(cut, 2 * error / size) }
                }
            }
        }
    }

    /// Whether the value number `cell` of a stage is to be judged.
    func judges(_ stage: WholeIndexerStage, _ cell: Int, in answer: WholeIndexerAnswer) -> Bool {
        let width = answer.values[stage]?.shape.lengths.last ?? 1
        switch stage {
        case .score: return answer.visible[cell / width, cell % width]
        case .query: return !queryEdges.contains(cell / width)
        case .queryScale, .weights: return !queryEdges.contains(cell)
        case .key: return !keyEdges.contains(cell / width)
        case .keyScale: return !keyEdges.contains(cell)
        default: return true
        }
    }

    private func error(_ rounded: WholeIndexerAnswer, _ right: WholeIndexerAnswer, _ stage: WholeIndexerStage) -> Double {
        guard let a = right.values[stage]?.values, let b = rounded.values[stage]?.values else { return 0 }
        var (error, largest) = (0.0, 0.0)
        for cell in a.indices where judges(stage, cell, in: right) {
            (error, largest) = (max(error, abs(a[cell] - b[cell])), max(largest, abs(a[cell])))
        }
        return largest > 0 ? error / largest : 0
    }

    private static func edges(_ right: WholeIndexerAnswer, _ stage: WholeIndexerStage, _ whole: WholeIndexerCase) -> Set<Int> {
        guard let format = whole.indexer.float8, format == .powerOfTwo, let codes = right.values[stage] else { return [] }
        let before = whole.stages[..<whole.stages.firstIndex(of: stage)!].last { !$0.isFloat8 }!
        let (values, d) = (right.values[before]!.values, codes.shape.lengths.last!)
        return Set(
            (0..<values.count / d).filter { vector in
                let largest = values[vector * d..<(vector + 1) * d].reduce(0) { max($0, abs($1)) }
                return format.scale(largestMagnitude: largest * (1 - 0x1p-6)) != format.scale(largestMagnitude: largest * (1 + 0x1p-6))
            })
    }
}

extension Intervention {
    /// Every step before FP8 is rounded to bf16, and the weights of the heads.
    fileprivate static let roundingToBFloat16 = Intervention(
        "bf16", on: "an indexer",
        rounding(.indexQueryProjected), rounding(.indexQueryRope), rounding(.indexQueryRotated), rounding(.indexKeyProjected),
        rounding(.indexKeyNormalised), rounding(.indexKeyRope), rounding(.indexKeyRotated), rounding(.indexWeightsProjected))

    private static func rounding(_ role: Role) -> Change {
        .at(role) { words, right, trace throws(EngineError) in
            let exact = try right(&trace).tensor
            let rounded = Tensor(exact.shape, exact.values.map(\.roundedToBFloat16))
            return (words, try trace.input(trace.inputID("bf16.\(role.rawValue)"), "x", rounded, title: Bilingual(same: "bf16")))
        }
    }
}

extension Double {
    /// The nearest bf16, ties to even.
    var roundedToBFloat16: Double {
        let bits = Float(self).bitPattern
        return Double(Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000))
    }
}
