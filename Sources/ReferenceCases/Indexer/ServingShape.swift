// The shapes in which servers call an indexer: several sequences, keys in blocks, ranges of keys that differ from query to query. Given by a file, or drawn.

import ModelFiles
public import Traces

/// What a case has beyond one sequence whose last tokens are the queries.
public struct ServingShape: Sendable {
    /// How many sequences there are; nil for one, whose tensors have no axis for it.
    public var batch: Int?
    /// How many positions lie in a block of the cache; nil for keys that are no cache.
    public var blockSize: Int?
    /// The seed that lengths, ranges and the table of blocks are drawn by; nil where nothing is drawn: all sequences have the same length, their blocks one after
    /// the other.
    public var ragged: UInt64?
    /// What a file says, in place of what would be drawn.
    public var given: Given?
    /// Whether the expected scores are written.
    public var includesScores = true

    /// The plain shape.
    public init() {}

    /// Whether it is the plain one.
    var isPlain: Bool { batch == nil && blockSize == nil && ragged == nil && given == nil }

    /// The ranges of a file, and its table.
    public struct Given: Sendable {
        let starts: [Int]
        let ends: [Int]
        let table: [[Int]]?

        /// Reads the tensors `starts` and `ends`, [t] or [b, t], and `block_table` [b, n], of integers.
        /// - Parameters:
        ///   - batch: how many sequences there are; nil for one without an axis.
        ///   - queries: how many queries each has.
        ///   - isPaged: whether a table is expected.
        /// - Throws: `FileError` for other tensors and other shapes.
        public init(path: String, batch: Int?, queries: Int, isPaged: Bool) throws(FileError) {
            let file = try Safetensors(path: path)
            let known = ["starts", "ends"] + (isPaged ? ["block_table"] : [])
            for name in file.names where !known.contains(name) {
                let hint = name == "block_table" ? ", found one without --block-size" : ""
                throw FileError(.badData, path, "\(name): expected \(known.joined(separator: ", ")) in a layout\(hint)")
            }
            func integers(_ name: String, _ expected: [Int]) throws(FileError) -> [Int] {
                let shape = try file.info(name).shape
                guard shape == expected else { throw FileError(.badData, path, "\(name): expected the shape \(expected), found \(shape)") }
                return try file.integers(name)
            }
            let lengths = (batch.map { [$0] } ?? []) + [queries]
            (starts, ends) = (try integers("starts", lengths), try integers("ends", lengths))
            guard isPaged else {
                table = nil
                return
            }
            let shape = try file.info("block_table").shape
            guard shape.count == 2, shape[0] == batch ?? 1, shape[1] > 0 else {
                throw FileError(.badData, path, "block_table: expected the shape [\(batch ?? 1), n], found \(shape)")
            }
            let blocks = try file.integers("block_table")
            table = stride(from: 0, to: blocks.count, by: shape[1]).map { Array(blocks[$0..<$0 + shape[1]]) }
        }
    }

    /// Where keys lie and which of them each query sees, for `queries` queries a sequence and up to `keys` positions.
    func layout(queries: Int, keys: Int) throws(EngineError) -> KeyLayout {
        guard !isPlain else {
            // Of few queries the last ones see all keys, and nothing stands beyond their boundary.
            return .causal(queries: queries, keys: keys, offset: keys - queries - Self.room(queries, keys))
        }
        var noise = SplitMix64(seed: ragged ?? 0)
        let sequences = batch ?? (blockSize == nil ? nil : 1)
        let (starts, ends) = given.map { ($0.starts, $0.ends) } ?? ranges(sequences, queries, keys, &noise)
        guard let blockSize else { return try KeyLayout(columns: keys, starts: starts, ends: ends, sequences: sequences) }
        let table = given?.table ?? self.table(ends, sequences ?? 1, queries, keys, blockSize, &noise)
        let last = table.reduce(0) { max($0, $1.max() ?? 0) }
        guard last < 1 << 26 else { throw EngineError(.value, "block_table", expected: "blocks below 2^26", found: "\(last)") }
        let blocks = last + 1
        return try KeyLayout(columns: keys, starts: starts, ends: ends, sequences: sequences, cache: (table, blockSize, blocks))
    }

    /// How many positions are left beyond the last query, for keys to stand there.
    private static func room(_ queries: Int, _ keys: Int) -> Int { queries < 3 ? min(2, keys - queries) : 0 }

    private func ranges(_ sequences: Int?, _ queries: Int, _ keys: Int, _ noise: inout SplitMix64) -> (starts: [Int], ends: [Int]) {
        guard let sequences else { return packed(queries, keys, &noise) }
        var ends: [Int] = []
        for _ in 0..<sequences {
            let longest = keys - min(2, keys - queries)
            let shortest = min(longest, max(queries, keys / 4))
            let length = ragged == nil ? longest : shortest + Int(noise.uniform() * Double(longest - shortest + 1))
            ends += (0..<queries).map { length - queries + $0 + 1 }
        }
        return ([Int](repeating: 0, count: ends.count), ends)
    }

    /// A few texts one after the other, each with some of the queries, its last tokens.
    private func packed(_ queries: Int, _ keys: Int, _ noise: inout SplitMix64) -> (starts: [Int], ends: [Int]) {
        let texts = min(4, queries)
        /// Parts of at least 1 that add up to `all`.
        func parts(_ all: Int) -> [Int] {
            var cuts: Set<Int> = []
            while cuts.count < texts - 1 { cuts.insert(1 + Int(noise.uniform() * Double(all - 1))) }
            let places = [0] + cuts.sorted() + [all]
            return zip(places, places.dropFirst()).map { $1 - $0 }
        }
        let counts = parts(queries)
        // Every text is as long as its queries are many, and has its share of the rest.
        var extra = [Int](repeating: (keys - queries) / texts, count: texts)
        if keys - queries >= 2 * texts { extra = parts(keys - queries) }
        var (starts, ends, first) = ([Int](), [Int](), 0)
        for (count, more) in zip(counts, extra) {
            starts += [Int](repeating: first, count: count)
            ends += (0..<count).map { first + more + $0 + 1 }
            first += more + count
        }
        return (starts, ends)
    }

    /// The blocks that hold each sequence. Block 0 is nobody's: what lies beyond a sequence's last block points to it.
    private func table(_ ends: [Int], _ sequences: Int, _ queries: Int, _ keys: Int, _ blockSize: Int, _ noise: inout SplitMix64) -> [[Int]]
    {
        let width = (keys + blockSize - 1) / blockSize
        let needed = (0..<sequences).map { (ends[($0 + 1) * queries - 1] + blockSize - 1) / blockSize }
        var free = Array(1..<needed.reduce(1, +))
        if ragged != nil {
            for place in free.indices.reversed() { free.swapAt(place, Int(noise.uniform() * Double(place + 1))) }
        }
        var (table, first) = ([[Int]](), 0)
        for count in needed {
            table.append(free[first..<first + count] + [Int](repeating: 0, count: width - count))
            first += count
        }
        return table
    }
}
