// The one or several safetensors files of a model: which tensor is in which, what scale belongs to an FP8 weight, and what nobody asked for.

import Synchronization
import Traces

/// The weights of a model folder.
final class WeightFiles: Sendable {
    /// Tensors by name, with the file that holds each.
    private let holders: [String: Safetensors]
    /// The file that says which tensors there are, for errors.
    private let index: String
    /// The files that the index names; none where one file holds all.
    private let shards: [String: Safetensors]
    /// Paths of the files that hold tensors, in order.
    let paths: [String]
    private let asked = Mutex<Set<String>>([])

    /// Opens `model.safetensors`, or the files that `model.safetensors.index.json` names; throws, saying what is there instead, if neither is.
    init(folder: String) throws(FileError) {
        let whole = "\(folder)/model.safetensors"
        do throws(FileError) {
            let single = try Safetensors(path: whole)
            holders = Dictionary(uniqueKeysWithValues: single.names.map { ($0, single) })
            (index, paths, shards) = (whole, [whole], [:])
            return
        } catch {
            // A file that is there and cannot be read is not one that is missing.
            guard error.kind == .noInput, !ForeignFile.exists(whole) else { throw error }
        }
        let index = "\(folder)/model.safetensors.index.json"
        let map: Settings
        do throws(FileError) {
            let settings = try JSONReader.read(path: index) { reader throws(FileError) in try Settings(file: index, reader: &reader) }
            guard let found = try settings.object("weight_map") else { throw settings.failure("weight_map", expected: "an object") }
            map = found
        } catch  where error.kind == .noInput {
            throw FileError(.noInput, whole, ForeignFile.instead(of: "model.safetensors", in: folder) ?? "there is no such file")
        }
        var files: [String: Safetensors] = [:]
        var holders: [String: Safetensors] = [:]
        for tensor in map.names {
            let name = try map.text(tensor)
            let isFileName = !["", ".", ".."].contains(name) && !name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
            guard isFileName else { throw map.failure(tensor, expected: "the name of a file in the same folder") }
            if files[name] == nil { files[name] = try Safetensors(path: "\(folder)/\(name)") }
            holders[tensor] = files[name]
        }
        (self.holders, self.index, self.paths) = (holders, index, files.keys.sorted().map { "\(folder)/\($0)" })
        shards = files
    }

    /// Throws unless the files hold the tensors that the index says are in them, and no others: what an index leaves out would be left out of the
    /// model.
    private func checkIndex() throws(FileError) {
        for (name, file) in shards.sorted(by: { $0.key < $1.key }) {
            for tensor in file.names {
                guard let holder = holders[tensor] else {
                    throw FileError(.badData, index, "weight_map: expected \(tensor), which \(name) holds")
                }
                guard holder.path == file.path else {
                    throw FileError(.badData, index, "weight_map.\(tensor): expected one file, found it in \(name) too")
                }
            }
        }
    }

    func contain(_ tensor: String) -> Bool { holders[tensor] != nil }

    /// Whether the files' names leave out what those of `expected` begin with: found by the first of them. Throws if they have it both with
    /// and without.
    func leaveOut(_ prefix: String, of expected: [String]) throws(FileError) -> Bool {
        for name in expected where !prefix.isEmpty && name.hasPrefix(prefix) {
            let short = String(name.dropFirst(prefix.count))
            guard contain(short) else { continue }
            guard !contain(name) else { throw FileError(.badData, index, "expected one of \(name) and \(short), found both") }
            return true
        }
        return false
    }

    /// A weight of exactly this shape, read when its values are asked for. FP8 codes are multiplied by the scale that stands beside them, `NAME_scale`: one for all, or one a row.
    /// Throws for codes without a scale.
    func weight(_ name: String, _ shape: Shape) throws(FileError) -> NamedTensor {
        let file = try holder(of: name)
        let type = try file.info(name).dataType
        try Self.checkIsReal(name, type, file.path)
        try MachineMemory.check(name, file.info(name).range.count / type.size, file.path)
        let read = try file.stored(name, shape)
        guard type == .f8E4M3 else { return NamedTensor(name, shape, stored: read) }
        let scaleName = name + "_scale"
        guard contain(scaleName) else {
            throw FileError(
                .badData, file.path, "\(name): expected a scale \(scaleName) beside FP8 codes, found none: they cannot be read without")
        }
        let scales = try scales(scaleName, rows: shape.lengths[0])
        let width = shape.count / shape.lengths[0]
        return NamedTensor(name, shape) {
            let codes = read().values
            return Tensor(shape, codes.indices.map { codes[$0] * scales[$0 / width] })
        }
    }

    /// Integers are codes of some quantisation, whatever their shape.
    private static func checkIsReal(_ name: String, _ type: Safetensors.DataType, _ path: String) throws(FileError) {
        guard ![.i64, .i32, .u8].contains(type) else {
            throw FileError(
                .badData, path, "\(name): expected real numbers, found \(type.rawValue): codes of a quantisation that is not understood")
        }
    }

    /// A scale for each row.
    private func scales(_ name: String, rows: Int) throws(FileError) -> [Double] {
        let file = try holder(of: name)
        let (shape, type) = (try file.info(name).shape, try file.info(name).dataType)
        guard [.f64, .f32, .f16, .bf16].contains(type) else {
            throw FileError(.badData, file.path, "\(name): expected scales of type F64, F32, F16 or BF16, found \(type.rawValue)")
        }
        guard [[], [1], [rows], [rows, 1]].contains(shape) else {
            throw FileError(.badData, file.path, "\(name): expected one scale, or one for each of \(rows) rows, found the shape \(shape)")
        }
        let values = try file.tensor(name, axes: shape.indices.map { Axis("\($0)") }).values
        if let bad = values.first(where: { !($0 > 0 && $0.isFinite) }) {
            throw FileError(.badData, file.path, "\(name): expected scales above 0, found \(NumberText.exact(bad))")
        }
        return values.count == 1 ? [Double](repeating: values[0], count: rows) : values
    }

    private func holder(of tensor: String) throws(FileError) -> Safetensors {
        asked.withLock { _ = $0.insert(tensor) }
        if let file = holders[tensor] { return file }
        let near = NearWords.of(tensor, in: holders.keys.sorted())
        throw FileError(.badData, index, "tensor \(tensor) is missing" + (near.isEmpty ? "" : "; there is \(near.joined(separator: ", "))"))
    }

    /// The tensors that were never asked for, sorted; throws for one that changes what others mean, and for an index that is not that of its files.
    func unused() throws(FileError) -> [String] {
        try checkIndex()
        let asked = asked.withLock { $0 }
        let unused = holders.keys.filter { !asked.contains($0) }.sorted()
        let words = ["scale", "zero_point", "qweight", "qzeros", "g_idx", "lora_", "absmax", "quant_"]
        if let name = unused.first(where: { name in words.contains { name.contains($0) } }) {
            throw FileError(.badData, holders[name]?.path ?? index, "tensor \(name): this quantisation or adapter is not understood")
        }
        return unused
    }
}
