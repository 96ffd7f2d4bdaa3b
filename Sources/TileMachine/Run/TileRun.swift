// Running a program with values: each executed instruction is a step of a trace, computed by the engine's own expressions, so that every number in
// every tile can be asked why. A tile at the edge of a matrix has the cells that exist, and no others.

public import Traces

/// What a program computed.
public struct TileRun: Sendable {
    /// The result.
    public let output: Tensor
    /// The given matrices, the instructions of the blocks that were kept, and the result: the step named as the program's output.
    public let trace: Trace
    /// Executed instructions of all blocks.
    public let instructions: Int

    /// Which blocks' instructions stay in the trace.
    public enum Kept: Hashable, Sendable {
        /// All: the result's cells can be asked down to the given matrices.
        case all
        /// One block's alone; the result is put together from what the others wrote.
        case block(Int)
        /// None: the result is put together from what all wrote.
        case none
    }

    /// Runs `program` on the given matrices, in the order of its parameters.
    /// - Throws: for matrices of other shapes, for values that are not finite, for positions outside a matrix, and for more instructions than a run
    ///   executes.
    public init(_ program: TileProgram, _ inputs: [Tensor], keeping kept: Kept = .all) throws(EngineError) {
        var recorder = Recorder()
        var matrices: [String: Expression] = [:]
        guard inputs.count == program.inputs.count else {
            throw EngineError(.shape, program.name, expected: "\(program.inputs.count) matrices", found: "\(inputs.count)")
        }
        for (buffer, tensor) in zip(program.inputs, inputs) {
            let shape = buffer.shape(program.start)
            guard tensor.shape == shape else { throw EngineError(.shape, buffer.name, expected: "\(shape)", found: "\(tensor.shape)") }
            matrices[buffer.name] = try recorder.input(
                StepID(Role.input.rawValue + buffer.name), buffer.name, tensor,
                title: Bilingual(en: "Matrix \(buffer.name), in far memory", zh: "矩阵 \(buffer.name)，在远处的内存里"))
        }
        let machine = ValueMachine(program, matrices, recorder)
        try program.forEachBlock { block throws(EngineError) in
            let isKept =
                switch kept {
                case .all: true
                case .block(let number): number == block.number
                case .none: false
                }
            try machine.execute(block, isKept: isKept)
        }
        recorder = machine.kept
        let output = try recorder.record(
            Equation(
                named: program.output.name, symbol: program.output.name,
                Bilingual(en: "The result, put together from the tiles that blocks wrote", zh: "结果：由各块写回的小块拼成"),
                #"\text{result}"#, source: TileWords.source, axes: program.output.spans.map { Axis($0.name) }),
            assembled(machine.written, as: program.output.shape(program.start)), labels: program.output.labels(program.start))
        self.output = output.tensor
        instructions = machine.instructions
        trace = recorder.trace
    }
}

extension Buffer {
    /// Where its cells stand in the whole matrix.
    fileprivate func labels(_ place: Place) -> [Axis: [String]] {
        var labels: [Axis: [String]] = [:]
        for span in spans {
            let origin = span.origin.value(place)
            labels[Axis(span.name)] = (0..<span.count(place)).map { "\(span.name)=\(origin + $0)" }
        }
        return labels
    }
}

/// The values of a program's tiles, block after block.
private final class ValueMachine {
    private let program: TileProgram
    private let matrices: [String: Expression]
    /// What is recorded before any block.
    private let given: Recorder
    /// What stays: the given matrices and the instructions of the blocks that are kept.
    private(set) var kept: Recorder
    /// Tiles that were written to the result, with their places there.
    private(set) var written: [(part: Expression, places: [Int])] = []
    private(set) var instructions = 0
    /// The loop that each statement stands in.
    private var loops: [Int: Variable] = [:]
    /// The block at work: its recorder, its name, and what each of its tiles holds.
    private var recorder: Recorder
    private var name = ""
    private var tiles: [String: Expression] = [:]

    init(_ program: TileProgram, _ matrices: [String: Expression], _ given: Recorder) {
        (self.program, self.matrices, self.given) = (program, matrices, given)
        (kept, recorder) = (given, given)
        for case .loop(let variable, _, _, let body) in program.statements.map({ $0.kind }) {
            for statement in body { loops[statement.number] = variable }
        }
    }

    func execute(_ block: TileProgram.Block, isKept: Bool) throws(EngineError) {
        name = program.grid.reversed().map { "\($0.variable.name)_\(block.place[$0.variable])" }.joined(separator: "_")
        tiles = [:]
        // Handed over, not copied: a copy of what is kept would be made for each block.
        recorder = given
        if isKept { swap(&recorder, &kept) }
        try program.forEachInstruction(of: block) { statement, place, _ throws(EngineError) in
            instructions += 1
            guard instructions <= TileProgram.mostInstructions else { throw program.tooLarge }
            place.lookUp = { [tiles] buffer, position in Int(tiles[buffer.name]!.tensor.values[position]) }
            try execute(statement, place)
        }
        if isKept { swap(&recorder, &kept) }
    }

    private func execute(_ statement: Statement, _ place: Place) throws(EngineError) {
        if case .store(let tile, let access) = statement.kind {
            written.append((tiles[tile.name]!, try access.places(of: tile, place)))
            return
        }
        guard let target = statement.kind.target else { return }
        let expression = try expression(statement.kind, place)
        let equation = TileWords.equation(statement.kind, target)
        let labels = target.labels(place)
        tiles[target.name] = try recorder.within(.named(name)) { recorder throws(EngineError) in
            guard let loop = loops[statement.number] else { return try recorder.record(equation, expression, labels: labels) }
            return try recorder.within(.named("\(loop.name)_\(place[loop])")) { recorder throws(EngineError) in
                try recorder.record(equation, expression, labels: labels)
            }
        }
    }

    /// A tile's cells as the axes of `buffer` call them.
    private func held(_ operand: Operand, _ place: Place) throws(EngineError) -> Expression {
        guard let access = operand.fetched else { return tiles[operand.tile.name]! }
        return try picked(matrices[access.buffer.name]!, access.places(of: operand.tile, place), as: operand.tile.shape(place))
    }

    private func expression(_ kind: Statement.Kind, _ place: Place) throws(EngineError) -> Expression {
        switch kind {
        case .load(let access, let tile):
            return try picked(matrices[access.buffer.name]!, access.places(of: tile, place), as: tile.shape(place))
        case .fill(let tile, let value): return filled(value, tile.shape(place))
        case .gemm(let a, let b, let target):
            let (left, right) = (try held(a, place), try held(b, place))
            let summed = a.tile.spans.first { span in b.tile.spans.contains { $0.name == span.name } }!
            return try tiles[target.name]! + dot(left, right, over: Axis(summed.name))
        case .reduce(let reduction, let source, let span, let target, let keeps):
            let all = tiles[source.name]!
            let reduced = reduction == .sum ? try sum(all, over: Axis(span.name)) : try maximum(all, over: Axis(span.name))
            guard keeps else { return reduced }
            return reduction == .sum ? try tiles[target.name]! + reduced : try maximum(tiles[target.name]!, reduced)
        case .assign(let tile, let scalar):
            return try expression(scalar, of: tile, place)
        case .allocate, .store, .loop: preconditionFailure("not a statement that fills a tile")
        }
    }

    private func expression(_ scalar: Scalar, of tile: Buffer, _ place: Place) throws(EngineError) -> Expression {
        switch scalar {
        case .tile(let operand): return try held(operand, place)
        case .constant: preconditionFailure("a constant stands beside a tile")
        case .sum(let a, let b): return try expression(a, of: tile, place) + expression(b, of: tile, place)
        case .product(let a, .constant(let factor)): return try expression(a, of: tile, place) * factor
        case .product(let a, let b): return try expression(a, of: tile, place) * expression(b, of: tile, place)
        case .quotient(let a, let b): return try expression(a, of: tile, place) / expression(b, of: tile, place)
        case .positivePart(let a): return relu(try expression(a, of: tile, place))
        case .exponentialOfDifference(let a, let b):
            return try exponential(expression(a, of: tile, place), minus: expression(b, of: tile, place))
        case .visible(let a, let condition):
            let (rows, columns) = (tile.spans[0], tile.spans[1])
            var here = place
            let mask = Mask(
                Axis(rows.name), Axis(columns.name), rows: rows.count(place), columns: columns.count(place)
            ) { row, column in
                here.cell = [(rows.name, row), (columns.name, column)]
                return condition.holds(here)
            }
            return try masked(expression(a, of: tile, place), mask)
        }
    }
}
