// A case of kind `indexer` out of a file: of one sequence, of several with keys of their own, or with keys in a cache of blocks.

import ModelFiles
public import Traces

extension ReferenceCase {
    /// The queries on which mistakes are recomputed, as the case says them; nil if it does not. Throws unless they are a few of its queries, ascending.
    func judgedRows(of count: Int) throws(FileError) -> [Int]? {
        guard config.has("judged_rows") else { return nil }
        let rows = try config.integers("judged_rows")
        let isAscending = zip(rows, rows.dropFirst()).allSatisfy(<)
        guard isAscending, rows.count <= IndexerRows.most, let first = rows.first, let last = rows.last, first >= 0, last < count else {
            throw config.failure("judged_rows", expected: "1 to \(IndexerRows.most) of \(count) queries, ascending")
        }
        return rows
    }

    /// Reads a case of kind `indexer`.
    public func indexer() throws(FileError) -> IndexerCase {
        guard kind == .indexer else { throw FileError(.badData, file.path, "kind: expected indexer, found \(kind.rawValue)") }
        try checkNothingIsUnknown()
        let shape = try file.info("input.q").shape
        let hasBatch = shape.count == 4
        guard hasBatch || shape.count == 3 else {
            throw failure("input.q", "expected the shape [t, j, d], or [b, t, j, d] of several sequences, found \(shape)")
        }
        let (heads, dimension) = (shape[shape.count - 2], shape[shape.count - 1])
        let (sequences, queries) = (hasBatch ? shape[0] : 1, shape[shape.count - 3])
        if config.has("batch"), try config.integer("batch") != sequences || !hasBatch {
            throw config.failure(
                "batch", expected: hasBatch ? "\(sequences) as the tensors have" : "no such setting of a case without an axis of sequences")
        }
        let keys = try keys(of: hasBatch ? sequences : nil, dimension: dimension)
        for (name, length) in [
            ("queries", queries), ("keys", keys.columns), ("index_n_heads", heads), ("index_head_dim", dimension),
        ] where config.has(name) {
            guard try config.integer(name) == length else { throw config.failure(name, expected: "\(length) as the tensors have") }
        }
        let count = sequences * queries
        _ = try judgedRows(of: count)
        let weights = try file.info("input.weights").shape
        guard weights == shape.dropLast() else {
            throw failure("input.weights", "expected \(shape.dropLast()), found \(weights)")
        }
        let q = Tensor([.t, .j, .d], [count, heads, dimension], try reals("input.q"))
        let shares = Tensor([.t, .j], [count, heads], try reals("input.weights"))
        let layout = try layout(sequences: hasBatch ? sequences : nil, queries: queries, keys)
        let topK = try config.integer("index_topk", atLeast: 1)
        let isFloat8 = keys.isFloat8 && isFloat8("input.q")
        do throws(EngineError) {
            return try IndexerCase(q: q, k: keys.k, kScale: keys.scale, weights: shares, layout: layout, topK: topK, isFloat8: isFloat8)
        } catch { throw FileError(.badData, file.path, "\(error)") }
    }

    /// The expected scores of a case [t, s]: those of the file, or if they were left out, computed.
    func expectedScores(_ indexer: IndexerCase) throws(FileError) -> Tensor {
        guard file.contains("expected.score") else { return indexer.compute().score }
        return Tensor([.t, .s], [indexer.queries, indexer.columns], try reals("expected.score"))
    }

    // MARK: Keys

    /// Keys as a file has them, and where they lie.
    private struct StoredKeys {
        let k: Tensor
        let scale: Tensor
        let columns: Int
        let isFloat8: Bool
        var cache: (table: [[Int]], blockSize: Int, blocks: Int)?
    }

    private func keys(of sequences: Int?, dimension: Int) throws(FileError) -> StoredKeys {
        if file.contains("input.cache") || config.has("block_size") { return try cache(of: sequences, dimension: dimension) }
        if file.contains("input.block_table") { throw failure("input.block_table", "expected beside input.cache") }
        let shape = try file.info("input.k").shape
        guard shape.count == (sequences == nil ? 2 : 3), shape.last == dimension, sequences.map({ shape[0] == $0 }) ?? true else {
            let expected = sequences.map { "[\($0), s, \(dimension)]" } ?? "[s, \(dimension)]"
            throw failure("input.k", "expected the shape \(expected), found \(shape)")
        }
        let scales = try file.info("input.k_scale").shape
        guard scales == shape.dropLast() else { throw failure("input.k_scale", "expected \(shape.dropLast()), found \(scales)") }
        let count = scales.reduce(1, *)
        return StoredKeys(
            k: Tensor([.s, .d], [count, dimension], try reals("input.k")), scale: Tensor([.s], [count], try reals("input.k_scale")),
            columns: shape[shape.count - 2], isFloat8: isFloat8("input.k"))
    }

    private func cache(of sequences: Int?, dimension: Int) throws(FileError) -> StoredKeys {
        for name in ["input.k", "input.k_scale"] where file.contains(name) {
            throw failure(name, "expected no such tensor beside input.cache, which holds keys and scales")
        }
        guard let sequences else { throw failure("input.q", "expected the shape [b, t, j, d] beside input.cache") }
        let (size, columns) = (try config.integer("block_size", atLeast: 1), try config.integer("keys", atLeast: 1))
        let shape = try file.info("input.cache").shape
        let (bytes, overflows) = size.multipliedReportingOverflow(by: KeyCache.bytes(of: dimension))
        guard !overflows, shape.count == 2, shape[1] == bytes else {
            throw failure("input.cache", "expected the shape [blocks, \(size) · (\(dimension) + 4)], found \(shape)")
        }
        guard try file.info("input.cache").dataType == .u8 else {
            throw failure("input.cache", "expected bytes (U8), found \(try file.info("input.cache").dataType.rawValue)")
        }
        let table = try file.info("input.block_table").shape
        guard table.count == 2, table[0] == sequences else {
            throw failure("input.block_table", "expected the shape [\(sequences), n], found \(table)")
        }
        let (blocks, (values, scales)) = (
            try file.integers("input.block_table"), KeyCache.unpacked(try file.codes("input.cache"), size: size, dimension: dimension)
        )
        for (slot, scale) in scales.enumerated() {
            let place = "input.cache, block \(slot / size), position \(slot % size)"
            guard scale.isFinite else { throw failure(place, "expected a finite scale, found \(scale)") }
            if let bad = values[slot * dimension..<(slot + 1) * dimension].firstIndex(where: { !$0.isFinite }) {
                throw failure(place, "expected a finite feature \(bad - slot * dimension), found NaN")
            }
        }
        return StoredKeys(
            k: Tensor([.s, .d], [scales.count, dimension], values), scale: Tensor([.s], [scales.count], scales), columns: columns,
            isFloat8: true,
            cache: (stride(from: 0, to: blocks.count, by: table[1]).map { Array(blocks[$0..<$0 + table[1]]) }, size, shape[0]))
    }

    // MARK: Which of them a query sees

    private func layout(sequences: Int?, queries: Int, _ keys: StoredKeys) throws(FileError) -> KeyLayout {
        let count = (sequences ?? 1) * queries
        let hasRanges = file.contains("input.starts") || file.contains("input.ends")
        if sequences == nil, !hasRanges {
            for name in ["input.lengths"] where file.contains(name) { throw failure(name, "expected beside several sequences") }
            guard config.has("causal_offset") || keys.columns >= queries else {
                throw failure(
                    "input.k", "expected at least as many keys as queries, \(queries), found \(keys.columns); or give config.causal_offset")
            }
            return .causal(
                queries: queries, keys: keys.columns,
                offset: try config.integer("causal_offset", atLeast: 0, default: keys.columns - queries))
        }
        if config.has("causal_offset") {
            throw config.failure("causal_offset", expected: "no such setting beside input.starts and input.ends")
        }
        func positions(_ name: String) throws(FileError) -> [Int] {
            let (shape, expected) = (try file.info(name).shape, (sequences.map { [$0] } ?? []) + [queries])
            guard shape == expected else { throw failure(name, "expected \(expected), found \(shape)") }
            return try file.integers(name)
        }
        let (starts, ends) = (try positions("input.starts"), try positions("input.ends"))
        let layout: KeyLayout
        do throws(EngineError) {
            layout = try KeyLayout(columns: keys.columns, starts: starts, ends: ends, sequences: sequences, cache: keys.cache)
        } catch { throw FileError(.badData, file.path, "input.\(error)") }
        guard layout.visible.count == count, file.contains("input.lengths") else { return layout }
        let lengths = try file.integers("input.lengths")
        guard sequences != nil, try file.info("input.lengths").shape == [layout.sequences] else {
            throw failure("input.lengths", "expected [\(layout.sequences)], one a sequence, found \(try file.info("input.lengths").shape)")
        }
        for (sequence, (found, expected)) in zip(lengths, layout.lengths).enumerated() where found != expected {
            throw failure("input.lengths[\(sequence)]", "expected \(expected) as input.ends has, found \(found)")
        }
        return layout
    }

    private func isFloat8(_ name: String) -> Bool { (try? file.info(name).dataType) == .f8E4M3 }

    private func reals(_ name: String) throws(FileError) -> [Double] {
        try file.tensor(name, axes: try file.info(name).shape.indices.map { Axis("\($0)") }).values
    }
}
