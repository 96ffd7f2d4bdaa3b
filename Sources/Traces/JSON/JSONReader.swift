// A strict JSON reader (RFC 8259). Foundation's decoders accept an object that names a key twice, where the last one silently wins;
// here that is an error, and every error names line and column. Values can be pulled one at a time, so that a trace with millions of
// numbers never becomes a tree.

/// Reads JSON from bytes that stay in place while it is used.
package struct JSONReader {
    /// The name that errors use.
    package let file: String
    package let bytes: UnsafeBufferPointer<UInt8>
    package var at = 0
    private var depth = 0
    /// Deeper nesting is refused before it can exhaust the stack.
    private static let deepest = 200

    private init(file: String, bytes: UnsafeBufferPointer<UInt8>) {
        self.file = file
        self.bytes = bytes
    }

    /// Reads one whole document from memory.
    package static func read<Value>(
        _ bytes: UnsafeRawBufferPointer, file: String, _ body: (inout JSONReader) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        var reader = JSONReader(file: file, bytes: bytes.assumingMemoryBound(to: UInt8.self))
        let value = try body(&reader)
        reader.skipSpace()
        guard reader.at == bytes.count else { throw reader.failure("expected the end of the document, found \(reader.found)") }
        return value
    }

    /// An error at the place where reading stopped.
    package func failure(_ problem: String) -> FileError {
        let before = bytes[..<min(at, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
        return FileError(.badData, file, "line \(line), column \(column): \(problem)")
    }

    /// What stands at the present place, for messages.
    package var found: String {
        guard at < bytes.count else { return "the end of the file" }
        let byte = bytes[at]
        return byte > 0x20 && byte < 0x7F ? "'\(Character(UnicodeScalar(byte)))'" : "byte \(byte)"
    }

    package mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
    }

    /// The next byte that is not space, without moving past it; nil at the end.
    package mutating func next() -> UInt8? {
        skipSpace()
        return at < bytes.count ? bytes[at] : nil
    }

    /// Moves past `byte` if it comes next.
    package mutating func skip(_ byte: UInt8) -> Bool {
        guard next() == byte else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(FileError) {
        guard skip(byte) else { throw failure("expected \(what), found \(found)") }
    }

    private mutating func nested(_ body: (inout JSONReader) throws(FileError) -> Void) throws(FileError) {
        guard depth < Self.deepest else { throw failure("expected at most \(Self.deepest) levels of nesting, found more") }
        depth += 1
        try body(&self)
        depth -= 1
    }

    /// Reads an object: `field` is called for each key and must read its value. A key that appears twice is an error.
    package mutating func object(_ field: (_ key: String, inout JSONReader) throws(FileError) -> Void) throws(FileError) {
        try expect(UInt8(ascii: "{"), "an object")
        if skip(UInt8(ascii: "}")) { return }
        try nested { reader throws(FileError) in
            var seen: Set<ExactText> = []
            repeat {
                reader.skipSpace()
                let start = reader.at
                let key = try reader.string()
                guard seen.insert(ExactText(key)).inserted else {
                    reader.at = start
                    throw reader.failure("\"\(key)\" appears twice in one object")
                }
                try reader.expect(UInt8(ascii: ":"), "':' after \"\(key)\"")
                try field(key, &reader)
            } while reader.skip(UInt8(ascii: ","))
            try reader.expect(UInt8(ascii: "}"), "',' or '}'")
        }
    }

    /// Reads an array: `element` is called before each element and must read it.
    package mutating func array(_ element: (inout JSONReader) throws(FileError) -> Void) throws(FileError) {
        try expect(UInt8(ascii: "["), "an array")
        if skip(UInt8(ascii: "]")) { return }
        try nested { reader throws(FileError) in
            repeat { try element(&reader) } while reader.skip(UInt8(ascii: ","))
            try reader.expect(UInt8(ascii: "]"), "',' or ']'")
        }
    }

    /// Reads any value.
    package mutating func value() throws(FileError) -> JSON {
        switch next() {
        case UInt8(ascii: "{"):
            var fields: [String: JSON] = [:]
            try object { key, reader throws(FileError) in
                // Keys that differ in bytes alone would be one here.
                guard fields[key] == nil else { throw reader.failure("\"\(key)\" appears twice in one object, spelled in two ways") }
                fields[key] = try reader.value()
            }
            return .object(fields)
        case UInt8(ascii: "["):
            var elements: [JSON] = []
            try array { reader throws(FileError) in elements.append(try reader.value()) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(FileError) -> JSON {
        guard bytes[at...].starts(with: word.utf8) else { throw failure("expected a value, found \(found)") }
        at += word.utf8.count
        return value
    }
}

/// Text that is equal only when every byte is: Swift's strings also call equal what Unicode calls canonically equivalent.
package struct ExactText: Hashable {
    package let utf8: [UInt8]
    package init(_ text: some StringProtocol) { utf8 = Array(text.utf8) }
    package init(_ utf8: [UInt8]) { self.utf8 = utf8 }
}
