// Small damage to real inputs, the same for the same seed: most mutants stay near enough to what they were to be read, so that what
// stands behind the parsers is tried too.

import Traces

/// Damages bytes.
package struct Mutator {
    /// What the bytes are, so that damage can be done below their envelope.
    package enum Form: Sendable {
        /// JSON, YAML, CSV, Markdown, a step reference: numbers, words and lines.
        case text
        /// A length, a JSON header of that length, and numbers.
        case safetensors
        /// Fields of fixed places: archives, arrays, tables.
        case bytes
    }

    private var random: SplitMix64

    package init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Numbers that programs forget: as text.
    static let numbers = [
        "0", "-1", "1", "2", "3", "7", "64", "4611686018427387904", "9223372036854775807", "-9223372036854775808", "18446744073709551616",
        "2147483648", "NaN", "Infinity", "-Infinity", "1e308", "1e-320", "-0.0", "0.5", "1e999",
    ]
    /// Words that mean something to some parser.
    static let words = [
        "\"", "{", "}", "[", "]", ":", ",", "null", "true", "\\u0000", "\\ud800", "\u{1B}[2J", "\u{0}", "\u{202E}", "大", "e\u{301}", "…",
        "---", "> ",
        "{{", "}}", "&a", "*a", "F64", "F8_E4M3", "BF16", "I64", "expected.", "attention.weights", "[0,0]",
    ]
    /// Values for the numbers of a file.
    static let values: [Double] = [
        0, -0.0, 1, -1, .nan, .infinity, -.infinity, 0x1p62, 1e300, -1e300, .leastNonzeroMagnitude, 0x1p-130, 448, 449,
    ]

    /// A mutant of `bytes`: one to three damages, sometimes a part of `other`.
    package mutating func mutant(of bytes: [UInt8], _ form: Form, other: [UInt8]) -> [UInt8] {
        var mutant = bytes
        for _ in 0..<pick([1, 1, 1, 2, 3]) {
            switch form {
            case .text: damage(text: &mutant, other)
            case .safetensors: damage(safetensors: &mutant, other)
            case .bytes: damage(bytes: &mutant, other)
            }
        }
        return mutant
    }

    /// A number below `limit`, which must be above 0.
    package mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
    package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    private mutating func damage(text bytes: inout [UInt8], _ other: [UInt8]) {
        guard !bytes.isEmpty else { return bytes += Array(pick(Self.words).utf8) }
        switch below(10) {
        case 0...4: replaceNumber(&bytes)
        case 5: bytes.insert(contentsOf: Array(pick(Self.words).utf8), at: below(bytes.count + 1))
        case 6: damageLine(&bytes)
        case 7: bytes[below(bytes.count)] = pick([0, 0x22, 0x5C, 0x7B, 0xFF, 0xC0, UInt8(below(256))])
        case 8: bytes.remove(at: below(bytes.count))
        default: splice(&bytes, other)
        }
    }

    /// Puts a number of the dictionary, or one near it, in the place of a number.
    private mutating func replaceNumber(_ bytes: inout [UInt8]) {
        let start = below(bytes.count)
        func isDigit(_ i: Int) -> Bool { (0x30...0x39).contains(bytes[i]) }
        guard let first = (start..<bytes.count).first(where: isDigit) ?? (0..<start).first(where: isDigit) else {
            return bytes.insert(contentsOf: Array(pick(Self.numbers).utf8), at: start)
        }
        let end = (first..<bytes.count).first { !isDigit($0) } ?? bytes.count
        let found = Int(String(decoding: bytes[first..<end], as: UTF8.self)) ?? 0
        let near = ["\(found &+ 1)", "\(max(found, 1) - 1)", "\(found &* 2)"]
        bytes.replaceSubrange(first..<end, with: Array(pick(below(2) == 0 ? near : Self.numbers).utf8))
    }

    /// Repeats, drops or moves a line.
    private mutating func damageLine(_ bytes: inout [UInt8]) {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        let line = below(lines.count)
        switch below(3) {
        case 0: lines.insert(lines[line], at: below(lines.count))
        case 1: lines.remove(at: line)
        default: lines.swapAt(line, below(lines.count))
        }
        bytes = Array(lines.joined(separator: [0x0A]))
    }

    private mutating func splice(_ bytes: inout [UInt8], _ other: [UInt8]) {
        guard !other.isEmpty else { return bytes.removeLast(below(bytes.count)) }
        let from = below(other.count)
        let length = min(1 + below(40), other.count - from)
        let at = below(bytes.count)
        bytes.replaceSubrange(at..<min(at + below(40), bytes.count), with: other[from..<from + length])
    }

    private mutating func damage(bytes: inout [UInt8], _ other: [UInt8]) {
        guard bytes.count > 8 else { return damage(text: &bytes, other) }
        switch below(8) {
        case 0, 1: bytes[below(bytes.count)] = UInt8(below(256))
        case 2, 3:
            // A count or a place: small, near what it was, or all ones.
            let width = pick([2, 4, 8])
            let at = below(bytes.count - width + 1)
            let number = pick([0, 1, .max, .max >> 1, UInt64(bytes.count), UInt64(bytes.count + 1), UInt64(bytes[at]) + 1])
            for i in 0..<width { bytes[at + i] = UInt8(truncatingIfNeeded: number >> UInt64(8 * i)) }
        case 4: put(pick(Self.values), width: pick([8, 4, 2, 1]), &bytes, from: 0)
        case 5: bytes.removeLast(1 + below(min(64, bytes.count - 1)))
        case 6: splice(&bytes, other)
        default: damage(text: &bytes, other)
        }
    }

    private mutating func damage(safetensors bytes: inout [UInt8], _ other: [UInt8]) {
        guard bytes.count > 16 else { return damage(text: &bytes, other) }
        let length = (0..<8).reduce(0) { $0 | Int(bytes[$1] & 0x7F) << (8 * $1) }
        guard (2...(bytes.count - 8)).contains(length) else { return damage(text: &bytes, other) }
        let data = 8 + length
        switch below(8) {
        case 0...3 where data + 8 < bytes.count: put(pick(Self.values), width: pick([8, 4, 2, 1]), &bytes, from: data)
        case 4: bytes[below(8)] = UInt8(below(256))
        case 5: bytes.removeLast(min(below(64), bytes.count))
        default:
            var header = Array(bytes[8..<data])
            damage(text: &header, [])
            let size = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
            bytes = size + header + bytes[data...]
        }
    }

    /// Writes a value somewhere among the numbers of a file, at one of the widths that files use.
    private mutating func put(_ value: Double, width: Int, _ bytes: inout [UInt8], from start: Int) {
        let pattern: UInt64 =
            switch width {
            case 8: value.bitPattern
            case 4: UInt64(Float(value).bitPattern)
            case 2: UInt64(Float(value).bitPattern >> 16)
            default: pick([0, 0x7F, 0xFF, 0x80, 0x01])
            }
        let at = start + below((bytes.count - start - width) / width + 1) * width
        for i in 0..<width { bytes[at + i] = UInt8(truncatingIfNeeded: pattern >> UInt64(8 * i)) }
    }
}
