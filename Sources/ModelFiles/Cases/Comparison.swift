// The one comparator of expected and computed values: places of infinities and NaN first, then the error, with the worst index.

public import Traces

/// How one expected tensor compares with what was computed.
public struct Check: Hashable, Sendable {
    /// The tensor's name in the file.
    public let name: String
    /// The expected shape.
    public let shape: [Int]
    /// The largest absolute error over finite values; infinite where shapes, infinities or NaN differ.
    public let maxAbsoluteError: Double
    /// That, over the largest finite magnitude expected; the absolute error where all expected values are zero.
    public let maxRelativeError: Double
    /// Where the error is largest.
    public let worstIndex: [Int]
    /// Whether every value is the same, bit for bit (0 and -0 are the same).
    public let identical: Bool
    /// Whether the check holds.
    public let passed: Bool
    /// What is wrong, if something other than the size of an error is.
    public let problem: String?

    /// Compares values with expected ones of shape `shape`.
    /// - Parameter tolerance: the largest relative error that passes; nil demands identical values (codes, scales, selections).
    public init(name: String, shape: [Int], expected: [Double], computed: Tensor?, tolerance: Double?) {
        guard let computed, computed.shape.lengths == shape else {
            let found = computed.map { "found the shape \($0.shape.lengths)" } ?? "found nothing: the engine computes no such tensor here"
            self.init(failed: name, shape, "expected the shape \(shape), \(found)")
            return
        }
        let (worst, isMisplaced) = Self.worst(expected, computed.values)
        let error = worst.map { isMisplaced ? .infinity : abs(expected[$0] - computed.values[$0]) } ?? 0
        let magnitude = expected.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
        self.init(
            name: name, shape: shape, absolute: error, relative: magnitude > 0 ? error / magnitude : error,
            worstIndex: worst.map { computed.shape.index(ofOffset: $0) } ?? [Int](repeating: 0, count: expected.isEmpty ? 0 : shape.count),
            identical: worst == nil, tolerance: tolerance, problem: isMisplaced ? "infinity or NaN stands in another place" : nil)
    }

    /// A check that fails for another reason than an error's size.
    public init(failed name: String, _ shape: [Int], _ problem: String) {
        self.init(
            name: name, shape: shape, absolute: .infinity, relative: .infinity, worstIndex: [], identical: false, tolerance: nil,
            problem: problem)
    }

    private init(
        name: String, shape: [Int], absolute: Double, relative: Double, worstIndex: [Int], identical: Bool, tolerance: Double?,
        problem: String?
    ) {
        self.name = name
        self.shape = shape
        maxAbsoluteError = absolute
        maxRelativeError = relative
        self.worstIndex = worstIndex
        self.identical = identical
        passed = problem == nil && (tolerance.map { relative <= $0 } ?? identical)
        self.problem = problem
    }

    /// The position of the largest error, nil if all values are the same; the first position where one value is finite and the other is
    /// not, or infinities differ, if there is one.
    private static func worst(_ expected: [Double], _ computed: [Double]) -> (position: Int?, isMisplaced: Bool) {
        var worst: Int?
        var largest = 0.0
        for (i, (x, y)) in zip(expected, computed).enumerated() where x != y && !(x.isNaN && y.isNaN) {
            guard x.isFinite, y.isFinite else { return (i, true) }
            if abs(x - y) > largest { (worst, largest) = (i, abs(x - y)) }
        }
        return (worst, false)
    }
}
