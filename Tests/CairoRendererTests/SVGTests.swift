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

    private func text(_ scene: Scene, _ prefix: String = "fig", textAsOutlines: Bool = false) throws -> String {
        String(decoding: try renderer.svg(scene, idPrefix: prefix, textAsOutlines: textAsOutlines), as: UTF8.self)
    }

    @Test(arguments: Language.allCases) func `text stays text, in the fonts and at the places in which it was measured`(language: Language)
        throws
    {
        let scene = try Sample.matrix(renderer, language: language)
        let svg = try text(scene)
        let runs = scene.items(in: .light).flatMap(Self.runs)
        let lines = svg.matches(of: /<text ([^>]*)>(.*)<\/text>/)
        #expect(lines.count == runs.count && runs.count > 20)
        for (line, run) in zip(lines, runs) {
            func number(_ name: String, _ attributes: Substring) throws -> Double {
                try #require(attributes.firstMatch(of: try Regex(#"\b\#(name)="([^"]*)""#))?[1].substring.flatMap { Double($0) })
            }
            let spans = line.2.matches(of: /<tspan ([^>]*)>([^<]*)<\/tspan>/)
            let pieces = spans.isEmpty ? [(line.1, line.2)] : spans.map { ($0.1, $0.2) }
            #expect(pieces.map { String($0.1) }.joined() == run.text, "\(run.text)")
            let width = renderer.measurer.measure(run.text, run.style, language).width
            #expect(
                abs(try pieces.reduce(0) { $0 + (try number("textLength", $1.0)) } - width) < 0.02 * Double(pieces.count), "\(run.text)")
            let share = run.anchor == .start ? 0 : run.anchor == .middle ? 0.5 : 1
            let isAnchored = spans.isEmpty && run.anchor != .start
            #expect(line.1.contains("text-anchor") == isAnchored, "\(line.1)")
            #expect(abs(try number("x", pieces[0].0) - (run.position.x - (isAnchored ? 0 : share * width))) < 0.02, "\(run.text)")
            #expect(abs(try number("y", line.1) - run.position.y) < 0.01)
            for piece in pieces where piece.1.unicodeScalars.allSatisfy(\.isASCII) {
                #expect(piece.0.contains(#"font-family="Inter, sans-serif""#), "\(piece)")
            }
        }
        #expect(language == .en || svg.contains("font-family=\"Noto Sans CJK SC, sans-serif\""))
        #expect(!svg.contains("<use "))
    }

    private static func runs(_ item: Item) -> [TextRun] {
        switch item {
        case .text(let run): [run]
        case .group(_, let items, _): items.flatMap(runs)
        default: []
        }
    }

    @Test func `text is escaped, keeps its spaces and is drawn as it is spelled`() throws {
        let style = TextStyle(size: 12, color: .ink)
        let items = ["a < b & c", " x", "3x4"].enumerated().map { Item.text(TextRun($1, style, at: Point(5, 20 + 20 * Double($0)))) }
        let words = Bilingual(same: "words")
        let scene = Scene(size: Size(90, 70), background: .paper, items: items, title: words, alt: words, caption: words, language: .en)
        let svg = try text(scene)
        #expect(svg.contains(">a &lt; b &amp; c</text>") && svg.contains(#" xml:space="preserve""#))
        #expect(svg.matches(of: /'calt' 0/).count == 1, "for 3x4 alone")
        let turned = Scene(
            size: Size(90, 70), background: .paper, items: [.text(TextRun("up", style, at: Point(40, 35), anchor: .middle, rotation: -90))],
            title: words, alt: words, caption: words, language: .en)
        #expect(try text(turned).contains(#"transform="rotate(-90 40 35)""#))
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
        let svg = try text(try Sample.matrix(renderer), "lesson-1-weights", textAsOutlines: true)
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
            try Data(try renderer.svg(scene, idPrefix: "fig", textAsOutlines: true)).write(to: base.appendingPathExtension("svg"))
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
        arguments: Language.allCases, [false, true])
    func `Chromium draws the SVG as Cairo draws the PNG`(language: Language, textAsOutlines: Bool) throws {
        let scene = try Sample.matrix(renderer, language: language)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("attention-steps-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (svg, png) = (folder.appendingPathComponent("figure.svg"), folder.appendingPathComponent("figure.png"))
        try Data(try renderer.svg(scene, idPrefix: "fig", textAsOutlines: textAsOutlines)).write(to: svg)
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
        // A browser draws letters by its own means: their edges differ, as far as an edge is from one that stands elsewhere.
        let share = textAsOutlines ? 0.004 : 0.008
        #expect(Double(count) < share * Double(ours.width * ours.height), "\(count) pixels differ")
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
