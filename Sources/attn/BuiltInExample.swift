// What a figure draws when no source is named: the diary with its first two questions, or, for figures of costs, prices and benchmarks, DeepSeek's two
// models on an H800 and the published tables in assets.

internal import AttentionEngine
internal import Diagrams
internal import Lessons
internal import ModelFiles

/// The built-in data of each figure.
struct BuiltInExample {
    /// The folder that holds lessons and assets, or nil for the one that is found.
    let home: String?

    func data(for figure: String, _ language: Language) throws -> FigureData {
        switch try Figures.named(figure).needs {
        case .traces: return try diary(language)
        case .nothing: return FigureData(traces: [], provenance: Provenance(name: "built-in"))
        case .costs, .prices, .benchmarks: return try published(figure)
        case .measurements: throw FigureError("\(figure): there is no built-in measurement; expected one made by attn measure")
        }
    }

    private func diary(_ language: Language) throws -> FigureData {
        let diary = try ReaderOptions.library(home).diary
        // The picture of two questions takes the first two; all others draw the first of what they get.
        let traces = try diary.questions.prefix(2).map { question in
            (
                name: question.name,
                trace: try diary.trace(of: diary.tokens(of: diary.text(question: question.name, language: language)), language: language)
            )
        }
        return FigureData(traces: traces, provenance: Provenance(name: "diary", note: Diary.designedByHand))
    }

    private func published(_ figure: String) throws -> FigureData {
        let home = try ResourceFolder(named: home).path
        let resources = LessonResources(home: home)
        func of(_ file: String, _ numbers: FigureNumbers) throws -> FigureData {
            FigureData(numbers, provenance: Provenance(name: file, sha256: try Provenance.sha256(of: "\(home)/assets/data/\(file)")))
        }
        switch try Figures.named(figure).needs {
        case .prices: return try of("prices.csv", .prices(resources.prices()))
        case .benchmarks:
            let path = "\(home)/assets/data/benchmarks.csv"
            let table = try PublishedData.benchmarks(WholeFile.read(path), file: path).map {
                BenchmarkResult(category: $0.category, name: $0.name, metric: $0.metric, before: $0.v31, after: $0.v32)
            }
            return try of("benchmarks.csv", .benchmarks(table))
        default:
            let costs = CostData(
                dense: try resources.model("deepseek-v3.1-terminus"), sparse: try resources.model("deepseek-v3.2-exp"),
                hardware: try resources.hardware("h800"), published: try resources.curves())
            return try of("figure3.csv", .costs(costs))
        }
    }
}
