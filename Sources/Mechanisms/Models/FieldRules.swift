// What a family makes of the fields of its config.json: those that it reads, those that say nothing of its numbers, those that ask for another
// computation and are refused unless they say nothing, and those that nobody here has heard of, which are named.

package import Traces

/// How a family treats the fields of a configuration.
package struct FieldRules: Sendable {
    /// The family's `model_type`.
    package let modelType: String
    /// The classes of its authors' code that compute what is computed here.
    let architectures: [String]
    /// Fields that it reads.
    private let reads: Set<String>
    /// Fields that its authors' code does not read, whatever they mean elsewhere.
    private let ignores: Set<String>
    /// Fields that are refused unless they say nothing.
    private let refuses: Set<String>

    /// Rules of a family; what it reads or ignores beyond all families'.
    package init(
        _ modelType: String, architectures: [String], reads: [String], ignores: [String] = [], refuses: [String] = []
    ) {
        self.modelType = modelType
        self.architectures = architectures
        self.reads = Set(reads).union(Self.readByAll)
        self.ignores = Set(ignores)
        self.refuses = Set(Self.ofOtherModels + refuses).subtracting(reads).subtracting(ignores)
    }

    /// Throws, naming it, for a field that asks for another computation than this family's. Its authors' code may pass over it; a model whose
    /// configuration carries it was meant to run on code that does not.
    package func check(_ config: Settings) throws(FileError) {
        for name in try config.texts("architectures") where !architectures.contains(name) {
            throw config.failure("architectures", expected: architectures.joined(separator: " or "))
        }
        for name in config.names where refuses.contains(name) && !config.isNeutral(name) {
            throw config.failure(name, expected: "none in a model of type \(modelType)")
        }
        for name in Self.ones where config.has(name) && !ignores.contains(name) {
            guard try config.number(name) == 1 else { throw config.failure(name, expected: "1") }
        }
        for name in ["is_causal", "scale_attn_weights"] where config.has(name) && !reads.contains(name) {
            guard try config.bool(name) else { throw config.failure(name, expected: "true") }
        }
    }

    /// Whether a configuration says that the model was saved without its head.
    package func saysNoHead(_ config: Settings) throws(FileError) -> Bool {
        let classes = try config.texts("architectures")
        return !classes.isEmpty && classes.allSatisfy { $0.hasSuffix("Model") && !$0.hasSuffix("HeadModel") && !$0.hasSuffix("HeadsModel") }
    }

    /// The fields that were not read and are not known to say nothing of the numbers, sorted.
    package func unknown(in config: Settings) -> [String] {
        config.names.filter {
            !reads.contains($0) && !ignores.contains($0) && !Self.withoutEffect.contains($0) && !Self.checked.contains($0)
                && !config.isNeutral($0)
        }
    }

    private static let readByAll = [
        "architectures", "eos_token_id", "model_type", "quantization_config", "tie_word_embeddings", "vocab_size",
    ]

    private static let ones = [
        "logit_scale", "logits_scaling", "embedding_multiplier", "residual_multiplier", "scale_emb", "rotary_pct", "rope_percent",
    ]
    private static let checked = Set(ones + ["is_causal", "scale_attn_weights"])

    private static let ofOtherModels = [
        "attn_logit_softcapping", "final_logit_softcapping", "logits_soft_cap", "query_pre_attn_scalar", "attention_multiplier", "qk_norm",
        "use_qk_norm", "qk_layernorm", "clip_qkv", "attention_out_bias", "bias", "use_bias", "qkv_bias", "use_qkv_bias", "rope_interleaved",
        "rope_interleave", "no_rope_layers", "no_rope_layer_interval", "num_experts", "num_local_experts", "n_routed_experts", "alibi",
        "use_alibi", "parallel_attn", "use_parallel_residual", "rope_base", "rotary_base", "rotary_emb_base", "rotary_dim", "rope_ratio",
        "norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_type", "normalization", "post_norm", "scale_embeddings", "scale_depth",
        "dim_model_base", "use_sliding_window", "add_cross_attention", "attention_sink", "use_attention_sinks", "index_topk",
        "kv_lora_rank", "quantization", "compression_config", "use_bidirectional_attention", "scale_attn_by_inverse_layer_idx",
        "attention_bias", "mlp_bias", "use_mrope", "original_max_position_embeddings",
    ]

    /// Training, generation and bookkeeping.
    private static let withoutEffect: Set<String> = [
        "_attn_implementation", "_commit_hash", "_name_or_path", "attention_dropout", "attn_implementation", "attn_pdrop", "bos_token_id",
        "cache_implementation", "chunk_size_feed_forward", "dtype", "embd_pdrop", "hidden_dropout", "id2label", "initializer_range",
        "is_decoder", "is_encoder_decoder", "is_llama_config", "label2id", "name", "output_attentions", "output_hidden_states",
        "pad_token_id",
        "pretraining_tp", "problem_type", "resid_pdrop", "return_dict", "task_specific_params", "tokenizer_class", "torch_dtype",
        "transformers.js_config",
        "transformers_version", "unk_token_id", "unsloth_fixed", "unsloth_version", "use_cache",
    ]
}
