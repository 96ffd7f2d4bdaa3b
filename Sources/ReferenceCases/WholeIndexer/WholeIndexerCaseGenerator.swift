// A generator of whole indexers. Token vectors gather around a few topics and have a direction in common; weights are seeded noise. What is planted are
// things without which a mistake would not show: keys out of the projection have a mean, which LayerNorm takes away and RMSNorm does not; the norm has a
// weight and a bias of consequence; the pairs that turn fastest are large, and heads are not of one size; keys are of a length at which about half of their
// FP8 scales differ from the others'. Every number is exact in bf16.

import Mechanisms
import ModelFiles
public import Traces

/// Makes cases of kind whole-indexer.
public struct WholeIndexerCaseGenerator: Sendable {
    /// Number of queries, the last ones of the sequence.
    public var queries = 32
    /// Number of keys: all tokens.
    public var keys = 64
    /// Indexer heads.
    public var heads = 8
    /// Features of a head and of the key.
    public var dimension = 64
    /// How many features of a head turn by the position.
    public var ropeDimension = 32
    /// Features of a token.
    public var width = 96
    /// Features of a query latent.
    public var latent = 48
    /// How many keys a query keeps.
    public var topK = 12
    /// Which features turn together.
    public var rope = RotaryLayout.half
    /// The base of the frequencies.
    public var theta = 10000.0
    /// By how much YaRN stretches a length trained on that is as much shorter than the case; nil for none.
    public var yarnFactor: Double?
    /// Whether queries and keys pass the Hadamard rotation.
    public var hadamard = true
    /// Whether they are rounded to FP8.
    public var isFloat8 = true
    /// The seed: the same seed gives the same case everywhere.
    public var seed: UInt64 = 0

    /// A generator with the usual sizes.
    public init() {}

    private static let topics = 12
    private static let mostDraws = 4

    /// Makes the case and writes it, with the expected values of every stage.
    /// - Returns: the mistakes that the case tells from a right indexer by the selection alone, and those that it does not.
    @discardableResult public func write(to path: String) throws -> (told: [WholeIndexerMistake], untold: [WholeIndexerMistake]) {
        try check()
        var (whole, right, told, untold) = try tried(draw: 0)
        for number in 1..<Self.mostDraws where !untold.isEmpty {
            let other = try tried(draw: number)
            if other.untold.count < untold.count { (whole, right, told, untold) = other }
        }
        try file(whole, right).write(to: path)
        return (told, untold)
    }

    /// One draw of noise, and which mistakes it tells.
    private func tried(draw number: Int) throws(EngineError) -> (
        WholeIndexerCase, WholeIndexerAnswer, told: [WholeIndexerMistake], untold: [WholeIndexerMistake]
    ) {
        let whole = try draw(number)
        let right = try whole.answer()
        let cut = try WholeIndexerRounding(whole, right).cut
        var (told, untold) = ([WholeIndexerMistake](), [WholeIndexerMistake]())
        for mistake in WholeIndexerMistake.allCases {
            guard let change = mistake.changes(in: whole).first else { continue }
            let selected = try whole.answer(change).kept.map(Set.init)
            if right.wrongKeys(selected, cut) > 0 { told.append(mistake) } else { untold.append(mistake) }
        }
        return (whole, right, told, untold)
    }

    /// Throws for sizes that make no indexer.
    private func check() throws(EngineError) {
        let sizes = [
            ("queries", queries), ("keys", keys), ("heads", heads), ("dim", dimension), ("rope-dim", ropeDimension), ("model-dim", width),
            ("q-lora", latent), ("top-k", topK),
        ]
        for (name, count) in sizes where count < 1 { throw EngineError(.value, name, expected: "at least 1", found: "\(count)") }
        for (name, count) in sizes where count > 1 << 16 {
            throw EngineError(.value, name, expected: "at most 65536", found: "\(count)")
        }
        guard queries <= keys else {
            throw EngineError(.value, "keys", expected: "at least as many as queries, \(queries)", found: "\(keys)")
        }
        guard topK <= keys else { throw EngineError(.value, "top-k", expected: "at most as many as keys, \(keys)", found: "\(topK)") }
        guard ropeDimension <= dimension, ropeDimension % 2 == 0 else {
            throw EngineError(.value, "rope-dim", expected: "an even number of at most \(dimension) features", found: "\(ropeDimension)")
        }
        if let yarnFactor, !(yarnFactor > 1 && yarnFactor <= Double(keys)) {
            throw EngineError(
                .value, "yarn", expected: "a factor above 1 and of at most \(keys), the keys", found: NumberText.exact(yarnFactor))
        }
        let products = [
            ("heads × dim × q-lora", heads * dimension, latent), ("keys × model-dim", keys, width), ("dim × model-dim", dimension, width),
            ("keys × dim", keys, dimension), ("heads × model-dim", heads, width), ("queries × q-lora", queries, latent),
            ("queries × heads × dim", queries, heads * dimension),
        ]
        for (name, rows, columns) in products {
            guard rows * columns <= 1 << 24 else { throw EngineError(.value, name, expected: "at most 2^24", found: "\(rows * columns)") }
        }
        try WholeIndexerCase.check(queries: queries, heads: heads, keys: keys)
    }

    /// The length trained on, where there is YaRN.
    private var originalLength: Int { yarnFactor.map { max(1, Int(Double(keys) / $0)) } ?? keys }

    private func draw(_ number: Int) throws(EngineError) -> WholeIndexerCase {
        var noise = NormalNoise(seed: seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        let common = noise.vector(width)
        let topics = (0..<Self.topics).map { _ in noise.vector(width) }
        let x = (0..<keys).flatMap { _ in
            let (topic, strength, size) = (topics[noise.index(below: Self.topics)], abs(noise.next()), Double.exp(0.4 * noise.next()))
            return (0..<width).map { 0.8 * common[$0] + size * (strength * topic[$0] + 0.7 * noise.next()) }
        }
        let plain = try RotaryFrequencies.plain(dimension: ropeDimension, theta: theta)
        let yarn = yarnFactor.map { RotaryFrequencies.YaRN(factor: $0, betaFast: 32, betaSlow: 1, originalLength: originalLength) }
        let used = try yarn.map { yarn throws(EngineError) in
            try RotaryFrequencies.yarn(dimension: ropeDimension, theta: theta, yarn)
        }
        let latents = Tensor([.t, .l], [queries, latent], noise.vector(queries * latent).map(\.roundedToBFloat16))
        let indexer = try indexer(common, used ?? plain, &noise)
        let whole = WholeIndexerCase(
            indexer: indexer, x: Tensor([.s, .c], [keys, width], x.map(\.roundedToBFloat16)), queryLatents: latents,
            plainFrequencies: yarn == nil ? nil : plain)
        return isFloat8 ? try straddling(whole) : whole
    }

    /// An indexer of noise; what is common to all tokens gives keys a mean, and most heads a positive weight.
    private func indexer(_ common: [Double], _ frequencies: [Double], _ noise: inout NormalNoise) throws(EngineError) -> LightningIndexer {
        let square = common.reduce(0) { $0 + $1 * $1 }
        func weight(
            _ name: String, _ rows: Int, _ columns: Int, along share: Double = 0, times factor: (Int) -> Double = { _ in 1 }
        ) -> NamedTensor {
            let values = noise.vector(rows * columns).enumerated().map { cell, value in
                factor(cell / columns) * value / Double(columns).squareRoot()
                    + (share == 0 ? 0 : share * common[cell % columns] / square)
            }
            return NamedTensor(name, Tensor([.o, .c], [rows, columns], values.map(\.roundedToBFloat16)))
        }
        func vector(_ name: String, _ mean: Double, _ spread: Double) -> NamedTensor {
            NamedTensor(name, Tensor([.o], [dimension], noise.vector(dimension).map { (mean + spread * $0).roundedToBFloat16 }))
        }
        return try LightningIndexer(
            heads: heads, dimension: dimension, topK: topK,
            query: weight("wq_b.weight", heads * dimension, latent, times: { self.size($0) * [0.6, 1, 1.8][$0 / self.dimension % 3] }),
            key: weight("wk.weight", dimension, width, along: 1.5, times: size),
            headWeights: weight("weights_proj.weight", heads, width, along: 0.8),
            keyNorm: .init(weight: vector("k_norm.weight", 1, 0.4), bias: vector("k_norm.bias", 0, 0.6), epsilon: 1e-6),
            rotary: .init(layout: rope, frequencies: frequencies), hadamard: hadamard, float8: isFloat8 ? .powerOfTwo : nil,
            scalesWeights: true)
    }

    /// How large a feature is: the two pairs that turn fastest are larger than the others.
    private func size(_ row: Int) -> Double {
        let feature = row % dimension
        guard feature < ropeDimension else { return 1 }
        return (rope == .half ? feature % (ropeDimension / 2) : feature / 2) < 2 ? 2.5 : 1
    }

    /// The case with keys of such a length that about half of their scales are one power of two, half the next.
    private func straddling(_ whole: WholeIndexerCase) throws(EngineError) -> WholeIndexerCase {
        let before = whole.stages[..<whole.stages.firstIndex(of: .key)!].last { !$0.isFloat8 }!
        let values = try whole.answer().values[before]!.values
        let largest = stride(from: 0, to: values.count, by: dimension)
            .map { start in values[start..<start + dimension].reduce(0) { max($0, abs($1)) } }.sorted()
        let middle = largest[largest.count / 2]
        guard middle > 0, let norm = whole.indexer.keyNorm else { return whole }
        let factor = Float8.largest * Double(sign: .plus, exponent: (middle / Float8.largest).exponent, significand: 1) / middle
        func scaled(_ weight: NamedTensor) -> NamedTensor {
            let tensor = weight.tensor
            return NamedTensor(weight.name, Tensor(tensor.shape, tensor.values.map { ($0 * factor).roundedToBFloat16 }))
        }
        var indexer = whole.indexer
        indexer.keyNorm = .init(weight: scaled(norm.weight), bias: scaled(norm.bias), epsilon: norm.epsilon)
        return WholeIndexerCase(
            indexer: indexer, x: whole.x, queryLatents: whole.queryLatents, plainFrequencies: whole.plainFrequencies)
    }

    // MARK: The file

    private func file(_ whole: WholeIndexerCase, _ right: WholeIndexerAnswer) -> SafetensorsWriter {
        var file = SafetensorsWriter(metadata: [
            "kind": ReferenceCase.Kind.wholeIndexer.rawValue, "config": config,
            "source":
                "Attention Steps, attn case make; DeepSeek-V3.2-Exp inference/model.py, Indexer.forward(x, qr), in float64; scores before the mask; ties: the lower position wins",
        ])
        let indexer = whole.indexer
        for (name, tensor) in [("input.x", whole.x), ("input.q_lora", whole.queryLatents)] {
            file.add(name, shape: tensor.shape.lengths, floats: tensor.values.map(Float.init))
        }
        for weight in [indexer.query, indexer.key, indexer.headWeights, indexer.keyNorm?.weight, indexer.keyNorm?.bias].compactMap(\.self) {
            file.add("weight.\(weight.name)", shape: weight.tensor.shape.lengths, floats: weight.tensor.values.map(Float.init))
        }
        for stage in whole.stages {
            let (name, tensor) = ("expected.\(stage.rawValue)", right.values[stage]!)
            let shape = tensor.shape.lengths
            switch stage {
            case .selected: file.add(name, shape: shape, integers: tensor.values.map { Int($0) })
            case .query where isFloat8, .key where isFloat8: file.add(name, shape: shape, float8Codes: tensor.values.map(Float8.encode))
            case .queryScale, .keyScale: file.add(name, shape: shape, floats: tensor.values.map(Float.init))
            default: file.add(name, tensor)
            }
        }
        return file
    }

    private var config: String {
        var fields = [
            "\"dim\": \(width)", "\"q_lora_rank\": \(latent)", "\"index_n_heads\": \(heads)", "\"index_head_dim\": \(dimension)",
            "\"qk_rope_head_dim\": \(ropeDimension)", "\"index_topk\": \(topK)", "\"indexer_rope\": \"\(rope.rawValue)\"",
            "\"rope_theta\": \(NumberText.exact(theta))", "\"index_k_norm_eps\": 1e-6", "\"indexer_hadamard\": \(hadamard)",
            "\"indexer_fp8\": \(isFloat8)",
        ]
        if isFloat8 { fields += ["\"quant_block\": \(dimension)", "\"quant_scale\": \"\(ScaleFormat.powerOfTwo.rawValue)\""] }
        if let yarnFactor {
            fields += [
                "\"max_seq_len\": \(keys)", "\"original_seq_len\": \(originalLength)",
                "\"rope_factor\": \(NumberText.exact(yarnFactor))", "\"beta_fast\": 32", "\"beta_slow\": 1",
            ]
        }
        return "{\((fields + ["\"seed\": \(seed)"]).joined(separator: ", "))}"
    }
}
