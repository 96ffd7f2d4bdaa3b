// One error type for the engine: what is wrong, what was expected, what was found.

/// Something that the engine cannot compute or does not have.
public struct EngineError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sort of failure.
    public enum Kind: Hashable, Sendable {
        /// Axes or lengths that do not fit.
        case shape
        /// A value that cannot be computed with: NaN, infinity, a negative count.
        case value
        /// A step that the trace does not have.
        case unknownStep
        /// An index outside a step's output.
        case index
    }

    /// The sort of failure.
    public let kind: Kind
    /// The thing that is wrong, by name: `weight.wq`, `attention.scores[0,7,2]`.
    public let subject: String
    /// What was expected and what was found.
    public let problem: String

    /// An error about `subject`.
    public init(_ kind: Kind, _ subject: String, _ problem: String) {
        self.kind = kind
        self.subject = subject
        self.problem = problem
    }

    /// `expected X, found Y`, about `subject`.
    public init(_ kind: Kind, _ subject: String, expected: String, found: String) {
        self.init(kind, subject, "expected \(expected), found \(found)")
    }

    /// For example `weight.wq: expected [16, 32], found [16, 31]`.
    public var description: String { "\(subject): \(problem)" }
}
