// SiLU, the gate of a Llama feed-forward layer: z / (1 + e^-z).

/// `z / (1 + exp(-z))`, cell by cell.
public func silu(_ a: Expression) -> Expression { Expression(SiLU(a: a)) }

struct SiLU: CellByCell {
    let a: Expression

    var shape: Shape { a.shape }
    var operands: [Expression] { [a] }
    private func gate(_ z: Double) -> Double { z / (1 + Double.exp(-z)) }
    func stream() -> CellStream { a.operation.stream().changed { _, cells, out in for i in out.indices { out[i] = gate(cells[i]) } } }
    func value(at cell: Cell) -> Double { gate(a.operation.value(at: cell)) }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: 3 * shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let inner = a.operation.spell(cell, spelling)
        return Phrase(
            text: "\(inner.inside(.product))/\(bracketed: "1 + exp(-\(inner.inside(.atom)))")", precedence: .product, notes: inner.notes)
    }
}
