// SVG: what it says of itself, its ids, its size, and that another renderer sees the same picture.

import CairoRenderer
import Diagrams
import Foundation
import Mechanisms
import PictureTesting
import Testing
import Traces

@Suite(.serialized) struct SVGTests {
    let renderer = Sample.renderer()

    private func text(_ scene: Scene, _ prefix: String = "fig") throws -> String {
        String(decoding: try renderer.svg(scene, idPrefix: prefix), as: UTF8.self)
    }

    @Test func `an SVG carries title, description, role and language`() throws {
        let svg = try text(Sample.everyItem())
        #expect(svg.contains(#"role="img" aria-labelledby="fig-title fig-desc" lang="en""#))
        #expect(svg.contains(#"<title id="fig-title">Every item</title>"#))
        #expect(svg.contains(#"<desc id="fig-desc">A test &lt;picture&gt; &amp; more</desc>"#))
        #expect(svg.contains("data=made by hand; figure=test; theme=light"))
        #expect(try text(Sample.everyItem(.zh)).contains(#"lang="zh-CN""#))
    }

    @Test func `every id and every reference begins with the prefix`() throws {
        let svg = try text(try Sample.matrix(renderer), "lesson-1-weights")
        let ids = svg.matches(of: /\bid="([^"]*)"/).map { String($0.output.1) }
        #expect(ids.count > 20)
        #expect(ids.allSatisfy { $0.hasPrefix("lesson-1-weights-") })
        #expect(Set(ids).count == ids.count, "no id twice")
        let references = svg.matches(of: /(?:href="#|url\(#)([^")]*)/).map { String($0.output.1) }
        #expect(!references.isEmpty && references.allSatisfy(Set(ids).contains))
    }

    @Test(arguments: ["", "1a", "a b", "é", "a\"b"]) func `a prefix that cannot begin an id is refused`(prefix: String) {
        #expect(throws: RendererError("SVG: the id prefix '\(prefix)': expected a letter, then letters, digits, - and _")) {
            try renderer.svg(Sample.everyItem(), idPrefix: prefix)
        }
    }

    @Test func `hot spots carry their step, index and label`() throws {
        let svg = try text(Sample.everyItem())
        #expect(svg.contains(#"<g data-step="attention.weights" fill="none" pointer-events="all">"#))
        #expect(svg.contains(#"data-index="0,17,4"><title>query ?, key Dali: 0.602</title>"#))
    }

    @Test(arguments: Language.allCases) func `a causal matrix of 16 tokens takes at most 150 KB`(language: Language) throws {
        #expect(try renderer.svg(try Sample.matrix(renderer, language: language), idPrefix: "fig").count <= 150_000)
    }

    @Test(
        .enabled(if: isThere("rsvg-convert"), "rsvg-convert is not installed: how librsvg draws the SVG was not checked"),
        arguments: Language.allCases)
    func `librsvg draws the SVG as Cairo draws the PNG`(language: Language) throws {
        for scene in [Sample.everyItem(language), try Sample.matrix(renderer, language: language)] {
            let base = FileManager.default.temporaryDirectory.appendingPathComponent("attention-steps-\(UUID().uuidString)")
            defer { for ending in ["svg", "png"] { try? FileManager.default.removeItem(at: base.appendingPathExtension(ending)) } }
            try Data(try renderer.svg(scene, idPrefix: "fig")).write(to: base.appendingPathExtension("svg"))
            let output = run("rsvg-convert", [base.appendingPathExtension("svg").path, "-o", base.appendingPathExtension("png").path])
            try #require(output != nil, "rsvg-convert ended with an error")
            let theirs = try PNGImage(decoding: Array(Data(contentsOf: base.appendingPathExtension("png"))))
            let ours = try PNGImage(decoding: try renderer.png(scene))
            try #require(theirs.width == ours.width && theirs.height == ours.height)
            // Letters are placed to a hundredth of a point there and to a fraction of a pixel here: edges may differ, shapes may not.
            let (_, count) = difference(theirs, ours, tolerance: 64)
            #expect(Double(count) < 0.004 * Double(ours.width * ours.height), "\(count) pixels differ")
        }
    }

    @Test(
        .enabled(if: isThere("chromium"), "chromium is not installed: how a browser draws the SVG was not checked"),
        arguments: Language.allCases)
    func `Chromium draws the SVG as Cairo draws the PNG`(language: Language) throws {
        let scene = try Sample.matrix(renderer, language: language)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("attention-steps-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (svg, png) = (folder.appendingPathComponent("figure.svg"), folder.appendingPathComponent("figure.png"))
        try Data(try renderer.svg(scene, idPrefix: "fig")).write(to: svg)
        let (width, height) = (Int(scene.size.width), Int(scene.size.height))
        let output = run(
            "chromium",
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
                "--user-data-dir=\(folder.path)/profile", "--window-size=\(width),\(height)", "--screenshot=\(png.path)", svg.path,
            ])
        try #require(output != nil, "chromium ended with an error")
        let theirs = try PNGImage(decoding: Array(Data(contentsOf: png)))
        let ours = try PNGImage(decoding: try renderer.png(scene))
        try #require(theirs.width == ours.width && theirs.height == ours.height)
        let (_, count) = difference(theirs, ours, tolerance: 64)
        #expect(Double(count) < 0.004 * Double(ours.width * ours.height), "\(count) pixels differ")
    }

    @Test func `characters that XML forbids do not reach the file`() throws {
        let words = Bilingual(same: "a\u{0}b\u{1B}<>&\"")
        let style = TextStyle(size: 10, color: .fixed(Color(0)))
        let scene = Scene(
            size: Size(50, 20), background: .fixed(Color(0xFFFFFF)), items: [.text(TextRun("x\u{1}y", style, at: Point(2, 12)))],
            title: words,
            alt: words,
            caption: words, language: .en)
        #expect(try text(scene).contains(#"<title id="fig-title">a�b�&lt;&gt;&amp;&quot;</title>"#))
    }
}

/// Whether `tool` is on the path.
func isThere(_ tool: String) -> Bool { run("which", [tool]) != nil }
