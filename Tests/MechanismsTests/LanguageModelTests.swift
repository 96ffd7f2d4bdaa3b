import Foundation
import Mechanisms
import Testing
import Traces

@Suite struct LanguageModelTests {
    /// Small numbers that are the same in every run (a linear congruential generator, Knuth's constants).
    private static func values(_ count: Int, seed: Int) -> [Double] {
        var state = UInt64(seed &+ 1)
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(Int64(bitPattern: state) >> 32) / 0x1p31
        }
    }

    /// Seeded numbers for all that the architecture must have.
    private static func weights(of architecture: Architecture) -> [NamedTensor] {
        architecture.parameters.filter { $0.presence == .required }.map { parameter in
            let seed = parameter.name.unicodeScalars.reduce(7) { ($0 &* 31 &+ Int($1.value)) & 0xFFFF }
            return NamedTensor(parameter.name, Tensor(parameter.shape, values(parameter.shape.count, seed: seed)))
        }
    }

    /// 2 layers, 4 query heads on 2 key-value heads.
    private static func llama(
        context: Int = 16, heads: Int = 4, hasBiases: Bool = false, layers: Int = 2,
        window: @escaping @Sendable (Int) -> Int? = { _ in nil }
    ) throws -> Architecture {
        var decoder = try Decoder(
            "Llama", width: 8, hiddenWidth: 6, layers: layers, heads: heads, keyValueHeads: 2, headDimension: 2, vocabulary: 11,
            contextLength: context,
            epsilon: 1e-5, rope: RotaryScaling(theta: 100), isTied: true)
        decoder.attentionBiases = hasBiases ? .all : .none
        decoder.window = window
        return decoder.architecture
    }

    private static func model(context: Int = 16, heads: Int = 4, changed: NamedTensor? = nil) throws -> LanguageModel {
        let architecture = try llama(context: context, heads: heads)
        return try LanguageModel(
            architecture, weights: weights(of: architecture).map { $0.name == changed?.name ? changed! : $0 })
    }

    private func problem(_ body: () throws -> some Any) -> String {
        do {
            _ = try body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test func `every step of the forward pass is recorded, once, with its tokens`() throws {
        let trace = try Self.model().record(tokenIDs: [1, 5, 5, 0], tokens: ["a", "b", "b", "c"])
        let layer = [
            "norm", "attention.q_projected", "attention.k_projected", "attention.q", "attention.k", "attention.v", "attention.dot",
            "attention.scaled",
            "attention.scores", "attention.weights", "attention.heads", "attention.output", "residual", "mlp.norm", "mlp.gate", "mlp.up",
            "mlp.hidden",
            "mlp.output", "output",
        ]
        let expected =
            ["embedding"] + (0..<2).flatMap { n in layer.map { "layer.\(n).\($0)" } } + ["norm", "logits", "loss", "mean_loss"]
        #expect(trace.steps.map(\.id.text).filter { !$0.hasPrefix("weight.") } == expected)
        #expect(trace.steps.filter { $0.id == "weight.model.embed_tokens.weight" }.count == 1)
        let weights = try trace.step("layer.1.attention.weights")
        #expect(weights.output.shape == Shape([(.h, 4), (.t, 4), (.s, 4)]))
        #expect(weights.labels == [.t: ["a", "b", "b", "c"], .s: ["a", "b", "b", "c"]])
        #expect(try trace.step("logits").output.shape == Shape([(.t, 4), (.n, 11)]))
        #expect(try trace.step("layer.1.norm").inputs == ["layer.0.output", "weight.model.layers.1.input_layernorm.weight"])
        #expect(trace.tokens == ["a", "b", "b", "c"] && trace.tokenIDs == [1, 5, 5, 0])
    }

    @Test func `every cell is computed alike by the second path`() throws {
        let trace = try Self.model().record(tokenIDs: [3, 7, 7], tokens: ["a", "b", "c"])
        for step in trace.steps {
            for offset in stride(from: 0, to: step.output.shape.count, by: 5) {
                let index = step.output.shape.index(ofOffset: offset)
                let (bulk, alone) = (step.output[index], step.recomputed(index))
                #expect(bulk == alone || abs(bulk - alone) <= 1e-14 * abs(bulk), "\(step.id)\(index)")
            }
        }
    }

    @Test func `a later token changes nothing before it`() throws {
        let short = try Self.model().record(tokenIDs: [1, 2, 3], tokens: ["", "", ""]).step("logits").output
        let long = try Self.model().record(tokenIDs: [1, 2, 3, 9], tokens: ["", "", "", ""]).step("logits").output
        for t in 0..<3 { #expect(short.slice(.t, at: t) == long.slice(.t, at: t)) }
    }

    @Test func `decoding with a cache equals one pass over the whole text`() throws {
        let model = try Self.model()
        let ids = [1, 5, 2, 8, 8]
        var whole = Recorder()
        let (expected, all) = try model.record(ids, cache: nil, on: &whole)
        var cache: LanguageModel.Cache?
        for (t, id) in ids.enumerated() {
            var recorder = Recorder()
            let (logits, kept) = try model.record([id], cache: cache, on: &recorder)
            cache = kept
            #expect(logits.tensor.slice(.t, at: 0) == expected.tensor.slice(.t, at: t))
        }
        #expect(cache == all && all.length == 5 && all.layers.count == 2)
    }

    @Test func `the greedy continuation takes the largest logit each time`() throws {
        let model = try Self.model()
        let ids = try model.greedyContinuation(of: [1, 4], count: 6, endIDs: [])
        #expect(ids.count == 8 && ids.prefix(2) == [1, 4])
        for t in 2..<8 {
            let before = Array(ids[..<t])
            let logits = try model.record(tokenIDs: before, tokens: before.map(String.init)).step("logits").output.slice(.t, at: t - 1)
                .values
            #expect(logits.firstIndex(of: logits.max()!) == ids[t])
        }
        #expect(try model.greedyContinuation(of: [1, 4], count: 6, endIDs: [ids[2]]) == Array(ids.prefix(3)))
        #expect(try model.greedyContinuation(of: [1, 4], count: 100, endIDs: []).count == 16)
    }

    @Test func `biases are added`() throws {
        let plain = try Self.model().record(tokenIDs: [1], tokens: ["a"])
        let architecture = try Self.llama(hasBiases: true)
        let biases = architecture.parameters.filter { $0.name.hasSuffix(".bias") }.map { parameter in
            NamedTensor(parameter.name, Tensor(parameter.shape, [Double](repeating: 1, count: parameter.shape.count)))
        }
        #expect(biases.count == 8)
        let weights = Self.weights(of: architecture).filter { !$0.name.hasSuffix(".bias") } + biases
        let biased = try LanguageModel(architecture, weights: weights).record(tokenIDs: [1], tokens: ["a"])
        let v = try (plain.step("layer.0.attention.v").output.values, biased.step("layer.0.attention.v").output.values)
        #expect(zip(v.0, v.1).allSatisfy { $0 + 1 == $1 })
        // One token attends to itself alone: its heads are its values, and W_O is applied to values that are 1 larger.
        let rows = try plain.step("weight.model.layers.0.self_attn.o_proj.weight").output
        for c in 0..<8 {
            let gained = (0..<8).reduce(1.0) { $0 + rows[c, $1] }
            let (before, after) = try (plain.value("layer.0.attention.output", [0, c]), biased.value("layer.0.attention.output", [0, c]))
            #expect(abs(after - before - gained) < 1e-12)
        }
    }

    @Test(arguments: [false, true]) func `the weights of a model are all steps, biases too, and a pass records no others`(hasBiases: Bool)
        throws
    {
        let architecture = try Self.llama(hasBiases: hasBiases)
        let model = try LanguageModel(architecture, weights: Self.weights(of: architecture))
        var recorder = Recorder()
        try model.recordWeights(on: &recorder)
        let recorded = recorder.trace.steps
        #expect(recorded.count == (hasBiases ? 26 : 20))
        #expect(recorded.contains { $0.id == "weight.model.layers.1.self_attn.q_proj.bias" } == hasBiases)
        _ = try model.record([1, 2], cache: nil, on: &recorder)
        let weights = recorder.trace.steps.filter { $0.id.text.hasPrefix("weight.") }
        #expect(weights.map(\.id) == recorded.map(\.id))
        let alone = try model.record(tokenIDs: [1, 2], tokens: ["a", "b"]).steps.filter { $0.id.text.hasPrefix("weight.") }
        #expect(Set(alone.map(\.id)) == Set(recorded.map(\.id)))
        for step in alone { #expect(try recorder.trace.step(step.id).symbol == step.symbol, "\(step.id)") }
    }

    @Test func `weights that an architecture does not want, wants or has already are told by name`() throws {
        let architecture = try Self.llama()
        let all = Self.weights(of: architecture)
        func refusal(_ weights: [NamedTensor]) -> String { problem { try LanguageModel(architecture, weights: weights) } }
        #expect(
            refusal(all.filter { $0.name != "model.layers.1.mlp.up_proj.weight" })
                == "weight.model.layers.1.mlp.up_proj.weight: expected [f: 6, c: 8], found none")
        #expect(
            refusal(all + [NamedTensor("rotary.inv_freq", Tensor([.d], [1], [1]))])
                == "weight.rotary.inv_freq: expected a weight of Llama, found a name that it does not know")
        #expect(refusal(all + [all[3]]) == "weight.\(all[3].name): expected one weight of this name, found two")
    }

    @Test func `bad input is told by name`() throws {
        let model = try Self.model(context: 3)
        #expect(problem { try model.record(tokenIDs: [], tokens: []) } == "text: expected at least one token, found none")
        #expect(
            problem { try model.record(tokenIDs: [1, 1, 1, 1], tokens: ["", "", "", ""]) }
                == "text: expected at most 3 tokens, the model's context, found 4")
        #expect(
            problem { try model.record(tokenIDs: [11], tokens: [""]) } == "token id: expected 0 to 10, the model's vocabulary, found 11")
        #expect(problem { try model.record(tokenIDs: [1], tokens: []) } == "tokens: expected a label for each of 1 ids, found 0")
        #expect(problem { try model.greedyContinuation(of: [], count: 1, endIDs: []) } == "text: expected at least one token, found none")
        #expect(
            problem { try Self.model(changed: .init("model.norm.weight", Tensor([.c], [1], [1]))) }
                == "weight.model.norm.weight: expected [c: 8], found [c: 1]")
        #expect(problem { try Self.model(heads: 3) } == "key-value heads: expected a divisor of 3 heads, found 2")
        #expect(problem { try Self.model(heads: 0) } == "heads: expected at least 1, found 0")
        let wrong = NamedTensor("model.layers.0.self_attn.q_proj.weight", Tensor([.o, .c], [1, 8], [Double](repeating: 0, count: 8)))
        #expect(problem { try Self.model(changed: wrong) } == "weight.\(wrong.name): expected [o: 8, c: 8], found [o: 1, c: 8]")
        let unknown = NamedTensor("model.layers.0.mlp.up_proj.weight", Tensor([.f, .c], [6, 8], [Double](repeating: .nan, count: 48)))
        #expect(
            problem { try Self.model(changed: unknown).record(tokenIDs: [1], tokens: [""]) }
                == "weight.\(unknown.name)[0,0]: expected a finite number, found NaN")
    }

    // MARK: Loss and selection

    @Test func `the loss is the logarithm of the next token's inverse probability`() throws {
        let ids = [1, 5, 2, 8]
        let trace = try Self.model().record(tokenIDs: ids, tokens: ["a", "b", "c", "d"])
        let logits = try trace.step("logits").output
        let loss = try trace.step("loss")
        var total = 0.0
        for t in 0..<3 {
            let row = logits.slice(.t, at: t).values.map { exp($0) }
            let expected = -log(row[ids[t + 1]] / row.reduce(0, +))
            #expect(abs(loss.output[t] - expected) < 1e-12)
            #expect(abs(loss.recomputed([t]) - expected) < 1e-12)
            total += expected
        }
        #expect(loss.output.shape == Shape([(.t, 3)]) && loss.labels == [.t: ["a", "b", "c"]])
        #expect(abs(try trace.value("mean_loss", []) - total / 3) < 1e-12)
        #expect(try Self.model().record(tokenIDs: [1], tokens: ["a"]).steps.last?.id == "logits")
    }

    @Test func `huge logits overflow nowhere in the loss`() throws {
        var recorder = Recorder()
        let logits = try recorder.input("input.L", "L", Tensor([.t, .n], [1, 2], [1e300, -1e300]), title: Bilingual(same: "L"))
        #expect(try crossEntropy(logits, next: [0]).tensor.values == [0])
        #expect(try crossEntropy(logits, next: [1]).tensor.values == [2e300])
        #expect(problem { try crossEntropy(logits, next: [2]) } == "cross-entropy: expected next tokens 0 to 1, found 2")
        #expect(
            problem { try crossEntropy(logits, next: [0, 0]) }
                == "cross-entropy: expected logits [t, n] with at least 2 rows, found [t: 1, n: 2]")
    }

    @Test func `a selection of every visible key changes nothing`() throws {
        let ids = [1, 5, 2, 8, 8]
        let tokens = ids.map(String.init)
        let dense = try Self.model().record(tokenIDs: ids, tokens: tokens)
        for rule in SelectionRule.allCases where rule != .indexer {
            let sparse = try Self.model().record(tokenIDs: ids, tokens: tokens, selection: LayerSelection(rule, topK: 5))
            #expect(try sparse.step("logits").output == dense.step("logits").output, "\(rule)")
            #expect(sparse.switches == ["select=\(rule.rawValue)", "top-k=5"])
        }
    }

    @Test func `in every layer a query attends to the chosen keys alone`() throws {
        let ids = [1, 5, 2, 8, 8, 3]
        let trace = try Self.model().record(
            tokenIDs: ids, tokens: ids.map(String.init), selection: LayerSelection(.recent, topK: 2))
        for layer in 0..<2 {
            let weights = try trace.step("layer.\(layer).sparse.weights").output
            for t in 0..<6 {
                for s in 0..<6 { for h in 0..<4 { #expect((weights[h, t, s] > 0) == (s == t || s == t - 1)) } }
            }
            // What goes on is the sparse output, not the dense one beside it.
            let (x, y, r) = try (
                trace.step(layer == 0 ? "embedding" : "layer.0.output").output, trace.step("layer.\(layer).sparse.output").output,
                trace.step("layer.\(layer).residual").output
            )
            #expect(r.values == zip(x.values, y.values).map { $0 + $1 })
        }
    }

    @Test func `the oracle keeps the keys of the largest dense weight`() throws {
        let ids = [1, 5, 2, 8, 8, 3]
        let trace = try Self.model().record(
            tokenIDs: ids, tokens: ids.map(String.init), selection: LayerSelection(.oracle, topK: 3))
        for layer in 0..<2 {
            let (weights, selected) = try (
                trace.step("layer.\(layer).attention.weights").output, trace.step("layer.\(layer).selected").output
            )
            let totals = (0..<6).map { s in (0..<4).reduce(0.0) { $0 + weights[$1, 5, s] } }
            let best = (0..<6).sorted { totals[$0] > totals[$1] }.prefix(3).sorted()
            #expect(selected.slice(.t, at: 5).values.map { Int($0) } == best)
        }
    }

    @Test func `window and sinks keep the first keys and the latest`() throws {
        let ids = [1, 5, 2, 8, 8, 3, 0, 4]
        let trace = try Self.model().record(
            tokenIDs: ids, tokens: ids.map(String.init), selection: LayerSelection(.windowAndSinks, topK: 4))
        for layer in 0..<2 {
            let selected = try trace.step("layer.\(layer).selected").output
            #expect(selected.slice(.t, at: 2).values == [0, 1, 2, -1])
            #expect(selected.slice(.t, at: 7).values == [0, 1, 6, 7])
        }
    }

    @Test(arguments: [(1, [0, 1, 2, 3, 4]), (2, [0, 0, 2, 2, 4]), (4, [0, 0, 0, 0, 4]), (9, [0, 0, 0, 0, 0])])
    func `layers in a row use the choice of the first of them`(layersPerChoice: Int, choosers: [Int]) throws {
        let architecture = try Self.llama(layers: 5)
        let model = try LanguageModel(architecture, weights: Self.weights(of: architecture))
        let ids = [1, 5, 2, 8, 8, 3]
        let selection = try LayerSelection(.oracle, topK: 2, layersPerChoice: layersPerChoice)
        let trace = try model.record(tokenIDs: ids, tokens: ids.map(String.init), selection: selection)
        for (layer, chooser) in choosers.enumerated() {
            let (own, used) = try (trace.step("layer.\(chooser).selected").output, trace.step("layer.\(layer).selected"))
            #expect(used.output == own && trace.contains(StepID("layer.\(layer).oracle.score")) == (layer == chooser))
            // The choice ranks the weights of the layer that chooses.
            let ranked = try trace.step("layer.\(chooser).attention.weights").output
            let totals = (0..<6).map { s in (0..<4).reduce(0.0) { $0 + ranked[$1, 5, s] } }
            #expect(used.output.slice(.t, at: 5).values.map { Int($0) } == (0..<6).sorted { totals[$0] > totals[$1] }.prefix(2).sorted())
            // What it keeps is counted in the layer that uses it, which attends to these keys alone.
            let (dense, sparse) = try (
                trace.step("layer.\(layer).attention.weights").output, trace.step("layer.\(layer).sparse.weights").output
            )
            let kept = used.output.slice(.t, at: 5).values.map { Int($0) }
            let mass = kept.reduce(0.0) { sum, s in (0..<4).reduce(sum) { $0 + dense[$1, 5, s] } } / 4
            let counted = try #require(trace.selection(used.id).rows[5].massKept)
            #expect(abs(counted - mass) < 1e-12)
            for s in 0..<6 { for h in 0..<4 { #expect((sparse[h, 5, s] > 0) == kept.contains(s)) } }
            #expect(used.inputs == (layer == chooser ? used.inputs : [StepID("layer.\(chooser).selected")]))
        }
        #expect(trace.switches == ["select=oracle", "top-k=2"] + (layersPerChoice == 1 ? [] : ["layers-per-choice=\(layersPerChoice)"]))
    }

    @Test func `the one layer that selects chooses for itself`() throws {
        let ids = [1, 5, 2, 8]
        var selection = try LayerSelection(.oracle, topK: 1, layersPerChoice: 2)
        selection.layer = 1
        let trace = try Self.model().record(tokenIDs: ids, tokens: ids.map(String.init), selection: selection)
        #expect(!trace.contains("layer.0.selected"))
        #expect(try trace.step("layer.1.selected").inputs != ["layer.0.selected"])
    }

    @Test func `a layer that does not see the chosen keys cannot share the choice`() throws {
        let architecture = try Self.llama { $0 == 1 ? 2 : nil }
        let model = try LanguageModel(architecture, weights: Self.weights(of: architecture))
        let ids = [1, 5, 2, 8, 8, 3]
        let selection = try LayerSelection(.windowAndSinks, topK: 2, layersPerChoice: 2)
        #expect(
            problem { try model.record(tokenIDs: ids, tokens: ids.map(String.init), selection: selection) }
                == "layer.1.selected: expected layers that see the same keys, to share a choice, found keys of layer 0 that this one does not see"
        )
    }

    @Test func `a chooser is spelled as it is read`() throws {
        for (text, layers) in [("oracle", 1), ("recent", 1), ("window+sinks", 1), ("oracle/2", 2), ("recent/14", 14)] {
            let selection = try LayerSelection(chooser: text, topK: 3)
            #expect(selection.chooser == text && selection.layersPerChoice == layers && selection.topK == 3)
        }
        for text in ["", "dense", "oracle/", "oracle/1", "oracle/0", "oracle/-2", "oracle/02", "oracle/2/2", "/2"] {
            #expect(
                problem { try LayerSelection(chooser: text, topK: 3) }
                    == "chooser: expected a rule like oracle, or oracle/2 where 2 layers share a choice, found \(text)")
        }
        #expect(
            problem { try LayerSelection(.oracle, topK: 1, layersPerChoice: 0) } == "layers per choice: expected 1 or more, found 0")
    }

    @Test func `a selection that a model cannot have is told by name`() {
        #expect(
            problem { try LayerSelection(.indexer, topK: 1) }
                == "select: expected one of random, recent, oracle, window+sinks: this model has no indexer, found indexer")
        #expect(problem { try LayerSelection(.oracle, topK: 0) } == "top-k: expected k of at least 1, found 0")
        #expect(problem { try LayerSelection([.topK(2)]) } == "switches: expected select= and top-k= for a model, found top-k=2")
        #expect(problem { try LayerSelection([]) } == "switches: expected select= and top-k= for a model, found none")
        #expect(
            problem { try LayerSelection([.select(.oracle), .topK(2), .noReLU]) }
                == "switch no-relu: expected one select= and one top-k= for a model, found no-relu")
    }
}
