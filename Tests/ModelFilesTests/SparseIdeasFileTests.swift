// The published designs in assets: what is there, a source for each, and every guard by a damaged file.

import Foundation
import ModelFiles
import Records
import Testing
import Traces

@Suite struct SparseIdeasFileTests {
    private static let bytes = ConfigurationTests.asset("data/ideas.json")

    @Test func `five designs in their order, each with a date, a source and both languages`() throws {
        let ideas = try PublishedData.ideas(Self.bytes, file: "ideas.json")
        #expect(ideas.map(\.name.en) == ["NSA", "MoBA", "DeepSeek-V3.1-Terminus", "DeepSeek-V3.2-Exp", "DeepSeek-V4"])
        for idea in ideas {
            #expect(idea.source.en.count > 10 && idea.source.zh.count > 10, "\(idea.name.en)")
            for text in [idea.chooses, idea.line] {
                #expect(text.en != text.zh && text.zh.unicodeScalars.contains { $0.value > 0x2E80 }, "\(text.en)")
            }
        }
        #expect(ideas[3].when.en == "2025-09-29" && ideas[3].line.en.contains("2,048"))
    }

    @Test(arguments: [
        (#""ideas""#, #""notions""#, "ideas is missing: expected an array of objects"),
        (#""source": "arXiv 2502.13189""#, #""from": "arXiv""#, "ideas[1].source is missing: expected a text"),
        (#""en": "blocks of 64""#, #""en": """#, "ideas[0].chooses.en: expected 1 to 200 characters on one line, found \"\""),
    ]) func `a damaged file is refused by the field at fault`(old: String, new: String, message: String) throws {
        let text = String(decoding: Self.bytes, as: UTF8.self).replacingOccurrences(of: old, with: new)
        let error = #expect(throws: FileError.self) { try PublishedData.ideas(Array(text.utf8), file: "ideas.json") }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func `one design is no timeline`() throws {
        let one = #"{"ideas": [{"name": "A", "when": "B", "chooses": "C", "line": "D", "source": "E"}]}"#
        let error = #expect(throws: FileError.self) { try PublishedData.ideas(Array(one.utf8), file: "ideas.json") }
        #expect(error?.description.contains("ideas: expected 2 to 8 objects") == true, "\(error?.description ?? "")")
    }
}
