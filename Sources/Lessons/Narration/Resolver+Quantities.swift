// Numbers and lists that are not cells: facts of a step, what a switch changed, counts and costs of steps, closed forms, published data, and
// sums and ratios of any of them.

internal import Diagrams
internal import Mechanisms
internal import Traces

extension Resolver {
    /// The value as one number, with its unit if it has one.
    func quantity(_ value: LiveValue) throws(LessonError) -> LessonQuantity {
        if case .call(let source, let arguments) = value.request { return try call(source, value, arguments) }
        if case .arithmetic(let left, let sign, let right) = value.request {
            return try Self.joined(try quantity(left), sign, try quantity(right), at: value.place)
        }
        if case .literal(let number) = value.request { return LessonQuantity(number) }
        let experiment = try experiment(of: value)
        noteSource(of: value, experiment)
        switch value.request {
        case .sum: return LessonQuantity(try cells(value, experiment).values.reduce(0, +))
        case .cell:
            let cells = try cells(value, experiment)
            guard cells.shape.rank == 0 else { throw fail(value, "expected one cell of \(cells.shape)") }
            return LessonQuantity(cells.values[0])
        case .fact: return LessonQuantity(try factNumber(value, experiment))
        case .whatIf: return LessonQuantity(try whatIfNumber(value, experiment))
        case .count(let listed): return LessonQuantity(Double(try tokenPositions(value, listed, experiment).count))
        case .visible: return LessonQuantity(Double(try visibleCells(value, experiment)))
        case .flops: return LessonQuantity(Double(try step(value, experiment).cost.flops), "FLOP")
        case .contractions: return LessonQuantity(Double(try step(value, experiment).cost.contractionFlops), "FLOP")
        case .length:
            let shape = try step(value, experiment).output.shape
            guard value.index.count == 1, case .name(let axis) = value.index[0], let length = shape[Axis(axis)] else {
                throw fail(value, "expected one axis of \(shape)")
            }
            return LessonQuantity(Double(length))
        case .word where value.path.hasPrefix("count."):
            return LessonQuantity(Double(try count(String(value.path.dropFirst("count.".count)), value, experiment)))
        default: throw fail(value, "expected a number")
        }
    }

    /// The number as it is printed.
    func written(_ quantity: LessonQuantity, _ value: LiveValue) -> String {
        let scaled = quantity.value / (value.scale?.divisor ?? 1)
        let usesPlain = value.format == nil && value.scale == nil
        let number =
            value.format == .decimals(0) && abs(scaled) < 1e15
            ? NumberText.grouped(Int(scaled.rounded())) : number(scaled, usesPlain ? .plain : value.format)
        guard value.showsUnit, value.scale != nil || !quantity.unit.isEmpty else { return number }
        let signs = ["USD": "$", "CNY": "¥"]
        if let sign = signs[quantity.unit] { return sign + number }
        return "\(number) \(value.scale?.prefix ?? "")\(quantity.unit)"
    }

    private static func joined(
        _ a: LessonQuantity, _ sign: LiveValue.Operator, _ b: LessonQuantity, at place: LessonError.Place
    ) throws(LessonError) -> LessonQuantity {
        switch sign {
        case .plus, .minus:
            guard a.unit == b.unit else {
                throw LessonError(.badFile, at: place, "\(sign.rawValue): expected equal units, found \"\(a.unit)\" and \"\(b.unit)\"")
            }
            return LessonQuantity(sign == .plus ? a.value + b.value : a.value - b.value, a.unit)
        case .times: return LessonQuantity(a.value * b.value, a.unit.isEmpty ? b.unit : a.unit)
        case .over:
            guard b.value != 0 else { throw LessonError(.badFile, at: place, "/: expected a divisor other than 0") }
            return LessonQuantity(a.value / b.value, a.unit == b.unit ? "" : a.unit)
        }
    }

    private func call(_ source: String, _ value: LiveValue, _ arguments: [String]) throws(LessonError) -> LessonQuantity {
        do {
            switch source {
            case "cost": return try CostValues(resources: resources).value(value.path, arguments)
            case "tiles":
                return try TileValues(resources: resources, schedules: schedules, run: tiles(ofRun:)).value(value.path, arguments)
            case "data": return try DataValues(resources: resources).value(value.path, arguments)
            default:
                guard case .number(let number) = try named(source, value, arguments) else { throw fail(value, "expected a number") }
                return number
            }
        } catch let error as LessonError where error.place != nil {
            throw error
        } catch { throw LessonError(.badFile, at: value.place, "{{\(source) \(value.path)}}: \(error)") }
    }

    /// The tile program of a run of the lesson, `main` the main one; nil if there is no such run.
    func tiles(ofRun name: String) -> TileRequest? {
        experiments.first { $0.name == (name == "main" ? "" : name) }?.tiles
    }

    /// The words that a call stands for; nil if it is a number.
    func callText(_ source: String, _ value: LiveValue, _ arguments: [String]) throws(LessonError) -> String? {
        guard ["measured", "tilelang"].contains(source) else { return nil }
        do {
            guard case .text(let text) = try named(source, value, arguments) else { return nil }
            return TerminalText.sanitized(text[language])
        } catch { throw LessonError(.badFile, at: value.place, "{{\(source) \(value.path)}}: \(error)") }
    }

    /// What is a number or words.
    private func named(_ source: String, _ value: LiveValue, _ arguments: [String]) throws -> MeasuredValues.Value {
        source == "measured"
            ? try MeasuredValues(resources: resources).value(value.path, arguments)
            : try TileLangValues(resources: resources).value(value.path, arguments)
    }

    func fail(_ value: LiveValue, _ problem: String) -> LessonError { LessonError(.badFile, at: value.place, "\(value.path): \(problem)") }

    // MARK: Facts

    private func fact(_ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> (step: Step, name: String, fact: Fact) {
        guard let dot = value.path.lastIndex(of: ".") else { throw fail(value, "expected a step's id, a point and the name of a fact") }
        var owner = value
        owner.path = String(value.path[..<dot])
        let step = try step(owner, experiment)
        let name = String(value.path[value.path.index(after: dot)...])
        guard let fact = step.facts[name] else {
            let known = step.facts.keys.sorted()
            throw fail(
                value, known.isEmpty ? "the step has no facts" : "expected one of \(known.joined(separator: ", ")), found \"\(name)\"")
        }
        return (step, name, fact)
    }

    func factText(_ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> String? {
        if case .text(let text) = try fact(value, experiment).fact { TerminalText.sanitized(text) } else { nil }
    }

    /// The row of a fact with one number a row: its number, and the position of its token.
    func factRow(_ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> (number: Double, position: Int) {
        let (step, _, fact) = try fact(value, experiment)
        let past = experiment.past(before: step)
        guard value.index.count == 1 else { throw fail(value, "expected one row in brackets") }
        switch fact {
        case .numbers(let numbers):
            let row = try row(value, numbers, past, experiment)
            return (numbers[row], row + past)
        case .integers(let integers):
            guard case .number(let i) = value.index[0], integers.indices.contains(i) else {
                throw fail(value, "expected 0 to \(integers.count - 1)")
            }
            return (Double(integers[i]), integers[i] + past)
        default: throw fail(value, "expected a fact with one number a row")
        }
    }

    private func row(_ value: LiveValue, _ numbers: [Double], _ past: Int, _ experiment: Experiment) throws(LessonError) -> Int {
        let found: Int?
        switch value.index[0] {
        case .number(let row): found = row
        case .name("query"): found = numbers.count - 1
        case .name("lowest"): found = numbers.indices.min { (numbers[$0], $0) < (numbers[$1], $1) }
        case .name("highest"): found = numbers.indices.min { (-numbers[$0], $0) < (-numbers[$1], $1) }
        case .name(let name): found = experiment.roles[name].map { $0 - past }
        }
        guard let found, numbers.indices.contains(found) else {
            throw fail(value, "expected a row of 0 to \(numbers.count - 1), a role, lowest or highest")
        }
        return found
    }

    private func factNumber(_ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> Double {
        let fact = try fact(value, experiment).fact
        if case .number(let number) = fact, value.index.isEmpty { return number }
        if case .numbers(let numbers) = fact, value.index == [.name("mean")], !numbers.isEmpty {
            return numbers.reduce(0, +) / Double(numbers.count)
        }
        return try factRow(value, experiment).number
    }

    // MARK: What-if

    /// The comparison of a run that has switches with the run of the same subject that has none.
    private func comparison(_ value: LiveValue, _ variant: Experiment) throws(LessonError) -> WhatIf {
        guard !variant.trace.switches.isEmpty else {
            throw fail(value, "whatif: expected a run with switches, found \(variant.name.isEmpty ? "main" : variant.name) without")
        }
        guard let right = experiments.first(where: { $0.subject == variant.subject && $0.trace.switches.isEmpty }) else {
            throw fail(value, "expected a run of the same question or case without switches to compare with, found none")
        }
        do { return try WhatIf(right: right.trace, variant: variant.trace) } catch { throw fail(value, "\(error)") }
    }

    private static let rowValues: [(String, @Sendable (WhatIf.Row) -> Double)] = [
        ("differing", { Double($0.differing) }), ("outputError", { $0.outputError }), ("massKept.right", { $0.massKeptRight }),
        ("massKept.variant", { $0.massKeptVariant }), ("recall.right", { $0.recallRight }), ("recall.variant", { $0.recallVariant }),
    ]

    private func whatIfNumber(_ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> Double {
        let report = try comparison(value, experiment)
        if let read = Self.rowValues.first(where: { $0.0 == value.path })?.1 {
            return value.index.isEmpty ? report.mean(read) : read(try row(value, report))
        }
        switch value.path {
        case "rows": return Double(report.rows.count)
        case "rowsThatDiffer": return Double(report.rowsThatDiffer)
        case "largestOutputError": return report.largestOutputError
        default:
            let known = ["rows", "rowsThatDiffer", "largestOutputError"] + Self.rowValues.map(\.0)
            throw fail(value, "whatif: expected one of \(known.joined(separator: ", "))")
        }
    }

    private func row(_ value: LiveValue, _ report: WhatIf) throws(LessonError) -> WhatIf.Row {
        let found: Int?
        switch value.index.first {
        case .number(let row): found = row
        case .name("query"): found = (report.rows.firstIndex { $0.phase != report.rows[0].phase } ?? report.rows.count) - 1
        case .name("worst"): found = report.rows.indices.min { (-report.rows[$0].outputError, $0) < (-report.rows[$1].outputError, $1) }
        default: found = nil
        }
        guard let found, report.rows.indices.contains(found), value.index.count == 1 else {
            throw fail(value, "expected one row of 0 to \(report.rows.count - 1), query or worst")
        }
        return report.rows[found]
    }

    // MARK: Lists of tokens

    /// Positions of tokens: a selection's row, the rows that a fact lists, or keys that differ in a what-if.
    func tokenPositions(_ value: LiveValue, _ listed: LiveValue.Request, _ experiment: Experiment) throws(LessonError) -> [Int] {
        switch listed {
        case .fact:
            let (step, _, fact) = try fact(value, experiment)
            guard case .integers(let rows) = fact else { throw fail(value, "expected a fact that lists rows") }
            return rows.map { $0 + experiment.past(before: step) }
        case .whatIf:
            let row = try row(value, comparison(value, experiment))
            let lists = [
                ("right", row.right), ("variant", row.variant), ("lost", row.right.filter { !row.variant.contains($0) }),
                ("gained", row.variant.filter { !row.right.contains($0) }),
            ]
            guard let list = lists.first(where: { $0.0 == value.path })?.1 else {
                throw fail(value, "whatif: expected one of \(lists.map(\.0).joined(separator: ", ")) to list tokens")
            }
            return list
        default:
            let row = try cells(value, experiment)
            guard row.shape.axes == [.k] else { throw fail(value, "expected one row of a selection, found \(row.shape)") }
            return try ranked(row.values.filter { $0 >= 0 }.map { Int($0) }, value, experiment)
        }
    }

    /// The keys of one row of a selection, the highest score first.
    private func ranked(_ keys: [Int], _ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> [Int] {
        let step = try step(value, experiment)
        guard let id = step.inputs.first, let scores = try? experiment.trace.step(id).output, scores.shape.axes == [.t, .s],
            case .at(let row)? = try positions(value, step, experiment).first
        else { return keys }
        return keys.sorted { (-scores[row, $0], $0) < (-scores[row, $1], $1) }
    }

    func tokenNames(_ value: LiveValue, _ listed: LiveValue.Request, _ experiment: Experiment) throws(LessonError) -> String {
        let names = try tokenPositions(value, listed, experiment).map { token($0, experiment) }
        if names.isEmpty { return Bilingual(en: "none", zh: "没有")[language] }
        guard language == .en, names.count > 1 else { return names.joined(separator: "、") }
        return "\(names.dropLast().joined(separator: ", ")) and \(names[names.count - 1])"
    }

    /// A token in quotation marks, with its position where the same word stands twice; tokens without words by their position.
    func token(_ position: Int, _ experiment: Experiment) -> String {
        let tokens = experiment.trace.tokens
        guard tokens.indices.contains(position), tokens[position] != "\(position)" else { return "\(position)" }
        let name = "“\(TokenText.visible(tokens)[position])”"
        guard tokens.count(where: { $0 == tokens[position] }) > 1 else { return name }
        return name + Bilingual(en: " at \(position)", zh: "（\(position) 号）")[language]
    }

    /// Visible pairs of a step, or of one of its rows.
    private func visibleCells(_ value: LiveValue, _ experiment: Experiment) throws(LessonError) -> Int {
        let step = try step(value, experiment)
        guard let visible = step.visible else { throw fail(value, "the step has no mask") }
        guard let index = value.index.first else { return visible.visibleCount }
        guard value.index.count == 1, step.output.shape.contains(.t) else { throw fail(value, "expected one row in brackets") }
        var row = LiveValue(.cell, path: value.path, at: value.place)
        row.index = [index]
        let onRows = Step(
            id: step.id, title: step.title, formula: step.formula, source: step.sourceNote, inputs: [], symbol: step.symbol,
            output: Tensor([.t], [visible.rows], [Double](repeating: 0, count: visible.rows)))
        guard case .at(let position)? = try positions(row, onRows, experiment).first else { throw fail(value, "expected one row") }
        return visible.visibleKeys(of: position).count
    }
}
