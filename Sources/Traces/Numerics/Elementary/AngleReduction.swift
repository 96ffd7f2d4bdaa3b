// An angle in quarter turns: x = quarter · π/2 + rest with the rest at most π/4. x is a whole number times a power of two, so whole turns fall
// away if it is multiplied by those bits of 2/π that can be seen in the result (Payne and Hanek 1983, Radian reduction for trigonometric
// functions). All of it is integer arithmetic on 192 bits: as exact for 10^300 as for 1.

/// An angle as quarter turns and a rest.
struct AngleReduction {
    /// Quarter turns, modulo 4.
    let quarter: Int
    /// The rest in radians, to a relative 2^-74: no double comes nearer to a multiple of π/2 than 2^-62.
    let rest: DoubleDouble

    private static let halfPiHead = 0x1.921fb54442d18p0
    private static let halfPiTail = 0x1.1a62633145c07p-54

    /// For x finite, |x| at least 1/2.
    init(_ x: Double) {
        let bits = x.magnitude.bitPattern
        let whole = bits & 0x000F_FFFF_FFFF_FFFF | 0x0010_0000_0000_0000  // x = whole · 2^exponent
        let exponent = Int(bits >> 52) - 1075

        // 192 bits of 2/π from the one that counts two turns, times whole: 2 bits of quarter turns and 190 below the point.
        let start = exponent + 62
        let (at, shift) = (start >> 6, UInt64(start & 63))
        let (a, b) = (Self.bits(at, shift), Self.bits(at + 1, shift))
        let (c, low) = Self.bits(at + 2, shift).multipliedFullWidth(by: whole)
        let product = b.multipliedFullWidth(by: whole)
        let (middle, carry) = product.low.addingReportingOverflow(c)
        var top = a &* whole &+ product.high &+ (carry ? 1 : 0)

        let turns = (top &+ 1 << 61) >> 62
        top &-= turns << 62
        let isNegative = top >> 63 == 1
        let flip: UInt64 = isNegative ? .max : 0  // one unit of 2^-190 less than the negative: it does not count
        let fraction = Self.fraction(top ^ flip, middle ^ flip, low ^ flip)
        let size = fraction * DoubleDouble(head: Self.halfPiHead, tail: Self.halfPiTail)
        rest = isNegative == (x < 0) ? size : -size
        quarter = Int((x < 0 ? 0 &- turns : turns) & 3)
    }

    /// 64 bits of 2/π.
    private static func bits(_ word: Int, _ shift: UInt64) -> UInt64 {
        twoOverPi[word] &<< shift | (twoOverPi[word + 1] &>> 1) &>> (63 - shift)
    }

    /// Three words as a number, the point after the second bit: its first 106 bits.
    private static func fraction(_ top: UInt64, _ middle: UInt64, _ low: UInt64) -> DoubleDouble {
        var (a, b, c, point) = (top, middle, low, Int64(0))
        if a == 0 { (a, b, c, point) = (middle, low, 0, 64) }
        let shift = UInt64(a.leadingZeroBitCount)
        a = a &<< shift | (b &>> 1) &>> (63 - shift)
        b = b &<< shift | (c &>> 1) &>> (63 - shift)
        let scale = Double.power(ofTwo: -51 - Int64(shift) - point)
        return DoubleDouble(head: Double(a >> 11) * scale, tail: Double((a << 53 | b >> 11) >> 11) * (scale * 0x1p-53))
    }

    /// 64 zero bits, then the bits of 2/π after the point, computed by mpmath (Tests/elementary/tables.py writes and checks them).
    private static let twoOverPi: [UInt64] = [
        0x0000_0000_0000_0000, 0xA2F9_836E_4E44_1529, 0xFC27_57D1_F534_DDC0, 0xDB62_9599_3C43_9041,
        0xFE51_63AB_DEBB_C561, 0xB724_6E3A_424D_D2E0, 0x0649_2EEA_09D1_921C, 0xFE1D_EB1C_B129_A73E,
        0xE882_35F5_2EBB_4484, 0xE99C_7026_B45F_7E41, 0x3991_D639_8353_39F4, 0x9C84_5F8B_BDF9_283B,
        0x1FF8_97FF_DE05_980F, 0xEF2F_118B_5A0A_6D1F, 0x6D36_7ECF_27CB_09B7, 0x4F46_3F66_9E5F_EA2D,
        0x7527_BAC7_EBE5_F17B, 0x3D07_39F7_8A52_92EA, 0x6BFB_5FB1_1F8D_5D08, 0x5603_3046_FC7B_6BAB,
    ]
}
