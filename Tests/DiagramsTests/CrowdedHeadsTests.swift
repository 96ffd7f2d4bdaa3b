// The figure `heads` of whole models on pages of a fixed height: every head is there, large enough and inside the page, or the picture is refused.

import Diagrams
import Mechanisms
import Testing
import Traces

@Suite struct CrowdedHeadsTests {
    private func draw(_ layers: Int, _ heads: Int, _ preset: Preset, language: Language = .en) throws -> Scene {
        let weights = Tensor(Shape([.h, .t, .s], [heads, 6, 6])) { $0[2] > $0[1] ? 0 : 1 / Double($0[1] + 1) }
        let given = (0..<layers).map { GivenAttention.Layer(number: $0, weights: weights) }
        let trace = try GivenAttention.trace(given, tokens: [], source: Bilingual(same: "given"))
        return try DiagramsTests.draw(trace, .heads) { ($0.preset, $0.language) = (preset, language) }
    }

    @Test(arguments: [(30, 9), (12, 12), (28, 16), (12, 1), (1, 64)], [Preset.slide, .cover])
    func `all heads of a model stand on one page, none smaller than a diagonal is seen in`(model: (layers: Int, heads: Int), preset: Preset)
        throws
    {
        let scene = try draw(model.layers, model.heads, preset)
        #expect(scene.size.height == (scene.size.width * 9 / 16).rounded())
        let areas = scene.flat.compactMap { if case .image(let image, let area) = $0, image.height > 1 { area } else { nil } }
        #expect(areas.count == model.layers * model.heads)
        let page = Rect(0, 0, scene.size.width, scene.size.height)
        for (place, area) in areas.enumerated() {
            #expect(min(area.width, area.height) >= 12 && area.x >= page.x && area.maxX <= page.maxX && area.maxY <= page.maxY)
            #expect(areas[..<place].allSatisfy { $0.maxX <= area.x || area.maxX <= $0.x || $0.maxY <= area.y || area.maxY <= $0.y })
        }
        // Numbers tell the layers and heads: no two of them meet.
        if model.layers > 1 {
            #expect(scene.words.contains("layer") && scene.words.contains("head"))
            let row = scene.texts.filter { $0.text == "0" && $0.anchor == .middle }
            #expect(row.count == 1)
        }
    }

    @Test(arguments: [Preset.slide, .cover]) func `more heads than a page has room for are refused, with what to do`(preset: Preset) throws
    {
        let error = #expect(throws: FigureError.self) { try draw(80, 64, preset) }
        #expect(error?.description.hasPrefix("heads: 80 layers of 64 heads: expected room for 12 points or more a side, found ") == true)
        #expect(error?.description.hasSuffix(": name one layer or its step, or a preset of no fixed height") == true)
    }
}
