// The Gemma 2 family (Gemma Team 2024, section 2): norms before and after both parts of a layer, soft caps, embeddings scaled by the root of the width,
// and a window in every other layer.

package import Traces

/// Gemma 2's configuration.
package enum Gemma2 {
    /// What becomes of the fields of its config.json. The authors' code reads `hidden_activation` and passes over `hidden_act`.
    package static let rules = FieldRules.decoder(
        "gemma2", "Gemma2",
        reads: [
            "attention_bias", "attn_logit_softcapping", "final_logit_softcapping", "hidden_activation", "query_pre_attn_scalar",
            "sliding_window",
        ])

    /// How its config.json says its attention.
    package static let attention = AttentionFields(head: 256, keyValueHeads: 4) { (config) throws(FileError) in
        try config.refuseOtherWindows()
        let window = try config.slidingWindow(default: 4096)
        let kinds = try config.layersWithWindow()
        guard window != nil || kinds?.contains(true) == false else {
            throw config.failure("sliding_window", expected: "a window, as some layers attend within one")
        }
        return { n in (kinds?[n] ?? n.isMultiple(of: 2)) ? window : nil }
    }

    /// The decoder that a config.json says; throws for whatever would be computed differently from its authors.
    package static func decoder(_ config: Settings) throws(FileError) -> Decoder {
        var decoder = try Decoder(
            "Gemma 2", config, rules, attention, activation: "hidden_activation", usualActivation: "gelu_pytorch_tanh", isUsuallyTied: true)
        decoder.attentionBiases = try config.bool("attention_bias", default: false) ? .all : .none
        let scalar = try config.integer("query_pre_attn_scalar", atLeast: 1, default: 256)
        decoder.scoreDivisor = .root(scalar)
        decoder.scoreCap = try config.softCap("attn_logit_softcapping", default: 50)
        decoder.logitCap = try config.softCap("final_logit_softcapping", default: 30)
        decoder.normWeightsAreBeyondOne = true
        decoder.normalisesOutputs = true
        decoder.scalesEmbedding = true
        return decoder
    }
}

extension Settings {
    /// A soft cap: `standard` where the file is silent, none where it says null.
    fileprivate func softCap(_ name: String, default standard: Double) throws(FileError) -> Double? {
        guard fields[name] != nil else { return standard }
        guard has(name) else { return nil }
        let cap = try number(name)
        guard cap > 0, cap.isFinite else { throw failure(name, expected: "a number above 0") }
        return cap
    }
}
