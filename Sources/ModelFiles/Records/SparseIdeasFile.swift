// The entries of assets/data/ideas.json, from the earliest to the latest.

public import Records
public import Traces

extension PublishedData {
    /// How many entries one picture can hold.
    static let ideaCount = 2...8

    /// The entries of `ideas.json` at `path`. Throws `FileError` if it cannot be read.
    public static func ideas(path: String) throws(FileError) -> [SparseIdea] {
        try ideas(JSONReader.read(path: path) { reader throws(FileError) in try Settings(file: path, reader: &reader) })
    }

    /// The same from `bytes` in memory; `file` names them in errors. Throws `FileError`, naming the field, where one is missing, of another type, empty
    /// or too long to be drawn.
    public static func ideas(_ bytes: [UInt8], file: String) throws(FileError) -> [SparseIdea] { try ideas(Settings(bytes, file: file)) }

    private static func ideas(_ settings: Settings) throws(FileError) -> [SparseIdea] {
        guard settings.has("ideas") else { throw settings.failure("ideas", expected: "an array of objects") }
        var ideas: [SparseIdea] = []
        for idea in try settings.objects("ideas") {
            ideas.append(
                SparseIdea(
                    name: try idea.label("name"), when: try idea.label("when"), chooses: try idea.label("chooses"),
                    line: try idea.label("line"), source: try idea.label("source")))
        }
        guard ideaCount.contains(ideas.count) else { throw settings.failure("ideas", expected: "2 to 8 objects") }
        return ideas
    }
}
