// `{{measured …}}`: results of this project's own experiment, by name. The list stands in lessons/README.md.

/// Looks up `{{measured name(arguments)}}`.
struct MeasuredValues {
    let resources: LessonResources

    func value(_ name: String, _ arguments: [String]) throws -> LessonQuantity {
        var a = try CallArguments("measured \(name)", arguments, named: [])
        guard ["loss", "massKept", "keys"].contains(name) else {
            throw LessonError(.badFile, "measured: expected one of loss, massKept, keys, found \"\(name)\"")
        }
        let run = try run(&a)
        let value =
            switch name {
            case "loss": run.meanLoss
            case "massKept": try a.entry([("first", run.massKeptFirst), ("last", run.massKeptLast)], "layer")
            default: Double(run.keys)
            }
        try a.finish()
        return LessonQuantity(value)
    }

    /// The run that the arguments name: a chooser, and the number of its keys if it ran with several.
    private func run(_ a: inout CallArguments) throws -> LessonResources.SelectionLoss {
        let runs = try resources.selectionLosses()
        let choosers = runs.map(\.chooser).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
        let chooser = try a.entry(choosers.map { ($0, $0) }, "chooser")
        let chosen = runs.filter { $0.chooser == chooser }
        return chosen.count == 1 ? chosen[0] : try a.entry(chosen.map { (String($0.keys), $0) }, "keys")
    }
}
