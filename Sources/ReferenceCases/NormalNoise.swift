// Seeded noise for cases: the same seed gives the same numbers everywhere.

import ModelFiles
import Traces

/// Normally distributed noise (Box and Muller 1958).
struct NormalNoise {
    private var source: SplitMix64
    private var spare: Double?

    init(seed: UInt64) { source = SplitMix64(seed: seed) }

    /// A number from 0 to below 1.
    mutating func uniform() -> Double { source.uniform() }

    /// A normal number.
    mutating func next() -> Double {
        if let value = spare {
            spare = nil
            return value
        }
        let radius = (-2 * Double.log(1 - source.uniform())).squareRoot()
        let angle = 2 * Double.pi * source.uniform()
        spare = radius * Double.sin(angle)
        return radius * Double.cos(angle)
    }

    /// So many normal numbers.
    mutating func vector(_ count: Int) -> [Double] { (0..<count).map { _ in next() } }

    /// A whole number from 0 to below `end`.
    mutating func index(below end: Int) -> Int { min(Int(uniform() * Double(end)), end - 1) }
}
