// The families of language models that can be read, one line each: the `model_type` of a config.json, and what makes an architecture of it.

package import Mechanisms
package import Traces

/// The model types that are known.
package enum ModelFamilies {
    /// Makes an architecture of a config.json; throws for whatever would be computed differently from its authors.
    package typealias Reader = @Sendable (Settings) throws(FileError) -> Architecture

    private static let readers: [(modelType: String, read: Reader)] = [
        ("llama", { config throws(FileError) in try Llama(config).architecture })
    ]

    /// The known values of `model_type`.
    package static let names = readers.map { $0.modelType }

    /// The reader for this configuration; throws, with the known types, if its `model_type` is another.
    package static func reader(_ config: Settings) throws(FileError) -> Reader {
        let name = try config.text("model_type")
        guard let family = readers.first(where: { $0.modelType == name }) else {
            throw config.failure("model_type", expected: "one of the model types that are known, \(names.joined(separator: ", "))")
        }
        return family.read
    }
}
