// ReLU: max(0, z). In the lightning indexer a head with a positive weight can vote for a key, never against it.

/// `max(0, z)`, cell by cell.
public func relu(_ a: Expression) -> Expression { Expression(ReLU(a: a)) }

struct ReLU: CellByCell {
    let a: Expression

    var shape: Shape { a.shape }
    var operands: [Expression] { [a] }
    // -0 and NaN: `z > 0` sends both to +0; a NaN never gets here, for the recorder refuses it.
    private func cut(_ z: Double) -> Double { z > 0 ? z : 0 }
    func stream() -> CellStream { a.operation.stream().changed { _, cells, out in for i in out.indices { out[i] = cut(cells[i]) } } }
    func value(at cell: Cell) -> Double { cut(a.operation.value(at: cell)) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let inner = a.operation.spell(cell, spelling)
        return Phrase(text: "max\(bracketed: "0, \(inner.text)")", notes: inner.notes)
    }

    func cuts(_ cell: Cell, along axis: Axis, count: Int) -> [Int]? {
        (0..<count).filter { a.operation.value(at: cell.setting(axis, $0)) < 0 }
    }
}
