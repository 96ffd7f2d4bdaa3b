// What page tests share: the lessons, real pictures, and a page whose text a hostile reader wrote.

import Mechanisms
import CairoRenderer
import Diagrams
import Foundation
import Lessons
import Records
import Testing
import Traces

let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
let library = try! LessonLibrary(folder: repository.appending(path: "lessons").path)
let assets = try! PageAssets(
    folder: repository.appending(path: "assets/page").path, glossary: repository.appending(path: "lessons/glossary.yaml").path)

/// Draws the pictures of articles as the program does.
func drawing(_ name: String, _ data: FigureData, _ options: FigureOptions) throws -> DrawnFigure {
    let renderer = CairoRenderer()
    let scene = try Figures.named(name).draw(data, options, renderer.measurer)
    return DrawnFigure(
        bytes: try renderer.png(scene, scale: 1), fileExtension: "png", title: scene.title[options.language],
        alt: scene.alt[options.language])
}

/// What the program makes the pictures of one page with.
func pictures() -> PagePictures {
    let renderer = CairoRenderer()
    let sheet = PageSheet(renderer)
    return PagePictures(
        scene: { name, data, options in try Figures.named(name).draw(data, options, renderer.measurer) }, markup: sheet.add,
        shared: { (sheet.shapes, sheet.styles) })
}

/// Tokens that a page must show and never obey.
let hostileTokens = [
    "<script>window.hacked=1</script>", "\"'><img src=x onerror=window.hacked=2>", "]]>", "</noscript><script>window.hacked=3</script>",
    "\u{202E}abc",
    "a\u{0}b", "</script>", "{{title}}", "&lt;b&gt;", "<!--", "`'\\u003c",
]

/// Lesson 1 on a trace with those tokens.
func hostilePages() throws -> [Page] {
    let diary = library.diary
    let words = try diary.tokens(of: diary.text.en)
    let whole = try diary.trace(of: words, language: .en)
    let features = try whole.step("embedding").output.shape.lengths[1]
    let x = Tensor([.t, .c], [hostileTokens.count, features], (0..<hostileTokens.count * features).map { Double($0 * 7 % 5) - 1 })
    var recorder = Recorder(
        tokens: hostileTokens, scopes: [.layer(0), .branch(.attention)], labels: [.t: hostileTokens, .s: hostileTokens])
    _ = try diary.attention().record(recorder.input("input.x", "x", x, title: Bilingual(same: "x")), diary.weights, on: &recorder)
    return try Language.allCases.map { language in
        try library.lesson("1").run(
            .trace(
                recorder.trace, text: hostileTokens.joined(separator: " "), layer: nil,
                provenance: Provenance(name: "<script>window.hacked=4</script>", note: Bilingual(en: "\"quoted\"", zh: "“引号”"))),
            language: language)
    }
}

func text(_ file: OutputFile) -> String { String(decoding: file.bytes, as: UTF8.self) }

/// The data inside a page, read as JSON by Foundation and put together as the page's script does.
struct PageBook {
    let json: [String: Any]
    /// Cells of each picture.
    let cells: [[[Any]]]
    /// The cell of each picture that is in the order of tabs.
    let first: [Int]
    let explanations: [Any]

    init(_ page: String) throws {
        let start = try #require(page.range(of: "id=\"cells\">"))
        let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
        let data = Data(page[start.upperBound..<end.lowerBound].utf8)
        json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let figures = try #require(json["figures"] as? [[String: Any]])
        cells = figures.map { $0["cells"] as! [[Any]] }
        first = figures.map { $0["first"] as! Int }
        explanations = try #require(json["explanations"] as? [Any])
    }

    func label(_ cell: [Any]) -> String { (json["places"] as! [String])[cell[3] as! Int] + (cell[4] as! String) }

    private func parts(_ number: Int) -> [Any] { explanations[number] as? [Any] ?? [explanations[number]] }

    func text(_ number: Int) -> String {
        let phrases = json["phrases"] as! [String]
        return parts(number).map { part in (part as? String) ?? ((part as! Int) < 0 ? "" : phrases[part as! Int]) }.joined()
    }

    func notes(_ number: Int, _ language: Language) -> [String] {
        parts(number).compactMap { $0 as? Int }.filter { $0 < 0 }.map { part in
            let note = (json["notes"] as! [[Any]])[-1 - part]
            let sentence = (json["sentences"] as! [[String: String]])[note[0] as! Int][language.rawValue]!
            return note.dropFirst().enumerated().reduce(sentence) {
                $0.replacingOccurrences(of: "{\($1.offset)}", with: $1.element as! String)
            }
        }
    }
}
