import EngineTesting
import Testing
import Traces

private let saturating: [(Double, UInt8)] = [
    (448, 0x7E), (464, 0x7E), (1e300, 0x7E), (.infinity, 0x7E), (-.infinity, 0xFE), (.nan, 0x7F), (0, 0), (-0.0, 0x80), (0x1p-1074, 0),
]

@Suite struct NumericsTests {
    /// The finite values of e4m3 in ascending order, by the definition of the format: sign · fraction · power of two.
    static let finiteCodes: [(code: UInt8, value: Double)] = (0..<255).compactMap { code in
        guard code & 0x7F != 0x7F else { return nil }
        let (exponent, fraction) = (code >> 3 & 15, code & 7)
        var value = exponent == 0 ? Double(fraction) / 8 : 1 + Double(fraction) / 8
        for _ in 0..<abs(max(exponent, 1) - 7) { value = exponent > 7 ? value * 2 : value / 2 }
        return (UInt8(code), code >= 128 ? -value : value)
    }

    @Test func `all 256 codes of e4m3 decode`() {
        for (code, value) in Self.finiteCodes { #expect(Float8.decode(code) == value, "\(code)") }
        #expect(Float8.decode(0x7F).isNaN && Float8.decode(0xFF).isNaN)
        #expect(Self.finiteCodes.map(\.value).max() == 448)
        #expect(Float8.decode(1) == 0.001953125)
    }

    @Test func `encoding is right on every midpoint between neighbours and one ulp to either side`() {
        let ascending = Self.finiteCodes.filter { $0.code < 128 }.sorted { $0.value < $1.value }
        for (low, high) in zip(ascending, ascending.dropFirst()) {
            let middle = (low.value + high.value) / 2
            let even = low.code % 2 == 0 ? low.code : high.code
            for sign in [UInt8(0), 0x80] {
                let direction = sign == 0 ? 1.0 : -1.0
                #expect(Float8.encode(direction * middle) == even | sign)
                #expect(Float8.encode(direction * middle.nextDown) == low.code | sign)
                #expect(Float8.encode(direction * middle.nextUp) == high.code | sign)
                #expect(Float8.encode(direction * low.value) == low.code | sign)
            }
        }
    }

    @Test(arguments: saturating) func `encoding saturates and keeps the sign of zero`(value: Double, code: UInt8) {
        #expect(Float8.encode(value) == code)
    }

    @Test(arguments: [(448.0, 1.0), (448.0.nextUp, 2.0), (224.0, 0.5), (1.4, 0x1p-8), (0.0, 0x1p-22), (1e-5, 0x1p-22)])
    func `a power-of-two scale brings the largest magnitude just inside the range`(magnitude: Double, scale: Double) {
        #expect(ScaleFormat.powerOfTwo.scale(largestMagnitude: magnitude) == scale)
        #expect(max(magnitude, 1e-4) / scale <= 448)
    }

    @Test func `a plain scale is a 32-bit float`() {
        #expect(ScaleFormat.float32.scale(largestMagnitude: 1) == Double(Float(1) / 448))
    }

    @Test(arguments: [1, 2, 4, 8, 32, 128]) func `the fast Hadamard transform agrees with the matrix`(order: Int) {
        var noise = Noise(seed: 3)
        let x = (0..<order).map { _ in noise.next() }
        var fast = x
        Hadamard.transform(&fast)
        for row in 0..<order {
            let slow = (0..<order).reduce(0) { $0 + Hadamard.entry(row, $1, order: order) * x[$1] }
            #expect(abs(fast[row] - slow) < 1e-14)
        }
    }

    @Test func `a Hadamard rotation of both sides changes no dot product, of one side does`() {
        var noise = Noise(seed: 4)
        let (q, k) = ((0..<64).map { _ in noise.next() }, (0..<64).map { _ in noise.next() })
        var (hq, hk) = (q, k)
        Hadamard.transform(&hq)
        Hadamard.transform(&hk)
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        #expect(abs(dot(hq, hk) - dot(q, k)) < 1e-13)
        #expect(abs(dot(hq, k) - dot(q, k)) > 0.1)
    }

    @Test func `YaRN keeps fast pairs, slows slow ones by the factor, and blends between`() throws {
        let plain = try RotaryFrequencies.plain(dimension: 64, theta: 10_000)
        let slowed = try RotaryFrequencies.yarn(
            dimension: 64, theta: 10_000, .init(factor: 40, betaFast: 32, betaSlow: 1, originalLength: 4096))
        // FACTS: c(32) = 64 ln(4096/(64π)) / (2 ln 10000) = 10.46 → 10; c(1) = 22.5 → 23.
        #expect(slowed[0...10] == plain[0...10])
        for i in 23..<32 { #expect(abs(slowed[i] * 40 / plain[i] - 1) < 1e-15) }
        for i in 11..<23 { #expect(slowed[i] < plain[i] && slowed[i] > plain[i] / 40) }
        #expect(throws: EngineError(.shape, "rotary embedding", "expected an even, positive number of features, found 7")) {
            try RotaryFrequencies.plain(dimension: 7, theta: 10_000)
        }
    }

    @Test(arguments: [(1.0, "0 0111 000"), (-1.375, "1 0111 011"), (448.0, "0 1111 110")])
    func `a code is shown as sign, exponent and fraction`(value: Double, bits: String) {
        #expect(Float8.bits(Float8.encode(value)) == bits)
    }

    @Test func `SplitMix64 gives the published first numbers of seed 1234567`() {
        // Vigna's reference program prints these for seed 1234567.
        var generator = SplitMix64(seed: 1_234_567)
        #expect(
            [generator.next(), generator.next(), generator.next()] == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }

    @Test func `whole numbers and shuffles are those that 64 bits draw, wherever they are drawn`() {
        var (ours, swifts) = (SplitMix64(seed: 3), SplitMix64(seed: 3))
        for _ in 0..<100 {
            #expect(ours.whole(in: 3...6) == Int.random(in: 3...6, using: &swifts))
            #expect(ours.whole(in: 0...999) == Int.random(in: 0..<1000, using: &swifts))
            #expect(ours.shuffled(Array(0..<9)) == Array(0..<9).shuffled(using: &swifts))
        }
    }
}
