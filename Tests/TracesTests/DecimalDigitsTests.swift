import Foundation
import Testing
import Traces

/// Numbers of every size: bits drawn evenly, so that exponents are too, and numbers of few digits, where ties of the rounding lie.
private func numbers(_ count: Int) -> [Double] {
    var generator = SplitMix64(seed: 6)
    return (0..<count).map { i in
        if i % 2 == 0 { return Double(bitPattern: generator.next()) }
        return Double(Int64(truncatingIfNeeded: generator.next()) >> 40) / Double(1 << (generator.next() % 24))
    }.filter(\.isFinite)
}

private let edges: [Double] = [
    0, 0.5, 1.5, 2.5, 0.125, 0.375, 9.5, 99.5, 999_999.5, 9_999_995, 99_999.95, 1e-4, 9.9999995e-5, 0.000123456789, 1e15, 1e22, 1e23,
    123_456_789,
    0x1p-1074, 0x1p-1022, .greatestFiniteMagnitude, .leastNormalMagnitude.nextDown, 0.1, 0.3, 1 / 3, 1e300, 0.05, 0.005,
]

@Suite struct DecimalDigitsTests {
    @Test(arguments: [0, 1, 2, 3, 6, 12, 15, 17, 25]) func `significant digits are those of the C library`(digits: Int) {
        for value in numbers(20_000) + edges + edges.map(-) {
            #expect(NumberText.significant(value, digits: digits) == String(format: "%.\(digits)g", value == 0 ? 0 : value))
        }
    }

    @Test(arguments: [0, 1, 2, 3, 6, 12, 20]) func `fixed decimals are those of the C library, but that zero has no sign`(decimals: Int) {
        for value in numbers(20_000) + edges + edges.map(-) {
            let expected = String(format: "%.\(decimals)f", value)
            let isZero = expected.allSatisfy { "-0.".contains($0) }
            #expect(NumberText.fixed(value, decimals: decimals) == (isZero ? expected.replacingOccurrences(of: "-", with: "") : expected))
        }
    }

    @Test func `an exact tie goes to the even digit, and what is more than a tie goes up`() {
        #expect(NumberText.fixed(0.125, decimals: 2) == "0.12" && NumberText.fixed(0.375, decimals: 2) == "0.38")
        #expect(NumberText.fixed(0.125.nextUp, decimals: 2) == "0.13")
        #expect(NumberText.significant(2_500_001, digits: 1) == "3e+06" && NumberText.significant(2_500_000, digits: 1) == "2e+06")
    }

    @Test func `a carry out of the first digit moves the point`() {
        #expect(NumberText.significant(999_999.5) == "1e+06" && NumberText.significant(9.9999995e-5) == "0.0001")
        #expect(NumberText.fixed(0.999, decimals: 2) == "1.00")
    }

    @Test func `a share is 0% or 100% only where it is nothing or all`() {
        #expect(
            [0, 0.004, 0.006, 0.5, 0.994, 0.996, 1].map { NumberText.share($0, decimals: 0) } == [
                "0%", "<1%", "1%", "50%", "99%", ">99%", "100%",
            ])
        #expect(
            [0, 1e-30, 0.0006, 0.9994, 0.9996, 1].map { NumberText.share($0) } == ["0.0%", "<0.1%", "0.1%", "99.9%", ">99.9%", "100.0%"])
        // What a sum of shares misses by rounding is not missing.
        #expect(NumberText.share(1 - 1e-12, decimals: 0) == "100%" && NumberText.share(.nan, decimals: 0) == "NaN%")
    }
}
