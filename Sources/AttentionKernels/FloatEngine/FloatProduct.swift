// A sum of products over one axis, as matrix products of the BLAS. Which operand is transposed follows from how it lies; one that lies in no way that the
// BLAS knows is copied. Cores share the work here, for the BLAS computes on the calling thread.

internal import Traces

#if canImport(Accelerate)
    import Accelerate
#else
    internal import COpenBLAS
#endif

/// One operand: rows or columns along `stride`, terms along `step`.
private struct Factor {
    let tensor: FloatTensor
    let count: Int
    let stride: Int
    let step: Int

    /// The axes of `own` as rows or columns, `axis` as terms.
    init(_ tensor: FloatTensor, _ own: [Axis], over axis: Axis, batch: [Axis]) {
        if let factor = Factor(asItLies: tensor, own, over: axis) {
            self = factor
        } else {
            self = Factor(asItLies: tensor.copied(along: batch + own + [axis]), own, over: axis)!
        }
    }

    private init?(asItLies tensor: FloatTensor, _ own: [Axis], over axis: Axis) {
        guard let run = tensor.run(own), let terms = tensor[axis], terms.repeats == 1 else { return nil }
        let step = terms.length == 1 ? 1 : terms.stride
        let stride = run.length == 1 ? (step == 1 ? terms.length : 1) : run.stride
        guard (step == 1 && stride >= terms.length) || (stride == 1 && step >= run.length) else { return nil }
        (self.tensor, count, self.stride, self.step) = (tensor, run.length, stride, step)
    }
}

extension FloatTensor {
    /// Σ over `axis` of `a` times `b`, times `factor`.
    /// - Parameter order: the order of axes that whoever reads the result would like, if the product can be written so.
    static func product(_ a: FloatTensor, _ b: FloatTensor, over axis: Axis, times factor: Float = 1, order: [Axis]?) -> FloatTensor {
        let batch = a.storageOrder.filter { $0 != axis && b[$0] != nil }
        let rows = a.storageOrder.filter { $0 != axis && b[$0] == nil }
        let columns = b.storageOrder.filter { $0 != axis && a[$0] == nil }
        let (left, right) = (Factor(a, rows, over: axis, batch: batch), Factor(b, columns, over: axis, batch: batch))
        let lengths = Dictionary(uniqueKeysWithValues: (a.shape(batch + rows).pairs + b.shape(columns).pairs))
        func room(_ axes: [Axis]) -> FloatTensor { FloatTensor(roomFor: Shape(axes.map { ($0, lengths[$0]!) })) }
        let out =
            order.flatMap { order in
                let wished = room(order)
                guard let across = wished.run(columns), let down = wished.run(rows), across.length == 1 || across.stride == 1,
                    down.length == 1 || down.stride >= across.length
                else { return nil }
                return wished
            } ?? room(batch + rows + columns)
        let matrix = Matrix(
            m: left.count, n: right.count, k: a[axis]!.length, factor: factor, left: left, right: right,
            strideOut: left.count == 1 ? right.count : out.run(rows)!.stride)
        let shape = a.shape(batch)
        let (atLeft, atRight, atOut) = (left.tensor.offsets(along: shape), right.tensor.offsets(along: shape), out.offsets(along: shape))
        let work = atOut.count * matrix.m * matrix.n * matrix.k
        let parts = work < 1 << 15 ? 1 : Threads.count
        // The BLAS writes a product several times over: a piece of a mebibyte stays near the core that writes it. Fewer products than would keep all cores
        // at work to the end are written in pieces too.
        let size = matrix.m * matrix.n >> 18
        let pieces = parts == 1 || size < 2 && atOut.count.isMultiple(of: parts) ? 1 : max(parts, size)
        let byColumns = matrix.n >= matrix.m
        let length = byColumns ? matrix.n : matrix.m
        Threads.split(atOut.count * pieces, into: pieces == 1 ? parts : atOut.count * pieces) { _, range in
            for task in range {
                let (i, piece) = task.quotientAndRemainder(dividingBy: pieces)
                let part = length * piece / pieces..<length * (piece + 1) / pieces
                matrix.write(
                    atLeft[i], atRight[i], to: out, atOut[i], byColumns ? 0..<matrix.m : part, byColumns ? part : 0..<matrix.n)
            }
        }
        return out
    }

    /// One of the products of a batch.
    private struct Matrix: Sendable {
        let m, n, k: Int
        let factor: Float
        let left, right: Factor
        let strideOut: Int

        /// Writes `rows` of the product by `columns`.
        func write(_ atLeft: Int, _ atRight: Int, to out: FloatTensor, _ atOut: Int, _ rows: Range<Int>, _ columns: Range<Int>) {
            let a = left.tensor.pointer + atLeft + rows.lowerBound * left.stride
            let b = right.tensor.pointer + atRight + columns.lowerBound * right.stride
            let c = out.pointer + atOut + rows.lowerBound * strideOut + columns.lowerBound
            BLAS.multiply(
                m: rows.count, n: columns.count, k: k, factor, a, rowsBy: left.stride, termsBy: left.step, b, columnsBy: right.stride,
                termsBy: right.step, into: c, strideOut)
        }
    }
}

extension Shape {
    /// Axes with their lengths.
    fileprivate var pairs: [(Axis, Int)] { Array(zip(axes, lengths)) }
}

extension BLAS {
    #if canImport(Accelerate)
        private typealias Count = Int32
    #else
        private typealias Count = blasint
    #endif

    /// c = factor a b: a [m, k] and b [k, n] lie with one of their two distances 1, c [m, n] has rows `strideC` apart. One row or one column is a matrix by a
    /// vector, which need not be laid out anew.
    fileprivate static func multiply(
        m: Int, n: Int, k: Int, _ factor: Float, _ a: UnsafePointer<Float>, rowsBy strideA: Int, termsBy stepA: Int,
        _ b: UnsafePointer<Float>,
        columnsBy strideB: Int, termsBy stepB: Int, into c: UnsafeMutablePointer<Float>, _ strideC: Int
    ) {
        guard m > 0, n > 0 else { return }
        if k == 0 || m == 1 || n == 1 {
            for row in 0..<m { (c + row * strideC).update(repeating: 0, count: n) }
            if k == 0 { return }
        }
        if m == 1 {
            vector(factor, b, count: n, by: strideB, terms: k, by: stepB, a, stepA, into: c, 1)
        } else if n == 1 {
            vector(factor, a, count: m, by: strideA, terms: k, by: stepA, b, stepB, into: c, strideC)
        } else {
            cblas_sgemm(
                CblasRowMajor, stepA == 1 ? CblasNoTrans : CblasTrans, strideB == 1 && stepB >= n ? CblasNoTrans : CblasTrans, Count(m),
                Count(n),
                Count(k), factor, a, Count(stepA == 1 ? strideA : stepA), b, Count(strideB == 1 && stepB >= n ? stepB : strideB), 0, c,
                Count(strideC))
        }
    }

    /// out[i] = factor Σ_j matrix[i · stride + j · step] · x[j · stepX]; one of the two distances is 1.
    private static func vector(
        _ factor: Float, _ matrix: UnsafePointer<Float>, count: Int, by stride: Int, terms: Int, by step: Int, _ x: UnsafePointer<Float>,
        _ stepX: Int,
        into out: UnsafeMutablePointer<Float>, _ strideOut: Int
    ) {
        if step == 1, stride >= terms || count == 1 {
            cblas_sgemv(
                CblasRowMajor, CblasNoTrans, Count(count), Count(terms), factor, matrix, Count(max(stride, terms)), x, Count(stepX), 0, out,
                Count(strideOut))
        } else {
            cblas_sgemv(
                CblasRowMajor, CblasTrans, Count(terms), Count(count), factor, matrix, Count(max(step, count)), x, Count(stepX), 0, out,
                Count(strideOut))
        }
    }
}
