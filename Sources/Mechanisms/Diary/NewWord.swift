// Words of a reader's own: what the vocabulary does not have, of a kind that it has. The kind gives the vector, by the design in the diary's file; a story
// is the one of the word's sentence, or one that the word brings along.

package import Traces

/// A word that a reader adds to the diary.
public struct NewWord: Hashable, Sendable {
    /// What sort of thing a word is.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// Somewhere one can be, or go to; can answer a question.
        case place
        /// Something to eat; can answer a question.
        case food
        /// Something one does.
        case deed
        /// Anything else: nothing of its own.
        case other

        /// Whether words of this kind can answer a question.
        var canAnswer: Bool { self == .place || self == .food }
    }

    /// The word as the reader writes it, in any language.
    public let text: String
    /// What sort of thing it is.
    public let kind: Kind
    /// The id of the story that it tells wherever it stands; nil for its sentence's.
    public let story: String?

    /// A word by its parts; whoever adds it to a diary hears what does not fit.
    public init(_ text: String, _ kind: Kind, story: String? = nil) {
        (self.text, self.kind, self.story) = (text, kind, story)
    }

    /// A word from `NAME=KIND` or `NAME=KIND:STORY`; the last `=` is the one that counts. Throws for a kind that there is not.
    public init(parsing text: String) throws(DiaryError) {
        let kinds = Kind.allCases.map { $0.rawValue }.joined(separator: "|")
        guard let equals = text.lastIndex(of: "=") else {
            throw DiaryError("\"\(text.shortened)\": expected NAME=KIND or NAME=KIND:STORY, KIND one of \(kinds)")
        }
        let parts = text[text.index(after: equals)...].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let kind = Kind(rawValue: String(parts[0])) else {
            throw DiaryError("\"\(text.shortened)\": expected a kind, one of \(kinds), found \"\(String(parts[0]).shortened)\"")
        }
        self.init(String(text[..<equals]), kind, story: parts.count > 1 ? String(parts[1]) : nil)
    }

    /// The word as a page's engine takes it and tells it: `{"text": "Paris", "kind": "place", "story": "trip" or null}`.
    package var json: JSONText {
        .object([("text", .string(text)), ("kind", .string(kind.rawValue)), ("story", story.map(JSONText.string) ?? .null)])
    }
}

extension Diary {
    /// How words of one kind are designed: each lies between two vectors and is as long as they are.
    public struct NewWordDesign: Hashable, Sendable {
        /// The vectors on both sides, of one length; equal where the kind has one vector alone.
        public let from, to: [Double]
        /// How strongly such a word takes on a story.
        public let storyStrength: Double

        /// A design; whoever reads it checks that both vectors have a number for each feature.
        public init(from: [Double], to: [Double], storyStrength: Double) {
            (self.from, self.to, self.storyStrength) = (from, to, storyStrength)
        }

        /// The vector at `share` of the way, as long as `from`.
        func vector(at share: Double) -> [Double] {
            func length(_ vector: [Double]) -> Double { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            let mixed = from.indices.map { (1 - share) * from[$0] + share * to[$0] }
            let (wanted, found) = (length(from), length(mixed))
            return found > 0 ? mixed.map { $0 * (wanted / found) } : from
        }
    }

    /// The features that are stories: those that a word of the vocabulary opens.
    public var stories: [Int] { featureIDs.indices.filter { feature in words.contains { $0.opens == feature } } }

    /// This diary with the words added to its vocabulary, in their order; places and foods can answer.
    ///
    /// A place or a food has a direction of its own, and the length of its kind. The read-out is a dot product with each candidate, so among vectors of one
    /// length the one that points where the output points wins, alone. Were a second food the same vector as noodles, every question about food would
    /// end in a tie, also where the diary speaks of one food only: foods lean west or east of noodles, which no query, key or index key looks at.
    /// - Throws: `DiaryError` for a word that is there already, is given twice, or is empty or begins or ends with a space, and for an unknown story.
    public func adding(_ new: [NewWord]) throws(DiaryError) -> Diary {
        var diary = self
        var known = Set(words.flatMap { [$0.name.en.lowercased(), $0.name.zh.lowercased()] })
        for word in new {
            let name = word.text.shortened
            guard let first = word.text.first, let last = word.text.last, !first.isWhitespace, !last.isWhitespace else {
                throw DiaryError("\"\(name)\": expected a word that neither is empty nor begins or ends with a space")
            }
            guard known.insert(word.text.lowercased()).inserted else {
                let isGiven = new.contains { $0 != word && $0.text.lowercased() == word.text.lowercased() } || new.count { $0 == word } > 1
                throw DiaryError("\"\(name)\" is \(isGiven ? "given twice" : "a word of the diary already")")
            }
            diary.append(try made(word, own: diary.vector(of: word.kind)), answers: word.kind.canAnswer)
        }
        return diary
    }

    private func made(_ word: NewWord, own: [Double]) throws(DiaryError) -> DiaryWord {
        let tells = try word.story.map { story throws(DiaryError) in
            if let feature = stories.first(where: { featureIDs[$0] == story }) { return feature }
            let all = stories.map { featureIDs[$0] }.joined(separator: ", ")
            throw DiaryError("\"\(word.text.shortened)\": expected a story, one of \(all), found \"\(story.shortened)\"")
        }
        return DiaryWord(
            name: Bilingual(same: word.text), own: own, storyStrength: newWords[word.kind]?.storyStrength ?? 0, opens: nil, asksFor: nil,
            gathers: 0, tells: tells)
    }

    /// The vector of the next word of a kind: halfway between the two of its design, then at a quarter, at three quarters, at an eighth and so on; a
    /// direction that another candidate has is passed over.
    private func vector(of kind: NewWord.Kind) -> [Double] {
        guard let design = newWords[kind] else { return [Double](repeating: 0, count: featureIDs.count) }
        guard kind.canAnswer else { return design.vector(at: 0) }
        for number in 1...answers.count + 1 {
            let vector = design.vector(at: Self.share(number))
            let isTaken = answers.contains { answer in zip(words[answer].own, vector).allSatisfy { abs($0 - $1) < 1e-9 } }
            if !isTaken { return vector }
        }
        return design.vector(at: 0)
    }

    /// The bits of `number` behind the point, the lowest first: 1/2, 1/4, 3/4, 1/8, 5/8, …
    private static func share(_ number: Int) -> Double {
        var (rest, place, share) = (number, 0.5, 0.0)
        while rest > 0 {
            if rest & 1 == 1 { share += place }
            (rest, place) = (rest >> 1, place / 2)
        }
        return share
    }
}

extension String {
    /// What errors say of a text: its beginning, controls as pictures.
    var shortened: String { String(prefix(30)).withControlsPictured }
}
