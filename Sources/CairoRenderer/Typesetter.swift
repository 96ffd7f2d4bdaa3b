// Text through Pango: families, languages, weights and tabular digits in one place, used to measure and to draw alike.
// Hinting and metrics hinting are off and antialiasing is grey, so that pictures do not depend on a screen.

import CCairo
import Diagrams
import Traces

/// Turns a line of text into laid-out glyphs. Not to be shared between threads.
final class Typesetter {
    private struct Key: Hashable {
        let text: String
        let face: TextStyle.Face
        let size: Double
        let weight: TextStyle.Weight
        let language: Language
    }

    /// The fonts: of this typesetter alone while it lives.
    let fonts = FontSet.take()
    private var extents: [Key: TextExtent] = [:]

    /// Whether there is a font to set text in: without one, letters are empty boxes.
    private(set) lazy var hasFonts = withLine("A", TextStyle(size: 12, color: .ink), .en) { layout, _ in
        pango_layout_get_unknown_glyphs_count(layout) == 0
    }

    deinit { fonts.giveBack() }

    /// Calls `body` with the first line of the layout of `text`, valid during the call.
    func withLine<Result>(
        _ text: String, _ style: TextStyle, _ language: Language,
        _ body: (OpaquePointer, UnsafeMutablePointer<PangoLayoutLine>) throws -> Result
    ) rethrows -> Result {
        let layout = pango_layout_new(fonts.contexts[language]!)!
        defer { g_object_unref(UnsafeMutableRawPointer(layout)) }
        pango_layout_set_single_paragraph_mode(layout, 1)
        pango_layout_set_auto_dir(layout, 0)
        pango_layout_set_text(layout, text, Int32(text.utf8.count))
        let description = description(style, families: style.face == .mono ? Self.mono : language.sans)
        pango_layout_set_font_description(layout, description)
        let attributes = attributes(text, style, language)
        pango_layout_set_attributes(layout, attributes)
        pango_attr_list_unref(attributes)
        pango_font_description_free(description)
        return try body(layout, pango_layout_get_line_readonly(layout, 0)!)
    }

    /// The extent of `text`, remembered.
    func measure(_ text: String, _ style: TextStyle, _ language: Language) -> TextExtent {
        let key = Key(text: text, face: style.face, size: style.size, weight: style.weight, language: language)
        if let known = extents[key] { return known }
        let extent = withLine(text, style, language) { layout, _ in
            var logical = PangoRectangle()
            pango_layout_get_extents(layout, nil, &logical)
            let scale = Double(PANGO_SCALE)
            let baseline = Double(pango_layout_get_baseline(layout))
            return TextExtent(
                width: Double(logical.width) / scale, ascent: (baseline - Double(logical.y)) / scale,
                descent: (Double(logical.y) + Double(logical.height) - baseline) / scale)
        }
        if extents.count > 20_000 { extents.removeAll() }
        extents[key] = extent
        return extent
    }

    /// The pieces of a line by the font that Pango found for them, from left to right.
    func pieces(_ text: String, _ style: TextStyle, _ language: Language) -> [FontPiece] {
        let bytes = Array(text.utf8)
        return withLine(text, style, language) { _, line in
            var pieces: [FontPiece] = []
            var x = 0.0
            var node = line.pointee.runs
            while let current = node {
                let item = current.pointee.data.assumingMemoryBound(to: PangoGlyphItem.self).pointee
                let (place, glyphs) = (item.item.pointee, item.glyphs!)
                let piece = FontPiece(
                    text: String(decoding: bytes[Int(place.offset)..<Int(place.offset + place.length)], as: UTF8.self),
                    family: Self.family(place.analysis.font), x: x,
                    width: Double(pango_glyph_string_get_width(glyphs)) / Double(PANGO_SCALE))
                x += piece.width
                // Pango divides by script too.
                if pieces.last?.family == piece.family {
                    pieces[pieces.count - 1].text += piece.text
                    pieces[pieces.count - 1].width += piece.width
                } else {
                    pieces.append(piece)
                }
                node = current.pointee.next
            }
            return pieces
        }
    }

    private static func family(_ font: UnsafeMutablePointer<PangoFont>?) -> String {
        guard let font, let description = pango_font_describe(font) else { return "" }
        defer { pango_font_description_free(description) }
        return pango_font_description_get_family(description).map { String(cString: $0) } ?? ""
    }

    private static let mono = "Noto Sans Mono, Noto Sans Mono CJK SC, monospace"

    private func description(_ style: TextStyle, families: String) -> OpaquePointer {
        let description = pango_font_description_new()!
        pango_font_description_set_family(description, families)
        pango_font_description_set_absolute_size(description, style.size * Double(PANGO_SCALE))
        pango_font_description_set_weight(description, style.weight.pango)
        return description
    }

    /// Whether a font's contextual alternates would show other signs than the text has: an arrow for `->`, a times sign for the x in `3x4` or `<0x85>`.
    static func isRedrawn(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        func isDigit(_ i: Int) -> Bool { bytes.indices.contains(i) && (0x30...0x39).contains(bytes[i]) }
        func isBar(_ i: Int) -> Bool { bytes.indices.contains(i) && "-=|~".utf8.contains(bytes[i]) }
        return bytes.indices.contains { i in
            switch bytes[i] {
            case UInt8(ascii: "<"), UInt8(ascii: ">"): isBar(i - 1) || isBar(i + 1)
            case UInt8(ascii: "x"), UInt8(ascii: "X"): isDigit(i - 1) || isDigit(i + 1)
            default: false
            }
        }
    }

    /// Tabular digits, signs as the text has them, Chinese punctuation that closes up beside more of it, and in Chinese the quotation marks, dashes and dots of the Chinese font: Latin fonts have narrow ones.
    private func attributes(_ text: String, _ style: TextStyle, _ language: Language) -> OpaquePointer {
        let list = pango_attr_list_new()!
        pango_attr_list_insert(list, pango_attr_font_features_new(Self.isRedrawn(text) ? "tnum=1,chws=1,calt=0" : "tnum=1,chws=1"))
        guard language == .zh, style.face == .sans else { return list }
        var position: UInt32 = 0
        for scalar in text.unicodeScalars {
            let end = position + UInt32(UTF8.width(scalar))
            if "“”‘’…—".unicodeScalars.contains(scalar), let family = pango_attr_family_new("Noto Sans CJK SC") {
                family.pointee.start_index = position
                family.pointee.end_index = end
                pango_attr_list_insert(list, family)
            }
            position = end
        }
        return list
    }
}

/// A piece of a line in one font, in points from the line's start.
struct FontPiece {
    var text: String
    let family: String
    let x: Double
    var width: Double
}

extension Language {
    /// The tag in files and for Pango, which chooses Han forms by it.
    var tag: String { self == .en ? "en" : "zh-CN" }
    /// Font families in order of preference.
    var sans: String { self == .en ? "Inter, Noto Sans, Noto Sans CJK SC, sans-serif" : "Inter, Noto Sans CJK SC, Noto Sans, sans-serif" }
}

extension TextStyle.Weight {
    /// The number in a stylesheet.
    var css: String {
        switch self {
        case .regular: "400"
        case .medium: "500"
        case .semibold: "600"
        case .bold: "700"
        }
    }

    var pango: PangoWeight {
        switch self {
        case .regular: PANGO_WEIGHT_NORMAL
        case .medium: PANGO_WEIGHT_MEDIUM
        case .semibold: PANGO_WEIGHT_SEMIBOLD
        case .bold: PANGO_WEIGHT_BOLD
        }
    }
}
