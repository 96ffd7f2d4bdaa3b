// A program from sizes by name, as a record of what was lowered lists them: the names that the program's own text gives them.

public import Traces

extension TileProgram {
    /// The program called `name` of these sizes, cut as they say.
    /// - Throws: for a name that no program has, and for a size that is missing or out of range.
    public init(named name: String, sizes: [(name: String, value: Int)]) throws(EngineError) {
        func size(_ key: String) throws(EngineError) -> Int {
            if let found = sizes.first(where: { $0.name == key }) { return found.value }
            throw EngineError(.value, name, expected: "the size \(key)", found: sizes.map { $0.name }.joined(separator: ", "))
        }
        guard let program = TileProgramName(rawValue: name) else {
            throw EngineError(
                .value, "program", expected: TileProgramName.allCases.map { $0.rawValue }.joined(separator: ", "), found: name)
        }
        let task: TileTask
        let shape: TileShape
        switch program {
        case .matmul:
            task = .matmul(try Matmul(m: size("M"), n: size("N"), k: size("K")))
            shape = try TileShape(rows: size("block_M"), columns: size("block_N"), depth: size("block_K"))
        case .convolution:
            task = .convolution(
                try Convolution(
                    images: size("images"), height: size("H"), width: size("W"), channels: size("C"), filters: size("F"),
                    kernel: size("R"), stride: size("stride"), padding: size("padding")))
            shape = try TileShape(rows: size("block_M"), columns: size("block_N"), depth: size("block_K"))
        case .indexer:
            task = .indexer(
                try IndexerScores(queries: size("queries"), keys: size("keys"), heads: size("heads"), dimension: size("dim")))
            shape = try TileShape(rows: size("block_Q"), columns: size("block_K"), depth: size("dim"))
        case .attention:
            task = .attention(
                try AttentionTiles(
                    queries: size("queries"), keys: size("keys"), heads: size("heads"), dimension: size("dim"),
                    valueDimension: size("value_dim")))
            shape = try TileShape(rows: size("block_M"), columns: size("block_N"), depth: size("dim"))
        case .sparseAttention:
            task = .sparseAttention(
                try SparseAttentionTiles(
                    queries: size("queries"), keys: size("keys"), heads: size("heads"), dimension: size("dim"),
                    valueDimension: size("value_dim"), topK: size("top_k")))
            shape = try TileShape(rows: size("block_H"), columns: size("block_K"), depth: size("dim"))
        }
        self = task.program(try TileChoice(shape, stages: size("stages")))
    }
}
