// What a page asks of the engine, in JSON, and what it gets back: the diary's steps, the arithmetic of a cell, the scene of a figure. The command's
// own code answers, so that the digits are the same; tests hold both sides against each other, byte by byte.

package import Diagrams
package import Mechanisms
import Traces

/// The engine behind a page: the diary, a table of advances and cases, handed over once, and the runs that were asked for.
package struct PageEngine {
    private let diary: Diary
    private let advances: AdvanceTable
    private let cases: [(text: PageCase, run: SparseCase)]
    private var runs: [(run: PageRun, finished: FinishedRun)] = []
    /// More runs than this are not remembered, nor more numbers than this beside the latest run: 64 MB.
    private static let (remembered, rememberedNumbers) = (16, 8_000_000)
    /// More words than this are refused: what a page answers in half a second. The command takes more.
    private static let longest = 256

    /// An engine for a diary and cases, measuring by a table.
    package init(_ diary: Diary, _ advances: AdvanceTable, cases: [PageCase] = []) throws(PageError) {
        self.diary = diary
        self.advances = advances
        do throws(FileError) {
            self.cases = try cases.map { text throws(FileError) in (text, try text.sparseAttention()) }
        } catch { throw PageError(error) }
    }

    /// An engine from `{"diary": …, "advances": …, "cases": [ … ]}`; cases may be left out.
    package init(loading request: [UInt8]) throws(PageError) {
        let parts: (Diary, AdvanceTable, [PageCase])
        do throws(FileError) {
            let root = try Settings(page: request)
            try root.allow(["diary", "advances", "cases"])
            let cases = try root.objects("cases").map { text throws(FileError) in try PageCase(text) }
            parts = (try Diary(root.required("diary")), try AdvanceTable(root.required("advances")), cases)
        } catch { throw PageError(error) }
        try self.init(parts.0, parts.1, cases: parts.2)
    }

    /// The steps of a run, as `attn trace` writes them: `{"language": "en", "switches": ["top-k=2"]}` with one of `"question": "trip"`, `"text": "…"`
    /// (and `"words": [{"text": "Paris", "kind": "place", "story": null}]`) or `"case": "dsa-tiny-exact"` (and `"paths": ["masked", "gathered"]`).
    package mutating func steps(_ request: [UInt8]) throws(PageError) -> [UInt8] {
        let run: PageRun
        do throws(FileError) { run = try PageRun(Settings(page: request)) } catch { throw PageError(error) }
        let trace = try finished(run).trace
        var buffer = JSONBuffer()
        TraceText.write(trace, to: &buffer)
        return buffer.bytes
    }

    /// Why a cell has its value: `{"run": {…}, "cell": "attention.scores[1,17,4]", "allTerms": false}`, or `"step"` and `"index"` instead of `"cell"`. One
    /// position of an index may be -1: of a mean over that axis, the cells that it was made of (`{"mean": […]}`); of a selection's ranks, a key that is not
    /// among them (`{"leftOut": {…}}`, how the query chose).
    package mutating func explanation(_ request: [UInt8]) throws(PageError) -> [UInt8] {
        let root = try Settings.asked(request)
        let asked = try CellRequest(root)
        let run: PageRun
        do throws(FileError) { run = try PageRun(root.required("run")) } catch { throw PageError(error) }
        let trace = try finished(run).trace
        do throws(EngineError) { return Array(try asked.answer(from: trace, run.language).line.utf8) } catch { throw PageError(error) }
    }

    /// What stands beside a panel: `{"run": {…}, "goal": {"answer": "Shanghai"}}`; the goal may be left out.
    package mutating func readouts(_ request: [UInt8]) throws(PageError) -> [UInt8] {
        let root = try Settings.asked(request)
        let run: PageRun
        let goal: Goal?
        do throws(FileError) {
            try root.allow(["run", "goal"])
            run = try PageRun(root.required("run"))
            goal = try root.object("goal").map { goal throws(FileError) in try Goal(goal) }
        } catch { throw PageError(error) }
        let finished = try finished(run)
        do throws(EngineError) {
            let readouts = try Readouts(finished)
            let met = try goal.map { goal throws(EngineError) in try goal.isMet(by: readouts) }
            return Array(try readouts.json(met).line.utf8)
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
        if asked?.has("phase") == true, let step = options.step,
            let conflict = FigureOptions.conflict(ofPhase: options.phase, step: step)
        {
            throw PageError(conflict)
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
        var provenance = Provenance(name: "diary", note: Diary.designedByHand)
        for run in wanted {
            let finished = try finished(run)
            traces.append((name: run.question ?? "", trace: finished.trace))
            // Of several runs the one that is not built in says where the picture comes from.
            if run.question == nil { provenance = finished.provenance }
        }
        return FigureData(traces: traces, provenance: provenance)
    }

    private mutating func finished(_ run: PageRun) throws(PageError) -> FinishedRun {
        if let known = runs.first(where: { $0.run == run }) { return known.finished }
        let finished = try computed(run)
        var numbers = runs.reduce(0) { $0 + $1.finished.size }
        while let oldest = runs.first, runs.count >= Self.remembered || numbers + finished.size > Self.rememberedNumbers {
            numbers -= oldest.finished.size
            runs.removeFirst()
        }
        runs.append((run, finished))
        return finished
    }

    private func computed(_ run: PageRun) throws(PageError) -> FinishedRun {
        let switches: [Switch]
        do throws(EngineError) { switches = try run.switches.map { name throws(EngineError) in try Switch(parsing: name) } } catch {
            throw PageError(error)
        }
        if case .referenceCase(let name, let paths) = run.subject {
            guard let found = cases.first(where: { $0.text.name == name }) else {
                let known = cases.isEmpty ? "none" : cases.map { $0.text.name }.joined(separator: ", ")
                throw PageError("\(name): there is no case of this name in this page; there is \(known)")
            }
            try check(switches, tokens: found.run.x.shape.lengths[0], run.language)
            do throws(EngineError) {
                let provenance = Provenance(name: name + ".safetensors", sha256: found.text.sha256)
                return FinishedRun(try found.run.trace(paths: paths, switches: switches), nil, provenance)
            } catch { throw PageError(error) }
        }
        let reading = try reading(run)
        try check(switches, tokens: reading.tokens.count, run.language)
        do throws(EngineError) {
            let trace = try reading.diary.trace(of: reading.tokens, language: run.language, switches: switches)
            return FinishedRun(trace, reading, Provenance(name: run.question == nil ? "diary-text" : "diary", note: Diary.designedByHand))
        } catch { throw PageError(error) }
    }

    private func reading(_ run: PageRun) throws(PageError) -> DiaryReading {
        let reading: DiaryReading
        do throws(DiaryError) {
            switch run.subject {
            case .text(let text): reading = try diary.reading(text, words: run.words, others: .added)
            default: reading = try diary.reading(diary.text(question: run.question ?? "", language: run.language))
            }
        } catch { throw PageError(error.description) }
        guard reading.tokens.count <= Self.longest else {
            let (most, count) = (Self.longest, reading.tokens.count)
            throw PageError(
                run.language == .en
                    ? "expected at most \(most) words of the diary in a page, found \(count)" : "网页里最多 \(most) 个词，实际 \(count) 个")
        }
        return reading
    }

    /// Throws for a top-k of more than there are tokens: a page has no use for it.
    private func check(_ switches: [Switch], tokens count: Int, _ language: Language) throws(PageError) {
        for change in switches {
            if case .topK(let k) = change, k > count {
                throw PageError(
                    language == .en
                        ? "\(change): expected at most \(count), the tokens of this run, found \(k)"
                        : "\(change)：最多 \(count)，本次运行的词元数，实际 \(k)")
            }
        }
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
