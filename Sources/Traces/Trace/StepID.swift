// What a step is called, and what that says: where it stands (layer, pass, branch) and what it is. The recorder gives both where a step is made; an id
// read from a text is taken apart here, and nowhere else. Whether an attention is dense or sparse is not said by its id: see AttentionView.

/// The name of a step, with its scopes and its role. Two ids are equal when their texts are.
public struct StepID: Hashable, Sendable {
    /// Where the step stands, the outermost first.
    public let scopes: [Scope]
    /// What it is.
    public let role: Role
    /// The role by name; of an other step the name that alone tells it apart.
    public let name: String
    /// The whole id, exactly as it was recorded or read.
    public let text: String

    private init(_ scopes: [Scope], _ role: Role, _ name: String, text: String) {
        self.scopes = scopes
        self.role = role
        self.name = name
        self.text = text
    }

    /// The id of a step with a role: `layer.0.attention.scores`.
    public init(_ scopes: [Scope], _ role: Role) { self.init(scopes, role, named: role.rawValue) }

    /// The id of a step by name, which may be a role's.
    public init(_ scopes: [Scope], named name: String) {
        self.init(scopes, Role.named(name), named: name)
    }

    init(_ scopes: [Scope], _ role: Role, named name: String) {
        self.init(scopes, role, name, text: Self.text(scopes, name))
    }

    /// The id that `text` spells; what it does not know is an other step of that name. The text is kept as it is.
    public init(_ text: String) {
        if Role.given(text) != nil {
            self.init([], Role.named(text), text, text: text)
            return
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        // A role's name has one part or two: `scores`, `indexer.score`.
        for length in [2, 1] where parts.count >= length {
            let name = parts[(parts.count - length)...].joined(separator: ".")
            let role = Role.named(name)
            if role != .other, Role.given(name) == nil {
                self.init(Scope.all(parts[..<(parts.count - length)]), role, name, text: text)
                return
            }
        }
        let (scopes, rest) = Scope.leading(parts[...])
        let name = rest.joined(separator: ".")
        self.init(rest.isEmpty ? [] : scopes, .other, rest.isEmpty ? text : name, text: text)
    }

    /// The same step, called otherwise: what it is and where it stands do not change.
    public func renamed(to text: String) -> StepID { StepID(scopes, role, name, text: text) }

    /// The step of this name inside `outer`.
    public func inside(_ outer: [Scope]) -> StepID { StepID(outer + scopes, role, name, text: Self.text(outer, text)) }

    /// Whether both stand at the same place and are the same thing there, whatever they are called.
    public func means(_ other: StepID) -> Bool { name == other.name && scopes == other.scopes }

    private static func text(_ scopes: [Scope], _ name: String) -> String {
        var text = ""
        for scope in scopes { text += scope.description + "." }
        return text + name
    }

    /// Equal when the texts are.
    public static func == (a: StepID, b: StepID) -> Bool { a.text == b.text }
    /// Hashes the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension StepID {
    /// The layer, where one is said.
    public var layer: Int? {
        for case .layer(let number) in scopes { return number }
        return nil
    }

    /// The pass, where one is said.
    public var pass: Pass? {
        for case .pass(let pass) in scopes { return pass }
        return nil
    }

    /// The branch, where one is said.
    public var branch: Branch? {
        for case .branch(let branch) in scopes { return branch }
        return nil
    }

    /// The scopes around the branch: the layer or the pass whose attention the step belongs to.
    public var place: [Scope] {
        var outer: [Scope] = []
        for scope in scopes {
            if case .branch = scope { return outer }
            outer.append(scope)
        }
        return outer
    }
}

extension StepID: CustomStringConvertible, ExpressibleByStringLiteral {
    /// The text.
    public var description: String { text }
    /// The id that the literal spells.
    public init(stringLiteral text: String) { self.init(text) }
}

/// One pass over tokens: a text at once, or one token after another.
public enum Pass: Hashable, Sendable, CustomStringConvertible {
    /// All tokens of a text together.
    case prefill
    /// One further token, counted from 0.
    case decode(Int)

    /// As ids and options spell it: `prefill`, `decode.0`.
    public var description: String {
        switch self {
        case .prefill: "prefill"
        case .decode(let number): "decode.\(number)"
        }
    }
}

/// One of several attentions at the same place.
public enum Branch: String, Hashable, Sendable, CaseIterable {
    /// The attention of the mechanism: dense where it stands alone or has a sparse one beside it, sparse where a dense one stands beside it.
    case attention
    /// Dense attention, run beside a sparse one for comparison.
    case dense
    /// Sparse attention beside a dense one.
    case sparse
    /// Sparse attention that reads the selected entries only.
    case gathered
}

/// One part of where a step stands.
public enum Scope: Hashable, Sendable, CustomStringConvertible {
    /// A layer of a model, from 0.
    case layer(Int)
    /// A pass.
    case pass(Pass)
    /// An attention of several.
    case branch(Branch)
    /// A block of keys, from 0.
    case block(Int)
    /// Anything else, by a name without points.
    case named(String)

    /// As ids spell it.
    public var description: String {
        switch self {
        case .layer(let number): "layer.\(number)"
        case .pass(let pass): pass.description
        case .branch(let branch): branch.rawValue
        case .block(let number): "block.\(number)"
        case .named(let name): name
        }
    }

    /// The known scopes that `parts` begin with, and what is left.
    static func leading(_ parts: ArraySlice<String>) -> (scopes: [Scope], rest: ArraySlice<String>) {
        var (scopes, rest): ([Scope], ArraySlice<String>) = ([], parts)
        while let (scope, length) = first(of: rest) {
            scopes.append(scope)
            rest = rest.dropFirst(length)
        }
        return (scopes, rest)
    }

    /// All of `parts` as scopes; those that are not known have names.
    static func all(_ parts: ArraySlice<String>) -> [Scope] {
        var (scopes, rest) = leading(parts)
        while let name = rest.first {
            scopes.append(.named(name))
            let (more, left) = leading(rest.dropFirst())
            scopes += more
            rest = left
        }
        return scopes
    }

    private static func first(of parts: ArraySlice<String>) -> (Scope, length: Int)? {
        guard let first = parts.first else { return nil }
        if first == "prefill" { return (.pass(.prefill), 1) }
        if let branch = Branch(rawValue: first) { return (.branch(branch), 1) }
        guard let number = parts.dropFirst().first.flatMap(Self.number) else { return nil }
        switch first {
        case "layer": return (.layer(number), 2)
        case "decode": return (.pass(.decode(number)), 2)
        case "block": return (.block(number), 2)
        default: return nil
        }
    }

    /// A count as the recorder prints it: no sign, no zeros before it.
    private static func number(_ text: String) -> Int? {
        guard let number = Int(text), number >= 0, String(number) == text else { return nil }
        return number
    }
}

extension Role {
    /// The role of that name, or other.
    static func named(_ name: String) -> Role { given(name) ?? Role(rawValue: name) ?? .other }

    /// Input or parameter, which a name begins with.
    fileprivate static func given(_ name: String) -> Role? {
        name.hasPrefix(Role.input.rawValue) ? .input : name.hasPrefix(Role.parameter.rawValue) ? .parameter : nil
    }
}
