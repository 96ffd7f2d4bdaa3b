// From numbers to colours: which map, between which ends, and how one number is written in a cell.

import Traces

/// The colours of one matrix, or of several that are compared.
struct MatrixScale: Sendable {
    let kind: MatrixSlice.Kind
    /// The number at the end of the map; the other end is 0, or minus this for signed numbers.
    private(set) var limit: Double
    let map: ColorScale
    /// Digits after the point in cells.
    let decimals: Int
    /// Whether every row of weights adds up to one.
    let rowsSumToOne: Bool

    /// Whether values beyond `limit` share its colour: one row of few keys must not pale all the others.
    private(set) var isCapped: Bool
    /// How many values are NaN or plus infinity.
    let brokenCount: Int

    init(_ slice: MatrixSlice) {
        let census = MatrixCensus(slice.values, rows: slice.rows, columns: slice.columns)
        rowsSumToOne = slice.isPair && census.low == 0 && census.high <= 1 + 1e-9 && census.rowsSumToOne
        brokenCount = census.brokenCount
        let isChoice = census.isWhole && census.low >= 0 && census.high <= 1 && !slice.step.id.role.isWeights
        // Weights that a late mask has thinned out are still shares of one.
        let isShare = slice.isPair && slice.step.id.role.isWeights && census.low == 0 && census.high <= 1 + 1e-9
        kind = isChoice ? .choice : rowsSumToOne || isShare ? .weights : census.low < 0 ? .signed : .magnitudes
        let isLarge = max(slice.rows, slice.columns) > MatrixRaster.cellLimit
        let usual = Self.roundUp(census.usualRowMaximum)
        isCapped = isLarge && kind == .weights && usual * 2 < census.high
        limit =
            switch kind {
            case .choice: 1
            case .weights: isCapped ? usual : census.high > 0.5 ? 1 : Self.roundUp(census.high)
            case .magnitudes: Self.roundUp(census.high)
            case .signed: Self.roundUp(max(census.high, -census.low))
            }
        map = kind == .signed ? .diverging : .sequential
        decimals = census.isWhole ? 0 : isLarge ? 2 : Self.decimals(slice.values, limit)
    }

    /// One scale for the weights of several matrices.
    init(weights slices: [MatrixSlice]) {
        let censuses = slices.map { MatrixCensus($0.values, rows: $0.rows, columns: $0.columns) }
        let high = censuses.map { $0.high }.max() ?? 1
        let low = censuses.map { $0.low }.min() ?? 0
        rowsSumToOne = low == 0 && censuses.allSatisfy { $0.rowsSumToOne }
        brokenCount = censuses.reduce(0) { $0 + $1.brokenCount }
        if low < 0 {
            (kind, limit, map, decimals, isCapped) = (.signed, Self.roundUp(max(high, -low)), .diverging, 2, false)
            return
        }
        kind = .weights
        // The first rows of a causal mask have few keys and large weights: among many rows they must not pale all the others.
        let usual = Self.roundUp(censuses.map { $0.usualRowMaximum }.max() ?? 1)
        isCapped = usual * 2 < high
        limit = isCapped ? usual : high > 0.5 ? 1 : Self.roundUp(high)
        map = .sequential
        decimals = limit < 0.05 ? 3 : 2
    }

    /// Signed numbers up to `most` in size.
    init(signed most: Double) {
        (kind, limit, map, decimals) = (.signed, Self.roundUp(most), .diverging, 2)
        (rowsSumToOne, isCapped, brokenCount) = (false, false, 0)
    }

    /// Shares, from 0 to `most`.
    init(shares most: Double) {
        (kind, limit, map, decimals) = (.weights, most, .sequential, 2)
        (rowsSumToOne, isCapped, brokenCount) = (false, false, 0)
    }

    /// The same kind of scale for rasters in which a pixel is the mean of several numbers: between the ends of what is drawn.
    func narrowed(to rasters: [MatrixRaster]) -> MatrixScale {
        let censuses = rasters.map { MatrixCensus($0.values[...], rows: $0.rows, columns: $0.columns) }
        let high = censuses.map { max($0.high, -$0.low) }.max() ?? 1
        let usual = Self.roundUp(censuses.map { $0.usualRowMaximum }.max() ?? 1)
        var narrow = self
        narrow.isCapped = kind == .weights && usual * 2 < high
        narrow.limit = narrow.isCapped ? usual : Self.roundUp(high)
        return narrow
    }

    /// Where `value` stands on the map, 0 to 1.
    func position(_ value: Double) -> Double {
        guard limit > 0 else { return kind == .signed ? 0.5 : 0 }
        return kind == .signed ? (value / limit + 1) / 2 : value / limit
    }

    /// The paint of a finite value.
    func paint(_ value: Double) -> Paint { map.paint(at: position(value)) }

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
        return (kind == .signed ? "−" + high : "0", (isCapped ? "≥ " : "") + high)
    }

    /// As few digits as tell the values apart where tenths suffice; two otherwise, fewer for large numbers.
    private static func decimals(_ values: ArraySlice<Double>, _ limit: Double) -> Int {
        if limit >= 100 { return 0 }
        if limit >= 10 { return 1 }
        return NumberText.areTenths(values) ? 1 : limit < 0.05 ? 3 : 2
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

/// What one pass over all values tells of them.
struct MatrixCensus {
    private(set) var low = 0.0
    private(set) var high = 0.0
    private(set) var isWhole = true
    private(set) var rowsSumToOne = true
    private(set) var brokenCount = 0
    /// The median over rows of each row's largest value.
    private(set) var usualRowMaximum = 0.0

    init(_ values: ArraySlice<Double>, rows: Int, columns: Int) {
        var maxima: [Double] = []
        values.withUnsafeBytes { bytes in
            for row in 0..<rows {
                let census = self.row(UnsafeRawBufferPointer(rebasing: bytes[row * columns * 8..<(row + 1) * columns * 8]))
                low = min(low, census.low)
                high = max(high, census.high)
                if abs(census.sum - 1) >= 1e-6 { rowsSumToOne = false }
                maxima.append(census.high)
            }
        }
        usualRowMaximum = maxima.sorted()[maxima.count / 2]
    }

    /// The ends and the sum of the finite values of a row, eight at a time: the sum of a large matrix is what takes longest.
    private mutating func row(_ bytes: UnsafeRawBufferPointer) -> (low: Double, high: Double, sum: Double) {
        var (least, most, sums) = (SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero)
        let count = bytes.count / 8
        for start in stride(from: 0, to: count - count % 8, by: 8) {
            var eight = bytes.loadUnaligned(fromByteOffset: start * 8, as: SIMD8<Double>.self)
            // Infinity less infinity is not a number, and so not zero.
            if any((eight - eight) .!= .zero) { eight = finite(eight) }
            least.replace(with: eight, where: eight .< least)
            most.replace(with: eight, where: eight .> most)
            sums += eight
            if isWhole, any(eight .!= eight.rounded(.toNearestOrEven)) { isWhole = false }
        }
        var rest = SIMD8<Double>.zero
        for i in count - count % 8..<count { rest[i % 8] = bytes.loadUnaligned(fromByteOffset: i * 8, as: Double.self) }
        rest = finite(rest)
        if isWhole, any(rest .!= rest.rounded(.toNearestOrEven)) { isWhole = false }
        return (min(least.min(), rest.min()), max(most.max(), rest.max()), sums.sum() + rest.sum())
    }

    /// Zero in the place of NaN and infinities, which are counted.
    private mutating func finite(_ eight: SIMD8<Double>) -> SIMD8<Double> {
        var eight = eight
        for i in 0..<8 where !eight[i].isFinite {
            if eight[i] != -.infinity { brokenCount += 1 }
            rowsSumToOne = false
            eight[i] = 0
        }
        return eight
    }
}
