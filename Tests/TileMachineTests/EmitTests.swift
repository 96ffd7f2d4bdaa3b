// What is emitted of each program, held against texts that scripts/test-tilelang compiled and ran. RECORD_GOLDENS=1 rewrites them and fails.

import Foundation
import TileMachine
import Testing
import Traces

/// The programs at the sizes and tiles of assets/tilelang/recorded.json.
private func recordedTasks() throws -> [TileLangFile] {
    [
        TileLangFile(.matmul(try Matmul(m: 200, n: 136, k: 104)), try .of(128, 128, 32, stages: 3)),
        TileLangFile(
            .convolution(try Convolution(images: 2, height: 13, width: 11, channels: 8, filters: 40, kernel: 3, stride: 1, padding: 1)),
            try .of(64, 64, 32, stages: 3)),
        TileLangFile(.indexer(try IndexerScores(queries: 72, keys: 200, heads: 4, dimension: 32)), try .of(64, 64, 32, stages: 2)),
        TileLangFile(
            .attention(try AttentionTiles(queries: 72, keys: 200, heads: 2, dimension: 32, valueDimension: 48)),
            try .of(64, 64, 32, stages: 1)),
        TileLangFile(
            .sparseAttention(
                try SparseAttentionTiles(queries: 6, keys: 200, heads: 72, dimension: 32, valueDimension: 48, topK: 100)),
            try .of(64, 32, 32, stages: 2)),
    ]
}

/// Numbers at the top of a file, by name.
private func numbers(_ text: String) -> [String: Int] {
    var numbers: [String: Int] = [:]
    for line in text.split(separator: "\n").prefix(while: { !$0.hasPrefix("def") }) {
        let sides = line.split(separator: "=").map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
        guard sides.count == 2, sides[0].count == sides[1].count else { continue }
        for (name, value) in zip(sides[0], sides[1]) { numbers[name] = Int(value) }
    }
    return numbers
}

/// The text between two others.
private func between(_ start: String, _ end: String, in text: String) -> String? {
    guard let from = text.range(of: start), let to = text.range(of: end, range: from.upperBound..<text.endIndex) else { return nil }
    return String(text[from.upperBound..<to.lowerBound])
}

@Test func `what is emitted is what was compiled and run`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens")
    for file in try recordedTasks() {
        let golden = folder.appending(path: "\(file.functionName).py")
        if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(file.text.utf8).write(to: golden)
            Issue.record("recorded \(golden.lastPathComponent)")
            continue
        }
        let expected = try String(contentsOf: golden, encoding: .utf8)
        let lines = expected.split(separator: "\n", omittingEmptySubsequences: false)
        for (number, (found, line)) in zip(file.lines, lines).enumerated() where found != line {
            Issue.record("\(golden.lastPathComponent):\(number + 1): expected \(line), found \(found)")
        }
        #expect(file.text == expected)
    }
}

@Test func `a file has the numbers of its task, and every matrix with its axes`() throws {
    let task = TileTask.sparseAttention(
        try SparseAttentionTiles(queries: 5, keys: 14, heads: 3, dimension: 6, valueDimension: 4, topK: 7))
    let file = TileLangFile(task, try .of(2, 4, 6, stages: 3))
    #expect(
        numbers(file.text) == [
            "queries": 5, "keys": 14, "heads": 3, "dim": 6, "value_dim": 4, "top_k": 7, "block_H": 2, "block_K": 4, "stages": 3,
        ])
    let parameters = try #require(between("def sparse_attention(\n", "    ):", in: file.text))
    #expect(
        parameters.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) } == [
            "q: T.Tensor((queries, heads, dim), dtype),", "k: T.Tensor((keys, dim), dtype),", "v: T.Tensor((keys, value_dim), dtype),",
            "indices: T.Tensor((queries, top_k), \"int32\"),", "out: T.Tensor((queries, heads, value_dim), \"float32\"),",
        ])
    #expect(file.text.contains("\nscale = dim**-0.5\n"))
}

@Test func `a convolution's result is as large as its formula says, with stride and without padding`() throws {
    let task = try Convolution(height: 7, width: 6, channels: 3, filters: 5, kernel: 3, stride: 2, padding: 0)
    let text = TileLangFile(.convolution(task), try .of(5, 3, 4)).text
    #expect(text.contains("\nOH, OW = (H + 2 * padding - R) // stride + 1, (W + 2 * padding - R) // stride + 1\n"))
    let of = numbers(text)
    let (H, W, R) = (try #require(of["H"]), try #require(of["W"]), try #require(of["R"]))
    #expect((H - R) / 2 + 1 == task.outputHeight && (W - R) / 2 + 1 == task.outputWidth)
    #expect(of["stride"] == 2 && of["padding"] == 0 && !text.contains("scale"))
}

@Test func `every statement of a program has its line, in the body of four machines and in Ascend's`() throws {
    for (task, choice) in try oddTasks() {
        let file = TileLangFile(task, choice)
        let common = Set(file.body(for: .cuda).compactMap(\.statement))
        #expect(common == Set(file.program.statements.map(\.number)), "\(file.program.name)")
        for machine in TileLangFile.Machine.allCases where machine != .ascend {
            #expect(file.body(for: machine) == file.body(for: .cuda) && file.ownLines(of: machine).isEmpty)
        }
        let left = file.program.statements.filter { statement in !file.body(for: .ascend).contains { $0.statement == statement.number } }
        // On Ascend a product clears its accumulator itself, and the indexer's weights are read where they are.
        for statement in left {
            switch statement.kind {
            case .fill(_, 0): continue
            case .allocate(let tile), .load(_, let tile): #expect(tile.name == "w_local")
            default: Issue.record("\(file.program.name): \(statement) has no line")
            }
        }
    }
}

@Test func `Ascend's body names its memories, and shares rows between two vector cores`() throws {
    for file in try recordedTasks() {
        let lines = file.body(for: .ascend).map(\.text)
        let joined = lines.joined(separator: "\n")
        #expect(lines[0].contains("Kernel(") && lines[0].hasSuffix(":"))
        #expect(!joined.contains("alloc_fragment") && !joined.contains("T.clear(S_"))
        #expect(lines.filter { $0.contains("T.gemm(") }.allSatisfy { $0.contains("transpose_B=True, clear_accum=") })
        // Every tile that is used was allocated, under the name by which it is used.
        let tiles = lines.compactMap { $0.contains(" = T.alloc_") ? $0.split(separator: " ")[0] : nil }
        #expect(Set(tiles).count == tiles.count)
        for tile in file.program.tiles where tile.name != "w_local" {
            let stem = tile.name.replacing("_local", with: "").replacing("_shared", with: "")
            #expect(tiles.contains { $0.hasPrefix(stem) }, "\(tile.name)")
        }
        let gathers = lines.filter { $0.contains("sid * half") }
        #expect(gathers.isEmpty == (file.program.name == "matmul"))
        #expect(file.ownLines(of: .ascend).allSatisfy { !file.body(for: .c).map(\.text).contains($0.text) })
    }
}

@Test func `names stand for one thing on C, another on devices, and Ascend halves what its vector cores share`() throws {
    let files = try recordedTasks()
    let c = files[0].names(of: .c)
    #expect(c.map(\.name) == ["alloc_shared", "alloc_fragment", "Parallel", "dtype", "threads"])
    #expect(c.map(\.meaning) == ["T.alloc_local", "T.alloc_local", "T.grid", "\"float32\"", "{}"])
    for machine in [TileLangFile.Machine.hip, .metal] { #expect(files[0].names(of: machine) == files[0].names(of: .cuda)) }
    #expect(files[0].names(of: .ascend).map(\.name) == ["dtype"])
    let halves = files[4].names(of: .ascend).map { "\($0.name) = \($0.meaning)" }.suffix(2)
    #expect(halves == ["half_H = block_H // 2", "half_K = block_K // 2"])
}

@Test func `arithmetic counted without a chip is that of the schedule`() throws {
    for (task, choice) in try oddTasks() {
        let program = task.program(choice)
        #expect(try program.flops() == Schedule(program, on: .named("h800"), width: 2).flops)
    }
}
