import EngineTesting
import Foundation
import Mechanisms
import Testing
import Traces

@Suite struct SwitchTests {
    private let small = SmallSparse()

    private func latent(_ switches: [String], paths: [SparseAttention.Path] = [.masked, .gathered]) throws -> Trace {
        let sparse = try small.make().switching(switches.map { try Switch(parsing: $0) })
        return try small.run(sparse, small.tokens(7), chunks: [6, 1], form: .expanded, paths: paths)
    }

    /// A selective attention of two heads over noise.
    private func selective(_ switches: [String]) throws -> Trace {
        var noise = Noise(seed: 4)
        func weight(_ name: String, _ rows: Int) -> NamedTensor { NamedTensor(name, noise.tensor([.o, .c], [rows, 6])) }
        let attention = try DenseAttention(heads: 2, keyValueHeads: 2, headDimension: 3, valueDimension: 3, isCausal: true, rotary: nil)
        let indexer = try LightningIndexer(
            heads: 2, dimension: 3, topK: 3, query: weight("iq", 6), key: weight("ik", 3), headWeights: weight("iw", 2))
        let plain = SelectiveAttention(
            attention: attention,
            weights: .init(query: weight("wq", 6), key: weight("wk", 6), value: weight("wv", 6), output: weight("wo", 6)),
            indexer: indexer)
        var recorder = Recorder()
        let x = try recorder.input("input.x", "x", noise.tensor([.t, .c], [8, 6]), title: Bilingual(same: "x"))
        _ = try plain.switching(switches.map { try Switch(parsing: $0) }).record(x, on: &recorder)
        return recorder.trace
    }

    private func softmaxed(_ scores: Tensor, over temperature: Double) -> [Double] {
        let width = scores.shape.lengths[2]
        return stride(from: 0, to: scores.values.count, by: width).flatMap { start in
            let row = scores.values[start..<start + width]
            let powers = row.map { exp(($0 - row.max()!) / temperature) }
            return powers.map { $0 / powers.reduce(0, +) }
        }
    }

    @Test(arguments: [0.25, 1, 3.5]) func `temperature T is the softmax of S over T, dense and sparse`(t: Double) throws {
        let (right, warm) = (try selective([]), try selective(["temperature=\(t)"]))
        for branch in ["attention", "sparse"] {
            let expected = softmaxed(try right.step("\(branch).scores").output, over: t)
            expectClose(try warm.step("\(branch).weights").output.values, expected)
            expectClose(try warm.step("\(branch).scaled").output.values, try right.step("\(branch).scaled").output.values.map { $0 / t })
        }
        #expect(try warm.step("selected").output == right.step("selected").output)
        #expect(warm.switches.isEmpty && warm.steps.map { $0.id } == right.steps.map { $0.id })
    }

    @Test func `explanations show the division by the temperature`() throws {
        let dense = try selective(["temperature=2.5"]).step("sparse.scaled")
        #expect(try dense.explain([0, 7, 0]).symbolic?.hasSuffix("/√3/T") == true)
        #expect(try dense.explain([0, 7, 0]).numeric?.hasSuffix("/2.5") == true)
        #expect(dense.formula.text.contains("T") && dense.title.zh.contains("温度") && dense.source.contains("Hinton"))
        let step = try latent(["temperature=2.5"]).step("p1.gathered.scores")
        #expect(try step.explain([0, 0, 0]).symbolic?.hasSuffix("/T") == true)
        #expect(step.formula.text == "Sₜ,ₖ = ((D^C + D^R) · scale)/T + Mₜ,ₖ")
    }

    @Test func `only heads that are on reach the output, in every attention`() throws {
        let (right, masked) = (try latent([]), try latent(["heads=2,0"]))
        for branch in ["p0.attention", "p0.dense", "p0.gathered", "p1.attention", "p1.gathered"] {
            let (before, after) = (try right.step(StepID(branch + ".heads")).output, try masked.step(StepID(branch + ".heads")).output)
            for head in [0, 2] { #expect(after.slice(.h, at: head) == before.slice(.h, at: head)) }
            #expect(after.slice(.h, at: 1).values.allSatisfy { $0 == 0 })
            #expect(try masked.step(StepID(branch + ".weights")).output == right.step(StepID(branch + ".weights")).output)
        }
        #expect(try masked.step("p0.selected").output == right.step("p0.selected").output)
        #expect(try masked.step("p0.output").output != right.step("p0.output").output)
        #expect(masked.steps.map { $0.id.text }.filter { $0 != "input.heads" } == right.steps.map { $0.id.text })
        #expect(try masked.step("p1.attention.heads").explain([0, 1, 0]).numeric?.hasSuffix("·0") == true)
    }

    @Test func `without a head the output is that of the other head's weights alone`() throws {
        let (right, masked) = (try selective([]), try selective(["heads=1"]))
        let (heads, W) = (try right.step("sparse.heads").output, try right.step("weight.wo").output)
        let expected = (0..<8).flatMap { t in
            (0..<6).map { o in (0..<3).reduce(0.0) { $0 + heads[t, 1, $1] * W[o, 3 + $1] } }
        }
        expectClose(try masked.step("sparse.output").output.values, expected)
        let all = try selective(["heads=0,1"])
        #expect(try all.step("sparse.output").output == right.step("sparse.output").output)
    }

    @Test func `new switches combine with the old ones in any order`() throws {
        let names = ["temperature=0.5", "heads=1", "mask-after-softmax", "no-relu", "no-head-weights"]
        let orders = [names, names.reversed(), ["mask-after-softmax", "no-relu", "temperature=0.5", "no-head-weights", "heads=1"]]
        for run in [{ try self.latent($0) }, { try self.selective($0) }] {
            let traces = try orders.map(run)
            for step in traces[0].steps {
                for other in traces.dropFirst() {
                    let twin = try other.step(step.id)
                    #expect(twin.output == step.output && twin.title == step.title && twin.formula == step.formula, "\(step.id)")
                }
            }
        }
        let words = try selective(names).step("sparse.scores")
        #expect(words.formula.text == "Sₜ,ₛ = (qₜ · kₛ)/(T√d)" && words.title.en.contains("temperature, mask-after-softmax"))
    }

    @Test(arguments: [
        ("temperature=0", "temperature=0: expected temperature=T with a number T above 0, found 0"),
        ("temperature=-1", "temperature=-1: expected temperature=T with a number T above 0, found -1"),
        ("temperature=inf", "temperature=inf: expected temperature=T with a number T above 0, found inf"),
        ("temperature=nan", "temperature=nan: expected temperature=T with a number T above 0, found nan"),
        ("temperature=1e999", "temperature=1e999: expected temperature=T with a number T above 0, found 1e999"),
        ("temperature=", "temperature=: expected temperature=T with a number T above 0, found "),
        ("heads=", "heads=: expected heads=A,B,… with the numbers of the heads that are on, from 0, each once, found nothing"),
        ("heads=0,,1", "heads=0,,1: expected heads=A,B,… with the numbers of the heads that are on, from 0, each once, found nothing"),
        ("heads=1,1", "heads=1,1: expected heads=A,B,… with the numbers of the heads that are on, from 0, each once, found 1"),
        ("heads=-1", "heads=-1: expected heads=A,B,… with the numbers of the heads that are on, from 0, each once, found -1"),
        ("heads=a", "heads=a: expected heads=A,B,… with the numbers of the heads that are on, from 0, each once, found a"),
    ])
    func `a value that a switch cannot have is refused by name`(_ text: String, _ message: String) {
        #expect((#expect(throws: EngineError.self) { try Switch(parsing: text) })?.description == message)
    }

    @Test func `a switch reads back as what it says`() throws {
        for text in Switch.names where !text.contains("=") { #expect(try Switch(parsing: text).description == text) }
        for (text, said) in [("temperature=2.0", "temperature=2"), ("temperature=5e-1", "temperature=0.5"), ("heads=2,0", "heads=0,2")] {
            let read = try Switch(parsing: text)
            #expect(read.description == said)
            #expect(try Switch(parsing: said) == read)
        }
    }

    @Test func `heads that there are not, and one thing set twice, are refused`() throws {
        let absent = #expect(throws: EngineError.self) { try latent(["heads=0,3"]) }
        #expect(absent?.description == "switch heads=0,3: expected heads from 0 to 2, found 3")
        let twice = #expect(throws: EngineError.self) { try selective(["temperature=2", "temperature=3"]) }
        #expect(twice?.description == "switch temperature=3: expected one temperature, found temperature=2 too")
        #expect(throws: EngineError.self) { try selective(["top-k=2", "no-relu", "top-k=3"]) }
        #expect(try selective(["heads=1", "heads=1"]).step("sparse.output").output == selective(["heads=1"]).step("sparse.output").output)
    }
}
