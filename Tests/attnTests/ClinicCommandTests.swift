import Foundation
import Testing

@Suite struct ClinicCommandTests {
    private func json(_ arguments: [String]) throws -> Any {
        let run = try attn(arguments)
        #expect(run.status == 0 && run.error.isEmpty, "\(run)")
        return try JSONSerialization.jsonObject(with: Data(run.output.utf8))
    }

    @Test func `the symptoms are listed in words and as JSON, and each is told with its record and its run`() throws {
        let list = try attn("case", "clinic", "--lang", "en")
        #expect(
            list.status == 0 && list.output.contains("needle-lost ") && list.output.contains("Needles are lost some way past 4K tokens"))
        let listed = try #require(json(["case", "clinic", "--json", "--lang", "en"]) as? [[String: Any]])
        #expect(listed.compactMap { $0["id"] as? String }.count == list.output.split(separator: "\n").count { !$0.hasPrefix(" ") })
        let run = try attn("case", "clinic", "newest-keys-lost", "--lang", "en")
        #expect(run.status == 0)
        for part in [
            "usually: The causal boundary stands short", "ROCm/ATOM#2118 (2026-09-02): ", "seed 7, 6 queries, 128 keys, top-k 16",
            "127 |", "2 of 16 wrong", "12 of 12 are kept; with the mistake 0",
        ] { #expect(run.output.contains(part), "\(part)\n\(run.output)") }
        let told = try #require(
            json(["case", "clinic", "newest-keys-lost", "--json", "--seed", "8", "--lang", "zh"]) as? [String: Any])
        let ran = try #require(told["run"] as? [String: Any])
        #expect(ran["seed"] as? Int == 8 && (ran["rows"] as? [[String: Any]])?.count == 6)
        #expect((told["symptom"] as? String)?.contains("投机解码") == true && (ran["finding"] as? String)?.contains("留住") == true)
    }

    @Test func `in Chinese the words are Chinese`() throws {
        let run = try attn("case", "clinic", "whole-blocks-win", "--lang", "zh")
        #expect(run.status == 0)
        for part in ["症状：", "比什么：", "多半是：", "记录：", "ROCm/aiter#5591（2026-09-16）：", "# 两边都留"] {
            #expect(run.output.contains(part), "\(part)\n\(run.output)")
        }
    }

    @Test(arguments: ["newest-keys-lost", "wrong-in-chunks", "first-keys-win"], ["en", "zh"])
    func `nothing is wider than a line of 80, and a command that goes on says so to the shell`(id: String, language: String) throws {
        for arguments in [["case", "clinic"], ["case", "clinic", id]] {
            let run = try attn(arguments + ["--lang", language])
            #expect(run.status == 0)
            let lines = run.output.split(separator: "\n")
            for line in lines { #expect(line.reduce(0) { $0 + ($1.isASCII ? 1 : 2) } <= 80, "\(line)") }
            for (line, next) in zip(lines, lines.dropFirst()) where line.hasSuffix(" \\") { #expect(next.hasPrefix("    --"), "\(next)") }
        }
    }

    @Test func `its case and the wrong output are written, and a check names the mistake`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try attn("case", "clinic", "repeats-itself", "--output", "a/b", folder: folder).status == 0)
        let check = try attn("case", "check", "a/b/case.safetensors", "a/b/wrong.safetensors", "--lang", "en", folder: folder)
        #expect(check.status == 1 && check.output.contains("no-relu: as if ReLU were missing: 96 of 96 keys agree"), "\(check)")
        #expect(try attn("verify", "a/b/case.safetensors", folder: folder).status == 0)
    }

    @Test(
        arguments: [
            (["case", "clinic", "nope"], 64, "symptom: expected one of nonsense-above-top-k, last-keys-win, needle-lost, "),
            (["case", "clinic", "--seed", "7"], 64, "--seed: expected with a symptom"),
            (["case", "clinic", "--output", "x"], 64, "--output: expected with a symptom"),
            (["case", "clinic", "needle-lost", "--output", ""], 64, "--output: expected a folder's name"),
        ] as [([String], Int32, String)])
    func `what cannot be done is said by name`(arguments: [String], status: Int32, message: String) throws {
        let run = try attn(arguments)
        #expect(run.status == status && run.output.isEmpty && run.error.contains(message), "\(run)")
    }
}
