// Views rename or rearrange axes and compute nothing: a cell of the view is a cell of what it shows, and explanations look through it.

extension Expression {
    /// The same values with `axis` called `name`: keys are made from the tokens that are also queries.
    public func renaming(_ axis: Axis, to name: Axis) -> Expression { Expression(Rename(a: self, from: axis, to: name)) }

    /// `axis` divided into `parts`, outermost first; their lengths multiply to its own.
    public func splitting(_ axis: Axis, into parts: [(Axis, Int)]) throws(EngineError) -> Expression {
        guard let length = shape[axis], parts.reduce(1, { $0 * $1.1 }) == length else {
            throw EngineError(
                .shape, "split of \(axis)", expected: "\(parts.map { "\($0.0): \($0.1)" }.joined(separator: " × "))", found: "\(shape)")
        }
        return Expression(Split(a: self, axis: axis, parts: Shape(parts)))
    }

    /// `axes` joined into one, the first varying slowest.
    public func merging(_ axes: [Axis], into axis: Axis) throws(EngineError) -> Expression {
        guard axes.allSatisfy(shape.contains) else {
            throw EngineError(.shape, "merge into \(axis)", expected: "the axes \(axes)", found: "\(shape)")
        }
        return Expression(Merge(a: self, parts: Shape(axes.map { ($0, shape[$0]!) }), axis: axis))
    }

    /// Each position of `axis` shown `times` times under the name `name`: key-value heads shared by groups of query heads.
    public func sharing(_ axis: Axis, as name: Axis, times: Int) -> Expression {
        Expression(Share(a: self, axis: axis, name: name, times: times))
    }

    /// The positions `range` of `axis`.
    public func slicing(_ axis: Axis, _ range: Range<Int>) throws(EngineError) -> Expression {
        guard let length = shape[axis], range.lowerBound >= 0, range.upperBound <= length else {
            throw EngineError(.shape, "slice of \(axis)", expected: "positions \(range)", found: "\(shape)")
        }
        return Expression(Slice(a: self, axis: axis, range: range))
    }
}

/// A node that only rearranges: every cell is one cell of `a`.
protocol View: Operation {
    var a: Expression { get }
    /// The cell of `a` that `cell` shows.
    func source(_ cell: Cell) -> Cell
}

extension View {
    var operands: [Expression] { [a] }
    func value(at cell: Cell) -> Double { a.operation.value(at: source(cell)) }
    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase { a.operation.spell(source(cell), spelling) }
    func operandCells(_ cell: Cell) -> [Explanation.Operand] { a.operation.operandCells(source(cell)) }
}

struct Rename: View {
    let a: Expression
    let from: Axis
    let to: Axis

    var shape: Shape { a.shape.renaming(from, to: to) }
    var visible: Mask? { nil }
    func evaluate() -> Tensor { a.operation.evaluate().renaming(from, to: to) }
    func source(_ cell: Cell) -> Cell { cell.removing(from).setting(from, cell[to]) }
}

struct Split: View {
    let a: Expression
    let axis: Axis
    let parts: Shape

    var shape: Shape {
        let at = a.shape.axes.firstIndex(of: axis)!
        var (axes, lengths) = (a.shape.axes, a.shape.lengths)
        axes.replaceSubrange(at...at, with: parts.axes)
        lengths.replaceSubrange(at...at, with: parts.lengths)
        return Shape(axes, lengths)
    }
    func evaluate() -> Tensor { Tensor(shape, a.operation.evaluate().values) }
    func source(_ cell: Cell) -> Cell {
        let positions = parts.axes.map { cell[$0] }
        let whole = positions.contains(nil) ? nil : parts.offset(of: positions.map { $0! })
        return parts.axes.reduce(cell) { $0.removing($1) }.setting(axis, whole)
    }
}

struct Merge: View {
    let a: Expression
    let parts: Shape
    let axis: Axis

    private var kept: Shape { parts.axes.reduce(a.shape) { $0.removing($1) } }
    var shape: Shape { Shape(kept.axes + [axis], kept.lengths + [parts.count]) }
    func evaluate() -> Tensor { Tensor(shape, a.operation.evaluate().transposed(to: kept.axes + parts.axes).values) }
    func source(_ cell: Cell) -> Cell {
        let index = cell[axis].map(parts.index(ofOffset:))
        return parts.axes.enumerated().reduce(cell.removing(axis)) { $0.setting($1.element, index?[$1.offset]) }
    }
}

struct Share: View {
    let a: Expression
    let axis: Axis
    let name: Axis
    let times: Int

    var shape: Shape {
        Shape(a.shape.axes.map { $0 == axis ? name : $0 }, zip(a.shape.axes, a.shape.lengths).map { $0 == axis ? $1 * times : $1 })
    }
    func evaluate() -> Tensor {
        let tensor = a.operation.evaluate().transposed(to: [axis] + a.shape.axes.filter { $0 != axis })
        let block = tensor.shape.removing(axis)
        var values: [Double] = []
        values.reserveCapacity(block.count * a.shape[axis]! * times)
        for place in 0..<a.shape[axis]! * times {
            values.append(contentsOf: tensor.values[place / times * block.count..<(place / times + 1) * block.count])
        }
        return Tensor(Shape([name] + block.axes, [a.shape[axis]! * times] + block.lengths), values).transposed(to: shape.axes)
    }
    func source(_ cell: Cell) -> Cell { cell.removing(name).setting(axis, cell[name].map { $0 / times }) }
}

struct Slice: View {
    let a: Expression
    let axis: Axis
    let range: Range<Int>

    var shape: Shape { Shape(a.shape.axes, zip(a.shape.axes, a.shape.lengths).map { $0 == axis ? range.count : $1 }) }
    func evaluate() -> Tensor {
        let tensor = a.operation.evaluate()
        let start = range.lowerBound * a.shape.stride(of: axis)
        return Tensor(shape, tensor.values.gathered(shape, strides: shape.axes.map(a.shape.stride(of:)), from: start))
    }
    func source(_ cell: Cell) -> Cell { cell.setting(axis, cell[axis].map { $0 + range.lowerBound }) }
    func valuesRead() -> [String: Reading] {
        let whole = a.shape.count
        return a.operation.valuesRead().mapValues { $0.scaled(shape.count, of: whole) }
    }
}
