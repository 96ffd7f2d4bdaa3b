// Weights keep the names that they have in their file, so that steps and errors can name them. A weight in a file may stay there until its values are
// asked for: a large model's weights, as Doubles, are more than most of its readers need.

/// A weight with its name in the file that it came from.
public struct NamedTensor: Hashable, Sendable {
    private enum Values: Sendable {
        case known(Tensor)
        #if !hasFeature(Embedded)
            /// Read at each asking, always the same.
            case stored(@Sendable () -> Tensor)
        #endif
    }

    /// The name: `wq`, `model.layers.0.self_attn.q_proj.weight`.
    public let name: String
    /// Its axes and their lengths.
    public let shape: Shape
    private let values: Values

    /// The values; those that are stored are read at each asking.
    public var tensor: Tensor {
        switch values {
        case .known(let tensor): tensor
        #if !hasFeature(Embedded)
            case .stored(let read): read().on(shape.axes)
        #endif
        }
    }

    #if !hasFeature(Embedded)
        /// Whether the values are somewhere else, so that asking for them takes time.
        public var isStored: Bool { if case .stored = values { true } else { false } }

        /// A weight that is read when its values are asked for; `read` always returns the same, of these lengths.
        public init(_ name: String, _ shape: Shape, stored read: @escaping @Sendable () -> Tensor) {
            self.init(name, shape, .stored(read))
        }
    #endif

    /// A named tensor.
    public init(_ name: String, _ tensor: Tensor) {
        self.init(name, tensor.shape, .known(tensor))
    }

    private init(_ name: String, _ shape: Shape, _ values: Values) {
        self.name = name
        self.shape = shape
        self.values = values
    }

    /// The same with the axes called `axes`.
    public func on(_ axes: [Axis]) -> NamedTensor {
        switch values {
        case .known(let tensor): NamedTensor(name, tensor.on(axes))
        #if !hasFeature(Embedded)
            case .stored: NamedTensor(name, Shape(axes, shape.lengths), values)
        #endif
        }
    }

    /// Throws unless the tensor has these lengths.
    public func check(_ lengths: [Int]) throws(EngineError) {
        guard shape.lengths == lengths else {
            throw EngineError(.shape, "weight.\(name)", expected: "\(lengths)", found: "\(shape.lengths)")
        }
    }

    /// Whether name and values are the same.
    public static func == (a: Self, b: Self) -> Bool { a.name == b.name && a.tensor == b.tensor }
    /// Hashes the name and the shape, which asks for no values.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(shape)
    }
}
