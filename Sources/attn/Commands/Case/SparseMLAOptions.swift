// Options of attn case make that belong to sparse MLA alone.

internal import ArgumentParser
internal import ReferenceCases
internal import Traces

struct SparseMLAOptions: ParsableArguments {
    @Option(help: "Of sparse MLA, columns of a value, the first of an entry's --dim columns; by default eight ninths of them.")
    var valueDim: Int?
    @Option(help: "Of sparse MLA, the factor of the dot products; by default (dim / 3)^-0.5.") var softmaxScale: Double?
    @Flag(help: "Of sparse MLA, no attention sinks.") var noSinks = false
    @Flag(help: "Of sparse MLA, no lengths: every rank counts.") var noLengths = false

    /// Throws where one of them was given for a case of another kind.
    func checkIdle() throws {
        let all = [
            ("value-dim", valueDim != nil), ("softmax-scale", softmaxScale != nil), ("no-sinks", noSinks), ("no-lengths", noLengths),
        ]
        if let given = all.first(where: \.1)?.0 { throw UsageError("--\(given): expected with --kind sparse-mla") }
    }
}

extension CaseCommand.Make {
    /// Makes a case of kind sparse-mla.
    func makeSparseMLA() throws {
        if precision != nil { throw UsageError("--precision: expected with --kind indexer or whole-indexer") }
        var generator = SparseMLACaseGenerator()
        if let queries { generator.queries = queries }
        if let keys { generator.entries = keys }
        if let heads { generator.heads = heads }
        if let dim { generator.dimension = dim }
        if let topK { generator.ranks = topK }
        generator.valueDimension = sparse.valueDim ?? max(1, generator.dimension / 9 * 8 + generator.dimension % 9 * 8 / 9)
        (generator.softmaxScale, generator.hasSinks, generator.hasLengths) = (sparse.softmaxScale, !sparse.noSinks, !sparse.noLengths)
        generator.seed = seed
        let (told, untold): ([SparseMLAMistake], [SparseMLAMistake])
        do { (told, untold) = try generator.write(to: output) } catch let error as EngineError { throw UsageError("\(error)") }
        if json { return try Output.print(.object([("distinguishes", .strings(told.map(\.rawValue)))])) }
        let words = Bilingual(en: "a wrong out or lse shows: ", zh: "out 或 lse 一错就看得出：")
        try Output.print(Self.distinguished(words, told.map(\.rawValue), untold.map(\.rawValue), language.value))
    }
}
