// A program's sizes by name, as whoever asks for one writes them: which there are, and what each is if nobody says it.

public import Traces

/// One size of a program.
public struct TileSize: Hashable, Sendable {
    /// The name, as in errors: `m`, `top-k`.
    public let name: String
    /// What it is if it is left out; nil: as another size says (keys as queries, `value-dim` as `dim`).
    public let standard: Int?

    /// A size.
    init(_ name: String, _ standard: Int?) { (self.name, self.standard) = (name, standard) }
}

extension TileProgramName {
    /// The sizes that the program takes.
    public var sizes: [TileSize] {
        switch self {
        case .matmul: [TileSize("m", 64), TileSize("n", 40), TileSize("k", 48)]
        case .convolution:
            [
                TileSize("images", 1), TileSize("height", 10), TileSize("width-of-image", 9), TileSize("channels", 4),
                TileSize("filters", 12), TileSize("kernel", 3), TileSize("stride", 1), TileSize("padding", 1),
            ]
        case .indexer: [TileSize("queries", 24), TileSize("keys", nil), TileSize("heads", 4), TileSize("dim", 8)]
        case .attention:
            [TileSize("queries", 24), TileSize("keys", nil), TileSize("heads", 2), TileSize("dim", 8), TileSize("value-dim", nil)]
        case .sparseAttention:
            [
                TileSize("queries", 12), TileSize("keys", nil), TileSize("heads", 8), TileSize("dim", 8), TileSize("value-dim", nil),
                TileSize("top-k", 6),
            ]
        }
    }
}

extension TileTask {
    /// The program with the sizes named in `given`, and the standard ones for the rest.
    /// - Throws: for a size that the program does not take, one that is out of bounds, and those that do not go together.
    public init(_ program: TileProgramName, _ given: [(name: String, value: Int)]) throws(EngineError) {
        let taken = program.sizes
        for (name, _) in given where !taken.contains(where: { $0.name == name }) {
            throw EngineError(
                .value, name, expected: "one of \(taken.map { $0.name }.joined(separator: ", ")) for \(program.rawValue)",
                found: "\"\(name)\"")
        }
        func size(_ name: String, or other: Int = 0) -> Int {
            for (own, value) in given where own == name { return value }
            for size in taken where size.name == name { return size.standard ?? other }
            return other
        }
        let (queries, dim) = (size("queries"), size("dim"))
        let keys = size("keys", or: queries)
        switch program {
        case .matmul: self = .matmul(try Matmul(m: size("m"), n: size("n"), k: size("k")))
        case .convolution:
            self = .convolution(
                try Convolution(
                    images: size("images"), height: size("height"), width: size("width-of-image"), channels: size("channels"),
                    filters: size("filters"), kernel: size("kernel"), stride: size("stride"), padding: size("padding")))
        case .indexer: self = .indexer(try IndexerScores(queries: queries, keys: keys, heads: size("heads"), dimension: dim))
        case .attention:
            self = .attention(
                try AttentionTiles(
                    queries: queries, keys: keys, heads: size("heads"), dimension: dim, valueDimension: size("value-dim", or: dim)))
        case .sparseAttention:
            self = .sparseAttention(
                try SparseAttentionTiles(
                    queries: queries, keys: keys, heads: size("heads"), dimension: dim, valueDimension: size("value-dim", or: dim),
                    topK: size("top-k")))
        }
    }

    /// How the program is cut if nobody says it: rows, columns, and the axis that is summed over where a tile cuts it.
    public var standardTile: String {
        switch self {
        case .matmul, .convolution: "16x16x16"
        case .indexer: "16x16"
        case .attention, .sparseAttention: "8x8"
        }
    }

    /// The tile that `text` spells: `16x16x16`. Where features are not cut, its depth may be left out, or hold them all.
    public func tile(_ text: String) throws(EngineError) -> TileShape {
        let lengths = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard lengths.count == 3 || lengths.count == 2 && wholeDepth != nil else {
            throw EngineError(.value, "tile", expected: "lengths such as \(standardTile)", found: "\"\(text)\"")
        }
        guard let whole = wholeDepth else { return try TileShape(rows: lengths[0], columns: lengths[1], depth: lengths[2]) }
        let depth = lengths.count == 3 ? lengths[2] : min(whole, TileShape.most)
        if depth < min(whole, TileShape.most) {
            throw EngineError(
                .value, "tile", expected: "a depth of at least \(whole), for \(name.rawValue) does not cut features", found: "\(depth)")
        }
        return try TileShape(rows: lengths[0], columns: lengths[1], depth: depth)
    }
}
