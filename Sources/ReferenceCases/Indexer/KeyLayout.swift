// Which keys each query of an indexer case sees, and where they lie. Positions are counted within a sequence; the keys lie in blocks, as servers keep them,
// and a table says for each sequence in which block its next positions are. A plain case is one sequence whose keys are one block.

public import Traces

/// Where the keys of each sequence lie, and which of them each query sees.
public struct KeyLayout: Hashable, Sendable {
    /// How many positions a sequence may have: the columns of the scores.
    public let columns: Int
    /// The positions that each query sees within its sequence [t], sequence by sequence.
    public let visible: [Range<Int>]
    /// How many positions lie in a block.
    public let blockSize: Int
    /// The blocks of each sequence [b, n], by their places in the cache.
    public let table: [[Int]]
    /// How many blocks the cache has.
    public let blocks: Int
    /// Where the boundary follows the queries by a rule, of a case of one sequence: query t sees the positions up to this plus t.
    public let causalOffset: Int?
    /// Whether tensors have an axis of sequences.
    public let hasBatch: Bool
    /// Whether the keys lie in a cache of several blocks.
    public let isPaged: Bool

    /// How many sequences there are.
    public var sequences: Int { table.count }
    /// How many queries each of them has.
    public var queriesPerSequence: Int { visible.count / table.count }
    /// The lengths of a tensor of queries before its own axes: [t], or [b, t].
    public var queryLengths: [Int] { hasBatch ? [sequences, queriesPerSequence] : [visible.count] }

    /// One sequence, in which query t sees the positions 0 … `offset` + t.
    public static func causal(queries: Int, keys: Int, offset: Int) -> KeyLayout {
        // Whoever stands beyond all keys sees them all.
        let visible = (0..<queries).map { 0..<max(0, min(keys, min(offset, keys) + $0 + 1)) }
        return KeyLayout(
            columns: keys, visible: visible, blockSize: keys, table: [[0]], blocks: 1, causalOffset: offset, hasBatch: false, isPaged: false
        )
    }

    private init(
        columns: Int, visible: [Range<Int>], blockSize: Int, table: [[Int]], blocks: Int, causalOffset: Int?, hasBatch: Bool, isPaged: Bool
    ) {
        (self.columns, self.visible, self.blockSize, self.table, self.blocks) = (columns, visible, blockSize, table, blocks)
        (self.causalOffset, self.hasBatch, self.isPaged) = (causalOffset, hasBatch, isPaged)
    }

    /// Queries that each see a range of positions.
    /// - Parameters:
    ///   - columns: how many positions a sequence may have.
    ///   - starts: the first position that each query sees [t], sequence by sequence.
    ///   - ends: the one after the last.
    ///   - sequences: how many sequences there are; nil for one without an axis of its own.
    ///   - cache: the blocks of each sequence, how many positions a block has, and how many blocks there are; nil where each sequence has one block, in order.
    /// - Throws: `EngineError`, naming the place, for a start after its end, an end beyond the positions, and a table that points outside the cache or has too few blocks.
    public init(
        columns: Int, starts: [Int], ends: [Int], sequences: Int?, cache: (table: [[Int]], blockSize: Int, blocks: Int)? = nil
    ) throws(EngineError) {
        let count = sequences ?? 1
        func place(_ row: Int) -> String {
            sequences == nil ? "[\(row)]" : "[\(row / (starts.count / count)), \(row % (starts.count / count))]"
        }
        guard ends.count == starts.count else {
            throw EngineError(.shape, "ends", expected: "as many as starts, \(starts.count)", found: "\(ends.count)")
        }
        for (row, (start, end)) in zip(starts, ends).enumerated() {
            guard (0...columns).contains(end) else {
                throw EngineError(.value, "ends\(place(row))", expected: "0 to \(columns)", found: "\(end)")
            }
            guard (0...end).contains(start) else {
                throw EngineError(.value, "starts\(place(row))", expected: "0 to its end, \(end)", found: "\(start)")
            }
        }
        for (sequence, blocks) in (cache?.table ?? []).enumerated() {
            guard let cache else { break }
            for (number, block) in blocks.enumerated() where !(0..<cache.blocks).contains(block) {
                throw EngineError(
                    .value, "block_table[\(sequence), \(number)]", expected: "a block from 0 to \(cache.blocks - 1)", found: "\(block)")
            }
            guard blocks.count * cache.blockSize >= columns else {
                throw EngineError(
                    .shape, "block_table", expected: "at least \((columns + cache.blockSize - 1) / cache.blockSize) blocks a sequence",
                    found: "\(blocks.count)")
            }
        }
        if let cache, cache.table.count == count {
            for sequence in 0..<count {
                let own = ends[sequence * ends.count / count..<(sequence + 1) * ends.count / count]
                let used = cache.table[sequence].prefix(((own.max() ?? 0) + cache.blockSize - 1) / cache.blockSize)
                var places: [Int: Int] = [:]
                for (number, block) in used.enumerated() {
                    if let other = places.updateValue(number, forKey: block) {
                        throw EngineError(
                            .value, "block_table[\(sequence), \(number)]", expected: "another block than at [\(sequence), \(other)]",
                            found: "\(block)")
                    }
                }
            }
        }
        if let cache, cache.table.count != count {
            throw EngineError(.shape, "block_table", expected: "\(count) rows, one a sequence", found: "\(cache.table.count)")
        }
        self.init(
            columns: columns, visible: zip(starts, ends).map { $0..<$1 }, blockSize: cache?.blockSize ?? columns,
            table: cache?.table ?? (0..<count).map { [$0] }, blocks: cache?.blocks ?? count, causalOffset: nil, hasBatch: sequences != nil,
            isPaged: cache != nil)
    }

    /// How many keys the cache has room for.
    public var slotCount: Int { blocks * blockSize }

    /// The sequence of query `row`.
    public func sequence(of row: Int) -> Int { row / queriesPerSequence }

    /// Where the key of a position lies: its place among all keys of the cache.
    public func slot(_ sequence: Int, _ position: Int) -> Int {
        table[sequence][position / blockSize] * blockSize + position % blockSize
    }

    /// Where all positions of a sequence lie.
    public func slots(of sequence: Int) -> [Int] { (0..<columns).map { slot(sequence, $0) } }

    /// How many positions of a sequence any of its queries sees, counted from the first: what servers call its length.
    public var lengths: [Int] {
        (0..<sequences).map { sequence in
            visible[sequence * queriesPerSequence..<(sequence + 1) * queriesPerSequence].reduce(0) { max($0, $1.upperBound) }
        }
    }

    /// Which keys each query may see.
    public var mask: Mask {
        if let causalOffset { return .causal(rows: visible.count, columns: columns, offset: causalOffset) }
        return Mask(rows: visible.count, columns: columns) { visible[$0].contains($1) }
    }
}
