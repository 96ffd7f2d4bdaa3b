// What stays of a computation. A trace of everything is too large for a model of many layers: whoever asks about one layer keeps that one. Results that do
// not stay are computed all the same, exactly as if they did, or by an arithmetic that somebody else has and that the trace then names.

#if !hasFeature(Embedded)
    internal import Synchronization

    /// Which steps a recorder keeps, and what computes the others.
    public struct Keeping: Sendable {
        /// Stands for the result of a step that does not stay; nil to have it computed exactly.
        /// - Parameters:
        ///   - id: the step's name.
        ///   - symbol: its symbol.
        ///   - expression: its right-hand side.
        ///   - axes: the axes of the result, in order.
        public typealias Computing =
            @Sendable (_ id: StepID, _ symbol: String, _ expression: Expression, _ axes: [Axis]) throws(EngineError) -> Expression?

        /// Whether the step of this id stays, an input or a weight too.
        let keeps: @Sendable (StepID) -> Bool
        let compute: Computing
        /// What becomes of a step when the layer that it was recorded in has ended, or a later one: nil lets go of it. Nil leaves all as they are.
        public var settled: (@Sendable (Step) -> Step?)?
        /// What was wrong with weights that were read on the way.
        let faults = Faults()

        /// Keeps the steps for which `keeps` holds; the others are computed by `compute` where it returns a result, exactly where it does not.
        public init(
            _ keeps: @escaping @Sendable (StepID) -> Bool,
            others compute: @escaping Computing = { (_, _, _, _) throws(EngineError) in nil }
        ) {
            self.keeps = keeps
            self.compute = compute
        }
    }

    /// What is wrong with weights that do not stay: they are read while something is computed, which cannot throw by itself.
    final class Faults: Sendable {
        private let known = Mutex<EngineError?>(nil)

        /// The first fault that was found.
        var first: EngineError? { known.withLock { $0 } }

        /// The tensor `id`, looked through.
        func checked(_ id: StepID, _ tensor: Tensor) -> Tensor {
            if let fault = tensor.nonFinite(id) { known.withLock { $0 = $0 ?? fault } }
            return tensor
        }
    }

    extension Expression {
        /// The result of a step that is kept elsewhere.
        /// - Parameters:
        ///   - holder: what whoever keeps it finds it by.
        ///   - slice: its values at one position of an axis, for whoever has no use for the others.
        ///   - values: its values, of this shape, whenever they are asked for.
        package init(
            deferred id: StepID, _ symbol: String, _ shape: Shape, visible: Mask? = nil, holder: (any AnyObject & Sendable)? = nil,
            slice: (@Sendable (Axis, Int) -> Tensor)? = nil, values: @escaping @Sendable () -> Tensor
        ) {
            self.init(Deferred(id: id, symbol: symbol, shape: shape, visible: visible, holder: holder, slice: slice, values: values))
        }

        /// The values at one position of `axis`, on the other axes: of a result that is kept elsewhere, no others are read.
        public func slice(_ axis: Axis, at position: Int) -> Tensor {
            if case .deferred(let result) = kind, let slice = result.slice { return slice(axis, position) }
            return tensor.slice(axis, at: position)
        }
    }

    /// The result of a step that did not stay: where its values are, somebody else knows.
    package struct Deferred: Operation {
        package let id: StepID
        let symbol: String
        package let shape: Shape
        let visible: Mask?
        package let holder: (any AnyObject & Sendable)?
        let slice: (@Sendable (Axis, Int) -> Tensor)?
        let values: @Sendable () -> Tensor

        var operands: [Expression] { [] }
        func evaluate() -> Tensor { values() }
        func value(at cell: Cell) -> Double { values().values[cell.offset(in: shape)] }
        func valuesRead() -> [String: Reading] { [id.text: Reading(values: shape.count, size: shape.count, bytesPerValue: 8)] }
        var kind: Expression.Kind { .deferred(self) }

        func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
            spelling == .symbols ? .cell(symbol, shape, cell) : .number(value(at: cell))
        }

        func operandCells(_ cell: Cell) -> [Explanation.Operand] {
            [
                Explanation.Operand(
                    step: id.text, index: shape.axes.map { cell[$0] },
                    symbol: spell(cell, .symbols).dotted ?? spell(cell, .symbols).text.text)
            ]
        }
    }
#endif
