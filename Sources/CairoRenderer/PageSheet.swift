// Scenes as pictures of one page: each drawn once for the light and the dark theme. What pictures share stands in the page once: outlines of
// letters, words, sizes of boxes, and colours, which are classes, so that the page's theme dresses all pictures at once.

public import Diagrams
import Traces

/// Collects the pictures of one page.
public final class PageSheet {
    private let typesetter: Typesetter
    private var library = GlyphLibrary()
    private var dress = PageDress()

    /// An empty page that sets text as `renderer` does.
    public init(_ renderer: CairoRenderer) { typesetter = renderer.typesetter }

    /// What stands inside the picture's `svg` element. Pictures are numbered from 0 in the order in which they are added.
    public func add(_ scene: Scene) throws(RendererError) -> String {
        for theme in dress.themes where !scene.themes.contains(theme) { throw RendererError(scene, lacks: theme) }
        var body = SVGBody(scene.language, typesetter, dress, library)
        try body.write(scene)
        (dress, library) = (body.dress, body.library)
        let clips = body.clips.enumerated().map { $1.clipPath(dress.clip($0)) + "\n" }.joined()
        dress.picture += 1
        return clips + body.text
    }

    /// The shapes of letters and words, for the `defs` of an SVG in the same page.
    public var shapes: String {
        let letters = library.shapes.enumerated().compactMap { $1.definition("g\($0)").map { $0 + "\n" } }
        let words = dress.words.enumerated().map { number, glyphs in "<g id=\"r\(number)\">\(glyphs.map { $0.use("g") }.joined())</g>\n" }
        return (letters + words).joined()
    }

    /// The classes of colours and sizes, as a stylesheet.
    public var styles: String { dress.styles }
}

/// Two themes, colours and sizes as classes, words as references.
private struct PageDress: SVGDress {
    /// The number of the picture, to keep its clips apart.
    var picture = 0
    private(set) var words: [[SVGGlyph]] = []
    private(set) var styles = ""
    private var wordNumbers: [[SVGGlyph]: Int] = [:]
    private var classes: [String: String] = [:]
    private var colors: [Paint: (light: Color, dark: Color)] = [:]
    private let palettes = (light: Palette.of(.light), dark: Palette.of(.dark))
    let themes = [Theme.light, .dark]
    let keepsText = false

    mutating func paint(_ property: String, _ paint: Paint, _ element: inout SVGElement) {
        let (light, dark) = color(paint)
        if light.alpha < 1 { element.set(property + "-opacity", PathText.number(light.alpha)) }
        if light.hex == dark.hex { return element.set(property, light.hex) }
        element.add(class: className("\(property):\(light.hex);\(property):light-dark(\(light.hex),\(dark.hex))"))
    }

    private mutating func color(_ paint: Paint) -> (light: Color, dark: Color) {
        if let known = colors[paint] { return known }
        let pair = (light: palettes.light.color(paint), dark: palettes.dark.color(paint))
        colors[paint] = pair
        return pair
    }

    mutating func size(_ rect: Rect, _ element: inout SVGElement) {
        element.add(class: className("width:\(PathText.number(rect.width))px;height:\(PathText.number(rect.height))px"))
    }

    private mutating func className(_ rule: String) -> String {
        if let name = classes[rule] { return name }
        let name = "c\(classes.count)"
        classes[rule] = name
        styles += ".\(name){\(rule)}\n"
        return name
    }

    mutating func letters(_ glyphs: [SVGGlyph], transform: String, _ color: Paint, _ element: (String) -> SVGElement) -> String {
        let number = wordNumbers[glyphs] ?? words.count
        if number == words.count {
            wordNumbers[glyphs] = number
            words.append(glyphs)
        }
        var word = element("use")
        word.set("href", "#r\(number)")
        word.set("transform", transform)
        paint("fill", color, &word)
        return word.alone + "\n"
    }

    /// Names of groups say nothing to a reader of the page.
    func group(_ name: String, _ element: inout SVGElement) {}

    func clip(_ number: Int) -> String { "f\(picture)-c\(number)" }

    /// Cells are data of the page, and no part of its pictures.
    func spots(_ spots: [HotSpot]) -> String { "" }
}
