// Published counts of lines and speeds: the files as they come, and what is wrong with others.

import ModelFiles
import Records
import Testing
import Traces

@Suite struct CodeCountTests {
    private let assets = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/assets/data/"

    @Test func `the published counts are those of the repositories, and the parts of an operator do not exceed it`() throws {
        let counts = try PublishedData.codeCounts(WholeFile.read(assets + "code-counts.csv"), file: "code-counts.csv")
        func lines(_ id: String) throws -> Int { try #require(counts.first { $0.id == id }).lines }
        #expect(try lines("tilelang-gemm") == 22 && lines("flashmla-dense-decode") == 1501 && lines("deepseek-indexer") == 52)
        #expect(try lines("cann-convolution-kernel") + lines("cann-convolution-host") <= lines("cann-convolution"))
        #expect(try lines("ascend-c-indexer-kernel") <= lines("ascend-c-indexer"))
        let speeds = try PublishedData.tileSpeeds(WholeFile.read(assets + "tile-speeds.csv"), file: "tile-speeds.csv")
        #expect(speeds.first { $0.id == "naive" } == .some(speeds[2]) && speeds[2].isTime && speeds[2].value == 0.042231)
        #expect(speeds.allSatisfy { $0.source.contains("#") })
    }

    @Test(arguments: [
        ("a,0,x,y", "line 2, lines: expected a number of lines above 0, found 0"),
        ("a,1,x,y\na,2,x,y", "line 3, id: expected a name that stands once, found a"), ("a,1,x,", "line 2, source: expected words, found "),
        ("a,1,,y", "line 2, counted: expected words, found "),
    ])
    func `a count that says nothing, or not from where, is refused`(rows: String, message: String) {
        #expect(throws: FileError(.badData, "c.csv", message)) {
            try PublishedData.codeCounts(Array("id,lines,counted,source\n\(rows)\n".utf8), file: "c.csv")
        }
    }

    @Test(arguments: [
        ("a,-1,s,x,y", "line 2, value: expected a number above 0, found -1"), ("a,1,ms,x,y", "line 2, unit: expected share or s, found ms"),
    ])
    func `a speed of another unit, or none at all, is refused`(rows: String, message: String) {
        #expect(throws: FileError(.badData, "s.csv", message)) {
            try PublishedData.tileSpeeds(Array("id,value,unit,timed,source\n\(rows)\n".utf8), file: "s.csv")
        }
    }
}
