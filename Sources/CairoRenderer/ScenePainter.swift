// A scene on a Cairo context: the same strokes for PNG and PDF. Draws; decides nothing.

import CCairo
import Diagrams

/// Draws items in order.
struct ScenePainter {
    let context: OpaquePointer
    let typesetter: Typesetter
    let scene: Scene
    let theme: Theme
    private let palette: Palette
    /// Whether text is filled as outlines. Cairo 1.16 puts the glyphs of an image on whole pixels, which spaces letters unevenly; outlines stand
    /// where they belong. A PDF keeps text as text.
    let outlinesText: Bool

    init(_ context: OpaquePointer, _ typesetter: Typesetter, _ scene: Scene, _ theme: Theme, outlinesText: Bool) {
        (self.context, self.typesetter, self.scene, self.theme, self.outlinesText) = (context, typesetter, scene, theme, outlinesText)
        palette = .of(theme)
    }

    func paint() throws(RendererError) {
        set(scene.background)
        cairo_paint(context)
        for item in scene.items { try paint(item) }
        try check(cairo_status(context), "drawing")
    }

    private func paint(_ item: Item) throws(RendererError) {
        switch item {
        case .rect(let rect, let radius, let fill, let stroke): shape(Item.outline(rect, radius: radius), fill, stroke)
        case .path(let elements, let fill, let stroke): shape(elements, fill, stroke)
        case .text(let run): text(run)
        case .image(let image, in: let rect): try self.image(image, rect)
        case .hotSpot: break
        case .cell(let area, let paint): try self.paint(palette.cell(area, paint))
        case .only(let themes, let items): if themes.contains(theme) { for item in items { try paint(item) } }
        case .group(_, let items, let clip):
            cairo_save(context)
            if let clip {
                cairo_rectangle(context, clip.x, clip.y, clip.width, clip.height)
                cairo_clip(context)
            }
            for item in items { try paint(item) }
            cairo_restore(context)
        }
    }

    private func set(_ paint: Paint) {
        let color = palette.color(paint)
        cairo_set_source_rgba(context, color.red, color.green, color.blue, color.alpha)
    }

    private func trace(_ elements: [PathElement]) {
        cairo_new_path(context)
        for element in elements {
            switch element {
            case .move(let p): cairo_move_to(context, p.x, p.y)
            case .line(let p): cairo_line_to(context, p.x, p.y)
            case .curve(let a, let b, to: let p): cairo_curve_to(context, a.x, a.y, b.x, b.y, p.x, p.y)
            case .close: cairo_close_path(context)
            }
        }
    }

    private func shape(_ elements: [PathElement], _ fill: Fill?, _ stroke: Stroke?) {
        switch fill {
        case .solid(let color):
            trace(elements)
            set(color)
            cairo_fill(context)
        case .hatch(let lines, let background, let spacing, let width):
            if let background {
                trace(elements)
                set(background)
                cairo_fill(context)
            }
            cairo_new_path(context)
            for (a, b) in Hatch.segments(in: elements, spacing: spacing) {
                cairo_move_to(context, a.x, a.y)
                cairo_line_to(context, b.x, b.y)
            }
            self.stroke(Stroke(lines, width: width))
        case nil: break
        }
        guard let stroke, stroke.width > 0 else { return }
        trace(elements)
        self.stroke(stroke)
    }

    private func stroke(_ stroke: Stroke) {
        set(stroke.color)
        cairo_set_line_width(context, stroke.width)
        cairo_set_dash(context, stroke.dash, Int32(stroke.dash.count), 0)
        cairo_stroke(context)
    }

    private func text(_ run: TextRun) {
        cairo_save(context)
        cairo_translate(context, run.position.x, run.position.y)
        cairo_rotate(context, run.rotation * .pi / 180)
        set(run.style.color)
        typesetter.withLine(run.text, run.style, scene.language) { _, line in
            cairo_move_to(context, -run.anchor.share * typesetter.measure(run.text, run.style, scene.language).width, 0)
            if outlinesText, !run.text.hasColorGlyphs {
                pango_cairo_layout_line_path(context, line)
                cairo_fill(context)
            } else {
                pango_cairo_show_layout_line(context, line)
            }
        }
        cairo_restore(context)
    }

    private func image(_ image: PixelImage, _ rect: Rect) throws(RendererError) {
        guard image.width > 0, image.height > 0 else { return }
        let words = image.palette.map { palette.color($0).premultiplied }
        let raster = try Surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, Int32(image.width), Int32(image.height)), "an image")
        let stride = Int(cairo_image_surface_get_stride(raster.pointer)) / 4
        cairo_surface_flush(raster.pointer)
        cairo_image_surface_get_data(raster.pointer)!.withMemoryRebound(to: UInt32.self, capacity: stride * image.height) { target in
            image.pixels.withUnsafeBufferPointer { source in
                for y in 0..<image.height {
                    for x in 0..<image.width { target[y * stride + x] = words[Int(source[y * image.width + x])] }
                }
            }
        }
        cairo_surface_mark_dirty(raster.pointer)
        cairo_save(context)
        cairo_translate(context, rect.x, rect.y)
        cairo_scale(context, rect.width / Double(image.width), rect.height / Double(image.height))
        cairo_set_source_surface(context, raster.pointer, 0, 0)
        cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST)
        cairo_rectangle(context, 0, 0, Double(image.width), Double(image.height))
        cairo_fill(context)
        cairo_restore(context)
    }
}

extension TextRun.Anchor {
    /// How much of the width stands left of the anchor.
    var share: Double {
        switch self {
        case .start: 0
        case .middle: 0.5
        case .end: 1
        }
    }
}

extension Color {
    /// Cairo's pixel: alpha, red, green, blue in one word, multiplied by alpha.
    var premultiplied: UInt32 {
        func byte(_ value: Double) -> UInt32 { UInt32((min(max(value, 0), 1) * 255).rounded()) }
        return byte(alpha) << 24 | byte(red * alpha) << 16 | byte(green * alpha) << 8 | byte(blue * alpha)
    }
}

extension String {
    /// Whether some characters are drawn as colour pictures, which have no outlines.
    var hasColorGlyphs: Bool { unicodeScalars.contains { $0.properties.isEmojiPresentation || $0.value == 0xFE0F } }
}
