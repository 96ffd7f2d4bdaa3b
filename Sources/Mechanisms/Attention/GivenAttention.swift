// Attention that was computed elsewhere: weights without the queries, keys and scores that they came from. They are recorded as they are, and what a
// selection would keep of them can be laid over: which keys, how much of the given weight they hold, and how the weights are shared out among them.

public import Traces

/// Which keys of given attention are kept.
public enum KeptKeys: Hashable, Sendable, CustomStringConvertible {
    /// The `k` keys of the most weight, summed over heads: of equal ones the earlier.
    case heaviest(_ k: Int)
    /// The latest `k`.
    case recent(_ k: Int)
    /// The latest `window`, and the first `sinks` (StreamingLLM, Xiao et al. 2023).
    case window(_ window: Int, sinks: Int)

    /// How a rule is written.
    public static let spellings = "topk:16, recent:64 or window:64+sinks:4"
    private static let most = 1 << 20

    /// The rule that `text` spells; throws for any other text.
    public init(parsing text: String) throws(EngineError) {
        var counts: [String: Int] = [:]
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        for part in parts {
            let pair = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard pair.count == 2, let count = Int(pair[1]), (1...Self.most).contains(count), String(count) == pair[1],
                counts[pair[0]] == nil
            else { throw Self.unknown(text) }
            counts[pair[0]] = count
        }
        switch (parts.count, counts["topk"], counts["recent"], counts["window"], counts["sinks"]) {
        case (1, let k?, nil, nil, nil): self = .heaviest(k)
        case (1, nil, let k?, nil, nil): self = .recent(k)
        case (2, nil, nil, let window?, let sinks?): self = .window(window, sinks: sinks)
        default: throw Self.unknown(text)
        }
    }

    private static func unknown(_ text: String) -> EngineError {
        EngineError(.value, "select", expected: "\(spellings), with numbers from 1 to \(most)", found: text.isEmpty ? "nothing" : text)
    }

    /// How many keys a query keeps at most.
    public var count: Int {
        switch self {
        case .heaviest(let k), .recent(let k): k
        case .window(let window, let sinks): window + sinks
        }
    }

    /// As options spell it.
    public var description: String {
        switch self {
        case .heaviest(let k): "topk:\(k)"
        case .recent(let k): "recent:\(k)"
        case .window(let window, let sinks): "window:\(window)+sinks:\(sinks)"
        }
    }

    /// As switches name it: by the rule of the same choice, where there is one.
    var switches: [String] {
        let rule: SelectionRule? =
            switch self {
            case .heaviest: .oracle
            case .recent: .recent
            case .window(_, let sinks): sinks == SelectionRule.sinks(of: count) ? .windowAndSinks : nil
            }
        return ["select=\(rule?.rawValue ?? description)", Switch.topK(count).description]
    }

    /// What position alone ranks [t, s]; nil where the weights are ranked.
    func scores(visible: Mask) -> Tensor? {
        switch self {
        case .heaviest: nil
        case .recent: SelectionRule.latest(visible: visible, after: 0)
        case .window(_, let sinks): SelectionRule.latest(visible: visible, after: sinks)
        }
    }
}

/// Makes traces of attention that was computed elsewhere.
public enum GivenAttention {
    /// The weights of one layer.
    public struct Layer: Sendable {
        /// The layer's number; nil where there is one attention alone.
        public let number: Int?
        /// Weights [h, t, s], or [t, s] where there are no heads.
        public let weights: Tensor

        /// The weights of one layer.
        public init(number: Int?, weights: Tensor) { (self.number, self.weights) = (number, weights) }

        /// The pairs without weight, among those that a query may have seen; nil if there are none.
        public var unweighted: UnweightedPairs? { UnweightedPairs(in: weights, Mask(apparentIn: weights)) }
    }

    /// Pairs in which no head has weight. Whether a mask hid them, a window's or that of padding, or their weight is 0, or too small for the numbers of the
    /// file, weights alone do not say. They count as seen, and whoever shows the weights says so.
    public struct UnweightedPairs: Hashable, Sendable {
        /// How many they are.
        public let count: Int
        /// How many pairs count as seen, these among them.
        public let seen: Int
        /// How many keys back the furthest weight lies, a query's own key being 1; nil if that is the first key, or attention is not causal.
        public let reach: Int?

        fileprivate init?(in weights: Tensor, _ visible: Mask) {
            let shape = weights.shape
            let strides = (h: shape.stride(of: .h), t: shape.stride(of: .t), s: shape.stride(of: .s))
            let (heads, past) = (0..<(shape[.h] ?? 1), visible.columns - visible.rows)
            var (count, furthest) = (0, 0)
            for row in 0..<visible.rows {
                for key in 0..<(visible.isCausal ? past + row + 1 : visible.columns) {
                    let cell = row * strides.t + key * strides.s
                    // What is no number is no zero.
                    if heads.contains(where: { weights.values[$0 * strides.h + cell] != 0 }) {
                        furthest = max(furthest, past + row + 1 - key)
                    } else {
                        count += 1
                    }
                }
            }
            guard count > 0 else { return nil }
            self.count = count
            seen = visible.visibleCount
            reach = visible.isCausal && furthest < visible.columns ? furthest : nil
        }

        /// What is to be said of them.
        public var note: Bilingual {
            let (some, all) = (NumberText.grouped(count), NumberText.grouped(seen))
            let far = reach.map(NumberText.grouped)
            let back = far.map {
                Bilingual(en: " (no head looks further back than \($0) key\(reach == 1 ? "" : "s"))", zh: "（没有哪个头往回看超过 \($0) 个键）")
            }
            return Bilingual(
                en: "no head has weight in \(some) of \(all) pairs\(back?.en ?? ""): hidden or exactly 0, they count as seen",
                zh: "\(all) 对中有 \(some) 对在每个头里都没有权重\(back?.zh ?? "")：可能被遮住，也可能就是 0，都按可见计")
        }
    }

    /// A trace with `attention.weights`, in each layer as `layer.N.attention.weights`; with a selection also `selected`, what was ranked for it,
    /// `kept.weights`: the given weights of the kept keys, as they are, and `sparse.weights`: the same shared out anew, which is what a softmax
    /// over these keys alone gives.
    /// - Parameters:
    ///   - tokens: a label for each key, and for each query where there are as many; none where positions have no names.
    ///   - kept: the selection that is laid over, if any.
    ///   - source: where the weights come from.
    /// - Throws: `EngineError` for a selection of weights that cannot be ranked.
    public static func trace(_ layers: [Layer], tokens: [String], keeping kept: KeptKeys? = nil, source: Bilingual) throws(EngineError)
        -> Trace
    {
        let labels: [Axis: [String]] = tokens.isEmpty ? [:] : [.t: tokens, .s: tokens]
        var recorder = Recorder(tokens: tokens, switches: kept?.switches ?? [], labels: labels)
        for layer in layers {
            if let number = layer.number {
                try recorder.within(.layer(number)) { recorder throws(EngineError) in try record(layer, kept, source, on: &recorder) }
            } else {
                try record(layer, kept, source, on: &recorder)
            }
        }
        return recorder.trace
    }

    private static func record(_ layer: Layer, _ kept: KeptKeys?, _ source: Bilingual, on recorder: inout Recorder) throws(EngineError) {
        let (tensor, visible) = (layer.weights, Mask(apparentIn: layer.weights))
        let note = layer.unweighted.map { Bilingual(en: "; ", zh: "；") + $0.note } ?? Bilingual(same: "")
        let equation = Equation.givenWeights(tensor.shape.axes, isCausal: visible.isCausal, source, note)
        let weights = recorder.given(equation, tensor, visible: visible)
        guard let kept else { return }
        let name = recorder.id(.weights, in: .attention).text
        if let wrong = tensor.values.firstIndex(where: { !($0 >= 0 && $0 < .infinity) }) {
            let place = tensor.shape.index(ofOffset: wrong).map(String.init).joined(separator: ",")
            throw EngineError(
                .value, "select \(kept): \(name)[\(place)]", expected: "a weight of at least 0",
                found: NumberText.significant(tensor.values[wrong]))
        }
        let ranked: Expression
        if let scores = kept.scores(visible: visible) {
            guard visible.isCausal else {
                throw EngineError(
                    .value, "select \(kept): \(name)", expected: "attention to earlier keys alone, in which some are the latest",
                    found: "weight on later keys")
            }
            let title = Bilingual(en: "The order in which \(kept.description) prefers keys", zh: "\(kept.description) 对键的偏好次序")
            ranked = try recorder.input(recorder.inputID("rule"), "R", scores, title: title)
        } else {
            ranked = tensor.shape.contains(.h) ? try recorder.record(.summedWeights, sum(weights, over: .h)) : weights
        }
        let choice = try topK(ranked, kept.count, visible: visible)
        let selected = try recorder.record(.selected, choice) { selected throws(EngineError) in
            try Selection(selected, scores: ranked.tensor, dense: tensor, visible: visible)
        }
        let left = try recorder.within(GivenAttention.kept) { recorder throws(EngineError) in
            try recorder.record(
                .keptWeights(tensor.shape.axes), zeroed(weights, visible.selecting(selected.tensor), selection: selected))
        }
        _ = try recorder.record(.sharedOutWeights(tensor.shape.axes), left / sum(left, over: .s))
    }

    /// Where the given weights of the kept keys stand.
    private static let kept = Scope.named("kept")

    /// The step that shows the selection laid over the weights of a layer, or of the only attention.
    public static func overlay(inLayer layer: Int?) -> StepID { StepID((layer.map { [.layer($0)] } ?? []) + [kept], .weights) }
}

extension Equation {
    fileprivate static func givenWeights(_ axes: [Axis], isCausal: Bool, _ source: Bilingual, _ note: Bilingual) -> Equation {
        let reach =
            isCausal ? Bilingual(en: "; no weight after a query: causal", zh: "；查询之后没有权重：因果") : Bilingual(same: "")
        return Equation(
            .weights, in: .attention, symbol: "A", Bilingual(en: "Attention weights", zh: "注意力权重"), "", source: source + reach + note,
            axes: axes)
    }

    fileprivate static let summedWeights = Equation(
        .oracleScore, symbol: "P", Bilingual(en: "Given weights summed over heads", zh: "各头给定权重之和"), #"P_{t,s} = \sum_{h} A_{h,t,s}"#,
        source: Bilingual(en: "what topk ranks", zh: "topk 按它排名"), axes: [.t, .s])

    fileprivate static func keptWeights(_ axes: [Axis]) -> Equation {
        let cell = axes.contains(.h) ? "{h,t,s}" : "{t,s}"
        return Equation(
            .weights, symbol: "A^{kept}", Bilingual(en: "Given weights of the kept keys", zh: "留下的键的给定权重"),
            #"A^{kept}_\#(cell) = A_\#(cell) , s \in \mathrm{sel}_t"#,
            source: Bilingual(en: "a row adds up to the weight that is kept", zh: "一行之和就是保住的权重"), axes: axes)
    }

    fileprivate static func sharedOutWeights(_ axes: [Axis]) -> Equation {
        let (left, right) = axes.contains(.h) ? ("{h,t,s}", "{h,t,r}") : ("{t,s}", "{t,r}")
        return Equation(
            .weights, in: .sparse, symbol: "A'",
            Bilingual(en: "Sparse attention weights: the given ones of the kept keys, shared out anew", zh: "稀疏注意力权重：留下的键的给定权重重新分配"),
            #"A'_\#(left) = \frac{A_\#(left)}{\sum_{r} A_\#(right)}"#,
            source: Bilingual(
                en: "a softmax over the kept keys alone gives the same", zh: "只对留下的键做 softmax，结果相同"), axes: axes)
    }
}
