// The Llama family (Touvron et al. 2023, LLaMA; Llama 3, 2024), and all that is published as one: SmolLM among them.

package import Traces

/// Llama's configuration.
package enum Llama {
    /// What becomes of the fields of its config.json.
    package static let rules = FieldRules.decoder("llama", "Llama", reads: ["attention_bias", "mlp_bias"])

    /// How its config.json says its attention.
    package static let attention = AttentionFields()

    /// The decoder that a config.json says; throws for whatever would be computed differently from its authors.
    package static func decoder(_ config: Settings) throws(FileError) -> Decoder {
        var decoder = try Decoder("Llama", config, rules, attention)
        decoder.attentionBiases = try config.bool("attention_bias", default: false) ? .all : .none
        decoder.hasFeedForwardBiases = try config.bool("mlp_bias", default: false)
        return decoder
    }
}
