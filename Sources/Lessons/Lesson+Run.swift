// Running a lesson: experiments are computed, live values looked up, Markdown parsed, and a page comes out.

public import Diagrams
public import Mechanisms
internal import Records
internal import TileMachine
public import Traces

extension Lesson {
    /// The lesson in one language, with every value computed from `source`.
    /// - Throws: `LessonError` for a mistake in the lesson's files, a text that the diary does not know or a question that there is not;
    ///   `EngineError` for a trace that lacks attention.
    public func run(_ source: LessonSource = .builtIn(question: nil), language: Language) throws -> Page {
        try page(of: experiments(source, language), language)
    }

    /// The lesson about runs that were made already, the main one first.
    package func page(of experiments: [Experiment], _ language: Language) throws -> Page {
        let resolver = Resolver(experiments: experiments, language: language, resources: resources, log: SourceLog())
        let builder = PageBuilder(lesson: self, resolver: resolver, narration: narrations[language]!)
        let shown = experiments[0].origin == .model ? modelSummary ?? summary : summary
        let steps = try builder.steps()
        return Page(
            name: name, order: order, track: track, language: language, title: title[language], summary: shown[language], steps: steps,
            experiments: experiments, sources: resolver.log.sources)
    }

    /// The trace of the lesson's main run, with what-if switches on, and where its numbers come from. Throws for a switch that has
    /// nothing to change.
    public func trace(_ source: LessonSource = .builtIn(question: nil), language: Language, switches: [Switch] = []) throws -> (
        trace: Trace, provenance: Provenance
    ) {
        try checkAccepts(source)
        let run: Experiment
        switch source {
        case .builtIn(let asked):
            if var request = mainRun {
                // What is asked for stands instead of what the lesson sets.
                request.switches.removeAll { own in switches.contains { $0.subject == own.subject } }
                request.switches += switches
                run = try request.experiment(diary, resources, current: question, language: language)
            } else {
                let question = asked ?? question
                run = try .diary(
                    diary, name: "", text: diary.text(question: question, language: language), origin: .builtIn(question),
                    language: language, switches: switches)
            }
        case .diaryText(let own, let words):
            run = try .diary(diary, name: "", text: own, words: words, origin: .ownDiary, language: language, switches: switches)
        case .trace(let trace, _, _, let provenance, _): return (trace, provenance)
        }
        return (run.trace, run.provenance)
    }

    package func experiments(_ source: LessonSource, _ language: Language) throws -> [Experiment] {
        try checkAccepts(source)
        let main: Experiment
        var current = question
        switch source {
        case .builtIn(let asked):
            current = asked ?? question
            main =
                try mainRun?.experiment(diary, resources, current: question, language: language)
                ?? .diary(
                    diary, name: "", text: diary.text(question: current, language: language), origin: .builtIn(current), language: language)
        case .diaryText(let text, let words):
            main = try .diary(diary, name: "", text: text, words: words, origin: .ownDiary, language: language)
        case .trace(let trace, let text, let layer, let provenance, let runs):
            main = try Experiment(
                name: "", trace: trace, place: place(of: trace, layer: layer), origin: .model, text: TerminalText.sanitized(text),
                provenance: provenance)
            return [main] + (try runs?.experiments(extraRuns.filter(\.isOfModel), like: main) ?? [])
        }
        let own: RunRequest.OwnText? = if case .diaryText(let text, let words) = source { (text, words) } else { nil }
        let extras = try extraRuns.filter { !$0.isOfModel }.map {
            try $0.experiment(diary, resources, current: current, own: own, language: language)
        }
        return [main] + extras
    }
}

/// Builds the steps of one page.
struct PageBuilder {
    let lesson: Lesson
    let resolver: Resolver
    let narration: Narration

    func steps() throws -> [PageStep] {
        let flags = resolver.main.flags
        let shown = lesson.steps.filter { $0.condition?.holds(flags) ?? true }
        return try shown.enumerated().map { position, step in
            let section = narration.sections.first { $0.id == step.id }!
            var figures = try step.figures.filter { $0.condition?.holds(flags) ?? true }.map(figure)
            if let panel = step.panel, let live = figures.indices.last {
                do {
                    figures[live].panel = try PagePanel(panel, of: figures[live].experiment, options: figures[live].options, lesson.diary)
                } catch { throw LessonError(.badFile, at: step.place, "\(error)") }
            }
            let code = try step.line.flatMap { line in try lesson.code?.block(lit: line.id, resolver) }
            var builder = StepBuilder(page: self, figures: figures, code: code)
            var blocks = try builder.blocks(section.nodes)
            if let code = builder.unplacedCode { blocks.insert(.codeBeside(code), at: 0) }
            blocks += builder.unplaced.map(Block.figure)
            let focus = try step.focus.map(resolver.exactCell)
            return PageStep(
                id: step.id, number: position + 1, heading: try builder.inlines(section.title), pathway: try pathway(step),
                blocks: blocks, focus: focus.map { ($0.step.id.text, $0.index) }, focusRun: focus?.experiment.name)
        }
    }

    /// The lesson's pathway with the step's part lit, in a stack of as many layers as the real model has.
    private func pathway(_ step: Lesson.Step) throws -> PageFigure? {
        guard let request = lesson.pathway else { return nil }
        let figure = try self.figure(request)
        var (data, options) = (figure.data, figure.options)
        options.part = step.part
        if figure.experiment.origin != .model, let model = try realModel() {
            data.numbers = .model(model)
            let file = ResourceFile.model(Self.realModel)
            resolver.log.note(file.sort, try resolver.resources.provenance(file))
        }
        return PageFigure(
            name: figure.name, data: data, options: options, experiment: figure.experiment,
            place: step.part == nil ? request.place : step.place)
    }

    /// What the course's model is made of; nil in a program that brings no models.
    private func realModel() throws -> ModelDimensions? {
        do { return try resolver.resources.model(Self.realModel) } catch let error as LessonError where error.kind == .noInput {
            return nil
        }
    }

    /// The model that the course is about.
    private static let realModel = "deepseek-v3.2-exp"

    /// A figure's data and options, its roles looked up.
    func figure(_ request: Lesson.Step.FigureRequest) throws -> PageFigure {
        func error(_ problem: String) -> LessonError { LessonError(.badFile, at: request.place, "figure \(request.name): \(problem)") }
        func run(_ name: String) throws(LessonError) -> Experiment {
            let own = name == "main" ? "" : name
            guard let experiment = resolver.experiments.first(where: { $0.name == own }) else { throw error("there is no run \"\(name)\"") }
            return experiment
        }
        let shown = try request.experiments?.map(run) ?? [run(request.experiment ?? "main")]
        let experiment = shown[0]
        var options = FigureOptions()
        options.language = resolver.language
        options.step = try request.step.map { id in
            do { return try experiment.step(id).id.text } catch { throw LessonError(.badFile, at: request.place, "\(error)") }
        }
        switch request.head {
        case nil: break
        case "mean": options.head = .mean
        case "head": options.head = .one(experiment.surestHead)
        case let text?:
            guard let head = Int(text) else { throw error("expected a head's number, head or mean, found \"\(text)\"") }
            options.head = .one(head)
        }
        if let phase = request.phase { options.phase = phase }
        options.query = try query(request, experiment)
        return PageFigure(
            name: request.name, data: try data(request, shown), options: options, experiment: experiment, place: request.place)
    }

    /// The query to follow; nil for the last. A case's passes count their own rows, and a run of tiles has no token that asks.
    private func query(_ request: Lesson.Step.FigureRequest, _ experiment: Experiment) throws(LessonError) -> Int? {
        guard request.query != nil || request.phase == nil && experiment.tiles == nil else { return nil }
        let query = request.query ?? "query"
        guard let position = query.asPosition(experiment), (0..<1 << 31).contains(position) else {
            throw LessonError(.badFile, at: request.place, "figure \(request.name): there is no token \"\(query)\"")
        }
        return position
    }

    private func data(_ request: Lesson.Step.FigureRequest, _ shown: [Experiment]) throws -> FigureData {
        if let data = request.data {
            do { return try resolver.resources.figureData(request.name, data, resolver.language) } catch {
                throw LessonError(.badFile, at: request.place, "figure \(request.name): \(error)")
            }
        }
        for experiment in shown { resolver.log.note(.recorded, experiment.provenance) }
        let others = request.experiments == nil ? resolver.experiments.filter { $0.name != shown[0].name } : []
        return FigureData(traces: (shown + others).map { (name: $0.shownName, trace: $0.trace) }, provenance: shown[0].provenance)
    }
}

extension Experiment {
    /// How figures call the run: the main one by its question.
    fileprivate var shownName: String {
        if name.isEmpty, case .builtIn(let question) = origin { question } else { name }
    }
}

extension String {
    fileprivate func asPosition(_ experiment: Experiment) -> Int? { Int(self) ?? experiment.roles[self] }
}

/// Builds the blocks of one step; remembers which of its figures the text has placed, and whether its code.
private struct StepBuilder {
    let page: PageBuilder
    var unplaced: [PageFigure]
    var unplacedCode: CodeBeside?

    init(page: PageBuilder, figures: [PageFigure], code: CodeBeside?) {
        self.page = page
        unplaced = figures
        unplacedCode = code
    }

    mutating func blocks(_ nodes: [NarrationNode]) throws -> [Block] {
        var blocks: [Block] = []
        for node in nodes {
            switch node {
            case .text(let lines): blocks += try markdown(lines)
            case .condition(let condition, let inner): if condition.holds(page.resolver.main.flags) { blocks += try self.blocks(inner) }
            case .predict(let question, let answer):
                blocks.append(.predict(question: try self.blocks(question), answer: try self.blocks(answer)))
            }
        }
        return blocks
    }

    mutating func inlines(_ line: NarrationLine) throws -> [Inline] {
        guard case .paragraph(let inlines)? = try markdown([line]).first else { return [] }
        return inlines
    }

    private mutating func markdown(_ lines: [NarrationLine]) throws -> [Block] {
        let file = page.narration.file
        var (figures, code) = (unplaced, unplacedCode)
        let reader = MarkdownReader(
            marked: try MarkedText(lines, file: file), file: file, firstLine: lines.first?.number ?? 1, language: page.resolver.language,
            block: { [page] value in try Self.block(value, page.resolver, &figures, &code) }, inline: page.resolver.inline)
        let blocks = try reader.blocks()
        (unplaced, unplacedCode) = (figures, code)
        return blocks
    }

    /// A value that stands alone in its paragraph, as a block; nil if it is only a word or number.
    private static func block(
        _ value: LiveValue, _ resolver: Resolver, _ figures: inout [PageFigure], _ code: inout CodeBeside?
    ) throws -> Block? {
        switch value.request {
        case .explain:
            let cell = try resolver.exactCell(value)
            return .explanation(try cell.step.explain(cell.index, allTerms: value.allTerms))
        case .formula:
            let step = try resolver.step(value, resolver.experiment(of: value))
            return .formula(step.formula, title: step.title[resolver.language], source: step.sourceNote[resolver.language])
        case .listing: return .code(try listing(value, resolver), language: "python")
        case .code:
            guard let shown = code else {
                throw LessonError(
                    .badFile, at: value.place, "{{code}}: expected a line for this step in lesson.yaml, once, found none left")
            }
            code = nil
            return .codeBeside(shown)
        case .figure:
            guard !figures.isEmpty else {
                throw LessonError(.badFile, at: value.place, "{{figure}}: expected a figure for this step in lesson.yaml, found none left")
            }
            return .figure(figures.removeFirst())
        default: return nil
        }
    }

    /// The text of a tile program, named by itself or by a run of the lesson.
    private static func listing(_ value: LiveValue, _ resolver: Resolver) throws -> String {
        guard let request = resolver.tiles(ofRun: value.path) ?? TileRequest(program: value.path) else {
            let known = TileProgramName.allCases.map(\.rawValue).joined(separator: ", ")
            throw LessonError(
                .badFile, at: value.place, "{{listing \(value.path)}}: expected one of \(known), or a run of tiles")
        }
        let listing = try Listing(request.cut())
        return listing.lines.map { String(repeating: "    ", count: $0.depth) + $0.text }.joined(separator: "\n")
    }
}
