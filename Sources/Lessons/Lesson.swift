// A lesson: lesson.yaml says what runs and which steps there are, en.md and zh.md say it in words. Running it gives a page.

public import AttentionEngine
public import Diagrams

/// What a lesson is run on.
public enum LessonSource: Sendable {
    /// The built-in diary with one of its questions; nil for the lesson's own.
    case builtIn(question: String?)
    /// A diary of the reader's own, in the diary's vocabulary.
    case diaryText(String)
    /// A trace with steps `attention.*` or `layer.N.attention.*`.
    /// - Parameter layer: the layer to speak of; nil for the last.
    case trace(Trace, text: String, layer: Int?, provenance: Provenance)
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
            var place: LessonError.Place
        }
        var id: String
        var condition: NarrationCondition?
        var figures: [FigureRequest]
        var focus: LiveValue?
        var place: LessonError.Place
    }

    /// The name: the lesson's folder.
    public let name: String
    /// The number in the course.
    public let order: Int
    /// The track: `story` or `engine-room`.
    public let track: String
    /// The title.
    public let title: Bilingual
    /// What it shows, in a sentence.
    public let summary: Bilingual
    /// What it shows of a model, if that is something else.
    public let modelSummary: Bilingual?
    let file: String
    let question: String
    /// Further runs on the built-in diary: the name, and a question's name or `next` (the one after the current).
    let extraRuns: [(name: String, question: String)]
    let allowedDigits: Set<String>
    let steps: [Step]
    let narrations: [Language: Narration]
    let diary: Diary

    /// Reads a lesson's folder.
    init(folder: String, name: String, diary: Diary) throws(LessonError) {
        self.name = name
        self.diary = diary
        file = folder + "/lesson.yaml"
        let root = try YAMLNode(parsing: readText(file), file: file)
        try root.allow(["order", "track", "title", "summary", "modelSummary", "question", "runs", "digits", "steps"], in: "a lesson")
        order = try root.required("order").count("order")
        track = try root.required("track").string("track")
        guard ["story", "engine-room"].contains(track) else {
            throw try root.required("track").error("track: expected story or engine-room, found \"\(track)\"")
        }
        title = try root.required("title").bilingual("title")
        summary = try root.required("summary").bilingual("summary")
        modelSummary = try root.optional("modelSummary").map { node throws(LessonError) in try node.bilingual("modelSummary") }
        let questions = diary.questions.map(\.name)
        func question(_ node: YAMLNode, or others: [String] = []) throws(LessonError) -> String {
            let name = try node.string("question")
            guard (questions + others).contains(name) else {
                throw node.error("question: expected one of \((questions + others).joined(separator: ", ")), found \"\(name)\"")
            }
            return name
        }
        self.question = try question(root.required("question"))
        extraRuns = try (root.optional("runs")?.entries("runs") ?? []).map { run throws(LessonError) in
            (name: run.key, question: try question(run.value, or: ["next"]))
        }
        allowedDigits = Set(
            try (root.optional("digits")?.items("digits") ?? []).map { item throws(LessonError) in try item.string("digits") })
        steps = try root.required("steps").items("steps").map { node throws(LessonError) in try Self.step(node, questions: questions) }
        var narrations: [Language: Narration] = [:]
        for language in Language.allCases {
            let path = "\(folder)/\(language.rawValue).md"
            narrations[language] = try Narration(parsing: readText(path), file: path)
        }
        self.narrations = narrations
        try checkSteps()
    }

    private static func step(_ node: YAMLNode, questions: [String]) throws(LessonError) -> Step {
        try node.allow(["id", "when", "figure", "figures", "focus"], in: "a step")
        let condition = try node.optional("when").map { node throws(LessonError) in
            let condition = NarrationCondition(try node.string("when"))
            if let unknown = condition.unknown(questions: questions).first {
                throw node.error("when: expected \((NarrationCondition.known + questions).joined(separator: ", ")), found \"\(unknown)\"")
            }
            return condition
        }
        let figures = try (node.optional("figure").map { [$0] } ?? []) + (node.optional("figures")?.items("figures") ?? [])
        let focus = try node.optional("focus").map { node throws(LessonError) in try LiveValue(node.string("focus"), at: node.place) }
        return Step(
            id: try node.required("id").string("id"), condition: condition,
            figures: try figures.map { node throws(LessonError) in try figure(node) }, focus: focus,
            place: node.place)
    }

    private static func figure(_ node: YAMLNode) throws(LessonError) -> Step.FigureRequest {
        try node.allow(["name", "step", "head", "query", "run"], in: "a figure")
        func text(_ key: String) throws(LessonError) -> String? {
            try node.optional(key).map { node throws(LessonError) in try node.string(key) }
        }
        return .init(
            name: try node.required("name").string("name"), step: try text("step"), head: try text("head"), query: try text("query"),
            experiment: try text("run"),
            place: node.place)
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
                        "the step \"\(section.id)\" is not in lesson.yaml\(LessonError.hint(NearWords.of(section.id, in: steps.map(\.id))))"
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
