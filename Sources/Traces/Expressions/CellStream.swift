// Cell-by-cell operations are computed a few rows at a time: a chain of them (add, scale, mask) passes over memory once and keeps no tensor in between.

/// The cells of a node in storage order, computed on request.
struct CellStream {
    typealias Source = UnsafeBufferPointer<Double>
    typealias Target = UnsafeMutableBufferPointer<Double>

    let shape: Shape
    /// The values, if they are at hand.
    private let stored: [Double]?
    /// Computes the cells from `start` on, as many as `out` holds. Both ends stand between rows along the last axis.
    private let compute: (_ start: Int, _ out: Target) -> Void

    init(_ shape: Shape, compute: @escaping (_ start: Int, _ out: Target) -> Void) {
        self.shape = shape
        stored = nil
        self.compute = compute
    }

    /// The cells of a tensor.
    init(_ tensor: Tensor) {
        shape = tensor.shape
        stored = tensor.values
        compute = { _, _ in }
    }

    /// Calls `body` with the cells from `start` on: as they are stored, or computed into `room`.
    @inline(__always)
    func read(_ start: Int, _ room: Target, _ body: (Source) -> Void) {
        if let stored {
            stored.withUnsafeBufferPointer { body($0.extracting(start..<start + room.count)) }
        } else {
            compute(start, room)
            body(Source(room))
        }
    }

    /// The cells of a tensor laid along the axes of `shape` by name; a missing axis is broadcast.
    init(_ tensor: Tensor, along shape: Shape) {
        let strides = shape.axes.map(tensor.shape.stride(of:))
        let (length, step) = (shape.lengths.last ?? 1, strides.last ?? 0)
        self.init(shape) { start, out in
            tensor.values.withUnsafeBufferPointer { values in
                var index = shape.index(ofOffset: start)
                for cell in stride(from: 0, to: out.count, by: length) {
                    var source = 0
                    for axis in index.indices { source += index[axis] * strides[axis] }
                    for i in 0..<length { out[cell + i] = values[source + i * step] }
                    shape.advanceRow(&index)
                }
            }
        }
    }

    /// Cells made from these by `change`, a few rows at a time. It is called with the first cell's place, these cells, and where the new ones go:
    /// that may be where these stand.
    func changed(_ change: @escaping (_ start: Int, Source, Target) -> Void) -> CellStream {
        CellStream(shape) { start, out in read(start, out) { change(start, $0, out) } }
    }

    /// Cells made by `change` from those of two operands on the axes of `shape`. It is called with both and where the new ones go: that may be where
    /// the first stand.
    static func paired(
        _ a: Expression, _ b: Expression, along shape: Shape, _ change: @escaping (_ a: Source, _ b: Source, Target) -> Void
    ) -> CellStream {
        let (a, b) = (a.stream(along: shape), b.stream(along: shape))
        return CellStream(shape) { start, out in
            a.read(start, out) { own in
                withUnsafeTemporaryAllocation(of: Double.self, capacity: b.stored == nil ? out.count : 0) { room in
                    b.read(start, b.stored == nil ? room : out) { change(own, $0, out) }
                }
            }
        }
    }

    /// All cells.
    var tensor: Tensor {
        if let stored { return Tensor(shape, stored) }
        let (count, length) = (shape.count, shape.lengths.last ?? 1)
        let values = [Double](unsafeUninitializedCapacity: count) { out, filled in
            out.preferLargePages()
            filled = count
            // Some thousand cells: what a chain works on stays near the processor.
            let block = max(2048 / max(length, 1), 1) * length
            var start = 0
            while start < count {
                let end = min(start + block, count)
                compute(start, out.extracting(start..<end))
                start = end
            }
        }
        return Tensor(shape, values)
    }
}

extension Expression {
    /// The cells on the axes of `shape`, which include this expression's.
    fileprivate func stream(along shape: Shape) -> CellStream {
        self.shape == shape ? operation.stream() : CellStream(operation.evaluate(), along: shape)
    }
}

/// A node whose cells are computed one by one, or row by row, from those of its operands.
protocol CellByCell: Operation {}

extension CellByCell {
    func evaluate() -> Tensor { stream().tensor }
}

extension Shape {
    /// Moves `index`, which stands at the beginning of a row along the last axis, to the beginning of the next.
    fileprivate func advanceRow(_ index: inout [Int]) {
        for axis in (0..<max(rank - 1, 0)).reversed() {
            index[axis] += 1
            if index[axis] < lengths[axis] { return }
            index[axis] = 0
        }
    }
}
