// The colours of the three themes, one for each role (`ColorRole`).
// Colours that carry text have a contrast of at least 4.5 with the paper (tested).

/// The colours of one theme by role.
public struct Palette: Hashable, Sendable {
    /// The background.
    public let paper: Color
    /// Text and marks of first rank.
    public let ink: Color
    /// Text of second rank.
    public let muted: Color
    /// Rules, axes and the empty part of bars.
    public let rule: Color
    /// Query.
    public let query: Color
    /// Key.
    public let key: Color
    /// Value.
    public let value: Color
    /// Lightning indexer.
    public let indexer: Color
    /// The highlighter: what attention rests on.
    public let highlight: Color
    /// Text on the highlighter.
    public let onHighlight: Color
    /// Bars of weight.
    public let bar: Color
    /// Lines of hatching: visible, but not selected.
    public let hatch: Color
    /// Something that should not be there: NaN, infinity.
    public let alarm: Color
    /// From zero (paper) to the most.
    public let sequential: ColorMap
    /// From the most negative over zero to the most positive.
    public let diverging: ColorMap

    /// The colours of `theme`.
    public static func of(_ theme: Theme) -> Palette {
        switch theme {
        case .light: light
        case .dark: dark
        case .print: print
        }
    }

    private static let light = Palette(
        paper: Color(0xFFFFFF), ink: Color(0x1A1F29), muted: Color(0x667085), rule: Color(0xDBE0E8), query: Color(0x0072B2),
        key: Color(0xBF4F00), value: Color(0x00805D), indexer: Color(0x6B45C2), highlight: Color(0xFFD140), onHighlight: Color(0x1A1F29),
        bar: Color(0x1F6FB5), hatch: Color(0xB4BAC6), alarm: Color(0xC4008A), sequential: .sequential(.light), diverging: .diverging(.light)
    )

    private static let dark = Palette(
        paper: Color(0x14171F), ink: Color(0xE9ECF2), muted: Color(0x9CA5B8), rule: Color(0x343B4A), query: Color(0x56B4F0),
        key: Color(0xFF8A4C), value: Color(0x3CC99A), indexer: Color(0x9B78F0), highlight: Color(0xFFD140), onHighlight: Color(0x14171F),
        bar: Color(0x4A9FE0), hatch: Color(0x4B5364), alarm: Color(0xFF6AC8), sequential: .sequential(.dark), diverging: .diverging(.dark))

    private static let print = Palette(
        paper: Color(0xFFFFFF), ink: Color(0x000000), muted: Color(0x4D4D4D), rule: Color(0xC4C4C4), query: Color(0x00416B),
        key: Color(0x8A3A00), value: Color(0x00573F), indexer: Color(0x4A2E8C), highlight: Color(0xD2D2D2), onHighlight: Color(0x000000),
        bar: Color(0x404040), hatch: Color(0x999999), alarm: Color(0x000000), sequential: .sequential(.print), diverging: .diverging(.print)
    )

    /// The ink for text on `background`: the theme's own where it is legible, else white or black.
    public func text(on background: Color) -> Color {
        let candidates = [ink, paper].filter { $0.contrast(with: background) >= 4.5 }
        if let own = candidates.max(by: { $0.contrast(with: background) < $1.contrast(with: background) }) { return own }
        let (white, black) = (Color(0xFFFFFF), Color(0x000000))
        return white.contrast(with: background) > black.contrast(with: background) ? white : black
    }
}

extension Color {
    /// Relative luminance (WCAG 2.2), 0 to 1; opacity is ignored.
    public var luminance: Double { 0.2126 * Self.linear(red) + 0.7152 * Self.linear(green) + 0.0722 * Self.linear(blue) }

    /// Contrast ratio with `other` (WCAG 2.2), 1 to 21.
    public func contrast(with other: Color) -> Double {
        let (a, b) = (luminance, other.luminance)
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }

    /// This colour in front of `paper`, `share` of it.
    public func mixed(_ share: Double, over paper: Color) -> Color {
        func mix(_ a: Double, _ b: Double) -> Double { b + (a - b) * share }
        return Color(red: mix(red, paper.red), green: mix(green, paper.green), blue: mix(blue, paper.blue))
    }
}
