// The model part of tokenizer.json: what makes ids of a word.

import Traces

/// How words become ids.
enum TokenModel: Sendable {
    case bytePair(BytePairEncoding)
    case wordPiece(WordPiece)
    case unigram(Unigram)

    /// A model as it stands in the file: what may be long, and the rest.
    struct Source {
        var vocabulary: [(text: String, id: Int)] = []
        /// One for each token, where a list says both.
        var scores: [Double] = []
        var merges: [(left: String, right: String)] = []
        /// The rank of each merge, where several may have the same; empty if each has its own, in their order.
        var ranks: [Int] = []
        var settings: [String: JSON] = [:]
    }

    init(_ source: Source, file: String) throws(FileError) {
        let settings = Settings(file: file, path: "model.", fields: source.settings)
        // Old files name no type; what has merges is the one that needs them.
        let type = try settings.text("type", default: "BPE")
        guard ["BPE", "WordPiece", "Unigram"].contains(type) else { throw settings.failure("type", expected: "BPE, WordPiece or Unigram") }
        guard !settings.has("vocab"), source.scores.isEmpty == (type != "Unigram") || source.vocabulary.isEmpty else {
            throw settings.failure("vocab", expected: type == "Unigram" ? "an array of tokens and scores" : "an object")
        }
        switch type {
        case "WordPiece": self = .wordPiece(try WordPiece(source, settings))
        case "Unigram": self = .unigram(try Unigram(source, settings))
        default: self = .bytePair(try BytePairEncoding(source, settings))
        }
    }

    var vocabulary: TokenVocabulary {
        switch self {
        case .bytePair(let model): model.vocabulary
        case .wordPiece(let model): model.vocabulary
        case .unigram(let model): model.vocabulary
        }
    }

    /// The ids of one word.
    func encode(_ word: String) -> [Int] {
        switch self {
        case .bytePair(let model): model.encode(word)
        case .wordPiece(let model): model.encode(word)
        case .unigram(let model): model.encode(word)
        }
    }
}

extension TokenModel.Source {
    /// Reads the `model` object, whose vocabulary and merges may be long.
    init(_ reader: inout JSONReader) throws(FileError) {
        self.init()
        var source = self
        try reader.object { key, reader throws(FileError) in
            switch (key, reader.next()) {
            case ("vocab", UInt8(ascii: "{")):
                try reader.object { text, reader throws(FileError) in
                    guard case .integer(let id) = try reader.number() else { throw reader.failure("expected a whole number") }
                    source.vocabulary.append((text, id))
                }
            case ("vocab", UInt8(ascii: "[")):
                try reader.array { reader throws(FileError) in
                    let (text, score) = try Self.scored(&reader)
                    source.vocabulary.append((text, source.scores.count))
                    source.scores.append(score)
                }
            case ("merges", _):
                try reader.array { reader throws(FileError) in source.merges.append(try Self.merge(&reader)) }
            default: source.settings[key] = try reader.value()
            }
        }
        self = source
    }

    /// `["a", -3.5]`.
    private static func scored(_ reader: inout JSONReader) throws(FileError) -> (text: String, score: Double) {
        let value = try reader.value()
        guard case .array(let pair) = value, pair.count == 2, case .string(let text) = pair[0] else {
            throw reader.failure("expected a token and its score")
        }
        switch pair[1] {
        case .integer(let score): return (text, Double(score))
        case .number(let score) where score.isFinite: return (text, score)
        default: throw reader.failure("expected a token and its score, a finite number")
        }
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
