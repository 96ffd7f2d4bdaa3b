// Somebody's kernel against a case: scores within a tolerance, selections as sets. A key that differs is explained by how far its score is
// from the cut: within rounding, either choice is right; further away, one of them is wrong.

public import Traces

/// How somebody's dump compares with an indexer case.
public struct IndexerCheck: Sendable {
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
        /// Whether every difference is within rounding of the cut.
        public let isRounding: Bool
    }

    /// One key in which two selections differ.
    public struct Difference: Sendable, Hashable {
        /// The key.
        public let key: Int
        /// The distance of its expected score from the cut, at least 0.
        public let margin: Double
    }

    /// The comparison of scores, if the dump has them.
    public let score: Check?
    /// The rows that differ.
    public let rows: [Row]
    /// How many rows there are.
    public let rowCount: Int
    /// Whether scores are within tolerance and every difference is rounding.
    public var passed: Bool { (score?.passed ?? true) && rows.allSatisfy(\.isRounding) }

    /// Compares the dump at `path` (`selected` [t, k], and `score` [t, s] if there is one) with `reference`.
    /// - Parameter tolerance: of scores, relative to the largest expected magnitude in the tensor; and of margins at the cut, relative to the
    ///   largest magnitude among the row's visible scores.
    public init(_ reference: ReferenceCase, dump path: String, tolerance: Double) throws(FileError) {
        let indexer = try reference.indexer()
        let mine = try Safetensors(path: path)
        let expectedScore = try reference.file.tensor("expected.score", axes: [.t, .s])
        let expected = try reference.file.integers("expected.selected")
        let rowCount = expectedScore.shape.lengths[0]
        let ranks = expected.count / max(rowCount, 1)
        let shape = try mine.info("selected").shape
        guard shape.count == 2, shape[0] == rowCount else {
            throw FileError(.badData, path, "selected: expected the shape [\(rowCount), k], found \(shape)")
        }
        guard shape[1] >= ranks else {
            throw FileError(.badData, path, "selected: expected at least \(ranks) ranks a row, found \(shape[1])")
        }
        let dumped = try mine.integers("selected")
        score = try Self.score(mine, expectedScore, tolerance)
        self.rowCount = rowCount
        let visible = indexer.visible
        var rows: [Row] = []
        for row in 0..<rowCount {
            let wanted = expected[row * ranks..<(row + 1) * ranks].filter { $0 >= 0 }
            let got = try Self.keys(Array(dumped[row * shape[1]..<(row + 1) * shape[1]]), row, visible.columns, path)
            if let difference = Self.compare(Set(wanted), got, expectedScore.slice(.t, at: row).values, visible, row, tolerance) {
                rows.append(difference)
            }
        }
        self.rows = rows
    }

    private static func score(_ mine: Safetensors, _ expected: Tensor, _ tolerance: Double) throws(FileError) -> Check? {
        guard mine.contains("score") else { return nil }
        let shape = try mine.info("score").shape
        guard shape == expected.shape.lengths else {
            throw FileError(.badData, mine.path, "score: expected the shape \(expected.shape.lengths), found \(shape)")
        }
        let score = try mine.tensor("score", axes: [.t, .s])
        if let bad = score.values.firstIndex(where: \.isNaN) {
            throw FileError(.badData, mine.path, "score\(score.shape.index(ofOffset: bad)): expected a number, found NaN")
        }
        return Check(name: "score", shape: shape, expected: expected.values, computed: score, tolerance: tolerance)
    }

    private static func keys(_ row: [Int], _ number: Int, _ columns: Int, _ path: String) throws(FileError) -> Set<Int> {
        var keys: Set<Int> = []
        for key in row where key != -1 {
            guard (0..<columns).contains(key) else {
                throw FileError(.badData, path, "selected, row \(number): expected keys 0 to \(columns - 1) or -1, found \(key)")
            }
            guard keys.insert(key).inserted else {
                throw FileError(.badData, path, "selected, row \(number): key \(key) stands there twice")
            }
        }
        return keys
    }

    private static func compare(_ wanted: Set<Int>, _ got: Set<Int>, _ score: [Double], _ visible: Mask, _ row: Int, _ tolerance: Double)
        -> Row?
    {
        guard wanted != got else { return nil }
        let cut = wanted.map { score[$0] }.min() ?? 0
        let largest = visible.visibleKeys(of: row).reduce(0) { max($0, abs(score[$1])) }
        let missing = wanted.subtracting(got).sorted().map { Difference(key: $0, margin: score[$0] - cut) }
        let extra = got.subtracting(wanted).sorted().map { Difference(key: $0, margin: visible[row, $0] ? cut - score[$0] : .infinity) }
        let isRounding = wanted.count == got.count && (missing + extra).allSatisfy { $0.margin <= tolerance * largest }
        return Row(row: row, selected: wanted.count, missing: missing, extra: extra, isRounding: isRounding)
    }
}

extension IndexerCheck.Row {
    /// The row in a line: `row 3: 2 of 2048 differ, all within 3e-4 of the cut: rounding`.
    public var line: Bilingual {
        let differing = max(missing.count, extra.count)
        let widest = (missing + extra).max { $0.margin < $1.margin }
        let margin = NumberText.significant(widest?.margin ?? 0, digits: 2)
        if isRounding {
            return Bilingual(
                en: "row \(row): \(differing) of \(selected) differ, all within \(margin) of the cut: rounding",
                zh: "第 \(row) 行：\(selected) 个里有 \(differing) 个不同，离入选线都不超过 \(margin)：舍入所致")
        }
        let total = "\(differing) of \(selected) differ"
        if missing.count != extra.count {
            let kept = selected - missing.count + extra.count
            return Bilingual(
                en: "row \(row): keeps \(kept) keys instead of \(selected): wrong", zh: "第 \(row) 行：留下 \(kept) 个键，应为 \(selected) 个：错误")
        }
        if let unseen = extra.first(where: { $0.margin == .infinity }) {
            return Bilingual(
                en: "row \(row): \(total); key \(unseen.key) is in the future and may not be seen: wrong",
                zh: "第 \(row) 行：\(selected) 个里有 \(differing) 个不同；键 \(unseen.key) 在未来，不该看见：错误")
        }
        guard let widest else { return Bilingual(same: "") }
        if missing.contains(widest) {
            return Bilingual(
                en: "row \(row): \(total); key \(widest.key) clears the cut by \(margin) and was left out: wrong",
                zh: "第 \(row) 行：\(selected) 个里有 \(differing) 个不同；键 \(widest.key) 高出入选线 \(margin) 却没有选上：错误")
        }
        return Bilingual(
            en: "row \(row): \(total); key \(widest.key) misses the cut by \(margin) and was selected: wrong",
            zh: "第 \(row) 行：\(selected) 个里有 \(differing) 个不同；键 \(widest.key) 低于入选线 \(margin) 却选上了：错误")
    }
}
