// Text to token ids and back, as tokenizer.json says (the format of the `tokenizers` library), for files in the style of Llama 2:
// added tokens, normalizers, pre-tokenizers, byte-pair encoding, a template, decoders. Checked against that library in the tests.
// Left out: truncation and padding, which only batches need.

public import Traces

/// A tokenizer read from tokenizer.json.
public struct Tokenizer: Sendable {
    private enum TemplatePiece {
        case text
        case special([Int])
    }

    private let model: BytePairEncoding
    private let added: [Int: AddedToken]
    private let normalizers: [Normalizer]
    private let preTokenizers: [Metaspace]
    private let decoders: [Decoder]?
    private let template: [TemplatePiece]
    private let rawSplitter: AddedTokenSplitter
    private let normalizedSplitter: AddedTokenSplitter

    /// Reads the file; throws if it is not right, or names a part that is not supported.
    public init(path: String) throws(FileError) {
        var fields: [String: JSON] = [:]
        var source: BytePairEncoding.Source?
        try JSONReader.read(path: path) { reader throws(FileError) in
            try reader.object { key, reader throws(FileError) in
                if key == "model" {
                    source = try BytePairEncoding.Source(&reader)
                } else {
                    fields[key] = try reader.value()
                }
            }
        }
        let settings = Settings(file: path, fields: fields)
        guard let source else { throw settings.failure("model", expected: "an object") }
        model = try BytePairEncoding(source, file: path)
        if settings.has("version"), try settings.text("version") != "1.0" { throw settings.failure("version", expected: "\"1.0\"") }
        let budget = TokenizerBudget(file: path)
        let all = try AddedToken.list(settings, after: model)
        added = Dictionary(all.map { ($0.id, $0) }) { $1 }
        let normalizers = try Normalizer.list(try settings.object("normalizer"))
        try budget.check(normalizers)
        self.normalizers = normalizers
        preTokenizers = try Metaspace.list(try settings.object("pre_tokenizer"))
        try budget.check(preTokenizers)
        decoders = try settings.object("decoder").map { settings throws(FileError) in try Decoder.list(settings) }
        try budget.check(decoders ?? [])
        template = try Self.template(try settings.object("post_processor"), budget)
        rawSplitter = try budget.splitter(all.filter { !$0.isNormalized }) { $0 }
        normalizedSplitter = try budget.splitter(all.filter { $0.isNormalized }) { text in normalizers.reduce(text) { $1($0) } }
    }

    private static func template(_ settings: Settings?, _ budget: TokenizerBudget) throws(FileError) -> [TemplatePiece] {
        guard let settings else { return [.text] }
        return try judged(unjudged(settings, budget), budget)
    }

    /// `pieces`, unless they repeat the text, or add to it, more than the budget allows.
    private static func judged(_ pieces: [TemplatePiece], _ budget: TokenizerBudget) throws(FileError) -> [TemplatePiece] {
        try budget.checkTemplate(
            texts: pieces.count { if case .text = $0 { true } else { false } },
            tokens: pieces.reduce(0) { if case .special(let ids) = $1 { $0 + ids.count } else { $0 } })
        return pieces
    }

    private static func unjudged(_ settings: Settings, _ budget: TokenizerBudget) throws(FileError) -> [TemplatePiece] {
        switch try settings.text("type") {
        case "Sequence":
            // Each processor works on what the one before it made.
            var whole: [TemplatePiece] = [.text]
            for part in try settings.objects("processors") {
                let inner = whole
                // Each part and the whole so far are within the budget, so that this product is small before it is judged.
                whole = try judged(template(part, budget).flatMap { if case .text = $0 { inner } else { [$0] } }, budget)
            }
            return whole
        case "TemplateProcessing":
            let special = try settings.object("special_tokens")
            var pieces: [TemplatePiece] = []
            for piece in try settings.objects("single") {
                if let token = try piece.object("SpecialToken") {
                    let name = try token.text("id")
                    guard let entry = try special?.object(name) else { throw token.failure("id", expected: "one of special_tokens") }
                    pieces.append(.special(try entry.integers("ids")))
                } else if let sequence = try piece.object("Sequence") {
                    guard try sequence.text("id") == "A" else { throw sequence.failure("id", expected: "\"A\"") }
                    pieces.append(.text)
                } else {
                    throw piece.failure("Sequence", expected: "SpecialToken or Sequence")
                }
            }
            return pieces
        default: throw settings.failure("type", expected: "a supported post-processor (none, TemplateProcessing, Sequence)")
        }
    }

    /// How many ids there are: one more than the largest.
    public var vocabularyCount: Int { max(model.texts.count, (added.keys.max() ?? -1) + 1) }

    /// The token ids of a text. Added tokens that stand in the text are taken as such.
    /// - Parameter addSpecial: whether the template's tokens (the start of a text) are added.
    public func encode(_ text: String, addSpecial: Bool = true) -> [Int] {
        let ids = rawSplitter.split(text, isFirst: true).flatMap(encode)
        guard addSpecial else { return ids }
        return template.flatMap { piece in
            switch piece {
            case .text: ids
            case .special(let special): special
            }
        }
    }

    private func encode(_ piece: TextPiece) -> [Int] {
        guard case .text(let text, let isFirst) = piece else { return ids(piece) }
        let normalized = normalizers.reduce(text) { $1($0) }
        return normalizedSplitter.split(normalized, isFirst: isFirst).flatMap(ids)
    }

    private func ids(_ piece: TextPiece) -> [Int] {
        switch piece {
        case .token(let id): return [id]
        case .text(let text, let isFirst):
            var words = [text]
            for split in preTokenizers {
                words = words.enumerated().flatMap { split($1, isFirst: isFirst && $0 == 0) }
            }
            return words.flatMap(model.encode)
        }
    }

    /// The text of token ids. Special tokens are left out unless they are wanted; an id that does not exist is passed over.
    public func decode(_ ids: [Int], skipSpecial: Bool = true) -> String {
        let tokens = ids.filter { !(skipSpecial && added[$0]?.isSpecial == true) }.compactMap(token)
        guard let decoders else { return tokens.joined(separator: " ") }
        return decoders.reduce(tokens) { $1($0) }.joined()
    }

    /// A token as it stands in the vocabulary, for labels: `▁park`, `<0x0A>`, `<s>`; nil if there is no such id.
    public func token(_ id: Int) -> String? {
        if let added = added[id] { return added.isNormalized ? normalizers.reduce(added.content) { $1($0) } : added.content }
        return model.texts.indices.contains(id) ? model.texts[id] : nil
    }

    /// The id of a token as it stands in the vocabulary.
    public func id(of token: String) -> Int? { added.values.first { ExactText($0.content) == ExactText(token) }?.id ?? model.id(of: token) }
}

extension BytePairEncoding.Source {
    /// Reads the `model` object, whose vocabulary and merges may be long.
    init(_ reader: inout JSONReader) throws(FileError) {
        self.init()
        var source = self
        try reader.object { key, reader throws(FileError) in
            switch key {
            case "vocab" where reader.next() == UInt8(ascii: "{"):
                try reader.object { text, reader throws(FileError) in
                    guard case .integer(let id) = try reader.number() else { throw reader.failure("expected a whole number") }
                    source.vocabulary.append((text, id))
                }
            case "merges":
                try reader.array { reader throws(FileError) in source.merges.append(try Self.merge(&reader)) }
            default: source.settings[key] = try reader.value()
            }
        }
        self = source
    }

    /// `"a b"` or `["a", "b"]`.
    private static func merge(_ reader: inout JSONReader) throws(FileError) -> (left: String, right: String) {
        var parts: [String] = []
        if reader.next() == UInt8(ascii: "[") {
            try reader.array { reader throws(FileError) in parts.append(try reader.string()) }
        } else {
            parts = try reader.string().unicodeScalars.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
        }
        guard parts.count == 2 else { throw reader.failure("expected a merge of 2 tokens, found \(parts.count)") }
        return (parts[0], parts[1])
    }
}
