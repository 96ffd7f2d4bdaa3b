// The families of language models that can be read, one line each: the `model_type` of a config.json, and what makes an architecture of it.

package import Mechanisms
package import Traces

/// The model types that are known.
package enum ModelFamilies {
    /// What is known of a family: how it treats the fields of its config.json, how those of a gated decoder say its attention, and how an architecture is
    /// made of them, which throws for whatever would be computed differently from its authors.
    package struct Family: Sendable {
        package let rules: FieldRules
        package var attention: AttentionFields?
        package let read: @Sendable (Settings) throws(FileError) -> Architecture
    }

    private static let all: [Family] = [
        Family(rules: Llama.rules, attention: Llama.attention) { (config) throws(FileError) in try Llama.decoder(config).architecture },
        Family(rules: Mistral.rules, attention: Mistral.attention) { (config) throws(FileError) in try Mistral.decoder(config).architecture
        },
        Family(rules: Qwen2.rules, attention: Qwen2.attention) { (config) throws(FileError) in try Qwen2.decoder(config).architecture },
        Family(rules: Qwen3.rules, attention: Qwen3.attention) { (config) throws(FileError) in try Qwen3.decoder(config).architecture },
        Family(rules: Gemma2.rules, attention: Gemma2.attention) { (config) throws(FileError) in try Gemma2.decoder(config).architecture },
        Family(rules: GPT2.rules) { (config) throws(FileError) in try GPT2(config).architecture },
        Family(rules: BERT.rules) { (config) throws(FileError) in try BERT(config).architecture },
    ]

    /// The known values of `model_type`.
    package static let names = all.map { $0.rules.modelType }

    /// The family of this configuration; throws, with the known types, if its `model_type` is another.
    package static func family(_ config: Settings) throws(FileError) -> Family {
        let name = try config.text("model_type")
        guard let family = family(called: name) else {
            throw config.failure("model_type", expected: "one of the model types that are known, \(names.joined(separator: ", "))")
        }
        return family
    }

    /// The family of this `model_type`; nil if it is none of them.
    package static func family(called modelType: String) -> Family? { all.first { $0.rules.modelType == modelType } }
}
