// A picture of a model that kept what the figure reads is the picture of one that kept everything.

import Diagrams
import Mechanisms
import ModelFiles
import Testing
import Traces

@Suite struct KeepingTests {
    private static let text = Array(0..<7)
    private static let layers = 3

    static func model() throws -> LanguageModel {
        let architecture = try Decoder(
            "Noise", width: 8, hiddenWidth: 12, layers: layers, heads: 4, keyValueHeads: 2, headDimension: 4, vocabulary: 16,
            contextLength: 16, epsilon: 1e-5, rope: RotaryScaling(theta: 10000), isTied: true
        ).architecture
        var noise = SplitMix64(seed: 5)
        let weights = architecture.parameters.filter { $0.presence == .required }.map { parameter in
            NamedTensor(parameter.name, Tensor(parameter.shape, (0..<parameter.shape.count).map { _ in noise.uniform() - 0.5 }))
        }
        return try LanguageModel(architecture, weights: weights)
    }

    private static func trace(_ kept: KeptSteps) throws -> Trace {
        try model().record(tokenIDs: text, tokens: text.map { "w\($0)" }, keeping: kept)
    }

    private static let whole = Result { try trace(.everything) }

    private func outcome(_ figure: Figure, _ options: FigureOptions, _ trace: Trace) -> Result<Scene, FigureError> {
        let data = FigureData(traces: [("", trace)], provenance: Provenance(name: "model"))
        return Result { () throws(FigureError) in try figure.draw(data, options, fixedText) }
    }

    private static let steps: [String?] = [
        nil, "layer.0.attention.weights", "layer.1.attention.weights", "layer.2.attention.scores", "layer.1.attention.output",
        "layer.1.attention.k",
        "layer.2.mlp.hidden", "layer.1.output", "embedding", "logits", "weight.model.layers.1.mlp.up_proj.weight",
        "layer.0.attention.wieghts",
    ]

    @Test(arguments: EveryFigureTests.names, steps) func `each figure draws the same from what it keeps as from everything`(
        name: String, step: String?
    ) throws {
        let figure = try Figures.named(name)
        guard step == nil || figure.takes.contains(.step) else { return }
        var options = FigureOptions()
        options.step = step
        let kept = try Self.trace(figure.keeping(options, layers: Self.layers))
        #expect(try outcome(figure, options, kept) == outcome(figure, options, Self.whole.get()), "\(name) \(step ?? "")")
    }

    @Test func `one layer's picture keeps that layer`() throws {
        var options = FigureOptions()
        options.step = "layer.1.attention.weights"
        for kept in [Figure.matrix.keeping(options, layers: 3), Figure.arcs.keeping(FigureOptions(), layers: 3, layer: 1)] {
            let ids = try Self.trace(kept).steps.map(\.id)
            #expect(!ids.isEmpty && ids.allSatisfy { $0.layer == 1 && $0.role != .parameter })
        }
        for figure in [Figure.heads, .headKinds] {
            let heads = try Self.trace(figure.keeping(FigureOptions(), layers: 3)).steps.map(\.id)
            #expect(heads.count == 6 && heads.allSatisfy { $0.role == .weights || $0.role == .scores }, "\(figure.name)")
        }
    }

    @Test func `the layer that is named is the one that is drawn`() throws {
        var options = FigureOptions()
        options.step = "layer.2.attention.weights"
        for figure in [Figure.matrix, .arcs, .softmax, .weightedSum, .triangles, .heads] {
            let kept = try Self.trace(figure.keeping(FigureOptions(), layers: 3, layer: 2))
            #expect(try outcome(figure, FigureOptions(), kept) == outcome(figure, options, Self.whole.get()), "\(figure.name)")
        }
        let kept = try Self.trace(Figure.headKinds.keeping(FigureOptions(), layers: 3, layer: 2))
        let kinds = try outcome(.headKinds, FigureOptions(), kept).get()
        #expect(kinds.alt.en.contains("1 layer by 4 heads") && kinds.alt.en.contains("layer 2, head"))
    }
}
