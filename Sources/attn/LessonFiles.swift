// What lessons need from files: reference cases, models, hardware and published data, from the assets folder.

internal import AttentionEngine
internal import Diagrams
internal import Lessons
internal import ModelFiles

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
            return try PublishedData.benchmarks(WholeFile.read(path), file: path).map {
                Benchmark(name: $0.name, before: $0.v31, after: $0.v32)
            }
        }
        setFigureData(assets: assets)
    }

    /// Built-in data of figures that draw no run: DeepSeek's two models on an H800, and the published tables.
    private mutating func setFigureData(assets: String) {
        let (model, hardware, curves, prices) = (self.model, self.hardware, self.curves, self.prices)
        figureData = { name, data, _ in
            guard data == "built-in" else { throw FigureError("data: expected built-in, found \(data)") }
            let need = try Figures.named(name).needs
            func of(_ file: String, _ numbers: FigureNumbers) throws -> FigureData {
                FigureData(numbers, provenance: Provenance(name: file, sha256: try Provenance.sha256(of: "\(assets)/data/\(file)")))
            }
            switch need {
            case .nothing: return FigureData(traces: [], provenance: Provenance(name: "built-in"))
            case .costs:
                let costs = CostData(
                    dense: try model("deepseek-v3.1-terminus"), sparse: try model("deepseek-v3.2-exp"), hardware: try hardware("h800"),
                    published: try curves())
                return try of("figure3.csv", .costs(costs))
            case .prices: return try of("prices.csv", .prices(prices()))
            case .benchmarks:
                let path = "\(assets)/data/benchmarks.csv"
                let table = try PublishedData.benchmarks(WholeFile.read(path), file: path).map {
                    BenchmarkResult(category: $0.category, name: $0.name, metric: $0.metric, before: $0.v31, after: $0.v32)
                }
                return try of("benchmarks.csv", .benchmarks(table))
            case .traces, .measurements: throw FigureError("\(name): expected a figure of costs, prices or benchmarks with data: built-in")
            }
        }
    }
}
