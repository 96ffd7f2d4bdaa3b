// Letters as outlines for SVG: each glyph once, in units of a thousandth of the type size, to be used at any size and colour.

import CCairo
import Diagrams
import Traces

/// What a glyph looks like.
enum GlyphShape {
    /// Path data in thousandths of the type size, baseline at 0, y down.
    case outline(String)
    /// A picture (colour emoji), with its place in thousandths of the type size.
    case picture(png: [UInt8], place: Rect)
    /// A space.
    case nothing
}

/// A glyph at its place in a line.
struct PlacedGlyph {
    /// Position in `GlyphLibrary.shapes`.
    let shape: Int
    /// Distance from the line's start, in points.
    let x: Double
    /// Distance below the baseline, in points.
    let y: Double
}

/// The glyphs of one document in order of first use.
struct GlyphLibrary {
    private(set) var shapes: [GlyphShape] = []
    private var known: [String: Int] = [:]

    /// The glyphs of a line of text.
    mutating func glyphs(of run: TextRun, _ language: Language, _ typesetter: Typesetter) throws(RendererError) -> [PlacedGlyph] {
        let collected = typesetter.withLine(run.text, run.style, language) { _, line in Self.collect(line) }
        defer { collected.forEach { g_object_unref($0.font) } }
        var placed: [PlacedGlyph] = []
        for item in collected {
            let shape = try shape(of: item.glyph, item.font, typesetter.fonts)
            if case .nothing = shapes[shape] { continue }
            placed.append(PlacedGlyph(shape: shape, x: item.x, y: item.y))
        }
        return placed
    }

    private typealias Collected = (font: UnsafeMutablePointer<PangoFont>, glyph: PangoGlyph, x: Double, y: Double)

    /// Glyphs with a reference on each font, so that they outlive the layout.
    private static func collect(_ line: UnsafeMutablePointer<PangoLayoutLine>) -> [Collected] {
        var result: [Collected] = []
        var x: Int32 = 0
        var node = line.pointee.runs
        while let current = node {
            let item = current.pointee.data.assumingMemoryBound(to: PangoGlyphItem.self).pointee
            let glyphs = item.glyphs.pointee
            for i in 0..<Int(glyphs.num_glyphs) {
                let info = glyphs.glyphs[i]
                if info.glyph != PangoGlyph(PANGO_GLYPH_EMPTY_VALUE), let font = item.item.pointee.analysis.font {
                    g_object_ref(font)
                    let scale = Double(PANGO_SCALE)
                    result.append((font, info.glyph, Double(x + info.geometry.x_offset) / scale, Double(info.geometry.y_offset) / scale))
                }
                x += info.geometry.width
            }
            node = current.pointee.next
        }
        return result
    }

    private mutating func shape(of glyph: PangoGlyph, _ font: UnsafeMutablePointer<PangoFont>, _ fonts: FontSet) throws(RendererError)
        -> Int
    {
        let description = pango_font_describe(font)
        pango_font_description_unset_fields(description, PANGO_FONT_MASK_SIZE)
        let name = pango_font_description_to_string(description)!
        let key = "\(String(cString: name))/\(glyph)"
        g_free(name)
        pango_font_description_free(description)
        if let index = known[key] { return index }
        shapes.append(try Self.draw(glyph, font, fonts))
        known[key] = shapes.count - 1
        return shapes.count - 1
    }

    private static func draw(_ glyph: PangoGlyph, _ font: UnsafeMutablePointer<PangoFont>, _ fonts: FontSet) throws(RendererError)
        -> GlyphShape
    {
        if glyph & PangoGlyph(PANGO_GLYPH_UNKNOWN_VALUE) != 0 { return .outline("M60 0V-700H540V0ZM120-60H480V-640H120Z") }
        guard let own = pango_cairo_font_get_scaled_font(OpaquePointer(font)) else { throw RendererError("SVG: a font without outlines") }
        let large = fonts.large(of: own)
        let surface = try Surface(cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1), "a glyph")
        let context = try Context(surface, "a glyph")
        cairo_set_scaled_font(context.pointer, large)
        var placed = cairo_glyph_t(index: UInt(glyph), x: 0, y: 0)
        cairo_glyph_path(context.pointer, &placed, 1)
        let outline = pathData(context.pointer)
        if !outline.isEmpty { return .outline(outline) }
        var extents = cairo_text_extents_t()
        cairo_scaled_font_glyph_extents(large, &placed, 1, &extents)
        guard extents.width > 0, extents.height > 0 else { return .nothing }
        return try picture(of: glyph, large, extents)
    }

    /// A colour glyph as a picture 96 pixels to the type size.
    private static func picture(of glyph: PangoGlyph, _ font: OpaquePointer, _ extents: cairo_text_extents_t) throws(RendererError)
        -> GlyphShape
    {
        let factor = 0.096
        let (width, height) = (Int((extents.width * factor).rounded(.up)), Int((extents.height * factor).rounded(.up)))
        let surface = try Surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, Int32(width), Int32(height)), "a glyph")
        do {
            let context = try Context(surface, "a glyph")
            cairo_scale(context.pointer, factor, factor)
            cairo_set_scaled_font(context.pointer, font)
            var placed = cairo_glyph_t(index: UInt(glyph), x: -extents.x_bearing, y: -extents.y_bearing)
            cairo_show_glyphs(context.pointer, &placed, 1)
        }
        cairo_surface_flush(surface.pointer)
        let stride = Int(cairo_image_surface_get_stride(surface.pointer))
        let data = cairo_image_surface_get_data(surface.pointer)!
        var rgba = [UInt8](repeating: 0, count: width * height * 4)
        for y in 0..<height {
            for x in 0..<width {
                let pixel = data + y * stride + x * 4
                let alpha = Int(pixel[3])
                for (channel, byte) in [2, 1, 0].enumerated() where alpha > 0 {
                    rgba[(y * width + x) * 4 + channel] = UInt8(min(255, (Int(pixel[byte]) * 255 + alpha / 2) / alpha))
                }
                rgba[(y * width + x) * 4 + 3] = UInt8(alpha)
            }
        }
        let place = Rect(extents.x_bearing, extents.y_bearing, Double(width) / factor, Double(height) / factor)
        return .picture(png: try PNGWriter.bytes(rgba: rgba, width: width, height: height), place: place)
    }

    private static func pathData(_ context: OpaquePointer) -> String {
        guard let path = cairo_copy_path(context) else { return "" }
        defer { cairo_path_destroy(path) }
        var text = PathText(decimals: 0)
        var i = 0
        while i < Int(path.pointee.num_data) {
            let data = path.pointee.data + i
            func point(_ n: Int) -> Point { Point(data[n].point.x, data[n].point.y) }
            switch data.pointee.header.type {
            case CAIRO_PATH_MOVE_TO: text.move(point(1))
            case CAIRO_PATH_LINE_TO: text.line(point(1))
            case CAIRO_PATH_CURVE_TO: text.curve(point(1), point(2), point(3))
            default: text.close()
            }
            i += Int(data.pointee.header.length)
        }
        return text.finished
    }
}
