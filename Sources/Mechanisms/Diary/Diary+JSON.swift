// The diary as JSON, for a page: the values alone, without the sums that its authors edit.

package import Traces

extension Diary {
    /// The name that stands in the diary's text.
    private static let format = "attention-steps.diary"

    /// The diary as one line of JSON.
    package func json() -> String {
        func both(_ text: Bilingual) -> JSONText { .object([("en", .string(text.en)), ("zh", .string(text.zh))]) }
        func row(_ numbers: [Double]) -> JSONText { .array(numbers.map(JSONText.number)) }
        func rows(_ rows: [[Double]]) -> JSONText { .array(rows.map(row)) }
        let fields: [(String, JSONText)] = [
            ("format", .string(Self.format)), ("version", 1), ("featureIDs", .strings(featureIDs)),
            ("featureNames", .array(featureNames.map(both))),
            (
                "words",
                .array(
                    words.map { word in
                        .object([
                            ("name", both(word.name)), ("own", row(word.own)), ("storyStrength", .number(word.storyStrength)),
                            ("opens", word.opens.map(JSONText.integer) ?? .null), ("asksFor", word.asksFor.map(row) ?? .null),
                            ("gathers", .number(word.gathers)), ("tells", word.tells.map(JSONText.integer) ?? .null),
                        ])
                    })
            ),
            ("sentenceEnds", .integers(sentenceEnds.sorted())), ("answers", .integers(answers)), ("text", both(text)),
            ("questions", .array(questions.map { .object([("name", .string($0.name)), ("text", both($0.text))]) })),
            (
                "heads",
                .array(
                    heads.map {
                        .object([("name", both($0.name)), ("query", rows($0.query)), ("key", rows($0.key)), ("value", rows($0.value))])
                    })
            ),
            ("output", rows(output)), ("topK", .integer(topK)),
            (
                "indexer",
                .object([
                    ("query", .array(indexer.query.map(rows))), ("key", rows(indexer.key)), ("weights", rows(indexer.weights)),
                ])
            ),
            (
                "newWords",
                .object(
                    NewWord.Kind.allCases.compactMap { kind in
                        newWords[kind].map { design in
                            (
                                kind.rawValue,
                                .object([
                                    ("from", row(design.from)), ("to", row(design.to)), ("story", .number(design.storyStrength)),
                                ])
                            )
                        }
                    })
            ),
        ]
        return JSONText.object(fields).line
    }

    /// Reads what `json()` writes; throws for parts that do not fit each other.
    package init(_ root: Settings) throws(FileError) {
        guard try root.text("format") == Self.format, try root.integer("version") == 1 else {
            throw root.failure("format", expected: "\"\(Self.format)\", version 1")
        }
        let features = try root.texts("featureIDs")
        let words = try root.objects("words").map { word throws(FileError) in try DiaryWord(word, features: features.count) }
        let head = try root.objects("heads").map { head throws(FileError) in
            Head(name: try head.bilingual("name"), query: try head.rows("query"), key: try head.rows("key"), value: try head.rows("value"))
        }
        let indexer = try root.required("indexer")
        self.init(
            featureIDs: features,
            featureNames: try root.objects("featureNames").map { name throws(FileError) in
                Bilingual(en: try name.text("en"), zh: try name.text("zh"))
            },
            words: words, sentenceEnds: Set(try root.positions("sentenceEnds", below: words.count)),
            answers: try root.positions("answers", below: words.count), text: try root.bilingual("text"),
            questions: try root.objects("questions").map { question throws(FileError) in
                (name: try question.text("name"), text: try question.bilingual("text"))
            }, heads: head, output: try root.rows("output"), topK: try root.integer("topK", atLeast: 1),
            indexer: Indexer(
                query: try indexer.blocks("query"), key: try indexer.rows("key"), weights: try indexer.rows("weights")),
            newWords: try Self.designs(root.required("newWords"), features: features.count))
        try check(root)
    }

    private static func designs(_ designs: Settings, features: Int) throws(FileError) -> [NewWord.Kind: NewWordDesign] {
        var read: [NewWord.Kind: NewWordDesign] = [:]
        for kind in NewWord.Kind.allCases {
            let design = try designs.required(kind.rawValue)
            let (from, to) = (try design.numbers("from"), try design.numbers("to"))
            guard from.count == features, to.count == features else {
                throw design.failure("from", expected: "\(features) numbers, one a feature, and as many in to")
            }
            read[kind] = NewWordDesign(from: from, to: to, storyStrength: try design.number("story"))
        }
        return read
    }

    private func check(_ root: Settings) throws(FileError) {
        let count = featureIDs.count
        func fit(_ rows: [[Double]], _ height: Int, _ width: Int) -> Bool { rows.count == height && rows.allSatisfy { $0.count == width } }
        guard count > 0, featureNames.count == count else { throw root.failure("featureNames", expected: "a name for each feature") }
        guard !words.isEmpty, !answers.isEmpty else { throw root.failure("answers", expected: "one word or more") }
        guard let first = heads.first, let keys = first.key.first?.count, keys == count, !first.key.isEmpty, !first.value.isEmpty,
            heads.allSatisfy({ head in
                fit(head.query, first.key.count, count) && fit(head.key, first.key.count, count)
                    && fit(head.value, first.value.count, count)
            })
        else { throw root.failure("heads", expected: "heads of one size over \(count) features") }
        guard fit(output, count, heads.count * first.value.count) else {
            throw root.failure("output", expected: "\(count) rows of \(heads.count * first.value.count) numbers")
        }
        guard !indexer.key.isEmpty, !indexer.query.isEmpty, indexer.query.allSatisfy({ fit($0, indexer.key.count, count) }),
            fit(indexer.key, indexer.key.count, count), fit(indexer.weights, indexer.query.count, count)
        else { throw root.failure("indexer", expected: "heads as long as the key, over \(count) features, and a weight for each") }
    }
}

extension DiaryWord {
    fileprivate init(_ word: Settings, features: Int) throws(FileError) {
        let (own, asks) = (try word.numbers("own"), word.has("asksFor") ? try word.numbers("asksFor") : nil)
        guard own.count == features, asks.map({ $0.count == features }) ?? true else {
            throw word.failure("own", expected: "\(features) numbers, one a feature")
        }
        func feature(_ name: String) throws(FileError) -> Int? {
            guard word.has(name) else { return nil }
            let feature = try word.integer(name, atLeast: 0)
            guard feature < features else { throw word.failure(name, expected: "a feature below \(features)") }
            return feature
        }
        let (opens, tells) = (try feature("opens"), try feature("tells"))
        self.init(
            name: try word.bilingual("name"), own: own, storyStrength: try word.number("storyStrength"), opens: opens, asksFor: asks,
            gathers: try word.number("gathers"), tells: tells)
    }
}
