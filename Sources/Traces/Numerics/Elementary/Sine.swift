// Sine and cosine: the angle is brought within an eighth of a turn of a quarter turn; there both are Taylor sums, whose largest terms are added
// last and exactly.

extension Double {
    /// The sine of an angle in radians by plain arithmetic: the same bits on every machine. The error is below 0.62 units in the last place
    /// (0.5916 at worst of a million points) however large the angle; infinity and NaN give NaN, and the sign of zero is kept.
    public static func sin(_ x: Double) -> Double { sineAndCosine(x).sine }

    /// The cosine of an angle in radians by plain arithmetic: the same bits on every machine. The error is below 0.62 units in the last
    /// place (0.5985 at worst of a million points) however large the angle; infinity and NaN give NaN.
    public static func cos(_ x: Double) -> Double { sineAndCosine(x).cosine }

    /// Both, with the bits that `sin` and `cos` give.
    public static func sineAndCosine(_ x: Double) -> (sine: Double, cosine: Double) {
        if x.magnitude < 0x1p-27 { return (x, 1) }
        if x.magnitude < 0.785 { return Circle.sineAndCosine(x, 0) }
        guard x.isFinite else { return (.nan, .nan) }
        let angle = AngleReduction(x)
        let (sine, cosine) = Circle.sineAndCosine(angle.rest.head, angle.rest.tail)
        return switch angle.quarter {
        case 0: (sine, cosine)
        case 1: (cosine, -sine)
        case 2: (-sine, -cosine)
        default: (-cosine, sine)
        }
    }
}

private enum Circle {
    /// Of r + tail, |r| <= π/4. r² and r³ have twice the precision, because their errors would be the largest.
    @inline(__always)
    static func sineAndCosine(_ r: Double, _ tail: Double) -> (sine: Double, cosine: Double) {
        let square = DoubleDouble.product(r, r)
        return (sine(r, tail, square), cosine(r, tail, square))
    }

    /// r - r³/3! + r⁵/5! … to r^17.
    @inline(__always)
    private static func sine(_ r: Double, _ tail: Double, _ exactSquare: DoubleDouble) -> Double {
        let square = exactSquare.head
        let fourth = square * square
        let low = 1 / 120 + square * (-1 / 5040) + fourth * (1 / 362_880 + square * (-1 / 39_916_800))
        let high = 1 / 6_227_020_800 + square * (-1 / 1_307_674_368_000) + fourth * (1 / 355_687_428_096_000)
        let cube = DoubleDouble.product(r, square)
        let sum = DoubleDouble.sum(larger: r, cube.head * (-1 / 6))
        let missing = tail * (1 - 0.5 * square) - (cube.tail + r * exactSquare.tail) * (1 / 6)
        return sum.head + (sum.tail + (cube.head * square * (low + fourth * fourth * high) + missing))
    }

    /// 1 - r²/2 + r⁴/4! … to r^18.
    @inline(__always)
    private static func cosine(_ r: Double, _ tail: Double, _ exactSquare: DoubleDouble) -> Double {
        let square = exactSquare.head
        let fourth = square * square
        let low = 1 / 24 + square * (-1 / 720) + fourth * (1 / 40320 + square * (-1 / 3_628_800))
        let high =
            1 / 479_001_600 + square * (-1 / 87_178_291_200) + fourth * (1 / 20_922_789_888_000 + square * (-1 / 6_402_373_705_728_000))
        let sum = DoubleDouble.sum(larger: 1, -0.5 * square)
        return sum.head + (sum.tail + (fourth * (low + fourth * fourth * high) - (0.5 * exactSquare.tail + r * tail)))
    }
}
