// The unigram language model (Kudo 2018): of all ways to write a text in tokens, the one whose scores (logarithms of probabilities) add up to the most.

import Traces

/// The model part of a tokenizer like SentencePiece's.
struct Unigram: Sendable {
    let vocabulary: TokenVocabulary
    private let prefixes: TokenPrefixes
    private let scores: [Double]
    private let unknownID: Int
    private let unknownScore: Double
    private let fallsBackToBytes: Bool

    init(_ source: TokenModel.Source, _ settings: Settings) throws(FileError) {
        scores = source.scores
        vocabulary = try TokenVocabulary(source.vocabulary, file: settings.file)
        prefixes = try TokenPrefixes(vocabulary, file: settings.file)
        guard let lowest = scores.min() else { throw settings.failure("vocab", expected: "at least one token") }
        unknownScore = lowest - 10
        unknownID = try settings.integer("unk_id", atLeast: 0)
        guard unknownID < scores.count else { throw settings.failure("unk_id", expected: "the id of a token of the vocabulary") }
        fallsBackToBytes = try settings.bool("byte_fallback", default: false)
    }

    /// The best way to a place in the text: how good it is, where its last token begins, and which that is.
    private struct Way {
        var score = 0.0
        var start: Int?
        var id = 0
    }

    /// The ids of one piece of normalised text.
    func encode(_ text: String) -> [Int] {
        let bytes = Array(text.utf8)
        return pieces(ways(bytes)).flatMap { piece in
            guard piece.isUnknown else { return [piece.id] }
            if let id = vocabulary.id(of: Array(bytes[piece.range])) { return [id] }
            return fallsBackToBytes ? vocabulary.byteIDs(bytes[piece.range]) ?? [unknownID] : [unknownID]
        }
    }

    private func ways(_ bytes: [UInt8]) -> [Way] {
        var ways = [Way](repeating: Way(), count: bytes.count + 1)
        func offer(_ end: Int, _ way: Way) {
            if ways[end].start == nil || way.score > ways[end].score { ways[end] = way }
        }
        var start = 0
        while start < bytes.count {
            let next = (start + 1..<bytes.count).first { bytes[$0] & 0xC0 != 0x80 } ?? bytes.count
            var hasCharacter = false
            for (end, id) in prefixes.matches(bytes, from: start) {
                offer(end, Way(score: scores[id] + ways[start].score, start: start, id: id))
                if end == next { hasCharacter = true }
            }
            if !hasCharacter { offer(next, Way(score: unknownScore + ways[start].score, start: start, id: unknownID)) }
            start = next
        }
        return ways
    }

    /// The tokens of the best way to the end; unknown characters that follow each other are one.
    private func pieces(_ ways: [Way]) -> [(range: Range<Int>, id: Int, isUnknown: Bool)] {
        var (pieces, end) = ([(range: Range<Int>, id: Int, isUnknown: Bool)](), ways.count - 1)
        while end > 0, let start = ways[end].start {
            let isUnknown = ways[end].id == unknownID
            if isUnknown, let last = pieces.last, last.isUnknown {
                pieces[pieces.count - 1].range = start..<last.range.upperBound
            } else {
                pieces.append((start..<end, ways[end].id, isUnknown))
            }
            end = start
        }
        return pieces.reversed()
    }
}
