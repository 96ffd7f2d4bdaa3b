// `{{measured …}}`: what this project measured, by name: times, the losses of models that keep a few keys, and what one of them selects. What is printed is the files'; only lookups
// are made here. The list stands in lessons/README.md.

internal import Records
internal import Traces

/// Looks up `{{measured name(arguments)}}`.
struct MeasuredValues {
    let resources: LessonResources

    /// What a name stands for: a number, or words.
    enum Value {
        case number(LessonQuantity)
        case text(Bilingual)
    }

    func value(_ name: String, _ arguments: [String]) throws -> Value {
        var a = try CallArguments("measured \(name)", arguments, named: Self.losses.contains(name) ? ["model"] : [])
        let value: Value
        if Self.selections.contains(name) {
            value = .number(LessonQuantity(try selection(name, &a)))
        } else if Self.losses.contains(name) {
            value = .number(LessonQuantity(try loss(name, &a)))
        } else if Self.times.contains(name) {
            value = try time(name, &a)
        } else {
            let known = (Self.times + Self.losses + Self.selections).joined(separator: ", ")
            throw LessonError(.badFile, "measured: expected one of \(known), found \"\(name)\"")
        }
        try a.finish()
        return value
    }

    // MARK: Times of dense and sparse attention

    private static let times = ["machine", "runs", "longest", "seconds", "exponent", "fasterFrom"]

    private func time(_ name: String, _ a: inout CallArguments) throws -> Value {
        let series = try series(&a)
        switch name {
        case "machine": return .text(series.machine)
        case "runs": return Self.runs(series.runs)
        case "longest": return .number(LessonQuantity(Double(try row("longest", series, a).length)))
        case "seconds":
            let time = try a.entry([("dense", \MeasuredSeries.Row.dense), ("sparse", \.sparse)], "kind of attention")
            return .number(LessonQuantity(try row(a.text("a length"), series, a)[keyPath: time].median, "s"))
        case "exponent":
            let exponents = [("dense", series.denseExponent), ("sparse", series.sparseExponent)]
            guard let exponent = try a.entry(exponents, "kind of attention") else {
                throw LessonError(.badFile, "\(a.call): the measurement has too few lengths for an exponent")
            }
            return .number(LessonQuantity(exponent))
        default: return .number(LessonQuantity(Double(try fasterFrom(series, a))))
        }
    }

    /// Of how many runs medians are: a number, or words where rows differ.
    private static func runs(_ runs: ClosedRange<Int>) -> Value {
        guard runs.count > 1 else { return .number(LessonQuantity(Double(runs.lowerBound))) }
        return .text(Bilingual(en: "\(runs.lowerBound) to \(runs.upperBound)", zh: "\(runs.lowerBound) 到 \(runs.upperBound)"))
    }

    private func series(_ a: inout CallArguments) throws -> MeasuredSeries {
        let all = try resources.measurements()
        return try a.entry(all.map { ($0.phase.rawValue, $0) }, "phase")
    }

    /// The row of a length, written as a number, `128K` or `longest`.
    private func row(_ length: String, _ series: MeasuredSeries, _ a: CallArguments) throws -> MeasuredSeries.Row {
        if length == "longest", let last = series.rows.last { return last }
        var argument = try CallArguments(a.call, [length], named: [])
        let count = try argument.count("a length")
        guard let row = series.rows.first(where: { $0.length == count }) else {
            let known = ["longest"] + series.rows.map { "\($0.length)" }
            throw LessonError(.badFile, "\(a.call): a length: expected one of \(known.joined(separator: ", ")), found \"\(length)\"")
        }
        return row
    }

    /// The shortest measured length from which on sparse attention took less time than dense at every length.
    private func fasterFrom(_ series: MeasuredSeries, _ a: CallArguments) throws -> Int {
        let faster = series.rows.reversed().prefix { $0.sparse.median < $0.dense.median }
        guard let first = faster.last else {
            throw LessonError(.badFile, "\(a.call): sparse attention was not faster at the longest length")
        }
        return first.length
    }

    // MARK: Losses of models under selections

    private static let losses = ["loss", "massKept", "keys"]

    private func loss(_ name: String, _ a: inout CallArguments) throws -> Double {
        let run = try run(&a)
        switch name {
        case "loss": return run.meanLoss
        case "massKept": return try a.entry([("first", run.massKeptFirst), ("last", run.massKeptLast)], "layer")
        default: return Double(run.keys)
        }
    }

    /// The run that the arguments name: a chooser, and the number of its keys if it ran with several.
    private func run(_ a: inout CallArguments) throws -> SelectionLoss {
        let recording = a.named("model", default: "")
        let runs = try resources.selectionLosses(recording.isEmpty ? nil : recording)
        let choosers = runs.map(\.chooser).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
        let chooser = try a.entry(choosers.map { ($0, $0) }, "chooser")
        let chosen = runs.filter { $0.chooser == chooser }
        return chosen.count == 1 ? chosen[0] : try a.entry(chosen.map { (String($0.keys), $0) }, "keys")
    }

    // MARK: What the layers of a model select

    private static let selections = ["selectedKeys", "selectedFrom", "selectedInCommon"]

    private func selection(_ name: String, _ a: inout CallArguments) throws -> Double {
        let map = try resources.selectionMap()
        switch name {
        case "selectedKeys": return Double(map.topK)
        case "selectedFrom":
            let key = try a.count("a token by its position")
            guard map.tokens.indices.contains(key), let share = map.meanShare(key) else {
                throw LessonError(.badFile, "\(a.call): expected a token that queries stand far away from, found \(key)")
            }
            return share
        default:
            guard let common = map.meanCommon else { throw LessonError(.badFile, "\(a.call): expected two layers or more, found one") }
            return common
        }
    }
}
