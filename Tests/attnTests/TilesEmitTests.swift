// attn tiles emit as a user calls it: what it writes, what it refuses, and that its defaults are the sizes that were recorded.

import Foundation
import Testing

private let programs = ["matmul", "convolution", "indexer", "attention", "sparse-attention"]

@Suite final class TilesEmitTests {
    private let folder: URL
    init() throws { folder = try Place.temporary() }
    deinit { try? FileManager.default.removeItem(at: folder) }

    private func emit(_ arguments: String...) throws -> Run { try attn(["tiles", "emit"] + arguments, folder: folder) }
    private var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() } }

    @Test(
        arguments: [
            (
                ["matmu"], 65,
                "program: expected matmul, convolution, indexer, attention, sparse-attention, found matmu; did you mean matmul?"
            ),
            (["matmul", "--tile", "0x16x16"], 65, "tile: expected rows from 1 to 4096, found 0"),
            (["matmul", "--tile", "16x16"], 64, "--tile: expected RxCxD such as 128x128x32, found \"16x16\""),
            (["matmul", "--m", "0"], 65, "m: expected 1 to"), (["matmul", "--stages", "17"], 65, "stages: expected 1 to 16, found 17"),
            (["matmul", "--heads", "2"], 64, "matmul has no use for --heads; it takes --m, --n, --k"),
            (["attention", "--queries", "9", "--keys", "8"], 65, "queries: expected at most as many as keys, 8, found 9"),
            (["matmul", "--seeds", "3"], 64, "--seeds: expected with --results DIR"),
            (["matmul", "--results", "r", "--seeds", "0"], 64, "--seeds: expected 1 to 1000, found 0"),
            (["matmul", "--results", ""], 64, "--results: expected a folder's name, found an empty one"),
            (["matmul", "--output", ""], 64, "--output: expected a file name, found an empty one"),
            (["matmul", "--output", "/nowhere/m.py"], 73, "/nowhere/m.py: cannot be written"),
            (["matmul", "--output", "/dev/full"], 73, "No space left on device"),
            (["matmul", "--output", "m.py", "--results", "/proc/nowhere"], 73, "cannot be made"),
            (
                ["matmul", "--results", "r", "--seeds", "2", "--output", "r/matmul.2.npy"], 64,
                "expected a file other than those that --results"
            ),
            (["matmul", "--m", "10000", "--n", "10000", "--results", "r"], 65, "cells to compute with"),
            (["matmul", "--chip", "paper"], 64, "--chip"), (["matmul", "--json"], 64, "--json"),
        ] as [([String], Int32, String)])
    func `what cannot be emitted is one line, and nothing is left behind`(arguments: [String], status: Int32, message: String) throws {
        let run = try attn(["tiles", "emit"] + arguments, folder: folder)
        #expect(run.status == status && run.error.contains(message), "\(run)")
        #expect(run.error.split(separator: "\n").count == 1 && run.output.isEmpty, "\(run)")
        #expect(try names.isEmpty)
    }

    @Test(arguments: programs) func `by default a program has the sizes and tiles that were recorded`(program: String) throws {
        let run = try emit(program)
        #expect(run.status == 0 && run.error.isEmpty && run.output.hasPrefix("\"\"\"\(program): "))
        let path = Place.repository.appending(path: "assets/tilelang/recorded.json").path
        let recorded = try #require(try json(String(contentsOfFile: path, encoding: .utf8)) as? [String: Any])
        let all = try #require(recorded["programs"] as? [[String: Any]])
        let sizes = try #require(all.first { $0["program"] as? String == program }?["sizes"] as? [[String: Any]])
        // What a formula gives is recorded too, but stands in the file as its formula.
        var constants: [String: String] = [:]
        for line in run.output.split(separator: "\n").prefix(while: { !$0.hasPrefix("def") }) where line.contains(" = ") {
            let sides = line.split(separator: " = ").map { $0.split(separator: ", ").map(String.init) }
            for (name, value) in zip(sides[0], sides[1]) where constants[name] == nil { constants[name] = value }
        }
        for size in sizes {
            let (name, value) = (try #require(size["name"] as? String), try #require(size["value"] as? Int))
            let written = try #require(constants[name], "\(name)")
            #expect(written == "\(value)" || written.contains("//"), "\(name)")
        }
    }

    @Test func `a file and the engine's results stand where they were wanted, one for each seed, twice the same`() throws {
        for round in ["a", "b"] {
            let run = try emit(
                "attention", "--queries", "5", "--keys", "9", "--dim", "3", "--value-dim", "2", "--tile", "4x3", "--output", "\(round).py",
                "--results", "\(round)/deep", "--seeds", "2")
            #expect(run.status == 0 && run.output.isEmpty && run.error.isEmpty, "\(run)")
        }
        #expect(try names == ["a", "a.py", "b", "b.py"])
        let results = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/a/deep").sorted()
        #expect(results == ["attention.1.npy", "attention.2.npy"])
        func bytes(_ path: String) throws -> Data { try Data(contentsOf: folder.appending(path: path)) }
        for path in ["a/deep/attention.1.npy", "a/deep/attention.2.npy", "a.py"] {
            #expect(try bytes(path) == bytes("b" + path.dropFirst()))
        }
        let (one, two) = (try bytes("a/deep/attention.1.npy"), try bytes("a/deep/attention.2.npy"))
        // 5 queries, 2 heads, 2 features, 8 bytes each, behind a header of 128.
        #expect(one.count == 128 + 5 * 2 * 2 * 8 && one.count == two.count && one != two)
        #expect(String(decoding: one.prefix(80), as: UTF8.self).contains("'shape': (5, 2, 2)"))
    }

    @Test func `more queries than the default's keys have as many keys`() throws {
        let run = try emit("indexer", "--queries", "300")
        #expect(run.status == 0 && run.output.contains("\nqueries, keys, heads, dim = 300, 300, 4, 32\n"))
    }

    @Test func `an odd tile is emitted, and Ascend's body says that it cannot share it`() throws {
        let run = try emit("attention", "--tile", "7x9")
        #expect(run.status == 0 && run.output.contains("block_M, block_N = 7, 9"))
        #expect(run.output.contains("    if block_M % 2:\n        raise ValueError("))
    }
}
