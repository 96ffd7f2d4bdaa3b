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
        let (left, right) = (a.operation.evaluate(), b.operation.evaluate())
        let product = MatrixProduct(
            terms: length, rows: .init(starts: rows.offsets(in: left.shape), step: left.shape.stride(of: axis)),
            columns: .init(starts: columns.offsets(in: right.shape), step: right.shape.stride(of: axis)))
        let (atLeft, atRight) = (batch.offsets(in: left.shape), batch.offsets(in: right.shape))
        let each = rows.count * columns.count
        let values = [Double](unsafeUninitializedCapacity: shape.count) { out, filled in
            out.preferLargePages()
            filled = shape.count
            guard filled > 0, length > 0 else { return out.initialize(repeating: 0) }
            let scratch = UnsafeMutablePointer<Double>.allocate(capacity: product.scratchCount)
            defer { scratch.deallocate() }
            left.values.withUnsafeBufferPointer { left in
                right.values.withUnsafeBufferPointer { right in
                    for i in atLeft.indices {
                        product.write(
                            left.baseAddress! + atLeft[i], right.baseAddress! + atRight[i], to: out.baseAddress! + i * each,
                            scratch: scratch)
                    }
                }
            }
        }
        return Tensor(shape, values)
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

    private static func cutNote(_ cut: [Int], _ axis: Axis, of count: Int) -> Remark {
        let places = cut.map { "\($0)" as Sentence }
        if cut.isEmpty { return Remark(en: "ReLU cuts none of the \(count) dot products.", zh: "\(count) 个点积都没有被 ReLU 截断。") }
        return Remark(
            en: "ReLU cuts \(cut.count) of \(count) dot products to 0: \(name: axis.name) = \(Sentence(places, separator: ", ")).",
            zh: "\(count) 个点积中有 \(cut.count) 个被 ReLU 截为 0：\(name: axis.name) = \(Sentence(places, separator: "、"))。")
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
