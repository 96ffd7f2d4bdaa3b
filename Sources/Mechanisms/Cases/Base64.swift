// Numbers as text, bit for bit: the 8 bytes of each Double, the lowest first, in base64 (RFC 4648, section 4).

/// Doubles in base64.
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of `values`.
    package static func text(_ values: [Double]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 * values.count)
        for value in values { for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * place))) } }
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).map { start + $0 < bytes.count ? UInt32(bytes[start + $0]) : 0 }
            let bits = group[0] << 16 | group[1] << 8 | group[2]
            for place in 0..<4 {
                let isPadding = start + place > bytes.count
                text.append(isPadding ? UInt8(ascii: "=") : digits[Int(bits >> UInt32(18 - 6 * place) & 63)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The values of a text; nil for what is no base64 of whole Doubles.
    static func values(_ text: String) -> [Double]? {
        var known = [Int](repeating: -1, count: 256)
        for (value, digit) in digits.enumerated() { known[Int(digit)] = value }
        let letters = Array(text.utf8)
        let padding = letters.suffix(2).count { $0 == UInt8(ascii: "=") }
        guard letters.count % 4 == 0, (letters.count / 4 * 3 - padding) % 8 == 0 else { return nil }
        var values: [Double] = []
        values.reserveCapacity(letters.count * 3 / 32)
        var (bits, count, word, filled): (UInt32, Int, UInt64, UInt64) = (0, 0, 0, 0)
        for letter in letters.dropLast(padding) {
            let digit = known[Int(letter)]
            guard digit >= 0 else { return nil }
            (bits, count) = (bits << 6 | UInt32(digit), count + 6)
            guard count >= 8 else { continue }
            count -= 8
            word |= UInt64(bits >> UInt32(count) & 255) << (8 * filled)
            filled += 1
            if filled == 8 {
                values.append(Double(bitPattern: word))
                (word, filled) = (0, 0)
            }
        }
        return values
    }
}
