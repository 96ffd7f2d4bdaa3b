// Scene to SVG, written here and not by Cairo: every id carries a prefix, nothing depends on what was drawn before, letters are text, or outlines
// defined once, and hot spots keep the step and cell that they stand for.

import Diagrams
import Traces

/// Writes one document, in the colours of one theme.
struct SVGWriter {
    let scene: Scene
    let theme: Theme
    let prefix: String
    let typesetter: Typesetter
    /// Whether letters are text, and not outlines.
    let keepsText: Bool

    /// Tabular digits, Chinese punctuation that closes up, and letters between the pixels of a screen, as they were measured.
    private static let setting =
        " style=\"font-feature-settings:'tnum','chws';text-spacing-trim:space-all;text-rendering:geometricPrecision\""

    /// The whole file.
    func document() throws(RendererError) -> [UInt8] {
        guard let first = prefix.utf8.first, prefix.utf8.allSatisfy({ $0.isIDCharacter }), first.isLetter || first == UInt8(ascii: "_")
        else {
            throw RendererError("SVG: the id prefix '\(prefix)': expected a letter, then letters, digits, - and _")
        }
        let dress = DocumentDress(theme: theme, language: scene.language, prefix: prefix, keepsText: keepsText)
        var body = SVGBody(scene.language, typesetter, dress, GlyphLibrary())
        try body.write(scene)
        let (width, height) = (PathText.number(scene.size.width), PathText.number(scene.size.height))
        let language = scene.language
        let head = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" role="img" \
            aria-labelledby="\(prefix)-title \(prefix)-desc" lang="\(language.tag)" xml:lang="\(language.tag)"\(keepsText ? Self.setting : "")>
            <title id="\(prefix)-title">\(scene.title[language].xml)</title>
            <desc id="\(prefix)-desc">\(scene.alt[language].xml)</desc>
            <metadata>\(("software=" + Scene.software + "; " + scene.provenanceText(theme)).xml)</metadata>

            """
        let shapes = body.library.shapes.enumerated().compactMap { $1.definition("\(prefix)-g\($0)") }
        let clips = body.clips.enumerated().map { $1.clipPath("\(prefix)-c\($0)") }
        let definitions = (shapes + clips).map { $0 + "\n" }.joined()
        return Array((head + "<defs>\n\(definitions)</defs>\n" + body.text + "</svg>\n").utf8)
    }
}

/// One theme, colours and sizes as attributes, ids with a prefix.
private struct DocumentDress: SVGDress {
    let theme: Theme
    let language: Language
    let prefix: String
    let keepsText: Bool
    private let palette: Palette
    private var groupCount = 0
    var themes: [Theme] { [theme] }

    init(theme: Theme, language: Language, prefix: String, keepsText: Bool) {
        (self.theme, self.language, self.prefix, self.keepsText, palette) = (theme, language, prefix, keepsText, .of(theme))
    }

    func paint(_ property: String, _ paint: Paint, _ element: inout SVGElement) {
        let color = palette.color(paint)
        element.set(property, color.hex)
        if color.alpha < 1 { element.set(property + "-opacity", PathText.number(color.alpha)) }
    }

    func size(_ rect: Rect, _ element: inout SVGElement) { element.size(rect) }

    func letters(_ glyphs: [SVGGlyph], transform: String, _ color: Paint, _ element: (String) -> SVGElement) -> String {
        var group = element("g")
        group.set("transform", transform)
        paint("fill", color, &group)
        return group.opening + glyphs.map { $0.use("\(prefix)-g") }.joined() + "</g>\n"
    }

    mutating func group(_ name: String, _ element: inout SVGElement) {
        element.set("id", "\(prefix)-\(groupCount)-\(name.idPart)")
        groupCount += 1
    }

    func clip(_ number: Int) -> String { "\(prefix)-c\(number)" }

    /// Nothing to see, a label on hover, and what a page needs to explain them.
    func spots(_ spots: [HotSpot]) -> String {
        var text = "<g data-step=\"\(spots[0].step.xml)\" fill=\"none\" pointer-events=\"all\">\n"
        for spot in spots {
            var element = SVGElement("rect")
            element.place(spot.area)
            element.size(spot.area)
            element.set("data-index", spot.index.map(String.init).joined(separator: ","))
            text += element.opening + "<title>\(spot.label.text(language).xml)</title></rect>\n"
        }
        return text + "</g>\n"
    }
}

extension GlyphShape {
    /// The element that draws it under a name; nil for a space.
    func definition(_ id: String) -> String? {
        switch self {
        case .outline(let data): return "<path id=\"\(id)\" d=\"\(data)\"/>"
        case .picture(let png, let place):
            var element = SVGElement("image")
            element.set("id", id)
            element.place(place)
            element.size(place)
            element.set("href", Base64.dataURL(png))
            return element.alone
        case .nothing: return nil
        }
    }
}

extension Rect {
    /// The rectangle as a clip under a name.
    func clipPath(_ id: String) -> String {
        var element = SVGElement("rect")
        element.place(self)
        element.size(self)
        return "<clipPath id=\"\(id)\">\(element.alone)</clipPath>"
    }
}
