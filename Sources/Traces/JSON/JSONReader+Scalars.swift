// Strings and numbers of the JSON reader.

extension JSONReader {
    /// Reads a string.
    package mutating func string() throws(FileError) -> String {
        guard skip(UInt8(ascii: "\"")) else { throw failure("expected a string, found \(found)") }
        let start = at
        while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\"), bytes[at] >= 0x20 { at += 1 }
        var text = Array(bytes[start..<at])
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            guard bytes[at] >= 0x20 else { throw failure("expected an escaped control character in a string, found \(found)") }
            if bytes[at] == UInt8(ascii: "\\") {
                try escape(into: &text)
            } else {
                text.append(bytes[at])
                at += 1
            }
        }
        guard skip(UInt8(ascii: "\"")) else { throw failure("expected the end of a string, found \(found)") }
        guard let valid = String(validating: text, as: UTF8.self) else { throw failure("expected text in UTF-8, found other bytes") }
        return valid
    }

    private mutating func escape(into text: inout [UInt8]) throws(FileError) {
        guard at + 1 < bytes.count else { throw failure("expected the end of a string, found the end of the file") }
        let plain: [UInt8: UInt8] = [
            UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
            UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
        ]
        if let byte = plain[bytes[at + 1]] {
            text.append(byte)
            at += 2
            return
        }
        var units = [try codeUnit()]
        if UTF16.isLeadSurrogate(units[0]) { units.append(try codeUnit()) }
        guard let character = String(validating: units, as: UTF16.self) else {
            throw failure("expected a pair of surrogates in \\u escapes")
        }
        text.append(contentsOf: character.utf8)
    }

    /// Reads `\uXXXX`.
    private mutating func codeUnit() throws(FileError) -> UInt16 {
        let digits = bytes[min(at + 2, bytes.count)..<min(at + 6, bytes.count)]
        guard at + 6 <= bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u"), digits.first != UInt8(ascii: "+"),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure("expected an escape that JSON knows, found '\\'") }
        at += 6
        return unit
    }

    /// Reads a number: an integer if it is written as one and fits 64 bits.
    package mutating func number() throws(FileError) -> JSON {
        let token = try numberToken()
        if token.isInteger, let value = Int(token.text) { return .integer(value) }
        return .number(try double(token))
    }

    /// Reads one number of a trace; what is not finite is written as a string.
    package mutating func double() throws(FileError) -> Double {
        if next() == UInt8(ascii: "\"") {
            let start = at
            let text = try string()
            guard let value = JSON.nonFinite[text] else {
                at = start
                throw failure("expected a number, \"Infinity\", \"-Infinity\" or \"NaN\", found \"\(text)\"")
            }
            return value
        }
        let start = at
        if let short = shortNumber() { return short }
        at = start
        return try double(numberToken())
    }

    /// The value of a number that was just read; one too large is an error at its first character.
    private mutating func double(_ token: NumberToken) throws(FileError) -> Double {
        guard let value = Double(token.text), value.isFinite else {
            at -= token.text.utf8.count
            throw failure("expected a number within the range of doubles, found \(token.text)")
        }
        return value
    }

    private typealias NumberToken = (text: String, isInteger: Bool)

    /// A number of at most 15 digits without an exponent: then digits and power of ten are exact, and so is one division.
    private mutating func shortNumber() -> Double? {
        let isNegative = at < bytes.count && bytes[at] == UInt8(ascii: "-")
        if isNegative { at += 1 }
        var digits: Int64 = 0  // a page counts with 32 bits
        var decimals: Int?
        let start = at
        scan: while at < bytes.count {
            switch bytes[at] {
            case 0x30...0x39: digits = digits &* 10 &+ Int64(bytes[at] - 0x30)
            case UInt8(ascii: ".") where decimals == nil && at > start: decimals = at
            case UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "."): return nil
            default: break scan
            }
            at += 1
            if at - start > 16 { return nil }
        }
        let fraction = decimals.map { at - $0 - 1 } ?? 0
        let whole = (decimals ?? at) - start
        guard whole > 0, whole == 1 || bytes[start] != 0x30, fraction > 0 || decimals == nil, whole + fraction <= 15 else { return nil }
        let value = Double(digits) / JSON.powersOfTen[fraction]
        return isNegative ? -value : value
    }

    /// The text of the next number, checked against the grammar.
    private mutating func numberToken() throws(FileError) -> NumberToken {
        skipSpace()
        let start = at
        func digits(_ reader: inout JSONReader) -> Int {
            let first = reader.at
            while reader.at < reader.bytes.count, (0x30...0x39).contains(reader.bytes[reader.at]) { reader.at += 1 }
            return reader.at - first
        }
        func isNext(_ a: UInt8, _ b: UInt8) -> Bool { at < bytes.count && (bytes[at] == a || bytes[at] == b) }
        if isNext(0x2D, 0x2D) { at += 1 }
        let first = at
        var isValid = digits(&self) > 0
        if isValid, bytes[first] == 0x30, at > first + 1 { isValid = false }
        var isInteger = true
        if isValid, isNext(0x2E, 0x2E) {
            isInteger = false
            at += 1
            isValid = digits(&self) > 0
        }
        if isValid, isNext(0x65, 0x45) {
            isInteger = false
            at += 1
            if isNext(0x2B, 0x2D) { at += 1 }
            isValid = digits(&self) > 0
        }
        guard isValid else {
            at = start
            throw failure("expected a value, found \(found)")
        }
        return (String(decoding: bytes[start..<at], as: UTF8.self), isInteger)
    }
}
