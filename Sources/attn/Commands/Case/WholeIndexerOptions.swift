// Options of attn case make that belong to whole indexers alone.

public import ArgumentParser
internal import ModelFiles
internal import ReferenceCases
public import Traces

struct WholeIndexerOptions: ParsableArguments {
    @Option(help: "Of a whole indexer, which features turn together: half (DeepSeek-V3.2) or interleaved (GLM); by default half.")
    var rope: RotaryLayout?
    @Option(help: "Of a whole indexer, how many features of a head turn; by default half of --dim.") var ropeDim: Int?
    @Option(help: "Of a whole indexer, the base of RoPE's frequencies; by default 10000.") var ropeTheta: Double?
    @Option(help: "Of a whole indexer, YaRN with this factor; by default none.") var yarn: Double?
    @Option(help: "Of a whole indexer, features of a token; by default 96.") var modelDim: Int?
    @Option(help: "Of a whole indexer, features of a query latent; by default 48.") var qLora: Int?
    @Flag(help: "Of a whole indexer, leave the Hadamard rotation out.") var noHadamard = false

    /// The first of these options that was given.
    var given: String? {
        [
            ("rope", rope != nil), ("rope-dim", ropeDim != nil), ("rope-theta", ropeTheta != nil), ("yarn", yarn != nil),
            ("model-dim", modelDim != nil), ("q-lora", qLora != nil), ("no-hadamard", noHadamard),
        ].first(where: \.1)?.0
    }

    /// Throws where one of them was given for a case of another kind.
    func checkIdle() throws {
        if let given { throw UsageError("--\(given): expected with --kind whole-indexer") }
    }

    /// The generator of a case with these options.
    func generator() -> WholeIndexerCaseGenerator {
        var generator = WholeIndexerCaseGenerator()
        if let rope { generator.rope = rope }
        if let ropeTheta { generator.theta = ropeTheta }
        if let modelDim { generator.width = modelDim }
        if let qLora { generator.latent = qLora }
        (generator.yarnFactor, generator.hadamard) = (yarn, !noHadamard)
        return generator
    }
}

extension RotaryLayout: ExpressibleByArgument {}

extension CaseCommand.Make {
    /// Makes a case of kind whole-indexer.
    func makeWholeIndexer() throws {
        var generator = whole.generator()
        if let queries { generator.queries = queries }
        if let keys { generator.keys = keys }
        if let heads { generator.heads = heads }
        if let dim { generator.dimension = dim }
        if let topK { generator.topK = topK }
        generator.ropeDimension = whole.ropeDim ?? max(2, generator.dimension / 4 * 2)
        (generator.isFloat8, generator.seed) = (precision != .f32, seed)
        let (told, untold): ([WholeIndexerMistake], [WholeIndexerMistake])
        do { (told, untold) = try generator.write(to: output) } catch let error as EngineError { throw UsageError("\(error)") }
        if json { return try Output.print(.object([("distinguishes", .strings(told.map(\.rawValue)))])) }
        let words = Bilingual(en: "a wrong selection shows: ", zh: "选择一错就看得出：")
        try Output.print(Self.distinguished(words, told.map(\.rawValue), untold.map(\.rawValue), language.value))
    }

    /// What a case distinguishes by its results, and what it does not.
    static func distinguished(_ words: Bilingual, _ told: [String], _ untold: [String], _ language: Language) -> [String] {
        func line(_ words: Bilingual, _ names: [String]) -> [String] {
            names.isEmpty ? [] : [words[language] + names.joined(separator: language == .en ? ", " : "、")]
        }
        return line(words, told)
            + line(Bilingual(en: "this case does not show: ", zh: "这个算例看不出："), untold)
    }
}
