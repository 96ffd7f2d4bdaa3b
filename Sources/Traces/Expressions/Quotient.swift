// a / b, cell by cell, broadcast by axis name: what was summed with weights, divided by the weights' sum.

/// The quotient, cell by cell; 0 where both are 0 (a row that saw nothing).
public func / (a: Expression, b: Expression) throws(EngineError) -> Expression {
    Expression(Quotient(a: a, b: b, shape: try broadcast(a.shape, b.shape)))
}

struct Quotient: CellByCell {
    let a: Expression
    let b: Expression
    let shape: Shape

    var operands: [Expression] { [a, b] }
    private func divided(_ x: Double, _ y: Double) -> Double { x == 0 && y == 0 ? 0 : x / y }
    func stream() -> CellStream { .paired(a, b, along: shape) { a, b, out in for i in out.indices { out[i] = divided(a[i], b[i]) } } }
    func value(at cell: Cell) -> Double { divided(a.operation.value(at: cell), b.operation.value(at: cell)) }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let (top, bottom) = (a.operation.spell(cell, spelling), b.operation.spell(cell, spelling))
        return Phrase(text: "\(top.inside(.product))/\(bottom.inside(.atom))", precedence: .product, notes: top.notes + bottom.notes)
    }
}
