// JSON written piece by piece: to a file, which may fail, or to memory, which cannot. One spelling of numbers for both.

/// Where JSON is written to.
package protocol JSONSink: ~Copyable {
    /// What can go wrong: nothing in memory.
    associatedtype Failure: Error
    /// Appends text.
    mutating func write(_ text: String) throws(Failure)
}

/// JSON in memory.
package struct JSONBuffer: JSONSink {
    /// What has been written, as UTF-8.
    package private(set) var bytes: [UInt8] = []

    package init() {}
    package mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Writes an array of small whole numbers, of which a picture has many.
    package mutating func writeJSON(_ numbers: [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for i in numbers.indices {
            let number = numbers[i]
            if i > 0 { bytes.append(UInt8(ascii: ",")) }
            if number >= 100 { bytes.append(48 + number / 100) }
            if number >= 10 { bytes.append(48 + number / 10 % 10) }
            bytes.append(48 + number % 10)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}

extension JSONSink where Self: ~Copyable {
    /// Writes `[…]` with each element written by `element`.
    package mutating func writeArray<Element>(_ elements: [Element], _ element: (Element, inout Self) throws(Failure) -> Void)
        throws(Failure)
    {
        try write("[")
        for i in elements.indices {
            if i > 0 { try write(",") }
            try element(elements[i], &self)
        }
        try write("]")
    }

    /// Writes an array of texts.
    package mutating func writeJSON(_ texts: [String]) throws(Failure) {
        try writeArray(texts) { text, stream throws(Failure) in try stream.write(JSON.quoted(text)) }
    }

    /// Writes an array of whole numbers.
    package mutating func writeJSON(_ integers: [Int]) throws(Failure) {
        try writeArray(integers) { integer, stream throws(Failure) in try stream.write(String(integer)) }
    }

    /// Writes an array of numbers.
    package mutating func writeJSON(_ numbers: [Double]) throws(Failure) {
        try writeArray(numbers) { number, stream throws(Failure) in try stream.writeJSON(number) }
    }

    /// Writes the shortest text that reads back as exactly this number; whole numbers without a point; a string if it is not finite.
    package mutating func writeJSON(_ number: Double) throws(Failure) {
        if number == 0 { return try write(number.sign == .minus ? "-0" : "0") }
        guard number.isFinite else { return try write(number.isNaN ? "\"NaN\"" : number < 0 ? "\"-Infinity\"" : "\"Infinity\"") }
        if abs(number) < 0x1p54, number == number.rounded() { return try write(String(Int64(number))) }
        try write(number.description)
    }
}
