// From numbers to colours: which map, between which ends, and how one number is written in a cell.

import AttentionEngine

/// The colours of one matrix, or of several that are compared.
struct MatrixScale: Sendable {
    let kind: MatrixSlice.Kind
    /// The number at the end of the map; the other end is 0, or minus this for signed numbers.
    let limit: Double
    let map: ColorMap
    /// Digits after the point in cells.
    let decimals: Int
    /// Whether every row of weights adds up to one.
    let rowsSumToOne: Bool

    init(_ slice: MatrixSlice, _ palette: Palette) {
        var (low, high) = (0.0, 0.0)
        var isWhole = true
        for value in slice.values where value.isFinite {
            if value < low { low = value }
            if value > high { high = value }
            isWhole = isWhole && value == value.rounded()
        }
        rowsSumToOne = slice.isPair && low == 0 && high <= 1 + 1e-9 && Self.addUp(slice)
        let isChoice = isWhole && low >= 0 && high <= 1 && !slice.step.id.hasSuffix("weights")
        kind = isChoice ? .choice : rowsSumToOne ? .weights : low < 0 ? .signed : .magnitudes
        switch kind {
        case .choice: limit = 1
        case .weights: limit = high > 0.5 && slice.rows <= 64 ? 1 : Self.roundUp(high)
        case .magnitudes: limit = Self.roundUp(high)
        case .signed: limit = Self.roundUp(max(high, -low))
        }
        map = kind == .signed ? palette.diverging : palette.sequential
        decimals = isWhole ? 0 : Self.decimals(slice.values, limit)
    }

    /// Where `value` stands on the map, 0 to 1.
    func position(_ value: Double) -> Double {
        guard limit > 0 else { return kind == .signed ? 0.5 : 0 }
        return kind == .signed ? (value / limit + 1) / 2 : value / limit
    }

    /// The colour of a finite value.
    func color(_ value: Double) -> Color { map.color(at: position(value)) }

    /// A value as it stands in a cell; nothing for the zeros of weights and choices.
    func text(_ value: Double) -> String {
        if value == 0, kind != .signed, kind != .magnitudes { return "" }
        return Self.typographic(value == 0 ? "0" : NumberText.fixed(value, decimals: decimals))
    }

    /// With a true minus sign.
    static func typographic(_ number: String) -> String { number.hasPrefix("-") ? "−" + number.dropFirst() : number }

    /// The ends of the scale.
    var ends: (low: String, high: String) {
        let high = NumberText.significant(limit, digits: 3)
        return (kind == .signed ? "−" + high : "0", high)
    }

    private static func addUp(_ slice: MatrixSlice) -> Bool {
        for row in 0..<slice.rows {
            var sum = 0.0
            let start = slice.values.startIndex + row * slice.columns
            for i in start..<start + slice.columns { sum += slice.values[i] }
            if !(abs(sum - 1) < 1e-6) { return false }
        }
        return true
    }

    /// As few digits as tell the values apart where tenths suffice; two otherwise, fewer for large numbers.
    private static func decimals(_ values: ArraySlice<Double>, _ limit: Double) -> Int {
        if limit >= 100 { return 0 }
        if limit >= 10 { return 1 }
        let tenths = values.allSatisfy { !$0.isFinite || abs($0 * 10 - ($0 * 10).rounded()) < 1e-9 }
        return tenths ? 1 : limit < 0.05 ? 3 : 2
    }

    /// The least of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten that is not under `value`.
    static func roundUp(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        var power = 1.0
        while power > value { power /= 10 }
        while power * 10 <= value { power *= 10 }
        let steps = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]
        let step = steps.first { $0 * power >= value * (1 - 1e-12) } ?? 10
        return step * power
    }
}
