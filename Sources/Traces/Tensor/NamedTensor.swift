// Weights keep the names that they have in their file, so that steps and errors can name them.

/// A weight with its name in the file that it came from.
public struct NamedTensor: Hashable, Sendable {
    /// The name: `wq`, `model.layers.0.self_attn.q_proj.weight`.
    public let name: String
    /// The values.
    public let tensor: Tensor

    /// A named tensor.
    public init(_ name: String, _ tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }

    /// Throws unless the tensor has these lengths.
    public func check(_ lengths: [Int]) throws(EngineError) {
        guard tensor.shape.lengths == lengths else {
            throw EngineError(.shape, "weight.\(name)", expected: "\(lengths)", found: "\(tensor.shape.lengths)")
        }
    }
}
