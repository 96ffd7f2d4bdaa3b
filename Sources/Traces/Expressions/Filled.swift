// A tensor of one value: what an accumulator holds before the first product arrives.

/// `value` in every cell of `shape`; -infinity is allowed, for a maximum of nothing yet.
public func filled(_ value: Double, _ shape: Shape) -> Expression { Expression(Filled(number: value, shape: shape)) }

struct Filled: Operation {
    let number: Double
    let shape: Shape

    var operands: [Expression] { [] }
    func evaluate() -> Tensor { Tensor(shape, [Double](repeating: number, count: shape.count)) }
    func value(at cell: Cell) -> Double { number }
    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase { .number(number) }
}
