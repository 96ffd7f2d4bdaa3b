// What somebody's indexer wrote: the stages of it that a file has.

import Mechanisms
import ModelFiles
import Traces

/// The stages that a file has.
struct WholeIndexerDump {
    /// All but the selection.
    let values: [WholeIndexerStage: Tensor]
    /// The keys of each row; nil if there are none.
    let selected: [Set<Int>]?

    /// Throws, naming it, for a tensor that is no stage of the case, has another shape, or NaN where it is judged; and if there is none.
    init(path: String, _ whole: WholeIndexerCase, _ right: WholeIndexerAnswer) throws(FileError) {
        let file = try Safetensors(path: path)
        let names = whole.stages.map(\.rawValue)
        var values: [WholeIndexerStage: Tensor] = [:]
        var selected: [Set<Int>]?
        for name in file.names {
            guard let stage = WholeIndexerStage(rawValue: name), names.contains(name) else {
                throw FileError(.badData, path, "\(name): expected some of \(names.joined(separator: ", "))")
            }
            if stage == .selected {
                selected = try Self.selected(file, whole)
            } else {
                values[stage] = try Self.values(file, stage, right)
            }
        }
        guard !file.names.isEmpty else {
            throw FileError(.badData, path, "expected some of \(names.joined(separator: ", ")), found no tensor")
        }
        (self.values, self.selected) = (values, selected)
    }

    private static func values(_ file: Safetensors, _ stage: WholeIndexerStage, _ right: WholeIndexerAnswer) throws(FileError) -> Tensor {
        let (name, own) = (stage.rawValue, right.values[stage]!)
        let shape = try file.info(name).shape
        guard shape == own.shape.lengths || shape == [1] + own.shape.lengths else {
            throw FileError(.badData, file.path, "\(name): expected the shape \(own.shape.lengths), found \(shape)")
        }
        let read = Tensor(own.shape, try file.tensor(name, axes: shape.indices.map { Axis("\($0)") }).values)
        let bad = read.values.indices.first { cell in
            let isJudged = stage != .score || right.visible[cell / right.visible.columns, cell % right.visible.columns]
            return read.values[cell].isNaN && isJudged
        }
        guard let bad else { return read }
        throw FileError(.badData, file.path, "\(name)\(read.shape.index(ofOffset: bad)): expected a number, found NaN")
    }

    private static func selected(_ file: Safetensors, _ whole: WholeIndexerCase) throws(FileError) -> [Set<Int>] {
        let (name, queries, topK) = (WholeIndexerStage.selected.rawValue, whole.queries, whole.indexer.topK)
        var shape = try file.info(name).shape
        if shape.count == 3, shape[0] == 1 { shape.removeFirst() }
        guard shape.count == 2, shape[0] == queries, shape[1] >= topK else {
            throw FileError(
                .badData, file.path,
                "\(name): expected the shape [\(queries), k] with k of at least \(topK), found \(try file.info(name).shape)")
        }
        let tensor = Tensor([.t, .k], shape, try file.integers(name).map(Double.init))
        do throws(EngineError) { return try Selection.kept(tensor, called: name, columns: whole.keys).map(Set.init) } catch {
            throw FileError(.badData, file.path, "\(error)")
        }
    }
}
