// lessons/diary.yaml: the words, vectors and weights of the running example, in a form that an author likes to edit.
// Every sum ("1.5 place - 1.5 food") becomes one row of a matrix.

public import Mechanisms
import Records
import Traces

extension Diary {
    /// Reads the file at `path`; errors name file, line and column.
    public init(file path: String) throws(LessonError) { try self.init(parsing: readText(path), file: path) }

    /// Reads YAML text; `file` is the name for messages.
    public init(parsing yaml: String, file: String) throws(LessonError) {
        let root = try YAMLNode(parsing: yaml, file: file)
        try root.allow(
            ["features", "words", "sentenceEnds", "answers", "diary", "questions", "heads", "output", "topK", "indexer", "newWords"],
            in: "the diary")
        let own = try root.required("features").required("own").entries("features.own")
        let story = try root.required("features").required("story").entries("features.story")
        let features = own + story
        let ids = features.map(\.key)
        let names = try features.map { feature throws(LessonError) in try feature.value.bilingual("features.\(feature.key)") }
        let words = try root.required("words").items("words").map { word throws(LessonError) in
            try Self.word(word, features: ids, stories: story.map(\.key))
        }
        let questions = try root.required("questions").items("questions").map { node throws(LessonError) in
            (name: try node.required("name").string("name"), text: try node.bilingual("question"))
        }
        let heads = try root.required("heads").items("heads").map { node throws(LessonError) in try Self.head(node, features: ids) }
        self.init(
            featureIDs: ids, featureNames: names, words: words,
            sentenceEnds: Set(try Self.positions(of: root.required("sentenceEnds"), "sentenceEnds", in: words)),
            answers: try Self.positions(of: root.required("answers"), "answers", in: words),
            text: try root.required("diary").bilingual("diary"), questions: questions, heads: heads,
            output: try Self.output(root.required("output"), heads: heads, features: ids), topK: try root.required("topK").count("topK"),
            indexer: try Self.indexer(root.required("indexer"), features: ids),
            newWords: try Self.designs(root.required("newWords"), features: ids))
        guard !questions.isEmpty else { throw root.error("questions: expected at least one") }
        for text in [text.en, text.zh] + questions.flatMap({ [$0.text.en, $0.text.zh] }) {
            do { _ = try tokens(of: text) } catch { throw root.error("\(error)") }
        }
    }

    private static func word(_ node: YAMLNode, features: [String], stories: [String]) throws(LessonError) -> DiaryWord {
        try node.allow(["en", "zh", "is", "story", "opens", "asksFor", "gathers"], in: "a word")
        let opens = try node.optional("opens").map { node throws(LessonError) in
            let story = try node.string("opens")
            guard stories.contains(story) else {
                throw node.error("opens: expected one of \(stories.joined(separator: ", ")), found \"\(story)\"")
            }
            return features.firstIndex(of: story)!
        }
        return DiaryWord(
            name: try node.bilingual("word"), own: try FeatureSum.row(node.required("is"), names: features),
            storyStrength: try node.required("story").number("story"), opens: opens,
            asksFor: try node.optional("asksFor").map { node throws(LessonError) in try FeatureSum.row(node, names: features) },
            gathers: try node.optional("gathers")?.number("gathers") ?? 0)
    }

    private static func positions(of node: YAMLNode, _ what: String, in words: [DiaryWord]) throws(LessonError) -> [Int] {
        try node.items(what).map { item throws(LessonError) in
            let name = try item.string(what)
            guard let position = words.firstIndex(where: { $0.name.en == name }) else {
                throw item.error(
                    "\(what): expected an English word of the vocabulary, found \"\(name)\"\(NearWords.hint(NearWords.of(name, in: words.map(\.name.en))))"
                )
            }
            return position
        }
    }

    private static func head(_ node: YAMLNode, features: [String]) throws(LessonError) -> Head {
        try node.allow(["name", "query", "key", "value"], in: "a head")
        let head = Head(
            name: try node.required("name").bilingual("name"), query: try FeatureSum.rows(node.required("query"), names: features),
            key: try FeatureSum.rows(node.required("key"), names: features),
            value: try FeatureSum.rows(node.required("value"), names: features))
        guard head.query.count == head.key.count else {
            throw node.error("a head's query and key: expected as many numbers in both, found \(head.query.count) and \(head.key.count)")
        }
        return head
    }

    private static func output(_ node: YAMLNode, heads: [Head], features: [String]) throws(LessonError) -> [[Double]] {
        guard let first = heads.first, heads.allSatisfy({ $0.value.count == first.value.count && $0.key.count == first.key.count }) else {
            throw node.error("heads: expected at least one, all of one size")
        }
        let names = heads.indices.flatMap { head in first.value.indices.map { "\(letter(head))\($0 + 1)" } }
        try node.allow(features, in: "output")
        return try features.map { feature throws(LessonError) in try FeatureSum.row(node.required(feature), names: names) }
    }

    private static func indexer(_ node: YAMLNode, features: [String]) throws(LessonError) -> Indexer {
        try node.allow(["query", "key", "weights"], in: "indexer")
        let query = try node.required("query").items("query").map { head throws(LessonError) in try FeatureSum.rows(head, names: features) }
        let indexer = Indexer(
            query: query, key: try FeatureSum.rows(node.required("key"), names: features),
            weights: try FeatureSum.rows(node.required("weights"), names: features))
        guard indexer.weights.count == query.count, query.allSatisfy({ $0.count == indexer.key.count }) else {
            throw node.error(
                "indexer: expected a weight for each of \(query.count) query heads, and heads as long as the key (\(indexer.key.count))")
        }
        return indexer
    }

    private static func designs(_ node: YAMLNode, features: [String]) throws(LessonError) -> [NewWord.Kind: NewWordDesign] {
        try node.allow(NewWord.Kind.allCases.map(\.rawValue), in: "newWords")
        var designs: [NewWord.Kind: NewWordDesign] = [:]
        for kind in NewWord.Kind.allCases {
            let design = try node.required(kind.rawValue)
            try design.allow(["is", "between", "story"], in: "a kind of new words")
            let sides = try design.optional("between").map { node throws(LessonError) in try FeatureSum.rows(node, names: features) }
            if let sides, sides.count != 2 || design.optional("is") != nil {
                throw design.error("newWords.\(kind.rawValue): expected two sums in between, or one in is")
            }
            let ends: [[Double]]
            if let sides { ends = sides } else { ends = [try FeatureSum.row(design.required("is"), names: features)] }
            designs[kind] = NewWordDesign(
                from: ends[0], to: ends[ends.count - 1], storyStrength: try design.required("story").number("story"))
        }
        return designs
    }

    /// The letter by which sums call a head's values: A1, B2, …
    private static func letter(_ head: Int) -> String { head < 26 ? String(UnicodeScalar(UInt8(65 + head))) : "\(head)" }

}

/// Reads sums of named features: `1.5 place - 1.5 food`, `nothing`.
enum FeatureSum {
    /// A list of sums, one row each.
    static func rows(_ node: YAMLNode, names: [String]) throws(LessonError) -> [[Double]] {
        try node.items("sums").map { item throws(LessonError) in try row(item, names: names) }
    }

    /// One sum as a row with a number for each name.
    static func row(_ node: YAMLNode, names: [String]) throws(LessonError) -> [Double] {
        let text = try node.string("a sum")
        var row = [Double](repeating: 0, count: names.count)
        if text == "nothing" { return row }
        var sign: Double? = 1
        var factor = 1.0
        for word in spaced(text).split(separator: " ").map(String.init) {
            if word == "+" || word == "-" {
                sign = (sign ?? 1) * (word == "-" ? -1 : 1)
            } else if let number = Double(word), number.isFinite, sign != nil {
                factor = number
            } else if let name = names.firstIndex(of: word), let known = sign {
                row[name] += known * factor
                (sign, factor) = (nil, 1)
            } else {
                let expected = sign == nil ? "+ or -" : "one of \(names.joined(separator: ", "))"
                throw node.error(
                    "in the sum \"\(text)\": expected \(expected), found \"\(word)\"\(NearWords.hint(NearWords.of(word, in: names)))")
            }
        }
        guard sign == nil else { throw node.error("in the sum \"\(text)\": expected a name at the end, such as \"2 \(names[0])\"") }
        return row
    }

    /// Signs set apart, so that `2 place+west` reads like `2 place + west`.
    private static func spaced(_ text: String) -> String {
        text.reduce(into: "") { $0 += $1 == "+" || $1 == "-" ? " \($1) " : String($1) }
    }
}
