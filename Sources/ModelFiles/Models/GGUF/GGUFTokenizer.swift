// The tokenizer of a GGUF file, in the terms of tokenizer.json: byte pairs over bytes ("gpt2") with a published way of dividing texts, or the pieces of
// SentencePiece ("llama"), whose merges follow from scores.
// Source: https://github.com/ggml-org/llama.cpp, src/llama-vocab.cpp (what the keys mean and what stands where they are missing).

import Mechanisms
import Traces

/// What a GGUF file says of its tokenizer.
struct GGUFTokenizer {
    /// What stands in tokenizer.json beside the model.
    private(set) var fields: [String: JSON] = ["version": .string("1.0")]
    private(set) var model = TokenModel.Source()
    /// What a reader should know.
    private(set) var warnings: [String] = []
    /// The tokens that end a text, or a turn of a conversation.
    private(set) var endIDs: [Int] = []

    private let file: GGUFFile
    private let tokens: [String]
    private let types: [Int]
    private var settings: Settings { file.settings }

    /// What a token is, by its number in `tokenizer.ggml.token_type`.
    private enum TokenType: Int {
        case normal = 1, unknown, control, userDefined, unused, byte
    }

    /// The keys that are read, and those that say nothing of texts and ids.
    private static let known = [
        "model", "pre", "tokens", "token_type", "scores", "merges", "bos_token_id", "eos_token_id", "unknown_token_id", "add_bos_token",
        "add_eos_token", "add_space_prefix", "padding_token_id", "seperator_token_id", "cls_token_id", "mask_token_id", "eot_token_id",
        "eom_token_id", "fim_pre_token_id", "fim_suf_token_id", "fim_mid_token_id", "fim_pad_token_id", "fim_rep_token_id",
        "fim_sep_token_id", "prefix_token_id", "suffix_token_id", "middle_token_id", "token_type_count",
    ].map { "tokenizer.ggml." + $0 }

    init(_ file: GGUFFile) throws(FileError) {
        self.file = file
        let (settings, known) = (file.settings, Self.known)
        let kind = try settings.text("tokenizer.ggml.model")
        if let key = settings.names.first(where: {
            $0.hasPrefix("tokenizer.ggml.") && !known.contains($0) && ((file.count(ofList: $0) ?? 0) > 0 || !settings.isNeutral($0))
        }) {
            throw settings.failure(key, expected: "none: what it asks of a tokenizer is not known")
        }
        tokens = try file.texts("tokenizer.ggml.tokens")
        let isTyped = file.count(ofList: "tokenizer.ggml.token_type") != nil
        types = isTyped ? try file.integers("tokenizer.ggml.token_type") : Array(repeating: TokenType.normal.rawValue, count: tokens.count)
        guard types.count == tokens.count else {
            throw FileError(
                .badData, file.path, "tokenizer.ggml.token_type: expected \(tokens.count), one for each token, found \(types.count)")
        }
        for name in ["eos", "eot"] {
            if let id = try Self.id(name, file, tokens), !endIDs.contains(id) { endIDs.append(id) }
        }
        model.vocabulary = tokens.enumerated().map { ($1, $0) }
        switch kind {
        case "gpt2": try readBytePairs()
        case "llama": try readSentencePieces()
        default: throw settings.failure("tokenizer.ggml.model", expected: "gpt2 or llama")
        }
        try readAddedTokens()
    }

    /// The id of a special token; nil if the file names none.
    private static func id(_ name: String, _ file: GGUFFile, _ tokens: [String]) throws(FileError) -> Int? {
        let key = "tokenizer.ggml.\(name)_token_id"
        guard file.settings.has(key) else { return nil }
        guard case .integer(let id) = file.settings.fields[key], tokens.indices.contains(id) else {
            throw file.settings.failure(key, expected: "the id of one of \(tokens.count) tokens")
        }
        return id
    }

    /// Tokens that are found in a text before all else: control tokens, and those that somebody added.
    private mutating func readAddedTokens() throws(FileError) {
        var added: [JSON] = []
        for (id, type) in types.enumerated() {
            guard let type = TokenType(rawValue: type) else {
                throw FileError(.badData, file.path, "tokenizer.ggml.token_type[\(id)]: expected a type from 1 to 6, found \(type)")
            }
            guard type == .control || type == .userDefined || type == .unknown else { continue }
            added.append(
                .object([
                    "id": .integer(id), "content": .string(tokens[id]), "special": .bool(type != .userDefined), "normalized": .bool(false),
                ]))
        }
        fields["added_tokens"] = .array(added)
    }

    /// The tokens that begin and end every text.
    private mutating func readTemplate(addsBeginning: Bool) throws(FileError) {
        var (pieces, named) = ([JSON](), [String: JSON]())
        for (key, name, standard) in [("add_bos_token", "bos", addsBeginning), ("add_eos_token", "eos", false)] {
            if name == "eos" { pieces.append(.object(["Sequence": .object(["id": .string("A"), "type_id": .integer(0)])])) }
            guard try settings.bool("tokenizer.ggml.\(key)", default: standard) else { continue }
            guard let id = try Self.id(name, file, tokens) else {
                throw settings.failure("tokenizer.ggml.\(name)_token_id", expected: "the token that \(key) adds")
            }
            pieces.append(.object(["SpecialToken": .object(["id": .string(name), "type_id": .integer(0)])]))
            named[name] = .object(["id": .string(name), "ids": .array([.integer(id)]), "tokens": .array([.string(tokens[id])])])
        }
        guard pieces.count > 1 else { return }
        fields["post_processor"] = .object([
            "type": .string("TemplateProcessing"), "single": .array(pieces), "special_tokens": .object(named),
        ])
    }

    // MARK: Byte pairs over bytes

    private mutating func readBytePairs() throws(FileError) {
        guard try !settings.bool("tokenizer.ggml.add_space_prefix", default: false) else {
            throw settings.failure("tokenizer.ggml.add_space_prefix", expected: "false beside the model gpt2")
        }
        let name = try settings.text("tokenizer.ggml.pre", default: "default")
        guard let division = PublishedDivision.all.first(where: { $0.names.contains(name) }) else {
            let known = PublishedDivision.all.flatMap(\.names).joined(separator: ", ")
            throw settings.failure("tokenizer.ggml.pre", expected: "one of \(known)")
        }
        if name == "default" {
            let said = settings.has("tokenizer.ggml.pre") ? "is \"default\"" : "is missing"
            warnings.append(
                "\(file.path): tokenizer.ggml.pre \(said): texts are divided as llama.cpp does then, which may not be as in training")
        }
        for (key, value) in try division.stages() { fields[key] = value }
        model.settings = ["type": .string("BPE"), "ignore_merges": .bool(division.ignoresMerges)]
        for (i, merge) in try file.texts("tokenizer.ggml.merges").enumerated() {
            let parts = merge.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw FileError(
                    .badData, file.path, "tokenizer.ggml.merges[\(i)]: expected 2 tokens with a space between them, found \(parts.count)")
            }
            model.merges.append((String(parts[0]), String(parts[1])))
        }
        try readTemplate(addsBeginning: division.addsBeginning)
    }

    // MARK: SentencePiece

    /// Pieces longer than this are none that SentencePiece makes, and would take long to take apart.
    private static let longestPiece = 256

    /// Two neighbours are merged if together they are a piece: the one with the highest score first, then the leftmost.
    private mutating func readSentencePieces() throws(FileError) {
        let scores = try file.numbers("tokenizer.ggml.scores")
        guard scores.count == tokens.count else {
            throw FileError(
                .badData, file.path, "tokenizer.ggml.scores: expected \(tokens.count), one for each token, found \(scores.count)")
        }
        if let i = scores.firstIndex(where: { $0.isNaN }) {
            throw FileError(.badData, file.path, "tokenizer.ggml.scores[\(i)]: expected a number, found NaN")
        }
        let pieces = tokens.indices.filter { types[$0] == TokenType.normal.rawValue }.sorted { (scores[$0], $1) > (scores[$1], $0) }
        let texts = Set(pieces.map { ExactText(tokens[$0]) })
        var rank = 0
        for (i, piece) in pieces.enumerated() {
            let text = Array(tokens[piece].unicodeScalars)
            guard text.count <= Self.longestPiece else {
                throw FileError(
                    .badData, file.path,
                    "tokenizer.ggml.tokens[\(piece)]: expected at most \(Self.longestPiece) characters, found \(text.count)")
            }
            if i > 0, scores[piece] < scores[pieces[i - 1]] { rank += 1 }
            for cut in text.indices.dropFirst() {
                let (left, right) = (String(scalars: text[..<cut]), String(scalars: text[cut...]))
                guard texts.contains(ExactText(left)), texts.contains(ExactText(right)) else { continue }
                model.merges.append((left, right))
                model.ranks.append(rank)
            }
        }
        model.settings = ["type": .string("BPE"), "byte_fallback": .bool(true), "fuse_unk": .bool(true)]
        if let id = try Self.id("unknown", file, tokens) { model.settings["unk_token"] = .string(tokens[id]) }
        let isPrefixed = try settings.bool("tokenizer.ggml.add_space_prefix", default: true)
        for (key, value) in try PublishedDivision.sentencePieces(isPrefixed: isPrefixed) { fields[key] = value }
        try readTemplate(addsBeginning: true)
    }
}

/// How a published tokenizer changes and divides a text before byte pairs are merged, and how tokens become text again.
private struct PublishedDivision {
    /// What `tokenizer.ggml.pre` calls it.
    let names: [String]
    /// As in tokenizer.json, without the last stage that writes bytes as characters.
    let division: [String]
    var normalizer = "null"
    /// Whether a word that is a token is never taken apart.
    var ignoresMerges = false
    /// Whether a text begins with a special token if the file does not say.
    var addsBeginning = false

    static let all = [
        PublishedDivision(names: ["gpt-2"], division: [isolated(gpt2)]),
        PublishedDivision(names: ["smollm"], division: [#"{"type": "Digits", "individual_digits": true}"#, isolated(gpt2)]),
        PublishedDivision(
            names: ["llama-bpe", "llama3", "llama-v3"], division: [isolated(llama3(digits: "{1,3}"))], ignoresMerges: true,
            addsBeginning: true),
        PublishedDivision(names: ["qwen2"], division: [isolated(llama3(digits: ""))], normalizer: #"{"type": "NFC"}"#),
        // What llama.cpp does where a file does not say.
        PublishedDivision(
            names: ["default"],
            division: [isolated(#"[\p{P}\$\+<=>\^~\|]+"#), isolated(gpt2), isolated(#"\p{N}+"#), isolated("[0-9][0-9][0-9]")]),
    ]

    private static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    /// Llama 3's and Qwen 2's patterns, which differ in how many digits they take.
    private static func llama3(digits: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    private static func isolated(_ pattern: String) -> String {
        let quoted = pattern.map { $0 == "\\" ? "\\\\" : String($0) }.joined()
        return #"{"type": "Split", "pattern": {"Regex": "\#(quoted)"}, "behavior": "Isolated", "invert": false}"#
    }

    /// The fields of tokenizer.json.
    func stages() throws(FileError) -> [String: JSON] {
        let bytes = #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}"#
        return try Self.fields(
            """
            {"normalizer": \(normalizer), "decoder": \(bytes),
             "pre_tokenizer": {"type": "Sequence", "pretokenizers": [\((division + [bytes]).joined(separator: ", "))]}}
            """)
    }

    /// The same for pieces of SentencePiece, in which a space is ▁; one may stand before every text.
    static func sentencePieces(isPrefixed: Bool) throws(FileError) -> [String: JSON] {
        try fields(
            """
            {"normalizer": {"type": "Sequence", "normalizers": [
               \(isPrefixed ? #"{"type": "Prepend", "prepend": "▁"},"# : "") {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
             "decoder": {"type": "Sequence", "decoders": [
               {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}
               \(isPrefixed ? #", {"type": "Strip", "content": " ", "start": 1, "stop": 0}"# : "")]}}
            """)
    }

    private static func fields(_ text: String) throws(FileError) -> [String: JSON] {
        try Settings(Array(text.utf8), file: "published tokenizer").fields
    }
}
