// What of a reader's model is read: by a lesson, and by whoever asks why one number is what it is.

public import Mechanisms
public import Traces

extension KeptSteps {
    /// What lessons on a model read: the layer that they speak of, the last in which every token sees all that stand before it; what stands in no layer;
    /// what every layer selects; none of the model's weights.
    public static func lesson(in outline: PassOutline) -> KeptSteps {
        let scores = outline.steps.filter { $0.id.role == .scores && $0.id.branch == .attention }
        let whole = scores.last { step in
            guard let visible = step.visible else { return false }
            return visible.visibleCount == visible.rows * (visible.rows + 1) / 2 + visible.rows * (visible.columns - visible.rows)
        }
        return lesson(layer: (whole ?? scores.last)?.id.layer)
    }

    /// Layer `layer`, what stands in none, and every selection; no weights.
    fileprivate static func lesson(layer: Int?) -> KeptSteps {
        KeptSteps { $0.role != .parameter && ($0.layer == nil || $0.layer == layer || $0.role == .selected) }
    }

    /// Of these the steps in such roles.
    fileprivate func only(_ roles: Set<Role>) -> KeptSteps { KeptSteps { [keeps] id in keeps(id) && roles.contains(id.role) } }

    /// What explains a step of a pass: it, the steps beside it in its attention or its layer, with which its arithmetic may be spelled, and the weights that
    /// it is made from.
    public static func explaining(_ id: StepID, in outline: PassOutline) -> KeptSteps {
        guard let step = outline.step(id) else { return KeptSteps { _ in false }.and(id) }
        let weights = Set(step.inputs.filter { $0.role == .parameter }.map(\.text))
        let scopes = step.id.scopes
        return KeptSteps { $0.role == .parameter ? weights.contains($0.text) : $0.scopes == scopes }.and(id)
    }
}

extension LanguageModel {
    /// Records what lessons read of a pass with a selection.
    /// - Parameters:
    ///   - layer: the layer that the lesson speaks of.
    ///   - progress: called before each layer with its number.
    func recordForLesson(
        tokenIDs: [Int], tokens: [String], selection: LayerSelection, layer: Int?, progress: (Int) -> Void
    ) throws(EngineError) -> Trace {
        // Of runs to compare with, lessons read what was selected, what that did to the weights, and the loss.
        let kept = KeptSteps.lesson(layer: layer).only([.input, .oracleScore, .selected, .scores, .weights, .meanLoss])
        // The choice in a layer ranks the weights that dense attention has there, and nobody does so later.
        let dense = KeptSteps { $0.role == .weights && $0.branch == .attention }
        // A run of one layer has arithmetic to show; in a run of every layer that would hold on to all that the layers came from.
        let isOfOneLayer = selection.layer != nil
        let settled: @Sendable (Step) -> Step? = { kept.keeps($0.id) ? (isOfOneLayer ? $0 : $0.valuesAlone) : nil }
        let trace = try record(
            tokenIDs: tokenIDs, tokens: tokens, selection: selection, keeping: kept.and(dense), settled: settled, progress: progress)
        return trace.replacing(steps: trace.steps.compactMap(settled))
    }
}

extension Step {
    /// The same without its arithmetic, which holds on to the steps that it begins from.
    fileprivate var valuesAlone: Step {
        Step(
            id: id, title: title, formula: formula, inputs: inputs, symbol: symbol, output: output, labels: labels, facts: facts,
            selection: selection, visible: visible, bytesPerValue: bytesPerValue, sourceNote: sourceNote, definition: nil, statedCost: cost)
    }
}
