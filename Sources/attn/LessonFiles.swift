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
        figureData = { figure, data, language in
            guard data == "built-in" else { throw FigureError("data: expected built-in, found \"\(data)\"") }
            return try BuiltInExample(home: home).data(for: figure, language)
        }
    }
}
