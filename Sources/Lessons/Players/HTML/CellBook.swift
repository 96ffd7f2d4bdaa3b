// The cells of a page's pictures and why they have their values: explained by the engine when the page is written, and kept as compact JSON.
// An explanation that several cells or both languages share is kept once. What does not fit the page is left to `attn explain`.

internal import AttentionEngine
internal import Diagrams

/// Collects cells and their explanations for one page.
struct CellBook {
    private struct Figure {
        var cells: [SheetCell]
        var experiment: Experiment
        var focus: (step: String, index: [Int])?
        var query: Int?
    }

    private var figures: [Figure] = []
    private var explanationNumbers: [String: Int] = [:]
    private var explanations: [String] = []
    private var noteNumbers: [Bilingual: Int] = [:]
    private var notes: [String] = []
    private var stepNumbers: [String: Int] = [:]
    private var steps: [String] = []
    private var cellNumbers: [String: Int] = [:]
    private var size = 0

    /// Adds a picture's cells; pictures come in the order of their numbers.
    mutating func add(_ sheet: FigureSheet, of figure: PageFigure, focus: (step: String, index: [Int])?) {
        figures.append(Figure(cells: sheet.cells, experiment: figure.experiment, focus: focus, query: figure.options.query))
    }

    /// The number of one cell's explanation, for a value in the text; nil if there is no such cell.
    mutating func explanation(_ step: String, _ index: [Int], in experiment: Experiment) -> Int? {
        let key = "\(experiment.name)|\(experiment.text)|\(step)|\(index)"
        if let number = cellNumbers[key] { return number }
        guard let explanation = try? experiment.step(step).explain(index) else { return nil }
        let number = add(explanation)
        cellNumbers[key] = number
        return number
    }

    /// The number of a step's title and source.
    mutating func step(_ id: String, in experiment: Experiment) -> Int {
        guard let step = try? experiment.step(id) else { return -1 }
        let entry =
            "{\"id\":\(HTMLText.json(id)),\"en\":\(HTMLText.json(step.title.en)),\"zh\":\(HTMLText.json(step.title.zh)),\"source\":"
            + "{\"en\":\(HTMLText.json(step.sourceNote.en)),\"zh\":\(HTMLText.json(step.sourceNote.zh))}}"
        if let number = stepNumbers[entry] { return number }
        stepNumbers[entry] = steps.count
        steps.append(entry)
        return steps.count - 1
    }

    private mutating func add(_ explanation: Explanation) -> Int {
        var entry = HTMLText.json(explanation.lines(.en, inFull: false).joined(separator: "\n"))
        if !explanation.notes.isEmpty {
            entry = "[" + ([entry] + explanation.notes.map { "\(note($0))" }).joined(separator: ",") + "]"
        }
        if let number = explanationNumbers[entry] { return number }
        explanationNumbers[entry] = explanations.count
        explanations.append(entry)
        size += entry.utf8.count + 1
        return explanations.count - 1
    }

    private mutating func note(_ note: Bilingual) -> Int {
        if let number = noteNumbers[note] { return number }
        noteNumbers[note] = notes.count
        notes.append("{\"en\":\(HTMLText.json(note.en)),\"zh\":\(HTMLText.json(note.zh))}")
        return notes.count - 1
    }

    /// All of it as JSON. Explanations take about `budget` bytes at most: each picture gets its share, its followed row first, and what then is
    /// left goes to the pictures in order.
    mutating func json(budget: Int) -> String {
        var reasons = figures.map { [String?](repeating: nil, count: $0.cells.count) }
        for number in figures.indices {
            explain(number, limit: size + max(budget - size, 0) / (figures.count - number), &reasons[number])
        }
        for number in figures.indices { explain(number, limit: budget, &reasons[number]) }
        let entries = figures.indices.map { json(figures[$0], reasons[$0]) }
        return "{\"figures\":[\(entries.joined(separator: ",\n"))],\n\"explanations\":[\(explanations.joined(separator: ",\n"))],\n"
            + "\"notes\":[\(notes.joined(separator: ",\n"))],\n\"steps\":[\(steps.joined(separator: ",\n"))]}"
    }

    /// Explains the cells of one picture that have no explanation yet, while there is room.
    private mutating func explain(_ number: Int, limit: Int, _ reasons: inout [String?]) {
        let figure = figures[number]
        let first = first(of: figure)
        let missing = figure.cells.indices.filter { reasons[$0] == nil }
        for at in missing.sorted(by: { (rank($0, first, figure), $0) < (rank($1, first, figure), $1) }) {
            guard size < limit else { return }
            reasons[at] = reason(figure.cells[at], figure.experiment)
        }
    }

    private func first(of figure: Figure) -> Int { figure.cells.firstIndex { isFocus($0, of: figure) } ?? 0 }

    private mutating func json(_ figure: Figure, _ reasons: [String?]) -> String {
        let ids = figure.cells.reduce(into: [String]()) { if $0.last != $1.step, !$0.contains($1.step) { $0.append($1.step) } }
        let stepNumbers = ids.map { step($0, in: figure.experiment) }
        let cells = figure.cells.indices.map { at in
            let cell = figure.cells[at]
            let step = ids.firstIndex(of: cell.step) ?? 0
            return
                "[\(cell.frame.joined(separator: ",")),\(HTMLText.json(cell.label)),\(reasons[at] ?? "null")\(step == 0 ? "" : ",\(step)")]"
        }
        let places = stepNumbers.map(String.init).joined(separator: ",")
        return "{\"steps\":[\(places)],\"first\":\(first(of: figure)),\"cells\":[\(cells.joined(separator: ","))]}"
    }

    /// The step's own cell first, then the row of the followed query, then the others.
    private func rank(_ at: Int, _ first: Int, _ figure: Figure) -> Int {
        if at == first { return 0 }
        return figure.query.map { figure.cells[at].index.contains($0) } ?? false ? 1 : 2
    }

    private func isFocus(_ cell: SheetCell, of figure: Figure) -> Bool {
        guard let focus = figure.focus, cell.step == focus.step, cell.index.count == focus.index.count else { return false }
        return zip(cell.index, focus.index).allSatisfy { $0 == -1 || $0 == $1 }
    }

    /// One number, or one for each cell that an average was made of; -1 for a cell that cannot be explained.
    private mutating func reason(_ cell: SheetCell, _ experiment: Experiment) -> String {
        guard let axis = cell.index.firstIndex(of: -1) else {
            return explanation(cell.step, cell.index, in: experiment).map(String.init) ?? "null"
        }
        guard cell.index.count(where: { $0 == -1 }) == 1, let shape = try? experiment.step(cell.step).output.shape, axis < shape.rank else {
            return "null"
        }
        let numbers = (0..<shape.lengths[axis]).map { position in
            var index = cell.index
            index[axis] = position
            return explanation(cell.step, index, in: experiment).map(String.init) ?? "-1"
        }
        return "[\(numbers.joined(separator: ","))]"
    }
}
