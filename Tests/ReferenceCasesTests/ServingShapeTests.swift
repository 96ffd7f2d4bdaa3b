// Cases in the shapes in which servers call an indexer: the bytes of a cache, tables of blocks and ranges, followed here by plain loops.

import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import ReferenceCases
import Testing
import Traces

/// A case of some shape on disk, and what kernels in plain loops answer to its file.
private struct ServedCase {
    let folder: TemporaryFolder
    let path: String
    let told: [IndexerMistake]
    let (sequences, queries, keys, heads, d, topK): (Int, Int, Int, Int, Int, Int)

    init(
        batch: Int? = 3, queries: Int = 2, keys: Int = 90, blockSize: Int? = 16, ragged: UInt64? = 5, seed: UInt64 = 11,
        includesScores: Bool = true
    ) throws {
        folder = try TemporaryFolder()
        path = folder.path + "/case.safetensors"
        (sequences, self.queries, self.keys, heads, d, topK) = (batch ?? 1, queries, keys, 4, 32, 12)
        var generator = try IndexerCaseGenerator(queries: queries, keys: keys, heads: heads, dimension: d, topK: topK, seed: seed)
        (generator.serving.batch, generator.serving.blockSize, generator.serving.ragged) = (batch, blockSize, ragged)
        generator.serving.includesScores = includesScores
        told = try generator.write(to: path).told
    }

    var file: Safetensors { get throws { try Safetensors(path: path) } }
    var rows: Int { sequences * queries }

    func values(_ name: String) throws -> [Double] {
        let file = try file
        return try file.tensor(name, axes: try file.info(name).shape.indices.map { Axis("\($0)") }).values
    }

    /// Features and scale of the key at a position of a sequence, out of the file's bytes.
    func key(_ file: Safetensors, _ sequence: Int, _ position: Int) throws -> (features: [Double], scale: Double) {
        guard file.contains("input.cache") else {
            let all = try values("input.k")
            let first = (sequence * keys + position) * d
            return (Array(all[first..<first + d]), try values("input.k_scale")[sequence * keys + position])
        }
        let (bytes, table) = (try file.codes("input.cache"), try file.integers("input.block_table"))
        let (blocks, size) = (try file.info("input.block_table").shape[1], 16)
        let start = table[sequence * blocks + position / size] * size * (d + 4)
        let codes = bytes[start + position % size * d..<start + (position % size + 1) * d]
        let place = start + size * d + 4 * (position % size)
        let scale = Float(bitPattern: bytes[place..<place + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        return (codes.map { Float8.decode($0) }, Double(scale))
    }

    /// All scores, row by row, by plain loops.
    func scores() throws -> [[Double]] {
        let (file, q, weights) = (try file, try values("input.q"), try values("input.weights"))
        let cache = try (0..<sequences).map { sequence in try (0..<keys).map { try key(file, sequence, $0) } }
        return (0..<rows).map { row in
            cache[row / queries].map { key in
                let sum = (0..<heads).reduce(0.0) { sum, j in
                    let dot = (0..<d).reduce(0.0) { $0 + q[(row * heads + j) * d + $1] * key.features[$1] }
                    return sum + weights[row * heads + j] * max(0, dot)
                }
                return sum * key.scale
            }
        }
    }

    /// The keys that each row keeps, where it sees what `range` says.
    func selection(_ scores: [[Double]], _ range: (Int) throws -> Range<Int>) throws -> [[Int]] {
        try scores.enumerated().map { row, own in
            let kept = try range(row).sorted { own[$0] != own[$1] ? own[$0] > own[$1] : $0 < $1 }.prefix(topK)
            return kept + [Int](repeating: -1, count: topK - kept.count)
        }
    }

    func range(_ row: Int) throws -> Range<Int> {
        let (starts, ends) = (try file.integers("input.starts"), try file.integers("input.ends"))
        return starts[row]..<ends[row]
    }

    func check(
        selected: [[Int]]? = nil, score: [[Double]]? = nil, shape: [Int]? = nil, rules: IndexerCheck.Rules = IndexerCheck.Rules()
    ) throws -> IndexerCheck {
        var writer = SafetensorsWriter()
        let shape = shape ?? [rows]
        if let selected { writer.add("selected", shape: shape + [selected[0].count], int32: selected.flatMap(\.self)) }
        if let score { writer.add("score", shape: shape + [keys], floats: score.flatMap(\.self).map(Float.init)) }
        try writer.write(to: folder.path + "/mine.safetensors")
        return try IndexerCheck(ReferenceCase(path: path), dump: folder.path + "/mine.safetensors", rules: rules)
    }

    /// The case with one tensor, or one text of its configuration, changed.
    func changed(_ tensor: String, shape: [Int]? = nil, _ values: [Int]) throws -> String {
        let file = try file
        var writer = SafetensorsWriter(metadata: file.metadata)
        for name in file.names {
            let info = try file.info(name)
            if name == tensor {
                writer.add(name, shape: shape ?? info.shape, int32: values)
            } else {
                switch info.dataType {
                case .i32: writer.add(name, shape: info.shape, int32: try file.integers(name))
                case .i64: writer.add(name, shape: info.shape, integers: try file.integers(name))
                case .u8: writer.add(name, shape: info.shape, bytes: try file.codes(name))
                case .f8E4M3: writer.add(name, shape: info.shape, float8Codes: try file.codes(name))
                default: writer.add(name, shape: info.shape, doubles: try self.values(name))
                }
            }
        }
        let path = folder.path + "/changed.safetensors"
        try writer.write(to: path)
        return path
    }
}

@Suite struct ServingShapeTests {
    static let shapes: [(Int?, Int, Int?, UInt64?)] = [
        (3, 2, 16, 5), (2, 1, 16, nil), (3, 4, nil, 9), (2, 5, nil, nil), (nil, 24, nil, 4), (nil, 3, 16, 8),
    ]

    @Test(arguments: shapes) func `what a case expects is what plain loops over its bytes give`(
        batch: Int?, queries: Int, blockSize: Int?, ragged: UInt64?
    )
        throws
    {
        let made = try ServedCase(batch: batch, queries: queries, blockSize: blockSize, ragged: ragged)
        let (scores, expected) = (try made.scores(), try made.values("expected.score"))
        #expect(zip(scores.flatMap(\.self), expected).allSatisfy { abs($0 - $1) < 1e-9 } && expected.count == made.rows * made.keys)
        let selected = try made.selection(scores, made.range)
        #expect(try selected.map { $0.filter { $0 >= 0 }.sorted() } == rows(made.file.integers("expected.selected"), made.topK))
        #expect(try ReferenceCase(path: made.path).verify().allSatisfy(\.passed))
        guard blockSize != nil else { return }
        let table = try made.file.integers("input.block_table")
        let blocks = table.count / made.sequences
        let slots = selected.enumerated().map { row, keys in
            keys.filter { $0 >= 0 }.sorted().map { table[row / queries * blocks + $0 / 16] * 16 + $0 % 16 }
        }
        #expect(try rows(made.file.integers("expected.slots"), made.topK) == slots)
    }

    private func rows(_ keys: [Int], _ ranks: Int) -> [[Int]] {
        stride(from: 0, to: keys.count, by: ranks).map { keys[$0..<$0 + ranks].filter { $0 >= 0 } }
    }

    @Test(arguments: shapes) func `every mistake that the shape allows is told`(batch: Int?, queries: Int, blockSize: Int?, ragged: UInt64?)
        throws
    {
        let made = try ServedCase(batch: batch, queries: queries, blockSize: blockSize, ragged: ragged)
        var wanted = Set(IndexerMistake.all.prefix(11))
        if batch != nil || blockSize != nil, queries > 1 { wanted.insert(.oneBoundary) }
        if blockSize != nil { wanted.insert(.tableIgnored) }
        if batch == nil, blockSize == nil { wanted.insert(.startsIgnored) }
        #expect(wanted.subtracting(made.told).count <= 1 && Set(made.told).isSubset(of: wanted), "\(made.told.map(\.name))")
        #expect(Set(IndexerMistake.all.prefix(4)).isSubset(of: made.told))
    }

    @Test(arguments: ["", "offset+1", "offset-2", "one-boundary", "table-ignored", "starts-ignored"])
    func `kernels of served shapes are judged by their selections alone`(mistake: String) throws {
        let isPacked = mistake == "starts-ignored"
        let made = isPacked ? try ServedCase(batch: nil, queries: 24, blockSize: nil) : try ServedCase()
        var scores = try made.scores()
        if mistake == "table-ignored" {
            // The blocks from the start of the cache, whatever the table says.
            let file = try made.changed("input.block_table", (0..<made.sequences).flatMap { _ in 0..<6 })
            let other = try ReferenceCase(path: file).indexer().compute().score
            scores = (0..<made.rows).map { other.slice(.t, at: $0).values }
        }
        let selected = try made.selection(scores) { row in
            let range = try made.range(row)
            switch mistake {
            case "offset+1": return range.lowerBound..<min(range.upperBound + 1, made.keys)
            case "offset-2": return range.lowerBound..<range.upperBound - 2
            case "one-boundary": return 0..<(try made.range(row / made.queries * made.queries + made.queries - 1).upperBound)
            case "starts-ignored": return 0..<range.upperBound
            default: return range
            }
        }
        let check = try made.check(selected: selected)
        #expect(check.verdict == (mistake.isEmpty ? .right : .wrong) && check.diagnosis?.mistake.name ?? "" == mistake, "\(check.verdict)")
    }

    @Test func `a dump may have an axis of sequences, physical places, or places from a query's start`() throws {
        let made = try ServedCase()
        let (scores, table) = (try made.scores(), try made.file.integers("input.block_table"))
        let selected = try made.selection(scores, made.range)
        #expect(try made.check(selected: selected, score: scores, shape: [3, 2]).verdict == .right)
        #expect(try made.check(selected: selected, score: scores, shape: [1, 6]).verdict == .right)
        let blocks = table.count / 3
        func physical(_ rows: [[Int]]) -> [[Int]] {
            rows.enumerated().map { row, keys in keys.map { $0 < 0 ? -1 : table[row / 2 * blocks + $0 / 16] * 16 + $0 % 16 } }
        }
        var rules = IndexerCheck.Rules()
        rules.positions = .physical
        #expect(try made.check(selected: physical(selected), rules: rules).verdict == .right)
        var foreign = physical(selected)
        foreign[0][3] = foreign[5][0]
        #expect(
            problem { try made.check(selected: foreign, rules: rules) }
                == "badData: selected, row 0: expected places in the blocks of sequence 0, or -1, found \(foreign[0][3])")
        let packed = try ServedCase(batch: nil, queries: 24, blockSize: nil)
        let own = try packed.selection(packed.scores(), packed.range)
        #expect(
            problem { try packed.check(selected: own, rules: rules) } == "badData: physical positions: expected a case with a block table")
        rules.positions = .relative
        let moved = try own.enumerated().map { row, keys in try keys.map { $0 < 0 ? -1 : $0 - (try packed.range(row).lowerBound) } }
        #expect(try packed.check(selected: moved, rules: rules).verdict == .right)
        rules.positions = .logical
        #expect(try packed.check(selected: moved, rules: rules).verdict == .wrong)
    }

    @Test func `scores that were left out are computed, and give the same verdicts`() throws {
        let (with, without) = (try ServedCase(), try ServedCase(includesScores: false))
        #expect(try !without.file.contains("expected.score"))
        var scores = try with.scores()
        let selected = try with.selection(scores, with.range)
        #expect(try without.check(selected: selected, score: scores).verdict == .right)
        let end = try with.range(0).upperBound
        scores[0][end - 1] += 10 * abs(scores[0][end - 1])
        let (a, b) = (try with.check(selected: selected, score: scores), try without.check(selected: selected, score: scores))
        #expect(a.verdict == .wrong && b.verdict == .wrong && a.score?.worstIndex == [0, end - 1] && a.score == b.score)
        // Beyond the boundary nobody judges.
        scores = try with.scores()
        scores[0][end] = .nan
        #expect(try with.check(selected: selected, score: scores).verdict == .right)
        scores[0][0] = .nan
        #expect(problem { try with.check(selected: selected, score: scores) } == "badData: score[0, 0]: expected a number, found NaN")
    }

    @Test func `tables, ranges and lengths that do not fit are named`() throws {
        let made = try ServedCase()
        let file = try made.file
        func message(_ tensor: String, shape: [Int]? = nil, _ change: (inout [Int]) -> Void) throws -> String {
            var values = try file.integers(tensor)
            change(&values)
            let path = try made.changed(tensor, shape: shape, values)
            return problem { try ReferenceCase(path: path).indexer() }
        }
        let blocks = try file.info("input.cache").shape[0]
        #expect(
            try message("input.block_table") { $0[7] = blocks }
                == "badData: input.block_table[1, 1]: expected a block from 0 to \(blocks - 1), found \(blocks)")
        #expect(try message("input.block_table") { $0[0] = -1 }.hasSuffix("found -1"))
        #expect(
            try message("input.block_table", shape: [3, 5]) { $0.removeLast(3) }
                == "badData: input.block_table: expected at least 6 blocks a sequence, found 5")
        let end = try made.range(3).upperBound
        #expect(
            try message("input.starts") { $0[3] = end + 1 }
                == "badData: input.starts[1, 1]: expected 0 to its end, \(end), found \(end + 1)")
        #expect(try message("input.ends") { $0[3] = 91 } == "badData: input.ends[1, 1]: expected 0 to 90, found 91")
        #expect(try message("input.ends", shape: [6]) { _ in } == "badData: input.ends: expected [3, 2], found [6]")
        #expect(
            try message("input.lengths") { $0[1] += 1 } == "badData: input.lengths[1]: expected \(end) as input.ends has, found \(end + 1)")
        #expect(
            try message("expected.selected") { $0[1] = 90 }.hasPrefix(
                "badData: expected.selected[0, 0, 1]: expected a key from 0 to 89, or -1, found 90"))
    }

    @Test func `a layout comes from a file, an empty range and shared blocks included`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/layout.safetensors"
        var writer = SafetensorsWriter()
        writer.add("starts", shape: [2, 2], int32: [0, 3, 7, 5])
        writer.add("ends", shape: [2, 2], int32: [12, 20, 7, 30])
        writer.add("block_table", shape: [2, 4], int32: [2, 1, 0, 0, 2, 3, 4, 0])
        try writer.write(to: path)
        var generator = try IndexerCaseGenerator(queries: 2, keys: 30, heads: 2, dimension: 16, topK: 40, seed: 3)
        (generator.serving.batch, generator.serving.blockSize) = (2, 8)
        generator.serving.given = try ServingShape.Given(path: path, batch: 2, queries: 2, isPaged: true)
        try generator.write(to: folder.path + "/case.safetensors")
        let reference = try ReferenceCase(path: folder.path + "/case.safetensors")
        let layout = try reference.indexer().layout
        #expect(layout.visible == [0..<12, 3..<20, 7..<7, 5..<30] && layout.table == [[2, 1, 0, 0], [2, 3, 4, 0]] && layout.blocks == 5)
        // More keys are asked for than any query sees.
        let kept = try reference.file.integers("expected.selected")
        #expect(
            try reference.file.info("expected.selected").shape == [2, 2, 30] && kept[60..<90].allSatisfy { $0 == -1 }
                && kept.filter { $0 >= 0 }.count == 12 + 17 + 25)
        #expect(try reference.verify().allSatisfy(\.passed))
        #expect(
            problem { try ServingShape.Given(path: path, batch: 2, queries: 2, isPaged: false) }
                == "badData: block_table: expected starts, ends in a layout, found one without --block-size")
        #expect(
            problem { try ServingShape.Given(path: path, batch: nil, queries: 4, isPaged: true) }
                == "badData: starts: expected the shape [4], found [2, 2]")
    }

    @Test(arguments: [true, false]) func `scores a tile at a time have the bits of the engine's steps`(isFloat8: Bool) throws {
        let folder = try TemporaryFolder()
        var generator = try IndexerCaseGenerator(queries: 3, keys: 300, heads: 4, dimension: 32, topK: 20, seed: 2)
        generator.isFloat8 = isFloat8
        try generator.write(to: folder.path + "/case.safetensors")
        let indexer = try ReferenceCase(path: folder.path + "/case.safetensors").indexer()
        let (trace, tiled) = (try indexer.trace(), indexer.compute())
        #expect(try trace.step("indexer.score").output.transposed(to: [.t, .s]).values == tiled.score.values)
        #expect(try trace.step("selected").output.values == tiled.selected.values)
    }

    @Test func `one sequence of several is traced, right and with a switch`() throws {
        let made = try ServedCase()
        let reference = try ReferenceCase(path: made.path)
        let (scores, trace) = (try made.scores(), try reference.trace(sequence: 1))
        let rows = try trace.step("indexer.score").output.transposed(to: [.t, .s])
        for row in 0..<2 {
            #expect(zip(rows.slice(.t, at: row).values, scores[2 + row]).allSatisfy { abs($0 - $1) < 1e-9 })
        }
        let kept = try trace.step("selected").output.values.map { Int($0) }
        #expect(try self.rows(kept, made.topK) == made.selection(scores, made.range)[2..<4].map { $0.filter { $0 >= 0 }.sorted() })
        let unrotated = try reference.trace(switches: [.hadamardQueryOnly, .topK(5)], sequence: 1)
        let answers = try unrotated.step("indexer.score").output
        #expect(try unrotated.step("selected").output.shape.lengths == [2, 5] && unrotated.switches == ["hadamard-query-only", "top-k=5"])
        #expect(answers != (try trace.step("indexer.score").output))
        let uncut = try reference.trace(switches: [.noReLU], sequence: 1).step("indexer.score").output
        let (q, weights) = (try made.values("input.q"), try made.values("input.weights"))
        let key = try made.key(made.file, 1, 7)
        let expected = (0..<made.heads).reduce(0.0) { sum, j in
            sum + weights[2 * made.heads + j] * (0..<made.d).reduce(0.0) { $0 + q[(2 * made.heads + j) * made.d + $1] * key.features[$1] }
        }
        #expect(abs(uncut[0, 7] - expected * key.scale) < 1e-9)
    }

    @Test func `a sequence that there is not and switches that change nothing are named`() throws {
        let made = try ServedCase()
        let reference = try ReferenceCase(path: made.path)
        #expect(problem { try reference.trace() } == "badData: the sequence of an indexer case: expected one of 0 to 2, found none")
        #expect(problem { try reference.trace(sequence: 3) }.hasSuffix("expected one of 0 to 2, found 3"))
        #expect(problem { try reference.trace(switches: [.noFloat8], sequence: 0) }.contains("switch no-fp8: expected no-relu"))
        #expect(
            problem { try reference.trace(switches: [.topK(3), .topK(4)], sequence: 0) }
                == "badData: switch top-k=4: expected one top-k, found top-k=3 too")
        #expect(
            problem { try ReferenceCase(path: fixture("dsa-tiny-exact")).trace(sequence: 0) }
                == "badData: a sequence is chosen of cases of kind indexer; this case is of kind deepseek-sparse-attention")
    }
}
