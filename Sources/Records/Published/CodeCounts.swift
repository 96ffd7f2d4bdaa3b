// Published code and published speeds around tile programs: how many lines somebody's operator has, and how fast somebody found one to be. A short
// program and a production operator are not the same thing: the latter covers many more types, layouts and shapes.

/// Lines of one piece of published code.
public struct CodeCount: Hashable, Sendable {
    /// The name in the file: `tilelang-gemm`.
    public let id: String
    /// Lines without blank ones and comments.
    public let lines: Int
    /// What was counted.
    public let counted: String
    /// The repository.
    public let source: String

    /// A count.
    public init(id: String, lines: Int, counted: String, source: String) {
        (self.id, self.lines, self.counted, self.source) = (id, lines, counted, source)
    }
}

/// One published speed.
public struct TileSpeed: Hashable, Sendable {
    /// The name in the file: `naive`.
    public let id: String
    /// Seconds, or a share of the speed of what it is compared with.
    public let value: Double
    /// Whether the value is a time.
    public let isTime: Bool
    /// What was timed, against what.
    public let timed: String
    /// Where it was published.
    public let source: String

    /// A speed.
    public init(id: String, value: Double, isTime: Bool, timed: String, source: String) {
        (self.id, self.value, self.isTime, self.timed, self.source) = (id, value, isTime, timed, source)
    }
}
