// Arithmetic in a line: words, numbers and raised exponents, broken only between its segments.

import Mechanisms
import Traces

/// A piece of a line that is never broken: text, a raised part, text again.
struct Segment {
    let text: String
    let raised: String
    let after: String
    let isStrong: Bool

    init(_ text: String, raised: String = "", _ after: String = "", isStrong: Bool = false) {
        (self.text, self.raised, self.after, self.isStrong) = (text, raised, after, isStrong)
    }
}

extension PictureFrame {
    /// Segments from margin to margin, in as many lines as they need; lines after the first are set in.
    mutating func flow(_ segments: [Segment], _ style: TextStyle, leading: Double) {
        var x = type.margin
        y += style.size * leading
        for segment in segments {
            if x > type.margin, x + width(segment, style) > self.width - type.margin {
                x = type.margin + style.size * 1.2
                y += style.size * leading
            }
            x = add(segment, style, at: x)
        }
        y += style.size * 0.2
    }

    private func styles(_ segment: Segment, _ style: TextStyle) -> (plain: TextStyle, small: TextStyle) {
        var plain = style
        if segment.isStrong { plain.weight = .semibold }
        var small = plain
        small.size = max(11, style.size * 0.76)
        return (plain, small)
    }

    private func width(_ segment: Segment, _ style: TextStyle) -> Double {
        let (plain, small) = styles(segment, style)
        return width(segment.text, plain) + width(segment.raised, small) + width(LineBreaker.trimmed(segment.after), plain)
    }

    /// Sets a segment; gives where it ends.
    private mutating func add(_ segment: Segment, _ style: TextStyle, at left: Double) -> Double {
        let (plain, small) = styles(segment, style)
        var x = left
        add(segment.text, plain, at: Point(x, y))
        x += width(segment.text, plain)
        add(segment.raised, small, at: Point(x, y - style.size * 0.4))
        x += width(segment.raised, small)
        add(segment.after, plain, at: Point(x, y))
        return x + width(segment.after, plain)
    }
}
