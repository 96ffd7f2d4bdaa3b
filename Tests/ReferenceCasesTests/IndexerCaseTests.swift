import Foundation
import ModelFiles
import ReferenceCases
import Testing
import Traces

/// A small case of noise on disk, and a dump that agrees with it unless it is changed.
private struct SmallCase {
    let path: String
    let reference: ReferenceCase
    var selected: [[Int]]
    let score: Tensor

    init(isFloat8: Bool = true) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
        var generator = try IndexerCaseGenerator(queries: 3, keys: 40, heads: 4, dimension: 16, topK: 8, seed: 5)
        generator.isFloat8 = isFloat8
        try generator.write(to: path)
        reference = try ReferenceCase(path: path)
        let keys = try reference.file.integers("expected.selected")
        selected = (0..<3).map { Array(keys[$0 * 8..<($0 + 1) * 8]) }
        score = try reference.file.tensor("expected.score", axes: [.t, .s])
    }

    func check(selected: [[Int]]? = nil, score: [Double]? = nil, tolerance: Double = 1e-3) throws -> IndexerCheck {
        var writer = SafetensorsWriter()
        let rows = selected ?? self.selected
        writer.add("selected", shape: [rows.count, rows[0].count], integers: rows.flatMap(\.self))
        if let score { writer.add("score", Tensor([.t, .s], [3, 40], score)) }
        let mine = path + ".mine"
        try writer.write(to: mine)
        defer { try? FileManager.default.removeItem(atPath: mine) }
        var rules = IndexerCheck.Rules()
        rules.tolerance = tolerance
        return try IndexerCheck(reference, dump: mine, rules: rules)
    }

    /// The keys of one row from the highest score down, of those that the query sees.
    func ranking(_ row: Int) -> [Int] { (0...37 + row).sorted { score[row, $0] > score[row, $1] } }
}

@Suite struct IndexerCaseTests {
    @Test(arguments: [true, false]) func `a made case verifies, and its score is what plain loops over its inputs give`(isFloat8: Bool)
        throws
    {
        let small = try SmallCase(isFloat8: isFloat8)
        defer { try? FileManager.default.removeItem(atPath: small.path) }
        #expect(try small.reference.verify().allSatisfy(\.passed))
        let inputs = try small.reference.indexer()
        for t in 0..<3 {
            for s in 0..<40 {
                var total = 0.0
                for j in 0..<4 {
                    var product = 0.0
                    for d in 0..<16 { product += inputs.q[t, j, d] * inputs.k[s, d] }
                    if product > 0 { total += inputs.weights[t, j] * product }
                }
                #expect(abs(total * inputs.kScale[s] - small.score[t, s]) < 1e-12)
            }
        }
    }

    @Test func `the same seed gives the same bytes, another seed others`() throws {
        func bytes(_ seed: UInt64) throws -> Data {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            try IndexerCaseGenerator(queries: 2, keys: 16, heads: 2, dimension: 8, topK: 4, seed: seed).write(to: path)
            return try Data(contentsOf: URL(fileURLWithPath: path))
        }
        #expect(try bytes(1) == bytes(1))
        #expect(try bytes(1) != bytes(2))
    }

    @Test func `the order of selected keys does not matter, nor padding`() throws {
        let small = try SmallCase()
        defer { try? FileManager.default.removeItem(atPath: small.path) }
        let check = try small.check(selected: small.selected.map { [-1] + $0.reversed() + [-1] }, score: small.score.values)
        #expect(check.passed && check.rows.isEmpty)
    }

    @Test func `a key at the cut is rounding, one far from it is wrong, and both are said`() throws {
        let small = try SmallCase()
        defer { try? FileManager.default.removeItem(atPath: small.path) }
        var selected = small.selected
        let ranking = small.ranking(0)
        selected[0] = Array(ranking[0..<7]) + [ranking[8]]
        let margin = small.score[0, ranking[7]] - small.score[0, ranking[8]]
        let inputs = try small.reference.indexer()
        func magnitude(_ s: Int) -> Double {
            (0..<4).reduce(0) { sum, j in
                let product = (0..<16).reduce(0) { $0 + inputs.q[0, j, $1] * inputs.k[s, $1] }
                return sum + abs(inputs.weights[0, j]) * max(0, product)
            } * inputs.kScale[s]
        }
        let both = magnitude(ranking[7]) + magnitude(ranking[8])
        let near = try small.check(selected: selected, tolerance: margin / both * 1.01)
        #expect(near.passed && near.rows.count == 1)
        #expect(
            near.rows[0].line.en == "row 0: 1 of 8 differ, all within \(NumberText.significant(margin, digits: 2)) of the cut: rounding")
        let far = try small.check(selected: selected, tolerance: margin / both * 0.99)
        #expect(!far.passed)
        #expect(
            far.rows[0].line.en
                == "row 0: 1 of 8 differ; key \(ranking[8]) misses the cut by \(NumberText.significant(margin, digits: 2)) and was selected: wrong"
        )
    }

    @Test func `too few keys and a key of the future are wrong`() throws {
        let small = try SmallCase()
        defer { try? FileManager.default.removeItem(atPath: small.path) }
        var selected = small.selected
        selected[0][0] = -1
        #expect(try small.check(selected: selected, tolerance: 10).rows[0].line.en == "row 0: keeps 7 keys instead of 8: wrong")
        selected = small.selected
        selected[0][0] = 39
        let check = try small.check(selected: selected, tolerance: 10)
        #expect(!check.passed && check.rows[0].line.en.hasSuffix("key 39 lies outside what the query sees: wrong"))
    }

    @Test func `scores beyond the tolerance fail with their place`() throws {
        let small = try SmallCase()
        defer { try? FileManager.default.removeItem(atPath: small.path) }
        var score = small.score.values
        score[41] += 1
        let check = try small.check(score: score)
        #expect(!check.passed && check.score?.worstIndex == [1, 1])
    }

    @Test func `other shapes, NaN, duplicates and keys that do not exist are named`() throws {
        let small = try SmallCase()
        defer { try? FileManager.default.removeItem(atPath: small.path) }
        func message(_ body: () throws -> IndexerCheck) -> String {
            let error = #expect(throws: FileError.self) { try body() }
            #expect(error?.kind == .badData && error?.file == small.path + ".mine")
            return error?.problem ?? ""
        }
        #expect(
            message { try small.check(selected: Array(small.selected.prefix(2))) } == "selected: expected the shape [3, k], found [2, 8]")
        #expect(
            message { try small.check(selected: small.selected.map { Array($0.prefix(7)) }) }
                == "selected: expected at least 8 ranks a row, found 7")
        var selected = small.selected
        selected[2][3] = selected[2][4]
        #expect(message { try small.check(selected: selected) } == "selected, row 2: key \(selected[2][4]) stands there twice")
        selected[2][3] = 40
        #expect(message { try small.check(selected: selected) } == "selected, row 2: expected keys from 0 to 39, or -1, found 40")
        var score = small.score.values
        score[40] = .nan
        #expect(message { try small.check(score: score) } == "score[1, 0]: expected a number, found NaN")
    }

    @Test(
        arguments: [
            ((0, 8, 4, 16, 4), "queries", "expected at least 1, found 0"),
            ((9, 8, 4, 16, 4), "keys", "expected at least as many as queries, 9, found 8"),
            ((2, 8, 0, 16, 4), "heads", "expected at least 1, found 0"),
            ((2, 8, 4, 12, 4), "dim", "expected a power of two for the Hadamard rotation, found 12"),
            ((2, 8, 4, 16, 0), "top-k", "expected at least 1, found 0"),
            ((2, 1 << 40, 4, 16, 4), "keys × dim", "expected at most 2^26 values, found 17592186044416"),
            (
                (1 << 20, 1 << 20, 1 << 20, 16, 4), "queries × heads × dim", "expected at most 2^26 values, found 17592186044416"
            ),
            (
                (1 << 12, 1 << 20, 1 << 10, 16, 4), "queries × heads × keys",
                "expected a case of at most 8589934592 products, found 4096 × 1024 × 1048576"
            ),
        ] as [((Int, Int, Int, Int, Int), String, String)])
    func `impossible sizes are named`(size: (Int, Int, Int, Int, Int), subject: String, problem: String) {
        let (queries, keys, heads, dimension, topK) = size
        #expect(throws: EngineError(.value, subject, problem)) {
            try IndexerCaseGenerator(queries: queries, keys: keys, heads: heads, dimension: dimension, topK: topK, seed: 0)
        }
    }
}
