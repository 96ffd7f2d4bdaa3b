// The header of a .npy file (numpy.lib.format, versions 1.0 to 3.0): a dictionary of Python with three entries, read by rules and never by running it.
// Python objects in the data are pickles: they are refused by name.

import Traces

/// What a .npy file says of its numbers.
struct NumPyHeader {
    let number: StoredArray.Number
    let isBigEndian: Bool
    let isFortran: Bool
    let lengths: [Int]
    /// Where the numbers begin.
    let dataStart: Int
    /// How many bytes they take.
    let dataSize: Int

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// The longest header that is read; numpy itself refuses more than 10,000 bytes.
    static let longest = 65_536
    /// As many bytes as hold any header that is read.
    static let reach = longest + 12

    /// Reads the header at the beginning of `bytes`.
    init(_ bytes: UnsafeRawBufferPointer, _ subject: String) throws(FileError) {
        func failure(_ problem: String) -> FileError { FileError(.badData, subject, problem) }
        guard bytes.count >= 10, bytes.starts(with: Self.magic) else { throw failure("expected a .npy file, found other bytes") }
        guard (1...3).contains(bytes[6]), bytes[7] == 0 else {
            throw failure("expected version 1.0, 2.0 or 3.0 of .npy, found \(bytes[6]).\(bytes[7])")
        }
        let width = bytes[6] == 1 ? 2 : 4
        guard bytes.count >= 8 + width else { throw failure("expected the length of a header: the file is truncated") }
        let length = (0..<width).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
        guard length <= Self.longest else { throw failure("expected a header of at most \(Self.longest) bytes, found \(length)") }
        guard length <= bytes.count - 8 - width else { throw failure("expected a header of \(length) bytes: the file is truncated") }
        var reader = PythonReader(bytes: Array(bytes[8 + width..<8 + width + length]), subject: subject)
        let fields = try reader.fields()
        guard let lengths = fields.shape else { throw failure("header: expected the entry 'shape'") }
        guard let isFortran = fields.isFortran else { throw failure("header: expected the entry 'fortran_order'") }
        guard let description = fields.description else { throw failure("header: expected the entry 'descr'") }
        (number, isBigEndian) = try Self.number(description, subject)
        guard let count = StoredArray.count(lengths) else {
            throw failure("expected lengths from 1 whose product can be counted, found \(lengths)")
        }
        (self.lengths, self.isFortran) = (lengths, isFortran)
        dataStart = 8 + width + length
        dataSize = count * number.size
    }

    private static func number(_ description: String, _ subject: String) throws(FileError) -> (StoredArray.Number, isBigEndian: Bool) {
        let numbers: [String: StoredArray.Number] = ["f2": .float16, "f4": .float32, "f8": .float64]
        let kind = String(description.dropFirst())
        if let number = numbers[kind], let order = description.first, "<>".contains(order) { return (number, order == ">") }
        let found =
            switch kind.first {
            case "O": "Python objects, which are pickles and are not read"
            case "i", "u": "whole numbers"
            case "b": "yes and no"
            case "c": "complex numbers"
            case "V": "bytes of no type (bfloat16 is not known to numpy: save .float())"
            default: "another type"
            }
        throw FileError(.badData, subject, "expected float16, float32 or float64, found \(found) ('\(description)')")
    }
}

/// Reads the literal of Python that a header is: strings, True and False, tuples of whole numbers.
private struct PythonReader {
    let bytes: [UInt8]
    let subject: String
    private var at = 0

    init(bytes: [UInt8], subject: String) { (self.bytes, self.subject) = (bytes, subject) }

    private func failure(_ problem: String) -> FileError { FileError(.badData, subject, "header, byte \(at): \(problem)") }

    private mutating func next() -> UInt8? {
        while at < bytes.count, bytes[at] == 0x20 || (0x09...0x0D).contains(bytes[at]) { at += 1 }
        return at < bytes.count ? bytes[at] : nil
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FileError) {
        guard skip(character) else { throw failure("expected '\(character)'") }
    }

    mutating func fields() throws(FileError) -> (description: String?, isFortran: Bool?, shape: [Int]?) {
        var fields: (description: String?, isFortran: Bool?, shape: [Int]?)
        try expect("{")
        while !skip("}") {
            let name = try string()
            try expect(":")
            switch name {
            case "descr" where fields.description == nil: fields.description = try description()
            case "fortran_order" where fields.isFortran == nil: fields.isFortran = try truth()
            case "shape" where fields.shape == nil: fields.shape = try tuple()
            default: throw failure("expected 'descr', 'fortran_order' and 'shape', each once, found '\(name)'")
            }
            if !skip(",") {
                try expect("}")
                break
            }
        }
        guard next() == nil else { throw failure("expected the end of the header") }
        return fields
    }

    private mutating func description() throws(FileError) -> String {
        if next() == UInt8(ascii: "[") { throw failure("expected one type of number, found records of several fields") }
        return try string()
    }

    private mutating func string() throws(FileError) -> String {
        guard let quote = next(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { throw failure("expected a text") }
        guard let end = bytes[(at + 1)...].firstIndex(of: quote), !bytes[at..<end].contains(UInt8(ascii: "\\")), end - at <= 64 else {
            throw failure("expected a short text in quotation marks")
        }
        defer { at = end + 1 }
        return String(decoding: bytes[at + 1..<end], as: UTF8.self)
    }

    private mutating func truth() throws(FileError) -> Bool {
        _ = next()
        for (word, value) in [("True", true), ("False", false)] where bytes[at...].starts(with: word.utf8) {
            at += word.utf8.count
            return value
        }
        throw failure("expected True or False")
    }

    private mutating func tuple() throws(FileError) -> [Int] {
        var lengths: [Int] = []
        try expect("(")
        while !skip(")") {
            lengths.append(try whole())
            guard lengths.count <= 64 else { throw failure("expected at most 64 axes") }
            if !skip(",") {
                try expect(")")
                break
            }
        }
        return lengths
    }

    private mutating func whole() throws(FileError) -> Int {
        _ = next()
        let digits = bytes[at...].prefix { (0x30...0x39).contains($0) }
        guard let number = Int(String(decoding: digits, as: UTF8.self)) else { throw failure("expected a whole number from 0") }
        at = digits.endIndex
        return number
    }
}
