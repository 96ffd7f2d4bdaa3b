// Numbers of twice the precision: the unevaluated sum of two doubles (Dekker 1971, A floating-point technique for extending the available
// precision). Every operation here is a plain IEEE add, subtract or multiply, so that its bits are the same on any processor: no fused
// multiply-add, though it would be shorter.

/// `head + tail`, where the tail is at most half a unit in the last place of the head.
struct DoubleDouble {
    var head: Double
    var tail: Double

    /// The sum of two doubles, exactly, if |a| >= |b| or a = 0.
    @inline(__always)
    static func sum(larger a: Double, _ b: Double) -> DoubleDouble {
        let head = a + b
        return DoubleDouble(head: head, tail: b - (head - a))
    }

    /// The product of two doubles, exactly, unless it or a factor comes near the ends of the range: below 2^-960 or above 2^990.
    @inline(__always)
    static func product(_ a: Double, _ b: Double) -> DoubleDouble {
        let ((a1, a2), (b1, b2)) = (halves(a), halves(b))
        let head = a * b
        return DoubleDouble(head: head, tail: a2 * b2 - (((head - a1 * b1) - a2 * b1) - a1 * b2))
    }

    /// The product, to a relative 2^-102.
    @inline(__always)
    static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
        let exact = product(a.head, b.head)
        return sum(larger: exact.head, exact.tail + (a.head * b.tail + a.tail * b.head))
    }

    @inline(__always)
    static prefix func - (a: DoubleDouble) -> DoubleDouble { DoubleDouble(head: -a.head, tail: -a.tail) }

    /// Veltkamp's splitting: two numbers of 26 bits whose sum is `a`.
    @inline(__always)
    private static func halves(_ a: Double) -> (Double, Double) {
        let scaled = 0x1.0000002p27 * a
        let first = scaled - (scaled - a)
        return (first, a - first)
    }
}

extension Double {
    /// 2^n, for n from -1022 to 1023.
    @inline(__always)
    static func power(ofTwo n: Int64) -> Double { Double(bitPattern: UInt64(bitPattern: (n + 1023) << 52)) }
}
