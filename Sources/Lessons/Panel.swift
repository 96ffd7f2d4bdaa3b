// A live panel: a step whose figure a page draws anew from the reader's settings, and a challenge that the page's engine checks. In every other player, and
// in a page without the engine, it is the figure alone.

internal import Diagrams
internal import Mechanisms
internal import Traces

/// What lesson.yaml says of a panel.
struct Panel: Sendable {
    /// What a reader is asked to reach.
    struct Challenge: Sendable {
        let words: Bilingual
        /// Conditions by their names, as the engine's read-outs check them; all must hold.
        let goal: [(String, JSONText)]
        /// Controls that must stay as the lesson has them.
        let same: [String]
    }

    /// The controls of a panel, in their order, as addresses and pages call them.
    static let controls = ["question", "text", "top-k", "temperature", "heads", "relu", "head-weights", "mask", "rule"]
    /// Those of a run that has no words.
    static let controlsOfCases = controls.filter { $0 != "question" && $0 != "text" }

    /// Figures that a reader can choose from, with the step that each draws, and whether for the mean of the heads; the first is the one that the lesson shows.
    let figures: [(name: String, step: String?, isMean: Bool)]
    let challenge: Challenge

    init(_ node: YAMLNode) throws(LessonError) {
        try node.allow(["figures", "challenge"], in: "a panel")
        figures = try node.required("figures").items("figures").map { item throws(LessonError) in
            try item.allow(["name", "step", "head"], in: "a panel's figure")
            let name = try item.required("name")
            let known = Figures.ofRuns.map(\.name)
            guard known.contains(try name.string("name")) else {
                throw name.error("there is no figure \(name.found) that draws runs; expected one of \(known.joined(separator: ", "))")
            }
            let step = try item.optional("step").map { step throws(LessonError) in try step.string("step") }
            let head = item.optional("head")
            if let head, try head.string("head") != "mean" { throw head.error("head: expected mean, found \(head.found)") }
            return (try name.string("name"), step, head != nil)
        }
        guard !figures.isEmpty else { throw node.error("figures: expected one or more") }
        challenge = try Self.challenge(node.required("challenge"))
    }

    private static func challenge(_ node: YAMLNode) throws(LessonError) -> Challenge {
        try node.allow(["en", "zh", "goal", "same"], in: "a challenge")
        let same = try (node.optional("same")?.items("same") ?? []).map { item throws(LessonError) in
            let name = try item.string("same")
            guard controls.contains(name) else {
                throw item.error("same: expected one of \(controls.joined(separator: ", ")), found \"\(name)\"")
            }
            return name
        }
        let goal = try node.required("goal")
        try goal.allow(["answer", "lost", "kept", "pairs"], in: "a goal")
        let conditions = try goal.entries("goal").map { entry throws(LessonError) -> (String, JSONText) in
            (entry.key, try condition(entry.key, entry.value))
        }
        guard !conditions.isEmpty else { throw goal.error("goal: expected one condition or more") }
        return Challenge(words: try node.bilingual("challenge"), goal: conditions, same: same)
    }

    /// `answer` and `lost` name a word; `kept` (in percent) and `pairs` are bounds, and `kept: above` is above the lesson's own.
    private static func condition(_ name: String, _ node: YAMLNode) throws(LessonError) -> JSONText {
        switch name {
        case "answer", "lost": return .string(try node.string(name))
        case "kept" where !node.isMapping:
            guard try node.string(name) == "above" else { throw node.error("kept: expected above, or atLeast: N, found \(node.found)") }
            return "above"
        default:
            let bound = name == "kept" ? "atLeast" : "atMost"
            try node.allow([bound], in: name)
            return .object([(bound, .number(try node.required(bound).number(bound)))])
        }
    }
}

/// A panel with what its run says of the lesson's values, in one language.
struct PagePanel: Sendable {
    let panel: Panel
    let run: EngineRun
    let options: FigureOptions
    /// How many tokens the run has.
    let tokens: Int
    /// Names of the attention's heads; where nobody has named them, their numbers.
    let heads: [String]
    /// How many keys the run keeps, at most as many as there are.
    let topK: Int
    /// The whole text of a run of the diary; nil for a case.
    let text: String?
    /// The diary's questions: their names, their own words, and the diary with each.
    let questions: [(name: String, words: String, whole: String)]
    /// The stories that the diary tells: their features, and their names.
    let stories: [(id: String, name: String)]

    /// A panel about a run; nil for a run that a page's engine cannot make, whose figure stays a picture. Throws for a run without a selection, and for a
    /// step that it does not have.
    init?(_ panel: Panel, of experiment: Experiment, options: FigureOptions, _ diary: Diary) throws {
        guard let run = experiment.engineRun else { return nil }
        for case let step? in panel.figures.map(\.step) { _ = try experiment.step(step) }
        guard let weights = experiment.weights, let selected = experiment.first(.selected) else {
            throw EngineError(.unknownStep, "panel", expected: "a run with a selection", found: "none")
        }
        (self.panel, self.run, self.options) = (panel, run, options)
        tokens = weights.output.shape[.s] ?? 0
        heads = weights.labels[.h] ?? (0..<(weights.output.shape[.h] ?? 1)).map(String.init)
        topK = min(selected.output.shape[.k] ?? 0, tokens)
        guard run.caseName == nil else { (text, questions, stories) = (nil, [], []); return }
        let language = options.language
        text = experiment.subject
        questions = try diary.questions.map { question in
            (question.name, question.text[language], try diary.text(question: question.name, language: language))
        }
        let opened = Set(diary.words.compactMap(\.opens)).sorted()
        stories = opened.map { (diary.featureIDs[$0], diary.featureNames[$0][language]) }
    }

    /// The pictures that a reader can choose from, as the page asks for them in its own width.
    var choices: [(name: String, options: FigureOptions)] {
        panel.figures.map { figure in
            var own = options
            (own.step, own.query) = (figure.step, nil)
            own.head = figure.isMean ? .mean : nil
            return (figure.name, own)
        }
    }

    /// What the page's script makes the panel of.
    var json: JSONText {
        func named(_ fields: KeyValuePairs<String, String>) -> JSONText { .object(fields.map { ($0.key, .string($0.value)) }) }
        let figures = panel.figures.map { figure -> JSONText in
            var fields: [(String, JSONText)] = [("name", .string(figure.name))]
            if let step = figure.step { fields.append(("step", .string(step))) }
            if figure.isMean { fields.append(("head", "mean")) }
            return .object(fields)
        }
        let challenge = panel.challenge
        return .object([
            ("run", run.json), ("figures", .array(figures)), ("controls", .strings(text == nil ? Panel.controlsOfCases : Panel.controls)),
            ("tokens", .integer(tokens)), ("heads", .strings(heads)), ("topK", .integer(topK)),
            ("text", text.map(JSONText.string) ?? .null),
            ("questions", .array(questions.map { named(["name": $0.name, "words": $0.words, "whole": $0.whole]) })),
            ("stories", .array(stories.map { named(["id": $0.id, "name": $0.name]) })),
            (
                "challenge",
                .object([
                    ("words", .string(challenge.words[options.language])), ("goal", .object(challenge.goal)),
                    ("same", .strings(challenge.same)),
                ])
            ),
        ])
    }
}

extension FigureOptions {
    /// The choices of what is shown, by the names that the page's engine knows them by.
    var json: JSONText {
        // A step says its own phase.
        var fields: [(String, JSONText)] = step.map { [("step", .string($0))] } ?? [("phase", .string(phase))]
        if let head { fields.append(("head", head.json)) }
        if let query { fields.append(("query", .integer(query))) }
        if let width { fields.append(("width", .number(width))) }
        return .object(fields)
    }
}

extension HeadChoice {
    fileprivate var json: JSONText {
        switch self {
        case .one(let number): .integer(number)
        case .mean: "mean"
        }
    }
}
