// WordPiece (Schuster and Nakajima 2012; Devlin et al. 2019): from the left, the longest token that the word goes on with; a word that cannot be written
// so is unknown as a whole.

import Traces

/// The model part of a tokenizer like Bert's.
struct WordPiece: Sendable {
    let vocabulary: TokenVocabulary
    private let prefixes: TokenPrefixes
    private let unknownID: Int
    /// What tokens begin with that do not begin a word: `##`.
    private let continuation: [UInt8]
    private let longestWord: Int

    init(_ source: TokenModel.Source, _ settings: Settings) throws(FileError) {
        vocabulary = try TokenVocabulary(source.vocabulary, file: settings.file)
        prefixes = try TokenPrefixes(vocabulary, file: settings.file)
        unknownID = try vocabulary.named("unk_token", settings, default: "[UNK]")
        continuation = Array(try settings.text("continuing_subword_prefix", default: "##").utf8)
        longestWord = try settings.integer("max_input_chars_per_word", atLeast: 0, default: 100)
    }

    /// The ids of one word.
    func encode(_ word: String) -> [Int] {
        guard word.unicodeScalars.count <= longestWord else { return [unknownID] }
        let bytes = Array(word.utf8)
        var (ids, at) = ([Int](), 0)
        while at < bytes.count {
            guard let longest = prefixes.matches(bytes, from: at, after: at == 0 ? [] : continuation).last else { return [unknownID] }
            ids.append(longest.id)
            at = longest.end
        }
        return ids
    }
}
