// JSON written piece by piece to a stream.

import Traces

extension ByteStream {
    /// Writes `[…]` with each element written by `element`.
    mutating func writeArray<Element>(_ elements: [Element], _ element: (Element, inout ByteStream) throws(FileError) -> Void)
        throws(FileError)
    {
        try write(byte: UInt8(ascii: "["))
        for i in elements.indices {
            if i > 0 { try write(byte: UInt8(ascii: ",")) }
            try element(elements[i], &self)
        }
        try write(byte: UInt8(ascii: "]"))
    }

    /// Writes an array of texts.
    mutating func writeJSON(_ texts: [String]) throws(FileError) {
        try writeArray(texts) { text, stream throws(FileError) in try stream.write(JSON.quoted(text)) }
    }

    /// Writes an array of whole numbers.
    mutating func writeJSON(_ integers: [Int]) throws(FileError) {
        try writeArray(integers) { integer, stream throws(FileError) in try stream.write(String(integer)) }
    }

    /// Writes an array of numbers.
    mutating func writeJSON(_ numbers: [Double]) throws(FileError) {
        try writeArray(numbers) { number, stream throws(FileError) in try stream.writeJSON(number) }
    }

    /// Writes the shortest text that reads back as exactly this number; whole numbers without a point; a string if it is not finite.
    mutating func writeJSON(_ number: Double) throws(FileError) {
        if number == 0 { return try write(number.sign == .minus ? "-0" : "0") }
        guard number.isFinite else { return try write(number.isNaN ? "\"NaN\"" : number < 0 ? "\"-Infinity\"" : "\"Infinity\"") }
        if abs(number) < 0x1p54, number == number.rounded() { return try write(String(Int(number))) }
        try write(number.description)
    }
}
