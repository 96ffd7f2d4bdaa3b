// e^x = 2^n · 2^(j/64) · e^r: x is a whole number k = 64n + j of steps of log(2)/64, and a rest r of at most half a step, whose exponential is
// a short Taylor sum. The largest part, 2^(j/64), comes from a table with its rounding error, so that the result is rounded about once.

extension Double {
    /// e^x by plain arithmetic: the same bits on every machine. The error is below 0.52 units in the last place (0.5131 at worst of a million
    /// points), subnormal results included. Beyond 709.78 the result is infinity, below -745.13 it is 0; NaN stays NaN.
    public static func exp(_ x: Double) -> Double {
        // NaN goes the other way too.
        x.magnitude < 700 ? Exponential(x, tail: 0).value : Exponential.nearTheEnds(x, tail: 0)
    }
}

/// The parts of e^(x + tail): (power + power · excess) · 2^exponent.
struct Exponential {
    /// 2^(j/64).
    private let power: Double
    /// By how much the result exceeds that, as a share of it.
    private let excess: Double
    /// The power of two that is left, n.
    private let exponent: Int64

    private static let stepsPerUnit = 0x1.71547652b82fep6
    /// log(2)/64, in 35 bits, so that its product with k is exact; and what is missing.
    private static let stepHead = 0x1.62e42fefcp-7
    private static let stepTail = -0x1.c610ca86c3899p-43

    /// For |x| below 1000 and a tail of less than half a unit in the last place of x.
    @inline(__always)
    init(_ x: Double, tail: Double) {
        // Adding 1.5 · 2^52 rounds to a whole number, which then stands in the low bits.
        let shifted = x * Self.stepsPerUnit + 0x1.8p52
        let k = shifted - 0x1.8p52
        let r = (x - k * Self.stepHead) - (k * Self.stepTail - tail)
        let steps = Int64(truncatingIfNeeded: shifted.bitPattern << 13) >> 13
        let at = 2 * Int(steps & 63)
        let square = r * r
        let taylor = r + square * (0.5 + r * (1 / 6)) + square * square * (1 / 24 + r * (1 / 120) + square * (1 / 720))
        power = Self.table[at]
        excess = Self.table[at + 1] + taylor
        exponent = steps >> 6
    }

    /// The exponential, if neither it nor the excess comes near the ends of the range: for |x| below 700.
    @inline(__always)
    var value: Double {
        let scaled = Double(bitPattern: power.bitPattern &+ UInt64(bitPattern: exponent << 52))
        return scaled + scaled * excess
    }

    /// (e - 1) / (e + 1), where e is this exponential, from 3/2 to 2^64.
    var tangentOfHalf: Double {
        let scaled = power * .power(ofTwo: exponent)
        let less = DoubleDouble.sum(larger: scaled, -1)
        var top = DoubleDouble.sum(larger: less.head, scaled * excess)
        top.tail += less.tail
        var bottom = DoubleDouble.sum(larger: max(top.head, 2), min(top.head, 2))
        bottom.tail += top.tail
        let quotient = top.head / bottom.head
        let product = DoubleDouble.product(quotient, bottom.head)
        let rest = (top.head - product.head) - product.tail + (top.tail - quotient * bottom.tail)
        return quotient + rest / bottom.head
    }

    /// e^(x + tail) for any x.
    @inline(never)
    static func nearTheEnds(_ x: Double, tail: Double) -> Double {
        if x.isNaN { return .nan }
        if x > 710 { return .infinity }
        if x < -746 { return 0 }
        let parts = Exponential(x, tail: tail)
        let (exponent, sum) = (parts.exponent, parts.power + parts.power * parts.excess)
        if exponent > 0 { return sum * .power(ofTwo: exponent - 1) * 2 }
        let isNormal = exponent > -1022 || exponent == -1022 && sum >= 1
        return isNormal ? sum * .power(ofTwo: exponent) : parts.subnormal
    }

    /// The exponential below 2^-1022, where the last place is 2^-1074 whatever the size: rounded once, to that place.
    private var subnormal: Double {
        let sum = DoubleDouble.sum(larger: power, power * excess)
        // A number whose last place is 2^-1074 in the units of `power`.
        let anchor = Double.power(ofTwo: 52 - 1074 - exponent)
        let rounded = DoubleDouble.sum(larger: anchor, sum.head)
        let places = (rounded.head + (rounded.tail + sum.tail)) - anchor
        return places * .power(ofTwo: exponent + 100) * 0x1p-100
    }
}
