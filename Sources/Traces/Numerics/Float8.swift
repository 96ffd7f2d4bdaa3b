// The 8-bit float e4m3 as GPUs and torch.float8_e4m3fn have it (Micikevicius et al. 2022, FP8 Formats for Deep Learning, table 1):
// 1 sign, 4 exponent bits with bias 7, 3 fraction bits; subnormals down to 2^-9; no infinity; 0x7F and 0xFF are NaN; the largest number is 448.

/// The e4m3 encoding of 8-bit floats.
public enum Float8 {
    /// The largest number: 1.75 · 2^8.
    public static let largest = 448.0

    /// The value of a code; NaN for 0x7F and 0xFF.
    public static func decode(_ code: UInt8) -> Double {
        let exponent = Int(code >> 3 & 15)
        let fraction = Double(code & 7)
        if exponent == 15, code & 7 == 7 { return .nan }
        let magnitude = exponent == 0 ? fraction * 0x1p-9 : (1 + fraction / 8) * Double(sign: .plus, exponent: exponent - 7, significand: 1)
        return code & 0x80 == 0 ? magnitude : -magnitude
    }

    /// The nearest code, ties to the even fraction; beyond ±448 it saturates, infinities too. NaN becomes 0x7F. The sign of zero is kept.
    public static func encode(_ value: Double) -> UInt8 {
        if value.isNaN { return 0x7F }
        let sign: UInt8 = value.sign == .minus ? 0x80 : 0
        let magnitude = min(abs(value), largest)
        if magnitude < 0x1p-10 { return sign }  // below half of the least subnormal; half itself rounds to even, which is 0, below
        let exponent = max(Int(magnitude.exponent), -6)
        // In units of the last place: 8 to 16 for normal numbers, below 8 for subnormal ones. Exact, for it only moves the exponent.
        let units = (magnitude / Double(sign: .plus, exponent: exponent - 3, significand: 1)).rounded(.toNearestOrEven)
        // A carry past 15 units runs into the exponent field by itself.
        let code = exponent == -6 && units < 8 ? Int(units) : (exponent + 7) << 3 + Int(units) - 8
        return sign | UInt8(min(code, 0x7E))
    }

    /// The value after one trip through the encoding.
    public static func round(_ value: Double) -> Double { decode(encode(value)) }

    /// A code's bits in groups: sign, exponent, fraction: `0 1000 011`.
    public static func bits(_ code: UInt8) -> String {
        let digits = String(code, radix: 2)
        let all = Array(String(repeating: "0", count: 8 - digits.count) + digits)
        return "\(all[0]) \(String(all[1...4])) \(String(all[5...7]))"
    }
}

/// How the scale of a quantised block is stored.
public enum ScaleFormat: String, Hashable, Sendable, CaseIterable {
    /// A power of two, 2^ceil(log2(amax/448)): `ue8m0`, as DeepSeek-V3.2-Exp does it.
    case powerOfTwo = "ue8m0"
    /// amax/448 rounded to a 32-bit float.
    case float32

    /// The least magnitude that a block is scaled by: a block of zeros has a scale too.
    public static let leastMagnitude = 1e-4

    /// The scale that maps a block whose largest magnitude is `largestMagnitude` into the range of e4m3. Magnitudes below 1e-4 count as 1e-4; an
    /// infinite one has an infinite scale, and the quotients that it leaves are NaN, which a recorder refuses.
    public func scale(largestMagnitude: Double) -> Double {
        let ratio = max(largestMagnitude, Self.leastMagnitude) / Float8.largest
        guard ratio.isFinite else { return ratio }
        switch self {
        case .powerOfTwo: return Double(sign: .plus, exponent: Int(ratio.exponent) + (ratio.significand > 1 ? 1 : 0), significand: 1)
        case .float32: return Double(Float(ratio))
        }
    }
}
