// A selection as a value, against rows counted by hand, and what it refuses.

import Testing
import Traces

@Suite struct SelectionTests {
    private let hidden = -Double.infinity

    /// Three queries of four keys; the last keeps two and sees all.
    private let selected = Tensor([.t, .k], [3, 2], [0, -1, 0, 1, 1, 3])
    private let scores = Tensor([.t, .s], [3, 4], [5, 0, 0, 0, 2, 2, 2, 0, 1, 4, 0.5, 1])
    private let dense = Tensor(
        [.h, .t, .s], [2, 3, 4],
        [1, 0, 0, 0, 0.25, 0.5, 0.25, 0, 0.5, 0.25, 0.125, 0.125, 1, 0, 0, 0, 0.5, 0.25, 0.25, 0, 0.75, 0, 0.125, 0.125])
    private var visible: Mask { .causal(rows: 3, columns: 4, offset: 1).selecting(Mask(rows: 3, columns: 4) { $0 > 0 || $1 == 0 }) }

    private func make(_ selected: Tensor, scores: Tensor? = nil, dense: Tensor? = nil) throws(EngineError) -> Selection {
        try Selection(selected, called: "prefill.selected", scores: scores, dense: dense, visible: visible)
    }

    @Test func `each row says what it keeps, what just missed, and how much of the dense weight that is`() throws {
        let rows = try make(selected, scores: scores, dense: dense).rows
        #expect(rows.map(\.kept) == [[0], [0, 1], [1, 3]])
        // The first query sees one key: nothing was left out, and all of the weight is kept.
        #expect(rows[0].cut == Selection.Cut(lastKept: 0, score: 5, bestDropped: nil, bestDroppedScore: nil, isTie: false))
        #expect(rows[0].massKept == 1 && rows[0].hits == 1)
        // Keys 0, 1 and 2 have one score: the later of the kept ones is the last that got in, and position decided.
        #expect(rows[1].cut == Selection.Cut(lastKept: 1, score: 2, bestDropped: 2, bestDroppedScore: 2, isTie: true))
        #expect(rows[1].massKept == (0.25 + 0.5 + 0.5 + 0.25) / 2 && rows[1].hits == 2)
        // Key 0 has the score of the last kept one and comes too late by rule; the heaviest two are 0 and 1.
        #expect(rows[2].cut == Selection.Cut(lastKept: 3, score: 1, bestDropped: 0, bestDroppedScore: 1, isTie: true))
        #expect(rows[2].massKept == (0.25 + 0.125 + 0.125) / 2 && rows[2].hits == 1)
        #expect(rows[2].recall == 0.5)
        #expect(rows[2].cut?.line == 1 && rows[0].cut?.line == 5)
    }

    @Test func `the heaviest keys are those of the most weight over all heads, of equal ones the earlier`() throws {
        let heaviest = try Selection(heaviest: 2, of: dense, called: "dense.weights", visible: visible)
        #expect(heaviest.rows.map(\.kept) == [[0], [0, 1], [0, 1]])
        #expect(heaviest.rows.map(\.massKept) == [1, 0.75, 0.75] && heaviest.recall == 1 && heaviest.rows[2].cut == nil)
        // The second head alone: keys 2 and 3 have as much, and 2 comes first.
        let second = try Selection(heaviest: 2, of: dense.slice(.h, at: 1), called: "dense.weights", visible: visible)
        #expect(second.rows.map(\.kept) == [[0], [0, 1], [0, 2]])
        #expect(throws: EngineError.self) { try Selection(heaviest: 0, of: dense, called: "w", visible: visible) }
        #expect(throws: EngineError.self) { try Selection(heaviest: 2, of: selected, called: "w", visible: visible) }
        var values = dense.values
        values[13] = .nan
        let broken = Tensor(dense.shape, values)
        let error = #expect(throws: EngineError.self) { try Selection(heaviest: 2, of: broken, called: "w", visible: visible) }
        #expect(error?.description == "w[1,0,1]: expected a finite number, found NaN")
    }

    @Test func `the whole says its ties and its recall, and carries them as facts`() throws {
        let selection = try make(selected, scores: scores, dense: dense)
        #expect(selection.rowsDecidedByTie == [1, 2])
        #expect(selection.recall == 0.8)
        #expect(
            selection.facts == [
                "cut": .numbers([5, 2, 1]), "rowsDecidedByTie": .integers([1, 2]), "massKept": .numbers([1, 0.75, 0.25]),
                "recall": .numbers([1, 1, 0.5]), "recallAllRows": .number(0.8),
            ])
    }

    @Test func `without dense attention nothing is said of its weight, without scores nothing of a cut`() throws {
        let alone = try make(selected, scores: scores)
        #expect(alone.rows.allSatisfy { $0.massKept == nil && $0.recall == nil } && alone.recall == nil)
        #expect(alone.facts.keys.sorted() == ["cut", "rowsDecidedByTie"])
        let unscored = try make(selected, dense: dense)
        #expect(unscored.rows.allSatisfy { $0.cut == nil })
        #expect(unscored.facts.keys.sorted() == ["massKept", "recall", "recallAllRows"])
    }

    @Test(
        arguments: [
            ([0, -1, 0, 1, 1, 4], "prefill.selected, row 2: expected keys from 0 to 3, or -1, found 4"),
            ([0, -1, 0, 1, 1, -2], "prefill.selected, row 2: expected keys from 0 to 3, or -1, found -2"),
            ([0, -1, 0.5, 1, 1, 3], "prefill.selected, row 1: expected keys from 0 to 3, or -1, found 0.5"),
            ([0, -1, 1, 1, 1, 3], "prefill.selected, row 1: key 1 stands there twice"),
            ([.nan, -1, 0, 1, 1, 3], "prefill.selected, row 0: expected keys from 0 to 3, or -1, found NaN"),
        ] as [([Double], String)])
    func `what keeps no keys, or one twice, is refused`(values: [Double], message: String) {
        let error = #expect(throws: EngineError.self) { try make(Tensor([.t, .k], [3, 2], values)) }
        #expect(error?.description == message)
    }

    @Test func `shapes that do not fit are refused by name`() {
        let few = Tensor([.t, .k], [2, 2], [0, -1, 0, 1])
        #expect(throws: EngineError(.shape, "prefill.selected", expected: "3 rows (t)", found: "\(few.shape)")) { try make(few) }
        let narrow = Tensor([.t, .s], [3, 3], [Double](repeating: 0, count: 9))
        let expected = "3 queries (t) by 4 keys (s)"
        #expect(throws: EngineError(.shape, "scores beside prefill.selected", expected: expected, found: "\(narrow.shape)")) {
            try make(selected, scores: narrow)
        }
        #expect(throws: EngineError(.shape, "weights beside prefill.selected", expected: expected, found: "\(narrow.shape)")) {
            try make(selected, dense: narrow)
        }
    }
}
