// A formula in a small subset of LaTeX, and its other spellings.

/// A formula in the LaTeX subset of the catalogues.
public struct Formula: Hashable, Sendable {
    /// The LaTeX source.
    public let latex: String
    /// A formula from LaTeX.
    public init(_ latex: String) { self.latex = latex }
    /// The formula in plain Unicode.
    public var text: String { latex }
}
