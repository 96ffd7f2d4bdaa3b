// Tensors one after the other along one axis: the rotated and the unrotated features of a head.

/// `parts` one after the other along `axis`; they agree in every other axis.
public func concatenated(_ parts: [Expression], along axis: Axis) throws(EngineError) -> Expression {
    guard let first = parts.first, parts.allSatisfy({ $0.shape.contains(axis) && Set($0.shape.axes) == Set(first.shape.axes) }) else {
        throw EngineError(
            .shape, "concatenation", expected: "parts with the same axes, \(axis) among them", found: "\(parts.map { $0.shape })")
    }
    for part in parts { try agree(part.shape.removing(axis), first.shape.removing(axis)) }
    return Expression(Concat(parts: parts, axis: axis))
}

struct Concat: Operation {
    let parts: [Expression]
    let axis: Axis

    var operands: [Expression] { parts }
    var shape: Shape {
        let rest = parts[0].shape.removing(axis)
        return Shape(rest.axes + [axis], rest.lengths + [parts.reduce(0) { $0 + $1.shape[axis]! }])
    }

    func evaluate() -> Tensor {
        let shape = shape
        let (rows, width) = (shape.removing(axis).count, shape.lengths.last!)
        let values = [Double](unsafeUninitializedCapacity: shape.count) { out, filled in
            var start = 0
            for part in parts {
                let length = part.shape[axis]!
                part.operation.evaluate().transposed(to: shape.axes).values.withUnsafeBufferPointer { values in
                    for row in 0..<rows {
                        for i in 0..<length { out.initializeElement(at: row * width + start + i, to: values[row * length + i]) }
                    }
                }
                start += length
            }
            filled = shape.count
        }
        return Tensor(shape, values)
    }

    /// The part that holds `position`, and the position within it.
    private func part(_ position: Int) -> (Expression, Int) {
        var position = position
        for part in parts {
            let length = part.shape[axis]!
            if position < length { return (part, position) }
            position -= length
        }
        preconditionFailure("position \(position) is past the end of \(shape)")
    }

    func value(at cell: Cell) -> Double {
        let (part, position) = part(cell[axis]!)
        return part.operation.value(at: cell.setting(axis, position))
    }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        guard let at = cell[axis] else {
            let texts = parts.map { $0.operation.spell(cell, spelling).text }
            return Phrase(text: "[\(SpelledText.joined(texts, separator: "; "))]")
        }
        let (part, position) = part(at)
        return part.operation.spell(cell.setting(axis, position), spelling)
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] {
        guard let at = cell[axis] else { return parts.flatMap { $0.operation.operandCells(cell) } }
        let (part, position) = part(at)
        return part.operation.operandCells(cell.setting(axis, position))
    }
}
