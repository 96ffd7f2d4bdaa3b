// Every cell multiplied or divided by one constant, which keeps the spelling of the paper: / √4.

/// A constant with its spelling.
public struct Constant: Hashable, Sendable {
    /// The value.
    public let value: Double
    /// How the paper writes it.
    public let text: String

    /// A constant with a spelling; by default its digits.
    public init(_ value: Double, _ text: String? = nil) {
        self.value = value
        self.text = text ?? NumberText.significant(value)
    }

    /// `√n`.
    public static func root(_ n: Int) -> Constant { Constant(Double(n).squareRoot(), "√\(n)") }
}

/// Every cell divided by `divisor`.
public func / (a: Expression, divisor: Constant) -> Expression { Expression(Scale(a: a, by: divisor, divides: true)) }
/// Every cell multiplied by `factor`.
public func * (a: Expression, factor: Constant) -> Expression { Expression(Scale(a: a, by: factor, divides: false)) }

struct Scale: CellByCell {
    let a: Expression
    let by: Constant
    let divides: Bool

    var shape: Shape { a.shape }
    var operands: [Expression] { [a] }
    private func scaled(_ x: Double) -> Double { divides ? x / by.value : x * by.value }
    func stream() -> CellStream {
        let factor = by.value
        return divides
            ? a.operation.stream().changed { _, cells, out in for i in out.indices { out[i] = cells[i] / factor } }
            : a.operation.stream().changed { _, cells, out in for i in out.indices { out[i] = cells[i] * factor } }
    }
    func value(at cell: Cell) -> Double { scaled(a.operation.value(at: cell)) }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let inner = a.operation.spell(cell, spelling)
        let constant = spelling == .symbols ? by.text : NumberText.significant(by.value)
        return Phrase(text: "\(inner.inside(.product))\(divides ? "/" : "·")\(constant)", precedence: .product, notes: inner.notes)
    }
}
