// GELU (Hendrycks and Gimpel 2016): z times the share of a bell curve below z. Exactly so, with erf, in BERT; by the paper's approximation, with
// tanh, in GPT-2 and Gemma.

/// How GELU is computed.
public enum GELUForm: Hashable, Sendable {
    /// `z/2 · (1 + erf(z/√2))`.
    case exact
    /// `z/2 · (1 + tanh(√(2/π) · (z + 0.044715 z³)))`.
    case approximate
}

/// GELU, cell by cell.
public func gelu(_ a: Expression, _ form: GELUForm) -> Expression { Expression(GELU(a: a, form: form)) }

struct GELU: CellByCell {
    let a: Expression
    let form: GELUForm

    var shape: Shape { a.shape }
    var operands: [Expression] { [a] }

    /// What the hyperbolic tangent or the error function is taken of.
    private func argument(_ z: Double) -> Double {
        switch form {
        case .exact: z / 2.0.squareRoot()
        case .approximate: (2 / Double.pi).squareRoot() * (z + 0.044715 * (z * z * z))
        }
    }

    private func gate(_ z: Double) -> Double {
        0.5 * z * (1 + (form == .exact ? Double.erf(argument(z)) : Double.tanh(argument(z))))
    }

    func stream() -> CellStream { a.operation.stream().changed { _, cells, out in for i in out.indices { out[i] = gate(cells[i]) } } }
    func value(at cell: Cell) -> Double { gate(a.operation.value(at: cell)) }

    /// Half of z, the argument (a division; or a cube, its part, a sum and a factor), 1 + …, and the product. erf and tanh count as one each.
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: (form == .exact ? 5 : 9) * shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let inner = a.operation.spell(cell, spelling)
        let z = inner.inside(.product)
        let share: SpelledText =
            form == .exact
            ? "erf\(bracketed: "\(z)/√2")"
            : "tanh\(bracketed: "√\(bracketed: "2/π")·\(bracketed: "\(inner.text) + 0.044715·\(inner.inside(.atom))³")")"
        return Phrase(text: "\(z)/2·\(bracketed: "1 + \(share)")", precedence: .product, notes: inner.notes)
    }
}
