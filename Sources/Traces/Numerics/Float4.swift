// The 4-bit float e2m1 (Open Compute Project 2023, Microscaling Formats (MX) Specification 1.0, section 5.3.3): 1 sign, 2 exponent bits with bias 1,
// 1 fraction bit; neither infinity nor NaN. Blocks of 32 share a scale of type ue8m0, a power of two, as DeepSeek-V4 publishes its indexer's queries and
// keys.

/// The e2m1 encoding of 4-bit floats.
public enum Float4 {
    /// The magnitudes of the codes 0 to 7; 8 to 15 are the same below zero.
    public static let magnitudes = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    /// The largest number.
    public static let largest = 6.0
    /// How many neighbours share a scale.
    public static let block = 32

    /// The value of a code from 0 to 15.
    public static func decode(_ code: UInt8) -> Double {
        let magnitude = magnitudes[Int(code & 7)]
        return code & 8 == 0 ? magnitude : -magnitude
    }

    /// The nearest code, ties to the even one; beyond ±6 it saturates, infinities too. The sign of zero is kept. NaN, which has no code, traps.
    public static func encode(_ value: Double) -> UInt8 {
        precondition(!value.isNaN, "NaN has no code in e2m1")
        let magnitude = abs(value)
        let below = magnitudes.lastIndex { $0 <= magnitude } ?? 0
        var code = below
        if below < 7 {
            // Exact: the magnitudes are few halves, and the sum of two neighbours is one too.
            let middle = (magnitudes[below] + magnitudes[below + 1]) / 2
            if magnitude > middle || magnitude == middle && below % 2 == 1 { code += 1 }
        }
        return UInt8(code) | (value.sign == .minus ? 8 : 0)
    }

    /// The exponent of the scale of a block whose largest magnitude, a finite number, is `largestMagnitude`: the least of -127 to 127 with which no quotient
    /// is beyond 6. A block of zeros has -127.
    public static func scaleExponent(largestMagnitude: Double) -> Int {
        guard largestMagnitude > 0 else { return -127 }
        // 6 · 2^e is 1.5 · 2^(e + 2).
        let exponent = Int(largestMagnitude.exponent) - 2 + (largestMagnitude.significand > 1.5 ? 1 : 0)
        return min(max(exponent, -127), 127)
    }
}
