// All that stands before the data of a GGUF file, read and checked: nothing in it is believed until it fits the file. Tensors lie in the order of their
// table, each from where the one before it ends, as llama.cpp wants them.

import Traces

struct GGUFHeader {
    /// Single values by key; an empty array stands for each list.
    private(set) var values: [String: JSON] = [:]
    private(set) var lists: [String: GGUFList] = [:]
    private(set) var tensors: [String: GGUFFile.Info] = [:]
    private var alignment = 32
    private let path: String

    /// What the table says of one tensor, before it is held against the others.
    private struct Row {
        let name: String
        let type: GGMLType
        let shape: [Int]
        let bytes: Int
        let offset: UInt64
    }

    init(_ file: MappedFile) throws(FileError) {
        path = file.path
        var reader = GGUFReader(file)
        try checkBeginning(file, &reader)
        // A tensor has at least a length of its name, a number of axes, an axis, a type and an offset; a key-value the length of its key, a type, a byte.
        let tensorCount = try reader.count("number of tensors", ofAtLeast: 32)
        let valueCount = try reader.count("number of key-values", ofAtLeast: 13)
        for i in 0..<valueCount { try readValue(i, &reader) }
        try readAlignment()
        var rows: [Row] = []
        for i in 0..<tensorCount { rows.append(try row(i, &reader)) }
        let start = (reader.at + alignment - 1) / alignment * alignment
        try place(rows, start: start, dataSize: max(file.bytes.count - start, 0))
    }

    private func failure(_ what: String, _ problem: String) -> FileError { FileError(.badData, path, "\(what): \(problem)") }

    private func checkBeginning(_ file: MappedFile, _ reader: inout GGUFReader) throws(FileError) {
        guard file.bytes.count >= 24 else {
            throw FileError(.badData, path, "expected a GGUF file of at least 24 bytes, found \(file.bytes.count)")
        }
        guard file.bytes.starts(with: Array("GGUF".utf8)) else {
            let found = ForeignFile.name(file.bytes) ?? "a file that begins otherwise"
            throw FileError(.badData, path, "expected a GGUF file, which begins with GGUF, found \(found)")
        }
        reader.at = 4
        let version = try reader.integer("version", UInt32.self)
        guard version.byteSwapped > 3 || version == 0 else {
            throw FileError(.badData, path, "expected a little-endian file, found version \(version.byteSwapped) in big-endian order")
        }
        guard version == 2 || version == 3 else {
            throw FileError(.badData, path, "expected GGUF of version 2 or 3, found version \(version)")
        }
    }

    private mutating func readValue(_ i: Int, _ reader: inout GGUFReader) throws(FileError) {
        let key = try reader.name("key \(i)")
        guard values[key] == nil else { throw failure(key, "this key appears twice") }
        let type = try reader.valueType("\(key): type")
        if type == .list {
            lists[key] = try reader.list(key)
            values[key] = .array([])
        } else {
            values[key] = try reader.value(type, key)
        }
    }

    private mutating func readAlignment() throws(FileError) {
        let settings = Settings(file: path, fields: values)
        alignment = try settings.integer("general.alignment", atLeast: 1, default: alignment)
        guard alignment & (alignment - 1) == 0 else { throw settings.failure("general.alignment", expected: "a power of two") }
    }

    private func row(_ i: Int, _ reader: inout GGUFReader) throws(FileError) -> Row {
        let name = try reader.name("name of tensor \(i)")
        let what = "tensor \(name)"
        let axes = try reader.integer("\(what): number of axes", UInt32.self)
        guard (1...4).contains(axes) else { throw failure(what, "expected 1 to 4 axes, found \(axes)") }
        var (shape, values) = ([Int](), 1)
        for _ in 0..<axes {
            let length = try reader.integer("\(what): length", UInt64.self)
            guard length >= 1 else { throw failure(what, "expected lengths of at least 1, found 0") }
            let (product, overflows) = values.multipliedReportingOverflow(by: Int(exactly: length) ?? .max)
            // Two to the 48th is more than any file holds, and times the bytes of a block it does not overflow.
            guard !overflows, product <= 1 << 48 else {
                throw failure(what, "expected lengths whose product can be counted, found \(length)")
            }
            (shape, values) = ([Int(length)] + shape, product)
        }
        let code = try reader.integer("\(what): type", UInt32.self)
        guard let type = GGMLType(rawValue: code) else {
            let known = GGMLType.allCases.map(\.description).joined(separator: ", ")
            throw failure(what, "type: expected one of \(known), found \(GGMLType.name(ofUnread: code))")
        }
        guard shape[shape.count - 1] % type.blockValues == 0 else {
            throw failure(
                what, "expected rows of a multiple of \(type.blockValues) values, the block of \(type), found \(shape[shape.count - 1])")
        }
        let bytes = values / type.blockValues * type.blockBytes
        return Row(name: name, type: type, shape: shape, bytes: bytes, offset: try reader.integer("\(what): offset", UInt64.self))
    }

    private mutating func place(_ rows: [Row], start: Int, dataSize: Int) throws(FileError) {
        var (end, previous) = (0, "")
        for row in rows {
            let what = "tensor \(row.name)"
            guard tensors[row.name] == nil else { throw failure(what, "this name appears twice") }
            guard row.offset % UInt64(alignment) == 0 else {
                throw failure(what, "expected an offset that is a multiple of \(alignment), found \(row.offset)")
            }
            guard row.bytes <= dataSize, row.offset <= UInt64(dataSize - row.bytes) else {
                throw failure(
                    what,
                    "expected \(row.bytes) bytes of data at offset \(row.offset), found \(dataSize) bytes in all: the file is truncated or its table is wrong"
                )
            }
            let offset = Int(row.offset)
            guard offset >= end else { throw failure(what, "its bytes from \(offset) overlap those of \(previous), which end at \(end)") }
            let next = (end + alignment - 1) / alignment * alignment
            guard offset == next else {
                throw failure(what, "expected its bytes to begin at \(next), where those before it end, found \(offset)")
            }
            (end, previous) = (offset + row.bytes, row.name)
            tensors[row.name] = GGUFFile.Info(type: row.type, shape: row.shape, range: start + offset..<start + end)
        }
    }
}
