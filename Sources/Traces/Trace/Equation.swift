// The words and symbols of one step, apart from the mathematics: catalogues of these stand beside each mechanism.

/// What one step is called, how it is written in the paper, and where it comes from.
public struct Equation: Hashable, Sendable {
    /// The step's name within its mechanism, snake_case: `scores`.
    public let id: String
    /// The symbol of the result, in plain text with `_` and `^`: `S`, `q^I`, `W_O`.
    public let symbol: String
    /// What the step does, in a few words.
    public let title: Bilingual
    /// The equation in the LaTeX subset that `Formula` reads.
    public let formula: Formula
    /// The publication or the code that states the equation, and in what they differ, in English.
    public var source: String { sourceNote.en }
    /// The same in both languages.
    public let sourceNote: Bilingual
    /// The order of the result's axes in storage and in indices.
    public let axes: [Axis]

    /// An equation whose `latex` is in the subset of `Formula`.
    public init(_ id: String, symbol: String, _ title: Bilingual, _ latex: String, source: String, axes: [Axis]) {
        self.id = id
        self.symbol = symbol
        self.title = title
        self.formula = Formula(latex)
        sourceNote = Bilingual(same: source)
        self.axes = axes
    }

    /// An equation whose source needs words: what the publication says and the code does.
    public init(_ id: String, symbol: String, _ title: Bilingual, _ latex: String, source: Bilingual, axes: [Axis]) {
        self.id = id
        self.symbol = symbol
        self.title = title
        self.formula = Formula(latex)
        self.sourceNote = source
        self.axes = axes
    }

    /// The same equation under another id: the last of several optional steps takes the name of the result.
    public func called(_ id: String) -> Equation {
        Equation(id, symbol: symbol, title, formula.latex, source: sourceNote, axes: axes)
    }
}
