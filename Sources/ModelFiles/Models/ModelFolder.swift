// A folder in the Hugging Face layout: config.json, tokenizer.json, and model.safetensors or several files named by model.safetensors.index.json; or a
// GGUF file, which holds all of it. Which families of models are known, `ModelFamilies` says. Whatever the engine would compute differently from the
// model's authors is a named error.

public import Mechanisms
public import Traces

/// A language model's folder, or its GGUF file: configuration and tokenizer are read at once, weights when they are asked for.
public struct ModelFolder: Sendable {
    /// The path as the reader named it.
    public let path: String
    /// What the model is but for its weights.
    public let architecture: Architecture
    /// Text to token ids and back.
    public let tokenizer: Tokenizer
    /// The tokens that end a text, as config.json or the GGUF file names them.
    public let endIDs: [Int]
    /// Whether config.json says that the model was saved without its head.
    private let isWithoutHead: Bool
    /// Fields of config.json that were not read and may mean something.
    private let unknownFields: [String]
    /// Opens the files of the weights.
    private let weights: @Sendable () throws(FileError) -> WeightSource
    /// What is known before weights are read.
    private let warnings: [String]

    /// The model, the files that its weights came from, and remarks that a reader should see once.
    public struct Loaded: Sendable {
        /// The model with its weights.
        public let model: LanguageModel
        /// Paths of the files that hold the weights, in order.
        public let weightPaths: [String]
        /// What was not as its configuration says: tensors that were not used, a shared weight that has a file's own beside it.
        public let warnings: [String]
    }

    /// Reads config.json and tokenizer.json, or the head of a GGUF file; throws if one is missing or asks for what is not supported.
    public init(path: String) throws(FileError) {
        guard !path.isEmpty else { throw FileError(.noInput, "--model", "expected a folder or a GGUF file, found an empty name") }
        if path.hasSuffix(".gguf") || ForeignFile.isFile(path) {
            if path.hasSuffix(".safetensors") || path.hasSuffix(".json") {
                throw FileError(.badData, path, "expected a model's folder or a GGUF file, found one file of a folder: name the folder")
            }
            try self.init(gguf: GGUFFile(path: path))
        } else {
            try self.init(folder: path)
        }
    }

    private init(gguf file: GGUFFile) throws(FileError) {
        let architecture = try GGUFArchitecture(file)
        let config = try architecture.config(file)
        path = file.path
        self.architecture = try ModelFamilies.family(config).read(config)
        (unknownFields, isWithoutHead) = ([], false)
        let said = try GGUFTokenizer(file)
        tokenizer = try Tokenizer(said.model, Settings(file: file.path, fields: said.fields))
        (endIDs, warnings) = (said.endIDs, said.warnings)
        weights = { () in WeightSource(GGUFWeights(file, architecture)) }
    }

    private init(folder path: String) throws(FileError) {
        let folder = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        let config: Settings
        do throws(FileError) {
            config = try JSONReader.read(path: "\(folder)/config.json") { reader throws(FileError) in
                try Settings(file: "\(folder)/config.json", reader: &reader)
            }
        } catch  where error.kind == .noInput {
            guard let found = ForeignFile.instead(of: "config.json", in: folder) else { throw error }
            throw FileError(.noInput, "\(folder)/config.json", found)
        }
        let family = try ModelFamilies.family(config)
        guard !config.has("auto_map") else {
            throw config.failure("auto_map", expected: "none: this model runs code of its own, which is not known here")
        }
        try Self.checkQuantisation(config)
        if let adapter = ForeignFile.adapter(in: folder) {
            throw FileError(
                .badData, "\(folder)/\(adapter)",
                "expected a model alone, found an adapter beside it, which is not applied here: merge it into the weights, or take it away")
        }
        self.path = folder
        architecture = try family.read(config)
        unknownFields = family.rules.unknown(in: config)
        endIDs = try Self.endIDs(config)
        isWithoutHead = try family.rules.saysNoHead(config)
        tokenizer = try Tokenizer(path: "\(folder)/tokenizer.json")
        warnings = []
        weights = { () throws(FileError) in WeightSource(try WeightFiles(folder: folder)) }
    }

    /// `eos_token_id`: one token, or several.
    private static func endIDs(_ config: Settings) throws(FileError) -> [Int] {
        guard config.has("eos_token_id") else { return [] }
        if case .array(let elements) = config.fields["eos_token_id"] {
            return try elements.map { element throws(FileError) in
                guard case .integer(let id) = element else { throw config.failure("eos_token_id", expected: "one token id, or several") }
                return id
            }
        }
        return [try config.integer("eos_token_id")]
    }

    /// FP8 weights with a scale beside each are read; any other quantisation is refused by name.
    private static func checkQuantisation(_ config: Settings) throws(FileError) {
        guard let quantisation = try config.object("quantization_config") else { return }
        let method = try quantisation.text("quant_method", default: "")
        guard method == "compressed-tensors", try quantisation.text("format", default: "") == "float-quantized" else {
            throw quantisation.failure(
                "quant_method", expected: "compressed-tensors with the format float-quantized, the only one understood")
        }
        for name in ["kv_cache_scheme", "sparsity_config", "transform_config"] where !quantisation.isNeutral(name) {
            throw quantisation.failure(name, expected: "none")
        }
        guard let groups = try quantisation.object("config_groups") else { return }
        for name in groups.names {
            guard let group = try groups.object(name) else { continue }
            guard !group.has("input_activations"), !group.has("output_activations") else {
                throw group.failure("input_activations", expected: "none: activations are not rounded here")
            }
            guard let weights = try group.object("weights") else { continue }
            guard try weights.integer("num_bits") == 8, try weights.text("type") == "float" else {
                throw weights.failure("num_bits", expected: "8 bits of type float")
            }
            let strategy = try weights.text("strategy", default: "tensor")
            guard ["tensor", "channel"].contains(strategy) else { throw weights.failure("strategy", expected: "tensor or channel") }
            guard try weights.bool("symmetric", default: true) else { throw weights.failure("symmetric", expected: "true") }
        }
    }

    /// Reads the weights; throws if one is missing or does not have the shape that the configuration asks for.
    public func model() throws(FileError) -> LanguageModel { try load().model }

    /// Reads the weights, and says what in the files was not as the configuration says; throws as `model()` does, and for tensors that change what
    /// others mean.
    public func load() throws(FileError) -> Loaded {
        let files = try self.weights()
        var weights: [String: NamedTensor] = [:]
        var warnings = warnings
        let prefix = architecture.prefix
        let isShort = try files.leaveOut(prefix, architecture.firstParameters)
        for parameter in architecture.parameters {
            let name = isShort && parameter.name.hasPrefix(prefix) ? String(parameter.name.dropFirst(prefix.count)) : parameter.name
            if !files.contain(name) {
                if parameter.presence == .head, isWithoutHead || isShort {
                    warnings.append(
                        "\(path): this checkpoint has no \(name): the model ends with its hidden states, and foretells no token")
                    continue
                }
                guard [.required, .head].contains(parameter.presence) else { continue }
            }
            let stored = try files.weight(name, parameter.shape)
            // It stays in its file until it is asked for: of a large model few weights are kept.
            let weight = NamedTensor(parameter.name, parameter.shape) { stored.tensor }
            if case .sharing(let other) = parameter.presence {
                if weights[other]?.tensor == weight.tensor { continue }
                warnings.append("\(path): config.json ties \(name) to \(other), but the file has another: the file's is used")
            }
            weights[parameter.name] = weight
        }
        for (what, names) in [
            ("tensors that were not used", try files.unused()),
            ("fields of config.json that are not known and were not used", unknownFields),
        ] where !names.isEmpty {
            let shown = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? " and \(names.count - 4) more" : "")
            warnings.append("\(path): \(what): \(shown)")
        }
        do throws(EngineError) {
            let model = try LanguageModel(architecture, weights: Array(weights.values))
            return Loaded(model: model, weightPaths: files.paths, warnings: warnings)
        } catch {
            throw FileError(.badData, path, "\(error)")
        }
    }
}
