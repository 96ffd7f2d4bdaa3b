// A case as a page has it: the same trace as out of the file, bit for bit, and the same refusals.

import FileTesting
import Foundation
import Mechanisms
import ModelFiles
import ReferenceCases
import Testing
import Traces

@Suite struct PageCaseTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "assets/cases").path

    private func text(_ name: String) throws -> String {
        try ReferenceCase(path: "\(Self.folder)/\(name).safetensors").pageCase(sha256: "00ff").json()
    }

    private func read(_ text: String) throws(FileError) -> PageCase {
        try Array(text.utf8).withUnsafeBytes { bytes in
            Result { () throws(FileError) in
                try JSONReader.read(bytes, file: "case") { reader throws(FileError) in try PageCase(Settings(file: "case", reader: &reader))
                }
            }
        }.get()
    }

    @Test(arguments: ["dsa-tiny-fp8-kv", "dsa-tiny-exact", "dsa-yarn-fp8"]) func `a page's case has the trace of its file, bit for bit`(
        name: String
    ) throws {
        let page = try read(text(name))
        #expect(page.name == name && page.sha256 == "00ff")
        let file = try ReferenceCase(path: "\(Self.folder)/\(name).safetensors")
        let paths: [SparseAttention.Path] = [.masked, .gathered]
        let switches: [Switch] = [.topK(3), .temperature(1.5), .heads([1])]
        let (own, expected) = (
            try page.sparseAttention().trace(paths: paths, switches: switches), try file.trace(paths: paths, switches: switches)
        )
        #expect(own.steps.map(\.id) == expected.steps.map(\.id) && own.tokens == expected.tokens)
        for (a, b) in zip(own.steps, expected.steps) {
            #expect(a.output.shape == b.output.shape && a.output.values.map(\.bitPattern) == b.output.values.map(\.bitPattern), "\(a.id)")
            #expect(a.title == b.title && a.labels == b.labels && a.facts == b.facts)
        }
    }

    @Test func `a case carries no expected values, and survives its text`() throws {
        let text = try text("dsa-tiny-exact")
        #expect(!text.contains("expected") && text.utf8.count < 80_000, "\(text.utf8.count)")
        #expect(try read(text).json() == text)
    }

    @Test(arguments: [
        ("\"version\": 1", "\"version\": 2", "format: expected \"attention-steps.case\", version 1"),
        (
            "\"n_heads\": ", "\"n_haeds\": ",
            "n_haeds: expected no such setting in a case of kind deepseek-sparse-attention; did you mean n_heads?"
        ),
        ("\"weight.wo.weight\"", "\"weight.wq.weight\"", "weight.wq.weight: a case of kind deepseek-sparse-attention has no such tensor"),
        ("\"prefill_length\": ", "\"prefill_length\": 1", "prefill_length: expected with decode_length"),
        ("\"values\": \"", "\"values\": \"A", "values: expected"),
        ("\"values\": \"", "\"values\": \"****", "values: expected"),
        ("\"shape\": [", "\"shape\": [0, ", "expected lengths of at least 1"),
        ("\"shape\": [", "\"shape\": [1073741823, 1073741823, 1073741823, ", ""),
        ("\"shape\": [", "\"shpae\": [", "shpae: expected one of shape, values"),
        ("\"indexer_rope\": \"half\"", "\"indexer_rope\": \"third\"", "indexer_rope: expected half or interleaved"),
    ]) func `a damaged case is refused as a damaged file is`(_ old: String, _ new: String, _ message: String) throws {
        let text = try text("dsa-tiny-exact")
        let range = try #require(text.range(of: old))
        let error = #expect(throws: FileError.self) { try read(text.replacingCharacters(in: range, with: new)).sparseAttention() }
        #expect(error.map { message.isEmpty || $0.description.contains(message) } == true, "\(error?.description ?? "")")
    }

    @Test func `a case of another kind is no page's`() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/attention-plain.safetensors").path
        #expect(throws: FileError.self) { try ReferenceCase(path: path).pageCase(sha256: nil) }
    }
}
