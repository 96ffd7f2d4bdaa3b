// What lessons need from outside: reference cases, models, hardware, published data, measurements. Lessons reads no such file itself
// (that is ModelFiles' business): whoever runs lessons brings closures. Every closure may throw its own error; the lesson adds file, line and column.

public import Diagrams
public import Mechanisms
public import Records
public import TileMachine
public import Traces

/// A number with its unit, as a source outside of traces gives it.
public struct LessonQuantity: Hashable, Sendable {
    /// The value, in the plain unit: bytes, not gigabytes.
    public var value: Double
    /// The unit's symbol: `FLOP`, `B`, `s`, `USD`; empty for pure numbers and counts.
    public var unit: String

    /// A quantity.
    public init(_ value: Double, _ unit: String = "") {
        self.value = value
        self.unit = unit
    }

    init(_ count: ExactCount, _ unit: String = "") { self.init(Double(count), unit) }
}

/// Where lessons get what is not computed from the diary.
public struct LessonResources: Sendable {
    /// Runs a reference case by its base name without ending (`dsa-tiny-fp8-kv`), on the paths and with the switches asked for.
    public var referenceCase:
        @Sendable (_ name: String, _ paths: [SparseAttention.Path], _ switches: [Switch]) throws -> (trace: Trace, provenance: Provenance)
    /// The dimensions of a model by its base name: `deepseek-v3.2-exp`.
    public var model: @Sendable (_ name: String) throws -> ModelDimensions
    /// An accelerator by its base name: `h800`.
    public var hardware: @Sendable (_ name: String) throws -> Hardware
    /// A chip on which tile programs are scheduled, by its base name: `paper`, `h800`.
    public var chip: @Sendable (_ name: String) throws -> Chip
    /// The published curves of cost against position.
    public var curves: @Sendable () throws -> [PublishedCurve]
    /// The published price lists.
    public var prices: @Sendable () throws -> [PriceList]
    /// The published benchmark table.
    public var benchmarks: @Sendable () throws -> [BenchmarkResult]
    /// Times of dense and sparse attention that this project measured, a series for each phase.
    public var measurements: @Sendable () throws -> [MeasuredSeries]
    /// The recorded experiment of lesson 6, which a reader without a model is shown: that of the small model where `recording` is nil, else the one so called.
    public var selectionLosses: @Sendable (_ recording: String?) throws -> [SelectionLoss]
    /// Which tokens the layers of a model select, recorded for lesson 6.
    public var selectionMap: @Sendable () throws -> SelectionMap
    /// Published counts of lines of code: tile programs, and operators of the same name in other languages.
    public var codeCounts: @Sendable () throws -> [CodeCount]
    /// Published speeds of tile programs, each as a share of another's or as a time.
    public var tileSpeeds: @Sendable () throws -> [TileSpeed]
    /// What TileLang made of the tile programs, machine by machine.
    public var lowerings: @Sendable () throws -> LoweringRecord
    /// Where the numbers of a file are from: its base name and hash.
    public var provenance: @Sendable (_ file: ResourceFile) throws -> Provenance
    /// The data of a figure that draws no trace of the lesson: `{name: growth, data: built-in}`.
    public var figureData: @Sendable (_ figure: String, _ data: String, _ language: Language) throws -> FigureData

    /// Resources of which each is missing until it is set.
    public init() {
        @Sendable func missing(_ what: String) -> LessonError { LessonError(.noInput, "\(what): this program brings none") }
        referenceCase = { name, _, _ in throw missing("reference case \(name)") }
        model = { name in throw missing("model \(name)") }
        hardware = { name in throw missing("hardware \(name)") }
        chip = { name in throw missing("chip \(name)") }
        curves = { throw missing("published curves") }
        prices = { throw missing("published prices") }
        benchmarks = { throw missing("published benchmarks") }
        measurements = { throw missing("measurements") }
        selectionLosses = { _ in throw missing("recorded losses") }
        selectionMap = { throw missing("recorded selections") }
        codeCounts = { throw missing("published counts of lines") }
        tileSpeeds = { throw missing("published speeds of tile programs") }
        lowerings = { throw missing("lowered tile programs") }
        provenance = { file in throw missing("\(file)") }
        figureData = { figure, _, _ in throw missing("data of the figure \(figure)") }
    }
}
