// The largest value: along an axis, or of two, cell by cell. Comparisons cost no FLOPs. NaN is not looked for: inputs are finite or -infinity.

/// The largest value along `axis`; that axis is gone. -infinity where the axis is empty.
public func maximum(_ a: Expression, over axis: Axis) throws(EngineError) -> Expression {
    guard a.shape.contains(axis) else { throw EngineError(.shape, "maximum", expected: "an axis \(axis)", found: "\(a.shape)") }
    return Expression(AxisMaximum(a: a, axis: axis))
}

/// The larger of two values, cell by cell, broadcast by axis name.
public func maximum(_ a: Expression, _ b: Expression) throws(EngineError) -> Expression {
    Expression(LargerOfTwo(a: a, b: b, shape: try broadcast(a.shape, b.shape)))
}

struct AxisMaximum: Operation {
    let a: Expression
    let axis: Axis

    var shape: Shape { a.shape.removing(axis) }
    var operands: [Expression] { [a] }

    func evaluate() -> Tensor {
        let shape = shape
        let length = a.shape[axis]!
        let values = a.operation.evaluate().transposed(to: shape.axes + [axis]).values
        return Tensor(
            shape, (0..<shape.count).map { cell in values[cell * length..<(cell + 1) * length].reduce(-.infinity) { Swift.max($0, $1) } })
    }

    func value(at cell: Cell) -> Double {
        var largest = -Double.infinity
        for i in 0..<a.shape[axis]! {
            let value = a.operation.value(at: cell.setting(axis, i))
            if value > largest { largest = value }
        }
        return largest
    }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        if spelling == .symbols {
            return Phrase(text: "max_\(axis) \(a.operation.spell(cell.setting(axis, nil), .symbols).inside(.product))")
        }
        let row = (0..<a.shape[axis]!).map { NumberText.significant(a.operation.value(at: cell.setting(axis, $0))) }
        let shown = row.count <= 8 ? row : row.prefix(5) + ["…(\(row.count - 7))…"] + row.suffix(2)
        return Phrase(text: "max\(bracketed: SpelledText(shown.joined(separator: ", ")))")
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] { a.operation.operandCells(cell.setting(axis, nil)) }
}

struct LargerOfTwo: CellByCell {
    let a: Expression
    let b: Expression
    let shape: Shape

    var operands: [Expression] { [a, b] }
    func stream() -> CellStream { .paired(a, b, along: shape) { a, b, out in for i in out.indices { out[i] = a[i] < b[i] ? b[i] : a[i] } } }
    func value(at cell: Cell) -> Double { max(a.operation.value(at: cell), b.operation.value(at: cell)) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let (left, right) = (a.operation.spell(cell, spelling), b.operation.spell(cell, spelling))
        return Phrase(text: "max\(bracketed: "\(left.text), \(right.text)")", notes: left.notes + right.notes)
    }
}
