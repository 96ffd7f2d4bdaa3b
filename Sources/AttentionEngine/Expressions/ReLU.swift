// ReLU: max(0, z). In the lightning indexer a head with a positive weight can vote for a key, never against it.

/// `max(0, z)`, cell by cell.
public func relu(_ a: Expression) -> Expression { Expression(ReLU(a: a)) }

struct ReLU: Operation {
    let a: Expression

    var shape: Shape { a.shape }
    var operands: [Expression] { [a] }
    // -0 and NaN: `z > 0` sends both to +0; a NaN never gets here, for the recorder refuses it.
    private func cut(_ z: Double) -> Double { z > 0 ? z : 0 }
    func evaluate() -> Tensor { a.operation.evaluate().mapped(cut) }
    func value(at cell: Cell) -> Double { cut(a.operation.value(at: cell)) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let inner = a.operation.spell(cell, spelling)
        guard spelling == .numbers else { return Phrase(text: "max(0, \(inner.text))", notes: inner.notes) }
        let z = a.operation.value(at: cell)
        let place = zip(cell.axes, cell.positions).filter { a.shape.contains($0.0) }.map { "\($0) = \($1.map(String.init) ?? "…")" }.joined(
            separator: ", ")
        let cut = Bilingual(
            en: "Cut by ReLU at \(place): \(NumberText.significant(z)) becomes 0.",
            zh: "\(place) 被 ReLU 截断：\(NumberText.significant(z)) 变成 0。")
        return Phrase(text: "max(0, \(inner.text))", notes: inner.notes + (z < 0 ? [cut] : []))
    }
}
