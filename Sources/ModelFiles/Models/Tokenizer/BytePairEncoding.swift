// Byte-pair encoding (Sennrich et al. 2016) as in tokenizer.json: the text's characters, then merges, the earliest in the list first and
// of equal ones the leftmost. A character that the vocabulary lacks becomes its UTF-8 bytes, or the unknown token.

import Traces

/// The model part of a tokenizer.
struct BytePairEncoding: Sendable {
    let vocabulary: TokenVocabulary
    private let merges: [UInt64: Merge]
    private let unknownID: Int?
    private let fusesUnknown: Bool
    private let fallsBackToBytes: Bool
    private let ignoresMerges: Bool

    private struct Merge {
        let rank: Int
        let id: Int
    }

    /// A piece of a word, in a list whose links skip what was merged away.
    private struct Symbol {
        var id: Int
        var previous: Int
        var next: Int
        var isGone = false
    }

    init(_ source: TokenModel.Source, _ settings: Settings) throws(FileError) {
        for name in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
            if case .string("") = settings.fields[name] ?? .null { continue }
            if name == "dropout", try settings.number(name, default: 0) == 0 { continue }
            guard !settings.has(name) else { throw settings.failure(name, expected: "none") }
        }
        vocabulary = try TokenVocabulary(source.vocabulary, file: settings.file)
        unknownID = settings.has("unk_token") ? try vocabulary.named("unk_token", settings) : nil
        merges = try Self.ranked(source, vocabulary, settings.file)
        fusesUnknown = try settings.bool("fuse_unk", default: false)
        fallsBackToBytes = try settings.bool("byte_fallback", default: false)
        ignoresMerges = try settings.bool("ignore_merges", default: false)
    }

    private static func ranked(
        _ source: TokenModel.Source, _ vocabulary: TokenVocabulary, _ file: String
    ) throws(FileError) -> [UInt64: Merge] {
        var ranked: [UInt64: Merge] = [:]
        for (i, merge) in source.merges.enumerated() {
            func id(_ text: String) throws(FileError) -> Int {
                if let id = vocabulary.id(of: text) { return id }
                throw FileError(.badData, file, "model.merges[\(i)]: \"\(text)\" is not in the vocabulary")
            }
            let rank = source.ranks.isEmpty ? i : source.ranks[i]
            ranked[key(try id(merge.left), try id(merge.right))] = Merge(rank: rank, id: try id(merge.left + merge.right))
        }
        return ranked
    }

    private static func key(_ left: Int, _ right: Int) -> UInt64 { UInt64(left) << 32 | UInt64(right) }

    /// The ids of one piece of normalised text.
    func encode(_ text: String) -> [Int] {
        if ignoresMerges, let whole = vocabulary.id(of: text) { return [whole] }
        return merged(characters(text))
    }

    /// One id for each character, its bytes where it has none, or the unknown token, which swallows its neighbours if it fuses.
    private func characters(_ text: String) -> [Int] {
        var found: [Int] = []
        var hasPendingUnknown = false
        for scalar in text.unicodeScalars {
            let utf8 = Array(UTF8.encode(scalar)!)
            if let id = vocabulary.id(of: utf8) {
                if hasPendingUnknown, let unknownID { found.append(unknownID) }
                hasPendingUnknown = false
                found.append(id)
                continue
            }
            if fallsBackToBytes, let bytes = vocabulary.byteIDs(utf8) {
                found += bytes
                continue
            }
            guard let unknownID else { continue }
            if hasPendingUnknown, !fusesUnknown { found.append(unknownID) }
            hasPendingUnknown = true
        }
        if hasPendingUnknown, let unknownID { found.append(unknownID) }
        return found
    }

    private func merged(_ characters: [Int]) -> [Int] {
        var symbols = characters.indices.map { Symbol(id: characters[$0], previous: $0 - 1, next: $0 + 1 < characters.count ? $0 + 1 : -1) }
        var queue = MergeQueue()
        func consider(_ left: Int) {
            guard left >= 0, symbols[left].next >= 0 else { return }
            let right = symbols[left].next
            guard let merge = merges[Self.key(symbols[left].id, symbols[right].id)] else { return }
            queue.insert(MergeQueue.Candidate(rank: merge.rank, position: left, id: merge.id))
        }
        for left in symbols.indices { consider(left) }
        while let best = queue.removeFirst() {
            let left = best.position
            let right = symbols[left].next
            // What was queued may have been merged away since.
            guard !symbols[left].isGone, right >= 0, merges[Self.key(symbols[left].id, symbols[right].id)]?.id == best.id else { continue }
            symbols[left].id = best.id
            symbols[left].next = symbols[right].next
            symbols[right].isGone = true
            if symbols[right].next >= 0 { symbols[symbols[right].next].previous = left }
            consider(symbols[left].previous)
            consider(left)
        }
        return symbols.filter { !$0.isGone }.map(\.id)
    }
}

/// The tokens that stand for single bytes: `<0x0A>`.
enum ByteToken {
    static func text(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(digits.count == 1 ? "0" : "")\(digits)>"
    }

    static func byte(_ text: String) -> UInt8? {
        guard text.utf8.count == 6, text.hasPrefix("<0x"), text.hasSuffix(">") else { return nil }
        return UInt8(text.dropFirst(3).dropLast(), radix: 16)
    }
}

/// A binary heap of possible merges: the lowest rank first, then the leftmost.
struct MergeQueue {
    struct Candidate {
        let rank: Int
        let position: Int
        let id: Int
        static func < (a: Self, b: Self) -> Bool { (a.rank, a.position) < (b.rank, b.position) }
    }

    private var heap: [Candidate] = []

    mutating func insert(_ candidate: Candidate) {
        heap.append(candidate)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Candidate? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] { least = child }
            if least == parent { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
