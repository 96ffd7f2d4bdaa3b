// A family of a test's own, as a later one would be written: its description is all that there is of it, and the language model does the rest.

import Mechanisms
import Testing
import Traces

/// Each token's vector and its position's, doubled in every layer; a layer keeps the last vector, for no use but to be a cache of its own kind.
private struct Doubling {
    var shares = Architecture.Parameter.Presence.sharing("wte")
    /// What the last layer asks of its cache.
    var cacheName = "last"
    /// What the embedding asks for.
    var positions = "wpe"
    var layers = 2
    /// The parameter that makes logits; nil for an encoder.
    var head: String? = "head"

    var architecture: Architecture {
        get throws {
            let (positions, cacheName, head) = (positions, cacheName, head)
            return Architecture(
                "Doubling", try .init(layers: layers, heads: 1, keyValueHeads: 1, vocabulary: 3, contextLength: 4),
                longestCached: head == nil ? 0 : .max,
                embedding: .init([.init("wte", "E", [(.n, 3), (.c, 2)]), .init("wpe", "P", [(.n, 4), (.c, 2)])]) {
                    pass, trace throws(EngineError) in
                    let (E, P) = (try pass.weights.record("wte", on: &trace), try pass.weights.record(positions, on: &trace))
                    let places = pass.tokenIDs.indices.map { pass.past + $0 }
                    return try trace.record(
                        Self.equation(.embedding, [.t, .c]),
                        gathered(E, .n, at: pass.tokenIDs, as: .t) + gathered(P, .n, at: places, as: .t))
                },
                layer: .init({ _ in [] }) { n, x, cache, pass, trace throws(EngineError) in
                    if let cache { _ = try cache.tensor(cacheName) }
                    let y = try trace.record(Self.equation(.output, [.t, .c]), x + x)
                    return (y, LayerCache(["last": y.tensor.slice(.t, at: pass.tokenIDs.count - 1)]))
                },
                unembedding: .init(head.map { [.init($0, "W", [(.n, 3), (.c, 2)], shares)] } ?? [], head: head) {
                    x, pass, trace throws(EngineError) in
                    guard pass.weights.contain("head") else { return try trace.record(Self.equation(.hiddenStates, [.t, .c]), x) }
                    return try trace.record(Self.equation(.logits, [.t, .n]), linear(x, pass.weights.record("head", on: &trace)))
                })
        }
    }

    private static func equation(_ role: Role, _ axes: [Axis]) -> Equation {
        Equation(role, symbol: "x", Bilingual(same: "x"), "x", source: Bilingual(same: "a test"), axes: axes)
    }

    static let embedding = NamedTensor("wte", Tensor([.n, .c], [3, 2], [1, 0, 0, 1, -1, 2]))
    static let places = NamedTensor("wpe", Tensor([.n, .c], [4, 2], [0, 0, 10, 0, 0, 10, 5, 5]))

    func model(_ more: [NamedTensor] = []) throws -> LanguageModel {
        try LanguageModel(architecture, weights: [Self.embedding, Self.places] + more)
    }
}

@Suite struct ArchitectureTests {
    @Test func `a family is its description: vectors, layers and logits are what its functions say`() throws {
        let trace = try Doubling().model().record(tokenIDs: [2, 0], tokens: ["c", "a"])
        #expect(
            trace.steps.map(\.id.text) == [
                "weight.wte", "weight.wpe", "embedding", "layer.0.output", "layer.1.output", "logits", "loss", "mean_loss",
            ])
        #expect(try trace.step("layer.1.output").output.values == [-4, 8, 44, 0])
        #expect(try trace.step("logits").output.values == [-4, 8, 20, 44, 0, -44])
    }

    @Test func `a head of its own is used where the file has one`() throws {
        let head = NamedTensor("head", Tensor([.n, .c], [3, 2], [1, 1, 0, 0, 0, 0]))
        let trace = try Doubling().model([head]).record(tokenIDs: [2], tokens: ["c"])
        #expect(try trace.step("logits").output.values == [4, 0, 0] && trace.contains("weight.head"))
    }

    @Test func `a pass knows how many tokens came before, and a layer gets back what it kept`() throws {
        let model = try Doubling().model()
        var (whole, first, second) = (Recorder(), Recorder(), Recorder())
        let (expected, _) = try model.record([1, 1, 2], cache: nil, on: &whole)
        let cache = try model.record([1, 1], cache: nil, on: &first).cache
        let (logits, after) = try model.record([2], cache: cache, on: &second)
        #expect(logits.tensor.slice(.t, at: 0) == expected.tensor.slice(.t, at: 2))
        #expect(cache.length == 2 && after.length == 3 && after.layers.count == 2)
        #expect(try cache.layers[0].tensor("last").values == [20, 2])
    }

    @Test func `a selection that a family does not make is refused, never ignored`() throws {
        #expect(throws: EngineError(.value, "select", expected: "a layer that can attend to fewer keys", found: "none in Doubling")) {
            try Doubling().model().record(tokenIDs: [1, 2], tokens: ["b", "c"], selection: LayerSelection(.recent, topK: 1))
        }
    }

    @Test func `what a family asks for and has not said that it wants is an error`() throws {
        #expect(throws: EngineError(.value, "weight.pos", expected: "one of the model's parameters", found: "none of this name")) {
            try Doubling(positions: "pos").model().record(tokenIDs: [1], tokens: ["b"])
        }
        let other = try Doubling(cacheName: "first").model()
        var recorder = Recorder()
        let cache = try other.record([1], cache: nil, on: &recorder).cache
        #expect(throws: EngineError(.value, "cache", expected: "a tensor called first", found: "last")) {
            var next = Recorder()
            _ = try other.record([1], cache: cache, on: &next)
        }
        #expect(throws: EngineError(.shape, "weight.head", expected: "the [n: 3, c: 2] of w before it", found: "no such parameter")) {
            try Doubling(shares: .sharing("w")).model()
        }
        #expect(throws: EngineError(.shape, "weight.head", expected: "the [n: 3, c: 2] of wpe before it", found: "[n: 4, c: 2]")) {
            try Doubling(shares: .sharing("wpe")).model()
        }
    }

    @Test(arguments: [nil, "head"]) func `without a head there are hidden states, no loss, and nothing to continue`(head: String?) throws {
        let model = try Doubling(shares: .head, head: head).model()
        let trace = try model.record(tokenIDs: [2, 0], tokens: ["c", "a"])
        #expect(trace.steps.last?.id == "hidden" && !model.isPredictive && model.architecture.isEncoder == (head == nil))
        let found = head == nil ? "the encoder Doubling" : "a checkpoint without a head"
        #expect(throws: EngineError(.value, "model", expected: "one that foretells tokens", found: found)) {
            try model.greedyContinuation(of: [1], count: 1, endIDs: [])
        }
    }

    @Test func `an encoder takes nothing from a cache`() throws {
        let model = try Doubling(head: nil).model()
        var (recorder, next) = (Recorder(), Recorder())
        let cache = try model.record([1], cache: nil, on: &recorder).cache
        #expect(throws: EngineError(.value, "cache", expected: "none: earlier tokens see later ones", found: "1 tokens")) {
            try model.record([2], cache: cache, on: &next)
        }
    }

    @Test func `another model's cache is refused`() throws {
        var (recorder, next) = (Recorder(), Recorder())
        let cache = try Doubling().model().record([1], cache: nil, on: &recorder).cache
        let shallow = try Doubling(layers: 1).model()
        #expect(throws: EngineError(.shape, "cache", expected: "1 layers", found: "2")) { try shallow.record([1], cache: cache, on: &next) }
    }

    @Test func `no size is less than one`() {
        #expect(throws: EngineError(.shape, "layers", expected: "at least 1", found: "0")) {
            try Architecture.Facts(layers: 0, heads: 1, keyValueHeads: 1, vocabulary: 1, contextLength: 1)
        }
    }
}
