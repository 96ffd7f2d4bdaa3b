// Cases of rounding to e2m1: every code, every middle between two with its nearest neighbours in Float32, and blocks at the edges of their scales.

import ModelFiles
public import Traces

/// Makes cases of kind float4-e2m1.
public struct Float4CaseGenerator: Sendable {
    /// The seed of the blocks of noise.
    public var seed: UInt64

    /// A generator.
    public init(seed: UInt64) { self.seed = seed }

    private static let columns = 2 * Float4.block
    private static let noisyRows = 12

    /// Both signs of every code, of every middle and of what stands right beside it, and of numbers that saturate.
    private static var values: [Float] {
        let known = Float4.magnitudes.map { Float($0) }
        let middles = zip(known, known.dropFirst()).map { ($0 + $1) / 2 }
        let some = known + middles.flatMap { [$0.nextDown, $0, $0.nextUp] } + [known[7].nextUp, 7, 1000, Float.leastNonzeroMagnitude]
        return some.flatMap { [$0, -$0] }
    }

    /// Blocks whose largest number is 6 times a power of two, right below or right above it; blocks of middles, of zeros, of the least numbers; noise with
    /// outliers.
    private var blocks: [Float] {
        var noise = SplitMix64(seed: seed)
        func filled(_ largest: Float, _ others: (Int) -> Float) -> [Float] { [largest] + (1..<Float4.block).map(others) }
        let middles: [Float] = [0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5]
        var rows: [[Float]] = []
        for exponent in [-20, -3, 0, 1, 9] {
            let unit = Float(sign: .plus, exponent: exponent, significand: 1)
            for largest in [6 * unit, (6 * unit).nextUp, (6 * unit).nextDown, 4 * unit] {
                rows.append(filled(largest) { middles[$0 % 7] * unit * ($0 % 2 == 0 ? 1 : -1) })
            }
        }
        rows.append([Float](repeating: 0, count: Float4.block))
        rows.append(filled(.leastNonzeroMagnitude) { _ in -Float.leastNonzeroMagnitude })
        while rows.count < 2 * (11 + Self.noisyRows) {
            let size = Float(sign: .plus, exponent: Int(noise.next() % 24) - 12, significand: 1)
            let outlier = Int(noise.next() % UInt64(Float4.block))
            rows.append((0..<Float4.block).map { Float(noise.uniform() * 2 - 1) * size * ($0 == outlier ? 16 : 1) })
        }
        return rows.flatMap { $0 }
    }

    /// Writes the case.
    /// - Returns: the mistakes that it tells from a right kernel.
    @discardableResult public func write(to path: String) throws(FileError) -> [Float4Mistake] {
        let (values, blocks) = (Self.values, blocks)
        func outputs(_ mistake: Float4Mistake?) -> [String: Tensor] {
            Float4Quantiser(mistake: mistake).outputs(
                values: values.map(Double.init), blocks: blocks.map(Double.init), columns: Self.columns)
        }
        var file = SafetensorsWriter(metadata: [
            "kind": ReferenceCase.Kind.float4E2M1.rawValue,
            "config": "{\"quant_block\": \(Float4.block), \"quant_scale\": \"ue8m0\", \"seed\": \(seed)}",
            "source":
                "Attention Steps, attn case make; e2m1 by the OCP Microscaling specification 1.0, ties to even; a block's scale is 2^ceil(log2(amax / 6)), as its byte, exponent + 127; of a packed byte the low half comes first",
        ])
        file.add("input.values", shape: [values.count], floats: values)
        file.add("input.blocks", shape: [blocks.count / Self.columns, Self.columns], floats: blocks)
        let right = outputs(nil)
        for (name, tensor) in right.sorted(by: { $0.key < $1.key }) {
            if name == "decoded" {
                file.add("expected.\(name)", shape: tensor.shape.lengths, floats: tensor.values.map(Float.init))
            } else {
                file.add("expected.\(name)", shape: tensor.shape.lengths, bytes: tensor.values.map { UInt8($0) })
            }
        }
        try file.write(to: path)
        return Float4Mistake.allCases.filter { outputs($0) != right }
    }
}
