// What of a model's forward pass a figure reads: who runs a model for one picture keeps no more. Figures that are not named here may read anything.

public import Mechanisms
import Traces

extension Figure {
    /// The steps that a picture of a model with these options is drawn from.
    /// - Parameters:
    ///   - count: how many layers the model has.
    ///   - layer: the one layer to draw, or nil.
    public func keeping(_ options: FigureOptions, layers count: Int, layer: Int? = nil) -> KeptSteps {
        let step = options.step.map { StepID($0) }
        let kept = keeping(step, count, layer)
        return step.map { kept.and($0) } ?? kept
    }

    private func keeping(_ step: StepID?, _ count: Int, _ layer: Int?) -> KeptSteps {
        if let step, step.layer == nil {
            // What leads to such a step goes through all layers.
            return name == Figure.pipelineDetail.name ? KeptSteps([.steps]) : .aroundLayers
        }
        let chosen = step?.layer ?? layer
        switch name {
        case Figure.heads.name, Figure.headKinds.name, Figure.selectionMap.name: return chosen.map { .layer($0) } ?? .allWeights
        case Figure.pathway.name:
            return KeptSteps.layer(chosen ?? 0).and(.entering(chosen ?? 0)).and(layer == nil ? .allWeights : .layer(chosen ?? 0))
        case Figure.pipelineDetail.name: return KeptSteps.layer(chosen ?? count - 1).and(.aroundLayers).and(.layerOutputs)
        case _ where Self.ofOneAttention.contains(name): return .layer(chosen ?? 0)
        default: return layer.map { .layer($0) } ?? .everything
        }
    }

    /// Figures that draw one attention, the first where none is named.
    private static let ofOneAttention = [
        Figure.matrix, .questions, .compare, .arcs, .indexer, .pipeline, .patterns, .softmax, .weightedSum, .triangles, .nextToken,
    ].map { $0.name }
}

extension KeptSteps {
    /// The weights of all attentions, and the scores that tell which of them were masked.
    fileprivate static var allWeights: KeptSteps { KeptSteps { ($0.role == .weights || $0.role == .scores) && $0.branch != nil } }
    /// What stands in no layer, but for the model's weights.
    fileprivate static var aroundLayers: KeptSteps { KeptSteps { $0.layer == nil && $0.role != .parameter } }
    /// The vectors from which the first layer or another makes its queries, keys and values.
    fileprivate static func entering(_ layer: Int) -> KeptSteps {
        KeptSteps {
            $0.layer == nil ? [.embedding, .norm].contains($0.role) : $0.layer == layer - 1 && $0.role == .output && $0.branch == nil
        }
    }
    /// What layers hand on.
    fileprivate static var layerOutputs: KeptSteps { KeptSteps { $0.role == .output && $0.branch == nil } }
}
