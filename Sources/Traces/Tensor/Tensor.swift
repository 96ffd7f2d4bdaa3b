// Values on named axes. Storage is always dense, row-major and Double: exactness first, and one layout to think about.
// Integers (positions, codes) are stored as Doubles too; they are exact up to 2^53.

/// A dense array of Doubles on named axes.
public struct Tensor: Hashable, Sendable {
    /// Named axes with their lengths.
    public let shape: Shape
    /// Row-major values; `values.count == shape.count`.
    public let values: [Double]

    /// A tensor whose values fill `shape` exactly.
    public init(_ shape: Shape, _ values: [Double]) {
        precondition(shape.count == values.count, "\(shape) holds \(shape.count) values, found \(values.count)")
        self.shape = shape
        self.values = values
    }

    /// A tensor on `axes`, with lengths in the same order.
    public init(_ axes: [Axis], _ lengths: [Int], _ values: [Double]) { self.init(Shape(axes, lengths), values) }

    /// A scalar.
    public init(_ value: Double) { self.init(Shape([]), [value]) }

    /// A tensor whose value at each index (in the shape's axis order) is `value(index)`.
    public init(_ shape: Shape, by value: (_ index: [Int]) -> Double) {
        var index = [Int](repeating: 0, count: shape.rank)
        self.init(
            shape,
            (0..<shape.count).map { _ in
                defer { shape.advance(&index) }
                return value(index)
            })
    }

    /// The value at `index`, in the shape's axis order.
    public subscript(index: Int...) -> Double { values[shape.offset(of: index)] }
    /// The value at `index`, in the shape's axis order.
    public subscript(index: [Int]) -> Double { values[shape.offset(of: index)] }

    /// The same values with the axes called `axes`.
    public func on(_ axes: [Axis]) -> Tensor { Tensor(axes, shape.lengths, values) }

    /// The same values with one axis renamed.
    public func renaming(_ axis: Axis, to name: Axis) -> Tensor { Tensor(shape.renaming(axis, to: name), values) }

    /// The same values with the axes in another order.
    public func transposed(to axes: [Axis]) -> Tensor {
        if axes == shape.axes { return self }
        precondition(axes.count == shape.rank && axes.allSatisfy(shape.contains), "expected the axes \(shape.axes), found \(axes)")
        let target = Shape(axes, axes.map { shape[$0]! })
        return Tensor(target, values.gathered(target, strides: axes.map(shape.stride(of:))))
    }

    /// The part where `axis` is at `position`; that axis is gone.
    public func slice(_ axis: Axis, at position: Int) -> Tensor {
        precondition(shape[axis].map { (0..<$0).contains(position) } ?? false, "\(shape) has no \(axis) = \(position)")
        let target = shape.removing(axis)
        return Tensor(target, values.gathered(target, strides: target.axes.map(shape.stride(of:)), from: position * shape.stride(of: axis)))
    }

    /// The first index that is NaN or infinite, or nil.
    public var firstNonFiniteIndex: [Int]? {
        // Finite numbers alone, minus themselves, are 0.
        values.firstIndex(passing: { ($0 - $0) .!= 0 }, where: { !$0.isFinite }).map(shape.index(ofOffset:))
    }

    /// The first index that is NaN, or nil.
    var firstNaNIndex: [Int]? { values.firstIndex(passing: { $0 .!= $0 }, where: { $0.isNaN }).map(shape.index(ofOffset:)) }
}

extension Shape {
    /// The storage position of `index`; traps outside the shape.
    public func offset(of index: [Int]) -> Int {
        precondition(contains(index: index), "index \(index) is outside \(self)")
        return zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
    }

    /// Whether `index` has one position inside each axis.
    public func contains(index: [Int]) -> Bool { index.count == rank && zip(index, lengths).allSatisfy { $0 >= 0 && $0 < $1 } }

    /// The index stored at `offset`.
    public func index(ofOffset offset: Int) -> [Int] { zip(strides, lengths).map { offset / $0 % $1 } }

    /// Moves `index` to the next cell in storage order (wraps to all zeros after the last).
    func advance(_ index: inout [Int]) {
        for axis in (0..<rank).reversed() {
            index[axis] += 1
            if index[axis] < lengths[axis] { return }
            index[axis] = 0
        }
    }

    /// Where in the storage of `other` this shape's cells stand, in storage order; axes of `other` that this shape lacks are at 0.
    func offsets(in other: Shape) -> [Int] {
        var offsets = [0]
        for (axis, length) in zip(axes, lengths) {
            let stride = other.stride(of: axis)
            if offsets.count == 1, offsets[0] == 0 {
                offsets = (0..<length).map { $0 * stride }
            } else {
                offsets = offsets.flatMap { start in (0..<length).map { start + $0 * stride } }
            }
        }
        return offsets
    }

    /// Calls `body` once a run along the last axis, with the positions of the run's first cell in this shape's storage and in two
    /// arrays that have the given strides (0 where an array lacks an axis).
    @inline(__always)
    func forEachRun(_ a: [Int], _ b: [Int], _ body: (_ cell: Int, _ a: Int, _ b: Int, _ length: Int) -> Void) {
        guard count > 0 else { return }
        let length = lengths.last ?? 1
        var index = [Int](repeating: 0, count: rank)
        var cell = 0
        var atA = 0
        var atB = 0
        while true {
            body(cell, atA, atB, length)
            cell += length
            var axis = rank - 2
            while axis >= 0 {
                index[axis] += 1
                atA += a[axis]
                atB += b[axis]
                if index[axis] < lengths[axis] { break }
                atA -= a[axis] * lengths[axis]
                atB -= b[axis] * lengths[axis]
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}

extension [Double] {
    /// The values that a tensor of shape `target` reads from this storage, where `strides` belong to `target`'s axes.
    func gathered(_ target: Shape, strides: [Int], from start: Int = 0) -> [Double] {
        let step = strides.last ?? 0
        return [Double](unsafeUninitializedCapacity: target.count) { buffer, filled in
            buffer.preferLargePages()
            withUnsafeBufferPointer { values in
                target.forEachRun(strides, strides) { cell, source, _, length in
                    for i in 0..<length { buffer.initializeElement(at: cell + i, to: values[start + source + i * step]) }
                }
            }
            filled = target.count
        }
    }

    /// The first position where `isMet` holds. 64 at a time are passed over while `mark`, which must mark all that `isMet` accepts, marks none.
    @inline(__always)
    func firstIndex(passing mark: (SIMD8<Double>) -> SIMDMask<SIMD8<Int64>>, where isMet: (Double) -> Bool) -> Int? {
        withUnsafeBufferPointer { values in
            var start = 0
            while start + 64 <= values.count {
                var marks = SIMDMask<SIMD8<Int64>>(repeating: false)
                for i in stride(from: start, to: start + 64, by: 8) {
                    marks = marks .| mark(UnsafeRawPointer(values.baseAddress! + i).loadUnaligned(as: SIMD8<Double>.self))
                }
                if any(marks) { break }
                start += 64
            }
            return values[start...].firstIndex(where: isMet)
        }
    }
}
