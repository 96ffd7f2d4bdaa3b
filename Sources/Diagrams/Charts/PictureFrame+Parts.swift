// Parts that several figures share: a legend that wraps, chips for tokens, symbols with raised and lowered letters, and the end of a picture,
// where it takes the proportions of its use.

import Mechanisms
import Traces

/// One entry of a legend.
enum LegendEntry {
    /// A colour scale with its ends, of cells or of pixels, which have no room for a sign.
    case ramp(ColorScale, name: String, low: String, high: String, ofPixels: Bool = false)
    /// A filled box.
    case box(Fill?, Stroke?, String)
    /// A piece of line.
    case line(Stroke, String)
    /// Words alone.
    case words(String)

    /// What a cell without a finite number looks like.
    static func broken(_ language: Language) -> LegendEntry {
        .box(.solid(Paint.alarm.mixed(0.12)), Stroke(.alarm, width: 1.2), Bilingual(en: "NaN or infinite", zh: "NaN 或无穷")[language])
    }
}

extension PictureFrame {
    /// Entries in a row, wrapped where they would run over: the group `legend`, with a group `swatch` for each mark that is explained.
    mutating func legend(_ entries: [LegendEntry]) {
        let before = items.count
        let style = style(type.small, .muted)
        let gap = max(14, type.margin * 0.45)
        var x = type.margin
        var baseline = y + type.small
        for entry in entries.flatMap({ fitting($0, style) }) {
            let width = width(of: entry, style)
            if x > type.margin, x + width > self.width - type.margin {
                x = type.margin
                baseline += type.small * 1.7
            }
            draw(entry, style, at: Point(x, baseline))
            x += width + gap
        }
        y = baseline + type.small * 0.4
        let drawn = Array(items[before...])
        items.removeSubrange(before...)
        items.append(.group("legend", drawn))
    }

    /// Words that are wider than the page, in lines.
    private func fitting(_ entry: LegendEntry, _ style: TextStyle) -> [LegendEntry] {
        guard case .words(let text) = entry else { return [entry] }
        return LineBreaker.lines(text, width: contentWidth) { width($0, style) }.map { .words($0) }
    }

    private var rampWidth: Double { min(120, contentWidth * 0.24) }
    private var swatch: Double { type.small * 1.25 }

    private func width(of entry: LegendEntry, _ style: TextStyle) -> Double {
        switch entry {
        case .ramp(_, let name, let low, let high, _):
            width(name, style) + 10 + width(low, style) + 6 + rampWidth + 6 + width(high, style)
        case .box(_, _, let text): swatch + 6 + width(text, style)
        case .line(_, let text): swatch * 1.6 + 6 + width(text, style)
        case .words(let text): width(text, style)
        }
    }

    private mutating func draw(_ entry: LegendEntry, _ style: TextStyle, at point: Point) {
        let middle = point.y - style.size * 0.36
        var x = point.x
        switch entry {
        case .ramp(let map, let name, let low, let high, let ofPixels):
            add(name, style, at: point)
            x += width(name, style) + 10
            add(low, style, at: Point(x, point.y))
            x += width(low, style) + 6
            // On whole points: its edges mix no colours, and large matrices keep to one palette.
            let bar = Rect(x.rounded(), (middle - style.size * 0.5).rounded(), rampWidth.rounded(), style.size.rounded())
            items.append(.rect(bar.insetBy(-0.5), stroke: Stroke(.rule)))
            items += ramp(map, in: bar, ofPixels: ofPixels)
            add(high, style, at: Point(bar.maxX + 6, point.y))
        case .box(let fill, let stroke, let text):
            let box = Rect(x, middle - swatch * 0.4, swatch, swatch * 0.8)
            items.append(.group("swatch", [.rect(box, radius: 2, fill: fill, stroke: stroke)]))
            add(text, style, at: Point(x + swatch + 6, point.y))
        case .line(let stroke, let text):
            let line: Item = .path([.move(Point(x, middle)), .line(Point(x + swatch * 1.6, middle))], stroke: stroke)
            items.append(.group("swatch", [line]))
            add(text, style, at: Point(x + swatch * 1.6 + 6, point.y))
        case .words(let text): add(text, style, at: point)
        }
    }

    /// The colours of a scale from end to end; in grey with the sign as what they explain shows it.
    private func ramp(_ map: ColorScale, in bar: Rect, ofPixels: Bool) -> [Item] {
        func strip(_ paints: [Paint]) -> Item {
            .image(PixelImage(width: paints.count, height: 1, palette: paints, pixels: paints.indices.map { UInt8($0) }), in: bar)
        }
        guard map == .diverging else { return [strip(map.paints)] }
        if ofPixels {
            return [.only(Theme.colored, [strip(map.paints)]), .only(Theme.grey, [strip(map.paints.map { $0.throughGrey })])]
        }
        let sign = MatrixPanel.minus(in: Rect(bar.x, bar.y, bar.width * 0.3, bar.height), .text(on: map.paint(at: 0.15)))
        return [strip(map.paints), .only(Theme.grey, [sign])]
    }

    /// The hatching of what is visible and not selected.
    var hatching: Fill { .hatch(lines: .hatch, background: nil, spacing: 3.2, width: 0.6) }

    /// The highlighter, from faint to full as `share` runs from 0 to 1.
    func highlighter(_ share: Double) -> Paint { Paint.highlight.mixed(0.32 + 0.68 * min(max(share, 0), 1)) }

    /// Text on the highlighter at `share`.
    func onHighlighter(_ share: Double) -> Paint { .text(on: highlighter(share)) }

    /// A symbol such as `q^I` or `W_O`, its raised and lowered letters smaller, centred on `center`; digits and primes stay with their letter.
    mutating func symbol(_ symbol: String, _ style: TextStyle, center: Point) {
        let parts = SymbolText.parts(symbol)
        let small = TextStyle(size: max(11, style.size * 0.72), weight: style.weight, color: style.color, face: style.face)
        let widths = parts.map { width($0.text, $0.shift == 0 ? style : small) }
        var x = center.x - widths.reduce(0, +) / 2
        for (part, width) in zip(parts, widths) {
            let lift = part.shift > 0 ? -style.size * 0.34 : part.shift < 0 ? style.size * 0.2 : 0
            add(part.text, part.shift == 0 ? style : small, at: Point(x, center.y + style.size * 0.34 + lift))
            x += width
        }
    }

    /// How wide a symbol is.
    func symbolWidth(_ symbol: String, _ style: TextStyle) -> Double {
        let small = TextStyle(size: max(11, style.size * 0.72), weight: style.weight, color: style.color, face: style.face)
        return SymbolText.parts(symbol).reduce(0) { $0 + width($1.text, $1.shift == 0 ? style : small) }
    }

    /// The finished picture. What `body` counts from on stands between head and foot; where the use fixes the height, the space left over is
    /// divided so that head and foot keep their places.
    mutating func scene(
        body: Int, source: Bilingual, _ options: FigureOptions, title: Bilingual, alt: Bilingual, caption: Bilingual,
        provenance: [String: String]
    ) -> Scene {
        let end = items.count
        foot(source[language])
        let height = options.preset.proportion.map { max(y, (width * $0).rounded()) } ?? y.rounded(.up)
        let spare = height - y
        if spare > 1, options.preset.proportion != nil {
            let middle = items[body..<end].map { $0.moved(0, spare / 2) }
            let foot = items[end...].map { $0.moved(0, spare) }
            items = items[..<body] + middle + foot
        }
        return Scene(
            size: Size(width, height), background: .paper, items: items, title: Words.spaced(title), alt: Words.spaced(alt),
            caption: Words.spaced(caption), language: language, themes: themes, provenance: provenance)
    }
}

/// A symbol of plain text with `^` and `_` taken apart.
enum SymbolText {
    /// The letters in order; `shift` is 1 for raised, -1 for lowered, 0 for plain ones.
    static func parts(_ symbol: String) -> [(text: String, shift: Int)] {
        var parts: [(text: String, shift: Int)] = []
        var shift = 0
        for character in symbol {
            switch character {
            case "^": shift = 1
            case "_": shift = -1
            default:
                if let last = parts.last, last.shift == shift {
                    parts[parts.count - 1].text.append(character)
                } else {
                    parts.append((String(character), shift))
                }
            }
        }
        return parts
    }
}

extension Item {
    /// The same item further right and down.
    func moved(_ dx: Double, _ dy: Double) -> Item {
        func point(_ p: Point) -> Point { Point(p.x + dx, p.y + dy) }
        func rect(_ r: Rect) -> Rect { Rect(r.x + dx, r.y + dy, r.width, r.height) }
        switch self {
        case .rect(let area, let radius, let fill, let stroke): return .rect(rect(area), radius: radius, fill: fill, stroke: stroke)
        case .path(let elements, let fill, let stroke):
            let moved = elements.map { element -> PathElement in
                switch element {
                case .move(let p): .move(point(p))
                case .line(let p): .line(point(p))
                case .curve(let a, let b, let end): .curve(point(a), point(b), to: point(end))
                case .close: .close
                }
            }
            return .path(moved, fill: fill, stroke: stroke)
        case .text(var run):
            run.position = point(run.position)
            return .text(run)
        case .image(let image, let area): return .image(image, in: rect(area))
        case .hotSpot(var spot):
            spot.area = rect(spot.area)
            return .hotSpot(spot)
        case .cell(let area, let paint): return .cell(rect(area), paint)
        case .only(let themes, let items): return .only(themes, items.map { $0.moved(dx, dy) })
        case .group(let name, let items, let clip): return .group(name, items.map { $0.moved(dx, dy) }, clip: clip.map(rect))
        }
    }
}
