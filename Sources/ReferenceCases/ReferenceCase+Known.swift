// What a case of each kind consists of. A setting or a tensor besides would have been meant to change the result, and the engine would not have heard
// of it: it is refused by name. And how large a case may be.

import Mechanisms
import ModelFiles
import Traces

extension ReferenceCase {
    /// Throws for tensors that are larger together, whatever a file without data behind its header costs on the disk.
    func checkSize() throws(FileError) {
        var values = 0
        for name in file.names { values += try file.info(name).range.count / file.info(name).dataType.size }
        guard values <= CaseParts.mostValues else {
            throw FileError(.badData, file.path, "expected a case of at most \(CaseParts.mostValues) values, found \(values)")
        }
    }

    /// Throws, naming it, for a setting or a tensor that this kind of case does not have.
    func checkNothingIsUnknown() throws(FileError) { try parts.check(config, file) }

    private var parts: CaseParts {
        switch kind {
        case .attention:
            CaseParts(
                kind.rawValue,
                settings: ["dim", "n_heads", "n_kv_heads", "head_dim", "v_head_dim", "length", "causal", "rope", "rope_theta"],
                tensors: ["input.x", "weight.wq", "weight.wk", "weight.wv", "weight.wo"])
        case .deepseekSparseAttention: SparseCase.parts
        case .float8E4M3:
            CaseParts(
                kind.rawValue, settings: ["saturate", "quant_block", "quant_scale", "amax_floor"],
                tensors: ["input.values", "input.blocks"])
        case .float4E2M1:
            CaseParts(kind.rawValue, settings: ["quant_block", "quant_scale", "seed"], tensors: ["input.values", "input.blocks"])
        case .wholeIndexer: WholeIndexerCase.parts
        case .sparseMLA: SparseMLACase.parts
        case .indexer:
            CaseParts(
                kind.rawValue,
                settings: [
                    "index_topk", "causal_offset", "batch", "queries", "keys", "block_size", "index_n_heads", "index_head_dim",
                    "judged_rows",
                    "seed", "ragged",
                ],
                tensors: [
                    "input.q", "input.k", "input.k_scale", "input.weights", "input.starts", "input.ends", "input.lengths", "input.cache",
                    "input.block_table",
                ])
        }
    }

    /// Throws for an attention of more scores than fit: `heads` heads over `length` tokens.
    func checkScores(heads: Int, length: Int) throws(FileError) {
        try CaseParts.checkScores(heads: heads, length: length, file: file.path)
    }
}
