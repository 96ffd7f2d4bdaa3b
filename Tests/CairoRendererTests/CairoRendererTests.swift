// PNG, SVG and PDF of scenes, checked as decoded pixels, as text, and against librsvg as an outside oracle.

import CairoRenderer
import Diagrams
import Foundation
import Mechanisms
import PictureTesting
import Records
import Testing
import Traces

@Suite(.serialized) struct CairoRendererTests {
    let renderer = Sample.renderer()

    @Test(arguments: Language.allCases) func `every kind of item looks as it did`(language: Language) throws {
        try Goldens().expect("every-item-\(language.rawValue)", try renderer.png(Sample.everyItem(language)))
    }

    @Test(arguments: [("->", 2), ("<=>", 3), ("3x4 axb", 5), ("<0x85>", 6)])
    func `signs are drawn as the text has them, not as a font would rather have them`(text: String, signs: Int) throws {
        let words = Bilingual(same: "x")
        let style = TextStyle(size: 14, color: .fixed(Color(0)))
        let scene = Scene(
            size: Size(200, 40), background: .fixed(Color(0xFFFFFF)), items: [.text(TextRun("\(text) \(text)", style, at: Point(8, 20)))],
            title: words,
            alt: words,
            caption: words, language: .en)
        let svg = String(decoding: try Sample.renderer().svg(scene, idPrefix: "a-", textAsOutlines: true), as: UTF8.self)
        // A definition for each sign that is used twice: one for the x of 3x4 and of axb, and none for an arrow.
        #expect(svg.components(separatedBy: "<path id=\"a--g").count - 1 == signs)
    }

    @Test func `pictures are compared channel by channel`() throws {
        func dot(_ color: UInt32) throws -> PNGImage {
            let words = Bilingual(same: "x")
            let scene = Scene(
                size: Size(4, 2), background: .fixed(Color(0xFFFFFF)), items: [.rect(Rect(1, 1, 1, 1), fill: .solid(.fixed(Color(color))))],
                title: words,
                alt: words, caption: words, language: .en)
            return try PNGImage(decoding: try renderer.png(scene))
        }
        let found = try [0x102030, 0x102031, 0x102033].map { difference(try dot(0x102030), try dot($0), tolerance: 1) }
        #expect(found.map(\.largest) == [0, 1, 3] && found.map(\.count) == [0, 0, 1])
    }

    @Test func `pixels have the colours that were asked for`() throws {
        let image = try PNGImage(decoding: try renderer.png(Sample.everyItem()))
        #expect((image.width, image.height) == (160, 100))
        #expect(image.pixel(1, 1) == [255, 255, 255, 255])
        #expect(image.pixel(20, 20) == [0xFF, 0xD1, 0x40, 255])
        #expect(image.pixel(117, 15) == [255, 255, 255, 255])
        #expect(image.pixel(131, 15) == [0x00, 0x72, 0xB2, 255])
        #expect(image.pixel(117, 30) == [0xD5, 0x5E, 0x00, 255])
        #expect(image.pixel(120, 50) == [0x00, 0x72, 0xB2, 255], "inside the clip")
        #expect(image.pixel(135, 50) == [255, 255, 255, 255], "outside the clip")
    }

    @Test func `a scale gives more pixels of the same picture`() throws {
        let image = try PNGImage(decoding: try renderer.png(Sample.everyItem(), scale: 2))
        #expect((image.width, image.height) == (320, 200))
        #expect(image.pixel(40, 40) == [0xFF, 0xD1, 0x40, 255])
    }

    @Test func `a PNG says what it is, in ASCII where that is enough`() throws {
        let english = try PNGImage(decoding: try renderer.png(Sample.everyItem()))
        #expect(
            english.texts == [
                PNGText("Title", "Every item", ""), PNGText("Description", "A test <picture> & more", ""),
                PNGText("Software", "Attention Steps", ""),
                PNGText("Source", "data=made by hand; figure=test; theme=light", ""),
            ])
        let chinese = try PNGImage(decoding: try renderer.png(Sample.everyItem(.zh)))
        #expect(chinese.texts[0] == PNGText("Title", "每种图形", "zh-CN"))
        #expect(chinese.texts[1] == PNGText("Description", "测试图片", "zh-CN"))
    }

    private func square(_ x: Int, _ y: Int, side: Double, _ color: Int) -> Item {
        let area = Rect(Double(x) * side, Double(y) * side, side, side)
        return .rect(area, fill: .solid(.fixed(Color(UInt32(color)))))
    }

    @Test(arguments: [(2, 1), (4, 2), (16, 4), (200, 8)]) func `few colours take few bits`(colors: Int, depth: Int) throws {
        let items = (1..<colors).map { square($0 % 20, $0 / 20, side: 4, $0 * 1_000 + 77) }
        let words = Bilingual(same: "x")
        let scene = Scene(
            size: Size(81, 44), background: .fixed(Color(0xFFFFFF)), items: items, title: words, alt: words, caption: words, language: .en)
        let image = try PNGImage(decoding: try renderer.png(scene))
        #expect(image.isIndexed && image.bitDepth == depth)
        for i in 1..<colors {
            let word = i * 1_000 + 77
            #expect(image.pixel(i % 20 * 4 + 1, i / 20 * 4 + 1) == [UInt8(word >> 16), UInt8(word >> 8 & 255), UInt8(word & 255), 255])
        }
    }

    @Test func `more than 256 colours are kept in full`() throws {
        let items = (0..<400).map { square($0 % 20, $0 / 20, side: 1, $0 * 40_503) }
        let words = Bilingual(same: "x")
        let scene = Scene(
            size: Size(20, 20), background: .fixed(Color(0xFFFFFF)), items: items, title: words, alt: words, caption: words, language: .en)
        let image = try PNGImage(decoding: try renderer.png(scene))
        #expect(!image.isIndexed)
        for i in [0, 1, 57, 399] {
            let word = i * 40_503
            #expect(image.pixel(i % 20, i / 20) == [UInt8(word >> 16 & 255), UInt8(word >> 8 & 255), UInt8(word & 255), 255])
        }
    }

    @Test func `a large matrix with text over it is indexed, and no pixel is more than 7 off`() throws {
        let scene = try Sample.matrix(renderer, tokens: 200)
        let image = try PNGImage(decoding: try renderer.png(scene))
        #expect(image.isIndexed && image.bitDepth == 8)
        // Without its raster the scene is not rounded: the letters must still be the same within the promised distance.
        let plain = Scene(
            size: scene.size, background: scene.background,
            items: scene.items.filter { if case .image = $0 { false } else { true } }, title: scene.title, alt: scene.alt,
            caption: scene.caption, language: .en)
        let letters = try PNGImage(decoding: try renderer.png(plain))
        let head = 80 * image.width * 4
        let apart = zip(image.rgba[..<head], letters.rgba[..<head]).map { abs(Int($0) - Int($1)) }.max()!
        #expect(apart <= 7)
    }

    @Test func `the same scene gives the same bytes, whatever was drawn before`() throws {
        let scene = Sample.everyItem()
        let (png, svg, pdf) = (try renderer.png(scene), try renderer.svg(scene, idPrefix: "a"), try renderer.pdf(scene))
        _ = try renderer.svg(try Sample.matrix(renderer), idPrefix: "b")
        let other = Sample.renderer()
        _ = try other.pdf(Sample.everyItem(.zh))
        #expect(try other.png(scene) == png)
        #expect(try other.svg(scene, idPrefix: "a") == svg)
        #expect(try other.pdf(scene) == pdf)
    }

    @Test(.enabled(if: isThere("pdftotext") && isThere("pdfinfo"), "poppler is not installed: what a PDF holds was not checked"))
    func `a PDF keeps text as text and has a fixed date`() throws {
        let bytes = try renderer.pdf(Sample.everyItem())
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("%PDF-"))
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("attention-steps-\(UUID().uuidString).pdf")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(bytes).write(to: path)
        let words = try #require(run("pdftotext", [path.path, "-"]))
        #expect(words.contains("Dali 0.60"))
        let info = try #require(run("pdfinfo", ["-isodates", path.path]))
        #expect(info.contains("Every item") && info.contains("Attention Steps"))
        #expect(info.contains("CreationDate:    2025-01-01T00:00:00"))
    }

    @Test(arguments: [
        (0.0, 10.0, "0.0 x 10.0 pixels: expected at least 1 x 1"), (10, 0, "10.0 x 0.0 pixels: expected at least 1 x 1"),
        (1e9, 10, "1000000000 x 10 pixels: expected at most 32767 along a side and 268435456 in all"),
        (20_000, 20_000, "20000 x 20000 pixels: expected at most 32767 along a side and 268435456 in all"),
        (40_000, 1, "40000 x 1 pixels: expected at most 32767 along a side and 268435456 in all"),
    ])
    func `a picture without size or too large is an error that names both sizes, not a crash`(
        width: Double, height: Double, problem: String
    ) throws {
        let words = Bilingual(same: "x")
        let scene = Scene(
            size: Size(width, height), background: .fixed(Color(0)), items: [], title: words, alt: words, caption: words, language: .en)
        let error = RendererError("the picture is \(problem)")
        #expect(throws: error) { try renderer.png(scene) }
        #expect(throws: error) { try renderer.svg(scene, idPrefix: "a") }
        #expect(throws: error) { try renderer.pdf(scene) }
    }

    /// Cairo ends a PDF when the surface is released, also after an error: what it writes to must still be there.
    @Test func `an item that Cairo cannot draw is an error in every format, not a crash`() {
        let image = PixelImage(width: 1, height: 1, palette: [.ink], pixels: [0])
        let words = Bilingual(same: "x")
        let scene = Scene(
            size: Size(20, 20), background: .paper, items: [.image(image, in: Rect(5, 5, 0, 5))], title: words, alt: words, caption: words,
            language: .en)
        #expect(throws: RendererError.self) { try renderer.png(scene) }
        for _ in 0..<20 { #expect(throws: RendererError.self) { try renderer.pdf(scene) } }
    }

    @Test func `damaged PNGs are an error`() throws {
        let bytes = try renderer.png(Sample.everyItem())
        #expect(throws: RendererError("PNG: the file ends too early")) { try PNGImage(decoding: []) }
        #expect(throws: RendererError("PNG: Not a PNG file")) { try PNGImage(decoding: Array("not a picture".utf8)) }
        #expect(throws: RendererError("PNG: the file ends too early")) { try PNGImage(decoding: Array(bytes[..<(bytes.count / 2)])) }
        var flipped = bytes
        flipped[flipped.count / 2] ^= 0xFF
        #expect(throws: RendererError("PNG: bad adaptive filter value")) { try PNGImage(decoding: flipped) }
    }

    @Test func `digits all have one width, and Chinese is measured too`() {
        let style = TextStyle(size: 20, color: .fixed(Color(0)))
        let widths = Set("0123456789".map { renderer.measurer.measure(String($0), style, .en).width })
        #expect(widths.count == 1)
        #expect(abs(renderer.measurer.measure("大理", style, .zh).width - 40) < 0.5)
        #expect(renderer.measurer.measure("", style, .en).width == 0)
    }
}

/// The output of a tool, or nil if it is not installed.
func run(_ tool: String, _ arguments: [String]) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
}
