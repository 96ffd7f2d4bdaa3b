// a · b, cell by cell, broadcast by axis name.

/// The product, cell by cell. Under `sum(_:over:)` it becomes one contraction.
public func * (a: Expression, b: Expression) throws(EngineError) -> Expression {
    Expression(Product(a: a, b: b, shape: try broadcast(a.shape, b.shape)))
}

struct Product: CellByCell {
    let a: Expression
    let b: Expression
    let shape: Shape

    var operands: [Expression] { [a, b] }
    var factors: (Expression, Expression)? { (a, b) }
    func stream() -> CellStream { .paired(a, b, along: shape) { a, b, out in for i in out.indices { out[i] = a[i] * b[i] } } }
    func value(at cell: Cell) -> Double { a.operation.value(at: cell) * b.operation.value(at: cell) }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let (left, right) = (a.operation.spell(cell, spelling), b.operation.spell(cell, spelling))
        return Phrase(text: "\(left.inside(.product))·\(right.inside(.product))", precedence: .product, notes: left.notes + right.notes)
    }
}
