// The words, vectors and weights of the running example as values. Left out: the file that authors edit, which Lessons reads.

public import Traces

/// One word of the diary's vocabulary.
public struct DiaryWord: Hashable, Sendable {
    /// The word in both languages.
    public let name: Bilingual
    /// What the word is: one number for each feature.
    public let own: [Double]
    /// How strongly it takes on the story of its sentence.
    public let storyStrength: Double
    /// The feature of the story that a sentence tells if it begins with this word.
    public let opens: Int?
    /// What a question word asks for, one number for each feature; nil for other words.
    public let asksFor: [Double]?
    /// How strongly it takes on what the question word before it asks for.
    public let gathers: Double
    /// The feature of the story that it tells wherever it stands; nil for its sentence's.
    public let tells: Int?

    /// A word with its numbers.
    public init(name: Bilingual, own: [Double], storyStrength: Double, opens: Int?, asksFor: [Double]?, gathers: Double, tells: Int? = nil)
    {
        (self.name, self.own, self.storyStrength) = (name, own, storyStrength)
        (self.opens, self.asksFor, self.gathers, self.tells) = (opens, asksFor, gathers, tells)
    }
}

/// The words, weights and questions of the running example. Designed by hand; see `lessons/diary.yaml`.
public struct Diary: Sendable {
    /// One attention head of the design: each row makes one number of the query, key or value from the features.
    public struct Head: Hashable, Sendable {
        /// What the head is for.
        public let name: Bilingual
        /// Rows [o, c] of the query, key and value.
        public let query, key, value: [[Double]]

        /// A head with its rows.
        public init(name: Bilingual, query: [[Double]], key: [[Double]], value: [[Double]]) {
            (self.name, self.query, self.key, self.value) = (name, query, key, value)
        }
    }

    /// The lightning indexer of the design.
    public struct Indexer: Hashable, Sendable {
        /// Query rows of each head [j, o, c].
        public let query: [[[Double]]]
        /// Rows of the one key [o, c].
        public let key: [[Double]]
        /// One row for the weight of each head [j, c].
        public let weights: [[Double]]

        /// An indexer with its rows.
        public init(query: [[[Double]]], key: [[Double]], weights: [[Double]]) {
            (self.query, self.key, self.weights) = (query, key, weights)
        }
    }

    /// The features' ids, as sums name them, in the order of vectors.
    public let featureIDs: [String]
    /// The features' names for readers.
    public let featureNames: [Bilingual]
    /// The vocabulary.
    public private(set) var words: [DiaryWord]
    /// Positions in `words` of those that end a sentence.
    public let sentenceEnds: Set<Int>
    /// Positions in `words` of those that can answer.
    public private(set) var answers: [Int]
    /// The diary without a question.
    public let text: Bilingual
    /// The questions that come with it.
    public let questions: [(name: String, text: Bilingual)]
    /// Attention heads.
    public let heads: [Head]
    /// W_O [c, heads · values].
    public let output: [[Double]]
    /// How many keys the sparse lessons keep.
    public let topK: Int
    /// The lightning indexer.
    public let indexer: Indexer
    /// How words of a reader's own are designed, by kind.
    public let newWords: [NewWord.Kind: NewWordDesign]

    /// What every picture and page of the diary says of its numbers.
    public static let designedByHand = Bilingual(en: "vectors designed by hand", zh: "向量为手工设计")

    /// A diary whose parts fit each other: vectors of one length, positions inside `words`. Whoever reads it checks that.
    public init(
        featureIDs: [String], featureNames: [Bilingual], words: [DiaryWord], sentenceEnds: Set<Int>, answers: [Int], text: Bilingual,
        questions: [(name: String, text: Bilingual)], heads: [Head], output: [[Double]], topK: Int, indexer: Indexer,
        newWords: [NewWord.Kind: NewWordDesign]
    ) {
        (self.featureIDs, self.featureNames, self.words) = (featureIDs, featureNames, words)
        (self.sentenceEnds, self.answers, self.text, self.questions) = (sentenceEnds, answers, text, questions)
        (self.heads, self.output, self.topK, self.indexer, self.newWords) = (heads, output, topK, indexer, newWords)
    }

    /// Puts a word at the end of the vocabulary.
    mutating func append(_ word: DiaryWord, answers canAnswer: Bool) {
        if canAnswer { answers.append(words.count) }
        words.append(word)
    }

    /// The letter by which lessons call a head: A, B, …
    static func letter(_ head: Int) -> String { head < 26 ? String(UnicodeScalar(UInt8(65 + head))) : "\(head)" }
}

/// A text or a question that the diary does not know.
public struct DiaryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected and what was found.
    public let description: String
    init(_ description: String) { self.description = description }
}
