// RMSNorm (Zhang and Sennrich, 2019): x / √(mean(x²) + ε), times a weight for each feature. Gemma stores what the weight has beyond 1.

/// `x` divided by its root mean square along `axis`, times `weight`, or times `1 + weight` where weights are stored so.
public func rmsNorm(
    _ x: Expression, _ weight: Expression, epsilon: Double, over axis: Axis = .c, weightsAreBeyondOne: Bool = false
) throws(EngineError) -> Expression {
    guard let length = x.shape[axis], length > 0, weight.shape == Shape([axis], [length]) else {
        throw EngineError(.shape, "RMSNorm", expected: "a weight for each \(axis) of \(x.shape)", found: "\(weight.shape)")
    }
    return Expression(RMSNorm(x: x, weight: weight, epsilon: epsilon, axis: axis, isBeyondOne: weightsAreBeyondOne))
}

struct RMSNorm: Operation {
    let x: Expression
    let weight: Expression
    let epsilon: Double
    let axis: Axis
    let isBeyondOne: Bool

    var shape: Shape { x.shape.movingLast(axis) }
    var operands: [Expression] { [x, weight] }

    func evaluate() -> Tensor {
        let weights = weight.operation.evaluate().values
        return x.operation.evaluate().changingRows(along: axis) { values, row in
            let root = root(values[row])
            for (i, weight) in zip(row, weights) { values[i] = values[i] / root * factor(weight) }
        }
    }

    private func factor(_ weight: Double) -> Double { isBeyondOne ? 1 + weight : weight }

    private func root(_ row: some Collection<Double>) -> Double {
        (row.reduce(0) { $0 + $1 * $1 } / Double(row.count) + epsilon).squareRoot()
    }

    private func root(at cell: Cell) -> Double { root((0..<shape[axis]!).map { x.operation.value(at: cell.setting(axis, $0)) }) }

    func value(at cell: Cell) -> Double { x.operation.value(at: cell) / root(at: cell) * factor(weight.operation.value(at: cell)) }

    func arithmetic(visible: Mask?) -> Arithmetic {
        let length = shape[axis]!
        return Arithmetic(flops: shape.count / length * ((isBeyondOne ? 5 : 4) * length + 3))
    }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let one = x.operation.spell(cell, spelling)
        let stored = weight.operation.spell(cell, spelling)
        let scale = isBeyondOne ? ("1 + \(stored.inside(.product))" as SpelledText).bracketed : stored.inside(.product)
        if spelling == .symbols {
            let all = x.operation.spell(cell.setting(axis, nil), .symbols)
            return Phrase(
                text: "\(one.inside(.product))/√\(bracketed: "mean_\(axis) \(all.inside(.atom))² + ε")·\(scale)",
                precedence: .product)
        }
        let note = Remark(
            en:
                "\(root(at: cell)) is the root mean square of the \(shape[axis]!) features, with ε = \(epsilon).",
            zh: "\(root(at: cell)) 是 \(shape[axis]!) 个特征的均方根，ε = \(epsilon)。")
        return Phrase(
            text: "\(one.inside(.product))/\(NumberText.significant(root(at: cell)))·\(scale)", precedence: .product,
            notes: one.notes + [note])
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] {
        x.operation.operandCells(cell.setting(axis, nil)) + weight.operation.operandCells(cell)
    }
}
