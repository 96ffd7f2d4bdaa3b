// e^(a - m), cell by cell, m broadcast by axis name: the numerator of a softmax whose maximum so far is m.

/// `exp(a - shift)`; 0 where `a` is -infinity, even if the shift is too (a row that has seen nothing yet).
public func exponential(_ a: Expression, minus shift: Expression) throws(EngineError) -> Expression {
    Expression(ShiftedExponential(a: a, shift: shift, shape: try broadcast(a.shape, shift.shape)))
}

struct ShiftedExponential: CellByCell {
    let a: Expression
    let shift: Expression
    let shape: Shape

    var operands: [Expression] { [a, shift] }
    private func power(_ z: Double, _ m: Double) -> Double { z == -.infinity ? 0 : Double.exp(z - m) }
    func stream() -> CellStream { .paired(a, shift, along: shape) { a, m, out in for i in out.indices { out[i] = power(a[i], m[i]) } } }
    func value(at cell: Cell) -> Double { power(a.operation.value(at: cell), shift.operation.value(at: cell)) }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: 2 * shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let (power, shift) = (a.operation.spell(cell, spelling), shift.operation.spell(cell, spelling))
        return Phrase(text: "exp\(bracketed: "\(power.text) - \(shift.inside(.product))")", notes: power.notes + shift.notes)
    }
}
