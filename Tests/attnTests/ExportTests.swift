// attn export as a user calls it: what it refuses, where it writes. scripts/test-numpy runs what it writes.

import Foundation
import Testing

@Suite final class ExportTests {
    private static let dense = Place.fixtures + "/attention-plain.safetensors"
    private static let sparse = Place.fixtures + "/dsa-tiny-fp8.safetensors"
    private let folder: URL
    init() throws { folder = try Place.temporary() }
    deinit { try? FileManager.default.removeItem(at: folder) }

    private func export(_ arguments: [String]) throws -> Run { try attn(["export"] + arguments, folder: folder) }

    @Test(
        arguments: [
            (["--lesson", "1", "--to", "torch"], 64, "The value 'torch' is invalid for '--to <numpy>'. Please provide one of 'numpy'"),
            (["--lesson", "1"], 64, "Missing expected argument '--to <numpy>'"),
            (["--to", "numpy"], 64, "expected one source"),
            (["--lesson", "1", "--to", "numpy", "--layers", "0"], 65, "layers: this trace has no layers"),
            (
                ["--model", Place.fixtures + "/llama-tiny", "--text", "a", "--to", "numpy", "--layers", "0-99"], 65,
                "layers: expected 0 to 1, found 0 to 99"
            ),
            (["--lesson", "1", "--to", "numpy", "--layers", "2-1"], 64, "--layers: expected a layer N, or layers A-B, found \"2-1\""),
            (["--lesson", "1", "--to", "numpy", "--layer", "0"], 64, "--layer: expected with --attention FILE"),
            (["--case", Place.fixtures + "/float8-e4m3.safetensors", "--to", "numpy"], 65, "kind float8-e4m3 has no trace"),
            (["--case", dense, "--to", "numpy", "--path", "both"], 65, "paths other than masked belong to sparse attention"),
            (["--case", dense, "--to", "numpy", "--with", "no-relu"], 65, "switches apply to sparse attention"),
            (["--case", dense, "--to", "numpy", "--output", ""], 64, "--output: expected a file name, found an empty one"),
            (["--case", dense, "--to", "numpy", "--output", dense], 64, "which would be lost"),
            (["--case", dense, "--to", "numpy", "--output", "/dev/full"], 73, "No space left on device"),
        ] as [([String], Int32, String)])
    func `what cannot be exported is one line, and nothing is left behind`(arguments: [String], status: Int32, message: String) throws {
        let run = try export(arguments)
        #expect(run.status == status && run.error.contains(message), "\(run)")
        #expect(run.error.split(separator: "\n").count == 1 && run.output.isEmpty, "\(run)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `a trace from a file has no arithmetic, and that is said with what has`() throws {
        #expect(try attn(["trace", "--case", Self.sparse, "--output", "t.json"], folder: folder).status == 0)
        let run = try export(["--trace", "t.json", "--to", "numpy", "--output", "steps.py"])
        #expect(run.status == 65 && run.error.split(separator: "\n").count == 1, "\(run)")
        #expect(run.error.contains("expected a trace that is computed here: --lesson NAME, --case FILE, --model DIR --text TEXT, or"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["t.json"])
    }

    @Test func `a file and standard output get the same script, which says what it is of`() throws {
        let written = try export(["--case", Self.sparse, "--with", "no-relu", "--to", "numpy", "--output", "steps.py", "--lang", "en"])
        #expect(written.status == 0 && written.output.isEmpty && written.error.isEmpty, "\(written)")
        let script = try String(contentsOf: folder.appending(path: "steps.py"), encoding: .utf8)
        #expect(try export(["--case", Self.sparse, "--with", "no-relu", "--to", "numpy", "--lang", "en"]).output == script)
        let head = script.split(separator: "\n").prefix { $0.hasPrefix("#") }
        #expect(head.contains { $0.hasPrefix("# dsa-tiny-fp8.safetensors: the ") } && head.contains("# --with no-relu"))
        #expect(head.contains { $0.hasPrefix("# SHA-256 ") && $0.count == 10 + 64 })
    }
}
