// What a case of each kind consists of. A setting or a tensor besides would have been meant to change the result, and the engine would not have heard
// of it: it is refused by name. And how large a case may be.

import Traces

extension ReferenceCase {
    /// The most scores of one attention, over all heads: each of the steps that hold them takes at most 256 MB.
    static let mostScores = 1 << 25

    /// The most values that the tensors of a case have together: 1 GB as Doubles.
    static let mostValues = 1 << 27

    /// Throws for tensors that are larger together, whatever a file without data behind its header costs on the disk.
    func checkSize() throws(FileError) {
        var values = 0
        for name in file.names { values += try file.info(name).range.count / file.info(name).dataType.size }
        guard values <= Self.mostValues else {
            throw FileError(.badData, file.path, "expected a case of at most \(Self.mostValues) values, found \(values)")
        }
    }

    /// Throws, naming it, for a setting or a tensor that this kind of case does not have.
    func checkNothingIsUnknown() throws(FileError) {
        let (settings, tensors) = known
        if let name = config.names.first(where: { !settings.contains($0) && config.has($0) }) {
            let near = NearWords.hint(NearWords.of(name, in: settings.sorted()))
            throw config.failure(name, expected: "no such setting in a case of kind \(kind.rawValue)\(near)")
        }
        if let name = file.names.first(where: { !tensors.contains($0) && !$0.hasPrefix("expected.") }) {
            let near = NearWords.hint(NearWords.of(name, in: tensors.sorted()))
            throw FileError(.badData, file.path, "\(name): a case of kind \(kind.rawValue) has no such tensor\(near)")
        }
    }

    private var known: (settings: Set<String>, tensors: Set<String>) {
        switch kind {
        case .attention:
            (
                ["dim", "n_heads", "n_kv_heads", "head_dim", "v_head_dim", "length", "causal", "rope", "rope_theta"],
                ["input.x", "weight.wq", "weight.wk", "weight.wv", "weight.wo"]
            )
        case .deepseekSparseAttention:
            (
                [
                    "max_seq_len", "dim", "n_heads", "q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim",
                    "original_seq_len", "index_n_heads", "index_head_dim", "index_topk", "rope_theta", "rope_factor", "beta_fast",
                    "beta_slow", "mscale", "prefill_length", "decode_length", "indexer_rope", "indexer_fp8", "kv_fp8", "quant_block",
                    "quant_scale", "norm_eps",
                ],
                [
                    "input.x", "weight.wq_a.weight", "weight.q_norm.weight", "weight.wq_b.weight", "weight.wkv_a.weight",
                    "weight.kv_norm.weight", "weight.wkv_b.weight", "weight.wo.weight", "weight.indexer.wq_b.weight",
                    "weight.indexer.wk.weight", "weight.indexer.weights_proj.weight", "weight.indexer.k_norm.weight",
                    "weight.indexer.k_norm.bias",
                ]
            )
        case .float8E4M3: (["saturate", "quant_block", "quant_scale", "amax_floor"], ["input.values", "input.blocks"])
        case .indexer:
            (
                ["index_topk", "causal_offset", "queries", "keys", "index_n_heads", "index_head_dim", "seed"],
                ["input.q", "input.k", "input.k_scale", "input.weights"]
            )
        }
    }

    /// Throws for an attention of more scores than fit: `heads` heads over `length` tokens.
    func checkScores(heads: Int, length: Int) throws(FileError) {
        let (pairs, overflows) = length.multipliedReportingOverflow(by: length)
        let (scores, overflow) = pairs.multipliedReportingOverflow(by: heads)
        guard !overflows, !overflow, scores <= Self.mostScores else {
            throw FileError(
                .badData, file.path, "expected at most \(Self.mostScores) scores, found \(heads) heads over \(length) tokens")
        }
    }
}
