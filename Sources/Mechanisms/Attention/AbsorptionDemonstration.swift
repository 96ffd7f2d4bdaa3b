// Moving a bracket, with numbers small enough to follow: (Wᵀ q) · c = q · (W c) (DeepSeek-V2 2024, section 2.1.2), and what a rotation between the
// table and the query does to it (section 2.1.3). Two features each, designed whole numbers, turns by quarters so that rotated numbers stay whole.
// The engine's own expressions; no trained weights, no scaling, no softmax.

public import Traces

/// One query, one table and one latent that stands at several positions; both ways to bracket their product, without and with rotation.
public enum AbsorptionDemonstration {
    /// Where the query stands.
    public static let position = 2
    /// Where the latent stands: the same one, at each of these positions.
    public static let keyPositions = [1, 0]

    /// How far the query is from each position of the latent.
    public static var distances: [Int] { keyPositions.map { position - $0 } }

    /// The steps `input.q` [t, d] of one query, `input.W` [d, r], `input.c` [s, r] (one latent, a row for each position), `key` [s, d], `score` [t, s],
    /// `absorbed` [t, r], `score_absorbed` [t, s]; `turned_query` [t, d], `turned_key` [s, d], `turned_score` [t, s]; and for each distance N
    /// `table_N` [d, r], `absorbed_N` [t, r] and `score_absorbed_N` [t, s], of the one latent at that distance.
    public static func trace() throws(EngineError) -> Trace {
        var recorder = Recorder()
        func given(_ id: StepID, _ symbol: String, _ axes: [Axis], _ values: [Double], _ title: Bilingual) throws(EngineError) -> Expression
        {
            try recorder.input(id, symbol, Tensor(Shape(axes, [values.count / 2, 2]), values), title: title, source: design)
        }
        let q = try given("input.q", "q", [.t, .d], [2, 1], Bilingual(en: "A query", zh: "一个查询"))
        let W = try given(
            "input.W", "W", [.d, .r], [1, 2, 3, -1], Bilingual(en: "The table that makes a key of a latent", zh: "由潜向量造键的表"))
        let c = try given(
            "input.c", "c", [.s, .r], keyPositions.flatMap { _ in [1.0, 2.0] },
            Bilingual(en: "A latent, the same at each position", zh: "一个潜向量，放在每个位置上"))

        let k = try recorder.record(.madeKey, dot(c, W, over: .r))  // [s, d]
        _ = try recorder.record(.keyFirst, dot(q, k))  // [t, s]
        let carried = try recorder.record(.carriedQuery, dot(q, W))  // [t, r]
        _ = try recorder.record(.queryFirst, dot(carried, c, over: .r))

        let turnedQuery = try recorder.record(.turnedQuery, turned(q, by: [position], token: .t))
        let turnedKeys = try recorder.record(.turnedKey, turned(k, by: keyPositions, token: .s))
        _ = try recorder.record(.turnedScore, dot(turnedQuery, turnedKeys))
        for (place, distance) in distances.enumerated() {
            let table = try recorder.record(.turnedTable(distance), turned(W, by: [-distance, -distance], token: .r))
            let own = try recorder.record(.carriedBy(distance), dot(q, table))
            _ = try recorder.record(.carriedScore(distance), dot(own, c.slicing(.s, place..<place + 1), over: .r))
        }
        return recorder.trace
    }

    /// `x` turned by that many quarter turns, a number for each position of `token`.
    private static func turned(_ x: Expression, by quarters: [Int], token: Axis) throws(EngineError) -> Expression {
        try rotary(x, .interleaved, positions: quarters, frequencies: [.pi / 2], token: token)
    }

    private static let design = Bilingual(en: "designed: small whole numbers", zh: "为此设计的小整数")
}

extension Equation {
    private static let section = Bilingual(en: "DeepSeek-V2 (2024), section 2.1.2", zh: "DeepSeek-V2（2024），2.1.2 节")
    private static let rotation = Bilingual(
        en: "DeepSeek-V2 (2024), section 2.1.3; turns by quarters", zh: "DeepSeek-V2（2024），2.1.3 节；按四分之一圈转")

    fileprivate static let madeKey = Equation(
        named: "key", symbol: "k", Bilingual(en: "The key that the table makes of the latent", zh: "用表由潜向量造出的键"), "k_s = W c_s",
        source: section,
        axes: [.s, .d])
    fileprivate static let keyFirst = Equation(
        named: "score", symbol: "D", Bilingual(en: "Score: the query against the key", zh: "分数：查询对键"), #"D = q \cdot (W c)"#,
        source: section, axes: [.t, .s])
    fileprivate static let carriedQuery = Equation(
        named: "absorbed", symbol: "q^L", Bilingual(en: "The query, carried into the latents’ space", zh: "带入潜空间的查询"), #"q^L = W^{\top} q"#,
        source: section, axes: [.t, .r])
    fileprivate static let queryFirst = Equation(
        named: "score_absorbed", symbol: "D^L", Bilingual(en: "Score: the carried query against the latent", zh: "分数：带过去的查询对潜向量"),
        #"D^L = (W^{\top} q) \cdot c"#, source: section, axes: [.t, .s])
    fileprivate static let turnedQuery = Equation(
        named: "turned_query", symbol: "q^R", Bilingual(en: "The query, turned by its position", zh: "按位置转过的查询"), #"q^R = R_t q"#,
        source: rotation,
        axes: [.t, .d])

    fileprivate static let turnedKey = Equation(
        named: "turned_key", symbol: "k^R", Bilingual(en: "The key at each position, turned", zh: "各位置上的键，转过之后"), #"k^R_s = R_s W c"#,
        source: rotation,
        axes: [.s, .d])
    fileprivate static let turnedScore = Equation(
        named: "turned_score", symbol: "D^R", Bilingual(en: "Scores with both turned", zh: "两边都转过之后的分数"),
        #"D^R_s = (R_t q) \cdot (R_s W c)"#,
        source: rotation, axes: [.t, .s])
    fileprivate static func turnedTable(_ distance: Int) -> Equation {
        Equation(
            named: "table_\(distance)", symbol: "M",
            Bilingual(en: "The table that distance \(distance) would need", zh: "距离 \(distance) 需要的表"),
            #"M = R_{s-t} W"#, source: rotation, axes: [.d, .r])
    }
    fileprivate static func carriedBy(_ distance: Int) -> Equation {
        Equation(
            named: "absorbed_\(distance)", symbol: "q^L", Bilingual(en: "The query, carried by that table", zh: "用这张表带过去的查询"),
            #"q^L = M^{\top} q"#, source: rotation, axes: [.t, .r])
    }
    fileprivate static func carriedScore(_ distance: Int) -> Equation {
        Equation(
            named: "score_absorbed_\(distance)", symbol: "D^L",
            Bilingual(en: "Score at distance \(distance), the query carried", zh: "距离 \(distance) 处的分数，查询带过去算"),
            #"D^L = (M^{\top} q) \cdot c"#, source: rotation, axes: [.t, .s])
    }
}
