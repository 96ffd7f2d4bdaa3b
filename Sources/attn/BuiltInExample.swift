// What a figure draws when no source is named: the diary with its first two questions, published data, the engine's own demonstration.

import Mechanisms
internal import Diagrams
internal import Lessons
internal import ModelFiles
internal import Records
internal import Traces

struct BuiltInExample {
    let home: String?
    var hardware: String?
    var measurement: String?

    /// Data of the kind that `figure` needs.
    func data(for figure: Figure, _ language: Language) throws -> FigureData {
        let assets = try ResourceFolder(named: home).path + "/assets"
        switch figure.needs {
        case .traces: return try traces(language)
        case .nothing: return FigureData(traces: [], provenance: Provenance(name: "demonstration"))
        case .costs:
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
        case .stacks:
            let file = assets + "/data/stacks.json"
            return FigureData(.stacks(try PublishedData.stacks(path: file)), provenance: try provenance(file))
        case .measurements:
            return FigureData(.measurements(try measurements()), provenance: try provenance(measurementFile()))
        }
    }

    /// The measurement that was named, or the one that comes with the program.
    func measurements() throws -> [MeasuredSeries] { try MeasuredSeries.read(measurementFile()) }

    private func measurementFile() throws -> String { try measurement ?? ResourceFolder(named: home).path + "/assets/data/measured.json" }

    private func traces(_ language: Language) throws -> FigureData {
        let diary = try Diary(file: ResourceFolder(named: home).path + "/lessons/diary.yaml")
        // The picture of two questions takes both; all others draw the first.
        let traces = try diary.questions.prefix(2).map { question in
            let tokens = try diary.tokens(of: diary.text(question: question.name, language: language))
            return (name: question.name, trace: try diary.trace(of: tokens, language: language))
        }
        return FigureData(traces: traces, provenance: Provenance(name: "diary", note: Diary.designedByHand))
    }

    private func provenance(_ file: String) throws -> Provenance {
        Provenance(name: Provenance.baseName(file), sha256: try Provenance.sha256(of: file))
    }
}
