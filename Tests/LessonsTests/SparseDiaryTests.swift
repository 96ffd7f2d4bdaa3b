// The diary through the lightning indexer, against the numbers of an independent script, variants included.

import Foundation
import Lessons
import Mechanisms
import Testing
import Traces

@Suite struct SparseDiaryTests {
    private static let questions = ["trip", "breakfast", "mei"]

    private func expected(_ question: String) -> [String: Any] { (oracle["runs"] as! [String: Any])[question] as! [String: Any] }

    private func trace(_ question: String, _ switches: [Switch] = []) throws -> Trace {
        try diary.trace(of: diary.tokens(of: diary.text(question: question, language: .en)), language: .en, switches: switches)
    }

    private func numbers(_ fact: String, _ trace: Trace) throws -> [Double] {
        guard case .numbers(let values)? = try trace.step("selected").facts[fact] else { throw EngineError(.value, fact, "absent") }
        return values
    }

    /// Selections of a step as lists without padding.
    private func rows(_ trace: Trace) throws -> [[Int]] {
        let selected = try trace.step("selected").output
        return (0..<selected.shape.lengths[0]).map { selected.slice(.t, at: $0).values.filter { $0 >= 0 }.map { Int($0) } }
    }

    @Test(arguments: questions) func `every value of the indexer and of sparse attention equals the independent script`(question: String)
        throws
    {
        let trace = try trace(question)
        let run = expected(question)
        let indexer = run["indexer"] as! [String: Any]
        let sparse = run["sparse"] as! [String: Any]
        for (step, values) in [
            ("indexer.q", indexer["q"]), ("indexer.k", indexer["k"]), ("indexer.weights", indexer["w"]), ("indexer.dot", indexer["dots"]),
            ("indexer.votes", indexer["votes"]), ("indexer.score", indexer["score"]), ("sparse.weights", sparse["weights"]),
            ("sparse.output", sparse["output"]),
        ] { #expect(largestDifference(try trace.step(step).output.values, flat(values)) <= 1e-12, "\(step)") }
        #expect(try rows(trace) == (run["selected"] as! [[Int]]))
        #expect(largestDifference(try numbers("massKept", trace), flat(run["massKept"])) <= 1e-12)
        let answer = (run["answer"] as! [String: Any])["sparse"] as! [String: Any]
        #expect(
            largestDifference(try trace.step("sparse.answer").output.values, ["Dali", "Shanghai", "noodles"].flatMap { flat(answer[$0]) })
                <= 1e-12)
    }

    /// The variants of the script, each as a change of the mechanism.
    private static let variants: [(name: String, change: @Sendable (inout SelectiveAttention) throws -> Void)] = [
        ("no ReLU", { $0 = try $0.switching([.noReLU]) }),
        ("no head weights", { $0 = try $0.switching([.noHeadWeights]) }),
        ("with LayerNorm", { $0.indexer.keyNorm = norm }),
        ("with Hadamard", { $0.indexer.hadamard = true }),
        ("with FP8", { $0.indexer.float8 = .powerOfTwo }),
        (
            "Hadamard+FP8",
            {
                $0.indexer.hadamard = true
                $0.indexer.float8 = .powerOfTwo
            }
        ),
        (
            "LN+Hadamard+FP8",
            {
                $0.indexer.keyNorm = norm
                $0.indexer.hadamard = true
                $0.indexer.float8 = .powerOfTwo
            }
        ),
        ("window 4", { $0 = try $0.switching([.select(.recent)]) }),
        ("2 sinks + window 2", { $0 = try $0.switching([.select(.windowAndSinks)]) }),
        ("oracle", { $0 = try $0.switching([.select(.oracle)]) }),
    ]

    private static let norm = LightningIndexer.KeyNorm(
        weight: NamedTensor("norm.weight", Tensor([.d], [4], [1, 1, 1, 1])),
        bias: NamedTensor("norm.bias", Tensor([.d], [4], [0, 0, 0, 0])),
        epsilon: 1e-6)

    @Test(arguments: questions) func `every variant equals the independent script`(question: String) throws {
        let x = try trace(question).step("embedding").output
        let answers = try trace(question).step("input.answers").output
        let variants = expected(question)["variants"] as! [String: [String: Any]]
        #expect(Set(Self.variants.map(\.name)) == Set(variants.keys))
        for (name, change) in Self.variants {
            var attention = try diary.selectiveAttention()
            try change(&attention)
            var recorder = Recorder()
            let output = try attention.record(recorder.input("input.x", "x", x, title: Bilingual(same: "x")), on: &recorder).sparse.tensor
            let variant = variants[name]!
            #expect(try rows(recorder.trace).last == (variant["selected"] as! [Int]), "\(name)")
            #expect(abs(try numbers("massKept", recorder.trace).last! - (variant["massKept"] as! Double)) <= 1e-12, "\(name)")
            let wanted = variant["answer"] as! [String: Double]
            for (row, noun) in ["Dali", "Shanghai", "noodles"].enumerated() {
                let got = (0..<8).reduce(0) { $0 + output[17, $1] * answers[row, $1] }
                #expect(abs(got - wanted[noun]!) <= 1e-12, "\(name) \(noun)")
            }
        }
    }

    @Test func `cells, recall, the swapped cities and FP8 keys equal the independent script`() throws {
        let derived = oracle["derived"] as! [String: Any]
        let trace = try trace("trip")
        let cells = derived["cells"] as! [String: Int]
        #expect(try trace.step("attention.scores").visible?.visibleCount == cells["dense"])
        #expect(try trace.step("sparse.scores").visible?.visibleCount == cells["sparse"])
        guard case .number(let recall)? = try trace.step("selected").facts["recallAllRows"] else {
            throw EngineError(.value, "recall", "absent")
        }
        #expect(abs(recall - (derived["recallAllRows"] as! Double)) <= 1e-12)

        let swapped = derived["swapped"] as! [String: Any]
        let tokens = try diary.tokens(of: (swapped["tokens"] as! [String]).joined(separator: " "))
        let other = try diary.trace(of: tokens, language: .en)
        #expect(try rows(other).last == (swapped["selected"] as! [Int]))
        let answer = swapped["answer"] as! [String: Double]
        #expect(
            largestDifference(try other.step("sparse.answer").output.values, ["Dali", "Shanghai", "noodles"].map { answer[$0]! }) <= 1e-12)

        var attention = try diary.selectiveAttention()
        attention.indexer.float8 = .powerOfTwo
        var recorder = Recorder()
        _ = try attention.record(recorder.input("input.x", "x", trace.step("embedding").output, title: Bilingual(same: "x")), on: &recorder)
        let rounded = derived["fp8"] as! [String: Any]
        let (k, scale) = (try recorder.trace.step("indexer.k").output, try recorder.trace.step("indexer.k_scale").output)
        let keys = (0..<18).flatMap { s in (0..<4).map { k[s, $0] * scale[s] } }
        #expect(largestDifference(keys, flat(rounded["k"])) == 0)
        #expect(largestDifference(try recorder.trace.step("indexer.score").output.values, flat(rounded["score"])) <= 1e-12)
    }
}
