// Where a model's weights are: in the files of a folder, or in one GGUF file. Whoever asks says the names that the model's authors published.

package import Traces

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The weights of a model, wherever they are.
struct WeightSource: Sendable {
    typealias Weight = @Sendable (_ name: String, Shape) throws(FileError) -> NamedTensor
    typealias LeavesOut = @Sendable (_ prefix: String, _ expected: [String]) throws(FileError) -> Bool
    typealias Unused = @Sendable () throws(FileError) -> [String]

    /// The files, in order.
    let paths: [String]
    let contain: @Sendable (String) -> Bool
    /// Whether the names leave out what those of `expected` begin with.
    let leaveOut: LeavesOut
    /// A weight of exactly the shape that is asked for.
    let weight: Weight
    /// The tensors that nobody asked for, sorted.
    let unused: Unused
}

extension WeightSource {
    init(_ files: WeightFiles) {
        self.init(
            paths: files.paths, contain: { files.contain($0) },
            leaveOut: { prefix, expected throws(FileError) in try files.leaveOut(prefix, of: expected) },
            weight: { name, shape throws(FileError) in try files.weight(name, shape) },
            unused: { () throws(FileError) in try files.unused() })
    }

    init(_ weights: GGUFWeights) {
        self.init(
            paths: weights.paths, contain: { weights.contain($0) },
            leaveOut: { _, _ in false },
            weight: { name, shape throws(FileError) in try weights.weight(name, shape) },
            unused: { () throws(FileError) in try weights.unused() })
    }
}

/// What this machine can hold: a file without data behind its header costs nothing on a disk.
package enum MachineMemory {
    /// How many Doubles.
    package static let doubles = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 8

    /// Throws if `count` values at once, as Doubles, are larger than this machine's memory; `what` they are of, in `file`.
    package static func check(_ what: String, _ count: Int, _ file: String) throws(FileError) {
        guard count <= doubles else {
            throw FileError(
                .badData, file, "\(what): expected weights of at most \(doubles) values, what this machine's memory holds, found \(count)")
        }
    }
}
