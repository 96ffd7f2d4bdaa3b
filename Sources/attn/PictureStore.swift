// The pictures of a page, drawn by all cores at once: drawing is most of what writing an article takes.

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

    /// The kind of picture.
    enum Form { case png, svg }

    /// Pixels a point in PNGs: sharp on today's screens.
    static let scale = 2.0
    private var drawn: [Key: DrawnFigure] = [:]
    private let form: Form

    /// Draws `figures`; throws the first error in their order.
    init(drawing figures: [PageFigure], as form: Form = .png) throws {
        self.form = form
        let keys = figures.map { Self.key($0.name, $0.data, $0.options) }
        let needed = figures.indices.filter { keys.firstIndex(of: keys[$0]) == $0 }
        let pictures = try Parallel.map(needed.map { figures[$0] }, worker: CairoRenderer.init) { figure, renderer in
            try Self.draw(figure.name, figure.data, figure.options, form, renderer)
        }
        for (figure, picture) in zip(needed, pictures) { drawn[keys[figure]] = picture }
    }

    /// The picture; drawn now if it was not prepared.
    func draw(_ name: String, _ data: FigureData, _ options: FigureOptions) throws -> DrawnFigure {
        try drawn[Self.key(name, data, options)] ?? Self.draw(name, data, options, form, CairoRenderer())
    }

    private static func key(_ name: String, _ data: FigureData, _ options: FigureOptions) -> Key {
        Key(figure: name, traces: data.traces.map(\.name), data: data.provenance.name, options: options)
    }

    private static func draw(
        _ name: String, _ data: FigureData, _ options: FigureOptions, _ form: Form, _ renderer: CairoRenderer
    ) throws -> DrawnFigure {
        let scene = try Figures.named(name).draw(data, options, renderer.measurer)
        let bytes = try form == .png ? renderer.png(scene, scale: scale) : renderer.svg(scene, idPrefix: "f")
        return DrawnFigure(
            bytes: bytes, fileExtension: form == .png ? "png" : "svg", title: scene.title[options.language],
            alt: scene.alt[options.language])
    }
}
