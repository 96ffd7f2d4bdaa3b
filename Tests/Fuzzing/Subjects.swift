// The subjects: one for each kind of file that the program reads.

import Diagrams
import Foundation
import Mechanisms
import ModelFiles
import Records
import ReferenceCases
import TileMachine
import Traces

extension Subject {
    /// All subjects, with real inputs from the repository at `root`.
    package static func all(root: String) throws -> [Subject] {
        func file(_ path: String) throws -> [UInt8] { try WholeFile.read("\(root)/\(path)") }
        let fixtures = "Tests/ModelFilesTests/Fixtures"
        let cases = ["attention-plain", "attention-grouped-rope-half", "dsa-tiny-exact", "dsa-tiny-fp8", "dsa-tiny-fp8-kv"]
        let models = try Models.all()
        return [
            Subject(
                name: "case", form: .safetensors, seeds: try cases.map { try file("\(fixtures)/\($0).safetensors") }, answer: referenceCase),
            Subject(
                name: "indexer-case", form: .safetensors, seeds: [try indexerCase(), try wholeIndexerCase(), try sparseMLACase()],
                answer: referenceCase),
            Subject(name: "check", form: .safetensors, seeds: [try dump()], answer: check),
            Subject(
                name: "attention", form: .bytes,
                seeds: try ["fortran.npy", "batch.npy", "one.npz", "layers.npz"].map { try file("\(fixtures)/attention/\($0)") },
                answer: attention),
            Subject(name: "tokens", form: .text, seeds: try ["json", "txt"].map { try file("\(fixtures)/attention/tokens.\($0)") }) {
                input, _ in
                _ = try Answers.withFile("tokens", input) { try TokenFile.read($0) }
            },
            Subject(name: "trace", form: .text, seeds: try traces(root), answer: trace),
            Subject(name: "model", form: .text, seeds: models.map { $0.configuration }, answer: Models.configured(models)),
            Subject(name: "weights", form: .safetensors, seeds: models.map { $0.weights }, answer: Models.weighted(models)),
            Subject(name: "gguf", form: .bytes, seeds: try Models.ggufs(in: "\(root)/\(fixtures)"), answer: Models.gguf),
            Subject(
                name: "tokenizer", form: .text,
                seeds: try ["tokenizer-llama", "tokenizer-metaspace", "tokenizer-whole-words"].map { try file("\(fixtures)/\($0).json") }
                    + ["llama3", "smollm", "bert-uncased"].map { try file("\(fixtures)/tokenizers/\($0).json") }, answer: tokenizer),
            Subject(
                name: "dimensions", form: .text,
                seeds: try ["deepseek-v3.1-terminus", "deepseek-v3.2-exp"].map { try file("assets/models/\($0).json") }
                    + Models.configurations.dropLast(2),
                answer: { input, choice in try costs(root, model: input, hardware: nil, &choice) }),
            Subject(
                name: "hardware", form: .text, seeds: [try file("assets/hardware/h800.json")],
                answer: { input, choice in try costs(root, model: nil, hardware: input, &choice) }),
            Subject(
                name: "chip", form: .text, seeds: try ["paper", "h800", "ascend-910b"].map { try file("assets/hardware/\($0).json") },
                answer: chip),
            Subject(name: "lowerings", form: .text, seeds: [try file("assets/tilelang/recorded.json")], answer: lowerings),
            Subject(name: "curves", form: .text, seeds: [try file("assets/data/figure3.csv")], answer: curves),
            Subject(name: "prices", form: .text, seeds: [try file("assets/data/prices.csv")], answer: prices),
            Subject(name: "benchmarks", form: .text, seeds: [try file("assets/data/benchmarks.csv")], answer: benchmarks),
            Subject(name: "selection map", form: .text, seeds: [try file("assets/data/selection-map.json")], answer: selections),
            Subject(name: "losses", form: .text, seeds: [try file("assets/data/selection-loss.csv")], answer: losses),
            Subject(name: "code counts", form: .text, seeds: [try file("assets/data/code-counts.csv")], answer: codeCounts),
            Subject(name: "tile speeds", form: .text, seeds: [try file("assets/data/tile-speeds.csv")], answer: tileSpeeds),
            Subject(name: "ideas", form: .text, seeds: [try file("assets/data/ideas.json")], answer: ideas),
            Subject(name: "stacks", form: .text, seeds: [try file("assets/data/stacks.json")], answer: stacks),
            Subject(name: "measurement", form: .text, seeds: [try file("assets/data/measured.json")], answer: measurement),
        ] + (try Texts.subjects(root: root))
    }

    // MARK: Cases

    private static func indexerCase() throws -> [UInt8] {
        try Answers.withFile("seed.safetensors", []) { path in
            try IndexerCaseGenerator(queries: 2, keys: 12, heads: 2, dimension: 16, topK: 4, seed: 7).write(to: path)
            return try WholeFile.read(path)
        }
    }

    private static func wholeIndexerCase() throws -> [UInt8] {
        try Answers.withFile("seed.safetensors", []) { path in
            var generator = WholeIndexerCaseGenerator()
            (generator.queries, generator.keys, generator.heads, generator.dimension) = (3, 8, 2, 8)
            (generator.ropeDimension, generator.width, generator.latent, generator.topK) = (4, 6, 5, 3)
            generator.yarnFactor = 2
            try generator.write(to: path)
            return try WholeFile.read(path)
        }
    }

    private static func sparseMLACase() throws -> [UInt8] {
        try Answers.withFile("seed.safetensors", []) { path in
            var generator = SparseMLACaseGenerator()
            (generator.queries, generator.entries, generator.heads, generator.ranks) = (6, 10, 2, 6)
            (generator.dimension, generator.valueDimension) = (9, 8)
            try generator.write(to: path)
            return try WholeFile.read(path)
        }
    }

    private static let referenceCase: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try Answers.withFile("case.safetensors", input) { path in
            let reference = try ReferenceCase(path: path)
            _ = try reference.verify()
            guard [.attention, .deepseekSparseAttention, .wholeIndexer].contains(reference.kind) else { return }
            try Answers.of(reference.trace(), &choice)
        }
    }

    /// What somebody's kernel would hand in for `indexerCase`: the right answer.
    private static func dump() throws -> [UInt8] {
        try Answers.withFile("case.safetensors", indexerCase()) { path in
            let file = try ReferenceCase(path: path).file
            var writer = SafetensorsWriter()
            writer.add("score", try file.tensor("expected.score", axes: [.t, .s]))
            writer.add("selected", shape: try file.info("expected.selected").shape, integers: try file.integers("expected.selected"))
            try writer.write(to: path)
            return try WholeFile.read(path)
        }
    }

    private static let check: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try Answers.withFile("case.safetensors", indexerCase()) { path in
            let dump = path + ".mine.safetensors"
            try Data(input).write(to: URL(filePath: dump))
            _ = try IndexerCheck(ReferenceCase(path: path), dump: dump)
        }
    }

    /// Somebody's attention, with a selection laid over half of the time.
    private static let attention: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try Answers.withFile("dump", input) { path in
            let file = try AttentionFile(path: path)
            let rules: [KeptKeys?] = [nil, nil, nil, .heaviest(2), .recent(1), .window(1, sinks: 1)]
            try Answers.of(GivenAttention.trace(file.layers, tokens: [], keeping: choice.pick(rules), source: file.source), &choice)
        }
    }

    // MARK: Traces

    private static func traces(_ root: String) throws -> [[UInt8]] {
        func text(_ trace: Trace) throws -> [UInt8] {
            try Answers.withFile("seed.json", []) { path in
                try TraceJSON.write(trace, to: path)
                return try WholeFile.read(path)
            }
        }
        let cases = ["attention-plain", "dsa-tiny-exact"].map { "\(root)/Tests/ModelFilesTests/Fixtures/\($0).safetensors" }
        return try cases.map { try text(ReferenceCase(path: $0).trace()) } + [text(Texts.diary(root))]
    }

    private static let trace: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try Answers.withFile("trace.json", input) { path in try Answers.of(TraceJSON.read(path), &choice) }
    }

    // MARK: Tokenizers

    private static let tokenizer: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try Answers.withFile("tokenizer.json", input) { path in
            let tokenizer = try Tokenizer(path: path)
            for text in ["Once upon a time", "大理 ▁▁ e\u{301}\u{0}<s></s> 3x4->", String(repeating: "ab ", count: 200)] {
                let ids = tokenizer.encode(text)
                _ = tokenizer.decode(ids)
                _ = ids.map { tokenizer.token($0) }
            }
        }
    }

    // MARK: Records

    private static func costs(_ root: String, model: [UInt8]?, hardware: [UInt8]?, _ choice: inout Mutator) throws {
        let dense = try WholeFile.read("\(root)/assets/models/deepseek-v3.1-terminus.json")
        let sparse = try WholeFile.read("\(root)/assets/models/deepseek-v3.2-exp.json")
        let chip = try WholeFile.read("\(root)/assets/hardware/h800.json")
        let mutant = try model.map { try ModelDimensions(configuration: $0, file: "mutant") }
        if let mutant {
            let costs = AttentionCosts(mutant)
            for work in costs.works { _ = try costs.flops(work, visible: 4096) }
        }
        let data = CostData(
            dense: try ModelDimensions(configuration: dense, file: "dense"),
            sparse: try mutant ?? ModelDimensions(configuration: sparse, file: "sparse"),
            hardware: try Hardware(json: hardware ?? chip, file: "chip"))
        try drawCosts(data, &choice)
    }

    private static func drawCosts(_ data: CostData, _ choice: inout Mutator) throws {
        let figure = choice.pick(Figures.all.filter { [.costs, .work].contains($0.needs) })
        // A figure may have nothing to draw for a model without an indexer; the table of costs is an answer.
        do { try Answers.draw(figure, FigureData(.costs(data), provenance: Provenance(name: "mutant")), FigureOptions(), &choice) } catch {
            guard error is FigureError || error is EngineError else { throw error }
        }
    }

    /// A chip, with small programs executed on it and drawn. Whatever a path or a unit lacks is refused.
    private static let chip: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        let chip = try Chip(json: input, file: "mutant.json")
        let tasks: [TileTask] = [
            .matmul(try Matmul(m: 7, n: 6, k: 5)),
            .attention(try AttentionTiles(queries: 5, keys: 7, heads: 2, dimension: 3, valueDimension: 2)),
        ]
        let cut = try TileChoice(TileShape(rows: 4, columns: 4, depth: 4), stages: 2)
        let data = TileData(choice.pick(tasks), cut, on: chip)
        _ = try Schedule(data.task.program(cut), on: chip).decisions
        do { try drawNumbers(.tiles(data), &choice) } catch { guard error is FigureError else { throw error } }
    }

    private static let lowerings: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        let record = try PublishedData.lowerings(input, file: "mutant")
        let program = try Matmul(m: 7, n: 6, k: 5).program(TileChoice(TileShape(rows: 4, columns: 4, depth: 4), stages: 2))
        for lowered in record.programs {
            try drawNumbers(.lowerings(LoweringData(program, lowered, version: record.version, date: record.date)), &choice)
        }
    }

    private static let curves: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        for curve in try PublishedData.figure3(input, file: "mutant") {
            _ = try curve.dollars(at: curve.points[0].position)
            _ = try curve.lastCrossing(with: curve)
        }
    }

    private static let prices: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try drawNumbers(.prices(PublishedData.prices(input, file: "mutant")), &choice)
    }

    private static let benchmarks: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try drawNumbers(.benchmarks(PublishedData.benchmarks(input, file: "mutant")), &choice)
    }

    private static let losses: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try drawNumbers(.losses(PublishedData.selectionLosses(input, file: "mutant")), &choice)
    }

    private static let selections: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        let map = FigureNumbers.selections(try PublishedData.selectionMap(input, file: "mutant"))
        try Answers.draw(.selectionMap, FigureData(map, provenance: Provenance(name: "mutant")), FigureOptions(), &choice)
    }

    private static let codeCounts: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        for count in try PublishedData.codeCounts(input, file: "mutant") { _ = NumberText.grouped(count.lines) }
    }

    private static let tileSpeeds: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        for speed in try PublishedData.tileSpeeds(input, file: "mutant") { _ = NumberText.significant(speed.value) }
    }

    private static let measurement: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try Answers.withFile("measured.json", input) { path in try drawNumbers(.measurements(MeasuredSeries.read(path)), &choice) }
    }

    private static let stacks: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try drawNumbers(.stacks(PublishedData.stacks(input, file: "mutant")), &choice)
    }

    private static let ideas: @Sendable ([UInt8], inout Mutator) throws -> Void = { input, choice in
        try drawNumbers(.ideas(PublishedData.ideas(input, file: "mutant")), &choice)
    }

    private static func drawNumbers(_ numbers: FigureNumbers, _ choice: inout Mutator) throws {
        let need: FigureNeed =
            switch numbers {
            case .costs: .costs
            case .prices: .prices
            case .benchmarks: .benchmarks
            case .measurements: .measurements
            case .losses: .losses
            case .stacks: .stacks
            case .ideas: .ideas
            case .tiles: .tiles
            case .lowerings: .lowerings
            case .model, .selections: .traces
            case .parts: .parts
            }
        let figure = choice.pick(Figures.all.filter { $0.needs == need })
        try Answers.draw(figure, FigureData(numbers, provenance: Provenance(name: "mutant")), FigureOptions(), &choice)
    }
}
