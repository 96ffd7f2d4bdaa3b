// What a lesson asks of a reader's model, as `model` in lesson.yaml lists it, and the layer that it then speaks of.

internal import Diagrams
internal import Mechanisms
internal import Traces

/// Something without which the words of a lesson would not be true of a model.
enum ModelNeed: String, Hashable, Sendable, CaseIterable {
    /// There is a layer in which every token sees itself and all that stand before it, and none that comes after.
    case causal
    /// The model foretells tokens, so that a text has a loss.
    case predictive

    /// Reads one.
    init(_ node: YAMLNode) throws(LessonError) {
        let name = try node.string("model")
        guard let need = Self(rawValue: name) else {
            throw node.error("model: expected \(Self.allCases.map(\.rawValue).joined(separator: " or ")), found \"\(name)\"")
        }
        self = need
    }
}

extension Lesson {
    /// Throws unless the lesson takes `source`, naming what it lacks. What only the run of a model tells is asked of the run.
    package func checkAccepts(_ source: LessonSource) throws {
        switch source {
        case .builtIn(nil): return
        case .builtIn, .diaryText:
            guard isFixed else { return }
            let model = takesModel ? " without --model" : ""
            throw LessonError(.unknownName, "\(name) speaks of runs of its own: a question or a text of yours does not apply to it\(model)")
        case .trace(_, _, _, _, let runs):
            let model = runs?.model
            guard let needs = modelNeeds else { throw LessonError(.unknownName, "\(name) speaks of runs of its own: it takes no model") }
            if let model, model.architecture.isEncoder, needs.contains(.causal) {
                throw LessonError(
                    .unknownName,
                    "\(name): expected a model whose tokens see what stands before them alone, found the encoder \(model.architecture.name)"
                )
            }
            guard needs.contains(.predictive) || extraRuns.contains(where: \.isOfModel) else { return }
            guard let model else {
                throw LessonError(.unknownName, "\(name) runs the model again, with other attention: expected a model, found a trace alone")
            }
            if needs.contains(.predictive) { try model.checkPredictive() }
        }
    }

    /// The layer to speak of, or nothing for a trace of one attention: the one that is asked for, else the last in which every token sees all that
    /// stand before it, else the last.
    func place(of trace: Trace, layer: Int?) throws -> [Scope] {
        let attentions = trace.attentions.filter { $0.branch == .attention }
        let alone = attentions.first { $0.place.isEmpty }
        let layered = attentions.filter { $0.place == [.layer($0.weights.layer ?? -1)] }
        let asked = layered.filter { layer == nil || $0.weights.layer == layer }
        let candidates = layer == nil ? alone.map { [$0] } ?? asked : asked
        let fit = try candidates.filter { try Self.isCausal($0, in: trace) }
        guard let chosen = fit.last ?? candidates.last else {
            let layers = layered.compactMap { $0.weights.layer.map(String.init) }.joined(separator: ", ")
            throw LessonError(
                .unknownName, "the trace has no attention of layer \(layer.map(String.init) ?? "0"); expected one of \(layers)")
        }
        if fit.isEmpty, modelNeeds?.contains(.causal) ?? false {
            throw LessonError(
                .unknownName,
                "\(name) speaks of tokens that see all before them and none after: expected a layer of that kind, found none for this text")
        }
        return chosen.place
    }

    private static func isCausal(_ attention: AttentionView, in trace: Trace) throws(EngineError) -> Bool {
        let weights = try trace.step(attention.weights)
        let recorded = try attention.scores.flatMap { id throws(EngineError) in try trace.step(id).visible }
        return (recorded ?? weights.visible ?? Mask(apparentIn: weights.output)).isCausal
    }
}
