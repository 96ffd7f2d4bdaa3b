// What operations on rows and on pairs of cells share: rows along one axis, and the axes of a result whose operands are broadcast by name.

extension Tensor {
    /// The tensor with `axis` last, each row along it changed in place.
    func changingRows(along axis: Axis, _ change: (inout [Double], Range<Int>) -> Void) -> Tensor {
        let shape = self.shape.movingLast(axis)
        var values = transposed(to: shape.axes).values
        let length = shape[axis]!
        guard length > 0 else { return Tensor(shape, values) }
        for row in 0..<values.count / length { change(&values, row * length..<(row + 1) * length) }
        return Tensor(shape, values)
    }
}

/// The axes of `a`, then those that only `b` has; the axes of `b`, in its order, if `a` has no other.
func broadcast(_ a: Shape, _ b: Shape) throws(EngineError) -> Shape {
    try agree(a, b)
    if a.rank < b.rank, a.axes.allSatisfy(b.contains) { return b }
    let extra = zip(b.axes, b.lengths).filter { !a.contains($0.0) }
    return Shape(a.axes + extra.map { $0.0 }, a.lengths + extra.map { $0.1 })
}
