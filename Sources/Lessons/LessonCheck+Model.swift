// A small language model of seeded noise, so that the check can run lessons on a model without having one: its numbers mean nothing, and no reader
// sees them.

internal import Diagrams
internal import Mechanisms
internal import Traces

extension LessonCheck {
    /// A model and its trace of the diary's words; nil if it cannot be made.
    static func modelSource(_ diary: Diary) -> LessonSource? {
        guard let tokens = try? diary.tokens(of: diary.text.en).map(\.text), let model = try? noiseModel(contextLength: tokens.count),
            let trace = try? model.record(tokenIDs: tokens.indices.map { $0 % model.configuration.vocabulary }, tokens: tokens)
        else { return nil }
        return .trace(trace, text: diary.text.en, layer: nil, provenance: Provenance(name: "check"), model: model)
    }

    /// Two layers of two heads with weights of seeded noise.
    static func noiseModel(contextLength: Int) throws(EngineError) -> LlamaModel {
        var noise = SplitMix64(seed: 1)
        func weight(_ name: String, _ shape: [(Axis, Int)]) -> NamedTensor {
            let shape = Shape(shape)
            return NamedTensor(name, Tensor(shape, (0..<shape.count).map { _ in noise.uniform() - 0.5 }))
        }
        let (width, hidden, vocabulary) = (8, 12, 16)
        let configuration = try LlamaModel.Configuration(
            width: width, hiddenWidth: hidden, layers: 2, heads: 2, keyValueHeads: 1, headDimension: 4, vocabulary: vocabulary,
            contextLength: contextLength, epsilon: 1e-5, ropeTheta: 10000)
        let layers = (0..<2).map { n in
            LlamaModel.Layer(
                attentionNorm: weight("\(n).norm", [(.c, width)]),
                attention: .init(
                    query: weight("\(n).q", [(.o, 8), (.c, width)]), key: weight("\(n).k", [(.o, 4), (.c, width)]),
                    value: weight("\(n).v", [(.o, 4), (.c, width)]), output: weight("\(n).o", [(.o, width), (.c, 8)])),
                feedForwardNorm: weight("\(n).mlp.norm", [(.c, width)]), gate: weight("\(n).gate", [(.f, hidden), (.c, width)]),
                up: weight("\(n).up", [(.f, hidden), (.c, width)]), down: weight("\(n).down", [(.c, width), (.f, hidden)]))
        }
        return try LlamaModel(
            configuration, embedding: weight("embedding", [(.n, vocabulary), (.c, width)]), layers: layers,
            norm: weight("norm", [(.c, width)]), head: nil)
    }
}
