// What a step costs. Definitions are those of the trace format:
// `flops` is all arithmetic executed: add, subtract, multiply, divide, exp and square root count 1 each, so a multiply-add is 2;
// comparisons, ReLU, masks, top-k, rounding and changes of sign count 0, and tables of cosines and sines are given.
// `contractionFlops` counts only the multiply-adds of matrix products, and of those only the visible query-key pairs.

/// Arithmetic and traffic of one step, or of many together.
public struct Cost: Hashable, Sendable {
    /// All arithmetic that was executed.
    public var flops: Int
    /// Multiply-adds (2 each) of matrix products over visible pairs.
    public var contractionFlops: Int
    /// Distinct values read, in bytes.
    public var bytesRead: Int
    /// Values written, in bytes.
    public var bytesWritten: Int

    /// A cost from its parts.
    public init(flops: Int = 0, contractionFlops: Int = 0, bytesRead: Int = 0, bytesWritten: Int = 0) {
        self.flops = flops
        self.contractionFlops = contractionFlops
        self.bytesRead = bytesRead
        self.bytesWritten = bytesWritten
    }

    /// The sum, part by part.
    public static func + (a: Cost, b: Cost) -> Cost {
        Cost(
            flops: a.flops + b.flops, contractionFlops: a.contractionFlops + b.contractionFlops,
            bytesRead: a.bytesRead + b.bytesRead, bytesWritten: a.bytesWritten + b.bytesWritten)
    }
}
