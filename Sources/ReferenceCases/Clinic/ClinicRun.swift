// Two selections of one case beside each other: the right one, and that of a kernel with a mistake.

import ModelFiles
public import Traces

/// A symptom on a small case.
public struct ClinicRun: Sendable {
    /// What both kernels are given.
    public let indexer: IndexerCase
    /// The keys that each query keeps.
    public let right: [[Int]]
    /// The keys that each query keeps, if the mistake is made.
    public let wrong: [[Int]]
    /// The scores that the wrong kernel writes [t, s].
    let wrongScores: [[Double]]
    /// The queries to look at.
    public private(set) var shown: [Int]
    /// What was measured, by name, in order.
    public private(set) var measures: [(name: String, value: Double)] = []
    /// What the symptom looks like here, in a sentence.
    public private(set) var finding = Bilingual(same: "")
    /// The seed of the case.
    public let seed: UInt64

    /// How many keys there are.
    public var keys: Int { indexer.k.shape.lengths[0] }

    init(_ indexer: IndexerCase, _ wrong: WrongKernel, seed: UInt64) throws(EngineError) {
        let answer = Answer(indexer)
        let mistaken = wrong.answer(to: indexer)
        (self.indexer, self.seed, right, self.wrong, wrongScores) = (indexer, seed, answer.selected, mistaken.selected, mistaken.scores)
        shown = Array(answer.selected.indices)
    }

    /// The run with what was found in it.
    func finding(_ en: String, _ zh: String, _ measures: [(String, Double)], shown: [Int]? = nil) -> ClinicRun {
        var run = self
        run.finding = Bilingual(en: en, zh: zh)
        run.measures = measures.map { (name: $0.0, value: $0.1) }
        if let shown { run.shown = shown }
        return run
    }

    // MARK: Measures

    /// How many keys query `row` sees.
    func visible(_ row: Int) -> Int { indexer.layout.visible[row].upperBound }

    /// Where the first query stands.
    public var causalOffset: Int { visible(0) - 1 }

    /// The queries whose selections differ.
    var differing: [Int] { right.indices.filter { right[$0] != wrong[$0] } }

    /// How many keys query `row` keeps that it should not, and how many it does not that it should.
    public func difference(_ row: Int) -> (gained: Int, lost: Int) {
        (Set(wrong[row]).subtracting(right[row]).count, Set(right[row]).subtracting(wrong[row]).count)
    }

    /// How many keys differ.
    var wrongKeys: Int { right.indices.reduce(0) { $0 + max(difference($1).gained, difference($1).lost) } }

    /// How many keys are kept.
    var kept: Int { right.reduce(0) { $0 + $1.count } }

    /// Which part of the kept keys of all queries is one of those that `isCounted` counts, of a query and a key.
    static func share(_ selections: [[Int]], _ isCounted: (_ row: Int, _ key: Int) -> Bool) -> Double {
        let all = selections.reduce(0) { $0 + $1.count }
        let counted = selections.indices.reduce(0) { sum, row in sum + selections[row].count { isCounted(row, $0) } }
        return all > 0 ? Double(counted) / Double(all) : 0
    }

    // MARK: A row as text

    /// The most characters of a row: with its number and what differs it fits on a line of 80.
    static let width = 48

    /// How many keys a character stands for.
    public var keysPerCharacter: Int { max(1, (keys + Self.width - 1) / Self.width) }

    /// A row as text, a character for each key or, where there are many, for as many as are said: `#` what both keep, `-` what the right kernel keeps alone,
    /// `+` what the wrong one keeps alone, `x` both of these among the same keys, `.` what neither keeps, and a space beyond what the query sees.
    public func map(of row: Int) -> String {
        let (ours, theirs) = (Set(right[row]), Set(wrong[row]))
        let step = keysPerCharacter
        return String(
            stride(from: 0, to: keys, by: step).map { start -> Character in
                let range = start..<min(start + step, keys)
                let (lost, gained) = (
                    range.contains { ours.contains($0) && !theirs.contains($0) },
                    range.contains { theirs.contains($0) && !ours.contains($0) }
                )
                if lost || gained { return lost && gained ? "x" : lost ? "-" : "+" }
                if range.contains(where: ours.contains) { return "#" }
                return start < visible(row) ? "." : " "
            })
    }

    // MARK: Files

    /// Writes the case as `attn case make` writes one, and what the wrong kernel would have written.
    public func write(case path: String, wrong wrongPath: String) throws {
        let (queries, heads, dimension) = (indexer.q.shape.lengths[0], indexer.q.shape.lengths[1], indexer.q.shape.lengths[2])
        let (score, selected) = indexer.compute()
        let config =
            "{\"queries\": \(queries), \"keys\": \(keys), \"index_n_heads\": \(heads), \"index_head_dim\": \(dimension), \"index_topk\": \(indexer.topK), \"causal_offset\": \(causalOffset), \"seed\": \(seed)}"
        var file = SafetensorsWriter(metadata: [
            "kind": "indexer", "config": config, "source": "Attention Steps, attn case clinic; float64; ties: the lower position wins",
        ])
        for (name, tensor) in [
            ("input.q", indexer.q), ("input.k", indexer.k), ("input.k_scale", indexer.kScale), ("input.weights", indexer.weights),
        ] { file.add(name, shape: tensor.shape.lengths, floats: tensor.values.map(Float.init)) }
        file.add("expected.score", score)
        file.add("expected.selected", shape: selected.shape.lengths, integers: selected.values.map { Int($0) })
        try file.write(to: path)

        var dump = SafetensorsWriter()
        let width = max(selected.shape.lengths[1], wrong.map(\.count).max() ?? 0)
        dump.add(
            "selected", shape: [queries, width],
            integers: wrong.flatMap { $0 + [Int](repeating: -1, count: width - $0.count) })
        dump.add("score", Tensor([.t, .s], [queries, keys], wrongScores.flatMap { $0 }))
        try dump.write(to: wrongPath)
    }

    /// Both selections and what was measured, for `--json`.
    public func json(_ language: Language) -> JSONText {
        .object([
            ("seed", .exact(Int128(seed))), ("queries", .integer(right.count)), ("keys", .integer(keys)), ("topK", .integer(indexer.topK)),
            ("causalOffset", .integer(causalOffset)), ("wrongKeys", .integer(wrongKeys)), ("keptKeys", .integer(kept)),
            (
                "rows",
                .array(
                    right.indices.map {
                        .object([
                            ("row", .integer($0)), ("visible", .integer(visible($0))), ("right", .integers(right[$0])),
                            ("wrong", .integers(wrong[$0])),
                        ])
                    })
            ),
            ("measures", .object(measures.map { ($0.name, .number($0.value)) })), ("finding", .string(finding[language])),
        ])
    }
}

/// The scores and the selection of a kernel for every query of a case.
struct Answer {
    let scores: [[Double]]
    let selected: [[Int]]

    /// Of a kernel that makes no mistake, or one of those that are known.
    init(_ indexer: IndexerCase, _ mistake: IndexerMistake? = nil) {
        let queries = Array(0..<indexer.q.shape.lengths[0])
        let parts = stride(from: 0, to: queries.count, by: IndexerRows.most).map { start in
            let rows = IndexerRows(indexer, rows: Array(queries[start..<min(start + IndexerRows.most, queries.count)]))
            return mistake.map { rows.answers(with: $0)[0] } ?? rows.right
        }
        scores = parts.flatMap(\.scores)
        selected = parts.flatMap { $0.selected.map { $0.sorted() } }
    }

    init(scores: [[Double]], selected: [[Int]]) { (self.scores, self.selected) = (scores, selected) }
}

/// What a kernel does instead.
enum WrongKernel {
    /// It makes one of the mistakes that a comparison knows.
    case mistake(IndexerMistake)
    /// It computes rightly from other inputs.
    case inputs(IndexerCase)
    /// It makes other selections of the right scores.
    case selection((_ scores: [[Double]]) -> Answer)

    func answer(to indexer: IndexerCase) -> Answer {
        switch self {
        case .mistake(let mistake): Answer(indexer, mistake)
        case .inputs(let other): Answer(other)
        case .selection(let select): select(Answer(indexer).scores)
        }
    }
}
