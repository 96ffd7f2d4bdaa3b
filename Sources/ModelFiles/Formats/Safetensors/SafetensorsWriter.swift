// Writes tensors in the safetensors format, whole or not at all. Tensors stand in the order of the format's own library (wider values
// first, then by name), and the header is padded so that the data begins at a multiple of 8.

public import Traces

/// Collects tensors and texts, then writes one file.
public struct SafetensorsWriter {
    private enum Values {
        case doubles([Double])
        case floats([Float])
        case integers([Int])
        case int32([Int32])
        case bytes([UInt8])
    }
    private struct Entry {
        let name: String
        let dataType: Safetensors.DataType
        let shape: [Int]
        let values: Values
    }
    /// Texts that go with the file.
    public var metadata: [String: String]
    private var entries: [Entry] = []

    /// A writer with nothing to write yet.
    public init(metadata: [String: String] = [:]) { self.metadata = metadata }

    private mutating func add(_ name: String, _ dataType: Safetensors.DataType, _ shape: [Int], _ count: Int, _ values: Values) {
        precondition(shape.reduce(1, *) == count, "\(name): \(shape) does not hold \(count) values")
        precondition(!entries.contains { $0.name == name } && name != "__metadata__", "\(name): this name is taken")
        entries.append(Entry(name: name, dataType: dataType, shape: shape, values: values))
    }

    /// Adds a tensor as F64.
    public mutating func add(_ name: String, _ tensor: Tensor) {
        add(name, .f64, tensor.shape.lengths, tensor.values.count, .doubles(tensor.values))
    }

    /// Adds values as F32.
    public mutating func add(_ name: String, shape: [Int], floats: [Float]) { add(name, .f32, shape, floats.count, .floats(floats)) }

    /// Adds integers as I64.
    public mutating func add(_ name: String, shape: [Int], integers: [Int]) { add(name, .i64, shape, integers.count, .integers(integers)) }

    /// Adds integers as I32; each must be one.
    public mutating func add(_ name: String, shape: [Int], int32 values: [Int]) {
        add(name, .i32, shape, values.count, .int32(values.map { Int32($0) }))
    }

    /// Adds values as F64.
    public mutating func add(_ name: String, shape: [Int], doubles values: [Double]) {
        add(name, .f64, shape, values.count, .doubles(values))
    }

    /// Adds bytes as U8.
    public mutating func add(_ name: String, shape: [Int], bytes: [UInt8]) { add(name, .u8, shape, bytes.count, .bytes(bytes)) }

    /// Adds FP8 codes as F8_E4M3.
    public mutating func add(_ name: String, shape: [Int], float8Codes: [UInt8]) {
        add(name, .f8E4M3, shape, float8Codes.count, .bytes(float8Codes))
    }

    /// Writes the file, whole or not at all.
    public func write(to path: String) throws(FileError) {
        let ordered = entries.sorted { (-$0.dataType.size, $0.name) < (-$1.dataType.size, $1.name) }
        let header = header(ordered)
        try WholeFile.write(path) { stream throws(FileError) in
            try stream.write(withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init))
            try stream.write(header)
            for entry in ordered { try Self.write(entry.values, to: &stream) }
        }
    }

    private func header(_ ordered: [Entry]) -> String {
        var fields: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map { "\(JSON.quoted($0.key)):\(JSON.quoted($0.value))" }
            fields.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
        }
        var start = 0
        for entry in ordered {
            let end = start + entry.shape.reduce(1, *) * entry.dataType.size
            let shape = entry.shape.map(String.init).joined(separator: ",")
            fields.append(
                "\(JSON.quoted(entry.name)):{\"dtype\":\"\(entry.dataType.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(start),\(end)]}"
            )
            start = end
        }
        let text = "{\(fields.joined(separator: ","))}"
        return text + String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    }

    private static func write(_ values: Values, to stream: inout ByteStream) throws(FileError) {
        switch values {
        case .doubles(let values): for value in values { try write(value.bitPattern, to: &stream) }
        case .floats(let values): for value in values { try write(value.bitPattern, to: &stream) }
        case .integers(let values): for value in values { try write(Int64(value), to: &stream) }
        case .int32(let values): for value in values { try write(value, to: &stream) }
        case .bytes(let values): try stream.write(values)
        }
    }

    private static func write(_ value: some FixedWidthInteger, to stream: inout ByteStream) throws(FileError) {
        try withUnsafeBytes(of: value.littleEndian) { bytes throws(FileError) in try stream.write(bytes) }
    }
}
