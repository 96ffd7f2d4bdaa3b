// The four normal forms (Unicode Standard Annex 15), by the tables of Unicode 9.0, the version of the `tokenizers` library.

/// A way to write what can be written in several ways.
enum UnicodeForm: String, Sendable {
    case nfc = "NFC"
    case nfd = "NFD"
    case nfkc = "NFKC"
    case nfkd = "NFKD"

    private typealias Part = (scalar: UInt32, order: UInt8)

    func callAsFunction(_ text: String) -> String {
        // ASCII is the same in all forms.
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var parts: [Part] = []
        for scalar in text.unicodeScalars { decompose(scalar.value, into: &parts) }
        Self.sortMarks(&parts)
        if self == .nfc || self == .nfkc { Self.compose(&parts) }
        return String(scalars: parts.lazy.map { Unicode.Scalar($0.scalar)! })
    }

    private func decompose(_ value: UInt32, into parts: inout [Part]) {
        if let syllable = Hangul.parts(of: value) {
            parts += syllable.map { ($0, 0) }
        } else if value >= 0xA0,
            let made = UnicodeDecompositions.canonical[value] ?? (isCompatible ? UnicodeDecompositions.compatible[value] : nil)
        {
            for part in made { decompose(part, into: &parts) }
        } else {
            parts.append((value, Self.order(value)))
        }
    }

    private var isCompatible: Bool { self == .nfkc || self == .nfkd }

    /// Where a mark stands among the marks of its character: 0 for what begins one.
    private static func order(_ value: UInt32) -> UInt8 {
        guard value >= 0x300, let scalar = Unicode.Scalar(value), scalar.isKnown(to: 9) else { return 0 }
        return scalar.properties.canonicalCombiningClass.rawValue
    }

    private static func sortMarks(_ parts: inout [Part]) {
        var start = 0
        while start < parts.count {
            let end = parts[start...].firstIndex { $0.order == 0 } ?? parts.count
            if end - start > 1 {
                // Marks of one order keep their own.
                let sorted = parts[start..<end].enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
                parts.replaceSubrange(start..<end, with: sorted.map(\.element))
            }
            start = end + 1
        }
    }

    /// Joins each beginning of a character with those of the marks after it that have nothing of their own or a higher order between.
    private static func compose(_ parts: inout [Part]) {
        var (composed, start) = ([Part](), Int?.none)
        for part in parts {
            if let start {
                let last = composed[composed.count - 1]
                let isNear = start == composed.count - 1 || (last.order != 0 && last.order < part.order)
                if isNear, let whole = whole(composed[start].scalar, part.scalar) {
                    composed[start].scalar = whole
                    continue
                }
            }
            if part.order == 0 { start = composed.count }
            composed.append(part)
        }
        parts = composed
    }

    private static func whole(_ first: UInt32, _ second: UInt32) -> UInt32? {
        Hangul.whole(first, second) ?? wholes[UInt64(first) << 32 | UInt64(second)]
    }

    private static let wholes: [UInt64: UInt32] = {
        var wholes: [UInt64: UInt32] = [:]
        for (value, parts) in UnicodeDecompositions.canonical where parts.count == 2 {
            guard let scalar = Unicode.Scalar(value), !scalar.properties.isFullCompositionExclusion else { continue }
            wholes[UInt64(parts[0]) << 32 | UInt64(parts[1])] = value
        }
        return wholes
    }()
}

/// Syllables of the Korean script, which are made by arithmetic.
private enum Hangul {
    private static let (syllables, leads, vowels, trails): (UInt32, UInt32, UInt32, UInt32) = (0xAC00, 0x1100, 0x1161, 0x11A7)
    private static let (leadCount, vowelCount, trailCount): (UInt32, UInt32, UInt32) = (19, 21, 28)
    private static let syllableCount = leadCount * vowelCount * trailCount

    static func parts(of value: UInt32) -> [UInt32]? {
        guard value >= syllables, value < syllables + syllableCount else { return nil }
        let index = value - syllables
        let trail = index % trailCount
        return [leads + index / (vowelCount * trailCount), vowels + index / trailCount % vowelCount] + (trail == 0 ? [] : [trails + trail])
    }

    static func whole(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if first >= leads, first < leads + leadCount, second >= vowels, second < vowels + vowelCount {
            return syllables + ((first - leads) * vowelCount + second - vowels) * trailCount
        }
        let isOpen = first >= syllables && first < syllables + syllableCount && (first - syllables) % trailCount == 0
        return isOpen && second > trails && second < trails + trailCount ? first + second - trails : nil
    }
}
