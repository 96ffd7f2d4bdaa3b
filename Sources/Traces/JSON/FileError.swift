// One error type for files: which file, what was expected, what was found. The kind decides the exit code.

/// A file that cannot be read, is not what it says it is, or cannot be written.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sort of failure.
    public enum Kind: Hashable, Sendable {
        /// There is no such file, or it may not be read.
        case noInput
        /// The contents are not what they should be.
        case badData
        /// The file cannot be written.
        case cannotWrite
        /// The reader at the other end of a pipe has gone; not a failure of ours: a command ends quietly.
        case closedPipe
    }

    /// The sort of failure.
    public let kind: Kind
    /// The file as the reader named it.
    public let file: String
    /// What was expected and what was found.
    public let problem: String

    /// An error about `file`.
    public init(_ kind: Kind, _ file: String, _ problem: String) {
        self.kind = kind
        self.file = file
        self.problem = problem
    }

    /// For example `model.safetensors: expected a header of at most 100 MB, found 2^60 bytes`.
    public var description: String { "\(file): \(problem)" }
}
