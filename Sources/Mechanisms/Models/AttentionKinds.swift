// What a config.json says of attention that is not full: windows, chunks, linear layers. None of it is ever taken for dense attention.

package import Traces

extension Settings {
    /// Throws, naming the field, if some layer attends to less than all earlier tokens, or is no attention at all.
    package func refuseOtherThanFullAttention() throws(FileError) {
        if case .array(let kinds) = fields["layer_types"] {
            for case .string(let kind) in kinds where kind != "full_attention" && kind != "attention" {
                throw failure("layer_types", expected: "full_attention in every layer; \(kind) is not computed")
            }
        }
        // Qwen's files name a window and say that it is not used.
        let usesWindow = try bool("use_sliding_window", default: true)
        let windows = [
            "sliding_window", "sliding_window_pattern", "attention_window", "attention_window_size", "window_size", "local_attention",
        ]
        for name in windows where usesWindow && has(name) {
            throw failure(name, expected: "none: attention within a window is not computed")
        }
        let others = [
            "attention_chunk_size", "full_attention_interval", "linear_num_value_heads", "linear_attn_config", "attn_layer_period",
            "ssm_cfg",
            "state_size", "mamba_d_state", "block_types", "text_config",
        ]
        for name in others where has(name) {
            throw failure(name, expected: "none: this model's layers are not full attention alone, or its attention is described elsewhere")
        }
    }
}
