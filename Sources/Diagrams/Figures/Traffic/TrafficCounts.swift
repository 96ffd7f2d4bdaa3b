// What the figure `traffic` counts: one program without tiles, with three sizes of tile, and pipelined; attention on two chips between which the way of
// a result differs; dense attention against an indexer with sparse attention, for one new token and for a whole prompt. All by executing programs.

import TileMachine
import Traces

/// Bytes along paths, of several programs.
struct TrafficCounts {
    /// One way to run the program.
    struct Way {
        /// The tile; nil: none.
        let shape: TileShape?
        let stages: Int
        let schedule: Schedule
    }

    /// One part of a comparison, as bytes to and from far memory.
    struct Work {
        let task: TileTask
        let bytes: Int
    }

    /// One situation: dense attention, and what takes its place.
    struct Situation {
        let queries: Int
        let dense: Work
        let parts: [Work]
        var sparse: Int { parts.reduce(0) { $0 + $1.bytes } }
    }

    let ways: [Way]
    /// The same program on each of two chips, or none.
    let pair: [Schedule]
    let situations: [Situation]
    /// Keys, and keys that a query keeps.
    let keys: Int
    let topK: Int

    init(_ data: TileData) throws(EngineError) {
        let own = data.choice.shape
        let stages = max(data.choice.stages, 2)
        var ways = [Way(shape: nil, stages: 1, schedule: try data.schedule(stages: 1, isNaive: true))]
        for shape in [try own.scaled(1, 2), own, try own.scaled(2, 1)] {
            let kept = try data.task.wholeDepth.map { whole throws(EngineError) in
                try TileShape(rows: shape.rows, columns: shape.columns, depth: min(whole, 4096))
            }
            ways.append(Way(shape: kept ?? shape, stages: 1, schedule: try data.schedule(stages: 1, shape: kept ?? shape)))
        }
        ways.insert(Way(shape: ways[2].shape, stages: stages, schedule: try data.schedule(stages: stages)), at: 3)
        self.ways = ways
        pair = try data.others.map { chip throws(EngineError) in try Self.crossing(on: chip, width: data.width) }
        (keys, topK) = (Self.length, Self.kept)
        situations = try [1, Self.length].map { queries throws(EngineError) in try Self.situation(queries, data) }
    }

    // What is compared: small enough to be executed, large enough that a tile is a part of it.
    private static let length = 1024
    private static let kept = 128
    private static let features = 64
    private static let tile = 64

    /// Causal attention, in which a product's result goes on to the vector unit.
    private static func crossing(on chip: Chip, width: Int) throws(EngineError) -> Schedule {
        let task = try AttentionTiles(queries: 256, keys: 256, heads: 1, dimension: features, valueDimension: features)
        let choice = try TileChoice(TileShape(rows: tile, columns: tile, depth: features), stages: 2)
        return try Schedule(task.program(choice), on: chip, width: width)
    }

    private static func situation(_ queries: Int, _ data: TileData) throws(EngineError) -> Situation {
        func work(_ task: TileTask, _ rows: Int) throws(EngineError) -> Work {
            let choice = try TileChoice(TileShape(rows: rows, columns: tile, depth: features), stages: 1)
            return Work(task: task, bytes: try Schedule(task.program(choice), on: data.chip, width: data.width).farBytes)
        }
        let dense = try AttentionTiles(queries: queries, keys: length, heads: 1, dimension: features, valueDimension: features)
        let indexer = try IndexerScores(queries: queries, keys: length, heads: 2, dimension: 16)
        let sparse = try SparseAttentionTiles(
            queries: queries, keys: length, heads: 1, dimension: features, valueDimension: features, topK: kept)
        return Situation(
            queries: queries, dense: try work(.attention(dense), tile),
            parts: [try work(.indexer(indexer), tile), try work(.sparseAttention(sparse), 1)])
    }
}

extension TileShape {
    /// The same tile with every length times a / b, at least 1.
    func scaled(_ a: Int, _ b: Int) throws(EngineError) -> TileShape {
        func length(_ n: Int) -> Int { min(max(n * a / b, 1), 4096) }
        return try TileShape(rows: length(rows), columns: length(columns), depth: length(depth))
    }
}
