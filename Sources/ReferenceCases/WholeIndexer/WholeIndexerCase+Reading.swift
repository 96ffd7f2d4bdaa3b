// A case of kind `whole-indexer` out of a file, under the published code's names of arguments and weights.

import Mechanisms
import ModelFiles
public import Traces

extension WholeIndexerCase {
    /// What such a case consists of.
    static let parts = CaseParts(
        "whole-indexer",
        settings: Set(yarn).union([
            "dim", "q_lora_rank", "index_n_heads", "index_head_dim", "qk_rope_head_dim", "index_topk", "indexer_rope", "rope_theta",
            "index_k_norm_eps", "indexer_hadamard", "indexer_fp8", "quant_block", "quant_scale", "seed",
        ]),
        tensors: [
            "input.x", "input.q_lora", "weight.wq_b.weight", "weight.wk.weight", "weight.k_norm.weight", "weight.k_norm.bias",
            "weight.weights_proj.weight",
        ])
    /// Settings that are there together or not at all.
    private static let yarn = ["max_seq_len", "original_seq_len", "rope_factor", "beta_fast", "beta_slow"]

    /// Reads a case; throws if a setting or a tensor is missing, does not fit, or is not known.
    init(_ reference: ReferenceCase) throws(FileError) {
        let (config, file) = (reference.config, reference.file)
        try Self.parts.check(config, file)
        let (width, latent) = (try config.integer("dim", atLeast: 1), try config.integer("q_lora_rank", atLeast: 1))
        let (keys, queries) = (try file.info("input.x").shape.first ?? 0, try file.info("input.q_lora").shape.first ?? 0)
        guard queries <= keys else {
            throw FileError(.badData, file.path, "input.q_lora: expected at most \(keys) rows, as many as input.x has, found \(queries)")
        }
        let heads = try config.integer("index_n_heads", atLeast: 1)
        try reference.checked { () throws(EngineError) in try Self.check(queries: queries, heads: heads, keys: keys) }
        let dimension = try config.integer("index_head_dim", atLeast: 1)
        try reference.checked { () throws(EngineError) in
            try IndexerCase.check("keys × index_head_dim", [keys, dimension], most: 1 << 26, of: "features")
            try IndexerCase.check("queries × heads × index_head_dim", [queries, heads, dimension], most: 1 << 26, of: "features")
        }
        x = try file.tensor("input.x", Shape([(.s, keys), (.c, width)]))
        queryLatents = try file.tensor("input.q_lora", Shape([(.t, queries), (.l, latent)]))
        let reader = WholeIndexerReader(reference: reference, keys: keys)
        (indexer, plainFrequencies) = try reader.indexer(heads: heads, width: width, latent: latent)
    }

    /// Reads the indexer of a case.
    private struct WholeIndexerReader {
        let reference: ReferenceCase
        let keys: Int

        private var config: Settings { reference.config }

        func indexer(heads: Int, width: Int, latent: Int) throws(FileError) -> (LightningIndexer, plainFrequencies: [Double]?) {
            let (dimension, topK) = (try size("index_head_dim"), try size("index_topk"))
            guard topK <= keys else { throw config.failure("index_topk", expected: "at most \(keys), as many as there are keys") }
            let (query, key) = (try weight("wq_b.weight", [heads * dimension, latent]), try weight("wk.weight", [dimension, width]))
            let headWeights = try weight("weights_proj.weight", [heads, width])
            let norm = LightningIndexer.KeyNorm(
                weight: try weight("k_norm.weight", [dimension]), bias: try weight("k_norm.bias", [dimension]),
                epsilon: try config.number("index_k_norm_eps"))
            guard let layout = RotaryLayout(rawValue: try config.text("indexer_rope")) else {
                throw config.failure("indexer_rope", expected: "half or interleaved")
            }
            let float8 = try config.bool("indexer_fp8") ? try config.scaleFormat() : nil
            if float8 != nil, try size("quant_block") != dimension {
                throw config.failure("quant_block", expected: "index_head_dim, \(dimension), for the indexer has one scale a position")
            }
            let (used, plain) = try frequencies(dimension)
            let hadamard = try config.bool("indexer_hadamard")
            let indexer = try reference.checked { () throws(EngineError) in
                try LightningIndexer(
                    heads: heads, dimension: dimension, topK: topK, query: query, key: key, headWeights: headWeights, keyNorm: norm,
                    rotary: .init(layout: layout, frequencies: used), hadamard: hadamard, float8: float8, scalesWeights: true)
            }
            return (indexer, used == plain ? nil : plain)
        }

        /// YaRN applies where its settings are, and the cache is longer than the length trained on.
        private func frequencies(_ dimension: Int) throws(FileError) -> (used: [Double], plain: [Double]) {
            let (features, theta) = (try size("qk_rope_head_dim"), try config.number("rope_theta"))
            guard features <= dimension else { throw config.failure("qk_rope_head_dim", expected: "at most index_head_dim, \(dimension)") }
            let plain = try reference.checked { () throws(EngineError) in
                try RotaryFrequencies.plain(dimension: features, theta: theta)
            }
            guard WholeIndexerCase.yarn.contains(where: config.has) else { return (plain, plain) }
            let (longest, original) = (try size("max_seq_len"), try size("original_seq_len"))
            guard longest >= keys else { throw config.failure("max_seq_len", expected: "at least \(keys), the tokens of this case") }
            let yarn = RotaryFrequencies.YaRN(
                factor: try config.number("rope_factor"), betaFast: try config.number("beta_fast"),
                betaSlow: try config.number("beta_slow"), originalLength: original)
            guard longest > original else { return (plain, plain) }
            let used = try reference.checked { () throws(EngineError) in
                try RotaryFrequencies.yarn(dimension: features, theta: theta, yarn)
            }
            return (used, plain)
        }

        private func size(_ name: String) throws(FileError) -> Int { try config.integer(name, atLeast: 1) }

        private func weight(_ name: String, _ lengths: [Int]) throws(FileError) -> NamedTensor {
            NamedTensor(name, try reference.file.tensor("weight.\(name)", Shape(lengths.count == 1 ? [.o] : [.o, .c], lengths)))
        }
    }
}

extension ReferenceCase {
    /// Reads a case of kind `whole-indexer`.
    public func wholeIndexer() throws(FileError) -> WholeIndexerCase {
        guard kind == .wholeIndexer else { throw FileError(.badData, file.path, "kind: expected whole-indexer, found \(kind.rawValue)") }
        return try WholeIndexerCase(self)
    }

    /// What the engine says about a case, with the file's name.
    func checked<T>(_ make: () throws(EngineError) -> T) throws(FileError) -> T {
        do throws(EngineError) { return try make() } catch { throw FileError(.badData, file.path, "\(error)") }
    }
}
