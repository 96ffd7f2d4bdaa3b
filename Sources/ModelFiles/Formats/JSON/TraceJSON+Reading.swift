// Reads a trace back from JSON. Steps come without their arithmetic (a file holds values, not expressions). Fields that this version
// does not know are passed over; what it knows must be right.
// A fact that is a list of whole numbers reads back as integers, whatever it was.

public import Traces

extension TraceJSON {
    /// Reads a trace; throws if the format, the version or the shape of anything is not right, naming the step.
    public static func read(_ path: String) throws(FileError) -> Trace {
        try JSONReader.read(path: path) { reader throws(FileError) in
            var document = Document(path: path)
            try reader.object { key, reader throws(FileError) in try document.read(key, &reader) }
            return try document.trace()
        }
    }
}

private struct Document {
    let path: String
    var steps: [Step]?
    var fields: [String: JSON] = [:]

    init(path: String) { self.path = path }

    mutating func read(_ key: String, _ reader: inout JSONReader) throws(FileError) {
        guard key == "steps" else {
            fields[key] = try reader.value()
            return
        }
        try checkFormat()
        var steps: [Step] = []
        let omitted = try omitted()
        var ids = Set(omitted)
        try reader.array { reader throws(FileError) in
            var draft = StepDraft(path: path, position: steps.count)
            try reader.object { key, reader throws(FileError) in try draft.read(key, &reader) }
            let step = try draft.step()
            guard ids.insert(step.id).inserted else { throw FileError(.badData, path, "step \(step.id): this id appears twice") }
            for input in step.inputs where !ids.contains(input) || input == step.id {
                throw FileError(.badData, path, "step \(step.id): expected inputs that come before it, found \(input)")
            }
            steps.append(step)
        }
        self.steps = steps
    }

    /// The steps that the file says it does not hold: it says so before them.
    private func omitted() throws(FileError) -> [StepID] {
        guard fields["omitted"] != nil else { return [] }
        return try Settings(file: path, fields: fields).texts("omitted").map { StepID($0) }
    }

    /// The format is checked before the steps are read, if it is named before them, as it is when we write.
    private func checkFormat() throws(FileError) {
        let settings = Settings(file: path, fields: fields)
        guard case .string(TraceJSON.format) = fields["format"] else {
            throw settings.failure("format", expected: "\"\(TraceJSON.format)\"")
        }
        guard case .integer(TraceJSON.version) = fields["version"] else {
            throw settings.failure("version", expected: "\(TraceJSON.version)")
        }
    }

    func trace() throws(FileError) -> Trace {
        try checkFormat()
        let settings = Settings(file: path, fields: fields)
        guard let steps else { throw settings.failure("steps", expected: "an array") }
        var trace = Trace(
            tokens: try settings.texts("tokens"), tokenIDs: try settings.integers("tokenIDs"), switches: try settings.texts("switches"),
            steps: steps
        ).omitting(try omitted())
        if fields["float32Layers"] != nil { trace.float32Layers = try settings.integers("float32Layers") }
        guard trace.float32Layers.allSatisfy({ layer in layer >= 0 && !steps.contains { $0.id.layer == layer } }) else {
            throw settings.failure("float32Layers", expected: "layers of which there is no step")
        }
        return trace.withApparentMasks
    }
}

extension Trace {
    /// The trace with the masks of weights that have no scores beside them: a file does not say which zeros a mask made. The weights of dense attention
    /// show it, and a selection which of the rest are left.
    fileprivate var withApparentMasks: Trace {
        let masks = steps.map(apparentMask)
        guard masks.contains(where: { $0 != nil }) else { return self }
        return replacing(steps: zip(steps, masks).map { step, mask in mask.map(step.seen(through:)) ?? step })
    }

    private func apparentMask(of step: Step) -> Mask? {
        let shape = step.output.shape
        guard step.id.role == .weights, first(.scores, in: step.id.scopes) == nil, shape.rank == (shape.contains(.h) ? 3 : 2),
            let rows = shape[.t], let columns = shape[.s]
        else { return nil }
        guard let selected = selection(around: step.id) else { return Mask(apparentIn: step.output) }
        guard let dense = attentions(at: selected.id.scopes).first(where: \.isDense) else { return nil }
        if dense.weights == step.id { return Mask(apparentIn: step.output) }
        guard let weights = try? self.step(dense.weights).output, weights.shape[.t] == rows, weights.shape[.s] == columns,
            Set(selected.output.shape.axes) == [.t, .k], selected.output.shape[.t] == rows
        else { return nil }
        return Mask(apparentIn: weights).selecting(selected.output)
    }
}

extension Step {
    /// The same step, with the mask that was in force.
    fileprivate func seen(through mask: Mask) -> Step {
        Step(
            id: id, title: title, formula: formula, inputs: inputs, symbol: symbol, output: output, labels: labels, facts: facts,
            selection: selection, visible: mask, bytesPerValue: bytesPerValue, sourceNote: sourceNote, definition: definition,
            statedCost: cost)
    }
}

/// One step as it is being read.
private struct StepDraft {
    let path: String
    let position: Int
    var fields: [String: JSON] = [:]
    var output: [String: JSON] = [:]
    var values: [Double]?

    init(path: String, position: Int) {
        self.path = path
        self.position = position
    }

    private var name: String {
        if case .string(let id) = fields["id"] { "step \(id): " } else { "steps[\(position)]." }
    }

    mutating func read(_ key: String, _ reader: inout JSONReader) throws(FileError) {
        guard key == "output" else {
            fields[key] = try reader.value()
            return
        }
        try reader.object { key, reader throws(FileError) in
            if key == "values" { values = try Self.numbers(&reader) } else { output[key] = try reader.value() }
        }
    }

    private static func numbers(_ reader: inout JSONReader) throws(FileError) -> [Double] {
        var numbers: [Double] = []
        try reader.array { reader throws(FileError) in numbers.append(try reader.double()) }
        return numbers
    }

    func step() throws(FileError) -> Step {
        let step = Settings(file: path, path: name, fields: fields)
        let id = try step.text("id")
        guard let title = try step.object("title") else { throw step.failure("title", expected: "an object") }
        guard let formula = try step.object("formula") else { throw step.failure("formula", expected: "an object") }
        guard let cost = try step.object("cost") else { throw step.failure("cost", expected: "an object") }
        let tensor = try tensor()
        return Step(
            id: StepID(id), title: Bilingual(en: try title.text("en"), zh: try title.text("zh")),
            formula: try parsed(formula.text("latex")),
            source: try step.text("source"), inputs: try step.texts("inputs").map { StepID($0) }, symbol: try outputSettings.text("symbol"),
            output: tensor,
            labels: try labels(tensor.shape), facts: try facts(step),
            cost: Cost(
                flops: try cost.count("flops"), contractionFlops: try cost.count("contractionFlops"),
                bytesRead: try cost.count("bytesRead"), bytesWritten: try cost.count("bytesWritten")))
    }

    private func parsed(_ latex: String) throws(FileError) -> Formula {
        do throws(EngineError) { return try Formula(parsing: latex) } catch { throw FileError(.badData, path, "\(name)\(error)") }
    }

    private var outputSettings: Settings { Settings(file: path, path: "\(name)output.", fields: output) }

    private func tensor() throws(FileError) -> Tensor {
        let output = outputSettings
        let axes = try output.texts("axes").map { Axis($0) }
        let lengths = try output.integers("shape")
        let shape: Shape
        do { shape = try Shape(checking: axes, lengths, "\(name)output") } catch { throw FileError(.badData, path, "\(error)") }
        guard let values else { throw output.failure("values", expected: "an array of numbers") }
        guard shape.count == values.count else {
            throw FileError(.badData, path, "\(name)output: expected values for the shape \(lengths), found \(values.count) values")
        }
        return Tensor(shape, values)
    }

    private func labels(_ shape: Shape) throws(FileError) -> [Axis: [String]] {
        guard let all = try outputSettings.object("labels") else { return [:] }
        var labels: [Axis: [String]] = [:]
        for axis in all.names {
            let texts = try all.texts(axis)
            guard shape[Axis(axis)] == texts.count else {
                throw FileError(
                    .badData, path, "\(name)output.labels.\(axis): expected a label for each position of \(shape), found \(texts.count)")
            }
            labels[Axis(axis)] = texts
        }
        return labels
    }

    private func facts(_ step: Settings) throws(FileError) -> [String: Fact] {
        guard let all = try step.object("facts") else { return [:] }
        var facts: [String: Fact] = [:]
        for (name, value) in all.fields {
            switch value {
            case .integer(let number): facts[name] = .number(Double(number))
            case .number(let number): facts[name] = .number(number)
            case .string(let text): facts[name] = JSON.nonFinite[text].map(Fact.number) ?? .text(text)
            default:
                if let integers = try? all.integers(name) {
                    facts[name] = .integers(integers)
                } else {
                    facts[name] = .numbers(try all.numbers(name))
                }
            }
        }
        return facts
    }
}

extension Settings {
    private func elements<Element>(_ name: String, _ expected: String, _ read: (JSON) -> Element?) throws(FileError) -> [Element] {
        guard case .array(let values) = fields[name] else { throw failure(name, expected: expected) }
        var elements: [Element] = []
        for value in values {
            guard let element = read(value) else { throw failure(name, expected: expected) }
            elements.append(element)
        }
        return elements
    }

    /// A count of what a step cost: any whole number from 0 whose sums over steps can be counted.
    func count(_ name: String) throws(FileError) -> Int {
        guard case .integer(let value) = fields[name] else { throw failure(name, expected: "a whole number") }
        guard (0...1 << 53).contains(value) else { throw failure(name, expected: "a whole number from 0 to 2^53") }
        return value
    }

    /// An array of texts.
    func texts(_ name: String) throws(FileError) -> [String] {
        try elements(name, "an array of texts") { if case .string(let text) = $0 { text } else { nil } }
    }

    /// An array of whole numbers.
    package func integers(_ name: String) throws(FileError) -> [Int] {
        try elements(name, "an array of whole numbers") { if case .integer(let value) = $0 { value } else { nil } }
    }

    /// An array of numbers, in which strings stand for those that are not finite.
    func numbers(_ name: String) throws(FileError) -> [Double] {
        try elements(name, "an array of numbers") {
            switch $0 {
            case .integer(let value): Double(value)
            case .number(let value): value
            case .string(let text): JSON.nonFinite[text]
            default: nil
            }
        }
    }
}
