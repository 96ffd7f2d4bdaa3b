// What the cell-by-cell operations share: both operands are laid along the result's axes by name; a missing axis is broadcast.

extension Tensor {
    /// `change(a, b)` in every cell of `shape`, whose axes include those of both operands.
    static func combined(_ a: Tensor, _ b: Tensor, into shape: Shape, _ change: (Double, Double) -> Double) -> Tensor {
        let strideA = shape.axes.map(a.shape.stride(of:))
        let strideB = shape.axes.map(b.shape.stride(of:))
        let (stepA, stepB) = (strideA.last ?? 0, strideB.last ?? 0)
        let values = [Double](unsafeUninitializedCapacity: shape.count) { out, filled in
            shape.forEachRun(strideA, strideB) { cell, atA, atB, length in
                for i in 0..<length {
                    out.initializeElement(at: cell + i, to: change(a.values[atA + i * stepA], b.values[atB + i * stepB]))
                }
            }
            filled = shape.count
        }
        return Tensor(shape, values)
    }

    /// The tensor with `axis` last, each row along it changed in place.
    func changingRows(along axis: Axis, _ change: (inout [Double], Range<Int>) -> Void) -> Tensor {
        let shape = self.shape.movingLast(axis)
        var values = transposed(to: shape.axes).values
        let length = shape[axis]!
        guard length > 0 else { return Tensor(shape, values) }
        for row in 0..<values.count / length { change(&values, row * length..<(row + 1) * length) }
        return Tensor(shape, values)
    }

    /// `change(value)` in every cell.
    func mapped(_ change: (Double) -> Double) -> Tensor { Tensor(shape, values.map(change)) }
}

/// The axes of `a`, then those that only `b` has.
func broadcast(_ a: Shape, _ b: Shape) throws(EngineError) -> Shape {
    try agree(a, b)
    let extra = zip(b.axes, b.lengths).filter { !a.contains($0.0) }
    return Shape(a.axes + extra.map { $0.0 }, a.lengths + extra.map { $0.1 })
}
