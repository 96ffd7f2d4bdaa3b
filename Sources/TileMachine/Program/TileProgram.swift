// A tile program as a value, and the builder by which it is written: a program reads like the published language (TileLang's programming guide:
// T.Kernel, T.alloc_shared, T.alloc_fragment, T.copy, T.clear, T.gemm, T.reduce_max, T.Parallel, T.Pipelined), with axes called by their names.

/// One program for one choice of sizes.
public struct TileProgram: Hashable, Sendable {
    /// One axis of the grid of blocks.
    public struct GridAxis: Hashable, Sendable {
        /// The block's place along it.
        public let variable: Variable
        /// How many blocks.
        public let count: Index
    }

    /// The name on the command line.
    public let name: String
    /// Sizes and lengths of tiles by name, in the order in which they are written.
    public let constants: [(name: String, value: Int)]
    /// The matrices, the result last.
    public let parameters: [Buffer]
    /// The grid, the axis that varies fastest first.
    public let grid: [GridAxis]
    /// What each block does.
    public let body: [Statement]
    /// How many variables there are.
    let variables: Int

    /// The result.
    public var output: Buffer { parameters[parameters.count - 1] }
    /// The matrices that are given.
    public var inputs: [Buffer] { Array(parameters.dropLast()) }

    /// Before any loop: sizes alone are known.
    var start: Place { Place(variables: [Int](repeating: 0, count: variables)) }

    /// How many blocks there are.
    public var blocks: Int { grid.reduce(1) { $0 * $1.count.value(start) } }

    /// Cells of all matrices.
    public var cells: Int { parameters.reduce(0) { $0 + $1.capacity(start) } }

    /// All statements, those inside loops after their loop.
    public var statements: [Statement] {
        func all(_ statements: [Statement]) -> [Statement] {
            statements.flatMap { statement in
                if case .loop(_, _, _, let inner) = statement.kind { return [statement] + all(inner) }
                return [statement]
            }
        }
        return all(body)
    }

    /// The tiles, in the order in which they are allocated.
    public var tiles: [Buffer] { statements.compactMap { if case .allocate(let buffer) = $0.kind { buffer } else { nil } } }

    /// Equal when texts and sizes are.
    public static func == (a: TileProgram, b: TileProgram) -> Bool {
        a.name == b.name && a.constants.elementsEqual(b.constants, by: { $0 == $1 }) && a.body == b.body
    }
    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// Writes a program, statement by statement.
public struct TileBuilder {
    private var constants: [(name: String, value: Int)] = []
    private var parameters: [Buffer] = []
    private var grid: [TileProgram.GridAxis] = []
    private var open: [[Statement]] = [[]]
    private var numbers = 0
    private var variables = 0

    /// Nothing written yet.
    public init() {}

    /// A size or a tile's length by name.
    public mutating func constant(_ name: String, _ value: Int) -> Index {
        constants.append((name, value))
        return .named(name, value)
    }

    /// A whole axis of a matrix.
    public func axis(_ name: String, _ length: Index) -> Span { Span(name: name, origin: 0, length: length, end: length) }

    /// The part of `axis` that begins at `origin` and has `length` cells, fewer where the axis ends, or `end` cuts it.
    public func part(of axis: Span, from origin: Index, _ length: Index, end: Index? = nil) -> Span {
        Span(name: axis.name, origin: origin, length: length, end: end ?? axis.end)
    }

    /// A matrix in far memory; the last one is the result.
    public mutating func global(_ name: String, _ axes: [Span], _ element: Buffer.Element = .value) -> Buffer {
        let buffer = Buffer(name: name, role: .global, spans: axes, element: element)
        parameters.append(buffer)
        return buffer
    }

    /// An axis of the grid, the one that varies fastest first.
    public mutating func block(_ name: String, _ count: Index) -> Index {
        let variable = variable(name)
        grid.append(TileProgram.GridAxis(variable: variable, count: count))
        return .variable(variable)
    }

    private mutating func variable(_ name: String) -> Variable {
        defer { variables += 1 }
        return Variable(name: name, slot: variables)
    }

    private mutating func append(_ kind: Statement.Kind) {
        open[open.count - 1].append(Statement(number: numbers, kind: kind))
        numbers += 1
    }

    private mutating func allocate(_ name: String, _ role: Buffer.Role, _ spans: [Span], _ element: Buffer.Element) -> Buffer {
        let buffer = Buffer(name: name, role: role, spans: spans, element: element)
        append(.allocate(buffer))
        return buffer
    }

    /// A tile on the chip.
    public mutating func allocShared(_ name: String, _ spans: Span..., element: Buffer.Element = .value) -> Buffer {
        allocate(name, .shared, spans, element)
    }

    /// A tile in registers or in an accumulator.
    public mutating func allocFragment(_ name: String, _ spans: Span...) -> Buffer { allocate(name, .fragment, spans, .value) }

    /// Brings cells of a matrix into a tile.
    public mutating func copy(_ source: Access, to tile: Buffer) { append(.load(source, into: tile)) }
    /// Writes a tile into a matrix.
    public mutating func copy(_ tile: Buffer, to target: Access) { append(.store(tile, target)) }
    /// Sets a tile to 0.
    public mutating func clear(_ tile: Buffer) { append(.fill(tile, 0)) }
    /// Sets every cell of a tile.
    public mutating func fill(_ tile: Buffer, _ value: Double) { append(.fill(tile, value)) }
    /// Adds the product of two tiles to a third.
    public mutating func gemm(_ a: Buffer, _ b: Buffer, into target: Buffer) {
        append(.gemm(Operand(tile: a, fetched: nil), Operand(tile: b, fetched: nil), into: target))
    }
    /// The largest cell along an axis, and of what the target held.
    public mutating func reduceMaximum(_ source: Buffer, over span: Span, into target: Buffer) {
        append(.reduce(.maximum, source, over: span, into: target, keeps: true))
    }
    /// The sum along an axis.
    public mutating func reduceSum(_ source: Buffer, over span: Span, into target: Buffer) {
        append(.reduce(.sum, source, over: span, into: target, keeps: false))
    }
    /// Computes a tile cell by cell, all cells at once.
    public mutating func parallel(_ tile: Buffer, _ scalar: Scalar) { append(.assign(tile, scalar)) }

    /// A loop's variable, known before its loop: tiles that are allocated before say by it which cells they cover.
    public mutating func loopVariable(_ name: String) -> Variable { variable(name) }

    /// Repeats `body` with `variable` from 0 to below `count`; loads for up to `stages` rounds are under way at once.
    public mutating func pipelined(_ variable: Variable, _ count: Index, stages: Int, _ body: (inout TileBuilder) -> Void) {
        let number = numbers
        numbers += 1
        open.append([])
        body(&self)
        let inner = open.removeLast()
        open[open.count - 1].append(Statement(number: number, kind: .loop(variable, count: count, stages: stages, inner)))
    }

    /// What was written.
    public func program(_ name: String) -> TileProgram {
        TileProgram(name: name, constants: constants, parameters: parameters, grid: grid, body: open[0], variables: variables)
    }
}

extension Buffer {
    /// The tile in arithmetic.
    public var cell: Scalar { .tile(Operand(tile: self, fetched: nil)) }
}
