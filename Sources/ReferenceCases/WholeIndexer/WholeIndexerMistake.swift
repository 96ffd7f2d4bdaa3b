// Mistakes that are made before an indexer's kernel, and in it. Each is the right indexer with a part or a step changed, nothing computed twice.

import Mechanisms
public import Traces

/// A mistake that a whole indexer is made with.
public enum WholeIndexerMistake: String, CaseIterable, Sendable {
    /// The other features are paired: neighbours for halves, or halves for neighbours.
    case ropeLayout = "rope-layout"
    /// Nothing turns by its position.
    case noRope = "no-rope"
    /// The last features turn instead of the first, as MLA splits a head.
    case ropeAtEnd = "rope-at-end"
    /// Queries, or keys, or both stand a position too far or not far enough.
    case positionOffByOne = "position-off-by-one"
    /// The frequencies are those without YaRN.
    case noYaRN = "no-yarn"
    /// Keys pass RMSNorm instead of LayerNorm, with the bias or without.
    case rmsInsteadOfLayerNorm = "rms-instead-of-layer-norm"
    /// Keys pass no norm.
    case noKeyNorm = "no-k-norm"
    /// The keys' norm has no bias.
    case noNormBias = "no-norm-bias"
    /// Queries are rotated by Hadamard's matrix, keys are not.
    case hadamardQueryOnly = "hadamard-query-only"
    /// Scores are not multiplied by the keys' scales.
    case noKeyScale = "no-k-scale"
    /// The queries' scales are not folded into the weights of the heads.
    case noQueryScale = "no-q-scale"
    /// Dot products below 0 are not cut off.
    case noReLU = "no-relu"
    /// Every head counts the same.
    case noHeadWeights = "no-head-weights"

    /// What it is, for the end of a sentence: "as if …".
    public var words: Bilingual {
        switch self {
        case .ropeLayout: Bilingual(en: "as if RoPE paired the other features (half for interleaved)", zh: "像是 RoPE 配错了对（前后半与相邻交错弄反了）")
        case .noRope: Bilingual(en: "as if RoPE were missing", zh: "像是漏了 RoPE")
        case .ropeAtEnd:
            Bilingual(en: "as if the last features of a head turned instead of the first, as in MLA", zh: "像是转了每个头的后一段特征而不是前一段，和 MLA 的切分一样")
        case .positionOffByOne: Bilingual(en: "as if positions were off by one", zh: "像是位置差了一")
        case .noYaRN: Bilingual(en: "as if RoPE's frequencies were those without YaRN", zh: "像是 RoPE 的频率没有经过 YaRN")
        case .rmsInsteadOfLayerNorm: Bilingual(en: "as if keys passed RMSNorm instead of LayerNorm", zh: "像是键用了 RMSNorm 而不是 LayerNorm")
        case .noKeyNorm: Bilingual(en: "as if the keys' norm were missing", zh: "像是漏了键的归一化")
        case .noNormBias: Bilingual(en: "as if the bias of the keys' norm were missing", zh: "像是键的归一化漏了偏置")
        case .hadamardQueryOnly: Bilingual(en: "as if only queries passed the Hadamard rotation", zh: "像是只有查询做了哈达玛旋转")
        case .noKeyScale: Bilingual(en: "as if the keys' scales were missing", zh: "像是没有乘键的缩放因子")
        case .noQueryScale: Bilingual(en: "as if the queries' scales were missing from the weights", zh: "像是头的权重里没有乘查询的缩放因子")
        case .noReLU: Bilingual(en: "as if ReLU were missing", zh: "像是漏了 ReLU")
        case .noHeadWeights: Bilingual(en: "as if every head counted the same", zh: "像是每个头都一样重")
        }
    }

    /// The changes that make it, the plainest first; none where an indexer has nothing to do wrong so.
    func changes(in whole: WholeIndexerCase) -> [WholeIndexerCase.Change] {
        let right = whole.indexer
        func parameter(_ set: (inout LightningIndexer) -> Void) -> [WholeIndexerCase.Change] {
            var indexer = right
            set(&indexer)
            return [.init(indexer: indexer)]
        }
        func step(_ interventions: Intervention...) -> [WholeIndexerCase.Change] {
            interventions.map { .init(indexer: right, interventions: [$0]) }
        }
        switch self {
        case .ropeLayout: return parameter { $0.rotary?.layout = right.rotary?.layout == .half ? .interleaved : .half }
        case .noRope: return parameter { $0.rotary = nil }
        case .noKeyNorm: return parameter { $0.keyNorm = nil }
        case .noNormBias: return parameter { $0.keyNorm = right.keyNorm?.withoutBias }
        case .noYaRN:
            guard let plain = whole.plainFrequencies, let layout = right.rotary?.layout else { return [] }
            return parameter { $0.rotary = .init(layout: layout, frequencies: plain) }
        case .ropeAtEnd:
            guard let rotary = right.rotary, 2 * rotary.frequencies.count < right.dimension else { return [] }
            return step(.turning(rotary, whole, fromEnd: true))
        case .positionOffByOne:
            guard let rotary = right.rotary else { return [] }
            return [(1, 0), (-1, 0), (1, 1), (-1, -1)].flatMap { query, key in
                step(.turning(rotary, whole, queryShift: query, keyShift: key))
            }
        case .rmsInsteadOfLayerNorm:
            guard let norm = right.keyNorm else { return [] }
            return step(.rootMeanSquare(norm, hasBias: false), .rootMeanSquare(norm, hasBias: true))
        case .hadamardQueryOnly:
            return right.hadamard ? [.init(indexer: right, interventions: [.hadamardQueryOnly], leavesKeysUnturned: true)] : []
        case .noKeyScale: return right.float8 == nil ? [] : step(.noKeyScale)
        case .noQueryScale: return right.float8 == nil ? [] : step(.noQueryScale(heads: right.heads, dimension: right.dimension))
        case .noReLU: return step(.noReLU)
        case .noHeadWeights: return step(.noHeadWeights)
        }
    }
}

extension LightningIndexer.KeyNorm {
    /// The same norm with a bias of zeros.
    fileprivate var withoutBias: Self {
        let shape = bias.tensor.shape
        let zeros = Tensor(shape, [Double](repeating: 0, count: shape.count))
        return Self(weight: weight, bias: NamedTensor(bias.name, zeros), epsilon: epsilon)
    }
}

extension Intervention {
    /// The rotary embedding of queries and keys done otherwise: of the last features, or at other positions.
    fileprivate static func turning(
        _ rotary: LightningIndexer.Rotary, _ whole: WholeIndexerCase, fromEnd: Bool = false, queryShift: Int = 0, keyShift: Int = 0
    ) -> Intervention {
        let queries = Turning(
            rotary: rotary, isAtEnd: fromEnd, positions: (whole.keys - whole.queries..<whole.keys).map { $0 + queryShift })
        let keys = Turning(rotary: rotary, isAtEnd: fromEnd, positions: (0..<whole.keys).map { $0 + keyShift })
        let before: Role = whole.indexer.keyNorm == nil ? .indexKeyProjected : .indexKeyNormalised
        // Where nothing is rounded and nothing rotated after it, the step of the rotary embedding is the last and called so.
        let isLast = !whole.indexer.hadamard && whole.indexer.float8 == nil
        return Intervention(
            "rope", on: "a rotary embedding",
            .at(isLast ? .indexQuery : .indexQueryRope) { words, _, trace throws(EngineError) in
                (words, try queries.of(trace.recorded(trace.id(.indexQueryProjected)), token: .t))
            },
            .at(isLast ? .indexKey : .indexKeyRope) { words, _, trace throws(EngineError) in
                (words, try keys.of(trace.recorded(trace.id(before)), token: .s))
            })
    }

    /// RMSNorm of the keys.
    fileprivate static func rootMeanSquare(_ norm: LightningIndexer.KeyNorm, hasBias: Bool) -> Intervention {
        Intervention(
            "rms-norm", on: "a norm of its keys",
            .at(.indexKeyNormalised) { words, _, trace throws(EngineError) in
                let x = try trace.recorded(trace.id(.indexKeyProjected))
                let scaled = try rmsNorm(x, trace.weight(norm.weight, "γ", [.d]), epsilon: norm.epsilon, over: .d)
                return (words, hasBias ? try scaled + trace.weight(norm.bias, "β", [.d]) : scaled)
            })
    }

    /// Scores without the keys' scales.
    fileprivate static let noKeyScale = Intervention(
        "no-k-scale", on: "scores",
        .at(.indexScore) { words, _, trace throws(EngineError) in
            let (w, votes) = (try trace.recorded(trace.id(.indexWeights)), try trace.recorded(trace.id(.indexVotes)))
            return (words, try sum(w * votes, over: .j))
        })

    /// Weights of the heads without the queries' scales.
    fileprivate static func noQueryScale(heads: Int, dimension: Int) -> Intervention {
        Intervention(
            "no-q-scale", on: "weights of its heads",
            .at(.indexWeights) { words, _, trace throws(EngineError) in
                let w = try trace.recorded(trace.id(.indexWeightsProjected))
                return (words, w * Constant(1 / (Double(heads) * Double(dimension)).squareRoot()))
            })
    }
}

/// A rotary embedding of some of the features.
private struct Turning: Sendable {
    let rotary: LightningIndexer.Rotary
    let isAtEnd: Bool
    let positions: [Int]

    func of(_ x: Expression, token: Axis) throws(EngineError) -> Expression {
        let (all, count) = (x.shape[.d]!, 2 * rotary.frequencies.count)
        let turned = try Traces.rotary(
            x.slicing(.d, isAtEnd ? all - count..<all : 0..<count), rotary.layout, positions: positions, frequencies: rotary.frequencies,
            token: token)
        guard count < all else { return turned }
        let rest = try x.slicing(.d, isAtEnd ? 0..<all - count : count..<all)
        return try concatenated(isAtEnd ? [rest, turned] : [turned, rest], along: .d)
    }
}
