// exp, log, log10, pow, cbrt, sin, cos, tanh and erf against mpmath, their recorded bits, and what IEEE 754 says at the ends. A million points more, and
// other processors, are tried by scripts/test-elementary.

import Foundation
import Testing
import Traces

/// A value that mpmath computed (Tests/elementary/fixture.py).
private struct Known {
    let name: String
    let (x, y): (Double, Double)
    /// The nearest double to the value.
    let nearest: Double
    /// What that misses, in units in its last place.
    let missing: Double

    init?(_ line: Substring) {
        let words = line.split(separator: " ")
        let numbers = words.dropFirst().compactMap { Double($0) }
        guard words.count == 5, numbers.count == 4 else { return nil }
        name = String(words[0])
        ((x, y), nearest, missing) = ((numbers[0], numbers[1]), numbers[2], numbers[3])
    }

    var found: Double {
        switch name {
        case "exp": .exp(x)
        case "log": .log(x)
        case "log10": .log10(x)
        case "pow": .pow(x, y)
        case "cbrt": .cbrt(x)
        case "sin": .sin(x)
        case "cos": .cos(x)
        case "tanh": .tanh(x)
        default: .erf(x)
        }
    }

    static let all: [Known] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/elementary.txt")
        let lines = (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n") ?? []
        return lines.compactMap { Known($0) }
    }()
}

@Suite struct ElementaryTests {
    @Test func `every function is within its stated error of what mpmath computes`() {
        let bounds = [
            "exp": 0.52, "log": 0.51, "log10": 0.501, "pow": 0.53, "cbrt": 0.52, "sin": 0.62, "cos": 0.62, "tanh": 0.57, "erf": 0.87,
        ]
        #expect(Known.all.count == 522, "every line of the fixture is read")
        #expect(Set(Known.all.map(\.name)) == Set(bounds.keys))
        for known in Known.all {
            let error = abs((known.found - known.nearest) / known.nearest.ulp - known.missing)
            #expect(error <= bounds[known.name]!, "\(known.name)(\(known.x), \(known.y)) = \(known.found), expected \(known.nearest)")
        }
    }

    @Test func `the bits are those recorded, on every machine`() throws {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens/elementary.txt")
        let found = Known.all.map { "\($0.name) \(String($0.found.bitPattern, radix: 16))\n" }
        if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
            try found.joined().write(to: golden, atomically: true, encoding: .utf8)
            Issue.record("recorded \(golden.lastPathComponent)")
            return
        }
        let recorded = try String(contentsOf: golden, encoding: .utf8).split(separator: "\n").map { $0 + "\n" }
        try #require(recorded.count == found.count)
        for (i, known) in Known.all.enumerated() { #expect(found[i] == recorded[i], "\(known.name)(\(known.x), \(known.y))") }
    }

    @Test func `the core takes no function from a C library or Foundation`() throws {
        // Large pages of memory are asked of the system; no digit depends on it.
        let asksForMemory = "Tensor/LargePages.swift"
        let libraries = ["Glibc", "Musl", "Darwin", "WASILibc", "Foundation", "FoundationEssentials"]
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources").standardized
        for module in ["Traces", "Mechanisms", "Records", "Diagrams"] {
            let folder = sources.appending(path: module)
            let files = try #require(FileManager.default.enumerator(atPath: folder.path)).compactMap { $0 as? String }.filter {
                $0.hasSuffix(".swift")
            }
            #expect(files.count > 5, "\(module)")
            for file in files where file != asksForMemory {
                let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
                let imports = text.split(separator: "\n").filter { line in libraries.contains { line.hasSuffix("import \($0)") } }
                #expect(imports.isEmpty, "\(module)/\(file): \(imports)")
            }
        }
    }

    // MARK: The ends of the range

    private static let ends: [(name: String, found: Double, expected: Double)] = [
        ("e^0", .exp(0), 1), ("e^-0", .exp(-0.0), 1), ("e^∞", .exp(.infinity), .infinity), ("e^-∞", .exp(-.infinity), 0),
        // 1024 log 2 = 709.7827128933840; -1075 log 2 = -745.1332191019412: half of the least number, from where on the result is 0.
        ("the largest exponential", .exp(0x1.62e42fefa39efp9), 0x1.fffffffffff2ap1023),
        ("one more", .exp(0x1.62e42fefa39efp9.nextUp), .infinity),
        ("the least exponential", .exp(-0x1.74910d52d3051p9), 0x1p-1074), ("one less", .exp((-0x1.74910d52d3051p9).nextDown), 0),
        ("e^1e300", .exp(1e300), .infinity), ("e^-1e300", .exp(-1e300), 0), ("e to the least number", .exp(0x1p-1074), 1),
        ("log 1", .log(1), 0), ("log 0", .log(0), -.infinity), ("log -0", .log(-0.0), -.infinity), ("log ∞", .log(.infinity), .infinity),
        ("log10 1", .log10(1), 0), ("log10 0", .log10(0), -.infinity), ("log10 ∞", .log10(.infinity), .infinity),
        ("∛0", .cbrt(0), 0), ("∛-0", .cbrt(-0.0), -0.0), ("∛∞", .cbrt(.infinity), .infinity), ("∛-∞", .cbrt(-.infinity), -.infinity),
        ("sin 0", .sin(0), 0), ("sin -0", .sin(-0.0), -0.0), ("sin of the least number", .sin(-0x1p-1074), -0x1p-1074),
        ("cos 0", .cos(0), 1),
        ("cos -0", .cos(-0.0), 1), ("0^2", .pow(0, 2), 0), ("-0^3", .pow(-0.0, 3), -0.0), ("-0^2", .pow(-0.0, 2), 0),
        ("0^-1", .pow(0, -1), .infinity), ("-0^-1", .pow(-0.0, -1), -.infinity), ("-0^-2", .pow(-0.0, -2), .infinity),
        ("0^0.5", .pow(-0.0, 0.5), 0), ("0^∞", .pow(0, .infinity), 0), ("0^-∞", .pow(-0.0, -.infinity), .infinity),
        ("∞^2", .pow(.infinity, 2), .infinity), ("∞^-2", .pow(.infinity, -2), 0), ("-∞^3", .pow(-.infinity, 3), -.infinity),
        ("-∞^2", .pow(-.infinity, 2), .infinity), ("-∞^-3", .pow(-.infinity, -3), -0.0), ("-∞^0.5", .pow(-.infinity, 0.5), .infinity),
        ("2^∞", .pow(2, .infinity), .infinity), ("2^-∞", .pow(2, -.infinity), 0), ("0.5^∞", .pow(0.5, .infinity), 0),
        ("0.5^-∞", .pow(-0.5, -.infinity), .infinity), ("-1^∞", .pow(-1, .infinity), 1), ("-1^-∞", .pow(-1, -.infinity), 1),
        ("NaN^0", .pow(.nan, 0), 1), ("1^NaN", .pow(1, .nan), 1), ("-2^1", .pow(-2, 1), -2), ("-2^53-bit even", .pow(-1, 0x1p53), 1),
        ("-1^largest odd", .pow(-1, 0x1p53 - 1), -1), ("-1^1e300", .pow(-1, 1e300), 1), ("2^1024", .pow(2, 1024), .infinity),
        ("-2^1025", .pow(-2, 1025), -.infinity), ("2^-1074", .pow(2, -1074), 0x1p-1074), ("-2^-1075", .pow(-2, -1075), -0.0),
        ("2^1e300", .pow(2, 1e300), .infinity), ("2^-1e300", .pow(2, -1e300), 0), ("2^1e-300", .pow(2, 1e-300), 1),
        ("tanh -0", .tanh(-0.0), -0.0), ("tanh ∞", .tanh(.infinity), 1), ("tanh -22", .tanh(-22), -1),
        ("tanh of the least number", .tanh(0x1p-1074), 0x1p-1074),
        ("erf -0", .erf(-0.0), -0.0), ("erf ∞", .erf(.infinity), 1), ("erf -6", .erf(-6), -1),
        ("erf of the least number", .erf(0x1p-1074), 0x1p-1074),
        ("just above 1, to 2^62", .pow(1.0.nextUp, 0x1p62), .infinity), ("just below 1, to 2^63", .pow(1.0.nextDown, 0x1p63), 0),
    ]

    @Test(arguments: ends.indices) func `at the ends of the range results are those of IEEE 754`(i: Int) {
        let (name, found, expected) = Self.ends[i]
        #expect(found.bitPattern == expected.bitPattern, "\(name): expected \(expected), found \(found)")
    }

    @Test func `what has no value is NaN`() {
        let found: [Double] = [
            .exp(.nan), .log(.nan), .log(-1), .log(-.infinity), .log10(.nan), .log10(-1), .cbrt(.nan), .sin(.nan), .sin(.infinity),
            .sin(-.infinity),
            .cos(.nan), .cos(.infinity), .cos(-.infinity), .tanh(.nan), .erf(.nan), .pow(.nan, 1), .pow(2, .nan), .pow(-1, 0.5),
            .pow(-2, 1e-300), .pow(-8, 1 / 3.0),
        ]
        for (i, value) in found.enumerated() { #expect(value.isNaN, "number \(i)") }
    }

    // MARK: Exact values

    @Test func `powers that are doubles are exact`() {
        var ten = 1.0
        for n in 0...22 {
            #expect(Double.pow(10, Double(n)) == ten)
            ten *= 10
        }
        for n in -1074...1023 { #expect(Double.pow(2, Double(n)) == Double(sign: .plus, exponent: n, significand: 1)) }
        for n in 1...1000 {
            let x = Double(n)
            #expect(Double.pow(x, 5) == x * x * x * x * x && Double.pow(x * x, 0.5) == x && Double.pow(x, 1) == x)
            #expect(Double.cbrt(x * x * x) == x && Double.cbrt(-x * x * x) == -x)
        }
    }

    @Test func `powers of ten have whole logarithms`() {
        for n in -307...308 { #expect(Double.log10(Double("1e\(n)")!) == Double(n)) }
    }

    // MARK: Angles

    @Test func `sine is odd, cosine is even, and both come together with the same bits`() {
        var noise = SplitMix64(seed: 5)
        for _ in 0..<20_000 {
            let x = Double(bitPattern: noise.next())
            guard x.isFinite else { continue }
            let (sine, cosine) = Double.sineAndCosine(x)
            #expect(Double.sin(-x) == -sine && Double.cos(-x) == cosine && Double.sin(x) == sine && Double.cos(x) == cosine, "\(x)")
            #expect(abs(sine * sine + cosine * cosine - 1) < 4e-16, "\(x)")
        }
    }

    @Test func `angles next to a quarter turn keep all their digits`() {
        // The distance of the double π/2 to a quarter turn, and of the double that comes nearest to any multiple of it.
        #expect(Double.cos(.pi / 2) == 0x1.1a62633145c07p-54)
        #expect(Double.sin(.pi) == 0x1.1a62633145c07p-53)
        #expect(Double.cos(0x1.6ac5b262ca1ffp849) == -0x1.14ae72e6ba22fp-61)
    }
}
