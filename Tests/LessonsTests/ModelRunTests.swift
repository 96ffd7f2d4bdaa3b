// Lessons that run the reader's model again with a selection in every layer, and values of costs and published data that lesson 5 takes apart.

import Diagrams
import Foundation
import Lessons
import Mechanisms
import ModelFiles
import Records
import Synchronization
import Testing
import Traces

private let stories: String = {
    let shared =
        ProcessInfo.processInfo.environment["ATTN_SHARED"]
        ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared").standardized.path
    return shared + "/models/stories260K"
}()

/// Brought by `make smollm2`.
private let smolLM2 = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf").standardized.path

@Suite struct ModelRunTests {
    private func source(_ text: String, withModel: Bool = true) throws -> LessonSource {
        let folder = try ModelFolder(path: stories)
        let ids = folder.tokenizer.encode(text)
        let model = try folder.model()
        let trace = try model.record(tokenIDs: ids, tokens: ids.map { folder.tokenizer.token($0) ?? "?" })
        return .trace(
            trace, text: text, layer: nil, provenance: Provenance(name: "stories260K"), runs: withModel ? ModelRuns(of: model) : nil)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: stories + "/model.safetensors")))
    func `lesson 6 cuts a real model in every layer and says what that did to the loss`() throws {
        let lesson = try library.lesson("does-it-hurt")
        for language in Language.allCases {
            let page = try lesson.run(source("Tom had a red ball. One day"), language: language)
            let runs = page.experiments.dropFirst()
            #expect(runs.count == 12 && runs.allSatisfy { $0.trace.contains("layer.4.selected") })
            let (dense, all) = try (
                page.experiments[0].trace.value("mean_loss", []), runs.first { $0.name == "oracle-32" }?.trace.value("mean_loss", [])
            )
            #expect(dense == all, "32 keys are more than there are tokens")
            #expect(page.steps.contains { $0.id == "dense" } && !page.steps.contains { $0.id == "diary" })
        }
        // A text too short to have a loss worth speaking of still makes a page.
        #expect(try lesson.run(source("A"), language: .en).steps.contains { $0.id == "short" })
        let problem = "does-it-hurt runs the model again, with other attention: expected a model, found a trace alone"
        #expect(throws: LessonError(.unknownName, problem)) { try lesson.run(source("A cat sat.", withModel: false), language: .en) }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: stories + "/model.safetensors")), arguments: Language.allCases)
    func `lessons 1 to 3 speak of a real model, and of nothing that was designed by hand`(_ language: Language) throws {
        let source = try source("Tom had a red ball. One day he lost it.")
        for name in ["attention-step-by-step", "quadratic-growth", "highlighting"] {
            let page = try library.lesson(name).run(source, language: language)
            let summary = try library.lesson(name).summary[language]
            #expect(page.experiments[0].origin == .model && page.summary != summary)
            #expect(page.figures.allSatisfy { $0.data.traces.allSatisfy { $0.trace.contains("mean_loss") } })
            for experiment in page.experiments.dropFirst() {
                // One layer is cut alone: dense attention beside it is that of the model as it is.
                #expect(!experiment.trace.contains("layer.0.selected"))
                let weights = try experiment.trace.step("layer.4.attention.weights").output
                #expect(weights == (try page.experiments[0].trace.step("layer.4.attention.weights").output))
                let share = try experiment.trace.step("layer.4.sparse.weights").explain([0, 3, 0])
                #expect(!share.operands.isEmpty, "a share has its fraction")
            }
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: stories + "/model.safetensors")))
    func `the runs of a lesson report how far they are, and are made once for both languages`() throws {
        let folder = try ModelFolder(path: stories)
        let ids = folder.tokenizer.encode("Tom had a red ball.")
        let model = try folder.model()
        let reports = Mutex<[String]>([])
        let runs = ModelRuns(of: model) { progress in
            reports.withLock { $0.append(progress.map { "\($0.run)/\($0.runs) \($0.layer)/\($0.layers)" } ?? "done") }
        }
        let trace = try model.record(tokenIDs: ids, tokens: ids.map { folder.tokenizer.token($0) ?? "?" })
        let source = LessonSource.trace(trace, text: "text", layer: nil, provenance: Provenance(name: "stories260K"), runs: runs)
        let pages = try Language.allCases.map { try library.lesson("does-it-hurt").run(source, language: $0) }
        let expected = (1...12).flatMap { run in (0..<5).map { "\(run)/12 \($0)/5" } } + ["done", "done"]
        #expect(reports.withLock { $0 } == expected)
        for (a, b) in zip(pages[0].experiments, pages[1].experiments) {
            #expect(a.trace.steps.map(\.output) == b.trace.steps.map(\.output))
        }
    }

    /// A page of the first lesson on a tiny model of four heads that share two keys and values.
    private func tiny(_ ids: [Int], _ language: Language = .en) throws -> (page: Page, trace: Trace) {
        let model = try ModelFolder(path: "\(lessonsFolder)/../Tests/ModelFilesTests/Fixtures/llama-tiny").model()
        let trace = try model.record(tokenIDs: ids, tokens: ids.map { "w\($0)" })
        let source = LessonSource.trace(trace, text: "text", layer: nil, provenance: Provenance(name: "tiny"), runs: ModelRuns(of: model))
        return (try library.lesson("attention-step-by-step").run(source, language: language), trace)
    }

    /// A page's text without breaks inside a paragraph.
    private func words(_ page: Page) throws -> String {
        String(decoding: try MarkdownWriter(draw: blank).files(of: page)[0].bytes, as: UTF8.self)
    }

    @Test func `keys and values are drawn of the head that the words follow`() throws {
        // The surest head is of the second group in one of these texts at least.
        var groups: Set<Int> = []
        for first in 1..<9 {
            let (page, trace) = try tiny([first, 5, 5, 9, 3])
            let weights = try trace.step("layer.1.attention.weights").output
            let means = (0..<5).map { s in (0..<4).reduce(0) { (sum: Double, h: Int) -> Double in sum + weights[h, 4, s] } }
            let top = try #require(means.indices.max { (means[$0], -$0) < (means[$1], -$1) })
            let head = try #require((0..<4).max { weights[$0, 4, top] < weights[$1, 4, top] })
            groups.insert(head / 2)
            for id in ["layer.1.attention.k", "layer.1.attention.v"] {
                let step = try trace.step(StepID(id))
                let figure = try #require(page.figures.first { $0.options.step == id })
                let slice = try MatrixSlice(step, of: trace, head: figure.options.head)
                #expect((0..<6).map { slice.value(top, $0) } == (0..<6).map { step.output[top, head / 2, $0] }, "\(id) of head \(head)")
            }
        }
        #expect(groups.contains(1))
    }

    @Test func `what each token costs counts the projections that rotation comes after`() throws {
        // Queries, and the output: 16 by 4 heads of 6; keys and values: 16 by 2 of 6. A multiplication and an addition each.
        let (page, _) = try tiny([1, 5, 5, 9, 3])
        let operations = 2 * 16 * 6 * (4 + 2 + 2 + 4)
        #expect(try words(page).contains("queries, keys, values and the last table take \(NumberText.grouped(operations)) operations"))
        let diary = try library.lesson("attention-step-by-step")
        let trace = try diary.trace(language: .en).trace
        let four = try ["q", "k", "v", "output"].reduce(0) { try $0 + trace.step(StepID("attention.\($1)")).cost.contractionFlops }
        #expect(try words(diary.run(language: .en)).contains("that makes \(NumberText.grouped(four)) for the first part"))
    }

    @Test(arguments: Language.allCases) func `words of the diary are not said of a model, and a token that ranks itself is told so`(
        _ language: Language
    ) throws {
        let mine = language == .en ? ["as ours hold", "head B", "Head A", "by hand"] : ["就像这里", "头 B", "头 A", "手工"]
        let (itself, twin, turned) =
            language == .en
            ? ("it, and itself.", "stands in the text more than once. Meant is the one at position", "turned its queries and keys")
            : ("它也看得到自己。", "在文中不止出现一次", "已经按各自的位置转过一个角度")
        var told: [Bool: Set<Bool>] = [:]
        for start in 1..<13 {
            let ids = (0..<5).map { (start * 7 + $0 * $0 * 3) % 6 + 1 }
            let (page, trace) = try tiny(ids, language)
            let text = try words(page)
            for word in mine { #expect(!text.contains(word), "\(word)") }
            #expect(text.contains(turned))
            let weights = try trace.step("layer.1.attention.weights").output
            let means = (0..<5).map { s in (0..<4).reduce(0) { (sum: Double, h: Int) -> Double in sum + weights[h, 4, s] } }
            let order = (0..<5).sorted { (-means[$0], $0) < (-means[$1], $1) }
            let ranksItself = order.prefix(2).contains(4)
            #expect(text.contains(itself) == ranksItself, "\(ids)")
            let isTwin = order[0] != 4 && ids.count { $0 == ids[order[0]] } > 1
            #expect(text.contains(twin) == isTwin, "\(ids)")
            told[true, default: []].insert(ranksItself)
            told[false, default: []].insert(isTwin)
        }
        #expect(told[true] == [true, false] && told[false] == [true, false], "texts of both kinds: \(told)")
    }

    @Test(arguments: Language.allCases) func `scores under a soft cap are explained where a model has one`(_ language: Language) throws {
        let check = language == .en ? "It bends the scores" : "把分数弯一弯"
        #expect(try !words(tiny([1, 5, 5, 9, 3], language).page).contains(check))
        let model = try ModelFolder(path: "\(lessonsFolder)/../Tests/ModelFilesTests/Fixtures/families/gemma2").model()
        let trace = try model.record(tokenIDs: [1, 5, 7, 9], tokens: ["a", "b", "c", "d"])
        let source = LessonSource.trace(
            trace, text: "a b c d", layer: nil, provenance: Provenance(name: "gemma"), runs: ModelRuns(of: model))
        #expect(try words(library.lesson("attention-step-by-step").run(source, language: language)).contains(check))
    }

    @Test func `a lesson names what it lacks of a model, and one that takes none says so`() throws {
        let none = LessonError(.unknownName, "latent-attention speaks of runs of its own: it takes no model")
        let diary = try library.lesson("attention-step-by-step").trace(language: .en)
        let foreign = LessonSource.trace(diary.trace, text: "", layer: nil, provenance: diary.provenance)
        #expect(throws: none) { try library.lesson("latent-attention").run(foreign, language: .en) }
        let fixed = LessonError(
            .unknownName, "highlighting speaks of runs of its own: a question or a text of yours does not apply to it without --model")
        #expect(throws: fixed) { try library.lesson("highlighting").run(.diaryText("Breakfast: what?"), language: .en) }
        #expect(library.lessons.filter(\.takesModel).map(\.order) == [1, 2, 3, 6])
    }

    @Test func `an encoder is refused by name`() throws {
        let text =
            #"{"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 9, "max_position_embeddings": 8}"#
        let config = try Array(text.utf8).withUnsafeBytes { bytes in
            try JSONReader.read(bytes, file: "config.json") { reader throws(FileError) in try Settings(file: "config.json", reader: &reader)
            }
        }
        let architecture: Architecture = try BERT(config).architecture
        var noise = SplitMix64(seed: 1)
        let weights = architecture.parameters.filter { $0.presence == .required }.map { parameter in
            NamedTensor(parameter.name, Tensor(parameter.shape, (0..<parameter.shape.count).map { _ in noise.uniform() - 0.5 }))
        }
        let model = try LanguageModel(architecture, weights: weights)
        let trace = try model.record(tokenIDs: [1, 2, 3], tokens: ["a", "b", "c"])
        let source = LessonSource.trace(trace, text: "a b c", layer: nil, provenance: Provenance(name: "bert"), runs: ModelRuns(of: model))
        for name in ["attention-step-by-step", "quadratic-growth", "highlighting", "does-it-hurt"] {
            let problem = "\(name): expected a model whose tokens see what stands before them alone, found the encoder BERT"
            #expect(throws: LessonError(.unknownName, problem)) { try library.lesson(name).run(source, language: .en) }
        }
    }

    /// Runs over hundreds of tokens: minutes where the engine is not built for speed.
    private static func canRepeat(_ model: String) -> Bool {
        #if DEBUG
            return false
        #else
            return FileManager.default.fileExists(atPath: model)
        #endif
    }

    @Test(.enabled(if: canRepeat(stories + "/model.safetensors")), arguments: (try? LessonResources.repository.selectionLosses(nil)) ?? [])
    func `the recorded losses of lesson 6 are what the model says`(_ run: SelectionLoss) throws { try repeats(run, stories) }

    /// Of each kind of choice one run: each takes a while.
    private static let repeated = ["oracle/2 8", "window+sinks 32"]

    @Test(
        .enabled(if: canRepeat(smolLM2)),
        arguments: ((try? LessonResources.repository.selectionLosses("smollm2")) ?? []).filter {
            repeated.contains("\($0.chooser) \($0.keys)")
        })
    func `losses recorded of SmolLM2 are what it says`(_ run: SelectionLoss) throws { try repeats(run, smolLM2) }

    @Test(.enabled(if: canRepeat(smolLM2))) func `selections recorded of SmolLM2 are what it selects, and so is its loss`() throws {
        let (recorded, dense) = try (
            LessonResources.repository.selectionMap(), #require(LessonResources.repository.selectionLosses("smollm2").first)
        )
        let (ids, tokens, model) = try story(smolLM2)
        let trace = try model.record(tokenIDs: ids, tokens: tokens, keeping: KeptSteps([.weights, .loss]))
        let weights = try trace.attentions.map { try trace.step($0.weights) }
        let map = try SelectionMap(model: recorded.model, topK: recorded.topK, tokens: tokens, heaviestOf: weights)
        #expect(map == recorded)
        #expect(try NumberText.significant(trace.value("mean_loss", []), digits: 12) == NumberText.significant(dense.meanLoss, digits: 12))
        #expect(dense.chooser == "dense" && dense.keys == ids.count && dense.model == recorded.model)
    }

    private func story(_ path: String) throws -> (ids: [Int], tokens: [String], model: LanguageModel) {
        let folder = try ModelFolder(path: path)
        let story = URL(filePath: lessonsFolder).deletingLastPathComponent().appending(path: "assets/data/selection-loss.txt")
        // As $(cat …) hands it over: without the line feed at the end.
        let ids = folder.tokenizer.encode(try String(contentsOf: story, encoding: .utf8).trimmingCharacters(in: .newlines))
        return (ids, ids.map { folder.tokenizer.token($0) ?? "?" }, try folder.model())
    }

    private func repeats(_ run: SelectionLoss, _ path: String) throws {
        let (ids, tokens, model) = try story(path)
        let selection = run.chooser == "dense" ? nil : try LayerSelection(chooser: run.chooser, topK: run.keys)
        // A choice ranks the dense weights of its layer.
        let kept = KeptSteps([.loss, .weights]).and(KeptSteps { $0.role == .selected })
        let trace = try model.record(tokenIDs: ids, tokens: tokens, selection: selection, keeping: kept)
        func expect(_ value: Double, _ recorded: Double) { #expect(abs(value / recorded - 1) < 1e-9, "\(value), recorded: \(recorded)") }
        expect(try trace.value("mean_loss", []), run.meanLoss)
        guard selection != nil else { return #expect(run.keys == ids.count) }
        let last = model.architecture.facts.layers - 1
        for (layer, kept) in [(0, run.massKeptFirst), (last, run.massKeptLast)] {
            let step = StepID([.layer(layer)], .selected)
            guard case .numbers(let rows) = try trace.step(step).facts["massKept"] else { Issue.record("no mass kept"); continue }
            expect(rows.reduce(0, +) / Double(rows.count), kept)
        }
    }

    @Test func `without a model lesson 6 shows the diary and the recorded experiment`() throws {
        let page = try library.lesson("does-it-hurt").run(language: .en)
        #expect(page.experiments.count == 10 && page.steps.contains { $0.id == "diary" } && !page.steps.contains { $0.id == "dense" })
        for id in ["small", "needs", "who", "yourself"] { #expect(page.steps.contains { $0.id == id }, "\(id)") }
        let questions = page.steps.flatMap(\.blocks).count { if case .predict = $0 { true } else { false } }
        #expect(questions >= 4, "the recorded experiment asks before it tells")
    }

    @Test(arguments: [
        ("question: trip\nruns: {x: {model: true}}", "expected select= and top-k= for a model"),
        ("question: trip\nruns: {x: {model: false, switches: [select=oracle, top-k=2]}}", "expected model: true"),
        ("question: trip\nruns: {x: {model: true, question: trip, switches: [select=oracle, top-k=2]}}", "expected model: true"),
        ("main: {model: true, switches: [select=oracle, top-k=2]}", "expected a model to run, found none"),
    ])
    func `a wrong run of a model is named with its place`(_ yaml: String, _ message: String) {
        let error = #expect(throws: LessonError.self) { try probe(yaml, "words") }
        #expect(error?.description.contains(message) ?? false, "\(error?.description ?? "")")
        #expect(error?.kind == .badFile && error?.place?.file.hasSuffix("lesson.yaml") == true)
    }

    @Test(arguments: [
        ("cost hardware(bandwidth)|T|2|unit", "3.35 TB/s"), ("cost constant(decode)|µ|1", "171.3"), ("data crossing(prefill)|0", "10,646"),
        ("data slope(prefill, 64K, model=deepseek-v3.1-terminus) * cost tokens(1000000)|2", "4.68"),
    ])
    func `hardware, constants, slopes and crossings are values`(_ value: String, _ expected: String) throws {
        #expect(try probe("question: trip", "{{\(value)}}") == expected)
    }

    @Test func `predictions miss the published lines by less than a tenth of a percent`() throws {
        for panel in ["prefill", "decode"] {
            let percent = try #require(Double(probe("question: trip", "{{data error(\(panel)) * cost tokens(100)|4}}")))
            #expect(percent > 0 && percent < 0.1)
        }
    }
}
