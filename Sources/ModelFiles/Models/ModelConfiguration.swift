// config.json as Hugging Face writes it, of Llama or DeepSeek type ──► the dimensions that decide what attention costs.
// A file with kv_lora_rank is latent attention; one with index_topk besides has the lightning indexer; all others are grouped attention. Windows are
// counted in the families whose files are known to say them, and refused elsewhere.

internal import Mechanisms
public import Records
public import Traces

extension ModelDimensions {
    /// The dimensions in the config.json at `path`. Throws `FileError`, naming the field, if one is missing, not a whole number, not positive, or
    /// larger than any model's.
    public init(path: String) throws(FileError) {
        try self.init(JSONReader.read(path: path) { reader throws(FileError) in try Settings(file: path, reader: &reader) })
    }

    /// The same from `bytes` in memory; `file` names them in errors.
    public init(configuration bytes: [UInt8], file: String) throws(FileError) { try self.init(Settings(bytes, file: file)) }

    private init(_ settings: Settings) throws(FileError) {
        let kind = try settings.text("model_type", default: "")
        let path = try settings.text("_name_or_path", default: "")
        let name = try settings.text("name", default: !path.isEmpty ? path : !kind.isEmpty ? kind : settings.file)
        let isLatent = settings.has("kv_lora_rank") || kind.hasPrefix("deepseek_v")
        let isSparse = settings.has("index_topk") || kind == "deepseek_v32"
        let family = isLatent ? nil : ModelFamilies.family(called: kind)?.attention
        if family == nil { try settings.refuseOtherThanFullAttention() }
        let isGPT2 = kind == GPT2.rules.modelType
        let (width, heads, layers) = isGPT2 ? try GPT2.sizes(settings) : try Self.sizes(settings)
        let attention: Attention =
            if isLatent {
                .latent(try Self.latent(settings))
            } else if let family {
                .grouped(try Self.grouped(settings, family, width: width, layers: layers))
            } else if isGPT2 {
                .grouped(Grouped(keyValueHeads: heads, headDimension: width / heads))
            } else {
                .grouped(try Self.grouped(settings, width: width, heads: heads))
            }
        let indexer = isSparse ? try Self.indexer(settings) : nil
        self = try settings.checked { () throws(EngineError) in
            try ModelDimensions(name: name, width: width, layers: layers, heads: heads, attention: attention, indexer: indexer)
        }
    }

    private static func sizes(_ settings: Settings) throws(FileError) -> (width: Int, heads: Int, layers: Int) {
        let heads = try settings.integer("num_attention_heads")
        return (try settings.integer("hidden_size"), heads, try settings.integer("num_hidden_layers"))
    }

    private static func latent(_ settings: Settings) throws(FileError) -> Latent {
        Latent(
            queryRank: settings.has("q_lora_rank") ? try settings.integer("q_lora_rank") : nil,
            latentRank: try settings.integer("kv_lora_rank"), nopeDimension: try settings.integer("qk_nope_head_dim"),
            ropeDimension: try settings.integer("qk_rope_head_dim"), valueDimension: try settings.integer("v_head_dim"))
    }

    private static func indexer(_ settings: Settings) throws(FileError) -> Indexer {
        Indexer(
            heads: try settings.integer("index_n_heads"), headDimension: try settings.integer("index_head_dim"),
            topK: try settings.integer("index_topk"))
    }

    /// The key-value heads by whatever name: `num_key_value_heads`, all heads by default; Falcon's `multi_query` means one, and its newer
    /// decoders count `num_kv_heads`.
    private static func keyValueHeads(_ settings: Settings, heads: Int) throws(FileError) -> Int {
        let isNewDecoder = try settings.bool("new_decoder_architecture", default: false)
        let isMultiQuery = try settings.bool("multi_query", default: false)
        if isMultiQuery, !isNewDecoder { return 1 }
        let kind = try settings.text("model_type", default: "")
        if settings.has("num_kv_heads"), kind != "falcon" || isNewDecoder { return try settings.integer("num_kv_heads") }
        return try settings.integer("num_key_value_heads", default: heads)
    }

    /// A known family's attention, by its own defaults and its own words for windows.
    private static func grouped(_ settings: Settings, _ family: AttentionFields, width: Int, layers: Int) throws(FileError) -> Grouped {
        try settings.refuseOtherLayers()
        let heads = try family.heads(settings, width: width)
        let window = try family.window(settings)
        let windows = (0..<max(0, min(layers, largestDimension))).lazy.compactMap(window)
        return Grouped(
            keyValueHeads: heads.keyValue, headDimension: heads.dimension,
            window: windows.first.map { Window(keys: $0, layers: windows.count { _ in true }) })
    }

    /// `head_dim` defaults to hidden_size / heads, as in the published code.
    private static func grouped(_ settings: Settings, width: Int, heads: Int) throws(FileError) -> Grouped {
        let keyValueHeads = try keyValueHeads(settings, heads: heads)
        if settings.has("head_dim") { return Grouped(keyValueHeads: keyValueHeads, headDimension: try settings.integer("head_dim")) }
        guard heads > 0, width % heads == 0 else {
            throw settings.failure("num_attention_heads", expected: "a divisor of hidden_size \(width)")
        }
        return Grouped(keyValueHeads: keyValueHeads, headDimension: width / heads)
    }
}

extension Hardware {
    /// The accelerator in a JSON file such as `assets/hardware/h800.json`. Throws `FileError`, naming the field, if one is missing or not above zero.
    public init(path: String) throws(FileError) {
        try self.init(JSONReader.read(path: path) { reader throws(FileError) in try Settings(file: path, reader: &reader) })
    }

    /// The same from `bytes` in memory; `file` names them in errors.
    public init(json bytes: [UInt8], file: String) throws(FileError) { try self.init(Settings(bytes, file: file)) }

    private init(_ settings: Settings) throws(FileError) {
        let name = settings.has("name") ? try settings.said("name").en : settings.file
        let source = settings.has("source") ? try settings.said("source") : nil
        let (bf16, fp8) = (try settings.number("bf16_flops"), try settings.number("fp8_flops"))
        let (bandwidth, memory) = (try settings.number("bandwidth_bytes_per_second"), try settings.number("memory_bytes"))
        let price = try settings.number("usd_per_hour")
        self = try settings.checked { () throws(EngineError) in
            try Hardware(
                name: name, source: source, bf16: bf16, fp8: fp8, bandwidth: bandwidth, memory: memory, dollarsPerHour: price)
        }
    }
}

extension Settings {
    /// Reads an object from `bytes` in memory; `file` names them in errors.
    init(_ bytes: [UInt8], file: String) throws(FileError) {
        self = try bytes.withUnsafeBytes { bytes in
            Result { () throws(FileError) in
                try JSONReader.read(bytes, file: file) { reader throws(FileError) in try Settings(file: file, reader: &reader) }
            }
        }.get()
    }

    /// What `make` makes of these settings; a value that it refuses is an error of the file.
    func checked<Value>(_ make: () throws(EngineError) -> Value) throws(FileError) -> Value {
        do { return try make() } catch { throw FileError(.badData, file, error.description) }
    }
}
