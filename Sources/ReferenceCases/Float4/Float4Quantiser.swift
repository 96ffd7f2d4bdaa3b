// Rounding to e2m1 in blocks, right or with one of the mistakes that kernels make.

import ModelFiles
import Traces

/// A mistake that a kernel which rounds to 4 bits can make.
public enum Float4Mistake: String, CaseIterable, Sendable {
    /// A number in the middle of two goes to the one that is further from zero.
    case tiesAway = "ties-away"
    /// A number in the middle of two goes to the one that is nearer to zero.
    case tiesToZero = "ties-to-zero"
    /// Every number goes to its neighbour nearer to zero.
    case truncated
    /// The scale is the power of two below the ratio to 6, so that the largest numbers saturate.
    case scaleRoundedDown = "scale-rounded-down"
    /// The first number of a byte lies in its high half.
    case nibblesSwapped = "nibbles-swapped"
}

/// Rounds to e2m1.
struct Float4Quantiser {
    /// What it does wrong; nil for nothing.
    var mistake: Float4Mistake?

    /// The code of a number that is not scaled.
    func code(_ value: Double) -> UInt8 {
        let right = Float4.encode(value)
        let (magnitude, near) = (abs(value), Int(right & 7))
        guard magnitude < Float4.largest else { return right }
        let below = Float4.magnitudes.lastIndex { $0 <= magnitude } ?? 0
        let isTie = below < 7 && magnitude == (Float4.magnitudes[below] + Float4.magnitudes[below + 1]) / 2
        let code =
            switch mistake {
            case .tiesAway where isTie: below + 1
            case .tiesToZero where isTie: below
            case .truncated: below
            default: near
            }
        return right & 8 | UInt8(code)
    }

    /// The exponent of a block's scale.
    private func scaleExponent(_ largest: Double) -> Int {
        let right = Float4.scaleExponent(largestMagnitude: largest)
        guard mistake == .scaleRoundedDown, largest > 0 else { return right }
        // Where 6 times a power of two is met exactly there is nothing to round.
        return largest.significand == 1.5 ? right : max(right - 1, -127)
    }

    /// What a case of kind float4-e2m1 expects, by the names of its tensors: of `values` and of `blocks`, rows of `columns`, a multiple of 32.
    func outputs(values: [Double], blocks: [Double], columns: Int) -> [String: Tensor] {
        let codes = values.map(code)
        var (blockCodes, scales) = ([UInt8](), [Double]())
        for start in stride(from: 0, to: blocks.count, by: Float4.block) {
            let block = blocks[start..<start + Float4.block]
            let exponent = scaleExponent(block.reduce(0) { max($0, abs($1)) })
            let scale = Double(sign: .plus, exponent: exponent, significand: 1)
            scales.append(Double(exponent + 127))
            blockCodes += block.map { code($0 / scale) }
        }
        let packed = stride(from: 0, to: blockCodes.count, by: 2).map { at in
            let (first, second) = (blockCodes[at], blockCodes[at + 1])
            return Double(mistake == .nibblesSwapped ? first << 4 | second : second << 4 | first)
        }
        let rows = blocks.count / max(columns, 1)
        return [
            "codes": Tensor([.n], [codes.count], codes.map(Double.init)),
            "decoded": Tensor([.n], [codes.count], codes.map(Float4.decode)),
            "block_codes": Tensor([.n, .d], [rows, columns], blockCodes.map(Double.init)),
            "block_packed": Tensor([.n, .d], [rows, columns / 2], packed),
            "block_scales": Tensor([.n, .d], [rows, columns / Float4.block], scales),
        ]
    }
}

extension ReferenceCase {
    /// What the engine makes of a case of kind float4-e2m1, or what a kernel with this mistake would.
    func float4Outputs(_ mistake: Float4Mistake? = nil) throws(FileError) -> [String: Tensor] {
        try checkNothingIsUnknown()
        guard try config.integer("quant_block", atLeast: 1) == Float4.block else {
            throw config.failure("quant_block", expected: "\(Float4.block)")
        }
        guard try config.text("quant_scale") == ScaleFormat.powerOfTwo.rawValue else {
            throw config.failure("quant_scale", expected: ScaleFormat.powerOfTwo.rawValue)
        }
        let values = try finite("input.values", rank: 1)
        let blocks = try finite("input.blocks", rank: 2)
        let columns = blocks.shape.lengths[1]
        guard columns % Float4.block == 0 else {
            throw FileError(.badData, file.path, "input.blocks: expected rows of a multiple of \(Float4.block) values, found \(columns)")
        }
        return Float4Quantiser(mistake: mistake).outputs(values: values.values, blocks: blocks.values, columns: columns)
    }

    private func finite(_ name: String, rank: Int) throws(FileError) -> Tensor {
        let shape = try file.info(name).shape
        guard shape.count == rank else { throw FileError(.badData, file.path, "\(name): expected \(rank) axes, found \(shape)") }
        let tensor = try file.tensor(name, axes: rank == 1 ? [.n] : [.n, .d])
        if let bad = tensor.firstNonFiniteIndex {
            throw FileError(.badData, file.path, "\(name)\(bad): expected a finite number, found \(NumberText.exact(tensor[bad]))")
        }
        return tensor
    }

    func verifyFloat4() throws -> [Check] {
        let computed = try float4Outputs()
        return try expectedNames.map { name in
            let info = try file.info(name)
            let expected = try file.tensor(name, axes: info.shape.indices.map { Axis("\($0)") }).values
            return Check(
                name: name, shape: info.shape, expected: expected, computed: computed[String(name.dropFirst("expected.".count))],
                tolerance: nil)
        }
    }
}
