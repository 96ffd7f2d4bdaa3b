// The cells of a page's pictures and why they have their values: explained by the engine when the page is written, and kept as compact JSON.
// What several cells or both languages share is kept once: explanations, sums inside them, names of places, sizes. What does not fit the page
// is left to `attn explain`.

internal import Diagrams
internal import Traces

/// Collects cells and their explanations for one page.
struct CellBook {
    private struct Figure {
        var cells: [HotSpot]
        var experiment: Experiment
        var focus: (step: String, index: [Int])?
        var query: Int?
        var language: Language
    }

    private struct CellKey: Hashable {
        let experiment: String
        let text: String
        let step: String
        let index: [Int]
    }

    private var figures: [Figure] = []
    private var explanations = SharedEntries()
    private var phrases = SharedEntries()
    private var notes = SharedEntries()
    private var sentences = SharedEntries()
    private var steps = SharedEntries()
    private var places = SharedEntries()
    private var sizes = SharedEntries()
    private var runs = SharedEntries()
    /// The cases that the runs are of.
    private(set) var cases: Set<String> = []
    private var cellNumbers: [CellKey: Int] = [:]
    private var size: Int { explanations.size + phrases.size + notes.size }

    /// Adds a picture's cells; the number of the picture.
    mutating func add(_ cells: [HotSpot], of figure: PageFigure, focus: (step: String, index: [Int])?) -> Int {
        let options = figure.options
        figures.append(
            Figure(cells: cells, experiment: figure.experiment, focus: focus, query: options.query, language: options.language))
        return figures.count - 1
    }

    /// The number of one cell's explanation, for a value in the text; nil if there is no such cell.
    mutating func explanation(_ step: String, _ index: [Int], in experiment: Experiment) -> Int? {
        let key = CellKey(experiment: experiment.name, text: experiment.text, step: step, index: index)
        if let number = cellNumbers[key] { return number }
        guard let explanation = try? experiment.step(step).explain(index) else { return nil }
        let number = add(explanation)
        cellNumbers[key] = number
        return number
    }

    /// The number of the run that the page's engine makes again; nil for one that it cannot make.
    mutating func run(of experiment: Experiment) -> Int? {
        guard let run = experiment.engineRun else { return nil }
        if let name = run.caseName { cases.insert(name) }
        return runs.number(of: HTMLText.inScript(run.json.line))
    }

    /// Whether the page's engine has anything to do.
    var asksEngine: Bool { !runs.entries.isEmpty }

    /// The number of a step's title and source.
    mutating func step(_ id: String, in experiment: Experiment) -> Int {
        guard let step = try? experiment.step(id) else { return -1 }
        return steps.number(
            of: "{\"id\":\(HTMLText.json(id)),\"title\":\(Self.json(step.title)),\"source\":\(Self.json(step.sourceNote))}")
    }

    /// Strings and numbers one after the other: a number from 0 up is a phrase, one below 0 is a note.
    private mutating func add(_ explanation: Explanation) -> Int {
        var parts: [String] = []
        var plain = ""
        func finishPlain() {
            if !plain.isEmpty { parts.append(HTMLText.json(plain)) }
            plain = ""
        }
        for (number, line) in explanation.chain.enumerated() {
            if number > 0 { plain += "\n" }
            for piece in line.pieces {
                guard piece.isBracketed, piece.text.count >= Self.shortestPhrase else {
                    plain += piece.text
                    continue
                }
                finishPlain()
                parts.append("\(phrases.number(of: HTMLText.json(String(piece.text))))")
            }
        }
        finishPlain()
        parts += explanation.notes.map { "\(-1 - note($0))" }
        return explanations.number(of: parts.count == 1 ? parts[0] : "[\(parts.joined(separator: ","))]")
    }

    /// The shortest text in brackets that is worth a number: the sum under a softmax is the same for a whole row.
    private static let shortestPhrase = 24

    private static func json(_ text: Bilingual) -> String { "{\"en\":\(HTMLText.json(text.en)),\"zh\":\(HTMLText.json(text.zh))}" }

    /// A note is a sentence with places for quantities, and the quantities: most notes of a picture say the same of other cells.
    private mutating func note(_ note: Remark) -> Int {
        var quantities: [Quantity] = []
        let (en, zh) = (Self.places(in: note.sentence(.en), &quantities), Self.places(in: note.sentence(.zh), &quantities))
        let sentence = sentences.number(of: Self.json(Bilingual(en: en, zh: zh)))
        return notes.number(of: "[\((["\(sentence)"] + quantities.map { HTMLText.json($0.text) }).joined(separator: ","))]")
    }

    /// `sentence` with {0}, {1}, … for its quantities, which are added to `quantities` unless they are there.
    private static func places(in sentence: Sentence, _ quantities: inout [Quantity]) -> String {
        sentence.parts.map { part in
            switch part {
            case .words(let words): return words
            case .quantity(let quantity):
                let place = quantities.firstIndex(of: quantity) ?? quantities.count
                if place == quantities.count { quantities.append(quantity) }
                return "{\(place)}"
            }
        }.joined()
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
        let shared = [
            ("explanations", explanations), ("phrases", phrases), ("notes", notes), ("sentences", sentences),
            ("steps", steps), ("places", places), ("sizes", sizes), ("runs", runs),
        ]
        return "{\"figures\":[\(entries.joined(separator: ",\n"))]"
            + shared.map { ",\n\"\($0)\":[\($1.entries.joined(separator: ",\n"))]" }.joined() + "}"
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

    /// The cell that the step is about: itself rather than one that stands for it.
    private func first(of figure: Figure) -> Int {
        figure.cells.firstIndex { $0.step == figure.focus?.step && $0.index == figure.focus?.index }
            ?? figure.cells.firstIndex { isFocus($0, of: figure) } ?? 0
    }

    private mutating func json(_ figure: Figure, _ reasons: [String?]) -> String {
        let ids = figure.cells.reduce(into: [String]()) { if $0.last != $1.step, !$0.contains($1.step) { $0.append($1.step) } }
        let stepNumbers = ids.map { step($0, in: figure.experiment) }
        let cells = figure.cells.indices.map { at in
            let step = ids.firstIndex(of: figure.cells[at].step) ?? 0
            let index = figure.cells[at].index.map { ",\($0)" }.joined()
            return "[\(json(figure.cells[at], figure.language)),\(reasons[at] ?? "null"),\(step)\(index)]"
        }
        let numbers = stepNumbers.map(String.init).joined(separator: ",")
        let run = run(of: figure.experiment).map(String.init) ?? "null"
        return "{\"run\":\(run),\"steps\":[\(numbers)],\"first\":\(first(of: figure)),\"cells\":[\(cells.joined(separator: ","))]}"
    }

    /// x, y, the number of the size, the number of the place that the label names, and what the label says of it.
    private mutating func json(_ cell: HotSpot, _ language: Language) -> String {
        func length(_ value: Double) -> String { NumberText.exact((value * 100).rounded() / 100) }
        let size = sizes.number(of: "[\(length(cell.area.width)),\(length(cell.area.height))]")
        let place = places.number(of: HTMLText.json(cell.label.place[language]))
        return "\(length(cell.area.x)),\(length(cell.area.y)),\(size),\(place),\(HTMLText.json(cell.label.reading[language]))"
    }

    /// The step's own cell first, then the row of the followed query, then the others.
    private func rank(_ at: Int, _ first: Int, _ figure: Figure) -> Int {
        if at == first { return 0 }
        return figure.query.map { figure.cells[at].index.contains($0) } ?? false ? 1 : 2
    }

    private func isFocus(_ cell: HotSpot, of figure: Figure) -> Bool {
        guard let focus = figure.focus, cell.step == focus.step, cell.index.count == focus.index.count else { return false }
        return zip(cell.index, focus.index).allSatisfy { $0 == -1 || $0 == $1 }
    }

    /// One number, or one for each cell that an average was made of; -1 for a cell that cannot be explained. A key that a selection leaves out
    /// is in no cell of it: how its query chose says why, as -2 minus that number.
    private mutating func reason(_ cell: HotSpot, _ experiment: Experiment) -> String {
        guard let axis = cell.index.firstIndex(of: -1) else {
            return explanation(cell.step, cell.index, in: experiment).map(String.init) ?? "null"
        }
        guard cell.index.count(where: { $0 == -1 }) == 1, let shape = try? experiment.step(cell.step).output.shape, axis < shape.rank else {
            return "null"
        }
        var index = cell.index
        if shape.axes[axis] == .k {
            index[axis] = 0
            return explanation(cell.step, index, in: experiment).map { "\(-2 - $0)" } ?? "null"
        }
        let numbers = (0..<shape.lengths[axis]).map { position in
            index[axis] = position
            return explanation(cell.step, index, in: experiment).map(String.init) ?? "-1"
        }
        return "[\(numbers.joined(separator: ","))]"
    }
}

/// A text that equals another byte by byte, which is faster than by what the characters mean.
private struct Bytes: Hashable {
    let text: String

    static func == (a: Bytes, b: Bytes) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// Pieces of JSON, each once, called by their numbers.
private struct SharedEntries {
    private(set) var entries: [String] = []
    /// Bytes of all of them.
    private(set) var size = 0
    private var numbers: [Bytes: Int] = [:]

    mutating func number(of entry: String) -> Int {
        let bytes = Bytes(text: entry)
        if let number = numbers[bytes] { return number }
        numbers[bytes] = entries.count
        entries.append(entry)
        size += entry.utf8.count + 2
        return entries.count - 1
    }
}
