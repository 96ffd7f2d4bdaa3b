// tanh x: a Taylor sum where x is small; elsewhere (e^2x - 1) / (e^2x + 1), the parts of the exponential added and divided in twice the precision.

extension Double {
    /// The hyperbolic tangent by plain arithmetic: the same bits on every machine. The error is below 0.57 units in the last place (0.5598 at worst
    /// of a million points). From 22 on the result is 1 with the sign of `x`; NaN stays NaN, and the sign of zero is kept.
    public static func tanh(_ x: Double) -> Double {
        let size = x.magnitude
        if size < 0.25 { return HyperbolicTangent.small(x) }
        // NaN goes this way too.
        guard size < 22 else { return x.isNaN ? .nan : Double(signOf: x, magnitudeOf: 1) }
        return Double(signOf: x, magnitudeOf: Exponential(2 * size, tail: 0).tangentOfHalf)
    }
}

private enum HyperbolicTangent {
    /// x - x³/3 + 2x⁵/15 … to x^23.
    static func small(_ x: Double) -> Double {
        let square = x * x
        let fourth = square * square
        let low = -1 / 3 + square * (2 / 15) + fourth * (-17 / 315 + square * (62 / 2835))
        let middle =
            -1382 / 155_925 + square * (21844 / 6_081_075) + fourth * (-929_569 / 638_512_875 + square * (6_404_582 / 10_854_718_875))
        let high =
            -443_861_162 / 1_856_156_927_625 + square * (18_888_466_084 / 194_896_477_400_625)
            + fourth * (-113_927_491_862 / 2_900_518_163_668_125)
        let eighth = fourth * fourth
        // A sum would lose the sign of -0.
        return x == 0 ? x : x + x * square * (low + eighth * (middle + eighth * high))
    }
}
