// From numbers to places along an axis: linear or logarithmic, with ticks at round numbers, the ends among them. Lengths of contexts are round in
// powers of two (1K = 1,024), everything else in 1, 2, 5 times a power of ten.

import Traces

/// One axis: its ends, its ticks and where a number stands.
public struct AxisScale: Hashable, Sendable {
    /// A marked number.
    public struct Tick: Hashable, Sendable {
        /// The number.
        public let value: Double
        /// How it is written.
        public let label: String
    }

    /// The number at the beginning.
    public let low: Double
    /// The number at the end.
    public let high: Double
    /// Whether equal distances are equal factors.
    public let isLogarithmic: Bool
    /// Marked numbers, ascending.
    public let ticks: [Tick]

    /// Where `value` stands, 0 at the beginning to 1 at the end; beyond them for values outside.
    public func position(_ value: Double) -> Double {
        isLogarithmic ? Double.log(max(value, 1e-300) / low) / Double.log(high / low) : (value - low) / (high - low)
    }

    /// The number at `position`.
    public func value(at position: Double) -> Double {
        isLogarithmic ? low * Double.exp(position * Double.log(high / low)) : low + position * (high - low)
    }

    /// From `low` (or the round number under it) to the first round number that is not under `high`, with about `count` steps.
    public static func linear(from low: Double = 0, to high: Double, count: Int = 5, label: (Double) -> String) -> AxisScale {
        let step = roundStep(max(high - low, 1e-300) / Double(max(count, 1)))
        let (first, last) = ((low / step + 1e-9).rounded(.down), (high / step - 1e-9).rounded(.up))
        let ticks = stride(from: first, through: max(last, first + 1), by: 1).map { $0 * step }
        return AxisScale(
            low: ticks[0], high: ticks[ticks.count - 1], isLogarithmic: false, ticks: ticks.map { Tick(value: $0, label: label($0)) })
    }

    /// From the power of ten at or under `low` to the one at or above `high`; where there are more than `count`, every second, third …
    public static func decades(from low: Double, to high: Double, count: Int = 7, label: (Double) -> String) -> AxisScale {
        let first = Int((Double.log10(low) + 1e-9).rounded(.down))
        var last = max(Int((Double.log10(high) - 1e-9).rounded(.up)), first + 1)
        let step = max(1, Int((Double(last - first) / Double(max(count, 1))).rounded(.up)))
        last = first + (last - first + step - 1) / step * step
        let values = stride(from: first, through: last, by: step).map { Double.pow(10, Double($0)) }
        return AxisScale(
            low: values[0], high: values[values.count - 1], isLogarithmic: true, ticks: values.map { Tick(value: $0, label: label($0)) })
    }

    /// Logarithmic from the largest of 1, 2, 5 times a power of ten that is not over `low` to the least that is not under `high`, a tick at each of them;
    /// where those are more than `count`, `decades`.
    public static func rounds(from low: Double, to high: Double, count: Int = 8, label: (Double) -> String) -> AxisScale {
        let (first, last) = (Int(Double.log10(low).rounded(.down)), Int(Double.log10(high).rounded(.up)))
        let all = (first...max(first, last)).flatMap { power in [1, 2, 5].map { $0 * Double.pow(10, Double(power)) } }
        let start = all.lastIndex { $0 <= low * (1 + 1e-9) } ?? 0
        let end = max(all.firstIndex { $0 >= high * (1 - 1e-9) } ?? all.count - 1, start + 1)
        guard end - start < count, end < all.count else { return decades(from: low, to: high, count: count, label: label) }
        return AxisScale(
            low: all[start], high: all[end], isLogarithmic: true, ticks: all[start...end].map { Tick(value: $0, label: label($0)) })
    }

    /// Lengths from `low` to `high` tokens, both powers of two: logarithmic with a tick at `marked`, or else at the end, and at every second or third
    /// doubling from it.
    public static func doublings(from low: Int, to high: Int, count: Int = 8, through marked: Int? = nil) -> AxisScale {
        var all = [low]
        while all[all.count - 1] * 2 <= high { all.append(all[all.count - 1] * 2) }
        let step = max(1, (all.count - 1 + count - 1) / max(count, 1))
        let fixed = marked.flatMap(all.firstIndex) ?? all.count - 1
        let shown = all.indices.filter { (fixed - $0) % step == 0 }.map { all[$0] }
        return AxisScale(
            low: Double(low), high: Double(all[all.count - 1]), isLogarithmic: true,
            ticks: shown.map { Tick(value: Double($0), label: tokens($0)) })
    }

    /// Lengths from 0 to `high` tokens: linear, ticks at quarters, or at eighths if `count` has room for them.
    public static func lengths(to high: Int, count: Int = 5) -> AxisScale {
        let parts = count >= 9 ? 8 : count >= 5 ? 4 : 2
        let ticks = (0...parts).map { Tick(value: Double(high) * Double($0) / Double(parts), label: tokens(high * $0 / parts)) }
        return AxisScale(low: 0, high: Double(high), isLogarithmic: false, ticks: ticks)
    }

    /// A number of tokens in short: 512, 8K, 128K, 1M (K = 1,024).
    public static func tokens(_ count: Int) -> String {
        if count >= 1 << 20, count % (1 << 20) == 0 { return "\(count >> 20)M" }
        return count >= 1024 && count % 1024 == 0 ? "\(count / 1024)K" : NumberText.grouped(count)
    }

    /// The least of 1, 2, 2.5, 5 times a power of ten that is not under `step`.
    static func roundStep(_ step: Double) -> Double {
        let power = Double.pow(10, Double.log10(step).rounded(.down))
        return [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= step * (1 - 1e-9) } ?? 10 * power
    }
}
