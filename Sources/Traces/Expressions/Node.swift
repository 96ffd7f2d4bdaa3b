// An expression's node: one operation of any kind behind one type. It is a class with one subclass for all kinds, not an existential, because
// Embedded Swift, which compiles the engine for pages, has none; a call goes through a table of functions either way.

/// One operation, whatever its kind. Only `Holder` is ever made.
class Node: @unchecked Sendable {
    /// The named axes of the result.
    let shape: Shape
    /// The nodes that this one reads.
    let operands: [Expression]
    /// The recorded step, if this is one.
    let leaf: Leaf?
    /// The two factors, if this is a product.
    let factors: (Expression, Expression)?
    /// The mask and what it was put on, if this is one.
    let maskOut: MaskOut?

    fileprivate init(_ operation: some Operation) {
        shape = operation.shape
        operands = operation.operands
        leaf = operation.leaf
        factors = operation.factors
        maskOut = operation.maskOut
    }

    var visible: Mask? { preconditionFailure("a node holds an operation") }
    func evaluate() -> Tensor { preconditionFailure("a node holds an operation") }
    func stream() -> CellStream { preconditionFailure("a node holds an operation") }
    func value(at cell: Cell) -> Double { preconditionFailure("a node holds an operation") }
    func arithmetic(visible: Mask?) -> Arithmetic { preconditionFailure("a node holds an operation") }
    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase { preconditionFailure("a node holds an operation") }
    func operandCells(_ cell: Cell) -> [Explanation.Operand] { preconditionFailure("a node holds an operation") }
    func cuts(_ cell: Cell, along axis: Axis, count: Int) -> [Int]? { preconditionFailure("a node holds an operation") }
    func valuesRead() -> [String: Reading] { preconditionFailure("a node holds an operation") }
    #if !hasFeature(Embedded)
        var kind: Expression.Kind { preconditionFailure("a node holds an operation") }
    #endif
}

/// The node of one kind of operation: every question goes to it.
final class Holder<Kind: Operation>: Node, @unchecked Sendable {
    private let operation: Kind

    init(_ operation: Kind) {
        self.operation = operation
        super.init(operation)
    }

    override var visible: Mask? { operation.visible }
    override func evaluate() -> Tensor { operation.evaluate() }
    override func stream() -> CellStream { operation.stream() }
    override func value(at cell: Cell) -> Double { operation.value(at: cell) }
    override func arithmetic(visible: Mask?) -> Arithmetic { operation.arithmetic(visible: visible) }
    override func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase { operation.spell(cell, spelling) }
    override func operandCells(_ cell: Cell) -> [Explanation.Operand] { operation.operandCells(cell) }
    override func cuts(_ cell: Cell, along axis: Axis, count: Int) -> [Int]? { operation.cuts(cell, along: axis, count: count) }
    override func valuesRead() -> [String: Reading] { operation.valuesRead() }
    #if !hasFeature(Embedded)
        override var kind: Expression.Kind { operation.kind }
    #endif
}
