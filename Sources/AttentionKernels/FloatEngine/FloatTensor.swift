// Float32 values on named axes. Axes are found by name, so that renaming, splitting, slicing and the order of axes cost nothing: a tensor is a view of a
// buffer, and is copied only where an operation needs its values side by side.

internal import Traces

/// A view of a buffer of Float32. What holds one never writes to it; whoever makes it writes it once.
final class FloatTensor: Sendable {
    /// An axis as it lies in the buffer.
    struct Dimension: Sendable {
        let axis: Axis
        let length: Int
        /// The distance between places.
        let stride: Int
        /// How many positions in a row show the same place: heads that share a key.
        var repeats = 1

        /// How far from the first position another lies.
        func offset(_ position: Int) -> Int { position / repeats * stride }
    }

    private let buffer: FloatBuffer
    private let start: Int
    let dimensions: [Dimension]

    init(_ buffer: FloatBuffer, start: Int = 0, _ dimensions: [Dimension]) {
        self.buffer = buffer
        self.start = start
        self.dimensions = dimensions
    }

    /// The values of a buffer in the storage order of `shape`.
    convenience init(_ buffer: FloatBuffer, _ shape: Shape) {
        let strides = shape.strides
        self.init(buffer, shape.axes.indices.map { Dimension(axis: shape.axes[$0], length: shape.lengths[$0], stride: strides[$0]) })
    }

    /// Room for values in the storage order of `shape`, to be written before anybody reads it.
    convenience init(roomFor shape: Shape) { self.init(FloatBuffer(roomFor: shape.count), shape) }

    /// Where the first value is.
    var pointer: UnsafeMutablePointer<Float> { buffer.pointer + start }
    var count: Int { dimensions.reduce(1) { $0 * $1.length } }
    subscript(axis: Axis) -> Dimension? { dimensions.first { $0.axis == axis } }

    /// The axes, that whose places are farthest apart first.
    var storageOrder: [Axis] {
        dimensions.enumerated().sorted { ($1.element.stride, $0.offset) < ($0.element.stride, $1.offset) }.map { $0.element.axis }
    }

    /// The lengths of `axes`, which are axes of this.
    func shape(_ axes: [Axis]) -> Shape { Shape(axes.map { ($0, self[$0]!.length) }) }

    /// How far from the first value the cells of `shape` lie, in its storage order; an axis that this lacks is broadcast.
    func offsets(along shape: Shape) -> [Int] {
        var offsets = [0]
        for (axis, length) in zip(shape.axes, shape.lengths) {
            let dimension = self[axis]
            offsets = offsets.flatMap { from in (0..<length).map { from + (dimension?.offset($0) ?? 0) } }
        }
        return offsets
    }

    /// `axes` as one run of places, the first varying slowest; nil if they do not lie so.
    func run(_ axes: [Axis]) -> (length: Int, stride: Int)? {
        var (length, stride) = (1, 0)
        for axis in axes.reversed() {
            guard let next = self[axis], next.length != 1 else { continue }
            guard next.repeats == 1, length == 1 || next.stride == length * stride else { return nil }
            if length == 1 { stride = next.stride }
            length *= next.length
        }
        return (length, stride)
    }

    /// The same values side by side in the order of `axes`, which are all of its axes: as they are if they lie so, else a copy.
    func laid(along axes: [Axis]) -> FloatTensor {
        if let run = run(axes), run.length == 1 || run.stride == 1 {
            return FloatTensor(buffer, start: start, FloatTensor.packed(shape(axes)))
        }
        return copied(along: axes)
    }

    private static func packed(_ shape: Shape) -> [Dimension] {
        zip(zip(shape.axes, shape.lengths), shape.strides).map { Dimension(axis: $0.0, length: $0.1, stride: $1) }
    }

    /// A copy side by side in the order of `axes`.
    func copied(along axes: [Axis]) -> FloatTensor {
        let copy = FloatTensor(roomFor: shape(axes))
        copy.write(self, axes)
        return copy
    }

    /// Writes the values of `other` from `place` on, in the order of `axes`.
    func write(_ other: FloatTensor, _ axes: [Axis], from place: Int = 0) {
        guard let inner = axes.last.map({ other[$0]! }) else {
            pointer[place] = other.pointer[0]
            return
        }
        let rows = other.offsets(along: other.shape(Array(axes.dropLast())))
        let isAdjacent = inner.stride == 1 && inner.repeats == 1
        FloatTensor.eachRow(rows.count, of: inner.length) { row in
            let (from, to) = (other.pointer + rows[row], self.pointer + place + row * inner.length)
            if isAdjacent {
                to.update(from: from, count: inner.length)
            } else {
                for i in 0..<inner.length { to[i] = from[inner.offset(i)] }
            }
        }
    }

    /// Runs `body` for every row, on all cores where that pays.
    static func eachRow(_ rows: Int, of length: Int, _ body: @Sendable (_ row: Int) -> Void) {
        Threads.split(rows, into: rows * length < 1 << 15 ? 1 : min(rows, Threads.count)) { _, range in
            for row in range { body(row) }
        }
    }
}

// MARK: Views

extension FloatTensor {
    private func replacing(_ axis: Axis, by parts: [Dimension], start: Int = 0) -> FloatTensor {
        FloatTensor(buffer, start: self.start + start, dimensions.flatMap { $0.axis == axis ? parts : [$0] })
    }

    /// Every position has a place of its own.
    private var plain: FloatTensor { dimensions.allSatisfy { $0.repeats == 1 } ? self : copied(along: dimensions.map(\.axis)) }

    func renaming(_ axis: Axis, to name: Axis) -> FloatTensor {
        let own = self[axis]!
        return replacing(axis, by: [Dimension(axis: name, length: own.length, stride: own.stride, repeats: own.repeats)])
    }

    func splitting(_ axis: Axis, into parts: Shape) -> FloatTensor {
        let whole = plain
        let stride = whole[axis]!.stride
        return whole.replacing(
            axis, by: FloatTensor.packed(parts).map { Dimension(axis: $0.axis, length: $0.length, stride: $0.stride * stride) })
    }

    func merging(_ axes: [Axis], into axis: Axis) -> FloatTensor {
        let rest = storageOrder.filter { !axes.contains($0) }
        let (whole, run) = run(axes).map { (self, $0) } ?? { (copy: FloatTensor) in (copy, copy.run(axes)!) }(copied(along: rest + axes))
        let merged = Dimension(axis: axis, length: run.length, stride: run.stride)
        return FloatTensor(whole.buffer, start: whole.start, whole.dimensions.filter { !axes.contains($0.axis) } + [merged])
    }

    func sharing(_ axis: Axis, as name: Axis, times: Int) -> FloatTensor {
        let own = self[axis]!
        return replacing(
            axis, by: [Dimension(axis: name, length: own.length * times, stride: own.stride, repeats: own.repeats * times)])
    }

    func slicing(_ axis: Axis, _ range: Range<Int>) -> FloatTensor {
        let whole = plain
        let stride = whole[axis]!.stride
        return whole.replacing(axis, by: [Dimension(axis: axis, length: range.count, stride: stride)], start: range.lowerBound * stride)
    }
}

// MARK: Double

extension FloatTensor {
    /// The values as Doubles, in the storage order of `shape`, whose axes are this tensor's.
    func doubles(_ shape: Shape) -> Tensor {
        let own = laid(along: shape.axes)
        return Tensor(
            shape,
            [Double](unsafeUninitializedCapacity: shape.count) { out, filled in
                let values = own.pointer
                for i in 0..<shape.count { out.initializeElement(at: i, to: Double(values[i])) }
                filled = shape.count
            })
    }

    /// The Float32 nearest to each value; nil if a finite one is beyond the range of Float32.
    convenience init?(_ tensor: Tensor) {
        let buffer = FloatBuffer(roomFor: tensor.shape.count)
        let isWithin = tensor.values.withUnsafeBufferPointer { values in
            var isWithin = true
            for i in values.indices {
                let value = Float(values[i])
                buffer.pointer[i] = value
                isWithin = isWithin && (value.isFinite || !values[i].isFinite)
            }
            return isWithin
        }
        guard isWithin else { return nil }
        self.init(buffer, tensor.shape)
    }
}
