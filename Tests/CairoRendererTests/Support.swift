// What picture tests share: a renderer with pinned fonts, sample scenes, and the comparison of decoded pixels with goldens.
// RECORD_GOLDENS=1 rewrites the goldens and fails, so that a recording never passes for a check.

import AttentionEngine
import CairoRenderer
import Diagrams
import Foundation
import Testing

enum Sample {
    /// Fontconfig reads its file once, at the first use of a font.
    private static let pinnedFonts: Void = {
        setenv("FONTCONFIG_FILE", folder.appendingPathComponent("fonts.conf").path, 1)
    }()

    static var folder: URL { URL(fileURLWithPath: #filePath).deletingLastPathComponent() }

    static func renderer() -> CairoRenderer {
        _ = pinnedFonts
        return CairoRenderer()
    }

    static let blue = Color(0x0072B2)
    static let ink = Color(0x1A1F29)

    /// Every kind of item once, in little space.
    static func everyItem(_ language: Language = .en) -> Scene {
        let image = PixelImage(width: 3, height: 2, palette: [Color(0xFFFFFF), blue, Color(0xD55E00)], pixels: [0, 1, 2, 2, 1, 0])
        let words = language == .en ? "Dali 0.60" : "大理“？”"
        return Scene(
            size: Size(160, 100), background: Color(0xFFFFFF),
            items: [
                .rect(Rect(8, 8, 40, 24), radius: 6, fill: .solid(Color(0xFFD140)), stroke: Stroke(ink, width: 1.5)),
                .rect(Rect(56, 8, 40, 24), radius: 6, fill: .hatch(lines: ink, background: nil, spacing: 4, width: 0.8)),
                .path(
                    [.move(Point(8, 60)), .curve(Point(30, 30), Point(70, 30), to: Point(96, 60))],
                    stroke: Stroke(blue, width: 2, dash: [6, 3])),
                .image(image, in: Rect(110, 8, 42, 28)),
                .group("clipped", [.rect(Rect(100, 40, 80, 30), fill: .solid(blue))], clip: Rect(110, 44, 20, 20)),
                .text(TextRun(words, TextStyle(size: 14, weight: .semibold, color: ink), at: Point(8, 88))),
                .text(TextRun("key", TextStyle(size: 11, color: blue, face: .mono), at: Point(140, 70), anchor: .middle, rotation: 60)),
                .hotSpot(HotSpot(Rect(8, 8, 40, 24), step: "attention.weights", index: [0, 17, 4], label: "query ?, key Dali: 0.602")),
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

/// The largest difference of a channel, and how many pixels differ by more than `tolerance`.
func difference(_ a: PNGImage, _ b: PNGImage, tolerance: Int) -> (largest: Int, count: Int) {
    var (largest, count) = (0, 0)
    for pixel in stride(from: 0, to: a.rgba.count, by: 4) {
        let apart = (0..<4).map { abs(Int(a.rgba[pixel + $0]) - Int(b.rgba[pixel + $0])) }.max()!
        largest = max(largest, apart)
        if apart > tolerance { count += 1 }
    }
    return (largest, count)
}

/// Compares a picture with its golden, at most 1 apart in any channel; writes expected, found and their difference beside each other if not.
func expectGolden(_ name: String, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let golden = Sample.folder.appendingPathComponent("Goldens/\(name).png")
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
        try Data(bytes).write(to: golden)
        Issue.record("recorded \(golden.lastPathComponent)", sourceLocation: sourceLocation)
        return
    }
    let found = try PNGImage(decoding: bytes)
    let expected = try PNGImage(decoding: Array(Data(contentsOf: golden)))
    try #require(
        found.width == expected.width && found.height == expected.height, "\(name): the size changed", sourceLocation: sourceLocation)
    let (largest, count) = difference(found, expected, tolerance: 1)
    guard largest > 1 else { return }
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("attention-steps-\(name)-difference.png")
    var three = [UInt8]()
    for y in 0..<found.height {
        let row = y * found.width * 4..<(y + 1) * found.width * 4
        three += expected.rgba[row] + found.rgba[row]
        for i in row { three.append(i % 4 == 3 ? 255 : 255 - UInt8(min(255, 8 * abs(Int(found.rgba[i]) - Int(expected.rgba[i]))))) }
    }
    try Data(PNGImage.encode(rgba: three, width: found.width * 3, height: found.height)).write(to: place)
    Issue.record("\(name): \(count) pixels differ, by up to \(largest); see \(place.path)", sourceLocation: sourceLocation)
}
