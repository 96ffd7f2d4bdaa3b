// What tests of the renderer share: a renderer with pinned fonts and sample scenes.

import CairoRenderer
import Diagrams
import Mechanisms
import PictureTesting
import Traces

enum Sample {
    static func renderer() -> CairoRenderer {
        _ = PinnedFonts.pin
        return CairoRenderer()
    }

    static let blue = Paint.fixed(Color(0x0072B2))
    static let ink = Paint.fixed(Color(0x1A1F29))

    /// Every kind of item once, in little space.
    static func everyItem(_ language: Language = .en) -> Scene {
        let image = PixelImage(
            width: 3, height: 2, palette: [.fixed(Color(0xFFFFFF)), blue, .fixed(Color(0xD55E00))], pixels: [0, 1, 2, 2, 1, 0])
        let words = language == .en ? "Dali 0.60" : "大理“？”"
        return Scene(
            size: Size(160, 100), background: .fixed(Color(0xFFFFFF)),
            items: [
                .rect(Rect(8, 8, 40, 24), radius: 6, fill: .solid(.fixed(Color(0xFFD140))), stroke: Stroke(ink, width: 1.5)),
                .rect(Rect(56, 8, 40, 24), radius: 6, fill: .hatch(lines: ink, background: nil, spacing: 4, width: 0.8)),
                .path(
                    [.move(Point(8, 60)), .curve(Point(30, 30), Point(70, 30), to: Point(96, 60))],
                    stroke: Stroke(blue, width: 2, dash: [6, 3])),
                .image(image, in: Rect(110, 8, 42, 28)),
                .group("clipped", [.rect(Rect(100, 40, 80, 30), fill: .solid(blue))], clip: Rect(110, 44, 20, 20)),
                .text(TextRun(words, TextStyle(size: 14, weight: .semibold, color: ink), at: Point(8, 88))),
                .text(TextRun("key", TextStyle(size: 11, color: blue, face: .mono), at: Point(140, 70), anchor: .middle, rotation: 60)),
                .hotSpot(
                    HotSpot(
                        Rect(8, 8, 40, 24), step: "attention.weights", index: [0, 17, 4],
                        label: CellLabel(Bilingual(en: "query ?, key Dali: ", zh: "查询“？”，键“大理”："), Remark(number: 0.602)))),
            ],
            title: Bilingual(en: "Every item", zh: "每种图形"), alt: Bilingual(en: "A test <picture> & more", zh: "测试图片"),
            caption: Bilingual(en: "", zh: ""),
            language: language, provenance: ["figure": "test", "data": "made by hand"])
    }

    /// The figure that Part 3 sets a limit to.
    static func matrix(_ renderer: CairoRenderer, tokens: Int = 16, language: Language = .en) throws -> Scene {
        var trace = try RandomAttention.trace(tokens: tokens)
        if tokens <= 64 {
            trace.tokens = (0..<tokens).map {
                language == .en ? ["one", "word", "of", "sixteen"][$0 % 4] : ["国庆", "飞", "到", "大理"][$0 % 4]
            }
        }
        var options = FigureOptions()
        options.language = language
        return try Figure.matrix.draw(
            FigureData(traces: [("noise", trace)], provenance: Provenance(name: "random")), options, renderer.measurer)
    }
}
