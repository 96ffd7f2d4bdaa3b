// Which tokens the layers of a model select, counted: what becomes of a token once it has left the latest keys.

public import Traces

/// How often the layers of a model select each token of a text.
public struct SelectionMap: Hashable, Sendable {
    /// One layer.
    public struct Layer: Hashable, Sendable {
        /// Its number; nil where there is one attention alone.
        public let number: Int?
        /// For each key, how many queries count: those that see it and stand at least k tokens away, where the latest k keys do not reach.
        public let asked: [Int]
        /// How many of these select it.
        public let kept: [Int]
        /// How much of a query's choice the layer before has chosen too, mean over the queries that must leave some key out; nil for the first layer, and
        /// where no query must.
        public let common: Double?

        /// A layer.
        public init(number: Int?, asked: [Int], kept: [Int], common: Double?) {
            (self.number, self.asked, self.kept, self.common) = (number, asked, kept, common)
        }

        /// What part of the queries that count select a key; nil where none counts.
        public func share(_ key: Int) -> Double? { asked[key] > 0 ? Double(kept[key]) / Double(asked[key]) : nil }
    }

    /// The model, by name.
    public let model: String
    /// k: how many keys a query selects.
    public let topK: Int
    /// The text, a label for each key; none where positions have no names.
    public let tokens: [String]
    /// From the first to the last.
    public let layers: [Layer]

    /// A map that was counted.
    public init(model: String, topK: Int, tokens: [String], layers: [Layer]) {
        (self.model, self.topK, self.tokens, self.layers) = (model, topK, tokens, layers)
    }

    /// Counts what each layer selects. The last query stands at the last key.
    /// - Parameter layers: each with what its queries keep, and which keys they see.
    public init(model: String, topK: Int, tokens: [String], _ layers: [(number: Int?, selection: Selection, visible: Mask)]) {
        var before: Selection?
        let counted = layers.map { number, selection, visible in
            let layer = Self.counted(number, selection, visible, topK, before)
            before = selection
            return layer
        }
        self.init(model: model, topK: topK, tokens: tokens, layers: counted)
    }

    /// Counts what a selector with all knowledge would select: the `topK` heaviest keys of each layer's dense weights [h, t, s] or [t, s], summed over heads.
    /// Throws for weights that are no numbers.
    public init(model: String, topK: Int, tokens: [String], heaviestOf layers: [Step]) throws(EngineError) {
        let selected = try layers.map { weights throws(EngineError) -> (number: Int?, selection: Selection, visible: Mask) in
            let visible = weights.visible ?? Mask(apparentIn: weights.output)
            let selection = try Selection(heaviest: topK, of: weights.output, called: weights.id.text, visible: visible)
            return (weights.id.layer, selection, visible)
        }
        self.init(model: model, topK: topK, tokens: tokens, selected)
    }

    /// What part of the queries that count select a key, mean over the layers in which any does; nil where none does.
    public func meanShare(_ key: Int) -> Double? { Self.mean(layers.compactMap { $0.share(key) }) }

    /// How much of its choices a layer has in common with the one before, mean over the layers; nil where there is one alone.
    public var meanCommon: Double? { Self.mean(layers.compactMap { $0.common }) }

    private static func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }

    private static func counted(_ number: Int?, _ selection: Selection, _ visible: Mask, _ topK: Int, _ before: Selection?) -> Layer {
        var (asked, kept) = ([Int](repeating: 0, count: visible.columns), [Int](repeating: 0, count: visible.columns))
        var (common, rows) = (0.0, 0)
        let past = visible.columns - visible.rows
        for (row, choice) in selection.rows.enumerated() {
            let seen = visible.visibleKeys(of: row)
            for key in seen where abs(past + row - key) >= topK { asked[key] += 1 }
            for key in choice.kept where abs(past + row - key) >= topK { kept[key] += 1 }
            guard let before, row < before.rows.count, !choice.kept.isEmpty, seen.count > choice.kept.count else { continue }
            let earlier = Set(before.rows[row].kept)
            common += Double(choice.kept.count { earlier.contains($0) }) / Double(choice.kept.count)
            rows += 1
        }
        return Layer(number: number, asked: asked, kept: kept, common: rows > 0 ? common / Double(rows) : nil)
    }
}
