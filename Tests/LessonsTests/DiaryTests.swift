// The diary against the numbers of an independent script (Fixtures/diary-expected.json), and its texts against mistakes.

import Foundation
import Lessons
import Mechanisms
import Testing
import Traces

/// The repository's lessons folder.
let lessonsFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(
    path: "lessons"
).path

let diary = try! Diary(file: lessonsFolder + "/diary.yaml")

/// What the independent script computed.
nonisolated(unsafe) let oracle: [String: Any] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/diary-expected.json")
    return try! JSONSerialization.jsonObject(with: Data(contentsOf: file)) as! [String: Any]
}()

/// Nested JSON arrays as one row of numbers; null is -infinity.
func flat(_ json: Any?) -> [Double] {
    if let list = json as? [Any] { return list.flatMap(flat) }
    if let number = json as? NSNumber { return [number.doubleValue] }
    if let text = json as? String, text.lowercased().contains("inf") { return [-.infinity] }
    return json is NSNull ? [-.infinity] : []
}

func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { $0 == $1 ? 0 : abs($0 - $1) }.max() ?? 0
}

@Suite struct DiaryTests {
    static let tolerance = 1e-12

    private func trace(_ question: String, _ language: Language = .en) throws -> Trace {
        try diary.trace(of: diary.tokens(of: diary.text(question: question, language: language)), language: language)
    }

    private func expected(_ question: String) -> [String: Any] { (oracle["runs"] as! [String: Any])[question] as! [String: Any] }

    @Test(arguments: ["trip", "breakfast", "mei"], Language.allCases)
    func `every value equals the independent script`(_ question: String, _ language: Language) throws {
        let trace = try trace(question, language)
        let expected = expected(question)
        #expect(trace.tokens == (expected["tokens"] as! [String: [String]])[language.rawValue])
        for (step, name) in [
            ("embedding", "x"), ("attention.q", "q"), ("attention.k", "k"), ("attention.v", "v"), ("attention.weights", "weights"),
            ("attention.output", "output"),
        ] {
            #expect(largestDifference(try trace.step(step).output.values, flat(expected[name])) <= Self.tolerance, "\(step)")
        }
        let answer = (expected["answer"] as! [String: Any])["dense"] as! [String: Any]
        #expect(
            largestDifference(try trace.step("answer").output.values, ["Dali", "Shanghai", "noodles"].flatMap { flat(answer[$0]) })
                <= Self.tolerance)
    }

    @Test(arguments: ["trip", "breakfast", "mei"])
    func `scores equal the independent script before and after the mask`(_ question: String) throws {
        let trace = try trace(question)
        let unmasked = try trace.step("attention.scaled").output
        let scores = try trace.step("attention.scores").output
        let expected = flat(expected(question)["scores"])
        #expect(expected.count == scores.values.count)
        for (offset, value) in expected.enumerated() {
            let index = scores.shape.index(ofOffset: offset)
            let own = index[2] <= index[1] ? scores : unmasked
            #expect(value == -.infinity || abs(own.values[offset] - value) <= Self.tolerance, "\(index) \(own.values[offset]) \(value)")
        }
    }

    @Test func `a mask after the softmax leaves what the independent script says`() throws {
        let expected = flat((oracle["derived"] as! [String: Any])["maskAfterSoftmaxRowSums"])
        #expect(largestDifference(try trace("trip").step("mask_after_softmax.row_sums").output.values, expected) <= Self.tolerance)
    }

    @Test func `the indexer's weights are those of the design`() {
        let weights = oracle["weights"] as! [String: Any]
        #expect(diary.indexer.query.flatMap(\.self).flatMap(\.self) == flat(weights["indexer.W_Q"]))
        #expect(diary.indexer.key.flatMap(\.self) == flat(weights["indexer.W_K"]))
        #expect(diary.indexer.weights.flatMap(\.self) == flat(weights["indexer.W_w"]))
        #expect(diary.topK == 4)
    }

    @Test func `Chinese needs no spaces and English punctuation may be glued`() throws {
        #expect(try diary.tokens(of: "国庆：飞到大理。").map(\.text) == ["国庆", "：", "飞", "到", "大理", "。"])
        #expect(try diary.tokens(of: "trip went where?").map(\.text) == ["trip", "went", "where", "?"])
        #expect(try diary.tokens(of: "in  to").map(\.text) == ["in", "to"])
    }

    @Test func `a part of a longer word is not a word`() {
        let error = #expect(throws: DiaryError.self) { try diary.tokens(of: "total") }
        let known = "Holiday Trip Breakfast Mei flew went to in Dali Shanghai noodles where what : . ?"
        #expect(error?.description == "\"total\" is not a word of the diary; the diary knows \(known)")
    }

    @Test func `an unknown word is named with its near words`() {
        let error = #expect(throws: DiaryError.self) { try diary.tokens(of: "Trip went to Dalli?") }
        #expect(error?.description == "\"Dalli\" is not a word of the diary; did you mean Dali?")
        let chinese = #expect(throws: DiaryError.self) { try diary.tokens(of: "国庆飞到北京。") }
        #expect(chinese?.description == "\"北京\" is not a word of the diary; did you mean 上海, 什么, 到?")
    }

    @Test(arguments: ["", "  \n"]) func `an empty text is an error`(_ text: String) {
        let error = #expect(throws: DiaryError.self) { try diary.tokens(of: text) }
        #expect(error?.description == "the text is empty: expected words of the diary, such as \"Holiday\"")
    }

    @Test func `control characters never reach a message`() {
        let error = #expect(throws: DiaryError.self) { try diary.tokens(of: "\u{1B}[31mDali") }
        #expect(error?.description.contains("is not a word of the diary") == true)
        #expect(error?.description.contains("\u{1B}") == false)
    }

    @Test func `an unknown question lists those that there are`() {
        let error = #expect(throws: DiaryError.self) { try diary.text(question: "lunch", language: .en) }
        #expect(error?.description == "there is no question \"lunch\"; expected one of trip, breakfast, mei")
    }

    @Test(arguments: [
        (
            "is: 2 place + west", "is: 2 plase + west",
            "one of place, food, deed, asks, west, trip, meal, chat, found \"plase\"; did you mean place"
        ),
        ("is: 2 place + west", "is: 2 place west", "expected + or -, found \"west\""),
        ("is: 2 place + west", "is: 2 place +", "expected a name at the end"),
        ("story: 1.6", "story: strong", "story: expected a number, found \"strong\""),
        ("opens: trip}", "opens: sea}", "opens: expected one of trip, meal, chat, found \"sea\""),
        ("zh: 大理, ", "", "expected the key \"zh\", found none"),
        ("topK: 4", "topk: 4", "found \"topk\""),
        ("answers: [Dali", "answers: [Dalí", "did you mean Dali"),
    ])
    func `a mistake in the data file is named with its line and column`(_ old: String, _ new: String, _ message: String) throws {
        let yaml = try String(contentsOfFile: lessonsFolder + "/diary.yaml", encoding: .utf8)
        let broken = yaml.replacingOccurrences(of: old, with: new)
        let line = broken.components(separatedBy: "\n").firstIndex { new.isEmpty ? $0.contains("en: Dali") : $0.contains(new) }! + 1
        let error = #expect(throws: LessonError.self) { try Diary(parsing: broken, file: "diary.yaml") }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("diary.yaml:\(line):") == true, "\(error?.description ?? "")")
        #expect(error?.kind == .badFile)
    }

    @Test func `text that is not YAML is named with its place`() {
        let place = LessonError.Place(file: "diary.yaml", line: 2, column: 1)
        #expect(throws: LessonError(.badFile, at: place, "not YAML: did not find expected node content")) {
            try Diary(parsing: "words: [", file: "diary.yaml")
        }
    }
}
