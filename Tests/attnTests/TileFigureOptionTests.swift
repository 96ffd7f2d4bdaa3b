// Options of the figures of tiles: heeded where they say something, refused by name where a figure has no use for them.

import CairoRenderer
import Foundation
import Testing

@Suite struct TileFigureOptionTests {
    private func drawn(_ arguments: [String]) throws -> (run: Run, picture: Data?) {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path + "/p.svg"
        let run = try attn(["figure"] + arguments + ["--output", path])
        return (run, FileManager.default.contents(atPath: path))
    }

    @Test(arguments: [
        (["tiles", "--moment", "99999"], Int32(65), "moment: expected an entry from 0 to 26, found 99999"),
        (["tiles", "--moment=-1"], 65, "moment: expected an entry from 0 to 26, found -1"),
        (["tiles", "--program", "nope"], 65, "program: expected matmul, convolution"),
        (["tiles", "--chip", "nope"], 65, "chip: expected ascend-910b, ascend-950, h800, paper, or a file, found nope"),
        (["timeline", "--chip", "h800"], 65, "timeline: h800 has no speeds for its paths and units"),
        (["traffic", "--moment", "3"], 64, "traffic has no use for --moment"),
        (["one-program", "--chip", "paper"], 64, "one-program has no use for --chip"),
        (["matrix", "--program", "matmul"], 64, "matrix has no use for --program"),
        (["prices", "--chip", "paper"], 64, "prices has no use for --chip"),
        (["tiles", "--lesson", "1"], 64, "tiles draws no trace"),
    ]) func `what a figure of tiles cannot do is one line, and no file`(arguments: [String], status: Int32, line: String) throws {
        let (run, picture) = try drawn(arguments)
        #expect(run.status == status && run.error.contains(line) && run.error.split(separator: "\n").count == 1, "\(run.error)")
        #expect(picture == nil)
    }

    @Test func `a program, a chip and a moment change the picture`() throws {
        let choices = [
            [], ["--moment", "3"], ["--program", "indexer"], ["--chip", "ascend-910b"], ["--program", "attention", "--lang", "zh"],
        ]
        let pictures = try choices.map { choice in
            let (run, picture) = try drawn(["tiles"] + choice)
            #expect(run.status == 0, "\(run.error)")
            return try #require(picture)
        }
        #expect(Set(pictures).count == choices.count)
        #expect(try drawn(["one-program", "--program", "attention"]).picture != drawn(["one-program"]).picture)
        #expect(try drawn(["timeline", "--program", "attention"]).picture != drawn(["timeline"]).picture)
    }
}
