// How the values of a GGUF tensor are packed: in blocks of 1, 32 or 256 values. Those that are read, and the names of those that are not.
// Source: https://github.com/ggml-org/ggml, `enum ggml_type` in include/ggml.h and the blocks in src/ggml-common.h.

/// The types of tensors that are read, by their numbers in the file.
public enum GGMLType: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    /// Floating point of 32 bits.
    case f32 = 0
    /// IEEE half precision.
    case f16 = 1
    /// 4 bits and a scale.
    case q4_0 = 2
    /// 4 bits, a scale and a minimum.
    case q4_1 = 3
    /// 5 bits and a scale.
    case q5_0 = 6
    /// 5 bits, a scale and a minimum.
    case q5_1 = 7
    /// 8 bits and a scale.
    case q8_0 = 8
    /// 4 bits, and 8 scales and minima of 6 bits that share two halves.
    case q4_K = 12
    /// 6 bits, and 16 scales of 8 bits that share one half.
    case q6_K = 14
    /// Floating point of 64 bits.
    case f64 = 28
    /// bfloat16: the upper half of an F32.
    case bf16 = 30

    /// Its name in ggml.
    public var description: String {
        switch self {
        case .f32: "F32"
        case .f16: "F16"
        case .q4_0: "Q4_0"
        case .q4_1: "Q4_1"
        case .q5_0: "Q5_0"
        case .q5_1: "Q5_1"
        case .q8_0: "Q8_0"
        case .q4_K: "Q4_K"
        case .q6_K: "Q6_K"
        case .f64: "F64"
        case .bf16: "BF16"
        }
    }

    /// Values of one block.
    public var blockValues: Int {
        switch self {
        case .f32, .f16, .f64, .bf16: 1
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
        case .q4_K, .q6_K: 256
        }
    }

    /// Bytes of one block.
    public var blockBytes: Int {
        switch self {
        case .f16, .bf16: 2
        case .f32: 4
        case .f64: 8
        case .q4_0: 2 + 16
        case .q4_1: 2 + 2 + 16
        case .q5_0: 2 + 4 + 16
        case .q5_1: 2 + 2 + 4 + 16
        case .q8_0: 2 + 32
        case .q4_K: 2 + 2 + 12 + 128
        case .q6_K: 128 + 64 + 16 + 2
        }
    }

    /// The name that ggml has, or had, for the number of a type that is not read.
    static func name(ofUnread code: UInt32) -> String {
        let names: [UInt32: String] = [
            4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 13: "Q5_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
            19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 29: "IQ1_M",
            31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 34: "TQ1_0", 35: "TQ2_0", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8",
            39: "MXFP4", 40: "NVFP4",
        ]
        return names[code] ?? "the number \(code), which is no type that is known"
    }
}
