// What readers type and what files hold, where it could do harm: output over input, control characters, signals, deep nesting, no fonts.

import Foundation
import Testing

@Suite struct TrustTests {
    @Test func `an output that is empty, a folder or the input itself is refused before anything is computed`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let trace = folder.appending(path: "trace.json")
        #expect(try attn("trace", "--lesson", "1", "--output", trace.path).status == 0)
        let before = try Data(contentsOf: trace)
        let link = folder.appending(path: "link.json")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: trace)
        for (arguments, line) in [
            (["trace", "--lesson", "1", "--output", ""], "--output: expected a file name, found an empty one"),
            (["case", "make", "--output", ""], "--output: expected a file name, found an empty one"),
            (["lesson", "run", "1", "--to", "html", "--output", ""], "--output: expected a folder's name, found an empty one"),
            (["figure", "gallery", "--output", ""], "--output: expected a folder's name, found an empty one"),
            (["trace", "--trace", trace.path, "--output", link.path], "which would be lost"),
            (["trace", "--trace", link.path, "--output", trace.path], "which would be lost"),
        ] {
            let run = try attn(arguments)
            #expect(run.status == 64 && run.error.contains(line), "\(arguments): \(run.error)")
        }
        #expect(try Data(contentsOf: trace) == before)
        #expect(try attn("lesson", "run", "1", "--to", "html", "--output", trace.path).status == 73)
        #expect(try attn("trace", "--lesson", "1", "--output", folder.path + "/").status == 73)
    }

    @Test func `control characters of a file are pictures on the terminal, and one line stays one line`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "trace.json")
        let text = """
            {"format": "attention-steps.trace", "version": 1, "tokens": ["a"], "tokenIDs": [], "switches": [], "steps": [{"id": "x\\u001b\\n\\u009b",
             "title": {"en": "T\\u001b", "zh": "T"}, "formula": {"latex": "", "text": ""}, "source": "s", "inputs": [],
             "output": {"symbol": "A", "axes": ["t"], "shape": [1], "labels": {"t": ["\\u0007bell\\u202e"]}, "values": [1]},
             "cost": {"flops": 0, "contractionFlops": 0, "bytesRead": 0, "bytesWritten": 0}}]}
            """
        try text.write(to: file, atomically: true, encoding: .utf8)
        let run = try attn("explain", "--trace", file.path, "x\u{1B}\n\u{9B}[0]")
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.contains("x␛␊\u{FFFD}  T␛") && run.output.contains("␇bell\u{FFFD}"))
        let wrong = try attn("explain", "--trace", file.path, "y\u{1B}[2J")
        #expect(wrong.status == 65 || wrong.status == 64)
        for output in [run.output, run.error, wrong.error] {
            #expect(
                !output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || (0x7F...0x9F).contains($0.value) || $0.value == 0x202E })
        }
        #expect(wrong.error.split(separator: "\n").count == 1)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func `a signal to end leaves no half written file, and the code of an interruption`(
        signal: Int32
    ) throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        func ended(after seconds: Double) throws -> Process {
            let process = Process()
            process.executableURL = Place.attn
            process.arguments = ["figure", "matrix", "--random", "4096", "--output", folder.path + "/m.png"]
            process.standardError = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: seconds)
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            return process
        }
        // The program takes the signal over as the first thing that it does; before that, it ends by the signal itself, and is asked again a little later.
        var seconds = 0.02
        var process = try ended(after: seconds)
        while process.terminationReason == .uncaughtSignal, seconds < 10 {
            seconds *= 1.5
            process = try ended(after: seconds)
        }
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `temporary files of processes that are no more are removed, those of living ones stay`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (dead, living) = (".attn-99999999-1.partial", ".attn-\(ProcessInfo.processInfo.processIdentifier)-1.partial")
        for name in [dead, living, "mine.partial"] { try Data("x".utf8).write(to: folder.appending(path: name)) }
        #expect(try attn("trace", "--lesson", "1", "--output", folder.path + "/t.json").status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [living, "mine.partial", "t.json"].sorted())
    }

    @Test func `without a font no picture is drawn`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let fonts = folder.appending(path: "fonts.conf")
        try #"<?xml version="1.0"?><fontconfig><dir>/nonexistent</dir></fontconfig>"#.write(to: fonts, atomically: true, encoding: .utf8)
        for ending in ["png", "svg", "pdf"] {
            let file = folder.appending(path: "m.\(ending)").path
            let run = try attn(["figure", "matrix", "--output", file], environment: ["FONTCONFIG_FILE": fonts.path])
            #expect(run.status == 65 && run.error.contains("no font is installed"), "\(run.status) \(run.error)")
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test(arguments: [
        String(repeating: "> ", count: 5000) + "deep", String(repeating: "*a ", count: 2000) + String(repeating: "b*", count: 2000),
    ])
    func `nesting without end in a lesson is one line`(text: String) throws {
        let run = try ran(lesson: "highlighting", file: "en.md") { $0 + "\n" + text + "\n" }
        #expect(run.status == 65 && run.error.contains("en.md"), "\(run.status) \(run.error.prefix(300))")
    }

    @Test func `a figure of a lesson that names a position of no token is one line`() throws {
        let run = try ran(lesson: "highlighting", file: "lesson.yaml") {
            $0.replacing("query: \"15\"", with: "query: \"-9223372036854775808\"")
        }
        #expect(
            run.status == 65 && run.error.contains("there is no token \"-9223372036854775808\""), "\(run.status) \(run.error.prefix(300))")
    }

    /// Runs a lesson of a copy of the repository's, one of whose files is changed.
    private func ran(lesson: String, file: String, _ change: (String) -> String) throws -> Run {
        let home = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: home) }
        try FileManager.default.copyItem(at: Place.repository.appending(path: "lessons"), to: home.appending(path: "lessons"))
        try FileManager.default.createSymbolicLink(
            at: home.appending(path: "assets"), withDestinationURL: Place.repository.appending(path: "assets"))
        let path = home.appending(path: "lessons/\(lesson)/\(file)")
        try change(String(contentsOf: path, encoding: .utf8)).write(to: path, atomically: true, encoding: .utf8)
        return try attn("lesson", "run", lesson, "--home", home.path)
    }
}
