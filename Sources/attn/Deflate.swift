// What pages carry packed, by zlib: browsers unpack it by themselves (DecompressionStream, "deflate").

internal import CZlib

enum Deflate {
    /// The bytes in zlib's format, packed as small as it can.
    static func packed(_ bytes: [UInt8]) -> [UInt8] {
        var count = compressBound(uLong(bytes.count))
        let packed = [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
            // It fails for want of memory or of room; there is room for anything, by `compressBound`.
            let status = compress2(buffer.baseAddress, &count, bytes, uLong(bytes.count), Z_BEST_COMPRESSION)
            precondition(status == Z_OK, "zlib: no memory for \(bytes.count) bytes")
            initialized = Int(count)
        }
        return packed
    }
}
