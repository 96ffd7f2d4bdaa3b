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
        let rowCount = expectedScore.shape.lengths[0]
        let wanted = try reference.file.info("expected.selected").shape
        let shape = try mine.info("selected").shape
        guard shape.count == 2, shape[0] == rowCount else {
            throw FileError(.badData, path, "selected: expected the shape [\(rowCount), k], found \(shape)")
        }
        guard shape[1] >= wanted[1] else {
            throw FileError(.badData, path, "selected: expected at least \(wanted[1]) ranks a row, found \(shape[1])")
        }
        let visible = indexer.visible
        let expected = try Self.selection(reference.file, "expected.selected") { tensor, name throws(EngineError) in
            try Selection(tensor, called: name, scores: expectedScore, dense: nil, visible: visible).rows
        }
        let got = try Self.selection(mine, "selected") { tensor, name throws(EngineError) in
            try Selection.kept(tensor, called: name, columns: visible.columns)
        }
        score = try Self.score(mine, expectedScore, tolerance)
        self.rowCount = rowCount
        rows = (0..<rowCount).compactMap { row in
            Self.compare(expected[row], Set(got[row]), expectedScore.slice(.t, at: row).values, visible, row, tolerance)
        }
    }

    /// What `read` makes of a tensor [t, k] of positions.
    private static func selection<Rows>(
        _ file: Safetensors, _ name: String, _ read: (Tensor, String) throws(EngineError) -> Rows
    ) throws(FileError) -> Rows {
        let positions = try file.integers(name).map { Double($0) }
        let tensor = Tensor([.t, .k], try file.info(name).shape, positions)
        do throws(EngineError) { return try read(tensor, name) } catch { throw FileError(.badData, file.path, "\(error)") }
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

    private static func compare(
        _ expected: Selection.Row, _ got: Set<Int>, _ score: [Double], _ visible: Mask, _ row: Int, _ tolerance: Double
    ) -> Row? {
        let wanted = Set(expected.kept)
        guard wanted != got else { return nil }
        let cut = expected.cut?.score ?? 0
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
                zh: "行 \(row)：\(selected) 个里有 \(differing) 个不同，离入选线都不超过 \(margin)：舍入所致")
        }
        let total = "\(differing) of \(selected) differ"
        if missing.count != extra.count {
            let kept = selected - missing.count + extra.count
            return Bilingual(
                en: "row \(row): keeps \(kept) keys instead of \(selected): wrong", zh: "行 \(row)：留下 \(kept) 个键，应为 \(selected) 个：错误")
        }
        if let unseen = extra.first(where: { $0.margin == .infinity }) {
            return Bilingual(
                en: "row \(row): \(total); key \(unseen.key) is in the future and may not be seen: wrong",
                zh: "行 \(row)：\(selected) 个里有 \(differing) 个不同；键 \(unseen.key) 在未来，不该看见：错误")
        }
        guard let widest else { return Bilingual(same: "") }
        if missing.contains(widest) {
            return Bilingual(
                en: "row \(row): \(total); key \(widest.key) clears the cut by \(margin) and was left out: wrong",
                zh: "行 \(row)：\(selected) 个里有 \(differing) 个不同；键 \(widest.key) 高出入选线 \(margin) 却没有选上：错误")
        }
        return Bilingual(
            en: "row \(row): \(total); key \(widest.key) misses the cut by \(margin) and was selected: wrong",
            zh: "行 \(row)：\(selected) 个里有 \(differing) 个不同；键 \(widest.key) 低于入选线 \(margin) 却选上了：错误")
    }
}
