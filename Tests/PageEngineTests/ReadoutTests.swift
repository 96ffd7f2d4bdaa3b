// What stands beside a panel, goals, and operands that can be followed, against the trace that the command has.

import Diagrams
import Foundation
import Mechanisms
import ModelFiles
import PageEngine
import ReferenceCases
import Testing
import Traces

@Suite struct ReadoutTests {
    private func engine() throws -> PageEngine { try PageEngine(loading: loading) }

    private func object(_ answer: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any], "\(answer)")
    }

    private func texts(_ object: [String: Any], _ name: String) -> [String?] {
        let pair = object[name] as? [String: String]
        return [pair?["text"], pair?["exact"]]
    }

    @Test(
        arguments: Language.allCases,
        [["top-k=4"], ["top-k=2", "no-relu"], ["select=recent"], ["mask-after-softmax", "temperature=2"], ["heads=1"]])
    func `read-outs are the selection's facts and the read-out's largest`(language: Language, switches: [String]) throws {
        var engine = try engine()
        let answer = try object(Request.readouts(Request.run("trip", language, switches)).answer(&engine))
        let tokens = try diary.tokens(of: diary.text(question: "trip", language: language))
        let trace = try diary.trace(of: tokens, language: language, switches: switches.map { try Switch(parsing: $0) })
        let row = try #require(try trace.selection("selected").rows.last)
        let (mass, recall) = (try #require(row.massKept), try #require(row.recall))
        #expect(answer["tokens"] as? [String] == trace.tokens && answer["visible"] as? Int == 18)
        #expect(texts(answer, "pairs") == ["\(row.kept.count)", "\(row.kept.count)"])
        #expect(texts(answer, "kept") == [NumberText.percent(mass), NumberText.exact(100 * mass)])
        #expect(texts(answer, "recall") == [NumberText.fixed(recall, decimals: 2), NumberText.exact(recall)])
        let products = try trace.step("sparse.answer").output.values
        let best = products.max()!
        let names = products.indices.filter { products[$0] > best - 1e-9 }.map { diary.words[diary.answers[$0]].name[language] }
        #expect(texts(answer, "answer") == [names.joined(separator: " = "), NumberText.exact(best)])
        #expect((answer["newWords"] as? [Any])?.isEmpty == true && answer["met"] == nil)
    }

    @Test func `the diary answers Dali, and at its lesson's k keeps what the lesson says`() throws {
        var engine = try engine()
        let answer = try object(Request.readouts(Request.run("trip")).answer(&engine))
        #expect(texts(answer, "answer")[0] == "Dali" && texts(answer, "pairs")[0] == "4" && texts(answer, "kept")[0] == "92.5%")
    }

    @Test func `a tie names all, and meets no goal of one answer`() throws {
        var engine = try engine()
        let run = Request.run("trip", .en, ["heads=0"])
        let answer = try object(Request.readouts(run, goal: "{\"answer\": \"Dali\"}").answer(&engine))
        #expect(texts(answer, "answer")[0] == "Dali = Shanghai = noodles" && answer["met"] as? Bool == false)
    }

    @Test func `unknown words are words of the kind other, told in order; words that are given have their kind`() throws {
        var engine = try engine()
        let text = "I flew to Paris. Breakfast: noodles. Trip went where?"
        let first = try object(Request.readouts(Request.text(text)).answer(&engine))
        let words = try #require(first["newWords"] as? [[String: Any]])
        #expect(
            words.map { $0["text"] as? String } == ["I", "Paris"]
                && words.allSatisfy { $0["kind"] as? String == "other" && $0["story"] is NSNull })
        let given =
            "[{\"text\": \"Paris\", \"kind\": \"place\", \"story\": null}, {\"text\": \"I\", \"kind\": \"other\", \"story\": \"trip\"}, {\"text\": \"gone\", \"kind\": \"deed\"}]"
        let second = try object(Request.readouts(Request.text(text, words: given), goal: "{\"answer\": \"Paris\"}").answer(&engine))
        #expect((second["newWords"] as? [[String: Any]])?.map { $0["kind"] as? String } == ["other", "place"])
        #expect(texts(second, "answer")[0] == "Paris" && second["met"] as? Bool == true)
    }

    @Test func `a case has read-outs of its prefill's last row, and no answer`() throws {
        var engine = try engine()
        for name in cases {
            let answer = try object(Request.readouts(Request.referenceCase(name, paths: ["gathered", "masked"])).answer(&engine))
            let trace = try ReferenceCase(path: caseFile(name)).trace(paths: [.gathered, .masked])
            let row = try #require(try trace.selection("prefill.selected").rows.last)
            #expect(texts(answer, "pairs")[0] == "\(row.kept.count)" && texts(answer, "kept")[1] == NumberText.exact(100 * row.massKept!))
            #expect(answer["answer"] is NSNull && answer["tokens"] as? [String] == trace.tokens)
            #expect(answer["visible"] as? Int == (try trace.step("prefill.selected")).output.shape[.t])
        }
    }

    @Test(arguments: [
        ([], "{\"answer\": \"Dali\"}", true), ([], "{\"answer\": \"Shanghai\"}", false),
        ([], "{\"lost\": \"Dali\"}", false),
        (["select=recent"], "{\"lost\": \"Dali\"}", true), ([], "{\"lost\": \"Paris\"}", false),
        ([], "{\"kept\": {\"atLeast\": 92.5}}", true),
        ([], "{\"kept\": {\"atLeast\": 93}}", false), ([], "{\"kept\": {\"atMost\": 92}}", false),
        ([], "{\"pairs\": {\"atMost\": 4}}", true),
        ([], "{\"pairs\": {\"atMost\": 3}}", false), (["top-k=2"], "{\"pairs\": {\"atMost\": 2, \"atLeast\": 2}}", true),
        ([], "{\"answer\": \"Dali\", \"pairs\": {\"atMost\": 3}}", false),
        (["select=recent"], "{\"answer\": \"Dali\", \"lost\": \"noodles\"}", false),
    ]) func `a goal is met when all of it holds, in either language`(_ switches: [String], _ goal: String, _ isMet: Bool) throws {
        var engine = try engine()
        for language in Language.allCases {
            let answer = try object(Request.readouts(Request.run("trip", language, switches), goal: goal).answer(&engine))
            #expect(answer["met"] as? Bool == isMet, "\(language) \(answer)")
        }
    }

    /// Follows operands from cells of every step down to what has none.
    private func walk(_ run: String, _ trace: Trace, _ engine: inout PageEngine) throws {
        var asked = Set<String>()
        var open = trace.steps.flatMap { step in
            let count = step.output.shape.count
            return Set([0, count / 3, count / 2, count - 1]).map { "\(step.id)\(step.output.shape.index(ofOffset: $0))" }
        }
        while let cell = open.popLast() {
            let plain = cell.replacingOccurrences(of: " ", with: "")
            guard asked.insert(plain).inserted else { continue }
            let answer = try object(Request.explanation(run, plain).answer(&engine))
            #expect(answer["error"] == nil, "\(plain): \(answer)")
            for operand in answer["operands"] as? [[String: Any]] ?? [] {
                let step = try trace.step(try #require(operand["step"] as? String))
                let index = try #require(operand["index"] as? [Any])
                #expect(index.count == step.output.shape.rank)
                if index.contains(where: { $0 is NSNull }) {
                    #expect(operand["cell"] is NSNull)
                    // An axis that was summed over: its first and last cells stand for all.
                    for end in [0, 1] {
                        let whole = zip(index, step.output.shape.lengths).map { $0 as? Int ?? end * ($1 - 1) }
                        open.append("\(step.id)\(whole)")
                    }
                } else {
                    let next = try #require(operand["cell"] as? String)
                    #expect(next == (index.isEmpty ? "\(step.id)" : "\(step.id)\(index)".replacingOccurrences(of: " ", with: "")))
                    open.append(next)
                }
            }
        }
        let ends = trace.steps.filter { $0.inputs.isEmpty }
        #expect(ends.contains { step in asked.contains { $0.hasPrefix("\(step.id)[") } })
    }

    @Test(arguments: [
        [], ["no-relu", "no-head-weights", "temperature=2", "heads=0", "mask-after-softmax"], ["select=random"], ["select=oracle"],
    ])
    func `operands of any cell of a diary lead down to inputs`(switches: [String]) throws {
        var engine = try engine()
        let tokens = try diary.tokens(of: diary.text(question: "trip", language: .en))
        let trace = try diary.trace(of: tokens, language: .en, switches: switches.map { try Switch(parsing: $0) })
        try walk(Request.run("trip", .en, switches), trace, &engine)
    }

    @Test(arguments: cases, [[], ["heads=1", "temperature=0.5", "hadamard-query-only"]])
    func `operands of any cell of a case lead down to inputs`(name: String, switches: [String]) throws {
        var engine = try engine()
        let trace = try ReferenceCase(path: caseFile(name)).trace(
            paths: [.masked, .gathered], switches: switches.map { try Switch(parsing: $0) })
        try walk(Request.referenceCase(name, paths: ["masked", "gathered"], switches), trace, &engine)
    }

    @Test(arguments: Language.allCases) func `scenes of cases, of new words and of new switches are those of the command's figures`(
        language: Language
    ) throws {
        var engine = try engine()
        let table = try Array(advances.utf8).withUnsafeBytes { bytes in
            try JSONReader.read(bytes, file: "advances") { reader throws(FileError) in
                try AdvanceTable(Settings(file: "advances", reader: &reader))
            }
        }
        var options = FigureOptions()
        (options.language, options.themes) = (language, [.light])
        func scene(_ figure: Figure, _ trace: Trace, _ provenance: Provenance) throws -> String {
            let data = FigureData(traces: [("", trace)], provenance: provenance)
            return String(decoding: try figure.draw(data, options, table.measurer).json(.light), as: UTF8.self)
        }
        let switches = ["temperature=2", "heads=0", "top-k=3"]
        let parsed = try switches.map { try Switch(parsing: $0) }
        for figure in [Figure.compare, .indexer, .matrix, .heads] {
            for name in cases {
                for phase in ["prefill", "decode.1"] {
                    options.phase = phase
                    let trace = try ReferenceCase(path: caseFile(name)).trace(switches: parsed)
                    let expected = try scene(figure, trace, Provenance(name: "\(name).safetensors", sha256: "5a"))
                    let run = Request.referenceCase(name, language, switches)
                    #expect(
                        Request.scene(figure.name, [run], "{\"phase\": \"\(phase)\"}").answer(&engine) == expected,
                        "\(figure.name) \(name) \(phase)")
                }
            }
            options.phase = "prefill"
            let text = language == .en ? "I flew to Paris. Mei in Oslo. Trip went where?" : "我飞到巴黎。小梅在奥斯陆。旅行去了哪儿？"
            let paris = language == .en ? "Paris" : "巴黎"
            let reading = try diary.reading(text, words: [NewWord(paris, .place)], others: .added)
            let trace = try reading.diary.trace(of: reading.tokens, language: language, switches: parsed)
            let expected = try scene(figure, trace, Provenance(name: "diary-text", note: Diary.designedByHand))
            let run = Request.text(text, language, words: "[{\"text\": \"\(paris)\", \"kind\": \"place\"}]", switches)
            #expect(Request.scene(figure.name, [run]).answer(&engine) == expected, "\(figure.name)")
        }
    }
}
