// Which steps of a model's forward pass somebody asks for. A large model has more of them than a machine has memory, and whoever draws one layer reads
// that one.

public import Traces

/// The steps of a forward pass that stay in its trace; all the others are computed and left out.
public struct KeptSteps: Sendable {
    /// Whether the step, the input or the weight of this id stays.
    public let keeps: @Sendable (StepID) -> Bool

    /// The steps for which `keeps` holds.
    public init(_ keeps: @escaping @Sendable (StepID) -> Bool) { self.keeps = keeps }

    /// Every step and every weight.
    public static var everything: KeptSteps { KeptSteps { _ in true } }

    /// A part of a forward pass by its name.
    public enum Part: String, CaseIterable, Sendable {
        /// Every step and every weight of the model.
        case everything
        /// Every step, but none of the model's weights.
        case steps
        /// The steps of attentions, and what they select.
        case attention
        /// The attention weights alone.
        case weights
        /// The logits, or the hidden states of a model that has none.
        case logits
        /// How badly each next token was foretold, and the mean.
        case loss
        /// The model's weights.
        case parameters

        func contains(_ id: StepID) -> Bool {
            switch self {
            case .everything: true
            case .steps: id.role != .parameter
            case .attention: id.branch != nil || id.role == .selected
            case .weights: id.role == .weights && id.branch != nil
            case .logits: id.role == .logits || id.role == .hiddenStates
            case .loss: id.role == .loss || id.role == .meanLoss
            case .parameters: id.role == .parameter
            }
        }
    }

    /// The steps that are in one of `parts`; of those that belong to a layer, only the ones of `layers`, if any are named.
    public init(_ parts: Set<Part>, layers: ClosedRange<Int>? = nil) {
        self.init { id in
            if let layers, let layer = id.layer ?? id.layerOfGiven, !layers.contains(layer) { return false }
            return parts.contains { $0.contains(id) }
        }
    }

    /// Every step of one layer, but no weights.
    public static func layer(_ number: Int) -> KeptSteps { KeptSteps { $0.layer == number } }

    /// What is in this or in `other`.
    public func and(_ other: KeptSteps) -> KeptSteps { KeptSteps { [keeps] id in keeps(id) || other.keeps(id) } }

    /// This, and the one step `id`.
    public func and(_ id: StepID) -> KeptSteps { and(KeptSteps { $0 == id || $0.means(id) }) }
}

extension StepID {
    /// The layer that a weight or an input is named after: the first number between two points of `weight.model.layers.3.mlp.up_proj.weight`, the scope
    /// of `input.decode.0.layer.3.attention.cache.k`.
    fileprivate var layerOfGiven: Int? {
        if role == .input { return StepID(String(text.dropFirst(Role.input.rawValue.count))).layer }
        guard role == .parameter else { return nil }
        for part in text.split(separator: ".") { if let number = Int(part) { return number } }
        return nil
    }
}
