// Figures and lessons find their way by what steps are: a trace whose every id is spelled otherwise, with scopes and roles kept, gives the same
// figures and the same lessons, but for the ids that they print.

import Diagrams
import Foundation
import Mechanisms
import ModelFiles
import Testing

import Lessons
import Traces

/// Other spellings of ids, as long as the first ones, without points and without a word of the old names.
private enum Spelling {
    static func other(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    func shifted(_ first: Unicode.Scalar, _ by: UInt32, of count: UInt32) -> Unicode.Scalar {
                        Unicode.Scalar(first.value + (scalar.value - first.value + by) % count)!
                    }
                    return switch scalar {
                    case "a"..."z": shifted("a", 13, of: 26)
                    case "0"..."9": shifted("0", 5, of: 10)
                    case ".": "~"
                    default: scalar
                    }
                }))
    }
}

/// The way back from the other spellings: in texts, and in all that a scene says.
private struct FirstSpellings {
    private let ids: [(other: String, first: String)]
    private var known: [String: String] = [:]

    /// Of ids; the longest first, for one may begin as another does.
    init(_ ids: Set<String>) {
        self.ids = ids.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }.map { (Spelling.other($0), $0) }
    }

    mutating func text(_ text: String) -> String {
        if let known = known[text] { return known }
        let first = ids.reduce(text) { $0.replacingOccurrences(of: $1.other, with: $1.first) }
        known[text] = first
        return first
    }

    mutating func scene(_ scene: Scene) -> Scene {
        var scene = scene
        scene.items = items(scene.items)
        for path in [\Scene.title, \.alt, \.caption] {
            scene[keyPath: path] = Bilingual(en: text(scene[keyPath: path].en), zh: text(scene[keyPath: path].zh))
        }
        for (name, value) in scene.provenance { scene.provenance[name] = text(value) }
        return scene
    }

    private mutating func items(_ items: [Item]) -> [Item] {
        var changed = items
        for (place, item) in items.enumerated() {
            switch item {
            case .text(var run):
                run.text = text(run.text)
                changed[place] = .text(run)
            case .hotSpot(var spot):
                let (row, column) = (spot.label.row, spot.label.column)
                spot.step = text(spot.step)
                spot.label.row = Bilingual(en: text(row.en), zh: text(row.zh))
                spot.label.column = Bilingual(en: text(column.en), zh: text(column.zh))
                changed[place] = .hotSpot(spot)
            case .group(let name, let inner, let clip): changed[place] = .group(name, self.items(inner), clip: clip)
            case .only(let themes, let inner): changed[place] = .only(themes, self.items(inner))
            default: break
            }
        }
        return changed
    }
}

extension Trace {
    /// The same record with every id spelled otherwise; scopes, roles, masks and arithmetic stay.
    fileprivate var respelled: Trace {
        func other(_ id: StepID) -> StepID { id.renamed(to: Spelling.other(id.text)) }
        let steps = steps.map { step in
            Step(
                id: other(step.id), title: step.title, formula: step.formula, inputs: step.inputs.map(other), symbol: step.symbol,
                output: step.output, labels: step.labels, facts: step.facts, selection: step.selection,
                visible: step.visible, bytesPerValue: step.bytesPerValue, sourceNote: step.sourceNote, definition: step.definition,
                statedCost: step.cost)
        }
        return Trace(tokens: tokens, tokenIDs: tokenIDs, switches: switches, steps: steps)
    }
}

extension Experiment {
    fileprivate func respelled() throws -> Experiment {
        // An instruction is what its name says: which block, which round, which tile.
        if case .tiles = origin { return self }
        let decoy = roles["decoy"]
        return try Experiment(
            name: name, trace: trace.respelled, place: place, origin: origin, text: text, provenance: provenance, subject: subject,
            names: names, decoy: { _ in decoy })
    }
}

@Suite struct RenamedTraceTests {
    private static var text: TextMeasurer {
        TextMeasurer { line, style, _ in
            let width = line.reduce(0.0) { $0 + (LineBreaker.isIdeographic($1) ? 1 : 0.5) } * style.size
            return TextExtent(width: width, ascent: style.size * 0.75, descent: style.size * 0.25)
        }
    }

    /// The scene, or why the figure cannot be drawn of this trace.
    private static func drawn(_ figure: Figure, _ trace: Trace, _ options: FigureOptions) -> Result<Scene, FigureError> {
        Result { () throws(FigureError) in
            try figure.draw(FigureData(traces: [("main", trace)], provenance: Provenance(name: "test")), options, text)
        }
    }

    private static func traces() throws -> [(name: String, trace: Trace)] {
        let diary = try library.lesson("highlighting")
        var all = [
            ("diary", try diary.trace(language: .en).trace), ("late", try diary.trace(language: .zh, switches: [.maskAfterSoftmax]).trace),
        ]
        for paths: [SparseAttention.Path] in [[.masked], [.masked, .gathered]] {
            all.append(("case \(paths.count)", try LessonResources.repository.referenceCase("dsa-tiny-fp8-kv", paths, []).trace))
        }
        all.append(("layers", try layers(of: diary.diary)))
        return all
    }

    /// Two layers of the diary's attention, each with its own selection, as a model has them.
    private static func layers(of diary: Diary) throws -> Trace {
        let tokens = try diary.tokens(of: diary.text(question: "trip", language: .en))
        let words = tokens.map(\.text)
        let embedding = try diary.trace(of: tokens, language: .en).step("embedding").output
        let attention = try diary.selectiveAttention()
        var recorder = Recorder(tokens: words, labels: [.t: words, .s: words])
        let x = try recorder.input("input.x", "x", embedding, title: Bilingual(en: "Token vectors", zh: "词元向量"))
        for layer in 0..<2 {
            _ = try recorder.within(.layer(layer)) { recorder throws(EngineError) in try attention.record(x, on: &recorder) }
        }
        return recorder.trace
    }

    @Test func `every figure of a renamed trace is the same but for the ids that it prints`() throws {
        for (name, trace) in try Self.traces() {
            let other = trace.respelled
            var first = FirstSpellings(Set(trace.steps.map(\.id.text)))
            var drawn = 0
            for figure in Figures.all where figure.needs == .traces {
                for (id, language, phase) in Self.uses(of: figure, trace) {
                    var options = FigureOptions()
                    (options.step, options.language, options.phase) = (id?.text, language, phase)
                    let expected = Self.drawn(figure, trace, options)
                    options.step = id.map { Spelling.other($0.text) }
                    let place = "\(figure.name) of \(name), \(id?.text ?? "by itself"), \(phase)"
                    switch (expected, Self.drawn(figure, other, options)) {
                    case (.success(let expected), .success(let found)):
                        drawn += 1
                        // Not in the macro: it would print both scenes in full.
                        let isSame = first.scene(found) == expected
                        #expect(isSame, "\(place)")
                    case (.failure(let expected), .failure(let found)):
                        #expect(first.text("\(found)") == "\(expected)", "\(place)")
                    case (let expected, _):
                        Issue.record("\(place): only one of two can be drawn, the first: \((try? expected.get()) != nil)")
                    }
                }
            }
            #expect(drawn > 20, "\(name): only \(drawn) figures were drawn at all")
        }
    }

    /// As it comes, in Chinese and in a later pass; and the steps that the figure may be told to show.
    private static func uses(of figure: Figure, _ trace: Trace) -> [(StepID?, Language, String)] {
        let plain = [(StepID?.none, Language.en, "prefill"), (nil, .zh, "prefill"), (nil, .en, "decode.0")]
        switch figure.name {
        case "matrix":
            // Every kind of step once.
            var seen: Set<Role> = []
            let told = trace.steps.filter { $0.output.shape.count < 2000 && ($0.id.role == .weights || seen.insert($0.id.role).inserted) }
            return plain + told.map { ($0.id, .en, "prefill") }
        case "heads", "arcs": return plain + trace.attentions.map { ($0.weights, .zh, "prefill") }
        case "pipeline-detail": return plain + trace.attentions.compactMap { $0.output.map { ($0, .zh, "prefill") } }
        default: return plain
        }
    }

    @Test func `an id of any source, read as text, says what the recorder said`() throws {
        for (name, trace) in try Self.traces() {
            for step in trace.steps {
                for id in [step.id] + step.inputs {
                    let read = StepID(id.text)
                    #expect(String(describing: read) == id.text)
                    #expect(read.scopes == id.scopes && read.role == id.role && read.name == id.name, "\(name): \(id)")
                }
                #expect(step.id.role != .other, "\(name): \(step.id) has no role")
            }
        }
    }

    @Test(arguments: library.lessons.map(\.name), Language.allCases)
    func `a lesson about renamed traces says the same`(name: String, language: Language) throws {
        let lesson = try library.lesson(name)
        let experiments = try lesson.experiments(.builtIn(question: nil), language)
        let ids = Set(experiments.flatMap { $0.trace.steps.map(\.id.text) })
        let page = try lesson.page(of: experiments, language)
        let other = try lesson.page(of: experiments.map { try $0.respelled() }, language)
        let player = TerminalPlayer(columns: 100, color: .none)
        var first = FirstSpellings(ids)
        for (found, expected) in zip(player.lines(of: other), player.lines(of: page)) { #expect(first.text(found) == expected) }
        #expect(player.lines(of: other).count == player.lines(of: page).count)
        #expect(page.figures.count == other.figures.count)
        #expect(page.steps.map { $0.focus?.index } == other.steps.map { $0.focus?.index })
    }
}
