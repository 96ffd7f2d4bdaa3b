// What a tokenizer's stages may do to a text. A few lines of a file could otherwise make one word into gigabytes, or search it for hours: every stage
// is judged when the file is read, long before a text comes. The limits are far beyond what published tokenizers need.

import Traces

/// Limits of the stages of the tokenizer in `file`.
struct TokenizerBudget {
    /// The name that errors use.
    let file: String

    /// Stages of one kind.
    static let mostStages = 64
    /// Pre-tokenizers: each may put a character before every word that the one before it made.
    static let mostPreTokenizers = 8
    /// How many times as long all stages of one kind together may make a text.
    static let largestGrowth = 64
    /// Bytes put before a text, all together.
    static let longestPrefix = 1024
    /// How often a template may repeat the text, and how many tokens it may add.
    static let mostTexts = 16, mostSpecialTokens = 1024
    /// Characters of one added token, and of all.
    static let longestToken = 1024, mostTokenCharacters = 1 << 20

    private func failure(_ problem: String) -> FileError { FileError(.badData, file, problem) }

    private func checkCount(_ count: Int, _ name: String, atMost most: Int = mostStages) throws(FileError) {
        guard count <= most else { throw failure("\(name): expected at most \(most) stages, found \(count)") }
    }

    func check(_ stages: [Normalizer]) throws(FileError) {
        try checkCount(stages.count, "normalizer")
        var (growth, prefix) = (1, 0)
        for stage in stages {
            switch stage {
            case .prepend(let text): prefix += text.utf8.count
            default: try grow(&growth, stage.growth, "normalizer")
            }
        }
        guard prefix <= Self.longestPrefix else {
            throw failure("normalizer: expected at most \(Self.longestPrefix) bytes before a text, found \(prefix)")
        }
    }

    func check(_ stages: [PreTokenizer]) throws(FileError) {
        try checkCount(stages.count, "pre_tokenizer", atMost: Self.mostPreTokenizers)
        let bytes = stages.count(where: \.writesBytes)
        guard bytes <= 1 else { throw failure("pre_tokenizer: expected at most 1 ByteLevel, found \(bytes)") }
    }

    func check(_ stages: [Decoder]) throws(FileError) {
        try checkCount(stages.count, "decoder")
        var growth = 1
        for stage in stages { try grow(&growth, stage.growth, "decoder") }
    }

    /// Multiplies `growth` by what one stage can do.
    private func grow(_ growth: inout Int, _ factor: Int, _ name: String) throws(FileError) {
        growth *= factor
        guard growth <= Self.largestGrowth else {
            throw failure("\(name): expected stages that make a text at most \(Self.largestGrowth) times as long, found more")
        }
    }

    /// - Parameters:
    ///   - texts: how often the template has the text.
    ///   - tokens: how many tokens it adds.
    func checkTemplate(texts: Int, tokens: Int) throws(FileError) {
        guard texts <= Self.mostTexts, tokens <= Self.mostSpecialTokens else {
            throw failure(
                "post_processor: expected the text at most \(Self.mostTexts) times and at most \(Self.mostSpecialTokens) tokens beside it, found more"
            )
        }
    }

    /// What divides texts at `tokens`.
    /// - Parameter change: applied to the content of each token before it is looked for.
    func splitter(_ tokens: [AddedToken], _ change: (String) -> String) throws(FileError) -> AddedTokenSplitter {
        var (contents, characters) = ([(content: String, token: AddedToken)](), 0)
        for token in tokens {
            try checkLength(token.content, token)
            let content = change(token.content)
            characters += try checkLength(content, token)
            guard characters <= Self.mostTokenCharacters else {
                throw failure("added_tokens: expected at most \(Self.mostTokenCharacters) characters in all, found more")
            }
            contents.append((content, token))
        }
        return AddedTokenSplitter(contents)
    }

    @discardableResult private func checkLength(_ content: String, _ token: AddedToken) throws(FileError) -> Int {
        let count = content.unicodeScalars.count
        guard count <= Self.longestToken else {
            throw failure(
                "added_tokens: expected at most \(Self.longestToken) characters in a token, found \(count) in that of id \(token.id)")
        }
        return count
    }
}
