// Cosines and sines of rotary embedding: the same for queries and keys of every layer, so they are computed once for a pass.

internal import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// By how much each pair of features turns at each token.
final class RotationTable: Sendable {
    /// How many pairs of features there are.
    let pairs: Int
    /// [token, pair], times the magnitude; taken of angles in Double.
    let cosines, sines: [Float]

    fileprivate init(_ key: RotationTables.Key) {
        let angles = key.positions.flatMap { position in key.frequencies.map { Double(position) * $0 } }
        pairs = key.frequencies.count
        cosines = angles.map { Float(cos($0) * key.magnitude) }
        sines = angles.map { Float(sin($0) * key.magnitude) }
    }
}

/// The tables that were asked for last: a model has one or two kinds of layers, and each pass has positions of its own.
final class RotationTables: Sendable {
    fileprivate struct Key: Hashable {
        let positions: [Int]
        let frequencies: [Double]
        let magnitude: Double
    }

    private let known = Mutex<[(key: Key, table: RotationTable)]>([])
    private static let capacity = 2

    /// The table of these positions, and of one frequency for each pair.
    func table(_ positions: [Int], _ frequencies: [Double], magnitude: Double) -> RotationTable {
        let key = Key(positions: positions, frequencies: frequencies, magnitude: magnitude)
        return known.withLock { known in
            if let match = known.first(where: { $0.key == key }) { return match.table }
            let table = RotationTable(key)
            if known.count == Self.capacity { known.removeFirst() }
            known.append((key, table))
            return table
        }
    }
}
