// No option is accepted and passed over: what a figure, a source or a form has no use for is refused, with what it takes instead.

import Foundation
import Testing

@Suite struct IgnoredOptionTests {
    private static let dense = Place.fixtures + "/attention-plain.safetensors"
    private static let sparse = Place.fixtures + "/dsa-tiny-fp8.safetensors"

    @Test(arguments: [
        (["figure", "prices", "--head", "1"], "prices has no use for --head"),
        (["figure", "growth", "--step", "nope"], "growth has no use for --step"),
        (["figure", "arcs", "--key", "3"], "arcs has no use for --key; it takes --step, --head, --query, --phase"),
        (["figure", "compare", "--case", sparse, "--step", "prefill.selected"], "compare has no use for --step"),
        (["figure", "matrix", "--stage", "scores"], "matrix has no use for --stage; it takes --step"),
        (["figure", "softmax", "--part", "sum"], "softmax has no use for --part; it takes --step, --head, --query, --phase, --stage"),
        (["figure", "absorption", "--query", "1"], "absorption has no use for --query"),
        (["figure", "matrix", "--hardware", "/nope"], "matrix has no use for --hardware"),
        (["figure", "growth", "--hardware", "/nope"], "growth has no use for --hardware"),
        (["figure", "rows-touched", "--hardware", "/nope"], "rows-touched has no use for --hardware"),
        (["figure", "prices", "--measurement", "/nope"], "prices has no use for --measurement"),
        (["figure", "matrix", "--text", "zzz"], "--text: expected with --lesson or --model"),
        (["figure", "matrix", "--random", "16", "--question", "mei"], "--question: expected with --lesson"),
        (["figure", "matrix", "--phase", "decode.0"], "--phase decode.0: this trace has no phases"),
        (["trace", "--case", sparse, "--question", "mei"], "--question: expected with --lesson"),
        (["explain", "--case", dense, "--text", "x", "output[0,0]"], "--text: expected with --lesson or --model"),
        (["trace", "--lesson", "1", "--path", "gathered"], "--path applies to --case of sparse attention alone"),
        (["figure", "matrix", "--with", "no-relu"], "--with: expected with --lesson or --case"),
        (["figure", "matrix", "--model", "/nope", "--text", "x", "--with", "heads=0"], "--with: expected with --lesson or --case"),
        (["figure", "matrix", "--word", "Paris=place"], "--word: expected with --text, a diary of your own"),
        (["trace", "--lesson", "1", "--word", "Paris=place"], "--word: expected with --text, a diary of your own"),
        (
            ["lesson", "run", "1", "--model", "/nope", "--text", "x", "--word", "x=place"],
            "--word: expected with --text, a diary of your own"
        ),
        (["lesson", "run", "1", "--text", "Paris", "--word", "Paris=city"], "--word \"Paris=city\": expected a kind"),
        (["lesson", "run", "1", "--output", "x"], "--output: expected with --to html, markdown or paste; a terminal has no folder"),
        (["lesson", "run", "1", "--to", "html", "--step", "1"], "--step: expected with --to terminal; a page has all steps"),
        (["verify", "--tolerance", "inf", dense], "--tolerance: expected a finite number of at least 0, found inf"),
        (["verify", "--tolerance", "nan", dense], "--tolerance: expected a finite number of at least 0, found nan"),
    ]) func `an option without use is refused`(arguments: [String], line: String) throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let picture = arguments[0] == "figure" ? ["--output", folder.path + "/p.png"] : []
        let run = try attn(arguments + picture)
        #expect(run.status == 64 && run.error.contains(line), "\(run.status) \(run.error)")
        #expect(run.output.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test(arguments: [
        (["trace", "--case", dense, "--output", "a", "--output", "b"], "--output"),
        (["trace", "--case", dense, "-o", "a", "--output=b"], "--output"),
        (["figure", "matrix", "--head", "0", "--query", "1", "--head=1", "--caption"], "--head"),
        (["lesson", "run", "1", "--text", "a", "--text", "--text"], "--text"),
    ]) func `an option that is read once and given twice is refused`(arguments: [String], name: String) throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try attn(arguments, folder: folder)
        #expect(run.status == 64 && run.error == "attn: \(name): expected once, found it again\n", "\(run)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `an option that may be repeated, and a value that looks like an option, are no repetition`() throws {
        let run = try attn("what-if", "--case", Self.sparse, "--with", "no-relu", "--with", "top-k=2")
        #expect(run.status == 0, "\(run)")
        let found = try attn("trace", "--lesson", "1", "--text=--lesson")
        #expect(found.status == 65 && !found.error.contains("expected once"), "\(found)")
    }

    @Test func `a scale is for pixels alone`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try attn("figure", "matrix", "--scale", "2", "--output", folder.path + "/m.svg")
        #expect(run.status == 64 && run.error.contains("--scale: expected with --output FILE.png alone"))
        let outlines = try attn("figure", "matrix", "--text-as-outlines", "--output", folder.path + "/m.png")
        #expect(outlines.status == 64 && outlines.error.contains("--text-as-outlines: expected with --output FILE.svg alone"))
    }

    @Test func `a path of sparse attention is refused for a case of dense attention`() throws {
        let run = try attn("trace", "--case", Self.dense, "--path", "both")
        #expect(run.status == 65 && run.error.contains("paths other than masked belong to sparse attention"), "\(run.error)")
    }

    @Test func `an output that is a link to nothing, too long a name or a file of the model is refused, and nothing is lost`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let link = folder.path + "/link.json"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path + "/nowhere.json")
        let dangling = try attn("trace", "--lesson", "1", "--output", link)
        #expect(dangling.status == 73 && dangling.error.contains("expected a file name, found a link to nothing"), "\(dangling.error)")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == folder.path + "/nowhere.json")
        let long = try attn("trace", "--lesson", "nope", "--output", folder.path + "/" + String(repeating: "x", count: 300))
        #expect(long.status == 73 && long.error.contains("cannot be written"), "\(long.error)")
        let shard = folder.appending(path: "model-00001-of-00001.safetensors")
        try Data("weights".utf8).write(to: shard)
        let over = try attn("trace", "--model", folder.path, "--text", "a", "--output", shard.path)
        #expect(over.status == 64 && over.error.contains("which would be lost"), "\(over.error)")
        #expect(try Data(contentsOf: shard) == Data("weights".utf8))
    }

    @Test func `a folder that cannot be made is refused before the pages are drawn`() throws {
        let run = try attn("lesson", "run", "nope", "--to", "html", "--output", "/proc/nope/site")
        #expect(run.status == 73, "\(run.status) \(run.error)")
    }

    @Test func `a name of a hundred thousand letters is answered at once`() throws {
        let clock = ContinuousClock()
        let time = try clock.measure {
            let run = try attn("explain", "--case", Self.dense, String(repeating: "x", count: 100_000))
            #expect(run.status == 65 && !run.error.contains("did you mean"))
        }
        #expect(time < .seconds(3), "\(time)")
    }

    /// Foundation's Process takes texts, so a shell makes the bytes.
    @Test func `an argument that is not UTF-8 is refused, not mended`() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "\"$0\" explain --lesson 1 --text \"$(printf '\\377a')\" x 2>\"$1\"", Place.attn.path, "/dev/stdout"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
        #expect(output == "attn: argument 5: expected text in UTF-8, found other bytes: �a\n")
    }

    @Test func `help that cannot be printed is told`() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "\"$0\" --help 2>&1 >/dev/full", Place.attn.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 73 && output.hasPrefix("attn: standard output: cannot be written"), "\(output)")
    }

    @Test func `a program started deaf to the end of its terminal goes on`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            "-c", "trap '' HUP; \"$0\" figure matrix --random 512 --output \"$1\" & p=$!; sleep 0.4; kill -HUP $p 2>/dev/null; wait $p",
            Place.attn.path, folder.path + "/m.png",
        ]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["m.png"])
    }
}
