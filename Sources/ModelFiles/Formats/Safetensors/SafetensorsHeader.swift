// The header of a safetensors file, read and checked: nothing in it is believed until it fits the file.

import Traces

struct SafetensorsHeader {
    private(set) var metadata: [String: String] = [:]
    private(set) var tensors: [String: Safetensors.Info] = [:]
    private(set) var dataStart: Int
    private var path: String
    /// The limit of the format's own library.
    private static let longest = 100_000_000

    init(_ file: MappedFile) throws(FileError) {
        path = file.path
        let size = file.bytes.count
        guard size >= 8 else { throw FileError(.badData, path, "expected a safetensors file of at least 8 bytes, found \(size)") }
        let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
        guard length <= Self.longest else {
            throw FileError(
                .badData, path, "expected a header of at most \(Self.longest) bytes, found a length of \(length): not a safetensors file?")
        }
        guard Int(length) <= size - 8 else {
            throw FileError(
                .badData, path, "expected a header of \(length) bytes, found a file with \(size - 8) after its first 8: it is truncated")
        }
        dataStart = 8 + Int(length)
        let dataSize = size - dataStart
        let fields = UnsafeRawBufferPointer(rebasing: file.bytes[8..<dataStart])
        var header = self
        try JSONReader.read(fields, file: "\(path) (header)") { reader throws(FileError) in
            guard reader.next() == UInt8(ascii: "{") else { throw reader.failure("expected a JSON object, found \(reader.found)") }
            try reader.object { name, reader throws(FileError) in
                let value = try reader.value()
                if name == "__metadata__" { return try header.readMetadata(value) }
                guard header.tensors[name] == nil else { throw header.failure(name, "this name appears twice") }
                header.tensors[name] = try header.tensor(name, value, dataSize: dataSize)
            }
        }
        self = header
        try checkLayout(dataSize: dataSize)
    }

    private func failure(_ name: String, _ problem: String) -> FileError { FileError(.badData, path, "tensor \(name): \(problem)") }

    private mutating func readMetadata(_ value: JSON) throws(FileError) {
        guard case .object(let fields) = value else {
            throw FileError(.badData, path, "__metadata__: expected an object, found \(value.description)")
        }
        for (key, value) in fields {
            guard case .string(let text) = value else {
                throw FileError(.badData, path, "__metadata__.\(key): expected a text, found \(value.description)")
            }
            metadata[key] = text
        }
    }

    private func tensor(_ name: String, _ value: JSON, dataSize: Int) throws(FileError) -> Safetensors.Info {
        guard case .object(let fields) = value else { throw failure(name, "expected an object, found \(value.description)") }
        guard case .string(let word) = fields["dtype"] else {
            throw failure(name, "dtype: expected a text, found \(fields["dtype"]?.description ?? "nothing")")
        }
        guard let dataType = Safetensors.DataType(rawValue: word) else {
            let known = Safetensors.DataType.allCases.map(\.rawValue).joined(separator: ", ")
            throw failure(name, "dtype: expected one of \(known), found \"\(word)\"")
        }
        let shape = try counts(fields["shape"], name, "shape")
        let offsets = try counts(fields["data_offsets"], name, "data_offsets")
        guard offsets.count == 2 else { throw failure(name, "data_offsets: expected 2 numbers, found \(offsets.count)") }
        guard offsets[0] <= offsets[1] else { throw failure(name, "data_offsets: begin \(offsets[0]) is after end \(offsets[1])") }
        guard offsets[1] <= dataSize else {
            throw failure(
                name,
                "data_offsets: expected an end of at most \(dataSize), found \(offsets[1]): the file is truncated or its header is wrong")
        }
        // Strides and rows are counted even where an axis is empty.
        guard Self.product(shape.map { max($0, 1) } + [dataType.size]) != nil else {
            throw failure(name, "expected lengths whose product can be counted, found \(shape)")
        }
        guard let size = Self.product(shape + [dataType.size]), size == offsets[1] - offsets[0] else {
            let expected = Self.product(shape + [dataType.size]).map { "\($0) bytes" } ?? "fewer bytes"
            throw failure(name, "expected \(expected) for \(word) \(shape), found \(offsets[1] - offsets[0])")
        }
        return Safetensors.Info(dataType: dataType, shape: shape, range: offsets[0]..<offsets[1])
    }

    /// The product, or nil if it overflows. A zero anywhere makes it zero.
    private static func product(_ factors: [Int]) -> Int? {
        if factors.contains(0) { return 0 }
        var product = 1
        for factor in factors {
            let (next, overflows) = product.multipliedReportingOverflow(by: factor)
            if overflows { return nil }
            product = next
        }
        return product
    }

    private func counts(_ value: JSON?, _ name: String, _ field: String) throws(FileError) -> [Int] {
        guard case .array(let elements) = value else {
            throw failure(name, "\(field): expected an array, found \(value?.description ?? "nothing")")
        }
        var counts: [Int] = []
        for element in elements {
            guard case .integer(let count) = element, count >= 0 else {
                throw failure(name, "\(field): expected whole numbers from 0, found \(element.description)")
            }
            counts.append(count)
        }
        return counts
    }

    /// The tensors fill the data from its first byte to its last, each byte once.
    private func checkLayout(dataSize: Int) throws(FileError) {
        let ordered = tensors.sorted {
            ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key) < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
        }
        var end = 0
        var previous = ""
        for (name, info) in ordered {
            let start = info.range.lowerBound
            guard start >= end else { throw failure(name, "its bytes from \(start) overlap those of \(previous), which end at \(end)") }
            guard start == end else {
                throw failure(name, "expected its bytes to begin at \(end), found \(start): the format allows no gaps")
            }
            end = info.range.upperBound
            previous = name
        }
        guard end == dataSize else {
            throw FileError(.badData, path, "expected \(end) bytes of data, found \(dataSize): \(dataSize - end) belong to no tensor")
        }
    }
}
