// What a config.json says of attention that is not full: windows, chunks, linear layers, keys shared between layers. None of it is ever taken for
// dense attention.

package import Traces

private let otherWindows = ["sliding_window_pattern", "attention_window", "attention_window_size", "window_size", "local_attention"]

extension Settings {
    /// Throws, naming the field, if some layer attends to less than all earlier tokens, or is no attention at all.
    package func refuseOtherThanFullAttention() throws(FileError) {
        if has("layer_types") {
            for kind in try texts("layer_types") where kind != "full_attention" && kind != "attention" {
                throw failure("layer_types", expected: "full_attention in every layer; \(kind) is not computed")
            }
        }
        // Qwen's files name a window and say that it is not used.
        let usesWindow = try bool("use_sliding_window", default: true)
        for name in ["sliding_window"] + otherWindows where usesWindow && has(name) {
            throw failure(name, expected: "none: attention within a window is not computed")
        }
        try refuseOtherLayers()
    }

    /// Throws, naming the field, if some layer is no attention of keys and values of its own.
    package func refuseOtherLayers() throws(FileError) {
        if let name = names.first(where: { self.tellsOfOtherLayers($0) }) {
            throw failure(name, expected: "none: this model's layers are not full attention alone, or its attention is described elsewhere")
        }
    }

    /// Throws, naming it, for a window that is not said by `sliding_window`.
    func refuseOtherWindows() throws(FileError) {
        for name in otherWindows where has(name) { throw failure(name, expected: "none: this model's window is its sliding_window") }
    }

    /// The window of `sliding_window`: `standard` where the file is silent, none where it says null.
    func slidingWindow(default standard: Int) throws(FileError) -> Int? {
        guard fields["sliding_window"] != nil else { return standard }
        return has("sliding_window") ? try integer("sliding_window", atLeast: 1) : nil
    }

    /// Whether the field `name` speaks of layers that are not full attention with keys and values of their own.
    private func tellsOfOtherLayers(_ name: String) -> Bool {
        guard !isNeutral(name) else { return false }
        let whole = [
            "attention_chunk_size", "full_attention_interval", "attn_layer_period", "attn_layer_offset", "attn_layer_indices",
            "attn_type_list",
            "attention_types", "layers_block_type", "layer_group_size", "state_size", "block_types", "block_configs", "text_config",
            "hybrid_override_pattern", "full_attn_idxs", "cross_attention_layers", "num_kv_shared_layers", "num_kv_reused_layers",
            "cla_share_factor", "use_cla", "conv_L_cache", "lru_width", "sparse_attention", "global_attn_every_n_layers",
        ]
        let beginnings = [
            "linear_num_", "linear_attn", "linear_attention", "linear_key_", "linear_value_", "mamba_", "ssm_", "rnn_", "moba_", "nsa_",
        ]
        return whole.contains(name) || beginnings.contains { name.hasPrefix($0) }
    }

    /// Whether a field says nothing: it is missing, null, false, 0 or empty.
    package func isNeutral(_ name: String) -> Bool {
        switch fields[name] ?? .null {
        case .null, .bool(false), .integer(0), .string(""): true
        case .array(let elements): elements.isEmpty
        case .object(let fields): fields.isEmpty
        default: false
        }
    }
}
