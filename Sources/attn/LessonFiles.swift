// What lessons need from the command: figures in words for terminals, and, from the assets folder, reference cases, models,
// hardware and published data.

internal import CairoRenderer
internal import Diagrams
internal import Lessons
internal import ModelFiles
internal import Records
internal import ReferenceCases
internal import TileMachine
internal import Traces

extension LessonResources {
    /// Resources from `assets` beside the lessons, under `home`.
    init(home: String) {
        self.init()
        let assets = home + "/assets"
        referenceCase = { name, paths, switches in
            let path = "\(assets)/cases/\(name).safetensors"
            let trace = try ReferenceCase(path: path).trace(paths: paths, switches: switches)
            return (trace, Provenance(name: "\(name).safetensors", sha256: try Provenance.sha256(of: path)))
        }
        model = { name in
            let path = "\(assets)/models/\(name).json"
            return try ModelDimensions(configuration: WholeFile.read(path), file: path)
        }
        hardware = { name in
            let path = "\(assets)/hardware/\(name).json"
            return try Hardware(json: WholeFile.read(path), file: path)
        }
        chip = { name in try Chip(path: "\(assets)/hardware/\(name).json") }
        curves = {
            let path = "\(assets)/data/figure3.csv"
            return try PublishedData.figure3(WholeFile.read(path), file: path)
        }
        prices = {
            let path = "\(assets)/data/prices.csv"
            return try PublishedData.prices(WholeFile.read(path), file: path)
        }
        benchmarks = {
            let path = "\(assets)/data/benchmarks.csv"
            return try PublishedData.benchmarks(WholeFile.read(path), file: path)
        }
        measurements = { try BuiltInExample(home: home).measurements() }
        selectionLosses = { recording in
            let path = BuiltInExample.losses(assets, recording)
            return try PublishedData.selectionLosses(WholeFile.read(path), file: path)
        }
        selectionMap = { try PublishedData.selectionMap(path: "\(assets)/data/selection-map.json") }
        codeCounts = {
            let path = "\(assets)/data/code-counts.csv"
            return try PublishedData.codeCounts(WholeFile.read(path), file: path)
        }
        tileSpeeds = {
            let path = "\(assets)/data/tile-speeds.csv"
            return try PublishedData.tileSpeeds(WholeFile.read(path), file: path)
        }
        lowerings = { try PublishedData.lowerings(path: "\(assets)/tilelang/recorded.json") }
        provenance = { file in
            let path =
                switch file {
                case .model(let name): "\(assets)/models/\(name).json"
                case .hardware(let name): "\(assets)/hardware/\(name).json"
                case .curves: "\(assets)/data/figure3.csv"
                case .prices: "\(assets)/data/prices.csv"
                case .benchmarks: "\(assets)/data/benchmarks.csv"
                case .measurements: "\(assets)/data/measured.json"
                case .selectionLosses(let recording): BuiltInExample.losses(assets, recording)
                case .selectionMap: "\(assets)/data/selection-map.json"
                case .codeCounts: "\(assets)/data/code-counts.csv"
                case .tileSpeeds: "\(assets)/data/tile-speeds.csv"
                case .lowerings: "\(assets)/tilelang/recorded.json"
                }
            return Provenance(name: Provenance.baseName(path), sha256: try Provenance.sha256(of: path))
        }
        figureData = { figure, data, language in
            let figure = try Figures.named(figure)
            guard data == "built-in" || figure.needs == .losses else { throw FigureError("data: expected built-in, found \"\(data)\"") }
            let losses = data == "built-in" ? nil : BuiltInExample.losses(assets, data)
            return try BuiltInExample(home: home, losses: losses).data(for: figure, language)
        }
    }
}

/// Figures for players that do not draw them.
enum FigureWords {
    /// A figure in words: its alt text. A figure that cannot be drawn says nothing here; `attn lesson check` names it.
    @Sendable static func describe(_ figure: PageFigure) -> String? {
        try? scene(figure.name, figure.data, figure.options).alt[figure.options.language]
    }

    /// Throws what keeps the figure from being drawn.
    @Sendable static func check(_ name: String, _ data: FigureData, _ options: FigureOptions) throws { _ = try scene(name, data, options) }

    private static func scene(_ name: String, _ data: FigureData, _ options: FigureOptions) throws -> Scene {
        try Figures.named(name).draw(data, options, CairoRenderer().measurer)
    }
}
