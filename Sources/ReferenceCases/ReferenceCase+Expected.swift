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

    private func failure(_ name: String, _ problem: String) -> FileError { FileError(.badData, file.path, "\(name): \(problem)") }

    /// A selection holds positions of keys, row by row, and -1 where a row has fewer.
    private func checkSelection(_ name: String, _ info: Safetensors.Info) throws(FileError) {
        guard info.shape.count == 2 else { throw failure(name, "expected the shape [t, k], found \(info.shape)") }
        let holder = kind == .indexer ? "input.k" : "input.x"
        guard file.contains(holder) else { return }
        let keys = try file.info(holder).shape.first ?? 0
        let positions: [Double]
        if info.dataType == .f64 {
            positions = try file.tensor(name, axes: [.t, .k]).values
        } else {
            positions = try file.integers(name).map { Double($0) }
        }
        if let bad = positions.firstIndex(where: { !($0 >= -1 && $0 < Double(keys) && $0 == $0.rounded()) }) {
            let cell = [bad / info.shape[1], bad % info.shape[1]]
            throw failure("\(name)\(cell)", "expected a key from 0 to \(keys - 1), or -1, found \(NumberText.exact(positions[bad]))")
        }
    }

    private func checkIndexer() throws(FileError) {
        guard file.contains("input.q"), file.contains("input.k") else { return }
        let (queries, keys) = (try file.info("input.q").shape.first ?? 0, try file.info("input.k").shape.first ?? 0)
        if file.contains("expected.score") {
            let shape = try file.info("expected.score").shape
            guard shape == [queries, keys] else { throw failure("expected.score", "expected the shape \([queries, keys]), found \(shape)") }
        }
        if file.contains("expected.selected") {
            let shape = try file.info("expected.selected").shape
            guard shape[0] == queries else { throw failure("expected.selected", "expected \(queries) rows, found \(shape)") }
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
