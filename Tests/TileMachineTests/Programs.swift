// Tasks, tiles and chips of tests.

import Foundation
import ModelFiles
import TileMachine
import Traces

/// The folder of the repository.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

extension Chip {
    static func named(_ name: String) throws -> Chip { try Chip(path: "\(repository)/assets/hardware/\(name).json") }
}

extension TileChoice {
    static func of(_ rows: Int, _ columns: Int, _ depth: Int = 1, stages: Int = 1) throws -> TileChoice {
        try TileChoice(TileShape(rows: rows, columns: columns, depth: depth), stages: stages)
    }
}

/// Tasks of odd sizes with tiles that do not divide them.
func oddTasks() throws -> [(TileTask, TileChoice)] {
    [
        (.matmul(try Matmul(m: 13, n: 9, k: 11)), try .of(4, 5, 3, stages: 2)),
        (
            .convolution(try Convolution(images: 2, height: 7, width: 6, channels: 3, filters: 5, kernel: 3, stride: 2, padding: 1)),
            try .of(5, 3, 4, stages: 3)
        ),
        (.indexer(try IndexerScores(queries: 11, keys: 13, heads: 3, dimension: 5)), try .of(4, 6, stages: 2)),
        (.attention(try AttentionTiles(queries: 11, keys: 17, heads: 3, dimension: 5, valueDimension: 7)), try .of(4, 6, stages: 2)),
        (
            .sparseAttention(
                try SparseAttentionTiles(queries: 9, keys: 14, heads: 5, dimension: 6, valueDimension: 4, topK: 7)),
            try .of(3, 4, stages: 2)
        ),
    ]
}

/// The largest difference of two tensors on the same axes.
func largestDifference(_ a: Tensor, _ b: Tensor) -> Double {
    a.shape == b.shape ? zip(a.values, b.values).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}

extension Schedule {
    /// Bytes from far memory.
    var read: Int { traffic.filter { $0.from == Chip.far }.reduce(0) { $0 + $1.bytes } }
    /// Bytes to far memory.
    var written: Int { traffic.filter { $0.to == Chip.far }.reduce(0) { $0 + $1.bytes } }
}
