// config.json as Hugging Face writes it, of Llama or DeepSeek type ──► the dimensions that decide what attention costs.
// A file with kv_lora_rank is latent attention; one with index_topk besides has the lightning indexer; all others are grouped attention.

public import AttentionEngine

extension ModelDimensions {
    /// The dimensions in `bytes` of a config.json; `file` names it in errors. Throws `FileError`, naming the field, if one is missing, not a whole
    /// number, not positive, or larger than any model's.
    public init(configuration bytes: [UInt8], file: String) throws(FileError) {
        let fields = try JSONFields(bytes, file: file)
        let name =
            fields.text("name") ?? fields.text("_name_or_path").flatMap { $0.isEmpty ? nil : $0 } ?? fields.text("model_type") ?? file
        let heads = try fields.integer("num_attention_heads")
        let width = try fields.integer("hidden_size")
        let layers = try fields.integer("num_hidden_layers")
        let attention: Attention
        if fields.hasNumber("kv_lora_rank") || fields.text("model_type")?.hasPrefix("deepseek_v") == true {
            attention = .latent(try Self.latent(fields))
        } else {
            attention = .grouped(try Self.grouped(fields, width: width, heads: heads, file: file))
        }
        let isSparse = fields.hasNumber("index_topk") || fields.text("model_type") == "deepseek_v32"
        do {
            try self.init(
                name: name, width: width, layers: layers, heads: heads, attention: attention, indexer: isSparse ? Self.indexer(fields) : nil
            )
        } catch let error as EngineError {
            throw FileError(.badData, file, error.description)
        } catch {
            throw error as? FileError ?? FileError(.badData, file, "\(error)")
        }
    }

    private static func latent(_ fields: JSONFields) throws(FileError) -> Latent {
        Latent(
            queryRank: fields.hasNumber("q_lora_rank") ? try fields.integer("q_lora_rank") : nil,
            latentRank: try fields.integer("kv_lora_rank"),
            nopeDimension: try fields.integer("qk_nope_head_dim"), ropeDimension: try fields.integer("qk_rope_head_dim"),
            valueDimension: try fields.integer("v_head_dim"))
    }

    private static func indexer(_ fields: JSONFields) throws(FileError) -> Indexer {
        Indexer(
            heads: try fields.integer("index_n_heads"), headDimension: try fields.integer("index_head_dim"),
            topK: try fields.integer("index_topk"))
    }

    /// `num_key_value_heads` defaults to all heads and `head_dim` to hidden_size / heads, as in the published code.
    private static func grouped(_ fields: JSONFields, width: Int, heads: Int, file: String) throws(FileError) -> Grouped {
        let keyValueHeads = fields.hasNumber("num_key_value_heads") ? try fields.integer("num_key_value_heads") : heads
        if fields.hasNumber("head_dim") { return Grouped(keyValueHeads: keyValueHeads, headDimension: try fields.integer("head_dim")) }
        guard heads > 0, width % heads == 0 else {
            throw FileError(.badData, file, "num_attention_heads: expected a divisor of hidden_size \(width), found \(heads)")
        }
        return Grouped(keyValueHeads: keyValueHeads, headDimension: width / heads)
    }
}

extension Hardware {
    /// The accelerator in `bytes` of a JSON file such as `assets/hardware/h800.json`. Throws `FileError`, naming the field, if one is missing or is
    /// not above zero.
    public init(json bytes: [UInt8], file: String) throws(FileError) {
        let fields = try JSONFields(bytes, file: file)
        do {
            try self.init(
                name: fields.text("name") ?? file, bf16: fields.number("bf16_flops"), fp8: fields.number("fp8_flops"),
                bandwidth: fields.number("bandwidth_bytes_per_second"), memory: fields.number("memory_bytes"),
                dollarsPerHour: fields.number("usd_per_hour"))
        } catch let error as EngineError {
            throw FileError(.badData, file, error.description)
        } catch {
            throw error as? FileError ?? FileError(.badData, file, "\(error)")
        }
    }
}
