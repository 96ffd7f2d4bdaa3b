// The one comparator of expected and computed values: places of infinities and NaN first, then the error, with the worst index.

import ModelFiles
public import Traces

/// What is to be said of values that somebody else computed.
public enum Verdict: String, Sendable {
    /// As near as they can be expected to come.
    case right
    /// Differences that rounding explains.
    case rounding
    /// Differences that it does not.
    case wrong
}

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
    /// Whether the values are as they should be, off by what rounding does, or wrong.
    public let verdict: Verdict
    /// Whether the check holds.
    public var passed: Bool { verdict != .wrong }
    /// What is wrong, if something other than the size of an error is.
    public let problem: String?

    /// Compares values with expected ones of shape `shape`.
    /// - Parameters:
    ///   - tolerance: the largest relative error that is right; nil demands identical values (codes, scales, selections).
    ///   - rounding: the largest relative error that rounding explains; nil where none is to be explained.
    ///   - mayStray: whether one value in a hundred may be off by up to four times that, unless they are more than half of a row.
    ///   - unjudged: the rows along `t` that are not judged, because something before them is not as expected.
    public init(
        name: String, shape: [Int], expected: [Double], computed: Tensor?, tolerance: Double?, rounding: Double? = nil,
        mayStray: Bool = true, unjudged: Set<Int> = []
    ) {
        guard let computed, computed.shape.lengths == shape else {
            let found = computed.map { "found the shape \($0.shape.lengths)" } ?? "found nothing: the engine computes no such tensor here"
            self.init(failed: name, shape, "expected the shape \(shape), \(found)")
            return
        }
        var expected = expected
        if !unjudged.isEmpty, let axis = computed.shape.axes.firstIndex(of: .t) {
            for cell in expected.indices where unjudged.contains(computed.shape.index(ofOffset: cell)[axis]) {
                expected[cell] = computed.values[cell]
            }
        }
        let (worst, isMisplaced) = Self.worst(expected, computed.values)
        let error = worst.map { isMisplaced ? .infinity : abs(expected[$0] - computed.values[$0]) } ?? 0
        let magnitude = expected.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
        let relative = magnitude > 0 ? error / magnitude : error
        var verdict = isMisplaced || (tolerance.map { relative > $0 } ?? (worst != nil)) ? Verdict.wrong : .right
        if verdict == .wrong, !isMisplaced, let rounding {
            let bound = rounding * (magnitude > 0 ? magnitude : 1)
            let strays = Self.strays(expected, computed.values, bound: bound, row: shape.last ?? 1)
            if strays.map({ mayStray && $0 <= IndexerCheck.mostStrays * Double(expected.count) || $0 == 0 }) ?? false {
                verdict = .rounding
            }
        }
        self.init(
            name: name, shape: shape, absolute: error, relative: relative,
            worstIndex: worst.map { computed.shape.index(ofOffset: $0) } ?? [Int](repeating: 0, count: expected.isEmpty ? 0 : shape.count),
            identical: worst == nil, verdict: verdict, problem: isMisplaced ? "infinity or NaN stands in another place" : nil)
    }

    /// A comparison that was made elsewhere.
    /// - Parameters:
    ///   - worst: where the error is largest; nil if all values are the same.
    ///   - isMisplaced: whether an infinity or NaN stands there where a number is expected.
    ///   - magnitude: the largest expected.
    init(name: String, shape: [Int], worst: [Int]?, isMisplaced: Bool, magnitude: Double, error: Double, tolerance: Double) {
        let relative = magnitude > 0 ? error / magnitude : error
        self.init(
            name: name, shape: shape, absolute: error, relative: relative, worstIndex: worst ?? [Int](repeating: 0, count: shape.count),
            identical: worst == nil, verdict: isMisplaced || relative > tolerance ? .wrong : .right,
            problem: isMisplaced ? "infinity or NaN stands in another place" : nil)
    }

    /// The same, put down to rounding.
    var calledRounding: Check {
        Check(
            name: name, shape: shape, absolute: maxAbsoluteError, relative: maxRelativeError, worstIndex: worstIndex, identical: identical,
            verdict: .rounding, problem: problem)
    }

    /// A check that fails for another reason than an error's size.
    public init(failed name: String, _ shape: [Int], _ problem: String) {
        self.init(
            name: name, shape: shape, absolute: .infinity, relative: .infinity, worstIndex: [], identical: false, verdict: .wrong,
            problem: problem)
    }

    private init(
        name: String, shape: [Int], absolute: Double, relative: Double, worstIndex: [Int], identical: Bool, verdict: Verdict,
        problem: String?
    ) {
        self.name = name
        self.shape = shape
        maxAbsoluteError = absolute
        maxRelativeError = relative
        self.worstIndex = worstIndex
        self.identical = identical
        self.verdict = verdict
        self.problem = problem
    }

    /// How many values are off by more than `bound`; nil if one of them by more than four times that, or if they are more than half of a row.
    private static func strays(_ expected: [Double], _ computed: [Double], bound: Double, row: Int) -> Double? {
        var (all, own) = (0, 0)
        for (cell, (x, y)) in zip(expected, computed).enumerated() {
            if cell % row == 0 { own = 0 }
            guard x.isFinite, !(abs(x - y) <= bound) else { continue }
            (all, own) = (all + 1, own + 1)
            guard abs(x - y) <= 4 * bound, 2 * own <= row else { return nil }
        }
        return Double(all)
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
