// Data of figures that draw no trace: models and hardware for closed forms, published tables, prices, measurements. Plain values: whoever reads the
// files checks them. Left out: the files' formats, which are ModelFiles' business.

public import Records
import Traces

/// What kind of data a figure draws from.
public enum FigureNeed: String, Hashable, Sendable {
    /// One or several traces.
    case traces
    /// Nothing from outside: the engine's own demonstration.
    case nothing
    /// `FigureNumbers.costs`.
    case costs
    /// `FigureNumbers.costs` without the accelerator: work and bytes are counted, whatever does them.
    case work
    /// `FigureNumbers.prices`.
    case prices
    /// `FigureNumbers.benchmarks`.
    case benchmarks
    /// `FigureNumbers.measurements`.
    case measurements
    /// `FigureNumbers.losses`.
    case losses
    /// `FigureNumbers.ideas`.
    case ideas
    /// `FigureNumbers.stacks`.
    case stacks
    /// `FigureNumbers.tiles`.
    case tiles
    /// `FigureNumbers.lowerings`.
    case lowerings
    /// `FigureNumbers.parts`.
    case parts
}

/// Numbers that a figure draws, of one kind.
public enum FigureNumbers: Sendable {
    /// Models, hardware and published curves: `growth`, `cost-curve`, `doubling`, `cache`, `rows-touched`, `roofline`.
    case costs(CostData)
    /// Price lists, before and after, in one or two currencies: `prices`.
    case prices([PriceList])
    /// A benchmark table: `parity`.
    case benchmarks([BenchmarkResult])
    /// Timings: `measured`.
    case measurements([MeasuredSeries])
    /// The recorded experiment of lesson 6: `loss-curves`, `selection-loss`.
    case losses([SelectionLoss])
    /// A recorded map of selections: `selection-map`, which draws traces too.
    case selections(SelectionMap)
    /// Published ways of reading less, in their order: `timeline-of-ideas`.
    case ideas([SparseIdea])
    /// Two stacks of software: `stack`.
    case stacks(SoftwareStacks)
    /// A tile program on a chip: `tiles`, `timeline`, `traffic`.
    case tiles(TileData)
    /// What one program became on several machines: `one-program`.
    case lowerings(LoweringData)
    /// The data of each figure on one sheet: `poster`.
    case parts([FigureData])
    /// Beside traces, the model in whose stack a layer like theirs stands: `pathway`.
    case model(ModelDimensions)
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

extension FigureData {
    func costs(_ figure: String) throws(FigureError) -> CostData {
        guard case .costs(let data) = numbers else { throw missing(figure, .costs) }
        return data
    }

    func missing(_ figure: String, _ need: FigureNeed) -> FigureError {
        FigureError("\(figure): expected data of the kind \(need.rawValue)")
    }
}
