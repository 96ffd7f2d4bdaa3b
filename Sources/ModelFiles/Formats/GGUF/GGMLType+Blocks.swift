// What the blocks of each type stand for. A half has 11 bits, times codes and scales of at most 14 more, plus another such product: a Double holds all
// of it, so that every value is exact; ggml rounds the same to Float32.
// Source: https://github.com/ggml-org/ggml, `dequantize_row_…` in src/ggml-quants.c.

import Traces

extension GGMLType {
    /// The values of whole blocks, one after the other.
    func values(_ bytes: UnsafeRawBufferPointer) -> [Double] {
        let blocks = bytes.count / blockBytes
        return [Double](unsafeUninitializedCapacity: blocks * blockValues) { out, count in
            count = blocks * blockValues
            guard let from = bytes.baseAddress, let to = out.baseAddress else { return }
            let unpack = unpack
            for i in 0..<blocks { unpack(Block(start: from + i * blockBytes), to + i * blockValues) }
        }
    }

    private var unpack: (Block, UnsafeMutablePointer<Double>) -> Void {
        switch self {
        case .f32: { $1[0] = Double(Float(bitPattern: $0.integer(at: 0))) }
        case .f16: { $1[0] = $0.half(at: 0) }
        case .f64: { $1[0] = Double(bitPattern: $0.integer(at: 0)) }
        case .bf16: { $1[0] = Double(Float(bitPattern: UInt32($0.integer(at: 0, UInt16.self)) << 16)) }
        case .q4_0: Self.unpackQ4_0
        case .q4_1: Self.unpackQ4_1
        case .q5_0: Self.unpackQ5_0
        case .q5_1: Self.unpackQ5_1
        case .q8_0: Self.unpackQ8_0
        case .q4_K: Self.unpackQ4_K
        case .q6_K: Self.unpackQ6_K
        }
    }

    /// A scale d and 32 codes of 4 bits, the lower halves of 16 bytes and then the upper: d (q - 8).
    private static func unpackQ4_0(_ block: Block, _ out: UnsafeMutablePointer<Double>) {
        let d = block.half(at: 0)
        for i in 0..<16 {
            out[i] = d * Double(block[2 + i] & 15 - 8)
            out[i + 16] = d * Double(block[2 + i] >> 4 - 8)
        }
    }

    /// The same with a minimum m: d q + m.
    private static func unpackQ4_1(_ block: Block, _ out: UnsafeMutablePointer<Double>) {
        let (d, m) = (block.half(at: 0), block.half(at: 2))
        for i in 0..<16 {
            out[i] = d * Double(block[4 + i] & 15) + m
            out[i + 16] = d * Double(block[4 + i] >> 4) + m
        }
    }

    /// Codes of 5 bits, whose fifth bits stand together, the first code's lowest: d (q - 16).
    private static func unpackQ5_0(_ block: Block, _ out: UnsafeMutablePointer<Double>) {
        let d = block.half(at: 0)
        let fifth = Int(block.integer(at: 2, UInt32.self))
        for i in 0..<16 {
            out[i] = d * Double(block[6 + i] & 15 + (fifth >> i & 1) * 16 - 16)
            out[i + 16] = d * Double(block[6 + i] >> 4 + (fifth >> (i + 16) & 1) * 16 - 16)
        }
    }

    /// The same with a minimum m: d q + m.
    private static func unpackQ5_1(_ block: Block, _ out: UnsafeMutablePointer<Double>) {
        let (d, m) = (block.half(at: 0), block.half(at: 2))
        let fifth = Int(block.integer(at: 4, UInt32.self))
        for i in 0..<16 {
            out[i] = d * Double(block[8 + i] & 15 + (fifth >> i & 1) * 16) + m
            out[i + 16] = d * Double(block[8 + i] >> 4 + (fifth >> (i + 16) & 1) * 16) + m
        }
    }

    /// A scale d and 32 signed bytes: d q.
    private static func unpackQ8_0(_ block: Block, _ out: UnsafeMutablePointer<Double>) {
        let d = block.half(at: 0)
        for i in 0..<32 { out[i] = d * Double(block.signed(at: 2 + i)) }
    }

    /// 8 groups of 32 codes of 4 bits, two groups in the lower and upper halves of 32 bytes. Each group has a scale s and a minimum m of 6 bits:
    /// (d s) q - (d' m). The first four stand in bytes of their own, whose upper 2 bits are lent to the other four.
    private static func unpackQ4_K(_ block: Block, _ out: UnsafeMutablePointer<Double>) {
        let (d, dMinimum) = (block.half(at: 0), block.half(at: 2))
        for group in 0..<8 {
            let at = 4 + group % 4
            let (scale, minimum) =
                group < 4
                ? (block[at] & 63, block[at + 4] & 63)
                : (block[at + 8] & 15 | (block[at] >> 6) << 4, block[at + 8] >> 4 | (block[at + 4] >> 6) << 4)
            let (a, b) = (d * Double(scale), dMinimum * Double(minimum))
            for i in 0..<32 {
                let byte = block[16 + group / 2 * 32 + i]
                out[group * 32 + i] = a * Double(group % 2 == 0 ? byte & 15 : byte >> 4) - b
            }
        }
    }

    /// Two halves of 128 codes: 4 lower bits of each in 64 bytes, 2 upper ones in 32, and a signed scale s for every 16: d s (q - 32).
    private static func unpackQ6_K(_ block: Block, _ out: UnsafeMutablePointer<Double>) {
        let d = block.half(at: 208)
        for half in 0..<2 {
            for quarter in 0..<4 {
                for i in 0..<32 {
                    let byte = block[half * 64 + quarter % 2 * 32 + i]
                    let low = quarter < 2 ? byte & 15 : byte >> 4
                    let high = block[128 + half * 32 + i] >> (2 * quarter) & 3
                    let scale = block.signed(at: 192 + half * 8 + quarter * 2 + i / 16)
                    out[half * 128 + quarter * 32 + i] = d * Double(scale * (low + high * 16 - 32))
                }
            }
        }
    }
}

/// The bytes of one block.
private struct Block {
    let start: UnsafeRawPointer

    subscript(_ at: Int) -> Int { Int(start.load(fromByteOffset: at, as: UInt8.self)) }

    func signed(at: Int) -> Int { Int(start.load(fromByteOffset: at, as: Int8.self)) }

    func integer<Number: FixedWidthInteger & BitwiseCopyable>(at: Int, _ type: Number.Type = Number.self) -> Number {
        Number(littleEndian: start.loadUnaligned(fromByteOffset: at, as: Number.self))
    }

    func half(at: Int) -> Double { Safetensors.half(integer(at: at)) }
}
