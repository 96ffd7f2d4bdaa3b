// What is computed cell by cell or row by row in Float32, eight lanes at a time and on all cores. Means and sums of squares are added up in Double: they
// cost nothing there, and no square overflows.

internal import Synchronization
internal import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension FloatTensor {
    /// `a` and `b` cell by cell, broadcast by name to `shape`.
    @inline(__always)
    static func paired(_ a: FloatTensor, _ b: FloatTensor, _ shape: Shape, _ join: @Sendable (Float, Float) -> Float) -> FloatTensor {
        let (a, b) = (a.withPlaces, b.withPlaces)
        // Along the axes of the larger one, so that it is read as it lies.
        let known = (a.count >= b.count ? a : b).storageOrder
        let order = shape.axes.filter { !known.contains($0) } + known
        let out = FloatTensor(roomFor: Shape(order.map { ($0, shape[$0]!) }))
        guard let last = order.last else {
            out.pointer[0] = join(a.pointer[0], b.pointer[0])
            return out
        }
        let (length, rows) = (shape[last]!, out.shape(Array(order.dropLast())))
        let (atA, atB) = (a.offsets(along: rows), b.offsets(along: rows))
        let (stepA, stepB) = (a[last]?.stride ?? 0, b[last]?.stride ?? 0)
        eachRow(rows.count, of: length) { row in
            let (a, b, c) = (a.pointer + atA[row], b.pointer + atB[row], out.pointer + row * length)
            switch (stepA, stepB) {
            case (1, 1): for i in 0..<length { c[i] = join(a[i], b[i]) }
            case (1, 0):
                let y = b[0]
                for i in 0..<length { c[i] = join(a[i], y) }
            case (0, 1):
                let x = a[0]
                for i in 0..<length { c[i] = join(x, b[i]) }
            default: for i in 0..<length { c[i] = join(a[i * stepA], b[i * stepB]) }
            }
        }
        return out
    }

    /// The same with a place for every position.
    private var withPlaces: FloatTensor { dimensions.allSatisfy { $0.repeats == 1 } ? self : copied(along: dimensions.map(\.axis)) }

    /// Each value changed, lane by lane.
    @inline(__always)
    func mapped(_ change: @Sendable (VectorMath.Lanes) -> VectorMath.Lanes) -> FloatTensor {
        let order = storageOrder
        let source = laid(along: order)
        let out = FloatTensor(roomFor: shape(order))
        source.eachPiece { VectorMath.map(source.pointer + $0.lowerBound, to: out.pointer + $0.lowerBound, $0.count, change) }
        return out
    }

    /// Runs `body` on ranges of the places from the first value on, on all cores where that pays.
    private func eachPiece(_ body: @Sendable (Range<Int>) -> Void) {
        let (count, piece) = (count, 1 << 12)
        FloatTensor.eachRow((count + piece - 1) / piece, of: piece) { body($0 * piece..<min(($0 + 1) * piece, count)) }
    }

    /// Whether no value is NaN or infinite.
    var isFinite: Bool { all(VectorMath.isFinite) }

    /// Whether no value is NaN or infinity; minus infinity may be.
    var isBelowInfinity: Bool { all(VectorMath.isBelowInfinity) }

    private func all(_ holds: @Sendable (UnsafePointer<Float>, Int) -> Bool) -> Bool {
        let source = laid(along: storageOrder)
        let fails = Atomic(false)
        source.eachPiece { if !holds(source.pointer + $0.lowerBound, $0.count) { fails.store(true, ordering: .relaxed) } }
        return !fails.load(ordering: .relaxed)
    }

    /// Each row along `axis` made anew; `body` is told which row it is of the axes before, in their order.
    func rows(
        along axis: Axis,
        _ body: @Sendable (_ row: Int, _ length: Int, _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>) -> Void
    ) -> FloatTensor {
        let order = storageOrder.filter { $0 != axis } + [axis]
        let source = laid(along: order)
        let out = FloatTensor(roomFor: shape(order))
        let length = self[axis]!.length
        FloatTensor.eachRow(length == 0 ? 0 : count / length, of: length) { row in
            body(row, length, UnsafePointer(source.pointer + row * length), out.pointer + row * length)
        }
        return out
    }

    /// One value of each row along `axis`.
    func reduced(along axis: Axis, _ body: @Sendable (_ row: UnsafePointer<Float>, _ length: Int) -> Float) -> FloatTensor {
        let rest = storageOrder.filter { $0 != axis }
        let source = laid(along: rest + [axis])
        let out = FloatTensor(roomFor: shape(rest))
        let length = self[axis]!.length
        FloatTensor.eachRow(out.count, of: length) { row in out.pointer[row] = body(source.pointer + row * length, length) }
        return out
    }

    /// Which position of `axis` a row along `other` has, as `rows` counts them.
    private func position(of axis: Axis, inRowsAlong other: Axis) -> (inner: Int, length: Int) {
        let order = storageOrder.filter { $0 != other }
        return (order.drop { $0 != axis }.dropFirst().reduce(1) { $0 * self[$1]!.length }, self[axis]!.length)
    }
}

extension FloatTensor {
    func softmax(over axis: Axis) -> FloatTensor {
        rows(along: axis) { _, length, from, to in
            let largest = VectorMath.maximum(from, length)
            // A row of nothing but -infinity has nothing to attend to; NaN, of which there is no maximum, goes on to be found.
            if largest == -.infinity, !(0..<length).contains(where: { from[$0].isNaN }) { return to.update(repeating: 0, count: length) }
            to.update(from: from, count: length)
            let total = VectorMath.exponentials(to, length, scale: 1, minus: largest)
            VectorMath.scale(to, length, by: 1 / total)
        }
    }

    func masked(_ mask: Mask, filler: Float) -> FloatTensor {
        let (inner, length) = position(of: mask.query, inRowsAlong: mask.key)
        return rows(along: mask.key) { row, columns, from, to in
            let query = row / inner % length
            guard let seen = mask.visibleRun(of: query) else {
                for i in 0..<columns { to[i] = mask[query, i] ? from[i] : filler }
                return
            }
            to.update(repeating: filler, count: seen.lowerBound)
            (to + seen.lowerBound).update(from: from + seen.lowerBound, count: seen.count)
            (to + seen.upperBound).update(repeating: filler, count: columns - seen.upperBound)
        }
    }

    func rmsNorm(_ weight: FloatTensor, epsilon: Double, over axis: Axis, beyondOne: Bool) -> FloatTensor {
        let factors = beyondOne ? weight.mapped { $0 + 1 } : weight.laid(along: [axis])
        return rows(along: axis) { _, length, from, to in
            let g = factors.pointer
            let scale = Float(1 / (Self.mean(from, length) { Double($0) * Double($0) } + epsilon).squareRoot())
            for i in 0..<length { to[i] = from[i] * scale * g[i] }
        }
    }

    func layerNorm(_ weight: FloatTensor, _ bias: FloatTensor, epsilon: Double, over axis: Axis) -> FloatTensor {
        let (weight, bias) = (weight.laid(along: [axis]), bias.laid(along: [axis]))
        return rows(along: axis) { _, length, from, to in
            let (g, b) = (weight.pointer, bias.pointer)
            let mean = Self.mean(from, length) { Double($0) }
            let variance = Self.mean(from, length) { (Double($0) - mean) * (Double($0) - mean) }
            let (middle, scale) = (Float(mean), Float(1 / (variance + epsilon).squareRoot()))
            for i in 0..<length { to[i] = (from[i] - middle) * scale * g[i] + b[i] }
        }
    }

    /// The mean of what `term` makes of each value, by four sums side by side.
    @inline(__always)
    private static func mean(_ values: UnsafePointer<Float>, _ count: Int, _ term: (Float) -> Double) -> Double {
        var sums = SIMD4<Double>.zero
        for i in stride(from: 0, to: count / 4 * 4, by: 4) {
            sums += SIMD4(term(values[i]), term(values[i + 1]), term(values[i + 2]), term(values[i + 3]))
        }
        var total = sums.sum()
        for i in count / 4 * 4..<count { total += term(values[i]) }
        return total / Double(count)
    }

    /// Rotary embedding.
    func rotary(_ layout: RotaryLayout, _ table: RotationTable, token: Axis, over axis: Axis) -> FloatTensor {
        let (pairs, cosines, sines) = (table.pairs, table.cosines, table.sines)
        let (inner, tokens) = position(of: token, inRowsAlong: axis)
        let (distance, spread) = layout == .half ? (pairs, 1) : (1, 2)
        return rows(along: axis) { row, _, from, to in
            let first = row / inner % tokens * pairs
            for pair in 0..<pairs {
                let (x, y) = (from[pair * spread], from[pair * spread + distance])
                let (c, s) = (cosines[first + pair], sines[first + pair])
                to[pair * spread] = x * c - y * s
                to[pair * spread + distance] = x * s + y * c
            }
        }
    }

    /// log Σ e^L - L_next of each row of logits.
    func crossEntropy(_ next: [Int]) -> FloatTensor {
        let logits = slicing(.t, 0..<next.count).laid(along: [.t, .n])
        let out = FloatTensor(roomFor: Shape([.t], [next.count]))
        let length = self[.n]!.length
        FloatTensor.eachRow(next.count, of: length) { row in
            let from = logits.pointer + row * length
            let largest = VectorMath.maximum(from, length)
            let total = withUnsafeTemporaryAllocation(of: Float.self, capacity: length) { room in
                room.baseAddress!.update(from: from, count: length)
                return VectorMath.exponentials(room.baseAddress!, length, scale: 1, minus: largest)
            }
            out.pointer[row] = Float(VectorMath.log(Double(total))) - (from[next[row]] - largest)
        }
        return out
    }

    /// The places `indices` of `axis`, along `name`.
    func gathered(_ axis: Axis, at indices: [Int], as name: Axis) -> FloatTensor {
        let rest = storageOrder.filter { $0 != axis }
        let own = self[axis]!
        let row = shape(rest)
        let out = FloatTensor(roomFor: Shape([name] + row.axes, [indices.count] + row.lengths))
        for (i, index) in indices.enumerated() { out.write(slicing(axis, index..<index + 1), [axis] + rest, from: i * row.count) }
        precondition(indices.allSatisfy { $0 < own.length })
        return out
    }

    /// One after the other along `axis`, which becomes the outermost: each part is written as a whole.
    static func concatenated(_ parts: [FloatTensor], along axis: Axis) -> FloatTensor {
        let rest = parts[0].storageOrder.filter { $0 != axis }
        let row = parts[0].shape(rest)
        let out = FloatTensor(
            roomFor: Shape([axis] + row.axes, [parts.reduce(0) { $0 + $1[axis]!.length }] + row.lengths))
        var start = 0
        for part in parts {
            out.write(part, [axis] + rest, from: start)
            start += part.count
        }
        return out
    }

    /// GELU, by erf or by tanh.
    func gelu(_ form: GELUForm) -> FloatTensor {
        switch form {
        case .approximate:
            let root = Float((2 / Double.pi).squareRoot())
            return mapped { z in z * 0.5 * (1 + VectorMath.tanh((z + z * z * z * 0.044715) * root)) }
        case .exact:
            let root = Float(0.5.squareRoot())
            return mapped { z in
                var share = z
                for i in z.indices { share[i] = erff(z[i] * root) }
                return z * 0.5 * (1 + share)
            }
        }
    }

    /// z / (1 + e^-z).
    func silu() -> FloatTensor {
        mapped { z in
            let power = -z
            return z / (1 + VectorMath.exp(power.replacing(with: 88, where: power .> 88)))
        }
    }
}
