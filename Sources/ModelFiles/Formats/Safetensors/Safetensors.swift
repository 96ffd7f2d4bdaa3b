// Tensors in the safetensors format: eight bytes of length, a JSON header, then the values back to back. The file is mapped, so that
// one of 10 GB opens at once; only the header is read before a tensor is asked for.
// Source: https://github.com/huggingface/safetensors (README, "Format"). The format forbids holes, overlaps and duplicate names.

public import Traces

/// A safetensors file, open for reading.
public struct Safetensors: Sendable {
    /// The kind of the stored values.
    public enum DataType: String, Sendable, CaseIterable {
        /// Floating point of 64 bits.
        case f64 = "F64"
        /// Floating point of 32 bits.
        case f32 = "F32"
        /// IEEE half precision.
        case f16 = "F16"
        /// bfloat16: the upper half of an F32.
        case bf16 = "BF16"
        /// OCP FP8 E4M3 without infinities.
        case f8E4M3 = "F8_E4M3"
        /// Signed integers of 64 bits.
        case i64 = "I64"
        /// Signed integers of 32 bits.
        case i32 = "I32"
        /// Unsigned bytes.
        case u8 = "U8"

        /// Bytes of one value.
        public var size: Int {
            switch self {
            case .f64, .i64: 8
            case .f32, .i32: 4
            case .f16, .bf16: 2
            case .f8E4M3, .u8: 1
            }
        }
    }

    /// What the header says of one tensor.
    public struct Info: Hashable, Sendable {
        /// The kind of its values.
        public let dataType: DataType
        /// Its lengths, outermost first.
        public let shape: [Int]
        /// Where its bytes are, from the start of the data.
        public let range: Range<Int>
    }

    /// The path as the reader named it.
    public let path: String
    /// Texts that came with the file.
    public let metadata: [String: String]
    private let tensors: [String: Info]
    private let file: MappedFile
    private let dataStart: Int

    /// Opens the file and checks its whole header; every lie in it is an error that names the tensor.
    public init(path: String) throws(FileError) {
        file = try MappedFile(path: path)
        let header = try SafetensorsHeader(file)
        self.path = path
        metadata = header.metadata
        tensors = header.tensors
        dataStart = header.dataStart
    }

    /// The names of the tensors, sorted.
    public var names: [String] { tensors.keys.sorted() }

    /// Whether there is a tensor of this name.
    public func contains(_ name: String) -> Bool { tensors[name] != nil }

    /// What the header says of a tensor; throws if there is none of this name.
    public func info(_ name: String) throws(FileError) -> Info {
        if let info = tensors[name] { return info }
        let near = NearWords.of(name, in: names)
        throw FileError(.badData, path, "tensor \(name) is missing" + (near.isEmpty ? "" : "; there is \(near.joined(separator: ", "))"))
    }

    /// A tensor's values as Doubles on `axes`; throws if there are more or fewer axes, or a 64-bit integer that a Double cannot hold.
    public func tensor(_ name: String, axes: [Axis]) throws(FileError) -> Tensor {
        let info = try info(name)
        let shape: Shape
        do { shape = try Shape(checking: axes, info.shape, allowsEmpty: true, name) } catch { throw FileError(.badData, path, "\(error)") }
        return Tensor(shape, try doubles(name, info))
    }

    /// A tensor's values as Doubles; throws unless it has exactly this shape.
    public func tensor(_ name: String, _ shape: Shape) throws(FileError) -> Tensor {
        let info = try info(name)
        guard info.shape == shape.lengths else {
            throw FileError(.badData, path, "\(name): expected \(shape.lengths), found \(info.shape)")
        }
        return Tensor(shape, try doubles(name, info))
    }

    /// A tensor of real numbers as Doubles, of exactly this shape, that is read when it is asked for; throws now for what would be wrong then.
    func stored(_ name: String, _ shape: Shape) throws(FileError) -> @Sendable () -> Tensor {
        let info = try info(name)
        guard info.shape == shape.lengths else {
            throw FileError(.badData, path, "\(name): expected \(shape.lengths), found \(info.shape)")
        }
        guard let read = real(info) else {
            throw FileError(.badData, path, "\(name): expected real numbers, found \(info.dataType.rawValue)")
        }
        return { Tensor(shape, read()) }
    }

    /// The integers of an I64, I32 or U8 tensor, row-major, in full.
    public func integers(_ name: String) throws(FileError) -> [Int] {
        let info = try info(name)
        switch info.dataType {
        case .i64: return decoded(info, Int64.self) { Int($0) }
        case .i32: return decoded(info, Int32.self) { Int($0) }
        case .u8: return decoded(info, UInt8.self) { Int($0) }
        default: throw FileError(.badData, path, "\(name): expected integers (I64, I32 or U8), found \(info.dataType.rawValue)")
        }
    }

    /// The bytes of a U8 or F8_E4M3 tensor, row-major.
    public func codes(_ name: String) throws(FileError) -> [UInt8] {
        let info = try info(name)
        guard info.dataType.size == 1 else {
            throw FileError(.badData, path, "\(name): expected bytes (U8 or F8_E4M3), found \(info.dataType.rawValue)")
        }
        return decoded(info, UInt8.self) { $0 }
    }

    private func doubles(_ name: String, _ info: Info) throws(FileError) -> [Double] {
        if let read = real(info) { return read() }
        switch info.dataType {
        case .i32: return decoded(info, Int32.self) { Double($0) }
        case .u8: return decoded(info, UInt8.self) { Double($0) }
        case .i64:
            let integers = try integers(name)
            if let large = integers.first(where: { $0.magnitude > 1 << 53 }) {
                throw FileError(.badData, path, "\(name): expected integers up to 2^53 in size, found \(large)")
            }
            return integers.map(Double.init)
        default: preconditionFailure("\(info.dataType) is read as real numbers")
        }
    }

    /// Reads the values of a tensor of real numbers; nil for one of integers.
    private func real(_ info: Info) -> (@Sendable () -> [Double])? {
        switch info.dataType {
        case .f64: { decoded(info, UInt64.self) { Double(bitPattern: $0) } }
        case .f32: { decoded(info, UInt32.self) { Double(Float(bitPattern: $0)) } }
        case .bf16: { decoded(info, UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) } }
        case .f16: { decoded(info, UInt16.self) { Self.half($0) } }
        case .f8E4M3:
            {
                let table = (0...255).map { Self.e4m3(UInt8($0)) }
                return decoded(info, UInt8.self) { table[Int($0)] }
            }
        case .i64, .i32, .u8: nil
        }
    }

    /// Where a tensor's bytes stand in the file.
    func stored(_ info: Info) -> (file: MappedFile, range: Range<Int>) {
        (file, dataStart + info.range.lowerBound..<dataStart + info.range.upperBound)
    }

    /// The stored values, little-endian and perhaps unaligned, each changed.
    private func decoded<Stored: FixedWidthInteger & BitwiseCopyable, Value>(
        _ info: Info, _ stored: Stored.Type, _ change: (Stored) -> Value
    ) -> [Value] {
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[self.stored(info).range])
        let size = MemoryLayout<Stored>.size
        return [Value](unsafeUninitializedCapacity: bytes.count / size) { out, count in
            count = bytes.count / size
            for i in 0..<count {
                out.initializeElement(
                    at: i, to: change(Stored(littleEndian: bytes.loadUnaligned(fromByteOffset: i * size, as: Stored.self))))
            }
        }
    }

    /// IEEE half precision: 5 bits of exponent (bias 15), 10 of fraction.
    static func half(_ bits: UInt16) -> Double {
        let sign: Double = bits >> 15 == 0 ? 1 : -1
        let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Double(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
        }
    }

    /// FP8 E4M3 of the OCP specification: 4 bits of exponent (bias 7), 3 of fraction, no infinities, one NaN of each sign.
    private static func e4m3(_ code: UInt8) -> Double {
        let sign: Double = code >> 7 == 0 ? 1 : -1
        let (exponent, fraction) = (Int(code >> 3 & 15), Double(code & 7))
        if code & 127 == 127 { return .nan }
        return exponent == 0 ? sign * fraction * 0x1p-9 : sign * Double(sign: .plus, exponent: exponent - 10, significand: 8 + fraction)
    }
}
