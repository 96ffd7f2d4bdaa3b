// What somebody's kernel of an indexer wrote, read with what may be asked of it.

import ModelFiles
import Traces

/// What somebody's kernel wrote.
struct IndexerDump {
    /// The keys of each row as they stand there; nil if there are none.
    let selected: [[Int]]?
    /// The scores [t, s]; nil if there are none.
    let score: Tensor?

    init(path: String, _ indexer: IndexerCase, wanted: Int, _ rules: IndexerCheck.Rules) throws(FileError) {
        let file = try Safetensors(path: path)
        let visible = indexer.visible
        guard file.contains("selected") || file.contains("score") else {
            throw FileError(.badData, path, "expected a tensor selected [\(visible.rows), k] or score, found neither")
        }
        selected = file.contains("selected") ? try Self.selected(file, visible, wanted, rules) : nil
        score = file.contains("score") ? try Self.score(file, visible) : nil
    }

    private static func selected(_ file: Safetensors, _ visible: Mask, _ wanted: Int, _ rules: IndexerCheck.Rules) throws(FileError)
        -> [[Int]]
    {
        let shape = try unbatched(file, "selected")
        guard shape.count == 2, shape[0] == visible.rows else {
            throw FileError(.badData, file.path, "selected: expected the shape [\(visible.rows), k], found \(shape)")
        }
        guard shape[1] >= wanted else {
            throw FileError(.badData, file.path, "selected: expected at least \(wanted) ranks a row, found \(shape[1])")
        }
        var positions = try file.integers("selected")
        for row in 0..<shape[0] {
            var seen: Set<Int> = []
            for cell in row * shape[1]..<(row + 1) * shape[1] {
                let isKey = (0..<visible.columns).contains(positions[cell])
                if rules.allowsAnyPadding, !isKey { positions[cell] = -1 }
                if rules.allowsDuplicates, isKey, !seen.insert(positions[cell]).inserted { positions[cell] = -1 }
            }
        }
        let tensor = Tensor([.t, .k], shape, positions.map(Double.init))
        do throws(EngineError) { return try Selection.kept(tensor, called: "selected", columns: visible.columns) } catch {
            throw FileError(.badData, file.path, "\(error)")
        }
    }

    private static func score(_ file: Safetensors, _ visible: Mask) throws(FileError) -> Tensor {
        let shape = try unbatched(file, "score")
        guard shape == [visible.rows, visible.columns] else {
            throw FileError(.badData, file.path, "score: expected the shape [\(visible.rows), \(visible.columns)], found \(shape)")
        }
        let axes = try file.info("score").shape.count == 2 ? [Axis.t, .s] : [Axis("b"), .t, .s]
        let score = Tensor([.t, .s], shape, try file.tensor("score", axes: axes).values)
        for row in 0..<visible.rows {
            for key in visible.visibleKeys(of: row) where score[row, key].isNaN {
                throw FileError(.badData, file.path, "score[\(row), \(key)]: expected a number, found NaN")
            }
        }
        return score
    }

    /// The shape of a tensor without a batch axis of 1 before two others.
    private static func unbatched(_ file: Safetensors, _ name: String) throws(FileError) -> [Int] {
        let shape = try file.info(name).shape
        return shape.count == 3 && shape[0] == 1 ? Array(shape.dropFirst()) : shape
    }

    /// The selection that a case expects.
    static func expected(_ reference: ReferenceCase, _ visible: Mask) throws(FileError) -> [Selection.Row] {
        let (file, name) = (reference.file, "expected.selected")
        let tensor = Tensor([.t, .k], try file.info(name).shape, try file.integers(name).map { Double($0) })
        let scores = try file.tensor("expected.score", axes: [.t, .s])
        do throws(EngineError) { return try Selection(tensor, called: name, scores: scores, dense: nil, visible: visible).rows } catch {
            throw FileError(.badData, file.path, "\(error)")
        }
    }
}
