// Equations are written with lazy expressions. A node knows its shape, how to compute all cells or one, what that costs, and how to
// write one cell's arithmetic in symbols and in digits. Nothing is computed until a Recorder asks.

/// A lazily computed tensor: the right-hand side of an equation.
public struct Expression: Sendable {
    let operation: Node

    init(_ operation: some Operation) { self.operation = Holder(operation) }

    /// The named axes and lengths of the result.
    public var shape: Shape { operation.shape }

    /// The same recorded step, written in explanations by its own definition instead of its symbol: `(q·k)/√4` instead of `Z`.
    public var spelledOut: Expression { operation.leaf.map { Expression(Leaf(step: $0.step, isSpelledOut: true)) } ?? self }

    /// The ids of the recorded steps that enter, in order of use, each once.
    package var inputs: [StepID] {
        var inputs: [StepID] = []
        collectInputs(into: &inputs)
        return inputs
    }

    private func collectInputs(into inputs: inout [StepID]) {
        if let origin, !inputs.contains(origin) { inputs.append(origin) }
        for operand in operation.operands { operand.collectInputs(into: &inputs) }
    }

    /// The id of the step whose result this is; nil for an operation on results.
    private var origin: StepID? {
        #if !hasFeature(Embedded)
            if case .deferred(let result) = operation.kind { return result.id }
        #endif
        return operation.leaf?.step.id
    }

    /// The query-key pairs behind this result that a mask left visible; nil if no mask was applied.
    public var visible: Mask? { operation.visible }

    /// The recorded values, if this is a recorded step; computed otherwise.
    public var tensor: Tensor { operation.evaluate() }

    /// Arithmetic of this whole tree; traffic is what enters from recorded steps, at the width at which they are stored, and what is written.
    func cost(visible: Mask?, bytesWritten: Int) -> Cost {
        var cost = Cost(bytesWritten: bytesWritten)
        func add(_ expression: Expression) {
            let own = expression.operation.arithmetic(visible: visible)
            cost.flops += own.flops
            cost.contractionFlops += own.contraction
            expression.operation.operands.forEach(add)
        }
        add(self)
        cost.bytesRead = operation.valuesRead().values.reduce(0) { $0 + $1.bytes }
        return cost
    }
}

/// One kind of node. A file each; shapes are checked when a node is built, so evaluation cannot fail.
protocol Operation: Sendable {
    /// The named axes of the result.
    var shape: Shape { get }
    /// The nodes that this one reads.
    var operands: [Expression] { get }
    /// The query-key pairs behind the result that a mask left visible, if a mask was applied.
    var visible: Mask? { get }
    /// This node, if it is a recorded step.
    var leaf: Leaf? { get }
    /// The two factors, if this is a product.
    var factors: (Expression, Expression)? { get }
    /// This node, if it is a mask put on something.
    var maskOut: MaskOut? { get }
    /// All cells.
    func evaluate() -> Tensor
    /// All cells, a few rows at a time.
    func stream() -> CellStream
    /// One cell, by a path of its own: explanations use it and tests hold it against `evaluate`.
    func value(at cell: Cell) -> Double
    /// Arithmetic of this node alone.
    func arithmetic(visible: Mask?) -> Arithmetic
    /// One cell's arithmetic as text.
    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase
    /// The recorded cells that enter one cell.
    func operandCells(_ cell: Cell) -> [Explanation.Operand]
    /// Positions along `axis` at which a ReLU cuts the value of `cell` to 0; nil if this node is no ReLU.
    func cuts(_ cell: Cell, along axis: Axis, count: Int) -> [Int]?
    /// Distinct values read from each recorded step, by id.
    func valuesRead() -> [String: Reading]
    #if !hasFeature(Embedded)
        /// What this node is, for those who write expressions in another language.
        var kind: Expression.Kind { get }
    #endif
}

extension Operation {
    func stream() -> CellStream { CellStream(evaluate()) }
    var visible: Mask? { operands.lazy.compactMap { $0.operation.visible }.first }
    var leaf: Leaf? { nil }
    var factors: (Expression, Expression)? { nil }
    var maskOut: MaskOut? { nil }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic() }
    func operandCells(_ cell: Cell) -> [Explanation.Operand] { operands.flatMap { $0.operation.operandCells(cell) } }
    func cuts(_ cell: Cell, along axis: Axis, count: Int) -> [Int]? { nil }
    func valuesRead() -> [String: Reading] {
        operands.reduce(into: [:]) { total, operand in total.add(operand.operation.valuesRead()) }
    }
}

/// How much of a recorded step is read.
struct Reading {
    /// Values read; what two parts of an equation read may overlap, but never exceeds what there is.
    var values: Int
    /// Values that the step has.
    let size: Int
    /// The width at which the step stores a value.
    let bytesPerValue: Int

    var bytes: Int { min(values, size) * bytesPerValue }
    func adding(_ other: Reading) -> Reading { Reading(values: values + other.values, size: size, bytesPerValue: bytesPerValue) }
    /// The reading of `part` of every `whole` values.
    func scaled(_ part: Int, of whole: Int) -> Reading {
        Reading(values: whole == 0 ? 0 : values / whole * part, size: size, bytesPerValue: bytesPerValue)
    }
}

extension [String: Reading] {
    /// What two parts of an equation read, together.
    mutating func add(_ other: [String: Reading]) {
        for (id, reading) in other { self[id] = self[id]?.adding(reading) ?? reading }
    }
}

/// Arithmetic operations: all of them, and the multiply-adds of matrix products over visible pairs.
struct Arithmetic {
    var flops = 0
    var contraction = 0
}

/// How a cell's arithmetic is written.
enum Spelling: Equatable {
    case symbols
    /// In digits; long sums are shortened in the middle unless all terms are wanted.
    case numbers(allTerms: Bool)
}

/// A piece of arithmetic as text, with what is needed to put brackets around it where they belong.
struct Phrase {
    enum Precedence: Int, Comparable {
        case sum, product, atom
        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    var text: SpelledText
    var precedence: Precedence = .atom
    var notes: [Remark] = []
    /// The text without the axes summed over, if those all trail: `q[7,0]` for `q[7,0,d]`. Only such factors form a dot product.
    var dotted: String?

    /// The text, in brackets if it binds less tightly than `precedence`.
    func inside(_ precedence: Precedence) -> SpelledText { self.precedence < precedence ? text.bracketed : text }

    /// A number; negative ones need brackets inside a product.
    static func number(_ value: Double) -> Phrase {
        Phrase(text: SpelledText(NumberText.significant(value)), precedence: value < 0 ? .sum : .atom)
    }

    /// A cell of what is called `symbol`: `q[7,0]`.
    static func cell(_ symbol: String, _ shape: Shape, _ cell: Cell) -> Phrase {
        let positions = shape.axes.map { cell[$0] }
        let named = zip(shape.axes, positions).map { axis, position in position.map(String.init) ?? axis.name }
        let leading = positions.prefix { $0 != nil }.count
        let trails = leading < positions.count && positions[leading...].allSatisfy { $0 == nil }
        return Phrase(
            text: SpelledText(symbol + Cell.brackets(named)),
            dotted: trails ? symbol + Cell.brackets(Array(named[..<leading])) : nil)
    }
}

/// Positions by axis name; nil along an axis that is summed over. Axes that a tensor lacks are ignored by it: that is broadcasting.
struct Cell {
    private(set) var axes: [Axis]
    private(set) var positions: [Int?]

    init(_ axes: [Axis], _ positions: [Int?]) {
        self.axes = axes
        self.positions = positions
    }

    init(_ axes: [Axis], _ index: [Int]) { self.init(axes, index.map(Optional.some)) }

    /// The position along `axis`; nil if it is summed over or not named.
    subscript(axis: Axis) -> Int? { axes.firstIndex(of: axis).flatMap { positions[$0] } }

    func setting(_ axis: Axis, _ position: Int?) -> Cell {
        var cell = self
        if let i = axes.firstIndex(of: axis) {
            cell.positions[i] = position
        } else {
            cell.axes.append(axis)
            cell.positions.append(position)
        }
        return cell
    }

    func removing(_ axis: Axis) -> Cell {
        let kept = zip(axes, positions).filter { $0.0 != axis }
        return Cell(kept.map { $0.0 }, kept.map { $0.1 })
    }

    /// The storage position in `shape` of a cell with no axis summed over.
    func offset(in shape: Shape) -> Int {
        shape.offset(of: shape.axes.map { axis in self[axis] ?? { preconditionFailure("no position along \(axis)") }() })
    }

    static func brackets(_ positions: [String]) -> String { positions.isEmpty ? "" : "[" + positions.joined(separator: ",") + "]" }
}

/// A recorded step as the start of further equations.
struct Leaf: Operation {
    let step: Step
    var isSpelledOut = false

    private var definition: Node? { isSpelledOut ? step.definition?.operation : nil }
    var shape: Shape { step.output.shape }
    var operands: [Expression] { [] }
    var visible: Mask? { step.visible }
    var leaf: Leaf? { self }
    func evaluate() -> Tensor { step.output }
    func value(at cell: Cell) -> Double { step.output.values[cell.offset(in: shape)] }
    func valuesRead() -> [String: Reading] {
        [step.id.text: Reading(values: shape.count, size: shape.count, bytesPerValue: step.bytesPerValue)]
    }
    func cuts(_ cell: Cell, along axis: Axis, count: Int) -> [Int]? { definition?.cuts(cell, along: axis, count: count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        if let definition { return definition.spell(cell, spelling) }
        return spelling == .symbols ? .cell(step.symbol, shape, cell) : .number(value(at: cell))
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] {
        if let definition { return definition.operandCells(cell) }
        return [
            Explanation.Operand(
                step: step.id.text, index: shape.axes.map { cell[$0] },
                symbol: spell(cell, .symbols).dotted ?? spell(cell, .symbols).text.text)
        ]
    }
}
