import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import ReferenceCases
import Testing
import Traces

/// A case on disk, and dumps of kernels in plain loops beside it.
private struct Bench {
    let path: String
    let reference: ReferenceCase
    let inputs: IndexerCase
    let told: [IndexerMistake]
    let (queries, heads, dimension, keys): (Int, Int, Int, Int)

    init(queries: Int = 40, keys: Int = 40, heads: Int = 4, dimension: Int = 64, topK: Int = 8, seed: UInt64 = 7, isFloat8: Bool = true)
        throws
    {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
        var generator = try IndexerCaseGenerator(
            queries: queries, keys: keys, heads: heads, dimension: dimension, topK: topK, seed: seed)
        generator.isFloat8 = isFloat8
        told = try generator.write(to: path).told
        reference = try ReferenceCase(path: path)
        inputs = try reference.indexer()
        (self.queries, self.heads, self.dimension, self.keys) = (queries, heads, dimension, keys)
    }

    func close() {
        for file in [path, path + ".mine"] { try? FileManager.default.removeItem(atPath: file) }
    }

    /// The scores of a kernel that makes the mistake of that name, each number of q and k rounded by `round`, weights and scales by `weights`.
    func scores(
        _ mistake: String = "", round: (Double) -> Double = { $0 }, weights: (Double) -> Double = { $0 }
    ) -> [[Double]] {
        var q = inputs.q.values.map(round)
        let k = inputs.k.values.map(round)
        let (w, scale) = (inputs.weights.values.map(weights), inputs.kScale.values.map(weights))
        let d = mistake == "feature-dropped" ? dimension - 1 : dimension
        if mistake == "hadamard-query-only" {
            for start in stride(from: 0, to: q.count, by: dimension) {
                let old = Array(q[start..<start + dimension])
                for row in 0..<dimension {
                    let signs = old.indices.map { ($0 & row).nonzeroBitCount.isMultiple(of: 2) ? old[$0] : -old[$0] }
                    q[start + row] = signs.reduce(0, +) / Double(dimension).squareRoot()
                }
            }
        }
        let least = (0..<heads).min { a, b in weight(w, a) < weight(w, b) }
        let rows = (0..<queries).map { t in
            (0..<keys).map { s in
                var sum = 0.0
                for j in 0..<heads where mistake != "head-dropped" || j != least {
                    var product = 0.0
                    for i in 0..<d { product += q[(t * heads + j) * dimension + i] * k[s * dimension + i] }
                    sum += w[t * heads + j] * (mistake == "no-relu" ? product : max(0, product))
                }
                switch mistake {
                case "no-k-scale": return sum
                case "neighbour-scale": return sum * scale[(s + 1) % keys]
                case "scaled": return sum * scale[s] * 0.7
                default: return sum * scale[s]
                }
            }
        }
        return mistake == "rows-swapped" ? [rows[1], rows[0]] + rows.dropFirst(2) : rows
    }

    private func weight(_ w: [Double], _ head: Int) -> Double { (0..<queries).reduce(0) { $0 + abs(w[$1 * heads + head]) } }

    /// The keys that each query keeps, the highest first, if its boundary stands `shift` keys too far.
    func selection(_ scores: [[Double]], shift: Int = 0) -> [[Int]] {
        scores.enumerated().map { t, row in
            let seen = max(0, min(keys, inputs.layout.visible[t].upperBound + shift))
            let order = (0..<seen).sorted { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }.prefix(inputs.topK)
            return order + [Int](repeating: -1, count: inputs.topK - order.count)
        }
    }

    func check(
        selected: [[Int]]? = nil, score: [[Double]]? = nil, batch: [Int] = [], rules: IndexerCheck.Rules = IndexerCheck.Rules()
    ) throws -> IndexerCheck {
        var writer = SafetensorsWriter()
        if let selected { writer.add("selected", shape: batch + [selected.count, selected[0].count], integers: selected.flatMap(\.self)) }
        if let score { writer.add("score", shape: batch + [score.count, score[0].count], floats: score.flatMap(\.self).map(Float.init)) }
        try writer.write(to: path + ".mine")
        return try IndexerCheck(reference, dump: path + ".mine", rules: rules)
    }

    static let offsets = ["offset-2": -2, "offset-1": -1, "offset+1": 1, "offset+2": 2]
}

/// The nearest bf16, ties to even.
private func bf16(_ value: Double) -> Double {
    let bits = Float(value).bitPattern
    return Double(Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000))
}

/// What kernels of one sequence, whose keys are no cache, may be wrong in.
private let plainMistakes = IndexerMistake.all.filter { ![.startsIgnored, .oneBoundary, .tableIgnored, .scaled].contains($0) }

@Suite struct IndexerBenchTests {
    @Test(arguments: [(6, 1024, 32, 128, 128), (40, 40, 4, 64, 8)], [1, 20_261_128] as [UInt64])
    func `a made case tells every mistake by the selection alone`(size: (Int, Int, Int, Int, Int), seed: UInt64) throws {
        let bench = try Bench(queries: size.0, keys: size.1, heads: size.2, dimension: size.3, topK: size.4, seed: seed)
        defer { bench.close() }
        #expect(bench.told == plainMistakes)
    }

    @Test func `a made case says only what its selection tells, where scales are 1 and there is no second query`() throws {
        let bench = try Bench(queries: 1, keys: 64, isFloat8: false)
        defer { bench.close() }
        #expect(!bench.told.contains { [.noKeyScale, .neighbourScale, .rowsSwapped, .scaled].contains($0) })
        #expect(bench.told.contains(.offset(1)) && bench.told.contains(.offset(-1)))
    }

    @Test(arguments: plainMistakes, [false, true])
    func `a kernel with a known mistake is called by its name, by its selection alone`(mistake: IndexerMistake, isRounded: Bool) throws {
        let bench = try Bench()
        defer { bench.close() }
        let shift = Bench.offsets[mistake.name] ?? 0
        let scores = bench.scores(
            mistake.name == "rows-swapped" ? "" : mistake.name, round: isRounded ? bf16 : { $0 }, weights: isRounded ? bf16 : { $0 })
        var selected = bench.selection(scores, shift: shift)
        if mistake == .rowsSwapped { selected.swapAt(0, 1) }
        let check = try bench.check(selected: selected)
        #expect(check.verdict == .wrong && check.diagnosis?.mistake == mistake && check.wrongKeys > 0)
        #expect(check.score == nil && check.comparedRows == 40)
    }

    @Test(arguments: (plainMistakes + [.scaled]).filter { !$0.name.hasPrefix("offset") }, [false, true])
    func `a kernel with a known mistake is called by its name, by its scores alone`(mistake: IndexerMistake, isRounded: Bool) throws {
        let bench = try Bench()
        defer { bench.close() }
        let scores = bench.scores(mistake.name, round: isRounded ? bf16 : { $0 })
        let check = try bench.check(score: isRounded ? scores.map { $0.map(bf16) } : scores)
        #expect(check.verdict == .wrong && check.diagnosis?.mistake == mistake)
        #expect(check.comparedRows == nil && check.rows.isEmpty && check.wrongKeys == 0)
        if mistake == .scaled { #expect(abs((check.diagnosis?.factor ?? 0) - 0.7) < 1e-3) }
        if mistake == .headDropped { #expect(check.diagnosis?.line.en.contains("(head ") == true) }
    }

    @Test(arguments: [-1, -2]) func `scores that end short of the boundary name the offset`(shift: Int) throws {
        let bench = try Bench()
        defer { bench.close() }
        let scores = bench.scores().enumerated().map { t, row in row.indices.map { $0 <= t + shift ? row[$0] : -Double.infinity } }
        let check = try bench.check(score: scores)
        #expect(check.verdict == .wrong && check.diagnosis?.mistake == .offset(shift))
    }

    @Test func `what agrees is said with the name`() throws {
        let bench = try Bench()
        defer { bench.close() }
        let check = try bench.check(selected: bench.selection(bench.scores("no-relu")))
        // The sixteen queries that mistakes are recomputed on; those of fewer than eight keys keep what they see.
        let kept = [0, 1].reduce(0) { $0 + $1 + 1 } + (1..<15).reduce(0) { $0 + min(8, 1 + 38 * $1 / 14 + 1) }
        #expect(check.diagnosis?.line.en == "as if ReLU were missing: \(kept) of \(kept) keys agree")
        #expect(check.diagnosis?.line.zh == "像是漏了 ReLU：\(kept) 个键里有 \(kept) 个相同")
    }

    @Test func `a right kernel is right however it writes what nobody judges`() throws {
        let bench = try Bench()
        defer { bench.close() }
        let scores = bench.scores()
        let selected = bench.selection(scores)
        for junk in [-Double.infinity, .infinity, .nan, 1e30] {
            let masked = scores.enumerated().map { t, row in row.indices.map { $0 <= t ? row[$0] : junk } }
            #expect(try bench.check(selected: selected, score: masked).verdict == .right)
            #expect(try bench.check(score: masked, batch: [1]).verdict == .right)
        }
        #expect(try bench.check(selected: selected, batch: [1]).verdict == .right)
    }

    @Test func `NaN is named where a query sees the key`() throws {
        let bench = try Bench()
        defer { bench.close() }
        var scores = bench.scores()
        scores[3][3] = .nan
        let error = #expect(throws: FileError.self) { try bench.check(score: scores) }
        #expect(error?.problem == "score[3, 3]: expected a number, found NaN")
    }

    @Test func `inputs and scores rounded to bf16 are rounding, and no mistake is read into them`() throws {
        for isFloat8 in [true, false] {
            let bench = try Bench(isFloat8: isFloat8)
            defer { bench.close() }
            let scores = bench.scores(round: bf16, weights: bf16).map { $0.map(bf16) }
            for check in [try bench.check(score: scores), try bench.check(selected: bench.selection(scores), score: scores)] {
                #expect(check.verdict == .rounding && check.diagnosis == nil && check.wrongKeys == 0 && !check.isFloat8Rounding)
            }
            #expect(try bench.check(selected: bench.selection(scores)).passed)
        }
    }

    @Test func `inputs rounded to FP8 are rounding where the case has floats, and only as far as FP8 goes`() throws {
        let bench = try Bench(isFloat8: false)
        defer { bench.close() }
        let scores = bench.scores(round: Float8.round)
        let check = try bench.check(selected: bench.selection(scores), score: scores)
        #expect(check.verdict == .rounding && check.isFloat8Rounding && check.diagnosis == nil)
        var rules = IndexerCheck.Rules()
        rules.tolerance = 0x1p-8
        #expect(try bench.check(score: scores, rules: rules).verdict == .wrong)
        let noise = scores.map { row in row.indices.map { row[$0] * ($0.isMultiple(of: 2) ? 1.5 : 1) } }
        #expect(try bench.check(score: noise).verdict == .wrong)
    }

    @Test func `a selection that is not that of its own highest scores is wrong, whatever the tolerance`() throws {
        let bench = try Bench()
        defer { bench.close() }
        let scores = bench.scores()
        var selected = bench.selection(scores)
        let (lowest, next) = (selected[39][7], (0..<40).filter { !selected[39].contains($0) }.max { scores[39][$0] < scores[39][$1] }!)
        try #require(scores[39][lowest] != scores[39][next])
        selected[39][7] = next
        var rules = IndexerCheck.Rules()
        rules.tolerance = 10
        let check = try bench.check(selected: selected, score: scores, rules: rules)
        #expect(check.verdict == .wrong && check.wrongKeys == 1)
        #expect(check.rows.map(\.row) == [39] && check.rows[0].misordered?.taken == next && check.rows[0].misordered?.left == lowest)
        #expect(check.rows[0].line.en.hasPrefix("row 39: not the keys of its own highest scores: key \(next) was selected"))
        #expect(try bench.check(selected: selected, rules: rules).passed)
    }

    @Test func `of two keys that tie at the cut either may be kept, unless the lower position has to win`() throws {
        let bench = try Bench()
        defer { bench.close() }
        let scores = bench.scores()
        var selected = bench.selection(scores)
        // One query's cut falls between a key and its copy.
        var place: (row: Int, key: Int)?
        for t in 8..<40 where place == nil {
            let cut = scores[t][selected[t][7]]
            guard cut > 0, let key = (0...t).first(where: { scores[t][$0] == cut && !selected[t].contains($0) }) else { continue }
            place = (t, key)
        }
        let (t, copy) = try #require(place)
        #expect(copy > selected[t][7])
        #expect((0..<64).allSatisfy { bench.inputs.k[copy, $0] == bench.inputs.k[selected[t][7], $0] })
        selected[t][7] = copy
        var rules = IndexerCheck.Rules()
        #expect(try bench.check(selected: selected, rules: rules).verdict == .right)
        #expect(try bench.check(selected: selected, score: scores, rules: rules).verdict == .right)
        rules.ties = .low
        for score in [nil, scores] {
            let check = try bench.check(selected: selected, score: score, rules: rules)
            #expect(check.verdict == .wrong && check.wrongKeys == 1)
        }
        #expect(try bench.check(selected: bench.selection(scores), score: scores, rules: rules).verdict == .right)
    }

    @Test func `duplicates and other padding are refused unless the rules take them`() throws {
        let bench = try Bench()
        defer { bench.close() }
        var selected = bench.selection(bench.scores())
        selected[0] = selected[0].map { $0 < 0 ? 1 << 30 : $0 }
        #expect(throws: FileError.self) { try bench.check(selected: selected) }
        var rules = IndexerCheck.Rules()
        rules.allowsAnyPadding = true
        #expect(try bench.check(selected: selected, rules: rules).verdict == .right)
        selected[0][7] = 0
        #expect(throws: FileError.self) { try bench.check(selected: selected, rules: rules) }
        rules.allowsDuplicates = true
        #expect(try bench.check(selected: selected, rules: rules).verdict == .right)
    }

    @Test func `a query keeps all that it sees where k is more, and a case of more k than keys is as wide as its keys`() throws {
        let bench = try Bench(queries: 4, keys: 16, topK: 32)
        defer { bench.close() }
        let scores = bench.scores()
        let selected = bench.selection(scores).map { $0.filter { $0 >= 0 } + [Int](repeating: -1, count: 32 - $0.count { $0 >= 0 }) }
        #expect(try bench.reference.file.info("expected.selected").shape == [4, 16])
        #expect(try bench.check(selected: selected, score: scores).verdict == .right)
        #expect(try bench.check(selected: selected.map { Array($0.prefix(16)) }).verdict == .right)
        let error = #expect(throws: FileError.self) { try bench.check(selected: selected.map { Array($0.prefix(15)) }) }
        #expect(error?.problem == "selected: expected at least 16 ranks a row, found 15")
        // A key that the first query does not see.
        var beyond = selected
        beyond[0][31] = 15
        #expect(try bench.check(selected: beyond).verdict == .wrong)
    }

    @Test func `an indexer case has a trace, whose scores and selection are what it expects and whose cells are explained`() throws {
        let bench = try Bench(queries: 4, keys: 16, topK: 4)
        defer { bench.close() }
        let trace = try bench.reference.trace()
        let score = try bench.reference.file.tensor("expected.score", axes: [.t, .s])
        let recorded = try trace.step("indexer.score").output
        #expect(zip(recorded.values, score.values).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(try trace.step("selected").output.values.map { Int($0) } == bench.reference.file.integers("expected.selected"))
        #expect(try trace.step("indexer.score").explain([2, 3]).value == recorded[2, 3])
    }

    @Test func `lengths that disagree are named`() throws {
        let bench = try Bench()
        defer { bench.close() }
        let scores = bench.scores()
        let selected = bench.selection(scores)
        func problem(_ check: () throws -> IndexerCheck) -> String? { #expect(throws: FileError.self) { try check() }?.problem }
        #expect(problem { try bench.check(score: Array(scores.dropLast())) } == "score: expected the shape [40, 40], found [39, 40]")
        #expect(
            problem { try bench.check(selected: selected, score: scores.map { Array($0.dropLast()) }) }
                == "score: expected the shape [40, 40], found [40, 39]")
        #expect(
            problem { try bench.check(selected: Array(selected.dropLast()), score: scores) }
                == "selected: expected the shape [40, k], found [39, 8]")
        #expect(problem { try bench.check(score: scores, batch: [1, 1]) } == "score: expected the shape [40, 40], found [1, 1, 40, 40]")
        #expect(problem { try bench.check() } == "expected a tensor selected [40, k] or score, found neither")
    }

    @Test func `more keys than a query keeps are counted as wrong`() throws {
        let bench = try Bench()
        defer { bench.close() }
        var selected = bench.selection(bench.scores()).map { $0 + [-1] }
        selected[39][8] = (0..<40).first { !selected[39].contains($0) }!
        let check = try bench.check(selected: selected)
        #expect(check.verdict == .wrong && check.wrongKeys == 1)
        #expect(check.rows[0].line.en == "row 39: keeps 9 keys instead of 8: wrong")
    }

    @Test(arguments: [
        ([2, 1], "1 to 16 of 40 queries, ascending"), ([0, 40], "1 to 16 of 40 queries, ascending"),
        ([], "1 to 16 of 40 queries, ascending"),
        (Array(0...16), "1 to 16 of 40 queries, ascending"),
    ])
    func `queries to recompute that a case has not are refused`(rows: [Int], expected: String) throws {
        let bench = try Bench()
        defer { bench.close() }
        var writer = SafetensorsWriter(metadata: ["kind": "indexer", "config": "{\"index_topk\": 8, \"judged_rows\": \(rows)}"])
        writer.add("input.q", shape: [40, 4, 64], floats: bench.inputs.q.values.map(Float.init))
        writer.add("input.k", shape: [40, 64], floats: bench.inputs.k.values.map(Float.init))
        writer.add("input.k_scale", shape: [40], floats: bench.inputs.kScale.values.map(Float.init))
        writer.add("input.weights", shape: [40, 4], floats: bench.inputs.weights.values.map(Float.init))
        writer.add("expected.score", try bench.reference.file.tensor("expected.score", axes: [.t, .s]))
        writer.add("expected.selected", shape: [40, 8], integers: try bench.reference.file.integers("expected.selected"))
        try writer.write(to: bench.path)
        let error = #expect(throws: FileError.self) { try ReferenceCase(path: bench.path).indexer() }
        #expect(error?.problem.hasPrefix("config.judged_rows: expected \(expected), found ") == true)
    }
}
