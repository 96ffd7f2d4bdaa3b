// A case's tensors, looked at once when it is opened, so that every command may rely on them: none is empty, selections are of keys that there are,
// scores and selections have a row for each query.

import ModelFiles
import Traces

extension ReferenceCase {
    /// Throws, naming the tensor, unless no tensor is empty and every `expected.*` tensor can be compared.
    func checkTensors() throws(FileError) {
        try checkSize()
        for name in file.names {
            let shape = try file.info(name).shape
            guard !shape.contains(0) else { throw failure(name, "expected lengths of at least 1, found \(shape)") }
        }
        for name in expectedNames where name.hasSuffix("selected") { try checkSelection(name, file.info(name)) }
        if kind == .indexer { try checkIndexer() }
        if kind == .float8E4M3 { try checkFloat8() }
    }

    func failure(_ name: String, _ problem: String) -> FileError { FileError(.badData, file.path, "\(name): \(problem)") }

    /// A selection holds positions of keys, row by row, and -1 where a row has fewer.
    private func checkSelection(_ name: String, _ info: Safetensors.Info) throws(FileError) {
        let isBatch = kind == .indexer && file.shape("input.q")?.count == 4
        guard info.shape.count == (isBatch ? 3 : 2) else {
            throw failure(name, "expected the shape \(isBatch ? "[b, t, k]" : "[t, k]"), found \(info.shape)")
        }
        guard let keys = try keyCount(isBatch: isBatch) else { return }
        let positions: [Double]
        if info.dataType == .f64 {
            positions = try file.tensor(name, axes: [.t, .k]).values
        } else {
            positions = try file.integers(name).map { Double($0) }
        }
        if let bad = positions.firstIndex(where: { !($0 >= -1 && $0 < Double(keys) && $0 == $0.rounded()) }) {
            var (cell, rest) = ([Int](), bad)
            for length in info.shape.reversed() {
                cell.insert(rest % length, at: 0)
                rest /= length
            }
            throw failure("\(name)\(cell)", "expected a key from 0 to \(keys - 1), or -1, found \(NumberText.exact(positions[bad]))")
        }
    }

    /// How many keys a selection chooses from; nil where the tensor that says so is missing, which is told when it is read.
    private func keyCount(isBatch: Bool) throws(FileError) -> Int? {
        if kind == .indexer, file.contains("input.cache") { return try config.integer("keys", atLeast: 1) }
        let holder = kind == .indexer ? "input.k" : "input.x"
        guard file.contains(holder) else { return nil }
        let shape = try file.info(holder).shape
        return isBatch ? shape.dropFirst().first : shape.first
    }

    private func checkIndexer() throws(FileError) {
        guard file.contains("input.q"), case let q = try file.info("input.q").shape, q.count > 2,
            let keys = try keyCount(isBatch: q.count == 4)
        else { return }
        let queries = Array(q.dropLast(2))
        if file.contains("expected.score") {
            let shape = try file.info("expected.score").shape
            guard shape == queries + [keys] else {
                throw failure("expected.score", "expected the shape \(queries + [keys]), found \(shape)")
            }
        }
        for name in ["expected.selected", "expected.slots"] where file.contains(name) {
            let shape = try file.info(name).shape
            guard Array(shape.dropLast()) == queries else {
                throw failure(name, "expected \(queries.map(String.init).joined(separator: " × ")) rows, found \(shape)")
            }
        }
    }

    /// Blocks have a largest magnitude only where their values are finite.
    private func checkFloat8() throws(FileError) {
        for (name, value) in [("saturate", Float8.largest), ("amax_floor", ScaleFormat.leastMagnitude)] where config.has(name) {
            guard try config.number(name) == value else { throw config.failure(name, expected: "\(NumberText.exact(value))") }
        }
        guard file.contains("input.blocks") else { return }
        let shape = try file.info("input.blocks").shape
        let blocks = try file.tensor("input.blocks", axes: shape.indices.map { Axis("\($0)") })
        if let bad = blocks.firstNonFiniteIndex { throw failure("input.blocks\(bad)", "expected a finite number, found \(blocks[bad])") }
    }
}

extension Safetensors {
    /// The shape of a tensor; nil if there is none of this name.
    fileprivate func shape(_ name: String) -> [Int]? { try? info(name).shape }
}
