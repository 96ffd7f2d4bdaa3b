// A dump beside the case that it belongs to, row by row.

import AttentionKernels
import Traces

/// A dump beside the case that it belongs to.
struct IndexerComparison: Sendable {
    let indexer: IndexerCase
    let mine: IndexerDump
    /// The expected scores [t, s].
    let expected: Tensor
    /// The expected selection.
    let right: [Selection.Row]
    let ties: IndexerCheck.Rules.Ties

    func result(_ tolerance: IndexerTolerance) -> Compared {
        Compared(score: mine.score.map { score($0, tolerance.score) }, rows: mine.selected.map { rows($0, tolerance.cut) } ?? [])
    }

    /// Compares scores where they are visible; what stands elsewhere is nobody's business.
    private func score(_ mine: [Double], _ tolerance: Double) -> Check {
        let (columns, visible) = (indexer.columns, indexer.layout.visible)
        let judged = IndexerJudged(expected: expected.values, mine: mine, columns: columns, visible: visible)
        return Check(
            name: "score", shape: expected.shape.lengths, worst: judged.worst, isMisplaced: judged.isMisplaced, magnitude: judged.magnitude,
            error: judged.error, tolerance: tolerance)
    }

    /// The rows that differ.
    private func rows(_ selected: [[Int]], _ tolerance: Double) -> [IndexerCheck.Row] {
        let isSame = zip(right, selected).allSatisfy { $0.kept == $1 }
        let bounds = indexer.isFloat8 && !isSame ? MagnitudeBounds(indexer) : nil
        let all = [IndexerCheck.Row?](unsafeUninitializedCapacity: right.count) { out, filled in
            nonisolated(unsafe) let out = out.baseAddress!  // each row is written by one thread alone
            Threads.split(right.count, into: Threads.count) { _, part in
                for row in part { (out + row).initialize(to: self.row(row, selected[row], bounds, tolerance)) }
            }
            filled = right.count
        }
        return all.compactMap(\.self)
    }

    /// How row `row` differs; nil where it does not.
    private func row(_ row: Int, _ got: [Int], _ bounds: MagnitudeBounds?, _ tolerance: Double) -> IndexerCheck.Row? {
        let wanted = right[row].kept
        let misordered = mine.score.flatMap { self.misordered(row, got, $0) }
        guard wanted != got || misordered != nil else { return nil }
        let (columns, seen) = (indexer.columns, indexer.layout.visible[row])
        let (isWanted, isGot) = (Self.marks(wanted, columns), Self.marks(got, columns))
        let scores = expected.values
        let cut = right[row].cut?.score ?? 0
        let atCut = right[row].cut.map { indexer.magnitude(row, $0.lastKept) } ?? 0
        let most = bounds?.most(row)
        func difference(_ key: Int, _ margin: Double) -> IndexerCheck.Difference {
            IndexerCheck.Difference(key: key, margin: margin, isWrong: isWrong(key, margin))
        }
        func isWrong(_ key: Int, _ margin: Double) -> Bool {
            guard margin.isFinite else { return true }
            // With scores, ties are judged by these.
            if margin == 0 { return ties == .low && mine.score == nil }
            // Most keys are decided by how large their magnitude is at least, and at most.
            if margin <= tolerance * (atCut + abs(scores[row * columns + key])) { return false }
            if let most, margin > tolerance * (atCut + most(key)) { return true }
            return !(margin <= tolerance * (atCut + indexer.magnitude(row, key)))
        }
        let missing = wanted.filter { !isGot[$0] }.map { difference($0, scores[row * columns + $0] - cut) }
        let extra = got.filter { !isWanted[$0] }.map { key in
            difference(key, seen.contains(key) ? cut - scores[row * columns + key] : .infinity)
        }
        let wrong = max(missing.count(where: \.isWrong), extra.count(where: \.isWrong), abs(missing.count - extra.count))
        return IndexerCheck.Row(
            row: row, selected: wanted.count, missing: missing, extra: extra, misordered: misordered, wrongKeys: wrong)
    }

    private static func marks(_ keys: [Int], _ columns: Int) -> [Bool] {
        var marks = [Bool](repeating: false, count: columns)
        for key in keys { marks[key] = true }
        return marks
    }

    /// Whether a selection is not that of the dump's own scores.
    private func misordered(_ row: Int, _ got: [Int], _ all: [Double]) -> IndexerCheck.Misordered? {
        let (columns, seen) = (indexer.columns, indexer.layout.visible[row])
        let own = all[row * columns..<(row + 1) * columns]
        let (first, isGot) = (own.startIndex, Self.marks(got, columns))
        var (lowest, highest) = (Double.infinity, -Double.infinity)
        var (taken, left) = (0, 0)
        for key in seen {
            let score = own[first + key]
            if isGot[key] { (lowest, taken) = (min(lowest, score), taken + 1) } else { (highest, left) = (max(highest, score), left + 1) }
        }
        guard taken > 0, left > 0, highest > lowest || highest == lowest && ties == .low else { return nil }
        // Keys with the better ones first; of equal ones those that were selected, unless the lower position wins.
        func precedes(_ a: Int, _ b: Int) -> Bool {
            let (x, y) = (own[first + a], own[first + b])
            if x != y { return x > y }
            if ties == .any, isGot[a] != isGot[b] { return isGot[a] }
            return a < b
        }
        let best = Array(seen).sorted(by: precedes).prefix(taken)
        let isBest = Self.marks(Array(best), columns)
        let worse = got.filter { seen.contains($0) && !isBest[$0] }
        guard let low = worse.max(by: precedes), let high = best.first(where: { !isGot[$0] }) else { return nil }
        return IndexerCheck.Misordered(
            left: high, leftScore: own[first + high], taken: low, takenScore: own[first + low], count: worse.count)
    }
}

/// What was compared, within one tolerance.
struct Compared {
    let score: Check?
    let rows: [IndexerCheck.Row]

    /// Whether nothing is beyond rounding.
    var isExplained: Bool { (score?.passed ?? true) && rows.allSatisfy(\.isRounding) }

    /// Whether scores are as near as Float32 comes, and nothing differs but keys of equal scores, where these may be chosen either way.
    func isExact(_ ties: IndexerCheck.Rules.Ties) -> Bool {
        (score.map { $0.maxRelativeError <= 1e-5 && $0.passed } ?? true)
            && rows.allSatisfy { $0.isRounding && ties == .any && ($0.missing + $0.extra).allSatisfy { $0.margin == 0 } }
    }
}

/// Scores where they are visible: the largest error and where it stands.
private struct IndexerJudged {
    private(set) var worst: [Int]?
    private(set) var isMisplaced = false
    private(set) var error = 0.0
    private(set) var magnitude = 0.0

    init(expected: [Double], mine: [Double], columns: Int, visible: [Range<Int>]) {
        for (row, seen) in visible.enumerated() {
            for key in seen {
                let (x, y) = (expected[row * columns + key], mine[row * columns + key])
                magnitude = max(magnitude, abs(x))
                guard x != y, !isMisplaced else { continue }
                guard y.isFinite else {
                    (worst, error, isMisplaced) = ([row, key], .infinity, true)
                    continue
                }
                if abs(x - y) > error { (worst, error) = ([row, key], abs(x - y)) }
            }
        }
    }
}

/// How large the magnitude of a score (`IndexerCase.magnitude`) is at most: a product of two vectors is no larger than that of their lengths. Of FP8 alone.
private struct MagnitudeBounds: Sendable {
    private let indexer: IndexerCase
    /// The length of each key, times its scale [s].
    private let keys: [Double]

    init(_ indexer: IndexerCase) {
        self.indexer = indexer
        let lengths = Self.lengths(indexer.k.values, indexer.dimension)
        keys = zip(lengths, indexer.kScale.values).map { $0 * abs($1) }
    }

    /// Of a query the bound for each position.
    func most(_ row: Int) -> (Int) -> Double {
        let (heads, d, sequence) = (indexer.heads, indexer.dimension, indexer.layout.sequence(of: row))
        let lengths = Self.lengths(indexer.q.values[row * heads * d..<(row + 1) * heads * d], d)
        let sum = lengths.enumerated().reduce(0) { $0 + abs(indexer.weights[row, $1.offset]) * $1.element }
        // The bound itself is rounded.
        return { (1 + 0x1p-40) * sum * keys[indexer.layout.slot(sequence, $0)] }
    }

    private static func lengths(_ values: some RandomAccessCollection<Double>, _ d: Int) -> [Double] {
        var (lengths, square, place) = ([Double](), 0.0, 0)
        for value in values {
            square += value * value
            place += 1
            if place == d {
                lengths.append(square.squareRoot())
                (square, place) = (0, 0)
            }
        }
        return lengths
    }
}
