// A case of kind `sparse-mla` out of a file.

import Mechanisms
import ModelFiles
public import Traces

extension SparseMLACase {
    /// What such a case consists of.
    static let parts = CaseParts(
        "sparse-mla", settings: ["softmax_scale", "d_v", "seed"],
        tensors: ["input.q", "input.kv", "input.indices", "input.lengths", "input.sinks"])

    /// Reads a case; throws if a setting or a tensor is missing, does not fit, or is not known.
    init(_ reference: ReferenceCase) throws(FileError) {
        let (config, file) = (reference.config, reference.file)
        try Self.parts.check(config, file)
        func failure(_ problem: String) -> FileError { FileError(.badData, file.path, problem) }
        func finite(_ name: String, axes: [Axis]) throws(FileError) -> Tensor {
            let tensor = try file.tensor(name, axes: axes)
            guard let bad = tensor.firstNonFiniteIndex else { return tensor }
            throw failure("\(name)\(bad): expected a finite number, found \(NumberText.exact(tensor[bad]))")
        }
        let (shape, entries) = (try file.info("input.q").shape, try file.info("input.kv").shape)
        guard shape.count == 3 else { throw failure("input.q: expected the shape [t, h, d], found \(shape)") }
        guard entries.count == 2, entries[1] == shape[2] else {
            throw failure("input.kv: expected the shape [s, \(shape[2])], found \(entries)")
        }
        let ranks = try file.info("input.indices").shape
        guard ranks.count == 2, ranks[0] == shape[0] else {
            throw failure("input.indices: expected the shape [\(shape[0]), k], found \(ranks)")
        }
        try reference.checked { () throws(EngineError) in
            try Self.check(queries: shape[0], heads: shape[1], ranks: ranks[1], features: shape[2])
        }
        let positions = try file.integers("input.indices")
        if let bad = positions.firstIndex(where: { $0 < -1 || $0 >= entries[0] }) {
            throw failure(
                "input.indices[\(bad / ranks[1]), \(bad % ranks[1])]: expected an entry from 0 to \(entries[0] - 1), or -1, found \(positions[bad])"
            )
        }
        indices = (0..<ranks[0]).map { Array(positions[$0 * ranks[1]..<($0 + 1) * ranks[1]]) }
        lengths = file.contains("input.lengths") ? try Self.lengths(file, rows: shape[0], ranks: ranks[1]) : nil
        if file.contains("input.sinks") {
            let found = try file.info("input.sinks").shape
            guard found == [shape[1]] else { throw failure("input.sinks: expected the shape [\(shape[1])], found \(found)") }
            sinks = try finite("input.sinks", axes: [.h]).values
        } else {
            sinks = nil
        }
        q = try finite("input.q", axes: [.t, .h, .d])
        kv = try finite("input.kv", axes: [.s, .d])
        softmaxScale = try config.number("softmax_scale")
        guard softmaxScale > 0, softmaxScale.isFinite else { throw config.failure("softmax_scale", expected: "a number above 0") }
        func largest(_ tensor: Tensor) -> Double { tensor.values.reduce(0) { max($0, abs($1)) } }
        guard (softmaxScale * largest(q) * largest(kv) * Double(shape[2])).isFinite else {
            throw config.failure("softmax_scale", expected: "logits that a 64-bit float can hold")
        }
        valueDimension = try config.integer("d_v", atLeast: 1)
        guard valueDimension <= shape[2] else {
            throw config.failure("d_v", expected: "at most \(shape[2]), the columns of input.kv")
        }
    }

    private static func lengths(_ file: Safetensors, rows: Int, ranks: Int) throws(FileError) -> [Int] {
        let shape = try file.info("input.lengths").shape
        guard shape == [rows] else {
            throw FileError(.badData, file.path, "input.lengths: expected the shape [\(rows)], found \(shape)")
        }
        let lengths = try file.integers("input.lengths")
        guard let bad = lengths.firstIndex(where: { $0 < 0 || $0 > ranks }) else { return lengths }
        throw FileError(.badData, file.path, "input.lengths[\(bad)]: expected 0 to \(ranks), the ranks of a row, found \(lengths[bad])")
    }
}

extension ReferenceCase {
    /// Reads a case of kind `sparse-mla`.
    public func sparseMLA() throws(FileError) -> SparseMLACase {
        guard kind == .sparseMLA else { throw FileError(.badData, file.path, "kind: expected sparse-mla, found \(kind.rawValue)") }
        return try SparseMLACase(self)
    }

    /// What is computed for each expected tensor.
    func verifySparseMLA(_ tolerance: Double, _ precision: Precision) throws -> [Check] {
        let answer = try sparseMLA().answer()
        let computed = ["expected.lse": answer.lse, "expected.out": answer.out]
        return try expectedNames.map { name in
            guard let own = computed[name] else {
                return Check(failed: name, try file.info(name).shape, "a case of kind sparse-mla has expected.lse and expected.out alone")
            }
            let shape = try file.info(name).shape
            let expected = try file.tensor(name, axes: shape.indices.map { Axis("\($0)") }).values
            return Check(
                name: name, shape: shape, expected: expected, computed: own, tolerance: tolerance, rounding: precision.rounding)
        }
    }
}
