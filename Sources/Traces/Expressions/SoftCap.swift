// A soft cap (Gemma 2, 2024, section 2): scores are bent so that none is beyond ±c, and small ones hardly change.

/// `c · tanh(z/c)`, cell by cell.
public func softCapped(_ a: Expression, at cap: Double) -> Expression { Expression(SoftCap(a: a, cap: cap)) }

struct SoftCap: CellByCell {
    let a: Expression
    let cap: Double

    var shape: Shape { a.shape }
    var operands: [Expression] { [a] }
    private func bent(_ z: Double) -> Double { Double.tanh(z / cap) * cap }
    func stream() -> CellStream { a.operation.stream().changed { _, cells, out in for i in out.indices { out[i] = bent(cells[i]) } } }
    func value(at cell: Cell) -> Double { bent(a.operation.value(at: cell)) }
    /// A division, a hyperbolic tangent, a product.
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: 3 * shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let inner = a.operation.spell(cell, spelling)
        let cap = NumberText.significant(cap)
        return Phrase(text: "\(cap)·tanh\(bracketed: "\(inner.inside(.product))/\(cap)")", precedence: .product, notes: inner.notes)
    }
}
