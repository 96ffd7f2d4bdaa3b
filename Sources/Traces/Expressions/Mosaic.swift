// Cells put together from cells of other tensors, one by one: a tile copied out of a matrix, rows fetched by number, an image unfolded for a
// convolution, a result put together from tiles. Nothing is computed: a cell is a cell of a source, or 0 where it has none.

/// The tensor of `shape` whose cell at storage place i is the cell of `source` at storage place `places[i]`, or 0 where that is -1.
/// Throws unless there is a place for each cell, inside the source.
public func picked(_ source: Expression, _ places: [Int], as shape: Shape) throws(EngineError) -> Expression {
    guard places.count == shape.count, places.allSatisfy({ $0 >= -1 && $0 < source.shape.count }) else {
        throw EngineError(
            .index, "a pick", expected: "\(shape.count) places from -1 to \(source.shape.count - 1)", found: "\(places.count) places")
    }
    return Expression(Mosaic(sources: [source], cells: places.map { ($0 < 0 ? -1 : 0, $0) }, shape: shape))
}

/// The tensor of `shape` put together from `parts`: the cell at storage place i of a part stands at storage place `places[i]`; what no part
/// covers is 0. Throws if a place is outside, or is covered twice.
public func assembled(_ parts: [(part: Expression, places: [Int])], as shape: Shape) throws(EngineError) -> Expression {
    var cells = [(source: Int, place: Int)](repeating: (-1, 0), count: shape.count)
    for (number, (part, places)) in parts.enumerated() {
        guard places.count == part.shape.count else {
            throw EngineError(.shape, "an assembly", expected: "a place for each of \(part.shape.count) cells", found: "\(places.count)")
        }
        for (own, place) in places.enumerated() {
            guard cells.indices.contains(place), cells[place].source < 0 else {
                throw EngineError(.index, "an assembly", expected: "places from 0 to \(shape.count - 1), each once", found: "\(place)")
            }
            cells[place] = (number, own)
        }
    }
    return Expression(Mosaic(sources: parts.map { $0.part }, cells: cells, shape: shape))
}

struct Mosaic: Operation {
    let sources: [Expression]
    /// For each cell in storage order its source, -1 for none, and the storage place there.
    let cells: [(source: Int, place: Int)]
    let shape: Shape

    var operands: [Expression] { sources }
    /// What masked the sources says nothing of cells on other axes.
    var visible: Mask? { nil }

    func evaluate() -> Tensor {
        let values = sources.map { $0.operation.evaluate().values }
        return Tensor(shape, cells.map { $0.source < 0 ? 0 : values[$0.source][$0.place] })
    }

    /// The cell of a source that `cell` shows; nil if it has none.
    private func origin(_ cell: Cell) -> (source: Expression, cell: Cell)? {
        let (source, place) = cells[cell.offset(in: shape)]
        guard source >= 0 else { return nil }
        let from = sources[source].shape
        return (sources[source], Cell(from.axes, from.index(ofOffset: place)))
    }

    private func isWhole(_ cell: Cell) -> Bool { shape.axes.allSatisfy { cell[$0] != nil } }

    func value(at cell: Cell) -> Double { origin(cell).map { $0.source.operation.value(at: $0.cell) } ?? 0 }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        guard isWhole(cell) else { return Phrase(text: "tile") }
        return origin(cell).map { $0.source.operation.spell($0.cell, spelling) } ?? Phrase(text: "0")
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] {
        guard isWhole(cell) else { return sources.flatMap { $0.operation.operandCells(Cell([], [Int?]())) } }
        return origin(cell).map { $0.source.operation.operandCells($0.cell) } ?? []
    }

    func valuesRead() -> [String: Reading] {
        var counts = [Set<Int>](repeating: [], count: sources.count)
        for (source, place) in cells where source >= 0 { counts[source].insert(place) }
        return zip(sources, counts).reduce(into: [:]) { total, pair in
            total.add(pair.0.operation.valuesRead().mapValues { $0.scaled(pair.1.count, of: pair.0.shape.count) })
        }
    }
}
