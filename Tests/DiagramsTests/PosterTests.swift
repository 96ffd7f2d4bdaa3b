// The poster: an A2 sheet of figures as they are, none over another.

import Diagrams
import Testing
import Traces

@Suite struct PosterTests {
    private func draw(_ change: (inout FigureOptions) -> Void = { _ in }) throws -> Scene {
        var options = FigureOptions()
        change(&options)
        var data = FigureData(traces: [], provenance: Provenance(name: "test.csv"))
        data.numbers = try Published.numbers(.parts)
        return try Figure.poster.draw(data, options, fixedText)
    }

    private func parts(_ scene: Scene) -> [(name: String, items: [Item])] {
        scene.items.compactMap { item in
            if case .group(let name, let items, _) = item { (name, items) } else { nil }
        }
    }

    @Test(arguments: Language.allCases) func `it is an A2 sheet, 420 x 594 mm`(language: Language) throws {
        let scene = try draw { $0.language = language }
        #expect(abs(scene.size.width / 72 * 25.4 - 420) < 1e-9 && abs(scene.size.height / 72 * 25.4 - 594) < 1e-9)
        #expect(parts(scene).map(\.name) == ["pathway", "compare", "doubling", "pipeline", "prices"], "column by column")
    }

    @Test(arguments: Language.allCases) func `its parts are the figures themselves, beside and below each other`(language: Language) throws
    {
        let scene = try draw { $0.language = language }
        var boxes: [Rect] = []
        for part in parts(scene) {
            var whole = scene
            whole.items = part.items
            let places = whole.texts.map(\.position)
            let (left, right) = (places.map(\.x).min()!, places.map(\.x).max()!)
            let (top, bottom) = (places.map(\.y).min()!, places.map(\.y).max()!)
            boxes.append(Rect(left, top, right - left, bottom - top))
        }
        for (place, a) in boxes.enumerated() {
            #expect(a.x >= 0 && a.maxX <= scene.size.width && a.y >= 0 && a.maxY <= scene.size.height)
            for b in boxes[(place + 1)...] { #expect(a.maxX <= b.x || b.maxX <= a.x || a.maxY <= b.y || b.maxY <= a.y) }
        }
        // Headings of the parts begin where the poster's title begins.
        #expect(abs(boxes[1].x - scene.texts[0].position.x) < 1e-9)
    }

    @Test func `no text runs into another, and none is under 11 points`() throws {
        for language in Language.allCases {
            let texts = try draw { $0.language = language }.texts.filter { $0.rotation == 0 }
            let boxes = texts.map { run -> Rect in
                let width = fixedText.measure(run.text, run.style, language).width
                let left = run.position.x - (run.anchor == .start ? 0 : run.anchor == .middle ? width / 2 : width)
                return Rect(left + 1, run.position.y - run.style.size * 0.7, max(width - 2, 1), run.style.size * 0.7)
            }
            for (i, a) in boxes.enumerated() {
                #expect(texts[i].style.size >= 11)
                for (j, b) in boxes.enumerated() where j > i {
                    let overlap = min(a.maxX, b.maxX) > max(a.x, b.x) && min(a.maxY, b.maxY) > max(a.y, b.y)
                    #expect(!overlap, "\(language): “\(texts[i].text)” and “\(texts[j].text)”")
                }
            }
        }
    }

    @Test func `at a width of its own it is one column`() throws {
        let scene = try draw { $0.width = 600 }
        #expect(scene.size.width == 600 && parts(scene).count == 5)
        let cover = try draw { $0.preset = .cover }
        guard case .parts(let data)? = try Published.numbers(.parts) else { throw FigureError("no data of parts") }
        var options = FigureOptions()
        options.preset = .cover
        #expect(try cover.words == Figure.pathway.draw(data[0], options, fixedText).words, "one query's way, alone")
    }

    @Test func `data for other parts are refused`() throws {
        let none = FigureData(.parts([]), provenance: Provenance(name: "test"))
        #expect(throws: FigureError("poster: expected data for 5 parts, found 0")) {
            try Figure.poster.draw(none, FigureOptions(), fixedText)
        }
    }
}
