// Somebody's rounding to e2m1 held against a case: codes and scales are right or wrong, there is nothing in between.

import ModelFiles
public import Traces

/// How somebody's 4-bit codes and scales compare with a case.
public struct Float4Check: Sendable {
    /// One tensor of theirs.
    public struct Difference: Sendable {
        /// Its name.
        public let name: String
        /// How many of its values are others than expected.
        public let count: Int
        /// The place of the first.
        public let first: [Int]
        /// What was expected there, and what was found.
        public let expected, found: Double
        /// What it was made from, where one number was.
        public let input: Double?
    }

    /// The tensors that are compared, sorted.
    public let names: [String]
    /// Those that are not as they should be.
    public let differences: [Difference]
    /// The mistake that gives exactly what they have; nil if none does, or nothing is wrong.
    public let mistake: Float4Mistake?

    /// Whether everything is as it should be.
    public var passed: Bool { differences.isEmpty }

    /// Compares what a file has of `codes`, `decoded`, `block_codes`, `block_packed` and `block_scales`; throws if it has none of them, something else, or
    /// another shape.
    public init(_ reference: ReferenceCase, dump path: String) throws(FileError) {
        guard reference.kind == .float4E2M1 else {
            throw FileError(.badData, reference.file.path, "kind: expected float4-e2m1, found \(reference.kind.rawValue)")
        }
        let right = try reference.float4Outputs()
        let file = try Safetensors(path: path)
        let known = right.keys.sorted()
        var theirs: [String: [Double]] = [:]
        for name in file.names {
            guard let own = right[name] else {
                throw FileError(.badData, path, "\(name): expected some of \(known.joined(separator: ", "))")
            }
            let shape = try file.info(name).shape
            guard shape == own.shape.lengths else {
                throw FileError(.badData, path, "\(name): expected the shape \(own.shape.lengths), found \(shape)")
            }
            theirs[name] = try file.tensor(name, axes: shape.indices.map { Axis("\($0)") }).values
        }
        guard !theirs.isEmpty else {
            throw FileError(.badData, path, "expected some of \(known.joined(separator: ", ")), found no tensor")
        }
        let values = try reference.file.tensor("input.values", axes: [.n]).values
        names = theirs.keys.sorted()
        differences = names.compactMap { name in
            let (own, found) = (right[name]!, theirs[name]!)
            let wrong = found.indices.filter { found[$0] != own.values[$0] }
            guard let first = wrong.first else { return nil }
            return Difference(
                name: name, count: wrong.count, first: own.shape.index(ofOffset: first), expected: own.values[first], found: found[first],
                input: ["codes", "decoded"].contains(name) ? values[first] : nil)
        }
        var named: Float4Mistake?
        if !differences.isEmpty {
            for mistake in Float4Mistake.allCases where named == nil {
                let outputs = try reference.float4Outputs(mistake)
                if theirs.allSatisfy({ outputs[$0]!.values == $1 }) { named = mistake }
            }
        }
        mistake = named
    }
}
