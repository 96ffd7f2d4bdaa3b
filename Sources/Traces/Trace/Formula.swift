// Formulas are written once, in a small subset of LaTeX, and converted to plain Unicode, MathML and Pango markup.
// The subset: letters, digits, punctuation, { }, _ and ^, \frac, \sqrt, \mathrm, \text, \bar, \tilde, \hat, and the names in `FormulaParser.names`.

/// A formula in the LaTeX subset of the catalogues.
public struct Formula: Hashable, Sendable {
    /// The LaTeX source.
    public let latex: String

    /// A formula of the program's own. What the subset does not have traps where the formula is spelled. See `init(parsing:)`.
    public init(_ latex: String) { self.latex = latex }

    /// A formula from LaTeX that was not written by us: throws on what the subset does not have.
    public init(parsing latex: String) throws(EngineError) {
        self.latex = latex
        var parser = FormulaParser(latex)
        _ = try parser.parse()
    }

    /// Parsed when the formula is spelled: most steps are recorded without anybody reading their formulas.
    private var root: FormulaNode {
        var parser = FormulaParser(latex)
        do { return try parser.parse() } catch { preconditionFailure("\(error)") }
    }

    /// The formula in plain Unicode: `Sₜ,ₛ = (qₜ · kₛ)/√d`.
    public var text: String { root.unicode(.plain) }
    /// The formula in Pango markup.
    public var pangoMarkup: String { root.unicode(.pango) }
    /// The formula as a MathML element.
    public func mathML(display: Bool = false) -> String {
        "<math xmlns=\"http://www.w3.org/1998/Math/MathML\"\(display ? " display=\"block\"" : "")>\(root.mathML)</math>"
    }
}

indirect enum FormulaNode: Hashable, Sendable {
    case row([FormulaNode])
    case identifier(String)
    case number(String)
    case `operator`(String)
    case text(String)
    case fraction(FormulaNode, FormulaNode)
    case root(FormulaNode)
    case accent(String, FormulaNode)
    case scripts(FormulaNode, sub: FormulaNode?, sup: FormulaNode?)
}

struct FormulaParser {
    /// Commands that stand for one sign or one word.
    static let names: [String: FormulaNode] = {
        var names: [String: FormulaNode] = [:]
        let operators = [
            "cdot": "·", "times": "×", "odot": "⊙", "sum": "Σ", "le": "≤", "ge": "≥", "in": "∈", "to": "→", "infty": "∞", "ldots": "…",
            "top": "⊤",
            "lceil": "⌈", "rceil": "⌉", "lfloor": "⌊", "rfloor": "⌋", "approx": "≈", "pm": "±", "leftarrow": "←", "mid": "|", "ne": "≠",
            "circ": "∘",
            "cap": "∩", "quad": " ", ",": " ",
        ]
        let letters = [
            "alpha": "α", "beta": "β", "gamma": "γ", "theta": "θ", "epsilon": "ε", "sigma": "σ", "mu": "μ", "lambda": "λ", "phi": "φ",
            "omega": "ω", "xi": "ξ", "ell": "ℓ",
            "Delta": "Δ", "Sigma": "Σ",
        ]
        for (name, sign) in operators { names[name] = .operator(sign) }
        for (name, letter) in letters { names[name] = .identifier(letter) }
        for word in ["exp", "max", "min", "log", "cos", "sin", "sqrt"] { names[word] = .text(word) }
        return names
    }()
    private static let accents = ["bar": "\u{304}", "tilde": "\u{303}", "hat": "\u{302}"]

    private let characters: [Character]
    private let latex: String
    private var position = 0
    private var depth = 0
    private static let deepest = 100

    init(_ latex: String) {
        self.latex = latex
        characters = Array(latex)
    }

    mutating func parse() throws(EngineError) -> FormulaNode {
        let node = try row(until: nil)
        guard position == characters.count else { throw failure("the end", "\(characters[position])") }
        return node
    }

    private func failure(_ expected: String, _ found: String) -> EngineError {
        EngineError(.value, "formula \"\(latex)\" at character \(position + 1)", expected: expected, found: found)
    }

    private mutating func row(until end: Character?) throws(EngineError) -> FormulaNode {
        var nodes: [FormulaNode] = []
        while position < characters.count, characters[position] != end {
            if characters[position] == "}" { throw failure("no closing brace here", "}") }
            if characters[position] == " " {
                position += 1
                continue
            }
            nodes.append(try scripted())
        }
        return nodes.count == 1 ? nodes[0] : .row(nodes)
    }

    private mutating func scripted() throws(EngineError) -> FormulaNode {
        let base = try atom()
        var (sub, sup): (FormulaNode?, FormulaNode?)
        while position < characters.count, "_^".contains(characters[position]) {
            let isSub = characters[position] == "_"
            position += 1
            guard (isSub ? sub : sup) == nil else { throw failure("one \(isSub ? "subscript" : "superscript")", "a second one") }
            let script = try atom()
            if isSub { sub = script } else { sup = script }
        }
        return sub == nil && sup == nil ? base : .scripts(base, sub: sub, sup: sup)
    }

    private mutating func atom() throws(EngineError) -> FormulaNode {
        // A formula from a file may nest as deep as it likes; the stack may not.
        guard depth < Self.deepest else { throw failure("at most \(Self.deepest) levels of nesting", "more") }
        depth += 1
        defer { depth -= 1 }
        guard position < characters.count else { throw failure("a symbol", "the end") }
        let character = characters[position]
        switch character {
        case "{":
            position += 1
            let inner = try row(until: "}")
            guard position < characters.count else { throw failure("}", "the end") }
            position += 1
            return inner
        case "\\": return try command()
        case "_", "^": throw failure("something before \(character)", "nothing")
        default:
            if character.isNumber || character == "." { return .number(take { $0.isNumber || $0 == "." }) }
            position += 1
            return character.isLetter ? .identifier(String(character)) : .operator(character == "-" ? "−" : String(character))
        }
    }

    private mutating func take(_ isIncluded: (Character) -> Bool) -> String {
        let start = position
        while position < characters.count, isIncluded(characters[position]) { position += 1 }
        return String(characters[start..<position])
    }

    private mutating func command() throws(EngineError) -> FormulaNode {
        position += 1
        var name = take { $0.isLetter }
        if name.isEmpty, position < characters.count {
            name = String(characters[position])
            position += 1
        }
        switch name {
        case "frac": return .fraction(try atom(), try atom())
        case "sqrt": return .root(try atom())
        case "mathrm", "text":
            guard position < characters.count, characters[position] == "{" else { throw failure("{ after \\\(name)", "none") }
            position += 1
            let word = take { $0 != "}" }
            guard position < characters.count else { throw failure("}", "the end") }
            position += 1
            return .text(word)
        default:
            if let accent = Self.accents[name] { return .accent(accent, try atom()) }
            guard let node = Self.names[name] else { throw failure("a command of the subset", "\\\(name)") }
            return node
        }
    }
}
