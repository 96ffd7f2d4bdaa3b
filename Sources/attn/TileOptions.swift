// What one says of a tile program on the command line: its sizes, each with a default, its tile, its stages. A size that the program has no use for is
// refused by name. What is run has small sizes by default, what is emitted the recorded ones.

internal import ArgumentParser
internal import ModelFiles
internal import TileMachine
internal import Traces

struct TileOptions: ParsableArguments {
    @Option(help: ArgumentHelp("matmul: rows of A and of the result.", valueName: "n")) var m: Int?
    @Option(help: ArgumentHelp("matmul: columns of B and of the result.", valueName: "n")) var n: Int?
    @Option(help: ArgumentHelp("matmul: columns of A, rows of B.", valueName: "n")) var k: Int?
    @Option(help: ArgumentHelp("convolution: how many images.", valueName: "n")) var images: Int?
    @Option(help: ArgumentHelp("convolution: rows of an image.", valueName: "n")) var height: Int?
    @Option(help: ArgumentHelp("convolution: columns of an image.", valueName: "n")) var widthOfImage: Int?
    @Option(help: ArgumentHelp("convolution: numbers at each place of an image.", valueName: "n")) var channels: Int?
    @Option(help: ArgumentHelp("convolution: how many filters.", valueName: "n")) var filters: Int?
    @Option(help: ArgumentHelp("convolution: rows and columns of a filter.", valueName: "n")) var kernel: Int?
    @Option(help: ArgumentHelp("convolution: places from one position of the filter to the next.", valueName: "n")) var stride: Int?
    @Option(help: ArgumentHelp("convolution: places around the image that a filter may cover.", valueName: "n")) var padding: Int?
    @Option(help: ArgumentHelp("indexer, attention, sparse-attention: how many queries.", valueName: "n")) var queries: Int?
    @Option(help: ArgumentHelp("The same: how many keys; by default at least as many as queries.", valueName: "n")) var keys: Int?
    @Option(help: ArgumentHelp("The same: how many heads.", valueName: "n")) var heads: Int?
    @Option(help: ArgumentHelp("The same: features of a query or key.", valueName: "n")) var dim: Int?
    @Option(
        help: ArgumentHelp("attention, sparse-attention: features of a value; when run, by default as many as of a key.", valueName: "n"))
    var valueDim: Int?
    @Option(help: ArgumentHelp("sparse-attention: keys that a query keeps.", valueName: "n")) var topK: Int?
    @Option(help: ArgumentHelp("Rows, columns, and cells of the axis that is summed over: 16x16x16.", valueName: "RxCxD")) var tile: String?
    @Option(help: ArgumentHelp("For how many rounds of the loop loads are under way at once; when run, 1 by default.", valueName: "n"))
    var stages: Int?

    private var sizes: [(name: String, value: Int?)] {
        [
            ("m", m), ("n", n), ("k", k), ("images", images), ("height", height), ("width-of-image", widthOfImage), ("channels", channels),
            ("filters", filters), ("kernel", kernel), ("stride", stride), ("padding", padding), ("queries", queries), ("keys", keys),
            ("heads", heads), ("dim", dim), ("value-dim", valueDim), ("top-k", topK),
        ]
    }

    /// The program of the size that was asked for. Throws for a size that it does not take.
    func task(_ program: TileProgramName, _ defaults: TileDefaults) throws -> TileTask {
        let taken = program.sizes.map(\.name)
        for (name, value) in sizes where value != nil && !taken.contains(name) {
            throw UsageError("\(program.rawValue) has no use for --\(name); it takes \(taken.map { "--\($0)" }.joined(separator: ", "))")
        }
        let given = sizes.compactMap { size in size.value.map { (name: size.name, value: $0) } }
        let rest = defaults.sizes.filter { name, value in
            // More queries than the default's keys have as many keys as they are.
            !given.contains { $0.name == name || name == "keys" && $0.name == "queries" && $0.value > value }
        }
        return try TileTask(program, given + rest)
    }

    /// How `task` is cut. Where features are not cut, a tile may leave its depth out, or name one that holds them all.
    func choice(_ task: TileTask, _ defaults: TileDefaults) throws -> TileChoice {
        let standard = defaults.tile ?? task.standardTile
        let text = tile ?? standard
        let lengths = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard lengths.count == 3 || lengths.count == 2 && task.wholeDepth != nil, !lengths.contains(nil) else {
            throw UsageError("--tile: expected \(task.wholeDepth == nil ? "RxCxD" : "RxC") such as \(standard), found \"\(text)\"")
        }
        let depth = lengths.count == 3 ? lengths[2]! : task.wholeDepth!
        let shape = try TileShape(rows: lengths[0]!, columns: lengths[1]!, depth: min(depth, 4096))
        if let whole = task.wholeDepth, depth < whole {
            throw EngineError(
                .value, "tile", expected: "a depth of at least \(whole), for \(task.name.rawValue) does not cut features", found: "\(depth)"
            )
        }
        return try TileChoice(shape, stages: stages ?? defaults.stages)
    }
}

/// What a program has where nobody says otherwise.
struct TileDefaults {
    /// Sizes by the names of their options; the standard ones for the rest.
    let sizes: [(name: String, value: Int)]
    /// The tile; nil: the standard one.
    let tile: String?
    /// The stages.
    let stages: Int

    /// Of a program that is run: sizes that a reader and the paper chip can follow.
    static let standard = TileDefaults(sizes: [], tile: nil, stages: 1)

    /// Of a program that is emitted: the sizes and tiles of assets/tilelang/recorded.json. No tile divides its axis, and every machine's matrix unit takes
    /// tiles of these lengths; CUDA's refuses 16x16x16.
    static func emitted(_ program: TileProgramName) -> TileDefaults {
        switch program {
        case .matmul: TileDefaults(sizes: [("m", 200), ("n", 136), ("k", 104)], tile: "128x128x32", stages: 3)
        case .convolution:
            TileDefaults(
                sizes: [
                    ("images", 2), ("height", 13), ("width-of-image", 11), ("channels", 8), ("filters", 40), ("kernel", 3), ("stride", 1),
                    ("padding", 1),
                ], tile: "64x64x32", stages: 3)
        case .indexer: TileDefaults(sizes: [("queries", 72), ("keys", 200), ("heads", 4), ("dim", 32)], tile: "64x64", stages: 2)
        case .attention:
            TileDefaults(
                sizes: [("queries", 72), ("keys", 200), ("heads", 2), ("dim", 32), ("value-dim", 48)], tile: "64x64", stages: 1)
        case .sparseAttention:
            TileDefaults(
                sizes: [("queries", 6), ("keys", 200), ("heads", 72), ("dim", 32), ("value-dim", 48), ("top-k", 100)], tile: "64x32",
                stages: 2)
        }
    }

    /// As one would type them.
    var options: String {
        (sizes.map { "--\($0.name) \($0.value)" } + (tile.map { ["--tile \($0)"] } ?? []) + ["--stages \(stages)"]).joined(separator: " ")
    }
}

/// The chips that come with the program.
struct ChipShelf {
    let home: String?

    private var folder: String { get throws { try ResourceFolder(named: home).path + "/assets/hardware" } }

    /// All chips, by name.
    var all: [Chip] {
        get throws {
            let folder = try folder
            return try WholeFile.names(in: folder).filter { $0.hasSuffix(".json") }.sorted().map { try Chip(path: "\(folder)/\($0)") }
        }
    }

    /// The chip called `name`, or in the file of that path.
    func chip(_ name: String) throws -> Chip {
        if name.contains("/") || name.hasSuffix(".json") { return try Chip(path: name) }
        let known = try WholeFile.names(in: folder).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
        guard known.contains(name) else {
            let near = NearWords.of(name, in: known)
            throw EngineError(
                .value, "chip", expected: "\(known.joined(separator: ", ")), or a file", found: "\(name)\(NearWords.hint(near))")
        }
        return try Chip(path: "\(folder)/\(name).json")
    }
}
