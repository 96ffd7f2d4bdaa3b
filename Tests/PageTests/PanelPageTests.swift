// Live panels in a page's file: what its script is told, and the engine that the page carries. How they behave is tested in a browser (Tests/course).

import Foundation
import Lessons
import Mechanisms
import Testing
import Traces

@Suite struct PanelPageTests {
    /// An engine whose parts can be told apart in a page.
    static let engine = EngineInPage(
        program: Array("a program".utf8), diary: library.diary.json(), advances: "{\"text\": \"</script><b>\"}",
        referenceCase: { "{\"name\":\"\($0)\"}" }, deflate: { $0 })

    static func page(_ lesson: String, _ engine: EngineInPage?) throws -> String {
        let pages = try Language.allCases.map { try library.lesson(lesson).run(language: $0) }
        return text(try HTMLWriter(assets: assets, engine: engine).files(of: pages, pictures: pictures())[0])
    }

    /// What is inside the element of that id, as JSON: the engine of these tests packs nothing, but puts it in base64.
    static func json(_ id: String, in page: String) throws -> [String: Any] {
        let start = try #require(page.range(of: "id=\"\(id)\">"))
        let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
        let text = String(page[start.upperBound..<end.lowerBound])
        return try #require(try JSONSerialization.jsonObject(with: Data(base64Encoded: text) ?? Data(text.utf8)) as? [String: Any])
    }

    /// The panels of a page, as their script reads them.
    static func panels(_ page: String) throws -> [[String: Any]] {
        try page.matches(of: #/data-panel="([^"]+)"/#).map { match in
            let text = [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&amp;", "&")].reduce(String(match.1)) {
                $0.replacingOccurrences(of: $1.0, with: $1.1)
            }
            return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }
    }

    @Test func `a panel tells its script the run, the controls and the lesson's values, in each language`() throws {
        let panels = try Self.panels(Self.page("laboratory", Self.engine))
        #expect(panels.count == 2)
        for (panel, language) in zip(panels, Language.allCases) {
            #expect((panel["run"] as? [String: Any])?["question"] as? String == "trip")
            #expect(
                panel["controls"] as? [String]
                    == ["question", "text", "top-k", "temperature", "heads", "relu", "head-weights", "mask", "rule"])
            #expect(panel["tokens"] as? Int == 18 && panel["topK"] as? Int == 4)
            #expect((panel["heads"] as? [String])?.count == 2)
            let questions = try #require(panel["questions"] as? [[String: String]])
            #expect(questions.map { $0["name"] } == ["trip", "breakfast", "mei"])
            #expect(questions[0]["whole"] == (try library.diary.text(question: "trip", language: language)))
            #expect(panel["text"] as? String == questions[0]["whole"])
            let challenge = try #require(panel["challenge"] as? [String: Any])
            #expect(
                (challenge["goal"] as? [String: String])?["answer"] == "Shanghai" && challenge["same"] as? [String] == ["text", "question"])
        }
    }

    @Test func `a page carries the engine once, what it loads, and words in both languages; without an engine it has none of them`() throws
    {
        let page = try Self.page("attention-step-by-step", Self.engine)
        #expect(page.components(separatedBy: Data("a program".utf8).base64EncodedString()).count == 2)
        #expect((try Self.json("engine-loading", in: page)["advances"] as? [String: String])?["text"] == "</script><b>")
        #expect((try Self.json("engine-loading", in: page)["diary"] as? [String: Any])?["format"] as? String == "attention-steps.diary")
        let words = try Self.json("panel-words", in: page)
        let (en, zh) = (try #require(words["en"] as? [String: Any]), try #require(words["zh"] as? [String: Any]))
        #expect(Set(en.keys) == Set(zh.keys) && en["question"] as? String != zh["question"] as? String)
        let plain = try Self.page("attention-step-by-step", nil)
        #expect(!plain.contains("id=\"engine") && !plain.contains("id=\"panel-words"))
        #expect(plain.contains("data-panel=") && plain.count < page.count)
    }

    @Test func `cells and values say which run, step and place the engine is to be asked for`() throws {
        let page = try Self.page("attention-step-by-step", Self.engine)
        let book = try Self.json("cells-packed", in: page)
        let runs = try #require(book["runs"] as? [[String: Any]])
        #expect(runs.contains { $0["question"] as? String == "trip" && ($0["switches"] as? [String]) == ["top-k=18"] })
        let (figures, steps) = (try #require(book["figures"] as? [[String: Any]]), try #require(book["steps"] as? [[String: Any]]))
        for figure in figures where figure["run"] is Int {
            let known = try #require(figure["steps"] as? [Int])
            for cell in try #require(figure["cells"] as? [[Any]]) {
                #expect(known.indices.contains(cell[6] as! Int) && cell.count > 7)
                #expect(steps.indices.contains(known[cell[6] as! Int]))
            }
        }
        #expect(page.contains(#/ data-run="\d+" data-index="[\d,]+"/#))
    }

    @Test func `the laboratory is a page and no lesson of the course`() throws {
        let laboratory = try #require(library.laboratory)
        #expect(!library.lessons.contains { $0.name == "laboratory" } && laboratory.name == "laboratory")
        #expect(try library.lesson("laboratory").name == "laboratory")
        let page = try Self.page("laboratory", Self.engine)
        #expect(page.contains("<section class=\"step\" id=\"lab\" data-step=\"lab\""))
        let index = text(try HTMLWriter(assets: assets).index(of: library.lessons, laboratory: laboratory))
        #expect(index.contains("href=\"laboratory.html\""))
        #expect(!text(try HTMLWriter(assets: assets).index(of: library.lessons)).contains("laboratory.html"))
    }
}
