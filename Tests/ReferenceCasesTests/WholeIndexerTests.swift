import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import ReferenceCases
import Testing
import Traces

/// A small whole indexer on disk.
private struct SmallWhole {
    let folder: TemporaryFolder
    let path: String
    let told: [WholeIndexerMistake]
    let untold: [WholeIndexerMistake]

    init(_ change: (inout WholeIndexerCaseGenerator) -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        path = folder.path + "/case.safetensors"
        var generator = WholeIndexerCaseGenerator()
        (generator.queries, generator.keys, generator.heads, generator.dimension) = (12, 24, 3, 16)
        (generator.ropeDimension, generator.width, generator.latent, generator.topK) = (8, 16, 12, 6)
        change(&generator)
        (told, untold) = try generator.write(to: path)
    }

    func reference() throws -> ReferenceCase { try ReferenceCase(path: path) }

    /// What an indexer with the switches writes of these stages.
    func dump(_ switches: [Switch], _ stages: [WholeIndexerStage], change: (inout [Double]) -> Void = { _ in }) throws -> String {
        let trace = try reference().trace(switches: switches)
        var file = SafetensorsWriter()
        for stage in stages {
            let tensor = try trace.step(stage == .selected ? "selected" : "indexer.\(stage.rawValue)").output
            if stage == .selected {
                file.add("selected", shape: tensor.shape.lengths, integers: tensor.values.map { Int($0) })
            } else {
                var values = tensor.values
                change(&values)
                file.add(stage.rawValue, shape: tensor.shape.lengths, floats: values.map(Float.init))
            }
        }
        try file.write(to: folder.path + "/mine.safetensors")
        return folder.path + "/mine.safetensors"
    }

    func check(_ switches: [Switch] = [], _ stages: [WholeIndexerStage]) throws -> WholeIndexerCheck {
        try WholeIndexerCheck(reference(), dump: dump(switches, stages))
    }
}

@Suite struct WholeIndexerTests {
    @Test(arguments: [RotaryLayout.half, .interleaved]) func `a made case verifies, tells mistakes, and is the same again`(
        rope: RotaryLayout
    ) throws {
        let (small, again) = (try SmallWhole { $0.rope = rope }, try SmallWhole { $0.rope = rope })
        #expect(try small.reference().verify().allSatisfy { $0.verdict == .right })
        #expect(small.told.count >= 10 && small.told.contains(.ropeLayout), "\(small.untold)")
        #expect(try Data(contentsOf: URL(filePath: small.path)) == Data(contentsOf: URL(filePath: again.path)))
    }

    @Test func `a right dump is right in any stage, and its own selection may have ties`() throws {
        let small = try SmallWhole()
        let all = WholeIndexerStage.allCases
        #expect(try small.check([], all).verdict == .right)
        #expect(try small.check([], [.selected]).verdict == .right)
        #expect(try small.check([], [.keyNormalised, .score]).mistake == nil)
        #expect(try small.check([.noFloat8], [.score, .selected]).passed)
    }

    @Test(
        arguments: [
            (.indexerRopeInterleaved, "rope-layout", "q_rope"), (.noReLU, "no-relu", "score"),
            (.noHeadWeights, "no-head-weights", "weights_projected"),
        ] as [(Switch, String, String)])
    func `a mistake is named by all stages, by its scores and by its selection; the first wrong stage is said`(
        change: Switch, name: String, first: String
    ) throws {
        let small = try SmallWhole()
        let all = try small.check([change], WholeIndexerStage.allCases)
        #expect(all.verdict == .wrong && all.mistake?.rawValue == name && all.stages.first { !$0.passed }?.name == first)
        #expect(try small.check([change], [.score]).mistake?.rawValue == name)
        let selection = try small.check([change], [.selected])
        #expect(selection.mistake?.rawValue == name && selection.wrongKeys > 0)
        #expect(selection.agreement?.count == selection.agreement?.all)
    }

    @Test func `an interleaved case is reversed by the other switch, and YaRN can be forgotten`() throws {
        let small = try SmallWhole {
            $0.rope = .interleaved
            $0.yarnFactor = 4
        }
        #expect(try small.check([.indexerRopeHalf], [.score]).mistake == .ropeLayout)
        #expect(small.told.contains(.noYaRN))
        let refused = problem { try small.reference().trace(switches: [.indexerRopeInterleaved]) }
        #expect(refused.contains("which indexer-rope-half reverses"))
    }

    @Test func `what-if compares selections and scores`() throws {
        let small = try SmallWhole()
        let right = try small.reference().trace()
        let same = try SelectionWhatIf(right: right, variant: right)
        #expect(same.rows.count == 12 && same.rowsThatDiffer == 0 && same.largestScoreError == 0)
        let variant = try SelectionWhatIf(right: right, variant: small.reference().trace(switches: [.noReLU]))
        #expect(variant.rowsThatDiffer > 0 && variant.largestScoreError > 0.1 && variant.switches == ["no-relu"])
    }

    @Test func `a selection that is not of its own scores is wrong`() throws {
        let small = try SmallWhole()
        let path = try small.dump([], [.score, .selected]) { $0 = $0.map { -$0 } }
        let check = try WholeIndexerCheck(small.reference(), dump: path)
        #expect(check.verdict == .wrong && !check.misordered.isEmpty && check.wrongKeys > 0)
    }

    @Test func `dumps of other names, shapes and numbers are refused by name`() throws {
        let small = try SmallWhole()
        func refusal(_ write: (inout SafetensorsWriter) -> Void) throws -> String {
            var file = SafetensorsWriter()
            write(&file)
            try file.write(to: small.folder.path + "/mine.safetensors")
            return problem { try WholeIndexerCheck(small.reference(), dump: small.folder.path + "/mine.safetensors") }
        }
        #expect(try refusal { $0.add("q_roped", shape: [1], floats: [0]) }.contains("q_roped: expected some of q_projected, q_rope"))
        #expect(try refusal { $0.add("k_rope", shape: [1], floats: [0]) }.contains("k_rope: expected the shape [24, 16], found [1]"))
        #expect(try refusal { $0.add("selected", shape: [12, 5], integers: .init(repeating: 0, count: 60)) }.contains("k of at least 6"))
        #expect(try refusal { $0.add("selected", shape: [12, 6], integers: .init(repeating: 24, count: 72)) }.contains("from 0 to 23"))
        #expect(try refusal { _ in }.contains("found no tensor"))
        let nan = problem { try WholeIndexerCheck(small.reference(), dump: small.dump([], [.keyRope]) { $0[17] = .nan }) }
        #expect(nan.contains("k_rope[1, 1]: expected a number, found NaN"))
        #expect(try WholeIndexerCheck(small.reference(), dump: small.dump([], [.score]) { $0[23] = .nan }).verdict == .right)
    }

    @Test(
        arguments: [
            ("\"index_topk\": 6", "\"index_topk\": 99", "config.index_topk: expected at most 24"),
            ("\"index_topk\": 6", "\"index_topk\": 6, \"causal\": true", "config.causal: expected no such setting"),
            ("\"quant_block\": 16", "\"quant_block\": 8", "config.quant_block: expected index_head_dim, 16"),
            ("\"indexer_rope\": \"half\"", "\"indexer_rope\": \"both\"", "config.indexer_rope: expected half or interleaved"),
            ("\"qk_rope_head_dim\": 8", "\"qk_rope_head_dim\": 32", "config.qk_rope_head_dim: expected at most index_head_dim, 16"),
            ("\"qk_rope_head_dim\": 8", "\"qk_rope_head_dim\": 7", "expected an even, positive number of features, found 7"),
            ("\"dim\": 16", "\"dim\": 17", "input.x: expected"),
            ("\"seed\": 0", "\"rope_factor\": 4", "config.max_seq_len is missing"),
        ])
    func `settings that do not fit are refused by name`(old: String, new: String, message: String) throws {
        let small = try SmallWhole()
        var bytes = Array(try Data(contentsOf: URL(filePath: small.path)))
        let length = Int(bytes[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
        let quoted = { (text: String) in text.replacingOccurrences(of: "\"", with: "\\\"") }
        let header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
        let changed = Array(header.replacingOccurrences(of: quoted(old), with: quoted(new)).utf8)
        #expect(changed != Array(header.utf8))
        bytes.replaceSubrange(0..<8 + length, with: withUnsafeBytes(of: UInt64(changed.count).littleEndian, Array.init) + changed)
        let path = try small.folder.write("changed.safetensors", bytes)
        #expect(
            problem { try ReferenceCase(path: path).wholeIndexer() }.contains(message),
            "\(problem { try ReferenceCase(path: path).wholeIndexer() })")
    }

    @Test func `impossible sizes are named`() {
        let cases: [(change: (inout WholeIndexerCaseGenerator) -> Void, subject: String, message: String)] = [
            ({ $0.queries = 30 }, "keys", "expected at least as many as queries, 30, found 24"),
            ({ $0.topK = 25 }, "top-k", "expected at most as many as keys, 24, found 25"),
            ({ $0.ropeDimension = 18 }, "rope-dim", "expected an even number of at most 16 features, found 18"),
            ({ $0.yarnFactor = 1 }, "yarn", "expected a factor above 1 and of at most 24, the keys, found 1"),
            ({ $0.heads = 0 }, "heads", "expected at least 1, found 0"),
            ({ $0.dimension = 24 }, "index_head_dim", "expected a power of two for the Hadamard rotation, found 24"),
        ]
        for (change, subject, message) in cases {
            let error = #expect(throws: EngineError.self) { try SmallWhole(change) }
            #expect(error?.subject == subject && error?.problem == message)
        }
    }
}
