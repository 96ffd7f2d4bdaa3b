// One recorded step: the single source of every number that is printed or drawn.

/// A remark of fact about a step's output, computed with it.
public enum Fact: Hashable, Sendable {
    /// One number.
    case number(Double)
    /// One number a row.
    case numbers([Double])
    /// Whole numbers.
    case integers([Int])
    /// A word.
    case text(String)
}

/// One step of a computation with all that is known about it. Nothing of it changes once it is recorded, so that whoever reads it shares it.
public final class Step: Sendable, Identifiable {
    /// The step's name in the trace, and what it says: `layer.0.attention.scores`.
    public let id: StepID
    /// What the step does.
    public let title: Bilingual
    /// The equation.
    public let formula: Formula
    /// The publication or code that states it, in English.
    public var source: String { sourceNote.en }
    /// Ids of the steps that entered, in order of use; empty for inputs and weights.
    public let inputs: [StepID]
    /// The symbol of the result.
    public let symbol: String
    /// The result.
    public let output: Tensor
    /// Names of the positions along an axis: tokens, heads, features.
    public let labels: [Axis: [String]]
    /// Remarks computed with the step.
    public let facts: [String: Fact]
    /// What the step keeps, if it was recorded as a selection; of one that comes from a file its trace makes it.
    package let selection: Selection?
    /// What the step cost: counted when it is asked for, or as a file says it.
    public var cost: Cost {
        definition?.cost(visible: visible, bytesWritten: output.shape.count * bytesPerValue) ?? statedCost
    }
    private let statedCost: Cost
    /// The mask that was applied or in force, if the step speaks of query-key pairs.
    public let visible: Mask?
    /// The width in bytes at which a value is stored: 8 unless the step declares a narrower kind.
    public let bytesPerValue: Int
    /// Where the equation comes from, and how the publication and the code differ, in both languages; `source` is its English.
    public let sourceNote: Bilingual
    /// How the result was computed; nil for inputs and weights, and for traces read from a file.
    package let definition: Expression?

    /// A step whose computation is not at hand, one read from a file: there the source stands in English alone.
    public convenience init(
        id: StepID, title: Bilingual, formula: Formula, source: String, inputs: [StepID], symbol: String, output: Tensor,
        labels: [Axis: [String]] = [:], facts: [String: Fact] = [:], cost: Cost = Cost()
    ) {
        self.init(
            id: id, title: title, formula: formula, source: Bilingual(same: source), inputs: inputs, symbol: symbol, output: output,
            labels: labels, facts: facts, cost: cost)
    }

    /// A step whose computation is not at hand: an input or a weight.
    public convenience init(
        id: StepID, title: Bilingual, formula: Formula, source: Bilingual, inputs: [StepID], symbol: String, output: Tensor,
        labels: [Axis: [String]] = [:], facts: [String: Fact] = [:], cost: Cost = Cost()
    ) {
        self.init(
            id: id, title: title, formula: formula, inputs: inputs, symbol: symbol, output: output, labels: labels, facts: facts,
            selection: nil, visible: nil, bytesPerValue: 8, sourceNote: source, definition: nil, statedCost: cost)
    }

    package init(
        id: StepID, title: Bilingual, formula: Formula, inputs: [StepID], symbol: String, output: Tensor,
        labels: [Axis: [String]], facts: [String: Fact], selection: Selection?, visible: Mask?, bytesPerValue: Int,
        sourceNote: Bilingual, definition: Expression?, statedCost: Cost = Cost()
    ) {
        self.id = id
        self.title = title
        self.formula = formula
        self.inputs = inputs
        self.symbol = symbol
        self.output = output
        self.labels = labels
        self.facts = facts
        self.selection = selection
        self.statedCost = statedCost
        self.visible = visible
        self.bytesPerValue = bytesPerValue
        self.sourceNote = sourceNote
        self.definition = definition
    }

    /// The value at `index`; throws if the index is outside the output.
    public func value(at index: [Int]) throws(EngineError) -> Double {
        try check(index)
        return output[index]
    }

    /// Why the cell at `index` has its value; throws if the index is outside the output.
    /// - Parameter allTerms: whether long sums are written out instead of being shortened in the middle.
    public func explain(_ index: [Int], allTerms: Bool = false) throws(EngineError) -> Explanation {
        try check(index)
        let cell = Cell(output.shape.axes, index)
        let place = zip(output.shape.axes, index).map { axis, position in
            (axis: axis, position: position, label: labels[axis]?[position])
        }
        let symbols = definition?.operation.spell(cell, .symbols)
        let numbers = definition?.operation.spell(cell, .numbers(allTerms: allTerms))
        var notes = numbers?.notes ?? []
        if definition == nil, !inputs.isEmpty {
            let names = inputs.map { "\(name: $0.text)" as Sentence }
            notes.append(
                Remark(
                    en:
                        "Of this step the values are at hand, not the arithmetic. \(name: symbol) = \(name: formula.text), from \(Sentence(names, separator: ", ")).",
                    zh: "这一步只留下了数值，没有留下算式。公式：\(name: formula.text)，输入：\(Sentence(names, separator: "、"))。"))
        }
        return Explanation(
            step: id.text, index: index, subject: symbol + Cell.brackets(index.map(String.init)), place: place,
            spelledSymbolic: symbols?.text, spelledNumeric: numbers?.text, value: output[index],
            operands: definition?.operation.operandCells(cell) ?? [], notes: notes)
    }

    /// The value of the cell at `index` computed once more from the recorded inputs, by the path that explanations use; as recorded for inputs and weights.
    package func recomputed(_ index: [Int]) -> Double {
        guard let definition else { return output[index] }
        return definition.operation.value(at: Cell(output.shape.axes, index))
    }

    private func check(_ index: [Int]) throws(EngineError) {
        guard output.shape.contains(index: index) else {
            throw EngineError(
                .index, "\(id)\(Cell.brackets(index.map(String.init)))", expected: "an index inside \(output.shape)",
                found: "[\(index.map(String.init).joined(separator: ", "))]")
        }
    }
}
