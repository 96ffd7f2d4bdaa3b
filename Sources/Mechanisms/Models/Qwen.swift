// The Qwen families (Yang et al. 2024, Qwen2; Yang et al. 2025, Qwen3). Qwen2 has biases on queries, keys and values; Qwen3 has none unless its file says
// so, and normalises queries and keys of each head. Both have a window in the layers that their file names, if it says that windows are used.

package import Traces

private let fields = ["max_window_layers", "sliding_window", "use_sliding_window"]

/// Qwen2's configuration, which Qwen2.5 shares.
package enum Qwen2 {
    /// What becomes of the fields of its config.json.
    package static let rules = FieldRules.decoder("qwen2", "Qwen2", reads: fields, ignores: ["attention_bias"])

    /// How its config.json says its attention.
    package static let attention = AttentionFields(keyValueHeads: 32) { (config) throws(FileError) in try config.windowOfQwen() }

    /// The decoder that a config.json says; throws for whatever would be computed differently from its authors.
    package static func decoder(_ config: Settings) throws(FileError) -> Decoder {
        var decoder = try Decoder("Qwen2", config, rules, attention)
        decoder.attentionBiases = .inputs
        return decoder
    }
}

/// Qwen3's configuration.
package enum Qwen3 {
    /// What becomes of the fields of its config.json.
    package static let rules = FieldRules.decoder("qwen3", "Qwen3", reads: fields + ["attention_bias"])

    /// How its config.json says its attention.
    package static let attention = AttentionFields(head: 128, keyValueHeads: 32) { (config) throws(FileError) in try config.windowOfQwen() }

    /// The decoder that a config.json says; throws for whatever would be computed differently from its authors.
    package static func decoder(_ config: Settings) throws(FileError) -> Decoder {
        var decoder = try Decoder("Qwen3", config, rules, attention)
        decoder.attentionBiases = try config.bool("attention_bias", default: false) ? .all : .none
        decoder.normalisesHeads = true
        return decoder
    }
}

extension Settings {
    /// The window of each layer: none unless it is said to be used; then that of the layers so named, or of all from `max_window_layers` on.
    fileprivate func windowOfQwen() throws(FileError) -> AttentionFields.Window {
        try refuseOtherWindows()
        let window = try bool("use_sliding_window", default: false) ? slidingWindow(default: 4096) : nil
        let first = try integer("max_window_layers", atLeast: 0, default: 28)
        guard let kinds = try layersWithWindow() else { return { n in n >= first ? window : nil } }
        guard window != nil || !kinds.contains(true) else {
            throw failure("layer_types", expected: "full_attention in every layer, as no sliding_window is used")
        }
        return { n in kinds[n] ? window : nil }
    }
}
