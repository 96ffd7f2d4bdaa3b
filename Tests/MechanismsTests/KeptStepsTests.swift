// What stays of a forward pass, and what it takes: the same numbers as when all of it stays, and the size of it known before anything is computed.

import EngineTesting
import Mechanisms
import Synchronization
import Testing
import Traces

@Suite struct KeptStepsTests {
    private static let ids = [1, 5, 5, 0, 3]
    private static let tokens = ["a", "b", "b", "c", "d"]

    /// A Llama of noise.
    private static func model(layers: Int = 3, heads: Int = 4, context: Int = 16) throws -> LanguageModel {
        let architecture = try Decoder(
            "Llama", width: 8, hiddenWidth: 6, layers: layers, heads: heads, keyValueHeads: 2, headDimension: 2, vocabulary: 11,
            contextLength: context, epsilon: 1e-5, rope: RotaryScaling(theta: 100), isTied: true
        ).architecture
        var noise = SplitMix64(seed: 3)
        let weights = architecture.parameters.filter { $0.presence == .required }.map { parameter in
            NamedTensor(parameter.name, Tensor(parameter.shape, (0..<parameter.shape.count).map { _ in noise.uniform() - 0.5 }))
        }
        return try LanguageModel(architecture, weights: weights)
    }

    private static let choices: [([KeptSteps.Part], ClosedRange<Int>?)] =
        KeptSteps.Part.allCases.map { ([$0], nil) } + [([.attention], 1...2), ([.everything], 0...0), ([.weights, .loss], 2...2)]

    @Test(arguments: choices) func `what stays is what was asked for, with the same values, and the rest is named`(
        parts: [KeptSteps.Part], layers: ClosedRange<Int>?
    ) throws {
        let model = try Self.model()
        let all = try model.record(tokenIDs: Self.ids, tokens: Self.tokens)
        let kept = KeptSteps(Set(parts), layers: layers)
        var seen: [Int] = []
        let trace = try model.record(tokenIDs: Self.ids, tokens: Self.tokens, keeping: kept, progress: { seen.append($0) })
        #expect(seen == [0, 1, 2])
        #expect(trace.steps.map(\.id) == all.steps.map(\.id).filter(kept.keeps))
        #expect(trace.steps.allSatisfy { step in (try? all.step(step.id).output) == step.output })
        #expect(trace.omitted == all.steps.map(\.id).filter { !kept.keeps($0) })
        #expect(trace.tokenIDs == Self.ids && all.omitted.isEmpty)
    }

    @Test func `parts and layers mean the steps that their names say`() throws {
        func ids(_ parts: Set<KeptSteps.Part>, _ layers: ClosedRange<Int>? = nil) throws -> [String] {
            try Self.model().record(tokenIDs: Self.ids, tokens: Self.tokens, keeping: KeptSteps(parts, layers: layers)).steps.map(\.id.text)
        }
        #expect(try ids([.weights]) == (0..<3).map { "layer.\($0).attention.weights" })
        #expect(try ids([.logits, .loss]) == ["logits", "loss", "mean_loss"])
        #expect(try ids([.weights, .logits], 1...1) == ["layer.1.attention.weights", "logits"])
        let attention = ["q_projected", "k_projected", "q", "k", "v", "dot", "scaled", "scores", "weights", "heads", "output"]
        #expect(try ids([.attention], 2...2).sorted() == attention.map { "layer.2.attention.\($0)" }.sorted())
        let own = try ids([.parameters], 1...1)
        #expect(own.contains("weight.model.layers.1.mlp.up_proj.weight") && own.contains("weight.model.norm.weight"))
        #expect(own.allSatisfy { !$0.contains("layers.0.") && !$0.contains("layers.2.") })
    }

    @Test func `a step that was not kept is refused as such, and near names are found among those too`() throws {
        let trace = try Self.model().record(tokenIDs: Self.ids, tokens: Self.tokens, keeping: KeptSteps([.weights]))
        #expect(
            throws: EngineError(
                .unknownStep, "layer.1.mlp.up", "this step was not kept in the trace: --keep and --layers say what is kept")
        ) { try trace.step("layer.1.mlp.up") }
        do {
            _ = try trace.step("layer.1.mlp.ap")
            Issue.record("a step of no such name was found")
        } catch { #expect("\(error)".contains("did you mean") && "\(error)".contains("layer.1.mlp.up"), "\(error)") }
    }

    @Test func `an outline has the steps of the pass, their sizes and inputs, and computes none of them`() throws {
        let model = try Self.model()
        let all = try model.record(tokenIDs: Self.ids, tokens: Self.tokens)
        let outline = try model.outline(tokenIDs: Self.ids)
        let computed = all.steps.filter { $0.id.role != .parameter }
        #expect(outline.steps.map(\.id) == computed.map(\.id))
        #expect(outline.steps.map(\.bytes) == computed.map { 8 * $0.output.shape.count })
        #expect(outline.steps.map(\.inputs) == computed.map(\.inputs))
        #expect(Set(outline.weights.map(\.id)) == Set(all.steps.map(\.id).filter { $0.role == .parameter }))
        let most = all.steps.reduce(0) { $0 + 8 * $1.output.shape.count }
        #expect(outline.memory(keeping: .everything) == most)
        let less = outline.memory(keeping: KeptSteps([.weights]))
        #expect(less < most && less >= computed.filter { $0.id.role == .weights }.reduce(0) { $0 + 8 * $1.output.shape.count })
    }

    @Test func `what nothing kept is made from is not computed`() throws {
        func computed(_ parts: Set<KeptSteps.Part>, _ layers: ClosedRange<Int>?) throws -> [String] {
            let seen = Mutex<[String]>([])
            _ = try Self.model().record(
                tokenIDs: Self.ids, tokens: Self.tokens, keeping: KeptSteps(parts, layers: layers),
                computing: { (id, _, _, _) throws(EngineError) in
                    seen.withLock { $0.append(id.text) }
                    return nil
                })
            return seen.withLock { $0 }
        }
        let first = try computed([.weights], 0...0)
        #expect(first.contains("embedding") && first.contains("layer.0.attention.q"), "\(first)")
        #expect(!first.contains("layer.0.attention.v") && first.allSatisfy { !$0.contains("layer.1") && !$0.contains("mlp") }, "\(first)")
        let second = try computed([.weights], 1...1)
        #expect(second.contains("layer.0.mlp.up") && second.allSatisfy { !$0.contains("layer.2") && $0 != "logits" }, "\(second)")
        #expect(try computed([.everything], nil).isEmpty)
    }

    @Test func `what only a layer had a use for goes when the layer ends, and is named`() throws {
        let model = try Self.model()
        let seen = Mutex<[Int]>([])
        let trace = try model.record(
            tokenIDs: Self.ids, tokens: Self.tokens, keeping: .everything,
            settled: { step in
                guard step.id.role == .weights else { return step }
                seen.withLock { $0.append(step.id.layer ?? -1) }
                return nil
            })
        // Each once: a layer later it is gone.
        let layers = model.architecture.facts.layers
        #expect(seen.withLock { $0 } == Array(0..<layers))
        #expect(trace.omitted.map(\.text) == (0..<layers).map { "layer.\($0).attention.weights" })
        #expect(trace.contains("layer.0.attention.scores") && trace.contains("logits"))
    }

    @Test(arguments: [Double.nan, .infinity]) func `a weight in a file that is not finite is named though it does not stay`(bad: Double)
        throws
    {
        let name = "model.layers.0.mlp.down_proj.weight"
        let architecture = try Self.model().architecture
        let weights = architecture.parameters.filter { $0.presence == .required }.map { parameter in
            NamedTensor(parameter.name, parameter.shape) {
                var values = [Double](repeating: 0.25, count: parameter.shape.count)
                if parameter.name == name { values[7] = bad }
                return Tensor(parameter.shape, values)
            }
        }
        let model = try LanguageModel(architecture, weights: weights)
        let fault = EngineError(.value, "weight.\(name)[1,1]", expected: "a finite number", found: NumberText.exact(bad))
        for kept in [KeptSteps([.logits]), KeptSteps([.weights], layers: 2...2), .everything] {
            #expect(throws: fault) { try model.record(tokenIDs: Self.ids, tokens: Self.tokens, keeping: kept) }
        }
        // Nobody needs to read it for a layer before.
        #expect(throws: Never.self) {
            try model.record(tokenIDs: Self.ids, tokens: Self.tokens, keeping: KeptSteps([.weights], layers: 0...0))
        }
    }

    @Test func `what many layers at 512 tokens take is known at once`() throws {
        let model = try Self.model(layers: 64, heads: 8, context: 512)
        let outline = try model.outline(tokenIDs: (0..<512).map { $0 % 11 })
        let pairs = 8 * 512 * 512 * 8
        #expect(outline.memory(keeping: .everything) > 64 * 4 * pairs)
        // The weights, the scores that they are made from, and one layer under way.
        let weights = outline.memory(keeping: KeptSteps([.weights]))
        #expect(weights > 64 * 2 * pairs && weights < 64 * 2 * pairs + 4 * pairs)
        #expect(outline.memory(keeping: KeptSteps([.weights], layers: 3...3)) < 8 * pairs)
    }
}
