// Options of attn case make for the shapes in which servers call an indexer.

internal import ArgumentParser
internal import ModelFiles
internal import ReferenceCases
internal import Traces

struct CaseShapeOptions: ParsableArguments {
    @Option(help: "Sequences; tensors then have an axis for them, and each sequence keys of its own.") var batch: Int?
    @Option(help: "Queries of a sequence, the last of them speculative: --queries by the name it has where tokens are decoded.") var nextN:
        Int?
    @Option(help: "Positions in a block: keys then lie in a cache of bytes, found by a table of blocks.") var blockSize: Int?
    @Option(
        help: ArgumentHelp(
            "starts and ends of each query [t] or [b, t], and block_table [b, n] with --block-size, as integers.",
            valueName: "file.safetensors"))
    var layout: String?
    @Option(
        help:
            "Seed by which these are drawn: lengths of sequences and their blocks; of one sequence, several texts in it, each of which sees itself alone."
    )
    var ragged: UInt64?
    @Flag(help: "Leave the expected scores out: a check then computes them.") var withoutScores = false

    /// The names of options that were given.
    var given: [String] {
        [
            ("batch", batch != nil), ("next-n", nextN != nil), ("block-size", blockSize != nil), ("layout", layout != nil),
            ("ragged", ragged != nil), ("without-scores", withoutScores),
        ].filter(\.1).map(\.0)
    }

    /// What a case of `queries` a sequence has beyond the plain shape.
    func shape(queries: Int) throws -> ServingShape {
        var shape = ServingShape()
        (shape.batch, shape.blockSize, shape.ragged, shape.includesScores) = (batch, blockSize, ragged, !withoutScores)
        // A server that decodes calls with sequences, be it one.
        if nextN != nil { shape.batch = batch ?? 1 }
        if let layout {
            guard ragged == nil else { throw UsageError("--ragged: expected without --layout, which says what would be drawn") }
            for (name, value) in [("--batch", batch), ("--block-size", blockSize)] {
                guard value ?? 1 > 0 else { throw UsageError("\(name): expected at least 1, found \(value ?? 0)") }
            }
            shape.given = try ServingShape.Given(
                path: layout, batch: shape.batch ?? (blockSize == nil ? nil : 1), queries: queries, isPaged: blockSize != nil)
        }
        return shape
    }
}
