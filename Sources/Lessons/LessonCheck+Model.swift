// A small language model of seeded noise, so that the check can run lessons on a model without having one: its numbers mean nothing, and no reader
// sees them.

internal import Diagrams
internal import Mechanisms
internal import Traces

extension LessonCheck {
    /// A model and its trace of the diary's words; nil if it cannot be made.
    static func modelSource(_ diary: Diary) -> LessonSource? {
        guard let tokens = try? diary.tokens(of: diary.text.en).map(\.text), let model = try? noiseModel(contextLength: tokens.count),
            let trace = try? model.record(tokenIDs: tokens.indices.map { $0 % model.architecture.facts.vocabulary }, tokens: tokens)
        else { return nil }
        return .trace(trace, text: diary.text.en, layer: nil, provenance: Provenance(name: "check"), runs: ModelRuns(of: model))
    }

    /// Two layers of two heads with weights of seeded noise; scores have a soft cap, so that what lessons say of one is checked.
    static func noiseModel(contextLength: Int) throws(EngineError) -> LanguageModel {
        var noise = SplitMix64(seed: 1)
        var decoder = try Decoder(
            "Noise", width: 8, hiddenWidth: 12, layers: 2, heads: 2, keyValueHeads: 1, headDimension: 4, vocabulary: 16,
            contextLength: contextLength, epsilon: 1e-5, rope: RotaryScaling(theta: 10000), isTied: true)
        decoder.scoreCap = 20
        let architecture = decoder.architecture
        let weights = architecture.parameters.filter { $0.presence == .required }.map { parameter in
            NamedTensor(parameter.name, Tensor(parameter.shape, (0..<parameter.shape.count).map { _ in noise.uniform() - 0.5 }))
        }
        return try LanguageModel(architecture, weights: weights)
    }
}
