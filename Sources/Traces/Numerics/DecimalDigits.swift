// A Double in decimal, exactly: C's %.*g and %.*f, rounded once from the exact binary value, ties to even. Our own, so that a page without a
// C library prints the same digits as the command.

/// A finite magnitude being written out in decimal, one digit after the other.
struct DecimalDigits {
    /// The digits of the whole part, without leading zeros: none below 1.
    private(set) var whole: [UInt8] = []
    /// The fraction not yet written, scaled by 2^(32 · limbs); the least limb first.
    private var fraction: [UInt32] = []

    /// The magnitude of `value`, which is finite.
    init(_ value: Double) {
        precondition(value.isFinite, "only a finite number has decimal digits")
        let exponent = max(Int(value.exponentBitPattern), 1) - 1075  // value = significand · 2^exponent
        let significand = value.significandBitPattern | (value.exponentBitPattern == 0 ? 0 : 1 << 52)
        if exponent >= 0 {
            whole = Self.digits(significand, shifted: exponent)
        } else {
            whole = exponent <= -64 ? [] : Self.digits(significand >> UInt64(-exponent), shifted: 0)
            fraction = Self.fraction(significand, bits: -exponent)
        }
    }

    /// The decimal digits of `number` · 2^shift, by long division.
    private static func digits(_ number: UInt64, shifted shift: Int) -> [UInt8] {
        var limbs = limbs(number, shifted: shift)
        var digits: [UInt8] = []
        while let last = limbs.last {
            if last == 0 {
                limbs.removeLast()
                continue
            }
            var remainder: UInt64 = 0
            for i in limbs.indices.reversed() {
                let part = remainder << 32 | UInt64(limbs[i])
                limbs[i] = UInt32(part / 10)
                remainder = part % 10
            }
            digits.append(UInt8(remainder))
        }
        return digits.reversed()
    }

    /// The lowest `bits` bits of `number`, as a fraction of 2^bits.
    private static func fraction(_ number: UInt64, bits: Int) -> [UInt32] {
        let count = (bits + 31) / 32
        let part = bits >= 64 ? number : number & (1 << UInt64(bits) - 1)
        let limbs = limbs(part, shifted: count * 32 - bits)
        return Array((limbs + Array(repeating: 0, count: max(count - limbs.count, 0))).prefix(count))
    }

    private static func limbs(_ number: UInt64, shifted shift: Int) -> [UInt32] {
        let (empty, rest) = (shift / 32, UInt64(shift % 32))
        let low = number << rest
        let high = rest == 0 ? 0 : number >> (64 - rest)
        return Array(repeating: 0, count: empty) + [UInt32(truncatingIfNeeded: low), UInt32(low >> 32), UInt32(high)]
    }

    /// The next digit after the point.
    mutating func next() -> UInt8 {
        var carry: UInt64 = 0
        for i in fraction.indices {
            let product = UInt64(fraction[i]) * 10 + carry
            fraction[i] = UInt32(truncatingIfNeeded: product)
            carry = product >> 32
        }
        return UInt8(carry)
    }

    /// Whether nothing is left after the digits written.
    private var isExhausted: Bool { fraction.allSatisfy { $0 == 0 } }

    /// Whether what is left after `last` rounds it up: more than a half of it, or a half and `last` is odd.
    func roundsUp(_ last: UInt8) -> Bool {
        guard let top = fraction.last, top >= 0x8000_0000 else { return false }
        let isHalf = top == 0x8000_0000 && fraction.dropLast().allSatisfy { $0 == 0 }
        return !isHalf || last % 2 == 1
    }

    /// `whole` cut after `count` digits, rounded by all that follows.
    func wholeRounded(to count: Int) -> (digits: [UInt8], carried: Bool) {
        var digits = Array(whole.prefix(count))
        let rest = whole.dropFirst(count)
        guard let first = rest.first else { return Self.rounded(digits, up: roundsUp(digits.last ?? 0)) }
        let isHalf = first == 5 && rest.dropFirst().allSatisfy { $0 == 0 } && isExhausted
        let up = first > 5 || first == 5 && (!isHalf || digits.last! % 2 == 1)
        digits = Self.rounded(digits, up: up).digits
        return (digits, digits.count > count)
    }

    /// `digits`, one unit of the last place more if `up`; a carry out of the first digit is a digit more in front.
    static func rounded(_ digits: [UInt8], up: Bool) -> (digits: [UInt8], carried: Bool) {
        guard up else { return (digits, false) }
        var digits = digits
        for i in digits.indices.reversed() {
            if digits[i] < 9 {
                digits[i] += 1
                return (digits, false)
            }
            digits[i] = 0
        }
        return ([1] + digits, true)
    }
}

extension DecimalDigits {
    /// C's `%.*f` of a finite number, with `decimals` digits after the point. Zero has no sign, whatever its sign bit.
    static func fixed(_ value: Double, decimals: Int) -> String {
        var number = DecimalDigits(value)
        var digits = number.whole.isEmpty ? [0] : number.whole
        for _ in 0..<max(decimals, 0) { digits.append(number.next()) }
        digits = rounded(digits, up: number.roundsUp(digits.last!)).digits
        return sign(value) + text(digits, point: digits.count - max(decimals, 0))
    }

    /// C's `%.*g` of a finite number: up to `digits` significant digits without trailing zeros, with an exponent below 1e-4 and from
    /// 10^digits on. Zero has no sign.
    static func significant(_ value: Double, digits count: Int) -> String {
        if value == 0 { return "0" }
        let count = max(count, 1)
        var (digits, exponent) = rounded(value, to: count)
        while digits.count > 1, digits.last == 0 { digits.removeLast() }
        if exponent < -4 || exponent >= count {
            let size = String(exponent.magnitude)
            return sign(value) + text(digits, point: 1) + (exponent < 0 ? "e-" : "e+") + (size.utf8.count < 2 ? "0" : "") + size
        }
        if exponent < 0 { return sign(value) + text(Array(repeating: 0, count: -exponent) + digits, point: 1) }
        let missing = exponent + 1 - digits.count
        return sign(value) + text(digits + Array(repeating: 0, count: max(missing, 0)), point: exponent + 1)
    }

    /// The first `count` significant digits, rounded, and the power of ten of the first.
    private static func rounded(_ value: Double, to count: Int) -> (digits: [UInt8], exponent: Int) {
        var number = DecimalDigits(value)
        var exponent = number.whole.count - 1
        var digits: [UInt8]
        var carried: Bool
        if number.whole.count >= count {
            (digits, carried) = number.wholeRounded(to: count)
        } else {
            digits = number.whole
            while digits.count < count {
                let digit = number.next()
                if digits.isEmpty, digit == 0 { exponent -= 1 } else { digits.append(digit) }
            }
            (digits, carried) = rounded(digits, up: number.roundsUp(digits.last!))
        }
        if carried {
            digits.removeLast()
            exponent += 1
        }
        return (digits, exponent)
    }

    private static func sign(_ value: Double) -> String { value < 0 ? "-" : "" }

    /// The digits as text, with a point before the one at `point` if any follow.
    private static func text(_ digits: [UInt8], point: Int) -> String {
        var bytes: [UInt8] = []
        for (i, digit) in digits.enumerated() {
            if i == point { bytes.append(UInt8(ascii: ".")) }
            bytes.append(UInt8(ascii: "0") + digit)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
