// One scale of type sizes for a picture's width and use. Nothing is ever set under 11 points.

/// The sizes of type in one picture, and the space around it.
public struct TypeScale: Hashable, Sendable {
    /// The finding at the top.
    public let title: Double
    /// The heading of a part.
    public let panel: Double
    /// Sentences.
    public let body: Double
    /// Labels of rows, columns and axes.
    public let label: Double
    /// The smallest type: notes at the foot, digits in cells.
    public let small: Double
    /// The space around the picture.
    public let margin: Double

    /// The scale for a picture `width` points wide: 28, 17, 15, 12.5 at 1200; slides take larger type, and so do covers, which are seen small, most of
    /// all their title.
    public init(width: Double, preset: Preset) {
        func between(_ narrow: Double, _ wide: Double) -> Double {
            let share = min(max((width - 375) / (1200 - 375), 0), 1)
            return narrow + (wide - narrow) * share
        }
        let factor = preset == .slide ? 1.25 : preset == .cover ? 1.12 : 1
        title = between(18, 28) * factor * (preset == .cover ? 1.2 : 1)
        panel = between(14, 17) * factor
        body = between(12.5, 15) * factor
        label = between(11, 12.5) * factor
        small = between(11, 11.5) * factor
        margin = between(18, 56)
    }
}

extension Preset {
    /// The width in points.
    public var width: Double {
        switch self {
        case .article, .cover: 1200
        case .phone: 375
        case .slide: 1280
        }
    }

    /// Height over width where the use fixes it.
    public var proportion: Double? { self == .cover || self == .slide ? 9.0 / 16 : nil }
}

extension FigureOptions {
    /// The same in the type of an article: for figures of which a cover or a slide has no more room.
    var inArticleType: FigureOptions {
        var options = self
        if preset.proportion != nil { (options.preset, options.width) = (.article, width ?? preset.width) }
        return options
    }

    /// The width of the picture; throws where it is less than a figure needs, or more than 10,000 points.
    public func checkedWidth(atLeast least: Double = Figure.leastWidth) throws(FigureError) -> Double {
        let width = width ?? preset.width
        guard (least...10_000).contains(width) else { throw FigureError("width \(width): expected \(Int(least)) to 10,000 points") }
        return width.rounded()
    }
}
