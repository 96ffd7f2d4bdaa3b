// A program of its own, compiled by scripts/test-elementary together with Numerics/Elementary and the seeded generator: the elementary functions at
// seeded points that reach into every corner of their range. Natively it writes arguments and results, for mpmath to judge; everywhere,
// WebAssembly included, it gives a hash of the results, which is the same wherever the bits are.

/// The functions under test.
enum Function: Int, CaseIterable {
    case exp, log, log10, pow, cbrt, sin, cos, tanh, erf

    /// The function at x, or at (x, y) for the power.
    func callAsFunction(_ x: Double, _ y: Double) -> Double {
        switch self {
        case .exp: .exp(x)
        case .log: .log(x)
        case .log10: .log10(x)
        case .pow: .pow(x, y)
        case .cbrt: .cbrt(x)
        case .sin: .sin(x)
        case .cos: .cos(x)
        case .tanh: .tanh(x)
        case .erf: .erf(x)
        }
    }
}

/// Seeded points of one function.
struct Points {
    let function: Function
    private var noise: SplitMix64

    init(_ function: Function) {
        self.function = function
        noise = SplitMix64(seed: UInt64(function.rawValue))
    }

    private mutating func between(_ low: Double, _ high: Double) -> Double { low + (high - low) * noise.uniform() }

    /// Any finite number: every exponent is as likely, subnormal ones too.
    private mutating func finite() -> Double {
        let number = Double(bitPattern: noise.next())
        return number.isFinite ? number : 2
    }

    /// A number near 1, as near as one unit in the last place.
    private mutating func nearOne() -> Double {
        1 + between(-1, 1) * Double(sign: .plus, exponent: -Int(noise.next() % 53), significand: 1)
    }

    /// The next argument, and the exponent of the power.
    mutating func next() -> (x: Double, y: Double) {
        let kind = noise.next() % 4
        switch (function, kind) {
        case (.exp, 0): return (between(-746, 710), 0)
        case (.exp, 1): return (between(-30, 1), 0)
        case (.exp, 2): return (between(-746, -700), 0)
        case (.exp, _): return (nearOne() - 1, 0)
        case (.log, 0), (.log10, 0): return (finite().magnitude, 0)
        case (.log, 1), (.log10, 1): return (nearOne().magnitude, 0)
        case (.log, 2), (.log10, 2): return (between(0.5, 2), 0)
        case (.log, _), (.log10, _): return (between(0, 1e6), 0)
        case (.cbrt, 0): return (between(-10, 10), 0)
        case (.cbrt, _): return (finite(), 0)
        case (.sin, 0), (.cos, 0): return (between(-1, 1), 0)
        case (.sin, 1), (.cos, 1): return (between(-1000, 1000), 0)
        case (.sin, 2), (.cos, 2): return (finite(), 0)
        case (.sin, _), (.cos, _): return (nearMultiple(), 0)
        case (.tanh, 0), (.erf, 0): return (between(-1, 1), 0)
        case (.tanh, 1): return (between(-23, 23), 0)
        case (.erf, 1): return (between(-6.1, 6.1), 0)
        case (.tanh, 2), (.erf, 2): return (finite(), 0)
        case (.tanh, _), (.erf, _): return (nearOne() - 1, 0)
        case (.pow, 0): return withinRange(finite().magnitude)
        case (.pow, 1): return withinRange(nearOne().magnitude)
        case (.pow, 2): return withinRange(between(0, 100))
        case (.pow, _): return (10, between(-324, 309))
        }
    }

    /// `x` and an exponent for which the power is between 0 and infinity, or just there.
    private mutating func withinRange(_ x: Double) -> (x: Double, y: Double) {
        let logarithm = Double.log(x)
        return (x, logarithm == 0 ? 1 : between(-746, 710) / logarithm)
    }

    /// A number next to a multiple of a quarter turn.
    private mutating func nearMultiple() -> Double {
        let turns = Int64(noise.uniform() * Double(Int64(1) << Int64(noise.next() % 52)))
        return Double(bitPattern: (Double(turns) * (Double.pi / 2)).bitPattern &+ noise.next() % 3)
    }

    /// A hash (FNV-1a, a word at a time) of the results at the first `count` points.
    static func hash(_ function: Function, count: Int) -> UInt64 {
        var points = Points(function)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for _ in 0..<count {
            let (x, y) = points.next()
            hash = (hash ^ function(x, y).bitPattern) &* 0x0000_0100_0000_01B3
        }
        return hash
    }
}

#if arch(wasm32)
    /// The hash of one function's results.
    @_cdecl("hash")
    public func hash(_ function: Int32, _ count: Int32) -> UInt64 { Points.hash(Function(rawValue: Int(function))!, count: Int(count)) }
#else
    #if canImport(Glibc)
        import Glibc
    #else
        import Darwin
    #endif

    @main
    struct Program {
        /// `points hashes COUNT` prints the hash of each function; `points write FUNCTION COUNT` writes x, y and the result, as doubles.
        static func main() {
            let arguments = CommandLine.arguments
            if arguments.count == 3, arguments[1] == "hashes", let count = Int(arguments[2]) {
                for function in Function.allCases { print(Points.hash(function, count: count)) }
            } else if arguments.count == 4, let count = Int(arguments[3]), let at = Int(arguments[2]), let function = Function(rawValue: at)
            {
                var points = Points(function)
                let rows = (0..<count).flatMap { _ in
                    let (x, y) = points.next()
                    return [x, y, function(x, y)]
                }
                rows.withUnsafeBytes { bytes in
                    var left = bytes[...]
                    while !left.isEmpty {
                        let written = write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: left).baseAddress, left.count)
                        precondition(written > 0, "cannot write")
                        left = left.dropFirst(written)
                    }
                }
            } else {
                preconditionFailure("usage: points hashes COUNT | points write FUNCTION COUNT")
            }
        }
    }
#endif
