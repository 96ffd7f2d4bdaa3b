// What a figure draws when no source is named: the diary with its first two questions, published data, the engine's own demonstration.

internal import ArgumentParser
import Mechanisms
internal import Diagrams
internal import Lessons
internal import ModelFiles
internal import Records
internal import TileMachine
internal import Traces

struct BuiltInExample {
    let home: String?
    var hardware: String?
    var measurement: String?
    /// Recorded losses, instead of the small model's.
    var losses: String?
    /// A tile program by name, instead of the matrix product.
    var program: String?
    /// A chip by name or file, instead of the one on paper.
    var chip: String?

    /// Data of the kind that `figure` needs.
    func data(for figure: Figure, _ language: Language) throws -> FigureData {
        let assets = try ResourceFolder(named: home).path + "/assets"
        switch figure.needs {
        case .traces:
            if figure.name == Figure.selectionMap.name {
                let file = assets + "/data/selection-map.json"
                return FigureData(.selections(try PublishedData.selectionMap(path: file)), provenance: try provenance(file))
            }
            var data = try figure.name == Figure.difference.name ? variants(language) : traces(language)
            if figure.name == Figure.pathway.name {
                data.numbers = .model(try ModelDimensions(path: assets + "/models/deepseek-v3.2-exp.json"))
            }
            return data
        case .nothing: return FigureData(traces: [], provenance: Provenance(name: "demonstration"))
        case .costs, .work:
            let costs = CostData(
                dense: try ModelDimensions(path: assets + "/models/deepseek-v3.1-terminus.json"),
                sparse: try ModelDimensions(path: assets + "/models/deepseek-v3.2-exp.json"),
                hardware: try Hardware(path: hardware ?? assets + "/hardware/h800.json"),
                published: try PublishedData.figure3(path: assets + "/data/figure3.csv"))
            return FigureData(.costs(costs), provenance: try provenance(assets + "/data/figure3.csv"))
        case .prices:
            let file = assets + "/data/prices.csv"
            return FigureData(.prices(try PublishedData.prices(path: file)), provenance: try provenance(file))
        case .benchmarks:
            let file = assets + "/data/benchmarks.csv"
            return FigureData(.benchmarks(try PublishedData.benchmarks(path: file)), provenance: try provenance(file))
        case .losses:
            let file = losses ?? Self.losses(assets, nil)
            return FigureData(
                .losses(try PublishedData.selectionLosses(WholeFile.read(file), file: file)), provenance: try provenance(file))
        case .ideas:
            let file = assets + "/data/ideas.json"
            return FigureData(.ideas(try PublishedData.ideas(path: file)), provenance: try provenance(file))
        case .stacks:
            let file = assets + "/data/stacks.json"
            return FigureData(.stacks(try PublishedData.stacks(path: file)), provenance: try provenance(file))
        case .tiles:
            let name = chip ?? "paper"
            let file = name.hasSuffix(".json") || name.contains("/") ? name : assets + "/hardware/\(name).json"
            return FigureData(.tiles(try tiles()), provenance: try provenance(file))
        case .lowerings:
            let file = assets + "/tilelang/recorded.json"
            return FigureData(.lowerings(try lowering(file)), provenance: try provenance(file))
        case .parts:
            let parts = try Figure.posterParts.map { try data(for: $0, language) }
            let names = parts.map(\.provenance.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            return FigureData(.parts(parts), provenance: Provenance(name: names.joined(separator: ", ")))
        case .measurements:
            return FigureData(.measurements(try measurements()), provenance: try provenance(measurementFile()))
        }
    }

    /// The file of recorded losses that is so called; the small model's if nothing is.
    static func losses(_ assets: String, _ recording: String?) -> String {
        assets + "/data/selection-loss\(recording.map { "-" + $0 } ?? "").csv"
    }

    /// Figures of traces whose example is not the diary alone.
    static let ofTheirOwn = [Figure.pathway, .selectionMap].map(\.name)

    /// The measurement that was named, or the one that comes with the program.
    func measurements() throws -> [MeasuredSeries] { try MeasuredSeries.read(measurementFile()) }

    private func measurementFile() throws -> String { try measurement ?? ResourceFolder(named: home).path + "/assets/data/measured.json" }

    /// A tile program on a chip: with two stages, and for a matrix product of a size whose last tile is cut off by the edge.
    private func tiles() throws -> TileData {
        let name = try programName()
        let shelf = ChipShelf(home: home)
        let arguments = name == .matmul ? ["--m", "40", "--n", "40", "--k", "72", "--stages", "2"] : ["--stages", "2"]
        let options = try TileOptions.parse(arguments)
        let task = try options.task(name, .standard)
        return TileData(
            task, try options.choice(task, .standard), on: try shelf.chip(chip ?? "paper"),
            others: [try shelf.chip("ascend-910b"), try shelf.chip("ascend-950")])
    }

    private func programName() throws -> TileProgramName {
        let name = program ?? TileProgramName.matmul.rawValue
        guard let known = TileProgramName(rawValue: name) else {
            let all = TileProgramName.allCases.map(\.rawValue)
            throw EngineError(
                .value, "program", expected: all.joined(separator: ", "), found: name + NearWords.hint(NearWords.of(name, in: all)))
        }
        return known
    }

    private func lowering(_ file: String) throws -> LoweringData {
        let name = try programName().rawValue
        let record = try PublishedData.lowerings(path: file)
        guard let lowered = record.programs.first(where: { $0.program == name }) else {
            throw EngineError(
                .value, "program", expected: record.programs.map(\.program).joined(separator: ", "), found: name)
        }
        return LoweringData(
            try TileProgram(named: name, sizes: lowered.sizes), lowered, version: record.version, date: record.date)
    }

    private func traces(_ language: Language) throws -> FigureData {
        let diary = try Diary(file: ResourceFolder(named: home).path + "/lessons/diary.yaml")
        // The picture of two questions takes both; all others draw the first.
        let traces = try diary.questions.prefix(2).map { question in
            let tokens = try diary.tokens(of: diary.text(question: question.name, language: language))
            return (name: question.name, trace: try diary.trace(of: tokens, language: language))
        }
        return FigureData(traces: traces, provenance: Provenance(name: "diary", note: Diary.designedByHand))
    }

    /// The diary's first question, with the indexer's ReLU and without.
    private func variants(_ language: Language) throws -> FigureData {
        let diary = try Diary(file: ResourceFolder(named: home).path + "/lessons/diary.yaml")
        let tokens = try diary.tokens(of: diary.text(question: diary.questions[0].name, language: language))
        let traces = try [[], [Switch.noReLU]].map { switches in
            (name: switches.map(\.description).joined(), trace: try diary.trace(of: tokens, language: language, switches: switches))
        }
        return FigureData(traces: traces, provenance: Provenance(name: "diary", note: Diary.designedByHand))
    }

    private func provenance(_ file: String) throws -> Provenance {
        Provenance(name: Provenance.baseName(file), sha256: try Provenance.sha256(of: file))
    }
}
