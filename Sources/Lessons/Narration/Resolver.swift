// Looks live values up in the experiments. Every number of a lesson passes here, and comes from a trace.

internal import Diagrams
internal import Traces

/// A number, word or list that stands in a lesson's text, and where it came from: pages make it clickable.
public struct ResolvedValue: Hashable, Sendable {
    /// As it is printed.
    public let text: String
    /// The experiment's name, empty for the main one.
    public let experiment: String
    /// The step and cell, if it is one cell.
    public let cell: (step: String, index: [Int])?

    /// Equal when text and origin are.
    public static func == (a: ResolvedValue, b: ResolvedValue) -> Bool {
        a.text == b.text && a.experiment == b.experiment && a.cell?.step == b.cell?.step && a.cell?.index == b.cell?.index
    }
    /// Hashes the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// The experiments of one run of a lesson, by name.
struct Resolver {
    /// The main one first.
    let experiments: [Experiment]
    let language: Language
    let resources: LessonResources
    /// Notes the experiments whose numbers are shown.
    let log: SourceLog
    /// Schedules of tile programs, each made once.
    let schedules = TileSchedules()

    init(experiments: [Experiment], language: Language, resources: LessonResources, log: SourceLog) {
        self.experiments = experiments
        self.language = language
        self.resources = resources.noting(in: log)
        self.log = log
    }

    var main: Experiment { experiments[0] }

    func experiment(of value: LiveValue) throws(LessonError) -> Experiment {
        let name = value.experiment ?? ""
        guard let found = experiments.first(where: { $0.name == name }) else {
            throw LessonError(
                .badFile, at: value.place,
                "there is no experiment \"\(name)\"; expected one of \(experiments.dropFirst().map(\.name).joined(separator: ", "))")
        }
        return found
    }

    /// Notes the experiment that a value is taken from; a formula's words, a closed form or a literal are taken from none.
    func noteSource(of value: LiveValue, _ experiment: Experiment) {
        switch value.request {
        case .call, .arithmetic, .literal, .title, .source, .formula, .figure, .code, .listing: break
        default: log.note(.recorded, experiment.provenance)
        }
    }

    /// The value as inline text.
    func inline(_ value: LiveValue) throws(LessonError) -> ResolvedValue {
        let experiment = try experiment(of: value)
        noteSource(of: value, experiment)
        func plain(_ text: String) -> ResolvedValue { ResolvedValue(text: text, experiment: experiment.name, cell: nil) }
        switch value.request {
        case .word: return plain(try word(value, experiment))
        case .title: return plain(try step(value, experiment).title[language])
        case .source: return plain(try step(value, experiment).sourceNote[language])
        case .formula: return plain(try step(value, experiment).formula.text)
        case .name:
            let step = try step(value, experiment)
            let index = try positions(value, step, experiment)
            guard let last = index.last, case .at(let position) = last,
                let label = step.labels[step.output.shape.axes[index.count - 1]]?[position]
            else {
                throw LessonError(.badFile, at: value.place, "\(value.path): expected an index whose last position has a name")
            }
            return plain(label)
        case .cell: return try cell(value, experiment)
        case .names(let listed): return plain(try tokenNames(value, listed, experiment))
        case .nameOfFact: return plain(token(try factRow(value, experiment).position, experiment))
        case .fact:
            if let text = try factText(value, experiment) { return plain(text) }
            return plain(written(try quantity(value), value))
        case .call(let source, let arguments):
            if let text = try callText(source, value, arguments) { return plain(text) }
            return plain(written(try quantity(value), value))
        case .sum, .whatIf, .count, .visible, .flops, .contractions, .length, .arithmetic, .literal:
            return plain(written(try quantity(value), value))
        case .explain, .figure, .code, .listing:
            throw LessonError(.badFile, at: value.place, "{{\(value.request)}} is a block: expected it alone in its paragraph")
        }
    }

    /// The step and index of a value that must be one cell.
    func exactCell(_ value: LiveValue) throws(LessonError) -> (experiment: Experiment, step: Step, index: [Int]) {
        let experiment = try experiment(of: value)
        noteSource(of: value, experiment)
        let step = try step(value, experiment)
        let index = try positions(value, step, experiment).compactMap { if case .at(let i) = $0 { i } else { nil } }
        guard index.count == step.output.shape.rank else {
            throw LessonError(.badFile, at: value.place, "\(value.path): expected one position for each of \(step.output.shape)")
        }
        return (experiment, step, index)
    }

    func step(_ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> Step {
        do { return try experiment.step(value.path) } catch { throw LessonError(.badFile, at: value.place, "\(error)") }
    }

    // MARK: Indices

    enum Place {
        case at(Int)
        case mean
    }

    func positions(_ value: LiveValue, _ step: Step, _ experiment: Experiment) throws(LessonError) -> [Place] {
        let shape = step.output.shape
        guard value.index.count <= shape.rank else {
            throw LessonError(
                .badFile, at: value.place, "\(value.path): expected at most \(shape.rank) positions \(shape), found \(value.index.count)")
        }
        var places: [Place] = []
        for (axis, position) in zip(shape.axes, value.index) {
            places.append(try place(position, axis, step, before: places, value, experiment))
        }
        return places
    }

    private func place(
        _ position: LiveValue.Position, _ axis: Axis, _ step: Step, before: [Place], _ value: LiveValue, _ experiment: Experiment
    )
        throws(LessonError) -> Place
    {
        let length = step.output.shape[axis] ?? 0
        var found: Int?
        switch position {
        case .number(let number): found = number
        case .name("mean") where axis == .h: return .mean
        case .name("head"):
            found = axis == .g ? experiment.surestHead * length / headCount(experiment) : axis == .h ? experiment.surestHead : nil
        case .name("best"), .name("next"):
            let order = try order(along: axis, step, before, value)
            found = position == .name("best") ? order.first : order.dropFirst().first
        // The last query and the key that belongs to it, also in a pass that starts later.
        case .name("query") where axis == .t || axis == .s: found = length - 1
        case .name(let name) where axis == .t: found = experiment.roles[name].map { $0 - experiment.past(before: step) }
        case .name(let name) where axis == .s: found = experiment.roles[name]
        case .name(let name): found = experiment.names[axis]?.firstIndex(of: name)
        }
        guard let found, (0..<length).contains(found) else {
            let roles =
                axis == .t || axis == .s
                ? experiment.roles.keys.sorted() : (experiment.names[axis] ?? []) + (axis == .h ? ["head", "mean"] : ["best"])
            let shown = if case .name(let name) = position { name } else { "\(found ?? 0)" }
            throw LessonError(
                .badFile, at: value.place,
                "\(value.path): expected 0 to \(length - 1) or one of \(roles.joined(separator: ", ")) along \(axis), found \"\(shown)\"")
        }
        return .at(found)
    }

    private func headCount(_ experiment: Experiment) -> Int { max(experiment.weights?.output.shape[.h] ?? 1, 1) }

    private func order(along axis: Axis, _ step: Step, _ before: [Place], _ value: LiveValue) throws(LessonError) -> [Int] {
        guard before.count == step.output.shape.rank - 1 else {
            throw LessonError(.badFile, at: value.place, "\(value.path): best and next stand last in an index")
        }
        let row = reduced(step.output, before).values
        return row.indices.sorted { (-row[$0], $0) < (-row[$1], $1) }
    }

    // MARK: Cells

    func cells(_ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> Tensor {
        let step = try step(value, experiment)
        return reduced(step.output, try positions(value, step, experiment))
    }

    /// The part of `tensor` at the given leading positions; the mean where one says so.
    private func reduced(_ tensor: Tensor, _ places: [Place]) -> Tensor {
        var tensor = tensor
        for place in places {
            let axis = tensor.shape.axes[0]
            // The leading axis is consumed each time; those that follow keep their order.
            switch place {
            case .at(let position): tensor = tensor.slice(axis, at: position)
            case .mean: tensor = tensor.mean(over: axis)
            }
        }
        return tensor
    }

    private func cell(_ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> ResolvedValue {
        let step = try step(value, experiment)
        let places = try positions(value, step, experiment)
        let rest = reduced(step.output, places)
        switch rest.shape.rank {
        case 0:
            let index = places.compactMap { if case .at(let i) = $0 { i } else { nil } }
            let isCell = index.count == step.output.shape.rank
            return ResolvedValue(
                text: number(rest.values[0], value.format), experiment: experiment.name,
                cell: isCell ? (step: step.id.text, index: index) : nil)
        case 1:
            return ResolvedValue(text: list(rest, step.labels[rest.shape.axes[0]], value.format), experiment: experiment.name, cell: nil)
        default:
            throw LessonError(
                .badFile, at: value.place,
                "\(value.path): expected at least \(step.output.shape.rank - 1) positions \(step.output.shape), found \(places.count)")
        }
    }

    /// A row written out: `place 2, west 1` where positions have names (zeros left out), else `(4.8, 0, -3)`.
    private func list(_ row: Tensor, _ labels: [String]?, _ format: LiveValue.Format?) -> String {
        guard let labels, row.shape.axes[0] == .c || row.shape.axes[0] == .n else {
            let limit = 12
            let shown = row.values.prefix(limit).map { number($0, format) }
            return "(" + shown.joined(separator: ", ") + (row.values.count > limit ? ", …" : "") + ")"
        }
        let named = zip(labels, row.values).filter { $0.1 != 0 }.map { "\($0.0) \(number($0.1, format))" }
        if named.isEmpty { return Bilingual(en: "nothing", zh: "全是零")[language] }
        return named.joined(separator: language == .en ? ", " : "，")
    }

    func number(_ value: Double, _ format: LiveValue.Format?) -> String {
        switch format ?? .significant(6) {
        case .plain: value == value.rounded() && abs(value) < 1e15 ? NumberText.grouped(Int(value)) : NumberText.significant(value)
        case .significant(let digits): NumberText.significant(value, digits: digits)
        case .decimals(let decimals): NumberText.fixed(value, decimals: decimals)
        case .percent(let decimals): NumberText.percent(value, decimals: decimals)
        }
    }

    // MARK: Words

    private func word(_ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> String {
        let parts = value.path.split(separator: ".", maxSplits: 1).map(String.init)
        let name = parts.count > 1 ? parts[1] : ""
        switch parts[0] {
        case "text": return experiment.text
        case "layer": return experiment.attention?.weights.layer.map(String.init) ?? "0"
        case "head": return label(ofHead: experiment.surestHead, experiment)
        case "token", "position":
            guard let position = Int(name) ?? experiment.roles[name], experiment.trace.tokens.indices.contains(position) else {
                throw LessonError(
                    .badFile, at: value.place,
                    "\(value.path): expected a position or one of \(experiment.roles.keys.sorted().joined(separator: ", "))")
            }
            return parts[0] == "token" ? TokenText.visible(experiment.trace.tokens)[position] : "\(position)"
        default: return NumberText.grouped(try count(name, value, experiment))
        }
    }

    private func label(ofHead head: Int, _ experiment: Experiment) -> String {
        experiment.weights?.labels[.h]?[head] ?? "\(head)"
    }

    func count(_ name: String, _ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> Int {
        let attention = experiment.attention
        func step(_ id: StepID?) -> Step? { id.flatMap { try? experiment.trace.step($0) } }
        let shapes: [String: (step: Step?, axis: Axis)] = [
            "heads": (experiment.weights, .h), "tokens": (experiment.weights, .s), "features": (step(attention?.output), .c),
            "head_features": (step(attention?.query), .d), "index_heads": (experiment.first(.indexDot), .j),
            "index_features": (experiment.first(.indexQuery), .d), "top_k": (experiment.first(.selected), .k),
        ]
        if let shape = shapes[name], let length = shape.step?.output.shape[shape.axis] { return length }
        if name == "pairs" || name == "visible_pairs", let step = step(attention?.scores) {
            let cells = step.output.values.count / headCount(experiment)
            return name == "pairs" ? cells : step.output.values.prefix(cells).count { $0 > -.infinity }
        }
        if name == "token_operations", let operations = experiment.operationsOfEachToken { return operations }
        let names = (shapes.keys.sorted() + ["pairs", "token_operations", "visible_pairs"]).joined(separator: ", ")
        throw LessonError(.badFile, at: value.place, "\(value.path): expected one of \(names) after count.")
    }
}

extension Tensor {
    /// The mean over `axis`, added up from the first position to the last.
    func mean(over axis: Axis) -> Tensor {
        let count = shape[axis] ?? 1
        let slices = (0..<count).map { slice(axis, at: $0) }
        return Tensor(slices[0].shape, slices[0].values.indices.map { i in slices.reduce(0) { $0 + $1.values[i] } / Double(count) })
    }
}
