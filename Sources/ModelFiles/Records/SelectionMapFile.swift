// A recorded selection map, assets/data/selection-map.json: which tokens the layers of a model select. Every layer is causal and without a window, so that
// the queries that count are the same in all of them.

public import Records
public import Traces

extension PublishedData {
    /// The map of `selection-map.json` at `path`. Throws `FileError` if it cannot be read.
    public static func selectionMap(path: String) throws(FileError) -> SelectionMap {
        try selectionMap(JSONReader.read(path: path) { reader throws(FileError) in try Settings(file: path, reader: &reader) })
    }

    /// The same from `bytes` in memory; `file` names them in errors. Throws `FileError`, naming the field, where one is missing, of another type, or does
    /// not fit the others.
    public static func selectionMap(_ bytes: [UInt8], file: String) throws(FileError) -> SelectionMap {
        try selectionMap(Settings(bytes, file: file))
    }

    private static func selectionMap(_ settings: Settings) throws(FileError) -> SelectionMap {
        let (model, topK) = (try settings.line("model"), try settings.integer("topK", atLeast: 1))
        let (tokens, asked) = (try settings.texts("tokens"), try settings.integers("asked"))
        guard !tokens.isEmpty, asked.count == tokens.count, asked.allSatisfy({ $0 >= 0 }) else {
            throw settings.failure("asked", expected: "a number of queries for each of \(tokens.count) tokens")
        }
        let rows = try settings.objects("layers")
        guard (1...1024).contains(rows.count) else { throw settings.failure("layers", expected: "1 to 1024 objects") }
        var layers: [SelectionMap.Layer] = []
        for (number, row) in rows.enumerated() {
            let kept = try row.integers("kept")
            guard kept.count == asked.count, zip(kept, asked).allSatisfy({ (0...$1).contains($0) }) else {
                throw row.failure("kept", expected: "a number of queries for each token, no more than were asked")
            }
            let common = row.has("common") ? try row.number("common") : nil
            guard common.map({ (0...1).contains($0) }) ?? true else { throw row.failure("common", expected: "a share from 0 to 1") }
            layers.append(SelectionMap.Layer(number: number, asked: asked, kept: kept, common: common))
        }
        return SelectionMap(model: model, topK: topK, tokens: tokens, layers: layers)
    }
}

extension SelectionMap {
    /// As `PublishedData.selectionMap` reads it; nil where layers have windows, and so are asked otherwise.
    public var json: JSONText? {
        guard let asked = layers.first?.asked, layers.allSatisfy({ $0.asked == asked }) else { return nil }
        let rows = layers.map { layer in
            JSONText.object([("common", layer.common.map { .number($0) } ?? .null), ("kept", .integers(layer.kept))])
        }
        return .object([
            ("model", .string(model)), ("topK", .integer(topK)), ("tokens", .strings(tokens)), ("asked", .integers(asked)),
            ("layers", .array(rows)),
        ])
    }
}
