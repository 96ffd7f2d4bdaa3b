// Text to token ids and back, as tokenizer.json says (the format of the `tokenizers` library): added tokens, normalizers, pre-tokenizers, a model (byte
// pairs, WordPiece, Unigram), a template, decoders. Checked against that library in the tests.
// Left out: truncation and padding, which only batches need.

public import Traces

/// A tokenizer read from tokenizer.json.
public struct Tokenizer: Sendable {
    private let model: TokenModel
    private let added: [Int: AddedToken]
    /// Texts of special tokens: of whatever id.
    private let special: Set<ExactText>
    private let normalizers: [Normalizer]
    private let preTokenizers: [PreTokenizer]
    private let decoders: [Decoder]?
    private let template: Template
    /// Whether the vocabulary writes bytes as characters.
    private let writesBytes: Bool
    private let rawSplitter: AddedTokenSplitter
    private let normalizedSplitter: AddedTokenSplitter

    /// Reads the file; throws if it is not right, or names a part that is not supported.
    public init(path: String) throws(FileError) {
        var fields: [String: JSON] = [:]
        var source: TokenModel.Source?
        try JSONReader.read(path: path) { reader throws(FileError) in
            try reader.object { key, reader throws(FileError) in
                if key == "model" {
                    source = try TokenModel.Source(&reader)
                } else {
                    fields[key] = try reader.value()
                }
            }
        }
        let settings = Settings(file: path, fields: fields)
        guard let source else { throw settings.failure("model", expected: "an object") }
        try self.init(source, settings)
    }

    /// A tokenizer of a model and of the other parts, as tokenizer.json spells them, wherever they come from.
    init(_ source: TokenModel.Source, _ settings: Settings) throws(FileError) {
        model = try TokenModel(source, file: settings.file)
        if settings.has("version"), try settings.text("version") != "1.0" { throw settings.failure("version", expected: "\"1.0\"") }
        let budget = TokenizerBudget(file: settings.file)
        let all = try AddedToken.list(settings, after: model.vocabulary)
        added = Dictionary(all.map { ($0.id, $0) }) { $1 }
        special = Set(all.lazy.filter(\.isSpecial).map { ExactText($0.content) })
        let normalizers = try Normalizer.list(try settings.object("normalizer"))
        try budget.check(normalizers)
        self.normalizers = normalizers
        preTokenizers = try PreTokenizer.list(try settings.object("pre_tokenizer"))
        try budget.check(preTokenizers)
        decoders = try settings.object("decoder").map { settings throws(FileError) in try Decoder.list(settings) }
        try budget.check(decoders ?? [])
        template = try Template(try settings.object("post_processor"), budget)
        writesBytes = normalizers.contains(where: \.writesBytes) || preTokenizers.contains(where: \.writesBytes)
        rawSplitter = try budget.splitter(all.filter { !$0.isNormalized }) { $0 }
        normalizedSplitter = try budget.splitter(all.filter { $0.isNormalized }) { text in normalizers.reduce(text) { $1($0) } }
    }

    /// How many ids there are: one more than the largest.
    public var vocabularyCount: Int { max(model.vocabulary.texts.count, (added.keys.max() ?? -1) + 1) }

    /// The token ids of a text. Added tokens that stand in the text are taken as such.
    /// - Parameter addSpecial: whether the template's tokens (the start of a text) are added.
    public func encode(_ text: String, addSpecial: Bool = true) -> [Int] {
        template(rawSplitter.split(text, isFirst: true).flatMap(encode), addSpecial: addSpecial)
    }

    private func encode(_ piece: TextPiece) -> [Int] {
        guard case .text(let text, let isFirst) = piece else { return ids(piece) }
        let normalized = normalizers.reduce(Word(text: text, isFirst: isFirst)) { $1($0) }
        return normalizedSplitter.split(normalized.text, isFirst: normalized.isFirst).flatMap(ids)
    }

    private func ids(_ piece: TextPiece) -> [Int] {
        switch piece {
        case .token(let id): return [id]
        case .text(let text, let isFirst):
            return preTokenizers.reduce([Word(text: text, isFirst: isFirst)]) { $1($0) }.flatMap { model.encode($0.text) }
        }
    }

    /// The text of token ids. Special tokens are left out unless they are wanted; an id that does not exist is passed over.
    public func decode(_ ids: [Int], skipSpecial: Bool = true) -> String {
        let tokens = ids.compactMap(text).filter { !(skipSpecial && special.contains(ExactText($0))) }
        guard let decoders else { return tokens.joined(separator: " ") }
        return decoders.reduce(tokens) { $1($0) }.joined()
    }

    /// A token as it stands in the vocabulary; nil if there is no such id.
    private func text(of id: Int) -> String? {
        if let added = added[id] { return added.isNormalized ? normalizers.reduce(added.content) { $1($0) } : added.content }
        let texts = model.vocabulary.texts
        return texts.indices.contains(id) ? texts[id] : nil
    }

    /// A token for labels: `▁park`, `<0x0A>`, `<s>`; nil if there is no such id. Where the vocabulary writes bytes as characters (`Ġpark`), these are the
    /// characters again, ▁ for a space, and bytes that are no whole character `<0xE6>`.
    public func token(_ id: Int) -> String? {
        guard let text = text(of: id) else { return nil }
        return writesBytes && added[id] == nil ? ByteAlphabet.label(text) : text
    }

    /// The id of a token as it stands in the vocabulary.
    public func id(of token: String) -> Int? {
        added.values.first { ExactText($0.content) == ExactText(token) }?.id ?? model.vocabulary.id(of: token)
    }
}
