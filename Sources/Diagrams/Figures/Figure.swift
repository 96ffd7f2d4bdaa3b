// A figure is a pure function from data and options to a Scene. This file holds what all figures share: their options, their data and the list.

public import Traces

/// The looks of a picture.
public enum Theme: String, CaseIterable, Hashable, Sendable {
    /// White paper.
    case light
    /// For dark pages.
    case dark
    /// Legible on a black-and-white copier.
    case print
}

/// The use of a picture, which sets its width, proportions and type sizes.
public enum Preset: String, CaseIterable, Hashable, Sendable {
    /// In the column of an article, 1200 points wide.
    case article
    /// At the head of an article, 16:9.
    case cover
    /// On a phone, 375 points wide.
    case phone
    /// On a slide, 16:9, larger type.
    case slide
}

/// Which head a figure shows.
public enum HeadChoice: Hashable, Sendable {
    /// One head by number.
    case one(Int)
    /// The mean over heads.
    case mean
}

/// What one pixel shows of several cells, where a matrix has more cells than the picture has pixels.
public enum Aggregation: String, CaseIterable, Hashable, Sendable {
    /// The number largest in size; of yes and no, whether any is yes.
    case max
    /// The mean of the cells that have a number.
    case mean
}

/// A choice of what a figure shows of its data, by the name of the option.
public enum FigureChoice: String, CaseIterable, Hashable, Sendable {
    /// The step.
    case step
    /// The head.
    case head
    /// The query.
    case query
    /// The key beside it.
    case key
    /// What a pixel shows of several cells.
    case aggregate
    /// The phase.
    case phase
    /// The moment.
    case moment
    /// The stage.
    case stage
    /// The part that is lit.
    case part
    /// How many keys a query selects.
    case topK = "top-k"
}

/// What the reader may choose about a figure. `Figure.takes` says which of it a figure heeds; commands and pages refuse the rest.
public struct FigureOptions: Hashable, Sendable {
    /// The language of all words.
    public var language = Language.en
    /// The themes that the picture will be drawn in: words that depend on the theme are laid out for these alone.
    public var themes = Theme.allCases
    /// The use.
    public var preset = Preset.article
    /// Width in points instead of the preset's; figures check it (from what each needs at least to 10,000).
    public var width: Double?
    /// The step to draw.
    public var step: String?
    /// The head to draw; by default the mean where a figure needs one.
    public var head: HeadChoice?
    /// The query to highlight or follow; by default the last.
    public var query: Int?
    /// The key to frame beside the query.
    public var key: Int?
    /// What a pixel shows of several cells; by default the largest.
    public var aggregate: Aggregation?
    /// The phase of a trace with several: `prefill`, `decode.0`.
    public var phase = "prefill"
    /// The entry of a schedule whose beginning is shown; by default one that tells most.
    public var moment: Int?
    /// The one stage of a softmax to draw; by default all, side by side.
    public var stage: SoftmaxStage?
    /// The part of the pathway that is lit; by default none is quiet.
    public var part: PathwayPart?
    /// How many keys a query selects, where a figure chooses them; by default as many as fit the text.
    public var topK: Int?
    /// Options by default.
    public init() {}

    /// Throws if it was asked what a pixel shows of several cells, and none of the picture's stands for more than one.
    func checkAggregation(_ figure: String, block: Int) throws(FigureError) {
        guard let aggregate, block <= 1 else { return }
        throw FigureError(
            "\(figure): aggregate \(aggregate.rawValue): expected more cells than the picture has pixels; here each cell has its own place")
    }

    /// Why a phase that was asked for would be ignored: the step that was asked for is of another. Nil where they fit.
    public static func conflict(ofPhase phase: String, step: String) -> String? {
        guard let pass = StepID(step).pass, pass.description != phase else { return nil }
        return "phase \(phase): expected that of the step \(step), \(pass.description)"
    }
}

/// Where the data of a picture came from: embedded in the file, never a path.
public struct Provenance: Hashable, Sendable {
    /// The base name of the input, or the name of the built-in example.
    public var name: String
    /// The SHA-256 of the input file in hexadecimal, or nil for built-in data.
    public var sha256: String?
    /// What a reader must know of the data, for the last line of the picture: "vectors designed by hand".
    public var note: Bilingual?
    /// A source.
    public init(name: String, sha256: String? = nil, note: Bilingual? = nil) {
        self.name = name
        self.sha256 = sha256
        self.note = note
    }
}

/// A request that a figure cannot meet.
public struct FigureError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was asked, what there is.
    public let description: String
    /// What the engine refused, if it was the engine.
    public internal(set) var cause: EngineError?
    /// An error with its message.
    public init(_ description: String) { self.description = description }
}

/// What a figure draws from: traces by name, the main one first (figures that compare take several: `questions` one for each question), or plain
/// numbers that were read or measured elsewhere.
public struct FigureData: Sendable {
    /// The traces with their names.
    public var traces: [(name: String, trace: Trace)]
    /// Numbers that are not a trace's, or nil.
    public var numbers: FigureNumbers?
    /// How many layers the model of the traces has, of which they need not hold all; nil where that is not known.
    public var layerCount: Int?
    /// Where they came from.
    public var provenance: Provenance
    /// Data from one or several traces.
    public init(traces: [(name: String, trace: Trace)], provenance: Provenance) {
        self.traces = traces
        self.provenance = provenance
    }
    /// Data that are no trace.
    public init(_ numbers: FigureNumbers, provenance: Provenance) {
        traces = []
        self.numbers = numbers
        self.provenance = provenance
    }
}

/// One figure of the list.
public struct Figure: Sendable {
    /// The name on the command line.
    public let name: String
    /// What it shows, in a line.
    public let summary: Bilingual
    /// What it draws from: its built-in example is data of this kind.
    public let needs: FigureNeed
    /// What a reader may choose of the data; all else would be passed over.
    public let takes: Set<FigureChoice>
    /// The least width, in points, at which nothing in it runs over.
    public let leastWidth: Double
    /// Draws it from data; throws for a step, head or query that is not there.
    public let draw: @Sendable (_ data: FigureData, _ options: FigureOptions, _ text: TextMeasurer) throws(FigureError) -> Scene

    /// What a panel of a page has at least, on the narrowest of phones: figures of runs are legible there.
    public static let leastWidth = 280.0
    /// What axes with their names need.
    static let leastChartWidth = 360.0

    /// A figure.
    public init(
        name: String, summary: Bilingual, needs: FigureNeed = .traces, takes: Set<FigureChoice> = [], leastWidth: Double? = nil,
        draw: @escaping @Sendable (FigureData, FigureOptions, TextMeasurer) throws(FigureError) -> Scene
    ) {
        self.name = name
        self.summary = summary
        self.needs = needs
        self.takes = takes
        let leastWidth = leastWidth ?? (needs == .traces ? Self.leastWidth : Self.leastChartWidth)
        self.leastWidth = leastWidth
        self.draw = { data, options, text throws(FigureError) in
            _ = try options.checkedWidth(atLeast: leastWidth)
            return try draw(data, options, text)
        }
    }
}
