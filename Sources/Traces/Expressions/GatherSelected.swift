// Cache entries picked by a selection: each query reads only the rows that it selected. This is where sparse attention saves.

/// For each query and rank, the row of `table` [s, ...] that `selection` [t, k] names: [t, k, ...]. Padding (-1) reads as zeros.
public func gathered(_ table: Expression, selected selection: Expression) throws(EngineError) -> Expression {
    let rows = selection.tensor.transposed(to: [.t, .k])
    guard let length = table.shape[.s] else { throw EngineError(.shape, "gather", expected: "a table along s", found: "\(table.shape)") }
    if let bad = rows.values.first(where: { $0 < -1 || $0 >= Double(length) }) {
        throw EngineError(.index, "gather", expected: "positions 0 to \(length - 1), or -1", found: NumberText.exact(bad))
    }
    return Expression(GatherSelected(table: table, selection: selection, rows: rows))
}

struct GatherSelected: Operation {
    let table: Expression
    let selection: Expression
    /// The selection's values [t, k].
    let rows: Tensor

    var shape: Shape {
        let rest = table.shape.removing(.s)
        return Shape([.t, .k] + rest.axes, rows.shape.lengths + rest.lengths)
    }
    var operands: [Expression] { [table, selection] }
    var visible: Mask? { nil }

    func evaluate() -> Tensor {
        let rest = table.shape.removing(.s)
        let values = table.operation.evaluate().transposed(to: [.s] + rest.axes).values
        let zeros = [Double](repeating: 0, count: rest.count)
        var gathered: [Double] = []
        gathered.reserveCapacity(shape.count)
        for row in rows.values {
            gathered.append(contentsOf: row < 0 ? zeros[...] : values[Int(row) * rest.count..<(Int(row) + 1) * rest.count])
        }
        return Tensor(shape, gathered)
    }

    private func source(_ cell: Cell) -> Cell? {
        let row = Int(rows[cell[.t]!, cell[.k]!])
        return row < 0 ? nil : cell.removing(.k).removing(.t).setting(.s, row)
    }

    func value(at cell: Cell) -> Double { source(cell).map { table.operation.value(at: $0) } ?? 0 }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        guard cell[.t] != nil, cell[.k] != nil else {
            return Phrase(text: "gather\(bracketed: table.operation.spell(cell.setting(.s, nil), .symbols).text)")
        }
        return source(cell).map { table.operation.spell($0, spelling) } ?? Phrase(text: "0")
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] {
        guard cell[.t] != nil, cell[.k] != nil else { return [] }
        return source(cell).map { table.operation.operandCells($0) } ?? []
    }

    func valuesRead() -> [String: Reading] {
        let all = table.shape[.s]!
        let distinct = Set(rows.values.filter { $0 >= 0 }).count
        var read = table.operation.valuesRead().mapValues { $0.scaled(distinct, of: all) }
        read.add(selection.operation.valuesRead())
        return read
    }
}
