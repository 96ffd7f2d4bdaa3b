// The steps that nobody asked about, in Float32. The engine walks the same expressions as the exact one, so each family of models is described once. It
// is fast because products go to the BLAS and weights are read and rounded once; its results are not the same bytes on every machine, and a trace that
// used it names the steps as omitted.

internal import Synchronization
public import Traces

/// Computes equations of one model in Float32.
public final class FloatEngine: Sendable {
    /// Weights by id, in Float32: for several passes a model's file is read once.
    private let weights = Mutex<[String: FloatBuffer]>([:])
    private let holdsWeights: Bool
    private let rotations = RotationTables()

    /// An engine for one model: it knows weights by their names.
    /// - Parameter holdsWeights: whether it keeps them for further passes.
    public init(holdsWeights: Bool = true) {
        self.holdsWeights = holdsWeights
        _ = BLAS.isPrepared
    }

    /// Stands for a recorder's steps that do not stay.
    public var computing: Keeping.Computing {
        { [self] (id, symbol, expression, axes) throws(EngineError) in try result(id, symbol, expression, axes) }
    }

    /// Why an expression has no result here.
    private enum Refusal: Error {
        /// It is not computed in Float32: the exact engine does.
        case leftToOthers
        case wrong(EngineError)
    }

    /// The result of the step `id`; nil where an operation is not done in Float32, or where its range does not suffice: the exact engine then has the
    /// result, or says what is wrong with it.
    func result(_ id: StepID, _ symbol: String, _ expression: Expression, _ axes: [Axis]) throws(EngineError) -> Expression? {
        let values: FloatTensor
        do throws(Refusal) {
            values = try compute(expression, order: axes)
        } catch {
            if case .wrong(let error) = error { throw error }
            return nil
        }
        guard isSound(values, of: expression) else { return nil }
        let shape = Shape(axes, axes.map { expression.shape[$0]! })
        return Expression(
            deferred: id, symbol, shape, visible: expression.visible, holder: values,
            slice: { axis, position in
                let one = Shape(shape.axes, zip(shape.axes, shape.lengths).map { $0 == axis ? 1 : $1 })
                return values.slicing(axis, position..<position + 1).doubles(one).slice(axis, at: 0)
            },
            values: { values.doubles(shape) })
    }

    /// Whether all is finite, but for what a mask hid. What follows of values that were looked at before is not looked at again.
    private func isSound(_ values: FloatTensor, of expression: Expression) -> Bool {
        switch expression.kind {
        case .softmax(let a, _), .masked(let a, _, -.infinity, _), .renamed(let a, _, _), .split(let a, _, _), .merged(let a, _, _),
            .sliced(let a, _, _), .shared(let a, _, _, _):
            if case .deferred(let result) = a.kind, result.holder is FloatTensor { return true }
        default: break
        }
        if case .masked(_, _, let filler, _) = expression.kind, filler == -.infinity { return values.isBelowInfinity }
        return values.isFinite
    }

    private func compute(_ expression: Expression, order: [Axis]? = nil) throws(Refusal) -> FloatTensor {
        switch expression.kind {
        case .recorded(let step): return try step.id.role == .parameter ? weight(step.id, expression) : rounded(step.output)
        case .deferred(let result):
            if let values = result.holder as? FloatTensor { return values }
            return try result.id.role == .parameter ? weight(result.id, expression) : rounded(expression.tensor)
        case .filled(let number): return FloatTensor.filled(Float(number), expression.shape)
        case .sum(let a, let b): return try FloatTensor.paired(compute(a), compute(b), expression.shape) { $0 + $1 }
        case .product(let a, let b): return try FloatTensor.paired(compute(a), compute(b), expression.shape) { $0 * $1 }
        case .quotient(let a, let b): return try FloatTensor.paired(compute(a), compute(b), expression.shape) { $0 / $1 }
        case .larger(let a, let b): return try FloatTensor.paired(compute(a), compute(b), expression.shape) { $0 > $1 ? $0 : $1 }
        case .scaled(let a, let constant, let divides):
            let factor = Float(divides ? 1 / constant.value : constant.value)
            if case .contraction(let a, let b, let axis) = a.kind {
                return try FloatTensor.product(compute(a), compute(b), over: axis, times: factor, order: order)
            }
            return try compute(a).mapped { $0 * factor }
        case .relu(let a): return try compute(a).mapped { $0.replacing(with: 0, where: $0 .< 0) }
        case .silu(let a): return try compute(a).silu()
        case .gelu(let a, let form): return try compute(a).gelu(form)
        case .softCapped(let a, let cap):
            let cap = Float(cap)
            return try compute(a).mapped { VectorMath.tanh($0 / cap) * cap }
        case .masked(let a, let mask, let filler, _): return try compute(a).masked(mask, filler: Float(filler))
        case .contraction(let a, let b, let axis): return try FloatTensor.product(compute(a), compute(b), over: axis, order: order)
        case .total(let a, let axis):
            return try compute(a).reduced(along: axis) { row, n in Float((0..<n).reduce(0.0) { $0 + Double(row[$1]) }) }
        case .maximum(let a, let axis): return try compute(a).reduced(along: axis) { VectorMath.maximum($0, $1) }
        case .softmax(let a, let axis): return try compute(a).softmax(over: axis)
        case .rmsNorm(let x, let weight, let epsilon, let axis, let beyondOne):
            return try compute(x).rmsNorm(compute(weight), epsilon: epsilon, over: axis, beyondOne: beyondOne)
        case .layerNorm(let x, let weight, let bias, let epsilon, let axis):
            return try compute(x).layerNorm(compute(weight), compute(bias), epsilon: epsilon, over: axis)
        case .rotary(let x, let layout, let positions, let frequencies, let magnitude, let token, let axis):
            return try compute(x).rotary(layout, rotations.table(positions, frequencies, magnitude: magnitude), token: token, over: axis)
        case .crossEntropy(let logits, let next): return try compute(logits).crossEntropy(next)
        case .gathered(let table, let axis, let indices, let name): return try compute(table).gathered(axis, at: indices, as: name)
        case .concatenated(let parts, let axis):
            var computed: [FloatTensor] = []
            for part in parts { computed.append(try compute(part)) }
            return FloatTensor.concatenated(computed, along: axis)
        case .renamed(let a, let axis, let name):
            return try compute(a, order: order?.map { $0 == name ? axis : $0 }).renaming(axis, to: name)
        case .split(let a, let axis, let parts): return try compute(a).splitting(axis, into: parts)
        case .merged(let a, let axes, let axis): return try compute(a).merging(axes, into: axis)
        case .shared(let a, let axis, let name, let times): return try compute(a).sharing(axis, as: name, times: times)
        case .sliced(let a, let axis, let range): return try compute(a).slicing(axis, range)
        case .exponential, .hadamard, .blockScale, .float8, .dequantised, .topK, .selected, .assembled: throw .leftToOthers
        }
    }

    private func rounded(_ tensor: Tensor) throws(Refusal) -> FloatTensor {
        guard let values = FloatTensor(tensor) else { throw .leftToOthers }
        return values
    }

    /// A weight, read and rounded at its first use.
    private func weight(_ id: StepID, _ expression: Expression) throws(Refusal) -> FloatTensor {
        if let known = weights.withLock({ $0[id.text] }) { return FloatTensor(known, expression.shape) }
        let tensor = expression.tensor
        if let fault = tensor.nonFinite(id) { throw .wrong(fault) }
        let values = FloatBuffer(roomFor: tensor.shape.count)
        for (i, value) in tensor.values.enumerated() {
            values.pointer[i] = Float(value)
            guard values.pointer[i].isFinite else {
                throw .wrong(EngineError(.value, id.text, expected: "numbers within the range of Float32", found: "\(value)"))
            }
        }
        if holdsWeights { weights.withLock { $0[id.text] = values } }
        return FloatTensor(values, expression.shape)
    }
}

extension FloatTensor {
    /// `number` in every cell.
    fileprivate static func filled(_ number: Float, _ shape: Shape) -> FloatTensor {
        FloatTensor(
            FloatBuffer([number]), zip(shape.axes, shape.lengths).map { Dimension(axis: $0, length: $1, stride: 0) })
    }
}

extension FloatEngine {
    /// The same for some layers of a model alone; what stands elsewhere is left to the exact engine.
    public func computing(in layers: Set<Int>) -> Keeping.Computing {
        { [computing] (id, symbol, expression, axes) throws(EngineError) in
            guard let layer = id.layer, layers.contains(layer) else { return nil }
            return try computing(id, symbol, expression, axes)
        }
    }
}
