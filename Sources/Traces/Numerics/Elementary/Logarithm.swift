// log x = k log 2 + log c + log(1 + r): x = 2^k · m with m from 0.6875 to 1.375, c a table's number near m whose logarithm is known, and
// r = m/c - 1, which is small and exact. Near 1 both k and log c are 0, so that nothing cancels.

extension Double {
    /// The natural logarithm by plain arithmetic: the same bits on every machine. The error is below 0.51 units in the last place (0.5029 at
    /// worst of a million points). The logarithm of 0 is -infinity, of a negative number NaN; infinity and NaN stay as they are.
    public static func log(_ x: Double) -> Double {
        guard x > 0, x < .infinity else { return Logarithm.ofNoNumber(x) }
        let parts = Logarithm(x)
        let sum = DoubleDouble.sum(larger: parts.whole, parts.rest)
        let square = parts.rest * parts.rest
        return sum.head + (sum.tail + parts.tail + square * (-0.5 + parts.rest * parts.taylor))
    }

    /// The logarithm to base 10, rounded from twice the precision: the error is below 0.501 units in the last place (0.4996 at worst of a
    /// million points), and powers of ten have whole logarithms. Ends of the range as for `log`.
    public static func log10(_ x: Double) -> Double {
        guard x > 0, x < .infinity else { return Logarithm.ofNoNumber(x) }
        return (Logarithm(x).precise * DoubleDouble(head: Logarithm.perLog10Head, tail: Logarithm.perLog10Tail)).head
    }
}

/// The parts of log x: whole + tail + log(1 + rest).
struct Logarithm {
    /// k log 2 + log c, all but what is in the tail: 0, or larger than the rest.
    let whole: Double
    /// m/c - 1, rounded.
    let rest: Double
    /// What is missing to both.
    let tail: Double

    /// log 2 in 42 fraction bits, so that its product with k is exact, and the sum of that and log c too; and what is missing.
    private static let log2Head = 0x1.62e42fefa38p-1
    private static let log2Tail = 0x1.ef35793c7673p-45
    /// 1/log 10.
    static let perLog10Head = 0x1.bcb7b1526e50ep-2
    static let perLog10Tail = 0x1.95355baaafad3p-57

    /// For x positive and finite.
    @inline(__always)
    init(_ x: Double) {
        let isSubnormal = x < 0x1p-1022
        let bits = (isSubnormal ? x * 0x1p54 : x).bitPattern
        let aboveStart = bits &- 0x3FE6_0000_0000_0000  // 0.6875
        let exponent = Int64(bitPattern: aboveStart) >> 52
        let m = Double(bitPattern: bits &- UInt64(bitPattern: exponent << 52))
        let at = 3 * Int(aboveStart >> 45 & 127)
        let (inverse, logarithm, missing) = (Self.table[at], Self.table[at + 1], Self.table[at + 2])
        let k = Double(isSubnormal ? exponent - 54 : exponent)

        // The first 21 bits of m and the others apart: their products with 1/c are exact, and so is the first less 1.
        let first = Double(bitPattern: m.bitPattern & 0xFFFF_FFFF_0000_0000)
        let fraction = DoubleDouble.sum(larger: first * inverse - 1, (m - first) * inverse)
        whole = k * Self.log2Head + logarithm
        rest = fraction.head
        tail = k * Self.log2Tail + missing + (fraction.tail - fraction.head * fraction.tail)
    }

    /// (log(1 + r) - r + r²/2)/r³ of the rest, to r^7: 1/3 - r/4 + r²/5 …
    @inline(__always)
    var taylor: Double {
        let (r, square) = (rest, rest * rest)
        let middle = (1 / 5 - r * (1 / 6)) + square * ((1 / 7 - r * (1 / 8)) + square * (1 / 9 - r * (1 / 10)))
        return (1 / 3 - r * (1 / 4)) + square * middle
    }

    /// The logarithm to a relative 2^-67.
    var precise: DoubleDouble {
        let square = DoubleDouble.product(rest, rest)
        let sum = DoubleDouble.sum(larger: whole, rest)
        let all = DoubleDouble.sum(larger: sum.head, -0.5 * square.head)
        let small = rest * square.head * taylor
        return .sum(larger: all.head, all.tail + (sum.tail + tail - 0.5 * square.tail + small))
    }

    /// The logarithm of what is not a positive finite number.
    @inline(never)
    static func ofNoNumber(_ x: Double) -> Double { x == 0 ? -.infinity : x > 0 ? .infinity : .nan }
}
