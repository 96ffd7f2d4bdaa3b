// The words and symbols of one step, apart from the mathematics: catalogues of these stand beside each mechanism.

/// What one step is called, how it is written in the paper, and where it comes from.
public struct Equation: Hashable, Sendable {
    /// What the step is.
    public let role: Role
    /// The step's name within its mechanism, snake_case: the role's, or of an other step its own.
    public let name: String
    /// The branch that the step belongs to wherever it is recorded; nil where the recorder alone says it.
    public let branch: Branch?
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
    public init(
        _ role: Role, in branch: Branch? = nil, symbol: String, _ title: Bilingual, _ latex: String, source: String, axes: [Axis]
    ) {
        self.init(role, in: branch, symbol: symbol, title, latex, source: Bilingual(same: source), axes: axes)
    }

    /// An equation whose source needs words: what the publication says and the code does.
    public init(
        _ role: Role, in branch: Branch? = nil, symbol: String, _ title: Bilingual, _ latex: String, source: Bilingual, axes: [Axis]
    ) {
        self.init(role, role.rawValue, branch, symbol, title, Formula(latex), source, axes)
    }

    /// An equation of a step that plays none of the known roles.
    public init(named name: String, symbol: String, _ title: Bilingual, _ latex: String, source: Bilingual, axes: [Axis]) {
        self.init(.other, name, nil, symbol, title, Formula(latex), source, axes)
    }

    private init(
        _ role: Role, _ name: String, _ branch: Branch?, _ symbol: String, _ title: Bilingual, _ formula: Formula, _ source: Bilingual,
        _ axes: [Axis]
    ) {
        self.role = role
        self.name = name
        self.branch = branch
        self.symbol = symbol
        self.title = title
        self.formula = formula
        sourceNote = source
        self.axes = axes
    }

    /// These words for the step of `equation`: its id and its axes stay.
    func standing(for equation: Equation) -> Equation {
        Equation(equation.role, equation.name, equation.branch, symbol, title, formula, sourceNote, equation.axes)
    }

    /// The same equation in another role: the last of several optional steps takes the role of the result.
    public func called(_ role: Role) -> Equation {
        Equation(role, role.rawValue, branch, symbol, title, formula, sourceNote, axes)
    }
}
