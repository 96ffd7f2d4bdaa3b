// What a page asks of the engine, in JSON, and what it gets back: the diary's steps, the arithmetic of a cell, the scene of a figure. The command's
// own code answers, so that the digits are the same; tests hold both sides against each other, byte by byte.

package import Diagrams
package import Mechanisms
import Traces

/// The engine behind a page: the diary and a table of advances, handed over once, and the runs that were asked for.
package struct PageEngine {
    private let diary: Diary
    private let advances: AdvanceTable
    private var runs: [PageRun: Trace] = [:]
    /// More runs than this are not remembered.
    private static let remembered = 16
    /// More words than this are refused: the command's own bound.
    private static let longest = 512

    /// An engine for a diary, measuring by a table.
    package init(_ diary: Diary, _ advances: AdvanceTable) {
        self.diary = diary
        self.advances = advances
    }

    /// An engine from `{"diary": …, "advances": …}`.
    package init(loading request: [UInt8]) throws(PageError) {
        do throws(FileError) {
            let root = try Settings(page: request)
            try root.allow(["diary", "advances"])
            self.init(try Diary(root.required("diary")), try AdvanceTable(root.required("advances")))
        } catch { throw PageError(error) }
    }

    /// The steps of a run `{"language": "en", "question": "trip" or "text": "…", "switches": ["top-k=2"]}`, as `attn trace` writes them.
    package mutating func steps(_ request: [UInt8]) throws(PageError) -> [UInt8] {
        let run: PageRun
        do throws(FileError) { run = try PageRun(Settings(page: request)) } catch { throw PageError(error) }
        let trace = try trace(run)
        var buffer = JSONBuffer()
        TraceText.write(trace, to: &buffer)
        return buffer.bytes
    }

    /// Why a cell has its value: `{"run": {…}, "cell": "attention.scores[1,17,4]", "allTerms": false}`.
    package mutating func explanation(_ request: [UInt8]) throws(PageError) -> [UInt8] {
        let root = try Settings.asked(request)
        let run: PageRun
        let cell: String
        let allTerms: Bool
        do throws(FileError) {
            try root.allow(["run", "cell", "allTerms"])
            (cell, allTerms) = (try root.text("cell"), try root.bool("allTerms", default: false))
            run = try PageRun(root.required("run"))
        } catch { throw PageError(error) }
        let trace = try trace(run)
        do throws(EngineError) {
            let reference = try StepReference(parsing: cell)
            return Array(try trace.step(reference.id).explain(reference.index, allTerms: allTerms).json(run.language).line.utf8)
        } catch { throw PageError(error) }
    }

    /// The scene of a figure: `{"figure": "compare", "runs": [{…}], "options": {"theme": "dark", "query": 7, …}}`. The language is the first run's.
    package mutating func scene(_ request: [UInt8]) throws(PageError) -> [UInt8] {
        let root = try Settings.asked(request)
        let wanted: [PageRun]
        var options: FigureOptions
        let name: String
        let theme: Theme
        let asked: Settings?
        do throws(FileError) {
            try root.allow(["figure", "runs", "options"])
            name = try root.text("figure")
            wanted = try root.objects("runs").map { run throws(FileError) in try PageRun(run) }
            asked = try root.object("options")
            theme = try asked?.choice("theme", Theme.self) ?? .light
            options = try asked.map { options throws(FileError) in try FigureOptions(options) } ?? FigureOptions()
        } catch { throw PageError(error) }
        options.language = wanted.first?.language ?? .en
        options.themes = [theme]
        let figure: Figure
        do throws(FigureError) { figure = try Figures.named(name, among: Figures.ofRuns) } catch { throw PageError(error.description) }
        for choice in FigureChoice.allCases where asked?.has(choice.rawValue) == true && !figure.takes.contains(choice) {
            throw PageError("\(name) has no use for \(choice.rawValue)")
        }
        let data = try data(for: figure, wanted)
        do throws(FigureError) { return try figure.draw(data, options, advances.measurer).json(theme) } catch {
            throw PageError(error.description)
        }
    }

    /// What a figure draws, with where it comes from: the runs, or for a figure that draws none nothing, as the command has it.
    private mutating func data(for figure: Figure, _ wanted: [PageRun]) throws(PageError) -> FigureData {
        if figure.needs == .nothing { return FigureData(traces: [], provenance: Provenance(name: "demonstration")) }
        var traces: [(name: String, trace: Trace)] = []
        for run in wanted { traces.append((name: run.question ?? "", trace: try trace(run))) }
        let isOwn = wanted.contains { $0.question == nil }
        return FigureData(traces: traces, provenance: Provenance(name: isOwn ? "diary-text" : "diary", note: Diary.designedByHand))
    }

    private mutating func trace(_ run: PageRun) throws(PageError) -> Trace {
        if let known = runs[run] { return known }
        let trace = try computed(run)
        if runs.count >= Self.remembered { runs.removeAll() }
        runs[run] = trace
        return trace
    }

    private func computed(_ run: PageRun) throws(PageError) -> Trace {
        let tokens: [DiaryToken]
        do throws(DiaryError) {
            let built = try run.question.map { question throws(DiaryError) in try diary.text(question: question, language: run.language) }
            tokens = try diary.tokens(of: built ?? run.text ?? "")
        } catch { throw PageError(error.description) }
        guard tokens.count <= Self.longest else {
            throw PageError("expected at most \(Self.longest) words of the diary, found \(tokens.count)")
        }
        do throws(EngineError) {
            let switches = try run.switches.map { name throws(EngineError) in try Switch(parsing: name) }
            return try diary.trace(of: tokens, language: run.language, switches: switches)
        } catch { throw PageError(error) }
    }
}

/// A request that the engine cannot answer.
package struct PageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected and what was found.
    package let description: String
    init(_ description: String) { self.description = description }
    init(_ error: FileError) { description = error.description }
    init(_ error: EngineError) { description = error.description }

    /// `{"error": "…"}`.
    package var json: [UInt8] { Array(JSONText.object([("error", .string(description))]).line.utf8) }
}
