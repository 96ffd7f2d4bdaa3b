import FileTesting
import Foundation
import ModelFiles
import Testing

/// Ids and texts made by the Python package `tokenizers` from the tokenizer files beside them.
private struct Golden: Decodable {
    struct Case: Decodable {
        let file: String
        let text: String?
        let ids: [Int]
        let plain: [Int]
        let decoded: String
        let withSpecial: String
    }
    let cases: [Case]

    static func load(_ path: String) throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Data(contentsOf: URL(filePath: "\(Paths.fixtures)/\(path)")))
    }
}

@Suite struct TokenizerTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: ["tokenizer-llama", "tokenizer-metaspace", "tokenizer-whole-words"])
    func `ids and texts equal those of the published tokenizers`(name: String) throws {
        try compare(name, "\(name).json", "tokenizer-golden.json")
    }

    /// Written by `Tests/python/token_ids.py record`; scripts/test-tokenizers compares thousands of texts of many more kinds.
    @Test(arguments: ["gpt2", "llama3", "qwen", "smollm", "bert-uncased", "unigram-accents", "unigram-bytes"])
    func `ids and texts of odd texts equal those of the published tokenizers`(name: String) throws {
        try compare(name, "tokenizers/\(name).json", "tokenizers/golden.json")
    }

    private func compare(_ name: String, _ file: String, _ golden: String) throws {
        let tokenizer = try Tokenizer(path: "\(Paths.fixtures)/\(file)")
        let cases = try Golden.load(golden).cases.filter { $0.file == name }
        #expect(cases.count > 30)
        for one in cases {
            if let text = one.text {
                #expect(tokenizer.encode(text) == one.ids, "\(text.debugDescription)")
                #expect(tokenizer.encode(text, addSpecial: false) == one.plain, "\(text.debugDescription)")
            }
            #expect(Array(tokenizer.decode(one.ids).utf8) == Array(one.decoded.utf8), "\(one.ids)")
            #expect(Array(tokenizer.decode(one.ids, skipSpecial: false).utf8) == Array(one.withSpecial.utf8), "\(one.ids)")
        }
    }

    /// Parts of a regular expression that the engine does not know, each by its name and place.
    @Test(arguments: [
        ("a++", "a repetition that is lazy, possessive or repeated (character 3)"),
        ("a+?", "a repetition that is lazy, possessive or repeated (character 3)"),
        ("^a", "^ at this place (character 1)"),
        ("a.b", ". at this place (character 2)"),
        (#"\wa"#, #"\w (character 1)"#),
        (#"\p{Han}a"#, #"\p of something else than a general category (character 1)"#),
        ("(?<=a)b", "(?… (character 2)"),
        ("(?i)a", "(?… (character 2)"),
        ("(?i:ss)", "ss in any case (character 5)"),
        (#"(?i:\p{L})"#, #"anything but single ASCII characters in any case (character 10)"#),
        ("a(?!bc)", "a look ahead at more than one character (character 5)"),
        ("[a&&b]", "&& in [ ] (character 3)"),
        ("[[a]]", "[ at this place (character 2)"),
        ("[b-a]", "a - between what is no range (character 2)"),
        ("(a", "a group that does not end (character 3)"),
        ("a)", "a ) that opens nowhere (character 2)"),
        ("a{2,1}", "a repetition of such bounds (character 2)"),
        ("a{x}", "a { that is no repetition (character 2)"),
        ("(?:a?)+", "a repetition of what may be empty (character 7)"),
        (String(repeating: "(", count: 40), "more than 32 groups in groups (character 33)"),
    ]) func `a pattern with an unknown part is refused by its name`(pattern: String, part: String) throws {
        #expect(try refusal(of: pattern) == "a pattern without " + part)
    }

    @Test(arguments: [
        ("a*", "a pattern that takes at least one character"),
        (String(repeating: "a", count: 4097), "a pattern of at most 4096 characters"),
        ("(?:a{500}|b){500}", "a pattern of at most 512 steps"),
        ((0..<70).map { String(Unicode.Scalar(0x4E00 + $0)!) }.joined(), "a pattern of at most 64 classes of characters"),
    ]) func `a pattern that finds nothing, or is too large, is refused`(pattern: String, expected: String) throws {
        #expect(try refusal(of: pattern) == expected)
    }

    /// What was expected in place of `pattern`.
    private func refusal(of pattern: String) throws -> String {
        let escaped = pattern.replacingOccurrences(of: #"\"#, with: #"\\"#)
        let text = #"{"normalizer":{"type":"Replace","pattern":{"Regex":"\#(escaped)"},"content":"x"},"model":{"vocab":{},"merges":[]}}"#
        let found = problem { try Tokenizer(path: folder.write("t.json", text)) }
        #expect(found.hasPrefix("badData: normalizer.pattern.Regex: expected ") && found.hasSuffix(", found \"\(pattern)\""), "\(found)")
        return String(found.dropFirst("badData: normalizer.pattern.Regex: expected ".count).dropLast(", found \"\"".count + pattern.count))
    }

    @Test func `tokens have names and names have ids`() throws {
        let tokenizer = try Tokenizer(path: "\(Paths.fixtures)/tokenizer-llama.json")
        #expect(tokenizer.token(1) == "<s>" && tokenizer.id(of: "<s>") == 1)
        #expect(tokenizer.token(13) == "<0x0A>" && tokenizer.id(of: "<0x0A>") == 13)
        #expect(tokenizer.token(-1) == nil && tokenizer.token(tokenizer.vocabularyCount) == nil && tokenizer.id(of: "no such") == nil)
    }

    /// Of GPT-2's spelling: Ġ is a space, Ċ a line feed, and 我 (E6 88 91) three characters that stand for its bytes.
    @Test func `bytes that a vocabulary writes as characters are read as what they stand for`() throws {
        let text = #"""
            {"pre_tokenizer":{"type":"ByteLevel"},"decoder":{"type":"ByteLevel"},"added_tokens":[{"id":6,"content":"Ġ","special":true}],
            "model":{"vocab":{"Ġpark":0,"Ċ":1,"æĪĳ":2,"Ġæ":3,"ĪĳĠa":4,"▁":5},"merges":[]}}
            """#
        let tokenizer = try Tokenizer(path: folder.write("t.json", text))
        let labels = ["▁park", "\n", "我", "▁<0xE6>", "<0x88><0x91>▁a", "▁", "Ġ"]
        #expect((0..<7).map { tokenizer.token($0) } == labels)
        #expect(tokenizer.decode([3, 4]) == " 我 a" && tokenizer.id(of: "Ġpark") == 0)
    }

    @Test(arguments: [
        (#""type":"BPE""#, #""type":"WordLevel""#, "model.type: expected BPE, WordPiece or Unigram, found \"WordLevel\""),
        (#""type":"BPE""#, #""type":"Unigram""#, "model.vocab is missing: expected an array of tokens and scores"),
        (#""type":"BPE""#, #""type":"WordPiece""#, "model.unk_token: expected a token of the vocabulary, found null"),
        (#""end":null"#, #""end_of_word_suffix":"</w>""#, "model.end_of_word_suffix: expected none, found \"</w>\""),
        (
            #""normalizer":null"#, #""normalizer":{"type":"Precompiled"}"#,
            "normalizer.type: expected a supported normalizer (BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Prepend, Replace, "
                + "Sequence, Strip, StripAccents), found \"Precompiled\""
        ),
        (
            #""pre_tokenizer":null"#, #""pre_tokenizer":{"type":"UnicodeScripts"}"#,
            "pre_tokenizer.type: expected a supported pre-tokenizer (none, BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, Metaspace, "
                + "Punctuation, Sequence, Split, Whitespace, WhitespaceSplit), found \"UnicodeScripts\""
        ),
        (
            #""pre_tokenizer":null"#, #""pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Odd"}"#,
            "pre_tokenizer.behavior: expected Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous, found \"Odd\""
        ),
        (
            #""post_processor":null"#, #""post_processor":{"type":"Odd"}"#,
            "post_processor.type: expected a supported post-processor (none, TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, "
                + "Sequence), found \"Odd\""
        ),
        (
            #""decoder":null"#, #""decoder":{"type":"Sequence","decoders":[{"type":"CTC"}]}"#,
            "decoder.decoders[0].type: expected a supported decoder (Sequence, Replace, ByteFallback, ByteLevel, Fuse, Strip, Metaspace, WordPiece), "
                + "found \"CTC\""
        ),
        (#""a b""#, #""a c""#, "model.merges[0]: \"c\" is not in the vocabulary"),
        (#""a b""#, #""a""#, "expected a merge of 2 tokens, found 1"),
        (#""b":1"#, #""b":0"#, "model.vocab: \"a\" and \"b\" have the same id 0"),
        (#""b":1"#, #""b":-1"#, "model.vocab: expected ids from 0, found -1 for \"b\""),
        (#""b":1"#, #""a":1"#, "\"a\" appears twice in one object"),
        (#""unk_token":null"#, #""unk_token":"?""#, "model.unk_token: expected a token of the vocabulary, found \"?\""),
        (#""dropout":null"#, #""dropout":0.1"#, "model.dropout: expected none, found 0.1"),
        (#""model""#, #""other""#, "model is missing: expected an object"),
    ])
    func `what is not supported or not right is told by name`(old: String, new: String, expected: String) throws {
        let good = #"""
            {"added_tokens":[],"normalizer":null,"pre_tokenizer":null,"post_processor":null,"decoder":null,
            "model":{"type":"BPE","dropout":null,"end":null,"unk_token":null,"vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}
            """#
        #expect(try Tokenizer(path: folder.write("t.json", good)).encode("abba") == [2, 1, 0])
        let found = problem { try Tokenizer(path: folder.write("t.json", good.replacingOccurrences(of: old, with: new))) }
        #expect(found.hasPrefix("badData: ") && found.hasSuffix(expected), "\(found)")
    }
}
