// How far each pair of features turns a position: the base, and what stretches it over texts longer than those trained on. Where a Hugging Face
// config.json says so: at its top, in `rope_parameters` (newer files) or in `rope_scaling` (older ones). All places are read; two that disagree are
// refused, and so is a kind that the engine does not compute.

public import Traces

/// The rotary embedding that a configuration asks for.
public struct RotaryScaling: Hashable, Sendable {
    /// What becomes of the plain frequencies.
    public enum Kind: Hashable, Sendable {
        /// Nothing.
        case plain
        /// All are divided (Chen et al. 2023, Position Interpolation).
        case linear(factor: Double)
        /// The base grows with the text, once that is longer than those trained on.
        case dynamic(factor: Double, originalLength: Int)
        /// As Llama 3.1 does.
        case llama3(RotaryFrequencies.Llama3)
        /// Each is divided by a factor of its own.
        case divided([Double])
        /// YaRN, and by what pairs grow as they turn.
        case yarn(RotaryFrequencies.YaRN, magnitude: Double)
    }

    /// θ of the frequencies.
    public let theta: Double
    /// What becomes of them.
    public let kind: Kind

    /// A rotary embedding.
    public init(theta: Double, _ kind: Kind = .plain) {
        self.theta = theta
        self.kind = kind
    }

    /// The rotation of `dimension` features, halves layout, in a text of `length` tokens.
    func rotary(dimension: Int, length: Int) throws(EngineError) -> DenseAttention.Rotary {
        var (frequencies, magnitude): ([Double]?, Double) = (nil, 1)
        switch kind {
        case .plain: break
        case .linear(let factor): frequencies = try RotaryFrequencies.plain(dimension: dimension, theta: theta).map { $0 / factor }
        case .divided(let factors):
            let plain = try RotaryFrequencies.plain(dimension: dimension, theta: theta)
            guard factors.count == plain.count else {
                throw EngineError(
                    .shape, "rotary embedding", expected: "\(plain.count) factors, one for each pair", found: "\(factors.count)")
            }
            frequencies = zip(plain, factors).map { $0 / $1 }
        case .dynamic(let factor, let original):
            let base = try RotaryFrequencies.dynamicBase(
                theta: theta, dimension: dimension, factor: factor, length: length, originalLength: original)
            frequencies = try RotaryFrequencies.plain(dimension: dimension, theta: base)
        case .llama3(let llama3): frequencies = try RotaryFrequencies.llama3(dimension: dimension, theta: theta, llama3)
        case .yarn(let yarn, let grown):
            frequencies = try RotaryFrequencies.yarn(dimension: dimension, theta: theta, yarn)
            magnitude = grown
        }
        return DenseAttention.Rotary(layout: .half, theta: theta, frequencies: frequencies, magnitude: magnitude)
    }

    /// The longest text whose keys turn as those of shorter ones, so that a cache of them still serves.
    var longestCached: Int { if case .dynamic(_, let original) = kind { original } else { .max } }

    /// The most tokens that a model of `trained` positions can see: as many times more as its scaling is made for, and any number where the base
    /// grows with the text.
    func contextLength(trained: Int) -> Int {
        func stretched(_ factor: Double, _ original: Int) -> Int { max(trained, Int(min(factor * Double(original), 0x1p30))) }
        return switch kind {
        case .plain, .divided: trained
        case .linear(let factor): stretched(factor, trained)
        case .dynamic: 1 << 30
        case .llama3(let llama3): stretched(llama3.factor, llama3.originalLength)
        case .yarn(let yarn, _): stretched(yarn.factor, yarn.originalLength)
        }
    }
}

extension RotaryScaling {
    private static let shared = ["rope_theta", "rope_type", "type", "factor", "partial_rotary_factor", "original_max_position_embeddings"]
    /// The kinds that are computed, with the fields of each.
    private static let fields: [(kind: String, own: [String])] = [
        ("default", []), ("linear", []), ("dynamic", []), ("llama3", ["low_freq_factor", "high_freq_factor"]),
        ("yarn", ["attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate"]),
    ]

    /// How GGUF files say what a family's scaling comes to; no config.json does.
    private static let ofGGUF = (kind: "divided", own: ["factors"])

    /// Looks in all places; throws if two disagree, or for a kind of rotation that is not computed.
    /// - Parameter length: the positions that the model has, `max_position_embeddings`.
    package init(_ config: Settings, length: Int) throws(FileError) {
        guard try config.number("partial_rotary_factor", default: 1) == 1 else {
            throw config.failure("partial_rotary_factor", expected: "1")
        }
        var theta: (value: Double, place: String)?
        func note(_ settings: Settings, _ place: String) throws(FileError) {
            guard settings.has("rope_theta") else { return }
            let found = try settings.number("rope_theta")
            if let theta, theta.value != found {
                throw FileError(.badData, config.file, "\(place): expected \(theta.value) as \(theta.place) says, found \(found)")
            }
            theta = theta ?? (found, place)
        }
        try note(config, "rope_theta")
        var kind: (value: Kind, place: String)?
        for name in ["rope_parameters", "rope_scaling"] {
            guard let rope = try config.object(name) else { continue }
            let found = try Self.kind(rope, name, config, length)
            if let kind, kind.value != found {
                throw FileError(.badData, config.file, "\(name): expected what \(kind.place) says, found another scaling")
            }
            kind = (found, name)
            try note(rope, "\(name).rope_theta")
        }
        self.init(theta: theta?.value ?? 10000, kind?.value ?? .plain)
    }

    /// What one place says.
    private static func kind(_ rope: Settings, _ name: String, _ config: Settings, _ length: Int) throws(FileError) -> Kind {
        let older = try rope.text("type", default: "default")
        let kind = try rope.text("rope_type", default: older)
        guard !rope.has("type") || older == kind else { throw rope.failure("type", expected: "\"\(kind)\" as rope_type says") }
        guard let own = (fields + [ofGGUF]).first(where: { $0.kind == kind })?.own else {
            let known = fields.map { $0.kind }.joined(separator: ", ")
            throw FileError(.badData, config.file, "\(name): expected none or one of \(known), found \"\(kind)\"")
        }
        for field in kind == "default" ? ["factor", "partial_rotary_factor"] : ["partial_rotary_factor"] where rope.has(field) {
            guard try rope.number(field) == 1 else { throw rope.failure(field, expected: "1 or none beside \"\(kind)\"") }
        }
        if let other = rope.names.first(where: { !shared.contains($0) && !own.contains($0) && rope.has($0) }) {
            throw rope.failure(other, expected: "none beside \"\(kind)\"")
        }
        func positive(_ field: String, default usual: Double? = nil) throws(FileError) -> Double {
            let found = if let usual { try rope.number(field, default: usual) } else { try rope.number(field) }
            guard found > 0, found.isFinite else { throw rope.failure(field, expected: "a number above 0") }
            return found
        }
        switch kind {
        case "divided":
            let factors = try rope.numbers("factors")
            guard factors.allSatisfy({ $0 > 0 }) else { throw rope.failure("factors", expected: "numbers above 0") }
            return .divided(factors)
        case "linear": return .linear(factor: try positive("factor"))
        case "dynamic":
            let original = try original(rope, config, default: length)
            guard original == length else {
                throw rope.failure(
                    "original_max_position_embeddings", expected: "\(length), as max_position_embeddings says, beside \"dynamic\"")
            }
            return .dynamic(factor: try positive("factor"), originalLength: original)
        case "llama3":
            let (low, high) = (try positive("low_freq_factor"), try positive("high_freq_factor"))
            guard low < high else { throw rope.failure("high_freq_factor", expected: "more than low_freq_factor, \(low)") }
            return .llama3(
                .init(
                    factor: try positive("factor"), lowFrequency: low, highFrequency: high,
                    originalLength: try original(rope, config, default: length)))
        case "yarn":
            let original = try original(rope, config, default: length)
            let factor = try positive("factor", default: Double(length) / Double(original))
            let yarn = RotaryFrequencies.YaRN(
                factor: factor, betaFast: try positive("beta_fast", default: 32), betaSlow: try positive("beta_slow", default: 1),
                originalLength: original, isRounded: try rope.bool("truncate", default: true))
            let (own, all) = (try rope.number("mscale", default: 0), try rope.number("mscale_all_dim", default: 0))
            // One of the two alone counts for nothing.
            let usual = own != 0 && all != 0 ? yarn.magnitude(mscale: own) / yarn.magnitude(mscale: all) : yarn.magnitude()
            return .yarn(yarn, magnitude: try positive("attention_factor", default: usual))
        default: return .plain
        }
    }

    /// The length trained on: beside the scaling, or at the top.
    private static func original(_ rope: Settings, _ config: Settings, default length: Int) throws(FileError) -> Int {
        let name = "original_max_position_embeddings"
        let top = try config.has(name) ? config.integer(name, atLeast: 1) : nil
        let own = try rope.has(name) ? rope.integer(name, atLeast: 1) : nil
        if let top, let own, top != own { throw rope.failure(name, expected: "\(top) as the top of the file says") }
        return own ?? top ?? length
    }
}
