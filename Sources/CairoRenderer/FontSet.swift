// Fonts for one typesetter at a time. Cairo shares a font between threads, and in 1.16 it aborts where one thread gives up the last reference to a font
// that another takes up again at that moment. So no font is ever given up: sets of fonts are kept for the next typesetter, as many as were in use at once.

import CCairo
import Synchronization
import Traces

/// Pango's fonts, and the large ones that letters are traced from.
final class FontSet {
    /// What text is laid out in.
    let contexts: [Language: OpaquePointer]
    private let map: UnsafeMutablePointer<PangoFontMap>
    private var large: [OpaquePointer: OpaquePointer] = [:]

    /// A set that no other thread uses.
    private struct Spare: @unchecked Sendable {
        let fonts: FontSet
    }

    private static let spare = Mutex<[Spare]>([])

    /// A set that is nobody's.
    static func take() -> FontSet { spare.withLock { $0.popLast() }?.fonts ?? FontSet() }

    /// Leaves the set to others: whoever took it must not use it any more.
    func giveBack() {
        let own = Spare(fonts: self)
        Self.spare.withLock { $0.append(own) }
    }

    private init() {
        map = pango_cairo_font_map_new()
        let options = cairo_font_options_create()
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        var contexts: [Language: OpaquePointer] = [:]
        for language in Language.allCases {
            let context = pango_font_map_create_context(map)!
            pango_cairo_context_set_font_options(context, options)
            pango_context_set_language(context, pango_language_from_string(language.tag))
            pango_context_set_base_dir(context, PANGO_DIRECTION_LTR)
            pango_context_set_round_glyph_positions(context, 0)
            contexts[language] = context
        }
        cairo_font_options_destroy(options)
        self.contexts = contexts
    }

    /// The font of `own` at 1,000 points. It holds on to its face, so that the face's address names it for good.
    func large(of own: OpaquePointer) -> OpaquePointer {
        let face = cairo_scaled_font_get_font_face(own)!
        if let known = large[face] { return known }
        var (matrix, device) = (cairo_matrix_t(), cairo_matrix_t())
        cairo_matrix_init_scale(&matrix, 1000, 1000)
        cairo_matrix_init_identity(&device)
        let options = cairo_font_options_create()
        defer { cairo_font_options_destroy(options) }
        cairo_scaled_font_get_font_options(own, options)
        let font = cairo_scaled_font_create(face, &matrix, &device, options)!
        large[face] = font
        return font
    }
}
