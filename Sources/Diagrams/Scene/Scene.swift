// A finished layout: positioned shapes and text in a closed enum, and what the picture says of itself. Its colours are paints, which a theme
// turns into colours when the scene is drawn. Back ends only draw.

import Mechanisms
public import Traces

/// A colour with opacity; components 0 to 1, sRGB.
public struct Color: Hashable, Sendable {
    /// Red, 0 to 1.
    public var red: Double
    /// Green, 0 to 1.
    public var green: Double
    /// Blue, 0 to 1.
    public var blue: Double
    /// Opacity, 0 to 1.
    public var alpha: Double
    /// A colour from its components.
    public init(red: Double, green: Double, blue: Double, alpha: Double = 1) {
        self.red = red
        self.green = green
        self.blue = blue
        self.alpha = alpha
    }
    /// A colour from 0xRRGGBB.
    public init(_ hex: UInt32, alpha: Double = 1) {
        self.init(red: Double(hex >> 16 & 255) / 255, green: Double(hex >> 8 & 255) / 255, blue: Double(hex & 255) / 255, alpha: alpha)
    }
}

/// A line's colour, width and dashes.
public struct Stroke: Hashable, Sendable {
    /// Colour.
    public var color: Paint
    /// Width in points.
    public var width: Double
    /// Lengths of dashes and gaps in turn; empty for a solid line.
    public var dash: [Double]
    /// A line style.
    public init(_ color: Paint, width: Double = 1, dash: [Double] = []) {
        self.color = color
        self.width = width
        self.dash = dash
    }
}

/// What fills a shape.
public enum Fill: Hashable, Sendable {
    /// One colour.
    case solid(Paint)
    /// Fine parallel lines at 45 degrees: "visible, but not selected".
    case hatch(lines: Paint, background: Paint?, spacing: Double, width: Double)
}

/// How text looks.
public struct TextStyle: Hashable, Sendable {
    /// The kinds of type that the product uses; the renderer knows the families.
    public enum Face: Hashable, Sendable { case sans, mono }
    /// Stroke weight.
    public enum Weight: Hashable, Sendable { case regular, medium, semibold, bold }
    /// Kind of type.
    public var face: Face
    /// Height of the type in points.
    public var size: Double
    /// Stroke weight.
    public var weight: Weight
    /// Colour.
    public var color: Paint
    /// A text style.
    public init(size: Double, weight: Weight = .regular, color: Paint, face: Face = .sans) {
        self.face = face
        self.size = size
        self.weight = weight
        self.color = color
    }
}

/// A line of text with its place. Digits are tabular; the language steers the choice of Han forms.
public struct TextRun: Hashable, Sendable {
    /// Which point of the text stands at `position`, horizontally.
    public enum Anchor: Hashable, Sendable { case start, middle, end }
    /// The characters; control and bidirectional override characters are shown as visible substitutes by whoever makes the scene.
    public var text: String
    /// Looks.
    public var style: TextStyle
    /// The anchor point on the baseline.
    public var position: Point
    /// Which horizontal point of the text the anchor is.
    public var anchor: Anchor
    /// Clockwise rotation about the anchor, in degrees.
    public var rotation: Double
    /// A placed line of text.
    public init(_ text: String, _ style: TextStyle, at position: Point, anchor: Anchor = .start, rotation: Double = 0) {
        self.text = text
        self.style = style
        self.position = position
        self.anchor = anchor
        self.rotation = rotation
    }
}

/// A piece of an outline.
public enum PathElement: Hashable, Sendable {
    /// Starts a new outline.
    case move(Point)
    /// A straight line.
    case line(Point)
    /// A cubic Bézier curve with two control points.
    case curve(Point, Point, to: Point)
    /// Back to the start of the outline.
    case close
}

/// A small raster: one palette index a pixel, drawn without smoothing.
public struct PixelImage: Hashable, Sendable {
    /// Pixels in a row.
    public var width: Int
    /// Rows.
    public var height: Int
    /// At most 256 colours.
    public var palette: [Paint]
    /// Row-major palette indices.
    public var pixels: [UInt8]
    /// A raster; `pixels.count == width * height`.
    public init(width: Int, height: Int, palette: [Paint], pixels: [UInt8]) {
        precondition(pixels.count == width * height && palette.count <= 256, "a raster has one palette index a pixel")
        self.width = width
        self.height = height
        self.palette = palette
        self.pixels = pixels
    }
}

/// A place that stands for one cell of one step: a page shows its value on hover and its explanation on click.
public struct HotSpot: Hashable, Sendable {
    /// The area.
    public var area: Rect
    /// The step's id.
    public var step: String
    /// The cell's index in the step's output; -1 along an axis that the picture averages over (the mean of heads).
    public var index: [Int]
    /// What a screen reader says and a pointer shows.
    public var label: CellLabel
    /// A hot spot.
    public init(_ area: Rect, step: String, index: [Int], label: CellLabel) {
        self.area = area
        self.step = step
        self.index = index
        self.label = label
    }
}

/// What a cell is called and what stands in it, in both languages; its number stays a number.
public struct CellLabel: Hashable, Sendable {
    /// The row's part of what the cell is called, which all cells of a row share: `query ?, `. Empty where cells have no rows.
    public var row: Bilingual
    /// The rest, with the sign that leads to what stands in it: `key Dali: `.
    public var column: Bilingual
    /// What stands in it: a number, or why there is none.
    public var reading: Remark
    /// A label.
    public init(_ place: Bilingual, _ reading: Remark) { self.init(row: Bilingual(same: ""), column: place, reading) }
    /// A label of a matrix's cell. A matrix has many: the parts of its rows and columns are made once each, and joined where a label is written.
    public init(row: Bilingual, column: Bilingual, _ reading: Remark) { (self.row, self.column, self.reading) = (row, column, reading) }
    /// What the cell is called: `query ?, key Dali: `.
    public var place: Bilingual { row + column }
    /// The label in one language.
    public func text(_ language: Language) -> String { row[language] + column[language] + reading[language] }
}

/// Everything that can stand in a picture.
public indirect enum Item: Hashable, Sendable {
    /// A rectangle, its corners rounded by `radius`.
    case rect(Rect, radius: Double = 0, fill: Fill? = nil, stroke: Stroke? = nil)
    /// An outline of lines and curves.
    case path([PathElement], fill: Fill? = nil, stroke: Stroke? = nil)
    /// A line of text.
    case text(TextRun)
    /// A raster stretched over a rectangle, pixels kept square-edged.
    case image(PixelImage, in: Rect)
    /// Nothing to see; known to interactive pages.
    case hotSpot(HotSpot)
    /// A matrix's cell, filled; where its colour is almost paper a hairline goes around it.
    case cell(Rect, Paint)
    /// What stands in pictures of some themes alone: words about brightness, signs where colours are grey.
    case only([Theme], [Item])
    /// Several items under one name, clipped to a rectangle if there is one.
    case group(String, [Item], clip: Rect? = nil)
}

/// A finished picture.
public struct Scene: Hashable, Sendable {
    /// Size in points.
    public var size: Size
    /// Paper.
    public var background: Paint
    /// From back to front.
    public var items: [Item]
    /// The finding, in one line: also the title in files.
    public var title: Bilingual
    /// What the picture shows, with its numbers, for those who cannot see it.
    public var alt: Bilingual
    /// One line to copy under the picture.
    public var caption: Bilingual
    /// The language that the picture is set in.
    public var language: Language
    /// The themes that its words are true in.
    public var themes: [Theme]
    /// Name of the figure and of its options, and of the data (base name and SHA-256): embedded in files. Sorted by key when written, with the
    /// theme that was drawn.
    public var provenance: [String: String]

    /// A picture.
    public init(
        size: Size, background: Paint, items: [Item], title: Bilingual, alt: Bilingual, caption: Bilingual, language: Language,
        themes: [Theme] = Theme.allCases, provenance: [String: String] = [:]
    ) {
        self.size = size
        self.background = background
        self.items = items
        self.title = title
        self.alt = alt
        self.caption = caption
        self.language = language
        self.themes = themes
        self.provenance = provenance
    }
}

extension Scene {
    /// What a file says of its figure and data, sorted by key; `theme` is the one that was drawn. A scene without a figure names no theme.
    public func facts(_ theme: Theme) -> [(key: String, value: String)] {
        var facts = provenance
        if provenance["figure"] != nil { facts["theme"] = theme.rawValue }
        return facts.sorted { $0.key < $1.key }
    }

    /// The items as `theme`, one of the scene's, shows them: none that it leaves out, and cells as rectangles.
    public func items(in theme: Theme) -> [Item] {
        precondition(themes.contains(theme), "the scene was laid out for other themes")
        return items.flatMap { $0.shown(in: theme, .of(theme)) }
    }
}

extension Item {
    fileprivate func shown(in theme: Theme, _ palette: Palette) -> [Item] {
        switch self {
        case .cell(let area, let paint): [palette.cell(area, paint)]
        case .only(let themes, let items): themes.contains(theme) ? items.flatMap { $0.shown(in: theme, palette) } : []
        case .group(let name, let items, let clip): [.group(name, items.flatMap { $0.shown(in: theme, palette) }, clip: clip)]
        case .rect, .path, .text, .image, .hotSpot: [self]
        }
    }
}

/// Measures text as the renderer will set it. It holds a function and is no protocol: Embedded Swift has no existentials, and figures generic over
/// a measurer could not stand in one list.
public struct TextMeasurer {
    private let extent: (String, TextStyle, Language) -> TextExtent

    /// A measure by a function of line, style and language.
    public init(_ extent: @escaping (_ line: String, _ style: TextStyle, _ language: Language) -> TextExtent) { self.extent = extent }

    /// The advance width of one line, and its extent above and below the baseline, in points.
    public func measure(_ line: String, _ style: TextStyle, _ language: Language) -> TextExtent { extent(line, style, language) }
}

/// The extent of a line of text.
public struct TextExtent: Hashable, Sendable {
    /// Advance to the right.
    public var width: Double
    /// Above the baseline.
    public var ascent: Double
    /// Below the baseline.
    public var descent: Double
    /// An extent.
    public init(width: Double, ascent: Double, descent: Double) {
        self.width = width
        self.ascent = ascent
        self.descent = descent
    }
}
