// What shapes and letters are painted with. A scene names roles and places on colour maps; which colour that is a theme says, when the scene is
// drawn. So a figure is laid out once, and drawn in as many themes as are wanted.

import Traces

/// The parts that colours play: the same part has the same colour in every figure, lesson and page.
public enum ColorRole: String, CaseIterable, Hashable, Sendable {
    /// The background.
    case paper
    /// Text and marks of first rank.
    case ink
    /// Text of second rank.
    case muted
    /// Rules, axes and the empty part of bars.
    case rule
    /// Query.
    case query
    /// Key.
    case key
    /// Value.
    case value
    /// Lightning indexer.
    case indexer
    /// The highlighter: what attention rests on.
    case highlight
    /// Text on the highlighter.
    case onHighlight
    /// Bars of weight.
    case bar
    /// Lines of hatching: visible, but not selected.
    case hatch
    /// Something that should not be there: NaN, infinity.
    case alarm
}

/// A colour before its theme is known.
public indirect enum Paint: Hashable, Sendable {
    /// The colour of a role.
    case role(ColorRole)
    /// A step of a colour map, 0 to `ColorMap.steps`.
    case map(ColorScale, step: Int)
    /// This share of a paint, 0 to 1, in front of the paper.
    case share(Double, of: Paint)
    /// What is legible on a paint.
    case text(on: Paint)
    /// A colour that is the same in every theme.
    case fixed(Color)

    /// The background.
    public static var paper: Paint { .role(.paper) }
    /// Text and marks of first rank.
    public static var ink: Paint { .role(.ink) }
    /// Text of second rank.
    public static var muted: Paint { .role(.muted) }
    /// Rules, axes and the empty part of bars.
    public static var rule: Paint { .role(.rule) }
    /// Query.
    public static var query: Paint { .role(.query) }
    /// Key.
    public static var key: Paint { .role(.key) }
    /// Value.
    public static var value: Paint { .role(.value) }
    /// Lightning indexer.
    public static var indexer: Paint { .role(.indexer) }
    /// The highlighter.
    public static var highlight: Paint { .role(.highlight) }
    /// Text on the highlighter.
    public static var onHighlight: Paint { .role(.onHighlight) }
    /// Bars of weight.
    public static var bar: Paint { .role(.bar) }
    /// Lines of hatching.
    public static var hatch: Paint { .role(.hatch) }
    /// Something that should not be there.
    public static var alarm: Paint { .role(.alarm) }

    /// This paint in front of the paper, `share` of it.
    public func mixed(_ share: Double) -> Paint { .share(share, of: self) }
}

/// The colour maps of a theme.
public enum ColorScale: String, CaseIterable, Hashable, Sendable {
    /// From zero (paper) to the most.
    case sequential
    /// From the most negative over zero to the most positive.
    case diverging

    /// The paint at `t`, 0 to 1; values outside take the ends.
    public func paint(at t: Double) -> Paint { .map(self, step: ColorMap.step(at: t)) }

    /// All of its paints, from 0 to 1.
    public var paints: [Paint] { (0...ColorMap.steps).map { .map(self, step: $0) } }
}

extension Palette {
    /// The colour of `paint` in this theme.
    public func color(_ paint: Paint) -> Color {
        switch paint {
        case .role(let role): color(role)
        case .map(.sequential, let step): sequential.colors[step]
        case .map(.diverging, let step): diverging.colors[step]
        case .share(let share, let inner): color(inner).mixed(share, over: paper)
        case .text(let background): text(on: color(background))
        case .fixed(let color): color
        }
    }

    /// The colour of `role`.
    public func color(_ role: ColorRole) -> Color {
        switch role {
        case .paper: paper
        case .ink: ink
        case .muted: muted
        case .rule: rule
        case .query: query
        case .key: key
        case .value: value
        case .indexer: indexer
        case .highlight: highlight
        case .onHighlight: onHighlight
        case .bar: bar
        case .hatch: hatch
        case .alarm: alarm
        }
    }

    /// A cell that a matrix shows. Cells that are almost paper keep a hairline, so that "visible, but nothing there" differs from "masked".
    public func cell(_ area: Rect, _ paint: Paint) -> Item {
        let isFaint = color(paint).contrast(with: paper) < 1.25
        return isFaint
            ? .rect(area.insetBy(0.375), fill: .solid(paint), stroke: Stroke(.rule, width: 0.75)) : .rect(area, fill: .solid(paint))
    }
}
