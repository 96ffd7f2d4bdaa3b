// The pictures of a page, drawn by all cores at once: drawing is most of what writing an article takes.

internal import AttentionEngine
internal import CairoRenderer
internal import Diagrams
internal import Dispatch
internal import Lessons

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Drawn figures, each once however often it is asked for.
final class PictureStore {
    private struct Key: Hashable {
        let figure: String
        let trace: String
        let options: FigureOptions
    }

    /// Pixels a point in PNGs: sharp on today's screens.
    static let scale = 2.0
    private var drawn: [Key: DrawnFigure] = [:]

    /// Draws `figures` as PNGs; throws the first error in their order.
    init(drawing figures: [PageFigure]) throws {
        let keys = figures.map { Self.key($0.name, $0.data, $0.options) }
        let needed = figures.indices.filter { keys.firstIndex(of: keys[$0]) == $0 }
        let workers = min(max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1), max(needed.count, 1))
        let results = Slots(count: needed.count)
        // Each worker has a renderer of its own: fonts and caches are not shared between threads.
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            let renderer = CairoRenderer()
            for slot in stride(from: worker, to: needed.count, by: workers) {
                let figure = figures[needed[slot]]
                results.set(slot, Result { try Self.draw(figure.name, figure.data, figure.options, renderer) })
            }
        }
        for (slot, figure) in needed.enumerated() { drawn[keys[figure]] = try results.take(slot).get() }
    }

    /// The picture; drawn now if it was not prepared.
    func draw(_ name: String, _ data: FigureData, _ options: FigureOptions) throws -> DrawnFigure {
        try drawn[Self.key(name, data, options)] ?? Self.draw(name, data, options, CairoRenderer())
    }

    private static func key(_ name: String, _ data: FigureData, _ options: FigureOptions) -> Key {
        Key(figure: name, trace: data.traces.first?.name ?? "", options: options)
    }

    private static func draw(_ name: String, _ data: FigureData, _ options: FigureOptions, _ renderer: CairoRenderer) throws -> DrawnFigure
    {
        let scene = try Figures.named(name).draw(data, options, renderer.measurer)
        return DrawnFigure(
            bytes: try renderer.png(scene, scale: scale), fileExtension: "png", title: scene.title[options.language],
            alt: scene.alt[options.language])
    }

    /// One place for each result; every place is written by one worker and read after all are done.
    private final class Slots: @unchecked Sendable {
        private let places: UnsafeMutableBufferPointer<Result<DrawnFigure, any Error>?>

        init(count: Int) {
            places = .allocate(capacity: count)
            places.initialize(repeating: nil)
        }

        deinit {
            places.deinitialize()
            places.deallocate()
        }

        func set(_ slot: Int, _ result: Result<DrawnFigure, any Error>) { places[slot] = result }

        func take(_ slot: Int) -> Result<DrawnFigure, any Error> { places[slot]! }
    }
}
