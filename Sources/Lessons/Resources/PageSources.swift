// Where the numbers of a page come from: noted while the page is made, so that its last line names what it shows and nothing else.

public import Diagrams
import Synchronization
import Traces

/// One source of a page's numbers.
public struct PageSource: Hashable, Sendable {
    /// How its numbers came to be.
    public enum Sort: Int, CaseIterable, Hashable, Sendable {
        /// Cells of a computation that was recorded step by step.
        case recorded
        /// Counted from dimensions of a model or a chip, in closed form or by executing a program of tiles.
        case counted
        /// Published by others.
        case published
        /// Measured by this project.
        case measured
    }

    /// How its numbers came to be.
    public let sort: Sort
    /// Where they are.
    public let provenance: Provenance

    /// A source.
    public init(_ sort: Sort, _ provenance: Provenance) {
        self.sort = sort
        self.provenance = provenance
    }
}

/// Sources in the order in which a page used them, each once.
final class SourceLog: Sendable {
    private let noted = Mutex<[PageSource]>([])

    /// All that was noted, recorded computations first.
    var sources: [PageSource] {
        let noted = noted.withLock { $0 }
        return PageSource.Sort.allCases.flatMap { sort in noted.filter { $0.sort == sort } }
    }

    func note(_ sort: PageSource.Sort, _ provenance: Provenance) {
        let source = PageSource(sort, provenance)
        noted.withLock { if !$0.contains(source) { $0.append(source) } }
    }

    /// Notes what a figure drew, by the kind of its data.
    func note(_ data: FigureData) {
        switch data.numbers {
        case nil, .model: note(.recorded, data.provenance)
        // What costs are compared with, the published curves, is a file; the dimensions that they are counted from, two more.
        case .costs, .prices, .benchmarks, .stacks, .ideas: note(.published, data.provenance)
        case .tiles: note(.counted, data.provenance)
        case .parts(let parts): for part in parts { note(part) }
        case .measurements, .losses, .selections, .lowerings: note(.measured, data.provenance)
        }
    }
}

/// A file that lessons take numbers from, beside reference cases.
public enum ResourceFile: Hashable, Sendable {
    /// The dimensions of a model, by its base name.
    case model(String)
    /// An accelerator, by its base name.
    case hardware(String)
    /// The published curves of cost against position.
    case curves
    /// The published price lists.
    case prices
    /// The published benchmark table.
    case benchmarks
    /// Times that this project measured.
    case measurements
    /// A recorded experiment of lesson 6: the small model's, or the one so called.
    case selectionLosses(String?)
    /// The recorded selections of lesson 6.
    case selectionMap
    /// Published counts of lines of code.
    case codeCounts
    /// Published speeds of tile programs.
    case tileSpeeds
    /// What TileLang made of the tile programs.
    case lowerings

    var sort: PageSource.Sort {
        switch self {
        case .model, .hardware: .counted
        case .curves, .prices, .benchmarks, .codeCounts, .tileSpeeds: .published
        case .measurements, .selectionLosses, .selectionMap, .lowerings: .measured
        }
    }
}

extension LessonResources {
    /// The same resources; what is asked of them is noted in `log`.
    func noting(in log: SourceLog) -> LessonResources {
        var noting = self
        @Sendable func note(_ file: ResourceFile) throws { log.note(file.sort, try provenance(file)) }
        noting.model = { [model] name in
            try note(.model(name))
            return try model(name)
        }
        noting.hardware = { [hardware] name in
            try note(.hardware(name))
            return try hardware(name)
        }
        noting.chip = { [chip] name in
            try note(.hardware(name))
            return try chip(name)
        }
        noting.curves = { [curves] in
            try note(.curves)
            return try curves()
        }
        noting.prices = { [prices] in
            try note(.prices)
            return try prices()
        }
        noting.benchmarks = { [benchmarks] in
            try note(.benchmarks)
            return try benchmarks()
        }
        noting.measurements = { [measurements] in
            try note(.measurements)
            return try measurements()
        }
        noting.selectionLosses = { [selectionLosses] recording in
            try note(.selectionLosses(recording))
            return try selectionLosses(recording)
        }
        noting.selectionMap = { [selectionMap] in
            try note(.selectionMap)
            return try selectionMap()
        }
        noting.codeCounts = { [codeCounts] in
            try note(.codeCounts)
            return try codeCounts()
        }
        noting.tileSpeeds = { [tileSpeeds] in
            try note(.tileSpeeds)
            return try tileSpeeds()
        }
        noting.lowerings = { [lowerings] in
            try note(.lowerings)
            return try lowerings()
        }
        noting.figureData = { [figureData] figure, data, language in
            let data = try figureData(figure, data, language)
            log.note(data)
            return data
        }
        return noting
    }
}
