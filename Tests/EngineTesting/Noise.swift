// Inputs of tests that have no meaning of their own.

package import Traces

/// Seeded noise between -1 and 1: the same everywhere.
package struct Noise {
    private var source: SplitMix64

    package init(seed: UInt64) { source = SplitMix64(seed: seed) }

    package mutating func next() -> Double { 2 * source.uniform() - 1 }

    package mutating func tensor(_ axes: [Axis], _ lengths: [Int]) -> Tensor {
        Tensor(Shape(axes, lengths), (0..<lengths.reduce(1, *)).map { _ in next() })
    }
}
