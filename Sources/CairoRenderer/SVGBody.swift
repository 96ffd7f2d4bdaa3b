// What stands inside an SVG: the items of a scene as elements, one a line. How colours, sizes and letters are spelled differs between a document
// of its own and a part of a page, and is asked of a dress.

import Diagrams
import Traces

/// How the elements of a picture are spelled.
protocol SVGDress {
    /// The themes in which the picture is seen.
    var themes: [Theme] { get }
    /// Gives `element` the colour of `paint` as its `fill` or `stroke`.
    mutating func paint(_ property: String, _ paint: Paint, _ element: inout SVGElement)
    /// Gives `element` the size of `rect`.
    mutating func size(_ rect: Rect, _ element: inout SVGElement)
    /// Letters in units of a thousandth of their size, with their place and colour.
    mutating func letters(_ glyphs: [SVGGlyph], transform: String, _ color: Paint, _ element: (String) -> SVGElement) -> String
    /// Whether letters stand as text, in the fonts that they were measured in, and not as outlines.
    var keepsText: Bool { get }
    /// The beginning of a group.
    mutating func group(_ name: String, _ element: inout SVGElement)
    /// The name of a clip of this picture.
    func clip(_ number: Int) -> String
    /// Cells of one step.
    func spots(_ spots: [HotSpot]) -> String
}

/// A letter: the number of its shape, and its place in thousandths of the type size.
struct SVGGlyph: Hashable {
    let shape: Int
    let x: Int
    let y: Int

    /// The letter, its shapes called `prefix` and their number.
    func use(_ prefix: String) -> String {
        "<use href=\"#\(prefix)\(shape)\"" + (x == 0 ? "" : " x=\"\(x)\"") + (y == 0 ? "" : " y=\"\(y)\"") + "/>"
    }
}

/// Writes the items of one scene.
struct SVGBody<Dress: SVGDress> {
    let language: Language
    let typesetter: Typesetter
    var dress: Dress
    var library: GlyphLibrary
    private(set) var clips: [Rect] = []
    private(set) var text = ""
    /// The class of what not every theme shows.
    private var themeClass: String?

    init(_ language: Language, _ typesetter: Typesetter, _ dress: Dress, _ library: GlyphLibrary) {
        (self.language, self.typesetter, self.dress, self.library) = (language, typesetter, dress, library)
    }

    mutating func write(_ scene: Scene) throws(RendererError) {
        var paper = SVGElement("rect")
        dress.size(Rect(0, 0, scene.size.width, scene.size.height), &paper)
        dress.paint("fill", scene.background, &paper)
        text += paper.alone + "\n"
        try write(scene.items)
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

    private mutating func flush(_ spots: inout [HotSpot]) {
        if !spots.isEmpty { text += dress.spots(spots) }
        spots = []
    }

    private mutating func write(_ item: Item) throws(RendererError) {
        switch item {
        case .rect(let rect, let radius, let fill, let stroke): write(rect, radius, fill, stroke)
        case .path(let elements, let fill, let stroke): write(elements, fill, stroke)
        case .text(let run): try write(run)
        case .image(let image, in: let rect): try write(image, rect)
        case .hotSpot: break
        case .cell(let area, let paint):
            for (themes, items) in byTheme({ [$0.cell(area, paint)] }) { try write(items, onlyIn: themes) }
        case .only(let themes, let items): try write(items, onlyIn: dress.themes.filter(themes.contains))
        case .group(let name, let items, let clip):
            var element = SVGElement("g")
            dress.group(name, &element)
            if let clip {
                element.set("clip-path", "url(#\(dress.clip(clips.count)))")
                clips.append(clip)
            }
            text += element.opening + "\n"
            try write(items)
            text += "</g>\n"
        }
    }

    /// The themes that see the same, with what they see.
    private func byTheme<Seen: Equatable>(_ seen: (Palette) -> Seen) -> [(themes: [Theme], Seen)] {
        var groups: [(themes: [Theme], Seen)] = []
        for theme in dress.themes {
            let own = seen(.of(theme))
            if let same = groups.firstIndex(where: { $0.1 == own }) {
                groups[same].themes.append(theme)
            } else {
                groups.append(([theme], own))
            }
        }
        return groups
    }

    private mutating func write(_ items: [Item], onlyIn themes: [Theme]) throws(RendererError) {
        guard let first = themes.first else { return }
        let outer = themeClass
        if themes.count < dress.themes.count { themeClass = "on-" + first.rawValue }
        try write(items)
        themeClass = outer
    }

    private func element(_ name: String) -> SVGElement {
        var element = SVGElement(name)
        if let themeClass { element.add(class: themeClass) }
        return element
    }

    // MARK: Shapes

    private mutating func write(_ rect: Rect, _ radius: Double, _ fill: Fill?, _ stroke: Stroke?) {
        if case .hatch = fill { return write(Item.outline(rect, radius: radius), fill, stroke) }
        var element = element("rect")
        element.place(rect)
        dress.size(rect, &element)
        if radius > 0 { element.set("rx", PathText.number(min(radius, rect.width / 2, rect.height / 2))) }
        paint(fill, &element)
        paint(stroke, &element)
        text += element.alone + "\n"
    }

    private mutating func write(_ elements: [PathElement], _ fill: Fill?, _ stroke: Stroke?) {
        guard case .hatch(let lines, let background, let spacing, let width) = fill else { return path(data(elements), fill, stroke) }
        if let background { path(data(elements), .solid(background), nil) }
        // A tenth of a point is finer than a screen shows, and hatching is most of what a page of selections would weigh.
        var hatching = PathText(decimals: 1)
        for (a, b) in Hatch.segments(in: elements, spacing: spacing) {
            hatching.move(a)
            hatching.line(b)
        }
        path(hatching.finished, nil, Stroke(lines, width: width))
        if stroke != nil { path(data(elements), nil, stroke) }
    }

    private mutating func path(_ data: String, _ fill: Fill?, _ stroke: Stroke?) {
        var element = element("path")
        element.set("d", data)
        paint(fill, &element)
        paint(stroke, &element)
        text += element.alone + "\n"
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

    private mutating func paint(_ fill: Fill?, _ element: inout SVGElement) {
        if case .solid(let color) = fill { dress.paint("fill", color, &element) } else { element.set("fill", "none") }
    }

    private mutating func paint(_ stroke: Stroke?, _ element: inout SVGElement) {
        guard let stroke, stroke.width > 0 else { return }
        dress.paint("stroke", stroke.color, &element)
        element.set("stroke-width", PathText.number(stroke.width))
        if !stroke.dash.isEmpty { element.set("stroke-dasharray", stroke.dash.map(PathText.number).joined(separator: " ")) }
    }

    // MARK: Letters and rasters

    private mutating func write(_ run: TextRun) throws(RendererError) {
        if dress.keepsText { return writeText(run) }
        let glyphs = try library.glyphs(of: run, language, typesetter)
        guard !glyphs.isEmpty else { return }
        let scale = run.style.size / 1000
        let shift = run.anchor.share * (run.anchor == .start ? 0 : typesetter.measure(run.text, run.style, language).width)
        var transform = "translate(\(PathText.number(run.position.x)) \(PathText.number(run.position.y)))"
        if run.rotation != 0 { transform += "rotate(\(PathText.number(run.rotation)))" }
        transform += "scale(\(NumberText.significant(scale, digits: 6)))"
        let placed = glyphs.map { glyph in
            SVGGlyph(shape: glyph.shape, x: Int(((glyph.x - shift) / scale).rounded()), y: Int((glyph.y / scale).rounded()))
        }
        let themeClass = themeClass
        text += dress.letters(placed, transform: transform, run.style.color) { name in
            var element = SVGElement(name)
            if let themeClass { element.add(class: themeClass) }
            return element
        }
    }

    /// The letters as text, each piece in its font at the place where it was measured. A viewer that lacks the font fits another one to the room.
    private mutating func writeText(_ run: TextRun) {
        let pieces = typesetter.pieces(run.text, run.style, language)
        var line = element("text")
        if run.rotation != 0 {
            line.set("transform", "rotate(\([run.rotation, run.position.x, run.position.y].map(PathText.number).joined(separator: " ")))")
        }
        line.set("y", PathText.number(run.position.y))
        line.set("font-size", PathText.number(run.style.size))
        line.set("font-weight", run.style.weight.css)
        dress.paint("fill", run.style.color, &line)
        if Typesetter.isRedrawn(run.text) { line.set("style", "font-feature-settings:'tnum','chws','calt' 0") }
        if run.text.hasPrefix(" ") || run.text.hasSuffix(" ") || run.text.contains("  ") { line.set("xml:space", "preserve") }
        if pieces.count == 1 {
            // One font alone keeps its anchor, so that a narrower one ends where this one does.
            if run.anchor != .start { line.set("text-anchor", run.anchor == .middle ? "middle" : "end") }
            line.set(pieces[0], at: run.position.x, run.style.face)
            text += line.opening + run.text.xml + "</text>\n"
            return
        }
        let start = run.position.x - run.anchor.share * pieces.reduce(0) { $0 + $1.width }
        text += line.opening
        for piece in pieces {
            var span = SVGElement("tspan")
            span.set(piece, at: start + piece.x, run.style.face)
            text += span.opening + piece.text.xml + "</tspan>"
        }
        text += "</text>\n"
    }

    private mutating func write(_ image: PixelImage, _ rect: Rect) throws(RendererError) {
        // Enlarged before it is stored, so that a viewer that smooths cannot blur small cells.
        let factor = max(
            1, min(16, Int((rect.width * 2 / Double(max(image.width, 1))).rounded()), 4096 / max(image.width, image.height, 1)))
        for (themes, colors) in byTheme({ palette in image.palette.map { palette.color($0) } }) {
            let outer = themeClass
            if let first = themes.first, themes.count < dress.themes.count { themeClass = "on-" + first.rawValue }
            var element = element("image")
            element.place(rect)
            dress.size(rect, &element)
            element.set("preserveAspectRatio", "none")
            element.set("style", "image-rendering:pixelated")
            element.set("href", Base64.dataURL(try PNGWriter.bytes(image, colors, factor: factor)))
            text += element.alone + "\n"
            themeClass = outer
        }
    }
}

extension SVGElement {
    /// Adds a piece's place, its font and its room.
    fileprivate mutating func set(_ piece: FontPiece, at x: Double, _ face: TextStyle.Face) {
        set("x", PathText.number(x))
        set("font-family", "\(piece.family), \(face == .mono ? "monospace" : "sans-serif")".xml)
        set("textLength", PathText.number(piece.width))
        set("lengthAdjust", "spacingAndGlyphs")
    }
}
