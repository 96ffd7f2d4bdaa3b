// A cell that a page asks about, and what it is told: the cell's own explanation, those of the cells that a mean was made of, or how a query chose that left a
// key out.

import Traces

/// One cell of a step, or a mean of cells along one axis.
struct CellRequest {
    /// The step's id, as text.
    let step: String
    /// A position an axis; -1 for all of them.
    let index: [Int]
    let allTerms: Bool

    /// A request that names its cell as text, or by step and index.
    init(_ root: Settings) throws(PageError) {
        var cell: String?
        var named: (step: String, index: [Int]) = ("", [])
        do throws(FileError) {
            try root.allow(["run", "cell", "step", "index", "allTerms"])
            allTerms = try root.bool("allTerms", default: false)
            guard root.has("cell") != root.has("step"), root.has("step") == root.has("index") else {
                throw root.failure("cell", expected: "either a cell, or a step and an index")
            }
            cell = root.has("cell") ? try root.text("cell") : nil
            if cell == nil { named = (try root.text("step"), try root.wholeNumbers("index")) }
        } catch { throw PageError(error) }
        do throws(EngineError) {
            if let cell {
                let reference = try StepReference(parsing: cell)
                named = (reference.id, reference.index)
            }
        } catch { throw PageError(error) }
        (step, index) = named
    }

    /// What the page is told.
    func answer(from trace: Trace, _ language: Language) throws(EngineError) -> JSONText {
        let step = try trace.step(self.step)
        guard let axis = index.firstIndex(of: -1) else { return try explained(step, index, trace, language) }
        let shape = step.output.shape
        guard index.count == shape.rank, index.filter({ $0 == -1 }).count == 1 else {
            throw EngineError(
                .index, step.id.text, expected: "\(shape.rank) positions, one of them -1 at most",
                found: index.map(String.init).joined(separator: ", "))
        }
        func at(_ position: Int) -> [Int] { index.indices.map { $0 == axis ? position : index[$0] } }
        if shape.axes[axis] == .k { return .object([("leftOut", try explained(step, at(0), trace, language))]) }
        var cells: [JSONText] = []
        for position in 0..<shape.lengths[axis] { cells.append(try explained(step, at(position), trace, language)) }
        return .object([("mean", .array(cells))])
    }

    private func explained(_ step: Step, _ index: [Int], _ trace: Trace, _ language: Language) throws(EngineError) -> JSONText {
        let explanation = try step.explain(index, allTerms: allTerms)
        var operands: [JSONText] = []
        for operand in explanation.operands { operands.append(try json(operand, of: step, index, trace)) }
        return explanation.json(of: step, operands, language)
    }

    /// An operand: where it stands, and, where it is a whole row, how long that is and which cell of it the asked cell goes with.
    private func json(_ operand: Explanation.Operand, of step: Step, _ index: [Int], _ trace: Trace) throws(EngineError) -> JSONText {
        let shape = try trace.step(operand.step).output.shape
        let axes = step.output.shape.axes
        var free: [JSONText] = []
        var nearest: [Int] = []
        for (place, position) in operand.index.enumerated() {
            if let position {
                nearest.append(position)
                continue
            }
            let own = axes.firstIndex(of: shape.axes[place]).map { index[$0] } ?? 0
            nearest.append(min(own, shape.lengths[place] - 1))
            free.append(.object([("place", .integer(place)), ("length", .integer(shape.lengths[place]))]))
        }
        return .object([
            ("step", .string(operand.step)), ("index", .array(operand.index.map { $0.map(JSONText.integer) ?? .null })),
            ("nearest", .integers(nearest)), ("free", .array(free)), ("symbol", .string(operand.symbol)),
            ("cell", operand.cell.map(JSONText.string) ?? .null),
        ])
    }
}

extension Settings {
    fileprivate func wholeNumbers(_ name: String) throws(FileError) -> [Int] {
        try numbers(name).map { number throws(FileError) in
            guard let whole = Int(exactly: number) else { throw failure(name, expected: "whole numbers") }
            return whole
        }
    }
}

extension Explanation {
    /// The explanation in one language, with the step's title and source.
    fileprivate func json(of step: Step, _ operands: [JSONText], _ language: Language) -> JSONText {
        .object([
            ("step", .string(self.step)), ("title", .string(step.title[language])), ("source", .string(step.sourceNote[language])),
            ("index", .integers(index)), ("subject", .string(subject)), ("value", .number(value)),
            ("symbolic", symbolic.map(JSONText.string) ?? .null), ("numeric", numeric.map(JSONText.string) ?? .null),
            ("lines", .strings(lines(language))), ("notes", .strings(notes.map { $0[language] })),
            ("operands", .array(operands)),
        ])
    }
}
