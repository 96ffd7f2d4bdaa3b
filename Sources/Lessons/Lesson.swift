// A lesson: lesson.yaml says what runs and which steps there are, en.md and zh.md say it in words. Running it gives a page.

public import Diagrams
internal import Foundation
public import Mechanisms
import Records
public import Traces

/// What a lesson is run on.
public enum LessonSource: Sendable {
    /// The built-in diary with one of its questions; nil for the lesson's own.
    case builtIn(question: String?)
    /// A diary of the reader's own, in the diary's vocabulary and words that the reader adds to it.
    case diaryText(String, words: [NewWord] = [])
    /// A trace with steps `attention.*` or `layer.N.attention.*`.
    /// - Parameters:
    ///   - layer: the layer to speak of; nil for the last.
    ///   - runs: further runs of the model that the trace is of, for lessons that run it again with a selection.
    case trace(Trace, text: String, layer: Int?, provenance: Provenance, runs: ModelRuns? = nil)
}

/// One lesson of the course.
public struct Lesson: Sendable {
    /// A step as lesson.yaml lists it.
    struct Step: Sendable {
        struct FigureRequest: Sendable {
            var name: String
            var step: String?
            var head: String?
            var query: String?
            var experiment: String?
            /// Several runs, for figures that compare; the first is the one that `step` belongs to.
            var experiments: [String]?
            var phase: String?
            /// Data from outside instead of runs.
            var data: String?
            /// Where it is shown; nil for always.
            var condition: NarrationCondition? = nil
            var place: LessonError.Place
        }
        var id: String
        var condition: NarrationCondition?
        var figures: [FigureRequest]
        var focus: LiveValue?
        /// What a page makes of the step's last figure, if a reader can change what it shows.
        var panel: Panel?
        /// The line of code.yaml that is lit.
        var line: (id: String, place: LessonError.Place)?
        /// The part of the lesson's pathway that is lit; nil for none.
        var part: PathwayPart?
        var place: LessonError.Place
    }

    /// The name: the lesson's folder.
    public let name: String
    /// The number in the course.
    public let order: Int
    /// The track: `story` or `engine-room`; `laboratory` for what is no lesson of the course.
    public let track: String
    /// Whether it is the laboratory, which has no number.
    public var isLaboratory: Bool { track == Self.laboratory }
    private static let laboratory = "laboratory"
    /// The title.
    public let title: Bilingual
    /// What it shows, in a sentence.
    public let summary: Bilingual
    /// What it shows of a model, if that is something else.
    public let modelSummary: Bilingual?
    let file: String
    /// Whether the lesson speaks of questions and texts of its own alone: a reader's question or text does not apply to it, but with a model that
    /// it takes.
    public let isFixed: Bool
    /// What the lesson asks of a reader's model, which then stands in place of the diary; nil if it takes none.
    let modelNeeds: Set<ModelNeed>?
    /// Whether a reader's model can stand in place of the diary.
    public var takesModel: Bool { modelNeeds != nil }
    let question: String
    /// The main run, if it is not simply the question.
    let mainRun: RunRequest?
    /// Further runs, by name.
    let extraRuns: [RunRequest]
    let allowedDigits: Set<String>
    let steps: [Step]
    /// Code beside numbers, if the lesson has it.
    let code: CodeLines?
    /// The one picture that stays at the head of every step, or nil.
    let pathway: Step.FigureRequest?
    let narrations: [Language: Narration]
    package let diary: Diary
    let resources: LessonResources

    /// Reads a lesson's folder.
    init(folder: String, name: String, diary: Diary, resources: LessonResources) throws(LessonError) {
        self.name = name
        self.diary = diary
        self.resources = resources
        file = folder + "/lesson.yaml"
        let root = try YAMLNode(parsing: readText(file), file: file)
        try root.allow(
            [
                "order", "track", "title", "summary", "modelSummary", "model", "fixed", "question", "main", "runs", "digits", "pathway",
                "steps",
            ], in: "a lesson")
        track = try root.required("track").string("track")
        guard ["story", "engine-room", Self.laboratory].contains(track) else {
            throw try root.required("track").error("track: expected story, engine-room or laboratory, found \"\(track)\"")
        }
        order = track == Self.laboratory ? 0 : try root.required("order").count("order")
        title = try root.required("title").bilingual("title")
        summary = try root.required("summary").bilingual("summary")
        modelSummary = try root.optional("modelSummary").map { node throws(LessonError) in try node.bilingual("modelSummary") }
        let questions = diary.questions.map(\.name)
        mainRun = try root.optional("main").map { node throws(LessonError) in try RunRequest("", node, questions: questions) }
        isFixed = try root.optional("fixed")?.bool("fixed") ?? (mainRun != nil)
        modelNeeds = try root.optional("model").map { node throws(LessonError) in
            Set(try node.items("model").map { item throws(LessonError) in try ModelNeed(item) })
        }
        if let mainRun, !isFixed {
            throw LessonError(.badFile, at: mainRun.place, "main: expected fixed: true, or question instead of main")
        }
        if mainRun == nil {
            let node = try root.required("question")
            question = try node.string("question")
            guard questions.contains(question) else {
                throw node.error("question: expected one of \(questions.joined(separator: ", ")), found \"\(question)\"")
            }
        } else {
            question = try root.optional("question")?.string("question") ?? questions[0]
        }
        extraRuns = try (root.optional("runs")?.entries("runs") ?? []).map { run throws(LessonError) in
            guard run.key != "main" else { throw LessonError(.badFile, at: run.keyPlace, "runs: main is the name of the main run") }
            return try RunRequest(run.key, run.value, questions: questions)
        }
        allowedDigits = Set(
            try (root.optional("digits")?.items("digits") ?? []).map { item throws(LessonError) in try item.string("digits") })
        pathway = try root.optional("pathway").map { node throws(LessonError) in try Self.pathway(node) }
        let hasPathway = pathway != nil
        steps = try root.required("steps").items("steps").map { node throws(LessonError) in
            try Self.step(node, questions: questions, hasPathway: hasPathway)
        }
        code = try CodeLines(folder: folder)
        var narrations: [Language: Narration] = [:]
        for language in Language.allCases {
            let path = "\(folder)/\(language.rawValue).md"
            guard FileManager.default.fileExists(atPath: path) else {
                throw LessonError(
                    .badFile, at: .init(file: path, line: 1, column: 1),
                    "expected the lesson's words in \(language.rawValue), found no such file")
            }
            narrations[language] = try Narration(parsing: readText(path), file: path)
        }
        self.narrations = narrations
        try checkSteps()
        try checkCode()
    }

    /// Steps light lines that there are.
    private func checkCode() throws(LessonError) {
        if let code { return try code.check(steps) }
        guard let lit = steps.lazy.compactMap(\.line).first else { return }
        throw LessonError(.badFile, at: lit.place, "line: expected a file code.yaml beside lesson.yaml, found none")
    }

    private static func step(_ node: YAMLNode, questions: [String], hasPathway: Bool) throws(LessonError) -> Step {
        try node.allow(["id", "when", "figure", "figures", "focus", "panel", "line", "part"], in: "a step")
        let condition = try Self.condition(node, questions)
        let figures = try (node.optional("figure").map { [$0] } ?? []) + (node.optional("figures")?.items("figures") ?? [])
        let focus = try node.optional("focus").map { node throws(LessonError) in try LiveValue(node.string("focus"), at: node.place) }
        let panel = try node.optional("panel").map { node throws(LessonError) in
            guard !figures.isEmpty else { throw node.error("panel: expected a figure in this step, which it makes live, found none") }
            return try Panel(node)
        }
        let line = try node.optional("line").map { node throws(LessonError) in (id: try node.string("line"), place: node.place) }
        return Step(
            id: try node.required("id").string("id"), condition: condition,
            figures: try figures.map { node throws(LessonError) in try figure(node, questions) }, focus: focus, panel: panel, line: line,
            part: try node.optional("part").map { node throws(LessonError) in try part(node, hasPathway) }, place: node.place)
    }

    private static func condition(_ node: YAMLNode, _ questions: [String]) throws(LessonError) -> NarrationCondition? {
        try node.optional("when").map { node throws(LessonError) in
            let condition = NarrationCondition(try node.string("when"))
            if let unknown = condition.unknown(questions: questions).first {
                throw node.error("when: expected \((NarrationCondition.known + questions).joined(separator: ", ")), found \"\(unknown)\"")
            }
            return condition
        }
    }

    private static func part(_ node: YAMLNode, _ hasPathway: Bool) throws(LessonError) -> PathwayPart {
        guard hasPathway else { throw node.error("part: expected in a lesson with a pathway, found none") }
        let name = try node.string("part")
        guard let part = PathwayPart(rawValue: name) else {
            throw node.error("part: expected one of \(PathwayPart.allCases.map(\.rawValue).joined(separator: ", ")), found \"\(name)\"")
        }
        return part
    }

    /// The figure `pathway`, with the choices of any figure; its part is each step's.
    private static func pathway(_ node: YAMLNode) throws(LessonError) -> Step.FigureRequest {
        try node.allow(["step", "head", "query", "phase"], in: "pathway")
        return try figure(node, named: Figure.pathway.name)
    }

    private static func figure(_ node: YAMLNode, _ questions: [String]) throws(LessonError) -> Step.FigureRequest {
        try node.allow(["name", "step", "head", "query", "run", "runs", "phase", "data", "when"], in: "a figure")
        var request = try figure(node, named: node.required("name").string("name"))
        request.condition = try condition(node, questions)
        return request
    }

    private static func figure(_ node: YAMLNode, named name: String) throws(LessonError) -> Step.FigureRequest {
        func text(_ key: String) throws(LessonError) -> String? {
            try node.optional(key).map { node throws(LessonError) in try node.string(key) }
        }
        let runs = try node.optional("runs")?.items("runs").map { item throws(LessonError) in try item.string("runs") }
        if let runs, runs.isEmpty || Set(runs).count < runs.count { throw node.error("runs: expected one or more runs, each once") }
        let sources = ["run", "runs", "data"].filter { node.optional($0) != nil }
        if sources.count > 1 { throw node.error("a figure: expected one of run, runs, data, found \(sources.joined(separator: " and "))") }
        return .init(
            name: name, step: try text("step"), head: try text("head"), query: try text("query"),
            experiment: try text("run"), experiments: runs, phase: try text("phase"), data: try text("data"), place: node.place)
    }

    /// Both languages have the steps of lesson.yaml, in its order.
    private func checkSteps() throws(LessonError) {
        for step in steps {
            for language in Language.allCases where !narrations[language]!.sections.contains(where: { $0.id == step.id }) {
                throw LessonError(
                    .badFile, at: step.place,
                    "the step \"\(step.id)\" is not in \(language.rawValue).md: expected a heading that ends in {#\(step.id)}")
            }
        }
        for language in Language.allCases {
            let narration = narrations[language]!
            for (position, section) in narration.sections.enumerated() {
                let place = LessonError.Place(file: narration.file, line: section.title.number, column: 1)
                guard steps.contains(where: { $0.id == section.id }) else {
                    throw LessonError(
                        .badFile, at: place,
                        "the step \"\(section.id)\" is not in lesson.yaml\(NearWords.hint(NearWords.of(section.id, in: steps.map(\.id))))"
                    )
                }
                guard steps[position].id == section.id else {
                    throw LessonError(
                        .badFile, at: place,
                        "expected the steps in the order of lesson.yaml, \"\(steps[position].id)\" here, found \"\(section.id)\"")
                }
            }
        }
    }
}
