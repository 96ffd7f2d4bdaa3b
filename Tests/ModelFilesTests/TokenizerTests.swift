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

    static func load() throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Data(contentsOf: URL(filePath: Paths.fixtures + "/tokenizer-golden.json")))
    }
}

@Suite struct TokenizerTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: ["tokenizer-llama", "tokenizer-metaspace", "tokenizer-whole-words"])
    func `ids and texts equal those of the published tokenizers`(name: String) throws {
        let tokenizer = try Tokenizer(path: "\(Paths.fixtures)/\(name).json")
        let cases = try Golden.load().cases.filter { $0.file == name }
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

    @Test func `tokens have names and names have ids`() throws {
        let tokenizer = try Tokenizer(path: "\(Paths.fixtures)/tokenizer-llama.json")
        #expect(tokenizer.token(1) == "<s>" && tokenizer.id(of: "<s>") == 1)
        #expect(tokenizer.token(13) == "<0x0A>" && tokenizer.id(of: "<0x0A>") == 13)
        #expect(tokenizer.token(-1) == nil && tokenizer.token(tokenizer.vocabularyCount) == nil && tokenizer.id(of: "no such") == nil)
    }

    @Test(arguments: [
        (#""type":"BPE""#, #""type":"Unigram""#, "model.type: expected \"BPE\", found \"Unigram\""),
        (
            #""normalizer":null"#, #""normalizer":{"type":"NFKC"}"#,
            "normalizer.type: expected a supported normalizer (Sequence, Prepend, Replace), found \"NFKC\""
        ),
        (
            #""normalizer":null"#, #""normalizer":{"type":"Replace","pattern":{"Regex":"a+"},"content":""}"#,
            "normalizer.pattern: expected {\"String\": …}; regular expressions are not supported, found an object"
        ),
        (
            #""pre_tokenizer":null"#, #""pre_tokenizer":{"type":"ByteLevel"}"#,
            "pre_tokenizer.type: expected a supported pre-tokenizer (none, Metaspace, Sequence), found \"ByteLevel\""
        ),
        (
            #""post_processor":null"#, #""post_processor":{"type":"ByteLevel"}"#,
            "post_processor.type: expected a supported post-processor (none, TemplateProcessing, Sequence), found \"ByteLevel\""
        ),
        (
            #""decoder":null"#, #""decoder":{"type":"Sequence","decoders":[{"type":"WordPiece"}]}"#,
            "decoder.decoders[0].type: expected a supported decoder (Sequence, Replace, ByteFallback, Fuse, Strip, Metaspace), found \"WordPiece\""
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
            "model":{"type":"BPE","dropout":null,"unk_token":null,"vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}
            """#
        #expect(try Tokenizer(path: folder.write("t.json", good)).encode("abba") == [2, 1, 0])
        let found = problem { try Tokenizer(path: folder.write("t.json", good.replacingOccurrences(of: old, with: new))) }
        #expect(found.hasPrefix("badData: ") && found.hasSuffix(expected), "\(found)")
    }
}
