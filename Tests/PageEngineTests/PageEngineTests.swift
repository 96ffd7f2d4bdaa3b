// The page's engine as the command builds it: what it answers is what the command says, and what it cannot answer it refuses by name.

import Diagrams
import Foundation
import Mechanisms
import PageEngine
import Testing
import Traces

@Suite struct PageEngineTests {
    private func engine() throws -> PageEngine { try PageEngine(loading: loading) }

    @Test func `a diary survives its JSON`() throws {
        let text = diary.json()
        let read = try Array(text.utf8).withUnsafeBytes { bytes in
            try JSONReader.read(bytes, file: "diary") { reader throws(FileError) in
                try Diary(Settings(file: "diary", reader: &reader))
            }
        }
        #expect(read.json() == text)
        #expect(read.words == diary.words && read.heads == diary.heads && read.indexer == diary.indexer && read.output == diary.output)
        #expect(read.sentenceEnds == diary.sentenceEnds && read.answers == diary.answers && read.topK == diary.topK)
    }

    @Test(arguments: Language.allCases) func `steps are those of the command's own run`(language: Language) throws {
        var engine = try engine()
        let answer = try engine.steps(Array(Request.run("breakfast", language, ["top-k=2"]).utf8))
        let tokens = try diary.tokens(of: diary.text(question: "breakfast", language: language))
        var expected = JSONBuffer()
        TraceText.write(try diary.trace(of: tokens, language: language, switches: [.topK(2)]), to: &expected)
        #expect(answer == expected.bytes)
    }

    @Test func `a cell is explained as the trace explains it`() throws {
        var engine = try engine()
        let answer = Request.explanation(Request.run("trip"), "attention.scores[1,17,4]").answer(&engine)
        let object = try #require(JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any])
        let trace = try diary.trace(of: diary.tokens(of: diary.text(question: "trip", language: .en)), language: .en)
        let explanation = try trace.step("attention.scores").explain([1, 17, 4])
        #expect(object["lines"] as? [String] == explanation.lines(.en))
        #expect(object["value"] as? Double == explanation.value)
        let operands = try #require(object["operands"] as? [[String: Any]])
        #expect(operands.map { $0["step"] as? String } == explanation.operands.map { $0.step })
    }

    @Test func `a scene is that of the same figure drawn by the same table`() throws {
        var engine = try engine()
        let answer = Request.scene("compare", [Request.run("trip", .zh)], "{\"theme\": \"dark\", \"query\": 9}").answer(&engine)
        let table = try Array(advances.utf8).withUnsafeBytes { bytes in
            try JSONReader.read(bytes, file: "advances") { reader throws(FileError) in
                try AdvanceTable(Settings(file: "advances", reader: &reader))
            }
        }
        var options = FigureOptions()
        (options.language, options.themes, options.query) = (.zh, [.dark], 9)
        let trace = try diary.trace(of: diary.tokens(of: diary.text(question: "trip", language: .zh)), language: .zh)
        let data = FigureData(
            traces: [("trip", trace)], provenance: Provenance(name: "diary", note: Diary.designedByHand))
        #expect(answer == String(decoding: try Figure.compare.draw(data, options, table.measurer).json(.dark), as: UTF8.self))
    }

    @Test(arguments: [
        ("t", "{\"question\": \"lunch\"}", "there is no question \"lunch\"; expected one of trip, breakfast, mei"),
        (
            "t", "{\"question\": \"trip\", \"text\": \"Dali\"}",
            "request: expected exactly one of question, text and case, found question and text"
        ),
        ("t", "{}", "request: expected exactly one of question, text and case, found none"),
        ("t", "{\"text\": \"\"}", "the text is empty: expected words of the diary, such as \"Holiday\""),
        (
            "t", "{\"question\": \"trip\", \"langauge\": \"en\"}",
            "request: langauge: expected one of language, question, text, case, paths, words, switches"
        ),
        ("t", "{\"question\": \"trip\", \"language\": \"fr\"}", "request: language: expected one of en, zh, found \"fr\""),
        ("t", "{\"question\": \"trip\", \"switches\": [1]}", "request: switches: expected an array of texts, found [1]"),
        ("t", "[", "request: expected a JSON object"),
        ("e", "{\"cell\": \"q\"}", "request: run is missing: expected an object"),
        ("t", "{\"question\": \"trip\", \"paths\": [\"masked\"]}", "request: paths: expected it with case alone, found [\"masked\"]"),
        ("t", "{\"question\": \"trip\", \"words\": []}", "request: words: expected it with text alone, found an array"),
        ("t", "{\"case\": \"dsa\"}", "dsa: there is no case of this name in this page; there is dsa-tiny-fp8-kv, dsa-tiny-exact"),
        (
            "t", "{\"case\": \"dsa-tiny-exact\", \"paths\": [\"both\"]}",
            "request: paths: expected masked, gathered or both, each once, found [\"both\"]"
        ),
        (
            "t", "{\"text\": \"Oslo\", \"words\": [{\"text\": \"Oslo\", \"kind\": \"city\"}]}",
            "request: words[0].kind: expected one of place, food, deed, other, found \"city\""
        ),
        (
            "t", "{\"text\": \"Oslo\", \"words\": [{\"text\": \"Dali\", \"kind\": \"place\"}]}", "\"Dali\" is a word of the diary already"
        ),
        (
            "t", "{\"question\": \"trip\", \"switches\": [\"top-k=19\"]}",
            "top-k=19: expected at most 18, the tokens of this run, found 19"
        ),
        (
            "r", "{\"run\": {\"case\": \"dsa-tiny-exact\", \"switches\": [\"top-k=28\"]}}",
            "top-k=28: expected at most 27, the tokens of this run, found 28"
        ),
        ("r", "{\"run\": {\"question\": \"trip\"}, \"goal\": {}}", "request: goal: expected at least one part, found none"),
        (
            "r", "{\"run\": {\"question\": \"trip\"}, \"goal\": {\"won\": \"Dali\"}}",
            "request: goal.won: expected one of answer, lost, kept, pairs"
        ),
        (
            "r", "{\"run\": {\"case\": \"dsa-tiny-exact\"}, \"goal\": {\"lost\": \"Dali\"}}",
            "goal: expected kept or pairs for a case, which has no words, found lost"
        ),
        (
            "e", "{\"run\": {\"question\": \"trip\"}, \"cell\": \"attention.q[99\"}",
            "attention.q[99: expected STEP[i,j,…], found no closing bracket"
        ),
        ("s", "{\"figure\": \"matrx\", \"runs\": []}", "matrx: there is no figure of this name; did you mean matrix?"),
        (
            "s", "{\"figure\": \"growth\", \"runs\": []}",
            "growth: there is no figure of this name; there are \(Figures.ofRuns.map(\.name).joined(separator: ", "))"
        ),
        ("s", "{\"figure\": \"patterns\", \"runs\": [], \"options\": {\"query\": 3}}", "patterns has no use for query"),
        (
            "s", "{\"figure\": \"matrix\", \"runs\": [], \"options\": {\"colour\": 1}}",
            "request: options.colour: expected one of theme, preset, width, step, head, query, key, aggregate, phase, stage, part"
        ),
    ])
    func `what cannot be answered is refused by name`(_ function: Character, _ request: String, _ message: String) throws {
        var engine = try engine()
        let answer = Request(function: function, text: request).answer(&engine)
        let error = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: String]
        #expect(error?["error"] == message || request == "[" && error?["error"]?.hasPrefix("request: ") == true)
    }

    @Test func `a text of 256 words is answered, of 257 refused`() throws {
        var engine = try engine()
        func answer(_ count: Int) -> String { Request.readouts(Request.text(String(repeating: "Dali ", count: count))).answer(&engine) }
        #expect(answer(256).contains("\"visible\": 256"))
        #expect(answer(257) == "{\"error\": \"expected at most 256 words of the diary in a page, found 257\"}")
    }

    @Test(arguments: [
        ("\"topK\": 4", "\"topK\": 0", "topK: expected a whole number of at least 1"),
        ("\"format\": \"attention-steps.diary\"", "\"format\": \"other\"", "format: expected \"attention-steps.diary\", version 1"),
        ("\"answers\": [", "\"answers\": [999, ", "answers: expected whole numbers from 0 to below"),
        ("\"featureNames\": [", "\"featureNames\": [{\"en\": \"x\", \"zh\": \"x\"}, ", "featureNames: expected a name for each feature"),
        ("\"output\": [[", "\"output\": [[1], [", "output: expected rows of one length"),
        ("\"unit\": 10000", "\"unit\": 0", "advances: expected"),
        ("\"own\": [", "\"own\": [1, ", "own: expected 8 numbers, one a feature"),
    ])
    func `a diary or a table whose parts do not fit is refused`(_ old: String, _ new: String, _ message: String) {
        let broken = String(decoding: loading, as: UTF8.self).replacingOccurrences(of: old, with: new)
        let error = #expect(throws: PageError.self) { try PageEngine(loading: Array(broken.utf8)) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
}
