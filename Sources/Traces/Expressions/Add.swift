// a + b, cell by cell, broadcast by axis name: residual connections, biases.

/// The sum, cell by cell.
public func + (a: Expression, b: Expression) throws(EngineError) -> Expression {
    Expression(Add(a: a, b: b, shape: try broadcast(a.shape, b.shape)))
}

struct Add: Operation {
    let a: Expression
    let b: Expression
    let shape: Shape

    var operands: [Expression] { [a, b] }
    func evaluate() -> Tensor { .combined(a.operation.evaluate(), b.operation.evaluate(), into: shape, +) }
    func value(at cell: Cell) -> Double { a.operation.value(at: cell) + b.operation.value(at: cell) }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let (left, right) = (a.operation.spell(cell, spelling), b.operation.spell(cell, spelling))
        return Phrase(text: "\(left.text) + \(right.inside(.product))", precedence: .sum, notes: left.notes + right.notes)
    }
}
