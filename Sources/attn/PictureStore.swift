// The pictures of pages: those of an article drawn by all cores at once, for drawing is most of what writing one takes; those of an HTML page
// as parts of it.

internal import CairoRenderer
internal import Diagrams
internal import Lessons
internal import Traces

/// Drawn figures, each once however often it is asked for.
final class PictureStore {
    private struct Key: Hashable {
        let figure: String
        let traces: [String]
        let data: String
        let options: FigureOptions
    }

    /// Pixels a point in PNGs: sharp on today's screens.
    static let scale = 2.0
    private var drawn: [Key: DrawnFigure] = [:]

    /// Draws `figures`; throws the first error in their order.
    init(drawing figures: [PageFigure]) throws {
        let keys = figures.map { Self.key($0.name, $0.data, $0.options) }
        let needed = figures.indices.filter { keys.firstIndex(of: keys[$0]) == $0 }
        let pictures = try Parallel.map(needed.map { figures[$0] }, worker: CairoRenderer.init) { figure, renderer in
            try Self.draw(figure.name, figure.data, figure.options, renderer)
        }
        for (figure, picture) in zip(needed, pictures) { drawn[keys[figure]] = picture }
    }

    /// The picture; drawn now if it was not prepared.
    func draw(_ name: String, _ data: FigureData, _ options: FigureOptions) throws -> DrawnFigure {
        try drawn[Self.key(name, data, options)] ?? Self.draw(name, data, options, CairoRenderer())
    }

    private static func key(_ name: String, _ data: FigureData, _ options: FigureOptions) -> Key {
        Key(figure: name, traces: data.traces.map(\.name), data: data.provenance.name, options: options)
    }

    private static func draw(
        _ name: String, _ data: FigureData, _ options: FigureOptions, _ renderer: CairoRenderer
    ) throws -> DrawnFigure {
        var options = options
        options.themes = [.light]
        let scene = try Figures.named(name).draw(data, options, renderer.measurer)
        return DrawnFigure(
            bytes: try renderer.png(scene, scale: scale), fileExtension: "png", title: scene.title[options.language],
            alt: scene.alt[options.language])
    }
}

extension PagePictures {
    /// The pictures of one page, set by `renderer`.
    init(_ renderer: CairoRenderer) {
        let sheet = PageSheet(renderer)
        self.init(
            scene: { name, data, options in try Figures.named(name).draw(data, options, renderer.measurer) }, markup: sheet.add,
            shared: { (sheet.shapes, sheet.styles) })
    }
}
