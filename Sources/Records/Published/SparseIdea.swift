// One entry in the history of sparse attention, as it was published: what a query chooses among, and when.

public import Traces

/// A published way of reading less, or the dense one that it is compared with.
public struct SparseIdea: Hashable, Sendable {
    /// The name.
    public let name: Bilingual
    /// When it was published, as exactly as its source says.
    public let when: Bilingual
    /// What a query chooses among.
    public let chooses: Bilingual
    /// How it works, in a line.
    public let line: Bilingual
    /// The publication or code that says so.
    public let source: Bilingual

    /// An entry.
    public init(name: Bilingual, when: Bilingual, chooses: Bilingual, line: Bilingual, source: Bilingual) {
        (self.name, self.when, self.chooses, self.line, self.source) = (name, when, chooses, line, source)
    }
}
