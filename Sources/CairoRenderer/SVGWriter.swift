// Scene to SVG, written here and not by Cairo: every id carries a prefix, nothing depends on what was drawn before, letters are outlines
// defined once, and hot spots keep the step and cell that they stand for.

import Diagrams
import Traces

/// Writes one document.
struct SVGWriter {
    let scene: Scene
    let prefix: String
    let typesetter: Typesetter
    private var library = GlyphLibrary()
    private var clips: [Rect] = []
    private var body = ""
    private var groupCount = 0

    init(scene: Scene, prefix: String, typesetter: Typesetter) {
        self.scene = scene
        self.prefix = prefix
        self.typesetter = typesetter
    }

    /// The whole file.
    mutating func document() throws(RendererError) -> [UInt8] {
        guard let first = prefix.utf8.first, prefix.utf8.allSatisfy({ $0.isIDCharacter }), first.isLetter || first == UInt8(ascii: "_")
        else {
            throw RendererError("SVG: the id prefix '\(prefix)': expected a letter, then letters, digits, - and _")
        }
        try write(scene.items)
        let (width, height) = (PathText.number(scene.size.width), PathText.number(scene.size.height))
        let language = scene.language
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" role="img" \
            aria-labelledby="\(prefix)-title \(prefix)-desc" lang="\(language.tag)" xml:lang="\(language.tag)">
            <title id="\(prefix)-title">\(scene.title[language].xml)</title>
            <desc id="\(prefix)-desc">\(scene.alt[language].xml)</desc>
            <metadata>\(("software=" + Scene.software + "; " + scene.provenanceText).xml)</metadata>

            """
        text += try definitions()
        text += "<rect width=\"\(width)\" height=\"\(height)\"\(paint("fill", scene.background))/>\n"
        return Array((text + body + "</svg>\n").utf8)
    }

    private func definitions() throws(RendererError) -> String {
        var text = "<defs>\n"
        for (i, shape) in library.shapes.enumerated() {
            switch shape {
            case .outline(let data): text += "<path id=\"\(prefix)-g\(i)\" d=\"\(data)\"/>\n"
            case .picture(let png, let place): text += "<image id=\"\(prefix)-g\(i)\"\(frame(place)) href=\"\(dataURL(png))\"/>\n"
            case .nothing: break
            }
        }
        for (i, clip) in clips.enumerated() { text += "<clipPath id=\"\(prefix)-c\(i)\"><rect\(frame(clip))/></clipPath>\n" }
        return text + "</defs>\n"
    }

    private mutating func write(_ items: [Item]) throws(RendererError) {
        var spots: [HotSpot] = []
        for item in items {
            if case .hotSpot(let spot) = item {
                if let last = spots.last, last.step != spot.step { flush(&spots) }
                spots.append(spot)
                continue
            }
            flush(&spots)
            try write(item)
        }
        flush(&spots)
    }

    private mutating func write(_ item: Item) throws(RendererError) {
        switch item {
        case .rect(let rect, let radius, let fill, let stroke): write(rect, radius, fill, stroke)
        case .path(let elements, let fill, let stroke): write(elements, fill, stroke)
        case .text(let run): try write(run)
        case .image(let image, in: let rect): try write(image, rect)
        case .hotSpot: break
        case .group(let name, let items, let clip):
            var attributes = " id=\"\(prefix)-\(groupCount)-\(name.idPart)\""
            groupCount += 1
            if let clip {
                attributes += " clip-path=\"url(#\(prefix)-c\(clips.count))\""
                clips.append(clip)
            }
            body += "<g\(attributes)>\n"
            try write(items)
            body += "</g>\n"
        }
    }

    /// Cells of one step: nothing to see, a label on hover, and what a page needs to explain them.
    private mutating func flush(_ spots: inout [HotSpot]) {
        guard let first = spots.first else { return }
        body += "<g data-step=\"\(first.step.xml)\" fill=\"none\" pointer-events=\"all\">\n"
        for spot in spots {
            let index = spot.index.map(String.init).joined(separator: ",")
            body += "<rect\(frame(spot.area)) data-index=\"\(index)\"><title>\(spot.label.xml)</title></rect>\n"
        }
        body += "</g>\n"
        spots = []
    }

    private mutating func write(_ rect: Rect, _ radius: Double, _ fill: Fill?, _ stroke: Stroke?) {
        if case .hatch = fill { return write(Item.outline(rect, radius: radius), fill, stroke) }
        let rounded = radius > 0 ? " rx=\"\(PathText.number(min(radius, rect.width / 2, rect.height / 2)))\"" : ""
        body += "<rect\(frame(rect))\(rounded)\(paint(fill))\(paint(stroke))/>\n"
    }

    private mutating func write(_ elements: [PathElement], _ fill: Fill?, _ stroke: Stroke?) {
        let outline = data(elements)
        if case .hatch(let lines, let background, let spacing, let width) = fill {
            if let background { body += "<path d=\"\(outline)\"\(paint("fill", background))/>\n" }
            // A tenth of a point is finer than a screen shows, and hatching is most of what a page of selections would weigh.
            var text = PathText(decimals: 1)
            for (a, b) in Hatch.segments(in: elements, spacing: spacing) {
                text.move(a)
                text.line(b)
            }
            body += "<path d=\"\(text.finished)\" fill=\"none\"\(paint(Stroke(lines, width: width)))/>\n"
            if stroke == nil { return }
            body += "<path d=\"\(outline)\" fill=\"none\"\(paint(stroke))/>\n"
            return
        }
        body += "<path d=\"\(outline)\"\(paint(fill))\(paint(stroke))/>\n"
    }

    private mutating func write(_ run: TextRun) throws(RendererError) {
        let glyphs = try library.glyphs(of: run, scene.language, typesetter)
        guard !glyphs.isEmpty else { return }
        let scale = run.style.size / 1000
        let shift = run.anchor.share * (run.anchor == .start ? 0 : typesetter.measure(run.text, run.style, scene.language).width)
        var transform = "translate(\(PathText.number(run.position.x)) \(PathText.number(run.position.y)))"
        if run.rotation != 0 { transform += "rotate(\(PathText.number(run.rotation)))" }
        transform += "scale(\(NumberText.significant(scale, digits: 6)))"
        body += "<g transform=\"\(transform)\"\(paint("fill", run.style.color))>"
        for glyph in glyphs {
            let (x, y) = (((glyph.x - shift) / scale).rounded(), (glyph.y / scale).rounded())
            body +=
                "<use href=\"#\(prefix)-g\(glyph.shape)\"" + (x == 0 ? "" : " x=\"\(Int(x))\"") + (y == 0 ? "" : " y=\"\(Int(y))\"") + "/>"
        }
        body += "</g>\n"
    }

    private mutating func write(_ image: PixelImage, _ rect: Rect) throws(RendererError) {
        // Enlarged before it is stored, so that a viewer that smooths cannot blur small cells.
        let factor = max(
            1, min(16, Int((rect.width * 2 / Double(max(image.width, 1))).rounded()), 4096 / max(image.width, image.height, 1)))
        let png = try PNGWriter.bytes(image, factor: factor)
        body += "<image\(frame(rect)) preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"\(dataURL(png))\"/>\n"
    }

    private func data(_ elements: [PathElement]) -> String {
        var text = PathText(decimals: 2)
        for element in elements {
            switch element {
            case .move(let p): text.move(p)
            case .line(let p): text.line(p)
            case .curve(let a, let b, to: let p): text.curve(a, b, p)
            case .close: text.close()
            }
        }
        return text.finished
    }

    private func frame(_ rect: Rect) -> String {
        let n = PathText.number
        return " x=\"\(n(rect.x))\" y=\"\(n(rect.y))\" width=\"\(n(rect.width))\" height=\"\(n(rect.height))\""
    }

    private func paint(_ fill: Fill?) -> String {
        guard case .solid(let color) = fill else { return " fill=\"none\"" }
        return paint("fill", color)
    }

    private func paint(_ stroke: Stroke?) -> String {
        guard let stroke, stroke.width > 0 else { return "" }
        let dash = stroke.dash.isEmpty ? "" : " stroke-dasharray=\"\(stroke.dash.map(PathText.number).joined(separator: " "))\""
        return paint("stroke", stroke.color) + " stroke-width=\"\(PathText.number(stroke.width))\"" + dash
    }

    private func paint(_ name: String, _ color: Color) -> String {
        let word = Color(red: color.red, green: color.green, blue: color.blue).premultiplied & 0xFF_FFFF
        let digits = String(word, radix: 16)
        let opacity = color.alpha < 1 ? " \(name)-opacity=\"\(PathText.number(color.alpha))\"" : ""
        return " \(name)=\"#\(String(repeating: "0", count: 6 - digits.count))\(digits)\"\(opacity)"
    }

    private func dataURL(_ png: [UInt8]) -> String { "data:image/png;base64," + Base64.encode(png) }
}

/// Base 64 (RFC 4648), so that Foundation is not needed.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 4 / 3 + 4)
        for i in stride(from: 0, to: bytes.count, by: 3) {
            let left = min(3, bytes.count - i)
            var word = 0
            for k in 0..<3 { word = word << 8 | (k < left ? Int(bytes[i + k]) : 0) }
            for k in 0..<4 { text.append(k <= left ? alphabet[word >> (18 - 6 * k) & 63] : UInt8(ascii: "=")) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension UInt8 {
    var isLetter: Bool { (65...90).contains(self) || (97...122).contains(self) }
    var isIDCharacter: Bool { isLetter || (48...57).contains(self) || self == UInt8(ascii: "-") || self == UInt8(ascii: "_") }
}

extension String {
    /// Text for XML: the five special characters escaped, characters that XML forbids replaced.
    var xml: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The text with what may not stand in an id replaced.
    var idPart: String { String(decoding: utf8.map { $0.isIDCharacter ? $0 : UInt8(ascii: "-") }, as: UTF8.self) }
}
