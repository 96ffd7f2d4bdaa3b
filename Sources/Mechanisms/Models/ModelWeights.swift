// The weights of a language model by name, checked against what its architecture wants: what a forward pass asks for is there and has its shape.

public import Traces

/// A model's weights.
public struct ModelWeights: Sendable {
    private struct Entry {
        let weight: NamedTensor
        let symbol: String
    }
    private let entries: [String: Entry]
    private let prefix: String

    /// The weights of `architecture` out of `given`; throws, by name, for one that is missing, has another shape, comes twice, or that it does not want.
    init(of architecture: Architecture, _ given: [NamedTensor]) throws(EngineError) {
        var rest: [String: NamedTensor] = [:]
        for weight in given {
            guard rest.updateValue(weight, forKey: weight.name) == nil else {
                throw EngineError(.value, "weight.\(weight.name)", expected: "one weight of this name", found: "two")
            }
        }
        var entries: [String: Entry] = [:]
        for parameter in architecture.parameters {
            guard let weight = rest.removeValue(forKey: parameter.name) else {
                entries[parameter.name] = try Self.substitute(for: parameter, among: entries)
                continue
            }
            guard weight.shape.lengths == parameter.shape.lengths else {
                throw EngineError(
                    .shape, "weight.\(weight.name)", expected: "\(parameter.shape)", found: "\(weight.shape)")
            }
            entries[parameter.name] = Entry(weight: weight.on(parameter.shape.axes), symbol: parameter.symbol)
        }
        if let name = rest.keys.min() {
            throw EngineError(.value, "weight.\(name)", expected: "a weight of \(architecture.name)", found: "a name that it does not know")
        }
        self.init(entries, prefix: "")
    }

    private init(_ entries: [String: Entry], prefix: String) {
        self.entries = entries
        self.prefix = prefix
    }

    /// What stands for a parameter that was not given; nil for nothing.
    private static func substitute(for parameter: Architecture.Parameter, among entries: [String: Entry]) throws(EngineError) -> Entry? {
        switch parameter.presence {
        case .optional, .head: return nil
        case .sharing(let other):
            if let entry = entries[other], entry.weight.shape == parameter.shape { return entry }
            throw EngineError(
                .shape, "weight.\(parameter.name)", expected: "the \(parameter.shape) of \(other) before it",
                found: entries[other].map { "\($0.weight.shape)" } ?? "no such parameter")
        case .required:
            throw EngineError(.shape, "weight.\(parameter.name)", expected: "\(parameter.shape)", found: "none")
        }
    }

    /// The same, with names said from here: `weights.within("model.layers.0.")["mlp.up_proj.weight"]`.
    public func within(_ prefix: String) -> ModelWeights { ModelWeights(entries, prefix: self.prefix + prefix) }

    /// Whether there is a weight of this name.
    public func contain(_ name: String) -> Bool { entries[prefix + name] != nil }

    /// The weight of this name; throws if the architecture did not say that it wants one.
    public subscript(_ name: String) -> NamedTensor {
        get throws(EngineError) { try entry(name).weight }
    }

    private func entry(_ name: String) throws(EngineError) -> Entry {
        guard let entry = entries[prefix + name] else {
            throw EngineError(.value, "weight.\(prefix + name)", expected: "one of the model's parameters", found: "none of this name")
        }
        return entry
    }

    /// Records a weight under `weight.NAME`, with the symbol and the axes of its parameter.
    public func record(_ name: String, on trace: inout Recorder) throws(EngineError) -> Expression {
        let entry = try entry(name)
        return try trace.weight(entry.weight, entry.symbol, entry.weight.shape.axes)
    }
}
