// Pictures as parts of a page: what they share stands once, each theme has its own colours, and a browser shows the PNG of either theme.

import CairoRenderer
import Diagrams
import Foundation
import Mechanisms
import PictureTesting
import Testing
import Traces

@Suite(.serialized) struct PageSheetTests {
    let renderer = Sample.renderer()

    private func scene(_ items: [Item]) -> Scene {
        let words = Bilingual(same: "words")
        return Scene(size: Size(100, 50), background: .paper, items: items, title: words, alt: words, caption: words, language: .en)
    }

    private func word(_ text: String, _ paint: Paint, at x: Double) -> Item {
        .text(TextRun(text, TextStyle(size: 12, color: paint), at: Point(x, 20)))
    }

    /// What `styles` says of the classes of the element in `line`.
    private func rules(_ line: Substring, _ styles: String) -> [String] {
        let classes = line.firstMatch(of: /class="([^"]*)"/)?.output.1.split(separator: " ") ?? []
        return classes.compactMap { name in
            styles.split(separator: "\n").first { $0.hasPrefix(".\(name){") }.map { String($0.dropFirst(name.count + 2).dropLast()) }
        }
    }

    @Test func `a shape has the colours of both themes, and one where they agree`() throws {
        let sheet = PageSheet(renderer)
        let markup = try sheet.add(
            scene([.rect(Rect(1, 2, 30, 10), fill: .solid(.query)), .rect(Rect(1, 20, 30, 10), fill: .solid(.highlight))]))
        let lines = markup.split(separator: "\n").filter { $0.contains(" x=\"1\"") }
        try #require(lines.count == 2)
        #expect(
            rules(lines[0], sheet.styles) == ["width:30px;height:10px", "fill:#0072b2;fill:light-dark(#0072b2,#56b4f0)"])
        #expect(lines[1].contains("fill=\"#ffd140\"") && rules(lines[1], sheet.styles) == ["width:30px;height:10px"])
    }

    @Test func `letters and words stand once a page, whatever their colour`() throws {
        let sheet = PageSheet(renderer)
        let first = try sheet.add(scene([word("noon", .ink, at: 5), word("noon", .muted, at: 50)]))
        let second = try sheet.add(scene([word("noon", .query, at: 5)]))
        #expect(sheet.shapes.matches(of: /<path id="g\d+"/).count == 2, "n and o")
        #expect(sheet.shapes.matches(of: /<g id="r\d+"/).count == 1)
        #expect((first + second).matches(of: /href="#r0"/).count == 3)
    }

    @Test func `pictures keep their clips apart`() throws {
        let sheet = PageSheet(renderer)
        let clipped = scene([.group("clipped", [.rect(Rect(0, 0, 9, 9), fill: .solid(.ink))], clip: Rect(1, 1, 4, 4))])
        let markup = try sheet.add(clipped) + sheet.add(clipped)
        let ids = markup.matches(of: /<clipPath id="([^"]*)"/).map { String($0.output.1) }
        #expect(ids.count == 2 && Set(ids).count == 2)
        #expect(markup.matches(of: /clip-path="url\(#([^)]*)\)"/).map { String($0.output.1) } == ids)
    }

    @Test func `what one theme alone shows says so, and the print theme's stays out`() throws {
        let sheet = PageSheet(renderer)
        let markup = try sheet.add(
            scene([
                .only([.light], [word("a", .ink, at: 5)]), .only([.dark], [word("e", .ink, at: 5)]),
                .only([.print], [word("o", .ink, at: 5)]),
            ]))
        let words = markup.split(separator: "\n").filter { $0.hasPrefix("<use ") }
        #expect(words.map { String($0.firstMatch(of: #/class="(on-\w+) /#)?.output.1 ?? "") } == ["on-light", "on-dark"])
        #expect(sheet.shapes.matches(of: /<g id="r\d+"/).count == 2)
    }

    @Test func `a cell that is faint in one theme has its hairline there alone`() throws {
        let palettes = [Theme.light, .dark].map { Palette.of($0) }
        func isFaint(_ step: Int, _ palette: Palette) -> Bool { palette.sequential.colors[step].contrast(with: palette.paper) < 1.25 }
        let step = try #require((0...ColorMap.steps).first { isFaint($0, palettes[0]) != isFaint($0, palettes[1]) })
        let markup = try PageSheet(renderer).add(scene([.cell(Rect(10, 10, 20, 20), .map(.sequential, step: step))]))
        let cells = markup.split(separator: "\n").filter { $0.contains("class=\"on-") }
        #expect(cells.count == 2)
        #expect(cells.filter { $0.contains("stroke-width=\".75\"") }.count == 1)
        #expect(cells.first { $0.contains("on-light") }?.contains("stroke-width") == isFaint(step, palettes[0]))
    }

    @Test func `a theme that the words do not speak of is refused`() throws {
        var scene = scene([])
        scene.themes = [.light, .print]
        let message = "the picture was laid out for the themes light, print: expected one of them, found dark"
        #expect(throws: RendererError(message)) { try PageSheet(renderer).add(scene) }
        #expect(throws: RendererError(message)) { try renderer.png(scene, .dark) }
        #expect(throws: RendererError(message)) { try renderer.svg(scene, .dark, idPrefix: "fig") }
        #expect(throws: RendererError(message)) { try renderer.pdf(scene, .dark) }
        #expect(try !renderer.png(scene, .print).isEmpty)
    }

    @Test func `cells for a pointer are no part of a picture`() throws {
        let markup = try PageSheet(renderer).add(Sample.everyItem())
        #expect(!markup.contains("data-step") && !markup.contains("0.602"))
    }

    @Test(
        .enabled(if: isThere("chromium"), "chromium is not installed: how a browser draws a page's pictures was not checked"),
        arguments: [Theme.light, .dark])
    func `Chromium draws a page's picture as Cairo draws the PNG of its theme`(theme: Theme) throws {
        let scene = try Sample.matrix(renderer)
        let sheet = PageSheet(renderer)
        let markup = try sheet.add(scene)
        let (width, height) = (Int(scene.size.width), Int(scene.size.height))
        let hidden = theme == .light ? "dark" : "light"
        let page = """
            <!doctype html><meta charset="utf-8">
            <style>:root{color-scheme:\(theme.rawValue)}body{margin:0}svg{display:block}.on-\(hidden){display:none}
            \(sheet.styles)</style>
            <svg width="0" height="0" style="position:absolute"><defs>\(sheet.shapes)</defs></svg>
            <svg viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)">\(markup)</svg>
            """
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("attention-steps-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (html, png) = (folder.appendingPathComponent("page.html"), folder.appendingPathComponent("page.png"))
        try Data(page.utf8).write(to: html)
        let output = run(
            "chromium",
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
                "--user-data-dir=\(folder.path)/profile", "--window-size=\(width),\(height)", "--screenshot=\(png.path)", html.path,
            ])
        try #require(output != nil, "chromium ended with an error")
        let theirs = try PNGImage(decoding: Array(Data(contentsOf: png)))
        let ours = try PNGImage(decoding: try renderer.png(scene, theme))
        try #require(theirs.width == ours.width && theirs.height == ours.height)
        let (_, count) = difference(theirs, ours, tolerance: 64)
        #expect(Double(count) < 0.004 * Double(ours.width * ours.height), "\(count) pixels differ")
    }
}
