// Top-k: for each query the k visible keys with the highest scores. Where scores tie, the lower position wins; -0 equals 0; nothing is forced
// in; k is clamped to what is visible. The result is ascending and padded with -1.

/// Positions of the `k` largest visible scores of each query: [t, k], ascending, padded with -1.
public func topK(_ scores: Expression, _ k: Int, visible mask: Mask) throws(EngineError) -> Expression {
    guard k > 0 else { throw EngineError(.value, "top-k", expected: "k of at least 1", found: "\(k)") }
    guard scores.shape.rank == 2, scores.shape[mask.query] == mask.rows, scores.shape[mask.key] == mask.columns else {
        throw EngineError(
            .shape, "top-k", expected: "scores [\(mask.query): \(mask.rows), \(mask.key): \(mask.columns)]", found: "\(scores.shape)")
    }
    return Expression(TopK(scores: scores, k: min(k, mask.columns), mask: mask))
}

package struct TopK: Operation {
    let scores: Expression
    let k: Int
    let mask: Mask

    var shape: Shape { Shape([mask.query, .k], [mask.rows, k]) }
    var operands: [Expression] { [scores] }
    var visible: Mask? { mask }

    /// The positions of the `k` largest of `scores` among `candidates` (ascending), ascending.
    package static func select(_ scores: [Double], among candidates: [Int], _ k: Int) -> [Int] {
        scores.withUnsafeBufferPointer { select($0, among: candidates, k) }
    }

    private static func select(_ scores: UnsafeBufferPointer<Double>, among candidates: [Int], _ k: Int) -> [Int] {
        guard candidates.count > k else { return candidates }
        guard k > 0 else { return [] }
        var best = Array(candidates[..<k])
        best.withUnsafeMutableBufferPointer { best in
            var heap = WorstFirst(positions: best, scores: scores)
            // Candidates come in ascending order, so one that only ties with the worst loses to it.
            for candidate in candidates[k...] where scores[candidate] > heap.worst { heap.replaceWorst(by: candidate) }
        }
        return best.sorted()
    }

    func evaluate() -> Tensor {
        let tensor = scores.operation.evaluate().transposed(to: [mask.query, mask.key])
        var positions = [Double](repeating: -1, count: mask.rows * k)
        tensor.values.withUnsafeBufferPointer { values in
            for row in 0..<mask.rows {
                let own = values.extracting(row * mask.columns..<(row + 1) * mask.columns)
                let chosen = Self.select(own, among: mask.visibleKeys(of: row), k)
                for (rank, key) in chosen.enumerated() { positions[row * k + rank] = Double(key) }
            }
        }
        return Tensor(shape, positions)
    }

    private func row(_ cell: Cell) -> [Double] { (0..<mask.columns).map { scores.operation.value(at: cell.setting(mask.key, $0)) } }

    func value(at cell: Cell) -> Double {
        let chosen = Self.select(row(cell), among: mask.visibleKeys(of: cell[mask.query]!), k)
        return cell[.k]! < chosen.count ? Double(chosen[cell[.k]!]) : -1
    }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        guard spelling != .symbols, let query = cell[mask.query], let rank = cell[.k] else {
            return Phrase(text: "top-\(k) of \(scores.operation.spell(cell.setting(mask.key, nil), .symbols).text)")
        }
        let row = row(cell)
        let visible = mask.visibleKeys(of: query)
        let chosen = Self.select(row, among: visible, k)
        guard rank < chosen.count else {
            let note = Remark(
                en: "Query \(query) sees only \(visible.count) keys: this place is empty.",
                zh: "查询 \(query) 只看得见 \(visible.count) 个键：这一格空着。")
            return Phrase(text: "-1", precedence: .sum, notes: [note])
        }
        let ranked = visible.sorted { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }
        let list = ranked.prefix(k + 2).map { "\($0): \(row[$0])" as Sentence }
        let shown = list.count > 10 ? Array(list.prefix(4)) + ["…"] + Array(list.suffix(4)) : list
        let key = chosen[rank]
        var notes = [
            Remark(
                en:
                    "Key \(key) ranks \(ranked.firstIndex(of: key)! + 1) of \(visible.count) by score (\(row[key])). From the top: \(Sentence(shown, separator: "; ")).",
                zh:
                    "键 \(key) 的得分 \(row[key]) 在 \(visible.count) 个里排第 \(ranked.firstIndex(of: key)! + 1)。从高到低：\(Sentence(shown, separator: "；"))。"
            )
        ]
        if visible.count > k {
            let cut = row[ranked[k - 1]]
            let tied = row[ranked[k]] == cut
            notes.append(
                Remark(
                    en:
                        "The cut is at \(cut); the next, key \(ranked[k]), has \(row[ranked[k]])\(tied ? ": a tie, which the lower position wins" as Sentence : "").",
                    zh:
                        "入选线是 \(cut)；下一个是键 \(ranked[k])，得分 \(row[ranked[k]])\(tied ? "：并列，位置靠前的入选" as Sentence : "")。"
                ))
        }
        return Phrase(text: "\(key)", notes: notes)
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] { scores.operation.operandCells(cell.setting(mask.key, nil)) }
}

/// Positions in a heap, the worst on top: the one of the lowest score, of equal ones the last.
private struct WorstFirst {
    private let positions: UnsafeMutableBufferPointer<Int>
    private let scores: UnsafeBufferPointer<Double>
    /// The score of the worst.
    private(set) var worst: Double

    init(positions: UnsafeMutableBufferPointer<Int>, scores: UnsafeBufferPointer<Double>) {
        self.positions = positions
        self.scores = scores
        worst = 0
        for place in (0..<positions.count / 2).reversed() { sink(positions[place], from: place) }
        worst = scores[positions[0]]
    }

    mutating func replaceWorst(by position: Int) {
        sink(position, from: 0)
        worst = scores[positions[0]]
    }

    /// A stable order: the higher score is better, then the lower position. Comparing makes -0 equal to 0.
    private func isWorse(_ a: Int, _ b: Int) -> Bool { scores[a] != scores[b] ? scores[a] < scores[b] : a > b }

    private func sink(_ position: Int, from start: Int) {
        var place = start
        while true {
            var child = 2 * place + 1
            guard child < positions.count else { break }
            if child + 1 < positions.count, isWorse(positions[child + 1], positions[child]) { child += 1 }
            guard isWorse(positions[child], position) else { break }
            positions[place] = positions[child]
            place = child
        }
        positions[place] = position
    }
}
