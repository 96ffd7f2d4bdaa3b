// From a text to tokens. The same rule serves both languages: skip spaces, then take the longest word that fits, of the vocabulary or of the reader's own.
// Latin words must end where a letter does not follow; Chinese needs no spaces.

public import Traces

/// One token of a diary text: a word of the vocabulary, as it was written.
public struct DiaryToken: Hashable, Sendable {
    /// The position in the diary's words.
    public let word: Int
    /// The text as the reader wrote it.
    public let text: String
}

/// A text read with words of the reader's own.
public struct DiaryReading: Sendable {
    /// The diary with the new words that the text has.
    public let diary: Diary
    /// The text's tokens, in `diary`.
    public let tokens: [DiaryToken]
    /// The new words, in the order in which the text has them.
    public let newWords: [NewWord]
}

extension Diary {
    /// What becomes of a word that neither the vocabulary nor the reader's own words have.
    public enum UnknownWords: Sendable {
        /// It is an error, and so is a word of the reader's own that the text does not have: for whoever types a command.
        case refused
        /// It is a new word of the kind `other`; words that the text does not have are let be: for whoever is still writing.
        case added
    }

    /// The tokens of `text`, in either language; throws for an empty text and for a word that is not in the vocabulary.
    public func tokens(of text: String) throws(DiaryError) -> [DiaryToken] { try reading(text).tokens }

    /// `text`, in either language, read with `words` besides the vocabulary. New words have their place in the order in which the text has them, so that
    /// their vectors do not depend on who lists them how.
    /// - Throws: `DiaryError` for an empty text, for words that do not fit (see `adding`), and for an unknown one if those are refused.
    public func reading(_ text: String, words own: [NewWord] = [], others: UnknownWords = .refused) throws(DiaryError) -> DiaryReading {
        let letters = Array(text)
        let lexicon = Lexicon(try adding(own).words)
        var (tokens, used): ([DiaryToken], [NewWord]) = ([], [])
        var places: [String: Int] = [:]
        var at = 0
        while at < letters.count {
            if letters[at].isWhitespace {
                at += 1
                continue
            }
            let match = lexicon.longest(in: letters, at: at)
            let end = match.map { at + $0.length } ?? lexicon.end(ofUnknownIn: letters, at: at)
            let written = String(letters[at..<end])
            if let match, match.word < words.count {
                tokens.append(DiaryToken(word: match.word, text: written))
            } else {
                if match == nil, case .refused = others { throw unknown(written) }
                let new = match.map { own[$0.word - words.count] } ?? NewWord(written, .other)
                let key = new.text.lowercased()
                if places[key] == nil { (places[key], used) = (used.count, used + [new]) }
                tokens.append(DiaryToken(word: words.count + places[key]!, text: written))
            }
            at = end
        }
        guard !tokens.isEmpty else {
            throw DiaryError("the text is empty: expected words of the diary, such as \"\(words[0].name.en)\"")
        }
        if case .refused = others, let idle = own.first(where: { places[$0.text.lowercased()] == nil }) {
            throw DiaryError("\"\(idle.text.shortened)\" is not in the text")
        }
        return DiaryReading(diary: try adding(used), tokens: tokens, newWords: used)
    }

    private func unknown(_ word: String) -> DiaryError {
        let word30 = word.shortened
        let isLatin = word.first?.isASCII ?? true
        let vocabulary = words.map { isLatin ? $0.name.en : $0.name.zh }
        let near = NearWords.of(word30, in: vocabulary.filter { $0.first?.isLetter ?? false })
        let known = near.isEmpty ? "; the diary knows \(vocabulary.joined(separator: " "))" : NearWords.hint(near)
        return DiaryError("\"\(word30)\" is not a word of the diary\(known)")
    }

    /// The built-in diary with one of its questions.
    public func text(question: String, language: Language) throws(DiaryError) -> String {
        guard let question = questions.first(where: { $0.name == question }) else {
            throw DiaryError(
                "there is no question \"\(question)\"; expected one of \(questions.map { $0.name }.joined(separator: ", "))")
        }
        return text[language] + (language == .en ? " " : "") + question.text[language]
    }

    /// For each token, the story feature that it tells, or nil: its own, or the one that its sentence's first word set.
    func stories(of tokens: [DiaryToken]) -> [Int?] {
        var story: Int?
        var atStart = true
        return tokens.map { token in
            let word = words[token.word]
            if atStart { story = word.opens ?? word.tells }
            atStart = sentenceEnds.contains(token.word)
            return word.tells ?? story
        }
    }

    /// For each token, what the question word before it in its sentence asks for, or nothing.
    func askedFor(by tokens: [DiaryToken]) -> [[Double]] {
        let nothing = [Double](repeating: 0, count: featureIDs.count)
        var asked = nothing
        return tokens.map { token in
            defer { if sentenceEnds.contains(token.word) { asked = nothing } else if let own = words[token.word].asksFor { asked = own } }
            return asked
        }
    }
}
