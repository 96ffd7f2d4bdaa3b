// Verification: a case is computed, and every expected tensor in its file is compared. One that cannot be checked fails.

public import Mechanisms
public import Traces

extension ReferenceCase {
    /// The relative error within which real values pass by default: double rounding over sums of a few hundred terms, with room.
    public static let tolerance = 1e-12

    /// Computes the case and compares every `expected.*` tensor. Real values pass within `tolerance`; codes, scales and selections must be
    /// identical.
    public func verify(tolerance: Double = tolerance) throws -> [Check] {
        do { return try checks(tolerance) } catch let error as EngineError { throw FileError(.badData, file.path, "\(error)") }
    }

    private func checks(_ tolerance: Double) throws -> [Check] {
        switch kind {
        case .attention, .deepseekSparseAttention: try verifySteps(of: trace(), tolerance)
        case .float8E4M3: try verifyFloat8()
        case .float4E2M1: try verifyFloat4()
        case .indexer: try verifyIndexer(tolerance)
        }
    }

    /// The trace of a case of kind `attention` or `deepseek-sparse-attention`.
    public func trace(paths: [SparseAttention.Path] = [.masked], switches: [Switch] = []) throws -> Trace {
        do { return try steps(paths, switches) } catch let error as EngineError { throw FileError(.badData, file.path, "\(error)") }
    }

    private func steps(_ paths: [SparseAttention.Path], _ switches: [Switch]) throws -> Trace {
        switch kind {
        case .attention:
            guard switches.isEmpty else {
                throw FileError(.badData, file.path, "switches apply to sparse attention; this case is of kind attention")
            }
            guard paths == [.masked] else {
                throw FileError(.badData, file.path, "paths other than masked belong to sparse attention; this case is of kind attention")
            }
            let (mechanism, weights, x) = try attention()
            var recorder = Recorder(tokens: (0..<x.shape.lengths[0]).map(String.init), scopes: [.branch(.attention)])
            let input = try recorder.input("input.x", "x", x, title: Bilingual(en: "Token vectors", zh: "词元向量"))
            _ = try mechanism.record(input, weights, on: &recorder)
            return recorder.trace
        case .deepseekSparseAttention: return try sparseAttention().trace(paths: paths, switches: switches)
        case .float8E4M3, .float4E2M1, .indexer:
            throw FileError(.badData, file.path, "kind \(kind.rawValue) has no trace; expected attention or deepseek-sparse-attention")
        }
    }

    private func verifySteps(of trace: Trace, _ tolerance: Double) throws -> [Check] {
        try expectedNames.map { name in
            let shape = try file.info(name).shape
            // The tensors of a case are called as its steps are; those of one attention without its name.
            let id = StepID(String(name.dropFirst("expected.".count)))
            let step = [id, id.inside([.branch(.attention)])].first(where: trace.contains)
            guard let output = try step.map({ try trace.step($0).output }) else {
                return Check(failed: name, shape, "the engine computes no step \(id)")
            }
            let isExact = id.role == .selected || id.role == .indexKeyScale
            let expected = try isExact && file.info(name).dataType != .f64 ? file.integers(name).map(Double.init) : values(name)
            let computed = id.role == .selected ? Self.padded(output, toRank: shape.last ?? 0) : output
            return Check(
                name: name, shape: shape, expected: expected, computed: computed, tolerance: isExact ? nil : tolerance)
        }
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

    private func verifyIndexer(_ tolerance: Double) throws -> [Check] {
        let indexer = try indexer()
        let (score, selected) = try indexer.compute()
        return try expectedNames.map { name in
            let shape = try file.info(name).shape
            switch name {
            case "expected.score": return Check(name: name, shape: shape, expected: try values(name), computed: score, tolerance: tolerance)
            case "expected.selected":
                let expected = try file.integers(name).map(Double.init)
                return Check(
                    name: name, shape: shape, expected: expected, computed: Self.padded(selected, toRank: shape.last ?? 0), tolerance: nil)
            default: return Check(failed: name, shape, "a case of kind indexer has expected.score and expected.selected alone")
            }
        }
    }
}
