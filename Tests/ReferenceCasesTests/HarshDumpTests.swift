// Dumps that no rounding explains, and cases that contradict themselves: each is wrong or refused, and called by no mistake that it is not.

import FileTesting
import Foundation
import ModelFiles
import ReferenceCases
import Testing
import Traces

/// A case file whose tensors can be changed, and dumps beside it.
private struct Files {
    let folder: TemporaryFolder
    var path: String { folder.path + "/case.safetensors" }
    init() throws { folder = try TemporaryFolder() }

    var reference: ReferenceCase { get throws { try ReferenceCase(path: path) } }

    func values(_ name: String) throws -> [Double] {
        let file = try reference.file
        return try file.tensor(name, axes: try file.info(name).shape.indices.map { Axis("\($0)") }).values
    }

    /// A dump of tensors of the case's shapes, by the names of what is expected.
    func dump(_ tensors: [String: [Double]]) throws -> String {
        var writer = SafetensorsWriter()
        for (name, values) in tensors {
            let shape = try reference.file.info("expected.\(name)").shape
            if name == "selected" {
                writer.add(name, shape: shape, integers: values.map { Int($0) })
            } else {
                writer.add(name, shape: shape, doubles: values)
            }
        }
        try writer.write(to: folder.path + "/mine.safetensors")
        return folder.path + "/mine.safetensors"
    }

    /// The case with some tensors of 64 bits changed.
    func rewritten(_ changed: [String: [Double]], config: (String) -> String = { $0 }) throws -> ReferenceCase {
        let file = try reference.file
        var writer = SafetensorsWriter(metadata: file.metadata)
        writer.metadata["config"] = config(file.metadata["config"] ?? "")
        for name in file.names {
            let info = try file.info(name)
            if let values = changed[name] {
                if info.dataType == .i64 {
                    writer.add(name, shape: info.shape, integers: values.map { Int($0) })
                } else {
                    writer.add(name, shape: info.shape, doubles: values)
                }
            } else if info.dataType == .f8E4M3 {
                writer.add(name, shape: info.shape, float8Codes: try file.codes(name))
            } else if info.dataType == .i64 {
                writer.add(name, shape: info.shape, integers: try file.integers(name))
            } else {
                writer.add(name, shape: info.shape, doubles: try values(name))
            }
        }
        try writer.write(to: folder.path + "/changed.safetensors")
        return try ReferenceCase(path: folder.path + "/changed.safetensors")
    }
}

@Suite struct HarshDumpTests {
    @Test(arguments: [nil, 1e-5] as [Double?]) func `a query of sparse MLA that is wrong is wrong, however many others are right`(
        tolerance: Double?
    )
        throws
    {
        let files = try Files()
        var generator = SparseMLACaseGenerator()
        (generator.queries, generator.heads, generator.seed) = (128, 2, 1)
        try generator.write(to: files.path)
        let (out, lse) = (try files.values("expected.out"), try files.values("expected.lse"))
        let width = out.count / 128
        func verdict(_ change: (inout [Double], inout [Double]) -> Void) throws -> Verdict {
            var (out, lse) = (out, lse)
            change(&out, &lse)
            return try SparseMLACheck(files.reference, dump: files.dump(["out": out, "lse": lse]), tolerance: tolerance).verdict
        }
        #expect(try verdict { _, _ in } == .right)
        #expect(try verdict { out, _ in for cell in 0..<width { out[cell] = 1e30 } } == .wrong)
        #expect(try verdict { out, _ in for cell in out.count - width..<out.count { out[cell] = 0 } } == .wrong)
        #expect(try verdict { _, lse in (lse[6], lse[7]) = (50, 50) } == .wrong)
    }

    @Test func `one value of a stage that no rounding explains is wrong`() throws {
        let files = try Files()
        try WholeIndexerCaseGenerator().write(to: files.path)
        let changes: [(stage: String, change: (Double) -> Double)] = [
            ("score", { _ in 1000 }), ("weights", { -$0 }), ("q_rope", { _ in 40 }),
        ]
        for (stage, change) in changes {
            var values = try files.values("expected.\(stage)")
            #expect(try WholeIndexerCheck(files.reference, dump: files.dump([stage: values])).verdict == .right)
            // The largest that every query sees.
            let cell = (0..<30).max { abs(values[$0]) < abs(values[$1]) } ?? 0
            values[cell] = change(values[cell])
            #expect(try WholeIndexerCheck(files.reference, dump: files.dump([stage: values])).verdict == .wrong, "\(stage)")
        }
    }

    @Test func `a tolerance below what Float32 reaches is kept`() throws {
        let files = try Files()
        try WholeIndexerCaseGenerator().write(to: files.path)
        var score = try files.values("expected.score")
        score[0] += 4e-6 * (score.map(abs).max() ?? 0)
        #expect(try WholeIndexerCheck(files.reference, dump: files.dump(["score": score])).verdict == .right)
        #expect(try WholeIndexerCheck(files.reference, dump: files.dump(["score": score]), tolerance: 1e-8).verdict == .wrong)
        try SparseMLACaseGenerator().write(to: files.path)
        var out = try files.values("expected.out")
        out[0] += 4e-6 * (out.map(abs).max() ?? 0)
        #expect(try SparseMLACheck(files.reference, dump: files.dump(["out": out])).verdict == .right)
        #expect(try SparseMLACheck(files.reference, dump: files.dump(["out": out]), tolerance: 1e-8).verdict == .wrong)
    }

    @Test func `sizes that no memory holds and no reader takes are refused before anything is drawn`() throws {
        func message(_ queries: Int, _ keys: Int, _ heads: Int, _ dimension: Int, _ change: (inout IndexerCaseGenerator) -> Void = { _ in })
            -> String
        {
            problem {
                var generator = try IndexerCaseGenerator(queries: queries, keys: keys, heads: heads, dimension: dimension, topK: 1, seed: 1)
                change(&generator)
                try generator.write(to: "/dev/null")
            }
        }
        #expect(message(65536, 131072, 1, 1) == "queries × keys: expected a case of at most 134217728 scores, found 65536 × 131072")
        #expect(message(8192, 16384, 64, 128).hasPrefix("the case: expected at most 134217728 values, or without its scores, found "))
        #expect(message(16, 1 << 19, 64, 1).hasPrefix("recomputed queries × heads × keys: expected a case of at most 134217728 products"))
        var whole = WholeIndexerCaseGenerator()
        (whole.queries, whole.keys, whole.heads, whole.dimension, whole.width, whole.latent, whole.topK) = (1, 256, 1, 65536, 65536, 1, 1)
        #expect(problem { try whole.write(to: "/dev/null") } == "dim × model-dim: expected at most 2^24, found 4294967296")
    }

    @Test func `a small file of a cache may not ask for a memory that it does not fill`() throws {
        let files = try Files()
        let config =
            #"{"batch": 1, "queries": 1, "keys": 268435456, "block_size": 4096, "index_n_heads": 1, "index_head_dim": 16, "index_topk": 1}"#
        var writer = SafetensorsWriter(metadata: ["kind": "indexer", "config": config])
        writer.add("input.q", shape: [1, 1, 1, 16], floats: .init(repeating: 1, count: 16))
        writer.add("input.weights", shape: [1, 1, 1], floats: [1])
        writer.add("input.cache", shape: [1, 4096 * 20], bytes: .init(repeating: 0, count: 4096 * 20))
        writer.add("input.block_table", shape: [1, 65536], bytes: .init(repeating: 0, count: 65536))
        writer.add("input.starts", shape: [1, 1], int32: [0])
        writer.add("input.ends", shape: [1, 1], int32: [1])
        try writer.write(to: files.path)
        #expect(problem { try files.reference.indexer() }.contains("expected a case of at most 134217728 scores"))
    }

    private func indexer() throws -> Files {
        let files = try Files()
        try IndexerCaseGenerator(queries: 6, keys: 300, heads: 8, dimension: 64, topK: 40, seed: 7).write(to: files.path)
        return files
    }

    @Test func `scores that have nothing to do with a case are called by no name`() throws {
        let files = try indexer()
        let expected = try files.values("expected.score")
        var noise = SplitMix64(seed: 4)
        for scores in [expected.map { _ in 0 }, expected.map { _ in 1 }, expected.map { _ in 2 * noise.uniform() - 1 }] {
            let check = try IndexerCheck(files.reference, dump: files.dump(["score": scores]))
            #expect(check.verdict == .wrong && check.diagnosis == nil, "\(check.diagnosis?.mistake.name ?? "")")
        }
    }

    @Test(arguments: [3, 100, -3]) func `a boundary that stands elsewhere is not called by the nearest one`(shift: Int) throws {
        let files = try indexer()
        let scores = try files.reference.indexer().compute().score
        let visible = try files.reference.indexer().layout.visible
        let kept = visible.enumerated().flatMap { row, range in
            TopKeys.of(scores.slice(.t, at: row).values, 0..<min(300, range.upperBound + shift), 40).map(Double.init)
        }
        let check = try IndexerCheck(files.reference, dump: files.dump(["selected": kept]))
        #expect(check.verdict == .wrong && check.diagnosis == nil, "\(check.diagnosis?.mistake.name ?? "")")
    }

    @Test func `a constant that was rounded is rounding, a larger one is called scaled`() throws {
        let files = try indexer()
        let expected = try files.values("expected.score")
        for (factor, verdict) in [(0.9999, Verdict.rounding), (1.0005, .rounding), (1.02, .wrong)] {
            let check = try IndexerCheck(files.reference, dump: files.dump(["score": expected.map { $0 * factor }]))
            #expect(check.verdict == verdict && check.diagnosis?.mistake == (verdict == .wrong ? .scaled : nil))
        }
    }

    @Test func `the lower position wins by the scores that the kernel has`() throws {
        let files = try indexer()
        // Five bits of fraction: some scores are the same.
        let coarse = try files.values("expected.score").map { Double(Float(bitPattern: (Float($0).bitPattern + 0x2_0000) & 0xFFFC_0000)) }
        let visible = try files.reference.indexer().layout.visible
        let kept = visible.enumerated().flatMap { row, range in
            TopKeys.of(Array(coarse[row * 300..<(row + 1) * 300]), range, 40).map(Double.init)
        }
        var rules = IndexerCheck.Rules()
        (rules.ties, rules.tolerance) = (.low, 1)
        #expect(
            try IndexerCheck(files.reference, dump: files.dump(["score": coarse, "selected": kept]), rules: rules).verdict == .rounding)
        let reversed = visible.enumerated().flatMap { row, range in
            TopKeys.of(Array(coarse[row * 300..<(row + 1) * 300]), range, 40, lowerWins: false).map(Double.init)
        }
        #expect(
            try IndexerCheck(files.reference, dump: files.dump(["score": coarse, "selected": reversed]), rules: rules).verdict == .wrong)
        rules.ties = .any
        #expect(
            try IndexerCheck(files.reference, dump: files.dump(["score": coarse, "selected": reversed]), rules: rules).verdict == .rounding)
    }

    @Test func `what a dump or a case may not hold is named`() throws {
        let files = try indexer()
        var writer = SafetensorsWriter()
        writer.add("score", shape: [6, 300], doubles: try files.values("expected.score"))
        writer.add("selcted", shape: [1], integers: [0])
        try writer.write(to: files.folder.path + "/mine.safetensors")
        #expect(
            problem { try IndexerCheck(files.reference, dump: files.folder.path + "/mine.safetensors") }
                == "badData: selcted: expected selected, score or both")
        let mine = try files.dump(["score": try files.values("expected.score")])
        var scores = try files.values("expected.score")
        scores[2] = .nan
        let broken = try files.rewritten(["expected.score": scores])
        #expect(problem { try IndexerCheck(broken, dump: mine) } == "badData: expected.score[0, 2]: expected a finite number, found nan")
        let earlier = try files.rewritten([:], config: { $0.replacing(/"causal_offset": \d+/, with: "\"causal_offset\": 0") })
        #expect(problem { try IndexerCheck(earlier, dump: mine) }.contains("expected.selected, row 0: expected keys that the query sees"))
        var kept = try files.values("expected.selected")
        kept[0] = -1
        let fewer = try files.rewritten(["expected.selected": kept])
        #expect(problem { try IndexerCheck(fewer, dump: mine) } == "badData: expected.selected, row 0: expected 40 keys, found 39")
    }

    @Test func `a table that names a block twice, or one that nobody counts, is refused`() throws {
        let error = #expect(throws: EngineError.self) {
            try KeyLayout(columns: 60, starts: [0], ends: [50], sequences: 1, cache: (table: [[3, 1, 3, 0]], blockSize: 16, blocks: 4))
        }
        #expect(error?.description == "block_table[0, 2]: expected another block than at [0, 0], found 3")
        // Beyond the length nobody reads.
        _ = try KeyLayout(columns: 60, starts: [0], ends: [30], sequences: 1, cache: (table: [[3, 1, 3, 0]], blockSize: 16, blocks: 4))
        let files = try Files()
        var writer = SafetensorsWriter()
        writer.add("starts", shape: [1, 1], integers: [0])
        writer.add("ends", shape: [1, 1], integers: [64])
        writer.add("block_table", shape: [1, 1], integers: [Int.max])
        try writer.write(to: files.folder.path + "/layout.safetensors")
        var generator = try IndexerCaseGenerator(queries: 1, keys: 64, heads: 4, dimension: 16, topK: 8, seed: 1)
        (generator.serving.batch, generator.serving.blockSize) = (1, 64)
        generator.serving.given = try ServingShape.Given(
            path: files.folder.path + "/layout.safetensors", batch: 1, queries: 1, isPaged: true)
        let refused = #expect(throws: EngineError.self) { try generator.write(to: files.path) }
        #expect(refused?.description == "block_table: expected blocks below 2^26, found \(Int.max)")
    }
}

/// The keys of the highest scores, by sorting.
private enum TopKeys {
    static func of(_ scores: [Double], _ range: Range<Int>, _ k: Int, lowerWins: Bool = true) -> [Int] {
        Array(range.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : lowerWins == ($0 < $1) }.prefix(k))
    }
}
