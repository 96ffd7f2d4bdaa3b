// Pages as files: what is in them, what must never be, how large they are. How they behave is tested in a browser (Tests/course).

import Diagrams
import Foundation
import Lessons
import Testing
import Traces

@Suite struct HTMLPageTests {
    static let page: String = {
        let pages = try! Language.allCases.map { try library.lesson("1").run(language: $0) }
        return text(try! HTMLWriter(assets: assets).files(of: pages, pictures: pictures())[0])
    }()

    @Test func `a page with its figures is under 3 MB and asks for nothing`() {
        #expect(Self.page.utf8.count < 3_000_000)
        #expect(Self.page.contains("default-src 'none'"))
        for asking in [" src=\"http", "url(http", "@import", "<link", "fetch(", "XMLHttpRequest"] {
            #expect(!Self.page.contains(asking), "\(asking)")
        }
    }

    @Test func `ids are unique, and every reference has its target`() {
        let markup = Self.page.replacing(#/<script[^>]*>.*?<\/script>/#.dotMatchesNewlines(), with: "")
        let ids = markup.matches(of: #/ id="([^"]+)"/#).map { String($0.1) }
        #expect(Set(ids).count == ids.count)
        let references = markup.matches(of: #/(?:href="#|url\(#)([^")]+)/#).map { String($0.1) }
        #expect(Set(references).subtracting(ids).isEmpty, "\(Set(references).subtracting(ids).sorted().prefix(5))")
    }

    @Test func `a cell's explanation is the engine's, with its notes in both languages`() throws {
        let book = try PageBook(Self.page)
        let experiment = try library.lesson("1").run(language: .en).experiments[0]
        for step in ["attention.scores", "attention.weights"] {
            let wanted = try experiment.trace.step(step).explain([1, 17, 4])
            let number = try #require(
                book.explanations.indices.first { book.text($0) == wanted.lines(.en, inFull: false).joined(separator: "\n") })
            for language in Language.allCases { #expect(book.notes(number, language) == wanted.notes.map { $0[language] }) }
        }
        #expect(book.cells.joined().allSatisfy { !book.label($0).isEmpty })
    }

    @Test func `cells of a mean name the cells that it was made of`() throws {
        #expect(try PageBook(Self.page).cells[0].allSatisfy { ($0[5] as? [Int])?.count == 2 })
    }

    @Test func `explanations keep to their budget, the followed row first`() throws {
        let pages = [try library.lesson("1").run(language: .en)]
        let page = text(try HTMLWriter(assets: assets, explanationBytes: 40_000).files(of: pages, pictures: pictures())[0])
        let book = try PageBook(page)
        let bytes = try ["explanations", "phrases", "notes"].map {
            try JSONSerialization.data(withJSONObject: try #require(book.json[$0])).count
        }
        #expect((20_000..<60_000).contains(bytes.reduce(0, +)))
        for (cells, first) in zip(book.cells, book.first) { #expect(cells.isEmpty || !(cells[first][5] is NSNull)) }
    }

    @Test func `both languages have the same steps, figures and questions`() {
        for part in ["<section class=\"step\"", "<figure class=\"picture\"", "<div class=\"predict\">", "<math ", "class=\"chain\""] {
            let halves = Self.page.components(separatedBy: "data-lang=\"zh\"")
            let counts = halves.suffix(2).map { $0.components(separatedBy: part).count }
            #expect(halves.count >= 2 && Self.page.components(separatedBy: part).count % 2 == 1, "\(part): \(counts)")
        }
    }

    @Test func `a reader's text is shown and never markup`() throws {
        let page = text(try HTMLWriter(assets: assets).files(of: hostilePages(), pictures: pictures())[0])
        #expect(!page.contains("<script>window") && !page.contains("<img") && !page.contains("\u{0}") && !page.contains("\u{202E}"))
        #expect(page.contains("&lt;script&gt;window.hacked=1"))
        let book = try PageBook(page)
        let labels = book.cells.joined().map(book.label)
        #expect(labels.contains { $0.contains("</noscript><script>window.hacked=3") || $0.contains("<script>window.hacked=1") })
        #expect(page.components(separatedBy: "</noscript>").count == page.components(separatedBy: "<noscript>").count)
    }

    @Test func `the same lesson gives the same bytes`() throws {
        let pages = try Language.allCases.map { try library.lesson("1").run(language: $0) }
        #expect(text(try HTMLWriter(assets: assets).files(of: pages, pictures: pictures())[0]) == Self.page)
    }

    @Test func `missing assets and a broken glossary are named`() throws {
        #expect(throws: LessonError(.noInput, "/nowhere/lesson.mustache: no such file, or it may not be read")) {
            try PageAssets(folder: "/nowhere", glossary: "/nowhere/g.yaml")
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "glossary-\(UUID()).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try "token:\n  name: {en: token}\n".write(to: file, atomically: true, encoding: .utf8)
        let place = LessonError.Place(file: file.path, line: 2, column: 9)
        #expect(throws: LessonError(.badFile, at: place, "expected the key \"zh\", found none")) {
            try PageAssets(folder: repository.appending(path: "assets/page").path, glossary: file.path)
        }
    }

    @Test func `the index lists the lessons of both tracks in both languages`() throws {
        let index = text(try HTMLWriter(assets: assets).index(of: library.lessons, gallery: "gallery/index.html"))
        for lesson in library.lessons {
            #expect(index.components(separatedBy: "href=\"\(lesson.name).html\"").count == 3)
            #expect(index.contains(lesson.summary.en.replacingOccurrences(of: "'", with: "&#39;")) && index.contains(lesson.title.zh))
        }
        #expect(index.contains("href=\"gallery/index.html\""))
    }
}

@Suite struct PastePageTests {
    @Test(arguments: Language.allCases) func `only what editors keep is written`(_ language: Language) throws {
        let files = try PasteWriter(draw: drawing).files(of: library.lesson("1").run(language: language))
        let page = text(files[0])
        for dropped in [" class=", " id=", "<script", "<style", "<svg", "<math", "<div", "<details", "data:"] {
            #expect(!page.contains(dropped), "\(dropped)")
        }
        for file in files.dropFirst() { #expect(page.contains("src=\"\(file.path)\"") && file.bytes.starts(with: [0x89, 0x50])) }
        #expect(files.count > 10 && Set(files.map(\.path)).count == files.count)
        #expect(page.contains("<img src=\"images/01-goal.png\" alt=\""))
    }

    @Test func `a reader's text is never markup`() throws {
        let page = text(try PasteWriter(draw: drawing).files(of: hostilePages()[0])[0])
        #expect(!page.contains("<script") && !page.contains("onerror=window.hacked=2>") && page.contains("&lt;script&gt;window.hacked=1"))
        #expect(!page.contains("\u{202E}") && !page.contains("\u{0}"))
    }
}
