// A case of kind `deepseek-sparse-attention` out of a file: what it consists of is the mechanisms' business, and a page has the same out of a text.

public import Mechanisms
public import ModelFiles
public import Traces

extension Safetensors: CaseTensors {
    /// The lengths of a tensor, outermost first; throws if there is none of this name.
    package func lengths(_ name: String) throws(FileError) -> [Int] { try info(name).shape }
}

extension ReferenceCase {
    /// The mechanism and the passes of a case of kind `deepseek-sparse-attention`; throws if a setting or a tensor is missing or does not fit.
    public func sparseAttention() throws(FileError) -> SparseCase {
        try checkIsSparse()
        return try SparseCase(config, file)
    }

    /// The same as a page has it, without expected values. Throws as `sparseAttention` does.
    /// - Parameter sha256: of the file, in hexadecimal: pictures drawn in a page carry it, as the command's do.
    public func pageCase(sha256: String?) throws(FileError) -> PageCase {
        _ = try sparseAttention()
        let base = file.path.split(separator: "/").last.map(String.init) ?? ""
        var tensors: [NamedTensor] = []
        for name in file.names where SparseCase.parts.tensors.contains(name) {
            let lengths = try file.lengths(name)
            tensors.append(NamedTensor(name, try file.tensor(name, axes: lengths.indices.map { Axis("\($0)") })))
        }
        return PageCase(
            name: base.hasSuffix(".safetensors") ? String(base.dropLast(".safetensors".count)) : base, sha256: sha256, config: config,
            tensors: tensors)
    }

    private func checkIsSparse() throws(FileError) {
        guard kind == .deepseekSparseAttention else {
            throw FileError(.badData, file.path, "kind: expected deepseek-sparse-attention, found \(kind.rawValue)")
        }
    }
}
