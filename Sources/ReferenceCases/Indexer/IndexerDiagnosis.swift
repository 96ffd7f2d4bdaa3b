// Which mistake somebody's results look like. Scores are held against what each mistake makes of them; a selection, which says less, against the keys in
// which a mistake's answer differs from the right one.

import ModelFiles
import AttentionKernels
public import Traces

/// A mistake that explains somebody's results better than rounding does.
public struct IndexerDiagnosis: Hashable, Sendable {
    /// The mistake.
    public let mistake: IndexerMistake
    /// How many keys that were selected are those that a kernel with the mistake selects, in the rows that were looked at; nil if none were given.
    public let agreement: Agreement?
    /// The head that is missing, where it is one.
    public let head: Int?
    /// The number that all scores were multiplied by, where that is the mistake.
    public let factor: Double?

    /// So many of so many.
    public struct Agreement: Hashable, Sendable {
        /// How many.
        public let count: Int
        /// Of how many.
        public let all: Int
    }

    /// `as if ReLU were missing: 128 of 128 keys agree`.
    public var line: Bilingual {
        var words = mistake.words
        if let head { words = words + Bilingual(en: " (head \(head))", zh: "（第 \(head) 个头）") }
        if let factor {
            let number = NumberText.significant(factor, digits: 4)
            words = words + Bilingual(en: " (\(number))", zh: "（\(number)）")
        }
        guard let agreement else { return words }
        return words
            + Bilingual(
                en: ": \(agreement.count) of \(agreement.all) keys agree", zh: "：\(agreement.all) 个键里有 \(agreement.count) 个相同")
    }
}

extension IndexerRows {
    /// The mistake that explains these results; nil if none does better than rounding.
    /// - Parameters:
    ///   - scores: a score for each key, of each of `rows`; nil if there are none.
    ///   - selected: the keys that each of `rows` keeps; nil if there are none.
    func diagnosis(scores: [[Double]]?, selected: [Set<Int>]?) -> IndexerDiagnosis? {
        let known = knownAnswers
        let found = scores.flatMap { explanation(of: $0, known) } ?? selected.flatMap { explanation(of: $0, known) }
        return found.map { found in
            IndexerDiagnosis(
                mistake: found.mistake,
                agreement: selected.map { selected in
                    let keys = found.answer.selected
                    return IndexerDiagnosis.Agreement(count: Self.common(selected, keys), all: keys.reduce(0) { $0 + $1.count })
                },
                head: found.mistake == .headDropped ? found.number : nil, factor: found.factor)
        }
    }

    /// The mistakes that a selection alone tells from a right one, whatever is rounded to bf16.
    var distinguished: [IndexerMistake] {
        IndexerMistake.all.filter { mistake in
            let answer = mistake == .headDropped ? self.answer(without: weakestHead) : answers(with: mistake).first
            guard let answer else { return false }
            let keys = answer.selected
            return rows.indices.contains { i in
                kept[i].symmetricDifference(keys[i]).contains { isBeyondRounding($0, i) }
            }
        }
    }

    /// Of all keys whether they stand further from the cut of row number `i` than rounding would carry them, or may not be seen.
    private func isBeyondRounding(_ i: Int) -> [Bool] {
        guard indexer.isFloat8 else { return (0..<indexer.columns).map { isBeyondRounding($0, i) } }
        let magnitudes = IndexerMagnitudes(indexer, rows[i], of: KeyTiles(indexer, of: indexer.layout.sequence(of: rows[i])))
        return (0..<indexer.columns).map { key in
            guard right.visible[i].contains(key), let cut = cuts[i] else { return true }
            return abs(right.scores[i][key] - right.scores[i][cut]) > IndexerTolerance.bf16.cut * (magnitudes[key] + magnitudes[cut])
        }
    }

    /// Whether the key stands further from the cut of row number `i` than rounding would carry it, or may not be seen.
    private func isBeyondRounding(_ key: Int, _ i: Int) -> Bool {
        guard right.visible[i].contains(key), let cut = cuts[i] else { return true }
        let magnitude = indexer.magnitude(rows[i], key) + indexer.magnitude(rows[i], cut)
        return abs(right.scores[i][key] - right.scores[i][cut]) > IndexerTolerance.bf16.cut * magnitude
    }

    // MARK: What explains results

    /// A mistake with what kernels that make it answer.
    private typealias Known = (mistake: IndexerMistake, answers: [IndexerAnswer])

    /// All of them, computed by all cores.
    private var knownAnswers: [Known] {
        let mistakes = IndexerMistake.all
        return [Known](unsafeUninitializedCapacity: mistakes.count) { out, filled in
            nonisolated(unsafe) let out = out.baseAddress!  // each is written by one thread alone
            Threads.split(mistakes.count, into: mistakes.count) { _, part in
                for i in part { (out + i).initialize(to: (mistakes[i], answers(with: mistakes[i]))) }
            }
            filled = mistakes.count
        }
    }

    /// A mistake, which of its answers, and the number that its scores are multiplied by.
    private typealias Fit = (mistake: IndexerMistake, number: Int, answer: IndexerAnswer, factor: Double?, distance: Double)

    /// The largest distance of scores from others times a number: rounding to FP8 stays below.
    private static let furthest = 0x1p-4
    /// The largest distance of scores from those of a mistake, over how far these are from 0.
    private static let nearestShare = 0.25

    private static func zeros(_ scores: [[Double]]) -> [[Double]] { scores.map { [Double](repeating: 0, count: $0.count) } }

    /// The mistake whose scores are these: nearer than half of the way from the right ones, and of two that fit alike the first. If there is none, a mistake
    /// whose scores are these but for a factor; and if there is none, a boundary at which the scores end in -inf.
    private func explanation(of scores: [[Double]], _ known: [Known]) -> Fit? {
        let plain = distance(scores, right.scores)
        if plain > 1e-6 {
            if let fit = nearest(to: scores, known, below: plain / 2, factor: { $0 == .scaled }) { return fit }
            if let fit = nearest(to: scores, known, below: min(plain / 2, Self.furthest), factor: { _ in true }) { return fit }
        }
        return fits(known) { mistake, answer in
            guard case .offset(let keys) = mistake, keys < 0, !answer.visible.allSatisfy(\.isEmpty) else { return nil }
            let isCutThere = rows.indices.allSatisfy { i in
                right.visible[i].allSatisfy { (scores[i][$0] == -.infinity) == !answer.visible[i].contains($0) }
            }
            return isCutThere ? (0, nil) : nil
        }.first
    }

    private func nearest(to scores: [[Double]], _ known: [Known], below limit: Double, factor: @Sendable (IndexerMistake) -> Bool) -> Fit? {
        var (limit, found) = (limit, Fit?.none)
        let all = fits(known) { mistake, answer in
            guard factor(mistake) else {
                let distance = distance(scores, answer.scores)
                // What is small, as a mistake may make scores, is near to anything small: it must be near in its own measure.
                return distance < Self.nearestShare * self.distance(Self.zeros(answer.scores), answer.scores) ? (distance, nil) : nil
            }
            // A constant that was rounded to bf16 is rounding.
            guard let factor = self.factor(scores, answer.scores), abs(factor - 1) > 0x1p-8 else { return nil }
            let distance = distance(scores, answer.scores, factor: factor)
            return distance < Self.furthest ? (distance, factor) : nil
        }
        for mistake in IndexerMistake.all {
            guard let best = all.filter({ $0.mistake == mistake }).min(by: { $0.distance < $1.distance }), best.distance < limit else {
                continue
            }
            (limit, found) = (best.distance / 2, best)
        }
        return found
    }

    private func fits(
        _ known: [Known], _ measure: @Sendable (IndexerMistake, IndexerAnswer) -> (distance: Double, factor: Double?)?
    ) -> [Fit] {
        let all = known.flatMap { known in known.answers.enumerated().map { (known.mistake, $0.offset, $0.element) } }
        let measured = [(distance: Double, factor: Double?)?](unsafeUninitializedCapacity: all.count) { out, filled in
            nonisolated(unsafe) let out = out.baseAddress!  // each is written by one thread alone
            Threads.split(all.count, into: all.count) { _, part in
                for i in part { (out + i).initialize(to: measure(all[i].0, all[i].2)) }
            }
            filled = all.count
        }
        return zip(all, measured).compactMap { fit, found in found.map { (fit.0, fit.1, fit.2, $0.factor, $0.distance) } }
    }

    /// The mistake whose selection differs least from this one, in keys that rounding does not carry over the cut: by less than a quarter of what the right
    /// one does.
    private func explanation(of selected: [Set<Int>], _ known: [Known]) -> Fit? {
        let isFar = rows.indices.map { isBeyondRounding($0) }
        @Sendable func differing(_ keys: [Set<Int>]) -> Double {
            Double(rows.indices.reduce(0) { sum, i in sum + selected[i].symmetricDifference(keys[i]).count { isFar[i][$0] } })
        }
        let limit = differing(kept) / 4
        return fits(known) { mistake, answer in
            guard mistake != .scaled, limit > 0 else { return nil }
            let rest = differing(answer.selected)
            // A boundary stands where it stands: another one is another mistake.
            if case .offset = mistake, rest > 0 { return nil }
            return rest <= limit ? (rest, nil) : nil
        }.min { $0.distance < $1.distance }
    }

    private static func common(_ selected: [Set<Int>], _ others: [Set<Int>]) -> Int {
        zip(selected, others).reduce(0) { $0 + $1.0.intersection($1.1).count }
    }

    /// How far scores are from `others` times `factor`: the root of the squared errors over that of the squared scores of a row, over visible keys; of all rows
    /// the root of the mean square.
    private func distance(_ scores: [[Double]], _ others: [[Double]], factor: Double = 1) -> Double {
        var (sum, count) = (0.0, 0)
        for i in rows.indices {
            var (errors, squares) = (0.0, 0.0)
            for s in right.visible[i] where scores[i][s].isFinite {
                let error = scores[i][s] / factor - others[i][s]
                errors += error * error
                squares += right.scores[i][s] * right.scores[i][s]
            }
            guard squares > 0 else { continue }
            sum += errors / squares
            count += 1
        }
        return count > 0 ? (sum / Double(count)).squareRoot() : .infinity
    }

    /// The number that `others` are multiplied by in `scores`, by least squares; nil for 0 and for none.
    private func factor(_ scores: [[Double]], _ others: [[Double]]) -> Double? {
        var (product, square) = (0.0, 0.0)
        for i in rows.indices {
            for s in right.visible[i] where scores[i][s].isFinite {
                product += scores[i][s] * others[i][s]
                square += others[i][s] * others[i][s]
            }
        }
        guard square > 0, case let factor = product / square, factor.isFinite, factor != 0 else { return nil }
        return factor
    }
}
