// The words of a diary, ready to be looked up in a text: by their first letter, the longest first. Case does not count.

import Traces

/// A vocabulary, by first letters.
struct Lexicon {
    private struct Entry {
        let word: Int
        /// The letters, lowercased.
        let letters: [String]
    }
    private var entries: [String: [Entry]] = [:]

    /// The words by all their names; of two that are written alike the first counts.
    init(_ words: [DiaryWord]) {
        for (position, word) in words.enumerated() {
            for name in word.name.en == word.name.zh ? [word.name.en] : [word.name.en, word.name.zh] {
                let letters = name.map { $0.lowercased() }
                guard let first = letters.first else { continue }
                entries[first, default: []].append(Entry(word: position, letters: letters))
            }
        }
        for (first, own) in entries {
            entries[first] = own.enumerated().sorted { ($1.element.letters.count, $0.offset) < ($0.element.letters.count, $1.offset) }
                .map { $0.element }
        }
    }

    /// The longest word that stands at `start` of a text, and how many letters it has.
    func longest(in text: [Character], at start: Int) -> (word: Int, length: Int)? {
        guard let candidates = entries[text[start].lowercased()] else { return nil }
        for entry in candidates where stands(entry, in: text, at: start) { return (entry.word, entry.letters.count) }
        return nil
    }

    private func stands(_ entry: Entry, in text: [Character], at start: Int) -> Bool {
        let end = start + entry.letters.count
        guard end <= text.count else { return false }
        for i in entry.letters.indices.dropFirst() where text[start + i].lowercased() != entry.letters[i] { return false }
        return end == text.count || !(text[end - 1].isSpelledOut && text[end].isSpelledOut)
    }

    /// Where the word ends that begins at `start` and is none of these: at a space, at punctuation (but not at an apostrophe or a hyphen within), where
    /// writing with spaces begins or ends, and in writing without spaces also where a known word stands.
    func end(ofUnknownIn text: [Character], at start: Int) -> Int {
        if text[start].isPunctuation { return start + 1 }
        let isDense = text[start].isWrittenWithoutSpaces
        var end = start + 1
        while end < text.count {
            let letter = text[end]
            if letter.isWhitespace || letter.isWrittenWithoutSpaces != isDense { break }
            let isWithin = ("'’-".contains(letter) && end + 1 < text.count && text[end - 1].isSpelledOut && text[end + 1].isSpelledOut)
            if letter.isPunctuation && !isWithin { break }
            if isDense, longest(in: text, at: end) != nil { break }
            end += 1
        }
        return end
    }
}

extension Character {
    /// Whether it is of a writing that puts no spaces between words: Chinese characters and kana.
    var isWrittenWithoutSpaces: Bool {
        guard let scalar = unicodeScalars.first?.value else { return false }
        switch scalar {
        case 0x2E80...0x2FDF, 0x3005...0x3007, 0x3040...0x30FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF:
            return true
        default: return false
        }
    }

    /// Whether it is a letter or a digit of a word that a space ends.
    var isSpelledOut: Bool { (isLetter || isNumber) && !isWrittenWithoutSpaces }
}
