// The Walsh-Hadamard transform in Sylvester's order, divided by √n: orthonormal and its own inverse, so (Hq)·(Hk) = q·k.
// It spreads an outlier over all features before rounding to FP8.

/// The orthonormal Hadamard transform.
public enum Hadamard {
    /// The entry of H/√n in one row and column: the sign is the parity of the bits that both have.
    public static func entry(_ row: Int, _ column: Int, order: Int) -> Double {
        ((row & column).nonzeroBitCount % 2 == 0 ? 1 : -1) / Double(order).squareRoot()
    }

    /// Transforms `values` in place by butterflies; their number is a power of two.
    public static func transform(_ values: inout some MutableCollection<Double> & RandomAccessCollection<Double>) {
        let n = values.count
        precondition(n & (n - 1) == 0 && n > 0, "a Hadamard transform has a power of two of features, found \(n)")
        var width = 1
        while width < n {
            for block in Swift.stride(from: 0, to: n, by: 2 * width) {
                for i in block..<block + width {
                    let (a, b) = (values.index(values.startIndex, offsetBy: i), values.index(values.startIndex, offsetBy: i + width))
                    (values[a], values[b]) = (values[a] + values[b], values[a] - values[b])
                }
            }
            width *= 2
        }
        let root = Double(n).squareRoot()
        for i in values.indices { values[i] /= root }
    }
}
