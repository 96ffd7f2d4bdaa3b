// a + b, cell by cell, broadcast by axis name: residual connections, biases.

/// The sum, cell by cell.
public func + (a: Expression, b: Expression) throws(EngineError) -> Expression {
    Expression(Add(a: a, b: b, shape: try broadcast(a.shape, b.shape)))
}

struct Add: CellByCell {
    let a: Expression
    let b: Expression
    let shape: Shape

    var operands: [Expression] { [a, b] }
    func stream() -> CellStream { .paired(a, b, along: shape) { a, b, out in for i in out.indices { out[i] = a[i] + b[i] } } }
    func value(at cell: Cell) -> Double { a.operation.value(at: cell) + b.operation.value(at: cell) }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let (left, right) = (a.operation.spell(cell, spelling), b.operation.spell(cell, spelling))
        return Phrase(text: .sum([left.text, right.inside(.product)]), precedence: .sum, notes: left.notes + right.notes)
    }
}
