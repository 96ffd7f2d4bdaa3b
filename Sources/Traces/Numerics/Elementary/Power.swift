// x^y = e^(y log x), with the logarithm and its product in twice the precision, because an error of the exponent becomes a relative error of
// the power. The cube root is the power of a third.

extension Double {
    /// x^y by plain arithmetic: the same bits on every machine. The error is below 0.53 units in the last place (0.5169 at worst of a million
    /// points); powers that are doubles are exact. Special cases are those of IEEE 754: x^0 and 1^y are 1 whatever the other is, a negative
    /// number has powers by whole numbers only (others are NaN), and an odd power keeps the sign of a zero or an infinity.
    public static func pow(_ x: Double, _ y: Double) -> Double {
        if y == 0 || x == 1 { return 1 }
        if x.isNaN || y.isNaN { return .nan }
        let parity = y.parity
        if x < 0, x > -.infinity, parity == nil, y.isFinite { return .nan }
        let sign: Double = x.sign == .minus && parity == .odd ? -1 : 1
        return sign * Power.of(x.magnitude, y)
    }

    /// The cube root, with the sign of `x`; the error is below 0.52 units in the last place (0.5150 at worst of a million points), and cubes have
    /// exact roots.
    public static func cbrt(_ x: Double) -> Double {
        guard x != 0, x.isFinite else { return x.isNaN ? .nan : x }
        let third = DoubleDouble(head: Power.thirdHead, tail: Power.thirdTail)
        let logarithm = Logarithm(x.magnitude).precise * third
        let root = Exponential(logarithm.head, tail: logarithm.tail).value
        return x < 0 ? -root : root
    }

    /// Whether a whole number is even or odd; nil for others.
    fileprivate var parity: Parity? {
        // Beyond 2^53 every double is even.
        guard magnitude < 0x1p53 else { return isFinite ? .even : nil }
        let whole = Int64(self)
        return Double(whole) != self ? nil : whole & 1 == 0 ? .even : .odd
    }
}

private enum Parity { case even, odd }

private enum Power {
    static let thirdHead = 0x1.5555555555555p-2
    static let thirdTail = 0x1.5555555555555p-56

    /// x^y for x >= 0, neither of them NaN, y not 0.
    static func of(_ x: Double, _ y: Double) -> Double {
        if x == 1 { return 1 }
        if x == 0 || x == .infinity { return (x == 0) == (y > 0) ? 0 : .infinity }
        // The logarithm of x is between 2^-54 and 2^10 in size: with exponents this large or small the power is beyond the range, or 1.
        if y.magnitude > 0x1p64 { return (x < 1) == (y > 0) ? 0 : .infinity }
        if y.magnitude < 0x1p-65 { return 1 }
        let exponent = Logarithm(x).precise * DoubleDouble(head: y, tail: 0)
        return exponent.head.magnitude < 700
            ? Exponential(exponent.head, tail: exponent.tail).value : Exponential.nearTheEnds(exponent.head, tail: exponent.tail)
    }
}
