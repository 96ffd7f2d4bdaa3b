// LayerNorm (Ba, Kiros and Hinton 2016): (x - mean) / √(variance + ε), times a weight, plus a bias, for each feature.

/// `x` shifted to mean 0 and scaled to variance 1 along `axis`, times `weight`, plus `bias`.
public func layerNorm(_ x: Expression, _ weight: Expression, _ bias: Expression, epsilon: Double, over axis: Axis = .d) throws(EngineError)
    -> Expression
{
    guard let length = x.shape[axis], length > 0, weight.shape == Shape([axis], [length]), bias.shape == weight.shape else {
        throw EngineError(
            .shape, "LayerNorm", expected: "a weight and a bias for each \(axis) of \(x.shape)", found: "\(weight.shape) and \(bias.shape)")
    }
    return Expression(LayerNorm(x: x, weight: weight, bias: bias, epsilon: epsilon, axis: axis))
}

struct LayerNorm: Operation {
    let x: Expression
    let weight: Expression
    let bias: Expression
    let epsilon: Double
    let axis: Axis

    var shape: Shape { x.shape.movingLast(axis) }
    var operands: [Expression] { [x, weight, bias] }

    func evaluate() -> Tensor {
        let (weights, biases) = (weight.operation.evaluate().values, bias.operation.evaluate().values)
        return x.operation.evaluate().changingRows(along: axis) { values, row in
            let (mean, deviation) = moments(values[row])
            for i in row {
                let feature = i - row.lowerBound
                values[i] = (values[i] - mean) / deviation * weights[feature] + biases[feature]
            }
        }
    }

    private func moments(_ row: some Collection<Double>) -> (mean: Double, deviation: Double) {
        let mean = row.reduce(0, +) / Double(row.count)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
        return (mean, (variance + epsilon).squareRoot())
    }

    private func moments(at cell: Cell) -> (mean: Double, deviation: Double) {
        moments((0..<shape[axis]!).map { x.operation.value(at: cell.setting(axis, $0)) })
    }

    func value(at cell: Cell) -> Double {
        let (mean, deviation) = moments(at: cell)
        return (x.operation.value(at: cell) - mean) / deviation * weight.operation.value(at: cell) + bias.operation.value(at: cell)
    }

    /// A row of n: n additions and 1 division for the mean; n subtractions, n squares, n additions, 1 division, ε and a root for the
    /// deviation; and subtract, divide, multiply, add for each feature.
    func arithmetic(visible: Mask?) -> Arithmetic {
        let length = shape[axis]!
        return Arithmetic(flops: shape.count / length * (8 * length + 4))
    }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let (one, scale, shift) = (
            x.operation.spell(cell, spelling), weight.operation.spell(cell, spelling), bias.operation.spell(cell, spelling)
        )
        if spelling == .symbols {
            return Phrase(
                text:
                    "\(bracketed: "\(one.text) - mean")/√\(bracketed: "variance + ε")·\(scale.inside(.product)) + \(shift.inside(.product))",
                precedence: .sum)
        }
        let (mean, deviation) = moments(at: cell)
        let note = Remark(
            en:
                "Over the \(shape[axis]!) features the mean is \(mean) and the root of variance + ε is \(deviation).",
            zh: "\(shape[axis]!) 个特征的均值是 \(mean)，方差加 ε 的平方根是 \(deviation)。")
        return Phrase(
            text:
                "\(bracketed: "\(one.text) - \(Phrase.number(mean).inside(.product))")/\(NumberText.significant(deviation))·\(scale.inside(.product)) + \(shift.inside(.product))",
            precedence: .sum, notes: one.notes + [note])
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] {
        x.operation.operandCells(cell.setting(axis, nil)) + weight.operation.operandCells(cell) + bias.operation.operandCells(cell)
    }
}
