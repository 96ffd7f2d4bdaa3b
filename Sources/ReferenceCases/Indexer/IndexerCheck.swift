// Somebody's kernel against a case: scores where they are visible, selections as sets. A key that differs is explained by how far its score is from the
// cut: within rounding, either choice is right; further away, one of them is wrong. What is wrong is held against the mistakes that are known.

import ModelFiles
public import Traces

/// How somebody's dump compares with an indexer case.
public struct IndexerCheck: Sendable {
    /// What is asked of a dump.
    public struct Rules: Sendable {
        /// How keys of equal scores may be chosen at the cut.
        public enum Ties: String, CaseIterable, Sendable {
            /// The lower position wins: for kernels whose contract says so.
            case low
            /// Either way.
            case any
        }

        /// The largest error of scores, over the largest magnitude that is expected; and of distances from the cut, over the magnitudes of the two keys: the
        /// sum of |w|·ReLU(q·k) over the heads, times the scale. nil for what rounding to bf16 may do, 2^-7, and where q and k of the case are no FP8, for
        /// what rounding them to it may do.
        public var tolerance: Double?
        /// How ties are broken.
        public var ties = Ties.any
        /// What the numbers of a selection mean.
        public enum Positions: String, CaseIterable, Sendable {
            /// Positions within the sequence.
            case logical
            /// Places in the cache: block times block size, and the place in the block.
            case physical
            /// Positions counted from the first that the query sees.
            case relative
        }

        /// What the numbers of a selection mean.
        public var positions = Positions.logical
        /// Whether a row may name a key twice, which then counts once.
        public var allowsDuplicates = false
        /// Whether every number that is no key is padding, not -1 alone.
        public var allowsAnyPadding = false

        /// The usual rules.
        public init() {}
    }

    /// A row in which the selections differ.
    public struct Row: Sendable, Hashable {
        /// The query.
        public let row: Int
        /// How many keys the case selects.
        public let selected: Int
        /// Keys that should have been selected and were not, with how far each stands above the cut.
        public let missing: [Difference]
        /// Keys that were selected and should not have been, with how far each stands below the cut; infinite for one that the query may not see.
        public let extra: [Difference]
        /// Of a dump with scores, two keys that it has in the wrong order: one that it left out, and one of a lower score of its own that it selected.
        public let misordered: Misordered?
        /// How many keys are selected, or left out, more wrongly than rounding explains.
        public let wrongKeys: Int

        /// Whether every difference is within rounding of the cut.
        public var isRounding: Bool { wrongKeys == 0 && misordered == nil }
    }

    /// One key in which two selections differ.
    public struct Difference: Sendable, Hashable {
        /// The key.
        public let key: Int
        /// The distance of its expected score from the cut, at least 0.
        public let margin: Double
        /// Whether that is further than rounding carries scores of the magnitude of these.
        public let isWrong: Bool
    }

    /// Two keys in the wrong order by a dump's own scores.
    public struct Misordered: Sendable, Hashable {
        /// The key that was left out, and its score.
        public let left: Int, leftScore: Double
        /// The key that was selected, and its score.
        public let taken: Int, takenScore: Double
        /// How many keys that were selected are not among those of the highest scores.
        public let count: Int
    }

    /// The comparison of scores where they are visible, if the dump has them.
    public let score: Check?
    /// Of the rows that were looked at closely, the share of scores further from the expected ones than rounding carries a score of that magnitude; nil without
    /// scores, and where all are right.
    public let strayShare: Double?
    /// The rows that differ.
    public let rows: [Row]
    /// How many rows there are.
    public let rowCount: Int
    /// How many of them a selection was given for: all, or nil without one.
    public let comparedRows: Int?
    /// The mistake that explains what differs, if one does.
    public let diagnosis: IndexerDiagnosis?
    /// What is to be said of the dump: right with the same selection and scores as near as Float32 comes.
    public let verdict: Verdict
    /// Whether the differences are such as FP8 makes of inputs that are not FP8, and larger than those of bf16.
    public let isFloat8Rounding: Bool
    /// How many keys are wrong: beyond rounding, or all that differ where a mistake explains them.
    public var wrongKeys: Int {
        rows.reduce(0) { $0 + (diagnosis == nil ? max($1.wrongKeys, $1.misordered?.count ?? 0) : max($1.missing.count, $1.extra.count)) }
    }
    /// Whether nothing is wrong.
    public var passed: Bool { verdict != .wrong }

    /// The share of scores that may stray before they are wrong: a score may be small because heads of both signs cancel.
    public static let mostStrays = 0.01

    /// Compares the dump at `path` with `reference`: `selected` [t, k], `score` [t, s], or both, each with a batch axis of 1 before them or without.
    /// - Throws: `FileError` for a file that is no such dump: other shapes, NaN where a query sees the key, keys that do not exist.
    public init(_ reference: ReferenceCase, dump path: String, rules: Rules = Rules()) throws(FileError) {
        let indexer = try reference.indexer()
        let wanted = try reference.file.info("expected.selected").shape.last ?? 0
        let mine = try IndexerDump(path: path, indexer.layout, wanted: wanted, rules)
        let expected = try reference.expectedScores(indexer)
        let comparison = IndexerComparison(
            indexer: indexer, mine: mine, expected: expected, right: try IndexerDump.expected(reference, indexer, expected),
            ties: rules.ties)
        let (selected, score) = (comparison.mine.selected, comparison.mine.score)
        let usual = rules.tolerance.map { IndexerTolerance(score: $0, cut: $0) } ?? .bf16
        var result = comparison.result(usual)
        rowCount = indexer.queries
        comparedRows = selected == nil ? nil : rowCount
        guard !result.isExact(rules.ties) else {
            (self.score, strayShare, rows) = (result.score, nil, result.rows)
            (diagnosis, verdict, isFloat8Rounding) = (nil, .right, false)
            return
        }
        let looked = IndexerRows(indexer, rows: try reference.judgedRows(of: rowCount) ?? IndexerRows.usual(of: rowCount))
        let scores = score.map { score in
            looked.rows.map { Array(score[$0 * indexer.columns..<($0 + 1) * indexer.columns]) }
        }
        diagnosis = looked.diagnosis(scores: scores, selected: selected.map { selected in looked.rows.map { Set(selected[$0]) } })
        var strays = scores.map { looked.strayShare($0, usual.cut) }
        var isExplained = result.isExplained && strays ?? 0 <= Self.mostStrays
        var isFloat8 = false
        if !isExplained, diagnosis == nil, rules.tolerance == nil, !indexer.isFloat8 {
            let float8 = looked.float8
            let again = (comparison.result(float8), scores.map { looked.strayShare($0, float8.cut) })
            isFloat8 = again.0.isExplained && again.1 ?? 0 <= Self.mostStrays
            if isFloat8 { (result, strays, isExplained) = (again.0, again.1, true) }
        }
        (self.score, strayShare, rows, isFloat8Rounding) = (result.score, strays, result.rows, isFloat8)
        verdict = isExplained && diagnosis == nil ? .rounding : .wrong
    }
}
