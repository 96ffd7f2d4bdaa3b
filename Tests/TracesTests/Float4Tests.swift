import Testing
import Traces

/// Every code with its value, from the table of the Microscaling specification.
private let table: [(UInt8, Double)] = [
    (0b0000, 0), (0b0001, 0.5), (0b0010, 1), (0b0011, 1.5), (0b0100, 2), (0b0101, 3), (0b0110, 4), (0b0111, 6),
    (0b1000, -0.0), (0b1001, -0.5), (0b1010, -1), (0b1011, -1.5), (0b1100, -2), (0b1101, -3), (0b1110, -4), (0b1111, -6),
]

@Suite struct Float4Tests {
    @Test(arguments: table) func `every code has its value, and every value its code`(code: UInt8, value: Double) {
        #expect(Float4.decode(code) == value && Float4.decode(code).sign == value.sign)
        #expect(Float4.encode(value) == code)
    }

    /// A middle goes to the code whose last bit is 0; what is next to it goes to its own side.
    @Test(arguments: [
        (0.25, 0.0, 0.5), (0.75, 1.0, 0.5), (1.25, 1.0, 1.5), (1.75, 2.0, 1.5), (2.5, 2.0, 3.0), (3.5, 4.0, 3.0), (5.0, 4.0, 6.0),
    ])
    func `a middle goes to the even code`(middle: Double, even: Double, odd: Double) {
        for sign in [1.0, -1.0] {
            func rounded(_ value: Double) -> Double { Float4.decode(Float4.encode(sign * value)) }
            #expect(rounded(middle) == sign * even)
            #expect(rounded(middle.nextDown) == sign * min(even, odd) && rounded(middle.nextUp) == sign * max(even, odd))
        }
    }

    @Test func `beyond 6 it saturates`() {
        for value in [6.5, 7, 1e30, .infinity] { #expect(Float4.encode(value) == 7 && Float4.encode(-value) == 15) }
    }

    @Test func `a scale is the least power of two with which nothing is beyond 6`() {
        for exponent in [-100, -3, 0, 5, 100] {
            let unit = Double(sign: .plus, exponent: exponent, significand: 1)
            for (amax, expected) in [(6, 0), (6.0.nextUp, 1), (6.0.nextDown, 0), (3.0, -1), (3.5, 0), (4, 0), (8, 1)] {
                #expect(Float4.scaleExponent(largestMagnitude: amax * unit) == exponent + expected, "\(amax) · 2^\(exponent)")
            }
        }
        #expect(Float4.scaleExponent(largestMagnitude: 0) == -127)
        #expect(Float4.scaleExponent(largestMagnitude: .leastNonzeroMagnitude) == -127)
        #expect(Float4.scaleExponent(largestMagnitude: .greatestFiniteMagnitude) == 127)
    }
}
