// The fields of a Llama config.json that are not read: those that say nothing of the numbers, those that would change them and are refused, and
// those that nobody here has heard of, which are named.

package import Traces

extension Settings {
    /// Throws, naming it, for a field that asks for another computation than this model's. Its authors' code may pass over it; a model whose
    /// configuration carries it was meant to run on code that does not.
    func refuseOtherThanLlama() throws(FileError) {
        for name in Self.ofOtherModels where !isNeutral(name) { throw failure(name, expected: "none in a model of type llama") }
        for name in [
            "logit_scale", "logits_scaling", "embedding_multiplier", "residual_multiplier", "scale_emb", "rotary_pct", "rope_percent",
        ]
        where has(name) {
            guard try number(name) == 1 else { throw failure(name, expected: "1") }
        }
        for name in ["is_causal", "scale_attn_weights"] where has(name) {
            guard try bool(name) else { throw failure(name, expected: "true") }
        }
        if has("hidden_activation"), try text("hidden_activation") != "silu" { throw failure("hidden_activation", expected: "\"silu\"") }
        let positions = ["rope", "rotary"]
        if has("position_embedding_type"), !positions.contains(try text("position_embedding_type")) {
            throw failure("position_embedding_type", expected: "\"rope\"")
        }
    }

    /// The fields that were not read and are not known to say nothing of the numbers, sorted.
    package var unknownFields: [String] {
        names.filter { !Self.read.contains($0) && !Self.withoutEffect.contains($0) && !isNeutral($0) }
    }

    private static let ofOtherModels = [
        "attn_logit_softcapping", "final_logit_softcapping", "logits_soft_cap", "query_pre_attn_scalar", "attention_multiplier", "qk_norm",
        "use_qk_norm", "qk_layernorm", "clip_qkv", "attention_out_bias", "bias", "use_bias", "qkv_bias", "use_qkv_bias", "rope_interleaved",
        "rope_interleave", "no_rope_layers", "no_rope_layer_interval", "num_experts", "num_local_experts", "n_routed_experts", "alibi",
        "use_alibi", "parallel_attn", "use_parallel_residual", "rope_base", "rotary_base", "rotary_emb_base", "rotary_dim", "rope_ratio",
        "norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_type", "normalization", "post_norm", "scale_embeddings", "scale_depth",
        "dim_model_base", "use_sliding_window", "add_cross_attention", "attention_sink", "use_attention_sinks", "index_topk",
        "kv_lora_rank", "quantization", "compression_config",
    ]

    private static let read: Set<String> = [
        "architectures", "attention_bias", "eos_token_id", "head_dim", "hidden_act", "hidden_activation", "hidden_size",
        "intermediate_size",
        "layer_types", "max_position_embeddings", "mlp_bias", "model_type", "num_attention_heads", "num_hidden_layers",
        "num_key_value_heads",
        "partial_rotary_factor", "quantization_config", "rms_norm_eps", "rope_parameters", "rope_scaling", "rope_theta",
        "tie_word_embeddings", "vocab_size", "is_causal", "scale_attn_weights", "position_embedding_type", "logit_scale", "logits_scaling",
        "embedding_multiplier", "residual_multiplier", "scale_emb", "rotary_pct", "rope_percent",
    ]

    /// Training, generation and bookkeeping.
    private static let withoutEffect: Set<String> = [
        "_attn_implementation", "_commit_hash", "_name_or_path", "attention_dropout", "attn_implementation", "attn_pdrop", "bos_token_id",
        "dtype", "embd_pdrop", "hidden_dropout", "id2label", "initializer_range", "is_decoder", "is_encoder_decoder", "label2id", "name",
        "output_attentions", "output_hidden_states", "pad_token_id", "pretraining_tp", "problem_type", "resid_pdrop", "return_dict",
        "tokenizer_class", "torch_dtype", "transformers_version", "unk_token_id", "unsloth_fixed", "unsloth_version", "use_cache",
    ]
}
