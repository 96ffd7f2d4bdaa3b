// Keys of an indexer as servers keep them: blocks of bytes, in each of which the FP8 codes of all its positions come first and their scales after them. The layout
// is that of DeepGEMM's fp8_paged_mqa_logits.

import ModelFiles
import Traces

/// A cache of keys as bytes: a block has `size` · `dimension` codes in FP8 (e4m3), then `size` scales in Float32, little-endian.
enum KeyCache {
    /// How many bytes a key takes: its codes and its scale.
    static func bytes(of dimension: Int) -> Int { dimension + 4 }

    /// The bytes of all blocks, one after the other.
    /// - Parameters:
    ///   - codes: [slots, dimension]
    ///   - scales: [slots]
    static func packed(codes: [UInt8], scales: [Double], size: Int) -> [UInt8] {
        let dimension = codes.count / scales.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(codes.count + 4 * scales.count)
        for first in stride(from: 0, to: scales.count, by: size) {
            bytes += codes[first * dimension..<(first + size) * dimension]
            for scale in scales[first..<first + size] {
                withUnsafeBytes(of: Float(scale).bitPattern.littleEndian) { bytes += $0 }
            }
        }
        return bytes
    }

    /// The values of the codes [slots · dimension], and the scales [slots], of blocks of `size` positions.
    static func unpacked(_ bytes: [UInt8], size: Int, dimension: Int) -> (values: [Double], scales: [Double]) {
        let (block, decoded) = (size * Self.bytes(of: dimension), (0...255).map { Float8.decode(UInt8($0)) })
        var (values, scales): ([Double], [Double]) = ([], [])
        values.reserveCapacity(bytes.count)
        for first in stride(from: 0, to: bytes.count, by: block) {
            let split = first + size * dimension
            for code in bytes[first..<split] { values.append(decoded[Int(code)]) }
            for place in stride(from: split, to: first + block, by: 4) {
                let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
                scales.append(Double(Float(bitPattern: bits)))
            }
        }
        return (values, scales)
    }
}
