// A plain sum along one axis. The sum of a product is a contraction instead.

/// A sum along `axis`. The sum of a product is computed as one contraction.
public func sum(_ a: Expression, over axis: Axis) throws(EngineError) -> Expression {
    if let (first, second) = a.operation.factors { return try dot(first, second, over: axis) }
    guard a.shape.contains(axis) else { throw EngineError(.shape, "a sum over \(axis)", expected: "an axis \(axis)", found: "\(a.shape)") }
    return Expression(Total(a: a, axis: axis))
}

struct Total: Operation {
    let a: Expression
    let axis: Axis

    var shape: Shape { a.shape.removing(axis) }
    var operands: [Expression] { [a] }

    func evaluate() -> Tensor {
        let length = a.shape[axis]!
        let values = a.operation.evaluate().transposed(to: shape.axes + [axis]).values
        return Tensor(shape, (0..<shape.count).map { row in values[row * length..<(row + 1) * length].reduce(0, +) })
    }

    func value(at cell: Cell) -> Double { (0..<a.shape[axis]!).reduce(0) { $0 + a.operation.value(at: cell.setting(axis, $1)) } }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: a.shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        if spelling == .symbols {
            return Phrase(text: "Σ_\(axis) \(a.operation.spell(cell.setting(axis, nil), .symbols).inside(.product))", precedence: .sum)
        }
        let terms = (0..<a.shape[axis]!).map { i in
            SumText.Term(value: a.operation.value(at: cell.setting(axis, i))) { (a.operation.spell(cell.setting(axis, i), spelling), nil) }
        }
        return SumText(terms: terms, hidden: 0, showsAll: spelling == .numbers(allTerms: true)).phrase
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] { a.operation.operandCells(cell.setting(axis, nil)) }
}
