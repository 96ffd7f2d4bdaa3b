// Verification: a case is computed, and every expected tensor in its file is compared. One that cannot be checked fails.

public import Mechanisms
import ModelFiles
public import Traces

extension ReferenceCase {
    /// The relative error within which real values pass by default: double rounding over sums of a few hundred terms, with room.
    public static let tolerance = 1e-12

    /// What a case's expected values were computed in, and may be off by.
    public enum Precision: String, CaseIterable, Sendable {
        /// 64-bit floats: nothing is put down to rounding.
        case f64
        /// 32-bit floats.
        case f32
        /// bfloat16.
        case bf16
        /// 8-bit floats: weights and what they are multiplied by, each block with a scale.
        case fp8

        /// The largest error after a few steps, over the largest magnitude of a tensor; nil for none.
        var rounding: Double? {
            switch self {
            case .f64: nil
            case .f32: 0x1p-17
            case .bf16: 0x1p-6
            case .fp8: 0x1p-3
            }
        }
    }

    /// What the expected values are stored in, where that is narrower than 64 bits: whoever wrote it down so computed with no more.
    public var storedPrecision: Precision {
        get throws(FileError) {
            var widest = 0
            for name in expectedNames where ![.i64, .i32, .u8, .f8E4M3].contains(try file.info(name).dataType) {
                widest = max(widest, try file.info(name).dataType.size)
            }
            return [.float8E4M3, .float4E2M1].contains(kind) || widest == 0 || widest == 8 ? .f64 : widest == 4 ? .f32 : .bf16
        }
    }

    /// Computes the case and compares every `expected.*` tensor, in the order in which they are computed: what is wrong first is not what comes of it.
    /// - Parameters:
    ///   - tolerance: the largest relative error of a real value that is right; codes, scales and selections must be identical.
    ///   - precision: what the values were computed in. Real values within its rounding are said to be rounding; so are selections whose keys stand no
    ///     further from the cut, and what follows in such a row is not judged.
    public func verify(tolerance: Double = tolerance, precision: Precision = .f64) throws -> [Check] {
        do { return try checks(tolerance, precision) } catch let error as EngineError { throw FileError(.badData, file.path, "\(error)") }
    }

    private func checks(_ tolerance: Double, _ precision: Precision) throws -> [Check] {
        switch kind {
        case .attention, .deepseekSparseAttention, .wholeIndexer: try verifySteps(of: trace(), tolerance, precision)
        case .float8E4M3: try verifyFloat8()
        case .float4E2M1: try verifyFloat4()
        case .indexer: try verifyIndexer(tolerance, precision)
        case .sparseMLA: try verifySparseMLA(tolerance, precision)
        }
    }

    /// The trace of a case of every kind but those of rounding.
    /// - Parameter sequence: of an indexer case of several sequences, the one that is traced.
    public func trace(paths: [SparseAttention.Path] = [.masked], switches: [Switch] = [], sequence: Int? = nil) throws -> Trace {
        guard sequence == nil || kind == .indexer else {
            throw FileError(.badData, file.path, "a sequence is chosen of cases of kind indexer; this case is of kind \(kind.rawValue)")
        }
        do { return try steps(paths, switches, sequence) } catch let error as EngineError {
            throw FileError(.badData, file.path, "\(error)")
        }
    }

    private var pathsFailure: FileError {
        FileError(.badData, file.path, "paths other than masked belong to sparse attention; this case is of kind \(kind.rawValue)")
    }

    /// The step that an expected tensor belongs to: a whole indexer's stages have no scopes.
    private func stepID(_ name: String) -> StepID {
        guard kind == .wholeIndexer, let stage = WholeIndexerStage(rawValue: name) else { return StepID(name) }
        return StepID([], stage.role)
    }

    private func steps(_ paths: [SparseAttention.Path], _ switches: [Switch], _ sequence: Int?) throws -> Trace {
        switch kind {
        case .indexer:
            guard paths == [.masked] else { throw pathsFailure }
            return try indexer().trace(sequence: sequence, switches: switches)
        case .attention, .sparseMLA:
            guard switches.isEmpty else {
                throw FileError(.badData, file.path, "switches apply to sparse attention; this case is of kind \(kind.rawValue)")
            }
            guard paths == [.masked] else { throw pathsFailure }
            if kind == .sparseMLA { return try sparseMLA().trace() }
            let (mechanism, weights, x) = try attention()
            var recorder = Recorder(tokens: (0..<x.shape.lengths[0]).map(String.init), scopes: [.branch(.attention)])
            let input = try recorder.input("input.x", "x", x, title: Bilingual(en: "Token vectors", zh: "词元向量"))
            _ = try mechanism.record(input, weights, on: &recorder)
            return recorder.trace
        case .deepseekSparseAttention: return try sparseAttention().trace(paths: paths, switches: switches)
        case .wholeIndexer:
            guard paths == [.masked] else { throw pathsFailure }
            return try wholeIndexer().trace(switches: switches)
        case .float8E4M3, .float4E2M1:
            throw FileError(
                .badData, file.path,
                "kind \(kind.rawValue) has no trace; expected attention, deepseek-sparse-attention, indexer, whole-indexer or sparse-mla")
        }
    }

    private func verifySteps(of trace: Trace, _ tolerance: Double, _ precision: Precision) throws -> [Check] {
        // The tensors of a case are called as its steps are; those of one attention without its name.
        let places = expectedNames.map { name in
            let id = stepID(String(name.dropFirst("expected.".count)))
            return (name, id, trace.steps.firstIndex { $0.id == id || $0.id == id.inside([.branch(.attention)]) } ?? .max)
        }
        var unjudged: [[Scope]: Set<Int>] = [:]
        return try places.sorted { ($0.2, $0.0) < ($1.2, $1.0) }.map { name, id, place in
            let shape = try file.info(name).shape
            guard place < trace.steps.count else { return Check(failed: name, shape, "the engine computes no step \(id)") }
            let step = trace.steps[place]
            let isExact = id.role == .selected || id.role == .indexKeyScale
            let isWhole = try [.i64, .i32, .u8].contains(file.info(name).dataType)
            let expected = try isExact && isWhole ? file.integers(name).map(Double.init) : values(name)
            guard id.role == .selected else {
                return Check(
                    name: name, shape: shape, expected: expected, computed: step.output, tolerance: isExact ? nil : tolerance,
                    rounding: precision.rounding, unjudged: unjudged[id.place] ?? [])
            }
            let scores = try step.inputs.first.map { try trace.step($0).output }
            let (check, rows) = selection(name, shape, expected, step.output, scores, step.visible, precision)
            unjudged[id.place] = rows
            return check
        }
    }

    /// Compares a selection with the computed one.
    /// - Returns: also the rows that differ, if rounding explains them all: what follows from them is another thing than what is computed here.
    private func selection(
        _ name: String, _ shape: [Int], _ expected: [Double], _ computed: Tensor, _ scores: Tensor?, _ visible: Mask?,
        _ precision: Precision
    ) -> (Check, Set<Int>) {
        let computed = Self.padded(computed, toRank: shape.last ?? 0)
        let check = Check(name: name, shape: shape, expected: expected, computed: computed, tolerance: nil)
        guard let rounding = precision.rounding, !check.identical, check.problem == nil, let scores, let visible else { return (check, []) }
        let ranked = scores.transposed(to: [visible.query, visible.key])
        var differing: Set<Int> = []
        for row in 0..<shape[0] {
            func kept(_ values: [Double]) -> Set<Int> {
                Set(values[row * shape[1]..<(row + 1) * shape[1]].lazy.filter { $0 >= 0 }.map { Int($0) })
            }
            let (ours, theirs) = (kept(computed.values), kept(expected))
            guard ours != theirs else { continue }
            differing.insert(row)
            let seen = visible.visibleKeys(of: row)
            let largest = seen.reduce(0) { max($0, abs(ranked[row, $1])) }
            let cut = ours.map { ranked[row, $0] }.min() ?? 0
            // Both scores may be off.
            let isNear = ours.symmetricDifference(theirs).allSatisfy { abs(ranked[row, $0] - cut) <= 2 * rounding * largest }
            guard ours.count == theirs.count, theirs.isSubset(of: seen), isNear else { return (check, []) }
        }
        return (check.calledRounding, differing)
    }

    /// A selection has as many ranks as k or as there are keys, whichever is less; a file may have all k, padded.
    private static func padded(_ selection: Tensor, toRank rank: Int) -> Tensor {
        guard selection.shape.rank == 2, selection.shape.lengths[1] < rank else { return selection }
        let (rows, own) = (selection.shape.lengths[0], selection.shape.lengths[1])
        return Tensor(Shape(selection.shape.axes, [rows, rank])) { $0[1] < own ? selection[$0] : -1 }
    }

    private func values(_ name: String) throws -> [Double] {
        let shape = try file.info(name).shape
        return try file.tensor(name, Shape(shape.indices.map { Axis("\($0)") }, shape)).values
    }

    private func verifyFloat8() throws -> [Check] {
        try checkNothingIsUnknown()
        let format = try config.scaleFormat()
        let block = try config.integer("quant_block", atLeast: 1)
        let inputs = try values("input.values")
        let codes = inputs.map(Float8.encode)
        let blocks = try values("input.blocks")
        guard blocks.count % block == 0 else {
            throw FileError(.badData, file.path, "input.blocks: expected rows of \(block), found \(blocks.count) values")
        }
        let rows = stride(from: 0, to: blocks.count, by: block).map { Array(blocks[$0..<$0 + block]) }
        let scales = rows.map { format.scale(largestMagnitude: $0.reduce(0) { max($0, abs($1)) }) }
        let computed: [String: Tensor] = [
            "expected.codes": Tensor([.n], [codes.count], codes.map(Double.init)),
            "expected.decoded": Tensor([.n], [codes.count], codes.map(Float8.decode)),
            "expected.block_codes": Tensor(
                [.n, .d], [rows.count, block], zip(rows, scales).flatMap { row, scale in row.map { Double(Float8.encode($0 / scale)) } }),
            "expected.block_scales": Tensor([.n], [rows.count], scales),
        ]
        return try expectedNames.map { name in
            let expected = try name.hasSuffix("codes") ? file.codes(name).map(Double.init) : values(name)
            return Check(name: name, shape: try file.info(name).shape, expected: expected, computed: computed[name], tolerance: nil)
        }
    }

    private func verifyIndexer(_ tolerance: Double, _ precision: Precision) throws -> [Check] {
        let indexer = try indexer()
        let (score, selected) = indexer.compute()
        return try expectedNames.map { name in
            // Of several sequences the rows stand one after the other.
            let last = try file.info(name).shape.last ?? 0
            let shape = [indexer.queries, last]
            switch name {
            case "expected.score":
                return Check(
                    name: name, shape: shape, expected: try values(name), computed: score, tolerance: tolerance,
                    rounding: precision.rounding)
            case "expected.selected":
                return selection(name, shape, try file.integers(name).map(Double.init), selected, score, indexer.visible, precision).0
            case "expected.slots" where indexer.layout.isPaged:
                let slots = Self.padded(indexer.slots(selected), toRank: last)
                return Check(
                    name: name, shape: shape, expected: try file.integers(name).map(Double.init), computed: slots, tolerance: nil)
            default:
                return Check(
                    failed: name, shape, "a case of kind indexer has expected.score and expected.selected, of a cache also expected.slots")
            }
        }
    }
}
