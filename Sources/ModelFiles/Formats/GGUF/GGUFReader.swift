// The values of a GGUF file, one after the other: nothing is read that the file does not hold, and nothing is allocated for a count before the file is
// known to be long enough for it.

import Traces

/// The types of key-values, by their numbers in the file.
enum GGUFValueType: UInt32, Sendable, CustomStringConvertible {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, text, list, uint64, int64, float64

    static let integers: [GGUFValueType] = [.uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64]

    /// The fewest bytes of one value: a text may have nothing but its length.
    var size: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64, .text: 8
        case .list: 12
        }
    }

    var description: String {
        switch self {
        case .uint8: "uint8"
        case .int8: "int8"
        case .uint16: "uint16"
        case .int16: "int16"
        case .uint32: "uint32"
        case .int32: "int32"
        case .float32: "float32"
        case .bool: "bool"
        case .text: "string"
        case .list: "array"
        case .uint64: "uint64"
        case .int64: "int64"
        case .float64: "float64"
        }
    }
}

/// A place in a GGUF file.
struct GGUFReader {
    private let file: MappedFile
    var at: Int

    init(_ file: MappedFile, at: Int = 0) {
        self.file = file
        self.at = at
    }

    /// Bytes from here to the end of the file.
    var rest: Int { file.bytes.count - at }

    func failure(_ what: String, _ problem: String) -> FileError { FileError(.badData, file.path, "\(what): \(problem)") }

    mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(
        _ what: @autoclosure () -> String, _ type: Number.Type = Number.self
    ) throws(FileError) -> Number {
        let size = MemoryLayout<Number>.size
        guard size <= rest else { throw failure(what(), "expected \(size) bytes, found \(rest): the file is truncated") }
        defer { at += size }
        return Number(littleEndian: file.bytes.loadUnaligned(fromByteOffset: at, as: Number.self))
    }

    /// A count of things that take at least `size` bytes each; throws if the file cannot hold so many.
    mutating func count(_ what: @autoclosure () -> String, ofAtLeast size: Int) throws(FileError) -> Int {
        let count = try integer(what(), UInt64.self)
        guard count <= UInt64(rest / size) else {
            throw failure(what(), "expected at most \(rest / size), all that the rest of the file could hold, found \(count)")
        }
        return Int(count)
    }

    /// Moves past a text and returns its bytes.
    private mutating func textBytes(_ what: @autoclosure () -> String) throws(FileError) -> UnsafeRawBufferPointer {
        let length = try count("\(what()): length", ofAtLeast: 1)
        defer { at += length }
        return UnsafeRawBufferPointer(rebasing: file.bytes[at..<at + length])
    }

    mutating func text(_ what: @autoclosure () -> String) throws(FileError) -> String {
        let bytes = try textBytes(what())
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure(what(), "expected UTF-8, found other bytes") }
        return text
    }

    /// The name of a key or a tensor. No published name comes near the limit, which the format sets for keys.
    mutating func name(_ what: @autoclosure () -> String) throws(FileError) -> String {
        let start = at
        let name = try text(what())
        guard name.utf8.count <= 65535 else {
            throw failure(what(), "expected a name of at most 65535 bytes, found \(name.utf8.count) at byte \(start)")
        }
        return name
    }

    mutating func valueType(_ what: @autoclosure () -> String) throws(FileError) -> GGUFValueType {
        let code = try integer(what(), UInt32.self)
        guard let type = GGUFValueType(rawValue: code) else { throw failure(what(), "expected a type from 0 to 12, found \(code)") }
        return type
    }

    /// A value of a type other than a list.
    mutating func value(_ type: GGUFValueType, _ key: String) throws(FileError) -> JSON {
        switch type {
        case .uint8: return .integer(Int(try integer(key, UInt8.self)))
        case .int8: return .integer(Int(try integer(key, Int8.self)))
        case .uint16: return .integer(Int(try integer(key, UInt16.self)))
        case .int16: return .integer(Int(try integer(key, Int16.self)))
        case .uint32: return .integer(Int(try integer(key, UInt32.self)))
        case .int32: return .integer(Int(try integer(key, Int32.self)))
        case .int64: return .integer(Int(try integer(key, Int64.self)))
        case .uint64:
            let number = try integer(key, UInt64.self)
            guard let integer = Int(exactly: number) else { throw failure(key, "expected at most \(Int.max), found \(number)") }
            return .integer(integer)
        case .float32: return .number(Double(Float(bitPattern: try integer(key))))
        case .float64: return .number(Double(bitPattern: try integer(key)))
        case .bool:
            let byte = try integer(key, UInt8.self)
            guard byte <= 1 else { throw failure(key, "expected 0 or 1 for a bool, found \(byte)") }
            return .bool(byte == 1)
        case .text: return .string(try text(key))
        case .list: throw failure(key, "expected a list of single values, found a list of lists")
        }
    }

    /// Counts a list and moves past it. Its texts are not looked at, only their lengths.
    mutating func list(_ key: String) throws(FileError) -> GGUFList {
        let type = try valueType("\(key): type of its elements")
        guard type != .list else { throw failure(key, "expected a list of single values, found a list of lists") }
        let list = GGUFList(type: type, count: try count("\(key): number of elements", ofAtLeast: type.size), start: at)
        if type == .text {
            for i in 0..<list.count { _ = try textBytes("\(key)[\(i)]") }
        } else {
            at += list.count * type.size
        }
        return list
    }
}
