// Rows picked from a table by number: embeddings by token id, cache entries by selected position.

/// For each position of `name`, the row of `table` along `axis` that `indices` names.
public func gathered(_ table: Expression, _ axis: Axis, at indices: [Int], as name: Axis) throws(EngineError) -> Expression {
    guard let length = table.shape[axis] else { throw EngineError(.shape, "gather", expected: "an axis \(axis)", found: "\(table.shape)") }
    if let bad = indices.first(where: { !(0..<length).contains($0) }) {
        throw EngineError(.index, "gather along \(axis)", expected: "positions 0 to \(length - 1)", found: "\(bad)")
    }
    return Expression(Gather(table: table, axis: axis, indices: indices, name: name))
}

struct Gather: View {
    let table: Expression
    let axis: Axis
    let indices: [Int]
    let name: Axis

    var a: Expression { table }
    var shape: Shape {
        let rest = table.shape.removing(axis)
        return Shape([name] + rest.axes, [indices.count] + rest.lengths)
    }
    func evaluate() -> Tensor {
        let tensor = table.operation.evaluate().transposed(to: [axis] + shape.axes.dropFirst())
        let block = tensor.shape.removing(axis).count
        return Tensor(shape, indices.flatMap { tensor.values[$0 * block..<($0 + 1) * block] })
    }
    func source(_ cell: Cell) -> Cell { cell.removing(name).setting(axis, cell[name].map { indices[$0] }) }
    func valuesRead() -> [String: Reading] {
        let rows = table.shape[axis]!
        return table.operation.valuesRead().mapValues { $0.scaled(Set(indices).count, of: rows) }
    }
}
