// What a lesson runs beside its main run, as lesson.yaml says it: a question of the diary, a text, or a reference case, each with what-if
// switches; and how it is run.

internal import Diagrams
internal import Mechanisms
internal import Traces

/// One run of a lesson.
struct RunRequest: Sendable {
    enum Subject: Hashable, Sendable {
        /// A question's name; `same` is the main run's question, `next` the one after it.
        case question(String)
        /// A diary in both languages.
        case text(Bilingual)
        /// A reference case by its base name.
        case referenceCase(String, paths: [SparseAttention.Path])
        /// One vector at every position, to see what rotary embedding does.
        case repeated(RotationRun)
        /// A tile program on matrices of its own, or of the diary.
        case tiles(TileRunRequest)
        /// The reader's model on the reader's text, with a selection in every layer, or in the layer shown alone: only where there is a model.
        case model(LayerSelection, inLayerShown: Bool)
    }

    var name: String
    var subject: Subject
    var switches: [Switch]
    var place: LessonError.Place

    /// Whether it runs the reader's model.
    var isOfModel: Bool { if case .model = subject { true } else { false } }

    /// Reads `trip`, `{question: trip, switches: [no-relu]}`, `{text: {en: …, zh: …}}`, `{case: dsa-tiny-fp8-kv, paths: [masked, gathered]}`,
    /// `{model: true, switches: [select=oracle, top-k=8]}` or `{tiles: matmul, m: 6, n: 4, k: 8, tile: 2x2x4}`.
    init(_ name: String, _ node: YAMLNode, questions: [String]) throws(LessonError) {
        self.name = name
        place = node.place
        switches = []
        guard node.isMapping else {
            subject = .question(try Self.question(node, questions))
            return
        }
        if node.optional("tiles") != nil {
            subject = .tiles(try TileRunRequest(node, questions: questions))
            return
        }
        try node.allow(["question", "text", "case", "model", "layer", "paths", "switches", "repeated", "tiles"], in: "a run")
        switches = try (node.optional("switches")?.items("switches") ?? []).map { item throws(LessonError) in
            let text = try item.string("switches")
            do { return try Switch(parsing: text) } catch { throw item.error("\(error)") }
        }
        if let repeated = node.optional("repeated") {
            guard try node.entries("a run").count == 1 else { throw node.error("repeated: expected nothing beside it in its run") }
            subject = .repeated(try RotationRun(repeated))
            return
        }
        if let model = node.optional("model") {
            let isAlone = ["question", "text", "case"].allSatisfy { node.optional($0) == nil }
            guard isAlone, try model.bool("model") else { throw node.error("a run: expected model: true, and no question, text or case") }
            let layer = try node.optional("layer").map { node throws(LessonError) in
                guard case let layer = try node.string("layer"), layer == "shown" else {
                    throw node.error("layer: expected shown, or none for every layer")
                }
                return layer
            }
            do { subject = .model(try LayerSelection(switches), inLayerShown: layer != nil) } catch { throw node.error("\(error)") }
            return
        }
        if let layer = node.optional("layer") { throw layer.error("layer: expected in a run with model: true") }
        switch (node.optional("question"), node.optional("text"), node.optional("case")) {
        case (let question?, nil, nil): subject = .question(try Self.question(question, questions))
        case (nil, let text?, nil): subject = .text(try text.bilingual("text"))
        case (nil, nil, let name?):
            let paths = try (node.optional("paths")?.items("paths") ?? []).map { item throws(LessonError) in
                let text = try item.string("paths")
                guard let path = SparseAttention.Path(rawValue: text) else {
                    throw item.error("paths: expected masked or gathered, found \"\(text)\"")
                }
                return path
            }
            subject = .referenceCase(try name.string("case"), paths: paths.isEmpty ? [.masked] : paths)
        default: throw node.error("a run: expected one of question, text, case, model, repeated, tiles")
        }
        if node.optional("paths") != nil, node.optional("case") == nil { throw node.error("paths: expected a run with a case") }
    }

    private static func question(_ node: YAMLNode, _ questions: [String]) throws(LessonError) -> String {
        let name = try node.string("question")
        let known = questions + ["next", "same"]
        guard known.contains(name) else {
            throw node.error("question: expected one of \(known.joined(separator: ", ")), found \"\(name)\"")
        }
        return name
    }

    /// A reader's own text, with the words in it that are new to the diary.
    typealias OwnText = (text: String, words: [NewWord])

    /// Runs it. `current` is the question of the main run, `own` its text if a reader brought one. Every error names the place in lesson.yaml.
    func experiment(
        _ diary: Diary, _ resources: LessonResources, current: String, own: OwnText? = nil, language: Language
    ) throws -> Experiment {
        do {
            switch subject {
            case .question("same") where own != nil:
                return try .diary(
                    diary, name: name, text: own!.text, words: own!.words, origin: .ownDiary, language: language, switches: switches)
            case .question(let asked):
                let question = Self.question(asked, current, diary)
                return try .diary(
                    diary, name: name, text: diary.text(question: question, language: language), origin: .builtIn(question),
                    language: language,
                    switches: switches)
            case .text(let text):
                return try .diary(diary, name: name, text: text[language], origin: .ownDiary, language: language, switches: switches)
            case .repeated(let run):
                return try Experiment(
                    name: name, trace: run.trace(), place: [], origin: .model, text: "",
                    provenance: Provenance(name: "rotation", note: RotationRun.note), subject: "\(run)")
            case .tiles(let run):
                guard switches.isEmpty else { throw LessonError(.unknownName, "a switch has nothing to change in a run of tiles") }
                return try run.experiment(diary, name: name, language: language)
            case .referenceCase(let file, let paths):
                let (trace, provenance) = try resources.referenceCase(file, paths, switches)
                let prefill: [Scope] = [.pass(.prefill)]
                return try Experiment(
                    name: name, trace: trace, place: trace.first(.selected, in: prefill) == nil ? [] : prefill,
                    origin: .referenceCase(file),
                    text: trace.tokens.joined(separator: " "), provenance: provenance, subject: "case \(file)",
                    engineRun: EngineRun(.referenceCase(file, paths: paths), switches, tokens: trace.tokens.count))
            case .model: throw LessonError(.badFile, at: place, "run \(name): expected a model to run, found none")
            }
        } catch let error as LessonError where error.place != nil {
            throw error
        } catch { throw LessonError(.badFile, at: place, "\(name.isEmpty ? "main" : "run \(name)"): \(error)") }
    }

    /// A run of the model of `main`, with this selection.
    /// - Parameter record: makes the trace, of which the lesson speaks of this layer.
    func experiment(like main: Experiment, record: (LayerSelection, _ layer: Int?) throws -> Trace) throws -> Experiment {
        guard case .model(var selection, let inLayerShown) = subject else {
            throw LessonError(.badFile, at: place, "run \(name): expected model: true")
        }
        let layer = main.attention?.weights.layer
        if inLayerShown { selection.layer = layer }
        return try Experiment(
            name: name, trace: record(selection, layer), place: main.place, origin: .model, text: main.text, provenance: main.provenance,
            subject: "model")
    }

    private static func question(_ asked: String, _ current: String, _ diary: Diary) -> String {
        guard asked == "next" else { return asked == "same" ? current : asked }
        let names = diary.questions.map(\.name)
        return names[((names.firstIndex(of: current) ?? 0) + 1) % names.count]
    }
}
