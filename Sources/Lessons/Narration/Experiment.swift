// One run that a lesson speaks of, with its roles: which token asks, which key it rests on, which one only looks right.
// Roles are found in the trace, so that a text stays true for any diary and any model.

package import Diagrams
import Mechanisms
public import Traces

/// A trace with what a lesson needs to speak of it.
public struct Experiment: Sendable {
    /// What the vectors are.
    public enum Origin: Hashable, Sendable {
        /// The built-in diary with this question.
        case builtIn(String)
        /// A diary of the reader's own.
        case ownDiary
        /// A model, or a trace from a file.
        case model
        /// A reference case, by its base name.
        case referenceCase(String)
        /// A tile program: there is no attention in its trace, and no token that asks.
        case tiles(String)
    }

    /// The name that a lesson gives it; empty for the main one.
    public private(set) var name: String
    /// The record.
    public let trace: Trace
    /// Where steps stand that the lesson calls by their plain names, if the trace has none of that very id: a layer, a pass.
    public let place: [Scope]
    /// The attention that the lesson speaks of; nil in a run of tiles.
    let attention: AttentionView?
    /// What the vectors are.
    public let origin: Origin
    /// The whole text.
    public let text: String
    /// Where its data came from.
    package let provenance: Provenance
    /// What was run, without switches: variants of one run have the same.
    package let subject: String
    /// Names of positions along axes that do not depend on the language: features.
    package let names: [Axis: [String]]
    /// Token positions by role.
    package let roles: [String: Int]
    /// The head whose weights for the last query are most sure of themselves.
    let surestHead: Int
    /// The tile program that was run, if it is one.
    let tiles: TileRequest?
    /// What a page asks its engine for to make the run again; nil if that engine cannot.
    let engineRun: EngineRun?

    /// A run of a tile program: `tiles` says which, of what size, on which chip.
    init(name: String, trace: Trace, of tiles: TileRequest, provenance: Provenance) {
        self.name = name
        self.trace = trace
        self.tiles = tiles
        (place, text, names, roles) = ([], "", [:], [:])
        (attention, surestHead, engineRun) = (nil, 0, nil)
        (origin, subject) = (.tiles(tiles.name), "tiles \(tiles.name)")
        self.provenance = provenance
    }

    package init(
        name: String, trace: Trace, place: [Scope], origin: Origin, text: String, provenance: Provenance, subject: String = "",
        names: [Axis: [String]] = [:], engineRun: EngineRun? = nil,
        decoy: ([Int]) -> Int? = { _ in nil }
    )
        throws
    {
        self.name = name
        self.trace = trace
        self.place = place
        self.origin = origin
        self.text = text
        self.provenance = provenance
        self.subject = subject
        self.names = names
        self.engineRun = engineRun
        tiles = nil
        let alone = trace.attentions(at: [])
        let attentions = alone.isEmpty ? trace.attentions(at: place) : alone
        // Roles are found in the dense weights, where there are both: the first.
        guard let dense = attentions.first else {
            let id = StepID(place + [.branch(.attention)], .weights)
            _ = try trace.step(id)
            throw EngineError(.unknownStep, id.text, "expected weights of attention, found none that belong to one")
        }
        attention = attentions.first { $0.branch == .attention } ?? dense
        let weights = try trace.step(dense.weights).output.transposed(to: [.h, .t, .s])
        let (heads, queries, keys) = (weights.shape.lengths[0], weights.shape.lengths[1], weights.shape.lengths[2])
        guard keys > 1 else { throw LessonError(.badText, "expected at least two tokens, found one") }
        let mean = (0..<keys).map { key in (0..<heads).reduce(0) { $0 + weights[$1, queries - 1, key] } / Double(heads) }
        let order = (0..<keys).sorted { (-mean[$0], $0) < (-mean[$1], $1) }
        var roles = [
            "first": 0, "query": queries - 1, "before": max(queries - 2, 0), "top": order[0], "second": order[min(1, keys - 1)],
            "least": order[keys - 1],
        ]
        roles["decoy"] = decoy(order)
        roles.merge(try Self.rolesAtTheCut(trace, place)) { $1 }
        self.roles = roles
        surestHead = AttentionRow.surestHead(of: weights, query: queries - 1)
    }

    /// `cut`: the last key that the indexer let in for the last query; `below`: the best of those that it left out.
    private static func rolesAtTheCut(_ trace: Trace, _ place: [Scope]) throws(EngineError) -> [String: Int] {
        guard let selected = trace.first(.selected, in: place), selected.inputs.contains(where: { $0.role == .indexScore }),
            let cut = try trace.selection(selected.id).rows.last?.cut
        else { return [:] }
        return [("cut", cut.lastKept), ("below", cut.bestDropped)].reduce(into: [:]) { $0[$1.0] = $1.1 }
    }

    /// The same run, called otherwise.
    func called(_ name: String) -> Experiment {
        var run = self
        run.name = name
        return run
    }

    /// How many tokens were there before the first query of `step`: its pass may be a later one.
    func past(before step: Step) -> Int {
        guard let own = step.id.pass else { return 0 }
        var past = 0
        for pass in trace.passes {
            if pass == own { return past }
            past += trace.first(.selected, in: [.pass(pass)])?.output.shape[.t] ?? 0
        }
        return 0
    }

    /// Names that a conditional block may ask for.
    var flags: Set<String> {
        var flags: Set<String> = [roles["decoy"] == nil ? "nodecoy" : "decoy", "head\(surestHead)"]
        if (weights?.output.shape[.h] ?? 1) > 1 { flags.insert("multihead") }
        if trace.tokens.count >= 4 { flags.insert("many") }
        if trace.tokens.contains(where: { $0.contains("▁") }) { flags.insert("spaced") }
        if trace.tokens.count <= MatrixRaster.cellLimit { flags.insert("cells") }
        if roles["top"] == roles["query"] { flags.insert("itself") } else if roles["top"] == 0 { flags.insert("sink") }
        if roles["second"] == roles["query"] { flags.insert("nextitself") }
        if let top = roles["top"], trace.tokens.count(where: { $0 == trace.tokens[top] }) > 1 { flags.insert("twin") }
        if hasInAttention(.queryBeforeRotation) { flags.insert("rotary") }
        if hasInAttention(.capped) { flags.insert("capped") }
        if let verdict { flags.insert(verdict) }
        switch origin {
        case .builtIn(let question): flags.formUnion(["builtin", "diary", question])
        case .ownDiary: flags.formUnion(["own", "diary"])
        case .model: flags.insert("model")
        case .referenceCase: flags.insert("case")
        case .tiles: break
        }
        return flags
    }

    private func hasInAttention(_ role: Role) -> Bool {
        attention.map { trace.contains(StepID($0.weights.scopes, role)) } ?? false
    }

    /// Multiplications and additions in the products that the attention makes of each token, whatever came before it; what a query and a key cost is
    /// apart from that. Nil in a run of tiles.
    var operationsOfEachToken: Int? {
        guard let attention, let tokens = weights?.output.shape[.t] else { return nil }
        let steps = trace.steps.filter { $0.id.scopes == attention.weights.scopes && $0.id.role != .dot && $0.id.role != .heads }
        return steps.reduce(0) { $0 + $1.cost.contractionFlops } / max(tokens, 1)
    }

    /// Whether the read-out has one largest answer (`answered`) or only equal ones (`tied`); nil for neither, or without a read-out.
    private var verdict: String? {
        guard let answers = trace.first(.answer, in: [])?.output.values, answers.count > 1 else { return nil }
        let winners = ReadOut(answers).winners.count
        return winners == 1 ? "answered" : winners == answers.count ? "tied" : nil
    }

    /// The step that `text` spells, or the one of that id in the place that the lesson speaks of.
    func step(_ text: String) throws(EngineError) -> Step {
        do { return try trace.step(text) } catch {
            guard error.kind == .unknownStep, let step = try? trace.step(StepID(text).inside(place)) else { throw error }
            return step
        }
    }

    /// The weights of the attention that the lesson speaks of.
    var weights: Step? { attention.flatMap { try? trace.step($0.weights) } }

    /// The step of that role in the whole trace, or in the place that the lesson speaks of; nil if there is none.
    func first(_ role: Role) -> Step? { trace.first(role, in: []) ?? trace.first(role, in: place) }

    /// The diary of `text`, or throws for a word that neither it nor `words` know.
    static func diary(
        _ known: Diary, name: String, text: String, words: [NewWord] = [], origin: Origin, language: Language, switches: [Switch] = []
    ) throws -> Experiment {
        let reading = try known.reading(text, words: words)
        let (diary, tokens) = (reading.diary, reading.tokens)
        guard tokens.count <= 512 else {
            throw LessonError(.badText, "expected at most 512 words of the diary, found \(tokens.count)")
        }
        let asked: EngineRun.Subject = if case .builtIn(let question) = origin { .question(question) } else { .text(text, words: words) }
        return try Experiment(
            name: name, trace: diary.trace(of: tokens, language: language, switches: switches), place: [], origin: origin,
            text: TerminalText.sanitized(text),
            provenance: Provenance(name: origin == .ownDiary ? "diary-text" : "diary", note: Diary.designedByHand), subject: text,
            names: [.c: diary.featureIDs, .n: diary.answers.map { diary.words[$0].name.en }],
            engineRun: tokens.count <= EngineRun.longest ? EngineRun(asked, switches, tokens: tokens.count) : nil
        ) { order in
            diary.decoy(tokens, top: order[0])
        }
    }
}

extension Diary {
    /// The token that is most like what the query rests on by what it is alone, and is another word: the story tells them apart.
    /// Nil if none is alike.
    func decoy(_ tokens: [DiaryToken], top: Int) -> Int? {
        func likeness(_ position: Int) -> Double {
            // `west` tells places apart; what counts is being the same sort of thing.
            zip(words[tokens[position].word].own, words[tokens[top].word].own).reduce(0) { $0 + max($1.0 * $1.1, 0) }
        }
        let candidates = tokens.indices.filter { position in
            answers.contains(tokens[position].word) && tokens[position].word != tokens[top].word && answers.contains(tokens[top].word)
                && likeness(position) > 0
        }
        return candidates.max { (likeness($0), -$0) < (likeness($1), -$1) }
    }
}
