// The Mistral family (Jiang et al. 2023, Mistral 7B): every layer attends within one sliding window, or none does.

package import Traces

/// Mistral's configuration.
package enum Mistral {
    /// What becomes of the fields of its config.json.
    package static let rules = FieldRules.decoder("mistral", "Mistral", reads: ["sliding_window"])

    /// How its config.json says its attention.
    package static let attention = AttentionFields(keyValueHeads: 8) { (config) throws(FileError) in
        try config.refuseOtherWindows()
        let window = try config.slidingWindow(default: 4096)
        // The authors' code does not read the kinds of layers; a file whose kinds say otherwise was made for code that does.
        if let kinds = try config.layersWithWindow(), kinds.contains(where: { $0 != (window != nil) }) {
            throw config.failure(
                "layer_types", expected: "\(window == nil ? "full" : "sliding")_attention in every layer, as sliding_window says")
        }
        if window != nil, config.has("use_sliding_window"), try !config.bool("use_sliding_window") {
            throw config.failure("use_sliding_window", expected: "true beside a sliding_window")
        }
        return { _ in window }
    }

    /// The decoder that a config.json says; throws for whatever would be computed differently from its authors.
    package static func decoder(_ config: Settings) throws(FileError) -> Decoder {
        try Decoder("Mistral", config, rules, attention)
    }
}
