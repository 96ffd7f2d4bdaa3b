// What hidden units of a feed-forward part do with their sums, by the names that Hugging Face files use.

public import Traces

/// The activation of a feed-forward part.
public enum Activation: Hashable, Sendable {
    /// z / (1 + e^-z).
    case silu
    /// GELU, in one of its forms.
    case gelu(GELUForm)
    /// max(0, z).
    case relu

    private static let names: [(name: String, is: Activation)] = [
        ("silu", .silu), ("swish", .silu), ("gelu", .gelu(.exact)), ("gelu_new", .gelu(.approximate)),
        ("gelu_pytorch_tanh", .gelu(.approximate)), ("relu", .relu),
    ]

    /// The activation that the field `name` of a configuration says, `standard` if it says none; throws for one that is not computed.
    package init(_ config: Settings, _ name: String, default standard: String) throws(FileError) {
        let found = try config.text(name, default: standard)
        guard let known = Self.names.first(where: { $0.name == found }) else {
            let names = Self.names.map { "\"\($0.name)\"" }.joined(separator: ", ")
            throw config.failure(name, expected: "one of \(names)")
        }
        self = known.is
    }

    func callAsFunction(_ z: Expression) -> Expression {
        switch self {
        case .silu: Traces.silu(z)
        case .gelu(let form): Traces.gelu(z, form)
        case .relu: Traces.relu(z)
        }
    }

    /// Its name.
    var name: String {
        switch self {
        case .silu: "SiLU"
        case .gelu: "GELU"
        case .relu: "ReLU"
        }
    }

    /// It, of the symbol `z`, in the LaTeX subset of formulas.
    func formula(_ z: String) -> String {
        switch self {
        case .silu: #"\frac{\#(z)}{1 + \exp(-\#(z))}"#
        case .gelu(.exact): #"\frac{\#(z)}{2} (1 + \mathrm{erf}(\frac{\#(z)}{\sqrt{2}}))"#
        case .gelu(.approximate): #"\frac{\#(z)}{2} (1 + \mathrm{tanh}(\sqrt{2 / π} (\#(z) + 0.044715 \#(z)^3)))"#
        case .relu: #"\max(0, \#(z))"#
        }
    }
}
