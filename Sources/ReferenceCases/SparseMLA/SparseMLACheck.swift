// Somebody's sparse MLA against a case: out and lse, and the mistake that what is wrong looks like.

import Mechanisms
import ModelFiles
public import Traces

/// How somebody's output and lse compare with a case.
public struct SparseMLACheck: Sendable {
    /// lse and out, those that were given.
    public let tensors: [Check]
    /// Queries in which a value is further off than rounding explains.
    public let wrongRows: [Int]
    /// The mistake that explains what differs; nil if none does, or nothing is wrong.
    public let mistake: SparseMLAMistake?
    /// What is to be said of the whole.
    public let verdict: Verdict

    /// Whether nothing is wrong.
    public var passed: Bool { verdict != .wrong }

    /// The largest error over the largest magnitude that is as near as Float32 comes.
    private static let exact = 1e-5
    /// What bf16 may do: 2^-8 each for the weights and for the sum.
    private static let rounding = 0x1p-7
    /// Rounding stays nearer than this.
    private static let furthest = 0x1p-4

    /// Compares what the file at `path` has of `out` [t, h, d_v] and `lse` [t, h] with `reference`.
    /// - Parameter tolerance: in place of what bf16 does: the largest error of a value over the largest magnitude that is expected.
    public init(_ reference: ReferenceCase, dump path: String, tolerance: Double? = nil) throws(FileError) {
        let sparse = try reference.sparseMLA()
        let right = sparse.answer()
        let theirs = try Self.read(path, right)
        let checks = Self.checks(right, theirs, tolerance ?? Self.rounding, mayStray: tolerance == nil)
        tensors = checks
        let isExact = checks.allSatisfy { $0.verdict == .right }
        mistake = isExact ? nil : Self.named(sparse, right, theirs)
        verdict = isExact ? .right : mistake == nil && checks.allSatisfy(\.passed) ? .rounding : .wrong
        wrongRows = verdict == .wrong ? Self.wrongRows(right, theirs, mistake == nil ? tolerance ?? Self.rounding : Self.exact) : []
    }

    /// The mistakes that an answer shows by more than rounding.
    static func told(_ sparse: SparseMLACase) -> (told: [SparseMLAMistake], untold: [SparseMLAMistake]) {
        let right = sparse.answer()
        let applicable = SparseMLAMistake.allCases.filter { !$0.recipes(in: sparse).isEmpty }
        let told = applicable.filter { mistake in
            mistake.recipes(in: sparse).allSatisfy { recipe in
                let answer = sparse.answer(recipe)
                return !checks(right, ["out": answer.out, "lse": answer.lse], rounding, mayStray: true).allSatisfy(\.passed)
            }
        }
        return (told, applicable.filter { !told.contains($0) })
    }

    /// Throws for other tensors, other shapes and NaN; and if there is nothing.
    private static func read(_ path: String, _ right: SparseMLACase.Answer) throws(FileError) -> [String: Tensor] {
        let file = try Safetensors(path: path)
        var tensors: [String: Tensor] = [:]
        for name in file.names {
            guard let own = right[name] else { throw FileError(.badData, path, "\(name): expected out, lse or both") }
            let shape = try file.info(name).shape
            guard shape == own.shape.lengths || shape == [1] + own.shape.lengths else {
                throw FileError(.badData, path, "\(name): expected the shape \(own.shape.lengths), found \(shape)")
            }
            let read = Tensor(own.shape, try file.tensor(name, axes: shape.indices.map { Axis("\($0)") }).values)
            if let bad = read.values.firstIndex(where: \.isNaN) {
                throw FileError(.badData, path, "\(name)\(read.shape.index(ofOffset: bad)): expected a number, found NaN")
            }
            tensors[name] = read
        }
        guard !tensors.isEmpty else { throw FileError(.badData, path, "expected out, lse or both, found no tensor") }
        return tensors
    }

    private static func checks(_ right: SparseMLACase.Answer, _ theirs: [String: Tensor], _ rounding: Double, mayStray: Bool)
        -> [Check]
    {
        ["lse", "out"].compactMap { name in
            guard let found = theirs[name], let own = right[name] else { return nil }
            return Check(
                name: name, shape: own.shape.lengths, expected: own.values, computed: found, tolerance: min(exact, rounding),
                rounding: rounding,
                mayStray: mayStray)
        }
    }

    /// The mistake that gives these values, nearer than half of the way from the right ones; of two that fit alike the first.
    private static func named(_ sparse: SparseMLACase, _ right: SparseMLACase.Answer, _ theirs: [String: Tensor]) -> SparseMLAMistake? {
        var (limit, found) = (min(distance(right, theirs) / 2, furthest), SparseMLAMistake?.none)
        for mistake in SparseMLAMistake.allCases {
            let nearest = mistake.recipes(in: sparse).map { distance(sparse.answer($0), theirs) }.min() ?? .infinity
            if nearest < limit { (limit, found) = (nearest / 2, mistake) }
        }
        return found
    }

    /// The root of the squared errors over that of the squared values, of the tensor in which it is largest; infinite where infinities differ.
    private static func distance(_ answer: SparseMLACase.Answer, _ theirs: [String: Tensor]) -> Double {
        theirs.reduce(0) { largest, tensor in
            var (errors, squares) = (0.0, 0.0)
            for (a, b) in zip(answer[tensor.key]?.values ?? [], tensor.value.values) where a != b || a.isFinite {
                (errors, squares) = (errors + (a - b) * (a - b), squares + a * a)
            }
            let distance = squares > 0 ? (errors / squares).squareRoot() : errors > 0 ? .infinity : 0
            return max(largest, distance.isNaN ? .infinity : distance)
        }
    }

    private static func wrongRows(_ right: SparseMLACase.Answer, _ theirs: [String: Tensor], _ tolerance: Double) -> [Int] {
        var rows: Set<Int> = []
        for (name, found) in theirs {
            guard let own = right[name] else { continue }
            let width = own.values.count / own.shape.lengths[0]
            let largest = own.values.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
            for (cell, (a, b)) in zip(own.values, found.values).enumerated() where a != b && !(abs(a - b) <= tolerance * largest) {
                rows.insert(cell / width)
            }
        }
        return rows.sorted()
    }
}

extension SparseMLACase.Answer {
    /// `out` or `lse`.
    fileprivate subscript(_ name: String) -> Tensor? { name == "out" ? out : name == "lse" ? lse : nil }
}
