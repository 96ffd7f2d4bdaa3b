// Seeded noise: the same on every machine and in every run.

/// The SplitMix64 generator (Steele, Lea and Flood 2014): seeded noise that is the same everywhere.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator that starts from `seed`.
    public init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 to below 1, by 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A whole number in `range`. Swift's own `Int.random` draws other numbers where Int has 32 bits, as in a page.
    public mutating func whole(in range: ClosedRange<Int>) -> Int {
        Int(Int64.random(in: Int64(range.lowerBound)...Int64(range.upperBound), using: &self))
    }

    /// `elements` in random order (Fisher and Yates), the same where Int has 32 bits.
    public mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var elements = elements
        for i in elements.indices.dropLast() { elements.swapAt(i, whole(in: i...elements.count - 1)) }
        return elements
    }

    /// The first number of the generator seeded with `seed`.
    public static func uniform(_ seed: UInt64) -> Double {
        var generator = SplitMix64(seed: seed)
        return generator.uniform()
    }
}
