// Ids: what a text says of a step, and that the text itself is kept.

import Testing
import Traces

@Suite struct StepIDTests {
    @Test(
        arguments: [
            ("attention.weights", [.branch(.attention)], .weights),
            ("prefill.indexer.score", [.pass(.prefill)], .indexScore),
            ("decode.12.dense.dot_nope", [.pass(.decode(12)), .branch(.dense)], .dotNope),
            ("layer.3.sparse.scores", [.layer(3), .branch(.sparse)], .scores),
            ("layer.3.mlp.output", [.layer(3)], .feedForward),
            ("layer.3.output", [.layer(3)], .output),
            ("prefill.cache.kv_latent", [.pass(.prefill)], .latentCache),
            ("prefill.gathered.kv_latent", [.pass(.prefill), .branch(.gathered)], .latent),
            ("layer.0.attention.block.2.sum", [.layer(0), .branch(.attention), .block(2)], .runningSum),
            ("sparse.answer", [.branch(.sparse)], .answer),
            ("mask_after_softmax.weights", [.named("mask_after_softmax")], .weights),
            ("encoder.layer.1.attention.q", [.named("encoder"), .layer(1), .branch(.attention)], .query),
            ("input.layer.1.attention.cache.k", [], .input),
            ("weight.model.layers.0.self_attn.q_proj.weight", [], .parameter),
            ("selected", [], .selected),
            ("prefill.something.new", [.pass(.prefill)], .other),
            ("something.new", [], .other), ("attention", [], .other), ("", [], .other), ("input.", [], .input),
            ("decode.0", [], .other), ("layer.01.q", [.named("layer"), .named("01")], .query),
            ("layer.-1.q", [.named("layer"), .named("-1")], .query),
        ] as [(String, [Scope], Role)])
    func `a text says where a step stands and what it is`(text: String, scopes: [Scope], role: Role) {
        let id = StepID(text)
        #expect(id.scopes == scopes)
        #expect(id.role == role)
        #expect(id.text == text)
    }

    @Test func `an id that is put together reads back as itself`() {
        let places: [[Scope]] = [[], [.layer(7)], [.pass(.prefill)], [.pass(.decode(3))], [.named("p0")], [.layer(2), .pass(.decode(0))]]
        let branches: [[Scope]] = [[], [.block(4)]] + Branch.allCases.map { [.branch($0)] } + [[.branch(.attention), .block(0)]]
        for role in Role.allCases where role != .other {
            for place in role == .input || role == .parameter ? [] : places {
                for branch in branches {
                    let made = StepID(place + branch, role)
                    let read = StepID(made.text)
                    #expect(read.scopes == made.scopes && read.role == role && read.name == made.name, "\(made)")
                }
            }
        }
    }

    @Test func `any text is kept exactly, whatever it says`() {
        var generator = SplitMix64(seed: 11)
        let words =
            Role.allCases.map(\.rawValue) + Branch.allCases.map(\.rawValue)
            + [
                "layer", "prefill", "decode", "block", "0", "7", "007", "-1", "+2", "99999999999999999999", "", ".", "..", "é", "e\u{301}",
                "模", "\u{301}", "a b",
            ]
        for _ in 0..<20_000 {
            let parts = (0..<Int.random(in: 0...6, using: &generator)).map { _ in words.randomElement(using: &generator)! }
            let text = parts.joined(separator: Bool.random(using: &generator) ? "." : "")
            let id = StepID(text)
            #expect(String(describing: id).utf8.elementsEqual(text.utf8))
            // What it says is the text again, for every id that names its role.
            if id.role != .other, id.role != .input, id.role != .parameter {
                #expect(StepID(id.scopes, id.role).text.utf8.elementsEqual(text.utf8))
            }
        }
    }

    @Test func `a renamed id means the same and is called otherwise`() {
        let id: StepID = "prefill.dense.weights"
        let renamed = id.renamed(to: "x17")
        #expect(renamed != id)
        #expect(renamed.means(id))
        #expect(renamed.text == "x17")
        #expect((renamed.pass, renamed.branch, renamed.role) == (.prefill, .dense, .weights))
    }

    @Test func `an id inside a place stands there and keeps its text`() {
        let id = StepID("sparse.answer").inside([.layer(4)])
        #expect(id.text == "layer.4.sparse.answer")
        #expect(id.scopes == [.layer(4), .branch(.sparse)])
        #expect(id.place == [.layer(4)])
    }
}
