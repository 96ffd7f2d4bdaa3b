// Data of figures that draw no trace: models and hardware for closed forms, published tables, prices, measurements. Plain values: whoever reads the
// files checks them. Left out: the files' formats, which are ModelFiles' business.

public import Records
public import Traces

/// What kind of data a figure draws from.
public enum FigureNeed: String, Hashable, Sendable {
    /// One or several traces.
    case traces
    /// Nothing from outside: the engine's own demonstration.
    case nothing
    /// `FigureNumbers.costs`.
    case costs
    /// `FigureNumbers.prices`.
    case prices
    /// `FigureNumbers.benchmarks`.
    case benchmarks
    /// `FigureNumbers.measurements`.
    case measurements
}

/// Numbers that a figure draws, of one kind.
public enum FigureNumbers: Sendable {
    /// Models, hardware and published curves: `growth`, `cost-curve`, `doubling`, `cache`.
    case costs(CostData)
    /// Price lists, before and after, in one or two currencies: `prices`.
    case prices([PriceList])
    /// A benchmark table: `parity`.
    case benchmarks([BenchmarkResult])
    /// Timings: `measured`.
    case measurements([MeasuredSeries])
}

/// What closed forms of cost need, and what they are compared with.
public struct CostData: Hashable, Sendable {
    /// The dense model.
    public var dense: ModelDimensions
    /// The model with an indexer.
    public var sparse: ModelDimensions
    /// The accelerator.
    public var hardware: Hardware
    /// Shares of its peak.
    public var profile: ServingProfile
    /// Published lines, or none: they are drawn only if the hardware is theirs.
    public var published: [PublishedCurve]

    /// Models on hardware.
    public init(
        dense: ModelDimensions, sparse: ModelDimensions, hardware: Hardware, profile: ServingProfile = .inferredFromFigure3,
        published: [PublishedCurve] = []
    ) {
        self.dense = dense
        self.sparse = sparse
        self.hardware = hardware
        self.profile = profile
        self.published = published
    }

    /// The serving costs of both models; throws if a share or a model does not fit.
    func serving() throws(EngineError) -> (dense: ServingCost, sparse: ServingCost) {
        (try ServingCost(dense, on: hardware, profile: profile), try ServingCost(sparse, on: hardware, profile: profile))
    }
}

/// One benchmark, two models.
public struct BenchmarkResult: Hashable, Sendable {
    /// The group that it stands in.
    public let category: String
    /// Its name.
    public let name: String
    /// What is counted: accuracy in percent, or a rating.
    public let metric: String
    /// The earlier model's result.
    public let before: Double
    /// The later model's result.
    public let after: Double

    /// A row of the table.
    public init(category: String, name: String, metric: String, before: Double, after: Double) {
        self.category = category
        self.name = name
        self.metric = metric
        self.before = before
        self.after = after
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

    /// The median of several runs and their spread, in seconds.
    public struct Time: Hashable, Sendable {
        /// The median.
        public let median: Double
        /// The shortest.
        public let least: Double
        /// The longest.
        public let most: Double

        /// A time with its spread.
        public init(median: Double, least: Double, most: Double) {
            self.median = median
            self.least = least
            self.most = most
        }
    }

    /// One length.
    public struct Row: Hashable, Sendable {
        /// Positions.
        public let length: Int
        /// Dense attention.
        public let dense: Time
        /// Indexer, top-k and sparse attention.
        public let sparse: Time

        /// Times at one length.
        public init(length: Int, dense: Time, sparse: Time) {
            self.length = length
            self.dense = dense
            self.sparse = sparse
        }
    }

    /// The kind of work.
    public let phase: Phase
    /// The processor, its cores and the BLAS, in a line.
    public let machine: Bilingual
    /// How many runs each median is of: the fewest and the most.
    public let runs: ClosedRange<Int>
    /// The largest relative difference of a result from the same computed in Double; nil if some were not checked.
    public let error: Double?
    /// By ascending length.
    public let rows: [Row]
    /// How dense time grows: time ∝ length^exponent; nil if not fitted.
    public let denseExponent: Double?
    /// How sparse time grows; nil if not fitted.
    public let sparseExponent: Double?

    /// A measurement.
    public init(
        phase: Phase, machine: Bilingual, runs: ClosedRange<Int>, error: Double?, rows: [Row], denseExponent: Double?,
        sparseExponent: Double?
    ) {
        self.phase = phase
        self.machine = machine
        self.runs = runs
        self.error = error
        self.rows = rows
        self.denseExponent = denseExponent
        self.sparseExponent = sparseExponent
    }
}

extension FigureData {
    func costs(_ figure: String) throws(FigureError) -> CostData {
        guard case .costs(let data) = numbers else { throw missing(figure, .costs) }
        return data
    }

    func missing(_ figure: String, _ need: FigureNeed) -> FigureError {
        FigureError("\(figure): expected data of the kind \(need.rawValue)")
    }
}
