// From a text to tokens. The same rule serves both languages: skip spaces, then take the longest word of the vocabulary that
// fits. Latin words must end where a letter does not follow; Chinese needs no spaces.

public import Traces

/// One token of a diary text: a word of the vocabulary, as it was written.
public struct DiaryToken: Hashable, Sendable {
    /// The position in the diary's words.
    public let word: Int
    /// The text as the reader wrote it.
    public let text: String
}

extension Diary {
    /// The tokens of `text`, in either language; throws for an empty text and for a word that is not in the vocabulary.
    public func tokens(of text: String) throws(DiaryError) -> [DiaryToken] {
        var tokens: [DiaryToken] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if let match = longestWord(at: rest) {
                tokens.append(DiaryToken(word: match.word, text: String(rest.prefix(match.length))))
                rest.removeFirst(match.length)
            } else {
                throw unknown(rest)
            }
        }
        guard !tokens.isEmpty else {
            throw DiaryError("the text is empty: expected words of the diary, such as \"\(words[0].name.en)\"")
        }
        return tokens
    }

    private func longestWord(at text: Substring) -> (word: Int, length: Int)? {
        var best: (word: Int, length: Int)?
        for (position, word) in words.enumerated() {
            for name in [word.name.en, word.name.zh] where name.count > best?.length ?? 0 && matches(name, text) {
                best = (position, name.count)
            }
        }
        return best
    }

    private func matches(_ name: String, _ text: Substring) -> Bool {
        let candidate = text.prefix(name.count)
        guard candidate.count == name.count, candidate.lowercased() == name.lowercased() else { return false }
        guard let last = name.last, last.isLetter, last.isASCII, let next = text.dropFirst(name.count).first else { return true }
        return !(next.isASCII && (next.isLetter || next.isNumber))
    }

    private func unknown(_ rest: Substring) -> DiaryError {
        var word = ""
        for (offset, character) in rest.enumerated() {
            if offset > 0, character.isWhitespace || character.isPunctuation { break }
            if offset > 0, !character.isASCII, longestWord(at: rest.dropFirst(offset)) != nil { break }
            word.append(character)
        }
        let word30 = String(word.prefix(30)).withoutControls
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

    /// For each token, the story feature that its sentence tells, or nil: set by the sentence's first word.
    func stories(of tokens: [DiaryToken]) -> [Int?] {
        var story: Int?
        var atStart = true
        return tokens.map { token in
            if atStart { story = words[token.word].opens }
            atStart = sentenceEnds.contains(token.word)
            return story
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
