// Times that this project measured: dense against sparse attention at growing lengths, as `attn measure` writes them.

public import Traces

/// The median of several runs and their spread, in seconds.
public struct MeasuredTime: Hashable, Sendable {
    /// Seconds that a run can take: from a nanosecond to 30 years.
    public static let plausible = 1e-9...1e9
    /// The median.
    public let median: Double
    /// The shortest.
    public let least: Double
    /// The longest.
    public let most: Double
    /// How many runs there were.
    public let runs: Int

    /// A time with its spread.
    public init(median: Double, least: Double, most: Double, runs: Int) {
        self.median = median
        self.least = least
        self.most = most
        self.runs = runs
    }

    /// The median of `times`, which must not be empty, and their spread.
    public init(of times: [Double]) {
        let sorted = times.sorted()
        let middle = sorted.count / 2
        self.init(
            median: sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2, least: sorted[0],
            most: sorted[sorted.count - 1], runs: sorted.count)
    }
}

/// Times of dense and sparse attention at growing lengths.
public struct MeasuredSeries: Hashable, Sendable {
    /// The kind of work.
    public enum Phase: String, Hashable, Sendable {
        /// One query at the end of a context.
        case decode
        /// A whole causal sequence.
        case prefill
    }

    /// One length.
    public struct Row: Hashable, Sendable {
        /// Positions.
        public let length: Int
        /// Dense attention.
        public let dense: MeasuredTime
        /// Indexer, top-k and sparse attention.
        public let sparse: MeasuredTime
        /// The largest relative difference of a result from the same computed in Double; nil if it was not checked.
        public let error: Double?

        /// Times at one length.
        public init(length: Int, dense: MeasuredTime, sparse: MeasuredTime, error: Double?) {
            self.length = length
            self.dense = dense
            self.sparse = sparse
            self.error = error
        }
    }

    /// The kind of work.
    public let phase: Phase
    /// The processor and its cores.
    public let processor: Bilingual
    /// The library of matrix products, with its version.
    public let library: String
    /// By ascending length; at least one.
    public let rows: [Row]
    /// How dense time grows: time ∝ length^exponent; nil if not fitted.
    public let denseExponent: Double?
    /// How sparse time grows; nil if not fitted.
    public let sparseExponent: Double?

    /// A measurement; throws if it has no row.
    public init(phase: Phase, processor: Bilingual, library: String, rows: [Row], denseExponent: Double?, sparseExponent: Double?)
        throws(EngineError)
    {
        guard !rows.isEmpty else {
            throw EngineError(.value, "measurement of \(phase.rawValue)", expected: "at least one length", found: "none")
        }
        self.phase = phase
        self.processor = processor
        self.library = library
        self.rows = rows
        self.denseExponent = denseExponent
        self.sparseExponent = sparseExponent
    }

    /// The processor, its cores and the library, in a line.
    public var machine: Bilingual { processor + Bilingual(en: ", \(library)", zh: "，\(library)") }

    /// How many runs each median is of: the fewest and the most.
    public var runs: ClosedRange<Int> {
        let runs = rows.flatMap { [$0.dense.runs, $0.sparse.runs] }
        return runs.reduce(runs[0], min)...runs.reduce(runs[0], max)
    }

    /// The largest relative difference of a result from the same computed in Double; nil if some were not checked.
    public var error: Double? {
        var largest = 0.0
        for row in rows {
            guard let error = row.error else { return nil }
            largest = max(largest, error)
        }
        return largest
    }
}
