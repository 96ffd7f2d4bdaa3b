// The record of lowered programs in assets: what stands in it, and every guard by a damaged file.

import ModelFiles
import Records
import Testing
import Traces

@Suite struct LoweringFileTests {
    private static let bytes = ConfigurationTests.asset("tilelang/recorded.json")

    @Test func `five programs were lowered, for the same machines`() throws {
        let record = try PublishedData.lowerings(Self.bytes, file: "recorded.json")
        #expect(record.programs.map(\.program) == ["matmul", "convolution", "indexer", "attention", "sparse-attention"])
        #expect(Set(record.programs.map { $0.targets.map(\.name) }).count == 1)
        #expect(record.programs.allSatisfy { $0.run.lines > 0 && $0.run.largestError <= 1e-5 })
        #expect(!record.version.isEmpty && record.date.count == 10)
    }

    private static let good =
        #"{"version": "1", "date": "d", "programs": [{"program": "p", "sizes": [{"name": "M", "value": 2}], "c": {"lines": 1, "seeds": 1, "largestError": 0}, "lowered": [{"target": "t", "lines": 3, "families": [{"name": "mma", "count": 1}], "excerpt": ["a"]}, {"target": "u", "error": "no\nno"}]}]}"#

    @Test func `sources and errors are told apart, an error on one line`() throws {
        let record = try PublishedData.lowerings(Array(Self.good.utf8), file: "f")
        let targets = record.programs[0].targets
        #expect(targets[0].result == .source(lines: 3, families: [.init(name: "mma", count: 1)], excerpt: ["a"]))
        #expect(targets[1].result == .error("no no"))
        #expect(record.programs[0].sizes.map(\.value) == [2])
    }

    @Test(arguments: [
        (#""version": "1""#, #""version": """#, "f: version: expected 1 to 60 characters on one line, found \"\""),
        (#""lines": 3"#, #""lines": 0"#, "f: programs[0].lowered[0].lines: expected a whole number of at least 1, found 0"),
        (#""count": 1"#, #""count": -1"#, "f: programs[0].lowered[0].families[0].count: expected a whole number of at least 1, found -1"),
        (#"["a"]"#, "[1]", "f: programs[0].lowered[0].excerpt: expected an array of texts, a line each, found [1]"),
        (#""excerpt": ["a"]"#, #""other": 1"#, "f: programs[0].lowered[0].excerpt is missing: expected an array of texts"),
        (#""error": "no\nno""#, #""error": """#, "f: programs[0].lowered[1].error: expected a text that is not empty, found \"\""),
        (#""largestError": 0"#, #""largestError": -1"#, "f: programs[0].c.largestError: expected a number from 0 on, found -1"),
        (#""c": {"lines": 1, "seeds": 1, "largestError": 0}, "#, "", "f: programs[0].c is missing: expected an object"),
    ]) func `a damaged record is refused by its field`(old: String, new: String, message: String) throws {
        let damaged = Self.good.replacing(old, with: new)
        #expect(damaged != Self.good)
        let error = #expect(throws: FileError.self) { try PublishedData.lowerings(Array(damaged.utf8), file: "f") }
        #expect(error?.description == message)
    }

    @Test func `no program, or no machine, is refused`() {
        for text in [
            #"{"version": "1", "date": "d", "programs": []}"#,
            Self.good.replacing(
                #"{"target": "t", "lines": 3, "families": [{"name": "mma", "count": 1}], "excerpt": ["a"]}, {"target": "u", "error": "no\nno"}"#,
                with: ""),
        ] {
            #expect(throws: FileError.self) { try PublishedData.lowerings(Array(text.utf8), file: "f") }
        }
    }
}
