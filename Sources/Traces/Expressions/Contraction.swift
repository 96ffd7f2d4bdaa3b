// A sum over one named axis of products of two factors: dot products, linear projections, weighted sums of values.
// It is a matrix product when each factor has an axis that the other lacks; only those count as contractions.

/// The dot product along `axis`, by default the features of a head.
public func dot(_ a: Expression, _ b: Expression, over axis: Axis = .d) throws(EngineError) -> Expression {
    guard let n = a.shape[axis], n == b.shape[axis] else {
        throw EngineError(
            .shape, "a sum over \(axis)", expected: "\(axis) of one length in both factors", found: "\(a.shape) and \(b.shape)")
    }
    try agree(a.shape, b.shape)
    return Expression(Contraction(a: a, b: b, axis: axis))
}

/// `x W^T`: a linear projection of `x` along `axis`; `weight` has that axis and the outputs.
public func linear(_ x: Expression, _ weight: Expression, over axis: Axis = .c) throws(EngineError) -> Expression {
    try dot(x, weight, over: axis)
}

/// Throws unless axes of the same name have the same length.
func agree(_ a: Shape, _ b: Shape) throws(EngineError) {
    for axis in a.axes {
        guard let other = b[axis], let own = a[axis], own != other else { continue }
        throw EngineError(.shape, "\(axis)", expected: "one length in both operands", found: "\(a) and \(b)")
    }
}

struct Contraction: Operation {
    let a: Expression
    let b: Expression
    let axis: Axis
    /// Axes of both factors that are not summed over; of the first alone; of the second alone.
    private let batch, rows, columns: Shape
    let shape: Shape

    init(a: Expression, b: Expression, axis: Axis) {
        self.a = a
        self.b = b
        self.axis = axis
        func part(_ shape: Shape, where isKept: (Axis) -> Bool) -> Shape {
            Shape(shape.axes.filter { $0 != axis && isKept($0) }.map { ($0, shape[$0]!) })
        }
        batch = part(a.shape, where: b.shape.contains)
        rows = part(a.shape) { !b.shape.contains($0) }
        columns = part(b.shape) { !a.shape.contains($0) }
        shape = Shape(batch.axes + rows.axes + columns.axes, batch.lengths + rows.lengths + columns.lengths)
    }

    var operands: [Expression] { [a, b] }
    private var length: Int { a.shape[axis]! }

    func evaluate() -> Tensor {
        // A sum of no terms is 0; below, every cell is set by a row of products.
        guard length > 0 else { return Tensor(shape, [Double](repeating: 0, count: shape.count)) }
        let left = a.operation.evaluate().transposed(to: batch.axes + rows.axes + [axis]).values
        let right = b.operation.evaluate().transposed(to: batch.axes + columns.axes + [axis]).values
        let (m, n, k) = (rows.count, columns.count, length)
        let values = [Double](unsafeUninitializedCapacity: shape.count) { out, filled in
            left.withUnsafeBufferPointer { left in
                right.withUnsafeBufferPointer { right in
                    for i in 0..<batch.count {
                        for row in 0..<m {
                            Self.products(
                                of: left.extracting((i * m + row) * k..<(i * m + row + 1) * k),
                                with: right.extracting(i * n * k..<(i + 1) * n * k), k, into: &out, at: (i * m + row) * n)
                        }
                    }
                }
            }
            filled = shape.count
        }
        return Tensor(shape, values)
    }

    /// One row against every column; each sum runs from the first term to the last. Four columns at a time, so that the additions of
    /// different sums overlap without any sum changing its order.
    private static func products(
        of row: UnsafeBufferPointer<Double>, with columns: UnsafeBufferPointer<Double>, _ k: Int,
        into out: inout UnsafeMutableBufferPointer<Double>, at start: Int
    ) {
        let n = k == 0 ? 0 : columns.count / k
        var column = 0
        while column + 4 <= n {
            var (s0, s1, s2, s3) = (0.0, 0.0, 0.0, 0.0)
            let base = column * k
            for i in 0..<k {
                let x = row[i]
                s0 += x * columns[base + i]
                s1 += x * columns[base + k + i]
                s2 += x * columns[base + 2 * k + i]
                s3 += x * columns[base + 3 * k + i]
            }
            out.initializeElement(at: start + column, to: s0)
            out.initializeElement(at: start + column + 1, to: s1)
            out.initializeElement(at: start + column + 2, to: s2)
            out.initializeElement(at: start + column + 3, to: s3)
            column += 4
        }
        while column < n {
            var total = 0.0
            for i in 0..<k { total += row[i] * columns[column * k + i] }
            out.initializeElement(at: start + column, to: total)
            column += 1
        }
    }

    func value(at cell: Cell) -> Double {
        var total = 0.0
        for i in 0..<length { total += term(i, at: cell).0 * term(i, at: cell).1 }
        return total
    }

    private func term(_ i: Int, at cell: Cell) -> (Double, Double) {
        let cell = cell.setting(axis, i)
        return (a.operation.value(at: cell), b.operation.value(at: cell))
    }

    func arithmetic(visible: Mask?) -> Arithmetic {
        let all = shape.count * length
        let isMatrixProduct = rows.rank > 0 && columns.rank > 0
        var counted = isMatrixProduct ? all : 0
        let nest = Set(shape.axes + [axis])
        if let visible, nest.contains(visible.query), nest.contains(visible.key), visible.rows * visible.columns > 0 {
            counted = counted / (visible.rows * visible.columns) * visible.visibleCount
        }
        return Arithmetic(flops: 2 * all, contraction: 2 * counted)
    }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        if spelling == .symbols {
            let summed = cell.setting(axis, nil)
            let (left, right) = (a.operation.spell(summed, .symbols), b.operation.spell(summed, .symbols))
            if let l = left.dotted, let r = right.dotted { return Phrase(text: "\(l)·\(r)", precedence: .product) }
            return Phrase(text: "Σ_\(axis) \(left.inside(.product))·\(right.inside(.product))", precedence: .sum)
        }
        let shown = shownTerms(cell)
        let terms = shown.map { i in
            let (left, right) = term(i, at: cell)
            let at = cell.setting(axis, i)
            return SumText.Term(value: left * right) { (a.operation.spell(at, spelling), b.operation.spell(at, spelling)) }
        }
        var phrase = SumText(terms: terms, hidden: length - shown.count, showsAll: spelling == .numbers(allTerms: true)).phrase
        if let cut = a.operation.cuts(cell, along: axis, count: length) ?? b.operation.cuts(cell, along: axis, count: length) {
            phrase.notes.append(Self.cutNote(cut, axis, of: length))
        }
        return phrase
    }

    private static func cutNote(_ cut: [Int], _ axis: Axis, of count: Int) -> Bilingual {
        let places = cut.map(String.init)
        if cut.isEmpty { return Bilingual(en: "ReLU cuts none of the \(count) dot products.", zh: "\(count) 个点积都没有被 ReLU 截断。") }
        return Bilingual(
            en: "ReLU cuts \(cut.count) of \(count) dot products to 0: \(axis) = \(places.joined(separator: ", ")).",
            zh: "\(count) 个点积中有 \(cut.count) 个被 ReLU 截为 0：\(axis) = \(places.joined(separator: "、"))。")
    }

    /// The positions whose terms are worth showing: those that the mask lets through.
    private func shownTerms(_ cell: Cell) -> [Int] {
        guard let visible, visible.key == axis, let row = cell[visible.query] else { return Array(0..<length) }
        return visible.visibleKeys(of: row)
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] {
        operands.flatMap { $0.operation.operandCells(cell.setting(axis, nil)) }
    }
}
