// Words of a reader's own in the diary: what they become, what the diary then answers, and texts as readers type them.

import Foundation
import Lessons
import Mechanisms
import Testing
import Traces

@Suite struct NewWordTests {
    private func answer(_ text: String, _ words: [NewWord], _ language: Language = .en, _ branch: String = "sparse.answer") throws
        -> [String]
    {
        let reading = try diary.reading(text, words: words)
        let step = try reading.diary.trace(of: reading.tokens, language: language).step(branch)
        return ReadOut(step.output.values).winners.map { step.labels[.n]![$0] }
    }

    @Test(arguments: ["answer", "sparse.answer"]) func `I flew to Paris, and the trip went there`(branch: String) throws {
        let words = [NewWord("I", .other, story: "trip"), NewWord("Paris", .place)]
        #expect(try answer("I flew to Paris. Breakfast: noodles. Trip went where?", words, .en, branch) == ["Paris"])
        #expect(try answer("I flew to Paris. Mei in Shanghai. Mei in where?", words, .en, branch) == ["Shanghai"])
        let chinese = [NewWord("我", .other, story: "trip"), NewWord("巴黎", .place)]
        #expect(try answer("我飞到巴黎。早餐：米线。旅行去了哪儿？", chinese, .zh, branch) == ["巴黎"])
    }

    @Test(arguments: ["Rice", "soup"], Language.allCases) func `of two foods the one in the diary answers, alone`(
        food: String, language: Language
    ) throws {
        let words = [NewWord(food, .food)]
        #expect(try answer("Breakfast: \(food). Mei in Shanghai. Breakfast: what?", words, language) == [food])
        #expect(try answer("Breakfast: noodles. Mei in \(food). Breakfast: what?", words, language) == [language == .en ? "noodles" : "米线"])
    }

    @Test func `each of several new places answers for the sentence that it stands in`() throws {
        let places = ["Paris", "Rome", "Oslo", "Lima"].map { NewWord($0, .place) }
        for asked in ["Trip went where?", "Mei in where?"] {
            for (i, place) in places.enumerated() {
                let other = places[(i + 1) % places.count]
                let (trip, mei) = asked.hasPrefix("Trip") ? (place, other) : (other, place)
                let text = "Holiday: flew to \(trip.text). Breakfast: noodles. Mei in \(mei.text). \(asked)"
                #expect(try answer(text, [place, other]) == [place.text], "\(text)")
            }
        }
    }

    @Test func `a kind gives the vector of the vocabulary's own words, and places and foods a direction of their own`() throws {
        let new =
            (0..<6).map { NewWord("P\($0)", .place) } + (0..<6).map { NewWord("F\($0)", .food) } + [
                NewWord("swam", .deed), NewWord("lamp", .other),
            ]
        let extended = try diary.adding(new)
        let words = Dictionary(uniqueKeysWithValues: extended.words.map { ($0.name.en, $0) })
        func length(_ vector: [Double]) -> Double { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        for (prefix, known, feature) in [("P", ["Dali", "Shanghai"], 0), ("F", ["noodles"], 1)] {
            let vectors = known.map { words[$0]!.own } + (0..<6).map { words["\(prefix)\($0)"]!.own }
            #expect(Set(vectors).count == vectors.count)
            for vector in vectors {
                #expect(abs(length(vector) - length(vectors[0])) < 1e-12 && vector[feature] > 1.5)
                #expect(vector.indices.allSatisfy { $0 == feature || $0 == 4 || vector[$0] == 0 })
            }
        }
        #expect(words["swam"]!.own == words["flew"]!.own && words["swam"]!.storyStrength == words["flew"]!.storyStrength)
        #expect(words["lamp"]!.own == words[":"]!.own && words["lamp"]!.storyStrength == words[":"]!.storyStrength)
        #expect(extended.answers.count == diary.answers.count + 12)
        #expect(Array(extended.words.prefix(diary.words.count)) == diary.words)
    }

    @Test func `a word with a story tells it wherever it stands, and gives it to the sentence that it opens`() throws {
        func sentences(_ text: String, _ words: [NewWord]) throws -> [[Double]] {
            let reading = try diary.reading(text, words: words)
            let step = try reading.diary.trace(of: reading.tokens, language: .en).step("input.sentence").output
            return (0..<reading.tokens.count).map { t in (0..<step.shape[.c]!).map { step[t, $0] } }
        }
        let trip = [0, 0, 0, 0, 0, 1, 0, 0.0], meal = [0, 0, 0, 0, 0, 0, 1, 0.0], none = [Double](repeating: 0, count: 8)
        #expect(try sentences("Oslo flew.", [NewWord("Oslo", .place, story: "trip")]) == [trip, trip, trip])
        #expect(try sentences("Breakfast: Oslo: noodles", [NewWord("Oslo", .place, story: "trip")]) == [meal, meal, trip, meal, meal])
        #expect(try sentences("Oslo flew. Trip", [NewWord("Oslo", .place)]) == [none, none, none, trip])
        #expect(try sentences("Trip: Oslo", [NewWord("Oslo", .place)]) == [trip, trip, trip])
    }

    @Test func `unknown words are words: to the next space or punctuation, in Chinese to the next known word`() throws {
        func read(_ text: String, _ words: [NewWord] = []) throws -> ([String], [String]) {
            let reading = try diary.reading(text, words: words, others: .added)
            return (reading.tokens.map(\.text), reading.newWords.map(\.text))
        }
        #expect(try read("I flew to Paris, ok") == (["I", "flew", "to", "Paris", ",", "ok"], ["I", "Paris", ",", "ok"]))
        #expect(try read("我飞到巴黎。") == (["我", "飞", "到", "巴黎", "。"], ["我", "巴黎"]))
        #expect(try read("我们在巴黎铁塔", [NewWord("巴黎", .place)]) == (["我们", "在", "巴黎", "铁塔"], ["我们", "巴黎", "铁塔"]))
        #expect(try read("Paris到上海 paris", [NewWord("Paris", .place)]) == (["Paris", "到", "上海", "paris"], ["Paris"]))
        #expect(try read("Parisian", [NewWord("Paris", .place)]) == (["Parisian"], ["Parisian"]))
        #expect(try read("don't ice-cream 'to'") == (["don't", "ice-cream", "'", "to", "'"], ["don't", "ice-cream", "'"]))
        #expect(try read("New York to", [NewWord("New York", .place)]) == (["New York", "to"], ["New York"]))
        #expect(try read("cafés café", [NewWord("café", .food)]) == (["cafés", "café"], ["cafés", "café"]))
    }

    @Test(arguments: [
        "<script>alert(1)</script>", "\u{202E}txet\u{2066}", "a\0b", String(repeating: "x", count: 500), "👩‍👩‍👧‍👦", "&amp;", "\"", "\\u0000", "ß",
        "ＡＢ",
    ]) func `whatever is typed is text`(_ word: String) throws {
        let reading = try diary.reading("Holiday: flew to \(word) . Trip went where?", others: .added)
        #expect(reading.tokens.map(\.text).joined().contains(word))
        let trace = try reading.diary.trace(of: reading.tokens, language: .en)
        #expect(trace.tokens == reading.tokens.map(\.text))
        let declared = try diary.reading("Holiday: flew to \(word) . Trip went where?", words: [NewWord(word, .place)])
        let read = declared.diary.words[declared.tokens[4].word]
        #expect(read.name.en == word && declared.tokens[4].text == word)
    }

    @Test func `vectors do not depend on the order in which words are listed`() throws {
        let words = [NewWord("Oslo", .place), NewWord("Rome", .place)]
        let text = "Holiday: flew to Rome. Mei in Oslo. Mei in where?"
        let (one, other) = (try diary.reading(text, words: words), try diary.reading(text, words: words.reversed()))
        #expect(one.diary.words == other.diary.words && one.tokens == other.tokens)
        #expect(one.newWords.map(\.text) == ["Rome", "Oslo"])
    }

    @Test(arguments: [
        ([NewWord("dali", .place)], "\"dali\" is a word of the diary already"),
        ([NewWord("大理", .place)], "\"大理\" is a word of the diary already"),
        ([NewWord("Oslo", .place), NewWord("oslo", .food)], "\"oslo\" is given twice"),
        ([NewWord("Rome", .place)], "\"Rome\" is not in the text"),
        ([NewWord("", .place)], "\"\": expected a word that neither is empty nor begins or ends with a space"),
        ([NewWord("Oslo ", .place)], "\"Oslo \": expected a word that neither is empty nor begins or ends with a space"),
        ([NewWord("Oslo", .place, story: "lunch")], "\"Oslo\": expected a story, one of trip, meal, chat, found \"lunch\""),
    ]) func `a word that does not fit is refused by name`(_ words: [NewWord], _ message: String) {
        #expect((#expect(throws: DiaryError.self) { try diary.reading("Mei in Dali.", words: words) })?.description == message)
    }

    @Test func `without a kind a command knows no other word`() {
        #expect(
            (#expect(throws: DiaryError.self) { try diary.reading("Mei in Dalli.") })?.description
                == "\"Dalli\" is not a word of the diary; did you mean Dali?")
    }

    @Test func `a word is read from what a command is given`() throws {
        #expect(try NewWord(parsing: "Paris=place") == NewWord("Paris", .place))
        #expect(try NewWord(parsing: "I=other:trip") == NewWord("I", .other, story: "trip"))
        #expect(try NewWord(parsing: "a=b=food") == NewWord("a=b", .food))
        #expect(
            (#expect(throws: DiaryError.self) { try NewWord(parsing: "Paris=city") })?.description
                == "\"Paris=city\": expected a kind, one of place|food|deed|other, found \"city\"")
        #expect(
            (#expect(throws: DiaryError.self) { try NewWord(parsing: "Paris") })?.description
                == "\"Paris\": expected NAME=KIND or NAME=KIND:STORY, KIND one of place|food|deed|other")
    }
}
