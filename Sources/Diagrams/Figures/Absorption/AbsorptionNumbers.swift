// The numbers of the figure `absorption`: cells of the demonstration's trace, as tables and lines of arithmetic.

import Mechanisms
import Traces

/// One cell of a step.
struct AbsorptionCell {
    let step: Step
    let index: [Int]
    var value: Double { step.output[index] }
}

/// Cells in rows and columns, called by a symbol.
struct AbsorptionTable {
    let symbol: String
    let paint: Paint
    let columns: Int
    let cells: [AbsorptionCell]
}

/// A line of tables and signs, with words over it where it needs them.
struct AbsorptionLine {
    enum Part {
        case table(AbsorptionTable)
        case sign(String)
        case result(AbsorptionCell)
    }

    var note: Bilingual?
    let parts: [Part]
}

struct AbsorptionNumbers {
    let trace: Trace
    let distances = AbsorptionDemonstration.distances
    private let q, W, c, k, score, carried, carriedScore, turnedQuery, turnedKey, turnedScore: Step
    private let tables, absorbed, absorbedScores: [Step]

    init(_ trace: Trace) throws(FigureError) {
        func step(_ id: StepID) throws(FigureError) -> Step { try trace.recorded(id) }
        self.trace = trace
        (q, W, c) = (try step("input.q"), try step("input.W"), try step("input.c"))
        (k, score) = (try step("key"), try step("score"))
        (carried, carriedScore) = (try step("absorbed"), try step("score_absorbed"))
        (turnedQuery, turnedKey, turnedScore) = (try step("turned_query"), try step("turned_key"), try step("turned_score"))
        func each(_ name: String) throws(FigureError) -> [Step] {
            try AbsorptionDemonstration.distances.map { distance throws(FigureError) in try step(StepID("\(name)_\(distance)")) }
        }
        (tables, absorbed, absorbedScores) = (try each("table"), try each("absorbed"), try each("score_absorbed"))
    }

    // MARK: Tables

    /// A row of a step as a column of numbers.
    private func vector(_ step: Step, _ row: Int = 0, _ symbol: String? = nil, _ paint: Paint) -> AbsorptionTable.Part {
        let cells = (0..<2).map { AbsorptionCell(step: step, index: [row, $0]) }
        return .table(AbsorptionTable(symbol: symbol ?? step.symbol, paint: paint, columns: 1, cells: cells))
    }

    /// A step of 2 by 2 numbers, rows and columns exchanged if asked for.
    private func table(_ step: Step, _ symbol: String, isTransposed: Bool = false) -> AbsorptionTable.Part {
        let places = [[0, 0], [0, 1], [1, 0], [1, 1]].map { isTransposed ? [$0[1], $0[0]] : $0 }
        return .table(
            AbsorptionTable(symbol: symbol, paint: .muted, columns: 2, cells: places.map { AbsorptionCell(step: step, index: $0) }))
    }

    private func result(_ step: Step, _ column: Int = 0) -> AbsorptionTable.Part {
        .result(AbsorptionCell(step: step, index: [0, column]))
    }

    // MARK: Lines

    /// The key is made, and meets the query.
    var keyFirst: [AbsorptionLine] {
        [
            AbsorptionLine(parts: [table(W, "W"), vector(c, 0, nil, .value), .sign("="), vector(k, 0, nil, .key)]),
            AbsorptionLine(parts: [vector(q, 0, nil, .query), .sign("·"), vector(k, 0, nil, .key), .sign("="), result(score)]),
        ]
    }

    /// The query is carried over, and meets the latent.
    var queryFirst: [AbsorptionLine] {
        [
            AbsorptionLine(parts: [
                table(W, "W^T", isTransposed: true), vector(q, 0, nil, .query), .sign("="), vector(carried, 0, nil, .query),
            ]),
            AbsorptionLine(parts: [
                vector(carried, 0, nil, .query), .sign("·"), vector(c, 0, nil, .value), .sign("="), result(carriedScore),
            ]),
        ]
    }

    /// The same at one distance, with both sides turned by their positions: the score, and the table that a moved bracket would need.
    func turned(_ distance: Int, language: Language) -> [AbsorptionLine] {
        let place = distances.firstIndex(of: distance)!
        let (table, own) = (tables[place], absorbed[place])
        return [
            AbsorptionLine(
                note: AbsorptionWords.turned,
                parts: [
                    vector(turnedQuery, 0, nil, .query), .sign("·"), vector(turnedKey, place, nil, .key), .sign("="),
                    result(turnedScore, place),
                ]),
            AbsorptionLine(
                note: AbsorptionWords.needed,
                parts: [
                    self.table(table, "M^T", isTransposed: true), vector(q, 0, nil, .query), .sign("="), vector(own, 0, nil, .query),
                    .sign(language == .en ? ";" : "；"), vector(own, 0, nil, .query), .sign("·"), vector(c, place, nil, .value), .sign("="),
                    result(absorbedScores[place]),
                ]),
        ]
    }

    // MARK: Values

    /// Both scores without a turn: key first, query first.
    var plainScores: (Double, Double) { (score.output[0, 0], carriedScore.output[0, 0]) }

    /// Both scores at a distance: turned, and by the table of its own.
    func scores(_ distance: Int) -> (Double, Double) {
        let place = distances.firstIndex(of: distance)!
        return (turnedScore.output[0, place], absorbedScores[place].output[0, 0])
    }

    /// The numbers of a step, row by row.
    func values(_ id: StepID) -> [Double] { (try? trace.step(id).output.values) ?? [] }
}

extension AbsorptionTable { typealias Part = AbsorptionLine.Part }
