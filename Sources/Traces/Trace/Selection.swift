// What a selection kept, row by row: where the cut fell and what just missed it, whether a tie decided, how much of the dense weight the kept keys
// hold, and how many of the truly heaviest they are. One initialiser makes it, when a step is recorded and when a trace comes from a file.

/// A selection [t, k] as a value: which keys each query keeps, and what is to be said of them.
public struct Selection: Hashable, Sendable {
    /// What one query keeps.
    public struct Row: Hashable, Sendable {
        /// Positions of the kept keys, ascending.
        public let kept: [Int]
        /// Where the cut fell; nil without scores, or where nothing is kept.
        public let cut: Cut?
        /// Dense weight on the kept keys, mean over heads; nil where no dense attention stands beside.
        public let massKept: Double?
        /// How many of the kept keys are among as many keys of the largest dense weight, summed over heads; nil where no dense attention stands beside.
        public let hits: Int?

        /// The share of the heaviest keys that was kept; nil where no dense attention stands beside.
        public var recall: Double? { hits.map { kept.isEmpty ? 1 : Double($0) / Double(kept.count) } }
    }

    /// Where the scores of one query are cut.
    public struct Cut: Hashable, Sendable {
        /// The kept key of the lowest score, the last where several have it.
        public let lastKept: Int
        /// Its score.
        public let score: Double
        /// The visible key of the highest score that was left out, the first where several have it; nil where none was.
        public let bestDropped: Int?
        /// Its score.
        public let bestDroppedScore: Double?
        /// Whether another key of the same score was left out: position decided.
        public let isTie: Bool

        package init(lastKept: Int, score: Double, bestDropped: Int?, bestDroppedScore: Double?, isTie: Bool) {
            self.lastKept = lastKept
            self.score = score
            self.bestDropped = bestDropped
            self.bestDroppedScore = bestDroppedScore
            self.isTie = isTie
        }

        /// Where a line between kept and dropped scores stands: in the middle, or at the last kept score where none was left out.
        public var line: Double { bestDroppedScore.map { ($0 + score) / 2 } ?? score }
    }

    /// One a query.
    public let rows: [Row]
    /// How many keys there are.
    public let columns: Int

    /// What the selection `selected` [t, k] keeps: positions, padded with -1.
    /// - Parameters:
    ///   - name: what errors call it.
    ///   - scores: the scores that were ranked [t, s], or nil.
    ///   - dense: weights of the dense attention beside it [h, t, s] or [t, s], or nil.
    ///   - visible: which keys each query may see.
    /// - Throws: `EngineError` for shapes that do not fit, a position that is no key, and a key that a row keeps twice.
    public init(_ selected: Tensor, called name: String = Role.selected.rawValue, scores: Tensor?, dense: Tensor?, visible: Mask)
        throws(EngineError)
    {
        let kept = try Self.kept(selected, called: name, columns: visible.columns)
        for (role, tensor) in [(Role.scores, scores), (Role.weights, dense)] {
            guard let tensor, tensor.shape[.t] != visible.rows || tensor.shape[.s] != visible.columns else { continue }
            throw EngineError(
                .shape, "\(role.rawValue) beside \(name)", expected: "\(visible.rows) queries (t) by \(visible.columns) keys (s)",
                found: "\(tensor.shape)")
        }
        guard kept.count == visible.rows else {
            throw EngineError(.shape, name, expected: "\(visible.rows) rows (t)", found: "\(selected.shape)")
        }
        let ranked = try scores.map { scores throws(EngineError) in
            guard scores.shape.rank == 2 else {
                throw EngineError(.shape, "scores beside \(name)", expected: "[t, s]", found: "\(scores.shape)")
            }
            return scores.transposed(to: [.t, .s])
        }
        let weights = try dense.map { dense throws(EngineError) in try Self.summed(dense, beside: name) }
        self.init(kept, visible, ranked, weights)
    }

    /// The `k` keys of the most weight that each query has in dense weights [h, t, s] or [t, s], summed over heads: of equal ones the earlier.
    /// - Parameters:
    ///   - name: what errors call the weights.
    ///   - visible: which keys each query may see.
    /// - Throws: `EngineError` for weights that do not fit, or are no numbers.
    public init(heaviest k: Int, of dense: Tensor, called name: String, visible: Mask) throws(EngineError) {
        guard k > 0 else { throw EngineError(.value, "top-k", expected: "k of at least 1", found: "\(k)") }
        let weights = try Self.summed(dense, beside: name)
        guard dense.shape[.t] == visible.rows, dense.shape[.s] == visible.columns else {
            throw EngineError(
                .shape, name, expected: "\(visible.rows) queries (t) by \(visible.columns) keys (s)", found: "\(dense.shape)")
        }
        if let bad = dense.firstNonFiniteIndex {
            throw EngineError(
                .value, name + Cell.brackets(bad.map { "\($0)" }), expected: "a finite number", found: NumberText.significant(dense[bad]))
        }
        let kept = (0..<visible.rows).map { row in
            TopK.select(Self.totals(of: row, weights, visible.columns), among: visible.visibleKeys(of: row), k)
        }
        self.init(kept, visible, nil, weights)
    }

    private typealias Summed = (weights: Tensor, heads: Int)

    private init(_ kept: [[Int]], _ visible: Mask, _ ranked: Tensor?, _ weights: Summed?) {
        columns = visible.columns
        var isKept = [Bool](repeating: false, count: columns)
        var rows: [Row] = []
        for (row, keys) in kept.enumerated() {
            for key in keys { isKept[key] = true }
            rows.append(Self.row(row, keys, isKept, visible, ranked, weights))
            for key in keys { isKept[key] = false }
        }
        self.rows = rows
    }

    /// The weights of one query, summed over heads.
    private static func totals(of row: Int, _ dense: Summed, _ columns: Int) -> [Double] {
        (0..<columns).map { s in (0..<dense.heads).reduce(0) { $0 + dense.weights.values[(row * columns + s) * dense.heads + $1] } }
    }

    /// Dense weights with heads in the innermost place [t, s, h].
    private static func summed(_ dense: Tensor, beside name: String) throws(EngineError) -> Summed {
        let isOfPairs = dense.shape.contains(.t) && dense.shape.contains(.s)
        if isOfPairs, dense.shape.rank == 2 { return (dense.transposed(to: [.t, .s]), 1) }
        guard isOfPairs, dense.shape.rank == 3, let heads = dense.shape[.h], heads > 0 else {
            throw EngineError(.shape, "dense weights beside \(name)", expected: "[h, t, s]", found: "\(dense.shape)")
        }
        return (dense.transposed(to: [.t, .s, .h]), heads)
    }

    private static func row(
        _ row: Int, _ kept: [Int], _ isKept: [Bool], _ visible: Mask, _ scores: Tensor?, _ dense: Summed?
    ) -> Row {
        let columns = visible.columns
        let seen = visible.visibleKeys(of: row)
        let rest = seen.filter { !isKept[$0] }
        var (mass, hits): (Double?, Int?) = (nil, nil)
        if let dense {
            let (total, heads) = (totals(of: row, dense, columns), dense.heads)
            // What keeps everything keeps all of it, whatever the rounding of the sum.
            let held = kept.reduce(0) { $0 + total[$1] } / Double(heads)
            let whole = seen.reduce(0) { $0 + total[$1] } / Double(heads)
            // Weights that were given need not add up to 1, by more than a narrow type's rounding: of such a row it is its own share.
            mass = rest.isEmpty ? 1 : abs(whole - 1) < 0.01 || whole == 0 ? held : held / whole
            hits = TopK.select(total, among: seen, kept.count).count { isKept[$0] }
        }
        let cut = scores.flatMap { Self.cut($0.values[row * columns..<(row + 1) * columns], kept, rest) }
        return Row(kept: kept, cut: cut, massKept: mass, hits: hits)
    }

    private static func cut(_ scores: ArraySlice<Double>, _ kept: [Int], _ rest: [Int]) -> Cut? {
        func score(_ key: Int) -> Double { scores[scores.startIndex + key] }
        guard var lastKept = kept.first else { return nil }
        for key in kept where score(key) <= score(lastKept) { lastKept = key }
        var bestDropped = rest.first
        for key in rest { if let best = bestDropped, score(key) > score(best) { bestDropped = key } }
        return Cut(
            lastKept: lastKept, score: score(lastKept), bestDropped: bestDropped, bestDroppedScore: bestDropped.map(score),
            isTie: rest.contains { score($0) == score(lastKept) })
    }

    /// The positions that each row of `selected` [t, k] keeps, ascending; throws unless they are keys, each once a row.
    public static func kept(_ selected: Tensor, called name: String = Role.selected.rawValue, columns: Int) throws(EngineError) -> [[Int]] {
        guard selected.shape.rank == 2, let count = selected.shape[.t], let ranks = selected.shape[.k] else {
            throw EngineError(.shape, name, expected: "[t, k]", found: "\(selected.shape)")
        }
        let values = selected.transposed(to: [.t, .k]).values
        var rows: [[Int]] = []
        for row in 0..<count {
            var kept: [Int] = []
            for value in values[row * ranks..<(row + 1) * ranks] where value != -1 {
                guard let key = Int(exactly: value), (0..<columns).contains(key) else {
                    throw EngineError(
                        .value, "\(name), row \(row)", expected: "keys from 0 to \(columns - 1), or -1", found: NumberText.exact(value))
                }
                kept.append(key)
            }
            kept.sort()
            if let twice = kept.indices.dropFirst().first(where: { kept[$0] == kept[$0 - 1] }) {
                throw EngineError(.value, "\(name), row \(row)", "key \(kept[twice]) stands there twice")
            }
            rows.append(kept)
        }
        return rows
    }
}

extension Selection {
    /// Queries whose cut fell between two keys of the same score.
    public var rowsDecidedByTie: [Int] { rows.indices.filter { rows[$0].cut?.isTie ?? false } }

    /// The share of the heaviest keys that was kept, over all queries; nil where no dense attention stands beside.
    public var recall: Double? {
        var (hits, kept) = (0, 0)
        for row in rows {
            guard let own = row.hits else { return nil }
            hits += own
            kept += row.kept.count
        }
        return kept == 0 ? 1 : Double(hits) / Double(kept)
    }

    /// What the step of the selection carries as facts: `cut` (a row each) and `rowsDecidedByTie`; beside dense attention also `massKept` and
    /// `recall` (a row each), and `recallAllRows`.
    public var facts: [String: Fact] {
        var facts: [String: Fact] = [:]
        // A row that keeps nothing has no cut.
        if rows.contains(where: { $0.cut != nil }) {
            facts["cut"] = .numbers(rows.map { $0.cut?.score ?? .nan })
            facts["rowsDecidedByTie"] = .integers(rowsDecidedByTie)
        }
        if let recall {
            facts["massKept"] = .numbers(rows.compactMap { $0.massKept })
            facts["recall"] = .numbers(rows.compactMap { $0.recall })
            facts["recallAllRows"] = .number(recall)
        }
        return facts
    }
}

extension Trace {
    /// The selection of the step `id`: as it was recorded, or made from the steps that the trace has.
    /// - Parameter head: the head of the dense attention whose weight is counted; nil for the mean over all.
    /// - Throws: `EngineError` if there is no such step, or what it holds is no selection.
    public func selection(_ id: StepID, head: Int? = nil) throws(EngineError) -> Selection {
        let step = try step(id)
        if head == nil, let recorded = step.selection { return recorded }
        let dense = attentions(at: step.id.scopes).first { $0.isDense }
        let scores = step.inputs.first.flatMap { id in steps.first { $0.id == id } }
        let visible = try visibility(step, scores, dense)
        var weights = try dense.map { dense throws(EngineError) in try self.step(dense.weights).output }
        if let head, let all = weights, let heads = all.shape[.h] {
            guard (0..<heads).contains(head) else {
                throw EngineError(.index, "\(dense!.weights.text): head \(head)", expected: "0 to \(heads - 1)", found: "\(head)")
            }
            weights = all.slice(.h, at: head)
        }
        let ranked = scores?.output
        let fits = ranked.map { $0.shape.rank == 2 && $0.shape[.t] == visible.rows && $0.shape[.s] == visible.columns } ?? false
        return try Selection(step.output, called: step.id.text, scores: fits ? ranked : nil, dense: weights, visible: visible)
    }

    /// Which keys the queries of a selection may see: as the scores know it that it ranks, else as the dense attention beside it does, else those up
    /// to the query's own position.
    private func visibility(_ selected: Step, _ scores: Step?, _ dense: AttentionView?) throws(EngineError) -> Mask {
        guard let rows = selected.output.shape[.t] else {
            throw EngineError(.shape, selected.id.text, expected: "[t, k]", found: "\(selected.output.shape)")
        }
        if let visible = scores?.visible, visible.rows == rows { return visible }
        guard let dense else {
            let columns = scores?.output.shape[.s] ?? tokens.count
            return .causal(rows: rows, columns: columns, offset: columns - rows)
        }
        let weights = try step(dense.weights)
        if let visible = weights.visible, visible.rows == rows { return visible }
        guard let columns = weights.output.shape[.s], weights.output.shape[.t] == rows else {
            throw EngineError(.shape, dense.weights.text, expected: "\(rows) queries (t) and keys (s)", found: "\(weights.output.shape)")
        }
        guard let masked = dense.scores.flatMap({ id in steps.first { $0.id == id } })?.output, masked.shape == weights.output.shape else {
            return .causal(rows: rows, columns: columns, offset: columns - rows)
        }
        let first = masked.shape[.h].map { _ in masked.slice(.h, at: 0) } ?? masked
        let values = first.transposed(to: [.t, .s])
        return Mask(rows: rows, columns: columns) { values[$0, $1] != -.infinity }
    }
}
