// What a served token costs, from first principles: closed-form FLOPs at a fixed share of an accelerator's peak, plus a constant per token.
// That the published Figure 3 of the DeepSeek-V3.2-Exp report behaves so is an inference of this project (the report says only that costs are
// "estimated from benchmarking the actual service"); the shares were found by dividing the slopes of its lines by the work.

public import Traces

/// An accelerator, and what an hour of it costs.
public struct Hardware: Hashable, Sendable {
    /// The name.
    public let name: String
    /// Where its numbers are published, or nil if that is not said.
    public let source: Bilingual?
    /// Peak of dense bf16 matrix products, in FLOPs a second.
    public let bf16: Double
    /// Peak of dense FP8 matrix products, in FLOPs a second.
    public let fp8: Double
    /// Memory bandwidth, in bytes a second.
    public let bandwidth: Double
    /// Memory, in bytes.
    public let memory: Double
    /// Price of one hour, in dollars.
    public let dollarsPerHour: Double

    /// Checked: throws, naming the field, unless every number is one that some machine could have: peaks from 10^9 to 10^21 FLOPs a second,
    /// bandwidth from 10^6 to 10^18 bytes a second, memory from 10^6 to 10^18 bytes, and a price of a millionth to a million dollars.
    public init(
        name: String, source: Bilingual? = nil, bf16: Double, fp8: Double, bandwidth: Double, memory: Double, dollarsPerHour: Double
    ) throws(EngineError) {
        let fields = [
            ("bf16_flops", bf16, 1e9...1e21), ("fp8_flops", fp8, 1e9...1e21), ("bandwidth_bytes_per_second", bandwidth, 1e6...1e18),
            ("memory_bytes", memory, 1e6...1e18), ("usd_per_hour", dollarsPerHour, 1e-6...1e6),
        ]
        for (field, value, range) in fields where !range.contains(value) {
            let (low, high) = (NumberText.significant(range.lowerBound), NumberText.significant(range.upperBound))
            throw EngineError(.value, field, expected: "a number from \(low) to \(high)", found: NumberText.significant(value))
        }
        self.name = name
        self.source = source
        self.bf16 = bf16
        self.fp8 = fp8
        self.bandwidth = bandwidth
        self.memory = memory
        self.dollarsPerHour = dollarsPerHour
    }
}

/// The two halves of serving, and of Figure 3.
public enum ServingPanel: String, CaseIterable, Hashable, Sendable {
    /// Reading the prompt.
    case prefill
    /// Writing the answer, a token at a time.
    case decode
}

/// How well work fills the accelerator, and what a token costs beside attention over the past.
public struct ServingProfile: Hashable, Sendable {
    /// Shares of the bf16 peak: dense MHA in prefill.
    public var denseMHA = 0.60
    /// Dense MQA in decode.
    public var denseMQA = 0.60
    /// Masked MHA in short prefills.
    public var maskedMHA = 0.55
    /// Sparse MQA in prefill.
    public var sparsePrefill = 0.573
    /// Sparse MQA in decode.
    public var sparseDecode = 0.40
    /// Shares of the FP8 peak: the indexer in prefill.
    public var indexerPrefill = 0.40
    /// The indexer in decode.
    public var indexerDecode = 0.35
    /// Seconds of one reference accelerator that a token takes whatever its position: [prefill, decode] of a model without indexer.
    public var denseConstants = [95.2e-6, 126.9e-6]
    /// The same for a model with indexer.
    public var sparseConstants = [110.0e-6, 171.3e-6]
    /// The bf16 peak of the accelerator on which the constants were found; on another they shrink or grow with its peak.
    public var referencePeak = 989.5e12
    /// Its FP8 peak.
    public var referenceFloat8Peak = 1979e12
    /// The price of its hour, in dollars.
    public var referencePrice = 2.0

    /// The shares and constants inferred from Figure 3 on an H800.
    public static let inferredFromFigure3 = ServingProfile()

    /// The inferred shares.
    public init() {}

    /// Whether `hardware` costs what the published lines were drawn for: the same peaks at the same price.
    public func describes(_ hardware: Hardware) -> Bool {
        hardware.bf16 == referencePeak && hardware.fp8 == referenceFloat8Peak && hardware.dollarsPerHour == referencePrice
    }

    /// Throws, naming the number, unless shares lie in (0, 1] and times are finite and not negative.
    func check() throws(EngineError) {
        let shares = [
            ("denseMHA", denseMHA), ("denseMQA", denseMQA), ("maskedMHA", maskedMHA), ("sparsePrefill", sparsePrefill),
            ("sparseDecode", sparseDecode),
            ("indexerPrefill", indexerPrefill), ("indexerDecode", indexerDecode),
        ]
        for (name, share) in shares where !(share > 0 && share <= 1) {
            throw EngineError(
                .value, "utilisation.\(name)", expected: "a share above 0 and at most 1", found: NumberText.significant(share))
        }
        guard denseConstants.count == 2, sparseConstants.count == 2,
            (denseConstants + sparseConstants).allSatisfy({ $0 >= 0 && $0.isFinite }),
            referencePeak > 0, referencePeak.isFinite
        else {
            throw EngineError(
                .value, "constants", expected: "two times of 0 or more seconds each, and a peak above 0",
                found: "\(denseConstants), \(sparseConstants)")
        }
    }
}

/// The cost of serving one model on one accelerator.
public struct ServingCost: Hashable, Sendable {
    /// Closed forms of the model's attention.
    public let costs: AttentionCosts
    /// The accelerator.
    public let hardware: Hardware
    /// Shares of peak and constants.
    public let profile: ServingProfile

    // Seconds for each visible key, in all layers.
    private let dense: [ServingPanel: Double]
    private let indexer: [ServingPanel: Double]
    private let sparse: [ServingPanel: Double]
    private let masked: Double

    /// Throws if the model is not of latent attention, or a share is not one.
    public init(_ model: ModelDimensions, on hardware: Hardware, profile: ServingProfile = .inferredFromFigure3) throws(EngineError) {
        try profile.check()
        let costs = AttentionCosts(model)
        func seconds(_ work: AttentionWork, _ share: Double, _ peak: Double) throws(EngineError) -> Double {
            Double(try costs.flopsPerKey(work)) * Double(model.layers) / (share * peak)
        }
        dense = [
            .prefill: try seconds(.denseMHA, profile.denseMHA, hardware.bf16),
            .decode: try seconds(.denseMQA, profile.denseMQA, hardware.bf16),
        ]
        masked = try seconds(.denseMHA, profile.maskedMHA, hardware.bf16)
        if model.indexer != nil {
            indexer = [
                .prefill: try seconds(.indexer, profile.indexerPrefill, hardware.fp8),
                .decode: try seconds(.indexer, profile.indexerDecode, hardware.fp8),
            ]
            sparse = [
                .prefill: try seconds(.sparse, profile.sparsePrefill, hardware.bf16),
                .decode: try seconds(.sparse, profile.sparseDecode, hardware.bf16),
            ]
        } else {
            (indexer, sparse) = ([:], [:])
        }
        self.costs = costs
        self.hardware = hardware
        self.profile = profile
    }

    private var topK: Int? { costs.model.indexer?.topK }

    /// Seconds of one accelerator that a token takes whatever its position.
    public func constant(_ panel: ServingPanel) -> Double {
        let constants = topK == nil ? profile.denseConstants : profile.sparseConstants
        return constants[panel == .prefill ? 0 : 1] * profile.referencePeak / hardware.bf16
    }

    /// Straight pieces of seconds against position: from `start`, `base` + `slope` · position.
    struct Piece: Hashable, Sendable {
        let start: Double
        let base: Double
        let slope: Double
    }

    func pieces(_ panel: ServingPanel) -> [Piece] {
        let constant = constant(panel)
        guard let topK, let indexer = indexer[panel], let sparse = sparse[panel] else {
            return [Piece(start: 0, base: constant, slope: dense[panel]!)]
        }
        let flat = Piece(start: knee(panel)!, base: constant + sparse * Double(topK), slope: indexer)
        let before = panel == .prefill ? masked : sparse
        return [Piece(start: 0, base: constant, slope: indexer + before), flat]
    }

    /// Where the line of a model with indexer bends: in decode at top-k; in prefill where masked MHA takes as long as sparse attention on
    /// top-k keys. Nil for a dense model.
    public func knee(_ panel: ServingPanel) -> Double? {
        guard let topK, let sparse = sparse[panel] else { return nil }
        return panel == .decode ? Double(topK) : Double(topK) * sparse / masked
    }

    /// Seconds of one accelerator for the token at `position`, which sees as many earlier tokens. Throws for a negative or non-finite position.
    public func seconds(_ panel: ServingPanel, position: Double) throws(EngineError) -> Double {
        guard position >= 0, position.isFinite else {
            throw EngineError(.value, "position", expected: "0 or more", found: NumberText.significant(position))
        }
        let piece = pieces(panel).last { $0.start <= position }!
        return piece.base + piece.slope * position
    }

    /// Dollars for a million tokens at `position`: the ordinate of Figure 3.
    public func dollarsPerMillionTokens(_ panel: ServingPanel, position: Double) throws(EngineError) -> Double {
        try seconds(panel, position: position) * hardware.dollarsPerHour / 3600 * 1e6
    }

    /// Seconds for all tokens at positions 0 … length - 1: one conversation read or written from its start.
    public func conversationSeconds(_ panel: ServingPanel, length: Int) throws(EngineError) -> Double {
        guard length >= 0 else { throw EngineError(.value, "length", expected: "0 or more tokens", found: "\(length)") }
        let pieces = pieces(panel)
        let n = Double(length)
        var total = 0.0
        for (i, piece) in pieces.enumerated() {
            // Whole positions inside the piece: from its start, rounded up, to the next one's.
            let first = min(piece.start.rounded(.up), n)
            let last = i + 1 < pieces.count ? min(pieces[i + 1].start.rounded(.up), n) : n
            total += (last - first) * (piece.base + piece.slope * (first + last - 1) / 2)
        }
        return total
    }

    /// Bytes a second that reading the cache in decode implies at the profile's speed, per key and layer: dense latents in bf16 (2.46 TB/s on
    /// an H800), or index keys. More than the bandwidth means that one read must serve several queries (multi-token prediction).
    public func impliedDecodeBandwidth() -> Double {
        let bytes = topK == nil ? costs.cachePerToken.bf16 : costs.cachePerToken.index
        return Double(bytes * costs.model.layers) / (topK == nil ? dense[.decode]! : indexer[.decode]!)
    }
}
