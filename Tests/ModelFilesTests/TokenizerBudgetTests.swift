// Tokenizers that would make a word into gigabytes, or search it for hours, and ids that two programs read differently. Each is one line, at once.

import FileTesting
import Foundation
import ModelFiles
import Testing

@Suite struct TokenizerBudgetTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// A tokenizer of three tokens with `parts` besides.
    private func tokenizer(_ parts: String) throws -> Tokenizer {
        let model = #""model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}"#
        return try Tokenizer(path: folder.write("t.json", "{\(parts), \(model)}"))
    }

    private static func repeated(_ part: String, _ count: Int) -> String { [String](repeating: part, count: count).joined(separator: ",") }

    private static func replace(_ pattern: String, _ content: String) -> String {
        #"{"type":"Replace","pattern":{"String":"\#(pattern)"},"content":"\#(content)"}"#
    }

    private static let tenfold = replace("a", "aaaaaaaaaa")
    private static func space(_ replacement: String) -> String {
        #"{"type":"Metaspace","replacement":"\#(replacement)","prepend_scheme":"always"}"#
    }
    private static let twoTexts = #"{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}},{"Sequence":{"id":"A"}}]}"#

    @Test(arguments: [
        (
            #""normalizer":{"type":"Sequence","normalizers":[\#(repeated(tenfold, 12))]}"#,
            "normalizer: expected stages that make a text at most 64 times as long, found more"
        ),
        (
            #""normalizer":{"type":"Sequence","normalizers":[\#(repeated(replace("a", "b"), 65))]}"#,
            "normalizer: expected at most 64 stages, found 65"
        ),
        (
            #""normalizer":{"type":"Prepend","prepend":"\#(String(repeating: "a", count: 1025))"}"#,
            "normalizer: expected at most 1024 bytes before a text, found 1025"
        ),
        (
            #""pre_tokenizer":{"type":"Sequence","pretokenizers":[\#(repeated(space("x") + "," + space("y"), 5))]}"#,
            "pre_tokenizer: expected at most 8 stages, found 10"
        ),
        (
            #""normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"NFKD"}]}"#,
            "normalizer: expected stages that make a text at most 64 times as long, found more"
        ),
        (
            #""pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"ByteLevel"}]}"#,
            "pre_tokenizer: expected at most 1 ByteLevel, found 2"
        ),
        (
            #""decoder":{"type":"Sequence","decoders":[\#(repeated(tenfold, 12))]}"#,
            "decoder: expected stages that make a text at most 64 times as long, found more"
        ),
        (
            #""decoder":{"type":"Sequence","decoders":[\#(repeated(#"{"type":"Fuse"}"#, 65))]}"#,
            "decoder: expected at most 64 stages, found 65"
        ),
        (
            #""post_processor":{"type":"Sequence","processors":[\#(repeated(twoTexts, 60))]}"#,
            "post_processor: expected the text at most 16 times and at most 1024 tokens beside it, found more"
        ),
        (
            #""post_processor":{"type":"TemplateProcessing","single":[\#(repeated(#"{"SpecialToken":{"id":"s"}}"#, 600))],"special_tokens":{"s":{"ids":[0,1]}}}"#,
            "post_processor: expected the text at most 16 times and at most 1024 tokens beside it, found more"
        ),
        (
            #""added_tokens":[{"id":3,"content":"\#(String(repeating: "a", count: 1025))"}]"#,
            "added_tokens: expected at most 1024 characters in a token, found 1025 in that of id 3"
        ),
        (
            #""normalizer":\#(replace("a", "bbbbbbbbbb")),"added_tokens":[{"id":3,"content":"\#(String(repeating: "a", count: 200))"}]"#,
            "added_tokens: expected at most 1024 characters in a token, found 2000 in that of id 3"
        ),
    ]) func `a stage that makes too much of a text is refused when the file is read`(parts: String, line: String) {
        #expect(problem { try tokenizer(parts) } == "badData: " + line)
    }

    @Test func `all added tokens together have a limit`() {
        let tokens = (0..<1025).map { #"{"id":\#($0 + 3),"content":"\#(String(repeating: "c", count: 1020))\#($0 + 1000)"}"# }
        let line = "badData: added_tokens: expected at most 1048576 characters in all, found more"
        #expect(problem { try tokenizer(#""added_tokens":[\#(tokens.joined(separator: ","))]"#) } == line)
    }

    /// Each of 2,000 tokens begins as every place of the text does; one token of spaces takes all that follow it.
    @Test func `many added tokens are found in a long text at once`() throws {
        let tokens = (0..<2000).map { #"{"id":\#($0 + 3),"content":"\#(String(repeating: "a", count: 20))c\#($0)","normalized":false}"# }
        let many = try tokenizer(#""added_tokens":[\#(tokens.joined(separator: ","))]"#)
        let spaces = try tokenizer(#""added_tokens":[{"id":3,"content":" ","normalized":false,"rstrip":true,"lstrip":true}]"#)
        let clock = ContinuousClock()
        let time = clock.measure {
            let text = String(repeating: "a", count: 20_000)
            #expect(many.encode(text + "c7").suffix(2) == [0, 10] && many.encode(text).count == 20_000)
            #expect(spaces.encode(String(repeating: " ", count: 20_000) + "a").last == 0)
        }
        #expect(time < .seconds(20), "\(time)")
    }

    /// Places that a backtracking search would try again and again: spaces without an end, runs that a choice takes only as a whole.
    @Test(arguments: [#"\\s*[\\r\\n]+"#, #"\\s+(?!\\S)"#, "(?:a|aa)+b", #"[^\\r\\n\\p{L}\\p{N}]?\\p{L}+x"#])
    func `a pattern takes time in proportion to the text`(pattern: String) throws {
        let split = try tokenizer(#""pre_tokenizer":{"type":"Split","pattern":{"Regex":"\#(pattern)"},"behavior":"Isolated"}"#)
        let clock = ContinuousClock()
        let time = clock.measure {
            for text in [String(repeating: " ", count: 50_000), String(repeating: "a", count: 50_000)] {
                #expect(split.encode(text + "b").last == (text.hasPrefix(" ") ? 1 : split.encode("ab").last))
            }
        }
        #expect(time < .seconds(20), "\(time)")
    }

    /// The `tokenizers` library counts ids itself and passes over those of the file: "zz" below is 3 there, whatever stands here.
    @Test(arguments: [
        (#"{"id":0,"content":"zz"}"#, "added_tokens[0].id: expected 3, found 0"),
        (#"{"id":2,"content":"a"}"#, "added_tokens[0].id: expected 0, found 2"),
        (#"{"id":900,"content":"zz"}"#, "added_tokens[0].id: expected 3, found 900"),
        (#"{"id":3,"content":"p"},{"id":3,"content":"q"}"#, "added_tokens[1].id: expected 4, found 3"),
        (#"{"id":3,"content":"p"},{"id":4,"content":"p"}"#, "added_tokens[1].id: expected 3, found 4"),
    ]) func `an added token has the id that the published library gives it`(tokens: String, line: String) {
        #expect(problem { try tokenizer(#""added_tokens":[\#(tokens)]"#) } == "badData: " + line)
    }

    @Test func `added tokens that the vocabulary has, and new ones after it, are read`() throws {
        let sound = try tokenizer(#""added_tokens":[{"id":1,"content":"b"},{"id":3,"content":"zz"},{"id":4,"content":"q"}]"#)
        #expect(sound.encode("zzbq") == [3, 1, 4] && sound.vocabularyCount == 5)
    }

    @Test(arguments: [
        (#""version":"2.0""#, #"version: expected "1.0", found "2.0""#),
        (#""normalizer":\#(replace("", "b"))"#, "normalizer.pattern.String: expected at least one character, found \"\""),
        (#""decoder":\#(replace("", "b"))"#, "decoder.pattern.String: expected at least one character, found \"\""),
        (
            #""pre_tokenizer":{"type":"Metaspace","replacement":"x","prepend_scheme":"always","add_prefix_space":false}"#,
            "pre_tokenizer.prepend_scheme: expected never beside add_prefix_space: false, found \"always\""
        ),
    ]) func `what the published library reads otherwise is refused`(parts: String, line: String) {
        #expect(problem { try tokenizer(parts) } == "badData: " + line)
    }

    /// U+212B and U+00C5 look alike and are not the same.
    @Test func `a replacement is one scalar, not what looks like it`() throws {
        let model = #""model":{"type":"BPE","vocab":{"b":0,"\u00c5":1,"b\u00c5":2},"merges":["b \u00c5"]}"#
        let space = #""pre_tokenizer":{"type":"Metaspace","replacement":"\u212b","prepend_scheme":"never"}"#
        #expect(try Tokenizer(path: folder.write("t.json", "{\(space), \(model)}")).encode("b\u{C5}") == [2])
    }
}
