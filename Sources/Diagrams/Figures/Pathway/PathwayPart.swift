// The parts of the figure `pathway`, in the order in which a text passes through them.

public import Traces

/// One part of the way from words to an answer.
public enum PathwayPart: String, CaseIterable, Hashable, Sendable {
    /// The tokens.
    case words
    /// A vector for each.
    case vectors
    /// Queries, keys and values.
    case qkv
    /// One query's row of scores.
    case scores
    /// What an indexer adds before the scores: latents or keys, and its own keys.
    case indexKeys = "index-keys"
    /// One query's row of index scores.
    case indexScores = "index-scores"
    /// The keys that the query keeps.
    case kept
    /// What the scores become.
    case shares
    /// Values, weighted and summed.
    case sum
    /// The read-out, or what is handed on.
    case answer

    /// The way through an attention that looks at every visible key.
    public static let dense: [PathwayPart] = [.words, .vectors, .qkv, .scores, .shares, .sum, .answer]
    /// The way through an attention whose keys an indexer, or another rule, chooses.
    public static let sparse: [PathwayPart] = [.words, .vectors, .indexKeys, .indexScores, .kept, .shares, .sum, .answer]
}

/// The way from words to an answer through one attention of a trace, by the names of its parts: for players that do not draw it.
public struct Pathway {
    /// The parts, in order, with their names.
    public let parts: [(part: PathwayPart, name: Bilingual)]

    /// The way that the figure `pathway` draws of these data and options; throws what the figure would refuse.
    public init(_ data: FigureData, _ options: FigureOptions) throws(FigureError) {
        let run = try PathwayRun(data, options)
        let words = PathwayWords(run: run, part: options.part)
        parts = run.parts.map { ($0, words.name($0)) }
    }
}
