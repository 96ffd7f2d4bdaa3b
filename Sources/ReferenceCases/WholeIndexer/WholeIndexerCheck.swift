// Somebody's indexer against a case, stage by stage: what is wrong first is not what comes of it. What differs is held against the mistakes that are
// known, each recomputed from the case's inputs.

import Mechanisms
import ModelFiles
public import Traces

/// How somebody's dump compares with a whole indexer.
public struct WholeIndexerCheck: Sendable {
    /// A row in which the selections differ.
    public struct Row: Sendable, Hashable {
        /// The query.
        public let row: Int
        /// How many keys the case selects.
        public let selected: Int
        /// Keys that should have been selected and were not, with the distances of their scores from the cut.
        public let missing: [Difference]
        /// Keys that were selected and should not have been; infinitely far where the query may not see them.
        public let extra: [Difference]
        /// How many keys are further from the cut than rounding explains.
        public let wrongKeys: Int
    }

    /// One key in which two selections differ.
    public struct Difference: Sendable, Hashable {
        /// The key.
        public let key: Int
        /// The distance of its score from the cut.
        public let margin: Double
    }

    /// The stages that were given, without the selection, in the order of computing.
    public let stages: [Check]
    /// The rows whose selections differ.
    public let rows: [Row]
    /// How many rows a selection was given for; nil without one.
    public let comparedRows: Int?
    /// Of each row, how many selected keys are not among those of its own highest scores, where scores were given too; rows where none is are left out.
    public let misordered: [Int: Int]
    /// The mistake that explains what differs; nil if none does, or nothing is wrong.
    public let mistake: WholeIndexerMistake?
    /// How many keys were selected that the mistake selects, and of how many; nil without a selection.
    public let agreement: (count: Int, all: Int)?
    /// What is to be said of the whole.
    public let verdict: Verdict

    /// Whether nothing is wrong.
    public var passed: Bool { verdict != .wrong }
    /// How many keys are wrong: beyond rounding, or all that differ where a mistake explains them.
    public var wrongKeys: Int {
        let differing = rows.reduce(0) { $0 + (mistake == nil ? $1.wrongKeys : max($1.missing.count, $1.extra.count)) }
        return max(differing, misordered.values.reduce(0, +))
    }

    /// The largest error of a value, over the largest of its stage, that is as near as Float32 comes.
    private static let exact = 1e-5

    /// Compares what the file at `path` has with `reference`.
    /// - Parameter tolerance: in place of what rounding does: of values over the largest of their stage, of a key's distance from the cut over the
    ///   magnitudes of both scores.
    public init(_ reference: ReferenceCase, dump path: String, tolerance: Double? = nil) throws(FileError) {
        let whole = try reference.wholeIndexer()
        let right = try reference.checked { () throws(EngineError) in try whole.answer() }
        for name in reference.expectedNames {
            let found = try reference.file.info(name).shape
            guard let stage = WholeIndexerStage(rawValue: String(name.dropFirst("expected.".count))), let own = right.values[stage] else {
                continue
            }
            guard found == own.shape.lengths else {
                throw reference.failure(name, "expected \(own.shape.lengths) as the inputs have, found \(found)")
            }
        }
        let dump = try WholeIndexerDump(path: path, whole, right)
        let rounding = try reference.checked { () throws(EngineError) in
            if let tolerance { return WholeIndexerRounding(tolerance: tolerance, whole) }
            return try WholeIndexerRounding(whole, right)
        }
        stages = whole.stages.compactMap { stage in
            dump.values[stage].map { Self.check(stage, $0, right, rounding, mayStray: tolerance == nil) }
        }
        let selected = dump.selected
        rows = selected.map { all in all.indices.compactMap { right.difference($0, all[$0], rounding.cut) } } ?? []
        comparedRows = selected?.count
        misordered = Self.misordered(selected, dump.values[.score], right.visible)
        let isExact = stages.allSatisfy { $0.verdict == .right } && misordered.isEmpty
        guard !isExact || rows.contains(where: { $0.missing.count != $0.extra.count || ($0.missing + $0.extra).contains { $0.margin > 0 } })
        else {
            (mistake, agreement, verdict) = (nil, nil, .right)
            return
        }
        let named = try reference.checked { () throws(EngineError) in
            try WholeIndexerDiagnosis(whole: whole, right: right, dump: dump, cut: rounding.cut).named()
        }
        mistake = named?.mistake
        agreement = named.flatMap { named in
            selected.map { all in
                (
                    zip(all, named.answer.kept).reduce(0) { $0 + $1.0.intersection($1.1).count },
                    named.answer.kept.reduce(0) { $0 + $1.count }
                )
            }
        }
        let isWrong = mistake != nil || !misordered.isEmpty || stages.contains { !$0.passed } || rows.contains { $0.wrongKeys > 0 }
        verdict = isWrong ? .wrong : .rounding
    }

    private static func check(
        _ stage: WholeIndexerStage, _ theirs: Tensor, _ right: WholeIndexerAnswer, _ rounding: WholeIndexerRounding,
        mayStray: Bool
    ) -> Check {
        let own = right.values[stage]!
        var (expected, found) = (own.values, theirs.values)
        for cell in found.indices where !rounding.judges(stage, cell, in: right) {
            // Another scale at an edge is rounding; what is not visible is nobody's business.
            if stage == .score { (expected[cell], found[cell]) = (0, 0) } else { expected[cell] = found[cell] }
        }
        let check = Check(
            name: stage.rawValue, shape: own.shape.lengths, expected: expected, computed: Tensor(own.shape, found),
            tolerance: mayStray ? exact : min(exact, rounding.stages[stage] ?? exact),
            rounding: rounding.stages[stage], mayStray: mayStray)
        return stage == .score || own.values == theirs.values || check.verdict != .right || !stage.isFloat8 ? check : check.calledRounding
    }

    /// How many of each row's keys are not of its own highest scores.
    private static func misordered(_ selected: [Set<Int>]?, _ scores: Tensor?, _ visible: Mask) -> [Int: Int] {
        guard let selected, let scores else { return [:] }
        var all: [Int: Int] = [:]
        for (row, keys) in selected.enumerated() {
            let seen = visible.visibleKeys(of: row)
            let left = seen.filter { !keys.contains($0) }.map { scores[row, $0] }.sorted(by: >)
            let taken = seen.filter(keys.contains).map { scores[row, $0] }.sorted()
            let count = zip(taken, left).count { $0 < $1 }
            if count > 0 { all[row] = count }
        }
        return all
    }
}

/// Finds the mistake that a dump looks like.
private struct WholeIndexerDiagnosis {
    let whole: WholeIndexerCase
    let right: WholeIndexerAnswer
    let dump: WholeIndexerDump
    let cut: Double

    typealias Found = (mistake: WholeIndexerMistake, answer: WholeIndexerAnswer)

    /// Rounding, FP8 after bf16 included, stays nearer than this.
    private static let furthest = 0x1p-3

    /// The mistake that gives these values, nearer than half of the way from the right ones, and of two that fit alike the first; or, where the values do
    /// not differ or there are none, this selection: within rounding, but for less than a quarter of the keys that are wrong.
    func named() throws(EngineError) -> Found? {
        let plain = distance(right)
        let isByValues = plain > 1e-6
        let wrong = dump.selected.map { Double(right.wrongKeys($0, cut)) } ?? 0
        var limit = isByValues ? min(plain / 2, Self.furthest) : wrong / 4
        guard isByValues || wrong > 0 else { return nil }
        var found: Found?
        for mistake in WholeIndexerMistake.allCases {
            var best: (distance: Double, answer: WholeIndexerAnswer)?
            for change in mistake.changes(in: whole) {
                let answer = try whole.answer(change)
                let distance = isByValues ? distance(answer) : selectionDistance(answer)
                if distance < best?.distance ?? .infinity { best = (distance, answer) }
            }
            guard let best, best.distance < limit else { continue }
            (limit, found) = (isByValues ? best.distance / 2 : best.distance, (mistake, best.answer))
        }
        return found
    }

    /// How many keys are wrong, and of two answers with equally many the one that has more of the same keys.
    private func selectionDistance(_ answer: WholeIndexerAnswer) -> Double {
        let selected = dump.selected ?? []
        let (same, all) = zip(selected, answer.kept).reduce((0, 1)) { ($0.0 + $1.0.intersection($1.1).count, $0.1 + $1.1.count) }
        return Double(answer.wrongKeys(selected, cut)) + 0.2 * (1 - Double(same) / Double(all))
    }

    /// The largest distance of a stage.
    private func distance(_ answer: WholeIndexerAnswer) -> Double {
        dump.values.reduce(0) { max($0, answer.distance($1.key, $1.value)) }
    }
}
