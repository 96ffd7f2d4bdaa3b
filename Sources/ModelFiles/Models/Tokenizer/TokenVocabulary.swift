// The tokens that words are made of: by text, by id, and by how a text goes on.

import Traces

/// Tokens and their ids.
struct TokenVocabulary: Sendable {
    private let ids: [ExactText: Int]
    /// The text of each id; nil where there is none.
    let texts: [String?]
    /// How many tokens there are.
    let count: Int

    init(_ tokens: [(text: String, id: Int)], file: String) throws(FileError) {
        var ids: [ExactText: Int] = [:]
        var texts: [String?] = []
        for (text, id) in tokens {
            guard (0..<1 << 21).contains(id) else {
                throw FileError(.badData, file, "model.vocab: expected ids from 0, found \(id) for \"\(text)\"")
            }
            if id >= texts.count { texts += [String?](repeating: nil, count: id + 1 - texts.count) }
            if let other = texts[id] { throw FileError(.badData, file, "model.vocab: \"\(other)\" and \"\(text)\" have the same id \(id)") }
            texts[id] = text
            // A list may have a text twice; the last one counts.
            ids[ExactText(text)] = id
        }
        (self.ids, self.texts) = (ids, texts)
        count = tokens.count
    }

    func id(of text: String) -> Int? { ids[ExactText(text)] }
    func id(of utf8: [UInt8]) -> Int? { ids[ExactText(utf8)] }

    /// The tokens that stand for single bytes, if each byte has one.
    func byteIDs(_ utf8: some Collection<UInt8>) -> [Int]? {
        let bytes = utf8.map { id(of: ByteToken.text($0)) }
        return bytes.contains(nil) ? nil : bytes.map { $0! }
    }

    /// The id of the token that `settings` call `name`, which must be there.
    func named(_ name: String, _ settings: Settings, default standard: String? = nil) throws(FileError) -> Int {
        let text = if let standard { try settings.text(name, default: standard) } else { try settings.text(name) }
        guard let id = id(of: text) else { throw settings.failure(name, expected: "a token of the vocabulary") }
        return id
    }
}

/// Tokens in the order of their bytes: those that a text begins with are found by narrowing a range, byte by byte.
struct TokenPrefixes: Sendable {
    private let tokens: [(utf8: [UInt8], id: Int)]

    init(_ vocabulary: TokenVocabulary, file: String) throws(FileError) {
        var tokens: [(utf8: [UInt8], id: Int)] = []
        for (id, text) in vocabulary.texts.enumerated() {
            guard let text, !text.isEmpty, vocabulary.id(of: text) == id else { continue }
            guard text.utf8.count <= TokenizerBudget.longestToken else {
                let limit = TokenizerBudget.longestToken
                throw FileError(
                    .badData, file, "model.vocab: expected tokens of at most \(limit) bytes, found \(text.utf8.count) in that of id \(id)")
            }
            tokens.append((Array(text.utf8), id))
        }
        self.tokens = tokens.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The tokens that `bytes` from `start` on begin with, the shortest first: where each ends.
    /// - Parameter prefix: what stands before in the vocabulary's spelling.
    func matches(_ bytes: [UInt8], from start: Int, after prefix: [UInt8] = []) -> [(end: Int, id: Int)] {
        var (range, found) = (tokens.startIndex..<tokens.endIndex, [(end: Int, id: Int)]())
        for depth in 0..<(prefix.count + bytes.count - start) {
            let byte = depth < prefix.count ? prefix[depth] : bytes[start + depth - prefix.count]
            narrow(&range, depth, byte)
            guard let first = range.first else { break }
            // The shortest of those that agree so far stands first.
            if depth >= prefix.count, tokens[first].utf8.count == depth + 1 {
                found.append((start + depth + 1 - prefix.count, tokens[first].id))
            }
        }
        return found
    }

    /// Keeps of `range`, whose tokens agree in `depth` bytes, those that go on with `byte`.
    private func narrow(_ range: inout Range<Int>, _ depth: Int, _ byte: UInt8) {
        func first(_ isPast: ([UInt8]) -> Bool) -> Int {
            var (low, high) = (range.lowerBound, range.upperBound)
            while low < high {
                let middle = (low + high) / 2
                if isPast(tokens[middle].utf8) { high = middle } else { low = middle + 1 }
            }
            return low
        }
        let low = first { $0.count > depth && $0[depth] >= byte }
        range = low..<max(low, first { $0.count > depth && $0[depth] > byte })
    }
}
