// A reference case: inputs, weights and expected values in one safetensors file, with kind, configuration and source as metadata.
// It hands out what a mechanism needs to run; the comparison is the command's.

public import Mechanisms
public import ModelFiles
public import Traces

/// One case with values that somebody else computed.
public struct ReferenceCase: Sendable {
    /// What a case is about.
    public enum Kind: String, Sendable, CaseIterable {
        /// Dense attention.
        case attention
        /// DeepSeek's sparse attention over a compressed cache.
        case deepseekSparseAttention = "deepseek-sparse-attention"
        /// Rounding to 8 bits.
        case float8E4M3 = "float8-e4m3"
        /// Rounding to 4 bits.
        case float4E2M1 = "float4-e2m1"
        /// The lightning indexer alone.
        case indexer
        /// The lightning indexer with its projections, norm, positions and rounding.
        case wholeIndexer = "whole-indexer"
        /// Attention over the cache entries that an indexer chose.
        case sparseMLA = "sparse-mla"
    }

    /// What the case is about.
    public let kind: Kind
    /// The settings of the mechanism, as the file gives them.
    public let config: Settings
    /// Who computed the expected values.
    public let source: String
    /// The tensors.
    public let file: Safetensors

    /// Opens a case; throws if the file, its kind, its configuration or what it expects is not right.
    public init(path: String) throws(FileError) {
        let file = try Safetensors(path: path)
        func text(_ key: String) throws(FileError) -> String {
            if let text = file.metadata[key] { return text }
            throw FileError(.badData, path, "metadata \"\(key)\" is missing: not a reference case")
        }
        let word = try text("kind")
        guard let kind = Kind(rawValue: word) else {
            throw FileError(
                .badData, path, "kind: expected one of \(Kind.allCases.map(\.rawValue).joined(separator: ", ")), found \"\(word)\"")
        }
        let bytes = Array(try text("config").utf8)
        config = try bytes.withUnsafeBytes { bytes in
            Result { () throws(FileError) in
                try JSONReader.read(bytes, file: "\(path) (config)") { reader throws(FileError) in
                    try Settings(file: path, path: "config.", reader: &reader)
                }
            }
        }.get()
        self.kind = kind
        self.source = file.metadata["source"] ?? ""
        self.file = file
        try checkTensors()
    }

    /// The names of the expected tensors, `expected.` included, sorted.
    public var expectedNames: [String] { file.names.filter { $0.hasPrefix("expected.") } }

    /// The mechanism, the weights (named `wq`, `wk`, `wv`, `wo`) and the input [t, c] of a case of kind `attention`.
    public func attention() throws(FileError) -> (mechanism: DenseAttention, weights: DenseAttention.Weights, x: Tensor) {
        guard kind == .attention else { throw FileError(.badData, file.path, "kind: expected attention, found \(kind.rawValue)") }
        try checkNothingIsUnknown()
        let width = try config.integer("dim", atLeast: 1)
        let length = try config.integer("length", atLeast: 1)
        let mechanism = try mechanism()
        try checkScores(heads: mechanism.heads, length: length)
        func weight(_ name: String, _ outputs: Int, _ inputs: Int) throws(FileError) -> NamedTensor {
            NamedTensor(name, try file.tensor("weight.\(name)", Shape([(.o, outputs), (.c, inputs)])))
        }
        let weights = DenseAttention.Weights(
            query: try weight("wq", mechanism.heads * mechanism.headDimension, width),
            key: try weight("wk", mechanism.keyValueHeads * mechanism.headDimension, width),
            value: try weight("wv", mechanism.keyValueHeads * mechanism.valueDimension, width),
            output: try weight("wo", width, mechanism.heads * mechanism.valueDimension))
        return (mechanism, weights, try file.tensor("input.x", Shape([(.t, length), (.c, width)])))
    }

    private func mechanism() throws(FileError) -> DenseAttention {
        let rope = try config.text("rope")
        let layout = RotaryLayout(rawValue: rope)
        guard layout != nil || rope == "none" else { throw config.failure("rope", expected: "none, half or interleaved") }
        let theta = try config.number("rope_theta")
        guard theta > 0 else { throw config.failure("rope_theta", expected: "a number above 0") }
        let head = try config.integer("head_dim", atLeast: 1)
        let (heads, keyValueHeads) = (try config.integer("n_heads", atLeast: 1), try config.integer("n_kv_heads", atLeast: 1))
        let (value, isCausal) = (try config.integer("v_head_dim", atLeast: 1), try config.bool("causal"))
        do throws(EngineError) {
            return try DenseAttention(
                heads: heads, keyValueHeads: keyValueHeads, headDimension: head, valueDimension: value, isCausal: isCausal,
                rotary: layout.map { DenseAttention.Rotary(layout: $0, theta: theta) })
        } catch {
            throw FileError(.badData, file.path, "config: \(error)")
        }
    }
}
